use serde_json::Value as Json;

use super::*;
use crate::tests::{House, document, opening, schema_of, settings};

const ASKED: &str = "What is gold?";

fn preference(house: &House, further: Json) -> Result<Preference> {
    let mut given = json!({ "models": ["a", "b"], "judge": "c" });
    given.as_object_mut().unwrap().extend(further.as_object().unwrap().clone());
    Preference::new(settings(given), &house.models, Path::new("."))
}

/// Each model answers with its name and seed; the judge gives ranks by the words of the answers, as it sees them.
fn house(rank: impl Fn(&str) -> Vec<usize> + Send + Sync + 'static) -> House {
    House::new(move |asked| match schema_of(asked) {
        "ranking" => {
            let shown = opening(asked).split("<answer number=").skip(1).enumerate();
            let ranking = shown.flat_map(|(at, answer)| {
                rank(answer).into_iter().map(move |rank| json!({ "candidate": at + 1, "rank": rank }))
            });
            let ranking: Vec<Json> = ranking.collect();
            asked.chat(&json!({ "reason": "Truth.", "ranking": ranking }).to_string())
        }
        _ => {
            assert_eq!(opening(asked), ASKED);
            asked.chat(&format!("{} {}", asked.body["model"].as_str().unwrap(), asked.body["seed"]))
        }
    })
}

/// Ranks by the answers' ends.
fn by_seed(answer: &str) -> Vec<usize> {
    ["null", " 1\n", " 2\n"]
        .iter()
        .position(|end| answer.contains(end))
        .map(|at| at + 1)
        .into_iter()
        .collect()
}

fn texts(draft: &Draft) -> (&str, &str) {
    let Content::Preference { chosen, rejected, .. } = &draft.content else { panic!("{draft:?}") };
    (chosen, rejected)
}

#[test]
fn the_better_answer_is_chosen_whatever_its_place() {
    let house = house(|answer| vec![if answer.contains("model-b") { 1 } else { 2 }]);
    let drafts = house.said(&preference(&house, json!({})).unwrap(), &document(ASKED)).unwrap();
    assert_eq!(drafts.len(), 1);
    assert_eq!(texts(&drafts[0]), ("model-b null", "model-a null"));
    let fields = &drafts[0].fields;
    assert_eq!((&fields["chosen_by"], &fields["rejected_by"]), (&"b".into(), &"a".into()));
    assert_eq!((&fields["chosen_rank"], &fields["rejected_rank"]), (&count(1), &count(2)));
    assert_eq!((&fields["judge"], &fields["reason"]), (&"model-c-scripted".into(), &"Truth.".into()));
    let Value::List(ranks) = &fields["ranks"] else { panic!("{fields:?}") };
    assert_eq!(ranks.len(), 2);
    assert_eq!(house.endpoint.total(), 3);
}

#[test]
fn seeds_of_one_model_make_the_pairs_that_are_wanted() {
    let house = house(by_seed);
    for (pairs, expected) in
        [("ends", vec![(1, 3)]), ("neighbours", vec![(1, 2), (2, 3)]), ("all", vec![(1, 2), (1, 3), (2, 3)])]
    {
        let given = json!({ "models": ["a"], "attempts": 3, "pairs": pairs });
        let drafts = house.said(&preference(&house, given).unwrap(), &document(ASKED)).unwrap();
        let ranks =
            |draft: &Draft| (draft.fields["chosen_rank"].clone(), draft.fields["rejected_rank"].clone());
        let made: Vec<_> = drafts.iter().map(ranks).collect();
        let expected: Vec<_> =
            expected.into_iter().map(|(better, worse)| (count(better), count(worse))).collect();
        assert_eq!(made, expected, "{pairs}");
    }
    let Content::Preference { prompt, .. } =
        &house.said(&preference(&house, json!({ "models": ["a"] })).unwrap(), &document(ASKED)).unwrap()[0]
            .content
    else {
        panic!()
    };
    assert_eq!(prompt, ASKED);
}

#[test]
fn a_tie_and_a_candidate_without_one_rank_make_no_pair() {
    let failed = |rank: fn(&str) -> Vec<usize>| {
        let house = house(rank);
        house.said(&preference(&house, json!({})).unwrap(), &document(ASKED)).unwrap_err()
    };
    assert_eq!(failed(|_| vec![1]), "no pair is left of 2 candidates: all share a rank");
    let twice = failed(|answer| if answer.contains("model-b") { vec![1, 2] } else { vec![2] });
    assert!(twice.starts_with("no pair is left of 2 candidates: candidate "), "{twice}");
    assert!(twice.ends_with(" is ranked 2 times"), "{twice}");
    let none = failed(|_| Vec::new());
    assert_eq!(none, "no pair is left of 2 candidates: candidate 1 has no rank; candidate 2 has no rank");
    let strange = failed(|_| vec![3]);
    assert!(
        strange.contains("does not fit its schema after a repair: `/ranking/0/rank` is above 2"),
        "{strange}"
    );
}

#[test]
fn a_candidate_that_is_ranked_twice_leaves_the_others_their_pair() {
    let house = house(|answer| if answer.contains(" 1\n") { vec![1, 3] } else { by_seed(answer) });
    let given = json!({ "models": ["a"], "attempts": 3, "pairs": "all" });
    let drafts = house.said(&preference(&house, given).unwrap(), &document(ASKED)).unwrap();
    assert_eq!(drafts.len(), 1);
    assert_eq!(texts(&drafts[0]), ("model-a null", "model-a 2"));
}

#[test]
fn answers_that_cannot_be_compared_are_not_ranked() {
    let echo = House::new(|asked| asked.chat("A metal."));
    let reason = "there are not two answers to compare: all candidates say the same";
    assert_eq!(echo.said(&preference(&echo, json!({})).unwrap(), &document(ASKED)), Err(reason.to_owned()));
    assert_eq!(echo.endpoint.total(), 2);
    let mute = House::new(|asked| match asked.body["model"] == "model-a" {
        true => asked.chat("A metal."),
        false => asked.refuse("no"),
    });
    let reason = "there are not two answers to compare: the model refuses: no";
    assert_eq!(mute.said(&preference(&mute, json!({})).unwrap(), &document(ASKED)), Err(reason.to_owned()));
}

#[test]
fn settings_that_do_not_do_are_named() {
    let house = house(by_seed);
    let wrong = |further| preference(&house, further).err().unwrap().to_string();
    assert_eq!(
        wrong(json!({ "judge": "b" })),
        "`judge` is b, of the family family-b as b of `models`: let a model of another family decide"
    );
    assert_eq!(wrong(json!({ "models": [] })), "`models` is empty: name those that answer");
    let twice = "`models` names one twice: `attempts` says how often each answers";
    assert_eq!(wrong(json!({ "models": ["a", "a"] })), twice);
    assert_eq!(
        wrong(json!({ "models": ["a"], "attempts": 1 })),
        "`attempts` of `models` make 1 candidates, and 2 to 20 can be ranked"
    );
}
