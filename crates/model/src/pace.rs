//! How fast an endpoint is asked: a state machine without a clock of its own.
//!
//! Two things bound what is sent. The *width* is how many requests may be in flight: it doubles every round trip until
//! the first refusal, then grows by one, and shrinks by a share with a refusal or a request that was overdue. The *rate*
//! is how many requests are sent in a second: there is none until the endpoint refuses something, then it is what the
//! endpoint bore, and from there it follows the curve of CUBIC (Ha, Rhee, Xu 2008): back to what was borne soon, past
//! it slowly at first. An endpoint that counts what is in flight is met by the width, one that counts per minute by the
//! rate. Requests that were sent before a decrease say nothing that it did not know: there is one decrease a round
//! trip.

use std::time::Duration;

/// The width at the start.
const FIRST_WIDTH: f64 = 64.0;
/// What a decrease leaves of the width.
const WIDTH_KEPT: f64 = 0.7;
/// What a decrease leaves of the rate that was borne.
const RATE_KEPT: f64 = 0.95;
/// Seconds until the rate is again what was borne.
const BACK_AFTER_S: f64 = 15.0;
/// The share of requests that may be refused in silence before that is taken for a limit: some endpoints refuse at times
/// for reasons of their own.
const STRAY_SHARE: f64 = 0.03;
/// How much of that share each request renews.
const STRAY_WEIGHT: f64 = 0.005;
/// The first pause of an endpoint that refuses and does not say for how long; the next are twice as long each.
const FIRST_PAUSE: Duration = Duration::from_millis(250);
/// The longest of these.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);
/// How much later than it might a request is sent without its successors having to wait in turn: timers are coarse.
const SLACK: Duration = Duration::from_millis(20);
/// Over how much of the latest time it is measured what the endpoint bears.
const SLOT: Duration = Duration::from_millis(250);
const SLOTS: usize = 20;
/// The same while the rate doubles every second: what is older is too little.
const LATEST_SLOTS: usize = 4;
/// A pause that is longer is part of how an endpoint counts, and of what it bears.
const LONG_PAUSE: Duration = Duration::from_secs(5);

/// What an attempt says of how busy the endpoint is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Signal {
    /// It answered.
    Served,
    /// It wants less, and may say for how long nothing is to come.
    Refused(Option<Duration>),
    /// It did not answer in time.
    Overdue,
    /// Nothing: what failed was something else.
    Nothing,
}

/// When the next request may be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Turn {
    /// Now; it counts as sent.
    Now,
    /// Not before this time.
    At(Duration),
    /// Not before another has ended.
    AfterAnother,
}

/// The state; all times are since its start.
#[derive(Clone, Debug)]
pub(crate) struct Pace {
    most: f64,
    width: f64,
    in_flight: usize,
    /// When a request last had to wait for another to end: only a width that is used up may grow.
    used_up_at: Option<Duration>,
    rate: Option<Rate>,
    next_at: Duration,
    paused_until: Duration,
    decreased_at: Option<Duration>,
    /// Pauses in a row that nothing was served between.
    pauses: u32,
    served: Served,
    /// How long an answer takes, lately.
    takes_s: f64,
    /// Which share was refused, lately.
    refused_share: f64,
    served_at: Option<Duration>,
}

/// Requests per second, as a curve over time.
#[derive(Clone, Copy, Debug)]
struct Rate {
    /// What was borne.
    borne: f64,
    since: Duration,
    /// Whether that was measured well; if not, it doubles every second until the next refusal.
    known: bool,
}

impl Rate {
    fn at(&self, now: Duration) -> f64 {
        let seconds = now.saturating_sub(self.since).as_secs_f64();
        let factor = match self.known {
            true => {
                let bend = (1.0 - RATE_KEPT) / BACK_AFTER_S.powi(3);
                1.0 + bend * (seconds - BACK_AFTER_S).powi(3)
            }
            false => RATE_KEPT * seconds.min(30.0).exp2(),
        };
        self.borne * factor
    }
}

/// What the endpoint served lately.
#[derive(Clone, Debug, Default)]
struct Served {
    /// Since the last decrease.
    since: Duration,
    count: u64,
    /// Since requests last flowed without a pause.
    flowing_since: Duration,
    slots: [u32; SLOTS],
    slot: u128,
}

impl Served {
    fn one(&mut self, now: Duration) {
        self.count += 1;
        self.turn_to(now);
        self.slots[(self.slot % SLOTS as u128) as usize] += 1;
    }

    /// Forgets what is not recent.
    fn turn_to(&mut self, now: Duration) {
        let slot = now.as_nanos() / SLOT.as_nanos();
        for _ in self.slot..slot.min(self.slot + SLOTS as u128) {
            self.slot += 1;
            self.slots[(self.slot % SLOTS as u128) as usize] = 0;
        }
        self.slot = slot;
    }

    /// Starts to measure anew; requests flow again from a time on.
    fn restart(&mut self, now: Duration, flowing_since: Duration) {
        *self =
            Served { since: now, flowing_since, slot: now.as_nanos() / SLOT.as_nanos(), ..Served::default() };
    }

    /// Returns what was served per second since the last decrease, pauses included.
    fn overall(&self, resume: Duration) -> f64 {
        self.count as f64 / resume.saturating_sub(self.since).as_secs_f64().max(1e-3)
    }

    /// Returns what was served per second in the latest slots, if requests flowed for long enough.
    fn recent(&mut self, now: Duration, slots: usize) -> Option<f64> {
        self.turn_to(now);
        // The last slot has just begun.
        let into_slot = (now.as_nanos() % SLOT.as_nanos()) as f64 / 1e9;
        let window = SLOT.as_secs_f64() * (slots - 1) as f64 + into_slot;
        let window = window.min(now.saturating_sub(self.flowing_since).as_secs_f64());
        let latest = (0..slots as u128).filter_map(|ago| self.slot.checked_sub(ago));
        let served: u32 = latest.map(|slot| self.slots[(slot % SLOTS as u128) as usize]).sum();
        (window >= SLOT.as_secs_f64() * 2.0).then(|| f64::from(served) / window)
    }
}

impl Pace {
    /// Starts with nothing in flight, of at most so many.
    pub(crate) fn new(most: usize) -> Self {
        let most = most.max(1) as f64;
        Pace {
            most,
            width: FIRST_WIDTH.min(most),
            in_flight: 0,
            used_up_at: None,
            rate: None,
            next_at: Duration::ZERO,
            paused_until: Duration::ZERO,
            decreased_at: None,
            pauses: 0,
            served: Served::default(),
            takes_s: 0.0,
            refused_share: 0.0,
            served_at: None,
        }
    }

    /// Says when the next request may be sent; `pressed` if it has waited, or others wait behind it.
    pub(crate) fn turn(&mut self, now: Duration, pressed: bool) -> Turn {
        if now < self.paused_until {
            return Turn::At(self.paused_until);
        }
        if self.in_flight >= self.width as usize {
            self.used_up_at = Some(now);
            return Turn::AfterAnother;
        }
        if let Some(rate) = &self.rate {
            if now < self.next_at {
                return Turn::At(self.next_at);
            }
            let gap = Duration::from_secs_f64(1.0 / rate.at(now).max(1e-3));
            self.next_at = self.next_at.max(now.saturating_sub(SLACK)) + gap;
        }
        if !pressed && (self.in_flight + 1) * 2 <= self.width as usize {
            // So little is asked that what is served says nothing of what could be.
            self.served.restart(now, now);
        }
        self.in_flight += 1;
        Turn::Now
    }

    /// Returns whether anything was answered since a time.
    pub(crate) fn has_served_since(&self, time: Duration) -> bool {
        self.served_at.is_some_and(|served_at| served_at >= time)
    }

    /// Takes back a request that was never sent, or whose asker is gone.
    pub(crate) fn forget(&mut self) {
        self.in_flight -= 1;
    }

    /// Learns from a request's end.
    pub(crate) fn ended(&mut self, sent_at: Duration, now: Duration, signal: Signal) {
        self.in_flight -= 1;
        match signal {
            Signal::Served => {
                self.served_at = Some(now);
                self.served.one(now);
                self.pauses = 0;
                self.refused_share *= 1.0 - STRAY_WEIGHT;
                let took_s = now.saturating_sub(sent_at).as_secs_f64();
                self.takes_s =
                    if self.takes_s == 0.0 { took_s } else { self.takes_s * 0.875 + took_s * 0.125 };
                if self.used_up_at.is_some_and(|used_up_at| used_up_at >= sent_at) {
                    let doubles = match &self.rate {
                        None => self.decreased_at.is_none(),
                        Some(rate) => !rate.known,
                    };
                    let step = if doubles { 1.0 } else { 1.0 / self.width };
                    self.width = (self.width + step).min(self.most);
                }
            }
            Signal::Refused(after) => {
                if let Some(after) = after {
                    self.paused_until = self.paused_until.max(now + after);
                }
                self.refused_share += (1.0 - self.refused_share) * STRAY_WEIGHT;
                let is_stray = after.is_none() && self.served.count > 0 && self.refused_share < STRAY_SHARE;
                if is_stray {
                    self.hold(now);
                } else if self.is_news(sent_at) {
                    self.refused(now, after.is_some());
                }
            }
            Signal::Overdue => {
                if self.is_news(sent_at) {
                    self.narrow(now, 0.0);
                }
            }
            Signal::Nothing => {}
        }
    }

    fn is_news(&self, sent_at: Duration) -> bool {
        self.decreased_at.is_none_or(|decreased_at| sent_at > decreased_at)
    }

    /// Goes on as it is, and grows no faster than from where it knows what is borne.
    fn hold(&mut self, now: Duration) {
        if let Some(rate) = self.rate.as_mut().filter(|rate| rate.known) {
            let since = now.saturating_sub(Duration::from_secs_f64(BACK_AFTER_S));
            *rate = Rate { borne: rate.at(now), since, known: true };
        }
    }

    fn narrow(&mut self, now: Duration, borne: f64) {
        // As many must be in flight as are sent while one takes its time.
        let needed = (borne * self.takes_s * 1.25).min(self.width);
        self.width = (self.width * WIDTH_KEPT).max(needed).max(1.0);
        self.decreased_at = Some(now);
    }

    fn refused(&mut self, now: Duration, told: bool) {
        if !told && (self.rate.is_none() || self.served.count == 0) {
            // Nobody says how long, and nothing is known.
            let pause = FIRST_PAUSE.saturating_mul(1 << self.pauses.min(16)).min(LONGEST_PAUSE);
            self.paused_until = self.paused_until.max(now + pause);
            self.pauses += 1;
        }
        let resume = self.paused_until.max(now);
        let mut borne = self.rate.as_ref().map_or(0.0, |rate| rate.at(now));
        if self.served.count > 0 {
            let overall = self.served.overall(resume);
            let known = self.rate.as_ref().is_some_and(|rate| rate.known);
            let recent = self.served.recent(now, if known { SLOTS } else { LATEST_SLOTS });
            // Too short for a measure: what is served now was sent before.
            let is_short = (resume - self.served.since).as_secs_f64() < (4.0 * self.takes_s).max(1.0);
            let measured = match recent {
                Some(recent) if resume - now <= LONG_PAUSE => overall.max(recent),
                _ if known && is_short => borne,
                _ => overall,
            };
            let rate = match &self.rate {
                None => Rate { borne: measured, since: resume, known: false },
                Some(rate) => {
                    let most = rate.at(now);
                    // What doubled was borne a while ago; else, a measure that is odd costs no more than this.
                    let least = most * if rate.known { 0.25 } else { 0.75 };
                    Rate { borne: measured.clamp(least, most), since: resume, known: true }
                }
            };
            borne = rate.borne;
            self.rate = Some(rate);
            // What is sent first then is served a while later.
            self.served.restart(now, resume + Duration::from_secs_f64(self.takes_s));
        }
        self.narrow(now, borne);
        // What comes now is judged by itself.
        self.refused_share = 0.0;
        self.next_at = self.next_at.max(resume);
    }
}

#[cfg(test)]
mod tests;
