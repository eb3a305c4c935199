//! What a flow's arrangements hold, beside the rows of the core.

use rifflebox_core::{Content, Document, Key, Place, Row, RowItem, Sample, Tier};
use serde::{Deserialize, Serialize};

use crate::scope::Data;

/// What a generator's arrangement holds of a sample, or as much of it as is read; the row comes first.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Made<S = Sample> {
    /// A sample, by its id.
    Sample(Row, Box<S>),
    /// A document of which nothing could be made, by the digest of stage and document.
    Failed {
        /// The document.
        source: String,
        /// Its id.
        id: String,
        /// Its key.
        route: Key,
        /// Why.
        reason: String,
        /// Whether the next build asks again.
        owed: bool,
    },
}

/// As much of a sample as is read of it: all, its beginning, or nothing.
///
/// # Contract
/// - It decodes from the beginning of a [`Sample`]'s bytes (asserted for those here, by a test).
pub trait SamplePart: Data {}

impl SamplePart for Sample {}
impl SamplePart for SampleHead {}
impl SamplePart for () {}

/// The beginning of a [`Sample`]: decodes from the same bytes, and stops before its documents and fields.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct SampleHead {
    /// The stage that made it.
    pub stage: String,
    /// What it teaches.
    pub content: Content,
}

/// The beginning of a [`Made`]: decodes from the same bytes, and stops before the text.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum MadeHead {
    /// A sample's row.
    Sample(Row),
    /// A failure's document.
    Failed {
        /// The document's source.
        source: String,
        /// Its id.
        id: String,
        /// Its key.
        route: Key,
    },
}

/// A later row of a repeated id, and the place of the first: it counts for nothing.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Repeat {
    /// The later row.
    pub item: RowItem,
    /// Where the row stands that counts.
    pub first: Place,
}

/// What is counted, in the diffs of an arrangement: by stage, outcome and tier.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Label {
    /// What became of the row.
    pub status: Status,
    /// Its tier.
    pub tier: Tier,
    /// What is counted.
    pub unit: Unit,
}

/// What became of a row, as figures and commands name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// It goes on, or is published.
    Kept,
    /// A mix left it out.
    Unused,
    /// A verifier refused it.
    Rejected,
    /// A better row says the same.
    Displaced,
    /// An operator failed on it for good.
    Failed,
    /// A call for it is owed.
    Owed,
    /// A document that could not be read.
    Broken,
}

impl Status {
    /// Returns the name, as figures and commands have it.
    pub const fn name(self) -> &'static str {
        match self {
            Status::Kept => "kept",
            Status::Unused => "unused",
            Status::Rejected => "rejected",
            Status::Displaced => "displaced",
            Status::Failed => "failed",
            Status::Owed => "owed",
            Status::Broken => "broken",
        }
    }
}

/// What is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Unit {
    /// Rows.
    Rows,
    /// Tokens.
    Tokens,
    /// Tokens of rows whose words are a generator's.
    SyntheticTokens,
}

/// What is spent on calls, in the diffs of an arrangement: by whom it went to.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Spent {
    /// The respondent's name.
    pub to: String,
    /// What is counted.
    pub unit: SpentUnit,
}

/// What is counted of calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum SpentUnit {
    /// Calls that have a final answer.
    Calls,
    /// Of them, those that failed.
    Failed,
    /// Tokens that were sent.
    Input,
    /// Tokens that came back.
    Output,
    /// Millionths of a USD.
    MicroUsd,
}

/// A document's head: all but its text.
pub(crate) fn headless(document: &Document) -> Document {
    Document { text: String::new(), ..document.clone() }
}

#[cfg(test)]
mod tests {
    use rifflebox_core::{Kind, Origin, Redactions, Score, Value};

    use super::*;
    use crate::encoded::{decode, encode};

    #[test]
    fn parts_decode_from_what_a_sample_is_written_as() {
        let document = Document {
            source: "docs".to_owned(),
            id: "a".to_owned(),
            text: "A text.".to_owned(),
            tier: Tier::T0,
            license: Some("CC0-1.0".to_owned()),
            origin: Origin::default(),
            fields: [("n".to_owned(), Value::Int(1))].into(),
            redactions: Redactions::default(),
        };
        let sample = Sample::of_document("made", &document);
        let row = Row {
            id: sample.id(),
            route: document.key(),
            content: sample.content.digest(),
            kind: Kind::Text,
            tier: Tier::T0,
            score: Score::ONE,
            synthetic: false,
            tokens: 2,
            bytes: 7,
        };
        let (id, bytes) = encode(&row.id, &Made::Sample(row.clone(), Box::new(sample.clone())));
        let head = SampleHead { stage: sample.stage.clone(), content: sample.content.clone() };
        assert_eq!(decode(id, &bytes), (id, Made::Sample(row.clone(), Box::new(sample))));
        assert_eq!(decode(id, &bytes), (id, Made::Sample(row.clone(), Box::new(head))));
        assert_eq!(decode(id, &bytes), (id, Made::Sample(row.clone(), Box::new(()))));
        assert_eq!(decode(id, &bytes), (id, MadeHead::Sample(row)));
    }
}
