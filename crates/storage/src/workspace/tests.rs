use std::collections::BTreeMap;

use super::*;
use crate::nonce;

async fn open(url: &str) -> Workspace {
    Workspace::open(url, Options::default()).await.unwrap()
}

fn counting(count: i64) -> Content {
    Content { counters: BTreeMap::from([("n".into(), count)]), ..Content::default() }
}

async fn grow(workspace: &Workspace, to: i64) -> Manifest {
    let mut parent = None;
    for count in 1..=to {
        let committed = workspace.commit(parent.as_ref(), counting(count), &nonce()).await.unwrap();
        parent = Some(committed.won().unwrap());
    }
    parent.unwrap()
}

#[tokio::test]
async fn commits_chain_and_the_newest_is_found_whatever_the_hint_says() {
    let workspace = open("memory:workspace-chain").await;
    assert_eq!(workspace.newest().await.unwrap(), None);
    let last = grow(&workspace, 5).await;
    assert_eq!(last.id, 5);
    let before = workspace.manifest(4).await.unwrap().unwrap();
    assert_eq!(last.parent, Some(Parent { id: 4, digest: before.digest }));
    for hint in ["5", "1", "0", "99", "18446744073709551615", "nonsense", ""] {
        workspace.access().put(&manifest::hint_path(), Bytes::from(hint)).await.unwrap();
        assert_eq!(workspace.newest().await.unwrap().as_ref(), Some(&last), "hint {hint:?}");
    }
    workspace.access().delete(&manifest::hint_path()).await.unwrap();
    assert_eq!(workspace.newest().await.unwrap(), Some(last));
    assert_eq!(workspace.manifest(6).await.unwrap(), None);
}

async fn race(url: &str, writers: i64) {
    let parent = grow(&open(url).await, 2).await;
    let mut tasks = tokio::task::JoinSet::new();
    for writer in 0..writers {
        let (url, parent) = (url.to_owned(), parent.clone());
        tasks.spawn(async move {
            let workspace = open(&url).await;
            workspace.commit(Some(&parent), counting(100 + writer), &nonce()).await.unwrap()
        });
    }
    let ended = tasks.join_all().await;
    let won: Vec<_> =
        ended.iter().filter_map(|e| if let Committed::Won(m) = e { Some(m) } else { None }).collect();
    assert_eq!(won.len(), 1);
    for lost in ended.iter().filter(|e| !matches!(e, Committed::Won(_))) {
        let Committed::Lost { newest, fence: false } = lost else { panic!("{lost:?}") };
        assert_eq!(newest, won[0]);
    }
    assert_eq!(open(url).await.newest().await.unwrap().as_ref(), Some(won[0]));
}

#[tokio::test]
async fn one_of_two_and_one_of_eight_racing_writers_wins() {
    let folder = tempfile::tempdir().unwrap();
    for round in 0..5 {
        for writers in [2, 8] {
            race(&format!("memory:workspace-race-{round}-{writers}"), writers).await;
            race(&format!("file:{}/{round}-{writers}", folder.path().display()), writers).await;
        }
    }
}

#[tokio::test]
async fn damage_and_newer_formats_are_errors_and_never_an_empty_state() {
    let folder = tempfile::tempdir().unwrap();
    let workspace = open(&format!("file:{}", folder.path().display())).await;
    grow(&workspace, 2).await;
    let path = folder.path().join(manifest::path(2).as_ref());
    let whole = std::fs::read(&path).unwrap();
    for place in 0..whole.len() {
        let mut flipped = whole.clone();
        flipped[place] ^= 1 << (place % 8);
        std::fs::write(&path, flipped).unwrap();
        let error = workspace.slot(2).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Corrupt, "byte {place}");
    }
    for length in [0, 1, whole.len() / 2, whole.len() - 1] {
        std::fs::write(&path, &whole[..length]).unwrap();
        assert_eq!(workspace.newest().await.unwrap_err().kind(), ErrorKind::Corrupt, "{length} bytes");
    }
    std::fs::copy(folder.path().join(manifest::path(1).as_ref()), &path).unwrap();
    assert_eq!(workspace.newest().await.unwrap_err().kind(), ErrorKind::Corrupt, "another's number");
    let mut newer: Manifest = workspace.manifest(1).await.unwrap().unwrap();
    (newer.id, newer.format) = (2, FORMAT + 1);
    std::fs::write(&path, newer.encode()).unwrap();
    let error = workspace.newest().await.unwrap_err();
    assert!(error.kind() == ErrorKind::Input && error.to_string().contains("format 2"), "{error}");
}

#[tokio::test]
async fn a_rebuild_stands_on_what_can_still_be_read() {
    let folder = tempfile::tempdir().unwrap();
    let workspace = open(&format!("file:{}", folder.path().display())).await;
    assert_eq!(workspace.salvage().await.unwrap(), None);
    let newest = grow(&workspace, 3).await;
    assert_eq!(workspace.salvage().await.unwrap(), Some(newest));
    let spoil = |id| std::fs::write(folder.path().join(manifest::path(id).as_ref()), "spoilt").unwrap();
    spoil(3);
    assert_eq!(workspace.newest().await.unwrap_err().kind(), ErrorKind::Corrupt);
    let salvaged = workspace.salvage().await.unwrap().unwrap();
    assert_eq!((salvaged.id, &salvaged.content), (3, &counting(2)));
    (1..3).for_each(spoil);
    let salvaged = workspace.salvage().await.unwrap().unwrap();
    assert_eq!((salvaged.id, &salvaged.content), (3, &Content::default()));
    let rebuilt = workspace.commit(Some(&salvaged), counting(9), &nonce()).await.unwrap().won().unwrap();
    assert_eq!(workspace.newest().await.unwrap(), Some(rebuilt));
}

#[test]
fn no_manifest_is_as_short_as_a_tombstone() {
    let content = Content::default();
    let mut least = Manifest {
        format: FORMAT,
        id: 1,
        parent: None,
        nonce: String::new(),
        content,
        digest: String::new(),
    };
    let tombstone = manifest::Tombstone::of(u64::MAX, &nonce()).encode();
    assert!(tombstone.len() < least.encode().len());
}

#[test]
fn a_manifest_of_an_older_program_opens() {
    let body = r#"{"format":1,"id":3,"nonce":"x","content":{"journals":{"r":2},"unheard":1}}"#;
    let digest = blake3::hash(body.as_bytes()).to_hex();
    let sealed = format!("{{\"blake3\":\"{digest}\",\"manifest\":{body}}}\n");
    let Slot::Manifest(manifest) = decode_slot(3, sealed.as_bytes()).unwrap() else { panic!("no manifest") };
    assert_eq!(manifest.content.journals["r"], 2);
    assert_eq!((manifest.parent, manifest.digest), (None, digest.to_string()));
}

#[tokio::test]
async fn a_place_that_cannot_be_written_says_why() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("file"), "in the way").unwrap();
    let workspace = open(&format!("file:{}/file/workspace", folder.path().display())).await;
    let error = workspace.commit(None, Content::default(), "n").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Store);
    assert!(error.chain().contains("a file stands where a folder should be"), "{}", error.chain());
}

#[tokio::test]
async fn a_full_disk_says_so() {
    // A device on which every write finds the disk full; where there is none, there is nothing to try.
    if !FilePath::new("/dev/full").exists() {
        return;
    }
    let error = std::fs::write("/dev/full", "x").unwrap_err();
    let source = object_store::Error::Generic { store: "test", source: error.into() };
    assert!(!crate::failure::worth_retrying(&source));
    let error = crate::failure::store_error("write x", source);
    assert!(error.to_string().contains("the disk is full"), "{error}");
}

#[test]
fn clones_and_threads_may_share_it() {
    fn shared<T: Clone + Send + Sync + 'static>() {}
    shared::<Workspace>();
}

/// Runs against the bucket prefix that `RIFFLEBOX_TEST_S3` names, with the usual `AWS_…` variables.
#[tokio::test]
async fn a_bucket_is_a_workspace_like_any_other() {
    let Ok(base) = std::env::var("RIFFLEBOX_TEST_S3") else {
        eprintln!("no bucket: RIFFLEBOX_TEST_S3 is not set, and nothing is tried on S3");
        return;
    };
    let (url, cache) = (format!("{base}/{}", nonce()), tempfile::tempdir().unwrap());
    race(&url, 2).await;
    race(&format!("{url}-8"), 8).await;
    let options = Options { cache: Some(cache.path().into()), ..Options::default() };
    let workspace = Workspace::open(&url, options.clone()).await.unwrap();
    let parent = workspace.newest().await.unwrap().unwrap();
    let run = crate::run::samples::even_run(300, 100_000);
    let runs = vec![crate::NewRun { name: "a".into(), looped: false, pieces: vec![run.clone()] }];
    let run_parts = workspace.upload(parent.id).write_runs(runs).await.unwrap().remove(0);
    let mut content = parent.content.clone();
    let arrangement =
        crate::Arrangement { schema: rifflebox_core::Key::MIN, looped: false, runs: vec![run_parts.clone()] };
    content.arrangements.insert("a".into(), arrangement);
    workspace.journal("run").append(vec![7; 100]).await.unwrap();
    workspace.commit(Some(&parent), content, &nonce()).await.unwrap().won().unwrap();
    std::fs::remove_dir_all(cache.path()).unwrap();
    let cold = Workspace::open(&url, options).await.unwrap();
    let (newest, segments) = cold.begin().await.unwrap();
    assert_eq!((newest.unwrap().id, segments.len()), (parent.id + 1, 1));
    assert_eq!(cold.counters().requests(), 6, "hint, list, manifest, journal's list, segment, list");
    let mut keys = 0;
    for part in &run_parts.parts {
        let opened = cold.open_part(part).await.unwrap();
        assert_eq!(*opened, run.slice(keys..keys + opened.key_count()));
        keys += opened.key_count();
    }
    assert_eq!(cold.gc(1, false).await.unwrap().objects, 0);
    assert_eq!(cold.check().await.unwrap().problems, Vec::<String>::new());
    let nowhere = open("s3://no-such-bucket-anywhere/x").await;
    let error = nowhere.newest().await.unwrap_err();
    assert!(error.chain().contains("the bucket does not exist"), "{}", error.chain());
}
