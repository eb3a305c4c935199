//! How requests and answers are written in OpenAI's protocol.

use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::answer::{Exchange, TokenLogprob, ToolCall, Usage};
use crate::image::Image;
use crate::request::{ChatMessage, ChatRequest, Part, Role, Tool};
use crate::settings::{ModelSettings, SchemaMode};
use crate::trouble::{Trouble, excerpt};

/// Writes the body of a chat request; `see` says by which URL an image is seen.
pub(crate) fn chat_body(
    settings: &ModelSettings,
    request: &ChatRequest,
    see: &dyn Fn(&Image) -> String,
) -> Map<String, Value> {
    let mut messages: Vec<Value> = request.messages.iter().map(|message| message_of(message, see)).collect();
    let mut body = Map::new();
    body.insert("model".to_owned(), json!(settings.model));
    if let Some(schema) = &request.schema {
        match settings.schema {
            SchemaMode::Format => {
                let named = json!({ "name": schema.name(), "strict": true, "schema": schema.value() });
                let format = json!({ "type": "json_schema", "json_schema": named });
                body.insert("response_format".to_owned(), format);
            }
            SchemaMode::Prompt => {
                let text =
                    format!("Answer with JSON that fits this schema, and nothing else: {}", schema.value());
                messages.push(message_of(&ChatMessage::new(Role::System, text), see));
            }
        }
    }
    body.insert("messages".to_owned(), Value::Array(messages));
    if !request.tools.is_empty() {
        body.insert("tools".to_owned(), request.tools.iter().map(tool_of).collect());
        if let Some(choice) = &request.tool_choice {
            let choice = match choice.as_str() {
                "auto" | "none" | "required" => json!(choice),
                name => json!({ "type": "function", "function": { "name": name } }),
            };
            body.insert("tool_choice".to_owned(), choice);
        }
    }
    if let Some(top) = request.logprobs {
        body.insert("logprobs".to_owned(), json!(true));
        body.insert("top_logprobs".to_owned(), json!(top));
    }
    let sampling = request.sampling.or(&settings.defaults());
    let fields = [
        ("temperature", sampling.temperature.map(Value::from)),
        ("top_p", sampling.top_p.map(Value::from)),
        ("max_tokens", sampling.max_tokens.map(Value::from)),
        ("seed", sampling.seed.map(Value::from)),
        ("stop", (!sampling.stop.is_empty()).then(|| json!(sampling.stop))),
    ];
    body.extend(fields.into_iter().filter_map(|(key, value)| Some((key.to_owned(), value?))));
    body.extend(settings.extra.clone());
    body
}

fn message_of(message: &ChatMessage, see: &dyn Fn(&Image) -> String) -> Value {
    let mut fields = Map::new();
    fields.insert("role".to_owned(), json!(message.role));
    let content = match message.parts.as_slice() {
        [Part::Text(text)] => json!(text),
        // One that only calls says nothing.
        [] => Value::Null,
        parts => parts.iter().map(|part| part_of(part, see)).collect(),
    };
    fields.insert("content".to_owned(), content);
    if !message.tool_calls.is_empty() {
        let calls = message.tool_calls.iter().map(|call| {
            let function = json!({ "name": call.name, "arguments": call.arguments });
            json!({ "id": call.id, "type": "function", "function": function })
        });
        fields.insert("tool_calls".to_owned(), calls.collect());
    }
    if let Some(id) = &message.tool_call_id {
        fields.insert("tool_call_id".to_owned(), json!(id));
    }
    Value::Object(fields)
}

/// Writes a message that shows nothing.
pub(crate) fn words(message: &ChatMessage) -> Value {
    message_of(message, &|image| image.url.clone())
}

fn part_of(part: &Part, see: &dyn Fn(&Image) -> String) -> Value {
    match part {
        Part::Text(text) => json!({ "type": "text", "text": text }),
        Part::Image(image) => json!({ "type": "image_url", "image_url": { "url": see(image) } }),
    }
}

fn tool_of(tool: &Tool) -> Value {
    let function =
        json!({ "name": tool.name, "description": tool.description, "parameters": tool.parameters });
    json!({ "type": "function", "function": function })
}

/// What a model said in one exchange.
#[derive(Clone, Debug, Default)]
pub(crate) struct Said {
    pub(crate) text: String,
    pub(crate) refusal: Option<String>,
    pub(crate) reasoning: Option<String>,
    pub(crate) tool_calls: Vec<ToolCall>,
    pub(crate) logprobs: Vec<TokenLogprob>,
    pub(crate) finish: String,
    pub(crate) model: String,
    pub(crate) system_fingerprint: Option<String>,
    pub(crate) usage: Usage,
}

#[derive(Deserialize)]
struct ChatBody {
    choices: Vec<ChoiceBody>,
    #[serde(default)]
    model: Option<String>,
    #[serde(default)]
    system_fingerprint: Option<String>,
    #[serde(default)]
    usage: Option<UsageBody>,
}

#[derive(Deserialize)]
struct ChoiceBody {
    message: MessageBody,
    #[serde(default)]
    finish_reason: Option<String>,
    #[serde(default)]
    logprobs: Option<LogprobsBody>,
}

#[derive(Deserialize)]
struct MessageBody {
    #[serde(default)]
    content: Option<String>,
    #[serde(default)]
    refusal: Option<String>,
    #[serde(default, alias = "reasoning")]
    reasoning_content: Option<String>,
    #[serde(default)]
    tool_calls: Option<Vec<CallBody>>,
}

#[derive(Deserialize)]
struct CallBody {
    #[serde(default)]
    id: Option<String>,
    function: FunctionBody,
}

#[derive(Deserialize)]
struct FunctionBody {
    name: String,
    #[serde(default)]
    arguments: Option<String>,
}

#[derive(Deserialize)]
struct LogprobsBody {
    #[serde(default)]
    content: Option<Vec<LogprobBody>>,
}

#[derive(Deserialize)]
struct LogprobBody {
    token: String,
    logprob: f64,
    #[serde(default)]
    top_logprobs: Vec<LogprobBody>,
}

#[derive(Default, Deserialize)]
pub(crate) struct UsageBody {
    #[serde(default)]
    prompt_tokens: u64,
    #[serde(default)]
    completion_tokens: u64,
    #[serde(default)]
    prompt_tokens_details: Option<InputBody>,
    #[serde(default)]
    completion_tokens_details: Option<OutputBody>,
}

#[derive(Deserialize)]
struct InputBody {
    #[serde(default)]
    cached_tokens: Option<u64>,
}

#[derive(Deserialize)]
struct OutputBody {
    #[serde(default)]
    reasoning_tokens: Option<u64>,
}

impl UsageBody {
    pub(crate) fn usage(&self) -> Usage {
        Usage {
            input: self.prompt_tokens,
            output: self.completion_tokens,
            cached: self
                .prompt_tokens_details
                .as_ref()
                .and_then(|input| input.cached_tokens)
                .unwrap_or_default(),
            reasoning: self
                .completion_tokens_details
                .as_ref()
                .and_then(|output| output.reasoning_tokens)
                .unwrap_or_default(),
        }
    }
}

/// Reads an answer's body; what is no answer may come right by being asked again.
pub(crate) fn read_chat(text: &str) -> Result<Said, Trouble> {
    let body: ChatBody = read(text)?;
    let Some(choice) = body.choices.into_iter().next() else {
        return Err(Trouble::Passing("the answer holds no choice".to_owned()));
    };
    let calls = choice.message.tool_calls.unwrap_or_default().into_iter();
    let (thought, text) = without_thoughts(choice.message.content.unwrap_or_default());
    Ok(Said {
        text,
        refusal: choice.message.refusal.filter(|refusal| !refusal.is_empty()),
        reasoning: choice.message.reasoning_content.or(thought).filter(|reasoning| !reasoning.is_empty()),
        tool_calls: calls
            .map(|call| ToolCall {
                id: call.id.unwrap_or_default(),
                name: call.function.name,
                arguments: call.function.arguments.unwrap_or_default(),
            })
            .collect(),
        logprobs: choice
            .logprobs
            .and_then(|logprobs| logprobs.content)
            .unwrap_or_default()
            .into_iter()
            .map(logprob)
            .collect(),
        finish: choice.finish_reason.unwrap_or_default(),
        model: body.model.unwrap_or_default(),
        system_fingerprint: body.system_fingerprint,
        usage: body.usage.unwrap_or_default().usage(),
    })
}

/// Parts what a model thought aloud from what it says, where the endpoint does not: in `<think>` before the answer.
fn without_thoughts(text: String) -> (Option<String>, String) {
    let parted = text.trim_start().strip_prefix("<think>").and_then(|rest| rest.split_once("</think>"));
    match parted.map(|(thought, said)| (thought.trim().to_owned(), said.trim_start().to_owned())) {
        Some((thought, said)) => (Some(thought), said),
        None => (None, text),
    }
}

/// Reads a body of JSON, or the error that came in its place.
pub(crate) fn read<T: serde::de::DeserializeOwned>(text: &str) -> Result<T, Trouble> {
    serde_json::from_str(text).map_err(|error| {
        let json: Value = serde_json::from_str(text).unwrap_or_default();
        match json.get("error").filter(|error| !error.is_null()) {
            // The key is out of the body already.
            Some(error) => Trouble::in_answer(error, text.as_bytes(), None),
            None => {
                let beginning = excerpt(text, 80);
                Trouble::Passing(format!("the endpoint's answer is none: {error}: {beginning:?}"))
            }
        }
    })
}

fn logprob(body: LogprobBody) -> TokenLogprob {
    let micro = |logprob: f64| (logprob * 1e6).round() as i64;
    let top = body.top_logprobs.into_iter().map(|top| (top.token, micro(top.logprob))).collect();
    TokenLogprob { token: body.token, micro_logprob: micro(body.logprob), top }
}

/// Makes an exchange of two bodies.
pub(crate) fn exchange(request: &Map<String, Value>, answer: String) -> Exchange {
    Exchange { request: written(request), answer }
}

/// Writes a body.
pub(crate) fn written(body: &Map<String, Value>) -> String {
    serde_json::to_string(body).expect("JSON is written into memory")
}
