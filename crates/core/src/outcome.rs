use serde::{Deserialize, Serialize};

use crate::{Key, Kind, Score, Tier, Verdict};

/// What of a sample travels between stages: names, rank and weights, never its text.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Row {
    /// The sample's id.
    pub id: Key,
    /// Key of its first document: decides the shard.
    pub route: Key,
    /// Digest of its content, by which exact copies meet.
    pub content: Key,
    /// Its layout.
    pub kind: Kind,
    /// Its tier, so far.
    pub tier: Tier,
    /// The lowest score that a verifier gave it; one where none did.
    pub score: Score,
    /// Whether its words are its generator's.
    pub synthetic: bool,
    /// Its tokens, by the flow's tokenizer.
    pub tokens: u64,
    /// Logical bytes of its published row.
    pub bytes: u64,
}

impl Row {
    /// Returns what decides who survives, best first: tier, then quality score, then id.
    pub fn rank(&self) -> (Tier, std::cmp::Reverse<Score>, Key) {
        (self.tier, std::cmp::Reverse(self.score), self.id)
    }
}

/// What became of a row at a stage.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Outcome {
    /// It goes on.
    Kept,
    /// A verifier refused it.
    Rejected,
    /// A better row says the same.
    Displaced {
        /// The better row.
        by: Key,
        /// Where the better row is published.
        by_route: Key,
        /// How similar the two are.
        similarity: Score,
    },
    /// The operator failed on it, for good or for now.
    Failed {
        /// Why.
        reason: String,
    },
}

/// A row at a stage, with all that the stage says of it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct StageRow {
    /// The row as it leaves the stage.
    pub row: Row,
    /// What became of it.
    pub outcome: Outcome,
    /// The verdict, where the stage is a verifier that gave one.
    pub verdict: Option<Verdict>,
}

impl StageRow {
    /// Makes a row that goes on.
    pub fn kept(row: Row) -> Self {
        StageRow { row, outcome: Outcome::Kept, verdict: None }
    }

    /// Returns the row, if it goes on.
    pub fn onward(&self) -> Option<&Row> {
        matches!(self.outcome, Outcome::Kept).then_some(&self.row)
    }
}
