//! The door through which all requests of an endpoint go, one after the other, when its pace lets them.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::{Instant, sleep_until};

use crate::pace::{Pace, Signal, Turn};

/// Lets requests out at an endpoint's pace, in the order in which they came.
#[derive(Debug)]
pub(crate) struct Gate {
    origin: Instant,
    pace: Mutex<Pace>,
    /// Who holds it is the next; tokio's mutex is fair.
    head: tokio::sync::Mutex<()>,
    waiting: AtomicUsize,
    ended: Notify,
}

/// The right to send one request. Dropped before it is used up, it is taken back.
#[derive(Debug)]
pub(crate) struct Pass<'a> {
    gate: &'a Gate,
    sent_at: Duration,
    used: bool,
}

impl Gate {
    pub(crate) fn new(most: usize) -> Self {
        Gate {
            origin: Instant::now(),
            pace: Mutex::new(Pace::new(most)),
            head: tokio::sync::Mutex::new(()),
            waiting: AtomicUsize::new(0),
            ended: Notify::new(),
        }
    }

    /// Returns the time on the gate's clock.
    pub(crate) fn now(&self) -> Duration {
        self.origin.elapsed()
    }

    /// Waits for its turn.
    pub(crate) async fn enter(&self) -> Pass<'_> {
        let _waiting = Waiting::new(&self.waiting);
        let _head = self.head.lock().await;
        let mut waited = false;
        loop {
            let now = self.now();
            let turn = self.pace().turn(now, waited || self.waiting.load(Ordering::Relaxed) > 1);
            match turn {
                Turn::Now => return Pass { gate: self, sent_at: now, used: false },
                // A pause may grow meanwhile; whoever wakes looks again.
                Turn::At(time) => sleep_until(self.origin + time).await,
                Turn::AfterAnother => self.ended.notified().await,
            }
            waited = true;
        }
    }

    /// Returns whether anything was answered since a time.
    pub(crate) fn has_served_since(&self, time: Duration) -> bool {
        self.pace().has_served_since(time)
    }

    fn pace(&self) -> MutexGuard<'_, Pace> {
        self.pace.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Pass<'_> {
    /// Says what came of the request.
    pub(crate) fn end(mut self, signal: Signal) {
        self.used = true;
        let now = self.gate.now();
        self.gate.pace().ended(self.sent_at, now, signal);
        self.gate.ended.notify_one();
    }
}

impl Drop for Pass<'_> {
    fn drop(&mut self) {
        if !self.used {
            self.gate.pace().forget();
            self.gate.ended.notify_one();
        }
    }
}

/// Counts who waits, as long as it does.
struct Waiting<'a>(&'a AtomicUsize);

impl<'a> Waiting<'a> {
    fn new(count: &'a AtomicUsize) -> Self {
        count.fetch_add(1, Ordering::Relaxed);
        Waiting(count)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests;
