//! Survivors by rank: a row goes only if a kept, better-ranked row is its duplicate.

use std::cmp::Reverse;

use rifflebox_core::{Key, Score, Tier};
use rifflebox_dataflow::{Arranged, Keep, Scope};
use serde::{Deserialize, Serialize};

use super::meet::{Pair, Rank};

/// Two rows that are duplicates of one another, by the better one's key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct Edge {
    /// The rest of the better one's rank.
    tier: Tier,
    score: Reverse<Score>,
    worse: Key,
    similarity: Score,
}

impl Edge {
    pub(crate) fn of(pair: &Pair, similarity: Score) -> Self {
        let Rank { tier, score, id: _ } = pair.better;
        Edge { tier, score, worse: pair.worse, similarity }
    }
}

/// What a band says of two rows that are duplicates, as far as it says that they are: it decodes from the same bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) enum Duplicates {
    Alike(Edge),
}

/// By which kept row another goes, by that one's key: the least claim is the best-ranked row's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct Claim {
    pub(crate) better: Rank,
    pub(crate) similarity: Score,
}

/// Says, of each row that goes, by which kept row: the best-ranked of its kept duplicates. Edges are keyed by the better.
///
/// The definition recurs through negation: a row is kept if all its better duplicates go. The loop decides each row
/// once, when all of its better duplicates are decided, so that a chain costs its length; were all rows kept at first,
/// and then taken and given back in turn, it would cost the square.
pub(crate) fn survivors(scope: &mut Scope<'_>, edges: Arranged<Key, Duplicates>) -> Arranged<Key, Claim> {
    let none = scope.flat_map(edges.rows(), |_, _: Duplicates, _: &mut dyn FnMut(Key, ())| {});
    let worse = scope.flat_map(edges.rows(), |_, Duplicates::Alike(edge), say| say(edge.worse, ()));
    let gone = scope.iterate("survivors", none, |scope, gone| {
        let edges = scope.import_arranged(edges);
        let worse = scope.import(worse);
        let gone = scope.arrange("gone", gone, Keep::Internal);
        // A duplicate that goes stands in nobody's way.
        let freed = scope.join(gone, edges, |_: Key, (), Duplicates::Alike(edge), say| say(edge.worse, ()));
        let freed = scope.negate(freed);
        let open = scope.concat(&[worse, freed]);
        let open = scope.arrange("open", open, Keep::Internal);
        let undecided = scope.reduce("undecided", open, any);
        // Who is kept takes its duplicates away.
        let spared =
            scope.join(undecided, edges, |_: Key, (), Duplicates::Alike(edge), say| say(edge.worse, ()));
        let spared = scope.negate(spared);
        let hit = scope.concat(&[worse, spared]);
        let hit = scope.arrange("hit", hit, Keep::Internal);
        scope.reduce("going", hit, any).rows()
    });
    // Of the claims on a row only those of kept rows are made: most duplicates of a row go themselves.
    let better = scope.flat_map(edges.rows(), |better, _: Duplicates, say| say(better, false));
    let goes = scope.flat_map(gone, |id: Key, (), say| say(id, true));
    let better = scope.concat(&[better, goes]);
    let better = scope.arrange("better", better, Keep::Internal);
    let kept = scope.reduce("kept", better, |_: &Key, goes: Vec<(bool, i64)>, say| {
        if !goes.iter().any(|(goes, weight)| *goes && *weight > 0) {
            say(());
        }
    });
    let claims = scope.join(kept, edges, |id: Key, (), Duplicates::Alike(edge), say| {
        let better = Rank { tier: edge.tier, score: edge.score, id };
        say(edge.worse, Claim { better, similarity: edge.similarity });
    });
    let claims = scope.arrange("claims", claims, Keep::Internal);
    scope.reduce("witness", claims, |_: &Key, claims: Vec<(Claim, i64)>, say| {
        if let Some((claim, _)) = claims.into_iter().filter(|(_, weight)| *weight > 0).min() {
            say(claim);
        }
    })
}

/// Says something once if anything is there.
fn any(_: &Key, values: Vec<((), i64)>, say: &mut dyn FnMut(())) {
    if values.iter().any(|(_, weight)| *weight > 0) {
        say(());
    }
}
