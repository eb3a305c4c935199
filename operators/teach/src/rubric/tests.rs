use super::*;
use crate::tests::{House, judged, opening, settings};

fn verdict(grade: u32, further: serde_json::Value) -> Result<Verdict, String> {
    let house = House::new(move |asked| {
        assert!(opening(asked).starts_with("The rubric:\nIs it true?\n"), "{}", opening(asked));
        asked.chat(&json!({ "reason": "It is vague.", "grade": grade }).to_string())
    });
    let mut given = json!({ "model": "a", "rubric": "Is it true?" });
    given.as_object_mut().unwrap().extend(further.as_object().unwrap().clone());
    let judge = Rubric::new(settings(given), &house.models, Path::new(".")).unwrap();
    house.said(&judge, &judged("What is gold?", "A metal.", "x"))
}

#[test]
fn a_grade_has_its_place_on_the_scale() {
    assert_eq!(verdict(5, json!({})).unwrap(), Verdict::accept());
    assert_eq!(verdict(4, json!({})).unwrap(), Verdict::accept().scored(0.75));
    assert_eq!(verdict(3, json!({ "scale": 3, "least": 3 })).unwrap(), Verdict::accept());
}

#[test]
fn a_grade_below_the_least_rejects_with_the_judges_reason() {
    let rejected = Verdict::reject("grade 3 of 5: It is vague.").scored(0.5);
    assert_eq!(verdict(3, json!({})).unwrap(), rejected);
    let rejected = Verdict::reject("grade 1 of 3: It is vague.").scored(0.0);
    assert_eq!(verdict(1, json!({ "scale": 3, "least": 2 })).unwrap(), rejected);
}

#[test]
fn a_grade_that_is_not_on_the_scale_never_fits() {
    for (grade, wrong) in [(6, "above 5"), (0, "below 1")] {
        let reason = format!("the answer does not fit its schema after a repair: `/grade` is {wrong}");
        assert_eq!(verdict(grade, json!({})), Err(reason));
    }
}

#[test]
fn settings_that_do_not_do_are_named() {
    let house = House::new(|asked| asked.chat(""));
    let wrong =
        |given| Rubric::new(settings(given), &house.models, Path::new(".")).err().unwrap().to_string();
    assert_eq!(wrong(json!({ "model": "a", "rubric": " " })), "`rubric` is empty: say what is graded");
    assert_eq!(wrong(json!({ "model": "a", "rubric": "x", "scale": 1 })), "`scale` is at least 2");
    let least = wrong(json!({ "model": "a", "rubric": "x", "least": 6 }));
    assert_eq!(least, "`least` lies between 1 and 5, the `scale`");
    let unknown = serde_json::from_value::<RubricSettings>(json!({ "model": "a", "rubric": "x", "top": 6 }));
    assert!(unknown.unwrap_err().to_string().contains("unknown field `top`"));
}
