//! One question, until its answer fits: what the model says is held against what was asked for, and asked again.

use std::collections::BTreeMap;

use rifflebox_core::{Failure, Key};
use serde_json::{Map, Value};

use crate::answer::{Answer, Exchange, Usage};
use crate::image::{Image, data_url};
use crate::model::Model;
use crate::request::{ChatMessage, ChatRequest, Part};
use crate::schema::unfenced;
use crate::transport::Sent;
use crate::trouble::excerpt;
use crate::wire::{self, Said};

/// Where questions go.
pub(crate) const CHAT: &str = "chat/completions";

/// How much of a refusal goes into a reason.
const REFUSAL_CHARS: usize = 200;

/// A question, with all that was said so far.
pub(crate) struct Dialogue<'a> {
    model: &'a Model,
    request: &'a ChatRequest,
    /// What is sent, and the same as it is kept: images that were read here stand in it by their digest.
    sent: Map<String, Value>,
    kept: Map<String, Value>,
    exchanges: Vec<Exchange>,
    usage: Usage,
    micro_usd: u64,
}

/// What a question has cost, whatever came of it.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Paid {
    pub(crate) usage: Usage,
    pub(crate) micro_usd: u64,
}

/// Why what a model said is no answer.
enum Unfit {
    /// It does not fit the schema; the model may mend that.
    Schema(String),
    /// It never will.
    Final(String),
}

impl<'a> Dialogue<'a> {
    /// Begins with a question; images that the endpoint cannot read are read first.
    pub(crate) async fn begin(model: &'a Model, request: &'a ChatRequest) -> Result<Self, Failure> {
        request.check().map_err(|error| Failure::Final(error.to_string()))?;
        let seen = read_images(model, request).await?;
        let see = |image: &Image| seen.get(&image.digest).unwrap_or(&image.url).clone();
        let keep = |image: &Image| match image.is_public() {
            true => image.url.clone(),
            false => format!("digest:{}", image.digest),
        };
        Ok(Dialogue {
            model,
            request,
            sent: wire::chat_body(model.settings(), request, &see),
            kept: wire::chat_body(model.settings(), request, &keep),
            exchanges: Vec::new(),
            usage: Usage::default(),
            micro_usd: 0,
        })
    }

    /// Returns what is to be sent.
    pub(crate) fn body(&self) -> &Map<String, Value> {
        &self.sent
    }

    /// Returns the same without what is only fetched for it: equal questions, equal bodies, wherever images lie.
    pub(crate) fn kept_body(&self) -> &Map<String, Value> {
        &self.kept
    }

    /// Asks until the answer fits; says what all exchanges cost, also where nothing came of them.
    pub(crate) async fn ask(self) -> (Result<Answer, Failure>, Paid) {
        let (said, raw) = match self.exchange().await {
            Ok(exchanged) => exchanged,
            Err(failure) => return (Err(failure), Paid::default()),
        };
        let price = self.model.settings().price.micro_usd(&said.usage);
        self.go_on(said, raw, price).await
    }

    /// Goes on from what a model said already, at its price.
    pub(crate) async fn go_on(
        mut self,
        said: Said,
        raw: String,
        micro_usd: u64,
    ) -> (Result<Answer, Failure>, Paid) {
        let outcome = self.mended(said, raw, micro_usd).await;
        let paid = Paid { usage: self.usage, micro_usd: self.micro_usd };
        (outcome.map(|(said, text)| self.answer(said, text)), paid)
    }

    /// Asks again until what is said fits, and returns it with its text.
    async fn mended(&mut self, said: Said, raw: String, micro_usd: u64) -> Result<(Said, String), Failure> {
        let (mut said, mut raw, mut micro_usd) = (said, raw, micro_usd);
        for repaired in 0.. {
            self.note(&said, raw, micro_usd);
            let complaint = match self.judge(&said) {
                Ok(text) => return Ok((said, text)),
                Err(Unfit::Final(reason)) => return Err(Failure::Final(reason)),
                Err(Unfit::Schema(complaint)) => complaint,
            };
            if repaired == self.model.settings().repairs {
                let after = match repaired {
                    0 => String::new(),
                    1 => " after a repair".to_owned(),
                    repairs => format!(" after {repairs} repairs"),
                };
                return Err(Failure::Final(format!(
                    "the answer does not fit its schema{after}: {complaint}"
                )));
            }
            self.complain(&said.text, &complaint);
            (said, raw) = self.exchange().await?;
            micro_usd = self.model.settings().price.micro_usd(&said.usage);
        }
        unreachable!("the loop ends with an answer or a failure")
    }

    async fn exchange(&self) -> Result<(Said, String), Failure> {
        let body = wire::written(&self.sent);
        let length = body.len();
        let (mut said, raw) = self.model.call(&Sent::post(CHAT, body), wire::read_chat).await?;
        if said.usage == Usage::default() {
            // An endpoint that does not count is not free: four bytes to a token, about.
            let tokens = |bytes: usize| (bytes as u64).div_ceil(4);
            said.usage = Usage { input: tokens(length), output: tokens(said.text.len()), ..Usage::default() };
        }
        Ok((said, raw))
    }

    fn note(&mut self, said: &Said, raw: String, micro_usd: u64) {
        self.exchanges.push(wire::exchange(&self.kept, raw));
        self.usage.add(&said.usage);
        self.micro_usd = self.micro_usd.saturating_add(micro_usd);
        self.model.spend(&said.usage, micro_usd);
    }

    /// Returns the answer's text, if it is one.
    fn judge(&self, said: &Said) -> Result<String, Unfit> {
        if let Some(refusal) = &said.refusal {
            return Err(Unfit::Final(format!("the model refuses: {}", excerpt(refusal, REFUSAL_CHARS))));
        }
        match said.finish.as_str() {
            "length" => {
                let tokens = said.usage.output;
                return Err(Unfit::Final(format!(
                    "the answer was cut off after {tokens} tokens: is `max_tokens` enough?"
                )));
            }
            "content_filter" => {
                return Err(Unfit::Final("the endpoint's filter of contents cut the answer off".to_owned()));
            }
            _ => {}
        }
        match &self.request.schema {
            Some(schema) if said.tool_calls.is_empty() => {
                schema.read(&said.text).map(|_| unfenced(&said.text).to_owned()).map_err(Unfit::Schema)
            }
            _ => Ok(said.text.clone()),
        }
    }

    /// Tells the model what is wrong, in both bodies.
    fn complain(&mut self, text: &str, complaint: &str) {
        let wrong = format!(
            "That does not fit the schema: {complaint}. Answer again with JSON that fits it, and with nothing else."
        );
        for body in [&mut self.sent, &mut self.kept] {
            if let Some(Value::Array(messages)) = body.get_mut("messages") {
                messages.push(wire::words(&ChatMessage::assistant(text)));
                messages.push(wire::words(&ChatMessage::user(wrong.clone())));
            }
        }
    }

    fn answer(self, said: Said, text: String) -> Answer {
        Answer {
            text,
            reasoning: said.reasoning,
            tool_calls: said.tool_calls,
            model: said.model,
            system_fingerprint: said.system_fingerprint,
            finish: said.finish,
            usage: self.usage,
            micro_usd: self.micro_usd,
            logprobs: said.logprobs,
            exchanges: self.exchanges,
        }
    }
}

/// Reads the images that the endpoint cannot read, as `data:` URLs by their digests.
async fn read_images(model: &Model, request: &ChatRequest) -> Result<BTreeMap<Key, String>, Failure> {
    let mut seen = BTreeMap::new();
    for part in request.messages.iter().flat_map(|message| &message.parts) {
        let Part::Image(image) = part else { continue };
        if image.is_public() || seen.contains_key(&image.digest) {
            continue;
        }
        let Some(images) = model.images() else {
            return Err(Failure::Owed(format!("nothing here reads the image {}", image.url)));
        };
        let bytes = images.read(image).await?;
        if Key::of(&bytes) != image.digest {
            return Err(Failure::Final(format!("the image {} is not the one of its digest", image.url)));
        }
        seen.insert(image.digest, data_url(&image.media_type, &bytes));
    }
    Ok(seen)
}
