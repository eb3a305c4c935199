use std::collections::BTreeMap;

use rifflebox_core::ErrorKind;

use super::*;
use crate::run::samples::even_run;
use crate::{Arrangement, Committed, Content, Manifest, NewRun, Options, Workspace, nonce};

const BUILDS: u64 = 12;

fn faults(seed: u64) -> Faults {
    Faults { seed, fail_before: 60, fail_after: 60, late: 60, truncate: 40, flip: 40, kill: None, gone: None }
}

/// Runs builds, each a new opening, over a store that fails; returns how many committed for certain.
async fn builds(name: &str, faults: Faults) -> (u64, Vec<String>) {
    let (wrap, trace) = faults.wrap();
    let mut certain = 0;
    for build in 1..=BUILDS {
        let options = Options { wrap: Some(wrap.clone()), ..Options::default() };
        let workspace = Workspace::open(name, options).await.unwrap();
        match build_once(&workspace, build, format!("{name}-{build}")).await {
            Ok(Committed::Won(_)) => certain += 1,
            Ok(Committed::Lost { .. }) => panic!("nobody else writes here"),
            Err(error) => assert!(matches!(error.kind(), ErrorKind::Store | ErrorKind::Corrupt), "{error:?}"),
        }
    }
    (certain, trace.lines())
}

async fn build_once(workspace: &Workspace, build: u64, nonce: String) -> rifflebox_core::Result<Committed> {
    let parent = workspace.newest().await?;
    let (base, mut content) = parent.as_ref().map_or((0, Content::default()), |p| (p.id, p.content.clone()));
    if let Some(parent) = &parent {
        assert_eq!(
            sum(workspace, parent).await?,
            parent.content.counters["sum"],
            "another state than was committed"
        );
    }
    let run = NewRun { name: "a".into(), looped: false, pieces: vec![even_run(build, 8)] };
    let run = workspace.upload(base).write_runs(vec![run]).await?.remove(0);
    let empty = || Arrangement { schema: Key::MIN, looped: false, runs: vec![] };
    content.arrangements.entry("a".into()).or_insert_with(empty).runs.push(run);
    *content.counters.entry("sum".into()).or_default() += build as i64;
    *content.counters.entry("builds".into()).or_default() += 1;
    workspace.commit(parent.as_ref(), content, &nonce).await
}

async fn sum(workspace: &Workspace, manifest: &Manifest) -> rifflebox_core::Result<i64> {
    let mut sum = 0;
    for part in manifest.content.arrangements["a"].runs.iter().flat_map(|run| &run.parts) {
        let run = workspace.open_part(part).await?;
        sum += run.diffs[run.updates()].iter().sum::<i64>();
    }
    Ok(sum)
}

#[tokio::test]
async fn no_fault_makes_a_wrong_state() {
    let mut seen: BTreeMap<&str, u64> = BTreeMap::new();
    for seed in 0..40 {
        let name = format!("memory:faults-{seed}");
        let (certain, lines) = builds(&name, faults(seed)).await;
        for kind in ["Before", "After", "Late", "Truncate", "Flip"] {
            *seen.entry(kind).or_default() += lines.iter().filter(|line| line.contains(kind)).count() as u64;
        }
        // What stands at last, read without faults, is whole, and holds every build that was told so.
        let workspace = Workspace::open(&name, Options::default()).await.unwrap();
        let newest = workspace.newest().await.unwrap().unwrap();
        assert!(newest.content.counters["builds"] as u64 >= certain, "seed {seed} lost a commit");
        assert_eq!(sum(&workspace, &newest).await.unwrap(), newest.content.counters["sum"]);
        assert_eq!(workspace.check().await.unwrap().problems, Vec::<String>::new(), "seed {seed}");
    }
    assert!(seen.values().all(|count| *count > 20), "{seen:?}");
}

#[tokio::test]
async fn the_same_seed_gives_the_same_trace() {
    let mut traces = Vec::new();
    for round in 0..2 {
        // A store of its own, with names that do not tell it from the other.
        let (wrap, trace) = faults(7).wrap();
        let store: Arc<dyn ObjectStore> = Arc::new(object_store::memory::InMemory::new());
        let own = Wrap::new(move |_| Arc::clone(&store));
        let both = Wrap::new(move |inner| wrap.apply(own.apply(inner)));
        for build in 1..=BUILDS {
            let options = Options { wrap: Some(both.clone()), ..Options::default() };
            let name = format!("memory:trace-{round}");
            let workspace = Workspace::open(&name, options).await.unwrap();
            drop(build_once(&workspace, build, format!("{build}")).await);
        }
        traces.push(trace.lines());
    }
    assert!(traces[0].len() > 50 && traces[0].iter().any(|line| !line.ends_with("None")));
    assert_eq!(traces[0], traces[1]);
}

#[tokio::test]
async fn racing_writers_over_a_failing_store_win_one_number_each() {
    for seed in 0..20 {
        let name = format!("memory:race-{seed}");
        let mut tasks = tokio::task::JoinSet::new();
        for writer in 0..8_u64 {
            let (wrap, _) = faults(seed * 100 + writer).wrap();
            let name = name.clone();
            tasks.spawn(async move {
                let options = Options { wrap: Some(wrap), ..Options::default() };
                let workspace = Workspace::open(&name, options).await.unwrap();
                let mut won = Vec::new();
                for build in 1..=5 {
                    if let Ok(Committed::Won(manifest)) = build_once(&workspace, build, nonce()).await {
                        won.push((manifest.id, manifest.nonce));
                    }
                }
                won
            });
        }
        let won: Vec<_> = tasks.join_all().await.into_iter().flatten().collect();
        let workspace = Workspace::open(&name, Options::default()).await.unwrap();
        for (id, nonce) in &won {
            let standing = workspace.manifest(*id).await.unwrap().unwrap();
            assert_eq!(&standing.nonce, nonce, "two writers were told that they won {id}");
        }
        assert!(won.len() >= 2, "seed {seed}: nobody gets on");
        let newest = workspace.newest().await.unwrap().unwrap();
        assert_eq!(sum(&workspace, &newest).await.unwrap(), newest.content.counters["sum"]);
        assert_eq!(newest.content.counters["builds"] as u64, newest.id);
    }
}

#[tokio::test]
async fn a_body_cut_short_on_its_way_is_no_body() {
    let (wrap, _) = Faults { seed: 1, truncate: 900, ..Faults::default() }.wrap();
    let options = Options { wrap: Some(wrap), ..Options::default() };
    let workspace = Workspace::open("memory:faults-cut", options).await.unwrap();
    let dataset = workspace.dataset();
    let mut refused = 0;
    for file in 0..100 {
        let path = format!("{file}");
        dataset.put(&path, vec![7; 1000]).await.unwrap();
        // A length that lies too cannot be seen here; every format of ours carries its own digest.
        if let Err(error) = dataset.get(&path).await {
            assert!(error.to_string().contains("of 1000 bytes"), "{error}");
            refused += 1;
        }
    }
    assert!(refused > 0, "a body cut short was taken for a whole one");
}

/// Spawns itself, once per store operation of two builds, to be killed before or after it.
#[tokio::test]
async fn a_killed_writer_leaves_a_whole_workspace() {
    const NAME: &str = "faults::tests::a_killed_writer_leaves_a_whole_workspace";
    if let Ok(role) = std::env::var("RIFFLEBOX_KILL_AT") {
        let (point, url) = role.split_once(' ').unwrap();
        let point: u64 = point.parse().unwrap();
        let kill = Some(Kill { operation: point / 2, after: point % 2 == 1 });
        let (wrap, _) = Faults { kill, ..Faults::default() }.wrap();
        let workspace =
            Workspace::open(url, Options { wrap: Some(wrap), ..Options::default() }).await.unwrap();
        for build in 1..=2 {
            build_once(&workspace, build, nonce()).await.unwrap().won().unwrap();
        }
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    for point in 0..100 {
        let url = format!("file:{}/{point}", folder.path().display());
        let mut child = std::process::Command::new(std::env::current_exe().unwrap());
        child.args([NAME, "--exact"]).env("RIFFLEBOX_KILL_AT", format!("{point} {url}"));
        let ended = child.output().unwrap();
        let workspace = Workspace::open(&url, Options::default()).await.unwrap();
        let newest = workspace.newest().await.unwrap();
        assert_eq!(workspace.check().await.unwrap().problems, Vec::<String>::new(), "point {point}");
        let id = newest.as_ref().map_or(0, |manifest| manifest.id);
        if ended.status.success() {
            assert_eq!(id, 2);
            assert!(point >= 20, "only {point} points were tried");
            return;
        }
        let next = build_once(&workspace, 9, nonce()).await.unwrap().won().unwrap();
        assert_eq!(next.id, id + 1);
        assert_eq!(sum(&workspace, &next).await.unwrap(), next.content.counters["sum"]);
    }
    panic!("two builds never end");
}

#[tokio::test]
async fn a_store_that_is_gone_holds_what_a_dead_writer_leaves() {
    for point in 0..100 {
        let name = format!("memory:faults-gone-{point}");
        let gone = Some(Kill { operation: point / 2, after: point % 2 == 1 });
        let (wrap, trace) = Faults { gone, ..Faults::default() }.wrap();
        let options = Options { wrap: Some(wrap), ..Options::default() };
        let gone = Workspace::open(&name, options).await.unwrap();
        let mut built = Vec::new();
        for build in 1..=2 {
            built.push(build_once(&gone, build, nonce()).await);
        }
        let workspace = Workspace::open(&name, Options::default()).await.unwrap();
        let newest = workspace.newest().await.unwrap();
        assert_eq!(workspace.check().await.unwrap().problems, Vec::<String>::new(), "point {point}");
        let id = newest.map_or(0, |manifest| manifest.id);
        let told = built.iter().filter(|built| built.is_ok()).count() as u64;
        assert!(told <= id, "point {point}: {told} builds were told that they won, and {id} did");
        if trace.lines().len() as u64 <= point / 2 {
            assert_eq!(id, 2);
            assert!(point >= 20, "only {point} points were tried");
            return;
        }
        let next = build_once(&workspace, 9, nonce()).await.unwrap().won().unwrap();
        assert_eq!(next.id, id + 1, "point {point}");
    }
    panic!("two builds never end");
}
