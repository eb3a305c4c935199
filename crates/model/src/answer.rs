use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What a model said, and all that is known of how.
///
/// Plain data without a float, so that it can be kept in any encoding and compared.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    /// What it said; JSON that fits the request's schema, if there was one.
    pub text: String,
    /// What it thought aloud before, where the endpoint shows that.
    pub reasoning: Option<String>,
    /// What it calls.
    pub tool_calls: Vec<ToolCall>,
    /// Which model it says it is.
    pub model: String,
    /// Which make of its endpoint it says it is.
    pub system_fingerprint: Option<String>,
    /// Why it ended: `stop` or `tool_calls`, as a rule.
    pub finish: String,
    /// The tokens of all exchanges.
    pub usage: Usage,
    /// What all exchanges cost, in millionths of a USD.
    pub micro_usd: u64,
    /// How likely each token of the text was, if that was asked for.
    pub logprobs: Vec<TokenLogprob>,
    /// What went out and came back, as it was: the last is the answer, those before it did not fit the schema.
    pub exchanges: Vec<Exchange>,
}

/// The raw bodies of one question. An image that was read here stands in it by its digest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exchange {
    /// What went out.
    pub request: String,
    /// What came back.
    pub answer: String,
}

/// Tokens, as the endpoint counts them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Usage {
    /// Sent.
    pub input: u64,
    /// Come back, thoughts included.
    pub output: u64,
    /// Of those sent: which the endpoint had cached.
    pub cached: u64,
    /// Of those come back: which are thoughts.
    pub reasoning: u64,
}

/// A call that a model makes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ToolCall {
    /// By which its answer is known.
    pub id: String,
    /// The tool.
    pub name: String,
    /// Its arguments, as the model wrote them: JSON, if the model keeps its word.
    pub arguments: String,
}

/// How likely a token was.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokenLogprob {
    /// The token.
    pub token: String,
    /// The natural logarithm of its probability, in millionths.
    pub micro_logprob: i64,
    /// The likeliest at its place, with theirs, as many as were asked for.
    pub top: Vec<(String, i64)>,
}

impl Answer {
    /// Returns the answer as JSON, if it is JSON: always, where the request had a schema.
    pub fn json(&self) -> Option<Value> {
        serde_json::from_str(&self.text).ok()
    }
}

impl Usage {
    /// Adds the tokens of another call.
    pub fn add(&mut self, other: &Usage) {
        self.input = self.input.saturating_add(other.input);
        self.output = self.output.saturating_add(other.output);
        self.cached = self.cached.saturating_add(other.cached);
        self.reasoning = self.reasoning.saturating_add(other.reasoning);
    }
}
