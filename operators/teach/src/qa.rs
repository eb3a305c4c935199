use std::path::Path;

use rifflebox_core::{Content, Document, Draft, Heard, Inquiring, Inquiry, Next, Result};
use rifflebox_model::{AnswerSchema, Models};
use rifflebox_template::Values;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::cast::{Cast, Part, ask, object, read, schema};
use crate::draft::by;
use crate::prompt::Prompt;
use crate::usage;

/// Questions and answers of documents: facts first, then a question of each.
///
/// A model that is asked for questions at once asks of what stands at the top, and of what it knew before; asked for
/// self-contained facts first (propositions, as in Dense X Retrieval, arXiv:2312.06648), it covers the document and stays
/// with it. What is not supported is a verifier's to refuse: put `supported`, [`Support`](crate::Support) or a
/// [`Consensus`](crate::Consensus) behind it.
///
/// A sample is a prompt and its completion, with the document's text as context if `context` is set, and the fact as a
/// field.
pub struct Qa {
    settings: QaSettings,
    cast: Cast,
    facts: Prompt,
    questions: Prompt,
    schemas: (AnswerSchema, AnswerSchema),
}

/// Settings of [`Qa`].
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct QaSettings {
    /// The model that is asked.
    pub model: String,
    /// A file with another prompt for the questions; it may name `facts`, `text` and the document's fields.
    #[serde(default)]
    pub prompt: Option<String>,
    /// Facts, and so questions, of each document, at most.
    #[serde(default = "default_facts")]
    pub facts: usize,
    /// Whether each sample carries the document's text as its context.
    #[serde(default)]
    pub context: bool,
}

fn default_facts() -> usize {
    5
}

#[derive(Deserialize)]
struct Facts {
    facts: Vec<String>,
}

#[derive(Deserialize)]
struct Questions {
    questions: Vec<Asked>,
}

#[derive(Deserialize)]
struct Asked {
    fact: usize,
    question: String,
    answer: String,
}

impl Qa {
    /// The name that flow files use.
    pub const NAME: &'static str = "qa";
    const VERSION: &'static str = "1";

    /// Makes the generator; `prompt` is relative to `base_dir`.
    ///
    /// # Errors
    /// [`rifflebox_core::ErrorKind::Usage`], naming the setting that is wrong.
    pub fn new(settings: QaSettings, models: &Models, base_dir: &Path) -> Result<Self> {
        if !(1..=50).contains(&settings.facts) {
            return usage("`facts` lies between 1 and 50");
        }
        let text = json!({ "type": "string", "minLength": 1 });
        let facts = json!({ "type": "array", "items": text, "maxItems": settings.facts });
        let one = object(&[
            ("fact", json!({ "type": "integer", "minimum": 1 })),
            ("question", text.clone()),
            ("answer", text),
        ]);
        let questions = json!({ "type": "array", "items": one });
        Ok(Qa {
            cast: Cast::new(models, [settings.model.as_str()])?,
            facts: Prompt::new("facts", include_str!("../prompts/facts.j2"))?,
            questions: Prompt::at(
                "prompt",
                settings.prompt.as_deref(),
                base_dir,
                include_str!("../prompts/questions.j2"),
            )?,
            schemas: (
                schema("facts", object(&[("facts", facts)])),
                schema("questions", object(&[("questions", questions)])),
            ),
            settings,
        })
    }

    fn drafts(&self, document: &Document, heard: &[Vec<Heard>]) -> Result<Vec<Draft>, String> {
        let facts: Facts = read(heard[0][0].as_ref().map_err(Clone::clone)?)?;
        let reply = heard[1][0].as_ref().map_err(Clone::clone)?;
        let asked: Questions = read(reply)?;
        let drafts = asked.questions.into_iter().filter_map(|asked| {
            // A question of no fact of the list is of nothing that the document was found to say.
            let fact = facts.facts.get(asked.fact.checked_sub(1)?)?;
            let content = Content::Completion { prompt: asked.question, completion: asked.answer };
            let mut draft =
                Draft { context: self.settings.context.then(|| document.text.clone()), ..by(reply, content) };
            draft.fields.insert("fact".to_owned(), fact.as_str().into());
            Some(draft)
        });
        Ok(drafts.collect())
    }
}

impl Inquiry<Document, Vec<Draft>> for Qa {
    fn describe(&self) -> Inquiring {
        let (name, version) = (Self::NAME, Self::VERSION);
        let prompts = &[&self.facts, &self.questions];
        Part { name, version, settings: &self.settings, cast: &self.cast, prompts, rounds: 2 }.teaching()
    }

    fn next(&self, document: &Document, heard: &[Vec<Heard>]) -> Next<Vec<Draft>> {
        let values = Values::of_document(document);
        let asked = match heard {
            [] => {
                let values = values.with("facts", self.settings.facts);
                ask(0, &self.facts, &values, Some(&self.schemas.0)).map(|question| Next::Ask(vec![question]))
            }
            [first] => first[0].as_ref().map_err(Clone::clone).and_then(|reply| {
                let Facts { facts } = read(reply)?;
                if facts.is_empty() {
                    return Ok(Next::Say(Vec::new()));
                }
                let values = values.with("facts", facts);
                let question = ask(0, &self.questions, &values, Some(&self.schemas.1))?;
                Ok(Next::Ask(vec![question]))
            }),
            _ => self.drafts(document, heard).map(Next::Say),
        };
        asked.unwrap_or_else(Next::Fail)
    }
}
