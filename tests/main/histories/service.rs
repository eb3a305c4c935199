//! A service that is asked: its answers follow from the questions, and it knows what was paid for.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rifflebox::{
    About, Answering, AskedGenerator, AskedVerifier, Content, Cost, Document, Draft, Exposure, Failure,
    Fields, Heard, Identity, Inquiring, Inquiry, Judged, Key, Limits, Next, Proof, Question, Reply,
    Respondent, Response, Verdict, Vote,
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

/// Answers requests in inquiries with the number that is drawn for them.
struct Voice {
    name: &'static str,
    service: Service,
}

impl Respondent for Voice {
    fn about(&self) -> About {
        About {
            name: self.name.to_owned(),
            model: self.name.to_owned(),
            family: self.name.to_owned(),
            terms: None,
            answers: Key::of(self.name.as_bytes()),
            limits: Limits { batch: 1, concurrency: 2, exposure: Exposure::Stays },
            price: (1, 2),
        }
    }

    fn key(&self, request: &[u8]) -> Key {
        Key::builder("voice").text(self.name).bytes(request).finish()
    }

    fn answer(&self, request: Vec<u8>) -> Answering<Response> {
        let (call, service) = (self.key(&request), self.service.clone());
        Box::pin(async move {
            tokio::task::yield_now().await;
            let answer = service.ask(call).map(|lot| lot.to_be_bytes().to_vec());
            Response { answer, cost: Cost::default() }
        })
    }

    fn read(&self, answer: &[u8]) -> Reply {
        let lot = u64::from_be_bytes(answer.try_into().expect("a number"));
        let cost = Cost { input: lot, output: 1, micro_usd: 2 };
        Reply { text: lot.to_string(), by: self.name.to_owned(), fields: Fields::new(), cost }
    }

    fn show(&self, request: &[u8], _: Option<&[u8]>) -> serde_json::Value {
        String::from_utf8_lossy(request).into_owned().into()
    }
}

fn inquiring(
    name: &str,
    version: u64,
    voices: &[&'static str],
    service: &Service,
    rounds: usize,
) -> Inquiring {
    let voice =
        |name: &&'static str| -> Arc<dyn Respondent> { Arc::new(Voice { name, service: service.clone() }) };
    Inquiring {
        identity: Identity::new(name, version.to_string()),
        respondents: voices.iter().map(voice).collect(),
        rounds,
        prompt_digest: None,
        proof: Proof::Confirmed,
        reads_documents: false,
        needs_text: false,
        counted_by: None,
    }
}

fn said(heard: &Heard) -> Option<u64> {
    heard.as_ref().ok().and_then(|reply| reply.text.parse().ok())
}

/// Asks how many questions to make of a document, and then for an answer to each; its version is in the second round.
pub(super) struct Teacher {
    pub(super) version: u64,
    pub(super) service: Service,
}

impl Inquiry<Document, Vec<Draft>> for Teacher {
    fn describe(&self) -> Inquiring {
        inquiring("teacher", self.version, &["one", "two"], &self.service, 2)
    }

    fn next(&self, document: &Document, heard: &[Vec<Heard>]) -> Next<Vec<Draft>> {
        let ask = |to: usize, request: String| Question { to, request: request.into_bytes() };
        let text = &document.text;
        let Some(first) = heard.first() else { return Next::Ask(vec![ask(0, format!("how many? {text}"))]) };
        let Some(many) = said(&first[0]) else { return Next::Fail("nobody knows how many".to_owned()) };
        match (many % 4, heard.get(1)) {
            (0, _) => Next::Say(Vec::new()),
            (many, None) => {
                let one = |number: u64| {
                    ask(number as usize % 2, format!("{number} of version {}? {text}", self.version))
                };
                Next::Ask((0..many).map(one).collect())
            }
            (_, Some(answers)) => {
                let draft = |(number, heard): (usize, &Heard)| {
                    let completion = format!("It says {}.", said(heard)?);
                    let prompt = format!("{number}: {}?", text.split_whitespace().next().unwrap_or("What"));
                    Some(Draft::new(Content::Completion { prompt, completion }))
                };
                Next::Say(answers.iter().enumerate().filter_map(draft).collect())
            }
        }
    }
}

/// Two who vote, and a third from version 1 on.
pub(super) struct Jury {
    pub(super) version: u64,
    pub(super) service: Service,
}

impl Inquiry<Judged, Verdict> for Jury {
    fn describe(&self) -> Inquiring {
        let voices = ["three", "four", "five"];
        inquiring("jury", self.version, &voices[..if self.version == 0 { 2 } else { 3 }], &self.service, 1)
    }

    fn next(&self, (sample, _): &Judged, heard: &[Vec<Heard>]) -> Next<Verdict> {
        let voters = self.describe().respondents;
        let Some(votes) = heard.first() else {
            let ask = |to: usize| Question { to, request: sample.text().into_bytes() };
            return Next::Ask((0..voters.len()).map(ask).collect());
        };
        let vote = |(voter, heard): (&Arc<dyn Respondent>, &Heard)| {
            let accept = said(heard).is_some_and(|lot| lot > 4);
            Vote { voter: voter.about().name, accept, reason: heard.as_ref().err().cloned() }
        };
        let votes: Vec<Vote> = voters.iter().zip(votes).map(vote).collect();
        let accepts = votes.iter().filter(|vote| vote.accept).count();
        let verdict = match accepts >= 2 - self.version as usize % 2 {
            true => Verdict::accept(),
            false => Verdict::reject(format!("{accepts} accept it")),
        };
        Next::Say(Verdict { votes, ..verdict.scored(accepts as f64 / votes_of(self.version)) })
    }
}

fn votes_of(version: u64) -> f64 {
    if version == 0 { 2.0 } else { 3.0 }
}
