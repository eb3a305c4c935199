use rifflebox_core::ErrorKind;

use super::*;
use crate::run::samples::even_run;
use crate::{NewRun, Options, Requests, Run};

async fn open(url: &str, cache: Option<&FilePath>) -> Workspace {
    let cache = cache.map(FilePath::to_path_buf);
    Workspace::open(url, Options { cache, ..Options::default() }).await.unwrap()
}

async fn written(workspace: &Workspace) -> Run {
    let runs =
        ["a", "b"].map(|name| NewRun { name: name.into(), looped: false, pieces: vec![even_run(40, 9)] });
    workspace.upload(0).write_runs(runs.into()).await.unwrap().remove(1)
}

fn only_file(folder: &FilePath) -> PathBuf {
    let mut files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let file = files.next().unwrap();
    assert_eq!(files.next(), None);
    file
}

#[tokio::test]
async fn a_copy_is_fetched_once_and_serves_the_next_process() {
    let (url, cache) = ("memory:cache-copies", tempfile::tempdir().unwrap());
    let run = written(&open(url, None).await).await;
    let cold = open(url, Some(cache.path())).await;
    let (first, second) = tokio::join!(cold.open_part(&run.parts[0]), cold.open_part(&run.parts[0]));
    assert_eq!(*first.unwrap(), *second.unwrap());
    let fetched = (cold.counters().requests(), cold.counters().bytes_fetched());
    assert_eq!(fetched, (1, run.parts[0].length), "both share one fetch");
    let warm = open(url, Some(cache.path())).await;
    assert_eq!(*warm.open_part(&run.parts[0]).await.unwrap(), even_run(40, 9));
    assert_eq!(warm.counters().requests(), 0);
    // The folder can be deleted at any time, also under what is open.
    let held = warm.open_part(&run.parts[0]).await.unwrap();
    fs::remove_dir_all(cache.path()).unwrap();
    assert_eq!(*held, even_run(40, 9));
    let again = open(url, Some(cache.path())).await;
    assert_eq!(*again.open_part(&run.parts[0]).await.unwrap(), even_run(40, 9));
    assert_eq!(again.counters().requests(), 1);
}

#[tokio::test]
async fn who_wrote_an_object_need_not_fetch_it() {
    let (url, cache) = ("memory:cache-written", tempfile::tempdir().unwrap());
    let run = written(&open(url, Some(cache.path())).await).await;
    let next = open(url, Some(cache.path())).await;
    next.open_part(&run.parts[0]).await.unwrap();
    assert_eq!(next.counters().requests(), 0);
}

#[tokio::test]
async fn a_copy_cut_short_is_fetched_again() {
    let (url, cache) = ("memory:cache-cut", tempfile::tempdir().unwrap());
    let run = written(&open(url, Some(cache.path())).await).await;
    let copy = only_file(cache.path());
    fs::write(&copy, &fs::read(&copy).unwrap()[..100]).unwrap();
    let workspace = open(url, Some(cache.path())).await;
    assert_eq!(*workspace.open_part(&run.parts[0]).await.unwrap(), even_run(40, 9));
    assert_eq!(fs::metadata(&copy).unwrap().len(), run.parts[0].length);
    let mut flipped = fs::read(&copy).unwrap();
    flipped[200] ^= 1;
    fs::write(&copy, flipped).unwrap();
    let problem = workspace.cache().check_copy(&run.parts[0].object).unwrap().unwrap();
    assert!(problem.contains("delete the cache folder"), "{problem}");
}

#[tokio::test]
async fn a_read_only_opening_writes_no_copy() {
    let (url, cache) = ("memory:cache-read-only", tempfile::tempdir().unwrap());
    let run = written(&open(url, None).await).await;
    let folder = cache.path().join("not yet");
    let options = Options { cache: Some(folder.clone()), read_only: true, ..Options::default() };
    let workspace = Workspace::open(url, options).await.unwrap();
    workspace.open_part(&run.parts[0]).await.unwrap();
    assert!(!folder.exists());
}

#[tokio::test]
async fn a_read_only_view_takes_the_copies_that_stand() {
    let (url, cache) = ("memory:cache-read-only-view", tempfile::tempdir().unwrap());
    let run = written(&open(url, Some(cache.path())).await).await;
    let view = open(url, Some(cache.path())).await.read_only().unwrap();
    view.open_part(&run.parts[0]).await.unwrap();
    assert_eq!(view.counters().requests(), 0, "the copy serves it");
    fs::remove_dir_all(cache.path()).unwrap();
    let view = view.read_only().unwrap();
    view.open_part(&run.parts[0]).await.unwrap();
    assert_eq!(view.counters().traffic().requests, Requests { get: 1, ..Requests::default() });
    assert!(!cache.path().exists(), "and none is made");
    assert_eq!(view.upload(0).write_runs(Vec::new()).await.unwrap_err().kind(), ErrorKind::Internal);
}

#[tokio::test]
async fn a_folder_s_objects_are_verified_once_and_by_length_afterwards() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("file:{}", folder.path().display());
    let run = written(&open(&url, None).await).await;
    let part = &run.parts[0];
    let path = folder.path().join(part.object.to_string());
    let whole = fs::read(&path).unwrap();
    let mut flipped = whole.clone();
    // Inside the last batch's diffs: nothing but the digest can see it.
    let diffs = whole.len() - whole.len() / 4;
    flipped[diffs] ^= 1;
    fs::remove_dir_all(folder.path().join("cache")).unwrap();
    fs::write(&path, &flipped).unwrap();
    let error = open(&url, None).await.open_part(part).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Corrupt);
    let message = error.to_string();
    assert!(message.contains(&part.object.to_string()) && message.contains("--rebuild"), "{message}");
    fs::write(&path, &whole).unwrap();
    open(&url, None).await.open_part(part).await.unwrap();
    let verified = fs::read_to_string(folder.path().join("cache/verified")).unwrap();
    assert_eq!(verified, format!("{}\n", part.object));
    // Now the length alone is looked at; `check` sees the rest.
    fs::write(&path, &whole[..whole.len() - 1]).unwrap();
    assert_eq!(open(&url, None).await.open_part(part).await.unwrap_err().kind(), ErrorKind::Corrupt);
    fs::remove_file(&path).unwrap();
    let error = open(&url, None).await.open_part(part).await.unwrap_err();
    assert!(error.kind() == ErrorKind::Corrupt && error.to_string().contains("is missing"), "{error}");
}

#[tokio::test]
async fn a_manifest_that_says_otherwise_is_not_believed() {
    let workspace = open("memory:cache-otherwise", None).await;
    let part = written(&workspace).await.parts.remove(0);
    let wrong = [
        Part { batch: 2, ..part.clone() },
        Part { keys: 39, ..part.clone() },
        Part { rows: 41, ..part.clone() },
        Part { first: Key::MAX, ..part.clone() },
        Part { length: part.length + 1, ..part.clone() },
    ];
    for wrong in wrong {
        let error = workspace.open_part(&wrong).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Corrupt, "{wrong:?}");
    }
    workspace.open_part(&part).await.unwrap();
}

#[tokio::test]
async fn a_part_may_be_a_range_of_the_keys_of_its_batch() {
    let workspace = open("memory:cache-range", None).await;
    let (whole, batch) = (written(&workspace).await.parts.remove(0), even_run(40, 9));
    for range in [0..1, 0..17, 5..40, 39..40, 11..29] {
        let columns = batch.slice(range);
        let part = whole.narrowed(&columns);
        assert_eq!(*workspace.open_part(&part).await.unwrap(), columns);
        for wrong in [
            Part { keys: part.keys + 1, ..part.clone() },
            Part { rows: part.rows - 1, ..part.clone() },
            Part { last: Key::from_u128(part.last.to_u128() + 1), ..part.clone() },
            Part { first: part.last, last: part.first, ..part.clone() },
        ] {
            if wrong != part {
                let error = workspace.open_part(&wrong).await.unwrap_err();
                assert_eq!(error.kind(), ErrorKind::Corrupt, "{wrong:?}");
            }
        }
    }
}
