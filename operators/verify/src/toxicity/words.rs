use std::collections::BTreeMap;

use rifflebox_core::each_lower_word;

/// A short list of what is plainly meant to hurt, in English, chosen for rifflebox: vulgarities, slurs and threats that
/// have no common harmless sense. Whoever needs more brings a list.
pub(crate) const BUILTIN: &[&str] = &[
    "fuck",
    "fucked",
    "fucker",
    "fuckers",
    "fucking",
    "fucks",
    "motherfucker*",
    "shit",
    "shits",
    "shitty",
    "bullshit",
    "asshole*",
    "arsehole*",
    "bitch",
    "bitches",
    "cunt",
    "cunts",
    "dickhead*",
    "cocksucker*",
    "wanker*",
    "whore",
    "whores",
    "slut",
    "sluts",
    "nigger*\t5",
    "faggot*\t5",
    "kike*\t5",
    "kill yourself\t5",
    "kill your self\t5",
    "go kill yourself\t5",
    "hope you die\t5",
    "deserve to die\t5",
    "rape you\t5",
];

/// A word or phrase that is looked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    words: Vec<String>,
    /// Whether any end of the last word will do.
    open: bool,
    /// In thousandths.
    weight: u64,
}

impl Entry {
    /// Reads a line: words, and a weight behind a tab.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(crate) fn read(line: &str) -> Result<Self, String> {
        let (phrase, weight) =
            line.split_once('\t').map_or((line, "1"), |(phrase, weight)| (phrase, weight.trim()));
        let number = weight.parse::<f64>().ok().filter(|number| (0.0..=1_000.0).contains(number));
        let number = number.ok_or_else(|| format!("`{weight}` is no weight: a number from 0 to 1,000"))?;
        let phrase = phrase.trim();
        let words = spelled(phrase);
        match words.is_empty() {
            true => Err("it has no word".to_owned()),
            false => Ok(Entry { words, open: phrase.ends_with('*'), weight: (number * 1e3).round() as u64 }),
        }
    }

    /// Returns whether it stands at the beginning of some words.
    fn begins(&self, words: &[String]) -> bool {
        let Some(there) = words.get(..self.words.len()) else { return false };
        let (last, first) = self.words.split_last().expect("an entry has a word");
        let (there_last, there_first) = there.split_last().expect("an entry has a word");
        first == there_first
            && if self.open { there_last.starts_with(last.as_str()) } else { last == there_last }
    }
}

/// Entries, each with the name that reasons give it.
#[derive(Debug)]
pub(crate) struct WordList {
    entries: Vec<(String, Entry)>,
    /// Entries by their first words.
    by_first: BTreeMap<String, Vec<usize>>,
    /// Those that are one open word.
    open: Vec<usize>,
}

impl WordList {
    pub(crate) fn new(entries: Vec<(String, Entry)>) -> Self {
        let mut list = WordList { entries, by_first: BTreeMap::new(), open: Vec::new() };
        for (index, (_, entry)) in list.entries.iter().enumerate() {
            match entry.open && entry.words.len() == 1 {
                true => list.open.push(index),
                false => list.by_first.entry(entry.words[0].clone()).or_default().push(index),
            }
        }
        list
    }

    /// Returns how often each entry hits: at each word the longest, the first of several; no word counts twice.
    pub(crate) fn hits(&self, words: &[String]) -> BTreeMap<usize, u64> {
        let mut hits = BTreeMap::new();
        let mut at = 0;
        while at < words.len() {
            let rest = &words[at..];
            let listed = self.by_first.get(&rest[0]).into_iter().flatten().chain(&self.open);
            let there = listed.copied().filter(|index| self.entries[*index].1.begins(rest));
            let longest =
                there.max_by_key(|index| (self.entries[*index].1.words.len(), std::cmp::Reverse(*index)));
            at += match longest {
                Some(index) => {
                    *hits.entry(index).or_default() += 1;
                    self.entries[index].1.words.len()
                }
                None => 1,
            };
        }
        hits
    }

    /// Returns an entry's weight, in thousandths.
    pub(crate) fn weight(&self, entry: usize) -> u64 {
        self.entries[entry].1.weight
    }

    /// Returns the name of an entry and its first letter.
    pub(crate) fn told(&self, entry: usize) -> (&str, char) {
        let (name, entry) = &self.entries[entry];
        (name, entry.words[0].chars().next().expect("a word has a letter"))
    }
}

/// Returns the words of a text, in lower case.
pub(crate) fn spelled(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    each_lower_word(text, |word| words.push(word.to_owned()));
    words
}
