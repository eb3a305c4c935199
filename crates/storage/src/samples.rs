//! One committed workspace per format version, to be opened for ever.

use std::collections::BTreeMap;

use rifflebox_core::Key;

use crate::run::samples::{even_run, run_of};
use crate::{Arrangement, Content, NewRun, Options, Workspace};

fn looped() -> crate::RunColumns {
    let updates = |round: u64| BTreeMap::from([(0, 1), (round, -1)]);
    let value = |key: u128| (key << 90, BTreeMap::from([(vec![key as u8; 3], updates(key as u64))]));
    run_of(&(1..9).map(value).collect(), true)
}

fn content(runs: BTreeMap<String, crate::Run>) -> Content {
    let arrangement = |(name, run): (String, _)| {
        let looped = name == "loop";
        (name, Arrangement { schema: Key::of(b"sample"), looped, runs: vec![run] })
    };
    Content {
        flow: Some("name = \"sample\"".into()),
        arrangements: runs.into_iter().map(arrangement).collect(),
        journals: BTreeMap::from([("run".into(), 1)]),
        ..Content::default()
    }
}

async fn write_sample(url: &str) {
    let workspace = Workspace::open(url, Options::default()).await.unwrap();
    let new = |name: &str, looped, run| NewRun { name: name.into(), looped, pieces: vec![run] };
    let runs =
        vec![new("a", false, even_run(5, 3)), new("b", false, even_run(9, 0)), new("loop", true, looped())];
    let written = workspace.upload(0).write_runs(runs).await.unwrap();
    let runs = ["a", "b", "loop"].map(str::to_owned).into_iter().zip(written).collect();
    let mut journal = workspace.journal("run");
    journal.append(b"covered".to_vec()).await.unwrap();
    journal.append(b"finished".to_vec()).await.unwrap();
    workspace.commit(None, content(runs), "sample").await.unwrap();
}

async fn opens(url: &str) {
    let workspace = Workspace::open(url, Options { read_only: true, ..Options::default() }).await.unwrap();
    let (manifest, segments) = workspace.begin().await.unwrap();
    let manifest = manifest.unwrap();
    let mut runs = BTreeMap::new();
    for (name, expected) in [("a", even_run(5, 3)), ("b", even_run(9, 0)), ("loop", looped())] {
        let run = &manifest.content.arrangements[name].runs[0];
        assert_eq!(*workspace.open_part(&run.parts[0]).await.unwrap(), expected, "{name}");
        runs.insert(name.to_owned(), run.clone());
    }
    assert_eq!(manifest.content, content(runs));
    assert_eq!((segments.len(), segments[0].number, &segments[0].bytes[..]), (1, 2, &b"finished"[..]));
    assert_eq!(workspace.check().await.unwrap().problems, Vec::<String>::new());
}

#[tokio::test]
async fn the_first_format_opens() {
    opens(&format!("file:{}/samples/v1", env!("CARGO_MANIFEST_DIR"))).await;
}

/// With `RIFFLEBOX_SAMPLE` it leaves the sample in that folder, to be committed when the format changes.
#[tokio::test]
async fn what_is_written_now_opens() {
    let passing = tempfile::tempdir().unwrap();
    let folder = std::env::var("RIFFLEBOX_SAMPLE").unwrap_or_else(|_| passing.path().display().to_string());
    write_sample(&format!("file:{folder}")).await;
    opens(&format!("file:{folder}")).await;
}
