use rifflebox_model::ModelSettings;

use super::*;
use crate::tests::{House, judged, settings};

fn consensus(models: &Models, given: serde_json::Value) -> Result<Consensus> {
    Consensus::new(settings(given), models, Path::new("."))
}

/// These models accept; `mute` refuses to say.
fn house(accept: &'static [&'static str], mute: &'static str) -> House {
    House::new(move |asked| match asked.body["model"].as_str().unwrap() {
        model if model == mute => asked.refuse("no"),
        model => {
            let vote = json!({ "reason": format!("{model} says."), "accept": accept.contains(&model) });
            asked.chat(&vote.to_string())
        }
    })
}

fn verdict(house: &House, quorum: Option<usize>) -> Verdict {
    let judge = consensus(&house.models, json!({ "models": ["a", "b", "c"], "quorum": quorum })).unwrap();
    house.said(&judge, &judged("What is gold?", "A metal.", "x")).unwrap()
}

#[test]
fn so_many_votes_accept_and_all_stand_in_the_verdict() {
    let house = house(&["model-a", "model-c"], "");
    let accepted = verdict(&house, None);
    assert_eq!((accepted.accept, accepted.reason, accepted.score.value()), (true, None, 0.666_667));
    let votes: Vec<_> = accepted
        .votes
        .iter()
        .map(|vote| (vote.voter.as_str(), vote.accept, vote.reason.as_deref().unwrap()))
        .collect();
    assert_eq!(
        votes,
        [("a", true, "model-a says."), ("b", false, "model-b says."), ("c", true, "model-c says.")]
    );
    assert_eq!(house.endpoint.total(), 3);
}

#[test]
fn split_votes_reject() {
    let house = house(&["model-b"], "");
    let rejected = verdict(&house, None);
    let expected = ("1 of 3 accept it, and 2 have to; a: model-a says.", 0.333_333);
    assert_eq!((rejected.reason.as_deref().unwrap(), rejected.score.value()), expected);
    assert!(verdict(&house, Some(1)).accept);
    let all = "1 of 3 accept it, and 3 have to; a: model-a says.";
    assert_eq!(verdict(&house, Some(3)).reason.as_deref(), Some(all));
}

#[test]
fn a_juror_without_an_answer_votes_against() {
    let house = house(&["model-a", "model-b"], "model-b");
    let rejected = verdict(&house, None);
    let refused = "1 of 3 accept it, and 2 have to; b: the model refuses: no";
    assert_eq!(rejected.reason.as_deref(), Some(refused));
    assert_eq!(rejected.votes[1].reason.as_deref(), Some("the model refuses: no"));
    let unfit = House::new(|asked| asked.chat(r#"{"accept": "yes", "reason": "Fine."}"#));
    let rejected = verdict(&unfit, None);
    let reason = "the answer does not fit its schema after a repair: `/accept` is no boolean";
    assert_eq!(rejected.reason, Some(format!("0 of 3 accept it, and 2 have to; a: {reason}")));
    assert_eq!(rejected.votes[0].reason.as_deref(), Some(reason));
}

#[test]
fn settings_that_do_not_do_are_named() {
    let model = |name: &str| (name.to_owned(), ModelSettings::new("http://localhost/v1", name, "one"));
    let kin = Models::new(["a", "b"].map(model).into(), |_| None).unwrap();
    let wrong = |given| consensus(&kin, given).err().unwrap().to_string();
    assert_eq!(
        wrong(json!({ "models": ["a", "b"] })),
        "`models` names a and b, both of the family one: one of them is enough, or set `same_family`"
    );
    assert!(consensus(&kin, json!({ "models": ["a", "b"], "same_family": true })).is_ok());
    let quorum = wrong(json!({ "models": ["a"], "quorum": 2 }));
    assert_eq!(quorum, "`quorum` lies between 1 and 1, the number of `models`");
    assert_eq!(wrong(json!({ "models": [] })), "`models` is empty: name those that vote");
}
