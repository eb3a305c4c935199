//! `[model.NAME]`, who asks them, and `[budget]`.

use super::*;

const ASKED: &str = r#"[model.a]
url = "http://localhost:8000/v1"
model = "large"
family = "llama"
key_env = "KEY_OF_A"
terms = "open"
price = { input = 0.15, output = 0.60 }

[model.b]
url = "http://localhost:8001/v1"
model = "small"
family = "qwen"

[source.docs]
files = "docs/*.md"
redact = "none"

[generate.qa]
from = ["docs"]
model = "a"

[verify.agree]
use = "consensus"
from = ["qa"]
models = ["b"]

[mix]
from = ["agree"]
tokens = 1_000
shares = { T2 = 1.0 }
min_anchor = 0.0

[publish]

[budget]
usd = 5.0

[budget.agree]
calls = 100
stop_at_error_rate = 0.5
"#;

#[track_caller]
fn check(sound: &str, broken: &str, expected: &str) {
    assert_eq!(ASKED.matches(sound).count(), 1, "{sound:?} is not one place of the flow");
    let error = parse(&ASKED.replace(sound, broken)).err().expect("the flow is broken");
    let said = Mistakes::of(&error).expect("the error is of a flow file").to_string();
    assert_eq!(said, expected, "\n{said}\n");
}

#[test]
fn models_are_asked_by_their_names() {
    let plan = parse(ASKED).unwrap().plan;
    let asks = |stage: &str| {
        let respondents = plan.stage(stage).unwrap().operator.inquiring().unwrap().respondents;
        respondents.iter().map(|respondent| respondent.about()).collect::<Vec<_>>()
    };
    let [teacher] = &asks("qa")[..] else { panic!("one model is asked") };
    assert_eq!((teacher.name.as_str(), teacher.family.as_str()), ("a", "llama"));
    assert_eq!((teacher.terms.as_deref(), teacher.price), (Some("open"), (150_000, 600_000)));
    assert_eq!(asks("agree")[0].model, "small");
    assert_eq!(plan.budget, Budget { usd: Some(5.0), ..Budget::default() });
    let expected = Budget { calls: Some(100), stop_at_error_rate: Some(0.5), ..Budget::default() };
    assert_eq!(plan.stage("agree").unwrap().budget, expected);
    assert!(plan.stage("qa").unwrap().budget.is_boundless());
}

#[test]
fn a_model_that_is_not_there() {
    check(
        "model = \"a\"",
        "model = \"c\"",
        r#"flow.toml:20:9: no model is called `c`: did you mean `a`?
  20 | model = "c"
     |         ^^^"#,
    );
}

#[test]
fn a_setting_that_a_model_has_not() {
    check(
        "key_env =",
        "key =",
        r#"flow.toml:5:1: [model.a] has no key `key`: did you mean `key_env`?
  5 | key = "KEY_OF_A"
    | ^^^"#,
    );
}

#[test]
fn a_url_that_is_none() {
    check(
        "http://localhost:8001/v1",
        "localhost:8001",
        r#"flow.toml:10:7: `url` begins with https:// or http://
  10 | url = "localhost:8001"
     |       ^^^^^^^^^^^^^^^^"#,
    );
}

#[test]
fn a_model_that_nothing_asks() {
    check(
        "models = [\"b\"]",
        "models = [\"a\"]",
        r#"flow.toml:9:8: no stage asks [model.b]: name it in a stage: model = "b"
  9 | [model.b]
    |        ^"#,
    );
}

#[test]
fn a_family_that_judges_its_own() {
    check(
        "family = \"qwen\"",
        "family = \"llama\"",
        r#"flow.toml:25:10: `b` judges in stage `agree` and is of the family `llama`, as what makes the samples of `qa`: let a model of another family judge them
  25 | models = ["b"]
     |          ^^^^^"#,
    );
}

#[test]
fn a_source_that_does_not_say_what_is_redacted() {
    check(
        "redact = \"none\"\n",
        "",
        r#"flow.toml:14:9: stage `qa` sends what it is given to a service, and the source `docs` does not say what is redacted: give it `redact`, "standard" or, if all of it may be seen, "none"
  14 | [source.docs]
     |         ^^^^"#,
    );
}

#[test]
fn a_budget_of_a_stage_that_asks_nothing() {
    check(
        "[budget.agree]",
        "[budget.agre]",
        r#"flow.toml:38:9: no stage `agre` makes calls: did you mean `agree`?
  38 | [budget.agre]
     |         ^^^^"#,
    );
}

#[test]
fn a_budget_that_is_none() {
    check(
        "usd = 5.0",
        "usd = -5.0",
        r#"flow.toml:36:7: `usd` is a number of dollars, not negative
  36 | usd = -5.0
     |       ^^^^"#,
    );
}
