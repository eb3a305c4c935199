//! The way of a near-duplicate purge: bands, meetings, comparisons, survivors.

use std::sync::Arc;

use rifflebox_core::{Key, Outcome, Row, Sample, Score, StageRow};
use rifflebox_dataflow::{Candidates, Keep, Purged, Rows, Scope};
use serde::{Deserialize, Serialize};

use super::meet::{Crowds, Meeting, Member, Rank};
use super::survivors::{Edge, survivors};

/// When two samples are alike: pure functions of what never changes of a sample.
pub(crate) trait Likeness: Send + Sync + 'static {
    /// Returns what two samples are compared by; none if it is like nothing.
    fn sketch(&self, sample: &Sample) -> Option<Sketch>;

    /// Calls `each` with the bands in which the sample meets others, each with an order within it.
    fn bands(&self, sample: &Sample, each: &mut dyn FnMut(Key, u64)) -> Option<u32>;

    /// Returns how similar two samples are, if that is enough.
    fn similarity(&self, one: &Sketch, two: &Sketch) -> Option<Score>;
}

/// What two samples are compared by, as bytes: it crosses workers.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct Sketch(#[serde(with = "serde_bytes")] pub(crate) Vec<u8>);

/// Two rows that have met.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
struct Pair {
    better: Rank,
    worse: Key,
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
        if let Some(size) = banding.bands(&sample, &mut |band, order| bands.push((band, order))) {
            bands.into_iter().for_each(|(band, order)| say(band, Member { rank, size, order }));
        }
    });
    let bands = scope.arrange("bands", bands, Keep::Internal);
    let meetings = scope.reduce("meetings", bands, move |_: &Key, members: Vec<(Member, i64)>, say| {
        let members = members.into_iter().filter(|(_, weight)| *weight > 0).map(|(member, _)| member);
        crowds.meet(members.collect(), say);
    });
    let pairs = scope.flat_map(meetings.rows(), |_, meeting: Meeting, say| {
        if let Meeting::Compare { worse, betters } = meeting {
            betters.into_iter().for_each(|better| say(worse, Pair { better, worse }));
        }
    });
    let pairs = scope.arrange("pairs", pairs, Keep::Internal);
    let edges = compare(scope, candidates, pairs.rows(), likeness);
    let edges = scope.arrange("edges", edges, Keep::Internal);
    let witness = survivors(scope, edges);
    let displaced = candidates.join_arriving(scope, witness, |edge: Edge, row: Row, say| {
        let outcome =
            Outcome::Displaced { by: edge.better.id, by_route: edge.by_route, similarity: edge.similarity };
        say(row.id, StageRow { row, outcome, verdict: None });
    });
    let notes = scope.weighted_map(meetings.rows(), |_, meeting: Meeting, say| {
        if let Meeting::Crowd { rows, left_out } = meeting {
            say("crowded bands".to_owned(), (), 1);
            say("rows in crowded bands".to_owned(), (), rows as i64);
            say("pairs in crowded bands not compared".to_owned(), (), left_out as i64);
        }
    });
    Purged { displaced, notes: Some(notes) }
}

/// Compares each pair, and keeps those that are duplicates: the worse row's sketch travels to the better one.
fn compare(
    scope: &mut Scope<'_>,
    candidates: &Candidates,
    pairs: Rows<Key, Pair>,
    likeness: &Arc<impl Likeness>,
) -> Rows<Key, Edge> {
    let sketching = likeness.clone();
    let sketch = move |_: Row, sample: Sample| sketching.sketch(&sample);
    let sent = candidates.look_up(scope, pairs, sketch, |_, sketch: &Option<Sketch>, pair: Pair, say| {
        if let Some(sketch) = sketch {
            say(pair.better.id, (pair, sketch.clone()));
        }
    });
    let sketching = likeness.clone();
    let comparing = likeness.clone();
    candidates.look_up(
        scope,
        sent,
        move |row: Row, sample: Sample| (row.route, sketching.sketch(&sample)),
        move |id, (by_route, own): &(Key, Option<Sketch>), (pair, sent): (Pair, Sketch), say| {
            let similarity = own.as_ref().and_then(|own| comparing.similarity(own, &sent));
            if let Some(similarity) = similarity {
                say(id, Edge { better: pair.better, worse: pair.worse, by_route: *by_route, similarity });
            }
        },
    )
}
