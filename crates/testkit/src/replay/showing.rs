//! Changed stages that are shown their inputs in slices: what gets out, what is written, and what a death leaves.

use super::asking::{Client, Service};
use super::*;
use rifflebox_dataflow::{Emit, Keep, Operation};

const ROWS: u64 = 600;

fn number(value: &[u8]) -> u64 {
    u64::from_le_bytes(value[..8].try_into().unwrap())
}

/// Of each group the least row stands, and of each that stands something is asked.
///
/// A part of the rows has other least ones than all of them, so a stage that spoke early would ask needlessly.
fn graph(version: u64, groups: u64, service: &Arc<Service>) -> Arc<Graph> {
    let mut g = Graph::new();
    g.stage("source", Key::MIN);
    let input = g.add(Operation::Input { name: "rows".to_owned() });
    let rows = g.add(Operation::Arrange { name: "source/rows".into(), input, keep: Keep::Always });

    g.stage("least", Key::of(&version.to_le_bytes()));
    let rows = g.add(Operation::EnterArranged { from: rows });
    let grouped = Arc::new(move |_: Key, one: &[u8], _: &[u8], emit: &mut Emit<'_>| {
        emit(Key::of(&(number(one) % groups).to_le_bytes()), one.into(), 1);
    });
    let grouped = g.add(Operation::Join { left: rows, right: rows, logic: grouped });
    let grouped =
        g.add(Operation::Arrange { name: "least/grouped".into(), input: grouped, keep: Keep::Internal });
    let least = Arc::new(|_: Key, rows: &[(&[u8], i64)], out: &mut Vec<(Encoded, i64)>| {
        out.push((rows.iter().map(|row| row.0).min_by_key(|row| number(row)).unwrap().into(), 1));
    });
    let least = g.add(Operation::Reduce { name: "least/least".into(), input: grouped, logic: least });
    let by_row = Arc::new(|_: Key, row: &[u8], emit: &mut Emit<'_>| emit(Key::of(row), row.into(), 1));
    let least = g.add(Operation::Map { input: least, logic: by_row });
    let out = g.add(Operation::Arrange { name: "least/out".into(), input: least, keep: Keep::Output });

    g.stage("asked", Key::of(&(version / 10).to_le_bytes()));
    let demand = g.add(Operation::Enter { from: out });
    let kept = g.add(Operation::Arrange { name: "asked/demand".into(), input: demand, keep: Keep::Internal });
    let asker = Arc::new(Client(Arc::clone(service)));
    let answers = g.add(Operation::Ask { demand, answers: "answers/service".into(), asker });
    let pair = Arc::new(|key: Key, row: &[u8], answer: &[u8], emit: &mut Emit<'_>| {
        emit(key, [row, answer].concat().into(), 1);
    });
    let joined = g.add(Operation::Join { left: kept, right: answers, logic: pair });
    g.add(Operation::Arrange { name: "asked/out".into(), input: joined, keep: Keep::Output });
    Arc::new(g)
}

fn rows() -> Vec<Change> {
    let row = |number: u64| {
        let mut value = number.to_le_bytes().to_vec();
        value.resize(40, 0);
        Change { input: "rows".into(), key: Key::of(&value), value: value.into(), diff: 1 }
    };
    (0..ROWS).map(row).collect()
}

fn built(runtime: &tokio::runtime::Runtime, service: &Arc<Service>) -> Replay {
    let mut replay = Replay { runtime: Some(runtime.handle().clone()), ..Replay::default() };
    replay.run(&graph(1, 7, service), vec![rows()], Pace::default()).unwrap();
    replay
}

/// Shows a slice of 2 kB an epoch, and writes whenever an epoch has left anything in memory.
fn sliced(workers: usize) -> Pace {
    Pace { workers, epochs_in_flight: 2, commit_bytes: 0, replay_bytes: 2_000 }
}

#[test]
fn a_stage_that_comes_to_the_same_moves_nothing_and_asks_nothing() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let service = Arc::new(Service::default());
    for workers in 1..4 {
        let mut replay = built(&runtime, &service);
        let next = graph(2, 7, &service);
        let before = replay.keeper.runs.clone();
        let summary = replay.run(&next, Vec::new(), sliced(workers)).unwrap();
        assert_eq!(summary.calls_made, 0, "what stands only for now is not asked about");
        replay.compare(&next).unwrap();
        for name in ["least/out", "asked/demand", "asked/out", "answers/service"] {
            assert_eq!(replay.keeper.runs[name], before[name], "{name} moved");
        }
    }
}

#[test]
fn a_stage_that_differs_and_those_behind_it_equal_the_oracle() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let service = Arc::new(Service::default());
    for (workers, version) in [(1, 2), (2, 3), (3, 12), (2, 25)] {
        let mut replay = built(&runtime, &service);
        // From 10 on the stage behind it has changed as well, and is shown what the first one said before.
        let next = graph(version, 50, &service);
        replay.run(&next, Vec::new(), sliced(workers)).unwrap();
        replay.compare(&next).unwrap();
    }
}

#[test]
fn what_is_gone_with_this_very_run_is_not_asked_about() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let service = Arc::new(Service::default());
    let mut replay = built(&runtime, &service);
    let next = graph(12, 50, &service);
    let gone = Change { diff: -1, ..rows().remove(20) };
    let summary = replay.run(&next, vec![vec![gone]], sliced(2)).unwrap();
    // Fifty rows stand, one of them in place of the one that is gone, and seven of them stood before.
    assert_eq!(summary.calls_made, 43);
    replay.compare(&next).unwrap();
}

#[test]
fn whatever_dies_while_inputs_are_shown_the_old_commit_stands() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let service = Arc::new(Service::default());
    for (died, at) in (0..400).step_by(3).enumerate() {
        let mut replay = built(&runtime, &service);
        let before = replay.keeper.clone();
        replay.die_at_commit = Some(at);
        let next = graph(12, 50, &service);
        let epochs = vec![vec![Change { diff: -1, ..rows().remove(0) }]];
        if replay.run(&next, epochs.clone(), sliced(2)).is_ok() {
            assert!(died > 10, "most of the slices are written before the end");
            return;
        }
        if replay.keeper.stages == before.stages {
            assert_eq!(replay.keeper.runs, before.runs, "a death at cut {at} left something");
        }
        replay.die_at_commit = None;
        let left = contents(&replay.keeper.runs["source/rows"]).len() as u64;
        replay.run(&next, if left == ROWS { epochs } else { Vec::new() }, sliced(1)).unwrap();
        replay.truth.inputs.insert("rows".into(), contents(&replay.keeper.runs["source/rows"]));
        replay.compare(&next).unwrap();
    }
    panic!("no run came to its end");
}

/// Notes how much each cut held.
struct Weighed<'a>(&'a mut MemoryKeeper, Vec<usize>);

impl Keeper for Weighed<'_> {
    fn commit(&mut self, cut: Cut) -> Result<Foundations> {
        let runs = cut.slices.values().flat_map(|(_, slices)| slices);
        self.1.push(runs.map(RunColumns::byte_count).sum());
        self.0.commit(cut)
    }
}

#[test]
fn no_cut_holds_more_than_a_few_slices_make() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let service = Arc::new(Service::default());
    let mut replay = built(&runtime, &service);
    let next = graph(12, 300, &service);
    let run = GraphRun {
        foundations: replay.keeper.runs.clone(),
        stages: replay.keeper.stages.clone(),
        runtime: replay.runtime.clone(),
        pace: sliced(2),
        ..GraphRun::new(next.clone())
    };
    replay.keeper.begin(&next);
    let mut keeper = Weighed(&mut replay.keeper, Vec::new());
    run.run(&mut Epochs(VecDeque::new()), &mut keeper).unwrap();
    let (most, all) = (keeper.1.iter().max().copied().unwrap(), keeper.1.iter().sum::<usize>());
    assert!(most * 8 < all, "a cut of {most} bytes, of {all} in all");
    replay.compare(&next).unwrap();
}
