use std::collections::BTreeMap;

use super::*;
use crate::run::samples::{even_run, run_of};
use crate::{Content, Options, Workspace};

async fn open(name: &str) -> Workspace {
    Workspace::open(&format!("memory:upload-{name}"), Options::default()).await.unwrap()
}

fn new_run(name: &str, looped: bool, pieces: Vec<RunColumns>) -> NewRun {
    NewRun { name: name.into(), looped, pieces }
}

#[tokio::test]
async fn big_runs_are_cut_and_small_ones_share_an_object_per_shape() {
    let workspace = open("cut").await;
    let big = even_run(400, 100_000);
    let looped =
        run_of(&BTreeMap::from([(1, BTreeMap::from([(vec![], BTreeMap::from([(1, 1), (4, -1)]))]))]), true);
    let runs = vec![
        new_run("big", false, vec![big.slice(0..100), big.slice(100..400)]),
        new_run("a", false, vec![even_run(3, 4)]),
        new_run("b", false, vec![even_run(9, 2)]),
        new_run("none", false, vec![]),
        new_run("loop", true, vec![looped.clone()]),
    ];
    let written = workspace.upload(7).write_runs(runs).await.unwrap();
    assert_eq!(written[3].parts, []);
    assert_eq!(written[1].parts[0].object, written[2].parts[0].object);
    assert_ne!(written[1].parts[0].object, written[4].parts[0].object);
    let parts = &written[0].parts;
    assert!(parts.len() >= 3, "{} parts", parts.len());
    assert!(parts.iter().all(|part| part.length <= (16 << 20) + 4096 && part.object.base == 7));
    assert!(parts.is_sorted_by(|a, b| a.last < b.first));
    assert_eq!(written[0].rows(), 400);
    let mut keys = 0;
    for part in parts {
        let run = workspace.open_part(part).await.unwrap();
        assert_eq!(*run, big.slice(keys..keys + run.key_count()));
        keys += run.key_count();
    }
    assert_eq!(*workspace.open_part(&written[4].parts[0]).await.unwrap(), looped);
    assert_eq!(*workspace.open_part(&written[2].parts[0]).await.unwrap(), even_run(9, 2));
}

#[tokio::test]
async fn a_run_out_of_order_is_refused() {
    let workspace = open("order").await;
    let run = even_run(10, 4);
    for pieces in [vec![run.slice(5..10), run.slice(0..5)], vec![run.slice(0..6), run.slice(5..10)]] {
        let error = workspace.upload(0).write_runs(vec![new_run("x", false, pieces)]).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Internal);
    }
    let spoilt = RunColumns { diffs: vec![0; 10].into(), ..run.clone() };
    let error = workspace.upload(0).write_runs(vec![new_run("x", false, vec![spoilt])]).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Internal);
    let error = workspace.upload(0).write_runs(vec![new_run("x", true, vec![run])]).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Internal);
}

#[tokio::test]
async fn a_folder_keeps_what_another_opening_reads_in_place() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a b#1/ü%41");
    let url = format!("file:{}", path.display());
    let workspace = Workspace::open(&url, Options::default()).await.unwrap();
    assert_eq!(workspace.newest().await.unwrap(), None);
    assert!(!path.exists(), "opening writes nothing");
    let run = even_run(100, 20);
    let written = workspace.upload(0).write_runs(vec![new_run("x", false, vec![run.clone()])]).await.unwrap();
    let manifest = workspace.commit(None, Content::default(), "n").await.unwrap().won().unwrap();
    let again = Workspace::open(&url, Options { read_only: true, ..Options::default() }).await.unwrap();
    assert_eq!(again.newest().await.unwrap(), Some(manifest));
    let requests = again.counters().requests();
    assert_eq!(*again.open_part(&written[0].parts[0]).await.unwrap(), run);
    assert_eq!(again.counters().requests(), requests, "mapped in place");
    assert_eq!(again.upload(0).write_runs(vec![]).await.unwrap_err().kind(), ErrorKind::Internal);
}
