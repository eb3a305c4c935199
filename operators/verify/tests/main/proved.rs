//! A prover of Debian's, on lemmas that hold, lemmas that do not, and cheats.

#![expect(clippy::unwrap_used, reason = "helpers of tests stop where the test would")]

use rifflebox_core::{AskedVerifier, Content, Fields, Sample, Tier, Value, Verdict};
use rifflebox_verify::{Prover, ProverSettings};
use serde::Deserialize;
use serde_json::json;

use crate::{parse, path, read};

/// The folder of the axioms: an example's.
const FOLDER: &str = "../../../examples/checked";

const TEMPLATE: &str =
    "$[ prop.mm $]\n{{ lemmas }}\ngoal $p |- {{ statement | safe }} $= {{ completion }} $.\n";

/// A statement of propositional calculus, with a proof of it, or what claims to be one.
#[derive(Clone, Debug, Deserialize)]
struct Lemma {
    kind: String,
    statement: String,
    lemmas: String,
    proof: String,
}

fn lemmas(kind: &str) -> Vec<Lemma> {
    read("metamath/lemmas.jsonl").lines().map(parse::<Lemma>).filter(|lemma| lemma.kind == kind).collect()
}

fn settings(kit: &str) -> ProverSettings {
    serde_json::from_value(json!({
        "kit": kit, "template": TEMPLATE, "files": ["prop.mm"], "file": "sample.mm", "seconds": 5, "concurrency": 2,
        "command": ["metamath", "read sample.mm", "verify proof *", "exit"],
    }))
    .unwrap()
}

fn prover(settings: ProverSettings) -> Prover {
    Prover::new(settings, &path(FOLDER)).unwrap_or_else(|error| panic!("{}", error.chain()))
}

fn judge(prover: &Prover, lemma: &Lemma) -> Verdict {
    let fields = [("statement", &lemma.statement), ("lemmas", &lemma.lemmas)];
    let fields = fields.map(|(name, text)| (name.to_owned(), Value::Text(text.clone())));
    let sample = Sample {
        stage: "proofs".into(),
        content: Content::Completion { prompt: lemma.statement.clone(), completion: lemma.proof.clone() },
        context: None,
        documents: vec![],
        tier: Tier::T3,
        synthetic: true,
        origin: Default::default(),
        fields: Fields::from(fields),
    };
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(prover.verify(vec![(sample, vec![])])).remove(0).unwrap()
}

#[test]
fn true_lemmas_are_accepted_and_false_ones_are_not() {
    let prover = prover(settings("metamath"));
    let (holds, holds_not) = (lemmas("true"), lemmas("false"));
    assert_eq!((holds.len(), holds_not.len()), (10, 10));
    for lemma in &holds {
        let verdict = judge(&prover, lemma);
        assert!(verdict.accept, "{}: {verdict:?}", lemma.statement);
        let said = verdict.votes[0].reason.as_deref().unwrap();
        assert!(said.starts_with("proved, under ") && said.ends_with("all layers"), "{said}");
    }
    for lemma in &holds_not {
        let verdict = judge(&prover, lemma);
        let why = verdict.reason.unwrap_or_default();
        assert!(
            !verdict.accept && why.contains("the prover says: ?Error on line 3"),
            "{}: {why}",
            lemma.statement
        );
    }
    // A right proof of another statement, and none at all, prove nothing.
    let swapped = Lemma { proof: holds[1].proof.clone(), ..holds[0].clone() };
    assert!(judge(&prover, &swapped).reason.unwrap().contains("?Error"));
    let empty = Lemma { proof: String::new(), ..holds[0].clone() };
    assert!(judge(&prover, &empty).reason.unwrap().contains("?Error"));
}

#[test]
fn cheats_are_noticed_and_most_of_them_by_nobody_else() {
    let with = prover(settings("metamath"));
    let mut plain = settings("plain");
    plain.success = Some("All proofs in the database were verified".to_owned());
    plain.failure = vec![r"(?m)^\?".to_owned(), "not proved".to_owned()];
    plain.version = Some("any".to_owned());
    let without = prover(plain);
    let cheats = lemmas("cheat");
    assert_eq!(cheats.len(), 5);
    let mut passed = 0;
    for cheat in &cheats {
        let verdict = judge(&with, cheat);
        let why = verdict.reason.unwrap_or_default();
        assert!(!verdict.accept && why.starts_with("a cheat: "), "{cheat:?}: {why}");
        passed += u32::from(judge(&without, cheat).accept);
    }
    assert_eq!(passed, 4, "metamath itself sees an unfinished proof, and no other cheat");
}

#[test]
fn comments_neither_hide_nor_accuse() {
    let prover = prover(settings("metamath"));
    let mut lemma = lemmas("true").remove(0);
    lemma.lemmas = "$( Nothing is $a given here, and no ? is left. $)".to_owned();
    assert_eq!(judge(&prover, &lemma).reason, None);
    lemma.lemmas.push_str(" given $a |- ph $. $( $)");
    assert_eq!(judge(&prover, &lemma).reason.as_deref(), Some("a cheat: `$a` at line 2"));
}

#[test]
fn a_verdict_is_of_this_prover_and_these_files() {
    let plain = prover(settings("metamath")).identity();
    let version = plain.settings["version"].as_str().unwrap();
    assert!(version.starts_with("Metamath - Version 0."), "{version}");
    let folder = tempfile::tempdir().unwrap();
    let base = read(&format!("{FOLDER}/prop.mm"));
    std::fs::write(folder.path().join("prop.mm"), &base).unwrap();
    assert_eq!(Prover::new(settings("metamath"), folder.path()).unwrap().identity(), plain);
    std::fs::write(folder.path().join("prop.mm"), base + "\n").unwrap();
    assert_ne!(Prover::new(settings("metamath"), folder.path()).unwrap().identity(), plain);
    let mut newer = settings("metamath");
    newer.version = Some("Metamath - Version 9".to_owned());
    assert_ne!(prover(newer).identity(), plain);
}
