use serde_json::Value as Json;

use super::*;
use crate::tests::{House, document, opening, schema_of, settings};

const ASKED: &str = "What is 7 * 8?";

fn debate(house: &House, further: Json) -> Result<Debate> {
    let mut given = json!({ "models": ["a", "b"], "judge": "c" });
    given.as_object_mut().unwrap().extend(further.as_object().unwrap().clone());
    Debate::new(settings(given), &house.models, Path::new("."))
}

/// `a` says 54, and `b` 56; `a` concedes when it is told so; the judge picks the number of an answer that it is told.
fn house(concedes: bool, right: &'static str) -> House {
    House::new(move |asked| {
        let is_a = asked.body["model"] == "model-a";
        match schema_of(asked) {
            "rebuttal" => {
                let (own, other) = if is_a { ("It is 54.", "It is 56.") } else { ("It is 56.", "It is 54.") };
                let (before, after) = opening(asked).split_once("The other answer:").unwrap();
                assert!(before.contains(own) && after.contains(other), "{}", opening(asked));
                let argument = format!("Says {}.", asked.body["model"]);
                asked.chat(&json!({ "argument": argument, "concede": concedes && is_a }).to_string())
            }
            "decision" => {
                let (first, _) = opening(asked).split_once("<answer number=\"2\">").unwrap();
                let winner = match right {
                    "neither" => "neither",
                    right if first.contains(right) => "1",
                    _ => "2",
                };
                asked.chat(&json!({ "reason": "Count.", "winner": winner }).to_string())
            }
            _ => asked.chat(if is_a { "It is 54." } else { "It is 56." }),
        }
    })
}

#[test]
fn the_winning_answer_is_the_sample_and_the_dialogue_stands_beside_it() {
    for (right, name) in [("56", "b"), ("54", "a")] {
        let house = house(false, right);
        let drafts = house.said(&debate(&house, json!({})).unwrap(), &document(ASKED)).unwrap();
        assert_eq!(drafts[0].content, completion(ASKED, format!("It is {right}.")));
        let fields = &drafts[0].fields;
        assert_eq!((&fields["winner"], &fields["reason"]), (&name.into(), &"Count.".into()));
        assert_eq!(fields["judge"], "model-c-scripted".into());
        let Value::List(dialogue) = &fields["dialogue"] else { panic!("{fields:?}") };
        let turn =
            Fields::from([("by".to_owned(), "b".into()), ("said".to_owned(), "Says \"model-b\".".into())]);
        assert_eq!((dialogue.len(), &dialogue[3]), (4, &Value::Map(turn)));
        // Two answers, two rounds of two, and the decision.
        assert_eq!(house.endpoint.total(), 7);
    }
}

#[test]
fn with_preference_the_other_answer_is_rejected() {
    let house = house(false, "56");
    let pairs = debate(&house, json!({ "preference": true, "rounds": 1 })).unwrap();
    let drafts = house.said(&pairs, &document(ASKED)).unwrap();
    let (prompt, chosen, rejected) = (ASKED.to_owned(), "It is 56.".to_owned(), "It is 54.".to_owned());
    assert_eq!(drafts[0].content, Content::Preference { prompt, chosen, rejected });
    assert_eq!(house.endpoint.total(), 5);
}

#[test]
fn a_concession_ends_the_debate_and_decides_nothing() {
    let house = house(true, "54");
    let drafts = house.said(&debate(&house, json!({ "rounds": 3 })).unwrap(), &document(ASKED)).unwrap();
    assert_eq!(drafts[0].fields["winner"], "a".into());
    assert_eq!(drafts[0].fields["rounds"], count(1));
    let Value::List(dialogue) = &drafts[0].fields["dialogue"] else { panic!() };
    let Value::Map(turn) = &dialogue[0] else { panic!() };
    assert_eq!(turn["said"], "(concedes) Says \"model-a\".".into());
    assert_eq!(house.endpoint.total(), 5);
}

#[test]
fn where_both_say_the_same_nobody_debates() {
    let house = House::new(|asked| asked.chat("It is 56."));
    let drafts = house.said(&debate(&house, json!({})).unwrap(), &document(ASKED)).unwrap();
    assert_eq!(drafts[0].fields["winner"], "both".into());
    assert_eq!(house.endpoint.total(), 2);
    let pairs = debate(&house, json!({ "preference": true })).unwrap();
    let reason = "both answers are the same: there is no worse one";
    assert_eq!(house.said(&pairs, &document(ASKED)), Err(reason.to_owned()));
}

#[test]
fn a_debate_that_neither_wins_fails_and_so_does_a_decision_for_a_third() {
    let neither = house(false, "neither");
    let failed = neither.said(&debate(&neither, json!({})).unwrap(), &document(ASKED));
    assert_eq!(failed, Err("neither answer wins: Count.".to_owned()));
    let third = House::new(|asked| match schema_of(asked) {
        "rebuttal" => asked.chat(r#"{"argument": "No.", "concede": false}"#),
        "decision" => asked.chat(r#"{"reason": "Both.", "winner": "3"}"#),
        _ => asked.chat(&asked.body["model"].to_string()),
    });
    let reason = third.said(&debate(&third, json!({})).unwrap(), &document(ASKED)).unwrap_err();
    assert!(
        reason.starts_with("the answer does not fit its schema after a repair: `/winner` is none of"),
        "{reason}"
    );
}

#[test]
fn settings_that_do_not_do_are_named() {
    let house = house(false, "56");
    let wrong = |further| debate(&house, further).err().unwrap().to_string();
    assert_eq!(wrong(json!({ "models": ["a", "a"] })), "`models` names the two that debate");
    assert_eq!(wrong(json!({ "models": ["a", "b", "c"] })), "`models` names the two that debate");
    assert_eq!(wrong(json!({ "rounds": 0 })), "`rounds` lies between 1 and 10");
    assert_eq!(
        wrong(json!({ "judge": "a" })),
        "`judge` is a, of the family family-a as a of `models`: let a model of another family decide"
    );
}
