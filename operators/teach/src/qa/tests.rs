use super::*;
use crate::tests::{House, document, opening, schema_of, settings};

const TEXT: &str = "Gold is a metal. It is dense.";

fn qa(house: &House, further: serde_json::Value) -> Result<Qa> {
    let mut given = json!({ "model": "a", "facts": 2 });
    given.as_object_mut().unwrap().extend(further.as_object().unwrap().clone());
    Qa::new(settings(given), &house.models, Path::new("."))
}

/// Lists two facts, and asks a question of each of these numbers.
fn house(numbers: &'static [usize]) -> House {
    House::new(move |asked| match schema_of(asked) {
        "facts" => asked.chat(r#"{"facts": ["Gold is a metal.", "Gold is dense."]}"#),
        _ => {
            assert!(opening(asked).contains("2. Gold is dense.") && opening(asked).contains(TEXT));
            let one = |fact| json!({ "fact": fact, "question": format!("What of {fact}?"), "answer": "So." });
            asked.chat(&json!({ "questions": numbers.iter().map(one).collect::<Vec<_>>() }).to_string())
        }
    })
}

#[test]
fn each_fact_has_a_question_with_its_answer() {
    let house = house(&[2, 1]);
    let drafts = house.said(&qa(&house, json!({})).unwrap(), &document(TEXT)).unwrap();
    let made: Vec<_> =
        drafts.iter().map(|draft| (draft.content.clone(), draft.fields["fact"].clone())).collect();
    let expected = [
        (completion("What of 2?", "So."), "Gold is dense.".into()),
        (completion("What of 1?", "So."), "Gold is a metal.".into()),
    ];
    assert_eq!(made, expected);
    assert_eq!((&drafts[0].context, &drafts[0].fields["said_by"]), (&None, &"model-a-scripted".into()));
    assert_eq!(house.endpoint.total(), 2);
    let with = house.said(&qa(&house, json!({ "context": true })).unwrap(), &document(TEXT)).unwrap();
    assert_eq!(with[1].context.as_deref(), Some(TEXT));
}

#[test]
fn a_question_of_a_fact_that_does_not_exist_makes_no_sample() {
    let one = house(&[2, 3]);
    let drafts = one.said(&qa(&one, json!({})).unwrap(), &document(TEXT)).unwrap();
    assert_eq!(drafts.len(), 1);
    assert_eq!(drafts[0].fields["fact"], "Gold is dense.".into());
    let none = house(&[3, 4]);
    let reason = "a question is of fact 3, and there are 2: What of 3?";
    assert_eq!(none.said(&qa(&none, json!({})).unwrap(), &document(TEXT)), Err(reason.to_owned()));
}

#[test]
fn a_document_that_states_nothing_is_asked_about_once() {
    let house = House::new(|asked| asked.chat(r#"{"facts": []}"#));
    assert_eq!(house.said(&qa(&house, json!({})).unwrap(), &document(TEXT)), Ok(Vec::new()));
    assert_eq!(house.endpoint.total(), 1);
}

#[test]
fn an_answer_that_never_fits_fails_with_what_is_wrong() {
    let facts = House::new(|asked| asked.chat(r#"{"facts": ["one", "two", "three"]}"#));
    let reason =
        "the answer does not fit its schema after a repair: `/facts` has 3 items, at most 2 are wanted";
    assert_eq!(facts.said(&qa(&facts, json!({})).unwrap(), &document(TEXT)), Err(reason.to_owned()));
    let questions = House::new(|asked| match schema_of(asked) {
        "facts" => asked.chat(r#"{"facts": ["Gold is a metal."]}"#),
        _ => asked.chat(r#"{"questions": [{"fact": 1, "question": "What?"}]}"#),
    });
    let reason = "the answer does not fit its schema after a repair: `/questions/0` lacks \"answer\"";
    assert_eq!(questions.said(&qa(&questions, json!({})).unwrap(), &document(TEXT)), Err(reason.to_owned()));
    assert_eq!(questions.endpoint.total(), 3);
    let wrong = qa(&questions, json!({ "facts": 51 })).err().unwrap().to_string();
    assert_eq!(wrong, "`facts` lies between 1 and 50");
}
