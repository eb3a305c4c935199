mod phrases;

use std::path::Path;

use regex::Regex;
use rifflebox_core::{Document, Identity, Proof, Result, Sample, Verdict, Verifier};
use serde::{Deserialize, Serialize};

use crate::lines::Lines;
use crate::looked_at::{Look, LookedAt};
use crate::settings::refused;
use phrases::{Phrases, normal};

/// Keeps out answers that refuse to answer, and what only a model says of itself.
///
/// Looked for are *openings*, with which an answer begins; what is told *anywhere*; and whole *answers*, short ones of
/// which a sentence is a refusal. English is built in. Words are compared in lower case, whatever the apostrophes, and the
/// reason quotes what was found.
#[derive(Debug)]
pub struct Refusal {
    settings: RefusalSettings,
    looked_at: LookedAt,
    phrases: Phrases,
}

/// Settings of [`Refusal`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RefusalSettings {
    /// A template of the text that is judged; else each text, completion, better answer or turn of the assistant.
    pub text: Option<String>,
    /// Whether the phrases that are built in are looked for.
    pub builtin: bool,
    /// More phrases with which no answer may begin.
    pub openings: Lines,
    /// More phrases that no answer may hold.
    pub anywhere: Lines,
    /// More sentences that no short answer may hold.
    pub answers: Lines,
    /// The most words of a short answer.
    pub short_words: usize,
}

impl Default for RefusalSettings {
    fn default() -> Self {
        RefusalSettings {
            text: None,
            builtin: true,
            openings: Lines::default(),
            anywhere: Lines::default(),
            answers: Lines::default(),
            short_words: 40,
        }
    }
}

impl Refusal {
    /// The name that flow files use.
    pub const NAME: &'static str = "refusal";

    /// Makes the filter; files of phrases are read from `base_dir`.
    ///
    /// # Errors
    /// Of kind [`rifflebox_core::ErrorKind::Usage`], naming the setting, when a file cannot be read, a phrase has no word,
    /// or there is none to look for.
    pub fn new(mut settings: RefusalSettings, base_dir: &Path) -> Result<Self> {
        for (key, lines) in [
            ("openings", &mut settings.openings),
            ("anywhere", &mut settings.anywhere),
            ("answers", &mut settings.answers),
        ] {
            let texts = lines.read(Self::NAME, key, base_dir)?;
            if let Some(empty) = texts.iter().find(|text| normal(text).is_empty()) {
                return Err(refused(Self::NAME, key, format!("`{empty}` has no word: every answer has it")));
            }
            *lines = Lines::Texts(texts);
        }
        let lists = [&settings.openings, &settings.anywhere, &settings.answers];
        if !settings.builtin && lists.iter().all(|list| list.texts().is_empty()) {
            let why = "nothing is looked for: leave it `true`, or give `openings`, `anywhere` or `answers`";
            return Err(refused(Self::NAME, "builtin", why));
        }
        let [openings, anywhere, answers] = lists.map(Lines::texts);
        let phrases = Phrases::new(settings.builtin, openings, anywhere, answers)
            .map_err(|error| refused(Self::NAME, "openings", format!("the phrases are too many: {error}")))?;
        Ok(Refusal { looked_at: LookedAt::new(settings.text.as_deref(), Look::Answer)?, settings, phrases })
    }

    fn judge(&self, text: &str) -> Result<(), String> {
        let text = normal(text);
        let found =
            |pattern: &Regex, text: &str| pattern.find(text).map(|found| found.as_str().trim().to_owned());
        if let Some(phrase) = found(&self.phrases.openings, &text) {
            return Err(format!("it begins with a refusal: \"{}\"", clip(&phrase)));
        }
        if let Some(phrase) = found(&self.phrases.anywhere, &text) {
            return Err(format!("a model speaks of itself: \"{}\"", clip(&phrase)));
        }
        let words = text.split(' ').filter(|word| word.contains(char::is_alphanumeric)).count();
        if words > self.settings.short_words {
            return Ok(());
        }
        let mut sentences = text.split_inclusive(['.', '!', '?', ';', ':', '\n']).map(str::trim);
        let refusal = sentences.find_map(|sentence| {
            found(&self.phrases.openings, sentence).or_else(|| found(&self.phrases.answers, sentence))
        });
        match refusal {
            Some(phrase) => Err(format!("all it says is a refusal: \"{}\"", clip(&phrase))),
            None => Ok(()),
        }
    }
}

/// The longest phrase that a reason quotes, in characters.
const MOST_CHARS: usize = 80;

fn clip(phrase: &str) -> String {
    match phrase.char_indices().nth(MOST_CHARS) {
        None => phrase.to_owned(),
        Some((at, _)) => format!("{}…", &phrase[..at]),
    }
}

impl Verifier for Refusal {
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
        self.looked_at
            .parts(sample)
            .and_then(|parts| parts.iter().try_for_each(|(_, text)| self.judge(text)))
            .into()
    }
}

#[cfg(test)]
mod tests {
    use rifflebox_core::Content;
    use serde_json::json;

    use super::*;
    use crate::looked_at::tests::sample;

    fn refusal(settings: serde_json::Value) -> Result<Refusal> {
        Refusal::new(serde_json::from_value(settings).unwrap(), Path::new(""))
    }

    #[track_caller]
    fn check(settings: serde_json::Value, text: &str, reason: &str) {
        let found = refusal(settings).unwrap().judge(text);
        assert_eq!(found.err().unwrap_or_default(), reason, "{text}");
    }

    /// Checks that a text is refused, or not, by what is built in.
    #[track_caller]
    fn all(texts: &[&str], refused: bool) {
        let refusal = refusal(json!({})).unwrap();
        for text in texts {
            assert_eq!(refusal.judge(text).is_err(), refused, "{text}: {:?}", refusal.judge(text));
        }
    }

    #[test]
    fn refusals_are_told_by_how_they_begin() {
        all(
            &[
                "I'm sorry, but I can't assist with that request. Anything else?",
                "I’m sorry, but I cannot help with that, and here is a long explanation of why this is so: it would harm \
                 people, and there are laws against it, as there should be, in every country of the world that has any \
                 laws at all, which most of them have.",
                "**I am unable to provide** medical advice.",
                "Unfortunately, I can not access the internet to look this up.",
                "As an AI language model, I don't have personal opinions, but here are some views.",
                "Sure. However, as a large language model, I cannot feel pain.",
                "My training data only goes up to September 2021, so I may be wrong.",
                "Sorry, I won't help you with that.",
                "I must decline to answer this question.",
                "It would be inappropriate for me to share this.",
                "I don't know.",
                "I do not have enough information to answer that question.",
                "I can't do that.",
            ],
            true,
        );
    }

    #[test]
    fn what_only_looks_alike_is_kept() {
        all(
            &[
                "I can't believe how quick this is.",
                "I cannot help but admire it.",
                "I cannot recommend this book highly enough.",
                "The service refuses to answer when the certificate has expired.",
                "Deploy the model as an AI service behind a proxy.",
                "A language model assigns a probability to a sequence of words.",
                "I'm sorry to hear that your build fails. Delete the cache, and try it again with the newest version: the \
                 fault was mended there, and all that you have to do is to raise the number in the manifest and run it.",
                "He said: I am sorry, but I cannot come. Then he went home, and he thought about it for a long time, and in \
                 the end he wrote a letter to her, in which he told her everything that had happened on that day in May.",
                "The training data is split by document.",
            ],
            false,
        );
    }

    #[test]
    fn reasons_quote_what_was_found() {
        check(
            json!({}),
            "I’m sorry, but I can’t help with that.",
            "it begins with a refusal: \"i'm sorry, but i can't help with\"",
        );
        check(
            json!({}),
            "It is 7. As an AI language model, I am never sure.",
            "a model speaks of itself: \"as an ai language model, i\"",
        );
        check(json!({}), "Hm. I don't know.", "all it says is a refusal: \"i don't know.\"");
    }

    #[test]
    fn the_users_phrases_are_words_and_no_patterns() {
        let own = || json!({ "builtin": false, "openings": ["Je ne peux (pas)"], "anywhere": ["Acme  Bot"], "answers": ["nichts."], "short_words": 3 });
        check(own(), "Je ne peux pas le dire.", "it begins with a refusal: \"je ne peux pas\"");
        check(own(), "Oui. Je ne peux pas le dire.", "");
        check(own(), "I, ACME\nBot, say so.", "a model speaks of itself: \"acme bot\"");
        check(own(), "The acme bottle.", "");
        check(own(), "Hm! Nichts.", "all it says is a refusal: \"nichts\"");
        check(own(), "Nichtstun.", "");
        check(own(), "I'm sorry, but I can't help with that.", "");
    }

    #[test]
    fn the_worse_answer_of_a_pair_may_refuse() {
        let pair = |chosen: &str, rejected: &str| {
            let (chosen, rejected) = (chosen.to_owned(), rejected.to_owned());
            let content = Content::Preference { prompt: "How?".into(), chosen, rejected };
            refusal(json!({})).unwrap().verify(&sample(content), &[]).accept
        };
        assert!(pair("So.", "I cannot help you."));
        assert!(!pair("I cannot help you.", "So."));
    }

    #[test]
    fn settings_that_look_for_nothing_are_refused() {
        let wrong = |settings| refusal(settings).unwrap_err().to_string();
        assert!(wrong(json!({ "builtin": false })).contains("nothing is looked for"));
        assert!(
            wrong(json!({ "anywhere": ["…"] })).contains("setting `anywhere` of `refusal`: `…` has no word")
        );
        assert!(wrong(json!({ "answers": "nowhere.txt" })).contains("`answers`"));
    }
}
