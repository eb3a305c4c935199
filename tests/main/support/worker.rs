//! A process of its own for one build: this binary starts itself.

use std::fs;
use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

use rifflebox::Report;
use serde::{Deserialize, Serialize};

use super::task::Task;
use super::wait_for;

/// Names the file that describes the task, in the environment of a worker.
const TASK: &str = "RIFFLEBOX_TEST_TASK";
/// The test that is a worker where there is a task.
const NAME: &str = "support::worker::a_new_process_builds";

/// How a build in a process of its own ended.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum Ended {
    Built(Box<Report>),
    /// The error's kind, and its message with those of its causes.
    Failed(String, String),
}

impl Ended {
    #[track_caller]
    pub(crate) fn report(self) -> Report {
        match self {
            Ended::Built(report) => *report,
            Ended::Failed(kind, message) => panic!("{kind}: {message}"),
        }
    }
}

/// A worker that can be started.
pub(crate) struct Worker {
    pub(crate) command: Command,
    /// Holds the task, and what the worker says.
    folder: tempfile::TempDir,
}

impl Worker {
    /// Prepares a process for a task.
    pub(crate) fn new(task: &Task) -> Worker {
        let folder = tempfile::tempdir().expect("a folder can be made");
        let file = folder.path().join("task.json");
        fs::write(&file, serde_json::to_vec(task).expect("a task is plain data")).expect("it can be written");
        let mut command = Command::new(std::env::current_exe().expect("this program has a path"));
        command.args([NAME, "--exact", "--nocapture"]).env(TASK, &file);
        Worker { command, folder }
    }

    /// Lets another user run a copy of this program; root alone may.
    pub(crate) fn by(mut self, program: &Path, user: u32) -> Worker {
        let folder = self.folder.path();
        chown(folder, Some(user), None).expect("root gives it away");
        let task = self.command.get_envs().find(|(name, _)| *name == TASK).and_then(|(_, file)| file);
        let task = task.expect("a worker has a task").to_owned();
        let mut command = Command::new(program);
        command.args([NAME, "--exact", "--nocapture"]).env(TASK, task).uid(user).current_dir(folder);
        self.command = command;
        self
    }

    /// Starts the process; what it prints is dropped.
    pub(crate) fn start(&mut self) -> Child {
        self.command.stdout(Stdio::null()).stderr(Stdio::null());
        self.command.spawn().expect("this program can be started")
    }

    /// Waits for the process, which must end by itself.
    #[track_caller]
    pub(crate) fn run(mut self) -> Ended {
        let output = self.command.output().expect("this program can be started");
        self.ended().unwrap_or_else(|| panic!("the worker said nothing: {}", text(&output)))
    }

    /// Returns what the process said before it ended; none if it was killed.
    pub(crate) fn ended(&self) -> Option<Ended> {
        let said = fs::read(self.folder.path().join("ended.json")).ok()?;
        Some(serde_json::from_slice(&said).expect("a worker says it as a whole"))
    }
}

fn text(output: &Output) -> String {
    format!(
        "{}\n{}{}",
        output.status,
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    )
}

/// Does the task in the environment; where there is none, gives itself one and looks at what comes of it.
#[test]
fn a_new_process_builds() {
    if let Some(file) = std::env::var_os(TASK) {
        let file = Path::new(&file);
        let task: Task = serde_json::from_slice(&fs::read(file).unwrap()).unwrap();
        let ended = match wait_for(task.build(None)) {
            Ok(report) => Ended::Built(Box::new(report)),
            Err(error) => Ended::Failed(format!("{:?}", error.kind()), error.chain()),
        };
        let folder = file.parent().unwrap();
        fs::write(folder.join("ended.part"), serde_json::to_vec(&ended).unwrap()).unwrap();
        fs::rename(folder.join("ended.part"), folder.join("ended.json")).unwrap();
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let documents = folder.path().join("documents");
    super::history::Pages::write(&documents, &super::history::bundled_below("prometheus").base);
    let form = super::task::Form::of("**/*.md", 1000);
    let report = Worker::new(&Task::new(&documents, &folder.path().join("workspace"), &form)).run().report();
    assert!(report.documents.total > 1 && report.samples.total > 1, "{report:?}");
}
