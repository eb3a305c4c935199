mod linear;
mod texts;

use std::path::Path;
use std::sync::OnceLock;

use rifflebox_core::{Document, Identity, Key, Proof, Result, Sample, Verdict, Verifier};
use serde::{Deserialize, Serialize};

use crate::lines::read_text;
use crate::looked_at::{Look, LookedAt};
use crate::settings::refused;
use linear::{Linear, Training};
use texts::Labelled;

/// Keeps what resembles good texts more than bad ones, says a linear classifier that learns from examples.
///
/// It is a logistic regression over the different words of a text and its pairs of neighbouring words, in lower case and
/// hashed, as quality filters of large corpora are. It learns when the first sample is judged: in a fixed order, for a
/// fixed number of rounds, with arithmetic that is the same on any machine. The score is the probability of being good,
/// in millionths.
#[derive(Debug)]
pub struct QualityClassifier {
    settings: QualityClassifierSettings,
    looked_at: LookedAt,
    /// Of the examples, or of the weights.
    digest: Key,
    labelled: Labelled,
    linear: OnceLock<Linear>,
}

/// Settings of [`QualityClassifier`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct QualityClassifierSettings {
    /// A template of the text that is judged; else all columns but a worse answer.
    pub text: Option<String>,
    /// Files of good examples; relative paths start at the flow's folder.
    pub good: Vec<String>,
    /// Files of bad examples.
    pub bad: Vec<String>,
    /// The column of JSON lines that holds an example.
    pub column: String,
    /// A file of weights that were kept, instead of examples.
    pub weights: Option<String>,
    /// The least probability of being good.
    pub threshold: f64,
    /// How often all examples are learnt from.
    pub rounds: u32,
    /// Words and pairs are told apart by so many bits of their hash.
    pub bits: u32,
}

impl Default for QualityClassifierSettings {
    fn default() -> Self {
        QualityClassifierSettings {
            text: None,
            good: Vec::new(),
            bad: Vec::new(),
            column: "text".to_owned(),
            weights: None,
            threshold: 0.5,
            rounds: 8,
            bits: 18,
        }
    }
}

/// What of the settings can change a verdict: files count by what they hold.
#[derive(Serialize)]
struct Meaning<'a> {
    text: Option<&'a str>,
    learnt: Key,
    threshold: f64,
}

impl QualityClassifier {
    /// The name that flow files use.
    pub const NAME: &'static str = "quality-classifier";

    /// Reads the examples, or the weights, from `base_dir`.
    ///
    /// # Errors
    /// Of kind [`rifflebox_core::ErrorKind::Usage`], naming the setting, when one is out of bounds, there is nothing to
    /// learn from, or a file cannot be read.
    pub fn new(settings: QualityClassifierSettings, base_dir: &Path) -> Result<Self> {
        let wrong = |key: &str, why: &str| Err(refused(Self::NAME, key, why));
        let QualityClassifierSettings { good, bad, weights, threshold, rounds, bits, .. } = &settings;
        if !(*threshold >= 0.0 && *threshold <= 1.0) {
            return wrong("threshold", "a probability is between 0 and 1");
        }
        if !(1..=100).contains(rounds) {
            return wrong("rounds", "examples are learnt from 1 to 100 times");
        }
        if !(8..=24).contains(bits) {
            return wrong("bits", "words are told apart by 8 to 24 bits");
        }
        let looked_at = LookedAt::new(settings.text.as_deref(), Look::Taught)?;
        let (mut labelled, mut linear) = (Labelled::default(), OnceLock::new());
        let digest = match weights {
            Some(_) if !good.is_empty() || !bad.is_empty() => {
                return wrong(
                    "weights",
                    "weights were learnt already: leave `good` and `bad` away, or these",
                );
            }
            Some(file) => {
                let kept = read_text(Self::NAME, "weights", base_dir, file)?;
                let read = Linear::read(&kept)
                    .map_err(|why| refused(Self::NAME, "weights", format!("{file} holds none: {why}")))?;
                linear = OnceLock::from(read);
                Key::builder("weights").text(&kept).finish()
            }
            None => {
                for (key, files) in [("good", good), ("bad", bad)] {
                    for file in files {
                        labelled.add(key, file, &settings.column, base_dir)?;
                    }
                }
                for (key, texts) in [("good", &labelled.good), ("bad", &labelled.bad)] {
                    if texts.is_empty() {
                        return wrong(key, "there are no examples: name files of them, or `weights`");
                    }
                }
                let learnt = labelled.digest();
                let all = Key::builder("learnt").key(learnt);
                all.number(u64::from(*rounds)).number(u64::from(*bits)).finish()
            }
        };
        Ok(QualityClassifier { settings, looked_at, digest, labelled, linear })
    }

    /// Returns the probability that a text is good, in millionths; none of a text without a word.
    pub fn score(&self, text: &str) -> Option<u32> {
        self.linear().score(text)
    }

    /// Returns what was learnt, as the setting `weights` reads it from a file.
    ///
    /// A classifier of these weights gives the same scores, and has a fingerprint of its own.
    pub fn weights(&self) -> String {
        self.linear().written()
    }

    fn linear(&self) -> &Linear {
        self.linear.get_or_init(|| {
            let QualityClassifierSettings { rounds, bits, .. } = self.settings;
            Training { rounds, bits }.of(&self.labelled.good, &self.labelled.bad)
        })
    }

    fn judge(&self, sample: &Sample) -> Result<Verdict, String> {
        let text = self.looked_at.text(sample)?;
        let millionths = self.score(&text).ok_or("it has no word to be judged by")?;
        let score = f64::from(millionths) / 1e6;
        let threshold = self.settings.threshold;
        Ok(match score < threshold {
            true => Verdict::reject(format!("threshold: good with probability {score} < {threshold}")),
            false => Verdict::accept(),
        }
        .scored(score))
    }
}

impl Verifier for QualityClassifier {
    fn identity(&self) -> Identity {
        let QualityClassifierSettings { text, threshold, .. } = &self.settings;
        let meaning = Meaning { text: text.as_deref(), learnt: self.digest, threshold: *threshold };
        Identity::new(Self::NAME, "1").with_settings(&meaning)
    }

    fn proof(&self) -> Proof {
        Proof::Filtered
    }

    fn reads_documents(&self) -> bool {
        false
    }

    fn verify(&self, sample: &Sample, _: &[Document]) -> Verdict {
        self.judge(sample).unwrap_or_else(Verdict::reject)
    }
}

#[cfg(test)]
mod tests;
