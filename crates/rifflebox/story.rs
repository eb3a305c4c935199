//! `explain`: the story of one row, present or absent.

mod find;
mod mixed;
mod print;
mod tell;

use rifflebox_core::{Key, Redactions, Result, Span, Tier, Vote};
use rifflebox_dataflow::Flow;
use serde::Serialize;

pub(crate) use mixed::Mixes;

use crate::conversation::StoryCall;
use crate::standing::Standing;
use crate::workspace::Workspace;

/// What became of a row or a document.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Fate {
    /// It is published; of a document: a sample of it is.
    Kept,
    /// A mix left it out.
    Unused,
    /// A better row says the same.
    Displaced,
    /// A verifier refused it.
    Rejected,
    /// An operator failed on it, for good or for now.
    Failed,
    /// It is no document, or its id is another's.
    Broken,
    /// It is a document of which nothing was made.
    Nothing,
    /// Nothing is known of it.
    #[default]
    Unknown,
}

/// How one row came to be what it is: where it comes from, and what each stage said of it.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Story {
    /// What became of it; where several mixes publish, the best of it.
    pub status: Fate,
    /// The sample's id; of a document or broken row its key.
    pub id: Option<Key>,
    /// The published data file that holds it, relative to the published folder.
    pub shard: Option<String>,
    /// The documents behind it; a document's own story names itself.
    pub documents: Vec<StoryDocument>,
    /// What each stage that it reached said of it, in the order of the flow.
    pub steps: Vec<StoryStep>,
    /// The better row that says the same.
    pub by: Option<Key>,
    /// How similar the better row is, between 0 and 1.
    pub similarity: Option<f64>,
    /// How the mix decided on it.
    pub mix: Option<StoryMix>,
    /// Its tier, as the last stage left it.
    pub tier: Option<Tier>,
}

/// A document behind a row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct StoryDocument {
    /// Name of its source.
    pub source: String,
    /// Its id; of a broken row its file's path.
    pub id: String,
    /// Digest of its content when the row was made; none for what is no document.
    pub digest: Option<Key>,
    /// What part of its text the row rests on, in bytes.
    pub span: Option<Span>,
    /// Its licence.
    pub license: Option<String>,
    /// What was redacted in it, by rule.
    pub redactions: Redactions,
}

/// What a stage said of a row.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct StoryStep {
    /// The stage.
    pub stage: String,
    /// The version of its operator.
    pub version: String,
    /// `read`, `made`, `nothing`, `kept`, `rejected`, `demoted`, `tagged`, `displaced`, `failed`, `owed`, `unused` or
    /// `broken`.
    pub outcome: &'static str,
    /// The score that a verifier gave it, between 0 and 1.
    pub score: Option<f64>,
    /// Why.
    pub reason: Option<String>,
    /// The votes behind a verdict, where several spoke.
    pub votes: Vec<Vote>,
    /// The key of the call that answered, where the stage asks; of several, the first.
    pub call: Option<Key>,
    /// What models were asked, and what they said.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub asked: Vec<StoryCall>,
}

/// How a mix decided on a row: it takes the rows of a label by rising number, until the label's quota is full.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct StoryMix {
    /// The mix.
    pub stage: String,
    /// The label by which the recipe counts the row.
    pub label: String,
    /// The row's permanent number, between 0 and 1.
    pub number: f64,
    /// The greatest number that was taken of the label; none if none was.
    pub cut: Option<f64>,
    /// Tokens that the mix may hold of the label.
    pub quota: Option<u64>,
    /// Tokens of the label that came in.
    pub available: Option<u64>,
    /// What keeps the mix from being larger.
    pub bound_by: Option<String>,
    /// Why the mix holds nothing at all, if a rule refused it.
    pub refused: Option<String>,
}

impl Workspace {
    /// Tells what is known of a sample, a document or a text.
    ///
    /// `what` is a sample's id; a document's id, `source:id` or path, which may begin above the source's folder, or
    /// the place of a broken row such as `rows.jsonl:7`; or a text. The story of a document comes first, then those of its samples, by generator and id.
    /// A text is first taken for the exact content of a sample's column or a document; failing that, samples that
    /// contain it are told, and failing that documents that do, 20 at most. Of what nobody ever saw there is no story.
    ///
    /// # Errors
    /// When nothing was built yet, another flow was built last, or the store fails.
    pub async fn explain(&self, flow: &Flow, what: &str) -> Result<Vec<Story>> {
        let standing = Standing::open(&self.storage, flow).await?;
        let found = find::find(&standing, what);
        Ok(tell::tell(&standing, &found))
    }
}
