use rifflebox_core::{Content, Tier};
use serde_json::json;

use super::*;

/// Settings of a prover that prints the file, and so whatever a sample says.
fn printing(kit: &str, template: &str) -> ProverSettings {
    serde_json::from_value(json!({
        "kit": kit, "template": template, "file": "it", "command": ["cat", "it"], "version": "1", "concurrency": 1,
        "success": "QED {{ nonce }}", "seconds": 2,
    }))
    .unwrap()
}

fn prover(settings: ProverSettings) -> Prover {
    Prover::new(settings, Path::new(".")).unwrap_or_else(|error| panic!("{}", error.chain()))
}

async fn word(prover: &Prover, completion: &str) -> String {
    let sample = Sample {
        stage: "proofs".into(),
        content: Content::Completion { prompt: "Axiom".into(), completion: completion.into() },
        context: None,
        documents: vec![],
        tier: Tier::T3,
        synthetic: true,
        origin: Default::default(),
        fields: Default::default(),
    };
    let verdict = prover.verify(vec![(sample, vec![])]).await.remove(0).unwrap();
    verdict.reason.unwrap_or_else(|| "accepted".to_owned())
}

const TEMPLATE: &str = "{{ prompt | safe }} p. {{ completion }}\nQED {{ nonce }}";

#[tokio::test]
async fn cheats_of_each_kit_are_found_in_code_alone() {
    for (kit, honest, cheats) in [
        (
            "coq",
            "Proof. (* no Admitted, admit *) intros A : Set -> Set. exact \"Axiom\". admitted. Qed.",
            vec![
                "Admitted.",
                "Proof. admit. Qed.",
                "Axiom a : False.",
                "(* \" *) \" *) Hypothesis h : False. (* \" *) \" *)",
                "Unset Guard Checking.",
                "Set Printing All.",
                "#[bypass_check(guard)] Fixpoint f",
                "idtac \"QED\".",
                "Notation \"a\" := b.",
            ],
        ),
        (
            "lean",
            "by simp [h'] -- sorry\n/- axiom /- sorry -/ unsafe -/\nexact \"sorry\" '\"' not_sorry",
            vec![
                "sorry",
                "'\"' sorry '\"'",
                "axiom a : False",
                "by native_decide",
                "@[implemented_by f] def g",
                "unsafe def f",
                "#eval 1",
                "s!\"{(sorry : Nat)}\"",
                "/- -/ macro \"x\"",
            ],
        ),
        (
            "isabelle",
            "by (* sorry *) (simp add: \"oops\")",
            vec!["sorry", "oops", "axiomatization where f: False", "ML ‹x›", "oracle o = x"],
        ),
    ] {
        let prover = prover(printing(kit, TEMPLATE));
        assert_eq!(word(&prover, honest).await, "accepted", "{kit}");
        for cheat in cheats {
            let said = word(&prover, cheat).await;
            assert!(said.starts_with("a cheat: `"), "{kit}: {cheat}: {said}");
        }
        let swallow = if kit == "lean" { "/-" } else { "(*" };
        let said = word(&prover, swallow).await;
        assert!(said.starts_with("a cheat: what the sample puts in makes a comment"), "{kit}: {said}");
    }
}

#[tokio::test]
async fn what_a_prover_prints_counts_by_patterns_that_no_sample_knows() {
    let forging = prover(printing("plain", "{{ completion }}\n"));
    let said = word(&forging, "QED 0123456789abcdef0123456789abcdef").await;
    assert!(said.starts_with("the prover does not say that it holds: QED"), "{said}");
    let mut failing = printing("plain", TEMPLATE);
    failing.failure = vec!["(?i)error".to_owned()];
    let failing = prover(failing);
    assert_eq!(word(&failing, "fine").await, "accepted");
    let said = word(&failing, "well\nError: no\nmore").await;
    assert!(said.starts_with("the prover says: Error: no more QED"), "{said}");
}

#[tokio::test]
async fn a_prover_that_fails_or_does_not_end_proves_nothing() {
    let with = |command: &[&str]| {
        let mut settings = printing("plain", TEMPLATE);
        settings.command = command.iter().map(|word| (*word).to_owned()).collect();
        settings.seconds = 1;
        prover(settings)
    };
    let failing = with(&["sh", "-c", "cat it; echo no such lemma >&2; exit 3"]);
    assert!(word(&failing, "x").await.starts_with("the prover ends with status 3: "));
    assert_eq!(word(&with(&["sleep", "60"]), "x").await, "the prover took longer than 3 s");
    let spinning = with(&["sh", "-c", "while :; do :; done"]);
    // A busy machine gives a second of a processor in many.
    let said = word(&spinning, "x").await;
    let limits = ["the prover used up its 1 s of a processor", "the prover took longer than 3 s"];
    assert!(limits.contains(&said.as_str()), "{said}");
    assert_eq!(word(&with(&["yes"]), "x").await, "the prover printed more than 1024 kB");
    assert_eq!(word(&with(&["sh", "-c", "kill -11 $$"]), "x").await, "the prover was ended by signal 11");
}

#[tokio::test]
async fn comments_of_a_prover_without_a_kit_are_settings() {
    let mut settings = printing("plain", TEMPLATE);
    settings.cheats = vec![r"\bcheat\b".to_owned()];
    settings.line_comments = vec!["%".to_owned()];
    settings.block_comments = vec![("/*".to_owned(), "*/".to_owned())];
    let prover = prover(settings);
    assert_eq!(word(&prover, "a % cheat\n/* cheat */ b").await, "accepted");
    assert_eq!(word(&prover, "a /* */\n cheat").await, "a cheat: `cheat` at line 2");
    assert!(word(&prover, "a /*").await.starts_with("a cheat: what the sample puts in"));
}

#[test]
fn wrong_settings_are_named() {
    let refused = |change: fn(&mut ProverSettings)| {
        let mut settings = printing("coq", TEMPLATE);
        change(&mut settings);
        let error = Prover::new(settings, Path::new(".")).map(|_| "a verifier").unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Usage);
        error.to_string()
    };
    assert!(refused(|s| s.command.clear()).starts_with("`command` is empty"));
    assert!(refused(|s| s.template = "{{".into()).starts_with("`template` is no template"));
    assert!(
        refused(|s| s.success = Some("(".into())).starts_with("`success`: \"(\" is no regular expression")
    );
    assert!(refused(|s| s.cheats = vec!["(".into()]).starts_with("`cheats`: "));
    assert!(refused(|s| s.failure = vec!["(".into()]).starts_with("`failure`: "));
    assert!(refused(|s| s.file = Some("../it".into())).starts_with("`file` names `../it`"));
    assert!(refused(|s| s.files = vec!["/etc/passwd".into()]).starts_with("`files` names `/etc/passwd`"));
    assert!(refused(|s| s.files = vec!["nowhere".into()]).starts_with("`files`: cannot read nowhere"));
    assert!(refused(|s| s.files = vec!["it".into()]).contains("which is the sample's"));
    assert!(refused(|s| s.line_comments = vec!["--".into()]).contains("are the kit's"));
    assert!(
        refused(|s| {
            s.kit = Kit::Isabelle;
            s.success = None
        })
        .starts_with("`success` is missing")
    );
    assert!(
        refused(|s| {
            s.version = None;
            s.command = vec!["coqc-9".into()]
        })
        .contains("cannot start `coqc-9`")
    );
}
