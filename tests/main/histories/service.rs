//! A service that is asked: its answers follow from the questions, and it knows what was paid for.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rifflebox::{
    Answering, AskedGenerator, AskedVerifier, Content, Document, Draft, Failure, Identity, Judged, Key,
    Limits, Proof, Verdict,
};
use rifflebox_dataflow::{call_of_drafts, call_of_verdict};

/// Answers, and counts; clones are the same service.
#[derive(Clone, Default)]
pub(super) struct Service(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    /// Two of three calls get no answer for now, drawn by this seed.
    outage: Option<u64>,
    /// The build that asks.
    build: u64,
    /// By call the build that got its final answer.
    paid: BTreeMap<Key, u64>,
    /// Calls that were answered for good, and asked again.
    twice: Vec<String>,
}

impl Service {
    /// Begins a build, with an outage or without; it may make calls again that failed for good, if it retries.
    pub(super) fn begin(&self, outage: Option<u64>, retries: bool) {
        let mut state = self.state();
        state.build += 1;
        state.outage = outage;
        state.paid.retain(|call, _| !retries || decided(*call).is_some());
    }

    /// Forgets what the build that died was told: it may have died before any of it was safe.
    pub(super) fn forgive(&self) {
        let mut state = self.state();
        let build = state.build;
        state.paid.retain(|_, paid| *paid != build);
    }

    /// Returns how many calls got a final answer in this build.
    pub(super) fn made(&self) -> u64 {
        let state = self.state();
        state.paid.values().filter(|paid| **paid == state.build).count() as u64
    }

    /// Returns the calls that were made though they were paid for.
    pub(super) fn twice(&self) -> Vec<String> {
        self.state().twice.clone()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns the number that decides the answer, or why there is none.
    fn ask(&self, call: Key) -> Result<u64, Failure> {
        let mut state = self.state();
        if state.outage.is_some_and(|seed| !lot(seed, call).is_multiple_of(3)) {
            return Err(Failure::Owed("nobody answers".to_owned()));
        }
        let build = state.build;
        if let Some(before) = state.paid.insert(call, build) {
            state.twice.push(format!("{call} in build {before} and in build {build}"));
        }
        decided(call).ok_or_else(|| Failure::Final("will not answer this".to_owned()))
    }
}

/// Returns the number that decides the answer to a call; none if there is none ever.
fn decided(call: Key) -> Option<u64> {
    Some(lot(0, call) % 12).filter(|answer| *answer > 0)
}

fn lot(seed: u64, call: Key) -> u64 {
    Key::builder("answer").number(seed).key(call).finish().head64()
}

/// Judges samples by asking.
pub(super) struct Judge {
    pub(super) version: u64,
    pub(super) service: Service,
}

impl AskedVerifier for Judge {
    fn identity(&self) -> Identity {
        Identity::new("judge", self.version.to_string())
    }

    fn proof(&self) -> Proof {
        Proof::Confirmed
    }

    fn reads_documents(&self) -> bool {
        true
    }

    fn limits(&self) -> Limits {
        Limits { batch: 3, concurrency: 2, ..Limits::default() }
    }

    fn verify(&self, items: Vec<Judged>) -> Answering<Vec<Result<Verdict, Failure>>> {
        let (fingerprint, service) = (self.identity().fingerprint(), self.service.clone());
        Box::pin(async move {
            tokio::task::yield_now().await;
            let judge = |(sample, documents): Judged| {
                Ok(match service.ask(call_of_verdict(fingerprint, &sample, &documents))? {
                    lot @ 1..4 => Verdict::reject(format!("drew lot {lot}")),
                    lot => Verdict::accept().scored(lot as f64 / 12.0),
                })
            };
            items.into_iter().map(judge).collect()
        })
    }
}

/// Makes a question and an answer of a document by asking.
pub(super) struct Asker {
    pub(super) version: u64,
    pub(super) service: Service,
}

impl AskedGenerator for Asker {
    fn identity(&self) -> Identity {
        Identity::new("asker", self.version.to_string())
    }

    fn limits(&self) -> Limits {
        Limits { batch: 2, concurrency: 2, ..Limits::default() }
    }

    fn generate(&self, documents: Vec<Document>) -> Answering<Vec<Result<Vec<Draft>, Failure>>> {
        let (identity, service) = (self.identity(), self.service.clone());
        Box::pin(async move {
            tokio::task::yield_now().await;
            let draft = |document: Document| {
                let lot = service.ask(call_of_drafts(identity.fingerprint(), &document))?;
                let words = document.text.split_whitespace().take(lot as usize).collect::<Vec<_>>();
                let prompt = format!("What comes after {:?}?", words.join(" "));
                // Few different completions, so that some samples are copies.
                let completion = format!("Lot {} of version {}.", lot % 4, identity.version);
                let draft = |prompt: String| {
                    Draft::new(Content::Completion { prompt, completion: completion.clone() })
                };
                Ok((0..lot % 3).map(|n| draft(format!("{prompt}{}", "?".repeat(n as usize)))).collect())
            };
            documents.into_iter().map(draft).collect()
        })
    }
}
