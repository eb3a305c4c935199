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
