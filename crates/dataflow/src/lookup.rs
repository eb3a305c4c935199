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
use timely::dataflow::operators::{Capability, Operator};
use timely::progress::Antichain;

use crate::batch::Update;
use crate::founded::Founded;
use crate::graph::LookupLogic;
use crate::share::owner;
use crate::time::Flat;

/// Bytes that are said before the operators behind get their turn: they take them off the channels meanwhile.
const TURN_BYTES: usize = 1 << 20;

type Rows<'scope> = VecCollection<'scope, Flat, (Key, Vec<u8>), i64>;
type Agent = TraceAgent<Founded<Flat>>;
/// Changes of rows at one time.
type Changes = Vec<((Key, Vec<u8>), i64)>;
/// Those that are still to be completed, in order of key.
type Pending = std::vec::IntoIter<((Key, Vec<u8>), i64)>;

/// Completes each row from the value that the table holds of its key.
///
/// A row that comes is completed from the table as it is at the row's time, and one that goes as it was just before,
/// where the value went with it. So the table is held back by one epoch, and by no more.
pub(crate) fn look_up<'scope>(
    rows: Rows<'scope>,
    table: Arranged<'scope, Agent>,
    logic: LookupLogic,
) -> Rows<'scope> {
    let scope = rows.inner.scope();
    let peers = scope.peers();
    let place = Exchange::new(move |update: &Update<Flat>| owner((update.0).0, peers) as u64);
    let Arranged { stream, trace } = table;
    rows.inner
        .binary_frontier(stream, place, Pipeline, "LookUp", move |_, info| {
            let activator = scope.activator_for(info.address);
            let mut trace = Some(trace);
            let mut waiting: BTreeMap<Flat, (Capability<Flat>, Changes)> = BTreeMap::new();
            let mut ready: VecDeque<(Capability<Flat>, Pending)> = VecDeque::new();
            move |(rows, rows_frontier), (table, table_frontier), output| {
                rows.for_each(|capability, updates| {
                    for (row, time, diff) in updates.drain(..) {
                        let held = || (capability.delayed(&time, 0), Vec::new());
                        waiting.entry(time).or_insert_with(held).1.push((row, diff));
                    }
                });
                table.for_each(|_, _| {});
                while let Some(entry) = waiting.first_entry().filter(|e| !table_frontier.less_equal(e.key()))
                {
                    let (capability, mut changes) = entry.remove();
                    consolidate(&mut changes);
                    ready.push_back((capability, changes.into_iter()));
                }
                let mut said = 0;
                while let Some((capability, changes)) = ready.front_mut().filter(|_| said < TURN_BYTES) {
                    let trace = trace.as_mut().expect("the table is held while rows may come");
                    let mut session = output.session(&capability);
                    said +=
                        complete(trace, *capability.time(), changes, &logic, |update| session.give(update));
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
                match (next, &mut trace) {
                    (Some(next), Some(trace)) => {
                        let before = Antichain::from_elem(next.saturating_sub(1));
                        trace.set_logical_compaction(before.borrow());
                        trace.set_physical_compaction(table_frontier.frontier());
                    }
                    _ => trace = None,
                }
            }
        })
        .as_collection()
}

/// Completes rows until they are all done or a turn is over, and returns the bytes that it said.
fn complete(
    trace: &mut Agent,
    time: Flat,
    changes: &mut Pending,
    logic: &LookupLogic,
    mut say: impl FnMut(Update<Flat>),
) -> usize {
    let (mut cursor, batches) = trace.cursor();
    let mut said = 0;
    while let (Some(&((key, _), _)), true) = (changes.as_slice().first(), said < TURN_BYTES) {
        cursor.seek_key(&batches, key);
        let found = (cursor.get_key(&batches) == Some(key)).then(|| standing(&mut cursor, &batches, time));
        let mut completed = found.flatten().map(|value| logic(key, value));
        while said < TURN_BYTES && changes.as_slice().first().is_some_and(|((other, _), _)| *other == key) {
            let ((_, row), diff) = changes.next().expect("just seen");
            let Some(completed) = &mut completed else { continue };
            completed(&row, &mut |key, value, weight| {
                said += value.len() + size_of::<Update<Flat>>();
                say(((key, value), time, diff * weight));
            });
        }
    }
    said
}

/// Returns the value that stands at the cursor's key at a time, or that stood just before.
fn standing<'a, C>(cursor: &mut C, batches: &'a C::Storage, time: Flat) -> Option<&'a [u8]>
where
    C: Cursor<Time = Flat, Diff = i64>,
    for<'b> C: Cursor<Val<'b> = &'b [u8], TimeGat<'b> = Flat, DiffGat<'b> = i64>,
{
    let mut before = None;
    while let Some(value) = cursor.get_val(batches) {
        let (mut now, mut then) = (0, 0);
        cursor.map_times(batches, |at, diff| {
            now += if at <= time { diff } else { 0 };
            then += if at < time { diff } else { 0 };
        });
        if now > 0 {
            return Some(value);
        }
        before = before.or((then > 0).then_some(value));
        cursor.step_val(batches);
    }
    before
}
