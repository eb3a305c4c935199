//! Likeness of texts by the runs of words that they share.

use rifflebox_core::{Key, Sample, Score};

use super::NearSettings;
use super::banding::Banding;
use super::graph::{Likeness, Sketch};
use super::shingle::{Shingler, shared};
use super::signature::Permutations;
use crate::columns;

/// Pairs of half the threshold are not alike: this share of them may meet in vain.
const IN_VAIN: f64 = 0.25;

/// Likeness by shared shingles.
#[derive(Debug)]
pub(crate) struct Words {
    shingler: Shingler,
    on: Vec<String>,
    banding: Banding,
    permutations: Permutations,
    /// In millionths.
    threshold: u64,
}

impl Words {
    pub(crate) fn new(settings: &NearSettings) -> Self {
        let banding = Banding::of(settings.threshold, settings.miss_rate, settings.threshold / 2.0, IN_VAIN);
        Words {
            shingler: Shingler { unit: settings.unit, n: settings.n },
            on: settings.on.clone(),
            banding,
            permutations: Permutations::new(banding.values()),
            threshold: settings.threshold_millionths(),
        }
    }

    /// Calls `read` with the text that is compared.
    fn text<T>(&self, sample: &Sample, read: impl FnOnce(&str) -> T) -> T {
        let columns: Vec<&str> = columns::of(sample, &self.on).map(|(_, _, text)| text).collect();
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
        self.banding.each(&self.permutations.sign(&set), 16, &[sample.content.kind() as u8], each);
        Some(u32::try_from(set.len()).unwrap_or(u32::MAX))
    }

    fn similarity(&self, one: &Sketch, two: &Sketch) -> Option<Score> {
        let elements = |sketch: &Sketch| sketch.0.len() / 8;
        let shared = shared(rising(one), rising(two));
        let union = elements(one) + elements(two) - shared;
        let enough = shared as u64 * 1_000_000 >= union as u64 * self.threshold;
        enough.then(|| Score::new(shared as f64 / union as f64))
    }
}

fn rising(sketch: &Sketch) -> impl Iterator<Item = u64> {
    sketch.0.as_chunks().0.iter().map(|bytes| u64::from_le_bytes(*bytes))
}
