//! A run as it is open: pieces one behind the other, of files or of memory.

use std::ops::Range;
use std::sync::Arc;

use rifflebox_core::Key;
use rifflebox_storage::{Part, RunColumns};

/// A piece of a run; it holds at least one key.
#[derive(Clone, Debug)]
pub struct Piece {
    /// Where it is written; none, as long as it is in memory alone.
    pub part: Option<Part>,
    /// Its columns.
    pub columns: Arc<RunColumns>,
}

/// One run of an arrangement, open.
#[derive(Clone, Debug, Default)]
pub struct OpenRun {
    /// Its pieces, in order of key; no two hold the same key.
    pub pieces: Vec<Piece>,
    /// Whether it is being merged into the nearest run before it that is not; see [`rifflebox_storage::Run::joins`].
    pub joins: bool,
}

/// How large something is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Size {
    /// Its updates.
    pub(crate) rows: u64,
    /// The bytes of its columns.
    pub(crate) bytes: u64,
}

impl Piece {
    /// Makes a piece that is not written yet.
    pub fn unwritten(columns: Arc<RunColumns>) -> Self {
        Piece { part: None, columns }
    }

    pub(crate) fn first(&self) -> Key {
        self.columns.key(0).expect("a piece holds a key")
    }

    pub(crate) fn last(&self) -> Key {
        self.columns.key(self.columns.key_count() - 1).expect("a piece holds a key")
    }

    /// Returns how large it is between two keys, both inclusive.
    pub(crate) fn size(&self, first: Key, last: Key) -> Size {
        let keys = self.columns.range(first, last);
        let columns = &self.columns;
        let values = columns.key_offsets[keys.start] as usize..columns.key_offsets[keys.end] as usize;
        let updates = match &columns.rounds {
            None => values.clone(),
            Some(rounds) => rounds.offsets[values.start] as usize..rounds.offsets[values.end] as usize,
        };
        let bytes = columns.value_offsets[values.end] - columns.value_offsets[values.start];
        let numbers = 3 * keys.len() + 2 * values.len() + 2 * updates.len();
        Size { rows: updates.len() as u64, bytes: bytes as u64 + 8 * numbers as u64 }
    }

    /// Returns the piece of it that a range of key positions is, if that holds a key.
    fn slice(&self, keys: Range<usize>) -> Option<Piece> {
        if keys.is_empty() {
            return None;
        }
        if keys.len() == self.columns.key_count() {
            return Some(self.clone());
        }
        let columns = Arc::new(self.columns.slice(keys));
        Some(Piece { part: self.part.as_ref().map(|part| part.narrowed(&columns)), columns })
    }
}

impl OpenRun {
    /// Makes a run of columns in order of key.
    pub fn new(columns: impl IntoIterator<Item = Arc<RunColumns>>) -> Self {
        let pieces = columns.into_iter().filter(|columns| columns.key_count() > 0).map(Piece::unwritten);
        OpenRun { pieces: pieces.collect(), joins: false }
    }

    /// Returns the number of its updates.
    pub fn rows(&self) -> u64 {
        self.pieces.iter().map(|piece| piece.columns.update_count() as u64).sum()
    }

    pub(crate) fn first(&self) -> Option<Key> {
        self.pieces.first().map(Piece::first)
    }

    /// Returns how large it is between two keys, both inclusive.
    pub(crate) fn size(&self, first: Key, last: Key) -> Size {
        let from = self.pieces.partition_point(|piece| piece.last() < first);
        let pieces = self.pieces[from..].iter().take_while(|piece| piece.first() <= last);
        pieces.map(|piece| piece.size(first, last)).fold(Size::default(), Size::plus)
    }

    /// Takes the keys from `first` to `last`, both inclusive, out of the run; returns where they were among its pieces,
    /// and what they held.
    pub(crate) fn take(&mut self, first: Key, last: Key) -> (usize, Vec<Arc<RunColumns>>) {
        let (mut at, mut taken, mut left) = (0, Vec::new(), Vec::new());
        for piece in std::mem::take(&mut self.pieces) {
            let keys = piece.columns.range(first, last);
            let end = piece.columns.key_count();
            left.extend(piece.slice(0..keys.start));
            if piece.first() < first {
                at = left.len();
            }
            taken.extend(piece.slice(keys.clone()).map(|piece| piece.columns));
            left.extend(piece.slice(keys.end..end));
        }
        self.pieces = left;
        (at, taken)
    }
}

impl Size {
    pub(crate) fn plus(self, other: Size) -> Size {
        Size { rows: self.rows + other.rows, bytes: self.bytes + other.bytes }
    }

    pub(crate) fn fits(self, most: Size) -> bool {
        self.rows <= most.rows && self.bytes <= most.bytes
    }
}
