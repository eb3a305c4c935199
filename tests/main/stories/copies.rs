//! What a sample copies from a document is told with its place, and goes with the document.

use std::sync::Arc;

use rifflebox::{
    Content, Document, Draft, Exact, Fate, Files, Flow, Generator, Identity, OnReject, Recipe, Story, Tier,
    Verbatim, VerbatimSettings,
};

use super::bench::{Bench, Lines, Words};
use super::rehearsals::build;
use crate::support::wait_for;

/// Says a sample of each line whose words are tied together, so that it shares none with its own document.
struct Untied;

impl Generator for Untied {
    fn identity(&self) -> Identity {
        Identity::new("untied", "1")
    }

    fn synthetic(&self) -> bool {
        true
    }

    fn generate(&self, document: &Document, say: &mut dyn FnMut(Draft)) -> Result<(), String> {
        for line in document.text.lines().filter_map(|line| line.strip_prefix("* ")) {
            say(Draft::new(Content::Text { text: line.replace('_', " ") }));
        }
        Ok(())
    }
}

fn flow(bench: &Bench, on_reject: OnReject) -> Flow {
    let flow = Flow::with_tokenizer("copies", Arc::new(Words));
    let pages = Files::matching("pages/*").tier(Tier::T0);
    let docs = flow.documents("docs", pages.source("docs", bench.folder()).expect("the glob is one"));
    let settings = VerbatimSettings { min_words: 6, max_words: 8, ..VerbatimSettings::default() };
    let verbatim = Verbatim::new(settings, bench.folder()).expect("the settings are within their bounds");
    let said = docs.generate(Untied).verify_graph_or(verbatim, on_reject);
    docs.generate(Lines).concat(&said).dedup(Exact).mix(Recipe::default()).publish();
    flow
}

const COPIED: &str = "the gold that is heavy stays behind the riffles of the box";
const OWN: &str = "sand and stones go with the water and nobody looks after them";

fn explain(bench: &Bench, flow: &Flow, text: &str) -> Story {
    let stories = wait_for(bench.workspace().explain(flow, text)).expect("stories are told");
    stories.into_iter().find(|story| story.steps[0].stage == "untied").expect("the sample has a story")
}

#[test]
fn a_copy_is_told_with_its_place_and_goes_with_the_document_that_it_copies() {
    let bench = Bench::new("copies");
    let flow_of = |on_reject| flow(&bench, on_reject);
    let flow = flow_of(OnReject::Drop);
    // Enough human words for a mix that may hold all the others.
    bench.write("human.md", format!("- {}\n", "a human line of words, ".repeat(20)));
    let page = format!("# Boxes\n\nIn a box {}.\n", COPIED.replace("gold", "*Gold*"));
    bench.write("copied.md", &page);
    bench.write("maker.md", format!("* {}\n* {}\n", COPIED.replace(' ', "_"), OWN.replace(' ', "_")));
    build(&bench, &flow).unwrap();

    let story = explain(&bench, &flow, COPIED);
    assert_eq!(story.status, Fate::Rejected);
    let reason = story.steps[1].reason.as_deref().unwrap();
    let from = page.find("the *Gold*").unwrap();
    let place =
        format!("docs:copied.md, bytes {from}..{}, as bytes 0..{} of its text", page.len() - 2, COPIED.len());
    assert_eq!(reason, format!("copies 12 words (1.00 of it) of {place}: at most 8 words are allowed"));
    assert_eq!(explain(&bench, &flow, OWN).status, Fate::Kept, "what nobody said before stands");

    let demoting = flow_of(OnReject::Demote);
    build(&bench, &demoting).unwrap();
    assert_eq!(explain(&bench, &demoting, COPIED).steps[1].outcome, "demoted");
    build(&bench, &flow).unwrap();
    assert_eq!(explain(&bench, &flow, COPIED).status, Fate::Rejected);

    bench.write("copied.md", "# Boxes\n");
    let report = build(&bench, &flow).unwrap();
    assert_eq!(explain(&bench, &flow, COPIED).status, Fate::Kept);
    let afresh = bench.beside("-afresh");
    assert_eq!(build(&afresh, &flow).unwrap().snapshot, report.snapshot);
}
