//! What a mix should be: shares, a budget, a floor.

use std::collections::BTreeMap;
use std::fmt;

use rifflebox_core::{Error, ErrorKind, Result, Tier};
use serde::{Deserialize, Serialize, de};

/// One, in millionths: shares are exact whole numbers from the moment that they are read.
pub(crate) const ONE: u32 = 1_000_000;

/// What a share becomes that is no number between 0 and 1, so that the check finds it.
const WRONG: u32 = u32::MAX;

/// What a mix should be, in tokens.
///
/// ```
/// use rifflebox_core::Tier::{T0, T2};
/// use rifflebox_mix::Recipe;
///
/// let recipe = Recipe::shares([(T0, 0.3), (T2, 0.7)]).tokens(5_000_000);
/// assert!(recipe.check().is_ok());
/// ```
///
/// In a flow file: `tokens = 5_000_000`, `shares = { T0 = 0.3, T2 = 0.7 }`, or ranges such as `T0 = [0.10, 0.20]`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Recipe {
    /// Tokens of the mix, at most; no limit if none.
    #[serde(default)]
    pub tokens: Option<u64>,
    /// The share of the mix's tokens for each label. Unnamed labels get nothing; if none is named, each may have any.
    #[serde(default)]
    pub shares: BTreeMap<Label, Share>,
    /// The least share of the anchor: of tiers T0 and T1 together. 0.30 unless said otherwise.
    #[serde(default = "default_floor", with = "millionths")]
    pub min_anchor: u32,
}

impl Default for Recipe {
    fn default() -> Self {
        Recipe { tokens: None, shares: BTreeMap::new(), min_anchor: default_floor() }
    }
}

impl Recipe {
    /// Makes a recipe of shares without a budget, above the default floor.
    pub fn shares<L: Into<Label>, S: Into<Share>>(shares: impl IntoIterator<Item = (L, S)>) -> Self {
        let shares = shares.into_iter().map(|(label, share)| (label.into(), share.into())).collect();
        Recipe { shares, ..Recipe::default() }
    }

    /// Gives a budget in tokens.
    #[must_use]
    pub fn tokens(mut self, tokens: u64) -> Self {
        self.tokens = Some(tokens);
        self
    }

    /// Gives the least share of tiers T0 and T1 together, between 0 and 1.
    #[must_use]
    pub fn min_anchor(mut self, share: f64) -> Self {
        self.min_anchor = to_millionths(share);
        self
    }

    /// Checks the recipe by itself, whatever the data.
    ///
    /// # Errors
    /// [`ErrorKind::Usage`] if it contradicts itself; [`ErrorKind::Refused`] if no data could make it reach its floor.
    pub fn check(&self) -> Result<()> {
        self.bounds().map(drop)
    }

    /// Returns the least and greatest share of each named label, made to meet at one.
    pub(crate) fn bounds(&self) -> Result<BTreeMap<Label, (u32, u32)>> {
        if self.tokens == Some(0) {
            return usage("a budget of 0 tokens leaves nothing to publish: raise tokens");
        }
        if self.min_anchor > ONE {
            return usage("min_anchor lies between 0 and 1");
        }
        let mut bounds = BTreeMap::new();
        for (label, share) in &self.shares {
            bounds.insert(label.clone(), share.bounds(label)?);
        }
        if bounds.is_empty() {
            return Ok(bounds);
        }
        round_to_one(&mut bounds);
        self.check_sums(&bounds)?;
        Ok(bounds)
    }

    fn check_sums(&self, bounds: &BTreeMap<Label, (u32, u32)>) -> Result<()> {
        let sum = |pick: fn(&(u32, u32)) -> u32, anchor: Option<bool>| -> u64 {
            let held =
                bounds.iter().filter(|(label, _)| anchor.is_none_or(|wanted| label.is_anchor() == wanted));
            held.map(|(_, bounds)| u64::from(pick(bounds))).sum()
        };
        let (least, most) = (sum(|b| b.0, None), sum(|b| b.1, None));
        if least > u64::from(ONE) {
            return usage(&format!("the shares are at least {} together, and must meet 1", fraction(least)));
        }
        if most < u64::from(ONE) {
            return usage(&format!("the shares are at most {} together, and must meet 1", fraction(most)));
        }
        let anchor = sum(|b| b.1, Some(true)).min(u64::from(ONE) - sum(|b| b.0, Some(false)));
        if anchor < u64::from(self.min_anchor) {
            let message = format!(
                "the recipe gives T0 and T1 a share of {} at most, below min_anchor = {}: raise their shares, or lower the floor",
                fraction(anchor),
                fraction(self.min_anchor.into()),
            );
            return Err(Error::new(ErrorKind::Refused, message));
        }
        Ok(())
    }
}

/// What rows are mixed by: a tier's name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Label(String);

impl Label {
    /// Returns the name.
    pub fn name(&self) -> &str {
        &self.0
    }

    /// Returns whether rows of the label are human words.
    pub fn is_anchor(&self) -> bool {
        Tier::parse(&self.0).is_some_and(Tier::is_anchor)
    }
}

impl From<Tier> for Label {
    fn from(tier: Tier) -> Self {
        Label(tier.name().to_owned())
    }
}

impl From<&str> for Label {
    fn from(name: &str) -> Self {
        Label(name.to_owned())
    }
}

impl fmt::Display for Label {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A label's share of the mix, in millionths of its tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Share {
    /// Just this much.
    Exact(u32),
    /// Anything between the two, as the data allow.
    Range(u32, u32),
}

impl Share {
    /// Makes a share of anything between two numbers from 0 to 1.
    pub fn between(least: f64, most: f64) -> Self {
        Share::Range(to_millionths(least), to_millionths(most))
    }

    fn bounds(self, label: &Label) -> Result<(u32, u32)> {
        let (least, most) = match self {
            Share::Exact(share) => (share, share),
            Share::Range(least, most) => (least, most),
        };
        if least.max(most) > ONE {
            return usage(&format!("the share of {label} lies between 0 and 1"));
        }
        if least > most {
            let (least, most) = (fraction(least.into()), fraction(most.into()));
            return usage(&format!("the share of {label} runs from {least} down to {most}: turn it round"));
        }
        Ok((least, most))
    }
}

impl From<f64> for Share {
    fn from(share: f64) -> Self {
        Share::Exact(to_millionths(share))
    }
}

impl From<[f64; 2]> for Share {
    fn from([least, most]: [f64; 2]) -> Self {
        Share::between(least, most)
    }
}

impl Serialize for Share {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match *self {
            Share::Exact(share) => to_number(share).serialize(serializer),
            Share::Range(least, most) => [least, most].map(to_number).serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for Share {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ShareVisitor)
    }
}

struct ShareVisitor;

impl<'de> de::Visitor<'de> for ShareVisitor {
    type Value = Share;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a share between 0 and 1, or a range such as [0.10, 0.20]")
    }

    fn visit_f64<E: de::Error>(self, share: f64) -> Result<Share, E> {
        match to_millionths(share) {
            WRONG => Err(E::invalid_value(de::Unexpected::Float(share), &self)),
            share => Ok(Share::Exact(share)),
        }
    }

    fn visit_i64<E: de::Error>(self, share: i64) -> Result<Share, E> {
        self.visit_f64(share as f64)
    }

    fn visit_u64<E: de::Error>(self, share: u64) -> Result<Share, E> {
        self.visit_f64(share as f64)
    }

    fn visit_seq<A: de::SeqAccess<'de>>(self, mut ends: A) -> Result<Share, A::Error> {
        let mut end =
            |at| ends.next_element::<f64>()?.ok_or_else(|| de::Error::invalid_length(at, &"two shares"));
        let (least, most) = (end(0)?, end(1)?);
        if ends.next_element::<f64>()?.is_some() {
            return Err(de::Error::invalid_length(3, &"two shares"));
        }
        match Share::between(least, most) {
            Share::Range(least, most) if least <= most && most <= ONE => Ok(Share::Range(least, most)),
            _ => Err(de::Error::custom(format!("the range [{least}, {most}] rises from 0 to 1 at most"))),
        }
    }
}

/// Shares such as three thirds miss one by a millionth each: the first label gets what is left, or the last gives it.
fn round_to_one(bounds: &mut BTreeMap<Label, (u32, u32)>) {
    if bounds.values().any(|(least, most)| least != most) {
        return;
    }
    let labels = bounds.len() as i64;
    let missing = i64::from(ONE) - bounds.values().map(|(share, _)| i64::from(*share)).sum::<i64>();
    if missing == 0 || missing.abs() > labels {
        return;
    }
    let target = match missing > 0 {
        true => bounds.values_mut().next(),
        false => bounds.values_mut().next_back(),
    };
    if let Some((least, most)) = target {
        *least = least.saturating_add_signed(missing as i32);
        *most = *least;
    }
}

/// Rounds a share to millionths; [`WRONG`] if it does not lie between 0 and 1.
fn to_millionths(share: f64) -> u32 {
    match (0.0..=1.0).contains(&share) {
        true => (share * f64::from(ONE)).round() as u32,
        false => WRONG,
    }
}

fn to_number(share: u32) -> f64 {
    f64::from(share) / f64::from(ONE)
}

/// Returns millionths as a decimal fraction, exactly.
pub(crate) fn fraction(share: u64) -> String {
    let one = u64::from(ONE);
    let text = format!("{}.{:06}", share / one, share % one);
    let short = text.trim_end_matches('0');
    if short.ends_with('.') { format!("{short}0") } else { short.to_owned() }
}

fn default_floor() -> u32 {
    300_000
}

fn usage<T>(message: &str) -> Result<T> {
    Err(Error::new(ErrorKind::Usage, message))
}

/// A number between 0 and 1 in files, millionths in memory.
mod millionths {
    use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

    pub(super) fn serialize<S: Serializer>(share: &u32, serializer: S) -> Result<S::Ok, S::Error> {
        super::to_number(*share).serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u32, D::Error> {
        match super::Share::deserialize(deserializer)? {
            super::Share::Exact(share) => Ok(share),
            super::Share::Range(..) => Err(de::Error::custom("the floor is one number between 0 and 1")),
        }
    }
}

#[cfg(test)]
mod tests;
