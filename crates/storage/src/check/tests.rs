use std::path::{Path, PathBuf};

use rifflebox_core::Key;

use super::*;
use crate::run::samples::even_run;
use crate::{Arrangement, Content, NewRun, Options};

/// Makes a workspace with one object of each kind.
async fn make(folder: &Path) -> Workspace {
    let workspace = Workspace::open(&format!("file:{}", folder.display()), Options::default()).await.unwrap();
    let run = NewRun { name: "a".into(), looped: false, pieces: vec![even_run(50, 30)] };
    let run = workspace.upload(0).write_runs(vec![run]).await.unwrap().remove(0);
    workspace.journal("run").append(b"answers".to_vec()).await.unwrap();
    workspace.dataset().put("data/a.parquet", "rows").await.unwrap();
    let digest = blake3::hash(b"rows").to_hex().to_string();
    let mut content = Content {
        published: Some(Published {
            version: 1,
            snapshot: "s".into(),
            data: "d".into(),
            files: BTreeMap::from([("data/a.parquet".into(), 4)]),
            digests: BTreeMap::from([("data/a.parquet".into(), digest)]),
        }),
        ..Content::default()
    };
    let arrangement = Arrangement { schema: Key::MIN, looped: false, runs: vec![run] };
    content.arrangements.insert("a".into(), arrangement);
    let first = workspace.commit(None, content.clone(), "1").await.unwrap().won().unwrap();
    workspace.commit(Some(&first), content, "2").await.unwrap().won().unwrap();
    workspace
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap().flatten() {
        match entry.path() {
            path if path.is_dir() => found.extend(files(&path)),
            path => found.push(path),
        }
    }
    found.sort();
    found
}

#[tokio::test]
async fn a_flip_or_a_loss_of_any_object_is_found_and_named() {
    let folder = tempfile::tempdir().unwrap();
    let workspace = make(folder.path()).await;
    let report = workspace.check().await.unwrap();
    assert_eq!(report.problems, Vec::<String>::new());
    assert_eq!(report.objects, 5, "two manifests, a run, a segment, a published file");
    let mut kinds = 0;
    for path in files(folder.path()) {
        let name = path.strip_prefix(folder.path()).unwrap().to_str().unwrap().to_owned();
        if name.starts_with("cache") || name.ends_with("hint") {
            continue;
        }
        kinds += 1;
        let whole = std::fs::read(&path).unwrap();
        for place in [0, whole.len() / 2, whole.len() - 1] {
            let mut flipped = whole.clone();
            flipped[place] ^= 4;
            std::fs::write(&path, flipped).unwrap();
            let problems = workspace.check().await.unwrap().problems;
            assert!(
                problems.iter().any(|problem| problem.contains(&name)),
                "{name}, byte {place}: {problems:?}"
            );
        }
        std::fs::write(&path, &whole[..whole.len() - 1]).unwrap();
        assert!(!workspace.check().await.unwrap().problems.is_empty(), "{name} cut");
        std::fs::remove_file(&path).unwrap();
        let problems = workspace.check().await.unwrap().problems;
        // The newest manifest and a segment are gone without a trace; anything else is missed.
        let untraced = name.contains("0002.json") || name.starts_with("journal");
        let first = name.contains("0001.json");
        assert!(untraced || first || problems.iter().any(|p| p.contains(&name)), "{name} lost: {problems:?}");
        std::fs::write(&path, whole).unwrap();
    }
    assert_eq!(kinds, 5);
    assert_eq!(workspace.check().await.unwrap().problems, Vec::<String>::new());
}

#[tokio::test]
async fn an_empty_workspace_is_sound() {
    let workspace = Workspace::open("memory:check-empty", Options::default()).await.unwrap();
    assert_eq!(workspace.check().await.unwrap(), CheckReport::default());
}
