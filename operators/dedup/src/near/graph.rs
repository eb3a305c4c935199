//! The way of a near-duplicate purge: bands, meetings, comparisons, survivors.

use std::sync::Arc;

use rifflebox_core::{Key, Outcome, Row, Sample, Score, StageRow};
use rifflebox_dataflow::{Candidates, Keep, Purged, ReadSample, Rows, Scope};
use serde::{Deserialize, Serialize};

use super::meet::{Crowd, Crowds, Member, Pair, Rank, Shape};
use super::survivors::{Edge, survivors};

/// When two samples are alike: pure functions of a sample, of which a band's member tells all that its id does not.
pub(crate) trait Likeness: Send + Sync + 'static {
    /// Returns what a sample is compared by; none if it is like nothing.
    fn sketch(&self, row: &Row, sample: &Sample) -> Option<Arc<Sketch>>;

    /// Returns what the sample of this id is compared by, where that is still known.
    fn recall(&self, id: Key) -> Option<Arc<Sketch>>;

    /// Calls `each` with the bands in which the sample meets others, each with an order within it.
    fn bands(&self, row: &Row, sample: &Sample, each: &mut dyn FnMut(Key, u64)) -> Option<Shape>;

    /// Returns how similar two samples are, if that is enough.
    fn similarity(&self, one: &Sketch, two: &Sketch) -> Option<Score>;
}

/// What a sample is compared by, as bytes, and where it is published.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct Sketch {
    pub(crate) route: Key,
    #[serde(with = "serde_bytes")]
    pub(crate) bytes: Vec<u8>,
}

/// What is known of two rows that have met, on its way to the better one.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
enum Compared {
    /// They are duplicates.
    Alike(Edge),
    /// They are to be compared by this sketch of the worse one.
    Not(Pair, Sketch),
}

/// Says which of the candidates give way to a better one that is like them.
pub(crate) fn purge(
    scope: &mut Scope<'_>,
    candidates: &Candidates,
    likeness: &Arc<impl Likeness>,
    crowds: Crowds,
) -> Purged {
    let banding = likeness.clone();
    let bands = candidates.read(scope, move |row: Row, sample: Sample, say| {
        let rank = Rank::of(&row);
        let mut bands = Vec::new();
        if let Some(shape) = banding.bands(&row, &sample, &mut |band, order| bands.push((band, order))) {
            bands.into_iter().for_each(|(band, order)| say(band, Member { rank, shape, order }));
        }
    });
    let bands = scope.arrange("bands", bands, Keep::Internal);
    let pairs = scope.recompute(bands, 2, move |_: &Key, members: Vec<(Member, i64)>, say| {
        crowds.meet(standing(members), |pair: Pair| say(pair.worse, pair));
    });
    let edges = compare(scope, candidates, pairs, likeness);
    let edges = scope.arrange("edges", edges, Keep::Internal);
    let witness = survivors(scope, edges);
    let displaced = candidates.join_arriving(scope, witness, |edge: Edge, row: Row, say| {
        let outcome =
            Outcome::Displaced { by: edge.better.id, by_route: edge.by_route, similarity: edge.similarity };
        say(row.id, StageRow { row, outcome, verdict: None });
    });
    let crowded = scope.recompute(bands, crowds.above + 1, move |band: &Key, members, say| {
        if let Some(crowd) = crowds.count(standing(members)) {
            say(*band, crowd);
        }
    });
    let notes = scope.weighted_map(crowded, |_, crowd: Crowd, say| {
        say("crowded bands".to_owned(), (), 1);
        say("rows in crowded bands".to_owned(), (), crowd.rows as i64);
        say("pairs in crowded bands not compared".to_owned(), (), crowd.left_out as i64);
    });
    Purged { displaced, notes: Some(notes) }
}

/// Returns the rows that are in a band.
fn standing(members: Vec<(Member, i64)>) -> Vec<Member> {
    members.into_iter().filter(|(_, weight)| *weight > 0).map(|(member, _)| member).collect()
}

/// Compares each pair, and keeps those that are duplicates. Where the sketch of one is not known any more, the worse row's
/// travels to the better one.
///
/// A pair that meets in several bands at one time is compared once: its weight is the number of its bands, which is no
/// matter to what comes after.
fn compare(
    scope: &mut Scope<'_>,
    candidates: &Candidates,
    pairs: Rows<Key, Pair>,
    likeness: &Arc<impl Likeness>,
) -> Rows<Key, Edge> {
    let sketching = likeness.clone();
    let sketch = move |id: Key, read: &mut ReadSample<'_>| {
        sketching.recall(id).or_else(|| read().and_then(|(row, sample)| sketching.sketch(&row, &sample)))
    };
    let comparing = likeness.clone();
    let compare = move |pair: &Pair, worse: &Sketch, better: &Sketch| {
        let similarity = comparing.similarity(worse, better)?;
        Some(Edge { better: pair.better, worse: pair.worse, by_route: better.route, similarity })
    };
    let (comparing, recalling) = (compare.clone(), likeness.clone());
    let sent = candidates.look_up(
        scope,
        pairs,
        sketch.clone(),
        move |_, worse: &Option<Arc<Sketch>>, pair: Pair, say| {
            let Some(worse) = worse else { return };
            match recalling.recall(pair.better.id) {
                Some(better) => {
                    if let Some(edge) = comparing(&pair, worse, &better) {
                        say(pair.better.id, Compared::Alike(edge));
                    }
                }
                None => say(pair.better.id, Compared::Not(pair, Sketch::clone(worse))),
            }
        },
    );
    candidates.look_up(scope, sent, sketch, move |id, better: &Option<Arc<Sketch>>, sent: Compared, say| {
        let edge = match (sent, better) {
            (Compared::Alike(edge), _) => Some(edge),
            (Compared::Not(pair, worse), Some(better)) => compare(&pair, &worse, better),
            (Compared::Not(..), None) => None,
        };
        if let Some(edge) = edge {
            say(id, edge);
        }
    })
}
