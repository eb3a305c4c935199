//! What the proofs share: histories of documents, processes that build once, and published folders read back.

use std::io::Write;

pub(crate) mod folder;
pub(crate) mod history;
pub(crate) mod programs;
pub(crate) mod task;
pub(crate) mod worker;

/// Returns whether everything runs in full, where it is shortened by default.
pub(crate) fn long() -> bool {
    std::env::var("RIFFLEBOX_LONG").is_ok_and(|value| value == "1")
}

/// Says a line, also where the output of tests that pass is dropped.
pub(crate) fn say(line: &str) {
    // A line that nobody can read harms nobody.
    let _ = writeln!(std::io::stderr(), "{line}");
}

/// Runs a future to its end on threads of its own.
pub(crate) fn wait_for<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    runtime.expect("threads can be started").block_on(future)
}
