use std::fmt;
use std::time::Duration;

use serde_json::Value;

use super::{Asked, Said, Script};
use crate::random::Random;

/// How often an endpoint misbehaves, each in thousandths of the requests.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rates {
    /// Answers that come late.
    pub slow: u64,
    /// Refusals that say when to come back.
    pub refused: u64,
    /// Refusals that do not.
    pub refused_silently: u64,
    /// Errors of the server.
    pub failed: u64,
    /// Answers that are cut off on their way.
    pub cut: u64,
    /// Answers that are no JSON.
    pub garbage: u64,
    /// Texts that fit no schema.
    pub wrong_schema: u64,
    /// Texts that others got as well.
    pub duplicate: u64,
    /// Texts that say more than is known.
    pub lie: u64,
}

impl Rates {
    /// Returns rates under which each misdeed happens, and most requests are answered.
    pub fn some() -> Self {
        Rates {
            slow: 20,
            refused: 20,
            refused_silently: 20,
            failed: 40,
            cut: 40,
            garbage: 40,
            wrong_schema: 50,
            duplicate: 50,
            lie: 50,
        }
    }
}

type Honest = Box<dyn Fn(&Asked) -> String + Send + Sync>;

/// A script that answers honestly, but for misdeeds that a seed chooses.
///
/// What happens to a request depends on the seed, its body and how often that came, never on the order of requests. What
/// may pass happens to one body at most three times in a row; what is wrong with a text stays wrong.
pub struct Misdeeds {
    seed: u64,
    rates: Rates,
    honest: Honest,
    latency: Duration,
    slowness: Duration,
}

/// How often in a row a body fails in a way that may pass.
const MOST_IN_A_ROW: usize = 3;

impl Misdeeds {
    /// Answers with the texts of a closure, and misbehaves as often as it is told.
    pub fn new(seed: u64, rates: Rates, honest: impl Fn(&Asked) -> String + Send + Sync + 'static) -> Self {
        Misdeeds {
            seed,
            rates,
            honest: Box::new(honest),
            latency: Duration::ZERO,
            slowness: Duration::from_millis(200),
        }
    }

    /// Sets how long each answer takes, and how long a slow one.
    #[must_use]
    pub fn latency(mut self, each: Duration, slow: Duration) -> Self {
        (self.latency, self.slowness) = (each, slow);
        self
    }

    /// Says what the transport makes of an answer.
    fn on_the_way(&self, asked: &Asked, said: Said) -> Said {
        if asked.earlier >= MOST_IN_A_ROW {
            return said;
        }
        let mut random = Random::new(self.seed ^ asked.digest.head64() ^ ((asked.earlier as u64 + 1) << 32));
        let rates = [
            self.rates.slow,
            self.rates.refused,
            self.rates.refused_silently,
            self.rates.failed,
            self.rates.cut,
            self.rates.garbage,
        ];
        match choose(&mut random, &rates) {
            Some(0) => said.after(self.slowness),
            Some(1) => Said::refusal(Some(1)),
            Some(2) => Said::refusal(None),
            Some(3) => Said::error(500, "out of order"),
            Some(4) => {
                let bytes = random.below(said.body().len().max(1) as u64) as usize;
                let said = said.cut_at(bytes);
                if random.once_in(2) { said.streamed() } else { said }
            }
            Some(5) => Said::garbage(),
            _ => said,
        }
    }

    fn text(&self, asked: &Asked) -> String {
        let mut random = Random::new(self.seed ^ asked.digest.head64());
        let rates = [self.rates.wrong_schema, self.rates.duplicate, self.rates.lie];
        match choose(&mut random, &rates) {
            Some(0) => "{\"unheard_of\": true}".to_owned(),
            Some(1) => (self.honest)(&Asked { body: Value::Null, ..asked.clone() }),
            Some(2) => lie(&(self.honest)(asked)),
            _ => (self.honest)(asked),
        }
    }
}

impl Script for Misdeeds {
    fn answer(&self, asked: &Asked) -> Said {
        let said = match asked.path.as_str() {
            "embeddings" => asked.vectors(8),
            "score" => asked.scores(),
            _ => asked.chat(&self.text(asked)),
        };
        self.on_the_way(asked, said.after(self.latency))
    }
}

impl fmt::Debug for Misdeeds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Misdeeds")
            .field("seed", &self.seed)
            .field("rates", &self.rates)
            .finish_non_exhaustive()
    }
}

/// Returns which of the rates is hit, if one is.
fn choose(random: &mut Random, rates: &[u64]) -> Option<usize> {
    let mut drawn = random.below(1000);
    rates.iter().position(|rate| match drawn.checked_sub(*rate) {
        Some(left) => {
            drawn = left;
            false
        }
        None => true,
    })
}

/// Adds a claim that no document makes, to a text or to the first text of JSON.
fn lie(honest: &str) -> String {
    const CLAIM: &str = " It was first seen on the Moon in 1871.";
    match serde_json::from_str::<Value>(honest) {
        Ok(mut json) if json.is_object() || json.is_array() => {
            if let Some(Value::String(text)) = first_text(&mut json) {
                text.push_str(CLAIM);
            }
            json.to_string()
        }
        _ => format!("{honest}{CLAIM}"),
    }
}

fn first_text(json: &mut Value) -> Option<&mut Value> {
    match json {
        Value::String(_) => Some(json),
        Value::Array(list) => list.iter_mut().find_map(first_text),
        Value::Object(map) => map.values_mut().find_map(first_text),
        _ => None,
    }
}
