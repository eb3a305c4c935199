use std::path::Path;

use rifflebox_core::{Error, ErrorKind, Key, Result};
use serde::{Deserialize, Serialize};

use crate::support::{Support, WHOLE};
use crate::term::Weights;

/// What counts as support, and where it is looked for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct FactsSettings {
    /// Names of the sources whose documents bear witness, of those that reach the stage; all of them if empty.
    pub sources: Vec<String>,
    /// Columns of documents that bear witness; `text` is a document's own.
    pub columns: Vec<String>,
    /// The least share of a statement's content words, by weight, that its best passage has.
    pub threshold: f64,
    /// The most words of an answer that is judged with its question.
    pub short_words: usize,
    /// The least share of a question's other content words that stand near a short answer.
    pub near: f64,
    /// How much of what another passage has of the question the answer's passage must have.
    pub rival: f64,
    /// By how many words a claim looks passages up.
    pub probes: usize,
    /// With how many passages of other documents a claim is compared.
    pub candidates: usize,
    /// A word that stands in more passages than this finds none of them.
    pub crowd: usize,
    /// A file of weights, a word, a tab and its weight a line, instead of those by shape.
    pub weights: Option<String>,
}

impl Default for FactsSettings {
    fn default() -> Self {
        FactsSettings {
            sources: Vec::new(),
            columns: vec!["text".to_owned()],
            threshold: 0.7,
            short_words: 12,
            near: 0.25,
            rival: 0.75,
            probes: 8,
            candidates: 12,
            crowd: 64,
            weights: None,
        }
    }
}

impl FactsSettings {
    /// Checks the settings, and reads the weights; what is returned counts a file by its digest.
    ///
    /// # Errors
    /// [`ErrorKind::Usage`] with the setting that is out of bounds, or whose file cannot be read.
    pub(super) fn settle(mut self, base_dir: &Path) -> Result<(Self, Weights)> {
        let usage = |message: String| Error::new(ErrorKind::Usage, message);
        if let Some(why) = self.wrong() {
            return Err(usage(why));
        }
        let Some(file) = self.weights.take() else { return Ok((self, Weights::default())) };
        let text = std::fs::read_to_string(base_dir.join(&file)).map_err(|error| {
            usage(format!("`weights` names {file}, which cannot be read")).with_source(error)
        })?;
        let weights = Weights::read(&text)
            .map_err(|why| usage(format!("`weights` names {file}, which holds none: {why}")))?;
        self.weights = Some(Key::of(text.as_bytes()).to_string());
        Ok((self, weights))
    }

    fn wrong(&self) -> Option<String> {
        let shares = [("threshold", self.threshold), ("near", self.near), ("rival", self.rival)];
        if let Some((key, share)) = shares.iter().find(|(_, share)| !(*share >= 0.0 && *share <= 1.0)) {
            return Some(format!("`{key}` is a share between 0 and 1, not {share}"));
        }
        if self.columns.is_empty() {
            return Some("`columns` is empty: `text` is what documents say".to_owned());
        }
        let counts = [
            ("probes", self.probes, 64),
            ("candidates", self.candidates, 1_000),
            ("crowd", self.crowd, 1_000_000),
        ];
        let (key, _, most) = counts.iter().find(|(_, count, most)| !(1..=*most).contains(count))?;
        Some(format!("`{key}` is between 1 and {most}"))
    }

    /// Returns the least share of a statement, in millionths.
    pub(crate) fn least_share(&self) -> u64 {
        millionths(self.threshold)
    }

    /// Returns whether a passage by itself supports a claim.
    pub(crate) fn suffices(&self, support: &Support, is_short: bool) -> bool {
        support.holds && support.share >= millionths(if is_short { self.near } else { self.threshold })
    }

    /// Returns what the better passage has more of.
    pub(crate) fn rate(&self, support: &Support, is_short: bool) -> (bool, bool, u64, u64) {
        (self.suffices(support, is_short), support.holds, support.share, support.cover)
    }

    /// Returns how much a passage must have of a question of which another has so much.
    pub(crate) fn least_cover(&self, most: u64) -> u64 {
        (most as f64 * self.rival) as u64
    }
}

fn millionths(share: f64) -> u64 {
    (share * WHOLE as f64).round() as u64
}
