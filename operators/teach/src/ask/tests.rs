use super::*;
use crate::tests::{House, document, settings};

fn asks(house: &House, prompt: &str, further: Json, schema: Option<Json>) -> Result<Ask, String> {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("own.j2"), prompt).unwrap();
    let mut given = json!({ "model": "a", "prompt": "own.j2" });
    given.as_object_mut().unwrap().extend(further.as_object().unwrap().clone());
    if let Some(schema) = schema {
        std::fs::write(folder.path().join("own.json"), schema.to_string()).unwrap();
        given["schema"] = json!("own.json");
    }
    Ask::new(settings(given), &house.models, folder.path()).map_err(|error| error.chain())
}

fn schema() -> Json {
    let samples = json!({ "type": "array", "items": { "type": "object" } });
    json!({ "type": "object", "properties": { "samples": samples }, "required": ["samples"] })
}

const PROMPT: &str = "[system]\nBe brief.\n[user]\nWhat is {{ text }}?\n";

#[test]
fn an_answer_is_a_text_or_a_completion_of_the_last_turn_or_of_a_question() {
    let house = House::new(|asked| asked.chat(&format!("{} A metal.\n", asked.prompt())));
    let made = |further| {
        let drafts = house.said(&asks(&house, PROMPT, further, None).unwrap(), &document("gold")).unwrap();
        assert_eq!(drafts[0].fields["said_by"], "model-a-scripted".into());
        drafts.into_iter().map(|draft| draft.content).collect::<Vec<_>>()
    };
    let text = "What is gold? A metal.";
    assert_eq!(made(json!({ "kind": "text" })), [Content::Text { text: text.to_owned() }]);
    assert_eq!(made(json!({})), [completion("What is gold?", text)]);
    let question = json!({ "kind": "completion", "question": "Explain {{ text }}." });
    assert_eq!(made(question), [completion("Explain gold.", text)]);
}

#[test]
fn attempts_have_a_seed_each_and_one_that_says_something_is_enough() {
    let house = House::new(|asked| match asked.body["seed"].as_i64() {
        Some(2) => asked.refuse("no"),
        Some(seed) => asked.chat(&format!("Attempt {seed}.")),
        None => asked.chat(" "),
    });
    let three = asks(&house, PROMPT, json!({ "attempts": 3 }), None).unwrap();
    let drafts = house.said(&three, &document("gold")).unwrap();
    let made: Vec<_> = drafts.into_iter().map(|draft| draft.content).collect();
    assert_eq!(made, [completion("What is gold?", "Attempt 1.")]);
    assert_eq!(house.endpoint.total(), 3);
    let one = asks(&house, PROMPT, json!({}), None).unwrap();
    assert_eq!(house.said(&one, &document("gold")), Err("model-a-scripted says nothing".to_owned()));
}

#[test]
fn more_attempts_ask_nothing_again() {
    let house = House::new(|asked| asked.chat(""));
    let questions = |attempts: usize| {
        let ask = asks(&house, PROMPT, json!({ "attempts": attempts }), None).unwrap();
        let Next::Ask(questions) = ask.next(&document("gold"), &[]) else { panic!("it asks first") };
        let respondent = ask.describe().respondents.remove(0);
        questions.into_iter().map(|question| respondent.key(&question.request)).collect::<Vec<_>>()
    };
    let (one, three) = (questions(1), questions(3));
    assert_eq!(three[..1], one);
    assert_eq!(std::collections::BTreeSet::from_iter(&three).len(), 3);
}

#[test]
fn a_schema_lists_samples_of_every_layout() {
    let samples = json!([
        { "text": "Gold." },
        { "prompt": "p", "completion": "c", "context": "x", "fields": { "level": 3 } },
        { "messages": [{ "role": "user", "content": "Hi" }, { "role": "assistant", "content": "Ho" }] },
        { "prompt": "p", "chosen": "c", "rejected": "r" },
    ]);
    let house = House::new(move |asked| asked.chat(&json!({ "samples": samples }).to_string()));
    let ask = asks(&house, PROMPT, json!({}), Some(schema())).unwrap();
    let drafts = house.said(&ask, &document("gold")).unwrap();
    let kinds: Vec<&str> = drafts.iter().map(|draft| draft.content.kind().name()).collect();
    assert_eq!(kinds, ["text", "completion", "messages", "preference"]);
    assert_eq!(drafts[1].context.as_deref(), Some("x"));
    assert_eq!(drafts[1].fields["level"], rifflebox_core::Value::Int(3));
}

#[test]
fn a_sample_that_is_none_is_named() {
    let fails = |sample: Json| {
        let said = json!({ "samples": [{ "text": "Gold." }, sample] }).to_string();
        let house = House::new(move |asked| asked.chat(&said));
        let ask = asks(&house, PROMPT, json!({}), Some(schema())).unwrap();
        house.said(&ask, &document("gold")).unwrap_err()
    };
    assert_eq!(
        fails(json!({ "prompt": "p", "text": "t" })),
        "sample 2 of the answer is none: it has text, or messages, or prompt and completion, or prompt, chosen and \
         rejected, and no other of these"
    );
    assert_eq!(fails(json!({ "text": " " })), "sample 2 of the answer is none: its `text` is empty");
    let turns = json!([{ "role": "oracle", "content": "Ho" }]);
    assert_eq!(
        fails(json!({ "messages": turns })),
        "sample 2 of the answer is none: there is no role \"oracle\": take one of system, user, assistant, tool"
    );
    assert!(fails(json!({ "text": "t", "level": 1 })).contains("unknown field `level`"));
}

#[test]
fn an_answer_that_never_fits_fails_with_what_is_wrong_with_it() {
    let house = House::new(|asked| asked.chat(r#"{"samples": 3}"#));
    let ask = asks(&house, PROMPT, json!({}), Some(schema())).unwrap();
    let reason = "the answer does not fit its schema after a repair: `/samples` is no array";
    assert_eq!(house.said(&ask, &document("gold")), Err(reason.to_owned()));
    assert_eq!(house.endpoint.total(), 2);
}

#[test]
fn settings_that_do_not_do_are_named() {
    let house = House::new(|asked| asked.chat(""));
    let wrong = |further, schema| asks(&house, PROMPT, further, schema).err().unwrap();
    assert_eq!(wrong(json!({ "attempts": 0 }), None), "`attempts` lies between 1 and 100");
    let both = wrong(json!({ "kind": "text" }), Some(schema()));
    assert_eq!(both, "`kind` and `schema` are both given: one says what it is");
    let question = wrong(json!({ "kind": "text", "question": "x" }), None);
    assert_eq!(question, "`question` is of completions, not of a text");
    let listless = wrong(json!({}), Some(json!({ "type": "object" })));
    assert_eq!(listless, "`schema` names own.json, which does not require a list `samples`");
    let missing = wrong(json!({ "schema": "none.json" }), None);
    assert!(missing.starts_with("`schema` names none.json, which cannot be read"), "{missing}");
    assert!(wrong(json!({ "model": "z" }), None).contains('z'));
}

#[test]
fn what_can_change_an_answer_is_its_identity() {
    let house = House::new(|asked| asked.chat(""));
    let of = |prompt: &str, further, schema| {
        asks(&house, prompt, further, schema).unwrap().describe().identity.fingerprint()
    };
    let one = of(PROMPT, json!({}), None);
    assert_eq!(one, of(PROMPT, json!({ "kind": "completion" }), None));
    let mut other = schema();
    other["properties"]["samples"]["minItems"] = json!(1);
    let all = [
        one,
        of("{{ text }}", json!({}), None),
        of(PROMPT, json!({ "kind": "text" }), None),
        of(PROMPT, json!({ "attempts": 2 }), None),
        of(PROMPT, json!({}), Some(schema())),
        of(PROMPT, json!({}), Some(other)),
    ];
    assert_eq!(std::collections::BTreeSet::from(all).len(), all.len());
}
