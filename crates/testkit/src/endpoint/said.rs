use std::io;
use std::time::Duration;

use hyper::Response;
use rifflebox_core::{Key, each_word};
use serde_json::{Value, json};

use super::Asked;
use super::body::Body;
use crate::random::Random;

/// What an endpoint says, and how it fails to.
#[derive(Clone, Debug)]
pub struct Said {
    status: u16,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
    pub(super) latency: Duration,
    cut_at: Option<usize>,
    streamed: bool,
    never: bool,
}

impl Asked {
    /// Returns the text of the last message that a user wrote; of embeddings, the first text.
    pub fn prompt(&self) -> &str {
        let messages = self.body["messages"].as_array().map(Vec::as_slice).unwrap_or_default();
        let last = messages.iter().rev().find(|message| message["role"] == "user");
        let said = last.map_or(&self.body["input"], |message| &message["content"]);
        // Words and pictures come as a list of parts.
        let part = said.as_array().and_then(|parts| parts.first());
        part.map_or(said, |part| if part.is_string() { part } else { &part["text"] })
            .as_str()
            .unwrap_or_default()
    }

    /// Answers with a text. Tokens are words here.
    pub fn chat(&self, text: &str) -> Said {
        let message = json!({ "role": "assistant", "content": text });
        self.chat_with(message, "stop", words(text))
    }

    /// Answers with a text that ends for another reason, such as `length`.
    pub fn chat_cut(&self, text: &str, finish: &str) -> Said {
        let message = json!({ "role": "assistant", "content": text });
        self.chat_with(message, finish, words(text))
    }

    /// Refuses, as a model does that has a field for it.
    pub fn refuse(&self, why: &str) -> Said {
        self.chat_with(json!({ "role": "assistant", "content": null, "refusal": why }), "stop", words(why))
    }

    /// Answers with a message that is made by hand.
    pub fn chat_with(&self, message: Value, finish: &str, output_tokens: u64) -> Said {
        let mut input_tokens = 0;
        for message in self.body["messages"].as_array().into_iter().flatten() {
            input_tokens += words(message["content"].as_str().unwrap_or_default());
        }
        Said::json(&json!({
            "id": format!("chatcmpl-{}", self.digest),
            "object": "chat.completion",
            "created": 0,
            "model": format!("{}-scripted", self.body["model"].as_str().unwrap_or_default()),
            "system_fingerprint": "fp_scripted",
            "choices": [{ "index": 0, "message": message, "finish_reason": finish }],
            "usage": {
                "prompt_tokens": input_tokens,
                "completion_tokens": output_tokens,
                "total_tokens": input_tokens + output_tokens,
            },
        }))
    }

    /// Answers with a vector for each text: the same for the same, and nothing else.
    pub fn vectors(&self, dimensions: usize) -> Said {
        let texts: Vec<&str> = match &self.body["input"] {
            Value::String(text) => vec![text],
            Value::Array(texts) => texts.iter().filter_map(Value::as_str).collect(),
            _ => Vec::new(),
        };
        let vector = |text: &str| {
            let mut random = Random::new(Key::of(text.as_bytes()).head64());
            (0..dimensions).map(|_| random.below(2001) as f64 / 1000.0 - 1.0).collect::<Vec<f64>>()
        };
        // In no order, as endpoints may.
        let rows = texts.iter().enumerate().rev();
        let rows = rows.map(|(index, text)| json!({ "index": index, "embedding": vector(text) }));
        self.list(rows.collect(), texts.iter().map(|text| words(text)).sum())
    }

    /// Answers with a score for each answer: the share of the question's words in it.
    pub fn scores(&self) -> Said {
        let question = self.body["text_1"].as_str().unwrap_or_default();
        let answers = self.body["text_2"].as_array().map(Vec::as_slice).unwrap_or_default();
        let rows = answers.iter().enumerate().map(|(index, answer)| {
            let answer = answer.as_str().unwrap_or_default();
            let (mut shared, mut all) = (0, 0);
            each_word(question, |word| {
                all += 1;
                shared += u32::from(answer.contains(word));
            });
            json!({ "index": index, "score": f64::from(shared) / f64::from(all.max(1)) })
        });
        self.list(rows.collect(), words(question))
    }

    fn list(&self, rows: Vec<Value>, input_tokens: u64) -> Said {
        Said::json(&json!({
            "object": "list",
            "model": self.body["model"],
            "data": rows,
            "usage": { "prompt_tokens": input_tokens, "total_tokens": input_tokens },
        }))
    }
}

impl Said {
    /// Says JSON.
    pub fn json(value: &Value) -> Self {
        Self::text(200, value.to_string())
    }

    /// Says a text of any kind, with a status.
    pub fn text(status: u16, text: impl Into<String>) -> Self {
        Said {
            status,
            headers: Vec::new(),
            body: text.into().into_bytes(),
            latency: Duration::ZERO,
            cut_at: None,
            streamed: false,
            never: false,
        }
    }

    /// Returns whether it arrives as it is, and is no error.
    pub fn is_sound(&self) -> bool {
        self.status == 200 && self.cut_at.is_none() && !self.never
    }

    /// Says an error.
    pub fn error(status: u16, message: &str) -> Self {
        Self::text(status, json!({ "error": { "message": message, "type": "scripted" } }).to_string())
    }

    /// Says that less is wanted, and for how many seconds nothing is to come, if that is given.
    pub fn refusal(after_s: Option<u64>) -> Self {
        let said = Self::error(429, "too many requests");
        match after_s {
            Some(seconds) => said.header("retry-after", &seconds.to_string()),
            None => said,
        }
    }

    /// Says what is no JSON, though it begins as if it were.
    pub fn garbage() -> Self {
        Self::text(200, "{\"choices\": [{\"message\": {\"content\": \"half of")
    }

    /// Says nothing, ever.
    pub fn never() -> Self {
        Said { never: true, ..Self::text(200, "") }
    }

    /// Adds a header.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Says it after a while.
    #[must_use]
    pub fn after(mut self, latency: Duration) -> Self {
        self.latency = latency;
        self
    }

    /// Breaks the connection after so many bytes of the body.
    #[must_use]
    pub fn cut_at(mut self, bytes: usize) -> Self {
        self.cut_at = Some(bytes);
        self
    }

    /// Says it as a stream that does not tell its length.
    #[must_use]
    pub fn streamed(mut self) -> Self {
        self.streamed = true;
        self
    }

    /// Returns the status as it arrives; 0 if it does not arrive whole.
    pub(super) fn told_status(&self) -> u16 {
        if self.never || self.cut_at.is_some() { 0 } else { self.status }
    }

    pub(super) fn body(&self) -> &[u8] {
        &self.body
    }

    pub(super) async fn into_response(self) -> io::Result<Response<Body>> {
        if self.never {
            std::future::pending::<()>().await;
        }
        let mut response = Response::builder().status(self.status).header("content-type", "application/json");
        for (name, value) in &self.headers {
            response = response.header(name, value);
        }
        response.body(Body::new(self.body, self.cut_at, self.streamed)).map_err(io::Error::other)
    }
}

fn words(text: &str) -> u64 {
    text.split_whitespace().count() as u64
}
