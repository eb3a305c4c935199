use serde::{Deserialize, Serialize};

/// What calls may cost in one build: of a whole flow, or of one stage.
///
/// Where it is reached, no further call is made: those that are missing are owed, and the next build, with a budget of
/// its own, asks them first. Nothing here can change an answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Budget {
    /// Calls, at most.
    pub calls: Option<u64>,
    /// Tokens, sent and come back, at most. A call in flight counts as much as the dearest that came back.
    pub tokens: Option<u64>,
    /// US dollars, at most; counted as tokens are. Calls without a price cost nothing.
    pub usd: Option<f64>,
    /// The share of failed calls, between 0 and 1, above which it is no use to go on; from the twentieth call on.
    pub stop_at_error_rate: Option<f64>,
}

impl Budget {
    /// Says what is wrong with it, if anything is.
    ///
    /// # Errors
    /// The setting, and how it has to be.
    pub fn check(&self) -> Result<(), String> {
        if self.usd.is_some_and(|usd| !(usd >= 0.0 && usd.is_finite())) {
            return Err("`usd` is a number of dollars, not negative".to_owned());
        }
        match self.stop_at_error_rate {
            Some(rate) if !(0.0..=1.0).contains(&rate) => {
                Err("`stop_at_error_rate` lies between 0 and 1".to_owned())
            }
            _ => Ok(()),
        }
    }

    /// Returns whether it bounds anything.
    pub fn is_boundless(&self) -> bool {
        *self == Budget::default()
    }
}
