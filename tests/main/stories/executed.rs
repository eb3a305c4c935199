//! Verifiers that execute: each program is run once, its verdict is kept, and the story tells what came of it.

use std::sync::Arc;

use rifflebox::{
    Fate, Files, Flow, Mutants, MutantsSettings, PythonTests, PythonTestsSettings, Recipe, TableRows, Tier,
};
use serde_json::json;

use super::bench::{Bench, Words};
use super::rehearsals::build;
use crate::support::wait_for;

const PROGRAM: &str = "{{ prompt }}{{ completion }}\n# tests\n{{ tests }}\n";

fn flow(bench: &Bench) -> Flow {
    let flow = Flow::with_tokenizer("executed", Arc::new(Words));
    let problems = Files::matching("pages/*.jsonl").tier(Tier::T1);
    let docs = flow.documents("problems", problems.source("problems", bench.folder()).expect("a glob"));
    let solved = docs.generate(TableRows::of([("prompt", "prompt"), ("completion", "completion")]));
    let tests: PythonTestsSettings =
        serde_json::from_value(json!({ "program": PROGRAM })).expect("settings are right");
    let mutants: MutantsSettings =
        serde_json::from_value(json!({ "program": PROGRAM, "min_score": 0.7 })).expect("settings are right");
    let passed = solved
        .verify_asked(PythonTests::new(tests).expect("this machine has a sandbox"))
        .verify_asked(Mutants::new(mutants).expect("this machine has a sandbox"));
    passed.mix(Recipe::default()).publish();
    flow
}

fn problems(rows: &[(&str, &str, &str)]) -> String {
    let line = |(id, completion, tests): &(&str, &str, &str)| {
        let row = json!({ "id": id, "prompt": format!("def {id}(x):\n"), "completion": completion, "tests": tests });
        format!("{row}\n")
    };
    rows.iter().map(line).collect()
}

#[test]
fn programs_run_once_and_their_verdicts_are_kept() {
    let bench = Bench::in_folder("executed");
    let mut rows = [
        ("double", "    return x * 2\n", "assert double(3) == 6\nassert double(-1) == -2\n"),
        ("half", "    return x * 2\n", "assert half(4) == 2\n"),
        ("leave", "    import os; os._exit(0)\n", "assert leave(4) == 2\n"),
        ("sign", "    return (x > 0) - (x < 0)\n", "assert sign(4)\n"),
    ];
    bench.write("problems.jsonl", problems(&rows));
    let flow = flow(&bench);
    let first = build(&bench, &flow).expect("it builds");
    assert_eq!((first.samples.total, first.samples.rejected), (1, 3));
    // All are tested, and the tests of the two that pass are.
    assert_eq!((first.calls.made, first.calls.standing), (6, 6));

    let story = |name: &str| {
        let row = rows.iter().find(|row| row.0 == name).expect("a row has the name");
        let text = format!("def {name}(x):\n\n\n{}", row.1);
        wait_for(bench.workspace().explain(&flow, &text)).expect("stories are told").remove(0)
    };
    let told = |name: &str| {
        let story = story(name);
        (story.status, story.steps.last().and_then(|step| step.reason.clone()).unwrap_or_default())
    };
    assert_eq!(told("double").0, Fate::Kept);
    assert_eq!(
        told("half"),
        (Fate::Rejected, "an assertion failed at line 1: `assert half(4) == 2`: 8 against 2".to_owned())
    );
    let early = "ended early: the solution ended its process with status 0 before its tests were done";
    assert_eq!(told("leave"), (Fate::Rejected, early.to_owned()));
    let (fate, weak) = told("sign");
    assert_eq!(fate, Fate::Rejected);
    assert!(weak.starts_with("its tests notice "), "{weak}");
    let survivors = &story("sign").steps[2].votes;
    assert!(
        survivors
            .iter()
            .any(|vote| vote.reason.as_deref()
                == Some("arithmetic: `(x > 0) - (x < 0)` → `(x > 0) + (x < 0)`")),
        "{survivors:?}"
    );

    let nothing = build(&bench, &flow).expect("it builds");
    assert_eq!((nothing.calls.made, nothing.shards.written), (0, 0));
    rows[1].1 = "    return x // 2\n";
    bench.write("problems.jsonl", problems(&rows));
    let one = build(&bench, &flow).expect("it builds");
    assert_eq!((one.calls.made, one.samples.added, one.samples.removed), (2, 1, 0));
    bench.write("problems.jsonl", problems(&rows[..1]));
    let fewer = build(&bench, &flow).expect("it builds");
    assert_eq!((fewer.calls.made, fewer.samples.total), (0, 1));
    let fresh = bench.beside("-fresh");
    assert_eq!(build(&fresh, &flow).expect("it builds").data, fewer.data);
}
