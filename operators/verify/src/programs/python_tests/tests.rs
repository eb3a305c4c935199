use std::sync::{Mutex, PoisonError};

use rifflebox_core::{Content, ErrorKind, Sample, Tier, Value};
use rifflebox_sandbox::{End, Interpreter, Layers, Limits, Outcome, Program, Running, Task, Usage};

use super::*;

const PROGRAM: &str = "{{ prompt }}{{ completion }}\n# tests\n{{ test }}\n";

pub(in crate::programs) fn sample(solution: &str, test: &str) -> Sample {
    Sample {
        stage: "code".into(),
        content: Content::Completion { prompt: String::new(), completion: solution.to_owned() },
        context: None,
        documents: vec![],
        tier: Tier::T3,
        synthetic: true,
        origin: Default::default(),
        fields: [("test".to_owned(), Value::from(test))].into(),
    }
}

fn settings(program: &str) -> PythonTestsSettings {
    serde_json::from_value(serde_json::json!({ "program": program, "concurrency": 1 })).unwrap()
}

fn refused(change: impl Fn(&mut PythonTestsSettings)) -> String {
    let mut settings = settings(PROGRAM);
    change(&mut settings);
    let error = PythonTests::new(settings).map(|_| "a verifier").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Usage);
    error.to_string()
}

fn votes(verdict: &Verdict) -> Vec<(&str, bool, &str)> {
    let vote =
        |vote: &Vote| (vote.voter.as_str().to_owned(), vote.accept, vote.reason.clone().unwrap_or_default());
    let _ = vote;
    verdict
        .votes
        .iter()
        .map(|v| (v.voter.as_str(), v.accept, v.reason.as_deref().unwrap_or_default()))
        .collect()
}

#[tokio::test]
async fn a_verdict_says_what_ran_and_why_not() {
    let verifier = PythonTests::new(settings(PROGRAM)).unwrap();
    let f = "def f(x):\n    return x + 1\n";
    let items = [
        (f, "assert f(1) == 2\nassert f(2) == 3"),
        (f, "assert f(1) == 3"),
        ("import os\nos._exit(0)", "assert True"),
        (f, "f(1)"),
        ("import time\ndef f():\n    time.sleep(60)\n", "f()"),
        ("import random\ndef f():\n    return random.random()\n", "assert f() == 0.13436424411240122"),
    ];
    let items = items.map(|(solution, test)| (sample(solution, test), vec![])).into();
    let mut quick = settings(PROGRAM);
    quick.seconds = 1;
    let verifier = PythonTests::within(verifier.runner.sandbox.clone(), quick).unwrap();
    let verdicts: Vec<Verdict> = verifier.verify(items).await.into_iter().map(Result::unwrap).collect();
    let said: Vec<_> = verdicts.iter().map(|verdict| (verdict.accept, verdict.reason.as_deref())).collect();
    assert_eq!(
        said,
        [
            (true, None),
            (false, Some("an assertion failed at line 1: `assert f(1) == 3`: 2 against 3")),
            (
                false,
                Some("ended early: the solution ended its process with status 0 before its tests were done")
            ),
            (false, Some("untested: the tests ended without an assertion or a test that ran")),
            (false, Some("took longer than 3 s")),
            (
                false,
                Some(
                    "flaky: another seed of hashes and random numbers: an assertion failed at line 1: \
                     `assert f() == 0.13436424411240122`: 0.9560342718892494 against 0.13436424411240122"
                )
            ),
        ]
    );
    let use_of = "2 assertions, under 0.1 s and 32 MB, all layers";
    assert_eq!(votes(&verdicts[0]), [("seed 1", true, use_of), ("seed 2", true, use_of)]);
    assert_eq!(votes(&verdicts[1]).len(), 1);
    assert!(votes(&verdicts[5])[0].1 && !votes(&verdicts[5])[1].1);
}

#[tokio::test]
async fn a_sample_without_a_field_fails_for_good() {
    let verifier = PythonTests::new(settings("{{ completion }}\n# tests\n{{ cases }}")).unwrap();
    let verdict = verifier.verify(vec![(sample("x = 1", "assert x"), vec![])]).await.remove(0);
    let why = "`program` wants `cases`; the sample has completion, prompt, test";
    assert_eq!(verdict, Err(Failure::Final(why.to_owned())));
}

#[test]
fn wrong_settings_are_named() {
    assert_eq!(refused(|s| s.seconds = 0), "`seconds` is at least 1");
    assert_eq!(refused(|s| s.memory_mb = 1), "`memory_mb` is at least 64");
    assert_eq!(refused(|s| s.concurrency = Some(0)), "`concurrency` is at least 1");
    assert_eq!(
        refused(|s| s.without = vec!["pid".into()]),
        "`without` may name `landlock` and `seccomp`, not `pid`"
    );
    assert!(refused(|s| s.program = "{{".into()).starts_with("`program` is no template"));
    assert!(refused(|s| s.python = Some("/nowhere/python".into())).contains("set `python`"));
    let parted = |s: &mut PythonTestsSettings| {
        s.program = "{{ completion }}".into();
        s.process = Some(Process::Separate);
    };
    assert!(refused(parted).contains("put one between solution and tests"));
}

/// A door with nothing behind it: says what it was asked, and answers as it is told.
struct Scripted {
    interpreter: Interpreter,
    asked: Mutex<Vec<Program>>,
    answer: fn(u32) -> Result<End, Failure>,
}

impl Sandbox for Scripted {
    fn interpreter(&self) -> &Interpreter {
        &self.interpreter
    }

    fn width(&self) -> usize {
        3
    }

    fn run(&self, program: Program, _: Limits) -> Running {
        let end = (self.answer)(program.seed);
        self.asked.lock().unwrap_or_else(PoisonError::into_inner).push(program);
        let outcome = end.map(|end| Outcome {
            end,
            output: String::new(),
            usage: Usage::default(),
            layers: Layers::default(),
        });
        Box::pin(async move { outcome })
    }
}

fn scripted(answer: fn(u32) -> Result<End, Failure>) -> Arc<Scripted> {
    let interpreter = Interpreter::survey("/usr/bin/python3", &[]).unwrap();
    Arc::new(Scripted { interpreter, asked: Mutex::default(), answer })
}

#[tokio::test]
async fn any_sandbox_may_stand_behind_the_door_and_its_failures_are_owed() {
    let away = scripted(|_| Err(Failure::Owed("away".to_owned())));
    let verifier = PythonTests::within(away.clone(), settings(PROGRAM)).unwrap();
    assert_eq!(AskedVerifier::limits(&verifier), Calls { batch: 1, concurrency: 6, ..Calls::default() });
    let verdict = verifier.verify(vec![(sample("x = 1", "assert x"), vec![])]).await.remove(0);
    assert_eq!(verdict, Err(Failure::Owed("away".to_owned())));
    let asked = away.asked.lock().unwrap();
    let task = Task::Tests {
        solution: "x = 1\n".to_owned(),
        tests: Some("assert x\n".to_owned()),
        process: Process::Separate,
    };
    assert_eq!(*asked, [Program { task, seed: 1 }]);
}

#[test]
fn the_fingerprint_holds_what_can_change_a_verdict() {
    let sandbox = scripted(|_| Ok(End::TooSlow));
    let print = |change: fn(&mut PythonTestsSettings)| {
        let mut settings = settings(PROGRAM);
        change(&mut settings);
        PythonTests::within(sandbox.clone(), settings).unwrap().identity().fingerprint()
    };
    let plain = print(|_| {});
    assert_eq!(plain, print(|s| s.concurrency = Some(7)));
    assert_eq!(plain, print(|s| s.process = Some(Process::Separate)));
    assert_ne!(plain, print(|s| s.process = Some(Process::Shared)));
    assert_ne!(plain, print(|s| s.program.push('\n')));
    assert_ne!(plain, print(|s| s.seconds = 6));
    assert_ne!(plain, print(|s| s.memory_mb = 100));
    let mut other = scripted(|_| Ok(End::TooSlow));
    Arc::get_mut(&mut other).unwrap().interpreter.version = "3.99.0".to_owned();
    let newer = PythonTests::within(other, settings(PROGRAM)).unwrap();
    assert_ne!(plain, newer.identity().fingerprint());
    assert_eq!(newer.proof(), Proof::Confirmed);
    assert!(!newer.reads_documents());
}
