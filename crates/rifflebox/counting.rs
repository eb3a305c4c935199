//! Askers that count calls and make none, and what follows from calls that nobody has made.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use rifflebox_core::{
    Answering, AskedGenerator, AskedVerifier, Document, Draft, Failure, Identity, Judged, Limits, Proof,
    Tokenizer, Verdict,
};
use rifflebox_dataflow::{FlowPlan, FlowStage, Label, Operator, Reader, Status, Unit};

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
}

impl Counted {
    /// Returns what was counted until now.
    pub(crate) fn so_far(&self) -> Counts {
        Counts { calls: self.calls.load(Ordering::Relaxed), tokens: self.tokens.load(Ordering::Relaxed) }
    }

    fn count<'a>(&self, texts: impl IntoIterator<Item = &'a str>) {
        let tokens = texts.into_iter().map(|text| self.tokenizer.count(text)).sum();
        self.calls.fetch_add(1, Ordering::Relaxed);
        self.tokens.fetch_add(tokens, Ordering::Relaxed);
    }

    fn owe<T>() -> Result<T, Failure> {
        Err(Failure::Owed("planned".to_owned()))
    }
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
        });
        stage.operator = match &stage.operator {
            Operator::GenerateAsked(of) => {
                Operator::GenerateAsked(Arc::new(Generating { of: of.clone(), counted: counted.clone() }))
            }
            Operator::VerifyAsked(of, on_reject) => {
                let judging = Judging { of: of.clone(), counted: counted.clone() };
                Operator::VerifyAsked(Arc::new(judging), *on_reject)
            }
            _ => continue,
        };
        counts.insert(stage.name.clone(), counted);
    }
    (plan, counts)
}

struct Generating {
    of: Arc<dyn AskedGenerator>,
    counted: Arc<Counted>,
}

impl AskedGenerator for Generating {
    fn identity(&self) -> Identity {
        self.of.identity()
    }

    fn limits(&self) -> Limits {
        self.of.limits()
    }

    fn generate(&self, documents: Vec<Document>) -> Answering<Vec<Result<Vec<Draft>, Failure>>> {
        documents.iter().for_each(|document| self.counted.count([document.text.as_str()]));
        Box::pin(async move { documents.iter().map(|_| Counted::owe()).collect() })
    }
}

struct Judging {
    of: Arc<dyn AskedVerifier>,
    counted: Arc<Counted>,
}

impl AskedVerifier for Judging {
    fn identity(&self) -> Identity {
        self.of.identity()
    }

    fn proof(&self) -> Proof {
        self.of.proof()
    }

    fn reads_documents(&self) -> bool {
        self.of.reads_documents()
    }

    fn limits(&self) -> Limits {
        self.of.limits()
    }

    fn verify(&self, items: Vec<Judged>) -> Answering<Vec<Result<Verdict, Failure>>> {
        for (sample, documents) in &items {
            let columns = sample.content.columns();
            let texts = columns.iter().map(|(_, text)| *text).chain(sample.context.as_deref());
            self.counted.count(texts.chain(documents.iter().map(|document| document.text.as_str())));
        }
        Box::pin(async move { items.iter().map(|_| Counted::owe()).collect() })
    }
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
            Operator::GenerateAsked(_) => {
                let calls = before.count_keys(&format!("{}/demand", stage.name));
                let rows_of_call = if calls == 0 { 1.0 } else { history.all as f64 / calls as f64 };
                counted.unwrap_or_default().calls as f64 * rows_of_call
            }
            Operator::VerifyAsked(..) => {
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
