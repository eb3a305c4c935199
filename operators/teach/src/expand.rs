use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use rifflebox_core::{Document, Draft, Heard, Inquiring, Inquiry, Next, Result, Value};
use rifflebox_model::Models;
use rifflebox_template::Values;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::cast::{Cast, Part, ask, list, object, step, text, words};
use crate::draft::{completion, those_that_came, told};
use crate::form::Form;
use crate::judged::plain;
use crate::prompt::Prompt;
use crate::usage;

/// Expands a taxonomy into instructions and answers: each document is a topic (GLAN: Synthetic Data (Almost) from Scratch,
/// arXiv:2402.13064).
///
/// The topic is the document's text, or its field `path`, a text or a list of the names from the root on, with the text as
/// what it is about. A model writes `count` varied instructions at stated levels, then answers each by itself. One that
/// repeats another of its topic makes no sample. Fields: `topic`, by which coverage is counted, and `level`.
pub struct Expand {
    settings: ExpandSettings,
    about: Inquiring,
    instructions: Form<Listed>,
    answer: Prompt,
}

/// Settings of [`Expand`].
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct ExpandSettings {
    /// The model that is asked.
    pub model: String,
    /// Instructions of each topic.
    #[serde(default = "default_count")]
    pub count: usize,
    /// The levels of difficulty, from the easiest on.
    #[serde(default = "default_levels")]
    pub levels: Vec<String>,
    /// Files with other prompts: `expand`, which may name `topic`, `count` and `levels`, and `answer`, which may name
    /// `instruction`, `topic` and `level`; both also `text` and the document's fields.
    #[serde(default)]
    pub prompts: BTreeMap<String, String>,
}

fn default_count() -> usize {
    6
}

fn default_levels() -> Vec<String> {
    ["easy", "medium", "hard"].map(str::to_owned).to_vec()
}

#[derive(Deserialize)]
struct Listed {
    instructions: Vec<Instruction>,
}

#[derive(Deserialize)]
struct Instruction {
    level: String,
    instruction: String,
}

impl Expand {
    /// The name that flow files use.
    pub const NAME: &'static str = "expand";
    const VERSION: &'static str = "1";

    /// Makes the generator; prompts are relative to `base_dir`.
    ///
    /// # Errors
    /// [`rifflebox_core::ErrorKind::Usage`], naming the setting that is wrong.
    pub fn new(settings: ExpandSettings, models: &Models, base_dir: &Path) -> Result<Self> {
        if !(1..=100).contains(&settings.count) {
            return usage("`count` lies between 1 and 100");
        }
        if settings.levels.is_empty() || settings.levels.iter().any(|level| level.trim().is_empty()) {
            return usage("`levels` lists words for degrees of difficulty, at least one");
        }
        let own = [
            ("prompts.expand", include_str!("../prompts/expand.j2")),
            ("prompts.answer", include_str!("../prompts/answer.j2")),
        ];
        let [expand, answer] = Prompt::steps(&settings.prompts, base_dir, own)?;
        let level = json!({ "type": "string", "enum": settings.levels });
        let one = object(&[("level", level), ("instruction", text())]);
        let all = [("instructions", list(one, settings.count..=settings.count))];
        let instructions = Form::new("instructions", expand, &all);
        let cast = Cast::new(models, [settings.model.as_str()])?;
        let (name, version, prompts) = (Self::NAME, Self::VERSION, &[instructions.prompt(), &answer]);
        let part = Part { name, version, settings: &settings, cast: &cast, prompts, rounds: 2 };
        Ok(Expand {
            about: Inquiring { counted_by: Some("topic".to_owned()), ..part.teaching() },
            instructions,
            answer,
            settings,
        })
    }

    /// Reads the instructions, each but once.
    fn listed(&self, heard: &Heard) -> Result<Vec<Instruction>, String> {
        let Listed { mut instructions } = self.instructions.read(heard)?;
        let mut seen = BTreeSet::new();
        instructions.retain(|one| {
            let plain = plain(&one.instruction);
            !plain.is_empty() && seen.insert(plain)
        });
        match instructions.is_empty() {
            true => Err("the instructions are empty".to_owned()),
            false => Ok(instructions),
        }
    }
}

/// Returns the name of a document's topic.
fn topic(document: &Document) -> String {
    match document.fields.get("path") {
        Some(Value::Text(path)) if !path.trim().is_empty() => path.trim().to_owned(),
        Some(Value::List(names)) if !names.is_empty() => {
            names.iter().filter_map(Value::as_text).map(str::trim).collect::<Vec<_>>().join("/")
        }
        _ => document.text.trim().to_owned(),
    }
}

impl Inquiry<Document, Vec<Draft>> for Expand {
    fn describe(&self) -> Inquiring {
        self.about.clone()
    }

    fn next(&self, document: &Document, heard: &[Vec<Heard>]) -> Next<Vec<Draft>> {
        let topic = topic(document);
        let values = Values::of_document(document).with("text", document.text.trim());
        let values = values.with("topic", topic.as_str());
        let Some(first) = heard.first() else {
            let ExpandSettings { count, levels, .. } = &self.settings;
            let values = values.with("count", *count).with("levels", levels.clone());
            return step(self.instructions.ask(0, &values).map(|question| Next::Ask(vec![question])));
        };
        step(self.listed(&first[0]).and_then(|instructions| match heard.get(1) {
            None => {
                let answer = |Instruction { level, instruction }| {
                    let values = values.clone().with("level", level).with("instruction", instruction);
                    ask(0, &self.answer, &values)
                };
                instructions.into_iter().map(answer).collect::<Result<_, _>>().map(Next::Ask)
            }
            Some(answers) => {
                let drafts = instructions.iter().zip(answers).map(|(asked, heard)| {
                    let (reply, answer) = words(heard)?;
                    let fields = [("topic", topic.as_str().into()), ("level", asked.level.as_str().into())];
                    Ok(told(reply, completion(asked.instruction.trim(), answer), fields))
                });
                those_that_came(drafts.collect())
            }
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::{House, document, opening, schema_of, settings};

    fn expand(house: &House) -> Expand {
        let given = json!({ "model": "a", "count": 3, "levels": ["low", "high"] });
        Expand::new(settings(given), &house.models, Path::new(".")).unwrap()
    }

    fn house(instructions: [(&'static str, &'static str); 3]) -> House {
        House::new(move |asked| match schema_of(asked) {
            "instructions" => {
                assert!(opening(asked).contains("exactly 3 instructions"), "{}", opening(asked));
                assert!(opening(asked).contains("low, high"));
                let one = |(level, instruction)| json!({ "level": level, "instruction": instruction });
                asked.chat(&json!({ "instructions": instructions.map(one) }).to_string())
            }
            _ => asked.chat(&format!("Answered: {}", opening(asked))),
        })
    }

    #[test]
    fn a_topic_has_instructions_at_levels_each_answered_by_itself() {
        let house = house([("low", "What is panning?"), ("low", "Who pans?"), ("high", "Why does it work?")]);
        let mut topic = document("Panning for gold, by hand.");
        let drafts = house.said(&expand(&house), &topic).unwrap();
        assert_eq!(drafts.len(), 3);
        assert_eq!(drafts[2].content, completion("Why does it work?", "Answered: Why does it work?"));
        assert_eq!(drafts[2].fields["level"], "high".into());
        assert_eq!(drafts[2].fields["topic"], "Panning for gold, by hand.".into());
        assert_eq!(house.endpoint.total(), 4);
        for path in ["mining/gold/panning".into(), crate::draft::texts(["mining", "gold", "panning"])] {
            topic.fields.insert("path".to_owned(), path);
            let drafts = house.said(&expand(&house), &topic).unwrap();
            assert_eq!(drafts[0].fields["topic"], "mining/gold/panning".into());
        }
    }

    #[test]
    fn what_repeats_another_makes_no_sample_and_is_not_answered() {
        let house = house([("low", "What is panning?"), ("low", "what is  panning?"), ("high", "Why?")]);
        assert_eq!(house.said(&expand(&house), &document("Panning")).unwrap().len(), 2);
        assert_eq!(house.endpoint.total(), 3);
        let blank = self::house([("low", " "), ("low", " "), ("high", " ")]);
        let reason = "the instructions are empty".to_owned();
        assert_eq!(blank.said(&expand(&blank), &document("Panning")), Err(reason));
    }

    #[test]
    fn a_level_that_was_not_asked_for_fails() {
        let house = house([("low", "What is panning?"), ("medium", "Who pans?"), ("high", "Why?")]);
        let reason = house.said(&expand(&house), &document("Panning")).unwrap_err();
        let expected =
            "the answer does not fit its schema after a repair: `/instructions/1/level` is none of";
        assert!(reason.starts_with(expected), "{reason}");
        let wrong = |further: serde_json::Value| {
            let mut given = json!({ "model": "a" });
            given.as_object_mut().unwrap().extend(further.as_object().unwrap().clone());
            Expand::new(settings(given), &house.models, Path::new(".")).err().unwrap().to_string()
        };
        assert_eq!(wrong(json!({ "count": 0 })), "`count` lies between 1 and 100");
        let levels = "`levels` lists words for degrees of difficulty, at least one";
        assert_eq!(wrong(json!({ "levels": [] })), levels);
    }
}
