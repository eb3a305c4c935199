//! Exactly so many samples that pass, the same whatever came before, at the price of few calls too many.

use rifflebox_testkit::Asked;
use serde_json::{Value, json};

use super::house::{House, honest, schema_of};

const TARGET: u64 = 30;

/// Changes the documents of a house.
type Change = fn(&mut Vec<String>);

/// A house of 200 documents, of which about half give a question that the jury accepts.
fn house() -> House {
    let house = House::new(200, |asked: &Asked| match schema_of(asked) {
        "vote" if asked.prompt().len() % 7 < 3 || asked.prompt().contains("7 carries") => {
            asked.chat(&json!({ "reason": "It is no good question.", "accept": false }).to_string())
        }
        _ => asked.chat(&honest(asked)),
    });
    house.edit("facts = 1", &format!("facts = 1\ntarget = {TARGET}"));
    house
}

fn documents(numbers: impl Iterator<Item = usize>) -> Vec<String> {
    numbers.map(|number| format!("River {number} carries gold.")).collect()
}

#[track_caller]
fn fresh(house: &House) -> Value {
    let url = format!("file:{}", house.folder.path("fresh").display());
    let report = house.run(&["build", "--json", "--quiet", "--workspace", &url]).ok().json();
    std::fs::remove_dir_all(house.folder.path("fresh")).unwrap();
    report
}

#[test]
fn exactly_so_many_samples_pass_and_few_calls_are_too_many() {
    let house = house();
    let (report, calls) = house.build();
    assert_eq!(report["samples"]["total"], TARGET, "{report}");
    let rejected = report["samples"]["rejected"].as_u64().unwrap();
    // Each document that was asked of has its question judged: what is asked of is what stands.
    assert_eq!(calls as u64, 4 * (TARGET + rejected), "{report}");
    assert!(rejected > 5, "{report}");
    let (again, calls) = house.build();
    assert_eq!((calls, &again["snapshot"], &again["shards"]["written"]), (0, &report["snapshot"], &json!(0)));
}

#[test]
fn any_history_ends_as_a_fresh_build() {
    let house = house();
    house.build();
    let mut texts = documents(0..200);
    let steps: [(&str, Change); 4] = [
        ("some go", |texts| *texts = documents((0..200).filter(|number| number % 5 != 0))),
        ("some change", |texts| texts.iter_mut().step_by(9).for_each(|text| text.push_str(" And silver."))),
        ("all come back", |texts| *texts = documents(0..200)),
        ("few are left", |texts| *texts = documents(0..30)),
    ];
    for (step, change) in steps {
        change(&mut texts);
        house.write_documents(&texts);
        let (report, _) = house.build();
        let expected = fresh(&house);
        assert_eq!(report["snapshot"], expected["snapshot"], "{step}");
        let total = report["samples"]["total"].as_u64().unwrap();
        assert!(if step == "few are left" { total < TARGET } else { total == TARGET }, "{step}: {report}");
    }
}

#[test]
fn a_target_that_moves_asks_for_the_difference() {
    let house = house();
    let (first, _) = house.build();
    house.edit("target = 30", "target = 20");
    let (fewer, calls) = house.build();
    assert_eq!((calls, &fewer["samples"]["total"]), (0, &json!(20)));
    house.edit("target = 20", "target = 30");
    let (again, calls) = house.build();
    assert_eq!((calls, &again["snapshot"]), (0, &first["snapshot"]));
    house.edit("target = 30", "target = 31");
    let (more, calls) = house.build();
    assert_eq!(more["samples"]["total"], 31);
    assert!((4..40).contains(&calls), "{calls}");
}

#[test]
fn documents_of_several_samples_fill_a_target_exactly() {
    let house = House::new(40, |asked: &Asked| match schema_of(asked) {
        "facts" => asked.chat("{\"facts\": [\"one\", \"two\", \"three\"]}"),
        "questions" => {
            let text = asked.prompt().split("<document>\n").nth(1).unwrap_or_default().to_owned();
            let one =
                |fact: u32| json!({ "fact": fact, "question": format!("{fact}? {text}"), "answer": "gold" });
            asked.chat(&json!({ "questions": [one(1), one(2), one(3)] }).to_string())
        }
        _ => asked.chat(&honest(asked)),
    });
    house.edit("facts = 1", "facts = 3\ntarget = 31");
    let (report, _) = house.build();
    assert_eq!(report["samples"]["total"], 31);
    let of_teacher = report["asked"]["qa"]["teacher"]["calls"].as_u64().unwrap();
    assert_eq!(of_teacher, 2 * 11, "the eleventh document gives the last sample");
    assert_eq!(fresh(&house)["snapshot"], report["snapshot"]);
}

#[test]
fn a_plan_counts_what_a_target_still_wants() {
    let house = house();
    let plan = house.run(&["plan", "flow.toml", "--json"]).ok().json();
    let stages = plan["stages"].as_array().unwrap();
    let qa = stages.iter().find(|stage| stage["stage"] == "qa").unwrap();
    // As many as may be asked at once are known; the others, and all questions of facts, follow.
    assert_eq!(
        (&qa["calls"]["exact"], &qa["calls"]["estimated"]),
        (&json!(16), &json!(2 * TARGET - 16)),
        "{plan}"
    );
    house.build();
    let plan = house.run(&["plan", "flow.toml", "--json"]).ok().json();
    assert_eq!((&plan["calls"]["exact"], &plan["calls"]["estimated"]), (&json!(0), &json!(0)), "{plan}");
}
