//! Models that answer numbers: embeddings and rewards.

use rifflebox_core::Failure;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::answer::{Answer, Usage};
use crate::model::Model;
use crate::request::ChatRequest;
use crate::schema::AnswerSchema;
use crate::transport::Sent;
use crate::trouble::Trouble;
use crate::wire::{UsageBody, read};

/// The vectors of texts.
#[derive(Clone, Debug, PartialEq)]
pub struct Embedded {
    /// One for each text, in their order, all of one length.
    pub vectors: Vec<Vec<f32>>,
    /// Which model it says it is.
    pub model: String,
    /// The tokens.
    pub usage: Usage,
    /// What it cost, in millionths of a USD.
    pub micro_usd: u64,
}

/// What a reward model gives to answers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Scored {
    /// One for each answer, in their order, in millionths; its scale is the model's own.
    pub micro_scores: Vec<i64>,
    /// Which model it says it is.
    pub model: String,
    /// The tokens.
    pub usage: Usage,
    /// What it cost, in millionths of a USD.
    pub micro_usd: u64,
}

#[derive(Deserialize)]
struct ListBody<T> {
    data: Vec<T>,
    #[serde(default)]
    model: Option<String>,
    #[serde(default)]
    usage: Option<UsageBody>,
}

#[derive(Deserialize)]
struct VectorBody {
    index: usize,
    embedding: Vec<f32>,
}

#[derive(Deserialize)]
struct ScoreBody {
    index: usize,
    score: f64,
}

impl Model {
    /// Returns the vectors of texts.
    ///
    /// # Errors
    /// As [`Model::chat`].
    pub async fn embed(&self, texts: &[String]) -> Result<Embedded, Failure> {
        let mut body = self.settings().extra.clone();
        body.insert("model".to_owned(), json!(self.settings().model));
        body.insert("input".to_owned(), json!(texts));
        let sent = Sent::post("embeddings", crate::wire::written(&body)).aside();
        let read = |text: &str| {
            let body: ListBody<VectorBody> = read(text)?;
            let rows = body.data.into_iter().map(|row| (row.index, row.embedding)).collect();
            let vectors = in_order(rows, texts.len())?;
            let lengths = vectors.iter().map(Vec::len);
            let whole = vectors.iter().flatten().all(|number| number.is_finite());
            if !whole || lengths.clone().min() != lengths.max() || vectors.iter().any(Vec::is_empty) {
                return Err(Trouble::Passing("the vectors are not all whole and of one length".to_owned()));
            }
            Ok((vectors, body.model.unwrap_or_default(), body.usage.unwrap_or_default().usage()))
        };
        let ((vectors, model, usage), _) = self.call(&sent, read).await?;
        let micro_usd = self.paid(&usage);
        Ok(Embedded { vectors, model, usage, micro_usd })
    }

    /// Asks a reward model, or one that compares texts, at the endpoint's `score`: how good is each answer to a question?
    ///
    /// # Errors
    /// As [`Model::chat`].
    pub async fn score(&self, question: &str, answers: &[String]) -> Result<Scored, Failure> {
        let mut body = self.settings().extra.clone();
        body.insert("model".to_owned(), json!(self.settings().model));
        body.insert("text_1".to_owned(), json!(question));
        body.insert("text_2".to_owned(), json!(answers));
        let sent = Sent::post("score", crate::wire::written(&body)).aside();
        let read = |text: &str| {
            let body: ListBody<ScoreBody> = read(text)?;
            let rows = body.data.into_iter().map(|row| (row.index, row.score)).collect();
            let scores = in_order(rows, answers.len())?.into_iter().map(millionths).collect::<Option<_>>();
            let Some(scores) = scores else {
                return Err(Trouble::Passing("a score is no number".to_owned()));
            };
            Ok((scores, body.model.unwrap_or_default(), body.usage.unwrap_or_default().usage()))
        };
        let ((micro_scores, model, usage), _) = self.call(&sent, read).await?;
        let micro_usd = self.paid(&usage);
        Ok(Scored { micro_scores, model, usage, micro_usd })
    }

    /// Asks a model that talks for a number, as `{"score": …}`, and returns it in millionths, with the answer.
    ///
    /// # Errors
    /// As [`Model::chat`].
    pub async fn rate(&self, request: &ChatRequest) -> Result<(i64, Answer), Failure> {
        let schema = json!({
            "type": "object",
            "properties": { "score": { "type": "number" } },
            "required": ["score"],
            "additionalProperties": false,
        });
        let schema = AnswerSchema::new("score", schema).expect("it is a schema with a name");
        let answer = self.chat(&request.clone().schema(schema)).await?;
        let score = answer.json().and_then(|json| json["score"].as_f64()).and_then(millionths);
        match score {
            Some(score) => Ok((score, answer)),
            None => Err(Failure::Final("the score is beyond all numbers".to_owned())),
        }
    }

    fn paid(&self, usage: &Usage) -> u64 {
        let micro_usd = self.settings().price.micro_usd(usage);
        self.spend(usage, micro_usd);
        micro_usd
    }
}

/// Returns rows that came in any order by their index, if each came once.
fn in_order<T>(mut rows: Vec<(usize, T)>, count: usize) -> Result<Vec<T>, Trouble> {
    rows.sort_by_key(|(index, _)| *index);
    match rows.len() == count && rows.iter().enumerate().all(|(place, (index, _))| place == *index) {
        true => Ok(rows.into_iter().map(|(_, row)| row).collect()),
        false => Err(Trouble::Passing(format!("the endpoint's answer is not about each of {count} texts"))),
    }
}

/// Rounds a number to millionths.
fn millionths(number: f64) -> Option<i64> {
    let scaled = (number * 1e6).round();
    (scaled.abs() < i64::MAX as f64).then_some(scaled as i64)
}
