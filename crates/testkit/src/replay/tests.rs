//! The engine against the oracle: restarts, workers, epochs, loops, and stages that change, appear and vanish.

use super::*;
use crate::random::Random;
use rifflebox_dataflow::{Encoded, Keep, Node, Operation};

fn key(number: u64) -> Key {
    Key::of(&number.to_le_bytes())
}

fn bytes(number: u64) -> Encoded {
    Encoded::from(&number.to_be_bytes()[..])
}

fn number(value: &[u8]) -> u64 {
    u64::from_be_bytes(value[..8].try_into().unwrap())
}

fn fingerprint(name: &str, version: u64) -> Key {
    Key::builder(name).number(version).finish()
}

/// What the flow under test looks like in one run.
#[derive(Clone, Copy, Debug)]
struct Shape {
    /// Version of the stage that joins and takes the least.
    least: u64,
    /// Whether the stage that counts is there, and whether it reads the joined rows or the input.
    count: Option<bool>,
    /// Version of the stage that loops.
    component: u64,
}

fn arrange(graph: &mut Graph, name: &str, input: Node, keep: Keep) -> Node {
    graph.add(Operation::Arrange { name: name.to_owned(), input, keep })
}

/// Sources a, b, edges; stages least (join, reduce), count (map, reduce), component (join, reduce in a loop).
fn graph(shape: Shape) -> Arc<Graph> {
    let mut g = Graph::new();
    let mut sources = Vec::new();
    for name in ["a", "b", "edges", "nodes"] {
        g.stage(name, Key::MIN);
        let input = g.add(Operation::Input { name: name.to_owned() });
        sources.push(arrange(&mut g, &format!("{name}/rows"), input, Keep::Always));
    }
    let [a, b, edges, nodes] = sources[..] else { unreachable!() };
    let least = least(&mut g, a, b, shape.least);
    if let Some(of_joined) = shape.count {
        count(&mut g, if of_joined { least } else { a });
    }
    component(&mut g, edges, nodes, shape.component);
    complete(&mut g, a, shape.least);
    recompute(&mut g, a, shape.least);
    Arc::new(g)
}

/// Each row completed from a table of the keys that there are, which comes and goes with the rows.
fn complete(g: &mut Graph, from: Node, version: u64) {
    g.stage("complete", fingerprint("complete", version));
    let rows = g.add(Operation::Enter { from });
    let squared = Arc::new(|key: Key, _: &[u8], emit: &mut rifflebox_dataflow::Emit<'_>| {
        emit(key, bytes(key.head64() % 1009), 1);
    });
    let keys = g.add(Operation::Map { input: rows, logic: squared });
    let keys = arrange(g, "complete/rows", keys, Keep::Internal);
    let table = g.add(Operation::Reduce {
        name: "complete/keys".to_owned(),
        input: keys,
        logic: Arc::new(|_, rows, out| out.push((rows[0].0.into(), 1))),
    });
    let logic: rifflebox_dataflow::LookupLogic = Arc::new(move |_, read| {
        let prepared = read().map(|value| number(value) + version);
        Box::new(move |row, emit| {
            if let Some(prepared) = prepared {
                emit(key(prepared % 5), bytes(prepared * 100 + number(row)), 1);
            }
        })
    });
    let completed = g.add(Operation::LookUp { rows, tables: vec![table], logic });
    arrange(g, "complete/out", completed, Keep::Output);
}

/// What the values of a key say of one another, kept nowhere.
fn recompute(g: &mut Graph, from: Node, version: u64) {
    g.stage("recompute", fingerprint("recompute", version));
    let rows = g.add(Operation::Enter { from });
    let modulo = Arc::new(|_: Key, value: &[u8], emit: &mut rifflebox_dataflow::Emit<'_>| {
        emit(key(number(value) % 3), value.into(), 1);
    });
    let rows = g.add(Operation::Map { input: rows, logic: modulo });
    let rows = arrange(g, "recompute/rows", rows, Keep::Internal);
    let logic: rifflebox_dataflow::RecomputeLogic = Arc::new(move |_, were, are, emit| {
        for (rows, sign) in [(were, -1), (are, 1)] {
            for (index, (one, weight)) in rows.iter().enumerate() {
                for (two, _) in &rows[index + 1..] {
                    let sum = (number(one) + number(two)) % 11;
                    emit(key(sum), bytes(number(one) + version), sign * weight);
                }
            }
        }
    });
    let said = g.add(Operation::Recompute { input: rows, logic });
    arrange(g, "recompute/out", said, Keep::Output);
}

fn least(g: &mut Graph, a: Node, b: Node, version: u64) -> Node {
    g.stage("least", fingerprint("least", version));
    let left = g.add(Operation::EnterArranged { from: a });
    let right = match version % 2 {
        0 => g.add(Operation::EnterArranged { from: b }),
        _ => g.add(Operation::Borrow { from: b }),
    };
    let joined = g.add(Operation::Join {
        left,
        right,
        logic: Arc::new(move |_, one, two, emit| {
            emit(key((number(one) + version) % 17), bytes(number(one) * 100 + number(two)), 1);
        }),
    });
    let joined = arrange(g, "least/joined", joined, Keep::Internal);
    let reduced = g.add(Operation::Reduce {
        name: "least/least".to_owned(),
        input: joined,
        logic: Arc::new(|_, rows, out| {
            out.extend(rows.iter().find(|row| row.1 > 0).map(|row| (row.0.into(), 1)))
        }),
    });
    arrange(g, "least/out", reduced, Keep::Output)
}

fn count(g: &mut Graph, from: Node) {
    g.stage("count", fingerprint("count", 0));
    let rows = g.add(Operation::Enter { from });
    let modulo = Arc::new(|_: Key, value: &[u8], emit: &mut rifflebox_dataflow::Emit<'_>| {
        emit(key(number(value) % 5), Encoded::default(), number(value) as i64 % 3 + 1);
    });
    let mapped = g.add(Operation::Map { input: rows, logic: modulo });
    let mapped = arrange(g, "count/rows", mapped, Keep::Internal);
    let counted = g.add(Operation::Reduce {
        name: "count/count".to_owned(),
        input: mapped,
        logic: Arc::new(|_, rows, out| out.push((bytes(rows[0].1 as u64), 1))),
    });
    arrange(g, "count/out", counted, Keep::Output);
}

/// Connected components by least label: a loop whose fixed point is repaired after each restart.
fn component(g: &mut Graph, edges: Node, nodes: Node, version: u64) {
    let mut body = Graph::new();
    let labels = body.add(Operation::Variable);
    let edges_in = body.add(Operation::Import { index: 0, arranged: true });
    let nodes_in = body.add(Operation::Import { index: 1, arranged: false });
    let labels =
        body.add(Operation::Arrange { name: "component/labels".into(), input: labels, keep: Keep::Internal });
    let moved = body.add(Operation::Join {
        left: labels,
        right: edges_in,
        logic: Arc::new(|_, label, target, emit| emit(key(number(target)), label.into(), 1)),
    });
    let all = body.add(Operation::Concat { inputs: vec![moved, nodes_in] });
    let all = body.add(Operation::Arrange { name: "component/all".into(), input: all, keep: Keep::Internal });
    let least = body.add(Operation::Reduce {
        name: "component/least".into(),
        input: all,
        logic: Arc::new(|_, rows, out| out.push((rows[0].0.into(), 1))),
    });

    g.stage("component", fingerprint("component", version));
    let edges = g.add(Operation::EnterArranged { from: edges });
    let nodes = g.add(Operation::Enter { from: nodes });
    let labels = g.add(Operation::Iterate {
        name: "component".into(),
        initial: nodes,
        imports: vec![edges, nodes],
        body: Arc::new(body),
        result: least,
    });
    let shifted = Arc::new(move |key, value: &[u8], emit: &mut rifflebox_dataflow::Emit<'_>| {
        emit(key, bytes(number(value) + version), 1);
    });
    let labels = g.add(Operation::Map { input: labels, logic: shifted });
    arrange(g, "component/out", labels, Keep::Output);
}

fn change(truth: &Truth, random: &mut Random, first: bool) -> Vec<Change> {
    let mut changes = Vec::new();
    let mut say = |input: &str, key: Key, value: Encoded, diff| {
        changes.push(Change { input: input.into(), key, value, diff });
    };
    if first {
        (0..24).for_each(|node| say("nodes", key(node), bytes(node), 1));
    }
    for input in ["a", "b"] {
        for _ in 0..random.below(8) {
            say(input, key(random.below(12)), bytes(random.below(60)), 1);
        }
        if let Some(rows) = truth.inputs.get(input).filter(|rows| !rows.is_empty()) {
            let gone: std::collections::BTreeSet<_> =
                (0..random.below(6)).map(|_| random.below(rows.len() as u64)).collect();
            for index in gone {
                let ((key, value), diff) = rows.iter().nth(index as usize).unwrap();
                say(input, *key, value.clone(), -diff);
            }
        }
    }
    for _ in 0..random.below(5) {
        let (from, to) = (random.below(24), random.below(24));
        let has = |from, to| {
            truth.inputs.get("edges").is_some_and(|rows| rows.contains_key(&(key(from), bytes(to))))
        };
        if from < to {
            let diff = if has(from, to) { -1 } else { 1 };
            say("edges", key(from), bytes(to), diff);
            say("edges", key(to), bytes(from), diff);
        }
    }
    changes
}

/// Runs one seeded history; compares after every run, each of which knows only what the keeper carried over.
///
/// # Errors
/// What differs from the oracle, first.
fn replay(seed: u64, runs: u64, lose: &[&str]) -> Result<(), String> {
    let mut random = Random::new(seed);
    let lose = lose.iter().map(|name| (*name).to_owned()).collect();
    let mut replay = Replay { lose, ..Replay::default() };
    let mut shape = Shape { least: 0, count: Some(true), component: 0 };
    for run in 0..runs {
        if random.once_in(3) {
            shape.least = random.below(3);
        }
        if random.once_in(4) {
            shape.count = *random.choose(&[None, Some(true), Some(false)]);
        }
        if random.once_in(5) {
            shape.component = random.below(2);
        }
        let mut epochs = Vec::new();
        let mut truth = replay.truth.clone();
        for epoch in 0..random.below(5) {
            // Edges are toggled at most once an epoch, so that each change is consistent by itself.
            let mut changes = change(&truth, &mut random, run == 0 && epoch == 0);
            let mut seen = std::collections::BTreeSet::new();
            changes.retain(|c| &*c.input != "edges" || seen.insert((c.key, c.value.clone())));
            changes.iter().for_each(|change| truth.apply(change));
            epochs.push(changes);
        }
        let commit_bytes = *random.choose(&[0, 2_000, 1 << 30]);
        let replay_bytes = *random.choose(&[300, 3_000, 1 << 30]);
        replay.keys_per_file = *random.choose(&[0, 1, 3, 10]);
        let pace = Pace {
            workers: 1 + random.below(3) as usize,
            epochs_in_flight: 1 + random.below(3),
            commit_bytes,
            replay_bytes,
        };
        let graph = graph(shape);
        replay.run(&graph, epochs, pace.clone()).map_err(|error| error.to_string())?;
        let compared = replay.compare(&graph);
        compared.map_err(|differs| format!("seed {seed}, run {run}, {shape:?}, {pace:?}: {differs}"))?;
    }
    Ok(())
}

#[test]
fn restarts_workers_epochs_loops_and_changed_stages_equal_the_oracle() {
    for seed in 0..12 {
        replay(seed, 12, &[]).unwrap();
    }
}

#[test]
fn state_that_is_not_saved_is_seen() {
    let bugs: [&[&str]; 4] = [
        // The state of a loop.
        &["component/labels", "component/all", "component/least"],
        // One of its arrangements.
        &["component/least"],
        // A reduction's output.
        &["least/least"],
        // A lost file, read as empty.
        &["a/rows"],
    ];
    for lose in bugs {
        let seen = (0..12).filter(|seed| replay(*seed, 8, lose).is_err()).count();
        assert!(seen > 0, "losing {lose:?} goes unseen");
    }
}
