use std::collections::BTreeMap;
use std::fmt;
use std::future::Future;
use std::path::PathBuf;
use std::pin::Pin;
use std::time::Duration;

use crate::run::{MOST_STDOUT_BYTES, Ran, Run};

/// One run of a program: what is started, and what it is given.
#[derive(Clone, Debug)]
pub struct Asked {
    /// The program and its arguments.
    pub argv: Vec<String>,
    /// What stands on its standard input.
    pub input: Vec<u8>,
    /// How long it may take.
    pub limit: Duration,
}

/// What a program did, once it is done.
pub type Running<'a> = Pin<Box<dyn Future<Output = Ran> + Send + 'a>>;

/// Where programs run: on this machine as anybody's do, or confined.
///
/// # Contract
/// - Whatever the program does, it is gone when the run returns or is dropped (tried).
/// - A door that fails says [`crate::End::NotStarted`]: what was asked is owed (trusted).
pub trait Door: fmt::Debug + Send + Sync {
    /// Runs a program.
    fn run(&self, asked: Asked) -> Running<'_>;

    /// Says what holds a program there, if anything does.
    fn held(&self) -> Option<String>;
}

/// This machine, with all that its user may do.
#[derive(Debug)]
pub(crate) struct Here {
    pub(crate) dir: PathBuf,
    pub(crate) most_stdout_bytes: usize,
}

impl Here {
    pub(crate) fn new(dir: PathBuf) -> Self {
        Here { dir, most_stdout_bytes: MOST_STDOUT_BYTES }
    }
}

impl Door for Here {
    fn run(&self, asked: Asked) -> Running<'_> {
        Box::pin(async move {
            let Asked { argv, input, limit } = asked;
            let run = Run { argv: &argv, dir: &self.dir, limit, most_stdout_bytes: self.most_stdout_bytes };
            run.over(&input).await
        })
    }

    fn held(&self) -> Option<String> {
        None
    }
}

/// What a flow file says of the sandbox that a program runs in; without it, it may do what its user may.
#[derive(Clone, Debug, PartialEq, Eq, serde::Deserialize)]
#[serde(untagged, expecting = "true, or a table of `read`, `memory_mb` and `without`")]
pub enum Confinement {
    /// Whether it is confined.
    Whether(bool),
    /// How.
    How(Confined),
}

/// How a program is confined.
#[derive(Clone, Debug, PartialEq, Eq, serde::Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Confined {
    /// Folders and files that it may read beside `/usr/bin`, `/usr/lib` and its `files`.
    pub read: Vec<PathBuf>,
    /// Megabytes of memory.
    pub memory_mb: u64,
    /// Layers of the sandbox to do without: `landlock`, `seccomp`.
    pub without: Vec<String>,
}

impl Default for Confined {
    fn default() -> Self {
        Confined { read: Vec::new(), memory_mb: 1024, without: Vec::new() }
    }
}

impl Confinement {
    /// Returns how a program is confined, if it is.
    pub fn wanted(&self) -> Option<Confined> {
        match self {
            Confinement::Whether(false) => None,
            Confinement::Whether(true) => Some(Confined::default()),
            Confinement::How(how) => Some(how.clone()),
        }
    }
}

/// Files that a program reads, by their paths in the flow's folder.
pub type Files = BTreeMap<String, Vec<u8>>;
