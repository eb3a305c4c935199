//! What two rows are to one another, remembered for a while.

use std::sync::{Mutex, PoisonError};

use rifflebox_core::Key;

/// Parts of the memory, each with a lock of its own: workers seldom meet.
const PARTS: usize = 64;

/// Pairs that a part remembers, at most.
const PAIRS: usize = 1 << 10;

/// What was found of pairs lately: two rows that are alike meet in most of their bands, and need one comparison.
///
/// A pair has one place; the one that comes last has it.
#[derive(Debug)]
pub(crate) struct Memo<T>(Vec<Mutex<Vec<(Key, T)>>>);

impl<T: Copy + Default> Memo<T> {
    pub(crate) fn new() -> Self {
        // No pair is named so, but for one in 2^128.
        Memo((0..PARTS).map(|_| Mutex::new(vec![(Key::MIN, T::default()); PAIRS])).collect())
    }

    /// Returns what was found of a pair, or what `find` finds now; none if that finds nothing.
    pub(crate) fn get_or_find(&self, one: Key, two: Key, find: impl FnOnce() -> Option<T>) -> Option<T> {
        // Keys are digests: turned against each other they name the pair as well as a digest of both would.
        let name = Key::from_u128(one.to_u128() ^ two.to_u128().rotate_left(17));
        let place = name.head64() as usize;
        // Whoever panicked while holding it had written all or nothing.
        let part = || self.0[place % PARTS].lock().unwrap_or_else(PoisonError::into_inner);
        let at = place / PARTS % PAIRS;
        let (of, found) = part()[at];
        if of == name {
            return Some(found);
        }
        let found = find()?;
        part()[at] = (name, found);
        Some(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pair_is_found_once_as_long_as_it_is_remembered() {
        let memo = Memo::new();
        let [one, two] = [b"one", b"two"].map(|name| Key::of(name));
        assert_eq!(memo.get_or_find(one, two, || None), None);
        assert_eq!(memo.get_or_find(one, two, || Some(1)), Some(1));
        assert_eq!(memo.get_or_find(one, two, || Some(2)), Some(1));
        assert_eq!(memo.get_or_find(two, one, || Some(3)), Some(3));
        // The same place, with another pair.
        let three = Key::from_u128(one.to_u128() ^ 1);
        assert_eq!(memo.get_or_find(three, two, || Some(4)), Some(4));
        assert_eq!(memo.get_or_find(one, two, || Some(5)), Some(5));
    }
}
