use std::sync::Arc;

use futures::future::join_all;
use rifflebox_core::{
    Answering, AskedVerifier, Failure, Identity, Judged, Limits as Calls, Proof, Result, Verdict, Vote,
};
use rifflebox_sandbox::{Bubblewrap, End, Mutant, Process, Program, Sandbox, Task};
use serde::{Deserialize, Serialize};

use super::code::{Code, CodeTemplate};
use super::runner::Runner;
use super::settings::{Common, Machine, Meaning, five, half_a_gigabyte};
use super::told::refusal;
use crate::asked::usage;

/// Tests a sample's tests: makes mutants of its solution, and counts those that the tests notice.
///
/// A mutant is the solution with one small fault in its syntax tree; those whose byte code is the original's are none. The
/// score is the share that the tests notice, and the votes name those that survive. Tests that the solution itself does not
/// pass are refused, and so is a solution of which no mutant can be made.
pub struct Mutants {
    settings: MutantsSettings,
    runner: Arc<Runner>,
}

/// Settings of [`Mutants`].
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MutantsSettings {
    /// A template over the sample's columns and fields, which makes the program; its line `# tests` parts the solution,
    /// of which mutants are made, from the tests.
    pub program: String,
    /// The least score that is accepted, 0 to 1. Some mutants mean the same as their original, so 1 is too much to ask.
    #[serde(default = "half")]
    pub min_score: f64,
    /// The most mutants of one solution; where there are more, so many are taken, spread over the text.
    #[serde(default = "forty")]
    pub most: usize,
    /// Where solution and tests run, as for `python-tests`.
    #[serde(default)]
    pub process: Option<Process>,
    /// The interpreter; `/usr/bin/python3` if not given.
    #[serde(default)]
    pub python: Option<String>,
    /// Packages of it that programs may import, beside the standard library.
    #[serde(default)]
    pub packages: Vec<String>,
    /// Seconds of a processor that each process of a run may take; a mutant that takes
    /// longer is noticed.
    #[serde(default = "five")]
    pub seconds: u64,
    /// Megabytes of memory.
    #[serde(default = "half_a_gigabyte")]
    pub memory_mb: u64,
    /// Layers of the sandbox to do without: `landlock`, `seccomp`.
    #[serde(default)]
    pub without: Vec<String>,
    /// Runs at once, at most; one for each processor if not given.
    #[serde(default)]
    pub concurrency: Option<usize>,
}

const fn half() -> f64 {
    0.5
}

const fn forty() -> usize {
    40
}

/// The most mutants that a setting may ask for: each is a run.
const MOST: usize = 1_000;

impl MutantsSettings {
    fn common(&self) -> Common<'_> {
        Common {
            program: &self.program,
            process: self.process,
            machine: Machine {
                python: self.python.as_deref(),
                packages: &self.packages,
                seconds: self.seconds,
                memory_mb: self.memory_mb,
                without: &self.without,
                concurrency: self.concurrency,
            },
        }
    }

    fn check(&self) -> Result<()> {
        if !(0.0..=1.0).contains(&self.min_score) {
            return usage("`min_score` lies in 0 to 1");
        }
        if !(1..=MOST).contains(&self.most) {
            return usage(format!("`most` lies in 1 to {MOST}"));
        }
        if !CodeTemplate::new(&self.program)?.has_tests() {
            return usage(
                "`program` has no line `# tests`: put one between the solution, which is mutated, and the tests",
            );
        }
        Ok(())
    }
}

#[derive(Serialize)]
struct Whole<'a> {
    #[serde(flatten)]
    common: Meaning<'a>,
    min_score: f64,
    most: usize,
}

impl Mutants {
    /// The name that flow files use.
    pub const NAME: &'static str = "mutants";

    /// Starts a sandbox on this machine, and makes the verifier.
    ///
    /// # Errors
    /// [`rifflebox_core::ErrorKind::Usage`], naming the setting that is wrong, or the layer of the sandbox that is missing
    /// here, with its cure.
    pub fn new(settings: MutantsSettings) -> Result<Self> {
        settings.check()?;
        let common = settings.common();
        let runner = Runner::new(&common, || common.machine.start())?;
        Ok(Mutants { settings, runner })
    }

    /// Makes the verifier, with a sandbox of one's own; `python`, `packages`, `without` and `concurrency` are its to know.
    ///
    /// # Errors
    /// [`rifflebox_core::ErrorKind::Usage`], naming the setting that is wrong.
    pub fn within(sandbox: Arc<dyn Sandbox>, settings: MutantsSettings) -> Result<Self> {
        settings.check()?;
        let runner = Runner::new(&settings.common(), || Ok(sandbox))?;
        Ok(Mutants { settings, runner })
    }
}

impl AskedVerifier for Mutants {
    fn identity(&self) -> Identity {
        let (min_score, most) = (self.settings.min_score, self.settings.most);
        let whole = Whole { common: self.runner.meaning(), min_score, most };
        Identity::new(Self::NAME, "2").with_settings(&whole)
    }

    fn proof(&self) -> Proof {
        Proof::Confirmed
    }

    fn reads_documents(&self) -> bool {
        false
    }

    fn limits(&self) -> Calls {
        self.runner.calls()
    }

    fn verify(&self, items: Vec<Judged>) -> Answering<Vec<Result<Verdict, Failure>>> {
        let (most, min_score) = (self.settings.most, self.settings.min_score);
        self.runner.each(items, move |runner, code| {
            Box::pin(async move { runner.mutation_score(&code, most, min_score).await })
        })
    }
}

impl Runner {
    async fn mutation_score(&self, code: &Code, most: usize, min_score: f64) -> Result<Verdict, Failure> {
        let seed = Bubblewrap::SEED;
        if let Some(why) = refusal(&self.run(code, seed).await?, &self.limits) {
            return Ok(Verdict::reject(format!("its own solution does not pass: {why}")));
        }
        let task = Task::Mutants { solution: code.solution.clone(), most };
        let made = self.sandbox.run(Program { task, seed }, self.limits).await?;
        let End::Mutated(made) = made.end else {
            return Ok(Verdict::reject("no mutant can be made of it within its limits"));
        };
        if made.mutants.is_empty() {
            return Ok(Verdict::reject(made.why.unwrap_or_else(|| "no mutant can be made of it".to_owned())));
        }
        // All wait for the sandbox, which runs as many at once as it may.
        let runs = made.mutants.iter().map(|mutant| {
            let code = Code { solution: mutant.source.clone(), tests: code.tests.clone() };
            async move { Ok(refusal(&self.run(&code, seed).await?, &self.limits).is_some()) }
        });
        let noticed: Vec<bool> = join_all(runs).await.into_iter().collect::<Result<_, Failure>>()?;
        let killed = noticed.iter().filter(|noticed| **noticed).count();
        let score = killed as f64 / noticed.len() as f64;
        let of = match made.all > noticed.len() {
            true => format!("{} of {} mutants", noticed.len(), made.all),
            false => format!("{} mutants", noticed.len()),
        };
        let reason = format!("its tests notice {killed} of {of}");
        let survivors = made.mutants.iter().zip(&noticed).filter(|(_, noticed)| !**noticed);
        let votes = survivors.map(|(mutant, _)| survivor(mutant)).collect();
        let accept = score >= min_score;
        Ok(Verdict { accept, reason: Some(reason), votes, ..Verdict::accept().scored(score) })
    }
}

fn survivor(mutant: &Mutant) -> Vote {
    let Mutant { line, kind, before, after, .. } = mutant;
    Vote {
        voter: format!("mutant at line {line}"),
        accept: true,
        reason: Some(format!("{kind}: `{before}` → `{after}`")),
    }
}

#[cfg(test)]
mod tests;
