use std::path::Path;

use rifflebox_core::{Heard, Inquiring, Inquiry, Judged, Next, Proof, Result, Verdict};
use rifflebox_model::Models;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::judged::{at_least, values};
use crate::single::{Made, Single};
use crate::usage;

/// A judge that grades samples by a rubric: reasons first, then the grade (G-Eval, arXiv:2303.16634).
///
/// The score is the grade's place on its scale, 0 for 1 and 1 for the highest; a grade below `least` is a rejection with
/// the judge's own reason. It filters: a model's opinion confirms nothing.
pub struct Rubric {
    settings: RubricSettings,
    single: Single<Graded>,
}

/// Settings of [`Rubric`].
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct RubricSettings {
    /// The model that is asked.
    pub model: String,
    /// What is graded, in words that the judge reads.
    pub rubric: String,
    /// The highest grade.
    #[serde(default = "default_scale")]
    pub scale: u32,
    /// The least grade that is accepted.
    #[serde(default = "default_least")]
    pub least: u32,
    /// A file with another prompt; it may name `rubric`, `scale`, `document`, `question`, `answer`, and the sample's
    /// columns and fields.
    #[serde(default)]
    pub prompt: Option<String>,
    /// Whether it sees the sample's document; then a changed document asks again for all samples of it.
    #[serde(default)]
    pub documents: bool,
}

fn default_scale() -> u32 {
    5
}

fn default_least() -> u32 {
    4
}

#[derive(Deserialize)]
struct Graded {
    reason: String,
    grade: u32,
}

impl Rubric {
    /// The name that flow files use.
    pub const NAME: &'static str = "rubric";
    const VERSION: &'static str = "1";

    /// Makes the judge; `prompt` is relative to `base_dir`.
    ///
    /// # Errors
    /// [`rifflebox_core::ErrorKind::Usage`], naming the setting that is wrong.
    pub fn new(settings: RubricSettings, models: &Models, base_dir: &Path) -> Result<Self> {
        if settings.rubric.trim().is_empty() {
            return usage("`rubric` is empty: say what is graded");
        }
        if settings.scale < 2 {
            return usage("`scale` is at least 2");
        }
        if !(1..=settings.scale).contains(&settings.least) {
            return usage(format!("`least` lies between 1 and {}, the `scale`", settings.scale));
        }
        let grade = json!({ "type": "integer", "minimum": 1, "maximum": settings.scale });
        let made = Made {
            name: Self::NAME,
            version: Self::VERSION,
            settings: &settings,
            model: &settings.model,
            prompt: settings.prompt.as_deref(),
            own_prompt: include_str!("../prompts/rubric.j2"),
            answer: ("grade", &[("reason", json!({ "type": "string" })), ("grade", grade)]),
            proof: Proof::Filtered,
            reads_documents: settings.documents,
        };
        Ok(Rubric { single: Single::new(made, models, base_dir)?, settings })
    }

    fn verdict(&self, Graded { reason, grade }: Graded) -> Verdict {
        let place = |grade: u32| f64::from(grade.saturating_sub(1)) / f64::from(self.settings.scale - 1);
        at_least(place(grade), place(self.settings.least), || {
            format!("grade {grade} of {}: {reason}", self.settings.scale)
        })
    }
}

impl Inquiry<Judged, Verdict> for Rubric {
    fn describe(&self) -> Inquiring {
        self.single.describe()
    }

    fn next(&self, judged: &Judged, heard: &[Vec<Heard>]) -> Next<Verdict> {
        let RubricSettings { rubric, scale, .. } = &self.settings;
        let values = || values(judged).with("rubric", rubric.as_str()).with("scale", *scale);
        self.single.next(heard, values, |graded| self.verdict(graded))
    }
}

#[cfg(test)]
mod tests;
