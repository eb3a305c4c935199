use std::collections::BTreeMap;

use super::word::{Word, read};

/// Texts that no sample may hold, by their first words.
#[derive(Debug, Default)]
pub(crate) struct Watch {
    texts: Vec<Vec<u64>>,
    by_first: BTreeMap<u64, Vec<usize>>,
}

impl Watch {
    pub(crate) fn of(texts: &[String]) -> Self {
        let mut watch = Watch::default();
        for (index, text) in texts.iter().enumerate() {
            let hashes: Vec<u64> = read(text).iter().map(|word| word.hash).collect();
            watch.by_first.entry(hashes[0]).or_default().push(index);
            watch.texts.push(hashes);
        }
        watch
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.texts.is_empty()
    }

    /// Returns the first canary among some words: its index, and the words that are it.
    pub(crate) fn first<'a>(&self, words: &'a [Word]) -> Option<(usize, &'a [Word])> {
        words.iter().enumerate().find_map(|(at, word)| {
            let candidates = self.by_first.get(&word.hash)?;
            candidates.iter().find_map(|index| {
                let run = words[at..].get(..self.texts[*index].len())?;
                let is_it = run.iter().zip(&self.texts[*index]).all(|(word, hash)| word.hash == *hash);
                is_it.then_some((*index, run))
            })
        })
    }
}
