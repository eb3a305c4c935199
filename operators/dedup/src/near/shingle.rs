//! Texts as sets of shingles: runs of consecutive words or characters, each named by a 64-bit hash.

use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::xxh3_64;

/// Of what a shingle is a run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Unit {
    /// Words: maximal runs of word characters (`\w` of [UTS #18](https://unicode.org/reports/tr18/#Compatibility_Properties)).
    #[default]
    Word,
    /// Characters of the words, which are joined by single spaces: for languages that put none between theirs.
    Char,
}

/// What cuts a text into shingles.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Shingler {
    pub(crate) unit: Unit,
    /// Words or characters per shingle.
    pub(crate) n: usize,
}

impl Shingler {
    /// Returns the shingles of a text in its order, lower-cased; one shingle for a shorter text, none for an empty one.
    ///
    /// Two texts share a hash exactly when they share a shingle, but for the collisions of 64 bits: one pair of texts of
    /// a thousand words in 10^13 has any.
    pub(crate) fn shingles(&self, text: &str) -> Vec<u64> {
        let units = match text.is_ascii() {
            true => self.units(&text.to_ascii_lowercase()),
            false => self.units(&text.to_lowercase()),
        };
        grams(&units, self.n)
    }

    /// Returns the set of a text's shingles, in rising order.
    pub(crate) fn set(&self, text: &str) -> Vec<u64> {
        let mut set = self.shingles(text);
        set.sort_unstable();
        set.dedup();
        set
    }

    fn units(&self, lower: &str) -> Vec<u64> {
        let mut units = Vec::with_capacity(lower.len() / 4);
        match self.unit {
            Unit::Word => each_word(lower, |word| units.push(xxh3_64(word.as_bytes()))),
            Unit::Char => each_word(lower, |word| {
                if !units.is_empty() {
                    units.push(mix(u64::from(' ')));
                }
                units.extend(word.chars().map(|char| mix(u64::from(char))));
            }),
        }
        units
    }
}

/// Calls `each` for every word of a text.
fn each_word<'a>(text: &'a str, mut each: impl FnMut(&'a str)) {
    let bytes = text.as_bytes();
    let mut start = None;
    let mut at = 0;
    while at < bytes.len() {
        let (is_word, len) = match bytes[at] {
            byte if byte.is_ascii() => (ASCII_WORD[usize::from(byte)], 1),
            _ => {
                let char = text[at..].chars().next().expect("not at the end");
                (regex_syntax::is_word_character(char), char.len_utf8())
            }
        };
        match (is_word, start) {
            (true, None) => start = Some(at),
            (false, Some(from)) => {
                each(&text[from..at]);
                start = None;
            }
            _ => {}
        }
        at += len;
    }
    if let Some(from) = start {
        each(&text[from..]);
    }
}

const ASCII_WORD: [bool; 128] = {
    let mut table = [false; 128];
    let mut byte = 0;
    while byte < 128 {
        table[byte] = (byte as u8).is_ascii_alphanumeric() || byte as u8 == b'_';
        byte += 1;
    }
    table
};

/// An odd number without structure: the golden ratio's, as Fibonacci hashing takes it.
const BASE: u64 = 0x9e37_79b9_7f4a_7c15;

/// Hashes each run of `n` units by a polynomial that rolls, so that longer shingles cost no more.
fn grams(units: &[u64], n: usize) -> Vec<u64> {
    let polynomial =
        |run: &[u64]| run.iter().fold(0u64, |sum, unit| sum.wrapping_mul(BASE).wrapping_add(*unit));
    if units.len() <= n {
        // Its length tells a short text from a run of a longer one.
        return if units.is_empty() { Vec::new() } else { vec![mix(polynomial(units) ^ units.len() as u64)] };
    }
    let highest = (1..n).fold(1u64, |power, _| power.wrapping_mul(BASE));
    let mut sum = polynomial(&units[..n]);
    let mut all = Vec::with_capacity(units.len() + 1 - n);
    all.push(mix(sum ^ n as u64));
    for (old, new) in units.iter().zip(&units[n..]) {
        sum = sum.wrapping_sub(old.wrapping_mul(highest)).wrapping_mul(BASE).wrapping_add(*new);
        all.push(mix(sum ^ n as u64));
    }
    all
}

/// Mixes 64 bits: the finaliser of SplitMix64 (Steele, Lea, Flood: Fast Splittable Pseudorandom Number Generators).
pub(crate) fn mix(x: u64) -> u64 {
    let x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}

/// Returns how many elements two sets share; both rise.
pub(crate) fn shared(one: impl Iterator<Item = u64>, two: impl Iterator<Item = u64>) -> usize {
    let (mut one, mut two) = (one, two);
    let (mut left, mut right) = (one.next(), two.next());
    let mut count = 0;
    while let (Some(a), Some(b)) = (left, right) {
        count += usize::from(a == b);
        if a <= b {
            left = one.next();
        }
        if b <= a {
            right = two.next();
        }
    }
    count
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    const WORDS: Shingler = Shingler { unit: Unit::Word, n: 5 };

    /// The definition, with regular expression, tuples and sets.
    fn reference(text: &str, n: usize) -> BTreeSet<Vec<String>> {
        let lower = text.to_lowercase();
        let words = regex::Regex::new(r"\w+").unwrap();
        let words: Vec<String> = words.find_iter(&lower).map(|word| word.as_str().to_owned()).collect();
        match words.len() {
            0 => BTreeSet::new(),
            len if len <= n => BTreeSet::from([words]),
            _ => words.windows(n).map(<[String]>::to_vec).collect(),
        }
    }

    #[test]
    fn sets_are_as_large_as_the_definition_has_them_and_share_as_many() {
        let texts = [
            "",
            "— … !",
            "one",
            "One two, three FOUR five",
            "one two three four five six",
            "a a a a a a a a a",
            "Ünïcode wörter: größe, ΣΊΣΥΦΟΣ, हिन्दी में शब्द, snake_case x2",
            "größe, σίσυφος, हिन्दी में शब्द, snake_case x2",
            "the quick brown fox jumps over the lazy dog the quick brown fox jumps",
        ];
        for one in texts {
            for two in texts {
                for n in [1, 2, 5] {
                    let shingler = Shingler { n, ..WORDS };
                    let (a, b) = (shingler.set(one), shingler.set(two));
                    let (x, y) = (reference(one, n), reference(two, n));
                    assert_eq!((a.len(), b.len()), (x.len(), y.len()), "{one:?} {two:?} {n}");
                    let count = shared(a.iter().copied(), b.iter().copied());
                    assert_eq!(count, x.intersection(&y).count(), "{one:?} {two:?} {n}");
                }
            }
        }
    }

    #[test]
    fn characters_run_over_single_spaces() {
        let chars = Shingler { unit: Unit::Char, n: 3 };
        assert_eq!(chars.set("a  b"), chars.set("A-B"));
        assert_eq!(chars.set("日本語の文").len(), 3);
    }
}
