use std::sync::Arc;

use rifflebox_core::{Answering, Failure, Key};
use rifflebox_testkit::{Asked, Endpoint, Said};
use serde_json::{Value, json};

use super::{ask, model, refused, settings, with};
use crate::{
    Answer, AnswerSchema, ChatMessage, ChatRequest, Image, Images, Model, Models, Role, SchemaMode, Spent,
    Tool, Usage,
};

fn facts() -> ChatRequest {
    let schema = json!({
        "type": "object",
        "properties": { "facts": { "type": "array", "items": { "type": "string" } } },
        "required": ["facts"],
    });
    ChatRequest::user("Which facts?").schema(AnswerSchema::new("facts", schema).unwrap())
}

fn body(endpoint: &Endpoint, index: usize) -> Value {
    serde_json::from_slice(&endpoint.requests()[index].body).unwrap()
}

#[tokio::test]
async fn an_answer_tells_all_that_is_known_of_it() {
    let (endpoint, model) = model(|asked: &Asked| asked.chat("three words here"));
    let answer = ask(&model, "How many words?").await.unwrap();
    assert_eq!(answer.text, "three words here");
    assert_eq!((answer.model.as_str(), answer.finish.as_str()), ("small-scripted", "stop"));
    assert_eq!(answer.system_fingerprint.as_deref(), Some("fp_scripted"));
    assert_eq!(answer.usage, Usage { input: 3, output: 3, ..Usage::default() });
    assert_eq!(answer.micro_usd, 33);
    assert_eq!(model.spent(), Spent { answers: 1, usage: answer.usage, micro_usd: 33 });
    // The bodies are as they were.
    let [request] = endpoint.requests().try_into().unwrap();
    assert_eq!(request.path, "chat/completions");
    assert_eq!(request.body, answer.exchanges[0].request.as_bytes());
    assert!(answer.exchanges[0].answer.starts_with("{\"choices\""));
    // It can be kept.
    let kept = postcard::to_stdvec(&answer).unwrap();
    assert_eq!(postcard::from_bytes::<Answer>(&kept).unwrap(), answer);
}

#[tokio::test]
async fn what_is_asked_is_what_is_sent() {
    let (endpoint, model) = with(
        |asked: &Asked| asked.chat("{\"facts\": []}"),
        |settings| {
            settings.temperature = Some(0.5);
            settings.max_tokens = Some(64);
            settings.extra = json!({ "top_k": 20 }).as_object().unwrap().clone();
        },
    );
    let mut request = facts().system("Be brief.").seed(7);
    request.sampling.temperature = Some(0.0);
    request.sampling.stop = vec!["\n\n".to_owned()];
    request.logprobs = Some(2);
    request.tools =
        vec![Tool { name: "look".to_owned(), description: "Looks.".to_owned(), parameters: json!({}) }];
    request.tool_choice = Some("look".to_owned());
    model.chat(&request).await.unwrap();
    let schema = request.schema.as_ref().unwrap().value();
    let function = json!({ "name": "look", "description": "Looks.", "parameters": {} });
    let expected = json!({
        "model": "small",
        "messages": [{ "role": "system", "content": "Be brief." }, { "role": "user", "content": "Which facts?" }],
        "response_format": {
            "type": "json_schema",
            "json_schema": { "name": "facts", "strict": true, "schema": schema },
        },
        "tools": [{ "type": "function", "function": function }],
        "tool_choice": { "type": "function", "function": { "name": "look" } },
        "logprobs": true,
        "top_logprobs": 2,
        "temperature": 0.0,
        "max_tokens": 64,
        "seed": 7,
        "stop": ["\n\n"],
        "top_k": 20,
    });
    assert_eq!(body(&endpoint, 0), expected);
}

#[tokio::test]
async fn logprobs_and_calls_come_back() {
    let (_endpoint, model) = model(|asked: &Asked| {
        match asked.body["tools"].is_array() {
        true => asked.chat_with(
            json!({ "role": "assistant", "content": null, "tool_calls": [
                { "id": "call-1", "type": "function", "function": { "name": "look", "arguments": "{\"at\": 1}" } },
            ] }),
            "tool_calls",
            4,
        ),
        false => Said::json(&json!({ "model": "small", "choices": [{
            "message": { "content": "Yes", "reasoning_content": "Let me see." },
            "finish_reason": "stop",
            "logprobs": { "content": [{ "token": "Yes", "logprob": -0.25, "top_logprobs": [
                { "token": "Yes", "logprob": -0.25 }, { "token": "No", "logprob": -9999.0 },
            ] }] },
        }] })),
    }
    });
    let likely = ask(&model, "Yes?").await.unwrap();
    assert_eq!((likely.text.as_str(), likely.reasoning.as_deref()), ("Yes", Some("Let me see.")));
    assert_eq!(likely.logprobs[0].micro_logprob, -250_000);
    assert_eq!(likely.logprobs[0].top, [("Yes".to_owned(), -250_000), ("No".to_owned(), -9_999_000_000)]);

    let mut request = facts();
    request.tools = vec![Tool { name: "look".to_owned(), description: String::new(), parameters: json!({}) }];
    // A call is no answer yet: the schema holds for what comes after.
    let calling = model.chat(&request).await.unwrap();
    assert_eq!((calling.tool_calls[0].name.as_str(), calling.finish.as_str()), ("look", "tool_calls"));
    let call = calling.tool_calls[0].clone();
    let mut turn = ChatMessage { tool_calls: vec![call.clone()], ..ChatMessage::assistant("") };
    turn.parts.clear();
    request.messages.extend([turn, ChatMessage::tool(&call, "nothing")]);
    let sent = model.chat(&request).await.unwrap().exchanges[0].request.clone();
    let sent: Value = serde_json::from_str(&sent).unwrap();
    assert_eq!(sent["messages"][1]["tool_calls"][0]["function"]["arguments"], "{\"at\": 1}");
    assert_eq!(
        sent["messages"][2],
        json!({ "role": "tool", "content": "nothing", "tool_call_id": "call-1" })
    );
}

#[tokio::test]
async fn an_answer_that_does_not_fit_is_mended_by_asking_again() {
    let (endpoint, model) = model(|asked: &Asked| match asked.number {
        0 => asked.chat("Sure! Here they are."),
        1 => asked.chat("{\"facts\": [1]}"),
        _ => asked.chat("```json\n{\"facts\": [\"one\"]}\n```"),
    });
    let answer = model.chat(&facts()).await.unwrap();
    assert_eq!(answer.text, "{\"facts\": [\"one\"]}");
    assert_eq!(answer.json().unwrap(), json!({ "facts": ["one"] }));
    assert_eq!(answer.exchanges.len(), 3);
    // All three are paid.
    assert_eq!((answer.usage.output, model.spent().answers), (4 + 2 + 4, 3));
    let last = body(&endpoint, 2);
    assert_eq!(last["messages"][1], json!({ "role": "assistant", "content": "Sure! Here they are." }));
    assert_eq!(last["messages"][3]["content"], "{\"facts\": [1]}");
    let complaint = last["messages"][4]["content"].as_str().unwrap();
    assert!(complaint.contains("`/facts/0` is no string"), "{complaint}");
}

#[tokio::test]
async fn repairs_are_bounded() {
    let (endpoint, model) = with(|asked: &Asked| asked.chat("{}"), |settings| settings.repairs = 2);
    let reason = refused(model.chat(&facts()).await);
    let expected = "the answer does not fit its schema after 2 repairs: the answer lacks \"facts\"";
    assert_eq!(reason, expected);
    assert_eq!((endpoint.total(), model.spent().answers), (3, 3));
    let (endpoint, model) = with(|asked: &Asked| asked.chat("{}"), |settings| settings.repairs = 0);
    assert!(refused(model.chat(&facts()).await).starts_with("the answer does not fit its schema: "));
    assert_eq!(endpoint.total(), 1);
}

#[tokio::test]
async fn what_was_cut_off_or_refused_is_final_and_paid() {
    let (endpoint, model) = model(|asked: &Asked| match asked.prompt() {
        "long" => asked.chat_cut("and so on and so", "length"),
        "bad" => asked.chat_cut("", "content_filter"),
        _ => asked.refuse("I can't\nhelp with that."),
    });
    let reason = refused(ask(&model, "long").await);
    assert_eq!(reason, "the answer was cut off after 5 tokens: is `max_tokens` enough?");
    assert_eq!(refused(ask(&model, "bad").await), "the endpoint's filter of contents cut the answer off");
    assert_eq!(refused(ask(&model, "worse").await), "the model refuses: I can't help with that.");
    assert_eq!((endpoint.total(), model.spent().answers), (3, 3));
}

#[tokio::test]
async fn a_schema_may_be_told_in_words() {
    let change = |settings: &mut crate::ModelSettings| settings.schema = SchemaMode::Prompt;
    let (endpoint, model) = with(|asked: &Asked| asked.chat("{\"facts\": []}"), change);
    model.chat(&facts()).await.unwrap();
    let body = body(&endpoint, 0);
    assert!(body.get("response_format").is_none());
    let told = body["messages"][1]["content"].as_str().unwrap();
    assert!(told.contains(&facts().schema.unwrap().value().to_string()), "{told}");
}

struct Shelf;

impl Images for Shelf {
    fn read(&self, image: &Image) -> Answering<Result<Vec<u8>, Failure>> {
        let bytes = image.url.strip_prefix("shelf:").map(|text| text.as_bytes().to_vec());
        Box::pin(async move { bytes.ok_or_else(|| Failure::Final("no such picture".to_owned())) })
    }
}

#[tokio::test]
async fn images_go_by_reference_or_by_their_bytes() {
    let (endpoint, model) = model(|asked: &Asked| asked.chat("a picture"));
    let image = |url: &str, bytes: &[u8]| Image {
        url: url.to_owned(),
        digest: Key::of(bytes),
        media_type: "image/png".to_owned(),
    };
    let shown = |image: Image| ChatRequest {
        messages: vec![ChatMessage::user("What is it?").image(image)],
        ..ChatRequest::default()
    };
    let (public, here) =
        (shown(image("https://example.com/a.png", b"foo")), shown(image("shelf:foo", b"foo")));
    model.chat(&public).await.unwrap();
    assert_eq!(
        body(&endpoint, 0)["messages"][0]["content"][1]["image_url"]["url"],
        "https://example.com/a.png"
    );
    assert!(matches!(model.chat(&here).await, Err(Failure::Owed(_))), "nobody reads it");

    let model = model.with_images(Arc::new(Shelf));
    let answer = model.chat(&here).await.unwrap();
    assert_eq!(
        body(&endpoint, 1)["messages"][0]["content"][1]["image_url"]["url"],
        "data:image/png;base64,Zm9v"
    );
    // What is kept names it.
    let name = format!("digest:{}", Key::of(b"foo"));
    assert!(answer.exchanges[0].request.contains(&name) && !answer.exchanges[0].request.contains("Zm9v"));
    let other = shown(image("shelf:bar", b"foo"));
    assert!(refused(model.chat(&other).await).contains("is not the one of its digest"));
    // Wherever it lies, it is the same picture.
    assert_eq!(model.fingerprint(&public), model.fingerprint(&here));
    assert_ne!(model.fingerprint(&here), model.fingerprint(&shown(image("shelf:bar", b"bar"))));
}

#[test]
fn a_fingerprint_is_of_all_that_can_change_an_answer() {
    let at = |url: &str, change: fn(&mut crate::ModelSettings)| {
        let mut settings = crate::ModelSettings::new(url, "small", "llama");
        change(&mut settings);
        Model::new(settings, |_| None).unwrap()
    };
    let model = at("http://localhost/v1", |_| {});
    let key = model.fingerprint(&facts());
    let elsewhere = at("http://127.0.0.1:8000/v1", |settings| {
        (settings.retries, settings.concurrency, settings.terms) = (0, 1, Some("any".to_owned()));
    });
    assert_eq!(elsewhere.fingerprint(&facts()), key);
    // Said by the settings or by the request, it is the same.
    let warm = at("http://localhost/v1", |settings| settings.temperature = Some(0.7));
    let mut request = facts();
    request.sampling.temperature = Some(0.7);
    assert_eq!(warm.fingerprint(&facts()), model.fingerprint(&request));
    let changes: [fn(&mut crate::ModelSettings); 4] = [
        |settings| settings.model = "large".to_owned(),
        |settings| settings.seed = Some(1),
        |settings| settings.schema = SchemaMode::Prompt,
        |settings| settings.extra = json!({ "top_k": 1 }).as_object().unwrap().clone(),
    ];
    for change in changes {
        assert_ne!(at("http://localhost/v1", change).fingerprint(&facts()), key);
    }
    let others = [ChatRequest::user("Which facts?"), facts().system("Be brief."), facts().seed(1)];
    for other in others {
        assert_ne!(model.fingerprint(&other), key, "{other:?}");
    }
    let mut spoken = ChatRequest::user("Which facts?");
    spoken.messages[0].role = Role::System;
    assert_ne!(model.fingerprint(&spoken), model.fingerprint(&ChatRequest::user("Which facts?")));
}

#[tokio::test]
async fn models_are_found_by_name_and_share_an_endpoint() {
    let endpoint = Endpoint::start(|asked: &Asked| asked.chat("yes")).unwrap();
    let mut narrow = settings(&endpoint);
    narrow.concurrency = 2;
    let mut warm = settings(&endpoint);
    warm.temperature = Some(1.0);
    let tables = [("narrow".to_owned(), narrow), ("warm".to_owned(), warm)].into();
    let models = Models::new(tables, super::environment).unwrap();
    assert_eq!(models.names().collect::<Vec<_>>(), ["narrow", "warm"]);
    let slow = std::time::Duration::from_millis(50);
    endpoint.follow(move |asked: &Asked| asked.chat("yes").after(slow));
    let mut tasks = tokio::task::JoinSet::new();
    for number in 0..12 {
        let model = models.get(if number % 2 == 0 { "narrow" } else { "warm" }).unwrap().clone();
        tasks.spawn(async move { ask(&model, &number.to_string()).await.unwrap() });
    }
    tasks.join_all().await;
    assert_eq!(endpoint.most_in_flight(), 2);
    let error = models.get("narow").unwrap_err().to_string();
    assert_eq!(error, "no model is called `narow`: did you mean `narrow`?");
}

#[tokio::test]
async fn a_future_that_is_dropped_stops_its_request() {
    let (endpoint, model) = with(|_: &Asked| Said::never(), |settings| settings.concurrency = 1);
    for _ in 0..3 {
        let waited = tokio::time::timeout(std::time::Duration::from_millis(100), ask(&model, "Well?")).await;
        assert!(waited.is_err());
    }
    // Each took the only place, and gave it back.
    assert_eq!((endpoint.total(), endpoint.most_in_flight() <= 2), (3, true));
}
