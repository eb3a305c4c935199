use std::sync::{Mutex, PoisonError};

use tokio::time::Instant;

use super::{Asked, Said, Script};

/// A script that serves so many requests per second, and refuses those beyond: a bucket that fills at a rate.
#[derive(Debug)]
pub struct Limited<S> {
    script: S,
    per_second: f64,
    burst: f64,
    says_when: bool,
    bucket: Mutex<Option<(f64, Instant)>>,
}

impl<S: Script> Limited<S> {
    /// Serves a script's answers at a rate, and at most `burst` at once.
    pub fn new(script: S, per_second: f64, burst: f64) -> Self {
        Limited { script, per_second, burst, says_when: true, bucket: Mutex::new(None) }
    }

    /// Refuses without saying when to come back.
    #[must_use]
    pub fn silent(mut self) -> Self {
        self.says_when = false;
        self
    }
}

impl<S: Script> Script for Limited<S> {
    fn answer(&self, asked: &Asked) -> Said {
        let now = Instant::now();
        let mut bucket = self.bucket.lock().unwrap_or_else(PoisonError::into_inner);
        let (left, since) = bucket.unwrap_or((self.burst, now));
        let left = (left + (now - since).as_secs_f64() * self.per_second).min(self.burst);
        if left < 1.0 {
            *bucket = Some((left, now));
            let seconds = ((1.0 - left) / self.per_second).ceil() as u64;
            return Said::refusal(self.says_when.then_some(seconds.max(1)));
        }
        *bucket = Some((left - 1.0, now));
        drop(bucket);
        self.script.answer(asked)
    }
}
