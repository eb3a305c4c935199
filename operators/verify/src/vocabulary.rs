use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use regex::Regex;
use rifflebox_core::{Document, Identity, Key, Proof, Result, Sample, Verdict, Verifier, each_lower_word};
use serde::{Deserialize, Serialize};

use crate::lines::Lines;
use crate::looked_at::{Look, LookedAt};
use crate::settings::refused;

/// Keeps what speaks the words of a vocabulary: codes that are in it, and enough of its terms.
///
/// A vocabulary is a list of terms or codes, such as ICD codes or concepts of UMLS. Every code, which is what `pattern`
/// matches, must be in it; and at least `min_terms` different entries must occur, as words in a row.
#[derive(Debug)]
pub struct Vocabulary {
    settings: VocabularySettings,
    looked_at: LookedAt,
    pattern: Option<Regex>,
    codes: BTreeSet<String>,
    terms: Terms,
    digest: Key,
}

/// Settings of [`Vocabulary`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct VocabularySettings {
    /// A template of the text that is judged; else each text, completion, better answer or turn of the assistant.
    pub text: Option<String>,
    /// The vocabulary: a term or code a line, or a code, a tab and its term.
    pub terms: Lines,
    /// A regular expression of what is a code; its first group, if it has one, is the code.
    pub pattern: Option<String>,
    /// The fewest different entries that must occur; with a pattern 0 if not given, else 1.
    pub min_terms: Option<u64>,
    /// Whether upper and lower case differ.
    pub match_case: bool,
}

/// How many unknown codes a reason names.
const MOST_NAMED: usize = 5;
/// The longest code that a reason names in full, in characters.
const MOST_CHARS: usize = 40;

/// What of the settings can change a verdict: the vocabulary counts by its digest.
#[derive(Serialize)]
struct Meaning<'a> {
    text: Option<&'a str>,
    terms: Key,
    pattern: Option<&'a str>,
    min_terms: u64,
    match_case: bool,
}

impl Vocabulary {
    /// The name that flow files use.
    pub const NAME: &'static str = "vocabulary";

    /// Makes the filter; a file of terms is read from `base_dir`.
    ///
    /// # Errors
    /// Of kind [`rifflebox_core::ErrorKind::Usage`], naming the setting, when there is no vocabulary, `pattern` is none, or
    /// nothing would be asked for.
    pub fn new(settings: VocabularySettings, base_dir: &Path) -> Result<Self> {
        let lines = settings.terms.read(Self::NAME, "terms", base_dir)?;
        if lines.is_empty() {
            let why = "there is no vocabulary: name a file with a term or code a line, or list them";
            return Err(refused(Self::NAME, "terms", why));
        }
        let pattern = settings.pattern.as_deref().map(Regex::new).transpose();
        let pattern = pattern.map_err(|error| refused(Self::NAME, "pattern", error))?;
        if pattern.is_none() && settings.min_terms == Some(0) {
            return Err(refused(
                Self::NAME,
                "min_terms",
                "nothing is asked for: make it 1, or give `pattern`",
            ));
        }
        let mut vocabulary = Vocabulary {
            looked_at: LookedAt::new(settings.text.as_deref(), Look::Answer)?,
            pattern,
            codes: BTreeSet::new(),
            terms: Terms::default(),
            digest: lines.iter().fold(Key::builder("vocabulary"), |digest, line| digest.text(line)).finish(),
            settings,
        };
        for line in &lines {
            let (code, term) = line.split_once('\t').map_or((line.trim(), None), |(code, term)| {
                (code.trim(), Some(term.trim()).filter(|term| !term.is_empty()))
            });
            vocabulary.codes.insert(vocabulary.cased(code));
            let words = |text: &str| vocabulary.words(text);
            let spellings = [Some(words(code)), term.map(words)].into_iter().flatten().collect::<Vec<_>>();
            vocabulary.terms.add(spellings);
        }
        Ok(vocabulary)
    }

    fn min_terms(&self) -> u64 {
        self.settings.min_terms.unwrap_or(if self.pattern.is_some() { 0 } else { 1 })
    }

    fn cased(&self, text: &str) -> String {
        if self.settings.match_case { text.to_owned() } else { text.to_lowercase() }
    }

    fn words(&self, text: &str) -> Vec<String> {
        let mut words = Vec::new();
        match self.settings.match_case {
            true => rifflebox_core::each_word(text, |word| words.push(word.to_owned())),
            false => each_lower_word(text, |word| words.push(word.to_owned())),
        }
        words
    }

    fn judge(&self, sample: &Sample) -> Result<(), String> {
        let text = self.looked_at.text(sample)?;
        let mut unknown = Vec::new();
        for found in self.pattern.iter().flat_map(|pattern| pattern.captures_iter(&text)) {
            let code = found.get(1).or(found.get(0)).map(|code| code.as_str()).unwrap_or_default();
            if !code.is_empty() && !self.codes.contains(&self.cased(code)) && !unknown.contains(&code) {
                unknown.push(code);
            }
        }
        if !unknown.is_empty() {
            let named: Vec<String> = unknown.iter().take(MOST_NAMED).map(|code| named(code)).collect();
            let more = match unknown.len().saturating_sub(MOST_NAMED) {
                0 => String::new(),
                more => format!(" and {more} more"),
            };
            return Err(format!("not in the vocabulary: {}{more}", named.join(", ")));
        }
        let (least, there) = (self.min_terms(), self.terms.occurring(&self.words(&text)));
        match there < least {
            true => Err(format!("min_terms: {there} terms of the vocabulary < {least}")),
            false => Ok(()),
        }
    }
}

fn named(code: &str) -> String {
    match code.char_indices().nth(MOST_CHARS) {
        None => format!("`{code}`"),
        Some((at, _)) => format!("`{}…`", &code[..at]),
    }
}

/// The entries of a vocabulary by their first words.
#[derive(Debug, Default)]
struct Terms {
    entries: u64,
    by_first: BTreeMap<String, Vec<(Vec<String>, u64)>>,
}

impl Terms {
    /// Adds an entry, which may be said in several ways.
    fn add(&mut self, spellings: Vec<Vec<String>>) {
        for mut words in spellings.into_iter().filter(|words| !words.is_empty()) {
            let first = words.remove(0);
            self.by_first.entry(first).or_default().push((words, self.entries));
        }
        self.entries += 1;
    }

    /// Returns how many different entries occur among some words.
    fn occurring(&self, words: &[String]) -> u64 {
        let mut there = BTreeSet::new();
        for (at, word) in words.iter().enumerate() {
            let listed = self.by_first.get(word).into_iter().flatten();
            there.extend(
                listed.filter(|(rest, _)| words[at + 1..].starts_with(rest)).map(|(_, entry)| *entry),
            );
        }
        there.len() as u64
    }
}

impl Verifier for Vocabulary {
    fn identity(&self) -> Identity {
        let VocabularySettings { text, pattern, match_case, .. } = &self.settings;
        let meaning = Meaning {
            text: text.as_deref(),
            terms: self.digest,
            pattern: pattern.as_deref(),
            min_terms: self.min_terms(),
            match_case: *match_case,
        };
        Identity::new(Self::NAME, "1").with_settings(&meaning)
    }

    fn proof(&self) -> Proof {
        Proof::Filtered
    }

    fn reads_documents(&self) -> bool {
        false
    }

    fn verify(&self, sample: &Sample, _: &[Document]) -> Verdict {
        self.judge(sample).into()
    }
}

#[cfg(test)]
mod tests {
    use rifflebox_core::Content;
    use serde_json::json;

    use super::*;
    use crate::looked_at::tests::sample;

    /// A few lines of ICD-10-CM, of the National Center for Health Statistics: public domain.
    const CODES: [&str; 3] = [
        "E11.9\tType 2 diabetes mellitus without complications",
        "I10\tEssential (primary) hypertension",
        "J45.909\tUnspecified asthma, uncomplicated",
    ];
    /// What a code of ICD-10-CM looks like.
    const PATTERN: &str = r"\b[A-TV-Z][0-9][0-9AB](?:\.[0-9A-Z]{1,4})?\b";

    fn filter(settings: serde_json::Value) -> Result<Vocabulary> {
        Vocabulary::new(serde_json::from_value(settings).unwrap(), Path::new(""))
    }

    #[track_caller]
    fn check(settings: serde_json::Value, text: &str, reason: &str) {
        let verdict = filter(settings).unwrap().verify(&sample(Content::Text { text: text.into() }), &[]);
        assert_eq!(verdict.reason.unwrap_or_default(), reason, "{text}");
    }

    #[test]
    fn every_code_must_be_in_the_file_and_unknown_ones_are_named() {
        let coded = || json!({ "terms": CODES, "pattern": PATTERN });
        check(coded(), "Assessment: E11.9 and I10.", "");
        check(coded(), "Nothing to code.", "");
        check(coded(), "E11.9, E11.99, Z99.9, and again Z99.9", "not in the vocabulary: `E11.99`, `Z99.9`");
        let many = "A00 A01 A02 A03 A04 A05 A06";
        check(coded(), many, "not in the vocabulary: `A00`, `A01`, `A02`, `A03`, `A04` and 2 more");
        let grouped = json!({ "terms": ["E11.9"], "pattern": r"code: (\S+)" });
        check(grouped, "code: e11.9", "");
    }

    #[test]
    fn enough_terms_must_occur() {
        let terms = |least: u64| json!({ "terms": CODES, "min_terms": least });
        check(
            terms(2),
            "Essential primary hypertension (I10), and asthma.",
            "min_terms: 1 terms of the vocabulary < 2",
        );
        check(terms(2), "I10 with unspecified asthma, uncomplicated.", "");
        check(json!({ "terms": CODES }), "A text.", "min_terms: 0 terms of the vocabulary < 1");
        check(
            json!({ "terms": ["Aspirin"], "match_case": true }),
            "aspirin",
            "min_terms: 0 terms of the vocabulary < 1",
        );
    }

    #[test]
    fn a_file_counts_by_what_it_holds() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("icd.tsv"), CODES.join("\n")).unwrap();
        let settings = serde_json::from_value(json!({ "terms": "icd.tsv" })).unwrap();
        let of_file = Vocabulary::new(settings, folder.path()).unwrap().identity();
        assert_eq!(of_file, filter(json!({ "terms": CODES, "min_terms": 1 })).unwrap().identity());
        assert_ne!(of_file, filter(json!({ "terms": CODES[..2] })).unwrap().identity());
    }

    #[test]
    fn wrong_settings_are_refused() {
        let wrong = |settings| filter(settings).unwrap_err().to_string();
        assert!(wrong(json!({})).contains("setting `terms` of `vocabulary`: there is no vocabulary"));
        assert!(wrong(json!({ "terms": ["a"], "pattern": "(" })).contains("`pattern`"));
        assert!(wrong(json!({ "terms": ["a"], "min_terms": 0 })).contains("`min_terms`"));
    }
}
