use std::collections::BTreeMap;
use std::path::Path;

use rifflebox_core::{Document, Draft, Heard, Inquiring, Inquiry, Next, Result};
use rifflebox_model::Models;
use rifflebox_template::{Template, Values};
use serde::{Deserialize, Serialize};

use crate::cast::{Cast, Part, list, reply, step, text};
use crate::draft::{completion, count, those_that_came, told, with_context};
use crate::form::Form;
use crate::prompt::Prompt;
use crate::usage;

/// Chains of reasoning: problems that take several steps, each solved step by step, with the final answer apart.
///
/// A model first writes problems of what the document tells, then solves each of them by itself: what was asked for
/// together would be solved in haste. The completion is the steps and a last line with the answer (chains of thought,
/// arXiv:2201.11903); the answer stands alone in the field `answer`, where `numeric`, `symbolic` or
/// [`Consistency`](crate::Consistency) find it, and the field `steps` counts.
///
/// A chain of fewer steps than are wanted makes no sample, nor does one whose solution fails; a document has failed where
/// all of its chains have.
pub struct Chains {
    settings: ChainsSettings,
    about: Inquiring,
    problems: Form<Problems>,
    chain: Form<Chain>,
    ending: Template,
}

/// Settings of [`Chains`].
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct ChainsSettings {
    /// The model that is asked.
    pub model: String,
    /// Problems of each document, at most.
    #[serde(default = "default_problems")]
    pub problems: usize,
    /// Steps of each chain, at least.
    #[serde(default = "default_steps")]
    pub steps: usize,
    /// A template of the completion's last line, over `answer`.
    #[serde(default = "default_ending")]
    pub ending: String,
    /// Whether each sample carries the document's text as its context.
    #[serde(default)]
    pub context: bool,
    /// Files with other prompts: `problems`, which may name `problems` and `steps` (how many), and `solve`, which may name
    /// `question`; both also `text` and the document's fields.
    #[serde(default)]
    pub prompts: BTreeMap<String, String>,
}

fn default_problems() -> usize {
    3
}

fn default_steps() -> usize {
    3
}

fn default_ending() -> String {
    "The answer is {{ answer }}".to_owned()
}

#[derive(Deserialize)]
struct Problems {
    problems: Vec<String>,
}

#[derive(Deserialize)]
struct Chain {
    steps: Vec<String>,
    answer: String,
}

impl Chains {
    /// The name that flow files use.
    pub const NAME: &'static str = "chains";
    const VERSION: &'static str = "1";

    /// Makes the generator; prompts are relative to `base_dir`.
    ///
    /// # Errors
    /// [`rifflebox_core::ErrorKind::Usage`], naming the setting that is wrong.
    pub fn new(settings: ChainsSettings, models: &Models, base_dir: &Path) -> Result<Self> {
        if !(1..=50).contains(&settings.problems) {
            return usage("`problems` lies between 1 and 50");
        }
        if !(1..=50).contains(&settings.steps) {
            return usage("`steps` lies between 1 and 50");
        }
        let own = [
            ("prompts.problems", include_str!("../prompts/problems.j2")),
            ("prompts.solve", include_str!("../prompts/chains.j2")),
        ];
        let [problems, solve] = Prompt::steps(&settings.prompts, base_dir, own)?;
        let listed = list(text(), 0..=settings.problems);
        let problems = Form::new("problems", problems, &[("problems", listed)]);
        let chain = Form::new("chain", solve, &[("steps", list(text(), 1..=200)), ("answer", text())]);
        let cast = Cast::new(models, [settings.model.as_str()])?;
        let prompts = &[problems.prompt(), chain.prompt()];
        let (name, version) = (Self::NAME, Self::VERSION);
        let part = Part { name, version, settings: &settings, cast: &cast, prompts, rounds: 2 };
        let ending = Template::new("ending", &settings.ending)?;
        Ok(Chains { about: part.teaching(), problems, chain, ending, settings })
    }

    fn draft(&self, values: &Values, question: &str, heard: &Heard) -> Result<Draft, String> {
        let Chain { steps, answer } = self.chain.read(heard)?;
        let wanted = self.settings.steps;
        if steps.len() < wanted {
            return Err(format!("a chain has {} steps, and {wanted} are wanted: {question}", steps.len()));
        }
        let answer = answer.trim();
        let ending = self.ending.fill(&values.clone().with("answer", answer))?;
        let content = completion(question, format!("{}\n\n{ending}", steps.join("\n")));
        let fields = [("answer", answer.into()), ("steps", count(steps.len()))];
        Ok(told(reply(heard)?, content, fields))
    }
}

impl Inquiry<Document, Vec<Draft>> for Chains {
    fn describe(&self) -> Inquiring {
        self.about.clone()
    }

    fn next(&self, document: &Document, heard: &[Vec<Heard>]) -> Next<Vec<Draft>> {
        let values = Values::of_document(document);
        let Some(first) = heard.first() else {
            let values = values.with("problems", self.settings.problems).with("steps", self.settings.steps);
            return step(self.problems.ask(0, &values).map(|question| Next::Ask(vec![question])));
        };
        step(self.problems.read(&first[0]).and_then(|Problems { problems }| match heard {
            _ if problems.is_empty() => Ok(Next::Say(Vec::new())),
            [_, chains, ..] => {
                let drafts = problems.iter().zip(chains).map(|(question, heard)| {
                    let draft = self.draft(&values, question, heard)?;
                    Ok(with_context(draft, document, self.settings.context))
                });
                those_that_came(drafts.collect())
            }
            _ => {
                let ask = |question| self.chain.ask(0, &values.clone().with("question", question));
                problems.into_iter().map(ask).collect::<Result<_, _>>().map(Next::Ask)
            }
        }))
    }
}

#[cfg(test)]
mod tests {
    use rifflebox_core::Value;
    use serde_json::json;

    use super::*;
    use crate::tests::{House, document, opening, schema_of, settings};

    fn chains(house: &House, further: serde_json::Value) -> Result<Chains> {
        let mut given = json!({ "model": "a" });
        given.as_object_mut().unwrap().extend(further.as_object().unwrap().clone());
        Chains::new(settings(given), &house.models, Path::new("."))
    }

    /// Writes two problems, and solves each in as many steps as it is told.
    fn house(steps: [usize; 2]) -> House {
        House::new(move |asked| {
            let of = |n: usize| json!({ "steps": vec!["One ounce is 31 g."; n], "answer": " 62 g " });
            asked.chat(&match schema_of(asked) {
                "problems" => json!({ "problems": ["How heavy are 2 ounces?", "And 3?"] }).to_string(),
                _ if opening(asked).contains("2 ounces?") => of(steps[0]).to_string(),
                _ => of(steps[1]).to_string(),
            })
        })
    }

    #[test]
    fn the_completion_is_the_chain_and_the_answer_stands_apart() {
        let house = house([3, 3]);
        let made = chains(&house, json!({ "context": true })).unwrap();
        let drafts = house.said(&made, &document("An ounce is 31 g.")).unwrap();
        assert_eq!(drafts.len(), 2);
        let chain = "One ounce is 31 g.\nOne ounce is 31 g.\nOne ounce is 31 g.\n\nThe answer is 62 g";
        assert_eq!(drafts[0].content, completion("How heavy are 2 ounces?", chain));
        assert_eq!(drafts[0].context.as_deref(), Some("An ounce is 31 g."));
        assert_eq!(
            (&drafts[0].fields["answer"], &drafts[0].fields["steps"]),
            (&"62 g".into(), &Value::Int(3))
        );
        assert_eq!(house.endpoint.total(), 3);
        let own = chains(&house, json!({ "ending": "#### {{ answer }}" })).unwrap();
        let drafts = house.said(&own, &document("An ounce is 31 g.")).unwrap();
        assert!(drafts[1].content.columns()[1].1.ends_with("\n\n#### 62 g"));
    }

    #[test]
    fn a_chain_that_jumps_to_its_answer_makes_no_sample() {
        let one = house([1, 3]);
        let drafts = one.said(&chains(&one, json!({})).unwrap(), &document("x")).unwrap();
        assert_eq!(drafts.len(), 1);
        assert_eq!(drafts[0].content.columns()[0].1, "And 3?");
        let none = house([1, 2]);
        let failed = none.said(&chains(&none, json!({})).unwrap(), &document("x"));
        assert_eq!(failed, Err("a chain has 1 steps, and 3 are wanted: How heavy are 2 ounces?".to_owned()));
    }

    #[test]
    fn a_document_without_a_problem_makes_nothing_and_costs_one_request() {
        let house = House::new(|asked| asked.chat(r#"{"problems": []}"#));
        assert_eq!(house.said(&chains(&house, json!({})).unwrap(), &document("x")), Ok(Vec::new()));
        assert_eq!(house.endpoint.total(), 1);
        let many = House::new(|asked| asked.chat(r#"{"problems": ["a", "b", "c", "d"]}"#));
        let reason = "the answer does not fit its schema after a repair: `/problems` has 4 items, at most 3 are wanted";
        let failed = many.said(&chains(&many, json!({})).unwrap(), &document("x")).unwrap_err();
        assert_eq!(failed, reason);
    }

    #[test]
    fn settings_that_do_not_do_are_named() {
        let house = House::new(|asked| asked.chat(""));
        let wrong = |further| chains(&house, further).err().unwrap().to_string();
        assert_eq!(wrong(json!({ "problems": 0 })), "`problems` lies between 1 and 50");
        assert_eq!(wrong(json!({ "steps": 51 })), "`steps` lies between 1 and 50");
        assert_eq!(
            wrong(json!({ "prompts": { "solv": "x.j2" } })),
            "`prompts` has `solv`; there are problems, solve"
        );
        assert!(wrong(json!({ "ending": "{{" })).starts_with("`ending` is no template"));
        let missing = wrong(json!({ "prompts": { "solve": "none.j2" } }));
        assert_eq!(missing, "`prompts.solve` names none.j2, which cannot be read");
    }
}
