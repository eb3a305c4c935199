use std::path::Path;

use rifflebox_core::{Document, Draft, Heard, Inquiring, Inquiry, Next, Result};
use rifflebox_model::Models;
use rifflebox_template::Values;
use serde::{Deserialize, Serialize};

use crate::cast::{Cast, Part, reply, step, text};
use crate::draft::{by, completion};
use crate::form::Form;
use crate::judged::plain;
use crate::prompt::Prompt;

/// Instruction back-translation: the document's own words are the answer, and a model writes the instruction to it.
///
/// So what is learnt to be said was written by people, and only the question is a model's (Self-Alignment with Instruction
/// Backtranslation, arXiv:2308.06259). That paper then keeps the pairs that a model grades well: put a
/// [`Rubric`](crate::Rubric) behind it, by a model of another family.
///
/// An instruction that holds the whole text, or a text that holds the whole instruction, asks for nothing, and the row has
/// failed.
pub struct Backtranslate {
    about: Inquiring,
    form: Form<Said>,
}

/// Settings of [`Backtranslate`].
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct BacktranslateSettings {
    /// The model that is asked.
    pub model: String,
    /// A file with another prompt; it may name `text` and the document's fields.
    #[serde(default)]
    pub prompt: Option<String>,
}

#[derive(Deserialize)]
struct Said {
    instruction: String,
}

impl Backtranslate {
    /// The name that flow files use.
    pub const NAME: &'static str = "backtranslate";
    const VERSION: &'static str = "1";

    /// Makes the generator; `prompt` is relative to `base_dir`.
    ///
    /// # Errors
    /// [`rifflebox_core::ErrorKind::Usage`], naming the setting that is wrong.
    pub fn new(settings: BacktranslateSettings, models: &Models, base_dir: &Path) -> Result<Self> {
        let own = include_str!("../prompts/backtranslate.j2");
        let prompt = Prompt::at("prompt", settings.prompt.as_deref(), base_dir, own)?;
        let form = Form::new("instruction", prompt, &[("instruction", text())]);
        let cast = Cast::new(models, [settings.model.as_str()])?;
        let (name, version, prompts) = (Self::NAME, Self::VERSION, &[form.prompt()]);
        let part = Part { name, version, settings: &settings, cast: &cast, prompts, rounds: 1 };
        Ok(Backtranslate { about: part.teaching(), form })
    }

    fn draft(&self, document: &Document, heard: &Heard) -> Result<Draft, String> {
        let Said { instruction } = self.form.read(heard)?;
        let (asked, told) = (plain(&instruction), plain(&document.text));
        if asked.is_empty() {
            return Err("the instruction is empty".to_owned());
        }
        if asked.contains(&told) || told.contains(&asked) {
            return Err(format!("the instruction says what the text says: {instruction}"));
        }
        Ok(by(reply(heard)?, completion(instruction.trim(), document.text.as_str())))
    }
}

impl Inquiry<Document, Vec<Draft>> for Backtranslate {
    fn describe(&self) -> Inquiring {
        self.about.clone()
    }

    fn next(&self, document: &Document, heard: &[Vec<Heard>]) -> Next<Vec<Draft>> {
        step(match heard {
            [] => self.form.ask(0, &Values::of_document(document)).map(|question| Next::Ask(vec![question])),
            [first, ..] => self.draft(document, &first[0]).map(|draft| Next::Say(vec![draft])),
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::tests::{House, document, opening, settings};

    fn said(instruction: &str, text: &str) -> Result<Vec<Draft>, String> {
        let said = json!({ "instruction": instruction }).to_string();
        let house = House::new(move |asked| {
            assert!(opening(asked).contains("<text>"), "the text is shown");
            asked.chat(&said)
        });
        let made = settings(json!({ "model": "a" }));
        house.said(&Backtranslate::new(made, &house.models, Path::new(".")).unwrap(), &document(text))
    }

    #[test]
    fn the_completion_is_the_documents_own_words() {
        let text = "Pan slowly.\n\nGold is heavy, and stays behind.";
        let drafts = said("Explain how to pan for gold.\n", text).unwrap();
        assert_eq!(drafts.len(), 1);
        assert_eq!(drafts[0].content, completion("Explain how to pan for gold.", text));
        assert_eq!(drafts[0].fields["said_by"], "model-a-scripted".into());
    }

    #[test]
    fn an_instruction_that_gives_the_text_away_fails() {
        let text = "Gold is heavy, and stays behind.";
        let reason = "the instruction says what the text says: Repeat: gold is  heavy, and stays behind.";
        assert_eq!(said("Repeat: gold is  heavy, and stays behind.", text), Err(reason.to_owned()));
        let part = "the instruction says what the text says: Gold is heavy";
        assert_eq!(said("Gold is heavy", text), Err(part.to_owned()));
        assert_eq!(said(" ", text), Err("the instruction is empty".to_owned()));
        let unfit = "the answer does not fit its schema after a repair: `/instruction` has 0 characters";
        assert!(said("", text).unwrap_err().starts_with(unfit));
    }
}
