use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use bloomfilter::Bloom;

use super::DecontaminateSettings;
use super::text::Text;

/// Share of other runs that the Bloom filter passes.
const FALSE_POSITIVES: f64 = 0.01;
/// Keys of the Bloom filter's hash functions: any will do, and they are the same in every process.
const SEED: [u8; 32] = *b"rifflebox looks for what is held";

/// The runs of words of all held-out texts.
#[derive(Debug)]
pub(super) struct Index {
    n: usize,
    near_n: usize,
    threshold: f64,
    texts: Vec<HeldText>,
    /// Passes every run that counts, and few others.
    bloom: Option<Bloom<u64>>,
    /// Places of the runs that count, in order of their hash.
    places: Vec<Place>,
}

#[derive(Debug)]
struct HeldText {
    /// Place of its document in the order of all.
    document: u32,
    name: String,
    column: String,
    words: Text,
    /// Distinct runs that count.
    runs: u32,
}

/// A place of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    hash: u64,
    text: u32,
    /// The run's first word.
    at: u32,
    /// Number of the run among its text's distinct ones.
    run: u32,
}

/// A run of a sample, and where a held-out text has it: a range of [`Index::places`].
#[derive(Debug)]
struct Hit {
    at: usize,
    places: Range<usize>,
}

/// A held-out text that a sample holds.
#[derive(Debug)]
pub(super) struct Found<'a> {
    /// Source and id of the document.
    pub(super) document: &'a str,
    /// The text's column.
    pub(super) column: &'a str,
    /// Whether enough words in a row were found.
    pub(super) verbatim: bool,
    /// The most words in a row.
    pub(super) longest: usize,
    /// Distinct runs that were found, of all that count.
    runs: (u32, u32),
}

impl Found<'_> {
    /// Returns the containment: the share of the text's runs that were found.
    pub(super) fn share(&self) -> f64 {
        f64::from(self.runs.0) / f64::from(self.runs.1)
    }

    /// Returns whether more is found than of another text.
    fn exceeds(&self, other: &Found<'_>) -> bool {
        let cross = |one: (u32, u32), two: (u32, u32)| u64::from(one.0) * u64::from(two.1);
        (cross(self.runs, other.runs), self.longest) > (cross(other.runs, self.runs), other.longest)
    }
}

impl Index {
    /// Reads the texts of documents, which come in a fixed order, each with its name and the texts by column.
    pub(super) fn new(
        settings: &DecontaminateSettings,
        documents: impl Iterator<Item = (String, Vec<(String, Text)>)>,
    ) -> Index {
        let DecontaminateSettings { n, near_n, threshold, common, .. } = *settings;
        let mut texts = Vec::new();
        let mut places = Vec::new();
        for (document, (name, columns)) in documents.enumerate() {
            for (column, words) in columns {
                let text = texts.len() as u32;
                let runs = words.runs(near_n).into_iter().enumerate();
                // Zeros in a row, or 1 to 9, stand anywhere.
                let runs = runs.filter(|(at, _)| words.has_letter(*at..at + near_n));
                places.extend(runs.map(|(at, hash)| Place { hash, text, at: at as u32, run: 0 }));
                texts.push(HeldText {
                    document: document as u32,
                    name: name.clone(),
                    column,
                    words,
                    runs: 0,
                });
            }
        }
        places.sort_unstable();
        let places = counting(places, &mut texts, common);
        let bloom = (!places.is_empty()).then(|| {
            let bloom = Bloom::new_for_fp_rate_with_seed(places.len(), FALSE_POSITIVES, &SEED);
            let mut bloom = bloom.expect("a filter of given keys asks nobody for randomness");
            places.iter().for_each(|place| bloom.set(&place.hash));
            bloom
        });
        Index { n, near_n, threshold, texts, bloom, places }
    }

    /// Returns the held-out text of which a sample holds most, if it holds enough of any.
    pub(super) fn find(&self, sample: &Text) -> Option<Found<'_>> {
        let mut best: Option<Found<'_>> = None;
        for (text, hits) in self.hits(sample) {
            let found = self.weigh(&self.texts[text as usize], &hits, sample);
            let enough = found.verbatim || self.is_near(&self.texts[text as usize], &found);
            if enough && best.as_ref().is_none_or(|best| found.exceeds(best)) {
                best = Some(found);
            }
        }
        best
    }

    /// Returns by text the runs of a sample that it has, in the sample's order.
    fn hits(&self, sample: &Text) -> BTreeMap<u32, Vec<Hit>> {
        let mut hits: BTreeMap<u32, Vec<Hit>> = BTreeMap::new();
        let Some(bloom) = &self.bloom else { return hits };
        for (at, hash) in sample.runs(self.near_n).into_iter().enumerate() {
            if !bloom.check(&hash) {
                continue;
            }
            let mut from = self.places.partition_point(|place| place.hash < hash);
            while let Some(place) = self.places.get(from).filter(|place| place.hash == hash) {
                let next = |other: &Place| (other.hash, other.text) <= (hash, place.text);
                let places = from..self.places.partition_point(next);
                from = places.end;
                let held = &self.texts[place.text as usize].words;
                if sample.alike(at, held, place.at as usize, self.near_n) {
                    hits.entry(place.text).or_default().push(Hit { at, places });
                }
            }
        }
        hits
    }

    fn weigh<'a>(&'a self, held: &'a HeldText, hits: &[Hit], sample: &Text) -> Found<'a> {
        let runs: BTreeSet<u32> = hits.iter().map(|hit| self.places[hit.places.start].run).collect();
        let pairs: usize = hits.iter().map(|hit| hit.places.len()).sum();
        let longest = match pairs <= sample.len() + held.words.len() {
            true => self.longest_of_pairs(held, hits, sample),
            // Both say the same again and again: their places would be the square of that.
            false => {
                let at: Vec<usize> = hits.iter().map(|hit| hit.at).collect();
                sample.longest_shared(&held.words, &at, self.near_n)
            }
        };
        Found {
            document: &held.name,
            column: &held.column,
            verbatim: longest >= self.n.min(held.words.len()),
            longest,
            runs: (runs.len() as u32, held.runs),
        }
    }

    /// Returns the most words in a row around any run, place by place.
    fn longest_of_pairs(&self, held: &HeldText, hits: &[Hit], sample: &Text) -> usize {
        let mut longest = 0;
        // By how far the sample's words stand behind the text's: where the last shared row of words ends.
        let mut ends: BTreeMap<i64, usize> = BTreeMap::new();
        for &Hit { at, ref places } in hits {
            for place in &self.places[places.clone()] {
                let end = ends.entry(at as i64 - i64::from(place.at)).or_default();
                if at < *end || !sample.same(at, &held.words, place.at as usize, self.near_n) {
                    continue;
                }
                let row = sample.shared_around(at, &held.words, place.at as usize);
                longest = longest.max(row.len());
                *end = row.end;
            }
        }
        longest
    }

    /// Returns whether enough of a text's runs were found, of a text that has enough for that to mean something.
    fn is_near(&self, held: &HeldText, found: &Found<'_>) -> bool {
        held.runs as usize > self.n - self.near_n && found.share() >= self.threshold
    }
}

/// Returns the places of the runs that stand in at most `common` documents, and numbers each text's distinct ones.
fn counting(places: Vec<Place>, texts: &mut [HeldText], common: usize) -> Vec<Place> {
    let mut counting = Vec::with_capacity(places.len());
    for same in places.chunk_by(|one, two| one.hash == two.hash) {
        let mut documents: Vec<u32> = same.iter().map(|place| texts[place.text as usize].document).collect();
        documents.dedup();
        if documents.len() > common {
            continue;
        }
        for of_text in same.chunk_by(|one, two| one.text == two.text) {
            let text = &mut texts[of_text[0].text as usize];
            counting.extend(of_text.iter().map(|place| Place { run: text.runs, ..*place }));
            text.runs += 1;
        }
    }
    counting
}
