use rifflebox_core::Failure;
use rifflebox_testkit::{Asked, Said};
use serde_json::json;

use super::{ask, model, with};
use crate::{ChatRequest, Usage};

fn texts(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

#[tokio::test]
async fn vectors_come_in_the_order_of_their_texts() {
    let (endpoint, model) = model(|asked: &Asked| asked.vectors(3));
    let embedded = model.embed(&texts(&["one", "two and more", "one"])).await.unwrap();
    assert_eq!(embedded.vectors.len(), 3);
    assert_eq!(embedded.vectors[0], embedded.vectors[2]);
    assert_ne!(embedded.vectors[0], embedded.vectors[1]);
    assert_eq!((embedded.usage, embedded.micro_usd), (Usage { input: 5, ..Usage::default() }, 5));
    assert_eq!((endpoint.requests()[0].path.as_str(), model.spent().micro_usd), ("embeddings", 5));
}

#[tokio::test]
async fn vectors_that_are_not_all_there_are_owed() {
    let row = |index: usize, numbers: &[f64]| json!({ "index": index, "embedding": numbers });
    let wrong = [
        vec![row(0, &[1.0])],
        vec![row(0, &[1.0]), row(0, &[1.0])],
        vec![row(0, &[1.0]), row(1, &[1.0, 2.0])],
        vec![row(0, &[]), row(1, &[])],
        vec![row(0, &[1.0]), row(1, &[1e300])],
    ];
    for rows in wrong {
        let body = json!({ "data": rows });
        let (_endpoint, model) = with(move |_: &Asked| Said::json(&body), |settings| settings.retries = 0);
        let said = model.embed(&texts(&["one", "two"])).await;
        assert!(matches!(said, Err(Failure::Owed(_))), "{said:?}");
    }
}

#[tokio::test]
async fn rewards_are_numbers_in_millionths() {
    let (endpoint, model) = model(|asked: &Asked| match asked.path.as_str() {
        "score" => asked.scores(),
        _ => asked.chat("{\"score\": -1.5}"),
    });
    let scored = model.score("red green", &texts(&["red and green", "blue", "red"])).await.unwrap();
    assert_eq!(scored.micro_scores, [1_000_000, 0, 500_000]);
    let (score, answer) = model.rate(&ChatRequest::user("How good is it?")).await.unwrap();
    assert_eq!((score, answer.text.as_str()), (-1_500_000, "{\"score\": -1.5}"));
    assert_eq!(endpoint.total(), 2);
}

#[tokio::test]
async fn an_endpoint_without_vectors_still_talks() {
    let (_endpoint, model) = model(|asked: &Asked| match asked.path.as_str() {
        "chat/completions" => asked.chat("yes"),
        _ => Said::error(404, "no such address"),
    });
    let said = model.embed(&texts(&["one"])).await;
    assert!(matches!(said, Err(Failure::Owed(_))), "{said:?}");
    ask(&model, "Well?").await.unwrap();
}
