use std::fmt;

/// What went wrong, by what the caller does next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorKind {
    /// The flow, the command line or a setting is wrong: mend it (exit 2).
    Usage,
    /// An input outside the flow is wrong or missing, as a whole: mend it (exit 1).
    Input,
    /// Kept state is missing or damaged; the message names the object and the cure (exit 1).
    Corrupt,
    /// The store refused or failed: try again, or mend the store (exit 1).
    Store,
    /// Another writer committed first; finished calls are kept (exit 3).
    Conflict,
    /// A budget was reached or calls are owed; progress is kept (exit 4).
    Incomplete,
    /// A rule refused publication (exit 5).
    Refused,
    /// An operator or the engine broke its contract: report it (exit 1).
    Internal,
}

/// The one error of rifflebox: a kind to act on, a message to read, a cause to follow.
pub struct Error(Box<Inner>);

struct Inner {
    kind: ErrorKind,
    message: String,
    source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

/// A result with the error of rifflebox.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// Makes an error of a kind; the message is lowercase, ends without a stop, and never repeats its source.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Error(Box::new(Inner { kind, message: message.into(), source: None }))
    }

    /// Names the cause.
    #[must_use]
    pub fn with_source(mut self, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        self.0.source = Some(source.into());
        self
    }

    /// Returns what the caller should act on.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// Returns the message with those of its causes, most general first.
    pub fn chain(&self) -> String {
        let mut text = self.0.message.clone();
        let mut cause = std::error::Error::source(self);
        while let Some(error) = cause {
            text.push_str(": ");
            text.push_str(&error.to_string());
            cause = error.source();
        }
        text
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.message)
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}: {}", self.0.kind, self.chain())
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.source.as_deref().map(|source| source as &(dyn std::error::Error + 'static))
    }
}
