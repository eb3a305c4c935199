//! Recomputing: what a function says of a key's values, kept nowhere.
//!
//! A reduction keeps what it said, to know what to take back. Where a pure function says much of few values, it is cheaper
//! to compute from the values as they were, which the arrangement of its input still tells, what differs.

use std::collections::VecDeque;

use differential_dataflow::consolidation::consolidate_updates;
use differential_dataflow::operators::arrange::{Arranged, TraceAgent};
use differential_dataflow::trace::{BatchReader, Cursor, Navigable, TraceReader};
use differential_dataflow::{AsCollection, VecCollection};
use rifflebox_core::Key;
use timely::dataflow::channels::pact::Pipeline;
use timely::dataflow::operators::{Capability, Operator};

use crate::batch::{Batch, TURN_BYTES, Update};
use crate::encoded::Encoded;
use crate::founded::Founded;
use crate::graph::RecomputeLogic;
use crate::time::Flat;

type Rows<'scope> = VecCollection<'scope, Flat, (Key, Encoded), i64>;
type Agent = TraceAgent<Founded<Flat>>;

/// A batch of changes, and the key from which on they are still to be said.
struct Pending {
    batch: Batch<Flat>,
    next: Option<Key>,
}

/// Says by how much what `logic` says of each key's values differs, as they change.
pub(crate) fn recompute<'scope>(input: Arranged<'scope, Agent>, logic: RecomputeLogic) -> Rows<'scope> {
    let Arranged { stream, trace } = input;
    let scope = stream.scope();
    stream
        .unary_frontier(Pipeline, "Recompute", move |_, info| {
            let activator = scope.activator_for(info.address);
            let mut trace = Some(trace);
            let mut pending: VecDeque<(Capability<Flat>, Pending)> = VecDeque::new();
            move |(input, frontier), output| {
                input.for_each(|capability, batches| {
                    for batch in batches.drain(..).filter(|batch| !batch.is_empty()) {
                        let next = batch.cursor().get_key(&batch);
                        pending.push_back((capability.retain(0), Pending { batch, next }));
                    }
                });
                let mut said = 0;
                while let Some((capability, changes)) = pending.front_mut().filter(|_| said < TURN_BYTES) {
                    let trace = trace.as_mut().expect("the trace is held while changes may come");
                    let mut session = output.session(capability);
                    said += changes.say(trace, &logic, TURN_BYTES - said, |update| session.give(update));
                    if changes.next.is_none() {
                        drop(session);
                        pending.pop_front();
                    }
                }
                match (pending.front(), &mut trace) {
                    (Some((_, first)), Some(trace)) => {
                        activator.activate();
                        trace.set_logical_compaction(first.batch.lower().borrow());
                        trace.set_physical_compaction(first.batch.lower().borrow());
                    }
                    (None, Some(trace)) if !frontier.frontier().is_empty() => {
                        trace.set_logical_compaction(frontier.frontier());
                        trace.set_physical_compaction(frontier.frontier());
                    }
                    _ => trace = None,
                }
            }
        })
        .as_collection()
}

impl Pending {
    /// Says what changes of key after key, until a turn is over, and returns the bytes that it said.
    fn say(
        &mut self,
        trace: &mut Agent,
        logic: &RecomputeLogic,
        turn: usize,
        mut say: impl FnMut(Update<Flat>),
    ) -> usize {
        let lower = self.batch.lower().borrow();
        let (mut before, batches) =
            trace.cursor_through(lower).expect("the trace has the batch's lower bound");
        let mut cursor = self.batch.cursor();
        if let Some(next) = self.next {
            cursor.seek_key(&self.batch, next);
        }
        let (mut said, mut changes, mut updates) = (0, Vec::new(), Vec::new());
        let (mut were, mut are) = (Vec::new(), Vec::new());
        while let Some(key) = cursor.get_key(&self.batch) {
            if said >= turn {
                self.next = Some(key);
                return said;
            }
            stood(&mut before, &batches, key, &mut are);
            while let Some(value) = cursor.get_val(&self.batch) {
                cursor.map_times(&self.batch, |time, diff| changes.push((time, value, diff)));
                cursor.step_val(&self.batch);
            }
            changes.sort_unstable();
            for epoch in changes.chunk_by(|one, two| one.0 == two.0) {
                were.clone_from(&are);
                add(&mut are, epoch.iter().map(|(_, value, diff)| (*value, *diff)));
                logic(key, &were, &are, &mut |key, value, weight| {
                    updates.push(((key, value), epoch[0].0, weight));
                });
            }
            consolidate_updates(&mut updates);
            for update in updates.drain(..) {
                said += update.0.1.len() + size_of::<Update<Flat>>();
                say(update);
            }
            changes.clear();
            are.clear();
            cursor.step_key(&self.batch);
        }
        self.next = None;
        said
    }
}

/// Puts into `values` those that stood of a key, in their order.
fn stood<'a, C>(cursor: &mut C, batches: &'a C::Storage, key: Key, values: &mut Vec<(&'a [u8], i64)>)
where
    C: Cursor<Diff = i64>,
    for<'b> C: Cursor<Key<'b> = Key, Val<'b> = &'b [u8], DiffGat<'b> = i64>,
{
    cursor.seek_key(batches, key);
    if cursor.get_key(batches) != Some(key) {
        return;
    }
    while let Some(value) = cursor.get_val(batches) {
        let mut weight = 0;
        cursor.map_times(batches, |_, diff| weight += diff);
        if weight != 0 {
            values.push((value, weight));
        }
        cursor.step_val(batches);
    }
}

/// Adds changes, in order of value, to values in order.
fn add<'a>(values: &mut Vec<(&'a [u8], i64)>, changes: impl Iterator<Item = (&'a [u8], i64)>) {
    for (value, diff) in changes {
        match values.binary_search_by(|(other, _)| (*other).cmp(value)) {
            Ok(at) => {
                values[at].1 += diff;
                if values[at].1 == 0 {
                    values.remove(at);
                }
            }
            Err(at) => values.insert(at, (value, diff)),
        }
    }
}
