use rifflebox_core::Key;
use rifflebox_dataflow::{Turn, add_run, contents, foundations};
use rifflebox_storage::{Committed, Content, Options, RunColumns, VersionRecord};

use super::*;

/// Makes a run of so many keys, all of them other ones than those of other numbers.
fn run(number: u64, keys: u64) -> RunColumns {
    let mut all: Vec<Key> =
        (0..keys).map(|key| Key::builder("run").number(number).number(key).finish()).collect();
    all.sort();
    let offsets: Vec<i64> = (0..=keys as i64).collect();
    RunColumns {
        keys: all.iter().flat_map(|key| key.to_bytes()).collect::<Vec<_>>().into(),
        key_offsets: offsets.clone().into(),
        value_offsets: offsets.into(),
        value_bytes: vec![number as u8; keys as usize].into(),
        rounds: None,
        diffs: vec![1; keys as usize].into(),
    }
}

fn content_of(state: &State, parent: Option<&Manifest>) -> Content {
    let id = parent.map_or(0, |parent| parent.id) + 1;
    let version = VersionRecord { version: id, manifest: id, snapshot: String::new(), data: String::new() };
    Content {
        arrangements: arrangements(state, &BTreeMap::new()),
        versions: vec![version],
        ..Content::default()
    }
}

/// One life of a process: it opens what stands, adds a run, and writes; where it `commits`, that is what stands next.
async fn live(url: &str, added: RunColumns, commits: bool) -> Option<Manifest> {
    let storage = Workspace::open(url, Options::default()).await.unwrap();
    let parent = storage.newest().await.unwrap();
    let named = parent.as_ref().map(|parent| parent.content.arrangements.clone()).unwrap_or_default();
    let mut state = open(&storage, &named).await.unwrap();
    add_run(state.entry("a".into()).or_default(), vec![added], Turn::Now);
    let base = parent.as_ref().map_or(0, |parent| parent.id);
    let (state, _) = write(&storage.upload(base), state).await.unwrap();
    if !commits {
        return None;
    }
    let content = content_of(&state, parent.as_ref());
    let committed = storage.commit(parent.as_ref(), content, &rifflebox_storage::nonce()).await.unwrap();
    Some(committed.won().unwrap())
}

#[tokio::test]
async fn a_merge_goes_on_in_the_next_process_and_dead_ones_and_collections_cost_it_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("file:{}", folder.path().display());
    let storage = Workspace::open(&url, Options::default()).await.unwrap();
    // Runs that no commit merges, as many commits would have left them.
    let mut state = State::new();
    let runs = (0..3).map(|number| OpenRun::new([Arc::new(run(number, 9_000))])).collect();
    state.insert("a".into(), runs);
    let (state, _) = write(&storage.upload(0), state).await.unwrap();
    let first = storage.commit(None, content_of(&state, None), "first").await.unwrap();
    assert!(matches!(first, Committed::Won(_)));
    let (mut keys, mut joined, mut ranges) = (27_000, 0, 0);
    for number in 3..14 {
        live(&url, run(number, 70), false).await;
        let manifest = live(&url, run(number, 50), true).await.unwrap();
        keys += 50;
        let runs = &manifest.content.arrangements["a"].runs;
        joined += runs.iter().filter(|run| run.joins).count();
        let parts: Vec<_> = runs.iter().flat_map(|run| &run.parts).collect();
        ranges += parts.iter().filter(|part| part.length > 1 << 18 && part.rows < 7_500).count();
        let report = storage.gc(1, false).await.unwrap();
        assert!(report.objects > 0, "what the dead one wrote is gone");
        assert_eq!(storage.check().await.unwrap().problems, Vec::<String>::new());
        let newest = storage.newest().await.unwrap().unwrap();
        let state = open(&storage, &newest.content.arrangements).await.unwrap();
        let rows = contents(&foundations(&state)["a"]);
        assert_eq!((rows.len(), rows.values().all(|diff| *diff == 1)), (keys, true));
    }
    assert!(joined > 3 && ranges > 3, "{joined} runs that joined, {ranges} ranges of files");
    let newest = storage.newest().await.unwrap().unwrap();
    let runs = &newest.content.arrangements["a"].runs;
    assert!(runs.len() <= 2 && runs.iter().all(|run| !run.joins), "{} runs", runs.len());
}

#[tokio::test]
async fn what_a_manifest_does_not_name_is_written_again() {
    let storage = Workspace::open("memory:state-unnamed", Options::default()).await.unwrap();
    let state = State::from([("a".to_owned(), vec![OpenRun::new([Arc::new(run(1, 9))])])]);
    let (mut state, new) = write(&storage.upload(0), state).await.unwrap();
    let (before, content) = (arrangements(&state, &BTreeMap::new()), content_of(&state, None));
    let naming = storage.commit(None, content, "1").await.unwrap().won().unwrap();
    unwrite_unnamed(&mut state, &naming);
    assert_eq!(arrangements(&state, &BTreeMap::new()), before, "what is named stays");
    let other = Manifest { content: Content::default(), ..naming };
    unwrite_unnamed(&mut state, &other);
    let (state, again) = write(&storage.upload(7), state).await.unwrap();
    assert_eq!((new.len(), again.len()), (1, 1));
    assert!(again.iter().all(|object| object.base == 7));
    let state = map(&storage, state, &again).await.unwrap();
    assert_eq!(*state["a"][0].pieces[0].columns, run(1, 9));
}
