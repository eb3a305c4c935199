//! Critics on real data: what they find, and how rarely they find what is not there.

#![expect(clippy::unwrap_used, reason = "helpers of tests stop where the test would")]

use std::io::BufRead as _;
use std::path::{Path, PathBuf};

use rifflebox_core::Verifier;
use rifflebox_verify::{PersonalData, QualityClassifier, Refusal, Toxicity};
use serde_json::{Value as Json, json};

use crate::sample;

fn rows(name: &str) -> Option<Vec<Json>> {
    let path = PathBuf::from(std::env::var_os("RIFFLEBOX_DATA")?).join(format!("{name}.jsonl.zst"));
    let lines = std::io::BufReader::new(zstd::Decoder::new(std::fs::File::open(path).ok()?).unwrap()).lines();
    Some(lines.map(|line| serde_json::from_str(&line.unwrap()).unwrap()).collect())
}

fn say_nothing_ran(what: &str) {
    println!("{what} was not read: RIFFLEBOX_DATA names no folder that holds it");
}

fn rejected<'a>(verifier: &dyn Verifier, texts: impl Iterator<Item = &'a str>) -> Vec<(String, &'a str)> {
    texts.filter_map(|text| Some((verifier.verify(&sample(text), &[]).reason?, text))).collect()
}

fn column<'a>(rows: &'a [Json], name: &'a str) -> impl Iterator<Item = &'a str> {
    rows.iter().map(move |row| row[name].as_str().unwrap())
}

#[test]
fn answers_that_solve_are_no_refusals() {
    let refusal = Refusal::new(Default::default(), Path::new("")).unwrap();
    for (name, field, most) in
        [("math/gsm8k-train", "answer", 0), ("instruct/gpteacher-codegen", "response", 20)]
    {
        let Some(rows) = rows(name) else { return say_nothing_ran(name) };
        let found = rejected(&refusal, column(&rows, field));
        println!("refusal: {} of {} in {name}", found.len(), rows.len());
        found.iter().take(8).for_each(|(reason, text)| {
            println!("  {reason} | {}", &text.chars().take(120).collect::<String>())
        });
        assert!(found.len() <= most, "{found:?}");
    }
}

/// Returns what the assistant says last in a dialogue.
fn last_turn(dialogue: &str) -> &str {
    dialogue.rsplit("\n\nAssistant:").next().unwrap_or_default().trim()
}

#[test]
fn dialogues_of_red_teams_hold_what_critics_look_for() {
    let name = "preference/hh-rlhf-harmless-test-even";
    let Some(rows) = rows(name) else { return say_nothing_ran(name) };
    let refusal = Refusal::new(Default::default(), Path::new("")).unwrap();
    let toxicity = Toxicity::new(Default::default(), Path::new("")).unwrap();
    let [chosen, worse] = ["chosen", "rejected"].map(|field| {
        let turns: Vec<&str> = column(&rows, field).map(last_turn).collect();
        let counts = [&refusal as &dyn Verifier, &toxicity]
            .map(|critic| rejected(critic, turns.iter().copied()).len());
        println!("refusal and toxicity: {counts:?} of {} last turns that are {field}", turns.len());
        counts
    });
    let asked = rejected(&toxicity, column(&rows, "chosen")).len();
    println!("toxicity: {asked} of {} whole dialogues", rows.len());
    // The better answers refuse more often, and insult less.
    assert!(chosen[0] >= 20 && chosen[0] > worse[0], "{chosen:?} {worse:?}");
    assert!(chosen[1] < worse[1] && asked >= 50, "{chosen:?} {worse:?} {asked}");
}

/// Learns from every row but each fifth, and returns the shares of held-out rows that it judges right.
fn held_out(good: &[&str], bad: &[&str]) -> [f64; 2] {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, texts: &[&str]| {
        let learnt = texts.iter().enumerate().filter(|(index, _)| index % 5 != 0);
        let lines: Vec<String> = learnt.map(|(_, text)| json!({ "text": text }).to_string()).collect();
        std::fs::write(folder.path().join(name), lines.join("\n")).unwrap();
    };
    write("good.jsonl", good);
    write("bad.jsonl", bad);
    let settings = serde_json::from_value(json!({ "good": ["good.jsonl"], "bad": ["bad.jsonl"] })).unwrap();
    let classifier = QualityClassifier::new(settings, folder.path()).unwrap();
    [(good, true), (bad, false)].map(|(texts, wanted)| {
        let held: Vec<&&str> = texts.iter().step_by(5).collect();
        let right = held.iter().filter(|text| classifier.verify(&sample(text), &[]).accept == wanted).count();
        right as f64 / held.len() as f64
    })
}

#[test]
fn a_classifier_learns_what_real_labels_say() {
    let (name, other) = ("instruct/gpteacher-codegen", "preference/hh-rlhf-harmless-test-even");
    let (Some(instructions), Some(pairs)) = (rows(name), rows(other)) else { return say_nothing_ran(name) };
    let instructions: Vec<&str> = column(&instructions, "instruction").collect();
    let turns: Vec<&str> = column(&pairs, "chosen").map(last_turn).collect();
    let shares = held_out(&instructions, &turns);
    println!("quality-classifier: instructions from dialogue, right of held-out rows: {shares:.3?}");
    assert!(shares.iter().all(|share| *share >= 0.95), "{shares:?}");
    // Which of two answers people like better is hardly told by its words: a little more than chance.
    let worse: Vec<&str> = column(&pairs, "rejected").map(last_turn).collect();
    let shares = held_out(&turns, &worse);
    println!("quality-classifier: better from worse answers: {shares:.3?}");
    assert!(shares.iter().sum::<f64>() / 2.0 >= 0.52, "{shares:?}");
}

#[test]
fn documentation_holds_little_personal_data() {
    let Some(rows) = rows("docs/prometheus-docs/base") else { return say_nothing_ran("docs") };
    let critic = PersonalData::new(Default::default(), Path::new("")).unwrap();
    let found = rejected(&critic, column(&rows, "text"));
    println!("personal-data: {} of {} pages", found.len(), rows.len());
    found.iter().for_each(|(reason, _)| assert!(reason.starts_with("personal data: "), "{reason}"));
    assert!(found.len() * 3 < rows.len(), "{}", found.len());
}
