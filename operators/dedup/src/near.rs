//! Near-duplicates by the words that texts share.

mod banding;
pub(crate) mod graph;
pub(crate) mod meet;
pub(crate) mod shingle;
mod signature;
mod survivors;

use std::sync::Arc;

use rifflebox_core::{Error, ErrorKind, Identity, Key, Result, Sample, Score};
use rifflebox_dataflow::{Candidates, Purge, Purged, Scope};
use serde::{Deserialize, Serialize};

use banding::Banding;
use graph::{Likeness, Sketch};
use meet::Crowds;
use shingle::Shingler;
use signature::Permutations;

pub use shingle::Unit;

/// What counts as a near-duplicate, and how hard it is looked for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct NearSettings {
    /// Duplicates have at least this Jaccard similarity of their sets of shingles; above 0, at most 1.
    pub threshold: f64,
    /// Of what shingles are made.
    pub unit: Unit,
    /// Words or characters per shingle; a shorter text is one shingle.
    pub n: usize,
    /// The columns that are compared, as one text in the sample's order; a context never is.
    pub on: Vec<String>,
    /// Share of the pairs exactly at the threshold that may go unnoticed, between 0 and 1; of closer ones fewer do.
    pub miss_rate: f64,
    /// Rows beyond which those that share a band are a crowd, and compared with a bounded number of others each.
    pub crowd: usize,
}

impl Default for NearSettings {
    fn default() -> Self {
        let on = ["text", "messages", "prompt", "completion", "chosen", "rejected"];
        NearSettings {
            threshold: 0.8,
            unit: Unit::Word,
            n: 5,
            on: on.map(str::to_owned).to_vec(),
            miss_rate: 0.01,
            crowd: 32,
        }
    }
}

/// Removes near-duplicates: rows of one kind whose texts share most of their shingles with a kept, better-ranked row.
///
/// Candidates are found by MinHash signatures in bands, which are chosen from the threshold and the miss rate, and are
/// verified: what is reported is the true Jaccard similarity of the two sets. A row goes only if a *kept* row is its
/// duplicate and ranks above it by tier, then quality score, then id; when that row goes, it returns.
#[derive(Clone, Debug)]
pub struct NearDuplicates {
    settings: NearSettings,
    words: Arc<Words>,
}

impl NearDuplicates {
    /// Removes duplicates of at least this similarity, with defaults for the rest.
    ///
    /// # Panics
    /// When the threshold is not above 0 and at most 1.
    pub fn above(threshold: f64) -> Self {
        let settings = NearSettings { threshold, ..NearSettings::default() };
        Self::new(settings).expect("a threshold lies above 0, and is at most 1")
    }

    /// Removes duplicates as these settings say.
    ///
    /// # Errors
    /// [`ErrorKind::Usage`] with the setting that is out of bounds.
    pub fn new(settings: NearSettings) -> Result<Self> {
        let usage = |message: &str| Err(Error::new(ErrorKind::Usage, message));
        if !(settings.threshold > 0.0 && settings.threshold <= 1.0) {
            return usage("`threshold` is a similarity above 0 and at most 1");
        }
        if !(settings.miss_rate > 0.0 && settings.miss_rate < 1.0) {
            return usage("`miss_rate` is a share above 0 and below 1");
        }
        if settings.n == 0 {
            return usage("`n` is at least 1: a shingle has words or characters");
        }
        if settings.crowd < 8 {
            return usage("`crowd` is at least 8: fewer rows are no crowd");
        }
        let known = NearSettings::default().on;
        if let Some(other) = settings.on.iter().find(|column| !known.contains(column)) {
            return Err(Error::new(
                ErrorKind::Usage,
                format!("`on` names `{other}`, and samples have the columns {}", known.join(", ")),
            ));
        }
        let words = Words::new(&settings);
        Ok(NearDuplicates { settings, words: Arc::new(words) })
    }
}

impl Purge for NearDuplicates {
    fn identity(&self) -> Identity {
        Identity::new("near", "1").with_settings(&self.settings)
    }

    fn displaced(&self, scope: &mut Scope<'_>, candidates: &Candidates) -> Purged {
        let crowds = Crowds { above: self.settings.crowd, threshold: self.words.threshold };
        graph::purge(scope, candidates, &self.words, crowds)
    }
}

/// Likeness by shared shingles.
#[derive(Debug)]
struct Words {
    shingler: Shingler,
    on: Vec<String>,
    banding: Banding,
    permutations: Permutations,
    /// In millionths.
    threshold: u64,
}

impl Words {
    fn new(settings: &NearSettings) -> Self {
        let banding = Banding::of(settings.threshold, settings.miss_rate);
        Words {
            shingler: Shingler { unit: settings.unit, n: settings.n },
            on: settings.on.clone(),
            banding,
            permutations: Permutations::new(banding.values()),
            threshold: (settings.threshold * 1e6).round() as u64,
        }
    }

    /// Calls `read` with the text that is compared.
    fn text<T>(&self, sample: &Sample, read: impl FnOnce(&str) -> T) -> T {
        let compared = |name: &&str| self.on.iter().any(|column| column == name);
        let columns = sample.content.columns().into_iter().filter(|(name, _)| compared(name));
        let columns: Vec<&str> = columns.map(|(_, text)| text).collect();
        match columns[..] {
            [text] => read(text),
            _ => read(&columns.join("\n")),
        }
    }
}

impl Likeness for Words {
    fn sketch(&self, sample: &Sample) -> Option<Sketch> {
        let set = self.text(sample, |text| self.shingler.set(text));
        (!set.is_empty()).then(|| Sketch(set.into_iter().flat_map(u64::to_le_bytes).collect()))
    }

    fn bands(&self, sample: &Sample, each: &mut dyn FnMut(Key, u64)) -> Option<u32> {
        let set = self.text(sample, |text| self.shingler.set(text));
        if set.is_empty() {
            return None;
        }
        self.banding.each(&self.permutations.sign(&set), sample.content.kind() as u8, each);
        Some(u32::try_from(set.len()).unwrap_or(u32::MAX))
    }

    fn similarity(&self, one: &Sketch, two: &Sketch) -> Option<Score> {
        let elements = |sketch: &Sketch| sketch.0.len() / 8;
        let shared = shingle::shared(rising(one), rising(two));
        let union = elements(one) + elements(two) - shared;
        let enough = shared as u64 * 1_000_000 >= union as u64 * self.threshold;
        enough.then(|| Score::new(shared as f64 / union as f64))
    }
}

fn rising(sketch: &Sketch) -> impl Iterator<Item = u64> {
    sketch.0.as_chunks().0.iter().map(|bytes| u64::from_le_bytes(*bytes))
}

#[cfg(test)]
mod tests;
