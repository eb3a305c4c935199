use std::path::Path;
use std::sync::Arc;

use rifflebox_core::{Answering, AskedGenerator, Document, Draft, Failure, Identity, Limits, Result, Value};
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
                Draft::from_json(sample)
                    .map_err(|why| Failure::Final(format!("a sample of the program: {why}")))
            })
            .collect(),
    }
}

#[derive(Deserialize)]
struct Said {
    samples: Option<Vec<serde_json::Value>>,
    error: Option<String>,
    #[serde(default)]
    retry: bool,
}

#[cfg(test)]
mod tests;
