//! A memory of what was found lately.

use std::array::from_fn;
use std::sync::atomic::{AtomicU64, Ordering};

/// Places of the memory.
const PLACES: usize = 1 << 18;

/// What was found lately, by names that are digests, or as good as digests: a few words of 64 bits each.
///
/// A name has one place, and shares it with others: the one that comes last has it. Nobody waits for anybody: beside the
/// words stands what they and the name make together, so that words which two have written at the same time are nobody's
/// (Hyatt, Mann: A lockless transposition-table implementation for parallel search, 2002). A place that was never taken
/// costs no memory.
#[derive(Debug)]
pub(crate) struct Memo<const WORDS: usize> {
    words: Box<[AtomicU64]>,
    /// Where the first place begins: each is aligned to its length, if that is a power of two.
    first: usize,
}

impl<const WORDS: usize> Memo<WORDS> {
    /// Words of a place.
    const LENGTH: usize = WORDS + 1;

    pub(crate) fn new() -> Self {
        let words: Box<[AtomicU64]> = bytemuck::zeroed_slice_box((PLACES + 1) * Self::LENGTH);
        let first = words.as_ptr().align_offset(Self::LENGTH.next_power_of_two() * size_of::<u64>());
        // Where it cannot be told, nothing is aligned.
        Memo { words, first: if first < Self::LENGTH { first } else { 0 } }
    }

    /// Returns what is remembered by a name.
    pub(crate) fn get(&self, name: u128) -> Option<[u64; WORDS]> {
        let (place, check) = self.place(name);
        let found = from_fn(|index| place[index].load(Ordering::Relaxed));
        (check.load(Ordering::Relaxed) == checked(name, &found)).then_some(found)
    }

    /// Remembers something by a name.
    pub(crate) fn put(&self, name: u128, found: [u64; WORDS]) {
        let (place, check) = self.place(name);
        place.iter().zip(found).for_each(|(word, found)| word.store(found, Ordering::Relaxed));
        check.store(checked(name, &found), Ordering::Relaxed);
    }

    fn place(&self, name: u128) -> (&[AtomicU64], &AtomicU64) {
        let start = self.first + (name >> 64) as usize % PLACES * Self::LENGTH;
        let (check, place) = self.words[start..start + Self::LENGTH].split_last().expect("a place has words");
        (place, check)
    }
}

/// Returns what tells whether words are remembered by this name. A place that was never taken passes for one name in 2^64.
fn checked(name: u128, found: &[u64]) -> u64 {
    /// The golden ratio's digits: each word is spread over all that come after it.
    const ODD: u64 = 0x9e37_79b9_7f4a_7c15;
    found.iter().fold(name as u64, |check, word| (check ^ word).wrapping_mul(ODD).rotate_left(32))
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicBool;

    use super::*;

    const fn name(number: u64) -> u128 {
        (number as u128) << 64 | 1
    }

    #[test]
    fn what_comes_last_has_the_place() {
        let memo = Memo::new();
        assert_eq!(memo.get(name(5)), None);
        memo.put(name(5), [1]);
        memo.put(name(6), [2]);
        assert_eq!((memo.get(name(5)), memo.get(name(6))), (Some([1]), Some([2])));
        // The same place, by another name.
        memo.put(name(5) + 1, [3]);
        assert_eq!((memo.get(name(5)), memo.get(name(5) + 1)), (None, Some([3])));
    }

    #[test]
    fn places_are_aligned() {
        let memo = Memo::<7>::new();
        let (place, check) = memo.place(name(9));
        assert_eq!((place.as_ptr() as usize % 64, place.len()), (0, 7));
        assert_eq!(std::ptr::from_ref(check) as usize % 64, 56);
        let (last, _) = memo.place(name(PLACES as u64 - 1));
        assert_eq!(last.len(), 7);
    }

    /// Words of which the first and the fifth differ between writers by the same bits, turned, and that tell their round.
    fn words(writer: u64, round: u64) -> [u64; 7] {
        let differs = writer << 4;
        [differs, round, 7, round << 9, differs.rotate_left(28), 1, 2]
    }

    #[test]
    fn what_two_write_at_the_same_time_is_nobodys() {
        let memo = Memo::<7>::new();
        let done = AtomicBool::new(false);
        std::thread::scope(|threads| {
            for writer in 0..2u64 {
                let (memo, done) = (&memo, &done);
                threads.spawn(move || {
                    for round in 0..200_000u64 {
                        memo.put(name(3) + u128::from(writer), words(writer, round % 1000));
                    }
                    done.store(true, Ordering::Relaxed);
                });
            }
            while !done.load(Ordering::Relaxed) {
                for writer in 0..2u64 {
                    if let Some(found) = memo.get(name(3) + u128::from(writer)) {
                        assert_eq!(found, words(writer, found[1]));
                    }
                }
            }
        });
    }
}
