//! What a miswired flow is told.

use rifflebox_core::{
    Document, Draft, FileChange, Generator, Identity, KeptFiles, Key, Redaction, Result, Source, Tokenizer,
    Verdict, asked, verifier,
};

use super::*;

struct Nothing;

impl Source for Nothing {
    fn identity(&self) -> Identity {
        Identity::new("nothing", "1")
    }

    fn redaction(&self) -> Redaction {
        Redaction::Unsaid
    }

    fn changes(&self, _: &KeptFiles, _: &mut dyn FnMut(FileChange<'_>) -> Result<()>) -> Result<()> {
        Ok(())
    }
}

impl Generator for Nothing {
    fn identity(&self) -> Identity {
        Identity::new("nothing", "1")
    }

    fn synthetic(&self) -> bool {
        false
    }

    fn generate(&self, _: &Document, _: &mut dyn FnMut(Draft)) -> Result<(), String> {
        Ok(())
    }
}

impl Tokenizer for Nothing {
    fn name(&self) -> &str {
        "nothing"
    }

    fn fingerprint(&self) -> Key {
        Key::MIN
    }

    fn count(&self, _: &str) -> u64 {
        0
    }
}

struct All;

impl Mixer for All {
    fn identity(&self) -> Identity {
        Identity::new("all", "1")
    }

    fn mix(&self, scope: &mut Scope<'_>, candidates: Rows<Key, Row>) -> Mixed {
        let decision = scope.flat_map(candidates, |_, _: Row, say| say((), MixDecision::default()));
        Mixed { rows: candidates, decision }
    }
}

fn flow() -> (Flow, Documents) {
    let flow = Flow::with_tokenizer("tests", Arc::new(Nothing));
    let docs = flow.documents("docs", Nothing);
    (flow, docs)
}

fn error(flow: &Flow) -> String {
    match compile(&flow.plan()) {
        Ok(_) => "no error".to_owned(),
        Err(error) => error.to_string(),
    }
}

#[test]
fn a_sound_flow_compiles() {
    let (flow, docs) = flow();
    docs.generate(Nothing).mix(All).publish();
    assert_eq!(error(&flow), "no error");
}

#[test]
fn what_nobody_reads_is_named() {
    let (flow, docs) = flow();
    let _ = docs.generate(Nothing).named("made");
    assert_eq!(error(&flow), "nothing reads stage `made`: wire it up, or remove it");
}

#[test]
fn names_are_unique() {
    let (flow, docs) = flow();
    docs.generate(Nothing).concat(&docs.generate(Nothing)).mix(All).publish();
    assert_eq!(error(&flow), "two stages are named `nothing`: give one of them another name");
}

#[test]
fn a_sample_comes_by_one_way() {
    let (flow, docs) = flow();
    let made = docs.generate(Nothing).named("made");
    let one = made.verify(verifier("one", "1", |_| Verdict::accept()));
    let two = made.verify(verifier("two", "1", |_| Verdict::accept()));
    one.concat(&two).mix(All).publish();
    assert_eq!(error(&flow), "stage `main` gets the samples of `made` twice, once by `two`");
}

#[test]
fn what_becomes_of_a_refused_sample_is_said_of_asked_verifiers_too() {
    let (flow, docs) = flow();
    let judge = |version| asked("judge", version, |_| async { Ok(Verdict::accept()) });
    let made = docs.generate(Nothing).verify_asked(judge("1")).named("drops");
    made.verify_asked_or(judge("2"), OnReject::Tag).named("tags").mix(All).publish();
    assert_eq!(error(&flow), "no error");
    let plan = flow.plan();
    for (stage, expected) in [("drops", OnReject::Drop), ("tags", OnReject::Tag)] {
        let Some(Operator::VerifyAsked(_, on_reject)) = plan.stage(stage).map(|stage| &stage.operator) else {
            panic!("`{stage}` asks")
        };
        assert_eq!(*on_reject, expected, "{stage}");
    }
}

#[test]
fn several_stages_may_ask_one_operator_and_each_keeps_its_answers() {
    let (flow, docs) = flow();
    let judge = || asked("judge", "1", |_| async { Ok(Verdict::accept()) });
    let one = docs.generate(Nothing).named("one").verify_asked(judge()).named("judge one");
    let two = docs.generate(Nothing).named("two").verify_asked(judge()).named("judge two");
    one.concat(&two).mix(All).publish();
    assert_eq!(error(&flow), "no error");
    let plan = flow.plan();
    let first = format!("answers/{}", judge().identity().fingerprint());
    assert_eq!(plan.answers(), [first.clone(), format!("{first}-2")].into());
    let compiled = super::compile(&plan).unwrap().graph.arrangements();
    let asked: BTreeSet<String> = compiled.into_keys().filter(|name| name.starts_with("answers/")).collect();
    assert_eq!(asked, plan.answers().into_iter().flat_map(|name| [format!("{name}/owed"), name]).collect());
}

/// A generator or verifier behind which a family speaks.
struct Of(&'static str);

impl rifflebox_core::Generator for Of {
    fn identity(&self) -> Identity {
        Identity { family: Some(self.0.to_owned()), ..Identity::new("of", "1") }
    }

    fn synthetic(&self) -> bool {
        true
    }

    fn generate(&self, _: &Document, _: &mut dyn FnMut(Draft)) -> std::result::Result<(), String> {
        Ok(())
    }
}

impl rifflebox_core::Verifier for Of {
    fn identity(&self) -> Identity {
        rifflebox_core::Generator::identity(self)
    }

    fn proof(&self) -> rifflebox_core::Proof {
        rifflebox_core::Proof::Filtered
    }

    fn reads_documents(&self) -> bool {
        false
    }

    fn verify(&self, _: &rifflebox_core::Sample, _: &[Document]) -> Verdict {
        Verdict::accept()
    }
}

#[test]
fn no_family_judges_its_own() {
    let (flow, docs) = flow();
    let others = docs.generate(Of("llama")).named("made").verify(Of("qwen")).named("others");
    others.verify(Of("llama")).named("own").mix(All).publish();
    let expected = "`of` judges in stage `own` and is of the family `llama`, as what makes the samples of `made`: let a \
                    model of another family judge them";
    assert_eq!(error(&flow), expected);
}
