/// What a build is doing; for people to watch, and never part of a result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// A source is listed.
    Scanning {
        /// The source.
        source: String,
    },
    /// Changed documents are on their way.
    Documents {
        /// Changes fed so far.
        fed: u64,
    },
    /// A call was answered, or failed.
    Called(CallFigures),
    /// A part of the work was committed.
    Committed {
        /// Rows that the run has written so far.
        rows: u64,
    },
    /// Shards are written.
    Publishing {
        /// Shards written so far.
        done: u64,
        /// Shards to write.
        total: u64,
    },
    /// The build is done.
    Done,
}

/// Watches a build.
///
/// # Contract
/// - Called from several threads, and from within the build: it returns at once (trusted).
pub trait Progress: Send + Sync {
    /// Takes note of an event.
    fn event(&self, event: Event);
}

/// Calls of a build so far.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CallFigures {
    /// Calls that have an answer.
    pub answered: u64,
    /// Calls without one, by the beginning of the reason: failed for good, or owed.
    pub failures: std::collections::BTreeMap<String, u64>,
    /// Calls that are known to be wanted, and have neither.
    pub waiting: u64,
    /// Tokens that were sent, and that came back.
    pub tokens: u64,
    /// What they cost, in millionths of a USD.
    pub micro_usd: u64,
}
