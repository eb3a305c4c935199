use rifflebox_core::ErrorKind;
use rifflebox_testkit::{Asked, Said};

use super::{KEY, ask, model, with};
use crate::{ChatRequest, Model, ModelSettings};

#[track_caller]
fn assert_hidden(text: &str) {
    let escaped = KEY.replace('"', "\\\"");
    assert!(!text.contains(KEY) && !text.contains(&escaped) && !text.contains("hunter2"), "{text}");
}

#[tokio::test]
async fn the_key_is_sent_and_nowhere_shown() {
    let (endpoint, model) = model(|asked: &Asked| asked.chat("yes"));
    let answer = ask(&model, "Well?").await.unwrap();
    assert_eq!(endpoint.requests()[0].authorization.as_deref(), Some(format!("Bearer {KEY}").as_str()));
    assert_hidden(&format!("{model:?} {answer:?} {:?}", model.settings()));
    assert_hidden(&serde_json::to_string(model.settings()).unwrap());
    assert_hidden(&serde_json::to_string(&answer).unwrap());
}

#[tokio::test]
async fn an_endpoint_that_repeats_the_key_does_not_reveal_it() {
    let says = || format!("your key is {KEY}, I believe");
    type Way = Box<dyn Fn(&Asked) -> Said + Send + Sync>;
    let ways: [Way; 6] = [
        Box::new(move |asked: &Asked| asked.chat(&says())),
        Box::new(move |_: &Asked| Said::error(400, &says())),
        Box::new(move |_: &Asked| Said::error(401, &says())),
        Box::new(move |_: &Asked| Said::error(500, &says())),
        Box::new(move |_: &Asked| Said::text(500, says())),
        Box::new(move |_: &Asked| Said::text(200, says())),
    ];
    for way in ways {
        let (_endpoint, model) = with(move |asked: &Asked| way(asked), |settings| settings.retries = 0);
        let said = ask(&model, "Well?").await;
        assert_hidden(&format!("{said:?}"));
    }
}

#[tokio::test]
async fn a_connection_that_breaks_does_not_reveal_where_it_led() {
    let (endpoint, model) = with(|asked: &Asked| asked.chat("yes"), |settings| settings.retries = 0);
    endpoint.set_away(true);
    let said = format!("{:?}", model.chat(&ChatRequest::user("Well?")).await);
    assert_hidden(&said);
    assert!(!said.contains("http"), "{said}");
}

#[test]
fn urls_with_passwords_and_odd_keys_are_refused_without_being_shown() {
    for url in ["https://ada:hunter2@example.com/v1", "https://example.com/v1?key=hunter2"] {
        let error = Model::new(ModelSettings::new(url, "small", "llama"), |_| None).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Usage);
        assert_hidden(&format!("{error:?} {error}"));
    }
    let mut settings = ModelSettings::new("https://example.com/v1", "small", "llama");
    settings.key_env = Some("MODEL_KEY".to_owned());
    let error = Model::new(settings, |_| Some("hunter2\nis odd".to_owned())).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Usage);
    assert_hidden(&format!("{error:?} {error}"));
}
