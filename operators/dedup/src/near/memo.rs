//! A memory of what was found lately.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// Parts of the memory, each with a lock of its own: workers seldom meet.
const PARTS: usize = 64;

/// Things that a part remembers, at most.
const PLACES: usize = 1 << 12;

/// What was found lately, by names that are digests, or as good as digests.
///
/// A name has one place, and shares it with others: the one that comes last has it. A place that was never taken costs no
/// memory where `T::default()` is all zeros and a plain number, an array or a tuple of such.
#[derive(Debug)]
pub(crate) struct Memo<T>(Vec<Mutex<Vec<(u128, T)>>>);

impl<T: Copy + Default> Memo<T> {
    pub(crate) fn new() -> Self {
        // Nothing is named zero, but for one in 2^128.
        Memo((0..PARTS).map(|_| Mutex::new(vec![(0, T::default()); PLACES])).collect())
    }

    /// Returns what is remembered by a name.
    pub(crate) fn get(&self, name: u128) -> Option<T> {
        let (part, at) = self.place(name);
        let (of, found) = part[at];
        (of == name).then_some(found)
    }

    /// Remembers something by a name.
    pub(crate) fn put(&self, name: u128, found: T) {
        let (mut part, at) = self.place(name);
        part[at] = (name, found);
    }

    fn place(&self, name: u128) -> (MutexGuard<'_, Vec<(u128, T)>>, usize) {
        let head = (name >> 64) as usize;
        // Whoever panicked while holding it had written all or nothing.
        let part = self.0[head % PARTS].lock().unwrap_or_else(PoisonError::into_inner);
        (part, head / PARTS % PLACES)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_last_has_the_place() {
        let memo = Memo::new();
        let name = |number: u128| number << 64 | 1;
        assert_eq!(memo.get(name(5)), None);
        memo.put(name(5), 1);
        memo.put(name(6), 2);
        assert_eq!((memo.get(name(5)), memo.get(name(6))), (Some(1), Some(2)));
        // The same place, by another name.
        memo.put(name(5) + 1, 3);
        assert_eq!((memo.get(name(5)), memo.get(name(5) + 1)), (None, Some(3)));
    }
}
