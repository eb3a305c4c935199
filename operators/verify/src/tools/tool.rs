use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use rifflebox_core::{Failure, Limits as Calls, Result, Verdict, Vote};
use rifflebox_sandbox::{
    Bubblewrap, BubblewrapSettings, Command, End, Limits, Outcome, Program, Ran, Sandbox, Task, optional,
};

use crate::asked::{self, usage};
use crate::programs::{step_of_memory, step_of_time};

/// What a tool may print: warnings of a large library are many.
const OUTPUT_BYTES: u64 = 1 << 20;
/// What it may write: what it makes of a sample lies beside it.
const SCRATCH_BYTES: u64 = 64 << 20;
/// Threads and processes.
const PROCESSES: u32 = 64;
/// Characters of what a tool printed that go into a reason.
const EXCERPT_CHARS: usize = 300;

/// The settings of every verifier that asks a tool.
#[derive(Debug)]
pub(super) struct Common<'a> {
    /// The key that names the command, and its value.
    pub(super) command: (&'static str, &'a [String]),
    pub(super) version: Option<&'a str>,
    pub(super) version_command: Vec<String>,
    pub(super) seconds: u64,
    pub(super) memory_mb: u64,
    pub(super) read: &'a [PathBuf],
    pub(super) without: &'a [String],
    pub(super) concurrency: Option<usize>,
}

/// A command that is installed here, and the sandbox that it runs in.
pub(super) struct Tool {
    sandbox: Arc<dyn Sandbox>,
    limits: Limits,
    argv: Vec<String>,
    /// What it says that it is.
    pub(super) version: String,
}

/// What a tool said of a sample, if it could say it.
#[derive(Debug)]
pub(super) enum Told {
    /// It ended by itself, with this status.
    Ended {
        /// The status.
        status: i32,
        /// Its standard output.
        output: String,
        /// Its standard error.
        errors: String,
    },
    /// It was ended; why.
    Stopped(String),
}

impl Common<'_> {
    /// Checks what can be checked without the machine.
    fn limits(&self) -> Result<Limits> {
        let (key, argv) = self.command;
        if argv.first().is_none_or(String::is_empty) {
            return usage(format!("`{key}` is empty: give a program and its arguments"));
        }
        let limits = asked::limits(self.seconds, self.memory_mb)?;
        if self.concurrency == Some(0) {
            return usage("`concurrency` is at least 1");
        }
        Ok(Limits { scratch: SCRATCH_BYTES, processes: PROCESSES, output: OUTPUT_BYTES, ..limits })
    }

    /// Starts a sandbox, or takes part in the one that stands already.
    fn start(&self) -> Result<Arc<dyn Sandbox>> {
        let sandbox = Bubblewrap::shared(&BubblewrapSettings {
            read: self.read.to_vec(),
            without: optional(self.without)?,
            width: self.concurrency,
            ..BubblewrapSettings::default()
        })?;
        Ok(sandbox)
    }
}

impl Tool {
    /// Makes a tool of its settings, within a sandbox if one is given, and asks it for its version.
    ///
    /// # Errors
    /// [`ErrorKind::Usage`], naming the setting that is wrong, the tool that is missing, or the layer of the sandbox.
    pub(super) fn new(common: &Common<'_>, sandbox: Option<Arc<dyn Sandbox>>) -> Result<Self> {
        let limits = common.limits()?;
        let sandbox = sandbox.map_or_else(|| common.start(), Ok)?;
        let (key, argv) = common.command;
        let mut tool = Tool { sandbox, limits, argv: argv.to_vec(), version: String::new() };
        tool.version = match common.version {
            Some(version) => version.to_owned(),
            None => tool.ask_version(key, &common.version_command)?,
        };
        Ok(tool)
    }

    /// Returns how samples come in.
    pub(super) fn calls(&self) -> Calls {
        asked::calls(&*self.sandbox)
    }

    /// Runs the tool; the second value says what it used, and what held it.
    pub(super) async fn ask(
        &self,
        input: String,
        files: BTreeMap<String, Vec<u8>>,
    ) -> Result<(Told, String), Failure> {
        let outcome = self.run(self.argv.clone(), input, files).await?;
        let (time, memory) = (step_of_time(outcome.usage.cpu), step_of_memory(outcome.usage.memory));
        let used = format!("under {time} s and {memory} MB, {}", outcome.layers);
        Ok((self.told(outcome)?, used))
    }

    /// Makes the verdict on a sample, with the vote of the tool itself.
    pub(super) fn verdict(&self, refusal: Option<String>, said: &str, used: &str) -> Verdict {
        let voter = self.argv[0].rsplit('/').next().unwrap_or_default().to_owned();
        let vote = Vote { voter, accept: refusal.is_none(), reason: Some(format!("{said}, {used}")) };
        Verdict { votes: vec![vote], ..refusal.map_or_else(Verdict::accept, Verdict::reject) }
    }

    fn run(
        &self,
        argv: Vec<String>,
        input: String,
        files: BTreeMap<String, Vec<u8>>,
    ) -> rifflebox_sandbox::Running {
        let task = Task::Command(Command { argv, input, files });
        self.sandbox.run(Program { task, seed: Bubblewrap::SEED }, self.limits)
    }

    fn told(&self, outcome: Outcome) -> Result<Told, Failure> {
        let limits = &self.limits;
        let too_long = || format!("used up its {} s of a processor", limits.cpu.as_secs());
        Ok(Told::Stopped(match outcome.end {
            End::Ran(Ran { missing: Some(why), .. }) => {
                return Err(Failure::Owed(format!("cannot start `{}`: {why}", self.argv[0])));
            }
            End::Ran(Ran { status: Some(status), errors, .. }) => {
                return Ok(Told::Ended { status, output: outcome.output, errors });
            }
            // Who hears no SIGXCPU is killed a second later.
            End::Ran(Ran { signal: 24, .. }) => too_long(),
            End::Ran(Ran { signal: 9, .. }) if outcome.usage.cpu >= limits.cpu => too_long(),
            End::Ran(Ran { signal, .. }) => format!("was ended by signal {signal}"),
            End::TooSlow => format!("took longer than {} s", limits.wall.as_secs()),
            End::Flooded => format!("printed more than {} kB", limits.output >> 10),
            End::TooLarge => format!("used more than {} MB", limits.memory >> 20),
            other => return Err(Failure::Owed(format!("`{}` was not run: {other:?}", self.argv[0]))),
        }))
    }

    /// Asks the tool who it is; the caller may stand in a runtime.
    fn ask_version(&self, key: &str, argv: &[String]) -> Result<String> {
        if argv.first().is_none_or(String::is_empty) {
            return usage("`version_command` is empty: give a program and its arguments");
        }
        let running = self.run(argv.to_vec(), String::new(), BTreeMap::new());
        let ran = std::thread::scope(|scope| scope.spawn(|| futures::executor::block_on(running)).join());
        let outcome = match ran.expect("waiting for an answer does not panic") {
            Ok(outcome) => outcome,
            Err(failure) => return usage(format!("`version_command`: {failure:?}")),
        };
        let shown = argv.join(" ");
        let End::Ran(ran) = outcome.end else {
            return usage(format!(
                "`version_command`: `{shown}` did not end: set `version`, or another command"
            ));
        };
        if let Some(why) = ran.missing {
            return usage(format!(
                "`{key}`: cannot start `{}` in the sandbox: {why}; install it, and name its folder in `read` if it lies \
                 neither in /usr/bin nor in /usr/lib",
                argv[0]
            ));
        }
        let said = [outcome.output.trim(), ran.errors.trim()].into_iter().find(|text| !text.is_empty());
        match (ran.status, said) {
            (Some(0), Some(version)) => Ok(version.to_owned()),
            (Some(0), None) => usage(format!("`version_command`: `{shown}` prints nothing; set `version`")),
            (_, said) => usage(format!(
                "`version_command`: `{shown}` fails; set `version`, or another command: {}",
                excerpt(said.unwrap_or_default())
            )),
        }
    }
}

/// Returns the beginning of what a tool printed, as it fits a line.
pub(super) fn excerpt(text: &str) -> String {
    let words: String = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let plain = words.chars().map(|c| if c.is_control() { ' ' } else { c });
    plain.take(EXCERPT_CHARS).collect()
}
