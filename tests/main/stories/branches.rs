//! Stories where flows branch, verifiers let refused rows on, and generators ask.

use std::collections::BTreeMap;
use std::sync::Arc;

use rifflebox::{
    Answering, AskedGenerator, Content, Document, Draft, Exact, Failure, Fate, Files, Flow, Identity, Limits,
    OnReject, PublishSettings, Recipe, Sample, Status, Tier, Verdict, verifier,
};
use serde_json::Value as Json;

use super::bench::{Bench, Lines, Words};
use super::rehearsals::{build, plan};
use super::versions::shards;
use super::{steps, text};
use crate::support::wait_for;

fn listed(bench: &Bench, flow: &Flow, status: Option<Status>) -> Vec<Json> {
    let query = rifflebox::RowQuery { status, ..bench.query(&["text", "tier"]) };
    let mut rows = Vec::new();
    let mut each = |row| {
        rows.push(row);
        Ok(())
    };
    wait_for(bench.workspace().rows(flow, &query, &mut each)).expect("rows are listed");
    rows
}

fn without(name: &str, word: &'static str) -> impl rifflebox::Verifier + use<> {
    verifier(name, "1", move |sample: &Sample| match sample.text().contains(word) {
        true => Verdict::reject(format!("contains {word}")),
        false => Verdict::accept(),
    })
}

/// One generator, two mixes: one of rows without BAD, one of rows without UGLY.
fn branching(bench: &Bench) -> Flow {
    let flow = Flow::with_tokenizer("branches", Arc::new(Words));
    let pages = Files::matching("pages/*").tier(Tier::T0);
    let docs = flow.documents("docs", pages.source("docs", bench.folder()).expect("the glob is one"));
    let lines = docs.generate(Lines);
    let good = lines.verify(without("good", "BAD")).dedup(Exact).mix(Recipe::default()).named("first");
    good.publish();
    let fair = lines.verify(without("fair", "UGLY")).mix(Recipe::default()).named("second");
    let to = Some(format!("{}-second", bench.url()));
    fair.publish_with(PublishSettings { to, ..PublishSettings::default() });
    flow
}

#[test]
fn a_row_ends_once_on_every_branch() {
    let bench = Bench::new("branches");
    let flow = branching(&bench);
    bench.write("a.md", "- plain\n- BAD\n- UGLY\n- BAD and UGLY\n");
    build(&bench, &flow).unwrap();
    let mut ends: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for row in listed(&bench, &flow, None) {
        let end = format!("{} at {}", text(&row["status"]), text(&row["stage"]));
        ends.entry(text(&row["text"]).to_owned()).or_default().push(end);
    }
    ends.values_mut().for_each(|ends| ends.sort());
    assert_eq!(ends["plain"], ["kept at first", "kept at second"]);
    assert_eq!(ends["BAD"], ["kept at second", "rejected at good"]);
    assert_eq!(ends["UGLY"], ["kept at first", "rejected at fair"]);
    assert_eq!(ends["BAD and UGLY"], ["rejected at fair", "rejected at good"]);

    let told = |what: &str| wait_for(bench.workspace().explain(&flow, what)).unwrap().remove(0);
    let bad = told("BAD");
    assert_eq!(bad.status, Fate::Kept);
    assert_eq!(bad.mix.as_ref().map(|mix| mix.stage.as_str()), Some("second"));
    assert_eq!(steps(&bad), ["lines made", "good rejected", "fair kept", "second kept"]);
    assert!(bad.shard.is_some());
    assert_eq!(told("BAD and UGLY").status, Fate::Rejected);
}

#[test]
fn a_rollback_takes_every_published_folder_back() {
    let bench = Bench::new("branches-rollback");
    let flow = branching(&bench);
    let second = bench.beside("-second");
    bench.write("a.md", "- plain\n- BAD\n- UGLY\n");
    build(&bench, &flow).unwrap();
    let before = (shards(&bench.contents()), shards(&second.files_of("")));
    bench.write("a.md", "- plain and simple\n- BAD\n");
    build(&bench, &flow).unwrap();
    assert_ne!(shards(&second.files_of("")), before.1);
    let report = wait_for(bench.workspace().rollback(1)).unwrap();
    assert_eq!((report.version, report.shards.written), (3, 2));
    assert_eq!((shards(&bench.contents()), shards(&second.files_of(""))), before);
    let row = wait_for(bench.workspace().explain(&flow, "UGLY")).unwrap().remove(0);
    assert_eq!(row.status, Fate::Kept);
}

#[test]
fn refused_rows_that_go_on_say_so() {
    let bench = Bench::new("branches-tagged");
    bench.write("a.md", "- plain\n- BAD\n- UGLY\n");
    let flow = Flow::with_tokenizer("tagged", Arc::new(Words));
    let pages = Files::matching("pages/*").tier(Tier::T0);
    let docs = flow.documents("docs", pages.source("docs", bench.folder()).unwrap());
    let tagged = docs.generate(Lines).verify_or(without("good", "BAD"), OnReject::Tag);
    let demoted = tagged.verify_or(without("fair", "UGLY"), OnReject::Demote);
    demoted.mix(Recipe::default()).publish();
    build(&bench, &flow).unwrap();
    let told = |what: &str| wait_for(bench.workspace().explain(&flow, what)).unwrap().remove(0);
    let (bad, ugly) = (told("BAD"), told("UGLY"));
    assert_eq!((bad.status, bad.tier), (Fate::Kept, Some(Tier::T0)));
    assert_eq!(steps(&bad), ["lines made", "good tagged", "fair kept", "main kept"]);
    assert_eq!(bad.steps[1].reason.as_deref(), Some("contains BAD"));
    assert_eq!((ugly.tier, steps(&ugly)[2].as_str()), (Some(Tier::T3), "fair demoted"));
    assert_eq!(listed(&bench, &flow, Some(Status::Rejected)), Vec::<Json>::new());
}

/// Repeats a document in capitals; fails on some.
struct Shout;

impl AskedGenerator for Shout {
    fn identity(&self) -> Identity {
        Identity::new("shout", "3")
    }

    fn limits(&self) -> Limits {
        Limits::default()
    }

    fn generate(&self, documents: Vec<Document>) -> Answering<Vec<Result<Vec<Draft>, Failure>>> {
        let answer = |document: &Document| match document.text.trim() {
            "broken" => Err(Failure::Final("no words for it".to_owned())),
            "later" => Err(Failure::Owed("busy".to_owned())),
            "silence" => Ok(Vec::new()),
            text => Ok(vec![Draft::new(Content::Text { text: text.to_uppercase() })]),
        };
        let answers = documents.iter().map(answer).collect();
        Box::pin(async move { answers })
    }
}

#[test]
fn asked_generators_tell_their_calls_and_failures() {
    let bench = Bench::new("branches-asked");
    for word in ["gold", "broken", "later", "silence"] {
        bench.write(&format!("{word}.md"), word);
    }
    let flow = Flow::with_tokenizer("asked", Arc::new(Words));
    let pages = Files::matching("pages/*").tier(Tier::T0);
    let docs = flow.documents("docs", pages.source("docs", bench.folder()).unwrap());
    let shouted = docs.generate_asked(Shout);
    shouted
        .mix(Recipe::default().min_anchor(0.0))
        .publish_with(PublishSettings { partial: true, ..PublishSettings::default() });
    let planned = plan(&bench, &flow);
    assert_eq!((planned.calls.exact, planned.tokens), (4, 4));
    build(&bench, &flow).unwrap();

    let told = |what: &str| wait_for(bench.workspace().explain(&flow, what)).unwrap();
    let gold = told("GOLD").remove(0);
    let call = gold.steps[0].call;
    assert!(gold.status == Fate::Kept && call.is_some(), "{gold:?}");
    assert_eq!(told("gold.md")[0].steps[1].call, call);
    let steps_of = |what: &str| {
        let story = told(what).remove(0);
        (story.status, story.steps[1].outcome, story.steps[1].reason.clone())
    };
    assert_eq!(steps_of("broken.md"), (Fate::Failed, "failed", Some("no words for it".to_owned())));
    assert_eq!(steps_of("later.md"), (Fate::Failed, "owed", Some("busy".to_owned())));
    assert_eq!(steps_of("silence.md"), (Fate::Nothing, "nothing", None));
    let reasons = |status| {
        let rows = listed(&bench, &flow, Some(status));
        let mut reasons: Vec<_> = rows.iter().map(|row| text(&row["reason"]).to_owned()).collect();
        reasons.sort();
        reasons
    };
    assert_eq!(reasons(Status::Failed), ["no words for it", "owed: busy"]);
    assert_eq!(reasons(Status::Owed), ["owed: busy"]);
    let failed = listed(&bench, &flow, Some(Status::Owed)).remove(0);
    assert_eq!(told(text(&failed["id"]))[0].documents[0].id, "later.md");
}
