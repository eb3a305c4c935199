//! Verifiers that ask programs of ours, SymPy and SQLite: who is changed is asked again, and nobody else.

use std::sync::Arc;

use rifflebox::{Fate, Files, Flow, Recipe, Report, Sql, Symbolic, TableRows, Tier};
use serde_json::{Value as Json, json};

use super::bench::{Bench, Words};
use super::rehearsals::build;
use crate::support::wait_for;

/// Answers with the right one: two mean the same, one does not, and one is none.
const SUMS: [(&str, &str, &str); 4] = [
    ("expand", "(x+1)^2", "x^2 + 2x + 1"),
    ("double", "2 sin(x) cos(x)", "sin(2x)"),
    ("root", "sqrt(x^2)", "x"),
    ("words", "2 +", "2"),
];

/// Queries with their rows: two give them, one in another order, and one gives others.
const QUERIES: [(&str, &str, &str); 4] = [
    ("all", "SELECT id FROM item ORDER BY id", "[1, 2, 3]"),
    ("count", "SELECT count(*) FROM item", "[3]"),
    ("names", "SELECT name FROM item ORDER BY name DESC", r#"["a", "b", "c"]"#),
    ("few", "SELECT id FROM item WHERE id > 1", "[1, 2, 3]"),
];

const SCHEMA: &str = "CREATE TABLE item(id INTEGER, name TEXT);";
const DATA: &str = "INSERT INTO item VALUES (1, 'a'), (2, 'b'), (3, 'c');";

/// What the two verifiers are told beside their templates.
#[derive(Clone, Copy)]
struct Settings {
    ordered: bool,
    seconds: u64,
}

fn flow(bench: &Bench, settings: Settings) -> Flow {
    let Settings { ordered, seconds } = settings;
    let flow = Flow::with_tokenizer("compared", Arc::new(Words));
    let source = |name: &str, tier: Tier| {
        let files = Files::matching(format!("pages/{name}.jsonl")).tier(tier);
        let rows = flow.documents(name, files.source(name, bench.folder()).expect("a glob"));
        let columns = [("prompt", "prompt"), ("completion", "completion")];
        rows.generate(TableRows::of(columns)).named(&format!("{name}-rows"))
    };
    let symbolic = json!({ "left": "{{ completion }}", "right": "{{ answer }}", "seconds": seconds });
    let sql = json!({
        "schema": SCHEMA, "data": DATA, "query": "{{ completion }}", "expected": "{{ answer }}", "ordered": ordered,
    });
    let symbolic = Symbolic::new(serde_json::from_value(symbolic).expect("settings are right"));
    let sql = Sql::new(serde_json::from_value(sql).expect("settings are right"));
    let sums = source("sums", Tier::T0).verify_asked(symbolic.expect("this machine has SymPy"));
    let queries = source("queries", Tier::T1).verify_asked(sql.expect("this machine has SQLite"));
    sums.concat(&queries).mix(Recipe::default()).publish();
    flow
}

fn rows(rows: &[(&str, &str, &str)]) -> String {
    let line = |(id, completion, answer): &(&str, &str, &str)| {
        let row: Json =
            json!({ "id": id, "prompt": format!("{id}?"), "completion": completion, "answer": answer });
        format!("{row}\n")
    };
    rows.iter().map(line).collect()
}

/// Returns calls made, samples that came and went, and shards written of all.
fn costs(report: &Report) -> (u64, u64, u64, (u64, u64)) {
    let (samples, shards) = (&report.samples, &report.shards);
    (report.calls.made, samples.added, samples.removed, (shards.written, shards.total))
}

/// Returns what became of a row, and what was said of it last.
fn told(bench: &Bench, flow: &Flow, id: &str) -> (Fate, String) {
    let stories = wait_for(bench.workspace().explain(flow, &format!("{id}?"))).expect("stories are told");
    let [story] = &stories[..] else { panic!("{id}: {stories:#?}") };
    let step = &story.steps[1];
    let sandbox = step.votes.iter().map(|vote| (&*vote.voter, vote.reason.as_deref()));
    assert_eq!(sandbox.collect::<Vec<_>>(), [("sandbox", Some("all layers"))], "{id}");
    (story.status, step.reason.clone().unwrap_or_default())
}

#[test]
fn another_setting_asks_one_verifier_again_and_writes_what_differs() {
    let bench = Bench::in_folder("compared");
    bench.write("sums.jsonl", rows(&SUMS));
    bench.write("queries.jsonl", rows(&QUERIES));
    let loose = Settings { ordered: false, seconds: 5 };
    let first_flow = flow(&bench, loose);
    let first = build(&bench, &first_flow).expect("it builds");
    assert_eq!(costs(&first), (8, 5, 0, (1, 1)));
    let tell = |id| told(&bench, &first_flow, id);
    for kept in ["expand", "double", "all", "count", "names"] {
        assert_eq!(tell(kept), (Fate::Kept, String::new()), "{kept}");
    }
    let rejected = |why: &str| (Fate::Rejected, why.to_owned());
    assert_eq!(tell("root"), rejected("different: 1.4 against -1.4 at x = -7/5"));
    assert_eq!(tell("few"), rejected("other rows: the row (1) is missing"));
    let (fate, unread) = tell("words");
    assert!(fate == Fate::Rejected && unread.starts_with("cannot be read: "), "{unread}");
    assert_eq!(costs(&build(&bench, &first_flow).expect("it builds")), (0, 0, 0, (0, 1)));

    // Order matters from now on: the queries alone are run again, and one row goes.
    let strict = Settings { ordered: true, ..loose };
    let strict_flow = flow(&bench, strict);
    let second = build(&bench, &strict_flow).expect("it builds");
    assert_eq!(costs(&second), (4, 0, 1, (1, 1)));
    let order = "other rows: row 1 is ('c'), and ('a') is expected";
    assert_eq!(told(&bench, &strict_flow, "names"), rejected(order));

    // Another limit is another verifier, which agrees: no data is written.
    let slow_flow = flow(&bench, Settings { seconds: 6, ..strict });
    let third = build(&bench, &slow_flow).expect("it builds");
    assert_eq!(costs(&third), (4, 0, 0, (0, 1)));
    assert_eq!((&third.data, third.snapshot == second.snapshot), (&second.data, false));
    // What was asked before is kept.
    let back = build(&bench, &first_flow).expect("it builds");
    assert_eq!(costs(&back), (0, 1, 0, (1, 1)));
    assert_eq!(back.data, first.data);

    bench.write("sums.jsonl", rows(&[("expand", "(x+1)^2", "x^2 + 1")]));
    let fewer = build(&bench, &first_flow).expect("it builds");
    assert_eq!((fewer.calls.made, fewer.samples.removed), (1, 2));
    let fresh = bench.beside("-fresh");
    let again = build(&fresh, &first_flow).expect("it builds");
    assert_eq!((again.calls.made, &again.data), (5, &fewer.data));
}
