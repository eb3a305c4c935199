//! When an endpoint is left alone: a state machine without a clock of its own.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// When an endpoint is left alone for a while: its calls are then owed at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct BreakerSettings {
    /// Failed attempts in a row.
    pub failures: u32,
    /// Seconds that the row has lasted at least: a server that starts again is waited for.
    pub lasting_s: u64,
    /// Seconds for which it is left alone, until one request tries again.
    pub pause_s: u64,
}

impl Default for BreakerSettings {
    fn default() -> Self {
        BreakerSettings { failures: 10, lasting_s: 10, pause_s: 30 }
    }
}

/// What a request may do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Leave {
    /// Go.
    Go,
    /// Go, and tell whether the endpoint is back: nobody else goes until then.
    Probe,
    /// Stay, for this reason.
    Stay(String),
}

/// The state; all times are since its start.
#[derive(Clone, Debug)]
pub(crate) struct Breaker {
    settings: BreakerSettings,
    state: State,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum State {
    /// Requests go; of late so many failed in a row, since a time.
    Closed { failures: u32, since: Duration },
    /// No request goes until a time.
    Open { until: Duration, reason: String },
    /// One request tries.
    Probing { reason: String },
}

const WELL: State = State::Closed { failures: 0, since: Duration::ZERO };

impl Breaker {
    pub(crate) fn new(settings: BreakerSettings) -> Self {
        Breaker { settings, state: WELL }
    }

    /// Asks for leave to send a request.
    pub(crate) fn leave(&mut self, now: Duration) -> Leave {
        match &self.state {
            State::Closed { .. } => Leave::Go,
            State::Open { until, reason } if now >= *until => {
                self.state = State::Probing { reason: reason.clone() };
                Leave::Probe
            }
            State::Open { reason, .. } | State::Probing { reason } => Leave::Stay(reason.clone()),
        }
    }

    /// The endpoint answered, whatever it said.
    pub(crate) fn well(&mut self, was_probe: bool) {
        // One that was sent before it opened says nothing of now.
        if was_probe || matches!(self.state, State::Closed { .. }) {
            self.state = WELL;
        }
    }

    /// An attempt failed.
    pub(crate) fn failed(&mut self, now: Duration, was_probe: bool, reason: &str) {
        if was_probe {
            return self.open(now, reason, None);
        }
        let State::Closed { failures, since } = &mut self.state else { return };
        if *failures == 0 {
            *since = now;
        }
        *failures = failures.saturating_add(1);
        let lasted = now.saturating_sub(*since) >= Duration::from_secs(self.settings.lasting_s);
        if *failures >= self.settings.failures && lasted {
            self.open(now, reason, None);
        }
    }

    /// Opens at once: no call can succeed. It pauses for as long as the endpoint says, if it says.
    pub(crate) fn open(&mut self, now: Duration, reason: &str, pause: Option<Duration>) {
        let pause = pause.unwrap_or(Duration::from_secs(self.settings.pause_s));
        self.state = State::Open { until: now.saturating_add(pause), reason: reason.to_owned() };
    }

    /// The probe's asker is gone: the next request is the probe.
    pub(crate) fn abandoned(&mut self) {
        if let State::Probing { reason } = &self.state {
            self.state = State::Open { until: Duration::ZERO, reason: reason.clone() };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAUSE: Duration = Duration::from_secs(30);

    fn at(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    fn breaker() -> Breaker {
        Breaker::new(BreakerSettings { failures: 3, lasting_s: 10, pause_s: 30 })
    }

    fn stays() -> Leave {
        Leave::Stay("down".to_owned())
    }

    #[test]
    fn opens_after_failures_in_a_row_that_last() {
        let mut breaker = breaker();
        for _ in 0..100 {
            breaker.failed(at(1), false, "down");
        }
        assert_eq!(breaker.leave(at(1)), Leave::Go, "a blip is waited for");
        breaker.well(false);
        for second in [2, 11] {
            breaker.failed(at(second), false, "down");
        }
        assert_eq!(breaker.leave(at(11)), Leave::Go, "two are no row of three");
        breaker.failed(at(12), false, "down");
        assert_eq!(breaker.leave(at(12)), stays());
    }

    #[test]
    fn half_opens_for_one_probe() {
        let mut breaker = breaker();
        breaker.open(at(0), "down", None);
        breaker.well(false);
        assert_eq!(breaker.leave(PAUSE - at(1)), stays(), "what was sent before says nothing");
        assert_eq!(breaker.leave(PAUSE), Leave::Probe);
        assert_eq!(breaker.leave(PAUSE), stays(), "one at a time");
        breaker.failed(PAUSE, true, "down");
        assert_eq!(breaker.leave(PAUSE + at(29)), stays());
        assert_eq!(breaker.leave(PAUSE * 2), Leave::Probe);
        breaker.abandoned();
        assert_eq!(breaker.leave(PAUSE * 2), Leave::Probe, "a probe that went away is made again");
        breaker.well(true);
        assert_eq!(breaker.leave(PAUSE * 2), Leave::Go);
    }

    #[test]
    fn pauses_for_as_long_as_it_is_told() {
        let mut breaker = breaker();
        breaker.open(at(0), "down", Some(at(3600)));
        assert_eq!(breaker.leave(at(3599)), stays());
        assert_eq!(breaker.leave(at(3600)), Leave::Probe);
    }
}
