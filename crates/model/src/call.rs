//! One call, with as many attempts as it may take.

use std::time::Duration;

use rifflebox_core::{Failure, Key};
use tokio::time::sleep;

use crate::endpoint::Endpoint;
use crate::pace::Signal;
use crate::transport::{Sent, Transport};
use crate::trouble::Trouble;

/// The first wait after a failure that may pass; the next are twice as long each.
const FIRST_WAIT: Duration = Duration::from_millis(500);
/// The longest of these.
const LONGEST_WAIT: Duration = Duration::from_secs(20);

/// The way to an endpoint, and how patient a call is.
#[derive(Debug)]
pub(crate) struct Caller {
    pub(crate) endpoint: std::sync::Arc<Endpoint>,
    pub(crate) transport: Transport,
    /// Further attempts, at most; refusals alone do not use them up.
    pub(crate) retries: u32,
    /// How long an endpoint may ask to wait, or refuse a call.
    pub(crate) patience: Duration,
}

impl Caller {
    /// Sends a request until it is answered, or nothing more can be done, and reads the answer.
    ///
    /// # Errors
    /// [`Failure::Owed`] when attempts are used up, the endpoint is left alone, or somebody has to mend something;
    /// [`Failure::Final`] when the endpoint will never answer this.
    pub(crate) async fn call<T>(
        &self,
        sent: &Sent,
        read: impl Fn(&str) -> Result<T, Trouble>,
    ) -> Result<(T, String), Failure> {
        let (mut attempts, mut refused_since) = (0, None);
        loop {
            let trouble = match self.attempt(sent, &read).await? {
                Ok(said) => return Ok(said),
                Err(trouble) => trouble,
            };
            attempts += 1;
            let is_spent = attempts > self.retries;
            match &trouble {
                Trouble::Final(_) | Trouble::Shut(_) | Trouble::Absent(_) => {
                    return Err(trouble.into_failure());
                }
                Trouble::Refused { after: Some(after), .. } if *after > self.patience => {
                    let reason = format!("{}; it asks to wait {} s", trouble.reason(), after.as_secs());
                    return Err(Failure::Owed(reason));
                }
                Trouble::Refused { .. } => {
                    // The gate waits for all that were refused: that takes time, and as many attempts as it takes.
                    let now = self.endpoint.gate.now();
                    let since = *refused_since.get_or_insert(now);
                    if is_spent && now - since >= self.patience {
                        if !self.endpoint.gate.has_served_since(since) {
                            // It bears nothing at all: nobody else has to wait as long to learn that.
                            let left = self.endpoint.leave().into_iter();
                            left.for_each(|errand| errand.hopeless(trouble.reason(), None));
                        }
                        return Err(self.given_up(trouble, attempts));
                    }
                }
                Trouble::Passing(_) | Trouble::Overdue(_) if is_spent => {
                    return Err(self.given_up(trouble, attempts));
                }
                Trouble::Passing(_) | Trouble::Overdue(_) => sleep(wait(sent, attempts)).await,
            }
        }
    }

    /// Makes one attempt when the endpoint's turn comes; says first what comes of the call if none may be made.
    async fn attempt<T>(
        &self,
        sent: &Sent,
        read: &impl Fn(&str) -> Result<T, Trouble>,
    ) -> Result<Result<(T, String), Trouble>, Failure> {
        let stay = |reason: String| Failure::Owed(format!("the endpoint is left alone for now: {reason}"));
        // Nobody queues for an endpoint that is left alone.
        drop(self.endpoint.leave().map_err(stay)?);
        let pass = self.endpoint.gate.enter().await;
        let errand = self.endpoint.leave().map_err(stay)?;
        let said = self.transport.send(sent).await;
        let said = said.and_then(|text| read(&text).map(|read| (read, text)));
        match &said {
            Ok(_) => {
                pass.end(Signal::Served);
                errand.well();
            }
            Err(Trouble::Final(_)) => {
                pass.end(Signal::Served);
                errand.well();
            }
            Err(Trouble::Absent(_)) if sent.is_aside => {
                pass.end(Signal::Nothing);
                errand.well();
            }
            Err(Trouble::Refused { reason, after: Some(after) }) if *after > self.patience => {
                pass.end(Signal::Nothing);
                errand.hopeless(reason, Some(*after));
            }
            Err(Trouble::Refused { after, .. }) => {
                pass.end(Signal::Refused(*after));
                // It lives, and says so; a probe is made again.
                drop(errand);
            }
            Err(Trouble::Overdue(reason)) => {
                pass.end(Signal::Overdue);
                errand.failed(reason);
            }
            Err(Trouble::Passing(reason)) => {
                pass.end(Signal::Nothing);
                errand.failed(reason);
            }
            Err(Trouble::Shut(reason) | Trouble::Absent(reason)) => {
                pass.end(Signal::Nothing);
                errand.hopeless(reason, None);
            }
        }
        Ok(said)
    }

    /// Says what comes of a call whose attempts are used up.
    fn given_up(&self, trouble: Trouble, attempts: u32) -> Failure {
        if let Trouble::Refused { reason, .. } = &trouble {
            // Refusals are no failures of the endpoint, until a call gives up for them.
            self.endpoint.leave().into_iter().for_each(|errand| errand.failed(reason));
        }
        match attempts {
            1 => Failure::Owed(trouble.reason().to_owned()),
            _ => Failure::Owed(format!("{}, {attempts} times", trouble.reason())),
        }
    }
}

/// Returns how long to wait before another attempt: longer each time, and not all at once.
fn wait(sent: &Sent, attempt: u32) -> Duration {
    let whole = FIRST_WAIT.saturating_mul(1 << (attempt - 1).min(16)).min(LONGEST_WAIT);
    // Between half of it and all: by what is asked, so that the same flow waits the same.
    let spread = Key::builder("wait").text(&sent.body).number(u64::from(attempt)).finish();
    let share = spread.head64() as f64 / u64::MAX as f64;
    whole.mul_f64(0.5 + share / 2.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_and_are_spread() {
        let sent = |body: &str| Sent::post("chat/completions", body.to_owned());
        for (attempt, most_ms) in [(1, 500), (2, 1000), (6, 16_000), (7, 20_000), (100, 20_000)] {
            let most = Duration::from_millis(most_ms);
            let waits: Vec<Duration> = (0..100).map(|n| wait(&sent(&n.to_string()), attempt)).collect();
            assert!(waits.iter().all(|wait| *wait >= most / 2 && *wait <= most), "{waits:?}");
            let spread = *waits.iter().max().unwrap() - *waits.iter().min().unwrap();
            assert!(spread > most / 3, "{spread:?}");
            assert_eq!(waits[7], wait(&sent("7"), attempt));
        }
    }
}
