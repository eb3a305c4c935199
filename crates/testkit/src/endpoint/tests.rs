use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use serde_json::json;

use super::*;

/// Sends a request by hand, and returns all that comes back until the connection ends.
fn send(endpoint: &Endpoint, path: &str, body: &str) -> String {
    let mut stream = TcpStream::connect(endpoint.address).unwrap();
    let head = format!(
        "POST /v1/{path} HTTP/1.1\r\nhost: here\r\nconnection: close\r\nauthorization: Bearer key\r\n"
    );
    stream.write_all(format!("{head}content-length: {}\r\n\r\n{body}", body.len()).as_bytes()).unwrap();
    let mut said = Vec::new();
    // A connection that is cut may be reset.
    let _ = stream.read_to_end(&mut said);
    String::from_utf8(said).unwrap()
}

fn question(text: &str) -> String {
    json!({ "model": "m", "messages": [{ "role": "user", "content": text }] }).to_string()
}

#[test]
fn it_says_what_the_script_tells_it_and_remembers_what_it_was_asked() {
    let endpoint = Endpoint::start(|asked: &Asked| match asked.earlier {
        0 => asked.chat(&format!("about {}", asked.prompt())),
        _ => Said::error(500, "again?").header("x-odd", "1"),
    })
    .unwrap();
    let said = send(&endpoint, "chat/completions", &question("ore"));
    assert!(said.starts_with("HTTP/1.1 200 OK") && said.contains("\"content\":\"about ore\""), "{said}");
    assert!(said.contains("\"model\":\"m-scripted\""), "{said}");
    let said = send(&endpoint, "chat/completions", &question("ore"));
    assert!(said.starts_with("HTTP/1.1 500") && said.contains("x-odd: 1"), "{said}");
    send(&endpoint, "chat/completions", &question("gold"));
    let digest = Key::of(question("ore").as_bytes());
    assert_eq!((endpoint.counts()[&digest], endpoint.counts().len(), endpoint.total()), (2, 2, 3));
    assert_eq!(endpoint.statuses(), BTreeMap::from([(200, 2), (500, 1)]));
    let first = &endpoint.requests()[0];
    assert_eq!(
        (first.path.as_str(), first.authorization.as_deref()),
        ("chat/completions", Some("Bearer key"))
    );
    assert_eq!((first.body.as_slice(), first.digest), (question("ore").as_bytes(), digest));
    endpoint.forget();
    assert_eq!((endpoint.total(), endpoint.requests().len()), (0, 0));
}

#[test]
fn answers_are_cut_where_the_script_says() {
    let endpoint = Endpoint::start(|asked: &Asked| match asked.path.as_str() {
        "stream" => Said::text(200, "0123456789").streamed().cut_at(4),
        _ => Said::text(200, "0123456789").cut_at(4),
    })
    .unwrap();
    let said = send(&endpoint, "body", "");
    assert!(said.contains("content-length: 10") && said.ends_with("\r\n\r\n0123"), "{said}");
    let said = send(&endpoint, "stream", "");
    assert!(said.contains("transfer-encoding: chunked") && said.ends_with("\r\n4\r\n0123\r\n"), "{said}");
    assert_eq!(endpoint.statuses(), BTreeMap::from([(0, 2)]));
}

#[test]
fn it_goes_away_and_comes_back() {
    let endpoint = Endpoint::start(|asked: &Asked| asked.chat("here")).unwrap();
    endpoint.set_away(true);
    assert_eq!(send(&endpoint, "chat/completions", &question("?")), "");
    endpoint.set_away(false);
    assert!(send(&endpoint, "chat/completions", &question("?")).contains("here"));
    assert_eq!(endpoint.total(), 1);
}

#[test]
fn latency_and_width_are_measured() {
    let latency = Duration::from_millis(100);
    let endpoint = Endpoint::start(move |asked: &Asked| asked.chat("late").after(latency)).unwrap();
    let began = Instant::now();
    std::thread::scope(|scope| {
        for number in 0..4 {
            let endpoint = &endpoint;
            scope.spawn(move || send(endpoint, "chat/completions", &question(&number.to_string())));
        }
    });
    assert!(began.elapsed() >= latency);
    assert!((1..=4).contains(&endpoint.most_in_flight()));
}

#[test]
fn a_bucket_refuses_what_is_beyond_it() {
    let limited = Limited::new(|asked: &Asked| asked.chat("yes"), 0.001, 3.0);
    let endpoint = Endpoint::start(limited).unwrap();
    for _ in 0..5 {
        send(&endpoint, "chat/completions", &question("?"));
    }
    assert_eq!(endpoint.statuses(), BTreeMap::from([(200, 3), (429, 2)]));
    let said = send(&endpoint, "chat/completions", &question("?"));
    assert!(said.contains("retry-after: 1000") || said.contains("retry-after: 999"), "{said}");
}

fn asked(text: &str, earlier: usize) -> Asked {
    let body = question(text);
    Asked {
        path: "chat/completions".to_owned(),
        body: serde_json::from_str(&body).unwrap(),
        digest: Key::of(body.as_bytes()),
        earlier,
        number: 0,
        in_flight: 1,
    }
}

/// Returns what a script makes of many questions, in words.
fn heard(misdeeds: &Misdeeds, order: impl Iterator<Item = u32>, earlier: usize) -> BTreeMap<u32, String> {
    order
        .map(|number| (number, format!("{:?}", misdeeds.answer(&asked(&number.to_string(), earlier)))))
        .collect()
}

#[test]
fn misdeeds_follow_the_seed_and_not_the_order() {
    let misdeeds = |seed| Misdeeds::new(seed, Rates::some(), |asked| format!("all about {}", asked.prompt()));
    let (one, other) = (misdeeds(1), misdeeds(2));
    let forward = heard(&one, 0..500, 0);
    assert_eq!(forward, heard(&one, (0..500).rev(), 0));
    assert_ne!(forward, heard(&other, 0..500, 0));
    assert_ne!(forward, heard(&one, 0..500, 1), "another attempt is another draw");
    // What may pass does so.
    for number in 0..500 {
        let said = one.answer(&asked(&number.to_string(), 3));
        assert_eq!(said.told_status(), 200);
    }
}

#[test]
fn each_misdeed_happens_about_as_often_as_it_is_told() {
    let misdeeds = Misdeeds::new(3, Rates::some(), |asked| format!("{{\"fact\": \"{}\"}}", asked.prompt()));
    let said: Vec<Said> = (0..2000).map(|number| misdeeds.answer(&asked(&number.to_string(), 0))).collect();
    let count = |what: &dyn Fn(&Said) -> bool| said.iter().filter(|said| what(said)).count();
    let holds = |text: &'static str| move |said: &Said| String::from_utf8_lossy(said.body()).contains(text);
    for (name, found, of_1000) in [
        ("slow", count(&|said| !said.latency.is_zero()), 20),
        ("refused", count(&|said| said.told_status() == 429), 40),
        ("failed", count(&|said| said.told_status() == 500), 40),
        ("cut", count(&|said| said.told_status() == 0), 40),
        ("garbage", count(&|said| said.body().ends_with(b"half of")), 40),
        ("wrong schema", count(&holds("unheard_of")), 50),
        ("duplicate", count(&holds("fact\\\": \\\"\\\"")), 50),
        ("lie", count(&holds("on the Moon")), 50),
    ] {
        assert!(found > of_1000 && found < 3 * of_1000, "{name}: {found} of 2000, for {of_1000} of 1000");
    }
}

#[test]
fn vectors_and_scores_depend_on_texts_alone() {
    let ask = |body: Value| {
        let body = body.to_string();
        Asked { body: serde_json::from_str(&body).unwrap(), digest: Key::of(body.as_bytes()), ..asked("", 0) }
    };
    let said = |said: Said| serde_json::from_slice::<Value>(said.body()).unwrap();
    let vectors = said(ask(json!({ "input": ["one", "two"] })).vectors(4));
    let alone = said(ask(json!({ "input": "one" })).vectors(4));
    assert_eq!(vectors["data"][1]["embedding"], alone["data"][0]["embedding"]);
    assert_eq!(vectors["data"][1]["index"], 0, "they come in no order");
    let scores = said(ask(json!({ "text_1": "a b", "text_2": ["a", "b a"] })).scores());
    assert_eq!((&scores["data"][0]["score"], &scores["data"][1]["score"]), (&json!(0.5), &json!(1.0)));
}
