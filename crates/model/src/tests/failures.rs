use std::time::{Duration, Instant};

use rifflebox_core::Failure;
use rifflebox_testkit::{Asked, Limited, Misdeeds, Rates, Said};
use tokio::task::JoinSet;

use super::{ask, model, owed, refused, with};
use crate::{BreakerSettings, Model};

/// A way to answer, or to fail to.
type Way = fn(&Asked) -> Said;

/// Fails the first attempt in a way, then answers.
fn passing(said: Way) -> impl Fn(&Asked) -> Said {
    move |asked: &Asked| match asked.earlier {
        0 => said(asked),
        _ => asked.chat("at last"),
    }
}

#[tokio::test]
async fn what_may_pass_is_asked_again() {
    let ways: [Way; 9] = [
        |_| Said::error(500, "oh"),
        |_| Said::error(503, "oh"),
        |_| Said::error(408, "oh"),
        |_| Said::refusal(None),
        |asked| asked.chat("cut").cut_at(20),
        |asked| asked.chat("cut").streamed().cut_at(20),
        |asked| asked.chat("cut").cut_at(0),
        |_| Said::garbage(),
        |_| Said::text(200, "{\"error\": {\"code\": 502, \"message\": \"oh\"}}"),
    ];
    let mut tasks = JoinSet::new();
    for way in ways {
        tasks.spawn(async move {
            let (endpoint, model) = model(passing(way));
            let answer = ask(&model, "Well?").await.unwrap();
            assert_eq!((answer.text.as_str(), endpoint.total()), ("at last", 2));
        });
    }
    tasks.join_all().await;
}

#[tokio::test]
async fn what_does_not_pass_is_owed_after_so_many_attempts() {
    let ways: [(Way, &str); 6] = [
        (|_| Said::error(500, "oh"), "the endpoint failed (status 500): oh, 2 times"),
        (|_| Said::refusal(None), "the endpoint is at its limit (status 429): too many requests, 2 times"),
        (|asked| asked.chat("cut").cut_at(20), "the answer was cut off on its way"),
        (|_| Said::garbage(), "the endpoint's answer is none: EOF while parsing a string"),
        (|_| Said::text(200, "{\"choices\": []}"), "the answer holds no choice, 2 times"),
        (|_| Said::never(), "no answer within 1 s: is `timeout_s` enough?, 2 times"),
    ];
    let mut tasks = JoinSet::new();
    for (way, expected) in ways {
        tasks.spawn(async move {
            let (endpoint, model) = with(way, |settings| {
                (settings.retries, settings.timeout_s, settings.patience_s) = (1, 1, 0);
            });
            let reason = owed(ask(&model, "Well?").await);
            assert!(reason.starts_with(expected), "{reason}");
            assert_eq!(endpoint.total(), 2, "{reason}");
        });
    }
    tasks.join_all().await;
}

#[tokio::test]
async fn what_nobody_serves_is_owed() {
    let (endpoint, model) = with(|asked: &Asked| asked.chat("yes"), |settings| settings.retries = 0);
    endpoint.set_away(true);
    let reason = owed(ask(&model, "Well?").await);
    assert!(reason.starts_with("the connection to the endpoint broke"), "{reason}");
    drop(endpoint);
    let reason = owed(ask(&model, "Well?").await);
    assert!(reason.starts_with("cannot connect to the endpoint: "), "{reason}");
}

#[tokio::test]
async fn what_the_endpoint_refuses_is_final() {
    for status in [400, 413, 422] {
        let (endpoint, model) = model(move |_: &Asked| Said::error(status, "context is\ntoo long"));
        let reason = refused(ask(&model, "Well?").await);
        assert_eq!(
            reason,
            format!("the endpoint refuses the request (status {status}): context is too long")
        );
        assert_eq!(endpoint.total(), 1);
    }
}

#[tokio::test]
async fn what_somebody_has_to_mend_is_owed_and_asked_no_more() {
    let ways = [
        (401, "the endpoint refuses the key (status 401): mend the variable of `key_env`"),
        (403, "the endpoint refuses the key (status 403): mend the variable of `key_env`"),
        (402, "the account cannot pay: mend that and build again (status 402): oh"),
        (404, "no such model or address: mend `model` or `url` (status 404): oh"),
    ];
    for (status, expected) in ways {
        let (endpoint, model) = model(move |_: &Asked| Said::error(status, "oh"));
        assert_eq!(owed(ask(&model, "Well?").await), expected);
        let next = owed(ask(&model, "And now?").await);
        assert_eq!(next, format!("the endpoint is left alone for now: {expected}"));
        assert_eq!(endpoint.total(), 1, "the breaker is open at once");
    }
}

#[tokio::test]
async fn a_missing_key_owes_calls_and_sends_nothing() {
    let (endpoint, _) = model(|asked: &Asked| asked.chat("yes"));
    let model = Model::new(super::settings(&endpoint), |_| None).unwrap();
    assert_eq!(owed(ask(&model, "Well?").await), "there is no key: set the variable MODEL_KEY");
    assert!(model.ready().is_err());
    assert_eq!(endpoint.total(), 0);
}

#[tokio::test]
async fn retry_after_holds_the_whole_endpoint() {
    let dated = |_: &Asked| {
        let said = Said::refusal(None).header("date", "Sun, 06 Nov 1994 08:49:37 GMT");
        said.header("retry-after", "Sun, 06 Nov 1994 08:49:38 GMT")
    };
    let ways: [Way; 2] = [|_| Said::refusal(Some(1)), dated];
    for way in ways {
        let (endpoint, model) = model(move |asked: &Asked| match asked.number {
            0 => way(asked),
            _ => asked.chat("yes"),
        });
        let began = Instant::now();
        let first = tokio::spawn({
            let model = model.clone();
            async move { ask(&model, "first").await }
        });
        while endpoint.statuses().is_empty() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
        // Another call waits as well.
        ask(&model, "second").await.unwrap();
        assert!(began.elapsed() >= Duration::from_secs(1), "{:?}", began.elapsed());
        first.await.unwrap().unwrap();
        assert_eq!(endpoint.total(), 3);
    }
}

#[tokio::test]
async fn an_endpoint_that_asks_for_too_long_is_left_alone() {
    let (endpoint, model) = model(|_: &Asked| Said::refusal(Some(3600)));
    let reason = owed(ask(&model, "Well?").await);
    assert!(reason.ends_with("; it asks to wait 3600 s"), "{reason}");
    assert!(owed(ask(&model, "And now?").await).starts_with("the endpoint is left alone for now: "));
    assert_eq!(endpoint.total(), 1);
}

#[tokio::test]
async fn the_breaker_opens_probes_once_and_closes() {
    let (endpoint, model) = with(
        |_: &Asked| Said::error(500, "down"),
        |settings| {
            settings.retries = 0;
            settings.breaker = BreakerSettings { failures: 3, lasting_s: 0, pause_s: 1 };
        },
    );
    for number in 0..5 {
        let reason = owed(ask(&model, &number.to_string()).await);
        assert_eq!(reason.starts_with("the endpoint is left alone for now: "), number >= 3, "{reason}");
    }
    assert_eq!(endpoint.total(), 3);
    endpoint.follow(|asked: &Asked| asked.chat("up").after(Duration::from_millis(100)));
    tokio::time::sleep(Duration::from_millis(1100)).await;
    // One of many tries; the others do not wait for it.
    let mut tasks = JoinSet::new();
    for number in 0..8 {
        let model = model.clone();
        tasks.spawn(async move { ask(&model, &format!("again {number}")).await.is_ok() });
    }
    assert_eq!(tasks.join_all().await.into_iter().filter(|is_ok| *is_ok).count(), 1);
    assert_eq!(endpoint.total(), 4);
    ask(&model, "and all is well").await.unwrap();
}

#[tokio::test]
async fn misdeeds_of_all_kinds_leave_no_trace() {
    let rates =
        Rates { wrong_schema: 0, duplicate: 0, lie: 0, refused: 5, refused_silently: 5, ..Rates::some() };
    let misdeeds = Misdeeds::new(7, rates, |asked| format!("{} indeed", asked.prompt()));
    let (endpoint, model) = with(misdeeds.latency(Duration::ZERO, Duration::from_millis(20)), |settings| {
        (settings.retries, settings.concurrency) = (5, 32);
    });
    let mut tasks = JoinSet::new();
    for number in 0..400 {
        let model = model.clone();
        tasks.spawn(async move {
            let answer = ask(&model, &number.to_string()).await.unwrap();
            assert_eq!(answer.text, format!("{number} indeed"));
        });
    }
    tasks.join_all().await;
    assert_eq!((endpoint.counts().len(), model.spent().answers), (400, 400));
    assert!(endpoint.most_in_flight() <= 32);
    let statuses = endpoint.statuses();
    assert!([0, 200, 429, 500].iter().all(|status| statuses.contains_key(status)), "{statuses:?}");
    assert!(endpoint.counts().values().all(|count| *count <= 4));
}

#[tokio::test]
async fn a_limited_endpoint_serves_every_call() {
    let limited = Limited::new(|asked: &Asked| asked.chat("yes"), 200.0, 20.0).silent();
    let (endpoint, model) = with(limited, |settings| (settings.retries, settings.concurrency) = (20, 64));
    let mut tasks = JoinSet::new();
    for number in 0..400 {
        let model = model.clone();
        tasks.spawn(async move { ask(&model, &number.to_string()).await });
    }
    let said = tasks.join_all().await;
    let failed: Vec<&Failure> = said.iter().filter_map(|said| said.as_ref().err()).collect();
    assert!(failed.is_empty(), "{failed:?}");
    assert_eq!(endpoint.statuses()[&200], 400);
}
