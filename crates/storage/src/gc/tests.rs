use std::collections::BTreeMap;

use rifflebox_core::Key;

use super::*;
use crate::run::samples::even_run;
use crate::{Arrangement, NewRun, Options, Run, VersionRecord};

async fn open(url: &str) -> Workspace {
    Workspace::open(url, Options::default()).await.unwrap()
}

/// Writes one run that nothing else equals.
async fn upload(workspace: &Workspace, base: u64, keys: u64) -> Run {
    let run = NewRun { name: "a".into(), looped: false, pieces: vec![even_run(keys, 8)] };
    workspace.upload(base).write_runs(vec![run]).await.unwrap().remove(0)
}

fn with_run(content: &Content, run: Run) -> Content {
    let mut content = content.clone();
    let arrangement = Arrangement { schema: Key::MIN, looped: false, runs: vec![run] };
    content.arrangements.insert("a".into(), arrangement);
    content
}

/// Publishes a version whose state is one run of `keys` keys.
async fn publish(workspace: &Workspace, keys: u64) -> Manifest {
    let parent = workspace.newest().await.unwrap();
    let (base, content) = parent.as_ref().map_or((0, Content::default()), |p| (p.id, p.content.clone()));
    let mut content = with_run(&content, upload(workspace, base, keys).await);
    let version = content.versions.len() as u64 + 1;
    let record = VersionRecord { version, manifest: base + 1, snapshot: String::new(), data: String::new() };
    content.versions.push(record);
    content.journals.insert("run".into(), version);
    workspace.commit(parent.as_ref(), content, &nonce()).await.unwrap().won().unwrap()
}

async fn readable(workspace: &Workspace, manifest: &Manifest) -> bool {
    for part in &manifest.content.arrangements["a"].runs[0].parts {
        if workspace.open_part(part).await.is_err() {
            return false;
        }
    }
    true
}

#[tokio::test]
async fn retained_versions_stay_and_the_rest_goes() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("file:{}", folder.path().display());
    let workspace = open(&url).await;
    let mut journal = workspace.journal("run");
    let mut versions = Vec::new();
    for keys in 1..=5 {
        journal.append(vec![1]).await.unwrap();
        versions.push(publish(&workspace, keys).await);
    }
    journal.append(vec![2]).await.unwrap();
    upload(&workspace, 5, 77).await;
    upload(&workspace, 6, 78).await;
    std::fs::write(folder.path().join("data/1/x.arrow#1"), "left by a crash").unwrap();
    std::fs::write(folder.path().join("data/notes.txt"), "not ours").unwrap();
    let dry = workspace.gc(2, true).await.unwrap();
    assert_eq!(workspace.newest().await.unwrap().unwrap().id, 5, "a dry run commits nothing");
    assert_eq!((dry.objects, dry.segments, dry.manifests, dry.fence), (4, 4, 3, None));
    let swept = workspace.gc(2, false).await.unwrap();
    assert_eq!(swept, GcReport { fence: Some(6), ..dry });
    let newest = workspace.newest().await.unwrap().unwrap();
    assert_eq!(newest.id, 6);
    assert!(newest.content.same_state(&versions[4].content));
    let kept: Vec<_> = newest.content.versions.iter().map(|version| version.version).collect();
    assert_eq!(kept, [4, 5]);
    let cold = open(&url).await;
    for (number, version) in versions.iter().enumerate() {
        assert_eq!(readable(&cold, version).await, number >= 3, "version {}", number + 1);
        assert_eq!(cold.manifest(version.id).await.unwrap().is_some(), number >= 3);
    }
    let left = workspace.segments_after(&BTreeMap::new()).await.unwrap();
    assert_eq!(left.iter().map(|segment| segment.number).collect::<Vec<_>>(), [5, 6]);
    assert!(folder.path().join("data/notes.txt").exists());
    assert!(!folder.path().join("data/1").exists(), "what is empty, or was left by a crash, goes");
    let report = workspace.check().await.unwrap();
    assert_eq!(report.problems, Vec::<String>::new());
    let requests = workspace.counters().requests();
    let again = workspace.gc(2, false).await.unwrap();
    let gone = (again.objects, again.segments, again.manifests);
    assert_eq!(gone, (1, 0, 1), "what was written on the newest goes next");
    assert!(workspace.counters().requests() - requests < 16, "tombstones are not read again");
}

#[tokio::test]
async fn a_writer_that_loses_to_a_fence_is_told_so_and_tries_again() {
    let workspace = open("memory:gc-writer").await;
    let parent = publish(&workspace, 1).await;
    let run = upload(&workspace, parent.id, 2).await;
    workspace.gc(1, false).await.unwrap();
    let content = with_run(&parent.content, run);
    let lost = workspace.commit(Some(&parent), content, &nonce()).await.unwrap();
    let Committed::Lost { newest, fence: true } = lost else { panic!("{lost:?}") };
    let run = upload(&workspace, newest.id, 2).await;
    let won = workspace.commit(Some(&newest), with_run(&newest.content, run), &nonce()).await.unwrap();
    let manifest = won.won().unwrap();
    assert!(readable(&workspace, &manifest).await);
    // And a real rival is no fence.
    let lost = workspace.commit(Some(&parent), parent.content.clone(), &nonce()).await.unwrap();
    assert!(matches!(&lost, Committed::Lost { fence: false, .. }), "{lost:?}");
    assert_eq!(lost.won().unwrap_err().kind(), ErrorKind::Conflict);
}

#[tokio::test]
async fn nothing_is_removed_when_a_retained_manifest_cannot_be_read() {
    let folder = tempfile::tempdir().unwrap();
    let workspace = open(&format!("file:{}", folder.path().display())).await;
    let first = publish(&workspace, 1).await;
    publish(&workspace, 2).await;
    upload(&workspace, 0, 9).await;
    let path = folder.path().join(manifest::path(first.id).as_ref());
    let whole = std::fs::read(&path).unwrap();
    let mut spoilt = whole.clone();
    spoilt[100] ^= 1;
    std::fs::write(&path, spoilt).unwrap();
    let error = workspace.gc(2, false).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Corrupt);
    assert!(error.chain().contains(manifest::path(first.id).as_ref()), "{}", error.chain());
    std::fs::remove_file(&path).unwrap();
    assert_eq!(workspace.gc(2, false).await.unwrap_err().kind(), ErrorKind::Corrupt);
    std::fs::write(&path, whole).unwrap();
    assert_eq!(workspace.gc(2, false).await.unwrap().objects, 1, "the orphan was still there");
}

#[tokio::test]
async fn an_empty_workspace_has_nothing_to_collect() {
    let workspace = open("memory:gc-empty").await;
    assert_eq!(workspace.gc(1, false).await.unwrap(), GcReport::default());
    assert_eq!(workspace.newest().await.unwrap(), None);
}
