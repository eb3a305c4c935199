//! What all verifiers that execute Python take.

use std::sync::Arc;

use rifflebox_core::Result;
use rifflebox_sandbox::{Bubblewrap, BubblewrapSettings, Interpreter, Limits, Process, Sandbox, optional};
use serde::Serialize;

use super::code::CodeTemplate;
use crate::asked::{self, usage};

/// The settings of every verifier that runs programs of a sample: what is run, and where.
#[derive(Debug)]
pub(super) struct Common<'a> {
    pub(super) program: &'a str,
    pub(super) process: Option<Process>,
    pub(super) machine: Machine<'a>,
}

/// The settings of every verifier that runs anything: in which interpreter, and what holds it.
#[derive(Debug)]
pub(super) struct Machine<'a> {
    pub(super) python: Option<&'a str>,
    pub(super) packages: &'a [String],
    pub(super) seconds: u64,
    pub(super) memory_mb: u64,
    pub(super) without: &'a [String],
    pub(super) concurrency: Option<usize>,
}

/// Seconds, if not given.
pub(super) const fn five() -> u64 {
    5
}

/// Megabytes of memory, if not given.
pub(super) const fn half_a_gigabyte() -> u64 {
    512
}

impl Machine<'_> {
    /// Starts a sandbox, or takes part in the one that stands already.
    pub(super) fn start(&self) -> Result<Arc<dyn Sandbox>> {
        if self.concurrency == Some(0) {
            return usage("`concurrency` is at least 1");
        }
        let sandbox = Bubblewrap::shared(&BubblewrapSettings {
            python: self.python.map(str::to_owned),
            packages: self.packages.to_vec(),
            without: optional(self.without)?,
            width: self.concurrency,
            ..BubblewrapSettings::default()
        })?;
        Ok(sandbox)
    }

    /// Returns what a run may use.
    pub(super) fn limits(&self) -> Result<Limits> {
        asked::limits(self.seconds, self.memory_mb)
    }
}

/// Where a template's solution and tests run: in two processes where they are parted, and nothing else is wanted.
pub(super) fn process(template: &CodeTemplate, wanted: Option<Process>) -> Result<Process> {
    match (template.has_tests(), wanted) {
        (false, Some(Process::Separate)) => usage(
            "`process` is \"separate\", and `program` has no line `# tests`: put one between solution and tests",
        ),
        (false, _) => Ok(Process::Shared),
        (true, wanted) => Ok(wanted.unwrap_or_default()),
    }
}

/// What a verdict depends on. What a program may use is part of it: one that is too slow is rejected.
#[derive(Debug, Serialize)]
pub(super) struct Meaning<'a> {
    pub(super) program: &'a str,
    pub(super) process: Process,
    pub(super) interpreter: &'a Interpreter,
    pub(super) seconds: u64,
    pub(super) memory_mb: u64,
}
