//! Likeness of texts by the runs of words that they share.

use std::sync::Arc;

use quick_cache::Weighter;
use quick_cache::sync::Cache;
use rifflebox_core::{Key, Row, Sample, Score};

use super::NearSettings;
use super::banding::Banding;
use super::graph::{Found, Likeness, Sketch};
use super::meet::{Order, Shape};
use super::memo::Memo;
use super::shingle::{Shingler, shared};
use super::signature::Permutations;
use crate::columns;

/// Pairs of half the threshold are not alike: this share of them may meet in vain.
const IN_VAIN: f64 = 0.4;

/// Sets that are kept for a while, about, and their bytes at most.
const RECENT_SETS: usize = 1 << 17;
const RECENT_BYTES: u64 = 256 << 20;

/// Likeness by shared shingles.
#[derive(Debug)]
pub(crate) struct Words {
    shingler: Shingler,
    on: Vec<String>,
    banding: Banding,
    permutations: Permutations,
    /// In millionths.
    threshold: u64,
    /// Sets that were made lately: most rows are compared in the epoch in which they come.
    recent: Cache<Key, Arc<Sketch>, Bytes>,
    /// What was found of pairs lately.
    compared: Memo<Found>,
}

#[derive(Clone, Copy, Debug)]
struct Bytes;

impl Weighter<Key, Arc<Sketch>> for Bytes {
    fn weight(&self, _: &Key, sketch: &Arc<Sketch>) -> u64 {
        (size_of::<Sketch>() + sketch.bytes.len()) as u64
    }
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
            recent: Cache::with_weighter(RECENT_SETS, RECENT_BYTES, Bytes),
            compared: Memo::new(),
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

    /// Returns a sample's set, and what keeps it for a while; none if it is empty.
    fn set(&self, row: &Row, sample: &Sample) -> Option<(Vec<u64>, Arc<Sketch>)> {
        let set = self.text(sample, |text| self.shingler.set(text));
        if set.is_empty() {
            return None;
        }
        let mut bytes = vec![0; 8 * set.len()];
        bytes.as_chunks_mut().0.iter_mut().zip(&set).for_each(|(to, element)| *to = element.to_le_bytes());
        let sketch = Arc::new(Sketch { route: row.route, bytes });
        self.recent.insert(row.id, sketch.clone());
        Some((set, sketch))
    }
}

impl Likeness for Words {
    fn sketch(&self, row: &Row, sample: &Sample) -> Option<Arc<Sketch>> {
        self.set(row, sample).map(|(_, sketch)| sketch)
    }

    fn recall(&self, id: Key) -> Option<Arc<Sketch>> {
        self.recent.get(&id)
    }

    fn recall_both(&self, better: Key, worse: Key) -> Option<Found> {
        self.compared.get_or_find(better, worse, || {
            let (better, worse) = (self.recall(better)?, self.recall(worse)?);
            Some(self.similarity(&worse, &better).map(|similarity| (similarity, better.route)))
        })
    }

    fn bands(&self, row: &Row, sample: &Sample, each: &mut dyn FnMut(Key, Order)) -> Option<Shape> {
        let (set, _) = self.set(row, sample)?;
        self.banding.each(&self.permutations.sign(&set), 4, &[sample.content.kind() as u8], each);
        // The text is part of the sample's id: no other ever stands under the same.
        Some(Shape { size: u32::try_from(set.len()).unwrap_or(u32::MAX), version: 0 })
    }

    fn similarity(&self, one: &Sketch, two: &Sketch) -> Option<Score> {
        let (one, two) = (one.bytes.as_chunks().0, two.bytes.as_chunks().0);
        let both = one.len() + two.len();
        // At least `threshold` of the union, which is `both` less what they share.
        let least = (both as u64 * self.threshold).div_ceil(1_000_000 + self.threshold);
        let shared = shared(one, two, least as usize)?;
        Some(Score::new(shared as f64 / (both - shared) as f64))
    }
}
