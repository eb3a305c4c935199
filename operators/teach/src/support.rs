use std::path::Path;

use rifflebox_core::{Heard, Inquiring, Inquiry, Judged, Next, Proof, Result, Verdict};
use rifflebox_model::Models;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::cast::object;
use crate::judged::{at_least, is_share, plain, values};
use crate::single::{Made, Single};

/// A judge of whether a sample's answer is supported by its document: each of its claims by a passage.
///
/// The model names the passage of each claim, and a passage counts only if it stands in the document, word for word
/// but for case and white space: a judge that makes passages up supports nothing. The score is the share of supported
/// claims. Claims and their support are those of FActScore (arXiv:2305.14251).
pub struct Support {
    threshold: f64,
    single: Single<Claims>,
}

/// Settings of [`Support`].
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct SupportSettings {
    /// The model that is asked.
    pub model: String,
    /// A file with another prompt; it may name `document`, `question`, `answer`, and the sample's columns and fields.
    #[serde(default)]
    pub prompt: Option<String>,
    /// The share of claims that have to be supported, between 0 and 1.
    #[serde(default = "default_threshold")]
    pub threshold: f64,
}

fn default_threshold() -> f64 {
    1.0
}

#[derive(Deserialize)]
struct Claims {
    claims: Vec<Claim>,
}

#[derive(Deserialize)]
struct Claim {
    claim: String,
    supported: bool,
    passage: String,
}

impl Support {
    /// The name that flow files use.
    pub const NAME: &'static str = "support";
    const VERSION: &'static str = "1";

    /// Makes the judge; `prompt` is relative to `base_dir`.
    ///
    /// # Errors
    /// [`rifflebox_core::ErrorKind::Usage`], naming the setting that is wrong.
    pub fn new(settings: SupportSettings, models: &Models, base_dir: &Path) -> Result<Self> {
        is_share("threshold", settings.threshold)?;
        let claim = object(&[
            ("claim", json!({ "type": "string" })),
            ("supported", json!({ "type": "boolean" })),
            ("passage", json!({ "type": "string" })),
        ]);
        let claims = json!({ "type": "array", "items": claim, "minItems": 1 });
        let made = Made {
            name: Self::NAME,
            version: Self::VERSION,
            settings: &settings,
            model: &settings.model,
            prompt: settings.prompt.as_deref(),
            own_prompt: include_str!("../prompts/support.j2"),
            answer: ("claims", &[("claims", claims)]),
            proof: Proof::Confirmed,
            reads_documents: true,
        };
        Ok(Support { single: Single::new(made, models, base_dir)?, threshold: settings.threshold })
    }

    fn verdict(&self, (_, documents): &Judged, Claims { claims }: Claims) -> Verdict {
        let documents: Vec<String> = documents.iter().map(|document| plain(&document.text)).collect();
        let stands =
            |passage: &str| !passage.is_empty() && documents.iter().any(|text| text.contains(passage));
        let unsupported = |claim: &&Claim| !(claim.supported && stands(&plain(&claim.passage)));
        let missing: Vec<&Claim> = claims.iter().filter(unsupported).collect();
        let score = 1.0 - missing.len() as f64 / claims.len() as f64;
        at_least(score, self.threshold, || match missing.first() {
            Some(first) if first.supported => format!("no passage of the document says: {}", first.claim),
            Some(first) => format!("the document does not say: {}", first.claim),
            None => "nothing is claimed".to_owned(),
        })
    }
}

impl Inquiry<Judged, Verdict> for Support {
    fn describe(&self) -> Inquiring {
        self.single.describe()
    }

    fn next(&self, judged: &Judged, heard: &[Vec<Heard>]) -> Next<Verdict> {
        self.single.next(heard, || values(judged), |claims| self.verdict(judged, claims))
    }
}

#[cfg(test)]
mod tests;
