use std::path::Path;

use rifflebox_core::{Heard, Inquiring, Inquiry, Judged, Next, Proof, Result, Value, Verdict, Vote};
use rifflebox_model::Models;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::cast::{Cast, Part, step};
use crate::form::Form;
use crate::judged::{at_least, grounds, is_share, question, values};
use crate::prompt::Prompt;
use crate::usage;

/// A judge of context precision as RAGAS defines it: whether the passages that an answer needs stand before those that it
/// does not.
///
/// The model says of each of `K` passages, one request each, whether it is useful for the answer: `v_k` is 1 or 0. With
/// `precision@k` the share of useful ones among the first `k`, the score is the sum of `precision@k * v_k` over all `k`,
/// divided by the number of useful passages; 0 if none is. At least `threshold` is accepted. (The paper, arXiv:2309.15217,
/// has context relevance in its place; the formula is that of docs.ragas.io, "Context Precision".) Each passage has a vote
/// in the verdict, by its number.
///
/// Passages are the texts of the field that `field` names, in their order; or else the pieces of the sample's context
/// between `separator`s; or its documents, where it has no context.
pub struct ContextPrecision {
    settings: ContextPrecisionSettings,
    about: Inquiring,
    form: Form<Useful>,
}

/// Settings of [`ContextPrecision`].
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct ContextPrecisionSettings {
    /// The model that is asked.
    pub model: String,
    /// A file with another prompt; it may name `passage`, `question`, `answer`, and the sample's columns and fields.
    #[serde(default)]
    pub prompt: Option<String>,
    /// The sample's field with a list of passages.
    #[serde(default)]
    pub field: Option<String>,
    /// What stands between passages in a context.
    #[serde(default = "default_separator")]
    pub separator: String,
    /// The least precision that is accepted, between 0 and 1.
    #[serde(default = "default_threshold")]
    pub threshold: f64,
}

fn default_separator() -> String {
    "\n\n".to_owned()
}

fn default_threshold() -> f64 {
    0.5
}

#[derive(Deserialize)]
struct Useful {
    reason: String,
    useful: bool,
}

impl ContextPrecision {
    /// The name that flow files use.
    pub const NAME: &'static str = "context-precision";
    const VERSION: &'static str = "1";

    /// Makes the judge; `prompt` is relative to `base_dir`.
    ///
    /// # Errors
    /// [`rifflebox_core::ErrorKind::Usage`], naming the setting that is wrong.
    pub fn new(settings: ContextPrecisionSettings, models: &Models, base_dir: &Path) -> Result<Self> {
        is_share("threshold", settings.threshold)?;
        if settings.separator.is_empty() {
            return usage("`separator` is empty: name what stands between passages");
        }
        let own = include_str!("../prompts/context-precision.j2");
        let prompt = Prompt::at("prompt", settings.prompt.as_deref(), base_dir, own)?;
        let fields = [("reason", json!({ "type": "string" })), ("useful", json!({ "type": "boolean" }))];
        let form = Form::new("useful", prompt, &fields);
        let cast = Cast::new(models, [settings.model.as_str()])?;
        let (name, version, prompts) = (Self::NAME, Self::VERSION, &[form.prompt()]);
        let part = Part { name, version, settings: &settings, cast: &cast, prompts, rounds: 1 };
        Ok(ContextPrecision { about: part.judging(Proof::Filtered, true), settings, form })
    }

    fn passages(&self, judged: &Judged) -> Result<Vec<String>, String> {
        let (sample, _) = judged;
        let passages: Vec<&str> = match &self.settings.field {
            Some(name) => {
                let mut texts = Vec::new();
                sample.fields.get(name).unwrap_or(&Value::Null).each_text(&mut |text| texts.push(text));
                texts
            }
            None if sample.context.is_some() => {
                grounds(judged)?.into_iter().flat_map(|text| text.split(&self.settings.separator)).collect()
            }
            None => grounds(judged)?,
        };
        let passages = passages.into_iter().map(str::trim).filter(|text| !text.is_empty());
        let passages: Vec<String> = passages.map(str::to_owned).collect();
        match (passages.is_empty(), &self.settings.field) {
            (false, _) => Ok(passages),
            (true, Some(name)) => Err(format!("the sample's field `{name}` has no text")),
            (true, None) => Err("the sample's context has no passage".to_owned()),
        }
    }

    fn verdict(&self, heard: &[Heard]) -> Result<Verdict, String> {
        let said =
            heard.iter().map(|heard| self.form.read(heard)).collect::<Result<Vec<Useful>, String>>()?;
        let useful: Vec<bool> = said.iter().map(|said| said.useful).collect();
        let score = precision(&useful);
        let verdict =
            at_least(score, self.settings.threshold, || match useful.iter().position(|useful| !useful) {
                Some(_) if !useful.contains(&true) => format!("none of {} passages is useful", useful.len()),
                Some(at) => {
                    format!("precision {score:.3}: passage {} of {} is not useful", at + 1, useful.len())
                }
                None => format!("precision {score:.3}"),
            });
        let vote = |(at, said): (usize, Useful)| Vote {
            voter: format!("passage {}", at + 1),
            accept: said.useful,
            reason: Some(said.reason),
        };
        Ok(Verdict { votes: said.into_iter().enumerate().map(vote).collect(), ..verdict })
    }
}

/// Returns the mean, over the useful ones, of the share of useful ones up to there; 0 if there are none.
fn precision(useful: &[bool]) -> f64 {
    let (mut found, mut sum) = (0_u32, 0.0);
    for (at, useful) in useful.iter().enumerate() {
        if *useful {
            found += 1;
            sum += f64::from(found) / (at + 1) as f64;
        }
    }
    match found {
        0 => 0.0,
        found => sum / f64::from(found),
    }
}

impl Inquiry<Judged, Verdict> for ContextPrecision {
    fn describe(&self) -> Inquiring {
        self.about.clone()
    }

    fn next(&self, judged: &Judged, heard: &[Vec<Heard>]) -> Next<Verdict> {
        let next = |passages: Vec<String>| {
            question(judged)?;
            if let Some(first) = heard.first() {
                return self.verdict(first).map(Next::Say);
            }
            let values = values(judged);
            let ask = |passage| self.form.ask(0, &values.clone().with("passage", passage));
            passages.into_iter().map(ask).collect::<Result<_, _>>().map(Next::Ask)
        };
        step(self.passages(judged).and_then(next))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::{House, judged, opening, settings};

    /// Finds useful whatever passage says "gold".
    fn verdict(context: Option<&str>, further: serde_json::Value) -> (Result<Verdict, String>, usize) {
        let house = House::new(|asked| {
            let (_, passage) = opening(asked).split_once("<passage>").unwrap();
            let useful = passage.contains("gold");
            asked.chat(&json!({ "reason": "Says it.", "useful": useful }).to_string())
        });
        let mut given = json!({ "model": "a" });
        given.as_object_mut().unwrap().extend(further.as_object().unwrap().clone());
        let judge = ContextPrecision::new(settings(given), &house.models, Path::new(".")).unwrap();
        let (mut sample, documents) = judged("What is it?", "A metal.", "gold");
        sample.context = context.map(str::to_owned);
        sample.fields.insert("hits".to_owned(), crate::draft::texts(["iron", "gold"]));
        (house.said(&judge, &(sample, documents)), house.endpoint.total())
    }

    #[test]
    fn useful_passages_before_others_score_more() {
        let (first, requests) = verdict(Some("gold\n\niron\n\ngold"), json!({ "threshold": 0.9 }));
        let first = first.unwrap();
        // (1/1 + 2/3) / 2
        assert_eq!((first.accept, first.score.value(), requests), (false, 0.833_333, 3));
        assert_eq!(first.reason.as_deref(), Some("precision 0.833: passage 2 of 3 is not useful"));
        let votes: Vec<_> = first.votes.iter().map(|vote| (vote.voter.as_str(), vote.accept)).collect();
        assert_eq!(votes, [("passage 1", true), ("passage 2", false), ("passage 3", true)]);
        let (last, _) = verdict(Some("iron | lead | gold"), json!({ "separator": "|", "threshold": 0.3 }));
        let last = last.unwrap();
        assert_eq!((last.accept, last.score.value()), (true, 0.333_333));
    }

    #[test]
    fn passages_come_from_a_field_a_context_or_the_documents() {
        let (field, requests) = verdict(Some("gold"), json!({ "field": "hits" }));
        assert_eq!((field.unwrap().score.value(), requests), (0.5, 2));
        let (documents, requests) = verdict(None, json!({}));
        assert_eq!((documents.unwrap().score.value(), requests), (1.0, 1));
        let (none, requests) = verdict(None, json!({ "field": "found" }));
        assert_eq!((none, requests), (Err("the sample's field `found` has no text".to_owned()), 0));
    }

    #[test]
    fn a_context_without_a_useful_passage_is_rejected() {
        let (none, _) = verdict(Some("iron\n\nlead"), json!({}));
        let none = none.unwrap();
        assert_eq!((none.reason.as_deref(), none.score.value()), (Some("none of 2 passages is useful"), 0.0));
        let house = House::new(|asked| asked.chat(r#"{"useful": true}"#));
        let judge =
            ContextPrecision::new(settings(json!({ "model": "a" })), &house.models, Path::new(".")).unwrap();
        let reason = "the answer does not fit its schema after a repair: the answer lacks \"reason\"";
        assert_eq!(house.said(&judge, &judged("What?", "It.", "gold")), Err(reason.to_owned()));
        let wrong =
            |given| ContextPrecision::new(settings(given), &house.models, Path::new(".")).err().unwrap();
        let separator = wrong(json!({ "model": "a", "separator": "" })).to_string();
        assert_eq!(separator, "`separator` is empty: name what stands between passages");
    }
}
