mod words;

use std::path::Path;

use rifflebox_core::{Document, Identity, Proof, Result, Sample, Verdict, Verifier};
use serde::{Deserialize, Serialize};

use crate::lines::Lines;
use crate::looked_at::{Look, LookedAt};
use crate::settings::refused;
use words::{BUILTIN, Entry, WordList, spelled};

/// Keeps out what holds too many words of a list.
///
/// Entries are words or phrases, compared word by word in lower case; each counts by its weight, 1 if it has none. A text
/// is judged by its hits per 1,000 words, so that one word in a book is less than one in a sentence. A reason says how
/// many hits there are, and of the entry that hits most its number in its list, its first letter, and how often: enough to
/// find it, and not what it says, since reasons are published.
#[derive(Debug)]
pub struct Toxicity {
    settings: ToxicitySettings,
    looked_at: LookedAt,
    list: WordList,
}

/// Settings of [`Toxicity`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ToxicitySettings {
    /// A template of the text that is judged; else all columns but a worse answer.
    pub text: Option<String>,
    /// Words and phrases, each with its weight behind a tab if it has one; a last `*` stands for any end of the word.
    pub words: Lines,
    /// Whether the short list that is built in is looked for.
    pub builtin: bool,
    /// The most hits that are allowed per 1,000 words, by weight.
    pub max_per_1000: f64,
}

impl Default for ToxicitySettings {
    fn default() -> Self {
        ToxicitySettings { text: None, words: Lines::default(), builtin: true, max_per_1000: 2.0 }
    }
}

impl Toxicity {
    /// The name that flow files use.
    pub const NAME: &'static str = "toxicity";

    /// Makes the filter; a file of words is read from `base_dir`.
    ///
    /// # Errors
    /// Of kind [`rifflebox_core::ErrorKind::Usage`], naming the setting, when the file cannot be read, an entry has no word
    /// or a weight that is none, or there is nothing to look for.
    pub fn new(mut settings: ToxicitySettings, base_dir: &Path) -> Result<Self> {
        if !(settings.max_per_1000 >= 0.0 && settings.max_per_1000 <= 1e6) {
            let why = format!("{} is no number of hits from 0 to 1,000,000", settings.max_per_1000);
            return Err(refused(Self::NAME, "max_per_1000", why));
        }
        settings.words = Lines::Texts(settings.words.read(Self::NAME, "words", base_dir)?);
        let mut entries = Vec::new();
        for (index, line) in settings.words.texts().iter().enumerate() {
            let entry = Entry::read(line)
                .map_err(|why| refused(Self::NAME, "words", format!("entry {}: {why}", index + 1)))?;
            entries.push((format!("entry {}", index + 1), entry));
        }
        if settings.builtin {
            for (index, line) in BUILTIN.iter().enumerate() {
                let entry = Entry::read(line).map_err(|why| refused(Self::NAME, "builtin", why))?;
                entries.push((format!("built-in entry {}", index + 1), entry));
            }
        }
        if entries.is_empty() {
            let why = "nothing is looked for: give `words`, or leave `builtin` as it is";
            return Err(refused(Self::NAME, "words", why));
        }
        let looked_at = LookedAt::new(settings.text.as_deref(), Look::Taught)?;
        Ok(Toxicity { settings, looked_at, list: WordList::new(entries) })
    }

    fn judge(&self, sample: &Sample) -> Result<(), String> {
        let text = self.looked_at.text(sample)?;
        let words = spelled(&text);
        let hits = self.list.hits(&words);
        // In thousandths, as weights are.
        let weight: u64 = hits.iter().map(|(entry, count)| self.list.weight(*entry) * count).sum();
        let per_1000 = weight as f64 / words.len().max(1) as f64;
        if per_1000 <= self.settings.max_per_1000 {
            return Ok(());
        }
        let worst = hits
            .iter()
            .max_by_key(|(entry, count)| (self.list.weight(**entry) * **count, std::cmp::Reverse(**entry)));
        let count: u64 = hits.values().sum();
        let told = worst.map(|(entry, count)| {
            let (name, letter) = self.list.told(*entry);
            format!("; {count} of {name}, {letter}…")
        });
        let hits = if count == 1 { "hit" } else { "hits" };
        Err(format!(
            "max_per_1000: {count} {hits} in {} words, {per_1000:.1} > {}{}",
            words.len(),
            self.settings.max_per_1000,
            told.unwrap_or_default()
        ))
    }
}

impl Verifier for Toxicity {
    fn identity(&self) -> Identity {
        Identity::new(Self::NAME, "1").with_settings(&self.settings)
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

    fn filter(settings: serde_json::Value) -> Result<Toxicity> {
        Toxicity::new(serde_json::from_value(settings).unwrap(), Path::new(""))
    }

    #[track_caller]
    fn check(settings: serde_json::Value, text: &str, reason: &str) {
        let verdict = filter(settings).unwrap().verify(&sample(Content::Text { text: text.into() }), &[]);
        assert_eq!(verdict.reason.unwrap_or_default(), reason, "{text}");
    }

    fn own(words: &[&str]) -> serde_json::Value {
        json!({ "builtin": false, "words": words })
    }

    #[test]
    fn words_are_whole_and_phrases_stand_in_a_row() {
        let list = || own(&["foo", "bar baz", "qu*"]);
        check(list(), "A fool, a bar, a baz.", "");
        check(list(), "FOO!", "max_per_1000: 1 hit in 1 words, 1000.0 > 2; 1 of entry 1, f…");
        check(list(), "a Bar — baz", "max_per_1000: 1 hit in 3 words, 333.3 > 2; 1 of entry 2, b…");
        check(list(), "quux qu", "max_per_1000: 2 hits in 2 words, 1000.0 > 2; 2 of entry 3, q…");
    }

    #[test]
    fn the_longest_entry_hits_and_no_word_twice() {
        check(
            own(&["foo", "foo bar", "bar"]),
            "foo bar",
            "max_per_1000: 1 hit in 2 words, 500.0 > 2; 1 of entry 2, f…",
        );
    }

    #[test]
    fn weights_and_lengths_count() {
        let long = format!("foo {}", "word ".repeat(999));
        check(own(&["foo\t2"]), &long, "");
        check(own(&["foo\t2.001"]), &long, "max_per_1000: 1 hit in 1000 words, 2.0 > 2; 1 of entry 1, f…");
        check(own(&["foo\t0"]), "foo", "");
        check(json!({ "builtin": false, "words": ["foo"], "max_per_1000": 1000 }), "foo", "");
    }

    #[test]
    fn what_is_built_in_is_found_and_names_of_places_are_not() {
        let reason =
            filter(json!({})).unwrap().judge(&sample(Content::Text { text: "Kill yourself.".into() }));
        assert!(reason.unwrap_err().contains("built-in entry"));
        check(
            json!({}),
            "Scunthorpe is in Essex? No. Dick Cocker sells cocktails and assesses shiitake.",
            "",
        );
        check(json!({}), "", "");
    }

    #[test]
    fn a_worse_answer_may_be_toxic() {
        let pair = |chosen: &str, rejected: &str| {
            let (chosen, rejected) = (chosen.to_owned(), rejected.to_owned());
            let content = Content::Preference { prompt: "How?".into(), chosen, rejected };
            filter(own(&["foo"])).unwrap().verify(&sample(content), &[]).accept
        };
        assert!(pair("So.", "Foo."));
        assert!(!pair("Foo.", "So."));
    }

    #[test]
    fn wrong_entries_are_named() {
        let wrong = |settings| filter(settings).unwrap_err().to_string();
        assert!(wrong(own(&[])).contains("nothing is looked for"));
        assert!(
            wrong(own(&["foo", "--"])).contains("setting `words` of `toxicity`: entry 2: it has no word")
        );
        assert!(wrong(own(&["foo\tbar"])).contains("entry 1: `bar` is no weight"));
        assert!(wrong(own(&["*"])).contains("entry 1"));
        assert!(wrong(json!({ "max_per_1000": -1 })).contains("`max_per_1000`"));
    }
}
