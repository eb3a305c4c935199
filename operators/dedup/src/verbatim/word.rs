use std::ops::Range;

use rifflebox_core::each_word;
use xxhash_rust::xxh3::xxh3_64;

/// A word of one of several texts: two are equal, in whatever case, exactly when their hashes are, but for the
/// collisions of 64 bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Word {
    pub(crate) hash: u64,
    /// Which of the texts it stands in.
    pub(crate) text: u32,
    /// Its first byte there.
    start: usize,
    /// One past its last.
    end: usize,
}

/// Where no span runs on: between two texts, and where a part of one does not count.
///
/// Samples and documents have gaps of their own, so that two gaps are never equal.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Gap {
    InSample = 1,
    InDocument = 2,
}

impl Word {
    fn gap(gap: Gap) -> Self {
        Word { hash: gap as u64, text: u32::MAX, start: 0, end: 0 }
    }

    fn is_gap(&self) -> bool {
        self.text == u32::MAX
    }
}

/// Returns the words of some texts in order, without those in the ranges of bytes that `skip` gives for a text.
pub(crate) fn words<'a>(
    texts: impl Iterator<Item = &'a str>,
    skip: impl Fn(&str) -> Vec<Range<usize>>,
    gap: Gap,
) -> Vec<Word> {
    let mut all: Vec<Word> = Vec::new();
    for (index, text) in texts.enumerate() {
        let skipped = skip(text);
        let mut open = false;
        each_word(text, |word| {
            // A word is a part of its text.
            let start = word.as_ptr().addr() - text.as_ptr().addr();
            if skipped.iter().any(|range| range.contains(&start)) {
                open = false;
                return;
            }
            if !open && !all.is_empty() {
                all.push(Word::gap(gap));
            }
            open = true;
            all.push(Word { hash: hash(word), text: index as u32, start, end: start + word.len() });
        });
    }
    all
}

/// Returns the runs of words without a gap.
pub(crate) fn stretches(words: &[Word]) -> impl Iterator<Item = &[Word]> {
    words.split(Word::is_gap)
}

/// Returns the bytes from the first of some words of one text to the end of the last.
pub(crate) fn bytes(run: &[Word]) -> Range<u64> {
    let (first, last) = (run.first().expect("a run has words"), run.last().expect("a run has words"));
    first.start as u64..last.end as u64
}

/// Hashes a word in lower case.
fn hash(word: &str) -> u64 {
    match word.bytes().all(|byte| byte.is_ascii() && !byte.is_ascii_uppercase()) {
        true => xxh3_64(word.as_bytes()),
        false => xxh3_64(word.to_lowercase().as_bytes()),
    }
}

/// Returns all words of one text.
pub(crate) fn read(text: &str) -> Vec<Word> {
    words([text].into_iter(), |_| Vec::new(), Gap::InDocument)
}
