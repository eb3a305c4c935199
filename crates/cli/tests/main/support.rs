//! A folder of a test's own, and the command in it.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::Value;
use tempfile::TempDir;

/// A folder of a test's own.
pub(crate) struct Folder {
    dir: TempDir,
}

impl Folder {
    pub(crate) fn new() -> Self {
        Folder { dir: tempfile::tempdir().unwrap() }
    }

    /// Makes the scaffold in it.
    pub(crate) fn scaffold() -> Self {
        let folder = Folder::new();
        folder.run(&["new", "."]).ok();
        folder
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub(crate) fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_rifflebox"));
        command.args(arguments).current_dir(self.dir.path()).stdin(Stdio::null());
        command
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Ran {
        Ran::of(arguments, self.command(arguments))
    }
}

/// What a command printed, and its exit code.
pub(crate) struct Ran {
    line: String,
    output: Output,
}

impl Ran {
    /// Runs a command to its end.
    pub(crate) fn of(arguments: &[&str], mut command: Command) -> Self {
        Ran { line: arguments.join(" "), output: command.output().unwrap() }
    }

    pub(crate) fn code(&self) -> Option<i32> {
        self.output.status.code()
    }

    #[track_caller]
    pub(crate) fn exits(self, code: i32) -> Self {
        let said = format!("{}\n{}{}", self.line, self.stdout(), self.stderr());
        assert_eq!(self.output.status.code(), Some(code), "{said}");
        self
    }

    #[track_caller]
    pub(crate) fn ok(self) -> Self {
        self.exits(0)
    }

    pub(crate) fn stdout(&self) -> String {
        String::from_utf8(self.output.stdout.clone()).unwrap()
    }

    pub(crate) fn stderr(&self) -> String {
        String::from_utf8(self.output.stderr.clone()).unwrap()
    }

    /// Reads exactly one JSON object from stdout.
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        let stdout = self.stdout();
        let value: Value = serde_json::from_str(&stdout).unwrap_or_else(|error| panic!("{error}: {stdout}"));
        assert!(value.is_object(), "{stdout}");
        value
    }
}

/// Returns the names of all files below a folder, in order.
pub(crate) fn files_below(folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    let mut open = vec![folder.to_owned()];
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            match path.is_dir() {
                true => open.push(path),
                false => found.push(path.display().to_string()),
            }
        }
    }
    found.sort();
    found
}
