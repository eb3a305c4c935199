//! Texts as sets of shingles: runs of consecutive words or characters, each named by a 64-bit hash.

use rifflebox_core::{each_word, grams, mix};
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
        grams(&self.units(&text.to_lowercase()), self.n)
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

/// Steps after which it is asked whether two sets can still share enough.
const STRIDE: usize = 16;

/// Returns how many elements two sets share, each as the little-endian bytes of its elements in rising order; none if they
/// are fewer than `least`, which most that have met by chance soon show.
///
/// Which side goes on is computed and not branched on: of two texts that differ nobody could foresee it.
pub(crate) fn shared(one: &[[u8; 8]], two: &[[u8; 8]], least: usize) -> Option<usize> {
    let (mut left, mut right, mut count) = (0, 0, 0);
    loop {
        let to_come = (one.len() - left).min(two.len() - right);
        if count + to_come < least {
            return None;
        }
        if to_come == 0 {
            return Some(count);
        }
        for _ in 0..to_come.min(STRIDE) {
            let (a, b) = (u64::from_le_bytes(one[left]), u64::from_le_bytes(two[right]));
            count += usize::from(a == b);
            left += usize::from(a <= b);
            right += usize::from(b <= a);
        }
    }
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
                    let bytes = |set: &[u64]| set.iter().map(|one| one.to_le_bytes()).collect::<Vec<_>>();
                    let count = x.intersection(&y).count();
                    for least in [0, count] {
                        assert_eq!(shared(&bytes(&a), &bytes(&b), least), Some(count), "{one:?} {two:?} {n}");
                    }
                    assert_eq!(shared(&bytes(&a), &bytes(&b), count + 1), None, "{one:?} {two:?} {n}");
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
