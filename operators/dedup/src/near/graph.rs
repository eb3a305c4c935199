//! The way of a near-duplicate purge: bands, meetings, comparisons, survivors.

use std::sync::Arc;

use rifflebox_core::{Key, Outcome, Row, Score, StageRow};
use rifflebox_dataflow::{Arranged, Candidates, Keep, Purged, ReadSample, Rows, SamplePart, Scope, Values};
use serde::{Deserialize, Serialize};

use super::meet::{Crowd, Crowds, Member, Order, Pair, Rank, Seen, Shape};
use super::survivors::{Claim, Duplicates, Edge, survivors};

/// When two samples are alike: pure functions of a sample, of which a band's member tells all that its id does not.
pub(crate) trait Likeness: Send + Sync + 'static {
    /// What is read of a sample.
    type Read: SamplePart;
    /// What is still known of a sample.
    type Known;

    /// Returns what a sample is compared by; none if it is like nothing.
    fn sketch(&self, id: Key, sample: &Self::Read) -> Option<Sketch>;

    /// Returns what the sample of this id is compared by, where that is still known.
    fn recall(&self, id: Key) -> Option<Sketch>;

    /// Returns what is known of the sample of this id, to be compared with others.
    fn know(&self, id: Key) -> Self::Known;

    /// Returns what two samples are to one another, where both are still known.
    fn recall_both(&self, better: &Self::Known, worse: &Self::Known) -> Option<Found>;

    /// Calls `each` with the bands in which the sample meets others, each with an order within it.
    fn bands(&self, id: Key, sample: &Self::Read, each: &mut dyn FnMut(Key, Order)) -> Option<Shape>;

    /// Returns how similar two samples are, if that is enough.
    fn similarity(&self, one: &[u8], two: &[u8]) -> Option<Score>;
}

/// What a sample is compared by.
pub(crate) type Sketch = Arc<[u8]>;

/// How similar two samples are; none if they are not alike.
pub(crate) type Found = Option<Score>;

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
    Not(Pair, #[serde(with = "serde_bytes")] Vec<u8>),
}

/// Says which of the candidates give way to a better one that is like them.
pub(crate) fn purge(
    scope: &mut Scope<'_>,
    candidates: &Candidates,
    likeness: &Arc<impl Likeness>,
    crowds: Crowds,
) -> Purged {
    let banding = likeness.clone();
    let bands = candidates.read(scope, move |row: Row, sample, say| {
        let rank = Rank::of(&row);
        let mut bands = Vec::with_capacity(32);
        if let Some(shape) = banding.bands(row.id, &sample, &mut |band, order| bands.push((band, order))) {
            bands.into_iter().for_each(|(band, order)| say(band, Member { rank, shape, order }));
        }
    });
    let bands = scope.arrange("bands", bands, Keep::Internal);
    let met = meet(scope, bands, likeness, crowds);
    let alike = scope.filter(met.read_as(), |_, met: &Rest| *met == Rest::Alike).read_as();
    let rest = scope.filter(met.read_as(), |_, met: &Rest| *met != Rest::Alike);
    let unknown = scope.flat_map(rest, |worse, met, say| {
        if let Rest::Unknown(pair) = met {
            say(worse, pair);
        }
    });
    let compared = compare(scope, candidates, unknown, likeness);
    let edges = scope.concat(&[alike, compared]);
    let edges = scope.arrange("edges", edges, Keep::Internal);
    let witness = survivors(scope, edges);
    let gone = candidates.join_arriving(scope, witness, |claim: Claim, row: Row, say| {
        say(claim.better.id, (row, claim.similarity));
    });
    let route = |_, read: &mut ReadSample<'_, ()>| read().map(|(better, ())| better.route);
    let displaced =
        candidates.look_up(scope, gone, route, |by, route, (row, similarity): (Row, Score), say| {
            // A row stands in no one's way that is not there.
            if let Some(by_route) = *route {
                let outcome = Outcome::Displaced { by, by_route, similarity };
                say(row.id, StageRow { row, outcome, verdict: None });
            }
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
fn meet<L: Likeness>(
    scope: &mut Scope<'_>,
    bands: Arranged<Key, Member>,
    likeness: &Arc<L>,
    crowds: Crowds,
) -> Rows<Key, Met> {
    let likeness = likeness.clone();
    scope.recompute(bands, 2, move |band: &Key, were: Values<Member>, are: Values<Member>, say| {
        let know = |seen: &Seen<L::Known>| likeness.know(seen.member.rank.id);
        let crowds = crowds.meet([standing(were), standing(are)], |better, worse, weight| {
            let pair = Pair::of(&better.member, &worse.member);
            let [one, two] = [better, worse].map(|seen| seen.known.get_or_init(|| know(seen)));
            match likeness.recall_both(one, two) {
                None => say(pair.worse, Met::Unknown(pair), weight),
                Some(None) => {}
                Some(Some(similarity)) => {
                    say(pair.better.id, Met::Alike(Edge::of(&pair, similarity)), weight)
                }
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

/// Returns two rows that are duplicates, if these are.
fn alike(likeness: &impl Likeness, pair: &Pair, better: &[u8], worse: &[u8]) -> Option<Edge> {
    Some(Edge::of(pair, likeness.similarity(worse, better)?))
}

/// Compares each pair, and keeps those that are duplicates. Where the sketch of one is not known any more, the worse row's
/// travels to the better one.
///
/// A pair that meets in several bands at one time is compared once: its weight is the number of its bands, which is no
/// matter to what comes after.
fn compare<L: Likeness>(
    scope: &mut Scope<'_>,
    candidates: &Candidates,
    pairs: Rows<Key, Pair>,
    likeness: &Arc<L>,
) -> Rows<Key, Duplicates> {
    let sketching = likeness.clone();
    let sketch = move |id: Key, read: &mut ReadSample<'_, L::Read>| {
        sketching.recall(id).or_else(|| read().and_then(|(_, sample)| sketching.sketch(id, &sample)))
    };
    let [first, second] = [(); 2].map(|()| likeness.clone());
    let sent = candidates.look_up(
        scope,
        pairs,
        sketch.clone(),
        move |_, worse: &Option<Sketch>, pair: Pair, say| {
            let Some(worse) = worse else { return };
            match first.recall(pair.better.id) {
                Some(better) => {
                    if let Some(edge) = alike(&*first, &pair, &better, worse) {
                        say(pair.better.id, Compared::Alike(edge));
                    }
                }
                None => say(pair.better.id, Compared::Not(pair, worse.to_vec())),
            }
        },
    );
    candidates.look_up(scope, sent, sketch, move |id, better: &Option<Sketch>, sent: Compared, say| {
        let edge = match (sent, better) {
            (Compared::Alike(edge), _) => Some(edge),
            (Compared::Not(pair, worse), Some(better)) => alike(&*second, &pair, better, &worse),
            (Compared::Not(..), None) => None,
        };
        if let Some(edge) = edge {
            say(id, Duplicates::Alike(edge));
        }
    })
}

#[cfg(test)]
mod tests {
    use std::cmp::Reverse;

    use rifflebox_core::Tier;
    use rifflebox_dataflow::{decode, encode};

    use super::*;

    #[test]
    fn what_a_band_says_is_read_by_all_who_read_a_part_of_it() {
        let id = Key::of(b"one");
        let better = Rank { tier: Tier::T1, score: Reverse(Score::ONE), id };
        let pair = Pair { better, worse: Key::of(b"two"), version: 7 };
        let edge = Edge::of(&pair, Score::new(0.9));
        let crowd = Crowd { rows: 40, left_out: 700 };
        for (met, rest) in [
            (Met::Alike(edge), Rest::Alike),
            (Met::Unknown(pair), Rest::Unknown(pair)),
            (Met::Crowd(crowd), Rest::Crowd(crowd)),
        ] {
            let (name, bytes) = encode(&id, &met);
            assert_eq!(decode(name, &bytes), (id, rest));
        }
        let (name, bytes) = encode(&id, &Met::Alike(edge));
        assert_eq!(decode(name, &bytes), (id, Duplicates::Alike(edge)));
    }
}
