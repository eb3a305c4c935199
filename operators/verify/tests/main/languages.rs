//! Programs in other languages than Python: an example that the verifiers' page points at.

#![expect(clippy::unwrap_used, reason = "helpers of tests stop where the test would")]

use rifflebox_core::{AskedVerifier, Content, Failure, Sample, Tier, Value, Verdict};
use rifflebox_verify::CommandVerifier;
use serde_json::{Value as Json, json};

use crate::{parse, path, read};

const FOLDER: &str = "../../../examples/languages";

fn sample(row: &Json) -> Sample {
    let text = |name: &str| row[name].as_str().unwrap().to_owned();
    let Value::Map(fields) = Value::from(row.clone()) else { panic!("a row is a table") };
    Sample {
        stage: "solved".into(),
        content: Content::Completion { prompt: text("prompt"), completion: text("completion") },
        context: None,
        documents: vec![],
        tier: Tier::T1,
        synthetic: false,
        origin: Default::default(),
        fields,
    }
}

#[test]
fn programs_that_read_and_print_are_judged_by_what_they_print() {
    let settings = json!({
        "command": ["python3", "judge.py"], "version_command": ["perl", "-e", "print $^V"], "sandbox": true, "batch": 1,
        "confirms": true,
    });
    let settings = serde_json::from_value(settings).unwrap();
    let verifier = CommandVerifier::new(settings, &path(FOLDER)).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let judge = |row: &Json| -> Result<Verdict, Failure> {
        runtime.block_on(verifier.verify(vec![(sample(row), vec![])])).remove(0)
    };
    let rows = read(&format!("{FOLDER}/problems.jsonl"));
    let rows: Vec<Json> = rows.lines().map(parse).collect();
    let said = |id: &str| match judge(rows.iter().find(|row| row["id"] == id).unwrap()) {
        Ok(verdict) => (verdict.accept, verdict.reason.unwrap_or_default()),
        Err(failure) => panic!("{id}: {failure:?}"),
    };
    assert_eq!(rows.len(), 6);
    for right in ["gcd", "words"] {
        assert_eq!(said(right), (true, String::new()), "{right}");
    }
    assert_eq!(said("mean"), (false, "ends with status 255 for ''".to_owned()));
    assert_eq!(said("last"), (false, r"takes longer than 2 s for 'a\nb\n'".to_owned()));
    // No file of the host is there.
    assert_eq!(said("users"), (false, r"ends with status 2 for 'a\nb\n'".to_owned()));
    // One that ends its judge is judged by nobody.
    let quiet = judge(rows.iter().find(|row| row["id"] == "quiet").unwrap());
    assert!(matches!(&quiet, Err(Failure::Final(_))), "{quiet:?}");
}
