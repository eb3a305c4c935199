//! Calculations and answers of real tables: what `numeric` says of each, and what is wrong in them.

#![expect(clippy::unwrap_used, reason = "helpers of tests stop where the test would")]

use std::path::PathBuf;

use rifflebox_core::{Content, Sample, Tier, Value, Verdict, Verifier};
use rifflebox_verify::Numeric;
use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};

use crate::{parse, read};

/// Something that a table says and that is not so.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Wrong {
    table: String,
    /// Its row, from 1.
    row: usize,
    said: String,
    /// Why, as read by a person.
    #[serde(default, skip_serializing)]
    cause: String,
}

fn rows(name: &str) -> Option<Vec<Json>> {
    use std::io::BufRead as _;
    let path = PathBuf::from(std::env::var_os("RIFFLEBOX_DATA")?).join(format!("math/{name}.jsonl.zst"));
    let lines = std::io::BufReader::new(zstd::Decoder::new(std::fs::File::open(path).ok()?).unwrap()).lines();
    Some(lines.map(|line| serde_json::from_str(&line.unwrap()).unwrap()).collect())
}

fn say_nothing_ran(what: &str) {
    println!("{what} was not read: RIFFLEBOX_DATA names no folder that holds it");
}

fn numeric(settings: Json) -> Numeric {
    Numeric::new(serde_json::from_value(settings).unwrap()).unwrap()
}

fn judge(settings: Json, rows: &[Json]) -> Vec<Verdict> {
    let verifier = numeric(settings);
    let sample = |row: &Json| {
        let Value::Map(fields) = Value::from(row.clone()) else { panic!("a row is a table") };
        Sample {
            stage: "math".into(),
            content: Content::Text { text: "stated".into() },
            context: None,
            documents: vec![],
            tier: Tier::T1,
            synthetic: false,
            origin: Default::default(),
            fields,
        }
    };
    rows.iter().map(|row| verifier.verify(&sample(row), &[])).collect()
}

/// Compares what is wrong in a table with the list beside this test.
#[track_caller]
fn assert_listed(table: &str, verdicts: &[Verdict]) {
    let mut found = Vec::new();
    for (at, verdict) in verdicts.iter().enumerate() {
        found.extend(verdict.votes.iter().map(|vote| Wrong {
            table: table.to_owned(),
            row: at + 1,
            said: vote.reason.clone().unwrap(),
            cause: String::new(),
        }));
    }
    let listed = read("stated/wrong.jsonl");
    let listed: Vec<Wrong> = listed.lines().map(parse).filter(|wrong: &Wrong| wrong.table == table).collect();
    assert!(listed.iter().all(|wrong| !wrong.cause.is_empty()), "every cause is told");
    let told: Vec<String> = found.iter().map(|wrong| serde_json::to_string(wrong).unwrap()).collect();
    let known: Vec<String> = listed.iter().map(|wrong| serde_json::to_string(wrong).unwrap()).collect();
    assert!(told == known, "tests/stated/wrong.jsonl lists something else; found:\n{}", told.join("\n"));
}

#[test]
fn gsm8k_states_no_annotation_that_is_wrong() {
    let Some(problems) = rows("gsm8k-train") else { return say_nothing_ran("GSM8K") };
    let annotated = |row: &Json| row["answer"].as_str().unwrap().matches("<<").count();
    assert_eq!((problems.len(), problems.iter().map(annotated).sum::<usize>()), (7_473, 23_716));
    let settings = json!({ "text": "{{ answer }}", "require": "calculation" });
    for (row, verdict) in problems.iter().zip(judge(settings, &problems)) {
        match annotated(row) {
            0 => assert_eq!(verdict.reason.as_deref(), Some("no calculation was found")),
            _ => assert!(verdict.accept, "{verdict:?}"),
        }
    }
    let rounded_nowhere = json!({ "text": "{{ answer }}", "rounding": "exact", "require": "nothing" });
    assert!(judge(rounded_nowhere, &problems).iter().all(|verdict| verdict.accept));
}

#[test]
fn gsm8k_annotations_with_another_result_are_rejected() {
    let Some(problems) = rows("gsm8k-train") else { return say_nothing_ran("GSM8K") };
    let annotation = regex::Regex::new(r"<<[^<>]*=([^<>=]*)>>").unwrap();
    // Each annotation of each row in turn, off by one in its last digit.
    let mut planted = Vec::new();
    for row in &problems {
        let answer = row["answer"].as_str().unwrap();
        for found in annotation.captures_iter(answer) {
            let result = found.get(1).unwrap();
            let last = result.as_str().chars().next_back().unwrap().to_digit(10);
            let Some(digit) = last else { continue };
            let mut other = answer.to_owned();
            other.replace_range(result.end() - 1..result.end(), &((digit + 1) % 10).to_string());
            planted.push(json!({ "answer": other }));
        }
    }
    assert_eq!(planted.len(), 23_716);
    let verdicts = judge(json!({ "text": "{{ answer }}" }), &planted);
    assert_eq!(verdicts.iter().filter(|verdict| verdict.accept).count(), 0);
}

#[test]
fn gsm8k_states_few_equalities_that_are_wrong() {
    let Some(problems) = rows("gsm8k-train") else { return say_nothing_ran("GSM8K") };
    let stated = json!({ "text": "{{ answer }}", "annotations": false, "equalities": true });
    let verdicts = judge(stated, &problems);
    let nothing =
        |verdict: &&Verdict| verdict.reason.as_deref() == Some("nothing was found that could be judged");
    let silent = verdicts.iter().filter(nothing).count();
    let accepted = verdicts.iter().filter(|verdict| verdict.accept).count();
    println!("GSM8K: equalities hold in {accepted} of {} rows that state one", problems.len() - silent);
    assert_eq!((accepted, silent), (6_999, 436));
    assert_listed("gsm8k-train", &verdicts);
}

#[test]
fn answers_of_models_are_judged_as_their_labels_say() {
    let Some(answers) = rows("gsm8k-model-solutions") else {
        return say_nothing_ran("gsm8k-model-solutions");
    };
    let settings =
        json!({ "text": "{{ solution }}", "annotations": false, "expected": "{{ ground_truth }}" });
    let verdicts = judge(settings, &answers);
    let agree =
        answers.iter().zip(&verdicts).filter(|(row, verdict)| row["is_correct"] == verdict.accept).count();
    let right = verdicts.iter().filter(|verdict| verdict.accept).count();
    println!("gsm8k-model-solutions: {agree} of {} agree with their labels", answers.len());
    assert_eq!((answers.len(), agree, right), (2_640, 2_640, 986));
    // A right answer may stand below calculations that are wrong.
    let labelled: Vec<Json> = answers.into_iter().filter(|row| row["is_correct"] == true).collect();
    let verdicts = judge(json!({ "text": "{{ solution }}" }), &labelled);
    let reasons: Vec<&str> = verdicts.iter().filter_map(|verdict| verdict.reason.as_deref()).collect();
    let silent = reasons.iter().filter(|reason| **reason == "nothing was found that could be judged").count();
    assert_eq!((labelled.len(), reasons.len() - silent, silent), (986, 13, 4));
}

#[test]
fn svamp_answers_one_equation_otherwise() {
    let Some(problems) = rows("svamp") else { return say_nothing_ran("SVAMP") };
    let settings = json!({
        "text": "{{ Equation }}", "annotations": false, "expected": "{{ Answer }}", "answer": ["(.*)"],
    });
    let verdicts = judge(settings, &problems);
    assert_eq!((problems.len(), verdicts.iter().filter(|verdict| verdict.accept).count()), (1_000, 999));
    assert_listed("svamp", &verdicts);
}

#[test]
fn aqua_says_its_letter_but_for_three_rows() {
    let Some(problems) = rows("aqua-dev") else { return say_nothing_ran("AQuA") };
    let mut settings = json!({
        "text": "{{ rationale }}", "annotations": false, "expected": "{{ correct }}",
        "options": "{{ options | join('\\n') }}",
    });
    let verdicts = judge(settings.clone(), &problems);
    assert_eq!((problems.len(), verdicts.iter().filter(|verdict| verdict.accept).count()), (254, 251));
    assert_listed("aqua-dev", &verdicts);
    settings["worked_out"] = true.into();
    let worked = judge(settings, &problems);
    let why = |text: &str| {
        worked
            .iter()
            .filter(|verdict| verdict.reason.as_deref().is_some_and(|reason| reason.contains(text)))
            .count()
    };
    let counts = [
        worked.iter().filter(|verdict| verdict.accept).count(),
        why("no number that could be worked out"),
        why("does not work it out"),
        why("the text works out"),
    ];
    println!("AQuA: {} rationales work out the number of their option", counts[0]);
    assert_eq!(counts, [212, 16, 10, 13]);
}
