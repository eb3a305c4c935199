use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use rifflebox_core::{
    Content, Document, Draft, Fields, Heard, Inquiring, Inquiry, Next, Question, Result, Value,
};
use rifflebox_model::Models;
use rifflebox_template::Values;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::cast::{Cast, Part, impartial, object, question, step};
use crate::draft::{count, last_turn, told};
use crate::form::Form;
use crate::prompt::Prompt;
use crate::rivals::Rival;
use crate::usage;

/// Pairs of a better and a worse answer: several candidates to each document, which is a question, and a judge of another
/// family who ranks them (UltraFeedback, arXiv:2310.01377).
///
/// Candidates come from several models, several seeds of each, or both; those that say the same are one. The judge sees
/// them in an order that is drawn by what they say. Two that share a rank make no pair, nor does a candidate that the judge
/// leaves out or ranks twice; a document for which no pair is left has failed.
///
/// Fields of a pair: `chosen_by` and `rejected_by` (the models' names in the flow), `chosen_rank` and `rejected_rank`,
/// `ranks` (of each candidate who made it and its rank, in the order in which the judge saw them), `judge` and `reason`.
pub struct Preference {
    settings: PreferenceSettings,
    cast: Cast,
    about: Inquiring,
    answer: Prompt,
    rank: Form<Ranking>,
}

/// Settings of [`Preference`].
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct PreferenceSettings {
    /// The models that answer.
    pub models: Vec<String>,
    /// Answers of each of them, each with another seed; two if one model answers alone.
    #[serde(default)]
    pub attempts: Option<usize>,
    /// The model that ranks, of another family than any that answers.
    pub judge: String,
    /// Which pairs are made.
    #[serde(default)]
    pub pairs: Pairs,
    /// Files with other prompts: `answer`, which may name `instruction`, and whose last turn is the sample's prompt; and
    /// `rank`, which may name `question` and `candidates`; both also `text` and the document's fields.
    #[serde(default)]
    pub prompts: BTreeMap<String, String>,
}

/// Which pairs of a ranking are made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Pairs {
    /// The best with the worst.
    #[default]
    Ends,
    /// Each with the next.
    Neighbours,
    /// Each with every worse one.
    All,
}

#[derive(Deserialize)]
struct Ranking {
    reason: String,
    ranking: Vec<Ranked>,
}

#[derive(Deserialize)]
struct Ranked {
    candidate: usize,
    rank: usize,
}

impl Preference {
    /// The name that flow files use.
    pub const NAME: &'static str = "preference";
    const VERSION: &'static str = "1";

    /// Makes the generator; prompts are relative to `base_dir`.
    ///
    /// # Errors
    /// [`rifflebox_core::ErrorKind::Usage`], naming the setting that is wrong.
    pub fn new(settings: PreferenceSettings, models: &Models, base_dir: &Path) -> Result<Self> {
        if settings.models.is_empty() {
            return usage("`models` is empty: name those that answer");
        }
        if settings.models.iter().collect::<BTreeSet<_>>().len() < settings.models.len() {
            return usage("`models` names one twice: `attempts` says how often each answers");
        }
        let attempts = settings.attempts.unwrap_or(if settings.models.len() == 1 { 2 } else { 1 });
        let candidates = settings.models.len() * attempts.min(100);
        if !(2..=20).contains(&candidates) {
            return usage(format!(
                "`attempts` of `models` make {candidates} candidates, and 2 to 20 can be ranked"
            ));
        }
        impartial(models, ("judge", &settings.judge), ("models", &settings.models))?;
        let own = [
            ("prompts.answer", include_str!("../prompts/answer.j2")),
            ("prompts.rank", include_str!("../prompts/rank.j2")),
        ];
        let [answer, rank] = Prompt::steps(&settings.prompts, base_dir, own)?;
        let candidate = json!({ "type": "integer", "minimum": 1, "maximum": candidates });
        let ranked = object(&[("candidate", candidate.clone()), ("rank", candidate)]);
        let fields = [
            ("reason", json!({ "type": "string" })),
            ("ranking", json!({ "type": "array", "items": ranked })),
        ];
        let rank = Form::new("ranking", rank, &fields);
        let cast = Cast::new(models, settings.models.iter().chain([&settings.judge]).map(String::as_str))?;
        let settings = PreferenceSettings { attempts: Some(attempts), ..settings };
        let (name, version, prompts) = (Self::NAME, Self::VERSION, &[&answer, rank.prompt()]);
        let part = Part { name, version, settings: &settings, cast: &cast, prompts, rounds: 2 };
        Ok(Preference { about: part.teaching(), settings, cast, answer, rank })
    }

    /// Returns who answers, and with which seed, in the order of the questions.
    fn candidates(&self) -> impl Iterator<Item = (usize, Option<i64>)> {
        let attempts = self.settings.attempts.unwrap_or(1);
        let models = 0..self.settings.models.len();
        models.flat_map(move |to| (0..attempts).map(move |attempt| (to, self.cast.seed(to, attempt))))
    }

    fn questions(&self, values: &Values) -> Result<Vec<Question>, String> {
        let request = self.answer.fill(values)?;
        let ask = |(to, seed)| {
            let mut request = request.clone();
            request.sampling.seed = seed;
            question(to, request)
        };
        Ok(self.candidates().map(ask).collect())
    }

    /// Returns the different answers, in the order in which they are shown.
    fn rivals<'a>(&self, document: &Document, heard: &'a [Heard]) -> Result<Vec<Rival<'a>>, String> {
        let (mut rivals, mut failed): (Vec<Rival<'_>>, Option<String>) = (Vec::new(), None);
        for ((to, _), heard) in self.candidates().zip(heard) {
            match Rival::new(self.cast.name(to), heard) {
                Ok(rival) if rivals.iter().any(|other| other.agrees(&rival)) => {}
                Ok(rival) => rivals.push(rival),
                Err(reason) => failed = failed.or(Some(reason)),
            }
        }
        if rivals.len() < 2 {
            let why = failed.unwrap_or_else(|| "all candidates say the same".to_owned());
            return Err(format!("there are not two answers to compare: {why}"));
        }
        rivals.sort_by_key(|rival| rival.place(document));
        Ok(rivals)
    }

    fn drafts(&self, asked: &str, rivals: &[Rival<'_>], heard: &Heard) -> Result<Next<Vec<Draft>>, String> {
        let Ranking { reason, ranking } = self.rank.read(heard)?;
        let judge = crate::cast::reply(heard)?.by.as_str();
        let ranks = ranks(&ranking, rivals.len());
        let shown = rivals.iter().zip(&ranks).map(|(rival, rank)| {
            let rank = rank.as_ref().map_or(Value::Null, |rank| count(*rank));
            Value::Map(Fields::from([
                ("by".to_owned(), rival.name.as_str().into()),
                ("rank".to_owned(), rank),
            ]))
        });
        let shown = Value::List(shown.collect());
        let mut ranked: Vec<(usize, usize)> =
            ranks.iter().enumerate().filter_map(|(at, rank)| Some((*rank.as_ref().ok()?, at))).collect();
        ranked.sort_unstable();
        let drafts =
            pairs(&ranked, self.settings.pairs).into_iter().map(|((best, chosen), (worst, rejected))| {
                let (chosen, rejected) = (&rivals[chosen], &rivals[rejected]);
                let content = Content::Preference {
                    prompt: asked.to_owned(),
                    chosen: chosen.text.to_owned(),
                    rejected: rejected.text.to_owned(),
                };
                let fields = [
                    ("chosen_by", chosen.name.as_str().into()),
                    ("rejected_by", rejected.name.as_str().into()),
                    ("chosen_rank", count(best)),
                    ("rejected_rank", count(worst)),
                    ("ranks", shown.clone()),
                    ("judge", judge.into()),
                    ("reason", reason.as_str().into()),
                ];
                told(chosen.reply, content, fields)
            });
        let drafts: Vec<Draft> = drafts.collect();
        let whys: Vec<String> = ranks.into_iter().filter_map(Result::err).collect();
        match (drafts.is_empty(), whys.is_empty()) {
            (false, true) => Ok(Next::Say(drafts)),
            (false, false) => Ok(Next::SayRest(drafts, whys)),
            (true, _) => {
                let why = if whys.is_empty() { "all share a rank".to_owned() } else { whys.join("; ") };
                Err(format!("no pair is left of {} candidates: {why}", rivals.len()))
            }
        }
    }
}

/// Returns the rank of each of so many candidates, or why it has none.
fn ranks(ranking: &[Ranked], candidates: usize) -> Vec<Result<usize, String>> {
    let rank = |number: usize| {
        let given: Vec<usize> =
            ranking.iter().filter(|one| one.candidate == number).map(|one| one.rank).collect();
        match given[..] {
            [rank] => Ok(rank),
            [] => Err(format!("candidate {number} has no rank")),
            _ => Err(format!("candidate {number} is ranked {} times", given.len())),
        }
    };
    (1..=candidates).map(rank).collect()
}

/// A candidate's rank, and its number from 0.
type Place = (usize, usize);

/// Returns the pairs of a ranking that is sorted, each the better first; those that share a rank make none.
fn pairs(ranked: &[Place], wanted: Pairs) -> Vec<(Place, Place)> {
    let mut pairs: Vec<(Place, Place)> = match wanted {
        Pairs::Ends => ranked.first().copied().zip(ranked.last().copied()).into_iter().collect(),
        Pairs::Neighbours => ranked.windows(2).map(|two| (two[0], two[1])).collect(),
        Pairs::All => {
            let after = |(at, better): (usize, &Place)| {
                let better = *better;
                ranked[at + 1..].iter().map(move |worse| (better, *worse))
            };
            ranked.iter().enumerate().flat_map(after).collect()
        }
    };
    pairs.retain(|((better, _), (worse, _))| better < worse);
    pairs
}

impl Inquiry<Document, Vec<Draft>> for Preference {
    fn describe(&self) -> Inquiring {
        self.about.clone()
    }

    fn next(&self, document: &Document, heard: &[Vec<Heard>]) -> Next<Vec<Draft>> {
        let values = Values::of_document(document).with("instruction", document.text.trim());
        let Some(answers) = heard.first() else {
            return step(self.questions(&values).map(Next::Ask));
        };
        step(self.rivals(document, answers).and_then(|rivals| {
            let asked = last_turn(&self.answer.fill(&values)?);
            match heard.get(1) {
                Some(ranking) => self.drafts(&asked, &rivals, &ranking[0]),
                None => {
                    let candidates: Vec<&str> = rivals.iter().map(|rival| rival.text).collect();
                    let values = values.with("question", asked).with("candidates", candidates);
                    Ok(Next::Ask(vec![self.rank.ask(self.settings.models.len(), &values)?]))
                }
            }
        }))
    }
}

#[cfg(test)]
mod tests;
