use std::path::Path;

use rifflebox_core::{Document, Draft, Heard, Inquiring, Inquiry, Next, Result};
use rifflebox_model::Models;
use rifflebox_template::Values;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::cast::{Cast, Part, object, reply, step, text};
use crate::draft::{completion, those_that_came, told, with_context};
use crate::form::Form;
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
/// field. A question of a fact that is not on the list makes no sample, and where none is left the row has failed.
pub struct Qa {
    settings: QaSettings,
    cast: Cast,
    facts: Form<Facts>,
    questions: Form<Questions>,
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
    const VERSION: &'static str = "2";

    /// Makes the generator; `prompt` is relative to `base_dir`.
    ///
    /// # Errors
    /// [`rifflebox_core::ErrorKind::Usage`], naming the setting that is wrong.
    pub fn new(settings: QaSettings, models: &Models, base_dir: &Path) -> Result<Self> {
        if !(1..=50).contains(&settings.facts) {
            return usage("`facts` lies between 1 and 50");
        }
        let facts = json!({ "type": "array", "items": text(), "maxItems": settings.facts });
        let one = object(&[
            ("fact", json!({ "type": "integer", "minimum": 1 })),
            ("question", text()),
            ("answer", text()),
        ]);
        let questions = json!({ "type": "array", "items": one });
        let of_facts = Prompt::new("facts", include_str!("../prompts/facts.j2"))?;
        let own = include_str!("../prompts/questions.j2");
        let of_questions = Prompt::at("prompt", settings.prompt.as_deref(), base_dir, own)?;
        Ok(Qa {
            cast: Cast::new(models, [settings.model.as_str()])?,
            facts: Form::new("facts", of_facts, &[("facts", facts)]),
            questions: Form::new("questions", of_questions, &[("questions", questions)]),
            settings,
        })
    }

    fn drafts(&self, document: &Document, heard: &[Vec<Heard>]) -> Result<Next<Vec<Draft>>, String> {
        let facts = self.facts.read(&heard[0][0])?;
        let (asked, reply) = (self.questions.read(&heard[1][0])?, reply(&heard[1][0])?);
        let drafts = asked.questions.into_iter().map(|asked| {
            // A question of no fact of the list is of nothing that the document was found to say.
            let fact = asked.fact.checked_sub(1).and_then(|at| facts.facts.get(at));
            let fact = fact.ok_or_else(|| {
                format!(
                    "a question is of fact {}, and there are {}: {}",
                    asked.fact,
                    facts.facts.len(),
                    asked.question
                )
            })?;
            let content = completion(asked.question, asked.answer);
            let draft = told(reply, content, [("fact", fact.as_str().into())]);
            Ok(with_context(draft, document, self.settings.context))
        });
        those_that_came(drafts.collect())
    }
}

impl Inquiry<Document, Vec<Draft>> for Qa {
    fn describe(&self) -> Inquiring {
        let (name, version) = (Self::NAME, Self::VERSION);
        let prompts = &[self.facts.prompt(), self.questions.prompt()];
        Part { name, version, settings: &self.settings, cast: &self.cast, prompts, rounds: 2 }.teaching()
    }

    fn next(&self, document: &Document, heard: &[Vec<Heard>]) -> Next<Vec<Draft>> {
        let values = Values::of_document(document);
        step(match heard {
            [] => {
                let values = values.with("facts", self.settings.facts);
                self.facts.ask(0, &values).map(|question| Next::Ask(vec![question]))
            }
            [first] => self.facts.read(&first[0]).and_then(|Facts { facts }| match facts.is_empty() {
                true => Ok(Next::Say(Vec::new())),
                false => {
                    let question = self.questions.ask(0, &values.with("facts", facts))?;
                    Ok(Next::Ask(vec![question]))
                }
            }),
            _ => self.drafts(document, heard),
        })
    }
}

#[cfg(test)]
mod tests;
