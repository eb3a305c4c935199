//! Kept verdicts of judges are given again from the answers that are kept.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use rifflebox::{
    About, Answering, Cost, ErrorKind, Exposure, Failure, Fields, Files, Flow, Heard, Identity, Inquiring,
    Inquiry, Judged, Key, Limits, Next, Proof, Question, Recipe, Reply, Respondent, Response, Tier, Verdict,
};
use serde_json::Value as Json;

use super::bench::{Bench, Lines, Words};
use super::rehearsals::build;
use crate::support::wait_for;

/// Says how long a text is, and counts how often it is asked; of one word it never says anything, and of another not yet.
#[derive(Clone, Default)]
struct Counter(Arc<AtomicU64>);

impl Respondent for Counter {
    fn about(&self) -> About {
        About {
            name: "counter".to_owned(),
            model: "counter".to_owned(),
            family: "counters".to_owned(),
            terms: None,
            answers: Key::of(b"counter"),
            limits: Limits { exposure: Exposure::Stays, ..Limits::default() },
            price: (0, 0),
        }
    }

    fn key(&self, request: &[u8]) -> Key {
        Key::of(request)
    }

    fn answer(&self, request: Vec<u8>) -> Answering<Response> {
        self.0.fetch_add(1, Ordering::Relaxed);
        let answer = match &request[..] {
            b"never" => Err(Failure::Final("it is not counted".to_owned())),
            b"later" => Err(Failure::Owed("it is not there yet".to_owned())),
            _ => Ok(request.len().to_string().into_bytes()),
        };
        Box::pin(async move { Response { answer, cost: Cost::default() } })
    }

    fn read(&self, answer: &[u8]) -> Reply {
        let text = String::from_utf8_lossy(answer).into_owned();
        Reply { text, by: "counter".to_owned(), fields: Fields::new(), cost: Cost::default() }
    }

    fn show(&self, request: &[u8], _: Option<&[u8]>) -> Json {
        String::from_utf8_lossy(request).into_owned().into()
    }
}

/// Accepts what is as long as it may be, by its word's length and then by that of its double, or of more; its version is
/// always the same.
struct Longest {
    letters: u64,
    times: usize,
    counter: Counter,
}

impl Inquiry<Judged, Verdict> for Longest {
    fn describe(&self) -> Inquiring {
        Inquiring {
            identity: Identity::new("longest", "1"),
            respondents: vec![Arc::new(self.counter.clone())],
            rounds: 2,
            prompt_digest: None,
            proof: Proof::Filtered,
            reads_documents: false,
            needs_text: false,
            counted_by: None,
        }
    }

    fn next(&self, (sample, _): &Judged, heard: &[Vec<Heard>]) -> Next<Verdict> {
        if heard.len() < 2 {
            let times = if heard.is_empty() { 1 } else { self.times };
            let request = sample.text().repeat(times).into_bytes();
            return Next::Ask(vec![Question { to: 0, request }]);
        }
        match heard.iter().map(|round| round[0].as_ref().ok()?.text.parse::<u64>().ok()).sum::<Option<u64>>()
        {
            None => Next::Fail("nobody knows its length".to_owned()),
            Some(letters) if letters > 3 * self.letters => Next::Say(Verdict::reject("too long")),
            Some(_) => Next::Say(Verdict::accept()),
        }
    }
}

#[test]
fn kept_verdicts_of_judges_are_given_again_and_nobody_is_asked() {
    let bench = Bench::new("judged-anew");
    bench.write("a.md", "- one\n- three\n- never\n- later\n");
    let counter = Counter::default();
    let flow = |letters, times| {
        let flow = Flow::with_tokenizer("judged-anew", Arc::new(Words));
        let pages = Files::matching("pages/*").tier(Tier::T0);
        let docs = flow.documents("docs", pages.source("docs", bench.folder()).unwrap());
        let judge = Longest { letters, times, counter: counter.clone() };
        docs.generate(Lines).judge(judge).mix(Recipe::default()).publish();
        flow
    };
    let incomplete = build(&bench, &flow(4, 2)).expect_err("a call is owed");
    assert_eq!(incomplete.kind(), ErrorKind::Incomplete);
    let asked = counter.0.load(Ordering::Relaxed);
    let again = |letters, times| wait_for(bench.workspace().check_rerun(&flow(letters, times), 10)).unwrap();
    assert_eq!(again(4, 2), [""; 0]);
    let drifted = again(5, 2);
    assert_eq!(drifted.len(), 1, "what has failed fails again, and what is owed says nothing: {drifted:?}");
    assert!(drifted[0].starts_with("longest (version 1) on sample "), "{drifted:?}");
    assert!(drifted[0].contains("was rejected, score 0, too long; is accepted, score 1"), "{drifted:?}");
    // Other questions are other calls, which were never made.
    let drifted = again(4, 3);
    assert_eq!(drifted.len(), 3, "but for what is owed: {drifted:?}");
    assert!(drifted.iter().all(|one| one.contains("; asks what nobody has answered: ")), "{drifted:?}");
    assert_eq!(counter.0.load(Ordering::Relaxed), asked);
}
