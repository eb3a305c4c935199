use std::ops::Range;

use rifflebox_core::{each_word, grams};
use xxhash_rust::xxh3::xxh3_64;

/// The words of a text, in lower case and in order.
#[derive(Debug, Default)]
pub(super) struct Text {
    lower: String,
    words: Vec<Range<u32>>,
}

impl Text {
    /// Reads the words of texts, as one sequence.
    pub(super) fn of<'a>(parts: impl IntoIterator<Item = &'a str>) -> Text {
        let lower = parts.into_iter().collect::<Vec<_>>().join("\n").to_lowercase();
        let mut words = Vec::new();
        each_word(&lower, |word| {
            let start = (word.as_ptr() as usize - lower.as_ptr() as usize) as u32;
            words.push(start..start + word.len() as u32);
        });
        Text { words, lower }
    }

    /// Returns the number of words.
    pub(super) fn len(&self) -> usize {
        self.words.len()
    }

    /// Returns whether there is no word.
    pub(super) fn is_empty(&self) -> bool {
        self.words.is_empty()
    }

    /// Returns a word.
    pub(super) fn word(&self, at: usize) -> &str {
        let Range { start, end } = self.words[at];
        &self.lower[start as usize..end as usize]
    }

    /// Returns a word; any number as the same one.
    fn blurred(&self, at: usize) -> &str {
        let word = self.word(at);
        if word.chars().all(char::is_numeric) { "0" } else { word }
    }

    /// Returns whether some words are more than numbers.
    pub(super) fn has_letter(&self, mut words: Range<usize>) -> bool {
        words.any(|at| self.word(at).contains(char::is_alphabetic))
    }

    /// Returns a hash of each run of `n` words, in order, whatever its numbers are; none of a text of fewer words.
    pub(super) fn runs(&self, n: usize) -> Vec<u64> {
        if self.len() < n {
            return Vec::new();
        }
        let words: Vec<u64> = (0..self.len()).map(|at| xxh3_64(self.blurred(at).as_bytes())).collect();
        grams(&words, n)
    }

    /// Returns whether two texts have the same `n` words at two places, numbers aside.
    pub(super) fn alike(&self, at: usize, other: &Text, other_at: usize, n: usize) -> bool {
        (0..n).all(|step| self.blurred(at + step) == other.blurred(other_at + step))
    }

    /// Returns whether two texts have the same `n` words at two places.
    pub(super) fn same(&self, at: usize, other: &Text, other_at: usize, n: usize) -> bool {
        (0..n).all(|step| self.word(at + step) == other.word(other_at + step))
    }

    /// Returns the words around a word that two texts share, in a row: their range here.
    pub(super) fn shared_around(&self, at: usize, other: &Text, other_at: usize) -> Range<usize> {
        let before =
            (1..=at.min(other_at)).take_while(|back| self.word(at - back) == other.word(other_at - back));
        let left = (self.len() - at).min(other.len() - other_at);
        let after = (0..left).take_while(|step| self.word(at + step) == other.word(other_at + step));
        at - before.count()..at + after.count()
    }
}
