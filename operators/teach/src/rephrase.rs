use std::path::Path;

use rifflebox_core::{Content, Document, Draft, Heard, Inquiring, Inquiry, Next, Result};
use rifflebox_model::Models;
use rifflebox_template::Values;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::cast::{Cast, Part, ask, step, words};
use crate::draft::told;
use crate::judged::plain;
use crate::prompt::Prompt;
use crate::usage;

/// Rephrases documents in another style, to be learnt beside the originals (WRAP: Rephrasing the Web, arXiv:2401.16380).
///
/// What it makes is text, with its style as the field `style`. That paper rephrases some 300 tokens at a time, since models
/// leave out of long texts: put passages before it where documents are long, and
/// [`Faithfulness`](crate::Faithfulness) behind it. A text that comes back as it was has failed; so has one that is told as
/// a dialogue, or as questions and answers, and is none.
pub struct Rephrase {
    about: Inquiring,
    prompt: Prompt,
    style: Option<Style>,
}

/// Settings of [`Rephrase`]: a style, or a prompt of one's own.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct RephraseSettings {
    /// The model that is asked.
    pub model: String,
    /// `plain`, `encyclopedic`, `dialogue` or `question-answer`; plain, if no `prompt` is given.
    #[serde(default)]
    pub style: Option<Style>,
    /// A file with a prompt of one's own in its place; it may name `text` and the document's fields.
    #[serde(default)]
    pub prompt: Option<String>,
}

/// How a text is rephrased.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Style {
    /// In short sentences and common words.
    #[default]
    Plain,
    /// As an article of an encyclopedia.
    Encyclopedic,
    /// As a dialogue of two, `A:` and `B:`.
    Dialogue,
    /// As `Question:` and `Answer:`.
    QuestionAnswer,
}

impl Style {
    fn name(self) -> &'static str {
        match self {
            Style::Plain => "plain",
            Style::Encyclopedic => "encyclopedic",
            Style::Dialogue => "dialogue",
            Style::QuestionAnswer => "question-answer",
        }
    }

    /// Returns how the lines of both sides begin, where there are two.
    fn sides(self) -> Option<[&'static str; 2]> {
        match self {
            Style::Dialogue => Some(["A:", "B:"]),
            Style::QuestionAnswer => Some(["Question:", "Answer:"]),
            Style::Plain | Style::Encyclopedic => None,
        }
    }
}

impl Rephrase {
    /// The name that flow files use.
    pub const NAME: &'static str = "rephrase";
    const VERSION: &'static str = "1";

    /// Makes the generator; `prompt` is relative to `base_dir`.
    ///
    /// # Errors
    /// [`rifflebox_core::ErrorKind::Usage`], naming the setting that is wrong.
    pub fn new(settings: RephraseSettings, models: &Models, base_dir: &Path) -> Result<Self> {
        let style = match (&settings.prompt, settings.style) {
            (Some(_), Some(_)) => {
                return usage("`style` and `prompt` are both given: a prompt says its style itself");
            }
            (Some(_), None) => None,
            (None, style) => Some(style.unwrap_or_default()),
        };
        let own = include_str!("../prompts/rephrase.j2");
        let prompt = Prompt::at("prompt", settings.prompt.as_deref(), base_dir, own)?;
        let cast = Cast::new(models, [settings.model.as_str()])?;
        let (name, version, meaning) = (Self::NAME, Self::VERSION, json!({ "style": style }));
        let part = Part { name, version, settings: &meaning, cast: &cast, prompts: &[&prompt], rounds: 1 };
        Ok(Rephrase { about: part.teaching(), prompt, style })
    }

    fn draft(&self, document: &Document, heard: &Heard) -> Result<Draft, String> {
        let (reply, text) = words(heard)?;
        if plain(text) == plain(&document.text) {
            return Err("the text comes back as it was".to_owned());
        }
        for side in self.style.and_then(Style::sides).into_iter().flatten() {
            if !text.lines().any(|line| line.trim_start().starts_with(side)) {
                return Err(format!("no line of it begins with `{side}`"));
            }
        }
        let style = self.style.map_or("own", Style::name);
        Ok(told(reply, Content::Text { text: text.to_owned() }, [("style", style.into())]))
    }
}

impl Inquiry<Document, Vec<Draft>> for Rephrase {
    fn describe(&self) -> Inquiring {
        self.about.clone()
    }

    fn next(&self, document: &Document, heard: &[Vec<Heard>]) -> Next<Vec<Draft>> {
        step(match heard {
            [] => {
                let values = Values::of_document(document);
                let values = match self.style {
                    Some(style) => values.with("style", style.name()),
                    None => values,
                };
                ask(0, &self.prompt, &values).map(|question| Next::Ask(vec![question]))
            }
            [first, ..] => self.draft(document, &first[0]).map(|draft| Next::Say(vec![draft])),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::{House, document, settings};

    const TEXT: &str = "Gold is dense.";

    fn made(house: &House, further: serde_json::Value) -> Result<Vec<Draft>, String> {
        let mut given = json!({ "model": "a" });
        given.as_object_mut().unwrap().extend(further.as_object().unwrap().clone());
        house.said(&Rephrase::new(settings(given), &house.models, Path::new(".")).unwrap(), &document(TEXT))
    }

    #[test]
    fn a_text_is_told_in_the_style_that_is_asked_for() {
        let house = House::new(|asked| {
            asked.chat(match asked.prompt() {
                prompt if prompt.contains("for a reader of twelve") => "Gold is heavy for its size.\n",
                prompt if prompt.contains("article of an encyclopedia") => "Gold is a dense metal.",
                prompt if prompt.contains("dialogue between") => "A: Is gold light?\nB: No, it is dense.",
                _ => "Question: How dense is gold?\nAnswer: It is dense.",
            })
        });
        for (style, text) in [
            ("plain", "Gold is heavy for its size."),
            ("encyclopedic", "Gold is a dense metal."),
            ("dialogue", "A: Is gold light?\nB: No, it is dense."),
            ("question-answer", "Question: How dense is gold?\nAnswer: It is dense."),
        ] {
            let drafts = made(&house, json!({ "style": style })).unwrap();
            assert_eq!(drafts[0].content, Content::Text { text: text.to_owned() });
            assert_eq!(drafts[0].fields["style"], style.into());
        }
        assert_eq!(made(&house, json!({})).unwrap()[0].fields["style"], "plain".into());
    }

    #[test]
    fn a_text_that_is_not_rephrased_fails() {
        let echo = House::new(|asked| asked.chat("Gold  is dense.\n"));
        assert_eq!(made(&echo, json!({})), Err("the text comes back as it was".to_owned()));
        let prose = House::new(|asked| asked.chat("Question: Is it dense? It is."));
        assert_eq!(
            made(&prose, json!({ "style": "question-answer" })),
            Err("no line of it begins with `Answer:`".to_owned())
        );
        let silent = House::new(|asked| asked.chat("\n"));
        assert_eq!(made(&silent, json!({})), Err("model-a-scripted says nothing".to_owned()));
    }

    #[test]
    fn a_prompt_of_ones_own_takes_the_place_of_a_style() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("rhyme.j2"), "Make it rhyme: {{ text }}").unwrap();
        let house = House::new(|asked| asked.chat(&format!("{} So bold!", asked.prompt())));
        let own = json!({ "model": "a", "prompt": "rhyme.j2" });
        let rephrase = Rephrase::new(settings(own), &house.models, folder.path()).unwrap();
        let drafts = house.said(&rephrase, &document(TEXT)).unwrap();
        assert_eq!(drafts[0].content, Content::Text { text: format!("Make it rhyme: {TEXT} So bold!") });
        let both = settings(json!({ "model": "a", "prompt": "rhyme.j2", "style": "plain" }));
        let wrong = Rephrase::new(both, &house.models, folder.path()).err().unwrap().to_string();
        assert_eq!(wrong, "`style` and `prompt` are both given: a prompt says its style itself");
    }
}
