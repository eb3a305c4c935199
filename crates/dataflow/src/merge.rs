//! Merging the runs of an arrangement, so that lookups see few of them.
//!
//! What a commit merges is bound by what it adds, so a merge of long runs takes many commits: each takes the least keys
//! that are left of all its runs, and puts them, merged, into the longest. How far it has come is seen in the runs: those
//! that join hold only keys that are still to be merged. So nothing else need be kept, and a merge goes on
//! after a restart where it stood.

use std::sync::Arc;

use differential_dataflow::trace::Cursor;
use differential_dataflow::trace::cursor::cursor_list;
use rifflebox_core::Key;
use rifflebox_storage::RunColumns;

use crate::batch::{RunBuilder, found_all};
use crate::pieces::{OpenRun, Piece, Size};
use crate::share::Share;
use crate::time::{Flat, Looped, Time};

/// Rows that a commit may merge of an arrangement that has its turn, however few it adds.
const ALWAYS: u64 = 4 << 10;

/// Rows that a commit may merge for each one that it adds, and for each merge that is under way.
const TIMES: u64 = 4;

/// Bytes that a commit may always merge: a small change does not wait for the merges of a large build.
const ALWAYS_BYTES: u64 = 1 << 20;

/// Bytes that it may merge besides for each row that it adds: more than four rows have, unless they are long texts.
const BYTES_A_ROW: u64 = 16 << 10;

/// Bytes that a commit merges at most: what is merged is held in memory.
const MOST_BYTES: u64 = 64 << 20;

/// Rows below which runs are taken for equally long.
const SHORT: u64 = 1 << 10;

/// Runs that a merge takes at least, unless one commit can do it as a whole.
const FEW: usize = 4;

/// A merge under way, or a run that takes part in none.
struct Merge {
    /// The longest run: what is merged goes into it.
    into: OpenRun,
    /// The runs that join it; none is empty.
    joining: Vec<OpenRun>,
}

/// Whether an arrangement has its turn: a small commit merges some rows more than its own call for, but not of all
/// arrangements.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    /// It has.
    Now,
    /// Others have; its own comes within a few commits.
    Later,
}

impl Turn {
    /// Arrangements of which one has its turn.
    const ONE_OF: u64 = 4;

    /// Returns whose turn it is at a commit, of arrangements that are counted in some order.
    pub fn at(commit: u64, arrangement: usize) -> Self {
        match commit.wrapping_add(arrangement as u64).is_multiple_of(Self::ONE_OF) {
            true => Turn::Now,
            false => Turn::Later,
        }
    }

    /// Returns the rows that may be merged, however few were added.
    fn rows(self) -> u64 {
        match self {
            Turn::Now => ALWAYS,
            Turn::Later => 0,
        }
    }
}

/// Adds what a commit wrote to the runs of an arrangement, goes on with its merges, and returns the rows written again.
///
/// Runs are merged when the longest of them is no longer than all others together, so each merge at least doubles the
/// length of the run in which a row lies: it is written again O(log n) times, and what is left when nothing is to be
/// merged is O(log n) runs. For every merge that is under way, a commit merges up to four times the rows that it adds,
/// plus a constant; of bytes a constant, and enough for those rows, but never more than 64 MB. Only a single key with more than that is not divided. Merges with the least
/// left come first: no other order has fewer under way.
pub fn add_run(runs: &mut Vec<OpenRun>, added: Vec<RunColumns>, turn: Turn) -> u64 {
    let added = OpenRun::new(added.into_iter().map(Arc::new));
    let new_rows = added.rows();
    runs.push(added);
    let mut merges = merges(std::mem::take(runs));
    let bytes = (ALWAYS_BYTES + BYTES_A_ROW * new_rows).min(MOST_BYTES);
    begin(&mut merges, Size { rows: TIMES * new_rows + turn.rows(), bytes });
    let mut order: Vec<usize> = (0..merges.len()).filter(|at| !merges[*at].joining.is_empty()).collect();
    order.sort_by_key(|at| merges[*at].joining_rows());
    let under_way = order.len() as u64;
    let mut most = Size { rows: TIMES * new_rows * under_way.max(1) + turn.rows(), bytes };
    let mut written = 0;
    for (place, at) in order.into_iter().enumerate() {
        // A short step would leave a short piece.
        if most.rows < ALWAYS / 4 {
            break;
        }
        let Some((read, wrote)) = merges[at].step(most, place == 0) else { break };
        written += wrote;
        most =
            Size { rows: most.rows.saturating_sub(read.rows), bytes: most.bytes.saturating_sub(read.bytes) };
    }
    runs.extend(merges.into_iter().flat_map(Merge::into_runs));
    written
}

/// Returns which runs are being merged with which.
fn merges(runs: Vec<OpenRun>) -> Vec<Merge> {
    let mut merges: Vec<Merge> = Vec::new();
    for run in runs.into_iter().filter(|run| !run.pieces.is_empty()) {
        match merges.last_mut() {
            Some(merge) if run.joins => merge.joining.push(run),
            _ => merges.push(Merge { into: run, joining: Vec::new() }),
        }
    }
    merges
}

/// Begins a merge of all runs from some length down, if there are any that call for it.
fn begin(merges: &mut Vec<Merge>, at_once: Size) {
    let length = |merge: &Merge| merge.into.rows().max(SHORT);
    let mut free: Vec<usize> = (0..merges.len()).filter(|at| merges[*at].joining.is_empty()).collect();
    free.sort_by_key(|at| std::cmp::Reverse(length(&merges[*at])));
    let all = |runs: &[usize]| {
        runs.iter().map(|at| merges[*at].into.size(Key::MIN, Key::MAX)).fold(Size::default(), Size::plus)
    };
    let calls = |from: &usize| {
        let shorter: u64 = free[from + 1..].iter().map(|at| length(&merges[*at])).sum();
        let due = length(&merges[free[*from]]) <= shorter;
        due && (free.len() - from >= FEW || all(&free[*from..]).fits(at_once))
    };
    let Some(from) = (0..free.len()).find(calls) else { return };
    let mut taken = free.split_off(from);
    let into = taken.remove(0);
    let mut old: Vec<Option<Merge>> = std::mem::take(merges).into_iter().map(Some).collect();
    let mut run = |at: usize| old[at].take().expect("each run is taken once").into;
    let merge = Merge { into: run(into), joining: taken.into_iter().map(&mut run).collect() };
    merges.extend(old.into_iter().flatten());
    merges.push(merge);
}

impl Merge {
    /// Returns the rows that are still to be put into the longest run.
    fn joining_rows(&self) -> u64 {
        self.joining.iter().map(OpenRun::rows).sum()
    }

    /// Merges the least keys that are left, as many as are allowed, or one if it `must`; none if not even one is allowed.
    ///
    /// Returns what was read, and how many rows were written.
    fn step(&mut self, most: Size, must: bool) -> Option<(Size, u64)> {
        let next = self.joining.iter().filter_map(OpenRun::first).min().expect("a joining run is not empty");
        let size = |first: Key, last: Key| {
            let runs = std::iter::once(&self.into).chain(&self.joining);
            runs.map(|run| run.size(first, last)).fold(Size::default(), Size::plus)
        };
        let before = self.last_piece_before(next, most);
        let first = before.filter(|first| size(*first, next).fits(most)).unwrap_or(next);
        let last = match size(first, next).fits(most) {
            true => greatest(next, |last| size(first, last).fits(most)),
            false if must => next,
            false => return None,
        };
        let read = size(first, last);
        let (place, mut taken) = self.into.take(first, last);
        taken.extend(self.joining.iter_mut().flat_map(|run| run.take(first, last).1));
        self.joining.retain(|run| !run.pieces.is_empty());
        let merged = merge(&taken);
        let written = merged.update_count() as u64;
        if written > 0 {
            self.into.pieces.insert(place, Piece::unwritten(Arc::new(merged)));
        }
        Some((read, written))
    }

    /// Returns the least key of the piece before a key, if that is so short that it is merged once more: pieces would
    /// become many, where commits are small.
    fn last_piece_before(&self, key: Key, most: Size) -> Option<Key> {
        let before = self.into.pieces.partition_point(|piece| piece.last() < key).checked_sub(1)?;
        let piece = &self.into.pieces[before];
        let half = Size { rows: most.rows / 2, bytes: most.bytes / 2 };
        piece.size(Key::MIN, Key::MAX).fits(half).then(|| piece.first())
    }

    fn into_runs(self) -> impl Iterator<Item = OpenRun> {
        let runs = std::iter::once(self.into).chain(self.joining).filter(|run| !run.pieces.is_empty());
        runs.enumerate().map(|(place, run)| OpenRun { joins: place > 0, ..run })
    }
}

/// Returns the greatest key for which something holds that holds for `least`, and for no key behind one for which it fails.
fn greatest(least: Key, holds: impl Fn(Key) -> bool) -> Key {
    if holds(Key::MAX) {
        return Key::MAX;
    }
    let (mut low, mut high) = (least.to_u128(), Key::MAX.to_u128());
    while high - low > 1 {
        let middle = low + (high - low) / 2;
        match holds(Key::from_u128(middle)) {
            true => low = middle,
            false => high = middle,
        }
    }
    Key::from_u128(low)
}

/// Merges runs of one arrangement; what cancels is gone.
pub fn merge(runs: &[Arc<RunColumns>]) -> RunColumns {
    match runs.iter().any(|run| run.rounds.is_some()) {
        true => merge_of::<Looped>(runs),
        false => merge_of::<Flat>(runs),
    }
}

fn merge_of<T: Time>(runs: &[Arc<RunColumns>]) -> RunColumns {
    let batches = found_all::<T>(runs, &Share::ALL);
    let (mut cursor, batches) = cursor_list(batches);
    let mut merged = RunBuilder::new(T::LOOPED);
    let mut updates: Vec<(u64, i64)> = Vec::new();
    while let Some(key) = cursor.get_key(&batches) {
        while let Some(value) = cursor.get_val(&batches) {
            cursor.map_times(&batches, |time: T, diff: i64| updates.push((time.round(), diff)));
            differential_dataflow::consolidation::consolidate(&mut updates);
            for (round, diff) in updates.drain(..) {
                merged.push(key, value, round, diff);
            }
            cursor.step_val(&batches);
        }
        cursor.step_key(&batches);
    }
    merged.finish()
}

#[cfg(test)]
mod tests;
