//! A model as the respondent of inquiries: requests and answers as bytes that can be kept.

use std::sync::Arc;

use rifflebox_core::{About, Answering, Cost, Failure, Fields, Key, Reply, Respondent, Response, Value};
use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};

use crate::answer::{Answer, TokenLogprob, ToolCall, Usage};
use crate::model::Model;
use crate::price::Rate;
use crate::request::{ChatMessage, ChatRequest, Part, fingerprint};
use crate::vectors::{Embedded, Scored};

const PLAIN: &str = "plain data encodes into memory";
const SCHEMA: &str = "a request is read as what it was written";
/// Of how answers are kept: the first byte of each.
const FORMAT: u8 = 1;

/// What a model can be asked as a respondent.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ModelRequest {
    /// To go on with a dialogue.
    Chat(ChatRequest),
    /// For the vectors of texts.
    Embed(Vec<String>),
    /// How good answers to a question are.
    Score {
        /// The question.
        question: String,
        /// The answers.
        answers: Vec<String>,
    },
}

/// An answer as it is kept.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
enum Kept {
    Chat(Answer),
    Embed { micro_vectors: Vec<Vec<i64>>, model: String, usage: Usage, micro_usd: u64 },
    Score(Scored),
}

impl ModelRequest {
    /// Returns the request as an inquiry's question holds it.
    pub fn to_bytes(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect(PLAIN)
    }

    fn from_bytes(bytes: &[u8]) -> Self {
        serde_json::from_slice(bytes).expect(SCHEMA)
    }
}

/// A model under the name that a flow gives it.
struct Named {
    name: String,
    model: Model,
}

impl Model {
    /// Returns the model as a respondent that is called by a name, whose requests are [`ModelRequest`]s.
    ///
    /// Replies hold the text of a dialogue's answer, and as fields what else was told: `finish`, `reasoning`,
    /// `tool_calls`, `logprobs` (of each token the natural logarithm of its probability, in millionths), `vectors` (of
    /// each text, each number in millionths) and `scores` (in millionths), where there are any.
    pub fn respondent(&self, name: &str) -> Arc<dyn Respondent> {
        Arc::new(Named { name: name.to_owned(), model: self.clone() })
    }
}

impl Respondent for Named {
    fn about(&self) -> About {
        let settings = self.model.settings();
        let micro_usd = |rate: Rate| (rate.usd_per_million() * 1e6).round() as u64;
        About {
            name: self.name.clone(),
            model: settings.model.clone(),
            family: settings.lineage(),
            terms: settings.terms.clone(),
            answers: Key::builder("answers").text(&settings.model).finish(),
            limits: self.model.limits(),
            price: (micro_usd(settings.price.input), micro_usd(settings.price.output)),
        }
    }

    fn key(&self, request: &[u8]) -> Key {
        let settings = self.model.settings();
        let model = json!([settings.model, settings.extra]);
        match ModelRequest::from_bytes(request) {
            ModelRequest::Chat(request) => self.model.fingerprint(&request),
            ModelRequest::Embed(texts) => fingerprint("embed", model, json!(texts)),
            ModelRequest::Score { question, answers } => {
                fingerprint("score", model, json!([question, answers]))
            }
        }
    }

    fn answer(&self, request: Vec<u8>) -> Answering<Response> {
        let model = self.model.clone();
        Box::pin(async move {
            let (kept, cost) = match ModelRequest::from_bytes(&request) {
                ModelRequest::Chat(request) => {
                    let (answer, paid) = model.chat_paid(&request).await;
                    (answer.map(Kept::Chat), cost(&paid.usage, paid.micro_usd))
                }
                ModelRequest::Embed(texts) => costing(model.embed(&texts).await.map(Kept::of_vectors)),
                ModelRequest::Score { question, answers } => {
                    costing(model.score(&question, &answers).await.map(Kept::Score))
                }
            };
            let bytes = |kept| postcard::to_extend(&kept, vec![FORMAT]).expect(PLAIN);
            Response { answer: kept.map(bytes), cost }
        })
    }

    fn read(&self, answer: &[u8]) -> Reply {
        match kept(answer) {
            Kept::Chat(answer) => {
                let cost = cost(&answer.usage, answer.micro_usd);
                Reply { fields: told(&answer), text: answer.text, by: answer.model, cost }
            }
            Kept::Embed { micro_vectors, model, usage, micro_usd } => {
                let vectors = micro_vectors.into_iter().map(numbers).collect();
                let fields = Fields::from([("vectors".to_owned(), Value::List(vectors))]);
                Reply { text: String::new(), by: model, fields, cost: cost(&usage, micro_usd) }
            }
            Kept::Score(scored) => {
                let fields = Fields::from([("scores".to_owned(), numbers(scored.micro_scores))]);
                let cost = cost(&scored.usage, scored.micro_usd);
                Reply { text: String::new(), by: scored.model, fields, cost }
            }
        }
    }

    fn show(&self, request: &[u8], answer: Option<&[u8]>) -> Json {
        let mut shown = match ModelRequest::from_bytes(request) {
            ModelRequest::Chat(request) => {
                let messages: Vec<Json> = request.messages.iter().map(shown_message).collect();
                json!({ "messages": messages, "schema": request.schema.map(|schema| schema.value().clone()) })
            }
            ModelRequest::Embed(texts) => json!({ "embed": texts }),
            ModelRequest::Score { question, answers } => json!({ "question": question, "answers": answers }),
        };
        if let Some(answer) = answer {
            let reply = self.read(answer);
            shown["answer"] = json!(reply.text);
            shown["by"] = json!(reply.by);
            shown["fields"] = Value::Map(reply.fields).to_json();
        }
        shown
    }
}

impl Kept {
    fn of_vectors(embedded: Embedded) -> Self {
        let micro = |number: &f32| (f64::from(*number) * 1e6).round() as i64;
        let vectors = embedded.vectors.iter().map(|vector| vector.iter().map(micro).collect());
        let micro_vectors = vectors.collect();
        let Embedded { model, usage, micro_usd, .. } = embedded;
        Kept::Embed { micro_vectors, model, usage, micro_usd }
    }
}

/// Returns an answer that costs nothing if there is none, with its cost.
fn costing(answer: Result<Kept, Failure>) -> (Result<Kept, Failure>, Cost) {
    let cost = match &answer {
        Ok(Kept::Embed { usage, micro_usd, .. } | Kept::Score(Scored { usage, micro_usd, .. })) => {
            cost(usage, *micro_usd)
        }
        _ => Cost::default(),
    };
    (answer, cost)
}

fn kept(answer: &[u8]) -> Kept {
    let (format, bytes) = answer.split_first().expect("an answer has a format");
    assert_eq!(*format, FORMAT, "answers of this format are not known here");
    postcard::from_bytes(bytes).expect("an answer is read as what it was kept")
}

fn cost(usage: &Usage, micro_usd: u64) -> Cost {
    Cost { input: usage.input, output: usage.output, micro_usd }
}

fn numbers(numbers: Vec<i64>) -> Value {
    Value::List(numbers.into_iter().map(Value::Int).collect())
}

/// Returns what an answer tells beside its text.
fn told(answer: &Answer) -> Fields {
    let mut fields = Fields::from([("finish".to_owned(), Value::Text(answer.finish.clone()))]);
    if let Some(reasoning) = &answer.reasoning {
        fields.insert("reasoning".to_owned(), Value::Text(reasoning.clone()));
    }
    if !answer.tool_calls.is_empty() {
        let call = |call: &ToolCall| {
            let parts = [("id", &call.id), ("name", &call.name), ("arguments", &call.arguments)];
            let parts = parts.map(|(name, text)| (name.to_owned(), Value::Text(text.clone())));
            Value::Map(Fields::from(parts))
        };
        fields.insert("tool_calls".to_owned(), Value::List(answer.tool_calls.iter().map(call).collect()));
    }
    if !answer.logprobs.is_empty() {
        let token = |token: &TokenLogprob| {
            Value::List(vec![Value::Text(token.token.clone()), Value::Int(token.micro_logprob)])
        };
        fields.insert("logprobs".to_owned(), Value::List(answer.logprobs.iter().map(token).collect()));
    }
    fields
}

fn shown_message(message: &ChatMessage) -> Json {
    let parts = message.parts.iter().map(|part| match part {
        Part::Text(text) => text.clone(),
        Part::Image(image) => format!("[{} {}]", image.media_type, image.url),
    });
    json!({ "role": message.role, "content": parts.collect::<Vec<_>>().join("\n") })
}
