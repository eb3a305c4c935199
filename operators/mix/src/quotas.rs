//! `({label: tokens}, Recipe) -> Quotas`: the largest mix that keeps the shares.

use std::collections::BTreeMap;
use std::fmt;

use rifflebox_core::{Error, ErrorKind, Result};
use serde::{Deserialize, Serialize};

use crate::recipe::{Label, ONE, Recipe, fraction};

/// How many tokens of each label a mix may take.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quotas {
    /// Tokens by label; 0 for those that the recipe leaves out.
    pub tokens: BTreeMap<Label, u64>,
    /// What keeps the mix from being larger.
    pub bound: Bound,
    /// The least share of the anchor, in millionths.
    min_anchor: u32,
}

/// What keeps a mix from being larger.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Bound {
    /// Nothing: it takes all there is of the labels that it names.
    Nothing,
    /// The recipe's budget.
    Budget,
    /// A label in short supply: more of it would allow more of the others.
    Supply(Label),
    /// The floor under the anchor: more of T0 or T1 would allow more of the others.
    Floor,
}

impl Bound {
    /// Returns the label in short supply, if one is what bounds.
    pub fn label(&self) -> Option<&Label> {
        match self {
            Bound::Supply(label) => Some(label),
            Bound::Nothing | Bound::Budget | Bound::Floor => None,
        }
    }
}

impl fmt::Display for Bound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Bound::Nothing => f.write_str("nothing"),
            Bound::Budget => f.write_str("the budget"),
            Bound::Supply(label) => write!(f, "the supply of {label}"),
            Bound::Floor => f.write_str("the floor under T0 and T1"),
        }
    }
}

impl Quotas {
    /// Returns the tokens of the whole mix.
    pub fn total(&self) -> u64 {
        self.tokens.values().sum()
    }

    /// Lowers the other quotas to what the anchor carries, once its rows are cut and are seen to hold `anchor` tokens.
    ///
    /// Rows are whole, so the anchor may end a few tokens below its quota; the floor holds of what is published.
    #[must_use]
    pub fn settle(mut self, anchor: u64) -> Self {
        if self.min_anchor == 0 {
            return self;
        }
        let floor = u128::from(self.min_anchor);
        let others = || self.tokens.iter().filter(|(label, _)| !label.is_anchor());
        let wanted: u128 = others().map(|(_, tokens)| u128::from(*tokens)).sum();
        let carried = u128::from(anchor) * (u128::from(ONE) - floor) / floor;
        if wanted > carried {
            for (_, tokens) in self.tokens.iter_mut().filter(|(label, _)| !label.is_anchor()) {
                *tokens = (u128::from(*tokens) * carried / wanted) as u64;
            }
        }
        self
    }
}

/// Finds the largest mix within a recipe's budget that keeps its shares and its floor.
///
/// With T tokens in all, label i may have between `T * least_i` and `T * most_i`, and no more than there
/// is; a recipe without shares lets each have anything. T is the greatest whole number for which such
/// amounts exist. Where they leave a choice, the better tier gets more: so rounding favours the anchor,
/// and a budget without shares takes human words first. All numbers are whole: no float decides.
///
/// # Errors
/// Those of [`Recipe::check`]; [`ErrorKind::Refused`], with the numbers, if no token can be mixed.
pub fn quotas(available: &BTreeMap<Label, u64>, recipe: &Recipe) -> Result<Quotas> {
    let program = Program::new(available, recipe)?;
    let limit = program.supply().min(recipe.tokens.unwrap_or(u64::MAX));
    let total = greatest(limit, |total| program.feasible(total));
    if total == 0 {
        return Err(program.refusal());
    }
    let mut tokens: BTreeMap<Label, u64> = available.keys().map(|label| (label.clone(), 0)).collect();
    tokens.extend(program.divide(total));
    let bound = match () {
        () if total == program.supply() => Bound::Nothing,
        () if Some(total) == recipe.tokens => Bound::Budget,
        () => program.bound(total + 1),
    };
    Ok(Quotas { tokens, bound, min_anchor: recipe.min_anchor })
}

/// A label's supply in tokens, and its least and greatest share in millionths.
struct Line {
    label: Label,
    supply: u64,
    least: u32,
    most: u32,
}

impl Line {
    /// Returns the millionths of tokens that the label may have at most, of a mix of `total`.
    fn most_of(&self, total: u64) -> u128 {
        (u128::from(self.most) * u128::from(total)).min(whole(self.supply))
    }

    fn least_of(&self, total: u64) -> u128 {
        u128::from(self.least) * u128::from(total)
    }

    /// Returns the millionths of tokens that a mix of `total` could use beyond the supply.
    fn shortage(&self, total: u64) -> u128 {
        (u128::from(self.most) * u128::from(total)).saturating_sub(whole(self.supply))
    }
}

/// The linear program of a mix: labels in order, the anchor's first.
struct Program {
    lines: Vec<Line>,
    min_anchor: u32,
}

impl Program {
    fn new(available: &BTreeMap<Label, u64>, recipe: &Recipe) -> Result<Self> {
        let mut bounds = recipe.bounds()?;
        if bounds.is_empty() {
            bounds = available.keys().map(|label| (label.clone(), (0, ONE))).collect();
        }
        let line = |(label, (least, most)): (Label, (u32, u32))| {
            let supply = available.get(&label).copied().unwrap_or(0);
            Line { label, supply, least, most }
        };
        let mut lines: Vec<_> = bounds.into_iter().map(line).collect();
        lines.sort_by_key(|line| !line.label.is_anchor());
        Ok(Program { lines, min_anchor: recipe.min_anchor })
    }

    fn supply(&self) -> u64 {
        self.lines.iter().fold(0, |sum, line| sum.saturating_add(line.supply))
    }

    fn anchor(&self) -> impl Iterator<Item = &Line> {
        self.lines.iter().filter(|line| line.label.is_anchor())
    }

    /// Returns whether amounts, not yet rounded, exist for a mix of `total` tokens.
    ///
    /// The sets that are bounded (each label, the anchor, all) are nested or apart. So amounts exist if each
    /// set's least fits its most; what does not depend on the total, the recipe's own check has seen. Each
    /// condition that holds for a total holds for a smaller one: amounts can be scaled down.
    fn feasible(&self, total: u64) -> bool {
        self.lines.iter().all(|line| line.least_of(total) <= whole(line.supply))
            && self.lines.iter().map(|line| line.most_of(total)).sum::<u128>() >= whole(total)
            && self.floor_is_reached(total)
    }

    fn floor_is_reached(&self, total: u64) -> bool {
        self.anchor().map(|line| line.most_of(total)).sum::<u128>() >= self.floor_of(total)
    }

    fn floor_of(&self, total: u64) -> u128 {
        u128::from(self.min_anchor) * u128::from(total)
    }

    /// Gives each label its least, rounded down, and what is left to the first that can take it, rounded up.
    fn divide(&self, total: u64) -> BTreeMap<Label, u64> {
        let least = |line: &Line| (line.least_of(total) / whole(1)) as u64;
        let most = |line: &Line| line.most_of(total).div_ceil(whole(1)) as u64;
        let mut left = total - self.lines.iter().map(least).sum::<u64>();
        let give = |line: &Line| {
            let more = left.min(most(line) - least(line));
            left -= more;
            (line.label.clone(), least(line) + more)
        };
        let tokens = self.lines.iter().map(give).collect();
        debug_assert_eq!(left, 0, "a feasible total is divided whole");
        tokens
    }

    /// Returns what makes a total infeasible.
    fn bound(&self, total: u64) -> Bound {
        let short = self.lines.iter().find(|line| line.least_of(total) > whole(line.supply));
        if let Some(line) = short {
            return Bound::Supply(line.label.clone());
        }
        if self.lines.iter().map(|line| line.most_of(total)).sum::<u128>() >= whole(total) {
            return Bound::Floor;
        }
        let shortest = self.lines.iter().rev().max_by_key(|line| line.shortage(total));
        shortest.map_or(Bound::Nothing, |line| Bound::Supply(line.label.clone()))
    }

    fn refusal(&self) -> Error {
        let anchor: u64 = self.anchor().fold(0, |sum, line| sum.saturating_add(line.supply));
        let supplies: Vec<_> =
            self.lines.iter().map(|line| format!("{} {}", line.label, line.supply)).collect();
        let supplies = if supplies.is_empty() { "none".to_owned() } else { supplies.join(", ") };
        let reason = match self.bound(1) {
            _ if self.supply() == 0 => "there is nothing to mix".to_owned(),
            Bound::Supply(label) => format!("the recipe needs {label}, and too little of it is left"),
            _ => format!(
                "T0 and T1 hold {anchor} tokens, too few for min_anchor = {}: add human text, or lower the floor",
                fraction(self.min_anchor.into())
            ),
        };
        Error::new(ErrorKind::Refused, format!("the mix is empty: {reason} (tokens at hand: {supplies})"))
    }
}

/// Returns tokens in millionths of tokens.
fn whole(tokens: u64) -> u128 {
    u128::from(tokens) * u128::from(ONE)
}

/// Returns the greatest number up to a limit that holds, where each number below one that holds does too; 0 always does.
fn greatest(limit: u64, holds: impl Fn(u64) -> bool) -> u64 {
    let (mut low, mut high) = (0, limit);
    while low < high {
        let middle = high - (high - low) / 2;
        match holds(middle) {
            true => low = middle,
            false => high = middle - 1,
        }
    }
    low
}

#[cfg(test)]
mod tests;
