use super::*;
use crate::tests::{House, judged, opening, settings};

const TEXT: &str = "Gold is a metal,\nand dense. It does not rust.";

/// Claims these things, each supported or not, by a passage.
fn verdict(claims: &[(&str, bool, &str)], threshold: f64) -> Result<Verdict, String> {
    let one = |(claim, supported, passage): &(&str, bool, &str)| json!({ "claim": claim, "supported": supported, "passage": passage });
    let said = json!({ "claims": claims.iter().map(one).collect::<Vec<_>>() }).to_string();
    let house = House::new(move |asked| {
        assert!(opening(asked).contains(TEXT), "the document is shown");
        asked.chat(&said)
    });
    let given = settings(json!({ "model": "a", "threshold": threshold }));
    let judge = Support::new(given, &house.models, Path::new(".")).unwrap();
    house.said(&judge, &judged("What is gold?", "A dense metal.", TEXT))
}

#[test]
fn claims_whose_passages_stand_in_the_document_are_supported() {
    let claims = [("Gold is a metal.", true, "GOLD is a  metal, and"), ("It is dense.", true, "dense.")];
    assert_eq!(verdict(&claims, 1.0).unwrap(), Verdict::accept());
}

#[test]
fn a_claim_that_the_document_does_not_make_rejects_the_sample() {
    let claims = [("It is a metal.", true, "a metal"), ("It is cheap.", false, "")];
    let rejected = Verdict::reject("the document does not say: It is cheap.").scored(0.5);
    assert_eq!(verdict(&claims, 1.0).unwrap(), rejected);
    assert!(verdict(&claims, 0.5).unwrap().accept);
}

#[test]
fn a_passage_that_is_made_up_supports_nothing() {
    for passage in ["Gold is cheap.", "", "metal dense"] {
        let rejected = Verdict::reject("no passage of the document says: It is cheap.").scored(0.0);
        assert_eq!(verdict(&[("It is cheap.", true, passage)], 1.0).unwrap(), rejected);
    }
}

#[test]
fn an_answer_without_a_claim_never_fits() {
    let reason =
        "the answer does not fit its schema after a repair: `/claims` has 0 items, at least 1 are wanted";
    assert_eq!(verdict(&[], 1.0), Err(reason.to_owned()));
    let house = House::new(|asked| asked.chat(""));
    let wrong = settings(json!({ "model": "a", "threshold": -0.1 }));
    let wrong = Support::new(wrong, &house.models, Path::new(".")).err().unwrap().to_string();
    assert_eq!(wrong, "`threshold` lies between 0 and 1");
}
