//! Asks programs of ours, which run beside what nobody trusts.

use std::sync::Arc;

use rifflebox_core::{Answering, Failure, Judged, Limits as Calls, Result, Sample, Verdict, Vote};
use rifflebox_sandbox::{Bubblewrap, End, Limits, Outcome, Program, Sandbox, Task};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::settings::Machine;
use crate::asked;

/// A program of ours and the sandbox that it runs in.
pub(super) struct Asked {
    pub(super) sandbox: Arc<dyn Sandbox>,
    program: &'static str,
    limits: Limits,
}

/// What such a program says: a word, and why.
#[derive(Debug, Deserialize)]
pub(super) struct Said {
    pub(super) verdict: String,
    #[serde(default)]
    pub(super) why: Option<String>,
}

impl Asked {
    /// Starts the sandbox last: what is wrong with the settings comes before what is wrong with the machine.
    pub(super) fn new(
        program: &'static str,
        machine: &Machine<'_>,
        sandbox: impl FnOnce() -> Result<Arc<dyn Sandbox>>,
    ) -> Result<Self> {
        let limits = machine.limits()?;
        Ok(Asked { sandbox: sandbox()?, program, limits })
    }

    /// Returns how samples come in.
    pub(super) fn calls(&self) -> Calls {
        asked::calls(&*self.sandbox)
    }

    /// Asks about each sample; `input` makes what the program is asked, `verdict` what its answer means.
    pub(super) fn each<T: DeserializeOwned + Send + 'static>(
        self: &Arc<Self>,
        items: Vec<Judged>,
        input: impl Fn(&Sample) -> Result<serde_json::Value, String> + Send + 'static,
        verdict: fn(T) -> Verdict,
    ) -> Answering<Vec<Result<Verdict, Failure>>> {
        let asked = self.clone();
        asked::one_by_one(items, move |sample| {
            let (asked, input) = (asked.clone(), input(&sample).map_err(Failure::Final));
            Box::pin(async move { asked.ask(input?, verdict).await })
        })
    }

    async fn ask<T: DeserializeOwned>(
        &self,
        input: serde_json::Value,
        verdict: fn(T) -> Verdict,
    ) -> Result<Verdict, Failure> {
        let task = Task::Trusted { program: self.program, input };
        let outcome = self.sandbox.run(Program { task, seed: Bubblewrap::SEED }, self.limits).await?;
        let layers =
            Vote { voter: "sandbox".to_owned(), accept: true, reason: Some(outcome.layers.to_string()) };
        let mut found = match outcome.end {
            End::Answered(answer) => match serde_json::from_value(answer) {
                Ok(said) => verdict(said),
                Err(error) => Verdict::reject(format!("not decided: {error}")),
            },
            // The program is ours: what it lacks, the machine lacks.
            End::Died(0)
                if ["ImportError", "ModuleNotFoundError"]
                    .iter()
                    .any(|lack| outcome.output.starts_with(lack)) =>
            {
                return Err(Failure::Owed(format!(
                    "the sandbox's interpreter lacks something: {}",
                    outcome.output.trim()
                )));
            }
            _ => Verdict::reject(format!("not decided: {}", self.unanswered(&outcome))),
        };
        // It may quote what the sample says.
        found.reason =
            found.reason.map(|why| why.chars().map(|c| if c.is_control() { ' ' } else { c }).collect());
        found.votes.push(layers);
        Ok(found)
    }

    /// Says why there is no answer: words that are the same wherever it runs.
    fn unanswered(&self, outcome: &Outcome) -> String {
        let cpu = outcome.usage.cpu >= self.limits.cpu;
        match &outcome.end {
            End::TooSlow => format!("it takes longer than {} s", self.limits.wall.as_secs()),
            End::Died(1..) if cpu => {
                format!("it takes more than {} s of a processor", self.limits.cpu.as_secs())
            }
            End::TooLarge => format!("it takes more than {} MB", self.limits.memory >> 20),
            End::Died(0) if outcome.output.starts_with("MemoryError") => {
                format!("it takes more than {} MB", self.limits.memory >> 20)
            }
            End::Died(0) => outcome.output.lines().last().unwrap_or("it ended without a word").to_owned(),
            End::Died(signal) => format!("it was ended by signal {signal}"),
            other => format!("{other:?}"),
        }
    }
}
