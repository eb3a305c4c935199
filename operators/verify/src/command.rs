use std::path::Path;
use std::sync::Arc;

use rifflebox_core::{
    Answering, AskedVerifier, Content, Failure, Identity, Judged, Limits, Proof, Result, Score, Value,
    Verdict, Vote,
};
use rifflebox_process::{Confinement, Program, ProgramSettings};
use serde::Deserialize;
use serde_json::{Map, json};

/// Judges samples by a program of the user's own, in any language: JSON lines in and out.
///
/// A line in is `{"id", "sample"}`, and `"documents"` where it reads them; a line out is `{"id", "accept"}`, with
/// `score` between 0 and 1, `reason` and `votes` if there are any; or `{"id", "error"}`, with `"retry": true` if it may
/// pass. The program is shown what its answer is kept by, and nothing else.
pub struct CommandVerifier {
    program: Arc<Program>,
    documents: bool,
    confirms: bool,
}

/// Settings of [`CommandVerifier`].
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CommandVerifierSettings {
    /// The program and its arguments; it runs in the flow file's folder.
    pub command: Vec<String>,
    /// The version of what it answers.
    #[serde(default)]
    pub version: Option<String>,
    /// A program that prints the version.
    #[serde(default)]
    pub version_command: Option<Vec<String>>,
    /// Files that its answers depend on; the arguments that are files of the flow's folder if not given.
    #[serde(default)]
    pub files: Option<Vec<String>>,
    /// The lineage of the model that speaks through it, if one does.
    #[serde(default)]
    pub family: Option<String>,
    /// Items of one run, at most.
    #[serde(default)]
    pub batch: Option<usize>,
    /// Runs at once, at most; one for each processor if not given.
    #[serde(default)]
    pub concurrency: Option<usize>,
    /// Seconds that one run may take.
    #[serde(default)]
    pub timeout_s: Option<u64>,
    /// Whether, and how, it is confined.
    #[serde(default)]
    pub sandbox: Option<Confinement>,
    /// Shows the sample's documents; then a changed document asks again for all samples of it.
    #[serde(default)]
    pub documents: bool,
    /// Says that it executes, checks or confirms: what it accepts is of tier T2.
    #[serde(default)]
    pub confirms: bool,
}

impl CommandVerifier {
    /// The name that flow files use.
    pub const NAME: &'static str = "command";

    /// Makes the verifier; the program runs in `base_dir`.
    ///
    /// # Errors
    /// [`rifflebox_core::ErrorKind::Usage`], naming the setting that is wrong.
    pub fn new(settings: CommandVerifierSettings, base_dir: &Path) -> Result<Self> {
        let (documents, confirms) = (settings.documents, settings.confirms);
        let program = ProgramSettings {
            command: settings.command,
            version: settings.version,
            version_command: settings.version_command,
            files: settings.files,
            family: settings.family,
            batch: settings.batch,
            concurrency: settings.concurrency,
            timeout_s: settings.timeout_s,
            sandbox: settings.sandbox,
        };
        Ok(CommandVerifier {
            program: Arc::new(rifflebox_sandbox::program(&program, base_dir)?),
            documents,
            confirms,
        })
    }
}

impl AskedVerifier for CommandVerifier {
    fn identity(&self) -> Identity {
        let mut identity = Identity::new(Self::NAME, self.program.version());
        identity.settings = json!({ "program": self.program.meaning(), "documents": self.documents, "confirms": self.confirms });
        identity.family = self.program.family().map(str::to_owned);
        identity
    }

    fn proof(&self) -> Proof {
        if self.confirms { Proof::Confirmed } else { Proof::Filtered }
    }

    fn reads_documents(&self) -> bool {
        self.documents
    }

    fn limits(&self) -> Limits {
        self.program.limits()
    }

    fn verify(&self, items: Vec<Judged>) -> Answering<Vec<Result<Verdict, Failure>>> {
        let (program, documents) = (self.program.clone(), self.documents);
        Box::pin(async move {
            let items = items.iter().map(|judged| item(judged, documents)).collect();
            let held = program.held();
            let read = |answer| Ok(with_layers(read(answer?)?, held.as_deref()));
            program.ask(items).await.into_iter().map(read).collect()
        })
    }
}

/// Says in the votes what held the program, where anything did.
fn with_layers(mut verdict: Verdict, held: Option<&str>) -> Verdict {
    let vote = |held: &str| Vote {
        voter: "sandbox".to_owned(),
        accept: verdict.accept,
        reason: Some(held.to_owned()),
    };
    verdict.votes.extend(held.map(vote));
    verdict
}

fn item((sample, documents): &Judged, shown: bool) -> Map<String, serde_json::Value> {
    let mut said: Map<String, serde_json::Value> = match &sample.content {
        Content::Messages { messages } => {
            let turns = messages.iter().map(|turn| json!({ "role": turn.role, "content": turn.content }));
            Map::from_iter([("messages".to_owned(), turns.collect())])
        }
        content => content.columns().into_iter().map(|(name, text)| (name.to_owned(), json!(text))).collect(),
    };
    said.insert("context".to_owned(), json!(sample.context));
    said.insert("fields".to_owned(), Value::Map(sample.fields.clone()).to_json());
    let mut item = Map::from_iter([("sample".to_owned(), serde_json::Value::Object(said))]);
    if shown {
        let texts = documents.iter().map(|document| json!({ "text": document.text }));
        item.insert("documents".to_owned(), texts.collect());
    }
    item
}

fn read(answer: Map<String, serde_json::Value>) -> Result<Verdict, Failure> {
    let said = serde_json::from_value(serde_json::Value::Object(answer));
    let said: Said =
        said.map_err(|error| Failure::Final(format!("the program's answer is none: {error}")))?;
    let accept = match (said.error, said.accept) {
        (Some(error), _) if said.retry => return Err(Failure::Owed(error)),
        (Some(error), _) => return Err(Failure::Final(error)),
        (None, None) => {
            let why = "the program's answer has neither accept nor error";
            return Err(Failure::Final(why.to_owned()));
        }
        (None, Some(accept)) => accept,
    };
    let score = match said.score {
        None => {
            if accept {
                Score::ONE
            } else {
                Score::ZERO
            }
        }
        Some(score) if (0.0..=1.0).contains(&score) => Score::new(score),
        Some(score) => {
            return Err(Failure::Final(format!("the program's score {score} does not lie in 0 to 1")));
        }
    };
    let reason = match (accept, said.reason) {
        (false, None) => Some("rejected without a reason".to_owned()),
        (_, reason) => reason,
    };
    let votes = said.votes.into_iter().map(|vote| Vote {
        voter: vote.voter,
        accept: vote.accept,
        reason: vote.reason,
    });
    Ok(Verdict { accept, score, reason, votes: votes.collect() })
}

#[derive(Deserialize)]
struct Said {
    accept: Option<bool>,
    score: Option<f64>,
    reason: Option<String>,
    #[serde(default)]
    votes: Vec<SaidVote>,
    error: Option<String>,
    #[serde(default)]
    retry: bool,
}

#[derive(Deserialize)]
struct SaidVote {
    voter: String,
    accept: bool,
    reason: Option<String>,
}

#[cfg(test)]
mod tests;
