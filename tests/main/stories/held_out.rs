//! What is held out takes samples away, and gives them back; no call is given any of it.

use std::sync::{Arc, Mutex};

use rifflebox::{
    Answering, AskedGenerator, Content, Decontaminate, Document, Draft, Failure, Fate, Files, Flow, Identity,
    Limits, Recipe, RowQuery, Status, Tier,
};
use serde_json::Value as Json;

use super::bench::{Bench, Lines, Words};
use super::rehearsals::build;
use crate::support::wait_for;

const ITEM: &str =
    "a riffle box splits the ore of a claim into two halves and keeps the gold that is heavy behind";
const OTHER: &str =
    "sand and stones go with the water and nobody looks after them on the way down to the sea";

/// Documents of `pages/`, and those of `exam/`, which are held out.
fn sources(bench: &Bench) -> (Flow, rifflebox::Documents, rifflebox::Documents) {
    let flow = Flow::with_tokenizer("held out", Arc::new(Words));
    let source = |name: &str, files: &str| {
        Files::matching(files).tier(Tier::T0).source(name, bench.folder()).expect("the glob is one")
    };
    let docs = flow.documents("docs", source("docs", "pages/*"));
    let exam = flow.documents("exam", source("exam", "exam/*.jsonl"));
    (flow, docs, exam)
}

fn hold_out(bench: &Bench, file: &str, items: impl IntoIterator<Item = String>) {
    let folder = bench.folder().join("exam");
    std::fs::create_dir_all(&folder).expect("a folder can be made");
    let line =
        |(index, text): (usize, String)| format!("{{\"id\": \"{file}-{index}\", \"text\": \"{text}\"}}\n");
    let lines: String = items.into_iter().enumerate().map(line).collect();
    std::fs::write(folder.join(format!("{file}.jsonl")), lines).expect("a file can be written");
}

fn give_back(bench: &Bench, file: &str) {
    std::fs::remove_file(bench.folder().join(format!("exam/{file}.jsonl"))).expect("the file is there");
}

/// A hundred items that nobody says.
fn hundred() -> impl Iterator<Item = String> {
    (0..100).map(|item| {
        format!("question {item} asks how w{item} and x{item} make y{item} of z{item} and no more")
    })
}

fn list(bench: &Bench, flow: &Flow, status: Status) -> Vec<Json> {
    let mut rows = Vec::new();
    let query = RowQuery { status: Some(status), ..RowQuery::default() };
    let listed = wait_for(bench.workspace().rows(flow, &query, &mut |row| {
        rows.push(row);
        Ok(())
    }));
    listed.expect("rows are listed");
    rows
}

#[test]
fn a_held_out_item_takes_its_copies_away_and_gives_them_back() {
    let bench = Bench::new("held-out");
    let (flow, docs, exam) = sources(&bench);
    let clean = docs.generate(Lines).verify_against(&exam, Decontaminate::default());
    clean.mix(Recipe::default()).publish();
    bench.write("a.md", format!("- {ITEM}\n- {OTHER}\n"));
    hold_out(&bench, "first", hundred());
    let before = build(&bench, &flow).unwrap();
    assert_eq!((before.samples.total, before.samples.rejected), (2, 0));
    assert_eq!(before.notes["decontaminate"]["held-out documents"], 100);

    hold_out(&bench, "second", [ITEM.to_uppercase(), "too short".to_owned()]);
    let held = build(&bench, &flow).unwrap();
    assert_eq!((held.samples.total, held.samples.rejected), (1, 1));
    assert_eq!(held.notes["decontaminate"]["held-out documents too short to be found"], 1);
    let story = wait_for(bench.workspace().explain(&flow, ITEM)).expect("stories are told").remove(0);
    assert_eq!(story.status, Fate::Rejected);
    let reason = story.steps[1].reason.as_deref().unwrap_or_default();
    assert_eq!(reason, "verbatim: 20 words in a row of exam:second-0 (text), and 1.00 of its runs of 5");
    assert_eq!(build(&bench.beside("-fresh-held"), &flow).unwrap().snapshot, held.snapshot);

    let idle = build(&bench, &flow).unwrap();
    assert_eq!((&idle.snapshot, idle.version), (&held.snapshot, held.version));
    assert_eq!((idle.bytes.read, idle.rows.written), (0, 0));
    assert!(idle.rows.read < 50, "{} rows are read, and 100 items are held out", idle.rows.read);
    assert_eq!(wait_for(bench.workspace().check_rerun(&flow, 10)).unwrap(), [""; 0]);

    give_back(&bench, "second");
    let after = build(&bench, &flow).unwrap();
    assert_eq!((after.samples.total, after.samples.rejected), (2, 0));
    assert_eq!(after.snapshot, before.snapshot);
}

/// Keeps what it is asked.
#[derive(Clone, Default)]
struct Asked(Arc<Mutex<Vec<String>>>);

impl Asked {
    fn so_far(&self) -> Vec<String> {
        let mut asked = self.0.lock().expect("nobody panics with it").clone();
        asked.sort();
        asked
    }
}

impl AskedGenerator for Asked {
    fn identity(&self) -> Identity {
        Identity::new("asked", "1")
    }

    fn limits(&self) -> Limits {
        Limits::default()
    }

    fn generate(&self, documents: Vec<Document>) -> Answering<Vec<Result<Vec<Draft>, Failure>>> {
        let texts: Vec<String> = documents.into_iter().map(|document| document.text).collect();
        self.0.lock().expect("nobody panics with it").extend(texts.iter().cloned());
        let draft = |text: String| Draft::new(Content::Text { text: format!("Said of it: {text}") });
        Box::pin(async move { texts.into_iter().map(|text| Ok(vec![draft(text)])).collect() })
    }
}

#[test]
fn no_call_is_given_what_is_held_out() {
    let bench = Bench::new("withheld");
    let asked = Asked::default();
    let (flow, docs, exam) = sources(&bench);
    let seeds = docs.withhold(&exam, Decontaminate::default());
    let said = seeds.generate_asked(asked.clone());
    seeds.generate(Lines).concat(&said).mix(Recipe::default()).publish();
    let (leak, fine) = (format!("- {ITEM}\n"), format!("- {OTHER}\n"));
    bench.write("leak.md", &leak);
    bench.write("fine.md", &fine);
    hold_out(&bench, "all", hundred().chain([format!("Before it, {ITEM}.")]));
    let report = build(&bench, &flow).unwrap();
    assert_eq!(asked.so_far(), std::slice::from_ref(&fine));
    assert_eq!(report.samples.failed, 2, "both generators make nothing of it");
    let withheld = list(&bench, &flow, Status::Failed);
    assert_eq!(withheld.len(), 2);
    for row in withheld {
        assert_eq!(row["documents"][0], "docs:leak.md");
        let reason = row["reason"].as_str().unwrap_or_default();
        assert!(reason.starts_with("withheld: verbatim: 20 words in a row of exam:all-100 "), "{reason}");
    }

    hold_out(&bench, "all", hundred());
    let report = build(&bench, &flow).unwrap();
    assert_eq!((report.calls.made, report.samples.failed), (1, 0));
    assert_eq!(asked.so_far(), [leak.clone(), fine.clone()]);
    // What was answered stays answered, be it wanted or not.
    hold_out(&bench, "all", hundred().chain([ITEM.to_owned()]));
    assert_eq!(build(&bench, &flow).unwrap().samples.failed, 2);
    hold_out(&bench, "all", hundred());
    let again = build(&bench, &flow).unwrap();
    assert_eq!((again.calls.made, &again.snapshot), (0, &report.snapshot));
    assert_eq!(asked.so_far().len(), 2);
}
