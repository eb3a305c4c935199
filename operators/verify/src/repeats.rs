//! How much of a text is said again.

use std::collections::BTreeSet;

use crate::judge::count_chars;

/// Parts that repeat an earlier one.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Repeats {
    /// All parts.
    pub(crate) total: usize,
    /// Those that repeat.
    pub(crate) parts: usize,
    /// Characters of those that repeat.
    pub(crate) chars: usize,
}

/// Counts the parts that equal an earlier one.
pub(crate) fn repeats<'a>(parts: impl Iterator<Item = &'a str>) -> Repeats {
    let mut seen = BTreeSet::new();
    let mut repeats = Repeats::default();
    for part in parts {
        repeats.total += 1;
        if !seen.insert(part) {
            repeats.parts += 1;
            repeats.chars += count_chars(part);
        }
    }
    repeats
}

/// The runs of words of a text, each found by its spelling in constant time.
///
/// A run is named by a hash that is read off two prefixes, and its spelling is compared where hashes
/// meet, so the counts are exact.
pub(crate) struct Runs {
    /// All words, with the separator behind each.
    spelling: String,
    words: Vec<Word>,
    separator: usize,
    /// For each hash the first run that has it, as its first word's number plus one.
    slots: Vec<u32>,
}

/// What lies before a word: the last entry stands for the end.
#[derive(Clone, Copy)]
struct Word {
    /// Bytes.
    start: usize,
    /// Characters.
    chars: usize,
    /// Sum of the bytes, each times `BASE` to the power of its place.
    sum: u64,
    /// `BASE` to the power of minus `start`.
    shift: u64,
}

/// Any odd number would do.
const BASE: u64 = 0x9e37_79b9_7f4a_7c15;

/// The inverse of an odd number modulo 2^64, by Newton's iteration.
const fn inverse(number: u64) -> u64 {
    let mut inverse = number;
    let mut rounds = 0;
    while rounds < 6 {
        inverse = inverse.wrapping_mul(2u64.wrapping_sub(number.wrapping_mul(inverse)));
        rounds += 1;
    }
    inverse
}

const BASE_INVERSE: u64 = inverse(BASE);

impl Runs {
    /// Lays out the words; runs are spelt with `separator` between them.
    pub(crate) fn new(words: &[&str], separator: &str) -> Self {
        let bytes = words.iter().map(|word| word.len() + separator.len()).sum();
        let mut runs = Runs {
            spelling: String::with_capacity(bytes),
            words: Vec::with_capacity(words.len() + 1),
            separator: separator.len(),
            slots: vec![0; (words.len() * 2).next_power_of_two()],
        };
        let mut next = Word { start: 0, chars: 0, sum: 0, shift: 1 };
        let mut power = 1u64;
        for word in words {
            runs.words.push(next);
            for part in [word, separator] {
                for byte in part.bytes() {
                    next.sum = next.sum.wrapping_add(power.wrapping_mul(u64::from(byte) + 1));
                    next.shift = next.shift.wrapping_mul(BASE_INVERSE);
                    power = power.wrapping_mul(BASE);
                    next.chars += usize::from(byte & 0xc0 != 0x80);
                }
                runs.spelling.push_str(part);
            }
            next.start = runs.spelling.len();
        }
        runs.words.push(next);
        runs
    }

    /// Counts the characters of runs of `length` words that repeat an earlier one; none overlap.
    pub(crate) fn repeated_chars(&mut self, length: usize) -> usize {
        self.slots.fill(0);
        let (mut at, mut chars) = (0, 0);
        while at + length < self.words.len() {
            if self.first(at, length) == at {
                at += 1;
            } else {
                chars += self.chars(at, length);
                at += length;
            }
        }
        chars
    }

    /// Counts the characters of the commonest run of `length` words, in all its places, the first of equals.
    pub(crate) fn commonest_chars(&mut self, length: usize) -> Option<usize> {
        self.slots.fill(0);
        let runs = (self.words.len()).checked_sub(length).filter(|&runs| runs > 0)?;
        let mut counts = vec![0usize; runs];
        for at in 0..runs {
            counts[self.first(at, length)] += 1;
        }
        let best = (0..runs).max_by_key(|&at| (counts[at], std::cmp::Reverse(at)))?;
        Some(self.chars(best, length) * counts[best])
    }

    /// Returns where the run that is spelt like this one was first looked up: here, if it never was.
    fn first(&mut self, at: usize, length: usize) -> usize {
        let mask = self.slots.len() - 1;
        let mut slot = self.hash(at, length) as usize & mask;
        loop {
            match self.slots[slot] {
                0 => {
                    self.slots[slot] = u32::try_from(at + 1).expect("a text has fewer than 2^32 words");
                    return at;
                }
                other => {
                    let other = other as usize - 1;
                    if self.spelling(other, length) == self.spelling(at, length) {
                        return other;
                    }
                }
            }
            slot = (slot + 1) & mask;
        }
    }

    fn hash(&self, at: usize, length: usize) -> u64 {
        let (start, end) = (self.words[at], self.words[at + length]);
        let sum = end.sum.wrapping_sub(start.sum).wrapping_mul(start.shift);
        // The low bits of such a sum are poor: fold the high ones in.
        (sum ^ (sum >> 32)).wrapping_mul(0xd6e8_feb8_6659_fd93) >> 32
    }

    fn spelling(&self, at: usize, length: usize) -> &[u8] {
        &self.spelling.as_bytes()[self.words[at].start..self.words[at + length].start - self.separator]
    }

    fn chars(&self, at: usize, length: usize) -> usize {
        self.words[at + length].chars - self.words[at].chars - self.separator
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use proptest::prelude::*;

    use super::*;

    /// The definition: spell every run out.
    fn naive_repeated(words: &[String], length: usize) -> usize {
        let (mut seen, mut at, mut chars) = (BTreeSet::new(), 0, 0);
        while at + length <= words.len() {
            let run = words[at..at + length].concat();
            let size = run.chars().count();
            if seen.insert(run) {
                at += 1;
            } else {
                chars += size;
                at += length;
            }
        }
        chars
    }

    fn naive_commonest(words: &[String], length: usize) -> Option<usize> {
        let mut counts: BTreeMap<String, (usize, usize)> = BTreeMap::new();
        for (at, run) in words.windows(length).enumerate() {
            counts.entry(run.join(" ")).or_insert((0, at)).0 += 1;
        }
        let best = counts.into_iter().max_by_key(|&(_, (count, at))| (count, std::cmp::Reverse(at)))?;
        Some(best.0.chars().count() * best.1.0)
    }

    proptest! {
        #[test]
        fn counts_are_those_of_the_definition(
            words in prop::collection::vec("(a|b|ab|é|日本|word)", 0..40),
            length in 1usize..6,
        ) {
            let borrowed: Vec<&str> = words.iter().map(String::as_str).collect();
            let (mut joined, mut spaced) = (Runs::new(&borrowed, ""), Runs::new(&borrowed, " "));
            // Twice, since the slots are used again.
            for _ in 0..2 {
                prop_assert_eq!(joined.repeated_chars(length), naive_repeated(&words, length));
                prop_assert_eq!(spaced.commonest_chars(length), naive_commonest(&words, length));
            }
        }
    }

    #[test]
    fn parts_repeat_from_their_second_time_on() {
        let expected = Repeats { total: 5, parts: 2, chars: 4 };
        assert_eq!(repeats(["éa", "b", "éa", "c", "éa"].into_iter()), expected);
    }
}
