use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// What is run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Program {
    /// What is done.
    pub task: Task,
    /// The seed of hashes and of random numbers: programs whose outcome depends on it are flaky.
    pub seed: u32,
}

/// What is done with a program.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Task {
    /// Runs tests against a solution.
    Tests {
        /// The solution; or, where `tests` is none, solution and tests as one file.
        solution: String,
        /// The tests.
        tests: Option<String>,
        /// Where the two run.
        process: Process,
    },
    /// Makes mutants of a solution.
    Mutants {
        /// The solution.
        solution: String,
        /// The most mutants to make.
        most: usize,
    },
    /// Runs a command that is installed on this machine, in its scratch folder.
    Command(Command),
    /// Asks a program that is trusted about data that is not: the program alone is code. Its function `main` takes the
    /// input, and returns the answer.
    Trusted {
        /// The program, in Python.
        program: &'static str,
        /// What it is asked.
        input: serde_json::Value,
    },
}

/// A command, and what it is given.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Command {
    /// The program, by its path or its name in `/usr/bin`, and its arguments.
    pub argv: Vec<String>,
    /// What stands on its standard input.
    pub input: String,
    /// Files of its scratch folder, which it runs in: their paths there, and their content.
    pub files: BTreeMap<String, Vec<u8>>,
}

/// Where a solution and its tests run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Process {
    /// In two processes. The tests' one judges, and no code of the solution ever runs in it: it calls the solution's
    /// functions over a line that carries plain data and handles.
    #[default]
    Separate,
    /// In one process, for tests that reach into the solution. What the solution tells the judge there is its own word:
    /// known tricks are noticed, and no more is promised.
    Shared,
}

/// What a run may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Limits {
    /// Seconds from begin to end.
    pub wall: Duration,
    /// Seconds of processor time of each process, whole.
    pub cpu: Duration,
    /// Bytes of address space of each process, and of memory of all.
    pub memory: u64,
    /// Bytes of the scratch folder.
    pub scratch: u64,
    /// Processes and threads at once.
    pub processes: u32,
    /// Bytes printed.
    pub output: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            wall: Duration::from_secs(5),
            cpu: Duration::from_secs(5),
            memory: 512 << 20,
            scratch: 16 << 20,
            processes: 16,
            output: 64 << 10,
        }
    }
}
