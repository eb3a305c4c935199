//! The one concrete batch, and its ways into and out of a run.

use std::rc::Rc;

use differential_dataflow::trace::implementations::chunker::ContainerChunker;
use differential_dataflow::trace::implementations::merge_batcher::{MergeBatcher, vec::VecMerger};
use differential_dataflow::trace::implementations::ord_neu::val_batch::OrdValStorage;
use differential_dataflow::trace::implementations::ord_neu::{OrdValBatch, OrdValBuilder, Upds, Vals};
use differential_dataflow::trace::rc_blanket_impls::RcBuilder;
use differential_dataflow::trace::{Cursor, Description, Navigable};
use rifflebox_core::Key;
use rifflebox_storage::{Rounds, RunColumns};
use timely::progress::Antichain;

use crate::columns::{Diffs, Keys, Offsets, Times, Values};
use crate::time::Time;

/// One change of a keyed collection.
pub(crate) type Update<T> = ((Key, Vec<u8>), T, i64);
/// How everything durable lies in memory, and in files.
pub(crate) type Layout<T> = (Keys, Values, Times<T>, Diffs, Offsets);
pub(crate) type Batch<T> = Rc<OrdValBatch<Layout<T>>>;
pub(crate) type Builder<T> = RcBuilder<OrdValBuilder<Layout<T>, Vec<Update<T>>>>;
pub(crate) type Batcher<T> = MergeBatcher<VecMerger<(Key, Vec<u8>), T, i64>>;
pub(crate) type Chunker<T> = ContainerChunker<Vec<Update<T>>>;

/// Returns which of `peers` workers owns a key: worker *i* of *n* owns the *i*-th *n*-th of the key space.
pub(crate) fn owner(key: Key, peers: usize) -> usize {
    ((u128::from(key.head64()) * peers as u128) >> 64) as usize
}

/// Assembles, in place, the batch that a run of an earlier process presents to one worker.
///
/// Nothing is parsed and nothing is copied: the worker's slice of keys, over the whole run's buffers. None if the
/// worker owns no key of the run.
pub(crate) fn found<T: Time>(run: &RunColumns, worker: usize, peers: usize) -> Option<Batch<T>> {
    assert_eq!(T::LOOPED, run.rounds.is_some(), "a run opens as what it was written");
    let keys = Keys::Frozen(run.keys.clone());
    let count = run.keys.len() / 16;
    let bound = |worker: usize| partition_point(&keys, count, |key| owner(key, peers) < worker);
    let (start, end) = (bound(worker), bound(worker + 1));
    if start == end {
        return None;
    }
    let base = run.key_offsets[start];
    let (first, last) = (base as usize, run.key_offsets[end] as usize);
    let (offsets, updates) = match &run.rounds {
        None => (Offsets::Unit(last - first + 1), last - first),
        Some(rounds) => {
            let offsets = rounds.offsets.slice(first, last - first + 1);
            let updates = (offsets[last - first] - offsets[0]) as usize;
            (Offsets::Frozen { offsets, base: 0 }, updates)
        }
    };
    let rounds = run.rounds.as_ref().map(|rounds| rounds.rounds.clone());
    // With rounds the offsets are those of the whole run; without, updates are sliced as their values are.
    let diffs = match rounds.is_some() {
        true => run.diffs.clone(),
        false => run.diffs.slice(first, last - first),
    };
    let storage = OrdValStorage {
        keys: Keys::Frozen(run.keys.slice_with_length(start * 16, (end - start) * 16)),
        vals: Vals {
            offs: Offsets::Frozen { offsets: run.key_offsets.slice(start, end - start + 1), base },
            vals: Values::Frozen {
                offsets: run.value_offsets.slice(first, last - first + 1),
                bytes: run.value_bytes.clone(),
            },
        },
        upds: Upds {
            offs: offsets,
            times: Times::Frozen { rounds, len: diffs.len() },
            diffs: Diffs::Frozen(diffs),
        },
    };
    let zero = Antichain::from_elem(T::minimum());
    let description = Description::new(zero.clone(), zero.clone(), zero);
    Some(Rc::new(OrdValBatch { storage, description, updates }))
}

fn partition_point(keys: &Keys, len: usize, before: impl Fn(Key) -> bool) -> usize {
    use differential_dataflow::trace::implementations::BatchContainer;
    let (mut low, mut high) = (0, len);
    while low < high {
        let middle = low + (high - low) / 2;
        match before(keys.index(middle)) {
            true => low = middle + 1,
            false => high = middle,
        }
    }
    low
}

/// Calls `each` for every update of a batch, in order of key and value.
pub(crate) fn for_each<T: Time>(batch: &Batch<T>, mut each: impl FnMut(Key, &[u8], T, i64)) {
    let mut cursor = batch.cursor();
    while let Some(key) = cursor.get_key(batch) {
        while let Some(value) = cursor.get_val(batch) {
            cursor.map_times(batch, |time, diff| each(key, value, time, diff));
            cursor.step_val(batch);
        }
        cursor.step_key(batch);
    }
}

/// Drops the epochs of batches and consolidates what is left, per round, into one sorted run.
pub(crate) fn cut<T: Time>(batches: &[Batch<T>]) -> RunColumns {
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
    updates.sort_unstable();
    let mut run = RunBuilder::new(T::LOOPED);
    for update in updates.chunk_by(|a, b| (a.0, a.1, a.2) == (b.0, b.1, b.2)) {
        let (key, value, round, _) = update[0];
        run.push(key, value, round, update.iter().map(|update| update.3).sum());
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
        RunBuilder {
            keys: Vec::new(),
            key_offsets: vec![0],
            value_offsets: vec![0],
            value_bytes: Vec::new(),
            rounds: looped.then(|| (vec![0], Vec::new())),
            diffs: Vec::new(),
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
        Values::Frozen { .. } => 0,
    };
    values + batch.len() * 48
}
