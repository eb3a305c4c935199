//! Which tiers a flow can make, so that a mix does not wait for one that never comes.

use std::collections::{BTreeMap, BTreeSet};

use rifflebox_core::{Proof, Tier};
use rifflebox_dataflow::{OnReject, Operator};

use super::mistake::Mistake;
use super::outline::StageTable;
use crate::registry::Made;
use rifflebox_core::listed;

/// A tier, and whether a verifier that confirms can raise it: only what a generator said itself.
type Grade = (Tier, bool);

/// Checks that each tier that a mix gives a share to can be made by what it reads.
///
/// A stage whose tiers are not known (an operator of the user's own source) is taken to make any.
pub(crate) fn check(stages: &[(&StageTable, &Made)]) -> Vec<Mistake> {
    let mut grades: BTreeMap<String, Option<BTreeSet<Grade>>> = BTreeMap::new();
    let mut mistakes = Vec::new();
    for (table, made) in stages {
        let mut given = Some(BTreeSet::new());
        for from in &table.from {
            match (&mut given, grades.get(&from.text)) {
                (Some(all), Some(Some(some))) => all.extend(some),
                _ => given = None,
            }
        }
        for wanted in &made.wanted_tiers {
            mistakes.extend(wrong(wanted, given.as_ref(), table));
        }
        grades.insert(table.stage_name(), through(made, given));
    }
    mistakes
}

fn wrong(wanted: &str, given: Option<&BTreeSet<Grade>>, table: &StageTable) -> Option<Mistake> {
    let span = share_span(table, wanted);
    let Some(tier) = Tier::parse(wanted) else {
        let help = format!("tiers are {}", listed(Tier::ALL.map(Tier::name)));
        return Some(Mistake::new(format!("there is no tier `{wanted}`")).help(help).at(span));
    };
    let given: BTreeSet<Tier> = given?.iter().map(|(tier, _)| *tier).collect();
    if given.contains(&tier) {
        return None;
    }
    let help = format!("what [{}] reads makes {}", table.header(), listed(given.into_iter().map(Tier::name)));
    Some(Mistake::new(format!("nothing can make tier `{wanted}`")).help(help).at(span))
}

fn share_span(table: &StageTable, wanted: &str) -> std::ops::Range<usize> {
    let shares = table.settings.get("shares").map(|entry| &entry.node);
    match shares.map(|node| &node.value) {
        Some(super::node::Value::Table(shares)) => {
            shares.get(wanted).map_or(table.name.span.clone(), |entry| entry.key_span.clone())
        }
        _ => table.name.span.clone(),
    }
}

fn through(made: &Made, given: Option<BTreeSet<Grade>>) -> Option<BTreeSet<Grade>> {
    let keeps = |tier: Tier| (tier, false);
    match &made.operator {
        Operator::Source(_) => Some(BTreeSet::from([keeps(made.source_tier?)])),
        Operator::Generate(generator) if !generator.synthetic() => given,
        Operator::Generate(_) | Operator::GenerateAsked(_) | Operator::Teach(_) => {
            Some(BTreeSet::from([(Tier::T3, true)]))
        }
        Operator::Verify(verifier, on_reject) => Some(judged(given?, verifier.proof(), *on_reject)),
        Operator::VerifyAgainst(_, on_reject) => Some(judged(given?, Proof::Filtered, *on_reject)),
        Operator::VerifyAsked(verifier, on_reject) => Some(judged(given?, verifier.proof(), *on_reject)),
        Operator::Judge(judge, on_reject) => Some(judged(given?, judge.describe().proof, *on_reject)),
        Operator::VerifyGraph(verifier, on_reject) => Some(judged(given?, verifier.proof(), *on_reject)),
        Operator::Dedup(_) | Operator::Mix(_) | Operator::Publish(_) | Operator::Keyed(_) => given,
    }
}

fn judged(given: BTreeSet<Grade>, proof: Proof, on_reject: OnReject) -> BTreeSet<Grade> {
    let mut grades = BTreeSet::new();
    for (tier, raisable) in given {
        let raised = proof == Proof::Confirmed && raisable;
        grades.insert(if raised { (Tier::T2, true) } else { (tier, raisable) });
        match on_reject {
            OnReject::Drop => {}
            OnReject::Tag => drop(grades.insert((tier, raisable))),
            OnReject::Demote => drop(grades.insert((Tier::T3, raisable))),
        }
    }
    grades
}
