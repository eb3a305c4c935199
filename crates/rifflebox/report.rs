use std::collections::BTreeMap;
use std::fmt;

use rifflebox_storage::Requests;
use serde::{Deserialize, Serialize};

/// What a build did, and how the dataset now stands.
///
/// `added`, `changed`, `removed`, `made`, `written`, `kept`, `rows`, `bytes`, `requests` and `seconds` are the run's;
/// all else are totals.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Report {
    /// Digest of data and provenance: equal for equal published data.
    pub snapshot: String,
    /// Digest of the data shards alone.
    pub data: String,
    /// Number of the published snapshot; 0 if there is none.
    pub version: u64,
    /// Documents.
    pub documents: Changes,
    /// Samples; `total` counts published rows.
    pub samples: SampleCounts,
    /// Calls of asked stages.
    pub calls: Calls,
    /// By stage that asks models: what the calls that the dataset rests on cost.
    pub asked: BTreeMap<String, StageCalls>,
    /// What this run's calls cost.
    pub spent: Spending,
    /// Data shards.
    pub shards: ShardCounts,
    /// Tokens of the published rows.
    pub tokens: Tokens,
    /// Published rows by tier.
    pub tiers: BTreeMap<String, TierCounts>,
    /// Rows of arrangements.
    pub rows: RowCounts,
    /// Bytes moved.
    pub bytes: Bytes,
    /// Requests to the store.
    pub requests: Requests,
    /// Where the time went.
    pub seconds: Seconds,
    /// By mix: what bounds it from being larger.
    pub bound_by: BTreeMap<String, String>,
    /// Rows that are not published, by the stage at which they ended and by what became of them there.
    pub absent: BTreeMap<String, BTreeMap<String, u64>>,
    /// By stage: what else a reader must know of its work, as figures by name.
    pub notes: BTreeMap<String, BTreeMap<String, u64>>,
    /// Why nothing was published, if something stood against it.
    pub unpublished: Option<String>,
    /// Kept answers that a rebuild found damaged, each with its object; what no journal holds of them was asked again.
    pub damaged: Vec<String>,
}

/// Documents, as they stand and as they changed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Changes {
    /// Sound documents.
    pub total: u64,
    /// New ones.
    pub added: u64,
    /// Ones that now say something else.
    pub changed: u64,
    /// Gone ones.
    pub removed: u64,
    /// Files and rows that are no document.
    pub broken: u64,
}

/// Samples, as they stand and as they changed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct SampleCounts {
    /// Published rows.
    pub total: u64,
    /// Rows that are published now, and were not.
    pub added: u64,
    /// Rows that were published, and are not.
    pub removed: u64,
    /// Rows that the mix left out.
    pub unused: u64,
    /// Rows that a verifier refused.
    pub rejected: u64,
    /// Rows that gave way to a better one.
    pub displaced: u64,
    /// Rows on which an operator failed, for good or for now.
    pub failed: u64,
}

/// Calls of asked stages: models, sandboxes, commands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Calls {
    /// Calls that the dataset rests on.
    pub standing: u64,
    /// Calls that this run made.
    pub made: u64,
    /// Calls that it needed, and found answered.
    pub reused: u64,
    /// Calls that failed for good.
    pub failed: u64,
    /// Calls that the next build asks first.
    pub owed: u64,
}

/// The calls of a stage, by the model that was asked.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct StageCalls {
    /// By the model's name in the flow.
    pub by: BTreeMap<String, ModelCalls>,
}

/// Calls of one stage to one model.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ModelCalls {
    /// Those that have a final answer.
    pub calls: u64,
    /// Of them, those that failed for good.
    pub failed: u64,
    /// Tokens that were sent.
    pub input_tokens: u64,
    /// Tokens that came back.
    pub output_tokens: u64,
    /// What they cost, in US dollars.
    pub usd: f64,
}

/// What the calls of a run cost.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Spending {
    /// Tokens, sent and come back.
    pub tokens: u64,
    /// US dollars.
    pub usd: f64,
    /// Calls without an answer, by kind of reason.
    pub failures: BTreeMap<String, u64>,
    /// Budgets that were reached, and with which figures.
    pub reached: Vec<String>,
}

/// Data shards.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ShardCounts {
    /// Shards of the snapshot.
    pub total: u64,
    /// Shards that this run wrote.
    pub written: u64,
    /// Shards that stayed as they were.
    pub kept: u64,
}

/// Tokens of the published rows.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Tokens {
    /// All of them.
    pub total: u64,
    /// By what they are counted.
    pub tokenizer: String,
    /// Those of rows whose words are a generator's.
    pub synthetic: u64,
    /// Their share, between 0 and 1.
    pub synthetic_share: f64,
}

/// Published rows of a tier.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct TierCounts {
    /// Rows.
    pub samples: u64,
    /// Tokens.
    pub tokens: u64,
}

/// Rows of arrangements that a run touched.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct RowCounts {
    /// Rows read of what earlier runs left.
    pub read: u64,
    /// Rows written.
    pub written: u64,
    /// Rows written again because runs were merged.
    pub merged: u64,
}

/// Bytes that a run moved.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Bytes {
    /// Read of documents.
    pub read: u64,
    /// Fetched from the store.
    pub fetched: u64,
    /// Written to the store.
    pub written: u64,
}

/// Where a run's time went.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Seconds {
    /// All of it.
    pub total: f64,
    /// Finding the newest manifest and opening what earlier runs left.
    pub open: f64,
    /// Listing, reading and computing.
    pub compute: f64,
    /// Writing, publishing and committing.
    pub commit: f64,
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Changes { total, added, changed, removed, broken } = self.documents;
        let touched = added + changed + removed;
        write!(f, "{} of {} documents changed", grouped(touched), grouped(total.max(touched)))?;
        if broken > 0 {
            write!(f, ", {} broken", grouped(broken))?;
        }
        write!(f, " · +{} -{} samples", grouped(self.samples.added), grouped(self.samples.removed))?;
        if self.calls.made > 0 {
            write!(f, " · {} calls", grouped(self.calls.made))?;
            if self.spent.usd > 0.0 {
                write!(f, " for {:.2} USD", self.spent.usd)?;
            }
        }
        let ShardCounts { total, written, .. } = self.shards;
        write!(f, " · {} of {} shards written", grouped(written), grouped(total))?;
        if !self.damaged.is_empty() {
            write!(f, " · {} sets of answers were damaged", grouped(self.damaged.len() as u64))?;
        }
        match self.seconds.total {
            seconds if seconds < 1.0 => write!(f, " · {:.0} ms", seconds * 1e3),
            seconds => write!(f, " · {seconds:.1} s"),
        }
    }
}

/// Writes a number with its thousands apart.
pub(crate) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}
