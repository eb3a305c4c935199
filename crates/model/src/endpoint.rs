//! What all requests to one endpoint share: its pace, and whether it is left alone.

use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::breaker::{Breaker, BreakerSettings, Leave};
use crate::gate::Gate;

/// An endpoint, as far as its requests have learned of it.
#[derive(Debug)]
pub(crate) struct Endpoint {
    pub(crate) gate: Gate,
    breaker: Mutex<Breaker>,
}

/// Leave to send a request. Dropped without a word, a probe is another's to make.
#[derive(Debug)]
pub(crate) struct Errand<'a> {
    endpoint: &'a Endpoint,
    is_probe: bool,
    told: bool,
}

impl Endpoint {
    pub(crate) fn new(concurrency: usize, breaker: BreakerSettings) -> Self {
        Endpoint { gate: Gate::new(concurrency), breaker: Mutex::new(Breaker::new(breaker)) }
    }

    /// Asks for leave to send a request; else says why there is none.
    pub(crate) fn leave(&self) -> Result<Errand<'_>, String> {
        let now = self.gate.now();
        match self.breaker().leave(now) {
            Leave::Stay(reason) => Err(reason),
            leave => Ok(Errand { endpoint: self, is_probe: leave == Leave::Probe, told: false }),
        }
    }

    fn breaker(&self) -> MutexGuard<'_, Breaker> {
        self.breaker.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Errand<'_> {
    /// Tells that the endpoint answered.
    pub(crate) fn well(mut self) {
        self.told = true;
        self.endpoint.breaker().well(self.is_probe);
    }

    /// Tells that it did not.
    pub(crate) fn failed(mut self, reason: &str) {
        self.told = true;
        let now = self.endpoint.gate.now();
        self.endpoint.breaker().failed(now, self.is_probe, reason);
    }

    /// Tells that no call can succeed, for as long as the endpoint says.
    pub(crate) fn hopeless(mut self, reason: &str, pause: Option<std::time::Duration>) {
        self.told = true;
        let now = self.endpoint.gate.now();
        self.endpoint.breaker().open(now, reason, pause);
    }
}

impl Drop for Errand<'_> {
    fn drop(&mut self) {
        if self.is_probe && !self.told {
            self.endpoint.breaker().abandoned();
        }
    }
}
