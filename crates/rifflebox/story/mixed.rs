//! How mixes decided.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::fmt;

use rifflebox_core::{Key, Result, Row, Tier};
use rifflebox_dataflow::{FlowStage, MixDecision};

use super::StoryMix;
use crate::standing::Standing;

/// Decisions of the mixes of a state; each is read once.
pub(crate) struct Mixes<'a> {
    standing: &'a Standing,
    read: BTreeMap<String, Decided>,
}

/// What one mix decided.
struct Decided {
    decision: MixDecision,
    /// By tier: the greatest id that was taken.
    cuts: BTreeMap<Tier, Key>,
}

impl<'a> Mixes<'a> {
    pub(crate) fn new(standing: &'a Standing) -> Self {
        Mixes { standing, read: BTreeMap::new() }
    }

    /// Returns how a mix decided on a row.
    pub(crate) fn decided(&mut self, stage: &FlowStage, row: &Row) -> StoryMix {
        let decided = self.read.entry(stage.name.clone()).or_insert_with(|| read(self.standing, &stage.name));
        let label = row.tier.name();
        let quota = decided.decision.quotas.iter().find(|quota| quota.label == label);
        StoryMix {
            stage: stage.name.clone(),
            label: label.to_owned(),
            number: number(row.id),
            cut: decided.cuts.get(&row.tier).copied().map(number),
            quota: quota.map(|quota| quota.quota),
            available: quota.map(|quota| quota.available),
            bound_by: decided.decision.bound_by.clone(),
            refused: decided.decision.refused.clone(),
        }
    }
}

fn read(standing: &Standing, mix: &str) -> Decided {
    let decisions = standing.reader.table::<(), MixDecision>(&format!("{mix}/decision")).all();
    let decision = decisions.into_iter().next().map(|(_, decision, _)| decision).unwrap_or_default();
    let mut cuts: BTreeMap<Tier, Key> = BTreeMap::new();
    let chosen = standing.reader.table::<Key, Row>(&format!("{mix}/mix"));
    let scanned: Result<(), Infallible> = chosen.scan(Key::MIN, Key::MAX, |_, row, _| {
        let cut = cuts.entry(row.tier).or_insert(row.id);
        *cut = row.id.max(*cut);
        Ok(())
    });
    match scanned {
        Ok(()) => Decided { decision, cuts },
    }
}

/// Returns the number that a row draws, between 0 and 1: the first 53 bits of its id.
fn number(id: Key) -> f64 {
    (id.head64() >> 11) as f64 / (1_u64 << 53) as f64
}

impl fmt::Display for StoryMix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(refused) = &self.refused {
            return f.write_str(refused);
        }
        let StoryMix { label, number, .. } = self;
        match self.cut {
            None => write!(f, "nothing of {label} is taken")?,
            Some(cut) if cut < *number => {
                write!(f, "number {number:.6} of {label} is beyond the cut at {cut:.6}")?
            }
            Some(cut) => write!(f, "number {number:.6} of {label} is within the cut at {cut:.6}")?,
        }
        if let (Some(quota), Some(available)) = (self.quota, self.available) {
            write!(f, ": {quota} of {available} tokens")?;
        }
        match &self.bound_by {
            Some(bound) => write!(f, ", bound by {bound}"),
            None => Ok(()),
        }
    }
}
