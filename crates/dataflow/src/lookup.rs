//! Looking up: rows that pass are completed from a table, and need no arrangement of their own.
//!
//! A join arranges both sides, because either may change. Where a row rests on a key whose value stands as long as the
//! row does, one side is enough: the row is completed once as it comes, and once more, alike, as it goes.

use std::collections::{BTreeMap, VecDeque};

use differential_dataflow::consolidation::consolidate;
use differential_dataflow::operators::arrange::{Arranged, TraceAgent};
use differential_dataflow::trace::{Cursor, TraceReader};
use differential_dataflow::{AsCollection, VecCollection};
use rifflebox_core::Key;
use timely::dataflow::channels::pact::{Exchange, Pipeline};
use timely::dataflow::operators::{Capability, Concatenate, Operator};
use timely::progress::Antichain;

use crate::batch::{TURN_BYTES, Update};
use crate::encoded::Encoded;
use crate::founded::Founded;
use crate::graph::LookupLogic;
use crate::share::owner;
use crate::time::Flat;

/// Bytes of rows that wait, at most, until all of one time are there: what comes and goes at one time, or comes several
/// times, is completed once.
const GATHER_BYTES: usize = 32 << 20;

type Rows<'scope> = VecCollection<'scope, Flat, (Key, Encoded), i64>;
type Agent = TraceAgent<Founded<Flat>>;
/// Changes of rows at one time that are still to be completed, in order of key.
type Pending = std::vec::IntoIter<((Key, Encoded), i64)>;

/// Changes of rows at one time, as they come.
struct Waiting {
    capability: Capability<Flat>,
    changes: Vec<((Key, Encoded), i64)>,
    bytes: usize,
}

impl Waiting {
    fn new(capability: Capability<Flat>) -> Self {
        Waiting { capability, changes: Vec::new(), bytes: 0 }
    }

    fn push(&mut self, row: (Key, Encoded), diff: i64) {
        self.bytes += row.1.len() + size_of::<Update<Flat>>();
        self.changes.push((row, diff));
    }
}

/// Completes each row from the value that one of the tables holds of its key.
///
/// A row that comes is completed from the value as it is at the row's time, and one that goes from the value as it was
/// just before: alike, if the row itself changes whenever what it takes from the value does. So the tables are held back
/// by one epoch, and by no more.
pub(crate) fn look_up<'scope>(
    rows: Rows<'scope>,
    tables: Vec<Arranged<'scope, Agent>>,
    logic: LookupLogic,
) -> Rows<'scope> {
    let scope = rows.inner.scope();
    let peers = scope.peers();
    let place = Exchange::new(move |update: &Update<Flat>| owner((update.0).0, peers) as u64);
    let (streams, traces): (Vec<_>, Vec<_>) =
        tables.into_iter().map(|table| (table.stream, table.trace)).unzip();
    let changed = scope.concatenate(streams);
    rows.inner
        .binary_frontier(changed, place, Pipeline, "LookUp", move |_, info| {
            let activator = scope.activator_for(info.address);
            let mut traces = traces;
            let mut waiting: BTreeMap<Flat, Waiting> = BTreeMap::new();
            let mut ready: VecDeque<(Capability<Flat>, Pending)> = VecDeque::new();
            move |(rows, rows_frontier), (tables, tables_frontier), output| {
                rows.for_each(|capability, updates| {
                    for (row, time, diff) in updates.drain(..) {
                        let held = || Waiting::new(capability.delayed(&time, 0));
                        waiting.entry(time).or_insert_with(held).push(row, diff);
                    }
                });
                tables.for_each(|_, _| {});
                // The tables tell all of their time, and the rows too if that is not too much to wait for.
                let open = |time: &Flat, waiting: &Waiting| {
                    let many = waiting.bytes >= GATHER_BYTES;
                    tables_frontier.less_equal(time) || (rows_frontier.less_equal(time) && !many)
                };
                while let Some(entry) = waiting.first_entry().filter(|e| !open(e.key(), e.get())) {
                    let Waiting { capability, mut changes, .. } = entry.remove();
                    consolidate(&mut changes);
                    ready.push_back((capability, changes.into_iter()));
                }
                let mut said = 0;
                while let Some((capability, changes)) = ready.front_mut().filter(|_| said < TURN_BYTES) {
                    let mut session = output.session(&capability);
                    let time = *capability.time();
                    said += complete(&mut traces, time, changes, &logic, |update| session.give(update));
                    if changes.as_slice().is_empty() {
                        drop(session);
                        ready.pop_front();
                    }
                }
                if !ready.is_empty() {
                    activator.activate();
                }
                let held = ready.iter().map(|(capability, _)| *capability.time());
                let next = rows_frontier.frontier().iter().chain(waiting.keys()).copied().chain(held).min();
                match next {
                    Some(next) => traces.iter_mut().for_each(|trace| {
                        let before = Antichain::from_elem(next.saturating_sub(1));
                        trace.set_logical_compaction(before.borrow());
                        trace.set_physical_compaction(tables_frontier.frontier());
                    }),
                    None => traces.clear(),
                }
            }
        })
        .as_collection()
}

/// Completes rows until they are all done or a turn is over, and returns the bytes that it said.
fn complete(
    traces: &mut [Agent],
    time: Flat,
    changes: &mut Pending,
    logic: &LookupLogic,
    mut say: impl FnMut(Update<Flat>),
) -> usize {
    let mut tables: Vec<_> = traces.iter_mut().map(|trace| trace.cursor()).collect();
    let mut said = 0;
    while let (Some(&((key, _), _)), true) = (changes.as_slice().first(), said < TURN_BYTES) {
        let (mut coming, mut going) = (None, None);
        while said < TURN_BYTES && changes.as_slice().first().is_some_and(|((other, _), _)| *other == key) {
            let ((_, row), diff) = changes.next().expect("just seen");
            let completed = if diff > 0 { &mut coming } else { &mut going };
            let completed = completed.get_or_insert_with(|| {
                let mut stands =
                    tables.iter_mut().map(|(cursor, batches)| standing(cursor, batches, key, time));
                logic(key, &mut || {
                    let [now, then] = stands.find(|stands| *stands != [None, None])?;
                    if diff > 0 { now.or(then) } else { then.or(now) }
                })
            });
            completed(&row, &mut |key, value, weight| {
                said += value.len() + size_of::<Update<Flat>>();
                say(((key, value), time, diff * weight));
            });
        }
    }
    said
}

/// Returns the value that stands at a key at a time, and the one that stood just before.
fn standing<'a, C>(cursor: &mut C, batches: &'a C::Storage, key: Key, time: Flat) -> [Option<&'a [u8]>; 2]
where
    C: Cursor<Time = Flat, Diff = i64>,
    for<'b> C: Cursor<Key<'b> = Key, Val<'b> = &'b [u8], TimeGat<'b> = Flat, DiffGat<'b> = i64>,
{
    let [mut now, mut then] = [None, None];
    cursor.seek_key(batches, key);
    if cursor.get_key(batches) != Some(key) {
        return [now, then];
    }
    cursor.rewind_vals(batches);
    while let Some(value) = cursor.get_val(batches) {
        let (mut at_time, mut before) = (0, 0);
        cursor.map_times(batches, |at, diff| {
            at_time += if at <= time { diff } else { 0 };
            before += if at < time { diff } else { 0 };
        });
        now = now.or((at_time > 0).then_some(value));
        then = then.or((before > 0).then_some(value));
        cursor.step_val(batches);
    }
    [now, then]
}
