//! Programs of real benchmarks, and real answers to them with labels: what the executing verifiers say of each.

#![expect(clippy::unwrap_used, reason = "helpers of tests stop where the test would")]

use std::path::PathBuf;

use rifflebox_core::{AskedVerifier, Content, Sample, Tier, Value, Verdict};
use rifflebox_verify::{Mutants, PythonTests};
use serde_json::{Value as Json, json};

pub(super) const HUMANEVAL: &str =
    "{{ prompt }}{{ completion }}\n# tests\n{{ test }}\ncheck({{ entry_point }})\n";
const MBPP: &str = "{{ code }}\n# tests\n{{ test_setup_code }}\n{{ test_list | join('\\n') }}\n";
const ANSWERS: &str = "{{ final }}\n# tests\n{{ test }}\ncheck({{ entry_point }})\n";

/// Reads the rows of a table; every `nth` alone, where the long run is not asked for.
pub(super) fn rows(name: &str, nth: usize) -> Option<Vec<Json>> {
    use std::io::BufRead as _;
    let path = PathBuf::from(std::env::var_os("RIFFLEBOX_DATA")?).join(format!("code/{name}.jsonl.zst"));
    let lines = std::io::BufReader::new(zstd::Decoder::new(std::fs::File::open(path).ok()?).unwrap()).lines();
    let nth = if std::env::var("RIFFLEBOX_LONG").is_ok_and(|long| long == "1") { 1 } else { nth };
    Some(lines.step_by(nth).map(|line| serde_json::from_str(&line.unwrap()).unwrap()).collect())
}

pub(super) fn sample(row: &Json, text: &str) -> Sample {
    let Value::Map(fields) = Value::from(row.clone()) else { panic!("a row is a table") };
    Sample {
        stage: "code".into(),
        content: Content::Text { text: text.to_owned() },
        context: None,
        documents: vec![],
        tier: Tier::T1,
        synthetic: false,
        origin: Default::default(),
        fields,
    }
}

/// Judges samples as a build does: so many at once as the verifier takes.
pub(super) fn judge(verifier: &dyn AskedVerifier, samples: impl IntoIterator<Item = Sample>) -> Vec<Verdict> {
    use futures::StreamExt as _;
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let verdicts =
        futures::stream::iter(samples.into_iter().map(|sample| verifier.verify(vec![(sample, vec![])])))
            .buffered(verifier.limits().concurrency)
            .map(|mut verdicts| verdicts.remove(0).unwrap());
    runtime.block_on(verdicts.collect())
}

fn python_tests(program: &str, process: &str) -> PythonTests {
    PythonTests::new(serde_json::from_value(json!({ "program": program, "process": process })).unwrap())
        .unwrap()
}

pub(super) fn with_completion(row: &Json, completion: &str) -> Json {
    let mut row = row.clone();
    row["completion"] = completion.into();
    row
}

pub(super) fn say_nothing_ran(what: &str) {
    println!("{what} was not run: RIFFLEBOX_DATA names no folder that holds it");
}

#[test]
fn humaneval_accepts_every_solution_and_no_empty_one() {
    let Some(problems) = rows("humaneval", 1) else { return say_nothing_ran("HumanEval") };
    assert_eq!(problems.len(), 164);
    for process in ["separate", "shared"] {
        let verifier = python_tests(HUMANEVAL, process);
        let solved = problems
            .iter()
            .map(|row| sample(&with_completion(row, row["canonical_solution"].as_str().unwrap()), "solved"));
        for (row, verdict) in problems.iter().zip(judge(&verifier, solved)) {
            assert!(verdict.accept, "{process} {}: {verdict:?}", row["task_id"]);
        }
        let emptied = problems.iter().map(|row| sample(&with_completion(row, "    pass\n"), "emptied"));
        for (row, verdict) in problems.iter().zip(judge(&verifier, emptied)) {
            assert!(!verdict.accept, "{process} {}: {verdict:?}", row["task_id"]);
        }
    }
}

#[test]
fn mbpp_accepts_every_solution() {
    let Some(problems) = rows("mbpp", 4) else { return say_nothing_ran("MBPP") };
    assert!(problems.len() > 200);
    let verifier = python_tests(MBPP, "separate");
    let verdicts = judge(&verifier, problems.iter().map(|row| sample(row, "solved")));
    let wrong: Vec<_> = problems
        .iter()
        .zip(&verdicts)
        .filter(|(_, verdict)| !verdict.accept)
        .map(|(row, verdict)| {
            format!("{}: {}", row["task_id"], verdict.reason.as_deref().unwrap_or_default())
        })
        .collect();
    println!("MBPP: {} of {} accepted", problems.len() - wrong.len(), problems.len());
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Answers that are judged otherwise than labelled, each with its cause as read by a person.
const LABELLED_OTHERWISE: [(&str, &str, &str); 4] = [
    ("MBPP/129", "gpt-3.5-turbo-0613", "it imports numpy, which is not there"),
    ("MBPP/341", "gpt-3.5-turbo-0613", "it passes all assertions"),
    ("MBPP/341", "codellama", "it passes all assertions"),
    ("MBPP/341", "starcoder", "it passes all assertions"),
];

#[test]
fn real_answers_are_judged_as_their_labels_say() {
    let Some(answers) = rows("llm-attempts-ldb", 6) else { return say_nothing_ran("llm-attempts-ldb") };
    let verifier = python_tests(ANSWERS, "separate");
    let verdicts = judge(&verifier, answers.iter().map(|row| sample(row, "answered")));
    let (mut agree, mut unknown) = (answers.len(), Vec::new());
    for (row, verdict) in answers.iter().zip(&verdicts) {
        let [task, model] = ["task_id", "model"].map(|name| row[name].as_str().unwrap());
        let differs = row["is_solved"].as_bool() != Some(verdict.accept);
        let listed = LABELLED_OTHERWISE.iter().any(|(of, by, _)| (*of, *by) == (task, model));
        agree -= usize::from(differs);
        // One takes seconds, and has not got them where a machine has much else to do.
        let slow = verdict.reason.as_ref().is_some_and(|why| why.starts_with("took longer than "));
        if differs != listed && !slow {
            let label = &row["is_solved"];
            unknown.push(format!("{task} {model}, labelled {label}: {:?}", verdict.reason));
        }
    }
    println!("llm-attempts-ldb: {agree} of {} agree", answers.len());
    assert!(agree * 100 >= answers.len() * 99 && unknown.is_empty(), "{agree}\n{}", unknown.join("\n"));
}

#[test]
fn mutants_of_solved_problems_are_noticed_by_good_tests() {
    let Some(problems) = rows("humaneval", 8) else { return say_nothing_ran("the mutants of HumanEval") };
    let settings = json!({ "program": HUMANEVAL, "min_score": 0.0, "most": 20, "seconds": 2 });
    let verifier = Mutants::new(serde_json::from_value(settings).unwrap()).unwrap();
    let solved = problems
        .iter()
        .map(|row| sample(&with_completion(row, row["canonical_solution"].as_str().unwrap()), "solved"));
    let verdicts = judge(&verifier, solved);
    let mut scores: Vec<f64> = Vec::new();
    for (row, verdict) in problems.iter().zip(&verdicts) {
        assert!(verdict.accept, "{}: {verdict:?}", row["task_id"]);
        scores.push(verdict.score.value());
    }
    scores.sort_by(f64::total_cmp);
    let mean = scores.iter().sum::<f64>() / scores.len() as f64;
    println!(
        "HumanEval: mutation score {mean:.3} on average, {:.2} in the middle, {:.2} at least",
        scores[scores.len() / 2],
        scores[0]
    );
    assert!(mean > 0.8, "{scores:?}");
}
