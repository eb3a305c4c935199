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

    /// Returns the most words in a row that two texts share, of those rows that hold the `n` words from one of these
    /// places on, which rise; 0 if none does.
    ///
    /// A row that is shared has shared rows of any lesser length within it, so the greatest length is looked for by
    /// halves: the time grows with the words and the logarithm of their number, however often they say the same.
    pub(super) fn longest_shared(&self, other: &Text, places: &[usize], n: usize) -> usize {
        let [words, others] = [self, other].map(|text| -> Vec<u64> {
            (0..text.len()).map(|at| xxh3_64(text.word(at).as_bytes())).collect()
        });
        let holds = |at: usize, length: usize| {
            let next = places.partition_point(|place| *place < at);
            places.get(next).is_some_and(|place| place + n <= at + length)
        };
        let is_shared = |length: usize| {
            let mut rows: Vec<(u64, usize)> = grams(&others, length).into_iter().zip(0..).collect();
            rows.sort_unstable();
            let stands = |at: usize, hash: u64| {
                let from = rows.partition_point(|row| row.0 < hash);
                let mut same = rows[from..].iter().take_while(|row| row.0 == hash);
                same.any(|row| self.same(at, other, row.1, length))
            };
            let rows_here = grams(&words, length).into_iter().enumerate();
            rows_here.filter(|(at, _)| holds(*at, length)).any(|(at, hash)| stands(at, hash))
        };
        let (mut longest, mut too_long) = (n - 1, self.len().min(other.len()) + 1);
        while too_long - longest > 1 {
            let middle = longest + (too_long - longest) / 2;
            match is_shared(middle) {
                true => longest = middle,
                false => too_long = middle,
            }
        }
        if longest < n { 0 } else { longest }
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
