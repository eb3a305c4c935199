use std::collections::BTreeMap;
use std::path::Path;

use rifflebox_core::{Heard, Inquiring, Inquiry, Judged, Next, Proof, Result, Verdict, Vote};
use rifflebox_model::Models;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::cast::{Cast, Part, object, step, text};
use crate::form::Form;
use crate::judged::{at_least, grounds, is_share, values};
use crate::prompt::Prompt;

/// A judge of faithfulness as RAGAS defines it (arXiv:2309.15217, section 3): how much of what an answer states follows
/// from its context.
///
/// The model first cuts the answer into statements `S`, then says of each whether the context supports it. With `V` the
/// supported ones, the score is `F = |V| / |S|`, and at least `threshold` is accepted. The reason of a rejection names the
/// first statement that is not supported; each statement stands in the verdict as a vote. An answer that states nothing is
/// rejected after one request: there is no `F`.
///
/// The context is the sample's own, or its documents where it has none. [`Support`](crate::Support) asks more: that each
/// claim has a passage, word for word.
pub struct Faithfulness {
    threshold: f64,
    about: Inquiring,
    statements: Form<Stated>,
    verdicts: Form<Checked>,
}

/// Settings of [`Faithfulness`].
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct FaithfulnessSettings {
    /// The model that is asked.
    pub model: String,
    /// The share of statements that have to be supported, between 0 and 1.
    #[serde(default = "default_threshold")]
    pub threshold: f64,
    /// Files with other prompts: `statements`, which may name `question` and `answer`, and `check`, which may name
    /// `ground` (the context, or the documents) and `statements`; both also the sample's columns and fields.
    #[serde(default)]
    pub prompts: BTreeMap<String, String>,
}

fn default_threshold() -> f64 {
    1.0
}

#[derive(Deserialize)]
struct Stated {
    statements: Vec<String>,
}

#[derive(Deserialize)]
struct Checked {
    verdicts: Vec<Check>,
}

#[derive(Deserialize)]
struct Check {
    statement: usize,
    reason: String,
    supported: bool,
}

impl Faithfulness {
    /// The name that flow files use.
    pub const NAME: &'static str = "faithfulness";
    const VERSION: &'static str = "1";

    /// Makes the judge; prompts are relative to `base_dir`.
    ///
    /// # Errors
    /// [`rifflebox_core::ErrorKind::Usage`], naming the setting that is wrong.
    pub fn new(settings: FaithfulnessSettings, models: &Models, base_dir: &Path) -> Result<Self> {
        is_share("threshold", settings.threshold)?;
        let own = [
            ("prompts.statements", include_str!("../prompts/statements.j2")),
            ("prompts.check", include_str!("../prompts/faithfulness.j2")),
        ];
        let [statements, check] = Prompt::steps(&settings.prompts, base_dir, own)?;
        let list = json!({ "type": "array", "items": text() });
        let statements = Form::new("statements", statements, &[("statements", list)]);
        let one = object(&[
            ("statement", json!({ "type": "integer", "minimum": 1 })),
            ("reason", json!({ "type": "string" })),
            ("supported", json!({ "type": "boolean" })),
        ]);
        let verdicts =
            Form::new("verdicts", check, &[("verdicts", json!({ "type": "array", "items": one }))]);
        let cast = Cast::new(models, [settings.model.as_str()])?;
        let (name, version) = (Self::NAME, Self::VERSION);
        let prompts = &[statements.prompt(), verdicts.prompt()];
        let part = Part { name, version, settings: &settings, cast: &cast, prompts, rounds: 2 };
        let about = part.judging(Proof::Filtered, true);
        Ok(Faithfulness { threshold: settings.threshold, about, statements, verdicts })
    }

    fn verdict(&self, statements: &[String], heard: &Heard) -> Result<Verdict, String> {
        let Checked { verdicts } = self.verdicts.read(heard)?;
        if let Some(strange) = verdicts.iter().find(|check| check.statement > statements.len()) {
            return Err(format!(
                "statement {} was checked, and there are {}",
                strange.statement,
                statements.len()
            ));
        }
        let mut votes = Vec::new();
        for (at, statement) in statements.iter().enumerate() {
            let checks: Vec<&Check> = verdicts.iter().filter(|check| check.statement == at + 1).collect();
            let [check] = checks[..] else {
                return Err(format!("statement {} was checked {} times: {statement}", at + 1, checks.len()));
            };
            let reason = Some(check.reason.clone());
            votes.push(Vote { voter: statement.clone(), accept: check.supported, reason });
        }
        let supported = votes.iter().filter(|vote| vote.accept).count();
        let score = supported as f64 / statements.len() as f64;
        let verdict = at_least(score, self.threshold, || match votes.iter().find(|vote| !vote.accept) {
            Some(first) => {
                format!("{supported} of {} statements follow; not: {}", statements.len(), first.voter)
            }
            None => "nothing follows".to_owned(),
        });
        Ok(Verdict { votes, ..verdict })
    }
}

impl Inquiry<Judged, Verdict> for Faithfulness {
    fn describe(&self) -> Inquiring {
        self.about.clone()
    }

    fn next(&self, judged: &Judged, heard: &[Vec<Heard>]) -> Next<Verdict> {
        let next = |grounds: Vec<&str>| {
            let Some(first) = heard.first() else {
                return Ok(Next::Ask(vec![self.statements.ask(0, &values(judged))?]));
            };
            let Stated { statements } = self.statements.read(&first[0])?;
            match heard.get(1) {
                _ if statements.is_empty() => Ok(Next::Say(Verdict::reject("the answer states nothing"))),
                Some(second) => self.verdict(&statements, &second[0]).map(Next::Say),
                None => {
                    let values = values(judged).with("ground", grounds.join("\n\n"));
                    Ok(Next::Ask(vec![self.verdicts.ask(0, &values.with("statements", statements))?]))
                }
            }
        };
        step(grounds(judged).and_then(next))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::{House, judged, opening, schema_of, settings};

    fn verdict(house: &House, threshold: f64) -> Result<Verdict, String> {
        let given = settings(json!({ "model": "a", "threshold": threshold }));
        let judge = Faithfulness::new(given, &house.models, Path::new(".")).unwrap();
        house.said(&judge, &judged("What is gold?", "A metal, and cheap.", "Gold is a metal."))
    }

    fn house(statements: serde_json::Value, verdicts: &'static [(usize, bool)]) -> House {
        House::new(move |asked| match schema_of(asked) {
            "statements" => {
                assert!(!opening(asked).contains("Gold is a metal."), "the context is not shown yet");
                asked.chat(&json!({ "statements": statements }).to_string())
            }
            _ => {
                assert!(opening(asked).contains("<context>\nGold is a metal.\n</context>"));
                let one = |(statement, supported): &(usize, bool)| json!({ "statement": statement, "reason": "It says so.", "supported": supported });
                let verdicts: Vec<_> = verdicts.iter().map(one).collect();
                asked.chat(&json!({ "verdicts": verdicts }).to_string())
            }
        })
    }

    fn two() -> serde_json::Value {
        json!(["Gold is a metal.", "Gold is cheap."])
    }

    #[test]
    fn the_score_is_the_share_of_supported_statements() {
        let all = verdict(&house(two(), &[(2, true), (1, true)]), 1.0).unwrap();
        assert_eq!((all.accept, all.score.value()), (true, 1.0));
        let half = house(two(), &[(1, true), (2, false)]);
        let rejected = verdict(&half, 0.6).unwrap();
        assert_eq!((rejected.accept, rejected.score.value()), (false, 0.5));
        assert_eq!(rejected.reason.as_deref(), Some("1 of 2 statements follow; not: Gold is cheap."));
        assert_eq!((rejected.votes[1].voter.as_str(), rejected.votes[1].accept), ("Gold is cheap.", false));
        assert!(verdict(&half, 0.5).unwrap().accept);
        assert_eq!(half.endpoint.total(), 4);
    }

    #[test]
    fn an_answer_that_states_nothing_is_rejected_at_once() {
        let house = house(json!([]), &[]);
        let rejected = verdict(&house, 0.0).unwrap();
        assert_eq!(rejected.reason.as_deref(), Some("the answer states nothing"));
        assert_eq!(house.endpoint.total(), 1);
    }

    #[test]
    fn each_statement_is_checked_once_or_the_row_has_failed() {
        let failed = |verdicts| verdict(&house(two(), verdicts), 0.0).unwrap_err();
        assert_eq!(failed(&[(1, true)]), "statement 2 was checked 0 times: Gold is cheap.");
        assert_eq!(
            failed(&[(1, true), (1, false), (2, true)]),
            "statement 1 was checked 2 times: Gold is a metal."
        );
        assert_eq!(failed(&[(1, true), (2, true), (3, true)]), "statement 3 was checked, and there are 2");
    }

    #[test]
    fn an_answer_that_never_fits_fails_with_what_is_wrong() {
        let house = House::new(|asked| match schema_of(asked) {
            "statements" => asked.chat(r#"{"statements": ["Gold is dense."]}"#),
            _ => asked.chat(r#"{"verdicts": [{"statement": 1, "supported": "yes", "reason": "So."}]}"#),
        });
        let reason =
            "the answer does not fit its schema after a repair: `/verdicts/0/supported` is no boolean";
        assert_eq!(verdict(&house, 1.0), Err(reason.to_owned()));
        assert_eq!(house.endpoint.total(), 3);
    }

    #[test]
    fn a_samples_own_context_comes_first_and_one_without_any_fails() {
        let house = House::new(|asked| match schema_of(asked) {
            "statements" => asked.chat(r#"{"statements": ["Gold is dense."]}"#),
            _ => {
                let supported = opening(asked).contains("<context>\nGold is dense.\n</context>");
                let one = json!({ "statement": 1, "reason": "So.", "supported": supported });
                asked.chat(&json!({ "verdicts": [one] }).to_string())
            }
        });
        let judge =
            Faithfulness::new(settings(json!({ "model": "a" })), &house.models, Path::new(".")).unwrap();
        let (mut sample, documents) = judged("What is gold?", "It is dense.", "Gold is a metal.");
        sample.context = Some("Gold is dense.".to_owned());
        assert!(house.said(&judge, &(sample.clone(), documents)).unwrap().accept);
        sample.context = None;
        let reason = "the sample has neither a context nor a document";
        assert_eq!(house.said(&judge, &(sample, Vec::new())), Err(reason.to_owned()));
    }
}
