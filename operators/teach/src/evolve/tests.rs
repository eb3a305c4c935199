use serde_json::json;

use super::*;
use crate::tests::{House, document, opening, schema_of, settings};

const SEED: &str = "Describe gold.";

fn made(house: &House, further: serde_json::Value) -> Result<Vec<Draft>, String> {
    let mut given = json!({ "model": "a", "generations": 2 });
    given.as_object_mut().unwrap().extend(further.as_object().unwrap().clone());
    house.said(&Evolve::new(settings(given), &house.models, Path::new(".")).unwrap(), &document(SEED))
}

/// Adds a word to an instruction in each generation, or says what it is told instead of the second.
fn house(second: Option<&'static str>) -> House {
    House::new(move |asked| match (schema_of(asked), second) {
        ("evolved", Some(second)) if opening(asked).contains("Fully") => {
            asked.chat(&json!({ "instruction": second }).to_string())
        }
        ("evolved", _) => {
            let old = opening(asked).split("<instruction>\n").nth(1).unwrap();
            let old = old.split("\n</instruction>").next().unwrap();
            asked.chat(&json!({ "instruction": format!("Fully: {old}") }).to_string())
        }
        _ => asked.chat(&format!("Done: {}", opening(asked))),
    })
}

#[test]
fn each_generation_rests_on_the_last_and_the_last_is_answered() {
    let house = house(None);
    let drafts = made(&house, json!({})).unwrap();
    let last = "Fully: Fully: Describe gold.";
    assert_eq!(drafts.len(), 1);
    assert_eq!(drafts[0].content, completion(last, format!("Done: {last}")));
    assert_eq!(drafts[0].fields["generation"], count(2));
    assert_eq!(drafts[0].fields["seed"], SEED.into());
    let rifflebox_core::Value::List(operations) = &drafts[0].fields["operations"] else { panic!() };
    assert_eq!((operations.len(), &operations[1]), (2, &drafts[0].fields["operation"]));
    assert_eq!(house.endpoint.total(), 3);
    let all = made(&house, json!({ "all": true, "operations": ["breadth"] })).unwrap();
    assert_eq!(all.len(), 2);
    assert_eq!(all[0].content, completion("Fully: Describe gold.", "Done: Fully: Describe gold."));
    assert_eq!(all[1].fields["operations"], texts(["breadth", "breadth"]));
}

#[test]
fn an_evolution_that_comes_to_nothing_ends_the_lineage() {
    for second in ["FULLY: describe  gold.", "Fully: do as the given instruction says."] {
        let house = house(Some(second));
        let drafts = made(&house, json!({})).unwrap();
        assert_eq!(drafts[0].content, completion("Fully: Describe gold.", "Done: Fully: Describe gold."));
        assert_eq!(drafts[0].fields["generation"], count(1));
        assert_eq!(house.endpoint.total(), 3);
    }
}

#[test]
fn a_document_that_never_evolves_fails_before_it_is_answered() {
    let echo = House::new(|asked| asked.chat(&json!({ "instruction": SEED }).to_string()));
    let steps = json!({ "operations": ["steps"] });
    let reason = "generation 1 (steps) is none: it changes nothing";
    assert_eq!(made(&echo, steps.clone()), Err(reason.to_owned()));
    assert_eq!(echo.endpoint.total(), 1);
    let talks = House::new(|asked| asked.chat(r#"{"instruction": "Harder than the Original Instruction"}"#));
    let reason = "generation 1 (steps) is none: it speaks of \"the original instruction\"";
    assert_eq!(made(&talks, steps.clone()), Err(reason.to_owned()));
    let unfit = House::new(|asked| asked.chat("Sure!"));
    let reason =
        "generation 1 (steps) is none: the answer does not fit its schema after a repair: it is no JSON";
    assert!(made(&unfit, steps).unwrap_err().starts_with(reason));
}

#[test]
fn operations_are_drawn_evenly_and_for_ever() {
    let house = house(None);
    let evolve = Evolve::new(settings(json!({ "model": "a" })), &house.models, Path::new(".")).unwrap();
    let mut drawn = BTreeMap::new();
    for n in 0..500 {
        let operation = evolve.operation(&document(&format!("Seed {n}")), n % 3);
        *drawn.entry(operation.name()).or_insert(0) += 1;
    }
    assert_eq!(drawn.len(), 5);
    assert!(drawn.values().all(|count| (70..=130).contains(count)), "{drawn:?}");
    let wrong = |given| Evolve::new(settings(given), &house.models, Path::new(".")).err().unwrap();
    let none = wrong(json!({ "model": "a", "operations": [] }));
    assert_eq!(none.to_string(), "`operations` is empty: name those that are drawn from");
    let generations = wrong(json!({ "model": "a", "generations": 21 }));
    assert_eq!(generations.to_string(), "`generations` lies between 1 and 20");
}
