use std::borrow::Cow;

use rifflebox_core::{Content, Document, Identity, Proof, Sample, Verdict, Verifier};
use serde::Serialize;

/// A filter: judges all words of a sample, its columns joined by blank lines, by rules and by nothing else.
///
/// What it accepts is filtered, and proved to be nothing more.
#[derive(Clone, Debug, Default)]
pub struct Filter<R> {
    rules: R,
}

/// The rules of a filter, with their settings: these make its fingerprint.
///
/// # Contract
/// - Pure: equal texts are judged equal, in any process, on any machine (law-tested).
/// - Rules that judge otherwise serialise otherwise (trusted; goldens guard ours).
pub trait Rules: Serialize + Send + Sync {
    /// The name that flow files use.
    const NAME: &'static str;

    /// Judges a text.
    ///
    /// # Errors
    /// The reason, where a rule is broken: the setting's name, what was measured, and the bound.
    fn judge(&self, text: &str) -> Result<(), String>;
}

impl<R: Rules> Filter<R> {
    /// The name that flow files use.
    pub const NAME: &'static str = R::NAME;

    /// Makes a filter of rules whose settings were checked.
    pub(crate) fn of(rules: R) -> Self {
        Filter { rules }
    }

    #[cfg(test)]
    pub(crate) fn judge(&self, text: &str) -> Result<(), String> {
        self.rules.judge(text)
    }
}

impl<R: Rules> Verifier for Filter<R> {
    fn identity(&self) -> Identity {
        Identity::new(R::NAME, "1").with_settings(&self.rules)
    }

    fn proof(&self) -> Proof {
        Proof::Filtered
    }

    fn reads_documents(&self) -> bool {
        false
    }

    fn verify(&self, sample: &Sample, _: &[Document]) -> Verdict {
        let text = match &sample.content {
            Content::Text { text } => Cow::Borrowed(text.as_str()),
            _ => Cow::Owned(sample.text()),
        };
        self.rules.judge(&text).into()
    }
}
