use std::time::Duration;

use serde::Deserialize;

use crate::{Layer, Layers, Task};

/// What came of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// How it ended.
    pub end: End,
    /// What it printed, as far as its limit.
    pub output: String,
    /// What it used.
    pub usage: Usage,
    /// What held it.
    pub layers: Layers,
}

/// How a run ended.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum End {
    /// Its tests were examined.
    Tested(Tested),
    /// Mutants were made.
    Mutated(Mutants),
    /// The command ended; what it printed to its standard output is the outcome's.
    Ran(Ran),
    /// A trusted program answered.
    Answered(serde_json::Value),
    /// By us, at its time limit.
    TooSlow,
    /// By us, for what it printed.
    Flooded,
    /// By us, for the memory of all its processes.
    TooLarge,
    /// By itself, or by the kernel, without a word; the signal, or 0.
    Died(i32),
}

/// What the tests say.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Tested {
    /// In a word.
    #[serde(rename = "outcome")]
    pub examined: Examined,
    /// Why, where they did not pass.
    #[serde(default)]
    pub why: Option<String>,
    /// Assertions that ran and held.
    #[serde(default)]
    pub assertions: u64,
    /// Functions and methods that ran and passed.
    #[serde(default)]
    pub tests: u64,
}

/// What the tests say, in a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Examined {
    /// All ran, at least one, and all held.
    Passed,
    /// An assertion did not hold.
    Failed,
    /// Something was raised that should not.
    Error,
    /// The solution was gone before its tests were done.
    Ended,
    /// The solution used up its processor time.
    Time,
    /// The solution reached for its judge.
    Tampered,
    /// Nothing was tested.
    None,
    /// The tests cannot be run.
    Unfit,
}

/// Mutants of a solution.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Mutants {
    /// Why none could be made.
    #[serde(default)]
    pub why: Option<String>,
    /// Those that were wanted.
    #[serde(default)]
    pub mutants: Vec<Mutant>,
    /// All that there are.
    #[serde(default)]
    pub all: usize,
    /// Faults that change nothing, or the same as another.
    #[serde(default)]
    pub same: usize,
}

/// A solution with one fault.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Mutant {
    /// The line of the fault.
    pub line: u64,
    /// The kind of fault.
    pub kind: String,
    /// What stood there.
    pub before: String,
    /// What stands there now.
    pub after: String,
    /// The mutant.
    pub source: String,
}

/// How a command ended.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct Ran {
    /// Its status, where it ended by itself.
    #[serde(default)]
    pub status: Option<i32>,
    /// The signal that ended it, or 0.
    #[serde(default)]
    pub signal: i32,
    /// Why it never began.
    #[serde(default)]
    pub missing: Option<String>,
    /// What it printed to its standard error, as far as the limit of all that it prints.
    #[serde(skip)]
    pub errors: String,
}

/// What a run used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// From begin to end.
    pub wall: Duration,
    /// Processor time of all its processes.
    pub cpu: Duration,
    /// Bytes of memory: the largest process, or all of them at once where that was looked at and is more.
    pub memory: u64,
}

/// Characters of a reason that programs had a hand in.
const REASON_CHARS: usize = 400;

/// A run as the fork server tells of it.
#[derive(Debug, Deserialize)]
pub(crate) struct Reply {
    end: String,
    #[serde(default)]
    why: String,
    #[serde(default)]
    output: String,
    #[serde(default)]
    errors: String,
    #[serde(default)]
    wall_us: u64,
    #[serde(default)]
    cpu_us: u64,
    #[serde(default)]
    memory: u64,
    #[serde(default)]
    layers: Vec<Layer>,
    #[serde(default)]
    signal: i32,
    #[serde(default)]
    report: serde_json::Value,
}

/// Why a run was not confined: the layer that is missing, if it is known, and what the kernel said.
#[derive(Debug)]
pub(crate) struct Unconfined(pub(crate) Option<Layer>, pub(crate) String);

impl Reply {
    /// Reads the outcome of a run.
    pub(crate) fn outcome(self, of: &Task) -> Result<Outcome, Unconfined> {
        let end = match self.end.as_str() {
            "unconfined" => {
                let (name, _) = self.why.split_once(':').unwrap_or_default();
                let layer = if name == "namespaces" { Some(Layer::User) } else { Layer::named(name) };
                return Err(Unconfined(layer, self.why));
            }
            "time" => End::TooSlow,
            "output" | "report" => End::Flooded,
            "memory" => End::TooLarge,
            "finished" => end(self.report, of, self.errors),
            _ => End::Died(self.signal),
        };
        let usage = Usage {
            wall: Duration::from_micros(self.wall_us),
            cpu: Duration::from_micros(self.cpu_us),
            memory: self.memory,
        };
        Ok(Outcome { end, output: self.output, usage, layers: Layers(self.layers.into_iter().collect()) })
    }
}

/// Reads the report of a run; one that is none is the program's doing: ours are.
fn end(report: serde_json::Value, of: &Task, errors: String) -> End {
    let read = match of {
        Task::Mutants { .. } => serde_json::from_value(report).map(End::Mutated),
        Task::Command(_) => serde_json::from_value(report).map(|ran| End::Ran(Ran { errors, ..ran })),
        Task::Trusted { .. } => serde_json::from_value(report).map(|Answer { answer }| End::Answered(answer)),
        Task::Tests { .. } => serde_json::from_value(report)
            .map(|tested: Tested| End::Tested(Tested { why: tested.why.as_deref().map(plain), ..tested })),
    };
    read.unwrap_or(End::Died(0))
}

#[derive(Deserialize)]
struct Answer {
    answer: serde_json::Value,
}

/// Returns a text that fits a line.
fn plain(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(REASON_CHARS).collect()
}
