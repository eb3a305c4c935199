//! Columns that grow as vectors and, once frozen, are Arrow buffers, on the heap or mapped from a file.
//!
//! The library's batches, builders, mergers and cursors are written against [`BatchContainer`]; these four
//! containers are all that makes them durable. Only a growing column is ever pushed to: the library fills fresh
//! ones, and a frozen one is only read.

use std::cell::Cell;

use arrow_buffer::{Buffer, ScalarBuffer};
use differential_dataflow::trace::implementations::BatchContainer;
use rifflebox_core::Key;
use rifflebox_storage::partition_keys;
use timely::container::PushInto;

use crate::encoded::Encoded;
use crate::time::Time;

const FROZEN: &str = "a frozen column is only read";

/// Keys within which a scan looks for the next one that it wants; a power of two.
const SCAN: usize = 128;

/// What several files hold one behind the other, as one column.
pub(crate) struct Pieces<P> {
    /// Where each piece starts, and where the last one ends.
    starts: Vec<usize>,
    pieces: Vec<P>,
}

impl<P> Pieces<P> {
    /// Puts pieces of these lengths one behind the other.
    pub(crate) fn new(pieces: impl IntoIterator<Item = (P, usize)>) -> Self {
        let mut all = Pieces { starts: vec![0], pieces: Vec::new() };
        for (piece, len) in pieces {
            all.pieces.push(piece);
            all.starts.push(all.len() + len);
        }
        all
    }

    fn len(&self) -> usize {
        self.starts[self.starts.len() - 1]
    }

    /// Returns the piece that holds a position, and where in it the position is.
    fn at(&self, index: usize) -> (&P, usize) {
        let piece = match self.pieces.len() {
            1 => 0,
            _ => self.starts[1..].partition_point(|end| *end <= index),
        };
        (&self.pieces[piece], index - self.starts[piece])
    }
}

/// The keys of a trie: 16 bytes each, most significant first.
pub(crate) enum Keys {
    Growing(Vec<Key>),
    Frozen(Pieces<Buffer>),
}

impl Keys {
    fn grow(&mut self) -> &mut Vec<Key> {
        match self {
            Keys::Growing(keys) => keys,
            Keys::Frozen(_) => unreachable!("{FROZEN}"),
        }
    }
}

impl PushInto<Key> for Keys {
    fn push_into(&mut self, key: Key) {
        self.grow().push(key);
    }
}

impl BatchContainer for Keys {
    type Owned = Key;
    type ReadItem<'a> = Key;

    fn into_owned<'a>(key: Key) -> Key {
        key
    }

    fn push_ref(&mut self, key: Key) {
        self.grow().push(key);
    }

    fn push_own(&mut self, key: &Key) {
        self.grow().push(*key);
    }

    fn clear(&mut self) {
        self.grow().clear();
    }

    fn with_capacity(size: usize) -> Self {
        Keys::Growing(Vec::with_capacity(size))
    }

    fn merge_capacity(one: &Self, two: &Self) -> Self {
        Self::with_capacity(one.len() + two.len())
    }

    fn reborrow<'b, 'a: 'b>(key: Key) -> Key {
        key
    }

    #[inline]
    fn index(&self, index: usize) -> Key {
        match self {
            Keys::Growing(keys) => keys[index],
            Keys::Frozen(pieces) => {
                let (bytes, at) = pieces.at(index);
                let (head, _) = bytes.as_slice()[at * 16..].split_first_chunk().expect("16 bytes a key");
                Key::from_bytes(*head)
            }
        }
    }

    fn len(&self) -> usize {
        match self {
            Keys::Growing(keys) => keys.len(),
            Keys::Frozen(pieces) => pieces.len(),
        }
    }

    /// Returns how many keys from `start` on fulfil a condition. What is sought is likely near, as in a scan; if it is not,
    /// it is looked for as keys lie, and not by halves: those of a mapped file touch a page each.
    fn advance<F: for<'a> Fn(Key) -> bool>(&self, start: usize, end: usize, below: F) -> usize {
        let mut step = 1;
        while start + step < end && below(self.index(start + step)) {
            if step == SCAN {
                return partition_keys(start + step..end, |at| self.index(at), below) - start;
            }
            step *= 2;
        }
        let near = start + step / 2..end.min(start + step);
        partition_keys(near, |at| self.index(at), below) - start
    }
}

thread_local! {
    /// Values that this thread has read of frozen columns: what earlier runs left.
    static READ: Cell<u64> = const { Cell::new(0) };
}

/// Returns how many values this thread has read of earlier runs' since it was last asked.
pub(crate) fn take_values_read() -> u64 {
    READ.take()
}

/// The values of a trie: byte strings, one behind the other.
pub(crate) enum Values {
    Growing { ends: Vec<usize>, bytes: Vec<u8> },
    Frozen(Pieces<(ScalarBuffer<i64>, Buffer)>),
}

impl Values {
    fn grow(&mut self) -> (&mut Vec<usize>, &mut Vec<u8>) {
        match self {
            Values::Growing { ends, bytes } => (ends, bytes),
            Values::Frozen(_) => unreachable!("{FROZEN}"),
        }
    }

    /// Makes room for so many bytes more.
    pub(crate) fn reserve(&mut self, more: usize) {
        self.grow().1.reserve(more);
    }

    fn push(&mut self, value: &[u8]) {
        let (ends, bytes) = self.grow();
        bytes.extend_from_slice(value);
        ends.push(bytes.len());
    }
}

impl PushInto<Encoded> for Values {
    fn push_into(&mut self, value: Encoded) {
        self.push(&value);
    }
}

impl BatchContainer for Values {
    type Owned = Encoded;
    type ReadItem<'a> = &'a [u8];

    fn into_owned(value: &[u8]) -> Encoded {
        Encoded::from(value)
    }

    fn push_ref(&mut self, value: &[u8]) {
        self.push(value);
    }

    fn push_own(&mut self, value: &Encoded) {
        self.push(value);
    }

    fn clear(&mut self) {
        let (ends, bytes) = self.grow();
        ends.clear();
        bytes.clear();
    }

    fn with_capacity(size: usize) -> Self {
        Values::Growing { ends: Vec::with_capacity(size), bytes: Vec::new() }
    }

    fn merge_capacity(one: &Self, two: &Self) -> Self {
        Self::with_capacity(one.len() + two.len())
    }

    fn reborrow<'b, 'a: 'b>(value: &'a [u8]) -> &'b [u8] {
        value
    }

    #[inline]
    fn index(&self, index: usize) -> &[u8] {
        match self {
            Values::Growing { ends, bytes } => {
                let start = if index == 0 { 0 } else { ends[index - 1] };
                &bytes[start..ends[index]]
            }
            Values::Frozen(pieces) => {
                let ((offsets, bytes), at) = pieces.at(index);
                READ.with(|read| read.set(read.get() + 1));
                &bytes.as_slice()[offsets[at] as usize..offsets[at + 1] as usize]
            }
        }
    }

    fn len(&self) -> usize {
        match self {
            Values::Growing { ends, .. } => ends.len(),
            Values::Frozen(pieces) => pieces.len(),
        }
    }
}

/// The times of updates; of a frozen column only the rounds are stored, and outside of loops not even those.
pub(crate) enum Times<T> {
    Growing(Vec<T>),
    Frozen { rounds: Option<Pieces<ScalarBuffer<u64>>>, len: usize },
}

impl<T: Time> Times<T> {
    fn grow(&mut self) -> &mut Vec<T> {
        match self {
            Times::Growing(times) => times,
            Times::Frozen { .. } => unreachable!("{FROZEN}"),
        }
    }
}

impl<T: Time> BatchContainer for Times<T> {
    type Owned = T;
    type ReadItem<'a> = T;

    fn into_owned<'a>(time: T) -> T {
        time
    }

    fn push_ref(&mut self, time: T) {
        self.grow().push(time);
    }

    fn push_own(&mut self, time: &T) {
        self.grow().push(*time);
    }

    fn clear(&mut self) {
        self.grow().clear();
    }

    fn with_capacity(size: usize) -> Self {
        Times::Growing(Vec::with_capacity(size))
    }

    fn merge_capacity(one: &Self, two: &Self) -> Self {
        Self::with_capacity(one.len() + two.len())
    }

    fn reborrow<'b, 'a: 'b>(time: T) -> T {
        time
    }

    #[inline]
    fn index(&self, index: usize) -> T {
        match self {
            Times::Growing(times) => times[index],
            Times::Frozen { rounds: Some(pieces), .. } => {
                let (rounds, at) = pieces.at(index);
                T::founded(rounds[at])
            }
            Times::Frozen { rounds: None, .. } => T::founded(0),
        }
    }

    fn len(&self) -> usize {
        match self {
            Times::Growing(times) => times.len(),
            Times::Frozen { len, .. } => *len,
        }
    }
}

/// The weights of updates.
pub(crate) enum Diffs {
    Growing(Vec<i64>),
    Frozen(Pieces<ScalarBuffer<i64>>),
}

impl Diffs {
    fn grow(&mut self) -> &mut Vec<i64> {
        match self {
            Diffs::Growing(diffs) => diffs,
            Diffs::Frozen(_) => unreachable!("{FROZEN}"),
        }
    }
}

impl BatchContainer for Diffs {
    type Owned = i64;
    type ReadItem<'a> = i64;

    fn into_owned<'a>(diff: i64) -> i64 {
        diff
    }

    fn push_ref(&mut self, diff: i64) {
        self.grow().push(diff);
    }

    fn push_own(&mut self, diff: &i64) {
        self.grow().push(*diff);
    }

    fn clear(&mut self) {
        self.grow().clear();
    }

    fn with_capacity(size: usize) -> Self {
        Diffs::Growing(Vec::with_capacity(size))
    }

    fn merge_capacity(one: &Self, two: &Self) -> Self {
        Self::with_capacity(one.len() + two.len())
    }

    fn reborrow<'b, 'a: 'b>(diff: i64) -> i64 {
        diff
    }

    #[inline]
    fn index(&self, index: usize) -> i64 {
        match self {
            Diffs::Growing(diffs) => diffs[index],
            Diffs::Frozen(pieces) => {
                let (diffs, at) = pieces.at(index);
                diffs[at]
            }
        }
    }

    fn len(&self) -> usize {
        match self {
            Diffs::Growing(diffs) => diffs.len(),
            Diffs::Frozen(pieces) => pieces.len(),
        }
    }
}

/// Offsets from one level of a trie into the next.
pub(crate) enum Offsets {
    Growing(Vec<usize>),
    /// Offsets of the lists of each piece, and where the piece's first list starts in the next level.
    Frozen {
        offsets: Pieces<(ScalarBuffer<i64>, usize)>,
        end: usize,
    },
    /// Every list has exactly one element: `0, 1, 2 …`, this many.
    Unit(usize),
}

impl Offsets {
    fn grow(&mut self) -> &mut Vec<usize> {
        match self {
            Offsets::Growing(offsets) => offsets,
            _ => unreachable!("{FROZEN}"),
        }
    }
}

impl BatchContainer for Offsets {
    type Owned = usize;
    type ReadItem<'a> = usize;

    fn into_owned<'a>(offset: usize) -> usize {
        offset
    }

    fn push_ref(&mut self, offset: usize) {
        self.grow().push(offset);
    }

    fn push_own(&mut self, offset: &usize) {
        self.grow().push(*offset);
    }

    fn clear(&mut self) {
        self.grow().clear();
    }

    fn with_capacity(size: usize) -> Self {
        Offsets::Growing(Vec::with_capacity(size))
    }

    fn merge_capacity(one: &Self, two: &Self) -> Self {
        Self::with_capacity(one.len() + two.len())
    }

    fn reborrow<'b, 'a: 'b>(offset: usize) -> usize {
        offset
    }

    #[inline]
    fn index(&self, index: usize) -> usize {
        match self {
            Offsets::Growing(offsets) => offsets[index],
            Offsets::Frozen { offsets, end } if index == offsets.len() => *end,
            Offsets::Frozen { offsets, .. } => {
                let ((offsets, start), at) = offsets.at(index);
                start + (offsets[at] - offsets[0]) as usize
            }
            Offsets::Unit(len) => {
                assert!(index < *len, "offset {index} of {len}");
                index
            }
        }
    }

    fn len(&self) -> usize {
        match self {
            Offsets::Growing(offsets) => offsets.len(),
            Offsets::Frozen { offsets, .. } => offsets.len() + 1,
            Offsets::Unit(len) => *len,
        }
    }
}
