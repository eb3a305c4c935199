use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use rifflebox_core::{
    Content, Document, Draft, Error, ErrorKind, Heard, Inquiring, Inquiry, Next, Result, Value,
};
use rifflebox_model::Models;
use rifflebox_template::Values;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::cast::{Cast, Part, ask, object, step, text, words};
use crate::draft::{completion, texts, told};
use crate::form::Form;
use crate::judged::plain;
use crate::prompt::Prompt;
use crate::usage;

/// Answers, criticises and revises by rules: each document is a question (Constitutional AI, arXiv:2212.08073).
///
/// A model answers, then the answer is held against a list of rules, and revised where it breaks one. The sample is the
/// revised answer; with `preference`, the revised answer is the chosen one and the first the rejected one. An answer that
/// breaks no rule is a completion as it is, after two requests; as a preference it has no worse answer, and the row has
/// failed. So has one whose revision changes nothing. Fields: `broken`, the rules that were broken, `critique`, what was
/// found, and, beside a completion, `first`, the first answer.
///
/// A critic of another family than the model's sees what the model would overlook in its own words.
pub struct Critique {
    settings: CritiqueSettings,
    rules: Vec<String>,
    about: Inquiring,
    critic: usize,
    answer: Prompt,
    critique: Form<Findings>,
    revise: Prompt,
}

/// Settings of [`Critique`].
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct CritiqueSettings {
    /// The model that answers and revises.
    pub model: String,
    /// The model that criticises; the same if not given.
    #[serde(default)]
    pub critic: Option<String>,
    /// The rules: a list of sentences, or a file with one a line; its empty lines and those with `#` first are none.
    pub rules: Rules,
    /// Whether samples are pairs of the revised and the first answer.
    #[serde(default)]
    pub preference: bool,
    /// Files with other prompts: `answer`, which may name `instruction`; `critique`, which may name `rules`, `question`
    /// and `answer`; and `revise`, which may name `findings`, too; all also `text` and the document's fields.
    #[serde(default)]
    pub prompts: BTreeMap<String, String>,
}

/// Rules of answers.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(untagged)]
pub enum Rules {
    /// As they are.
    Listed(Vec<String>),
    /// A file with one a line.
    File(String),
}

#[derive(Deserialize)]
struct Findings {
    findings: Vec<Finding>,
}

#[derive(Deserialize, Serialize)]
struct Finding {
    rule: usize,
    problem: String,
}

impl Rules {
    fn read(&self, base_dir: &Path) -> Result<Vec<String>> {
        let rules: Vec<String> = match self {
            Rules::Listed(rules) => rules.clone(),
            Rules::File(path) => {
                let text = std::fs::read_to_string(base_dir.join(path)).map_err(|error| {
                    let message = format!("`rules` names {path}, which cannot be read");
                    Error::new(ErrorKind::Usage, message).with_source(error)
                })?;
                let lines = text.lines().map(str::trim).filter(|line| !line.starts_with('#'));
                lines.filter(|line| !line.is_empty()).map(str::to_owned).collect()
            }
        };
        match rules.is_empty() || rules.iter().any(|rule| rule.trim().is_empty()) {
            true => usage("`rules` is empty, or one of them is: say what an answer has to keep"),
            false => Ok(rules),
        }
    }
}

impl Critique {
    /// The name that flow files use.
    pub const NAME: &'static str = "critique";
    const VERSION: &'static str = "1";

    /// Makes the generator; prompts and the file of `rules` are relative to `base_dir`.
    ///
    /// # Errors
    /// [`rifflebox_core::ErrorKind::Usage`], naming the setting that is wrong.
    pub fn new(settings: CritiqueSettings, models: &Models, base_dir: &Path) -> Result<Self> {
        let rules = settings.rules.read(base_dir)?;
        let own = [
            ("prompts.answer", include_str!("../prompts/answer.j2")),
            ("prompts.critique", include_str!("../prompts/critique.j2")),
            ("prompts.revise", include_str!("../prompts/revise.j2")),
        ];
        let [answer, critique, revise] = Prompt::steps(&settings.prompts, base_dir, own)?;
        let rule = json!({ "type": "integer", "minimum": 1, "maximum": rules.len() });
        let findings = json!({ "type": "array", "items": object(&[("rule", rule), ("problem", text())]) });
        let critique = Form::new("findings", critique, &[("findings", findings)]);
        let others = settings.critic.iter().filter(|critic| **critic != settings.model);
        let cast = Cast::new(models, [&settings.model].into_iter().chain(others).map(String::as_str))?;
        // Rules count by what they say, and not by where they stand.
        let meaning = json!({ "rules": rules, "preference": settings.preference });
        let (name, version, prompts) = (Self::NAME, Self::VERSION, &[&answer, critique.prompt(), &revise]);
        let part = Part { name, version, settings: &meaning, cast: &cast, prompts, rounds: 3 };
        let (about, critic) = (part.teaching(), cast.len() - 1);
        Ok(Critique { settings, rules, about, critic, answer, critique, revise })
    }

    fn advance(&self, document: &Document, heard: &[Vec<Heard>]) -> Result<Next<Vec<Draft>>, String> {
        let values = Values::of_document(document);
        let Some(first) = heard.first() else {
            let question = ask(0, &self.answer, &values.with("instruction", document.text.trim()))?;
            return Ok(Next::Ask(vec![question]));
        };
        let (reply, answer) = words(&first[0])?;
        let values = values.with("rules", self.rules.clone());
        let values = values.with("question", document.text.trim()).with("answer", answer);
        let Some(second) = heard.get(1) else {
            return Ok(Next::Ask(vec![self.critique.ask(self.critic, &values)?]));
        };
        let Findings { findings } = self.critique.read(&second[0])?;
        if findings.is_empty() {
            return match self.settings.preference {
                true => Err("the first answer breaks no rule: there is no worse one".to_owned()),
                false => {
                    let content = completion(document.text.trim(), answer);
                    Ok(Next::Say(vec![told(reply, content, [("broken", Value::List(Vec::new()))])]))
                }
            };
        }
        let Some(third) = heard.get(2) else {
            let values = values.with("findings", json!(findings));
            return Ok(Next::Ask(vec![ask(0, &self.revise, &values)?]));
        };
        self.revised(document, answer, &findings, &third[0]).map(|draft| Next::Say(vec![draft]))
    }

    fn revised(
        &self,
        document: &Document,
        first: &str,
        findings: &[Finding],
        heard: &Heard,
    ) -> Result<Draft, String> {
        let (reply, revised) = words(heard)?;
        if plain(revised) == plain(first) {
            let problem = findings.first().map_or("", |finding| &finding.problem);
            return Err(format!("the revision changes nothing, though: {problem}"));
        }
        let prompt = document.text.trim().to_owned();
        let content = match self.settings.preference {
            true => Content::Preference { prompt, chosen: revised.to_owned(), rejected: first.to_owned() },
            false => completion(prompt, revised),
        };
        let broken: BTreeSet<usize> = findings.iter().map(|finding| finding.rule).collect();
        let broken = broken.into_iter().filter_map(|rule| self.rules.get(rule - 1));
        let found = findings.iter().map(|finding| finding.problem.as_str());
        let mut draft = told(reply, content, [("broken", texts(broken)), ("critique", texts(found))]);
        if !self.settings.preference {
            draft.fields.insert("first".to_owned(), first.into());
        }
        Ok(draft)
    }
}

impl Inquiry<Document, Vec<Draft>> for Critique {
    fn describe(&self) -> Inquiring {
        self.about.clone()
    }

    fn next(&self, document: &Document, heard: &[Vec<Heard>]) -> Next<Vec<Draft>> {
        step(self.advance(document, heard))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::{House, document, opening, schema_of, settings};

    const ASKED: &str = "What is gold worth?";

    fn critique(house: &House, further: serde_json::Value) -> Result<Critique> {
        let mut given = json!({ "model": "a", "critic": "b", "rules": ["Be polite.", "Give no price."] });
        given.as_object_mut().unwrap().extend(further.as_object().unwrap().clone());
        Critique::new(settings(given), &house.models, Path::new("."))
    }

    /// Answers with a price, finds what it is told, and revises to what it is told.
    fn house(findings: serde_json::Value, revised: &'static str) -> House {
        let said = json!({ "findings": findings }).to_string();
        House::new(move |asked| match (schema_of(asked), opening(asked)) {
            ("findings", prompt) => {
                assert!(prompt.contains("2. Give no price.") && asked.body["model"] == "model-b");
                asked.chat(&said)
            }
            (_, ASKED) => asked.chat("60 a gram."),
            (_, prompt) => {
                assert!(prompt.contains("- Rule 2: It says \"60\"."), "{prompt}");
                asked.chat(revised)
            }
        })
    }

    fn price() -> serde_json::Value {
        json!([{ "rule": 2, "problem": "It says \"60\"." }])
    }

    #[test]
    fn an_answer_that_breaks_a_rule_is_revised() {
        let house = house(price(), "It changes daily.");
        let drafts = house.said(&critique(&house, json!({})).unwrap(), &document(ASKED)).unwrap();
        assert_eq!(drafts[0].content, completion(ASKED, "It changes daily."));
        assert_eq!(drafts[0].fields["broken"], texts(["Give no price."]));
        assert_eq!(drafts[0].fields["critique"], texts(["It says \"60\"."]));
        assert_eq!(drafts[0].fields["first"], "60 a gram.".into());
        assert_eq!(house.endpoint.total(), 3);
        let pairs = critique(&house, json!({ "preference": true })).unwrap();
        let (prompt, chosen) = (ASKED.to_owned(), "It changes daily.".to_owned());
        let pair = Content::Preference { prompt, chosen, rejected: "60 a gram.".to_owned() };
        assert_eq!(house.said(&pairs, &document(ASKED)).unwrap()[0].content, pair);
    }

    #[test]
    fn an_answer_that_breaks_none_is_not_revised() {
        let house = house(json!([]), "");
        let drafts = house.said(&critique(&house, json!({})).unwrap(), &document(ASKED)).unwrap();
        assert_eq!(drafts[0].content, completion(ASKED, "60 a gram."));
        assert_eq!(drafts[0].fields["broken"], Value::List(Vec::new()));
        assert_eq!(house.endpoint.total(), 2);
        let pairs = critique(&house, json!({ "preference": true })).unwrap();
        let reason = "the first answer breaks no rule: there is no worse one";
        assert_eq!(house.said(&pairs, &document(ASKED)), Err(reason.to_owned()));
    }

    #[test]
    fn a_rule_that_does_not_exist_and_a_revision_that_changes_nothing_fail() {
        let strange = house(json!([{ "rule": 3, "problem": "It is late." }]), "");
        let reason = strange.said(&critique(&strange, json!({})).unwrap(), &document(ASKED)).unwrap_err();
        let expected = "the answer does not fit its schema after a repair: `/findings/0/rule` is above 2";
        assert_eq!(reason, expected);
        let same = house(price(), "60 a  gram.");
        let reason = same.said(&critique(&same, json!({})).unwrap(), &document(ASKED)).unwrap_err();
        assert_eq!(reason, "the revision changes nothing, though: It says \"60\".");
    }

    #[test]
    fn rules_come_from_a_file_too_and_count_by_what_they_say() {
        let house = house(json!([]), "");
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("rules.txt");
        std::fs::write(&path, "# Ours\nBe polite.\n\nGive no price.\n").unwrap();
        let of_file = critique(&house, json!({ "rules": path })).unwrap();
        let listed = critique(&house, json!({})).unwrap();
        assert_eq!(of_file.rules, listed.rules);
        assert_eq!(of_file.describe().identity, listed.describe().identity);
        let wrong = |rules| critique(&house, json!({ "rules": rules })).err().unwrap().to_string();
        let empty = "`rules` is empty, or one of them is: say what an answer has to keep";
        assert_eq!(wrong(json!([])), empty);
        assert_eq!(wrong(json!("none.txt")), "`rules` names none.txt, which cannot be read");
    }
}
