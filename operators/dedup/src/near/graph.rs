//! The way of a near-duplicate purge: bands, meetings, comparisons, survivors.

use std::sync::Arc;

use rifflebox_core::{Key, Outcome, Row, Sample, Score, StageRow};
use rifflebox_dataflow::{Arranged, Candidates, Keep, Purged, ReadSample, Rows, Scope, Values};
use serde::{Deserialize, Serialize};

use super::meet::{Crowd, Crowds, Member, Order, Pair, Rank, Shape};
use super::survivors::{Edge, survivors};

/// When two samples are alike: pure functions of a sample, of which a band's member tells all that its id does not.
pub(crate) trait Likeness: Send + Sync + 'static {
    /// Returns what a sample is compared by; none if it is like nothing.
    fn sketch(&self, row: &Row, sample: &Sample) -> Option<Arc<Sketch>>;

    /// Returns what the sample of this id is compared by, where that is still known.
    fn recall(&self, id: Key) -> Option<Arc<Sketch>>;

    /// Returns what two samples are to one another, where both are still known.
    fn recall_both(&self, better: Key, worse: Key) -> Option<Found>;

    /// Calls `each` with the bands in which the sample meets others, each with an order within it.
    fn bands(&self, row: &Row, sample: &Sample, each: &mut dyn FnMut(Key, Order)) -> Option<Shape>;

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

/// What is found of two samples: how similar they are, and where the better one is published; none if they are not alike.
pub(crate) type Found = Option<(Score, Key)>;

/// What a band says of its rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
enum Met {
    /// Two that are duplicates.
    Alike(Edge),
    /// Two that are to be compared, as the sketch of one is not known any more.
    Unknown(Pair),
    /// That they are a crowd.
    Crowd(Crowd),
}

/// The same for those who pass over what is said most: [`Met`] as far as they read it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
enum Rest {
    Alike,
    Unknown(Pair),
    Crowd(Crowd),
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
    let met = meet(scope, bands, likeness, crowds);
    let alike = scope.flat_map(met, |better, met: Met, say| {
        if let Met::Alike(edge) = met {
            say(better, edge);
        }
    });
    let rest = scope.flat_map(met.read_as(), |band: Key, met: Rest, say| {
        if met != Rest::Alike {
            say(band, met);
        }
    });
    let unknown = scope.flat_map(rest, |worse, met, say| {
        if let Rest::Unknown(pair) = met {
            say(worse, pair);
        }
    });
    let compared = compare(scope, candidates, unknown, likeness);
    let edges = scope.concat(&[alike, compared]);
    let edges = scope.arrange("edges", edges, Keep::Internal);
    let witness = survivors(scope, edges);
    let displaced = candidates.join_arriving(scope, witness, |edge: Edge, row: Row, say| {
        let outcome =
            Outcome::Displaced { by: edge.better.id, by_route: edge.by_route, similarity: edge.similarity };
        say(row.id, StageRow { row, outcome, verdict: None });
    });
    let notes = scope.weighted_map(rest, |_, met, say| {
        if let Rest::Crowd(crowd) = met {
            say("crowded bands".to_owned(), (), 1);
            say("rows in crowded bands".to_owned(), (), crowd.rows as i64);
            say("pairs in crowded bands not compared".to_owned(), (), crowd.left_out as i64);
        }
    });
    Purged { displaced, notes: Some(notes) }
}

/// Says what the rows of each band are to one another. Two whose sketches are both known are compared at once.
///
/// A pair may meet in several bands: how often it is said is no matter to what comes after.
fn meet(
    scope: &mut Scope<'_>,
    bands: Arranged<Key, Member>,
    likeness: &Arc<impl Likeness>,
    crowds: Crowds,
) -> Rows<Key, Met> {
    let likeness = likeness.clone();
    scope.recompute(bands, 2, move |band: &Key, were: Values<Member>, are: Values<Member>, say| {
        let crowds = crowds.meet([standing(were), standing(are)], |pair, weight| {
            match likeness.recall_both(pair.better.id, pair.worse) {
                None => say(pair.worse, Met::Unknown(pair), weight),
                Some(None) => {}
                Some(Some(found)) => say(pair.better.id, Met::Alike(Edge::of(&pair, found)), weight),
            }
        });
        let [was, is] = crowds.map(|crowd| crowd.map(Met::Crowd));
        if was != is {
            was.into_iter().for_each(|crowd| say(*band, crowd, -1));
            is.into_iter().for_each(|crowd| say(*band, crowd, 1));
        }
    })
}

/// Returns the rows that are in a band.
fn standing(members: Values<Member>) -> Vec<Member> {
    members.into_iter().filter(|(_, weight)| *weight > 0).map(|(member, _)| member).collect()
}

/// Returns what is known of two rows if they are duplicates.
fn alike(likeness: &impl Likeness, pair: &Pair, better: &Sketch, worse: &Sketch) -> Option<Edge> {
    let similarity = likeness.similarity(worse, better)?;
    Some(Edge::of(pair, (similarity, better.route)))
}

impl Edge {
    fn of(pair: &Pair, (similarity, by_route): (Score, Key)) -> Self {
        Edge { better: pair.better, worse: pair.worse, by_route, similarity }
    }
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
    let [first, second] = [(); 2].map(|()| likeness.clone());
    let sent = candidates.look_up(
        scope,
        pairs,
        sketch.clone(),
        move |_, worse: &Option<Arc<Sketch>>, pair: Pair, say| {
            let Some(worse) = worse else { return };
            match first.recall(pair.better.id) {
                Some(better) => {
                    if let Some(edge) = alike(&*first, &pair, &better, worse) {
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
            (Compared::Not(pair, worse), Some(better)) => alike(&*second, &pair, better, &worse),
            (Compared::Not(..), None) => None,
        };
        if let Some(edge) = edge {
            say(id, edge);
        }
    })
}
