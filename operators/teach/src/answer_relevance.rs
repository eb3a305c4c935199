use std::path::Path;

use rifflebox_core::{
    Heard, Inquiring, Inquiry, Judged, Next, Proof, Question, Result, Value, Verdict, Vote,
};
use rifflebox_model::{ModelRequest, Models};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::cast::{Cast, Part, list, reply, step, text};
use crate::form::Form;
use crate::judged::{at_least, is_share, question, values};
use crate::prompt::Prompt;
use crate::usage;

/// A judge of answer relevance as RAGAS defines it (arXiv:2309.15217, section 3): how well an answer fits its question,
/// whether it is right or not.
///
/// The model writes `n` questions `q_i` that the answer answers; a second model, the embedder, gives their vectors and that
/// of the question `q` which was asked. The score is their mean cosine similarity, `AR = 1/n * sum of cos(q, q_i)`, and
/// 0 where that is below 0; at least `threshold` is accepted. As in the reference implementation (docs.ragas.io), an answer
/// that commits itself to nothing has the score 0, here before anything is embedded.
///
/// Each question stands in the verdict as a vote, with its similarity. What similarity means is the embedder's: set the
/// threshold by samples that are known to be good and bad.
pub struct AnswerRelevance {
    settings: AnswerRelevanceSettings,
    about: Inquiring,
    form: Form<Asked>,
}

/// Settings of [`AnswerRelevance`].
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct AnswerRelevanceSettings {
    /// The model that writes questions.
    pub model: String,
    /// The model that gives vectors.
    pub embedder: String,
    /// A file with another prompt; it may name `questions` (how many), `answer`, `context`, and the sample's columns and
    /// fields. One that names the question asks for an echo.
    #[serde(default)]
    pub prompt: Option<String>,
    /// How many questions it writes.
    #[serde(default = "default_questions")]
    pub questions: usize,
    /// The least mean similarity, between 0 and 1.
    #[serde(default = "default_threshold")]
    pub threshold: f64,
}

fn default_questions() -> usize {
    3
}

fn default_threshold() -> f64 {
    0.7
}

#[derive(Deserialize)]
struct Asked {
    questions: Vec<String>,
    evasive: bool,
}

impl AnswerRelevance {
    /// The name that flow files use.
    pub const NAME: &'static str = "answer-relevance";
    const VERSION: &'static str = "1";
    const EMBEDDER: usize = 1;

    /// Makes the judge; `prompt` is relative to `base_dir`.
    ///
    /// # Errors
    /// [`rifflebox_core::ErrorKind::Usage`], naming the setting that is wrong.
    pub fn new(settings: AnswerRelevanceSettings, models: &Models, base_dir: &Path) -> Result<Self> {
        if !(1..=20).contains(&settings.questions) {
            return usage("`questions` lies between 1 and 20");
        }
        is_share("threshold", settings.threshold)?;
        let own = include_str!("../prompts/answer-relevance.j2");
        let prompt = Prompt::at("prompt", settings.prompt.as_deref(), base_dir, own)?;
        let questions = list(text(), settings.questions..=settings.questions);
        let evasive = json!({ "type": "boolean" });
        let form = Form::new("relevance", prompt, &[("questions", questions), ("evasive", evasive)]);
        let cast = Cast::new(models, [settings.model.as_str(), settings.embedder.as_str()])?;
        let (name, version, prompts) = (Self::NAME, Self::VERSION, &[form.prompt()]);
        let part = Part { name, version, settings: &settings, cast: &cast, prompts, rounds: 2 };
        Ok(AnswerRelevance { about: part.judging(Proof::Filtered, false), settings, form })
    }

    fn verdict(&self, questions: Vec<String>, heard: &Heard) -> Result<Verdict, String> {
        let reply = reply(heard)?;
        let vectors = vectors(reply.fields.get("vectors"));
        let Some((asked, written)) = vectors.split_first().filter(|(_, rest)| rest.len() == questions.len())
        else {
            return Err(format!(
                "{} gives {} vectors of {} texts",
                reply.by,
                vectors.len(),
                questions.len() + 1
            ));
        };
        let similarities: Vec<f64> = written.iter().map(|vector| cosine(asked, vector)).collect();
        let mean = (similarities.iter().sum::<f64>() / similarities.len() as f64).max(0.0);
        let threshold = self.settings.threshold;
        let vote = |(voter, similarity): (String, f64)| Vote {
            voter,
            accept: similarity >= threshold,
            reason: Some(format!("similarity {similarity:.3}")),
        };
        let verdict = at_least(mean, threshold, || {
            let nearest = questions.first().map_or("", String::as_str);
            format!(
                "the questions that it answers are {mean:.3} like its own, below {threshold}, such as: {nearest}"
            )
        });
        let votes = questions.iter().cloned().zip(similarities).map(vote).collect();
        Ok(Verdict { votes, ..verdict })
    }
}

/// Reads the vectors of a reply, in millionths; none where it has no whole ones.
fn vectors(field: Option<&Value>) -> Vec<Vec<i64>> {
    let Some(Value::List(vectors)) = field else { return Vec::new() };
    let number = |value: &Value| if let Value::Int(micro) = value { Some(*micro) } else { None };
    let vector = |value: &Value| match value {
        Value::List(numbers) => numbers.iter().map(number).collect(),
        _ => None,
    };
    vectors.iter().map(vector).collect::<Option<_>>().unwrap_or_default()
}

/// Returns the cosine of the angle between two vectors; 0 if one of them has no direction.
fn cosine(one: &[i64], other: &[i64]) -> f64 {
    // Sums of whole numbers do not depend on their order.
    let dot = |a: &[i64], b: &[i64]| -> i128 {
        a.iter().zip(b).map(|(a, b)| i128::from(*a) * i128::from(*b)).sum()
    };
    let lengths = (dot(one, one) as f64).sqrt() * (dot(other, other) as f64).sqrt();
    match lengths > 0.0 {
        true => dot(one, other) as f64 / lengths,
        false => 0.0,
    }
}

impl Inquiry<Judged, Verdict> for AnswerRelevance {
    fn describe(&self) -> Inquiring {
        self.about.clone()
    }

    fn next(&self, judged: &Judged, heard: &[Vec<Heard>]) -> Next<Verdict> {
        let next = |question: String| {
            let Some(first) = heard.first() else {
                let values = values(judged).with("questions", self.settings.questions);
                return Ok(Next::Ask(vec![self.form.ask(0, &values)?]));
            };
            let Asked { questions, evasive } = self.form.read(&first[0])?;
            match heard.get(1) {
                _ if evasive => {
                    Ok(Next::Say(Verdict::reject("the answer is evasive: it commits itself to nothing")))
                }
                Some(second) => self.verdict(questions, &second[0]).map(Next::Say),
                None => {
                    let texts = [question].into_iter().chain(questions).collect();
                    let request = ModelRequest::Embed(texts).to_bytes();
                    Ok(Next::Ask(vec![Question { to: Self::EMBEDDER, request }]))
                }
            }
        };
        step(question(judged).and_then(next))
    }
}

#[cfg(test)]
mod tests {
    use rifflebox_testkit::Said;

    use super::*;
    use crate::tests::{House, judged, opening, settings};

    /// Writes these questions; the embedder turns a text in the plane by as many right angles as its length says.
    fn verdict(questions: [&'static str; 2], evasive: bool) -> (Result<Verdict, String>, usize) {
        let house = House::new(move |asked| match asked.path.as_str() {
            "embeddings" => {
                assert_eq!(asked.body["model"], "model-b");
                let texts = asked.body["input"].as_array().unwrap().iter().map(|text| text.as_str().unwrap());
                let vector = |text: &str| [[2.0, 0.0], [0.0, 0.5], [-1.0, 0.0], [0.0, -1.0]][text.len() % 4];
                let rows = texts
                    .enumerate()
                    .map(|(index, text)| json!({ "index": index, "embedding": vector(text) }));
                Said::json(&json!({ "object": "list", "model": "e", "data": rows.collect::<Vec<_>>() }))
            }
            _ => {
                assert!(!opening(asked).contains("Gold?!??"), "the question is not shown");
                asked.chat(&json!({ "questions": questions, "evasive": evasive }).to_string())
            }
        });
        let given = json!({ "model": "a", "embedder": "b", "questions": 2, "threshold": 0.5 });
        let judge = AnswerRelevance::new(settings(given), &house.models, Path::new(".")).unwrap();
        (house.said(&judge, &judged("Gold?!??", "A metal.", "x")), house.endpoint.total())
    }

    #[test]
    fn the_score_is_the_mean_cosine_to_the_question() {
        let (same, requests) = verdict(["What", "Whatever"], false);
        let same = same.unwrap();
        assert_eq!((same.accept, same.score.value(), requests), (true, 1.0, 2));
        let (half, _) = verdict(["What", "Where"], false);
        let half = half.unwrap();
        assert_eq!((half.accept, half.score.value()), (true, 0.5));
        assert_eq!(
            (half.votes[1].accept, half.votes[1].reason.as_deref()),
            (false, Some("similarity 0.000"))
        );
    }

    #[test]
    fn an_answer_to_another_question_is_rejected() {
        let (other, _) = verdict(["Where", "Whence?."], false);
        let other = other.unwrap();
        assert!(other.accept);
        let (other, _) = verdict(["Where", "Whither?.x"], false);
        let reason = "the questions that it answers are 0.000 like its own, below 0.5, such as: Where";
        let other = other.unwrap();
        assert_eq!((other.reason.as_deref(), other.score.value()), (Some(reason), 0.0));
    }

    #[test]
    fn an_evasive_answer_is_rejected_before_anything_is_embedded() {
        let (evasive, requests) = verdict(["What", "Whatever"], true);
        let reason = "the answer is evasive: it commits itself to nothing";
        assert_eq!((evasive.unwrap().reason.as_deref(), requests), (Some(reason), 1));
    }

    #[test]
    fn vectors_that_do_not_come_to_pairs_fail_and_settings_are_named() {
        let house = House::new(|asked| asked.chat(r#"{"questions": ["What?"], "evasive": false}"#));
        let given = json!({ "model": "a", "embedder": "b", "questions": 1 });
        let judge = AnswerRelevance::new(settings(given), &house.models, Path::new(".")).unwrap();
        let reply = rifflebox_core::Reply { by: "e".to_owned(), ..Default::default() };
        let reason = judge.verdict(vec!["What?".to_owned()], &Ok(reply)).unwrap_err();
        assert_eq!(reason, "e gives 0 vectors of 2 texts");
        let unfit = AnswerRelevance::new(
            settings(json!({ "model": "a", "embedder": "b" })),
            &house.models,
            Path::new("."),
        );
        let failed = house.said(&unfit.unwrap(), &judged("What?", "A metal.", "x"));
        let reason = "the answer does not fit its schema after a repair: `/questions` has 1 items, at least 3 are wanted";
        assert_eq!(failed, Err(reason.to_owned()));
        assert_eq!(cosine(&[0, 0], &[1, 1]), 0.0);
        assert_eq!(
            house.said(&judge, &judged("", "A metal.", "x")),
            Err("the sample asks nothing".to_owned())
        );
        let wrong =
            |given| AnswerRelevance::new(settings(given), &house.models, Path::new(".")).err().unwrap();
        let none = wrong(json!({ "model": "a", "embedder": "b", "questions": 0 }));
        assert_eq!(none.to_string(), "`questions` lies between 1 and 20");
        assert!(wrong(json!({ "model": "a", "embedder": "z" })).to_string().contains('z'));
    }
}
