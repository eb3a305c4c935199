//! A recipe as a graph: sums by number, from which the cuts follow, and the rows below the cuts.
//!
//! Every row draws a permanent number, its id. Tokens are summed by label and by the number's first byte, and by its
//! first two; the sums live in the diffs. One small reduction over at most 256 sums a label finds the byte in which
//! each label's quota ends, a second one the next byte, a third the row. So a changed row costs three small groups,
//! and a moved cut costs the rows that it moved over.
//!
//! The anchor is cut first: rows are whole, so it may end a few tokens below its quota, and the others follow what it
//! really holds.

use std::collections::BTreeMap;

use rifflebox_core::{Identity, Key, Row};
use rifflebox_dataflow::{Arranged, Keep, MixDecision, Mixed, Mixer, Quota, Rows, Scope};
use serde::{Deserialize, Serialize};

use crate::cut::{cut_rows, split};
use crate::quotas::{Quotas, quotas};
use crate::recipe::{Label, Recipe};

/// How much of a bucket is taken.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
enum Part {
    /// All of it.
    Whole,
    /// As many tokens as this of its rows, by rising number.
    Tokens(u64),
    /// The rows before this one.
    Before(Key),
}

/// What the root sees.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
enum Supply {
    /// Tokens by label and first byte.
    Bucket(Label, u8, u64),
    /// Tokens of the anchor's rows that are taken.
    Anchor(u64),
}

/// What the root says.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
enum Said {
    Take(Label, u8, Part),
    Decision(MixDecision),
}

/// What the second level sees of a bucket.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
enum Below {
    Sum(u8, u64),
    Take(Part),
}

type First = (Label, u8);
type Second = (Label, u16);

impl Mixer for Recipe {
    fn identity(&self) -> Identity {
        Identity::new("mix", "1").with_settings(self)
    }

    fn mix(&self, scope: &mut Scope<'_>, candidates: Rows<Key, Row>) -> Mixed {
        let by_bucket = scope.flat_map(candidates, |_, row: Row, say| {
            let bucket = (row.id.head64() >> 48) as u16;
            say((Label::from(row.tier), bucket), row);
        });
        let rows = scope.arrange("rows", by_bucket, Keep::Internal);
        let tokens =
            scope.weighted_map(by_bucket, |bucket: Second, row: Row, say| say(bucket, (), weight(&row)));
        let seconds = scope.total("seconds", tokens);
        let sums = scope.weighted_map(seconds.rows(), |(label, bucket): Second, sum: i64, say| {
            say((label, (bucket >> 8) as u8), (), sum);
        });
        let firsts = scope.total("firsts", sums);
        let supply = scope.flat_map(firsts.rows(), |(label, byte): First, sum: i64, say| {
            say((), Supply::Bucket(label, byte, supplied(sum)));
        });
        let levels = Levels { rows, seconds };

        let recipe = self.clone();
        let anchor = scope.arrange("anchor/supply", supply, Keep::Internal);
        let said =
            scope.reduce("anchor/quotas", anchor, move |(), supply, say| decide(&recipe, &supply, true, say));
        let anchor_rows = levels.descend(scope, "anchor", true, said);

        let held = scope.weighted_map(anchor_rows, |_, row: Row, say| say((), (), weight(&row)));
        let held = scope.total("anchor/held", held);
        let held =
            scope.flat_map(held.rows(), |(), tokens: i64, say| say((), Supply::Anchor(supplied(tokens))));
        let recipe = self.clone();
        let supply = scope.concat(&[supply, held]);
        let others = scope.arrange("others/supply", supply, Keep::Internal);
        let said = scope
            .reduce("others/quotas", others, move |(), supply, say| decide(&recipe, &supply, false, say));
        let other_rows = levels.descend(scope, "others", false, said);

        let decision = scope.flat_map(said.rows(), |(), said, say| {
            if let Said::Decision(decision) = said {
                say((), decision);
            }
        });
        Mixed { rows: scope.concat(&[anchor_rows, other_rows]), decision }
    }
}

/// A row without tokens still takes room.
fn weight(row: &Row) -> i64 {
    row.tokens.max(1) as i64
}

/// Returns a sum of tokens. Less than nothing is nothing: while a changed purge is computed anew, rows that go may still
/// be counted against for some epochs of the run.
fn supplied(sum: i64) -> u64 {
    u64::try_from(sum).unwrap_or(0)
}

/// Divides the budget, and says which first bytes are taken, of the anchor's labels or of the others.
fn decide(recipe: &Recipe, supply: &[(Supply, i64)], anchor: bool, say: &mut dyn FnMut(Said)) {
    let mut buckets: BTreeMap<Label, Vec<(u8, u64)>> = BTreeMap::new();
    let mut held = 0;
    for (supply, _) in supply {
        match supply {
            Supply::Bucket(label, byte, sum) => buckets.entry(label.clone()).or_default().push((*byte, *sum)),
            Supply::Anchor(tokens) => held = *tokens,
        }
    }
    let available: BTreeMap<Label, u64> =
        buckets.iter().map(|(label, sums)| (label.clone(), sums.iter().map(|(_, sum)| sum).sum())).collect();
    let divided = match quotas(&available, recipe) {
        Ok(divided) if anchor => divided,
        Ok(divided) => divided.settle(held),
        Err(error) => {
            return say(Said::Decision(MixDecision {
                refused: Some(error.chain()),
                ..decision(&available, None)
            }));
        }
    };
    for (label, sums) in buckets.iter().filter(|(label, _)| label.is_anchor() == anchor) {
        take(label, sums, divided.tokens.get(label).copied().unwrap_or(0), say);
    }
    say(Said::Decision(decision(&available, Some(&divided))));
}

fn take(label: &Label, sums: &[(u8, u64)], quota: u64, say: &mut dyn FnMut(Said)) {
    let split = split(sums, quota);
    for (byte, _) in &sums[..split.full] {
        say(Said::Take(label.clone(), *byte, Part::Whole));
    }
    if let Some(byte) = split.partial {
        say(Said::Take(label.clone(), byte, Part::Tokens(split.left)));
    }
}

fn decision(available: &BTreeMap<Label, u64>, quotas: Option<&Quotas>) -> MixDecision {
    let quota = |(label, available): (&Label, &u64)| Quota {
        label: label.name().to_owned(),
        available: *available,
        quota: quotas.and_then(|quotas| quotas.tokens.get(label)).copied().unwrap_or(0),
    };
    MixDecision {
        quotas: available.iter().map(quota).collect(),
        bound_by: quotas.map(|quotas| quotas.bound.to_string()),
        refused: None,
    }
}

/// What both halves of a mix descend through.
#[derive(Clone, Copy)]
struct Levels {
    rows: Arranged<Second, Row>,
    seconds: Arranged<Second, i64>,
}

impl Levels {
    /// Goes from the first bytes that are taken to the rows that are.
    fn descend(
        &self,
        scope: &mut Scope<'_>,
        name: &str,
        anchor: bool,
        said: Arranged<(), Said>,
    ) -> Rows<Key, Row> {
        let taken = scope.flat_map(said.rows(), |(), said, say| {
            if let Said::Take(label, byte, part) = said {
                say((label, byte), Below::Take(part));
            }
        });
        let sums = scope.flat_map(self.seconds.rows(), move |(label, bucket): Second, sum: i64, say| {
            if label.is_anchor() == anchor {
                say((label, (bucket >> 8) as u8), Below::Sum(bucket as u8, supplied(sum)));
            }
        });
        let below = scope.concat(&[taken, sums]);
        let below = scope.arrange(&format!("{name}/below"), below, Keep::Internal);
        let parts =
            scope.reduce(&format!("{name}/parts"), below, |_: &First, below, say| take_below(&below, say));
        let parts = scope.flat_map(parts.rows(), |(label, byte): First, (low, part): (u8, Part), say| {
            say((label, u16::from(byte) << 8 | u16::from(low)), part);
        });
        let cut = self.cut_edges(scope, name, parts);
        let whole = scope.flat_map(parts, |bucket: Second, part: Part, say| {
            if part == Part::Whole {
                say(bucket, part);
            }
        });
        let parts = scope.concat(&[whole, cut]);
        let parts = scope.arrange(&format!("{name}/cuts"), parts, Keep::Internal);
        scope.join(self.rows, parts, |_: Second, row: Row, part: Part, say| match part {
            Part::Before(first_out) if row.id >= first_out => {}
            _ => say(row.id, row),
        })
    }

    /// Cuts, within the bucket of each label in which its quota ends, between two rows.
    fn cut_edges(&self, scope: &mut Scope<'_>, name: &str, parts: Rows<Second, Part>) -> Rows<Second, Part> {
        let edges = scope.flat_map(parts, |bucket: Second, part: Part, say| {
            if let Part::Tokens(left) = part {
                say(bucket, left);
            }
        });
        let edges = scope.arrange(&format!("{name}/edges"), edges, Keep::Internal);
        let rows = scope.join(edges, self.rows, |bucket: Second, left: u64, row: Row, say| {
            say(bucket, (left, row.id, weight(&row) as u64));
        });
        let rows = scope.arrange(&format!("{name}/edge-rows"), rows, Keep::Internal);
        let cut = scope.reduce(&format!("{name}/edge"), rows, |_: &Second, rows, say| {
            let quota = rows[0].0.0;
            let numbered: Vec<(Key, u64)> = rows.iter().map(|((_, id, tokens), _)| (*id, *tokens)).collect();
            say(cut_rows(&numbered, quota).first_out.map_or(Part::Whole, Part::Before));
        });
        cut.rows()
    }
}

fn take_below(below: &[(Below, i64)], say: &mut dyn FnMut((u8, Part))) {
    let mut sums = Vec::new();
    let mut taken = None;
    for (below, _) in below {
        match below {
            Below::Sum(low, sum) => sums.push((*low, *sum)),
            Below::Take(part) => taken = Some(part.clone()),
        }
    }
    let quota = match taken {
        None | Some(Part::Before(_)) => return,
        Some(Part::Whole) => u64::MAX,
        Some(Part::Tokens(left)) => left,
    };
    let split = split(&sums, quota);
    for (low, _) in &sums[..split.full] {
        say((*low, Part::Whole));
    }
    if let Some(low) = split.partial {
        say((low, Part::Tokens(split.left)));
    }
}

#[cfg(test)]
mod tests;
