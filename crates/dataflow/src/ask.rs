//! Asking: work that is slow, paid or impure, once per key.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::{Arc, mpsc};

use differential_dataflow::trace::{Cursor, Navigable};
use differential_dataflow::{AsCollection, VecCollection};
use rifflebox_core::Key;
use serde::{Deserialize, Serialize};
use timely::dataflow::channels::pact::Exchange;
use timely::dataflow::operators::{Capability, Operator};

use crate::batch::{Batch, Update};
use crate::encoded::Encoded;
use crate::founded::Slot;
use crate::plan::ANSWERS;
use crate::run::Bugs;
use crate::share::owner;
use crate::time::Flat;

/// What came of a call.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Answer {
    /// An answer for good, a refusal for good too: kept, and never asked for again.
    Final(Vec<u8>),
    /// No answer yet, and why (transport, rate limit, budget): the next run asks again.
    Owed(String),
}

/// A call's key, and the bytes of its final answer.
pub type KeptAnswer = (Key, Vec<u8>);

/// A future of answers, one per request, in order.
pub type Answering = Pin<Box<dyn Future<Output = Vec<Answer>> + Send>>;

/// Answers requests outside of the dataflow.
///
/// # Contract
/// - An answer depends on the request alone, as far as anybody may care: the first final one stands (trusted).
/// - As many answers come back as requests went in, in their order (asserted).
/// - A failure that may pass is [`Answer::Owed`]; the asker retries within its own bounds first (trusted).
pub trait Asker: Send + Sync {
    /// Returns how many requests go out together.
    fn batch(&self) -> usize;

    /// Returns how many batches may be in flight at once.
    fn concurrency(&self) -> usize;

    /// Answers a batch of requests.
    fn ask(&self, requests: Vec<(Key, Vec<u8>)>) -> Answering;

    /// Returns whether a final answer says that the call failed: asked again where failures are retried.
    fn has_failed(&self, answer: &[u8]) -> bool;
}

/// Keeps each final answer at once, whatever becomes of the run.
pub trait Journal: Send + Sync {
    /// Takes note of an answer; it is durable within a second.
    fn record(&self, answers: &str, key: Key, answer: &[u8]);
}

/// What asked stages of a run share.
#[derive(Clone)]
pub(crate) struct AskContext {
    pub(crate) runtime: Option<tokio::runtime::Handle>,
    pub(crate) journal: Option<Arc<dyn Journal>>,
    /// Answers that earlier runs finished and did not commit, by arrangement.
    pub(crate) uncovered: Arc<BTreeMap<String, Vec<KeptAnswer>>>,
    /// Calls made by this run.
    pub(crate) made: Arc<std::sync::atomic::AtomicU64>,
    /// Calls that are in a queue or in flight.
    pub(crate) waiting: Arc<std::sync::atomic::AtomicU64>,
    /// Whether calls that failed for good are asked again.
    pub(crate) retry_failed: bool,
    /// See [`Bugs`].
    pub(crate) bugs: Bugs,
}

type Rows<'scope> = VecCollection<'scope, Flat, (Key, Encoded), i64>;

/// Asks what is demanded and not answered, and says each answer at the time of its demand.
///
/// A key's capability is retained until its answer enters, so an epoch closes only with all its answers. The output
/// holds rows of two arrangements; see [`split`].
pub(crate) fn ask<'scope>(
    demand: Rows<'scope>,
    answers: &str,
    asker: Arc<dyn Asker>,
    slots: AskSlots,
    context: &AskContext,
) -> Rows<'scope> {
    let scope = demand.inner.scope();
    let (index, peers) = (scope.index(), scope.peers());
    let place = Exchange::new(move |update: &Update<Flat>| owner((update.0).0, peers) as u64);
    let context = context.clone();
    let answers = answers.to_owned();
    demand
        .inner
        .unary_frontier(place, "Ask", move |capability, info| {
            let first = capability.delayed(&1);
            drop(capability);
            let activator = scope.worker().sync_activator_for(info.address.to_vec());
            let mut desk = Desk::new(answers, asker, slots, context, peers, activator);
            desk.begin(index, peers, &first);
            drop(first);
            let mut waiting: BTreeMap<Flat, Waiting> = BTreeMap::new();
            move |(input, frontier), output| {
                input.for_each(|capability, updates| {
                    for (row, time, diff) in updates.drain(..) {
                        let held = || (capability.delayed(&time, 0), Vec::new());
                        waiting.entry(time).or_insert_with(held).1.push((row, diff));
                    }
                });
                // Only what a closed epoch still demands is asked: a change and its reversal cost no call.
                while let Some(entry) = waiting.first_entry() {
                    if frontier.less_equal(entry.key()) {
                        break;
                    }
                    let (capability, mut changes) = entry.remove();
                    differential_dataflow::consolidation::consolidate(&mut changes);
                    for ((key, request), diff) in changes {
                        desk.demand(key, request.to_vec(), diff, &capability);
                    }
                }
                desk.send();
                desk.receive();
                desk.tell_waiting();
                for (row, capability, diff) in desk.said.drain(..) {
                    output.session(&capability).give((row, *capability.time(), diff));
                }
            }
        })
        .as_collection()
}

/// Changes of demand at one time.
type Waiting = (Capability<Flat>, Vec<((Key, Encoded), i64)>);
/// A row of either arrangement behind an asked stage, to be said at a time, with a weight.
type Saying = ((Key, Encoded), Capability<Flat>, i64);

/// The two arrangements behind an asked stage.
#[derive(Clone)]
pub(crate) struct AskSlots {
    /// `call -> Answer`
    pub(crate) answers: Rc<RefCell<Slot<Flat>>>,
    /// `call -> request`, as often as it is demanded: what the next run asks first.
    pub(crate) owed: Rc<RefCell<Slot<Flat>>>,
    /// What earlier runs left of other arrangements that hold answers of the same asker.
    pub(crate) siblings: Vec<Batch<Flat>>,
    /// Whether the stage starts from nothing, and demands anew all that it needs.
    pub(crate) anew: bool,
}

/// Names the arrangement of an asker's answers at the first place of a flow that asks, the second …
pub(crate) fn answers_at(asker: &str, place: usize) -> String {
    match place {
        1 => format!("{ANSWERS}{asker}"),
        place => format!("{ANSWERS}{asker}-{place}"),
    }
}

/// Returns the name of the first arrangement of an asker: all of one asker begin with it.
///
/// Several places of a flow may ask one asker, each with an arrangement of its own; what is answered in one is answered
/// in all.
pub(crate) fn asker_of(answers: &str) -> &str {
    answers.split_once('-').map_or(answers, |(asker, _)| asker)
}

const ANSWER: u8 = 0;
const OWED: u8 = 1;

/// Splits what [`ask`] says into the rows of the answers' arrangement and those of the owed calls'.
pub(crate) fn split(rows: Rows<'_>) -> (Rows<'_>, Rows<'_>) {
    (tagged(rows.clone(), ANSWER), tagged(rows, OWED))
}

fn tagged(rows: Rows<'_>, tag: u8) -> Rows<'_> {
    rows.flat_map(move |(key, value)| match value.split_first() {
        Some((first, rest)) if *first == tag => Some((key, Encoded::from(rest))),
        _ => None,
    })
}

/// A call that has no final answer.
struct Call {
    request: Vec<u8>,
    /// How often it is demanded.
    count: i64,
    /// What stands among the answers: that it is owed, or the failure that is retried.
    standing: Option<Answer>,
    /// Held while an answer may come.
    capability: Option<Capability<Flat>>,
}

type Reply = (Vec<Key>, Result<Vec<Answer>, String>);

/// What one worker asks, and has been told.
struct Desk {
    name: String,
    asker: Arc<dyn Asker>,
    slots: AskSlots,
    context: AskContext,
    /// Batches that this worker may have in flight.
    limit: usize,
    in_flight: usize,
    /// How many calls it has said that it waits for.
    waiting: u64,
    calls: BTreeMap<Key, Call>,
    queue: VecDeque<Key>,
    /// Keys that got their final answer in this run.
    answered: BTreeSet<Key>,
    /// Keys whose committed answer this run has taken back: what earlier runs owed, for a stage that starts from
    /// nothing and owes what it demands and no more; and what is owed and no longer demanded.
    retracted: BTreeSet<Key>,
    /// What journals hold of other arrangements of the same asker.
    told_elsewhere: BTreeMap<Key, Vec<u8>>,
    activator: timely::scheduling::SyncActivator,
    replies: (mpsc::Sender<Reply>, mpsc::Receiver<Reply>),
    said: Vec<Saying>,
}

impl Desk {
    fn new(
        name: String,
        asker: Arc<dyn Asker>,
        slots: AskSlots,
        context: AskContext,
        peers: usize,
        activator: timely::scheduling::SyncActivator,
    ) -> Self {
        let limit = asker.concurrency().div_ceil(peers).max(1);
        Desk {
            name,
            asker,
            slots,
            context,
            limit,
            in_flight: 0,
            waiting: 0,
            calls: BTreeMap::new(),
            queue: VecDeque::new(),
            answered: BTreeSet::new(),
            retracted: BTreeSet::new(),
            told_elsewhere: BTreeMap::new(),
            activator,
            replies: mpsc::channel(),
            said: Vec::new(),
        }
    }

    /// Takes over what earlier runs left: answers that no commit covers, and calls that they owe.
    fn begin(&mut self, index: usize, peers: usize, first: &Capability<Flat>) {
        let owed = self.slots.owed.borrow().foundation.clone();
        let mut counts: BTreeMap<Key, (Vec<u8>, i64)> = BTreeMap::new();
        for batch in &owed {
            crate::batch::for_each(batch, |key, request, _, diff| {
                counts.entry(key).or_insert_with(|| (request.to_vec(), 0)).1 += diff;
            });
        }
        for (key, (request, count)) in counts.into_iter().filter(|(_, (_, count))| *count > 0) {
            let standing = self.kept(key);
            if self.slots.anew {
                self.say(key, OWED, &request, first, -count);
                if let Some(owed @ Answer::Owed(_)) = &standing {
                    self.say(key, ANSWER, &encode(owed), first, -1);
                }
                self.retracted.insert(key);
                continue;
            }
            self.calls.insert(key, Call { request, count, standing, capability: Some(first.clone()) });
            self.queue.push_back(key);
        }
        let uncovered = self.context.uncovered.clone();
        let mut best: BTreeMap<Key, &Vec<u8>> = BTreeMap::new();
        for (key, answer) in uncovered.get(&self.name).map(Vec::as_slice).unwrap_or_default() {
            let best = best.entry(*key).or_insert(answer);
            if self.asker.has_failed(best) {
                *best = answer;
            }
        }
        for (key, answer) in best.into_iter().filter(|(key, _)| owner(*key, peers) == index) {
            self.take_in(key, answer.clone(), first);
        }
        for (name, told) in uncovered.iter().filter(|(name, _)| **name != self.name) {
            if asker_of(name) == asker_of(&self.name) {
                let told = told.iter().filter(|(key, _)| owner(*key, peers) == index);
                self.told_elsewhere.extend(told.cloned());
            }
        }
        for key in self.queue.clone() {
            if let Some(answer) = self.elsewhere(key) {
                self.settle(key, answer, first);
            }
        }
        self.queue.retain(|key| self.calls.contains_key(key));
    }

    /// Looks a good answer up that the asker gave elsewhere.
    fn elsewhere(&self, key: Key) -> Option<Vec<u8>> {
        let kept = find(&self.slots.siblings, key).and_then(|answer| match answer {
            Answer::Final(bytes) => Some(bytes),
            Answer::Owed(_) => None,
        });
        let told = || self.told_elsewhere.get(&key).cloned();
        kept.or_else(told).filter(|answer| !self.asker.has_failed(answer))
    }

    /// Takes in an answer that no commit covers. The first answer stands, unless it is a failure that was retried.
    fn take_in(&mut self, key: Key, answer: Vec<u8>, first: &Capability<Flat>) {
        match self.kept(key) {
            Some(Answer::Final(kept)) if !self.asker.has_failed(&kept) => {}
            Some(failure @ Answer::Final(_)) => {
                if !self.asker.has_failed(&answer) {
                    self.say(key, ANSWER, &encode(&failure), first, -1);
                    self.say(key, ANSWER, &encode(&Answer::Final(answer)), first, 1);
                }
                self.answered.insert(key);
            }
            _ => self.settle(key, answer, first),
        }
    }

    fn demand(&mut self, key: Key, request: Vec<u8>, diff: i64, capability: &Capability<Flat>) {
        if self.is_answered(key) {
            return;
        }
        if let Some(call) = self.calls.get_mut(&key) {
            call.count += diff;
            let gone = call.count == 0;
            if let Some(owed @ Answer::Owed(_)) = call.standing.clone() {
                let request = call.request.clone();
                self.say(key, OWED, &request, capability, diff);
                if gone {
                    self.say(key, ANSWER, &encode(&owed), capability, -1);
                    self.withdraw(key);
                }
            }
        } else if diff > 0 {
            let held = !self.context.bugs.dropped_capability;
            let held = held.then(|| capability.clone());
            let standing = self.kept(key);
            self.calls.insert(key, Call { request, count: diff, standing, capability: held });
            match self.elsewhere(key) {
                Some(answer) => self.settle(key, answer, capability),
                None => self.queue.push_back(key),
            }
        }
    }

    /// Forgets what is owed for a call that nobody demands; one in flight is still awaited, for it is paid.
    fn withdraw(&mut self, key: Key) {
        self.retracted.insert(key);
        let call = self.calls.get_mut(&key).expect("owed calls are calls");
        call.standing = None;
        if call.capability.is_none() {
            self.calls.remove(&key);
        }
    }

    /// Sends as much as the limits allow.
    fn send(&mut self) {
        while self.in_flight < self.limit && !self.queue.is_empty() {
            let mut batch = Vec::new();
            while batch.len() < self.asker.batch().max(1) {
                let Some(key) = self.queue.pop_front() else { break };
                match self.calls.get(&key) {
                    // Nobody demands it any more.
                    Some(call) if call.count <= 0 => {
                        self.calls.remove(&key);
                    }
                    Some(call) => batch.push((key, call.request.clone())),
                    None => {}
                }
            }
            if batch.is_empty() {
                return;
            }
            let keys: Vec<Key> = batch.iter().map(|(key, _)| *key).collect();
            self.context.made.fetch_add(keys.len() as u64, std::sync::atomic::Ordering::Relaxed);
            self.in_flight += 1;
            let (reply, activator) = (self.replies.0.clone(), self.activator.clone());
            let runtime = self.context.runtime.as_ref().expect("an asked stage runs within a runtime");
            let answering = runtime.spawn(self.asker.ask(batch));
            runtime.spawn(async move {
                let answers = answering.await.map_err(|error| error.to_string());
                // A worker that is gone needs neither.
                let _ = reply.send((keys, answers));
                let _ = activator.activate();
            });
        }
    }

    /// Says how many calls wait, to whoever watches the run.
    fn tell_waiting(&mut self) {
        let now = (self.queue.len() + self.in_flight * self.asker.batch().max(1)) as u64;
        let told = std::mem::replace(&mut self.waiting, now);
        let waiting = &self.context.waiting;
        waiting.fetch_add(now.saturating_sub(told), std::sync::atomic::Ordering::Relaxed);
        waiting.fetch_sub(told.saturating_sub(now), std::sync::atomic::Ordering::Relaxed);
    }

    fn receive(&mut self) {
        while let Ok((keys, answers)) = self.replies.1.try_recv() {
            self.in_flight -= 1;
            let answers = answers.unwrap_or_else(|error| panic!("asking for {} died: {error}", self.name));
            assert_eq!(keys.len(), answers.len(), "{} must answer each request", self.name);
            for (key, answer) in keys.into_iter().zip(answers) {
                self.reply(key, answer);
            }
        }
        self.send();
    }

    fn reply(&mut self, key: Key, answer: Answer) {
        let call = self.calls.get_mut(&key).expect("a call in flight is kept");
        if self.context.bugs.dropped_capability {
            return;
        }
        let capability = call.capability.take().expect("held until the answer comes");
        match answer {
            Answer::Final(bytes) => {
                if let Some(journal) = &self.context.journal {
                    journal.record(&self.name, key, &bytes);
                }
                self.settle(key, bytes, &capability);
            }
            Answer::Owed(reason) => self.owe(key, reason, &capability),
        }
    }

    /// Says a final answer, in place of what is owed.
    fn settle(&mut self, key: Key, bytes: Vec<u8>, capability: &Capability<Flat>) {
        if let Some(call) = self.calls.remove(&key)
            && let Some(standing) = call.standing
        {
            self.say(key, ANSWER, &encode(&standing), capability, -1);
            if matches!(standing, Answer::Owed(_)) {
                self.say(key, OWED, &call.request, capability, -call.count);
            }
        }
        self.say(key, ANSWER, &encode(&Answer::Final(bytes)), capability, 1);
        self.answered.insert(key);
    }

    fn owe(&mut self, key: Key, reason: String, capability: &Capability<Flat>) {
        let call = self.calls.get_mut(&key).expect("owed calls are calls");
        let (count, request) = (call.count, call.request.clone());
        if count <= 0 {
            // Nobody demands it any more; a failure that was retried stands.
            self.calls.remove(&key);
            return;
        }
        let owed = Answer::Owed(reason);
        match call.standing.replace(owed.clone()) {
            Some(before) if before == owed => {}
            before => {
                if !matches!(before, Some(Answer::Owed(_))) {
                    self.say(key, OWED, &request, capability, count);
                }
                if let Some(before) = before {
                    self.say(key, ANSWER, &encode(&before), capability, -1);
                }
                self.say(key, ANSWER, &encode(&owed), capability, 1);
            }
        }
    }

    fn say(&mut self, key: Key, tag: u8, value: &[u8], capability: &Capability<Flat>, diff: i64) {
        let mut tagged = Vec::with_capacity(value.len() + 1);
        tagged.push(tag);
        tagged.extend_from_slice(value);
        self.said.push(((key, tagged.into()), capability.clone(), diff));
    }

    fn is_answered(&self, key: Key) -> bool {
        self.answered.contains(&key)
            || match self.kept(key) {
                Some(Answer::Final(bytes)) => !(self.context.retry_failed && self.asker.has_failed(&bytes)),
                _ => false,
            }
    }

    /// Looks an answer up among those that are committed, and not taken back since.
    fn kept(&self, key: Key) -> Option<Answer> {
        if self.retracted.contains(&key) {
            return None;
        }
        find(&self.slots.answers.borrow().foundation, key)
    }
}

/// Looks an answer up in what earlier runs left.
fn find(batches: &[Batch<Flat>], key: Key) -> Option<Answer> {
    let mut found: BTreeMap<Vec<u8>, i64> = BTreeMap::new();
    for batch in batches {
        lookup(batch, key, |value, diff| *found.entry(value.to_vec()).or_default() += diff);
    }
    let (value, _) = found.into_iter().find(|(_, diff)| *diff > 0)?;
    Some(postcard::from_bytes(&value).expect("this engine wrote the answers, under their schema's digest"))
}

fn encode(answer: &Answer) -> Vec<u8> {
    postcard::to_stdvec(answer).expect("plain data encodes into memory")
}

fn lookup(batch: &Batch<Flat>, key: Key, mut each: impl FnMut(&[u8], i64)) {
    let mut cursor = batch.cursor();
    cursor.seek_key(batch, key);
    if cursor.get_key(batch) != Some(key) {
        return;
    }
    while let Some(value) = cursor.get_val(batch) {
        cursor.map_times(batch, |_, diff| each(value, diff));
        cursor.step_val(batch);
    }
}
