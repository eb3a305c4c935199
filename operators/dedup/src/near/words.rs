//! Likeness of texts by the runs of words that they share.

use std::sync::Arc;

use quick_cache::Weighter;
use quick_cache::sync::Cache;
use rifflebox_core::{Key, Row, Sample, Score};

use super::NearSettings;
use super::banding::Banding;
use super::census::Census;
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
    /// How many elements the sets have that were made lately, where that can be said.
    counted: Memo<[u64; 8]>,
    /// Pairs that were found alike lately: how similar they are, and where the better one is published. They meet in most of
    /// their bands; others seldom meet again.
    alike: Memo<(f64, u128)>,
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
            counted: Memo::new(),
            alike: Memo::new(),
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

    /// Returns how many elements two sets share at least that are alike, and have so many together.
    fn least_shared(&self, both: usize) -> usize {
        // At least `threshold` of the union, which is `both` less what they share.
        (both as u64 * self.threshold).div_ceil(1_000_000 + self.threshold) as usize
    }

    /// Whether the counts of two sets tell that they are not alike.
    fn cannot_match(&self, one: Key, two: Key) -> bool {
        let [one, two] = [one, two].map(|id| self.counted.get(id.to_u128()).map(Census));
        one.zip(two)
            .is_some_and(|(one, two)| one.most_shared(&two) < self.least_shared(one.size() + two.size()))
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
        if let Some(census) = Census::of(&set) {
            self.counted.put(row.id.to_u128(), census.0);
        }
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
        // Keys are digests: turned against each other they name the pair as well as a digest of both would.
        let pair = better.to_u128() ^ worse.to_u128().rotate_left(17);
        if let Some((similarity, route)) = self.alike.get(pair) {
            return Some(Some((Score::new(similarity), Key::from_u128(route))));
        }
        if self.cannot_match(better, worse) {
            return Some(None);
        }
        let (better, worse) = (self.recall(better)?, self.recall(worse)?);
        let Some(similarity) = self.similarity(&worse, &better) else { return Some(None) };
        self.alike.put(pair, (similarity.value(), better.route.to_u128()));
        Some(Some((similarity, better.route)))
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
        let shared = shared(one, two, self.least_shared(both))?;
        Some(Score::new(shared as f64 / (both - shared) as f64))
    }
}
