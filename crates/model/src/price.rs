use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::answer::Usage;

/// The highest price that is taken for one: a thousand dollars for a thousand tokens.
const MOST_USD: f64 = 1e6;

/// What tokens cost: `{ input = 0.15, output = 0.60 }`, in USD per million tokens.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Price {
    /// Of tokens that are sent.
    pub input: Rate,
    /// Of tokens that come back.
    pub output: Rate,
    /// Of sent tokens that the endpoint had cached; as `input` if not given.
    pub cached: Option<Rate>,
    /// Of batches, as a share of the price: 0.5 is half of it. The whole if not given.
    pub batch: Option<Rate>,
}

/// A price in USD per million tokens, kept as whole pico-dollars per token: sums are exact.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Rate(u64);

impl Rate {
    /// Makes a rate of USD per million tokens; none of a negative, endless or absurd number.
    pub fn new(usd_per_million: f64) -> Option<Self> {
        let fits = (0.0..=MOST_USD).contains(&usd_per_million);
        // A dollar for a million tokens is a million pico-dollars for one.
        fits.then(|| Rate((usd_per_million * 1e6).round() as u64))
    }

    /// Returns the rate in USD per million tokens.
    pub fn usd_per_million(self) -> f64 {
        self.0 as f64 / 1e6
    }

    fn of(self, tokens: u64) -> u128 {
        u128::from(self.0) * u128::from(tokens)
    }
}

impl Serialize for Rate {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_f64(self.usd_per_million())
    }
}

impl<'de> Deserialize<'de> for Rate {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let usd = f64::deserialize(deserializer)?;
        Rate::new(usd).ok_or_else(|| serde::de::Error::custom("a price is a number of USD, not negative"))
    }
}

impl Price {
    /// Returns what tokens cost in millionths of a USD, rounded up: whoever adds calls up is never below the bill.
    pub fn micro_usd(&self, usage: &Usage) -> u64 {
        Self::rounded_up(self.pico_usd(usage))
    }

    /// Returns what tokens of a batch cost in millionths of a USD, rounded up.
    pub fn batch_micro_usd(&self, usage: &Usage) -> u64 {
        let share = self.batch.map_or(1_000_000, |share| u128::from(share.0));
        Self::rounded_up((self.pico_usd(usage) * share).div_ceil(1_000_000))
    }

    fn pico_usd(&self, usage: &Usage) -> u128 {
        let cached = usage.cached.min(usage.input);
        let cached_rate = self.cached.unwrap_or(self.input);
        self.input.of(usage.input - cached) + cached_rate.of(cached) + self.output.of(usage.output)
    }

    fn rounded_up(pico_usd: u128) -> u64 {
        u64::try_from(pico_usd.div_ceil(1_000_000)).unwrap_or(u64::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn price(text: &str) -> Price {
        toml::from_str(text).unwrap()
    }

    #[test]
    fn calls_cost_whole_millionths_of_a_dollar() {
        let small = price("input = 0.15\noutput = 0.60");
        let cost = |input, output| small.micro_usd(&Usage { input, output, ..Usage::default() });
        assert_eq!(cost(1_000_000, 0), 150_000);
        assert_eq!(cost(1_000, 500), 150 + 300);
        // 0.15 + 0.6 of a millionth.
        assert_eq!(cost(1, 1), 1);
        assert_eq!(cost(0, 0), 0);
        assert_eq!(cost(u64::MAX, u64::MAX), 3 << 62);
        // No sum of binary fractions: 0.1 is a tenth.
        let tenth = price("input = 0.1\noutput = 0.2");
        assert_eq!(tenth.micro_usd(&Usage { input: 10, output: 10, ..Usage::default() }), 3);
    }

    #[test]
    fn cached_tokens_and_batches_are_cheaper_where_it_is_said() {
        let said = price("input = 2\noutput = 8\ncached = 0.5\nbatch = 0.5");
        let usage = Usage { input: 1000, output: 100, cached: 400, ..Usage::default() };
        assert_eq!(said.micro_usd(&usage), 1200 + 200 + 800);
        assert_eq!(said.batch_micro_usd(&usage), 1100);
        let unsaid = price("input = 2\noutput = 8");
        assert_eq!(unsaid.micro_usd(&usage), 2000 + 800);
        assert_eq!(unsaid.batch_micro_usd(&usage), 2800);
        // A server that counts more cached tokens than tokens does not overcharge.
        assert_eq!(said.micro_usd(&Usage { input: 1, cached: 9, ..Usage::default() }), 1);
    }

    #[test]
    fn absurd_prices_are_refused() {
        for wrong in ["-0.1", "nan", "inf", "1e9", "\"1\""] {
            assert!(toml::from_str::<Price>(&format!("input = {wrong}")).is_err(), "{wrong}");
        }
        assert!(toml::from_str::<Price>("inptu = 1").is_err());
        assert_eq!(
            price("input = 0.15"),
            toml::from_str(&toml::to_string(&price("input = 0.15")).unwrap()).unwrap()
        );
    }
}
