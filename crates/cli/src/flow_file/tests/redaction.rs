//! What flow files say of personal data.

use rifflebox_core::{Answering, AskedVerifier, Exposure, Failure, Identity, Judged, Limits, Proof, Verdict};

use super::*;

#[test]
fn a_redaction_that_there_is_not() {
    check(
        r#"license = "MIT""#,
        r#"redact = "standart""#,
        r#"flow.toml:6:10: there is no table [redact.standart]: did you mean `standard`?
  6 | redact = "standart"
    |          ^^^^^^^^^^"#,
    );
}

#[test]
fn a_rule_that_there_is_not() {
    check(
        r#"license = "MIT""#,
        r#"redact = { rules = ["phone", "emial"] }"#,
        r#"flow.toml:6:30: unknown value `emial`: did you mean `email`?
  6 | redact = { rules = ["phone", "emial"] }
    |                              ^^^^^^^"#,
    );
}

#[test]
fn a_redaction_that_contradicts_itself() {
    check(
        r#"license = "MIT""#,
        r#"redact = { map = "m.json" }"#,
        r#"flow.toml:6:10: source `docs`: `redact`: a `map` reverses pseudonyms, and without `key_env` or `key_file` there are none
  6 | redact = { map = "m.json" }
    |          ^^^^^^^^^^^^^^^^^^"#,
    );
}

#[test]
fn a_redaction_that_no_source_names() {
    check(
        "[generate.passages]",
        "[redact.people]\nnames = [\"Ada\"]\n\n[generate.passages]",
        r#"flow.toml:8:9: no source is redacted by [redact.people]: name it in a source: redact = "people"
  8 | [redact.people]
    |         ^^^^^^"#,
    );
}

#[test]
fn a_redaction_by_its_name_is_that_table() {
    let fingerprint =
        |text: &str| parse(text).unwrap().plan.stage("docs").unwrap().operator.identity().fingerprint();
    let with = |redact: &str, table: &str| {
        format!("{}{table}", FLOW.replace("license =", &format!("redact = {redact}\nlicense =")))
    };
    let named = with("\"people\"", "\n[redact.people]\nnames = [\"Ada Lovelace\"]\n");
    let inline = with("{ names = [\"Ada Lovelace\"] }", "");
    assert_eq!(fingerprint(&named), fingerprint(&inline));
    assert_ne!(fingerprint(&inline), fingerprint(&with("\"standard\"", "")));
    assert_eq!(fingerprint(&with("\"none\"", "")), fingerprint(FLOW), "nothing is redacted either way");
    assert!(!parse(&named).unwrap().kept_text.contains("Ada"));
}

#[test]
fn a_stage_that_sends_things_away_wants_a_word_of_its_sources() {
    let sent = FLOW
        .replace("[verify.length]", "[verify.remote]")
        .replace("max_words = 400\n", "")
        .replace("\"length\"", "\"remote\"");
    let parse = |text: &str| {
        let registry = Registry::builtin().with_asked(Remote);
        FlowFile::parse("flow.toml", text, Path::new("base"), &registry, &|_| None)
    };
    let error = parse(&sent).err().expect("the source says nothing");
    let said = Mistakes::of(&error).expect("the error is of a flow file").to_string();
    let expected = "flow.toml:3:9: stage `remote` sends what it is given to a service, and the source `docs` does not say";
    assert!(said.starts_with(expected), "{said}");
    for word in ["standard", "none"] {
        assert!(parse(&sent.replace("license =", &format!("redact = \"{word}\"\nlicense ="))).is_ok());
    }
}

/// A verifier that is a service's.
struct Remote;

impl AskedVerifier for Remote {
    fn identity(&self) -> Identity {
        Identity::new("remote", "1")
    }

    fn proof(&self) -> Proof {
        Proof::Filtered
    }

    fn reads_documents(&self) -> bool {
        false
    }

    fn limits(&self) -> Limits {
        Limits { exposure: Exposure::Leaves, ..Default::default() }
    }

    fn verify(&self, _: Vec<Judged>) -> Answering<Vec<Result<Verdict, Failure>>> {
        Box::pin(async { Vec::new() })
    }
}
