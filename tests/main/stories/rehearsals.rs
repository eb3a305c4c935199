//! What a build would do, what a few documents become, and whether kept verdicts still stand.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use rifflebox::{
    BuildOptions, BuildPlan, Content, ErrorKind, Failure, Files, Flow, Recipe, Report, Result, Sample, Tier,
    Verdict, asked, verifier,
};
use serde_json::{Value as Json, json};

use super::bench::{Bench, Lines, Words};
use crate::support::wait_for;

pub(super) fn plan(bench: &Bench, flow: &Flow) -> BuildPlan {
    let options = BuildOptions { workers: 2, ..BuildOptions::default() };
    wait_for(bench.workspace().plan(flow, &options)).expect("a plan is made")
}

fn preview(bench: &Bench, flow: &Flow, stage: Option<&str>, n: usize) -> Result<Vec<Json>> {
    let options = BuildOptions { workers: 1, ..BuildOptions::default() };
    wait_for(bench.workspace().preview(flow, stage, n, &options))
}

pub(super) fn build(bench: &Bench, flow: &Flow) -> Result<Report> {
    let options = BuildOptions { workers: 2, ..BuildOptions::default() };
    wait_for(bench.workspace().build_with(flow, options))
}

/// A flow with two asked verifiers, one behind the other; `made` counts calls.
pub(super) fn asking(bench: &Bench, made: &Arc<AtomicU64>) -> Flow {
    let flow = Flow::with_tokenizer("asking", Arc::new(Words));
    let pages = Files::matching("pages/*").tier(Tier::T0);
    let docs = flow.documents("docs", pages.source("docs", bench.folder()).expect("the glob is one"));
    let judge = |name: &str| {
        let made = made.clone();
        asked(name, "1", move |sample: Sample| {
            made.fetch_add(1, Ordering::Relaxed);
            async move {
                match sample.text() {
                    text if text.contains("DOWN") => Err(Failure::Owed("no answer".to_owned())),
                    text if text.contains("BAD") => Ok(Verdict::reject("contains BAD")),
                    _ => Ok(Verdict::accept()),
                }
            }
        })
    };
    let first = docs.generate(Lines).verify_asked(judge("first"));
    first.verify_asked(judge("second")).mix(Recipe::default()).publish();
    flow
}

#[test]
fn a_plan_says_what_the_build_then_does() {
    let bench = super::eventful("rehearsals-plan");
    let flow = bench.flow();
    let planned = plan(&bench, &flow);
    assert!(
        planned.stages.iter().all(|stage| stage.anew || stage.kind == "publish" || stage.kind == "source")
    );
    assert_eq!(bench.stored(), Vec::<String>::new(), "a plan writes nothing");
    let report = bench.build();
    assert_eq!((planned.documents, planned.shards), (report.documents, report.shards));
    assert_eq!((planned.added, planned.removed), (report.samples.added, report.samples.removed));

    let idle = plan(&bench, &flow);
    assert_eq!((idle.added, idle.removed, idle.shards.written, idle.shards.total), (0, 0, 0, 1));
    bench.write("a.md", "- gold is light\n");
    bench.remove("t.jsonl");
    bench.write("new.md", "- a new page\n");
    let stored = bench.stored();
    let planned = plan(&bench, &flow);
    assert_eq!(bench.stored(), stored, "a plan writes nothing");
    let report = bench.build();
    assert_eq!((planned.documents, planned.shards), (report.documents, report.shards));
    assert_eq!((planned.added, planned.removed), (report.samples.added, report.samples.removed));
    assert!(planned.to_string().contains("1 new, "), "{planned}");
}

#[test]
fn a_plan_leaves_every_file_as_it_was() {
    let bench = Bench::in_folder("rehearsals-files");
    bench.write("a.md", "- one\n");
    let before = bench.files();
    plan(&bench, &bench.flow());
    assert_eq!(bench.files(), before);
    bench.build();
    bench.write("a.md", "- two\n");
    let before = bench.files();
    plan(&bench, &bench.flow());
    assert_eq!(bench.files(), before);
}

#[test]
fn a_plan_says_why_nothing_would_be_published() {
    let bench = Bench::new("rehearsals-refused");
    bench.write("mute.md", "nothing\n");
    let planned = plan(&bench, &bench.flow());
    assert!(planned.refused.as_deref().is_some_and(|reason| reason.contains("empty")), "{planned:?}");
}

#[test]
fn calls_are_counted_and_not_made() {
    let bench = Bench::new("rehearsals-calls");
    let made = Arc::new(AtomicU64::new(0));
    let flow = asking(&bench, &made);
    bench.write("a.md", "- one two\n- BAD three\n- four\n- five\n");
    let calls = |planned: &BuildPlan| -> Vec<_> {
        let asked = planned.stages.iter().filter(|stage| stage.kind == "verify");
        asked.map(|stage| (stage.calls.exact, stage.calls.estimated, stage.tokens)).collect()
    };
    let planned = plan(&bench, &flow);
    assert_eq!(made.load(Ordering::Relaxed), 0);
    // Nothing is known of what passes: all of it may.
    assert_eq!(calls(&planned), [(4, 0, 6), (0, 4, 0)]);
    assert_eq!((planned.calls.exact, planned.calls.estimated, planned.tokens), (4, 4, 6));

    build(&bench, &flow).unwrap();
    assert_eq!(made.load(Ordering::Relaxed), 7);
    assert_eq!(plan(&bench, &flow).calls, Default::default());
    bench.write("b.md", "- six\n- seven\n- eight\n- nine\n");
    // Three of four passed so far.
    assert_eq!(calls(&plan(&bench, &flow)), [(4, 0, 4), (0, 3, 4)]);
    assert_eq!(made.load(Ordering::Relaxed), 7);
}

#[test]
fn owed_calls_are_planned_and_told() {
    let bench = Bench::new("rehearsals-owed");
    let made = Arc::new(AtomicU64::new(0));
    let flow = asking(&bench, &made);
    bench.write("a.md", "- one\n- DOWN two\n");
    let error = build(&bench, &flow).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Incomplete);
    assert_eq!(plan(&bench, &flow).calls.exact, 1);
    let stories = wait_for(bench.workspace().explain(&flow, "DOWN two")).unwrap();
    let step = &stories[0].steps[1];
    assert_eq!((stories[0].status, step.outcome), (rifflebox::Fate::Failed, "owed"));
    assert!(step.call.is_some() && step.reason.as_deref() == Some("owed: no answer"), "{step:?}");
    assert_eq!(stories[0].steps[0].call, None);
}

#[test]
fn a_preview_shows_rows_and_keeps_nothing() {
    let bench = super::eventful("rehearsals-preview");
    let flow = bench.flow();
    let rows = preview(&bench, &flow, None, 100).unwrap();
    assert_eq!(bench.stored(), Vec::<String>::new(), "a preview keeps nothing");
    bench.build();
    let fields = [
        "text",
        "prompt",
        "completion",
        "messages",
        "chosen",
        "rejected",
        "context",
        "tier",
        "tokens",
        "score",
    ];
    let listed: Vec<Json> = bench.rows(&fields).into_iter().map(without_absent_columns).collect();
    assert_eq!(rows, listed);

    let first = preview(&bench, &flow, Some("lines"), 1).unwrap();
    let texts: Vec<_> = first.iter().map(|row| row["text"].as_str().unwrap()).collect();
    let mut texts = texts;
    texts.sort_unstable();
    assert_eq!(texts, ["a BAD line", "gold is heavy and stays"]);
    let judged = preview(&bench, &flow, Some("calm"), 1).unwrap();
    let mut judged: Vec<_> = judged.iter().map(|row| (row["status"].clone(), row["score"].clone())).collect();
    judged.sort_by_key(|(status, _)| status.to_string());
    assert_eq!(judged, [(json!("kept"), json!(0.5)), (json!("rejected"), json!(1.0))]);
    let documents = preview(&bench, &flow, Some("docs"), 2).unwrap();
    assert_eq!(documents.iter().filter(|row| row["status"] == "kept").count(), 2);
    assert_eq!(preview(&bench, &flow, Some("nowhere"), 1).unwrap_err().kind(), ErrorKind::Usage);
}

fn without_absent_columns(mut row: Json) -> Json {
    let columns = ["text", "prompt", "completion", "messages", "chosen", "rejected", "context"];
    let object = row.as_object_mut().expect("a row is an object");
    object.retain(|name, value| !(value.is_null() && columns.contains(&name.as_str())));
    row
}

#[test]
fn a_preview_asks_only_what_has_no_answer() {
    let bench = Bench::new("rehearsals-asked");
    let made = Arc::new(AtomicU64::new(0));
    let flow = asking(&bench, &made);
    bench.write("a.md", "- one\n");
    assert_eq!(preview(&bench, &flow, None, 1).unwrap()[0]["status"], "kept");
    assert_eq!(made.load(Ordering::Relaxed), 2);
    build(&bench, &flow).unwrap();
    assert_eq!(made.load(Ordering::Relaxed), 4, "a preview keeps no answer");
    preview(&bench, &flow, None, 1).unwrap();
    assert_eq!(made.load(Ordering::Relaxed), 4, "kept answers are not asked for again");
}

#[test]
fn kept_verdicts_are_given_again() {
    let bench = Bench::new("rehearsals-rerun");
    bench.write("a.md", "- one\n- two\n- three BAD\n");
    let flow = |strict: bool| {
        let flow = Flow::with_tokenizer("rerun", Arc::new(Words));
        let pages = Files::matching("pages/*").tier(Tier::T0);
        let docs = flow.documents("docs", pages.source("docs", bench.folder()).unwrap());
        let judge = verifier("drifts", "1", move |sample: &Sample| match &sample.content {
            Content::Text { text } if text.contains("BAD") => Verdict::reject("contains BAD"),
            Content::Text { text } if strict && text == "two" => Verdict::reject("is two"),
            _ => Verdict::accept(),
        });
        docs.generate(Lines).verify(judge).mix(Recipe::default()).publish();
        flow
    };
    build(&bench, &flow(false)).unwrap();
    let again = |strict, n| wait_for(bench.workspace().check_rerun(&flow(strict), n)).unwrap();
    assert_eq!(again(false, 10), Vec::<String>::new());
    let drifted = again(true, 10);
    assert_eq!(drifted.len(), 1);
    assert!(drifted[0].starts_with("drifts (version 1) on sample "), "{drifted:?}");
    assert!(drifted[0].contains("was accepted, score 1; is rejected, score 0, is two"), "{drifted:?}");
    assert_eq!(again(true, 0), Vec::<String>::new());
    let found = (1..=3).map(|n| again(true, n).len()).collect::<Vec<_>>();
    assert!(found.is_sorted() && found[2] == 1, "{found:?}");
}

/// Compiles only for what may be given to another thread.
fn spawnable<T: Send>(_future: T) {}

#[test]
fn verbs_are_futures_that_can_be_spawned() {
    let bench = Bench::new("rehearsals-spawn");
    let (flow, workspace, options) = (bench.flow(), bench.workspace(), BuildOptions::default());
    spawnable(workspace.plan(&flow, &options));
    spawnable(workspace.preview(&flow, None, 1, &options));
    spawnable(workspace.explain(&flow, "x"));
    spawnable(workspace.check_rerun(&flow, 1));
    spawnable(workspace.diff("1", "2"));
    spawnable(workspace.log());
    spawnable(workspace.rollback(1));
}
