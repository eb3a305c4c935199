use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::{Answering, Document, Draft, Failure, Fields, Identity, Judged, Key, Limits, Proof, Verdict};

/// Asks somebody about an item, hears what they say, asks on, and says what follows from it: how models make samples of
/// documents and judge samples.
///
/// Each question is a call of its own, paid once. What an inquiry reads from answers is computed again whenever it
/// changes, from the answers that are kept.
///
/// # Contract
/// - Pure: equal items and equal replies give an equal next step, in any process, on any machine (law-tested).
/// - It asks in as many rounds as it describes, at most, and asks those whom it describes (asserted: the row fails).
/// - A changed step for any item means a new version or other settings (trusted).
/// - A panic is caught and becomes a failed row (law-tested).
pub trait Inquiry<Item, Said>: Send + Sync {
    /// Returns who it is, and whom it asks.
    fn describe(&self) -> Inquiring;

    /// Takes the next step, given what was heard: for each round so far, the reply to each of its questions in order.
    fn next(&self, item: &Item, heard: &[Vec<Heard>]) -> Next<Said>;
}

/// An inquiry that makes samples of a document.
pub type Teacher = dyn Inquiry<Document, Vec<Draft>>;

/// An inquiry that judges a sample.
pub type Judge = dyn Inquiry<Judged, Verdict>;

/// What an inquiry says of itself.
#[derive(Clone)]
pub struct Inquiring {
    /// Who it is; the settings hold its prompts and what of its respondents can change an answer.
    pub identity: Identity,
    /// Those whom it asks, by the numbers of its questions.
    pub respondents: Vec<Arc<dyn Respondent>>,
    /// How often it asks, at most, before it says something: rounds of questions that go out together.
    pub rounds: usize,
    /// Digest of the templates of its prompts.
    pub prompt_digest: Option<Key>,
    /// What an acceptance proves, where it judges.
    pub proof: Proof,
    /// Whether it reads the documents of a sample that it judges.
    pub reads_documents: bool,
    /// Whether it asks nothing of a document without text: that is a failed row.
    pub needs_text: bool,
    /// The field by whose values the report counts its samples, such as `topic`: how well they cover what there is.
    pub counted_by: Option<String>,
}

/// What an inquiry does next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Next<Said> {
    /// It asks all of these, and goes on when all are answered.
    Ask(Vec<Question>),
    /// It has heard enough.
    Say(Said),
    /// It has heard enough, and a part of what it asked for came to nothing, for these reasons: a failed row beside what it
    /// says.
    SayRest(Said, Vec<String>),
    /// Nothing can be said, and why: the row has failed.
    Fail(String),
}

/// A question to one of an inquiry's respondents.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Question {
    /// Which of them.
    pub to: usize,
    /// What it is asked, as it understands it.
    pub request: Vec<u8>,
}

/// The reply to a question, or why there never is one.
pub type Heard = Result<Reply, String>;

/// What an inquiry reads of an answer.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Reply {
    /// What was said.
    pub text: String,
    /// Who says it, as they call themselves: a model's exact name.
    pub by: String,
    /// What else was told, by name.
    pub fields: Fields,
    /// What it cost.
    pub cost: Cost,
}

/// What calls cost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Cost {
    /// Tokens that were sent.
    pub input: u64,
    /// Tokens that came back.
    pub output: u64,
    /// Their price, in millionths of a USD.
    pub micro_usd: u64,
}

impl std::ops::AddAssign for Cost {
    fn add_assign(&mut self, other: Cost) {
        self.input = self.input.saturating_add(other.input);
        self.output = self.output.saturating_add(other.output);
        self.micro_usd = self.micro_usd.saturating_add(other.micro_usd);
    }
}

/// Somebody who answers requests, slowly and for money: a model behind an endpoint.
///
/// # Contract
/// - The key of a request holds all that its answer depends on, and no name, place or limit (trusted).
/// - The first final answer to a key stands for ever, whoever asks (asserted by the engine).
/// - What may pass is [`Failure::Owed`]; retries within its own bounds come first (trusted).
/// - `read` and `show` are pure, and read whatever `answer` ever gave (trusted).
pub trait Respondent: Send + Sync {
    /// Returns who it is.
    fn about(&self) -> About;

    /// Returns the key of a request, under which its answer is kept.
    fn key(&self, request: &[u8]) -> Key;

    /// Answers a request; the answer is kept as it is given.
    fn answer(&self, request: Vec<u8>) -> Answering<Response>;

    /// Reads of an answer what inquiries want to know.
    fn read(&self, answer: &[u8]) -> Reply;

    /// Shows a request and, if there is one, its answer to somebody who wants to see what was said.
    fn show(&self, request: &[u8], answer: Option<&[u8]>) -> serde_json::Value;
}

/// What came of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Response {
    /// The answer, or why there is none.
    pub answer: Result<Vec<u8>, Failure>,
    /// What it cost, also where there is none.
    pub cost: Cost,
}

/// Who a respondent is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct About {
    /// What it is called, in votes and reports: the name of a flow's model.
    pub name: String,
    /// The model's own name, as it is asked for.
    pub model: String,
    /// Its lineage.
    pub family: String,
    /// The terms under which it answers.
    pub terms: Option<String>,
    /// Names the place where its answers are kept: respondents with the same one know each other's answers.
    pub answers: Key,
    /// How it may be called.
    pub limits: Limits,
    /// What tokens cost, in millionths of a USD for a million: those that are sent, and those that come back.
    pub price: (u64, u64),
}
