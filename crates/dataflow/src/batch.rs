//! The one concrete batch, and its ways into and out of a run.

use std::ops::Range;
use std::rc::Rc;
use std::sync::Arc;

use arrow_buffer::ScalarBuffer;
use differential_dataflow::trace::implementations::ord_neu::val_batch::OrdValStorage;
use differential_dataflow::trace::implementations::ord_neu::{OrdValBatch, OrdValBuilder, Upds, Vals};
use differential_dataflow::trace::implementations::{BatchContainer, BuilderInput};
use differential_dataflow::trace::rc_blanket_impls::RcBuilder;
use differential_dataflow::trace::{Cursor, Description, Navigable};
use rifflebox_core::Key;
use rifflebox_storage::{Rounds, RunColumns};
use timely::progress::Antichain;

use crate::columns::{Diffs, Keys, Offsets, Pieces, Times, Values};
use crate::encoded::Encoded;
use crate::share::Share;
use crate::time::Time;

/// One change of a keyed collection.
pub(crate) type Update<T> = ((Key, Encoded), T, i64);
/// How everything durable lies in memory, and in files.
pub(crate) type Layout<T> = (Keys, Values, Times<T>, Diffs, Offsets);
pub(crate) type Batch<T> = Rc<OrdValBatch<Layout<T>>>;
pub(crate) type Builder<T> = RcBuilder<SizedBuilder<T>>;

/// Builds batches as the library does, and makes room for the bytes of their values at once.
pub(crate) struct SizedBuilder<T: Time>(OrdValBuilder<Layout<T>, Vec<Update<T>>>);

impl<T: Time> differential_dataflow::trace::Builder for SizedBuilder<T> {
    type Input = Vec<Update<T>>;
    type Time = T;
    type Output = OrdValBatch<Layout<T>>;

    fn with_capacity(keys: usize, values: usize, updates: usize) -> Self {
        SizedBuilder(OrdValBuilder::with_capacity(keys, values, updates))
    }

    fn push(&mut self, chunk: &mut Vec<Update<T>>) {
        self.0.result.vals.vals.reserve(chunk.iter().map(|((_, value), ..)| value.len()).sum());
        self.0.push(chunk);
    }

    fn done(self, description: Description<T>) -> Self::Output {
        self.0.done(description)
    }

    fn seal(chain: &mut Vec<Vec<Update<T>>>, description: Description<T>) -> Self::Output {
        let (keys, values, updates) =
            <Vec<Update<T>> as BuilderInput<Keys, Values>>::key_val_upd_counts(chain);
        let mut builder = Self::with_capacity(keys, values, updates);
        chain.drain(..).for_each(|mut chunk| builder.push(&mut chunk));
        builder.done(description)
    }
}

/// Bytes that an operator says before those behind it get their turn: they take them off the channels meanwhile.
pub(crate) const TURN_BYTES: usize = 1 << 20;

/// Returns runs in groups, each of which rises in key from file to file: one batch can present it.
pub(crate) fn groups(runs: &[Arc<RunColumns>]) -> Vec<&[Arc<RunColumns>]> {
    let rises = |one: &Arc<RunColumns>, two: &Arc<RunColumns>| {
        one.key_count() == 0 || two.key_count() == 0 || one.key(one.key_count() - 1) < two.key(0)
    };
    runs.chunk_by(rises).collect()
}

/// Assembles, in place, the batches that runs of earlier processes present to a share of the key space.
pub(crate) fn found_all<T: Time>(runs: &[Arc<RunColumns>], share: &Share) -> Vec<Batch<T>> {
    groups(runs).into_iter().filter_map(|group| found(group, share)).collect()
}

/// A share's slice of one file of a run.
struct Slice<'a> {
    run: &'a RunColumns,
    keys: Range<usize>,
    values: Range<usize>,
    updates: Range<usize>,
}

impl<'a> Slice<'a> {
    /// Returns the slice of the keys that lie in a share; none if none do.
    fn of(run: &'a RunColumns, share: &Share) -> Option<Self> {
        let keys = share.range(run.key_count(), |index| run.key(index).expect("in range"));
        if keys.is_empty() {
            return None;
        }
        let values = run.key_offsets[keys.start] as usize..run.key_offsets[keys.end] as usize;
        let updates = match &run.rounds {
            None => values.clone(),
            Some(rounds) => rounds.offsets[values.start] as usize..rounds.offsets[values.end] as usize,
        };
        Some(Slice { run, keys, values, updates })
    }
}

/// Assembles, in place, the batch that files of rising keys present to a share of the key space.
///
/// Nothing is parsed and nothing is copied: the share's slices, one behind the other. None if no key of the run lies
/// in the share.
fn found<T: Time>(run: &[Arc<RunColumns>], share: &Share) -> Option<Batch<T>> {
    let slices: Vec<Slice<'_>> = run.iter().filter_map(|run| Slice::of(run, share)).collect();
    if slices.is_empty() {
        return None;
    }
    assert!(
        slices.iter().all(|slice| T::LOOPED == slice.run.rounds.is_some()),
        "a run opens as what it was written"
    );
    let values: usize = slices.iter().map(|slice| slice.values.len()).sum();
    let updates: usize = slices.iter().map(|slice| slice.updates.len()).sum();
    let storage = OrdValStorage {
        keys: Keys::Frozen(pieces(&slices, |s| {
            (s.run.keys.slice_with_length(s.keys.start * 16, s.keys.len() * 16), s.keys.len())
        })),
        vals: Vals {
            offs: lists(&slices, |s| (&s.run.key_offsets, &s.keys, &s.values)),
            vals: Values::Frozen(pieces(&slices, |s| {
                let offsets = s.run.value_offsets.slice(s.values.start, s.values.len() + 1);
                ((offsets, s.run.value_bytes.clone()), s.values.len())
            })),
        },
        upds: Upds {
            offs: match slices.iter().all(|slice| slice.run.rounds.is_none()) {
                true => Offsets::Unit(values + 1),
                false => lists(&slices, |s| {
                    let rounds = s.run.rounds.as_ref().expect("asserted above");
                    (&rounds.offsets, &s.values, &s.updates)
                }),
            },
            times: Times::Frozen {
                rounds: T::LOOPED.then(|| {
                    pieces(&slices, |s| {
                        let rounds = s.run.rounds.as_ref().expect("asserted above");
                        (rounds.rounds.slice(s.updates.start, s.updates.len()), s.updates.len())
                    })
                }),
                len: updates,
            },
            diffs: Diffs::Frozen(pieces(&slices, |s| {
                (s.run.diffs.slice(s.updates.start, s.updates.len()), s.updates.len())
            })),
        },
    };
    let zero = Antichain::from_elem(T::minimum());
    let description = Description::new(zero.clone(), zero.clone(), zero);
    Some(Rc::new(OrdValBatch { storage, description, updates }))
}

fn pieces<'a, P>(slices: &[Slice<'a>], piece: impl Fn(&Slice<'a>) -> (P, usize)) -> Pieces<P> {
    Pieces::new(slices.iter().map(piece))
}

/// Returns the offsets of lists: of each slice its offsets, the range of its lists, and the range of their elements.
fn lists<'a>(
    slices: &[Slice<'a>],
    part: impl for<'s> Fn(&'s Slice<'a>) -> (&'a ScalarBuffer<i64>, &'s Range<usize>, &'s Range<usize>),
) -> Offsets {
    let mut end = 0;
    let mut all = Vec::new();
    for slice in slices {
        let (offsets, of, elements) = part(slice);
        all.push(((offsets.slice(of.start, of.len() + 1), end), of.len()));
        end += elements.len();
    }
    Offsets::Frozen { offsets: Pieces::new(all), end }
}

/// Calls `each` for every update of a batch, in order of key and value.
pub(crate) fn for_each<T: Time>(batch: &Batch<T>, each: impl FnMut(Key, &[u8], T, i64)) {
    for_each_in(batch, &Share::ALL, each);
}

/// Calls `each` for every update of a batch whose key lies in a share, in order of key and value.
pub(crate) fn for_each_in<T: Time>(
    batch: &Batch<T>,
    share: &Share,
    mut each: impl FnMut(Key, &[u8], T, i64),
) {
    let keys = &batch.storage.keys;
    let range = share.range(keys.len(), |index| keys.index(index));
    if range.is_empty() {
        return;
    }
    let last = keys.index(range.end - 1);
    let mut cursor = batch.cursor();
    cursor.seek_key(batch, keys.index(range.start));
    while let Some(key) = cursor.get_key(batch).filter(|key| *key <= last) {
        while let Some(value) = cursor.get_val(batch) {
            cursor.map_times(batch, |time, diff| each(key, value, time, diff));
            cursor.step_val(batch);
        }
        cursor.step_key(batch);
    }
}

/// Drops the epochs of batches and consolidates what is left, per round, into one sorted run.
pub(crate) fn cut<T: Time>(batches: &[Batch<T>]) -> RunColumns {
    if let ([batch], false) = (batches, T::LOOPED) {
        return cut_one(batch);
    }
    let mut updates: Vec<(Key, &[u8], u64, i64)> = Vec::new();
    for batch in batches {
        let mut cursor = batch.cursor();
        while let Some(key) = cursor.get_key(batch) {
            while let Some(value) = cursor.get_val(batch) {
                cursor.map_times(batch, |time, diff| updates.push((key, value, time.round(), diff)));
                cursor.step_val(batch);
            }
            cursor.step_key(batch);
        }
    }
    // A stable sort merges what is in order already: each batch is.
    updates.sort();
    let mut run = RunBuilder::with_capacity(T::LOOPED, updates.len());
    for update in updates.chunk_by(|a, b| (a.0, a.1, a.2) == (b.0, b.1, b.2)) {
        let (key, value, round, _) = update[0];
        run.push(key, value, round, update.iter().map(|update| update.3).sum());
    }
    run.finish()
}

/// Drops the epochs of a batch outside of loops, which is in order.
fn cut_one<T: Time>(batch: &Batch<T>) -> RunColumns {
    let OrdValStorage { keys, vals, upds } = &batch.storage;
    if let (Keys::Growing(keys), Values::Growing { ends, bytes }) = (keys, &vals.vals)
        && batch.updates == ends.len()
    {
        // Each value has one update: the columns are the run's.
        let diff = |value| upds.get_abs(upds.bounds(value).0).1;
        let mut key_bytes = Vec::with_capacity(16 * keys.len());
        keys.iter().for_each(|key| key_bytes.extend_from_slice(&key.to_bytes()));
        return RunColumns {
            keys: key_bytes.into(),
            key_offsets: (0..=keys.len()).map(|key| vals.offs.index(key) as i64).collect(),
            value_offsets: [0].into_iter().chain(ends.iter().map(|end| *end as i64)).collect(),
            value_bytes: bytes.as_slice().into(),
            rounds: None,
            diffs: (0..ends.len()).map(diff).collect(),
        };
    }
    let mut run = RunBuilder::with_capacity(false, batch.updates);
    let mut cursor = batch.cursor();
    while let Some(key) = cursor.get_key(batch) {
        while let Some(value) = cursor.get_val(batch) {
            let mut sum = 0;
            cursor.map_times(batch, |_, diff| sum += diff);
            run.push(key, value, 0, sum);
            cursor.step_val(batch);
        }
        cursor.step_key(batch);
    }
    run.finish()
}

/// Writes a run from updates in order of key, value and round.
pub(crate) struct RunBuilder {
    keys: Vec<u8>,
    key_offsets: Vec<i64>,
    value_offsets: Vec<i64>,
    value_bytes: Vec<u8>,
    rounds: Option<(Vec<i64>, Vec<u64>)>,
    diffs: Vec<i64>,
    last: Option<Key>,
}

impl RunBuilder {
    pub(crate) fn new(looped: bool) -> Self {
        Self::with_capacity(looped, 0)
    }

    /// Makes room for so many updates.
    pub(crate) fn with_capacity(looped: bool, updates: usize) -> Self {
        let offsets = || {
            let mut offsets = Vec::with_capacity(updates + 1);
            offsets.push(0);
            offsets
        };
        RunBuilder {
            keys: Vec::with_capacity(16 * updates),
            key_offsets: offsets(),
            value_offsets: offsets(),
            value_bytes: Vec::new(),
            rounds: looped.then(|| (offsets(), Vec::with_capacity(updates))),
            diffs: Vec::with_capacity(updates),
            last: None,
        }
    }

    /// Adds an update unless its weight is zero; equal updates must have been added up.
    pub(crate) fn push(&mut self, key: Key, value: &[u8], round: u64, diff: i64) {
        if diff == 0 {
            return;
        }
        let same_key = self.last == Some(key);
        if !(same_key && self.last_value() == value) {
            if !same_key {
                self.keys.extend_from_slice(&key.to_bytes());
                self.key_offsets.push(self.value_count());
                self.last = Some(key);
            }
            self.value_bytes.extend_from_slice(value);
            self.value_offsets.push(self.value_bytes.len() as i64);
            *self.key_offsets.last_mut().expect("starts with zero") = self.value_count();
            if let Some((offsets, rounds)) = &mut self.rounds {
                offsets.push(rounds.len() as i64);
            }
        }
        self.diffs.push(diff);
        if let Some((offsets, rounds)) = &mut self.rounds {
            rounds.push(round);
            *offsets.last_mut().expect("starts with zero") = rounds.len() as i64;
        }
    }

    pub(crate) fn finish(self) -> RunColumns {
        RunColumns {
            keys: self.keys.into(),
            key_offsets: self.key_offsets.into(),
            value_offsets: self.value_offsets.into(),
            value_bytes: self.value_bytes.into(),
            rounds: self
                .rounds
                .map(|(offsets, rounds)| Rounds { offsets: offsets.into(), rounds: rounds.into() }),
            diffs: self.diffs.into(),
        }
    }

    fn value_count(&self) -> i64 {
        self.value_offsets.len() as i64 - 1
    }

    fn last_value(&self) -> &[u8] {
        let ends = &self.value_offsets[self.value_offsets.len() - 2..];
        &self.value_bytes[ends[0] as usize..ends[1] as usize]
    }
}

/// Returns about how many bytes a batch holds in memory.
pub(crate) fn weight<T: Time>(batch: &Batch<T>) -> usize {
    use differential_dataflow::trace::BatchReader;
    let values = match &batch.storage.vals.vals {
        Values::Growing { bytes, .. } => bytes.len(),
        Values::Frozen(_) => 0,
    };
    values + batch.len() * 48
}

#[cfg(test)]
mod tests {
    use differential_dataflow::trace::Builder as _;

    use super::*;

    fn batch(updates: Vec<(u64, &str, u64, i64)>) -> Batch<u64> {
        let updates = updates.into_iter().map(|(key, value, time, diff)| {
            ((Key::from_head64(key), Encoded::from(value.as_bytes())), time, diff)
        });
        let [lower, upper] = [1, 9].map(Antichain::from_elem);
        let description = Description::new(lower.clone(), upper, lower);
        Builder::seal(&mut vec![updates.collect()], description)
    }

    #[test]
    fn a_batch_is_cut_alike_by_itself_and_among_others() {
        let nothing = || batch(Vec::new());
        let once = || vec![(1, "a", 2, 1), (1, "b", 2, 1), (2, "a", 1, -1), (5, "", 2, 3), (6, "c", 2, 3)];
        let twice = vec![(1, "a", 2, 1), (1, "a", 3, 1), (2, "a", 1, 1), (2, "a", 2, -1), (3, "b", 1, 1)];
        for updates in [Vec::new(), once(), twice, once().split_off(4)] {
            assert_eq!(cut(&[batch(updates.clone())]), cut(&[batch(updates), nothing()]));
        }
        assert_eq!(cut(&[batch(once())]).diffs[..], [1, 1, -1, 3, 3]);
    }
}
