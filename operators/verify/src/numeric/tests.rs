use rifflebox_core::{Content, Message, Tier};
use serde_json::json;

use super::*;

fn settings(given: serde_json::Value) -> NumericSettings {
    serde_json::from_value(given).expect("settings are right")
}

fn numeric(given: serde_json::Value) -> Numeric {
    Numeric::new(settings(given)).expect("settings are right")
}

fn sample(content: Content) -> Sample {
    let fields =
        [("truth", "42"), ("solution", "6*7 = 42\n#### 42"), ("letter", "B"), ("options", "A) 41\nB) 42")];
    Sample {
        stage: "sums".into(),
        content,
        context: None,
        documents: vec![],
        tier: Tier::T1,
        synthetic: false,
        origin: Default::default(),
        fields: fields.map(|(name, text)| (name.to_owned(), text.into())).into(),
    }
}

fn pair(completion: &str) -> Sample {
    sample(Content::Completion { prompt: "What is <<1+1=3>>?".into(), completion: completion.into() })
}

fn told(given: serde_json::Value, completion: &str) -> (bool, String) {
    let verdict = numeric(given).verify(&pair(completion), &[]);
    assert_eq!(verdict.accept, verdict.reason.is_none(), "{verdict:?}");
    (verdict.accept, verdict.reason.unwrap_or_default())
}

#[test]
fn every_calculation_is_confirmed_or_the_first_wrong_one_is_named() {
    let verdict = numeric(json!({})).verify(&pair("<<6*7=42>>42 <<42+1=44>>44 <<2*2=4>>4 <<1+1=3>>3"), &[]);
    assert_eq!(verdict.reason.as_deref(), Some("calculation 2: `<<42+1=44>>`: 42+1 is 43"));
    assert_eq!((verdict.accept, verdict.score.value()), (false, 0.5));
    let voters: Vec<&str> = verdict.votes.iter().map(|vote| vote.voter.as_str()).collect();
    assert_eq!(voters, ["calculation 2", "calculation 4"]);
    assert_eq!(told(json!({}), "<<6*7=42>>42"), (true, String::new()));
}

#[test]
fn what_is_demanded_must_be_there() {
    let nothing = "nothing was found that could be judged".to_owned();
    assert_eq!(told(json!({}), "so it is 42"), (false, nothing));
    assert_eq!(told(json!({ "require": "nothing" }), "so it is 42"), (true, String::new()));
    let answer = json!({ "expected": "{{ truth }}", "require": "calculation" });
    assert_eq!(told(answer, "so it is 42"), (false, "no calculation was found".to_owned()));
    let expected = json!({ "expected": "{{ truth }}" });
    assert_eq!(
        told(expected.clone(), "I do not know"),
        (false, "answer: no final answer was found".to_owned())
    );
    assert_eq!(told(expected, "so it is 42"), (true, String::new()));
    assert_eq!(numeric(json!({})).proof(), Proof::Confirmed);
    assert_eq!(numeric(json!({ "require": "nothing" })).proof(), Proof::Filtered);
}

#[test]
fn answers_are_compared_with_the_truth_or_with_a_solution() {
    for expected in ["{{ truth }}", "{{ solution }}"] {
        let given = json!({ "expected": expected });
        assert_eq!(told(given.clone(), "#### 42"), (true, String::new()));
        assert_eq!(told(given, "#### 43").1, "answer: the answer `43` is not `42`");
    }
    let lacking = told(json!({ "expected": "{{ nowhere }}" }), "#### 42").1;
    assert!(lacking.starts_with("`expected` wants `nowhere`; the sample has "), "{lacking}");
    assert_eq!(
        told(json!({ "expected": "" }), "#### 42").1,
        "answer: `expected` is empty: there is nothing to compare with"
    );
}

#[test]
fn choices_are_letters_and_may_have_to_be_worked_out() {
    let choice = json!({ "expected": "{{ letter }}", "options": "{{ options }}" });
    assert_eq!(told(choice.clone(), "Answer: B"), (true, String::new()));
    assert_eq!(told(choice, "Answer: A").1, "answer: the answer is A, not B");
    let worked = json!({ "expected": "{{ letter }}", "options": "{{ options }}", "worked_out": true });
    assert_eq!(told(worked.clone(), "6*7 = 42\nAnswer: B"), (true, String::new()));
    assert_eq!(
        told(worked.clone(), "Answer: B").1,
        "answer: the answer is B, and the text does not work it out"
    );
    assert_eq!(told(worked, "It is 41.\nAnswer: B").1, "answer: the answer is B, and the text works out A");
    let no_letter = json!({ "expected": "{{ truth }}", "options": "{{ options }}" });
    assert_eq!(told(no_letter, "Answer: B").1, "answer: `expected` is `42`: it is the letter of an option");
}

#[test]
fn what_is_judged_is_what_was_answered() {
    let judged = |content| numeric(json!({})).verify(&sample(content), &[]).accept;
    assert!(judged(Content::Text { text: "<<1+1=2>>".into() }));
    let turn = |role: &str, content: &str| Message { role: role.into(), content: content.into() };
    let messages = vec![turn("user", "<<1+1=3>>"), turn("assistant", "<<1+1=2>>2")];
    assert!(judged(Content::Messages { messages }));
    let preference =
        Content::Preference { prompt: "?".into(), chosen: "<<1+1=2>>".into(), rejected: "<<1+1=3>>".into() };
    assert!(judged(preference));
    assert!(!numeric(json!({ "text": "{{ prompt }}" })).verify(&pair("<<1+1=2>>"), &[]).accept);
}

#[test]
fn wrong_settings_name_the_key() {
    let refused = |given| Numeric::new(settings(given)).map(|_| ()).expect_err("it is refused").to_string();
    assert!(refused(json!({ "annotations": false })).starts_with("nothing is judged: set `expected`"));
    assert!(refused(json!({ "options": "x" })).starts_with("`options` are given, and no `expected`"));
    assert!(refused(json!({ "worked_out": true })).starts_with("`worked_out` is about"));
    assert!(refused(json!({ "answer": [] })).starts_with("`answer` is empty"));
    assert!(refused(json!({ "answer": ["here"] })).starts_with("`answer` has `here`"));
    assert!(refused(json!({ "text": "{{" })).starts_with("`text` is no template"));
    assert!(refused(json!({ "tolerance": { "absolute": -1.0 } })).starts_with("`tolerance.absolute` is -1"));
}

#[test]
fn every_setting_is_part_of_the_identity() {
    let print = |given| numeric(given).identity().fingerprint();
    let plain = print(json!({}));
    assert_eq!(plain, print(json!({ "require": "any", "rounding": "nearest" })));
    let others = [
        json!({ "equalities": true }),
        json!({ "rounding": "exact" }),
        json!({ "running": true }),
        json!({ "expected": "{{ truth }}" }),
        json!({ "answer": ["####"] }),
        json!({ "tolerance": { "relative": 0.01 } }),
        json!({ "require": "nothing" }),
        json!({ "text": "{{ completion }}" }),
    ];
    let prints: std::collections::BTreeSet<_> = others.into_iter().map(print).chain([plain]).collect();
    assert_eq!(prints.len(), 9);
}
