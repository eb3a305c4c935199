//! Asking under fire: outages, deaths at every commit, demands that come and go.

use std::collections::{BTreeMap, BTreeSet};

use super::*;
use crate::random::Random;
use rifflebox_dataflow::{Answer, Answering, Asker, Emit, Keep, Operation};

/// Answers with the digest of the request; keys that are out get no answer for now.
#[derive(Default)]
pub(super) struct Service {
    state: Mutex<ServiceState>,
}

#[derive(Default)]
struct ServiceState {
    out: BTreeSet<Key>,
    finals: BTreeMap<Key, u64>,
}

pub(super) struct Client(pub(super) Arc<Service>);

impl Asker for Client {
    fn batch(&self) -> usize {
        3
    }

    fn concurrency(&self) -> usize {
        4
    }

    fn has_failed(&self, _: &[u8]) -> bool {
        false
    }

    fn ask(&self, requests: Vec<(Key, Vec<u8>)>) -> Answering {
        let service = Arc::clone(&self.0);
        Box::pin(async move {
            tokio::task::yield_now().await;
            let mut state = service.state.lock().unwrap();
            let mut answer = |(key, request): (Key, Vec<u8>)| match state.out.contains(&key) {
                true => Answer::Owed("out".to_owned()),
                false => {
                    *state.finals.entry(key).or_insert(0) += 1;
                    Answer::Final(Key::of(&request).to_bytes().to_vec())
                }
            };
            requests.into_iter().map(&mut answer).collect()
        })
    }
}

fn call(value: &[u8]) -> Key {
    Key::builder("call").bytes(&[value[0] % 40]).finish()
}

fn graph(service: &Arc<Service>, version: u64) -> Arc<Graph> {
    let mut g = Graph::new();
    g.stage("source", Key::MIN);
    let input = g.add(Operation::Input { name: "rows".to_owned() });
    let rows = g.add(Operation::Arrange { name: "source/rows".into(), input, keep: Keep::Always });
    g.stage("asked", Key::of(b"asked"));
    let rows = g.add(Operation::Enter { from: rows });
    let by_call = |_: Key, value: &[u8], emit: &mut Emit<'_>| emit(call(value), value.into(), 1);
    let demand = g.add(Operation::Map { input: rows, logic: Arc::new(by_call) });
    let request = |call: Key, _: &[u8], emit: &mut Emit<'_>| emit(call, b"request".to_vec().into(), 1);
    let requests = g.add(Operation::Map { input: demand, logic: Arc::new(request) });
    let demand =
        g.add(Operation::Arrange { name: "asked/demand".into(), input: demand, keep: Keep::Internal });
    let asker = Arc::new(Client(Arc::clone(service)));
    let answers = g.add(Operation::Ask { demand: requests, answers: "answers/service".into(), asker });
    let joined = g.add(Operation::Join {
        left: demand,
        right: answers,
        logic: Arc::new(|_, value, answer, emit| {
            let answer: Answer = postcard::from_bytes(answer).unwrap();
            let said = match answer {
                Answer::Final(bytes) => bytes,
                Answer::Owed(reason) => reason.into_bytes(),
            };
            emit(Key::of(value), [value, &said].concat().into(), 1);
        }),
    });
    let out = g.add(Operation::Arrange { name: "asked/out".into(), input: joined, keep: Keep::Output });
    // Whoever reads answers may change while some are owed.
    g.stage("pairs", Key::of(&version.to_le_bytes()));
    let said = g.add(Operation::EnterArranged { from: out });
    let pair =
        Arc::new(|key, one: &[u8], two: &[u8], emit: &mut Emit<'_>| emit(key, [one, two].concat().into(), 1));
    let pairs = g.add(Operation::Join { left: said, right: said, logic: pair });
    g.add(Operation::Arrange { name: "pairs/out".into(), input: pairs, keep: Keep::Output });
    Arc::new(g)
}

fn change(truth: &Truth, random: &mut Random) -> Vec<Change> {
    let mut changes = Vec::new();
    for _ in 0..random.below(6) {
        let value = vec![random.below(120) as u8];
        let held = truth
            .inputs
            .get("rows")
            .is_some_and(|rows| rows.contains_key(&(Key::of(&value), value.clone().into())));
        let diff = if held { -1 } else { 1 };
        changes.push(Change { input: "rows".into(), key: Key::of(&value), value: value.into(), diff });
    }
    let mut seen = BTreeSet::new();
    changes.retain(|change| seen.insert(change.key));
    changes
}

/// Runs a seeded history; what has a final answer is never asked again, whatever died.
fn replay(seed: u64, runtime: &tokio::runtime::Runtime) {
    let mut random = Random::new(seed);
    let service = Arc::new(Service::default());
    let mut replay = Replay { runtime: Some(runtime.handle().clone()), ..Replay::default() };
    let mut version = 0;
    for run in 0..16 {
        version = if random.once_in(3) { version + 1 } else { version };
        let graph = graph(&service, version);
        let mut truth = replay.truth.clone();
        let mut epochs = Vec::new();
        for _ in 0..1 + random.below(4) {
            let changes = change(&truth, &mut random);
            changes.iter().for_each(|change| truth.apply(change));
            epochs.push(changes);
        }
        let last = run == 15;
        let out = (0..40u8).map(|number| call(&[number])).filter(|_| !last && random.once_in(4));
        service.state.lock().unwrap().out = out.collect();
        replay.die_at_commit = if !last && random.once_in(3) { Some(random.below(3) as usize) } else { None };
        let commit_bytes = *random.choose(&[0, 1 << 30]);
        let pace = Pace {
            workers: 1 + random.below(3) as usize,
            epochs_in_flight: 1 + random.below(3),
            commit_bytes,
            replay_bytes: *random.choose(&[300, 3_000, 1 << 30]),
        };
        let died = replay.run(&graph, epochs, pace).is_err();
        // A run that died may have fed a part; the next one here starts from what was committed, as a rescan would.
        replay
            .truth
            .inputs
            .insert("rows".into(), contents(replay.keeper.runs.get("source/rows").map_or(&[], |r| r)));
        if !died && !last {
            let owed = contents(replay.keeper.runs.get("answers/service/owed").map_or(&[], |r| r));
            let demand = contents(replay.keeper.runs.get("asked/demand").map_or(&[], |r| r));
            let demanded: BTreeSet<Key> = demand.keys().map(|(key, _)| *key).collect();
            assert!(
                owed.keys().all(|(key, _)| demanded.contains(key)),
                "seed {seed}: what nobody demands is owed"
            );
        }
    }
    if let Err(differs) = replay.compare(&graph(&service, version)) {
        panic!("seed {seed}: {differs}");
    }
    let twice = service.state.lock().unwrap().finals.values().filter(|count| **count > 1).count();
    // Evaluating the oracle asks once more for what it demands.
    let demanded =
        replay.truth.inputs["rows"].keys().map(|(_, value)| call(value)).collect::<BTreeSet<_>>().len();
    assert!(twice <= demanded, "seed {seed}: {twice} calls made twice");
    let more = service.state.lock().unwrap().finals.values().filter(|count| **count > 2).count();
    assert_eq!(more, 0, "seed {seed}: a finished call was made again");
}

#[test]
fn outages_and_deaths_leave_no_trace_and_no_call_is_made_twice() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).build().unwrap();
    (0..20).for_each(|seed| replay(seed, &runtime));
}

#[test]
fn a_dropped_capability_is_seen() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).build().unwrap();
    let service = Arc::new(Service::default());
    let graph = graph(&service, 0);
    for dropped_capability in [false, true] {
        let mut replay = Replay { runtime: Some(runtime.handle().clone()), ..Replay::default() };
        replay.bugs.dropped_capability = dropped_capability;
        let value = vec![7];
        let change = Change { input: "rows".into(), key: Key::of(&value), value: value.into(), diff: 1 };
        replay.run(&graph, vec![vec![change]], Pace::default()).unwrap();
        assert_eq!(replay.compare(&graph).is_err(), dropped_capability);
    }
}
