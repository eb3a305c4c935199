//! What the tests of a real benchmark are worth when they assert less: their mutation scores.

#![expect(clippy::unwrap_used, reason = "helpers of tests stop where the test would")]

use std::collections::BTreeMap;

use rifflebox_core::{Sample, Score, Verdict};
use rifflebox_sandbox::{Bubblewrap, BubblewrapSettings, End, Limits, Program, Sandbox, Task};
use rifflebox_verify::Mutants;
use serde_json::{Value as Json, json};

use super::executed::{HUMANEVAL, judge, rows, sample, say_nothing_ran, with_completion};

/// Makes tests with fewer assertions of one with all of them; by Python's own parser, since some stand in loops.
const FEWER: &str = r#"
import ast

class Fewer(ast.NodeTransformer):
    def __init__(self, kept):
        self.kept = kept

    def visit_Assert(self, node):
        self.kept -= 1
        return node if self.kept >= 0 else ast.Pass()

class Weaker(ast.NodeTransformer):
    """Keeps the first call of the solution, and asserts of it that something comes back."""
    done = False

    def visit_Assert(self, node):
        calls = [part for part in ast.walk(node) if isinstance(part, ast.Call) and getattr(part.func, "id", "") == "candidate"]
        if self.done or not calls:
            return ast.Pass()
        self.done = True
        return ast.Assert(ast.Compare(calls[0], [ast.IsNot()], [ast.Constant(None)]))

def main(test):
    count = sum(isinstance(node, ast.Assert) for node in ast.walk(ast.parse(test)))
    weaker = Weaker()
    weak = ast.unparse(weaker.visit(ast.parse(test)))
    return {
        "fewer": [ast.unparse(Fewer(kept).visit(ast.parse(test))) for kept in range(count, -1, -1)],
        "weak": [weak] if weaker.done else [],
    }
"#;

/// A test that calls nothing.
const UNASKED: &str = "def check(candidate):\n    assert candidate is not None\n";

/// A problem, and tests of it that assert less and less.
struct Problem {
    row: Json,
    /// With all assertions, without the last, … with none.
    fewer: Vec<String>,
    /// With one, that something comes back; none where the test asserts nothing of a call.
    weak: Option<String>,
}

/// The verifier with its own bound.
fn mutants() -> Mutants {
    let settings = json!({ "program": HUMANEVAL, "most": 20, "seconds": 2 });
    Mutants::new(serde_json::from_value(settings).unwrap()).unwrap()
}

fn problems(rows: Vec<Json>) -> Vec<Problem> {
    let sandbox = Bubblewrap::shared(&BubblewrapSettings::default()).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let made = |row: Json| {
        let task = Task::Trusted { program: FEWER, input: row["test"].clone() };
        let run = sandbox.run(Program { task, seed: Bubblewrap::SEED }, Limits::default());
        let outcome = runtime.block_on(run).unwrap();
        let End::Answered(said) = outcome.end else { panic!("{}: {outcome:?}", row["task_id"]) };
        let texts = |name: &str| serde_json::from_value::<Vec<String>>(said[name].clone()).unwrap();
        Problem { row, fewer: texts("fewer"), weak: texts("weak").pop() }
    };
    rows.into_iter().map(made).collect()
}

impl Problem {
    fn with(&self, test: &str) -> Sample {
        let mut row = with_completion(&self.row, self.row["canonical_solution"].as_str().unwrap());
        row["test"] = test.into();
        sample(&row, "solved")
    }

    fn name(&self) -> &Json {
        &self.row["task_id"]
    }
}

/// Counts the mutants that survive, by what was changed in them.
fn survivors(verdict: &Verdict) -> BTreeMap<(&str, &str), usize> {
    let mut counted = BTreeMap::new();
    for vote in &verdict.votes {
        *counted.entry((&*vote.voter, vote.reason.as_deref().unwrap())).or_default() += 1;
    }
    counted
}

/// Says what a shorter test notices that the longer one, of which it is a part, does not.
fn noticed_by_less_alone(more: &Verdict, less: &Verdict) -> Option<String> {
    let (before, after) = (survivors(more), survivors(less));
    let lost = before.iter().find(|(mutant, count)| after.get(*mutant).is_none_or(|left| left < *count));
    match lost {
        Some((mutant, _)) => Some(format!("{mutant:?}")),
        None => (less.score > more.score)
            .then(|| format!("{:?} of {:?} and {:?}", less.score, more.reason, less.reason)),
    }
}

fn scores(verdicts: &[Verdict]) -> Vec<f64> {
    verdicts.iter().map(|verdict| verdict.score.value()).collect()
}

fn mean(scores: &[f64]) -> f64 {
    scores.iter().sum::<f64>() / scores.len() as f64
}

fn rejected(verdicts: &[Verdict]) -> usize {
    verdicts.iter().filter(|verdict| !verdict.accept).count()
}

/// Says how scores are spread: their mean, how many lie in each tenth, and how many are rejected.
fn told(what: &str, verdicts: &[Verdict]) -> String {
    let scores = scores(verdicts);
    let mut tenths = [0; 10];
    for score in &scores {
        tenths[((score * 10.0) as usize).min(9)] += 1;
    }
    let (mean, rejected, all) = (mean(&scores), rejected(verdicts), verdicts.len());
    format!("HumanEval, {what}: {mean:.3} on average, {tenths:?} in tenths, {rejected} of {all} rejected")
}

#[test]
fn tests_that_assert_less_notice_less() {
    let Some(rows) = rows("humaneval", 20) else { return say_nothing_ran("HumanEval, asserting less") };
    let problems = problems(rows);
    let all = problems.iter().flat_map(|problem| problem.fewer.iter().map(|test| problem.with(test)));
    let mut verdicts = judge(&mutants(), all).into_iter();
    let (mut whole, mut half, mut one, mut wrong) = (vec![], vec![], vec![], vec![]);
    for problem in &problems {
        let mut steps: Vec<Verdict> = verdicts.by_ref().take(problem.fewer.len()).collect();
        let none = steps.pop().unwrap();
        for (more, less) in steps.iter().zip(&steps[1..]) {
            wrong.extend(noticed_by_less_alone(more, less).map(|what| format!("{}: {what}", problem.name())));
        }
        let untested = "its own solution does not pass: untested: ";
        if none.accept || none.score != Score::ZERO || !none.reason.as_ref().unwrap().starts_with(untested) {
            wrong.push(format!("{} without an assertion: {none:?}", problem.name()));
        }
        println!("{} {:?}", problem.name(), scores(&steps));
        whole.push(steps[0].clone());
        half.push(steps[steps.len() / 2].clone());
        one.push(steps.pop().unwrap());
    }
    for (what, verdicts) in [("all assertions", &whole), ("half of them", &half), ("one", &one)] {
        println!("{}", told(what, verdicts));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let [whole, half, alone] = [&whole, &half, &one].map(|verdicts| mean(&scores(verdicts)));
    assert!(whole > half && half > alone && alone > 0.0, "{whole}, {half}, {alone}");
    // Any one assertion holds of a solution that answers it alone, whatever it is asked.
    assert!(rejected(&one) * 4 >= one.len(), "{} of {}", rejected(&one), one.len());
}

#[test]
fn tests_that_ask_for_anything_or_nothing_are_rejected() {
    let Some(rows) = rows("humaneval", 10) else { return say_nothing_ran("HumanEval, with weak tests") };
    let problems = problems(rows);
    let weak = problems.iter().filter_map(|problem| Some(problem.with(problem.weak.as_ref()?)));
    let weak = judge(&mutants(), weak);
    let unasked = judge(&mutants(), problems.iter().map(|problem| problem.with(UNASKED)));
    println!("{}", told("that something comes back", &weak));
    println!("{}", told("that there is a function", &unasked));
    assert_eq!((rejected(&unasked), mean(&scores(&unasked))), (problems.len(), 0.0));
    assert!(
        weak.len() * 20 > problems.len() * 19,
        "{} of {} tests were made weak",
        weak.len(),
        problems.len()
    );
    assert!(rejected(&weak) * 4 >= weak.len() * 3, "{} of {}", rejected(&weak), weak.len());
}
