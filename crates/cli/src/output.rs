//! What a command prints, and with what it exits.

use std::cell::{Cell, RefCell};
use std::io::{self, IsTerminal, Write};
use std::process::ExitCode;

use rifflebox::{Error, ErrorKind, Result};
use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::arguments::Printing;
use crate::flow_file::Mistakes;

/// Columns that a drawing of mistakes fills.
const DRAWING_COLUMNS: usize = 100;

/// Prints results to stdout and news to stderr; a closed stdout is no failure, but ends a long list.
pub(crate) struct Output {
    printing: Printing,
    closed: Cell<bool>,
    progress_made: RefCell<Map<String, Value>>,
}

impl Output {
    pub(crate) fn new(printing: Printing) -> Self {
        Output { printing, closed: Cell::new(false), progress_made: RefCell::default() }
    }

    /// Returns whether one JSON object is wanted.
    pub(crate) fn json(&self) -> bool {
        self.printing.json
    }

    /// Returns whether progress is wanted.
    pub(crate) fn shows_progress(&self) -> bool {
        !self.printing.quiet
    }

    /// Prints a result: as JSON, or as its text.
    ///
    /// # Errors
    /// When stdout fails otherwise than by being closed.
    pub(crate) fn result(&self, result: &(impl Serialize + std::fmt::Display)) -> Result<()> {
        match self.json() {
            true => self.json_line(result),
            false => self.line(&result.to_string()),
        }
    }

    /// Prints one line of JSON.
    ///
    /// # Errors
    /// As [`Output::result`].
    pub(crate) fn json_line(&self, value: &impl Serialize) -> Result<()> {
        let text = serde_json::to_string(value)
            .map_err(|error| Error::new(ErrorKind::Internal, "a result is no JSON").with_source(error))?;
        self.line(&text)
    }

    /// Prints lines of text; says an error that ends the verb once stdout is closed.
    ///
    /// # Errors
    /// As [`Output::result`].
    pub(crate) fn line(&self, text: &str) -> Result<()> {
        let mut stdout = io::stdout().lock();
        let written = writeln!(stdout, "{}", text.trim_end_matches('\n')).and_then(|()| stdout.flush());
        match written {
            Ok(()) => Ok(()),
            Err(error) => {
                self.closed.set(error.kind() == io::ErrorKind::BrokenPipe);
                Err(Error::new(ErrorKind::Store, "cannot write to stdout").with_source(error))
            }
        }
    }

    /// Prints news for people; whoever closed stderr wants none.
    pub(crate) fn news(&self, text: &str) {
        if self.shows_progress() {
            complain(text);
        }
    }

    /// Keeps what stands although a verb is about to fail: the object with its error will hold it too.
    pub(crate) fn stands(&self, result: &impl Serialize) {
        if let Ok(Value::Object(object)) = serde_json::to_value(result) {
            *self.progress_made.borrow_mut() = object;
        }
    }

    /// Says what went wrong, where the command goes on.
    pub(crate) fn tell(&self, error: &Error) {
        complain(&describe(error, io::stderr().is_terminal()));
    }

    /// Ends a command: prints what went wrong, and returns the exit code.
    pub(crate) fn end(&self, result: Result<()>) -> ExitCode {
        let Err(error) = result else { return ExitCode::SUCCESS };
        if self.closed.get() {
            return ExitCode::SUCCESS;
        }
        let code = exit_code(error.kind());
        self.tell(&error);
        if self.json() {
            let error = json!({ "kind": kind(error.kind()), "message": message(&error), "exit": code });
            let mut object = self.progress_made.take();
            object.insert("error".to_owned(), error);
            // The exit code says it too.
            let _ = self.json_line(&object);
        }
        ExitCode::from(code)
    }
}

/// Returns the exit code of an error, by what the caller does next.
pub(crate) fn exit_code(kind: ErrorKind) -> u8 {
    match kind {
        ErrorKind::Usage => 2,
        ErrorKind::Conflict => 3,
        ErrorKind::Incomplete => 4,
        ErrorKind::Refused => 5,
        ErrorKind::Input | ErrorKind::Corrupt | ErrorKind::Store | ErrorKind::Internal => 1,
    }
}

fn kind(kind: ErrorKind) -> &'static str {
    match kind {
        ErrorKind::Usage => "usage",
        ErrorKind::Input => "input",
        ErrorKind::Corrupt => "corrupt",
        ErrorKind::Store => "store",
        ErrorKind::Conflict => "conflict",
        ErrorKind::Incomplete => "incomplete",
        ErrorKind::Refused => "refused",
        ErrorKind::Internal => "internal",
    }
}

fn message(error: &Error) -> String {
    Mistakes::of(error).map_or_else(|| error.chain(), Mistakes::to_string)
}

fn describe(error: &Error, terminal: bool) -> String {
    match Mistakes::of(error) {
        Some(mistakes) if terminal => mistakes.graphical(DRAWING_COLUMNS),
        _ => format!("error: {}", message(error)),
    }
}

/// Prints to stderr, which may be closed.
pub(crate) fn complain(text: &str) {
    let _ = writeln!(io::stderr().lock(), "{}", text.trim_end_matches('\n'));
}
