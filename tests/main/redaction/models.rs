//! Of a thousand planted identifiers none is in a request to a model, nor in what is kept of its answer.

use rifflebox::{Consensus, ConsensusSettings, ModelSettings, Models, Qa, QaSettings};
use rifflebox_testkit::{Asked, Endpoint};
use serde_json::json;

use super::*;

/// Identifiers of each sort; sixteen sorts make a thousand.
const OF_EACH: usize = 64;

/// Repeats what it is told, as a model does that is asked for facts.
fn echo(asked: &Asked) -> String {
    let prompt = asked.prompt();
    let text = prompt.split("<document>\n").nth(1).unwrap_or_default();
    let text = text.split("\n</document>").next().unwrap_or_default();
    match asked.body["response_format"]["json_schema"]["name"].as_str() {
        Some("facts") => json!({ "facts": [text] }),
        Some("questions") => {
            json!({ "questions": [{ "fact": 1, "question": "What is it?", "answer": text }] })
        }
        _ => json!({ "reason": prompt, "accept": true }),
    }
    .to_string()
}

#[test]
fn no_model_is_told_an_identifier_that_a_rule_covers() {
    let mut house = House::new();
    let mut draw = Draw::new(23);
    for rule in Rule::ALL {
        for number in 0..OF_EACH {
            let (before, value) = identifier(rule, &mut draw);
            fs::write(
                house.at(&format!("pages/{rule}-{number}.md")),
                format!("# Note {number}\n\nWe are told {before}{value} and nothing more than that.\n"),
            )
            .unwrap();
            house.planted.push(value);
        }
    }
    assert!(house.planted.len() >= 1_000, "{}", house.planted.len());
    let endpoint = Endpoint::start(|asked: &Asked| asked.chat(&echo(asked))).unwrap();
    let model = |name: &str| {
        let settings = ModelSettings::new(&endpoint.url(), name, name);
        (name.to_owned(), ModelSettings { concurrency: 64, ..settings })
    };
    let models = Models::new(["teacher", "juror"].map(model).into(), |_| None).unwrap();
    let flow = flow("asked");
    let docs = flow.documents("docs", house.source(Some(Redact::By(all()))));
    let here = std::path::Path::new(".");
    let qa = QaSettings { model: "teacher".to_owned(), prompt: None, facts: 1, context: true };
    let jury: ConsensusSettings =
        serde_json::from_value(json!({ "models": ["juror"], "documents": true })).unwrap();
    docs.teach(Qa::new(qa, &models, here).unwrap())
        .judge(Consensus::new(jury, &models, here).unwrap())
        .mix(Recipe::default().min_anchor(0.0))
        .publish();
    let report = wait_for(house.workspace("asked").build(&flow)).unwrap();
    assert_eq!(report.samples.total as usize, house.planted.len(), "{report:?}");
    assert_eq!(house.leaks("asked"), Vec::<String>::new());
    let told: Vec<String> = endpoint
        .requests()
        .iter()
        .map(|request| String::from_utf8_lossy(&request.body).into_owned())
        .collect();
    assert_eq!(told.len(), 3 * house.planted.len());
    assert_eq!(house.planted_in(told.iter().map(String::as_str)), Vec::<String>::new());
    assert!(told.iter().any(|body| body.contains("<EMAIL>")), "what stands in their place is told");
}
