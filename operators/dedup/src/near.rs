//! Near-duplicates, by the words that texts share or by the vectors that a model made of them.

mod banding;
mod census;
mod graph;
mod meet;
mod memo;
mod planes;
mod shingle;
mod signature;
mod survivors;
mod vectors;
mod words;

use std::sync::Arc;

use rifflebox_core::{Error, ErrorKind, Identity, Result};
use rifflebox_dataflow::{Candidates, Purge, Purged, Scope};
use serde::{Deserialize, Serialize};

use crate::columns;
use meet::Crowds;
use vectors::Vectors;
use words::Words;

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
    /// The field that holds a vector of numbers, by which rows are compared instead of by their words: duplicates have
    /// at least `threshold` as the cosine of their angle. Rows without one are never compared.
    pub embedding: Option<String>,
    /// Rows beyond which those that share a band are a crowd, and compared with a bounded number of others each; at least 8.
    pub crowd: usize,
}

impl Default for NearSettings {
    fn default() -> Self {
        NearSettings {
            threshold: 0.8,
            unit: Unit::Word,
            n: 5,
            on: columns::all(),
            miss_rate: 0.01,
            embedding: None,
            crowd: 32,
        }
    }
}

impl NearSettings {
    /// Returns the threshold as a whole number, by which similarities are compared exactly.
    fn threshold_millionths(&self) -> u64 {
        (self.threshold * 1e6).round() as u64
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
    by: By,
}

/// By what rows are alike.
#[derive(Clone, Debug)]
enum By {
    Words(Arc<Words>),
    Vectors(Arc<Vectors>),
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

    /// Removes rows whose vectors, which a field holds, have at least this cosine, with defaults for the rest.
    ///
    /// # Panics
    /// When the threshold is not above 0 and at most 1.
    pub fn embedded(field: &str, threshold: f64) -> Self {
        let settings =
            NearSettings { threshold, embedding: Some(field.to_owned()), ..NearSettings::default() };
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
        if let Some(wrong) = columns::wrong(&settings.on) {
            return usage(&wrong);
        }
        let by = match &settings.embedding {
            None => By::Words(Arc::new(Words::new(&settings))),
            Some(field) => By::Vectors(Arc::new(Vectors::new(field, settings.threshold, settings.miss_rate))),
        };
        Ok(NearDuplicates { settings, by })
    }
}

impl Purge for NearDuplicates {
    fn identity(&self) -> Identity {
        Identity::new("near", "6").with_settings(&self.settings)
    }

    fn displaced(&self, scope: &mut Scope<'_>, candidates: &Candidates) -> Purged {
        let crowds = Crowds { above: self.settings.crowd, threshold: self.settings.threshold_millionths() };
        match &self.by {
            By::Words(words) => graph::purge(scope, candidates, words, crowds),
            By::Vectors(vectors) => graph::purge(scope, candidates, vectors, crowds),
        }
    }
}

#[cfg(test)]
mod golden;
#[cfg(test)]
mod tests;
