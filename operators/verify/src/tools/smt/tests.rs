use rifflebox_core::{Content, ErrorKind, Fields, Tier, Value};

use super::*;

const TEMPLATE: &str = "(set-logic QF_LIA)\n(declare-const x Int)\n(assert (= (+ x 3) 12))\n\
                        (assert (not (= x {{ completion }})))\n";

/// What is said of a problem that is too hard; a busy machine gives two seconds of a processor in many.
const UNDECIDED: [&str; 3] = [
    "the solver says unknown",
    "the solver used up its 2 s of a processor",
    "the solver took longer than 6 s",
];

fn settings(problem: &str) -> SmtSettings {
    serde_json::from_value(serde_json::json!({ "problem": problem, "seconds": 2, "concurrency": 1 })).unwrap()
}

fn verifier(problem: &str) -> Smt {
    Smt::new(settings(problem)).unwrap_or_else(|error| panic!("{}", error.chain()))
}

fn sample(completion: &str) -> Sample {
    Sample {
        stage: "answers".into(),
        content: Content::Completion { prompt: "x + 3 = 12".into(), completion: completion.into() },
        context: None,
        documents: vec![],
        tier: Tier::T3,
        synthetic: true,
        origin: Default::default(),
        fields: Fields::from([("expected".to_owned(), Value::from("sat"))]),
    }
}

async fn judge(verifier: &Smt, completion: &str) -> Verdict {
    verifier.verify(vec![(sample(completion), vec![])]).await.remove(0).unwrap()
}

/// Returns `accepted`, or the reason.
async fn word(verifier: &Smt, completion: &str) -> String {
    let verdict = judge(verifier, completion).await;
    assert_eq!(verdict.accept, verdict.reason.is_none());
    verdict.reason.unwrap_or_else(|| "accepted".to_owned())
}

#[tokio::test]
async fn an_answer_is_confirmed_where_its_negation_cannot_hold() {
    let verifier = verifier(TEMPLATE);
    let verdict = judge(&verifier, "9").await;
    assert!(verdict.accept);
    let vote = &verdict.votes[0];
    assert_eq!((vote.voter.as_str(), vote.accept), ("z3", true));
    let said = vote.reason.as_deref().unwrap();
    assert!(said.starts_with("unsat, under ") && said.ends_with(" MB, all layers"), "{said}");
    assert_eq!(word(&verifier, "(- 21 12)").await, "accepted");
    assert_eq!(word(&verifier, "8").await, "the solver says sat, where unsat is expected");
    assert!(word(&verifier, "y").await.starts_with("the solver refuses the problem: (error"));
    assert!(word(&verifier, "\"9\"").await.starts_with("the solver refuses the problem: (error"));
}

#[tokio::test]
async fn no_word_of_a_sample_answers_for_the_solver() {
    let verifier = verifier(TEMPLATE);
    for completion in [
        "8))(echo \"unsat\")(exit)(assert (= 1 1",
        "8)))\n(echo \"unsat\")\n(exit)\n;",
        "8)))(assert false)(assert (not (= 1 2",
        "8 9",
        "8 ; ",
        "8)))(set-option :regular-output-channel \"/tmp/x\")(echo \"unsat\")(assert (= 1 (+ 1 1",
        "8)))(pop)(push)(assert (not (= 1 1",
        "|8\\|",
        "#|",
        "\"",
    ] {
        let word = word(&verifier, completion).await;
        assert!(word.starts_with("line ") || word.starts_with("the solver "), "{completion}: {word}");
        assert_ne!(word, "accepted", "{completion}");
    }
    // A whole problem may ask and end; what counts is our question behind it.
    let whole = Smt::new(settings("{{ completion }}")).unwrap();
    let forged = "(declare-const x Int)(assert (> x 0))(echo \"unsat\")(check-sat)(exit)";
    assert_eq!(word(&whole, forged).await, "the solver says sat, where unsat is expected");
    let games = "(declare-const x Int)(push)(assert false)(check-sat)(pop)";
    assert!(word(&whole, games).await.contains("`(push …)` is no command that makes a problem"));
    assert_eq!(word(&whole, "(check-sat)").await, "the problem asserts nothing");
}

#[tokio::test]
async fn what_a_solver_cannot_say_is_rejected_with_its_reason() {
    let whole = verifier("{{ completion }}");
    let unknown = "(declare-const x Real)(declare-const y Real)(assert (= (^ x y) (^ y (+ x 0.5))))(assert (> x 2.0))\
                   (assert (= (^ 2.0 x) (* y y y x)))";
    let said = word(&whole, unknown).await;
    assert!(UNDECIDED.contains(&said.as_str()), "{said}");
    // Whether three cubes add up to 114 is not known.
    let long = "(declare-const x Int)(declare-const y Int)(declare-const z Int)\
                (assert (= (+ (* x x x) (* y y y) (* z z z)) 114))";
    let said = word(&whole, long).await;
    assert!(UNDECIDED.contains(&said.as_str()), "{said}");
}

#[tokio::test]
async fn what_is_expected_may_be_the_samples_to_say() {
    let with = |expect: &str| {
        let settings = SmtSettings { expect: expect.to_owned(), ..settings("(assert {{ completion }})") };
        Smt::new(settings).unwrap()
    };
    assert_eq!(word(&with("{{ expected }}"), "true").await, "accepted");
    assert_eq!(word(&with("sat"), "false").await, "the solver says unsat, where sat is expected");
    let failed = with("{{ completion }}").verify(vec![(sample("true"), vec![])]).await.remove(0);
    assert_eq!(failed, Err(Failure::Final("`expect` is \"true\": it makes `sat` or `unsat`".to_owned())));
}

#[tokio::test]
async fn another_solver_answers_as_well() {
    let mut settings = settings(TEMPLATE);
    settings.solver = ["cvc5", "--lang", "smt2", "-"].map(str::to_owned).into();
    let verifier = Smt::new(settings).unwrap_or_else(|error| panic!("{}", error.chain()));
    assert_eq!(word(&verifier, "9").await, "accepted");
    assert_eq!(word(&verifier, "8").await, "the solver says sat, where unsat is expected");
    assert!(word(&verifier, "y").await.starts_with("the solver refuses the problem: (error"));
}

#[test]
fn the_fingerprint_holds_the_solver_and_its_version() {
    let print = |change: fn(&mut SmtSettings)| {
        let mut settings = settings(TEMPLATE);
        change(&mut settings);
        Smt::new(settings).unwrap().identity()
    };
    let plain = print(|_| {});
    assert!(plain.settings["version"].as_str().unwrap().starts_with("Z3 version 4."), "{plain:?}");
    assert_eq!(plain, print(|s| s.concurrency = Some(2)));
    assert_ne!(plain, print(|s| s.version = Some("another".into())));
    assert_ne!(plain, print(|s| s.problem.push(' ')));
    assert_ne!(plain, print(|s| s.expect = "sat".into()));
    assert_ne!(plain, print(|s| s.seconds = 3));
    assert_ne!(plain, print(|s| s.solver.push("-nw".into())));
}

#[test]
fn wrong_settings_are_named() {
    let refused = |change: fn(&mut SmtSettings)| {
        let mut settings = settings(TEMPLATE);
        change(&mut settings);
        let error = Smt::new(settings).map(|_| "a verifier").unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Usage);
        error.to_string()
    };
    assert!(refused(|s| s.solver.clear()).starts_with("`solver` is empty"));
    assert!(
        refused(|s| s.solver = vec!["z33".into()]).starts_with("`solver`: cannot start `z33` in the sandbox")
    );
    assert!(refused(|s| s.version_command = Some(vec!["false".into()])).contains("`false` fails"));
    assert!(refused(|s| s.version_command = Some(vec!["true".into()])).contains("`true` prints nothing"));
    assert_eq!(refused(|s| s.seconds = 0), "`seconds` is at least 1");
    assert_eq!(refused(|s| s.memory_mb = 1), "`memory_mb` is at least 64");
    assert!(refused(|s| s.problem = "{{".into()).starts_with("`problem` is no template"));
    assert!(refused(|s| s.read = vec!["/".into()]).contains("`read` names `/`"));
    assert!(refused(|s| s.without = vec!["pid".into()]).contains("`without` may name"));
}
