use std::fmt;

use serde::{Deserialize, Serialize};

/// A quality between 0 and 1, kept in millionths so that equal scores are equal everywhere.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Score(u32);

impl Score {
    /// The worst score.
    pub const ZERO: Score = Score(0);
    /// The best score.
    pub const ONE: Score = Score(1_000_000);

    /// Rounds a number to a score; what lies outside 0..=1, or is no number, goes to the nearer end, or to 0.
    pub fn new(value: f64) -> Self {
        match value.is_nan() {
            true => Score::ZERO,
            false => Score((value.clamp(0.0, 1.0) * 1e6).round() as u32),
        }
    }

    /// Returns the score as a number between 0 and 1.
    pub fn value(self) -> f64 {
        f64::from(self.0) / 1e6
    }
}

impl fmt::Debug for Score {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.value())
    }
}

/// One voter's opinion within a verdict.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Vote {
    /// Who voted.
    pub voter: String,
    /// For or against.
    pub accept: bool,
    /// Why, if it says.
    pub reason: Option<String>,
}

/// What a verifier says of a sample.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Verdict {
    /// Whether the sample stands.
    pub accept: bool,
    /// How good it is.
    pub score: Score,
    /// Why, always given with a rejection.
    pub reason: Option<String>,
    /// The votes behind it, where several spoke.
    pub votes: Vec<Vote>,
}

impl Verdict {
    /// Accepts with the best score.
    pub fn accept() -> Self {
        Verdict { accept: true, score: Score::ONE, reason: None, votes: Vec::new() }
    }

    /// Rejects, and says why.
    pub fn reject(reason: impl Into<String>) -> Self {
        Verdict { accept: false, score: Score::ZERO, reason: Some(reason.into()), votes: Vec::new() }
    }

    /// Gives the score.
    #[must_use]
    pub fn scored(mut self, score: f64) -> Self {
        self.score = Score::new(score);
        self
    }
}

/// What rules find: nothing, or why they refuse.
impl<Reason: ToString> From<Result<(), Reason>> for Verdict {
    fn from(found: Result<(), Reason>) -> Self {
        match found {
            Ok(()) => Verdict::accept(),
            Err(reason) => Verdict::reject(reason.to_string()),
        }
    }
}
