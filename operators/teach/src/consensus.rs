use std::path::Path;

use rifflebox_core::{Heard, Inquiring, Inquiry, Judged, Next, Proof, Result, Verdict, Vote};
use rifflebox_model::Models;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::cast::{Cast, Part};
use crate::form::Form;
use crate::judged::{sees_what_it_names, values};
use crate::prompt::Prompt;
use crate::usage;

/// A jury: several models judge a sample, each alone, and so many of them have to accept it.
///
/// Each is asked by itself: one more juror asks that one alone, and one that leaves asks nobody. All votes stand in the
/// verdict, with what each juror says; one that has no answer for good votes against. The score is the share of votes
/// for. Jurors of several families err less alike than one large judge (Replacing Judges with Juries, arXiv:2404.18796),
/// so two of one family are an error unless `same_family` allows it.
pub struct Consensus {
    settings: ConsensusSettings,
    cast: Cast,
    form: Form<Said>,
}

/// Settings of [`Consensus`].
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct ConsensusSettings {
    /// The models that are asked.
    pub models: Vec<String>,
    /// How many have to accept; more than half of them if not given.
    #[serde(default)]
    pub quorum: Option<usize>,
    /// A file with another prompt; it may name `document`, `question`, `answer`, and the sample's columns and fields.
    #[serde(default)]
    pub prompt: Option<String>,
    /// Whether they see the sample's document; then a changed document asks again for all samples of it.
    #[serde(default)]
    pub documents: bool,
    /// Whether several of one family may vote.
    #[serde(default)]
    pub same_family: bool,
}

#[derive(Deserialize)]
struct Said {
    reason: String,
    accept: bool,
}

impl Consensus {
    /// The name that flow files use.
    pub const NAME: &'static str = "consensus";
    const VERSION: &'static str = "1";

    /// Makes the judge; `prompt` is relative to `base_dir`.
    ///
    /// # Errors
    /// [`rifflebox_core::ErrorKind::Usage`], naming the setting that is wrong.
    pub fn new(settings: ConsensusSettings, models: &Models, base_dir: &Path) -> Result<Self> {
        if settings.models.is_empty() {
            return usage("`models` is empty: name those that vote");
        }
        let mut seen = std::collections::BTreeMap::new();
        for name in &settings.models {
            let key = match settings.same_family {
                true => name.clone(),
                false => models.get(name)?.settings().lineage(),
            };
            if let Some(other) = seen.insert(key.clone(), name) {
                return usage(format!(
                    "`models` names {other} and {name}, both of the family {key}: one of them is enough, or set \
                     `same_family`"
                ));
            }
        }
        let quorum = settings.quorum.unwrap_or(settings.models.len() / 2 + 1);
        if !(1..=settings.models.len()).contains(&quorum) {
            return usage(format!(
                "`quorum` lies between 1 and {}, the number of `models`",
                settings.models.len()
            ));
        }
        let own = include_str!("../prompts/consensus.j2");
        let prompt = Prompt::at("prompt", settings.prompt.as_deref(), base_dir, own)?;
        sees_what_it_names(&prompt, settings.prompt.as_deref(), settings.documents)?;
        let fields = [("reason", json!({ "type": "string" })), ("accept", json!({ "type": "boolean" }))];
        Ok(Consensus {
            cast: Cast::new(models, settings.models.iter().map(String::as_str))?,
            form: Form::new("vote", prompt, &fields),
            settings: ConsensusSettings { quorum: Some(quorum), ..settings },
        })
    }

    fn verdict(&self, heard: &[Heard]) -> Verdict {
        let vote = |(index, heard): (usize, &Heard)| {
            let voter = self.cast.name(index);
            match self.form.read(heard) {
                Ok(Said { reason, accept }) => Vote { voter, accept, reason: Some(reason) },
                Err(reason) => Vote { voter, accept: false, reason: Some(reason) },
            }
        };
        let votes: Vec<Vote> = heard.iter().enumerate().map(vote).collect();
        let accepts = votes.iter().filter(|vote| vote.accept).count();
        let quorum = self.settings.quorum.unwrap_or(votes.len());
        let verdict = match accepts >= quorum {
            true => Verdict::accept(),
            false => Verdict::reject(refusal(&votes, accepts, quorum)),
        };
        Verdict { votes, ..verdict.scored(accepts as f64 / heard.len() as f64) }
    }
}

/// Says how the votes came out, and why the first juror is against.
fn refusal(votes: &[Vote], accepts: usize, quorum: usize) -> String {
    let count = format!("{accepts} of {} accept it, and {quorum} have to", votes.len());
    match votes.iter().find(|vote| !vote.accept) {
        Some(Vote { voter, reason: Some(reason), .. }) => format!("{count}; {voter}: {reason}"),
        _ => count,
    }
}

impl Inquiry<Judged, Verdict> for Consensus {
    fn describe(&self) -> Inquiring {
        let (name, version) = (Self::NAME, Self::VERSION);
        let prompts = &[self.form.prompt()];
        Part { name, version, settings: &self.settings, cast: &self.cast, prompts, rounds: 1 }
            .judging(Proof::Confirmed, self.settings.documents)
    }

    fn next(&self, judged: &Judged, heard: &[Vec<Heard>]) -> Next<Verdict> {
        if let [first, ..] = heard {
            return Next::Say(self.verdict(first));
        }
        let values = values(judged);
        let questions = (0..self.cast.len()).map(|juror| self.form.ask(juror, &values));
        questions.collect::<Result<_, _>>().map_or_else(Next::Fail, Next::Ask)
    }
}

#[cfg(test)]
mod tests;
