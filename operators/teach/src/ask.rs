use std::path::Path;

use rifflebox_core::{Content, Document, Draft, Error, ErrorKind, Heard, Inquiring, Inquiry, Next, Result};
use rifflebox_model::{AnswerSchema, ChatRequest, Models};
use rifflebox_template::{Template, Values};
use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};

use crate::cast::{Cast, Part, question, reply, step, words};
use crate::draft::{by, completion, last_turn, those_that_came, written};
use crate::prompt::Prompt;
use crate::usage;

/// Asks a model with a prompt of the user's own, and makes samples of what it says.
///
/// The answer is a `text`, or the `completion` of a prompt: of what the user's last turn says, filled in, or of what
/// `question` makes. Or it fits a JSON schema of the user's, whose field `samples` lists samples: each an object with
/// `text`; `prompt` and `completion`; `messages`, a list of `{role, content}`; or `prompt`, `chosen` and `rejected`; and,
/// if it likes, `context` and an object of `fields`. An answer with a sample that is none makes none at all.
///
/// Several `attempts` are asked with a seed each, and more of them ask nothing again; they differ as far as the model's
/// temperature lets them. A document has failed where each of its attempts has.
pub struct Ask {
    about: Inquiring,
    seeds: Vec<Option<i64>>,
    prompt: Prompt,
    form: Form,
}

/// Settings of [`Ask`].
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct AskSettings {
    /// The model that is asked.
    pub model: String,
    /// The file with the prompt; it may name `text` and the document's fields.
    pub prompt: String,
    /// What the answer is: `text` or `completion`; the latter if neither this nor `schema` is given.
    #[serde(default)]
    pub kind: Option<AskKind>,
    /// A file with a JSON schema that the answer has to fit; its field `samples` lists samples.
    #[serde(default)]
    pub schema: Option<String>,
    /// Of a completion, a template of its prompt, over `text` and the document's fields.
    #[serde(default)]
    pub question: Option<String>,
    /// How often each document is asked about, each time with another seed.
    #[serde(default = "one")]
    pub attempts: usize,
}

/// What an answer is as it stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum AskKind {
    /// A text.
    Text,
    /// The completion of a prompt.
    #[default]
    Completion,
}

fn one() -> usize {
    1
}

/// How answers are read.
enum Form {
    Text,
    LastTurn,
    Question(Box<Template>),
    Samples(AnswerSchema),
}

#[derive(Deserialize)]
struct Listed {
    samples: Vec<Json>,
}

impl Ask {
    /// The name that flow files use.
    pub const NAME: &'static str = "ask";
    const VERSION: &'static str = "1";

    /// Makes the generator; `prompt` and `schema` are relative to `base_dir`.
    ///
    /// # Errors
    /// [`rifflebox_core::ErrorKind::Usage`], naming the setting that is wrong.
    pub fn new(settings: AskSettings, models: &Models, base_dir: &Path) -> Result<Self> {
        if !(1..=100).contains(&settings.attempts) {
            return usage("`attempts` lies between 1 and 100");
        }
        let prompt = Prompt::at("prompt", Some(&settings.prompt), base_dir, "")?;
        let form = match (&settings.schema, settings.kind, &settings.question) {
            (Some(_), Some(_), _) => return usage("`kind` and `schema` are both given: one says what it is"),
            (Some(_), _, Some(_)) => {
                return usage("`question` is of completions: leave it out beside `schema`");
            }
            (Some(path), None, None) => Form::Samples(samples_of(path, base_dir)?),
            (None, Some(AskKind::Text), Some(_)) => {
                return usage("`question` is of completions, not of a text");
            }
            (None, Some(AskKind::Text), None) => Form::Text,
            (None, _, None) => Form::LastTurn,
            (None, _, Some(text)) => Form::Question(Box::new(Template::new("question", text)?)),
        };
        let schema = match &form {
            Form::Samples(schema) => Some(schema.value()),
            _ => None,
        };
        let AskSettings { kind, question, attempts, .. } = &settings;
        let kind = kind.unwrap_or_default();
        let meaning = json!({ "kind": kind, "schema": schema, "question": question, "attempts": attempts });
        let cast = Cast::new(models, [settings.model.as_str()])?;
        let (name, version) = (Self::NAME, Self::VERSION);
        let part = Part { name, version, settings: &meaning, cast: &cast, prompts: &[&prompt], rounds: 1 };
        let seeds = (0..settings.attempts).map(|attempt| cast.seed(0, attempt)).collect();
        // A table's rows may say all in their columns.
        let about = Inquiring { needs_text: prompt.names("text"), ..part.teaching() };
        Ok(Ask { about, seeds, prompt, form })
    }

    fn ask(&self, values: &Values) -> Result<ChatRequest, String> {
        let request = self.prompt.fill(values)?;
        Ok(match &self.form {
            Form::Samples(schema) => request.schema(schema.clone()),
            _ => request,
        })
    }

    fn drafts(&self, values: &Values, heard: &Heard) -> Result<Vec<Draft>, String> {
        let question = match &self.form {
            Form::Samples(_) => return listed(heard),
            Form::Text => {
                let (reply, text) = words(heard)?;
                return Ok(vec![by(reply, Content::Text { text: text.to_owned() })]);
            }
            Form::Question(template) => template.fill(values)?,
            Form::LastTurn => last_turn(&self.prompt.fill(values)?),
        };
        let (reply, text) = words(heard)?;
        Ok(vec![by(reply, completion(question, text))])
    }
}

/// Reads the samples of an answer that lists them.
fn listed(heard: &Heard) -> Result<Vec<Draft>, String> {
    let reply = reply(heard)?;
    let Listed { samples } = serde_json::from_str(&reply.text).map_err(|error| error.to_string())?;
    let draft = |(index, json): (usize, Json)| {
        written(reply, json).map_err(|why| format!("sample {} of the answer is none: {why}", index + 1))
    };
    samples.into_iter().enumerate().map(draft).collect()
}

/// Reads the user's schema.
fn samples_of(path: &str, base_dir: &Path) -> Result<AnswerSchema> {
    let usage_of = |why: String| Error::new(ErrorKind::Usage, format!("`schema` names {path}, {why}"));
    let text = std::fs::read_to_string(base_dir.join(path))
        .map_err(|error| usage_of("which cannot be read".to_owned()).with_source(error))?;
    let schema: Json =
        serde_json::from_str(&text).map_err(|error| usage_of(format!("which is no JSON: {error}")))?;
    let required = schema["required"].as_array().is_some_and(|names| names.contains(&json!("samples")));
    if !required || schema["properties"]["samples"]["type"] != "array" {
        return Err(usage_of("which does not require a list `samples`".to_owned()));
    }
    AnswerSchema::new("samples", schema)
        .map_err(|error| usage_of(format!("which does not do: {}", error.chain())))
}

impl Inquiry<Document, Vec<Draft>> for Ask {
    fn describe(&self) -> Inquiring {
        self.about.clone()
    }

    fn next(&self, document: &Document, heard: &[Vec<Heard>]) -> Next<Vec<Draft>> {
        let values = Values::of_document(document);
        step(match heard {
            [] => self.ask(&values).map(|request| {
                let seeded = |seed: &Option<i64>| {
                    let mut request = request.clone();
                    request.sampling.seed = *seed;
                    question(0, request)
                };
                Next::Ask(self.seeds.iter().map(seeded).collect())
            }),
            [first, ..] => {
                let made = first.iter().map(|heard| self.drafts(&values, heard));
                let each = made.flat_map(|made| match made {
                    Ok(drafts) => drafts.into_iter().map(Ok).collect(),
                    Err(reason) => vec![Err(reason)],
                });
                those_that_came(each.collect())
            }
        })
    }
}

#[cfg(test)]
mod tests;
