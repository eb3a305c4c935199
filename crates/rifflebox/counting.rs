//! Askers that count calls and make none, and what follows from calls that nobody has made.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use rifflebox_core::{Answering, Failure, Tokenizer};
use rifflebox_dataflow::{FlowPlan, FlowStage, Label, Operator, Reader, Status, Unit};

use crate::report::StageCalls;
use crate::respondents::{Call, Outcome, Permit, Watch, watched};

/// Calls that a stage would make.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Counts {
    /// How many.
    pub(crate) calls: u64,
    /// Tokens of what they are given.
    pub(crate) tokens: u64,
}

/// Calls to one respondent.
#[derive(Default)]
struct CountsOfOne {
    /// What its tokens cost, sent and come back.
    price: (u64, u64),
    counts: Counts,
}

/// Counts the calls of one stage.
pub(crate) struct Counted {
    tokenizer: Arc<dyn Tokenizer>,
    calls: AtomicU64,
    tokens: AtomicU64,
    /// By respondent: what its tokens cost, and the calls to it.
    by: Mutex<BTreeMap<String, CountsOfOne>>,
}

impl Counted {
    /// Returns what the calls that were counted would cost, in US dollars: what they are given, and what the answers of
    /// each respondent cost on average so far. Without any, only what they are given is known.
    pub(crate) fn usd(&self, kept: &StageCalls) -> f64 {
        let by = self.by.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let cost = by.iter().map(|(name, CountsOfOne { price: (input, output), counts })| {
            let kept = kept.by.get(name).copied().unwrap_or_default();
            let answer = kept.output_tokens as f64 / (kept.calls - kept.failed).max(1) as f64;
            counts.tokens as f64 * *input as f64 + counts.calls as f64 * answer * *output as f64
        });
        // A sum of nothing is a negative zero.
        cost.fold(0.0, |sum, cost| sum + cost) / 1e12
    }

    /// Returns what was counted until now.
    pub(crate) fn so_far(&self) -> Counts {
        Counts { calls: self.calls.load(Ordering::Relaxed), tokens: self.tokens.load(Ordering::Relaxed) }
    }
}

impl Watch for Counted {
    fn ask(&self, call: &Call<'_>) -> Permit {
        let tokens = call.texts.iter().map(|text| self.tokenizer.count(text)).sum();
        self.calls.fetch_add(1, Ordering::Relaxed);
        self.tokens.fetch_add(tokens, Ordering::Relaxed);
        if let Some(about) = call.about {
            let mut by = self.by.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            let of_one = by.entry(about.name.clone()).or_default();
            of_one.price = about.price;
            of_one.counts.calls += 1;
            of_one.counts.tokens += tokens;
        }
        Permit::Refused(Failure::Owed("planned".to_owned()))
    }

    fn next_end(&self) -> Answering<()> {
        Box::pin(std::future::pending())
    }

    fn heard(&self, _: Outcome) {}
}

/// Returns a flow whose asked stages only count, and their counters by name.
pub(crate) fn counting(plan: &FlowPlan) -> (FlowPlan, BTreeMap<String, Arc<Counted>>) {
    let mut plan = plan.clone();
    let mut counts = BTreeMap::new();
    for stage in &mut plan.stages {
        let counted = Arc::new(Counted {
            tokenizer: plan.tokenizer.clone(),
            calls: AtomicU64::new(0),
            tokens: AtomicU64::new(0),
            by: Mutex::default(),
        });
        if stage.operator.is_asked() {
            stage.operator = watched(&stage.operator, counted.clone());
            counts.insert(stage.name.clone(), counted);
        }
    }
    (plan, counts)
}

/// Returns the further calls of each stage that follow from calls which are counted and not made.
///
/// Of each call that is not made, as many rows follow as of the answers that the stage has so far, one without any;
/// of these, as many pass each stage as do so far, all of them at a stage that has seen none. `wanted` says of how many
/// documents a stage with a target will be let ask beside those, if each gives a sample.
pub(crate) fn expected(
    plan: &FlowPlan,
    counts: &BTreeMap<String, Arc<Counted>>,
    before: &Reader,
    wanted: &BTreeMap<String, u64>,
) -> BTreeMap<String, Counts> {
    let mut leaving: BTreeMap<&str, f64> = BTreeMap::new();
    let mut expected = BTreeMap::new();
    for stage in &plan.stages {
        let arriving: f64 = stage.from.iter().filter_map(|from| leaving.get(from.as_str())).sum();
        let counted = counts.get(&stage.name).map(|counted| counted.so_far());
        let history = History::of(stage, before);
        let rows = match &stage.operator {
            Operator::GenerateAsked(_) | Operator::Teach(_) => {
                let calls = counted.unwrap_or_default();
                // Documents that are yet to be admitted, each with a first call.
                let wanted = wanted.get(&stage.name).copied().unwrap_or_default();
                let first = rounds_of(stage, before);
                let rows_of_call =
                    if first.first == 0 { 1.0 } else { history.all as f64 / first.first as f64 };
                let begun = Counts { calls: calls.calls + wanted, ..calls };
                let later = first.later(stage, begun);
                if later.calls + wanted > 0 {
                    expected.insert(stage.name.clone(), Counts { calls: later.calls + wanted, ..later });
                }
                begun.calls as f64 * rows_of_call
            }
            Operator::VerifyAsked(..) | Operator::Judge(..) => {
                let counted = counted.unwrap_or_default();
                let each = stage.operator.inquiring().map_or(1, |inquiring| inquiring.respondents.len());
                let later = rounds_of(stage, before).later(stage, counted);
                let calls = (arriving * each as f64).ceil() as u64 + later.calls;
                let mean = match counted.calls {
                    0 => history.mean_tokens(),
                    calls => counted.tokens as f64 / calls as f64,
                };
                let tokens = (calls as f64 * mean).ceil() as u64;
                expected.insert(stage.name.clone(), Counts { calls, tokens });
                (arriving + counted.calls as f64 / each.max(1) as f64) * history.passing()
            }
            Operator::Verify(..) | Operator::VerifyAgainst(..) | Operator::VerifyGraph(..) => {
                arriving * history.passing()
            }
            // A purge says only what it displaced, and of few rows yet to come is that known.
            Operator::Dedup(_) => arriving,
            Operator::Source(_)
            | Operator::Generate(_)
            | Operator::Mix(_)
            | Operator::Publish(_)
            | Operator::Keyed(_) => 0.0,
        };
        leaving.insert(&stage.name, rows);
    }
    expected
}

/// Kept calls of a stage.
struct Rounds {
    /// Of the first round.
    first: u64,
    /// Of all later ones.
    later: u64,
}

fn rounds_of(stage: &FlowStage, before: &Reader) -> Rounds {
    let prefix = format!("{}/", stage.name);
    let demands = before.names().filter(|name| name.starts_with(&prefix) && name.ends_with("/demand"));
    let mut rounds = Rounds { first: 0, later: 0 };
    for name in demands.map(str::to_owned).collect::<Vec<_>>() {
        let is_later =
            name[prefix.len()..].split_once('/').is_some_and(|(round, _)| round != "1" && round != "demand");
        *if is_later { &mut rounds.later } else { &mut rounds.first } += before.count_keys(&name);
    }
    rounds
}

impl Rounds {
    /// Returns the calls of later rounds that follow from those of a first one: as many as so far; one for each further
    /// round, where there were none.
    fn later(&self, stage: &FlowStage, counted: Counts) -> Counts {
        let rounds = stage.operator.inquiring().map_or(1, |inquiring| inquiring.rounds) as f64;
        let each = if self.first == 0 { rounds - 1.0 } else { self.later as f64 / self.first as f64 };
        let of = |count: u64| (count as f64 * each).ceil() as u64;
        Counts { calls: of(counted.calls), tokens: of(counted.tokens) }
    }
}

/// Rows that a stage has said something of.
#[derive(Default)]
struct History {
    all: i64,
    kept: i64,
    tokens: i64,
}

impl History {
    fn of(stage: &FlowStage, reader: &Reader) -> Self {
        let mut history = History::default();
        for (label, (), count) in reader.table::<Label, ()>(&format!("{}/totals", stage.name)).all() {
            match (label.unit, label.status) {
                // What failed says nothing of what passes.
                (_, Status::Failed | Status::Owed) => {}
                (Unit::Rows, status) => {
                    history.all += count;
                    history.kept += if status == Status::Kept { count } else { 0 };
                }
                (Unit::Tokens, _) => history.tokens += count,
                (Unit::SyntheticTokens, _) => {}
            }
        }
        history
    }

    fn passing(&self) -> f64 {
        if self.all > 0 { self.kept as f64 / self.all as f64 } else { 1.0 }
    }

    fn mean_tokens(&self) -> f64 {
        if self.all > 0 { self.tokens as f64 / self.all as f64 } else { 0.0 }
    }
}
