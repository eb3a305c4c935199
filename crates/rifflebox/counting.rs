//! Askers that count calls and make none, and what follows from calls that nobody has made.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use rifflebox_core::{Failure, Tokenizer};
use rifflebox_dataflow::{FlowPlan, FlowStage, Label, Operator, Reader, Status, Unit};

use crate::respondents::{Call, Outcome, Watch, watched};

/// Calls that a stage would make.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Counts {
    /// How many.
    pub(crate) calls: u64,
    /// Tokens of what they are given.
    pub(crate) tokens: u64,
}

/// Counts the calls of one stage.
pub(crate) struct Counted {
    tokenizer: Arc<dyn Tokenizer>,
    calls: AtomicU64,
    tokens: AtomicU64,
    /// By respondent: what its tokens cost, and the calls to it.
    by: Mutex<BTreeMap<String, ((u64, u64), Counts)>>,
}

impl Counted {
    /// Returns what was counted until now.
    pub(crate) fn so_far(&self) -> Counts {
        Counts { calls: self.calls.load(Ordering::Relaxed), tokens: self.tokens.load(Ordering::Relaxed) }
    }
}

impl Watch for Counted {
    fn ask(&self, call: &Call<'_>) -> Result<(), Failure> {
        let tokens = call.texts.iter().map(|text| self.tokenizer.count(text)).sum();
        self.calls.fetch_add(1, Ordering::Relaxed);
        self.tokens.fetch_add(tokens, Ordering::Relaxed);
        if let Some(about) = call.about {
            let mut by = self.by.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            let counts =
                &mut by.entry(about.name.clone()).or_insert_with(|| (about.price, Counts::default())).1;
            counts.calls += 1;
            counts.tokens += tokens;
        }
        Err(Failure::Owed("planned".to_owned()))
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
/// of these, as many pass each stage as do so far, all of them at a stage that has seen none.
pub(crate) fn expected(
    plan: &FlowPlan,
    counts: &BTreeMap<String, Arc<Counted>>,
    before: &Reader,
) -> BTreeMap<String, Counts> {
    let mut leaving: BTreeMap<&str, f64> = BTreeMap::new();
    let mut expected = BTreeMap::new();
    for stage in &plan.stages {
        let arriving: f64 = stage.from.iter().filter_map(|from| leaving.get(from.as_str())).sum();
        let counted = counts.get(&stage.name).map(|counted| counted.so_far());
        let history = History::of(stage, before);
        let rows = match &stage.operator {
            Operator::GenerateAsked(_) | Operator::Teach(_) => {
                let calls = before.count_keys(&format!("{}/demand", stage.name));
                let rows_of_call = if calls == 0 { 1.0 } else { history.all as f64 / calls as f64 };
                counted.unwrap_or_default().calls as f64 * rows_of_call
            }
            Operator::VerifyAsked(..) | Operator::Judge(..) => {
                let counted = counted.unwrap_or_default();
                let calls = arriving.ceil() as u64;
                let mean = match counted.calls {
                    0 => history.mean_tokens(),
                    calls => counted.tokens as f64 / calls as f64,
                };
                let tokens = (calls as f64 * mean).ceil() as u64;
                expected.insert(stage.name.clone(), Counts { calls, tokens });
                (arriving + counted.calls as f64) * history.passing()
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
