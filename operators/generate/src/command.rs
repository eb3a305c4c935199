use std::path::Path;
use std::sync::Arc;

use rifflebox_core::{
    Answering, AskedGenerator, Content, Document, Draft, Failure, Identity, Limits, Message, Result, Value,
};
use rifflebox_process::{Program, ProgramSettings};
use serde::Deserialize;
use serde_json::{Map, json};

/// Makes samples by a program of the user's own, in any language: JSON lines in and out.
///
/// A line in is `{"id", "text", "fields"}`; a line out is `{"id", "samples": […]}`, and each sample is one of
/// `{"text"}`, `{"prompt", "completion"}`, `{"messages"}` and `{"prompt", "chosen", "rejected"}`, with `context` and
/// `fields` if there are any; or `{"id", "error"}`, with `"retry": true` if it may pass. The program is shown what its
/// answer is kept by, and nothing else: a document that is renamed asks nothing again.
pub struct CommandGenerator {
    program: Arc<Program>,
}

impl CommandGenerator {
    /// The name that flow files use.
    pub const NAME: &'static str = "command";

    /// Makes the generator; the program runs in `base_dir`.
    ///
    /// # Errors
    /// [`rifflebox_core::ErrorKind::Usage`], naming the setting that is wrong.
    pub fn new(settings: ProgramSettings, base_dir: &Path) -> Result<Self> {
        Ok(CommandGenerator { program: Arc::new(rifflebox_sandbox::program(&settings, base_dir)?) })
    }
}

impl AskedGenerator for CommandGenerator {
    fn identity(&self) -> Identity {
        let mut identity = Identity::new(Self::NAME, self.program.version());
        identity.settings = self.program.meaning();
        identity.family = self.program.family().map(str::to_owned);
        identity
    }

    fn limits(&self) -> Limits {
        self.program.limits()
    }

    fn generate(&self, documents: Vec<Document>) -> Answering<Vec<Result<Vec<Draft>, Failure>>> {
        let program = self.program.clone();
        Box::pin(async move {
            let items = documents.iter().map(item).collect();
            program.ask(items).await.into_iter().map(|answer| read(answer?)).collect()
        })
    }
}

fn item(document: &Document) -> Map<String, serde_json::Value> {
    let fields = Value::Map(document.fields.clone()).to_json();
    Map::from_iter([("text".to_owned(), json!(document.text)), ("fields".to_owned(), fields)])
}

fn read(answer: Map<String, serde_json::Value>) -> Result<Vec<Draft>, Failure> {
    let said = serde_json::from_value(serde_json::Value::Object(answer));
    let said: Said =
        said.map_err(|error| Failure::Final(format!("the program's answer is none: {error}")))?;
    match (said.error, said.samples) {
        (Some(error), _) if said.retry => Err(Failure::Owed(error)),
        (Some(error), _) => Err(Failure::Final(error)),
        (None, None) => Err(Failure::Final("the program's answer has neither samples nor error".to_owned())),
        (None, Some(samples)) => samples
            .into_iter()
            .map(|sample| {
                sample.draft().map_err(|why| Failure::Final(format!("a sample of the program: {why}")))
            })
            .collect(),
    }
}

#[derive(Deserialize)]
struct Said {
    samples: Option<Vec<SaidSample>>,
    error: Option<String>,
    #[serde(default)]
    retry: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SaidSample {
    text: Option<String>,
    messages: Option<Vec<SaidMessage>>,
    prompt: Option<String>,
    completion: Option<String>,
    chosen: Option<String>,
    rejected: Option<String>,
    context: Option<String>,
    #[serde(default)]
    fields: Map<String, serde_json::Value>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SaidMessage {
    role: String,
    content: String,
}

impl SaidSample {
    fn draft(self) -> Result<Draft, String> {
        let content =
            match (self.text, self.messages, self.prompt, self.completion, self.chosen, self.rejected) {
                (Some(text), None, None, None, None, None) => Content::Text { text },
                (None, Some(messages), None, None, None, None) => {
                    Content::Messages { messages: turns(messages)? }
                }
                (None, None, Some(prompt), Some(completion), None, None) => {
                    Content::Completion { prompt, completion }
                }
                (None, None, Some(prompt), None, Some(chosen), Some(rejected)) => {
                    Content::Preference { prompt, chosen, rejected }
                }
                _ => {
                    let kinds = "text, or messages, or prompt and completion, or prompt, chosen and rejected";
                    return Err(format!("it has {kinds}, and no other of these"));
                }
            };
        let fields = self.fields.into_iter().map(|(name, value)| (name, Value::from(value))).collect();
        Ok(Draft { context: self.context, fields, ..Draft::new(content) })
    }
}

fn turns(messages: Vec<SaidMessage>) -> Result<Vec<Message>, String> {
    if messages.is_empty() {
        return Err("its messages are empty".to_owned());
    }
    let known = ["system", "user", "assistant", "tool"];
    match messages.iter().find(|message| !known.contains(&message.role.as_str())) {
        Some(message) => {
            Err(format!("there is no role {:?}: take one of {}", message.role, known.join(", ")))
        }
        None => {
            Ok(messages.into_iter().map(|said| Message { role: said.role, content: said.content }).collect())
        }
    }
}

#[cfg(test)]
mod tests;
