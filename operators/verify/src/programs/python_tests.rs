use std::sync::Arc;

use rifflebox_core::{
    Answering, AskedVerifier, Failure, Identity, Judged, Limits as Calls, Proof, Result, Verdict, Vote,
};
use rifflebox_sandbox::{Bubblewrap, Process, Sandbox};
use serde::Deserialize;

use super::code::Code;
use super::runner::Runner;
use super::settings::{Common, Machine, five, half_a_gigabyte};
use super::told::{refusal, use_of};

/// Runs Python tests against a sample's solution, in a sandbox.
///
/// Accepted is a program all of whose tests ran, at least one, and held, twice: with two seeds of hashes and random
/// numbers. One that passes with the first alone is flaky. A template with a line `# tests` lets its tests run in a process
/// of their own, in which no code of the solution ever runs; see `docs/verifiers.md`.
pub struct PythonTests {
    runner: Arc<Runner>,
}

/// Settings of [`PythonTests`].
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PythonTestsSettings {
    /// A template over the sample's columns and fields, which makes the program; a line `# tests` parts the solution from
    /// its tests.
    pub program: String,
    /// Where solution and tests run: in two processes if the template has the line, unless this says otherwise.
    #[serde(default)]
    pub process: Option<Process>,
    /// The interpreter; `/usr/bin/python3` if not given.
    #[serde(default)]
    pub python: Option<String>,
    /// Packages of it that programs may import, beside the standard library.
    #[serde(default)]
    pub packages: Vec<String>,
    /// Seconds of a processor that each process of a run may take; the run may take three times as many by the clock.
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

impl PythonTestsSettings {
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
}

impl PythonTests {
    /// The name that flow files use.
    pub const NAME: &'static str = "python-tests";

    /// Starts a sandbox on this machine, and makes the verifier.
    ///
    /// # Errors
    /// [`rifflebox_core::ErrorKind::Usage`], naming the setting that is wrong, or the layer of the sandbox that is missing
    /// here, with its cure.
    pub fn new(settings: PythonTestsSettings) -> Result<Self> {
        let common = settings.common();
        Ok(PythonTests { runner: Runner::new(&common, || common.machine.start())? })
    }

    /// Makes the verifier, with a sandbox of one's own; `python`, `packages`, `without` and `concurrency` are its to know.
    ///
    /// # Errors
    /// [`rifflebox_core::ErrorKind::Usage`], naming the setting that is wrong.
    pub fn within(sandbox: Arc<dyn Sandbox>, settings: PythonTestsSettings) -> Result<Self> {
        Ok(PythonTests { runner: Runner::new(&settings.common(), || Ok(sandbox))? })
    }
}

impl AskedVerifier for PythonTests {
    fn identity(&self) -> Identity {
        Identity::new(Self::NAME, "2").with_settings(&self.runner.meaning())
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
        self.runner.each(items, |runner, code| Box::pin(async move { runner.judge(&code).await }))
    }
}

/// Seeds of hashes and random numbers that each program is run with.
const SEEDS: [u32; 2] = [Bubblewrap::SEED, 2];

impl Runner {
    /// Runs a program with each seed, until it does not pass.
    async fn judge(&self, code: &Code) -> Result<Verdict, Failure> {
        let mut votes = Vec::new();
        for seed in SEEDS {
            let outcome = self.run(code, seed).await?;
            let refusal = refusal(&outcome, &self.limits);
            let reason = match &refusal {
                Some(why) => format!("{why} ({})", use_of(&outcome)),
                None => use_of(&outcome),
            };
            votes.push(Vote {
                voter: format!("seed {seed}"),
                accept: refusal.is_none(),
                reason: Some(reason),
            });
            if let Some(why) = refusal {
                let flaky =
                    if seed == SEEDS[0] { "" } else { "flaky: another seed of hashes and random numbers: " };
                return Ok(Verdict { votes, ..Verdict::reject(format!("{flaky}{why}")) });
            }
        }
        Ok(Verdict { votes, ..Verdict::accept() })
    }
}

#[cfg(test)]
pub(super) mod tests;
