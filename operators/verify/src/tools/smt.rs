use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use rifflebox_core::{
    Answering, AskedVerifier, Failure, Identity, Judged, Limits as Calls, Proof, Result, Sample, Verdict,
};
use rifflebox_sandbox::Sandbox;
use serde::{Deserialize, Serialize};

use super::template::Template;
use super::tool::{Common, Told, Tool, excerpt};
use crate::asked::one_by_one;

mod script;
mod tokens;

/// Asks an SMT solver whether a problem can be satisfied, and accepts the sample where the answer is as expected.
///
/// The problem is SMT-LIB 2 text, made by a template. Of its commands the solver reads those that declare, define and
/// assert, word by word as they are read here, and the one question that stands behind them, which is ours: nothing that a
/// sample says can print an answer, ask another question, or take back an assumption of the template.
pub struct Smt {
    asker: Arc<Asker>,
}

/// Settings of [`Smt`].
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SmtSettings {
    /// A template over the sample's columns and fields, which makes the problem.
    pub problem: String,
    /// The answer that accepts: `unsat` or `sat`, or a template that makes one.
    #[serde(default = "unsat")]
    pub expect: String,
    /// The solver, which reads the problem on its standard input.
    #[serde(default = "z3")]
    pub solver: Vec<String>,
    /// Its version, instead of what `version_command` prints.
    #[serde(default)]
    pub version: Option<String>,
    /// The command that prints its version; the solver with `--version` if not given.
    #[serde(default)]
    pub version_command: Option<Vec<String>>,
    /// Seconds of a processor that one problem may take; three times as many by the clock.
    #[serde(default = "ten")]
    pub seconds: u64,
    /// Megabytes of memory.
    #[serde(default = "gigabyte")]
    pub memory_mb: u64,
    /// Folders that the solver may read beside `/usr/bin` and `/usr/lib`.
    #[serde(default)]
    pub read: Vec<PathBuf>,
    /// Layers of the sandbox to do without: `landlock`, `seccomp`.
    #[serde(default)]
    pub without: Vec<String>,
    /// Runs at once, at most; one for each processor if not given.
    #[serde(default)]
    pub concurrency: Option<usize>,
}

fn unsat() -> String {
    "unsat".to_owned()
}

fn z3() -> Vec<String> {
    ["z3", "-in"].map(str::to_owned).into()
}

const fn ten() -> u64 {
    10
}

const fn gigabyte() -> u64 {
    1024
}

/// What a verdict depends on.
#[derive(Serialize)]
struct Meaning<'a> {
    problem: &'a str,
    expect: &'a str,
    solver: &'a [String],
    version: &'a str,
    seconds: u64,
    memory_mb: u64,
}

struct Asker {
    settings: SmtSettings,
    problem: Template,
    expect: Template,
    tool: Tool,
}

impl Smt {
    /// The name that flow files use.
    pub const NAME: &'static str = "smt";

    /// Starts a sandbox on this machine, asks the solver for its version, and makes the verifier.
    ///
    /// # Errors
    /// [`rifflebox_core::ErrorKind::Usage`], naming the setting that is wrong, the solver that is missing, or the layer of
    /// the sandbox that is, with its cure.
    pub fn new(settings: SmtSettings) -> Result<Self> {
        Self::make(settings, None)
    }

    /// Makes the verifier, with a sandbox of one's own; `read`, `without` and `concurrency` are its to know.
    ///
    /// # Errors
    /// As [`Smt::new`].
    pub fn within(sandbox: Arc<dyn Sandbox>, settings: SmtSettings) -> Result<Self> {
        Self::make(settings, Some(sandbox))
    }

    fn make(settings: SmtSettings, sandbox: Option<Arc<dyn Sandbox>>) -> Result<Self> {
        let problem = Template::new("problem", &settings.problem)?;
        let expect = Template::new("expect", &settings.expect)?;
        let version_command = settings.version_command.clone();
        let common = Common {
            command: ("solver", &settings.solver),
            version: settings.version.as_deref(),
            version_command: version_command.unwrap_or_else(|| {
                settings.solver.iter().take(1).cloned().chain(["--version".to_owned()]).collect()
            }),
            seconds: settings.seconds,
            memory_mb: settings.memory_mb,
            read: &settings.read,
            without: &settings.without,
            concurrency: settings.concurrency,
        };
        let tool = Tool::new(&common, sandbox)?;
        Ok(Smt { asker: Arc::new(Asker { settings, problem, expect, tool }) })
    }
}

impl AskedVerifier for Smt {
    fn identity(&self) -> Identity {
        let settings = &self.asker.settings;
        Identity::new(Self::NAME, "1").with_settings(&Meaning {
            problem: &settings.problem,
            expect: &settings.expect,
            solver: &settings.solver,
            version: &self.asker.tool.version,
            seconds: settings.seconds,
            memory_mb: settings.memory_mb,
        })
    }

    fn proof(&self) -> Proof {
        Proof::Confirmed
    }

    fn reads_documents(&self) -> bool {
        false
    }

    fn limits(&self) -> Calls {
        self.asker.tool.calls()
    }

    fn verify(&self, items: Vec<Judged>) -> Answering<Vec<Result<Verdict, Failure>>> {
        let asker = self.asker.clone();
        one_by_one(items, move |sample| {
            let asker = asker.clone();
            Box::pin(async move { asker.judge(&sample).await })
        })
    }
}

impl Asker {
    async fn judge(&self, sample: &Sample) -> Result<Verdict, Failure> {
        let problem = self.problem.fill(sample).map_err(Failure::Final)?;
        let expect = self.expect.fill(sample).map_err(Failure::Final)?.text;
        let expect = expect.trim();
        if !["sat", "unsat"].contains(&expect) {
            let why = format!("`expect` is {:?}: it makes `sat` or `unsat`", excerpt(expect));
            return Err(Failure::Final(why));
        }
        let script = match script::script(&problem) {
            Ok(script) => script,
            Err(why) => return Ok(Verdict::reject(why)),
        };
        let (told, used) = self.tool.ask(script, BTreeMap::new()).await?;
        let (said, refusal) = match told {
            Told::Stopped(why) => (why.clone(), Some(format!("the solver {why}"))),
            Told::Ended { status, output, errors } => match answer(&output, &errors, status) {
                Ok(answer) if answer == expect => (answer, None),
                Ok(answer) if answer == "unknown" => (answer, Some("the solver says unknown".to_owned())),
                Ok(answer) => {
                    let why = format!("the solver says {answer}, where {expect} is expected");
                    (answer, Some(why))
                }
                Err(why) => ("no answer".to_owned(), Some(why)),
            },
        };
        Ok(self.tool.verdict(refusal, &said, &used))
    }
}

/// Reads the answer to our one question: the only line that there is.
fn answer(output: &str, errors: &str, status: i32) -> Result<String, String> {
    let lines: Vec<&str> = output.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    match lines[..] {
        [answer @ ("sat" | "unsat" | "unknown")] if status == 0 => Ok(answer.to_owned()),
        [] => Err(format!("the solver ends with status {status} and no answer: {}", excerpt(errors))),
        [first, ..] if first.starts_with("(error") || first == "unsupported" => {
            Err(format!("the solver refuses the problem: {}", excerpt(first)))
        }
        [first, ..] => Err(format!("the solver does not answer, but says: {}", excerpt(first))),
    }
}

#[cfg(test)]
mod tests;
