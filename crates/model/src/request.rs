use rifflebox_core::{Error, ErrorKind, Key, Message, Result};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::answer::ToolCall;
use crate::image::Image;
use crate::schema::AnswerSchema;

/// One question to a model: a dialogue that it continues.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ChatRequest {
    /// The dialogue so far.
    pub messages: Vec<ChatMessage>,
    /// What the answer has to be, if it has to be JSON.
    pub schema: Option<AnswerSchema>,
    /// What the model may call.
    pub tools: Vec<Tool>,
    /// Whether it calls: `auto`, `none`, `required`, or the name of the tool that it has to call.
    pub tool_choice: Option<String>,
    /// How many likeliest tokens are told of at each place, beside the chosen one; none asks for no logprobs at all.
    pub logprobs: Option<u8>,
    /// How the answer is sampled, where that is not as the model's settings say.
    pub sampling: Sampling,
}

/// One turn of a dialogue.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChatMessage {
    /// Who speaks.
    pub role: Role,
    /// What is said and shown.
    pub parts: Vec<Part>,
    /// What an assistant called.
    pub tool_calls: Vec<ToolCall>,
    /// Which call a tool answers.
    pub tool_call_id: Option<String>,
}

/// Who speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Who sets the rules.
    System,
    /// Who asks.
    User,
    /// The model.
    Assistant,
    /// What the model called.
    Tool,
}

/// A piece of a message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Part {
    /// Words.
    Text(String),
    /// A picture, by reference.
    Image(Image),
}

/// Something that a model may call.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Tool {
    /// Its name.
    pub name: String,
    /// What it does.
    pub description: String,
    /// The JSON schema of its arguments.
    pub parameters: Value,
}

/// How an answer is sampled; what is not given is the model's or the endpoint's to choose.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Sampling {
    /// How random it is.
    pub temperature: Option<f64>,
    /// From which share of the likeliest tokens it is chosen.
    pub top_p: Option<f64>,
    /// How long it may be, in tokens.
    pub max_tokens: Option<u64>,
    /// Where randomness starts.
    pub seed: Option<i64>,
    /// Texts at which it ends.
    pub stop: Vec<String>,
}

impl ChatRequest {
    /// Makes a request of one user's turn.
    pub fn user(text: impl Into<String>) -> Self {
        ChatRequest { messages: vec![ChatMessage::user(text)], ..Self::default() }
    }

    /// Puts rules before the dialogue.
    #[must_use]
    pub fn system(mut self, text: impl Into<String>) -> Self {
        self.messages.insert(0, ChatMessage::new(Role::System, text));
        self
    }

    /// Asks for JSON that fits a schema.
    #[must_use]
    pub fn schema(mut self, schema: AnswerSchema) -> Self {
        self.schema = Some(schema);
        self
    }

    /// Asks for another answer than other seeds give.
    #[must_use]
    pub fn seed(mut self, seed: i64) -> Self {
        self.sampling.seed = Some(seed);
        self
    }

    /// Returns all that the answer depends on, but for the model; an image stands for itself by its digest.
    pub fn meaning(&self) -> Value {
        let messages: Vec<Value> = self.messages.iter().map(ChatMessage::meaning).collect();
        let tools: Vec<Value> = self.tools.iter().map(Tool::meaning).collect();
        json!({
            "messages": messages,
            "schema": self.schema.as_ref().map(|schema| json!([schema.name(), schema.value()])),
            "tools": tools,
            "tool_choice": self.tool_choice,
            "logprobs": self.logprobs,
            "sampling": self.sampling,
        })
    }

    /// Says what is wrong with the request, if anything is.
    ///
    /// # Errors
    /// [`ErrorKind::Usage`] for an empty dialogue, a sampling or a choice of a tool that cannot be.
    pub fn check(&self) -> Result<()> {
        if self.messages.is_empty() {
            return usage("a request has at least one message".to_owned());
        }
        if let Some(choice) = self.tool_choice.as_deref()
            && !["auto", "none", "required"].contains(&choice)
            && !self.tools.iter().any(|tool| tool.name == choice)
        {
            return usage(format!("no tool is called `{choice}`"));
        }
        self.sampling.check()
    }
}

impl ChatMessage {
    /// Makes a turn of words.
    pub fn new(role: Role, text: impl Into<String>) -> Self {
        ChatMessage { role, parts: vec![Part::Text(text.into())], tool_calls: Vec::new(), tool_call_id: None }
    }

    /// Makes a user's turn.
    pub fn user(text: impl Into<String>) -> Self {
        Self::new(Role::User, text)
    }

    /// Makes a model's turn.
    pub fn assistant(text: impl Into<String>) -> Self {
        Self::new(Role::Assistant, text)
    }

    /// Makes what a tool answered to a call.
    pub fn tool(call: &ToolCall, text: impl Into<String>) -> Self {
        ChatMessage { tool_call_id: Some(call.id.clone()), ..Self::new(Role::Tool, text) }
    }

    /// Shows a picture with it.
    #[must_use]
    pub fn image(mut self, image: Image) -> Self {
        self.parts.push(Part::Image(image));
        self
    }

    fn meaning(&self) -> Value {
        let parts: Vec<Value> = self.parts.iter().map(Part::meaning).collect();
        json!([self.role, parts, self.tool_calls, self.tool_call_id])
    }
}

impl TryFrom<&Message> for ChatMessage {
    type Error = Error;

    /// Takes a turn of a sample.
    fn try_from(message: &Message) -> Result<Self> {
        match serde_json::from_value(json!(message.role)) {
            Ok(role) => Ok(Self::new(role, message.content.clone())),
            Err(_) => usage(format!("nobody speaks as {:?}", message.role)),
        }
    }
}

impl Part {
    fn meaning(&self) -> Value {
        match self {
            Part::Text(text) => json!(["text", text]),
            Part::Image(image) => json!(["image", image.digest, image.media_type]),
        }
    }

    /// Returns the words, if it is words.
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Part::Text(text) => Some(text),
            Part::Image(_) => None,
        }
    }
}

impl Tool {
    fn meaning(&self) -> Value {
        json!([self.name, self.description, self.parameters])
    }
}

impl Sampling {
    /// Says what is wrong with it, if anything is.
    pub(crate) fn check(&self) -> Result<()> {
        for (key, value, most) in [("temperature", self.temperature, 10.0), ("top_p", self.top_p, 1.0)] {
            if value.is_some_and(|value| !(0.0..=most).contains(&value)) {
                return usage(format!("`{key}` lies between 0 and {most}"));
            }
        }
        match self.max_tokens {
            Some(0) => usage("`max_tokens` is at least 1".to_owned()),
            _ => Ok(()),
        }
    }

    /// Returns it with what it does not say taken from elsewhere.
    pub(crate) fn or(&self, defaults: &Sampling) -> Sampling {
        Sampling {
            temperature: self.temperature.or(defaults.temperature),
            top_p: self.top_p.or(defaults.top_p),
            max_tokens: self.max_tokens.or(defaults.max_tokens),
            seed: self.seed.or(defaults.seed),
            stop: if self.stop.is_empty() { defaults.stop.clone() } else { self.stop.clone() },
        }
    }
}

/// Returns the digest of a request to a model, given all that the answer depends on.
pub(crate) fn fingerprint(kind: &str, model: Value, request: Value) -> Key {
    /// Of how requests are written; another one asks everything anew.
    const VERSION: &str = "1";
    let settings = json!({ "model": model, "request": request });
    rifflebox_core::Identity::new(kind, VERSION).with_settings(&settings).fingerprint()
}

fn usage<T>(message: String) -> Result<T> {
    Err(Error::new(ErrorKind::Usage, message))
}
