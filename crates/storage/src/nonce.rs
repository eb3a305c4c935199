use std::hash::{BuildHasher, RandomState};
use std::sync::atomic::{AtomicU64, Ordering};

use rifflebox_core::Key;

/// Makes a name that nobody else has made or makes: for a run, a journal, an attempt to commit.
///
/// It never reaches a result; it tells one process's writes from another's.
pub fn nonce() -> String {
    static MADE: AtomicU64 = AtomicU64::new(0);
    let number = MADE.fetch_add(1, Ordering::Relaxed);
    // Each state of the standard hasher is keyed by the operating system's random numbers.
    let drawn = [RandomState::new().hash_one(number), RandomState::new().hash_one(number)];
    let key = Key::builder("nonce").number(drawn[0]).number(drawn[1]).number(number);
    key.number(u64::from(std::process::id())).finish().to_string()
}
