use rifflebox_core::Failure;
use rifflebox_testkit::{Asked, Said};
use serde_json::json;

use super::{model, settings, with};
use crate::{AnswerSchema, BatchState, BatchTicket, ChatRequest, Model};

fn requests(count: usize) -> Vec<ChatRequest> {
    (0..count).map(|number| ChatRequest::user(format!("number {number}"))).collect()
}

#[tokio::test]
async fn a_batch_outlives_the_process_that_asked() {
    let (endpoint, model) = model(|asked: &Asked| asked.chat(&format!("{} indeed", asked.prompt())));
    endpoint.set_looks_at_batches(3);
    let asked = requests(20);
    let ticket = model.submit_batch(&asked).await.unwrap();
    let kept = postcard::to_stdvec(&ticket).unwrap();
    assert_eq!(model.poll_batch(&ticket).await.unwrap(), BatchState::Running { done: 0, total: 20 });
    assert!(matches!(model.collect_batch(&ticket, &asked).await, Err(Failure::Owed(_))));
    drop(model);

    // Another process: all it has is the ticket and the requests.
    let model = Model::new(settings(&endpoint), super::environment).unwrap();
    let ticket: BatchTicket = postcard::from_bytes(&kept).unwrap();
    assert_eq!(model.poll_batch(&ticket).await.unwrap(), BatchState::Ended(None));
    let answers = model.collect_batch(&ticket, &asked).await.unwrap();
    for (number, answer) in answers.iter().enumerate() {
        let answer = answer.as_ref().unwrap();
        assert_eq!(
            answer.text,
            format!("number {number} indeed"),
            "they come in no order, and are put into theirs"
        );
        // Half of 2 tokens at 1 and 3 at 10.
        assert_eq!(answer.micro_usd, 16);
    }
    assert_eq!((endpoint.total(), endpoint.batches(), model.spent().answers), (20, 1, 20));
}

#[tokio::test]
async fn a_batch_whose_ticket_was_lost_is_found_again() {
    let (endpoint, model) = model(|asked: &Asked| asked.chat("yes"));
    let first = model.submit_batch(&requests(5)).await.unwrap();
    let again = model.submit_batch(&requests(5)).await.unwrap();
    assert_eq!(first, again);
    let other = model.submit_batch(&requests(6)).await.unwrap();
    assert_ne!(first.id, other.id);
    assert_eq!((endpoint.batches(), endpoint.total()), (2, 11));
}

#[tokio::test]
async fn a_batch_asks_what_a_call_asks() {
    let (endpoint, model) = model(|asked: &Asked| asked.chat("yes"));
    let request = ChatRequest::user("Well?").system("Be brief.").seed(1);
    model.chat(&request).await.unwrap();
    // Equal requests are asked once.
    let both = [request.clone(), request.clone()];
    let ticket = model.submit_batch(&both).await.unwrap();
    model.poll_batch(&ticket).await.unwrap();
    let answers = model.collect_batch(&ticket, &both).await.unwrap();
    assert!(answers.iter().all(Result::is_ok) && answers.len() == 2);
    assert_eq!(endpoint.counts().into_values().collect::<Vec<_>>(), [2]);
}

#[tokio::test]
async fn what_fails_in_a_batch_fails_alone() {
    let (endpoint, model) = model(|asked: &Asked| match asked.prompt() {
        "number 1" => Said::error(400, "too long"),
        "number 2" => Said::error(500, "oh"),
        "number 3" => asked.chat_cut("and so", "length"),
        "number 4" => Said::never(),
        _ => asked.chat("yes"),
    });
    let asked = requests(6);
    let ticket = model.submit_batch(&asked).await.unwrap();
    model.poll_batch(&ticket).await.unwrap();
    let answers = model.collect_batch(&ticket, &asked).await.unwrap();
    let said: Vec<String> = answers
        .into_iter()
        .map(|answer| match answer {
            Ok(answer) => answer.text,
            Err(Failure::Final(reason)) => format!("final: {reason}"),
            Err(Failure::Owed(reason)) => format!("owed: {reason}"),
        })
        .collect();
    assert_eq!(
        said,
        [
            "yes",
            "final: the endpoint refuses the request (status 400): too long",
            "owed: the endpoint failed (status 500): oh",
            "final: the answer was cut off after 2 tokens: is `max_tokens` enough?",
            "owed: this request was not executed",
            "yes",
        ]
    );
    // A request that the batch never had is owed.
    let answers = model.collect_batch(&ticket, &requests(7)).await.unwrap();
    assert_eq!(answers[6], Err(Failure::Owed("the batch ended without an answer".to_owned())));
    assert_eq!(endpoint.batches(), 1);
}

#[tokio::test]
async fn an_answer_of_a_batch_that_does_not_fit_is_mended_by_a_call() {
    let schema = json!({ "type": "object", "required": ["facts"] });
    let request = ChatRequest::user("Which?").schema(AnswerSchema::new("facts", schema).unwrap());
    let (endpoint, model) = model(|asked: &Asked| match asked.number {
        0 => asked.chat("{}"),
        _ => asked.chat("{\"facts\": []}"),
    });
    let ticket = model.submit_batch(std::slice::from_ref(&request)).await.unwrap();
    model.poll_batch(&ticket).await.unwrap();
    let answers = model.collect_batch(&ticket, &[request]).await.unwrap();
    let answer = answers[0].as_ref().unwrap();
    assert_eq!((answer.text.as_str(), answer.exchanges.len()), ("{\"facts\": []}", 2));
    assert_eq!(endpoint.total(), 2);
}

#[tokio::test]
async fn an_endpoint_without_batches_owes_them_and_still_talks() {
    let (endpoint, model) = with(|asked: &Asked| asked.chat("yes"), |_| {});
    let ticket = BatchTicket { id: "batch-9".to_owned(), digest: rifflebox_core::Key::of(b"") };
    assert!(matches!(model.poll_batch(&ticket).await, Err(Failure::Owed(_))));
    super::ask(&model, "Well?").await.unwrap();
    assert_eq!(endpoint.total(), 1);
}
