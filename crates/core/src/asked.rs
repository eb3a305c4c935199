use std::future::Future;
use std::pin::Pin;

use crate::{Document, Draft, Identity, Proof, Sample, Verdict};

/// A boxed future that may move between threads.
pub type Answering<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// Why a call has no answer.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Failure {
    /// It may pass: transport, rate limit, a server's error, a budget. The next build asks again.
    Owed(String),
    /// It stands: the row is failed for good, until failures are retried by request.
    Final(String),
}

/// How far what an operator is given goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exposure {
    /// No further than this process and programs of the user's.
    Stays,
    /// To a service of somebody's: every source behind it says first what is redacted.
    Leaves,
}

/// How calls may be made; nothing here can change an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Items that go out together.
    pub batch: usize,
    /// Batches in flight at once.
    pub concurrency: usize,
    /// How far the items go.
    pub exposure: Exposure,
}

impl Default for Limits {
    fn default() -> Self {
        Limits { batch: 1, concurrency: 16, exposure: Exposure::Stays }
    }
}

/// What an asked verifier is given: a sample, and its documents if it reads them.
pub type Judged = (Sample, Vec<Document>);

/// A verifier that is slow, paid or impure: its verdicts are answers, durable, never paid twice.
///
/// # Contract
/// - One answer per item, in order (asserted).
/// - The first final answer for an item and fingerprint stands for ever (asserted by the engine).
/// - What may pass is [`Failure::Owed`]; retries within its own bounds come first (trusted).
pub trait AskedVerifier: Send + Sync {
    /// Returns who the verifier is; a changed answer needs another fingerprint.
    fn identity(&self) -> Identity;

    /// Returns what its acceptance proves.
    fn proof(&self) -> Proof;

    /// Returns whether it reads the documents; if not, it is given none.
    fn reads_documents(&self) -> bool;

    /// Returns how calls may be made.
    fn limits(&self) -> Limits;

    /// Judges a batch.
    fn verify(&self, items: Vec<Judged>) -> Answering<Vec<Result<Verdict, Failure>>>;
}

/// A generator that is slow, paid or impure: its drafts are answers, durable, never paid twice.
///
/// # Contract
/// As [`AskedVerifier`]'s.
pub trait AskedGenerator: Send + Sync {
    /// Returns who the generator is; a changed answer needs another fingerprint.
    fn identity(&self) -> Identity;

    /// Returns how calls may be made.
    fn limits(&self) -> Limits;

    /// Makes drafts of each document of a batch.
    fn generate(&self, documents: Vec<Document>) -> Answering<Vec<Result<Vec<Draft>, Failure>>>;
}

struct AskedClosure<F> {
    identity: Identity,
    limits: Limits,
    judge: F,
}

impl<F, A> AskedVerifier for AskedClosure<F>
where
    F: Fn(Sample) -> A + Clone + Send + Sync + 'static,
    A: Future<Output = Result<Verdict, Failure>> + Send + 'static,
{
    fn identity(&self) -> Identity {
        self.identity.clone()
    }

    fn proof(&self) -> Proof {
        Proof::Filtered
    }

    fn reads_documents(&self) -> bool {
        false
    }

    fn limits(&self) -> Limits {
        self.limits
    }

    fn verify(&self, items: Vec<Judged>) -> Answering<Vec<Result<Verdict, Failure>>> {
        let judge = self.judge.clone();
        Box::pin(async move {
            let mut verdicts = Vec::with_capacity(items.len());
            for (sample, _) in items {
                verdicts.push(judge(sample).await);
            }
            verdicts
        })
    }
}

/// Makes an asked verifier of an async closure over the sample; its answers are kept for ever.
pub fn asked<F, A>(name: &str, version: &str, judge: F) -> impl AskedVerifier + use<F, A>
where
    F: Fn(Sample) -> A + Clone + Send + Sync + 'static,
    A: Future<Output = Result<Verdict, Failure>> + Send + 'static,
{
    AskedClosure { identity: Identity::new(name, version), limits: Limits::default(), judge }
}
