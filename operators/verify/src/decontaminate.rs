mod index;
mod text;

use std::sync::{Arc, OnceLock};

use rifflebox_core::{
    Document, HeldOut, HeldOutCheck, Identity, Key, Proof, Result, Sample, Value, Verdict, Verifier,
};
use serde::{Deserialize, Serialize};

use crate::settings::refused;
use index::{Found, Index};
use text::Text;

/// Keeps out what holds a held-out document: a benchmark's item, word by word, edited or shuffled, alone or within
/// something longer.
///
/// A held-out text is found in two ways. *Verbatim*: the sample shares `n` words in a row with it; a text of fewer words
/// counts as a whole. The 13 words are those of Brown et al. 2020, "Language Models are Few-Shot Learners", arXiv
/// 2005.14165, appendix C. *Near*: of the text's distinct runs of `near_n` words, the share that stands anywhere in the
/// sample, numbers aside, its containment, is at least `threshold`; texts of fewer than `n` words are not looked for in this way. Runs
/// of numbers alone count for nothing, and so do those that many held-out documents have in common. Words
/// are maximal runs of word characters in lower case; those of all columns of a sample, its context and its fields are
/// one sequence, so that neither a split of an item nor a field that only a verifier reads hides it.
///
/// A Bloom filter of the runs of all held-out texts passes nearly nothing of other texts; what passes it is compared
/// word by word, so neither its errors nor those of any hash reach a verdict.
///
/// A reason names the kind, the document, its column, and how much was found. The score of a rejected sample is 1 less
/// the containment.
#[derive(Clone, Debug, Default)]
pub struct Decontaminate {
    settings: DecontaminateSettings,
}

/// Settings of [`Decontaminate`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct DecontaminateSettings {
    /// Words in a row that a sample may not share with a held-out text.
    pub n: usize,
    /// Words in a run by which edited and shuffled copies are told; a text of fewer words is not looked for.
    pub near_n: usize,
    /// Share of a held-out text's runs that a sample may not hold; above 0, at most 1.
    ///
    /// 0.3 finds 97 % and more of the items of GSM8K and HumanEval that had a tenth of their words and all numbers
    /// changed, and none of them in thousands of pages of documentation and programming tasks.
    pub threshold: f64,
    /// A run that stands in more held-out documents than this is their common form, and counts for nothing.
    pub common: usize,
    /// Columns of held-out documents that are looked for, each as a text of its own; `text` is the document's own. If
    /// none is given: its text, or, of a row that has none, all columns of text.
    pub columns: Vec<String>,
}

impl Default for DecontaminateSettings {
    fn default() -> Self {
        DecontaminateSettings { n: 13, near_n: 5, threshold: 0.3, common: 10, columns: Vec::new() }
    }
}

impl Decontaminate {
    /// The name that flow files use.
    pub const NAME: &'static str = "decontaminate";

    /// Makes the check.
    ///
    /// # Errors
    /// Of kind [`rifflebox_core::ErrorKind::Usage`], naming the setting that is out of bounds.
    pub fn new(settings: DecontaminateSettings) -> Result<Self> {
        let wrong = |key: &str, why: String| Err(refused(Self::NAME, key, &why));
        if settings.near_n < 2 {
            return wrong("near_n", format!("a run has at least 2 words, not {}", settings.near_n));
        }
        if settings.n < settings.near_n {
            return wrong("n", format!("{} is less than `near_n`, {}", settings.n, settings.near_n));
        }
        if !(settings.threshold > 0.0 && settings.threshold <= 1.0) {
            return wrong("threshold", format!("{} is no share above 0 and up to 1", settings.threshold));
        }
        if settings.common == 0 {
            return wrong("common", "a run stands in at least 1 document, not 0".to_owned());
        }
        Ok(Decontaminate { settings })
    }

    /// Returns the texts of a held-out document that are looked for, with the names of their columns.
    fn texts(&self, document: &Document) -> Vec<(String, Text)> {
        let is_wanted = |name: &str| self.settings.columns.iter().any(|column| column == name);
        let own = Text::of([document.text.as_str()]);
        let has_own = !own.is_empty() && !document.fields.contains_key("text");
        let by_choice = !self.settings.columns.is_empty();
        let mut texts = Vec::new();
        if has_own && (!by_choice || is_wanted("text")) {
            texts.push(("text".to_owned(), own));
        }
        if by_choice || !has_own {
            let fields = document.fields.iter().filter(|(name, _)| !by_choice || is_wanted(name));
            texts.extend(fields.map(|(name, value)| (name.clone(), Text::of(texts_of(value)))));
        }
        texts.retain(|(_, text)| text.len() >= self.settings.near_n);
        texts
    }
}

fn texts_of(value: &Value) -> Vec<&str> {
    let mut texts = Vec::new();
    value.each_text(&mut |text| texts.push(text));
    texts
}

impl HeldOutCheck for Decontaminate {
    fn identity(&self) -> Identity {
        Identity::new(Self::NAME, "1").with_settings(&self.settings)
    }

    fn against(&self, held_out: Arc<HeldOut>) -> Arc<dyn Verifier> {
        Arc::new(Decontaminator { check: self.clone(), held_out, index: OnceLock::new() })
    }

    fn notes(&self, document: &Document, note: &mut dyn FnMut(&str)) {
        note(match self.texts(document).is_empty() {
            true => "held-out documents too short to be found",
            false => "held-out documents",
        });
    }
}

/// The verifier that [`Decontaminate`] makes of its held-out documents.
#[derive(Debug)]
struct Decontaminator {
    check: Decontaminate,
    held_out: Arc<HeldOut>,
    /// Made of the documents when the first sample is judged.
    index: OnceLock<Index>,
}

impl Decontaminator {
    fn index(&self) -> &Index {
        self.index.get_or_init(|| {
            let documents = self.held_out.documents();
            Index::new(
                &self.check.settings,
                documents.iter().map(|document| {
                    let name = format!("{}:{}", document.source, document.id);
                    (name, self.check.texts(document))
                }),
            )
        })
    }
}

#[derive(Serialize)]
struct Settings<'a> {
    #[serde(flatten)]
    check: &'a DecontaminateSettings,
    held_out: Key,
}

impl Verifier for Decontaminator {
    fn identity(&self) -> Identity {
        let settings = Settings { check: &self.check.settings, held_out: self.held_out.digest() };
        HeldOutCheck::identity(&self.check).with_settings(&settings)
    }

    fn proof(&self) -> Proof {
        Proof::Filtered
    }

    fn reads_documents(&self) -> bool {
        false
    }

    fn verify(&self, sample: &Sample, _: &[Document]) -> Verdict {
        let mut parts: Vec<&str> = sample.content.columns().into_iter().map(|(_, text)| text).collect();
        parts.extend(sample.context.as_deref());
        sample.fields.values().for_each(|value| value.each_text(&mut |text| parts.push(text)));
        match self.index().find(&Text::of(parts)) {
            None => Verdict::accept(),
            Some(found) => Verdict::reject(self.reason(&found)).scored(1.0 - found.share()),
        }
    }
}

impl Decontaminator {
    fn reason(&self, found: &Found<'_>) -> String {
        let DecontaminateSettings { near_n, .. } = self.check.settings;
        let Found { document, column, longest, .. } = found;
        let share = found.share();
        match found.verbatim {
            true => format!(
                "verbatim: {longest} words in a row of {document} ({column}), and {share:.2} of its runs of {near_n}"
            ),
            false => format!(
                "near: {share:.2} of the runs of {near_n} words of {document} ({column}), and {longest} words in a row"
            ),
        }
    }
}

#[cfg(test)]
mod tests;
