use std::collections::{BTreeMap, BTreeSet};

use xxhash_rust::xxh3::xxh3_64;

/// A content word of a text, cut to its stem.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Term {
    /// Of the stem: two terms are equal exactly when these are, but for the collisions of 64 bits.
    pub(crate) hash: u64,
    pub(crate) weight: u64,
    /// Whether it is a number or a name, for which no other word will do.
    pub(crate) is_fixed: bool,
    /// The word as it stands.
    pub(crate) word: String,
}

/// What content words weigh: by their shape, or by a table of one's own.
#[derive(Clone, Debug, Default)]
pub(crate) struct Weights {
    by_stem: BTreeMap<String, u64>,
}

/// The largest weight that a table may give.
pub(crate) const MOST_WEIGHT: u64 = 1_000;

impl Weights {
    /// Reads a table: a word, a tab and its weight a line.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(crate) fn read(text: &str) -> Result<Self, String> {
        let mut by_stem = BTreeMap::new();
        for (index, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
            let pair = line.split_once('\t').and_then(|(word, weight)| {
                let weight = weight.trim().parse::<u64>().ok().filter(|weight| *weight <= MOST_WEIGHT)?;
                Some((stem(&word.trim().to_lowercase()), weight))
            });
            let (stem, weight) = pair.ok_or_else(|| {
                format!("line {} is no word, tab and weight from 0 to {MOST_WEIGHT}", index + 1)
            })?;
            by_stem.entry(stem).or_insert(weight);
        }
        Ok(Weights { by_stem })
    }

    /// Returns the content words of a text, in its order.
    pub(crate) fn terms(&self, text: &str) -> Vec<Term> {
        words(text).into_iter().filter_map(|word| self.term(word.text, word.starts)).collect()
    }

    /// Returns the set of the content words of a text.
    pub(crate) fn set(&self, text: &str) -> BTreeSet<u64> {
        self.terms(text).into_iter().map(|term| term.hash).collect()
    }

    fn term(&self, word: &str, starts: bool) -> Option<Term> {
        let lower = word.to_lowercase();
        if STOP_WORDS.binary_search(&lower.as_str()).is_ok() {
            return None;
        }
        let first = word.chars().next()?;
        let is_capital = first.is_uppercase();
        let letters = word.chars().count();
        if letters == 1 && !is_capital && !first.is_numeric() {
            return None;
        }
        let is_number = first.is_numeric();
        let stem = match NUMBER_WORDS.iter().find(|(name, _)| *name == lower) {
            Some((_, digits)) => (*digits).to_owned(),
            None if is_number => lower.replace(',', ""),
            None => stem(&lower),
        };
        let by_shape = match letters {
            _ if is_number => 4,
            _ if is_capital => 3,
            7.. => 3,
            4..=6 => 2,
            _ => 1,
        };
        // What begins a sentence is a name only if it is written like one.
        let is_name =
            is_capital && (!starts || word.chars().skip(1).any(|c| c.is_uppercase() || c.is_numeric()));
        Some(Term {
            hash: xxh3_64(stem.as_bytes()),
            weight: self.by_stem.get(&stem).copied().unwrap_or(by_shape),
            is_fixed: is_number || is_name,
            word: word.to_owned(),
        })
    }
}

/// A word, and whether it begins a sentence.
struct Word<'a> {
    text: &'a str,
    starts: bool,
}

/// Returns the words of a text: runs of letters and digits, numbers with the stops and commas within them.
fn words(text: &str) -> Vec<Word<'_>> {
    let mut words = Vec::new();
    let mut starts = true;
    let mut rest = text;
    while let Some(at) = rest.find(char::is_alphanumeric) {
        starts |= rest[..at].contains(['.', '!', '?', ':', '\n', '"', '“', '|']);
        rest = &rest[at..];
        let length = word_length(rest);
        words.push(Word { text: &rest[..length], starts });
        starts = false;
        rest = &rest[length..];
    }
    words
}

fn word_length(text: &str) -> usize {
    let is_number = text.starts_with(char::is_numeric);
    let mut previous_is_digit = false;
    for (at, c) in text.char_indices() {
        let goes_on = c.is_alphanumeric()
            || is_number
                && matches!(c, '.' | ',')
                && previous_is_digit
                && text[at + 1..].starts_with(|next: char| next.is_ascii_digit());
        if !goes_on {
            return at;
        }
        previous_is_digit = c.is_ascii_digit();
    }
    text.len()
}

/// Returns all words of a text, in lower case and parted by single spaces, with a space at both ends.
pub(crate) fn spelled(text: &str) -> String {
    let mut spelled = " ".to_owned();
    for word in words(text) {
        spelled.push_str(&word.text.to_lowercase());
        spelled.push(' ');
    }
    spelled
}

/// How many letters of a stem count.
const STEM_LETTERS: usize = 7;

/// Endings of inflected words with what stands for them, and the letters that must stay; the first that fits is taken
/// (after Harman 1991, "How Effective is Suffixing?", whose s-stemmer has the plurals).
const ENDINGS: [(&str, &str, usize); 10] = [
    ("ies", "y", 2),
    ("sses", "ss", 2),
    ("ing", "", 3),
    ("edly", "", 3),
    ("ed", "", 3),
    ("ly", "", 3),
    ("ation", "at", 3),
    ("ment", "", 4),
    ("es", "e", 2),
    ("s", "", 2),
];

/// Cuts a word in lower case to its stem.
fn stem(word: &str) -> String {
    let ending = ENDINGS.iter().find_map(|(ending, instead, least)| {
        let stem = word.strip_suffix(ending)?;
        (stem.chars().count() >= *least && !word.ends_with("ss")).then(|| format!("{stem}{instead}"))
    });
    let mut stem = ending.unwrap_or_else(|| word.to_owned());
    if stem.ends_with('e') && stem.chars().count() > 3 {
        stem.pop();
    }
    stem.chars().take(STEM_LETTERS).collect()
}

/// Small numbers in words.
const NUMBER_WORDS: [(&str, &str); 13] = [
    ("two", "2"),
    ("three", "3"),
    ("four", "4"),
    ("five", "5"),
    ("six", "6"),
    ("seven", "7"),
    ("eight", "8"),
    ("nine", "9"),
    ("ten", "10"),
    ("eleven", "11"),
    ("twelve", "12"),
    ("first", "1st"),
    ("third", "3rd"),
];

/// Words of English that say nothing by themselves, in rising order: its articles, pronouns, prepositions, conjunctions
/// and auxiliaries.
const STOP_WORDS: &[&str] = &[
    "a",
    "about",
    "above",
    "after",
    "again",
    "against",
    "all",
    "also",
    "although",
    "am",
    "among",
    "an",
    "and",
    "any",
    "are",
    "as",
    "at",
    "be",
    "because",
    "been",
    "before",
    "being",
    "below",
    "between",
    "both",
    "but",
    "by",
    "called",
    "can",
    "could",
    "did",
    "do",
    "does",
    "down",
    "during",
    "each",
    "few",
    "for",
    "from",
    "further",
    "had",
    "has",
    "have",
    "having",
    "he",
    "her",
    "here",
    "hers",
    "herself",
    "him",
    "himself",
    "his",
    "how",
    "however",
    "i",
    "if",
    "in",
    "into",
    "is",
    "it",
    "its",
    "itself",
    "just",
    "kind",
    "many",
    "may",
    "me",
    "might",
    "mine",
    "more",
    "most",
    "much",
    "must",
    "my",
    "name",
    "no",
    "nor",
    "not",
    "of",
    "off",
    "on",
    "one",
    "ones",
    "only",
    "onto",
    "or",
    "other",
    "our",
    "ours",
    "out",
    "over",
    "own",
    "per",
    "s",
    "same",
    "shall",
    "she",
    "should",
    "since",
    "so",
    "some",
    "such",
    "t",
    "than",
    "that",
    "the",
    "their",
    "theirs",
    "them",
    "themselves",
    "then",
    "there",
    "these",
    "they",
    "this",
    "those",
    "though",
    "through",
    "thus",
    "to",
    "too",
    "toward",
    "towards",
    "type",
    "under",
    "until",
    "up",
    "upon",
    "us",
    "use",
    "used",
    "very",
    "via",
    "was",
    "we",
    "were",
    "what",
    "when",
    "where",
    "which",
    "while",
    "who",
    "whom",
    "whose",
    "why",
    "will",
    "with",
    "within",
    "without",
    "would",
    "yet",
    "you",
    "your",
    "yours",
];

#[cfg(test)]
mod tests {
    use super::*;

    fn told(text: &str) -> Vec<(String, u64, bool)> {
        let terms = Weights::default().terms(text);
        terms.into_iter().map(|term| (term.word, term.weight, term.is_fixed)).collect()
    }

    #[test]
    fn stop_words_are_sorted() {
        assert!(STOP_WORDS.is_sorted_by(|one, two| one < two));
    }

    #[test]
    fn numbers_and_names_are_fixed_and_weigh_more() {
        let told: Vec<String> =
            told("Counters rise. In 1843 Ada Lovelace wrote 1,000.5 notes about the X-3 engine.")
                .into_iter()
                .map(|(word, weight, fixed)| format!("{word}{weight}{}", if fixed { "!" } else { "" }))
                .collect();
        assert_eq!(
            told.join(" "),
            "Counters3 rise2 18434! Ada3! Lovelace3! wrote2 1,000.54! notes2 X3! 34! engine2"
        );
    }

    #[test]
    fn one_word_in_its_forms_is_one_term() {
        let same = |one: &str, two: &str| Weights::default().set(one) == Weights::default().set(two);
        assert!(same("scored", "scoring") && same("parties", "party") && same("1,000", "1000"));
        assert!(same("three", "3") && same("engines", "Engine") && same("invaded", "invades"));
        assert!(!same("score", "scope") && !same("1843", "1842") && same("the of", ""));
    }

    #[test]
    fn a_table_weighs_instead_of_the_shape() {
        let weights = Weights::read("Engine\t9\nof\t3\n").unwrap();
        let terms = weights.terms("engines of 1843");
        assert_eq!(terms.iter().map(|term| term.weight).collect::<Vec<_>>(), [9, 4]);
        assert_eq!(
            Weights::read("engine 9").unwrap_err(),
            "line 1 is no word, tab and weight from 0 to 1000"
        );
    }

    #[test]
    fn words_are_spelled_alike() {
        assert_eq!(spelled("The U.S. won 24–10, in 2.5 hours!"), " the u s won 24 10 in 2.5 hours ");
        assert_eq!(spelled("…"), " ");
    }
}
