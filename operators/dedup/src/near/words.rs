//! Likeness of texts by the runs of words that they share.

use std::cell::OnceCell;

use quick_cache::Weighter;
use quick_cache::sync::Cache;
use rifflebox_core::{Content, Key, Score};
use rifflebox_dataflow::SampleHead;

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

/// Bits of a signature's value that tell it from most others.
const BITS: u32 = 4;

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
    recent: Cache<Key, Sketch, Bytes>,
    /// How many elements the sets have that were made lately, where that can be said.
    counted: Memo<7>,
    /// How similar pairs are that were compared lately, as the bits of a number: many meet again, in most of their bands.
    compared: Memo<1>,
}

/// The bits of no number: of a pair that is not alike.
const UNLIKE: u64 = u64::MAX;

/// What is still known of a row; its set is fetched when it is first compared.
pub(crate) struct Known {
    id: Key,
    /// With the number of all that it counts.
    census: Option<(Census, usize)>,
    sketch: OnceCell<Option<Sketch>>,
}

#[derive(Clone, Copy, Debug)]
struct Bytes;

impl Weighter<Key, Sketch> for Bytes {
    fn weight(&self, _: &Key, sketch: &Sketch) -> u64 {
        (size_of::<Sketch>() + sketch.len()) as u64
    }
}

impl Words {
    pub(crate) fn new(settings: &NearSettings) -> Self {
        let banding = Banding::of(settings.threshold, settings.miss_rate, settings.threshold / 2.0, IN_VAIN);
        Words {
            shingler: Shingler { unit: settings.unit, n: settings.n },
            on: settings.on.clone(),
            banding,
            permutations: Permutations::new(banding.values(BITS)),
            threshold: settings.threshold_millionths(),
            recent: Cache::with_weighter(RECENT_SETS, RECENT_BYTES, Bytes),
            counted: Memo::new(),
            compared: Memo::new(),
        }
    }

    /// Calls `read` with the text that is compared.
    fn text<T>(&self, content: &Content, read: impl FnOnce(&str) -> T) -> T {
        let columns: Vec<&str> = columns::of(content, &self.on).map(|(_, _, text)| text).collect();
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
    fn cannot_match(&self, one: &Known, two: &Known) -> bool {
        let (Some(one), Some(two)) = (&one.census, &two.census) else { return false };
        one.0.most_shared(&two.0) < self.least_shared(one.1 + two.1)
    }

    fn sketch_of<'a>(&self, known: &'a Known) -> Option<&'a Sketch> {
        known.sketch.get_or_init(|| self.recall(known.id)).as_ref()
    }

    /// Calls `read` with a text's set; none if it is empty.
    fn with_set<T>(&self, content: &Content, read: impl FnOnce(&mut Vec<u64>) -> T) -> Option<T> {
        self.text(content, |text| {
            self.shingler.with_set(text, |set| if set.is_empty() { None } else { Some(read(set)) })
        })
    }

    /// Keeps a sample's set for a while.
    fn keep(&self, id: Key, set: &mut [u64]) -> Sketch {
        if let Some(census) = Census::of(set) {
            self.counted.put(id.to_u128(), census.0);
        }
        set.iter_mut().for_each(|element| *element = element.to_le());
        let sketch = Sketch::from(bytemuck::must_cast_slice::<u64, u8>(set));
        self.recent.insert(id, sketch.clone());
        sketch
    }
}

/// Names a pair of digests as well as a digest of both would. Pairs of one better row have places side by side: they come
/// one after another.
fn pair_of(better: u128, worse: u128) -> u128 {
    const SIDE_BY_SIDE: u128 = 31 << 64;
    let tail = (better ^ worse.rotate_left(17)) & u128::from(u64::MAX);
    (better & !SIDE_BY_SIDE | worse & SIDE_BY_SIDE) & !u128::from(u64::MAX) | tail
}

impl Likeness for Words {
    type Read = SampleHead;
    type Known = Known;

    fn sketch(&self, id: Key, sample: &SampleHead) -> Option<Sketch> {
        self.with_set(&sample.content, |set| self.keep(id, set))
    }

    fn recall(&self, id: Key) -> Option<Sketch> {
        self.recent.get(&id)
    }

    fn know(&self, id: Key) -> Known {
        let census = self.counted.get(id.to_u128()).map(Census);
        Known { id, census: census.map(|census| (census, census.size())), sketch: OnceCell::new() }
    }

    fn recall_both(&self, better: &Known, worse: &Known) -> Option<Found> {
        let pair = pair_of(better.id.to_u128(), worse.id.to_u128());
        if let Some([similarity]) = self.compared.get(pair) {
            return Some((similarity != UNLIKE).then(|| Score::new(f64::from_bits(similarity))));
        }
        if self.cannot_match(better, worse) {
            return Some(None);
        }
        let found = self.similarity(self.sketch_of(worse)?, self.sketch_of(better)?);
        self.compared.put(pair, [found.map_or(UNLIKE, |similarity| similarity.value().to_bits())]);
        Some(found)
    }

    fn bands(&self, id: Key, sample: &SampleHead, each: &mut dyn FnMut(Key, Order)) -> Option<Shape> {
        let size = self.with_set(&sample.content, |set| {
            self.banding.each(&self.permutations.sign(set), BITS, &[sample.content.kind() as u8], each);
            self.keep(id, set);
            set.len()
        })?;
        // The text is part of the sample's id: no other ever stands under the same.
        Some(Shape { size: u32::try_from(size).unwrap_or(u32::MAX), version: 0 })
    }

    fn similarity(&self, one: &[u8], two: &[u8]) -> Option<Score> {
        let (one, two) = (one.as_chunks().0, two.as_chunks().0);
        let both = one.len() + two.len();
        let shared = shared(one, two, self.least_shared(both))?;
        Some(Score::new(shared as f64 / (both - shared) as f64))
    }
}
