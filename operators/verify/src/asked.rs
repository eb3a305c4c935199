//! What all verifiers that ask a sandbox share.

use std::time::Duration;

use rifflebox_core::{
    Answering, Error, ErrorKind, Failure, Judged, Limits as Calls, Result, Sample, Verdict,
};
use rifflebox_sandbox::{Limits, Sandbox};

/// Makes the error of a setting, or of a machine, that does not do.
pub(crate) fn usage<T>(message: impl Into<String>) -> Result<T> {
    Err(Error::new(ErrorKind::Usage, message))
}

/// Returns what a run may use, of the settings `seconds` and `memory_mb`.
pub(crate) fn limits(seconds: u64, memory_mb: u64) -> Result<Limits> {
    for (key, value, least) in [("seconds", seconds, 1), ("memory_mb", memory_mb, 64)] {
        if value < least {
            return usage(format!("`{key}` is at least {least}"));
        }
    }
    // A busy machine gives less than a processor, and nobody is to be rejected for that.
    let (cpu, wall) = (Duration::from_secs(seconds), Duration::from_secs(3 * seconds));
    Ok(Limits { wall, cpu, memory: memory_mb << 20, ..Limits::default() })
}

/// Returns how samples come in: one by one, so that each verdict is kept at once, and enough of them that no worker of
/// the sandbox waits.
pub(crate) fn calls(sandbox: &dyn Sandbox) -> Calls {
    Calls { batch: 1, concurrency: 2 * sandbox.width(), ..Calls::default() }
}

/// Judges samples one after the other.
pub(crate) fn one_by_one(
    items: Vec<Judged>,
    judge: impl Fn(Sample) -> Answering<Result<Verdict, Failure>> + Send + 'static,
) -> Answering<Vec<Result<Verdict, Failure>>> {
    Box::pin(async move {
        let mut verdicts = Vec::with_capacity(items.len());
        for (sample, _) in items {
            verdicts.push(judge(sample).await);
        }
        verdicts
    })
}
