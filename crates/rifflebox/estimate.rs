//! `plan`: what a build would do, found by doing it without asking or writing anything.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use rifflebox_core::{Error, ErrorKind, Key, Result};
use rifflebox_dataflow::{
    Cut, Flow, FlowPlan, Foundations, Graph, GraphRun, Keeper, MemoryKeeper, Pace, Plan, Reader, compile,
};
use rifflebox_storage::{Content, Workspace as Storage};
use serde::Serialize;
use tokio::runtime::Handle;

use crate::accounts::asked;
use crate::build::{BuildOptions, IDENTITIES, Opened, join, totals};
use crate::counting::{Counted, counting, expected};
use crate::feed::{Once, channel};
use crate::held_out::bring_up;
use crate::keeper::{ALL, touched};
use crate::publish::Publisher;
use crate::report::{Changes, Report, ShardCounts, StageCalls, grouped};
use crate::scan::scan_beside;
use crate::target::{changes, left, missing};
use crate::workspace::Workspace;

/// What a build would do.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct BuildPlan {
    /// Documents, as they would stand and as they changed.
    pub documents: Changes,
    /// Rows that would be published and are not. Here, and of the shards, a row that waits for a call counts as gone.
    pub added: u64,
    /// Rows that are published and would not be.
    pub removed: u64,
    /// Calls of all stages.
    pub calls: PlannedCalls,
    /// Tokens of all stages' calls.
    pub tokens: u64,
    /// What all calls would cost.
    pub usd: PlannedCost,
    /// Data shards.
    pub shards: ShardCounts,
    /// Each stage, in the order of the flow.
    pub stages: Vec<StagePlan>,
    /// Why nothing would be published, if a rule stands against it.
    pub refused: Option<String>,
}

/// What a build would do at one stage.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct StagePlan {
    /// The stage.
    pub stage: String,
    /// What stands there: `source`, `generate`, `verify`, `dedup`, `mix` or `publish`.
    pub kind: String,
    /// Whether it starts anew: it is new, or its operator or inputs changed.
    pub anew: bool,
    /// Its calls.
    pub calls: PlannedCalls,
    /// Tokens of what its calls are given, by the flow's tokenizer; for estimated calls by the average.
    pub tokens: u64,
    /// What its calls would cost.
    pub usd: PlannedCost,
}

/// Calls to be made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct PlannedCalls {
    /// Calls that are known now.
    pub exact: u64,
    /// Further calls, about, that follow from the answers to those, by how such answers came out so far.
    pub estimated: u64,
}

/// A cost in US dollars, by the prices of the flow's models and the answers that are kept; nothing, where no operator
/// has a price.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct PlannedCost {
    /// At least.
    pub low: f64,
    /// At most.
    pub high: f64,
}

impl Workspace {
    /// Says what a build would do; changes no byte anywhere, and asks nothing.
    ///
    /// It runs the flow over what changed, in memory, on what the last build left; calls are counted, not made. Runs
    /// on the current tokio runtime, which must have several threads.
    ///
    /// # Errors
    /// When the flow is broken, documents cannot be listed, or the store fails.
    pub async fn plan(&self, flow: &Flow, options: &BuildOptions) -> Result<BuildPlan> {
        let storage = self.storage.read_only()?;
        let (parent, segments) = storage.begin().await?;
        let opened = Opened::new(&storage, parent, segments, options, &flow.plan()).await?;
        let (plan, counts) = counting(&flow.plan());
        let stop = Arc::new(AtomicBool::new(false));
        let guard = StopOnDrop(stop.clone());
        let rehearsal =
            Rehearsal { storage, plan, counts, options: options.clone(), runtime: Handle::current(), stop };
        let ran = tokio::task::spawn_blocking(move || rehearsal.run(opened)).await;
        drop(guard);
        ran.map_err(|error| Error::new(ErrorKind::Internal, "the plan died").with_source(error))?
    }
}

/// Sets a flag when it is dropped: a run whose future is dropped stops between two steps.
pub(crate) struct StopOnDrop(pub(crate) Arc<AtomicBool>);

impl Drop for StopOnDrop {
    fn drop(&mut self) {
        self.0.store(true, Ordering::SeqCst);
    }
}

struct Rehearsal {
    storage: Storage,
    plan: FlowPlan,
    counts: BTreeMap<String, Arc<Counted>>,
    options: BuildOptions,
    runtime: Handle,
    stop: Arc<AtomicBool>,
}

impl Rehearsal {
    fn run(mut self, opened: Opened) -> Result<BuildPlan> {
        let runs = rifflebox_dataflow::foundations(&opened.state);
        let before = Reader::new(runs.clone());
        let (mut sender, mut epochs) = channel(self.options.epoch_bytes);
        let identities = opened.content.extra.get(IDENTITIES).cloned().unwrap_or_default();
        let (plan, held_out) = bring_up(&self.plan, &identities, &before, &mut sender, None)?;
        self.plan = plan;
        let graph = compile(&self.plan)?.graph;
        let mut stages = opened.content.stages.clone();
        if self.options.retry_failed {
            stages.retain(|name, _| !self.counts.contains_key(name));
        }
        let matched = Plan::new(&graph, &stages);
        let mut keeper = Watched::new(&graph, stages.clone(), runs.clone());
        let run = GraphRun {
            stages,
            uncovered: opened.uncovered.answers,
            retry_failed: self.options.retry_failed,
            ..self.graph_run(&graph, runs)
        };
        let scanning = scan_beside(self.plan.clone(), identities, before.clone(), sender, held_out, None);
        let ran = run.run(&mut epochs, &mut keeper).map(drop);
        drop(epochs);
        let scanned = join(scanning);
        ran?;
        let scanned = scanned?;
        self.fill_targets(&graph, &mut keeper)?;
        let mut content = opened.content;
        if !matched.fresh.is_empty() && opened.parent.is_some() {
            content.dirty.insert(ALL.to_owned());
        }
        content.dirty.extend(keeper.buckets.iter().map(|bucket| format!("{bucket:03x}")));
        let after = Reader::new(keeper.memory.runs);
        let report = self.publish(&after, &mut content)?;
        let wanted = self.wanted(&after);
        let mut planned = self.stages(&matched, &before, &wanted);
        planned.documents =
            Changes { total: report.documents.total, broken: report.documents.broken, ..scanned.changes };
        planned.added = keeper.moved.values().filter(|sum| **sum > 0).count() as u64;
        planned.removed = keeper.moved.values().filter(|sum| **sum < 0).count() as u64;
        planned.shards = report.shards;
        // What a rule misses may yet come of calls.
        let waits = planned.calls.exact + planned.calls.estimated > 0;
        planned.refused = report.unpublished.filter(|_| !waits);
        Ok(planned)
    }

    fn graph_run(&self, graph: &Arc<Graph>, runs: Foundations) -> GraphRun {
        GraphRun {
            foundations: runs,
            stages: graph.stage_records(),
            pace: Pace { workers: self.options.workers, ..Pace::default() },
            runtime: Some(self.runtime.clone()),
            stop: self.stop.clone(),
            ..GraphRun::new(graph.clone())
        }
    }

    /// Goes on as a build does until each target is full, or waits for calls.
    fn fill_targets(&self, graph: &Arc<Graph>, keeper: &mut Watched) -> Result<()> {
        loop {
            let changes = changes(&self.plan, &Reader::new(keeper.memory.runs.clone()));
            if changes.is_empty() {
                return Ok(());
            }
            keeper.memory.begin(graph);
            let run = self.graph_run(graph, keeper.memory.runs.clone());
            run.run(&mut Once(Some(changes)), keeper)?;
        }
    }

    /// Returns how many documents each stage with a target may yet have to ask of, beside those that it is known to ask of:
    /// each makes a sample that is missing, at best.
    fn wanted(&self, after: &Reader) -> BTreeMap<String, u64> {
        let targets = missing(&self.plan, after).into_iter().filter_map(|(name, samples)| {
            let asked = self.counts.get(&name).map(|counted| counted.so_far().calls).unwrap_or_default();
            // What is not there cannot be asked of.
            let left = left(self.plan.stage(&name)?, after);
            Some((name, samples.saturating_sub(asked).min(left)))
        });
        targets.collect()
    }

    /// Counts the shards that would be written.
    fn publish(&self, reader: &Reader, content: &mut Content) -> Result<Report> {
        let publisher = Publisher {
            storage: self.storage.clone(),
            runtime: self.runtime.clone(),
            plan: self.plan.clone(),
            base_dir: self.options.base_dir.clone(),
            progress: None,
            missing: BTreeMap::new(),
            accounts: None,
            totals: answered,
            dry: true,
            anew: false,
        };
        let mut report = Report::default();
        publisher.prepare(reader, content, &mut report)?;
        Ok(report)
    }

    fn stages(&self, matched: &Plan, before: &Reader, wanted: &BTreeMap<String, u64>) -> BuildPlan {
        let mut planned = BuildPlan::default();
        let expected = expected(&self.plan, &self.counts, before, wanted);
        let mut kept = Report::default();
        asked(&self.plan, before, &mut kept);
        for stage in &self.plan.stages {
            let counted = self.counts.get(&stage.name).map(|counted| counted.so_far()).unwrap_or_default();
            let estimated = expected.get(&stage.name).copied().unwrap_or_default();
            let calls = PlannedCalls { exact: counted.calls, estimated: estimated.calls };
            let tokens = counted.tokens + estimated.tokens;
            let usd = self.cost(&stage.name, calls, kept.asked.get(&stage.name));
            planned.usd.low += usd.low;
            planned.usd.high += usd.high;
            planned.calls.exact += calls.exact;
            planned.calls.estimated += calls.estimated;
            planned.tokens += tokens;
            planned.stages.push(StagePlan {
                stage: stage.name.clone(),
                kind: stage.operator.kind().to_owned(),
                anew: matched.fresh.contains(&stage.name),
                calls,
                tokens,
                usd,
            });
        }
        planned
    }
}

impl Rehearsal {
    /// Returns what a stage's calls cost: those that are known at least, with those that follow from them at most. Both
    /// follow from kept answers: a call that was never answered counts by what it is given alone.
    fn cost(&self, stage: &str, calls: PlannedCalls, kept: Option<&StageCalls>) -> PlannedCost {
        let kept = kept.cloned().unwrap_or_default();
        let known = self.counts.get(stage).map(|counted| counted.usd(&kept)).unwrap_or_default();
        let (paid, answered) =
            kept.by.values().fold((0.0, 0), |(usd, calls), of| (usd + of.usd, calls + of.calls));
        let mean = match (answered, calls.exact) {
            (0, 0) => 0.0,
            (0, exact) => known / exact as f64,
            (answered, _) => paid / answered as f64,
        };
        PlannedCost { low: known, high: known + mean * calls.estimated as f64 }
    }
}

/// Fills in a report's totals as if no call were owed: a build makes those that a plan only counts.
fn answered(plan: &FlowPlan, reader: &Reader, report: &mut Report) {
    totals(plan, reader, report);
    report.calls.owed = 0;
}

/// Keeps a run in memory, and sees what of the published dataset it touches.
struct Watched {
    memory: MemoryKeeper,
    buckets: std::collections::BTreeSet<u16>,
    moved: BTreeMap<Key, i64>,
}

impl Watched {
    fn new(
        graph: &Graph,
        stages: BTreeMap<String, rifflebox_storage::StageRecord>,
        runs: Foundations,
    ) -> Self {
        let mut memory = MemoryKeeper::default();
        (memory.stages, memory.runs) = (stages, runs);
        memory.begin(graph);
        Watched { memory, buckets: std::collections::BTreeSet::new(), moved: BTreeMap::new() }
    }
}

impl Keeper for Watched {
    fn commit(&mut self, cut: Cut) -> Result<Foundations> {
        self.buckets.extend(touched(&cut, &mut self.moved));
        self.memory.commit(cut)
    }
}

impl fmt::Display for BuildPlan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Changes { total, added, changed, removed, broken } = self.documents;
        write!(f, "{} documents: {} new, {} changed, ", grouped(total), grouped(added), grouped(changed))?;
        write!(f, "{} gone, {} broken", grouped(removed), grouped(broken))?;
        write!(f, "\n+{} -{} samples, ", grouped(self.added), grouped(self.removed))?;
        write!(f, "{} of {} shards written", grouped(self.shards.written), grouped(self.shards.total))?;
        if self.calls.exact > 0 {
            write!(f, ", before any of the calls is answered")?;
        }
        let width = self.stages.iter().map(|stage| stage.stage.chars().count()).max().unwrap_or_default();
        for stage in &self.stages {
            let PlannedCalls { exact, estimated } = stage.calls;
            if exact + estimated == 0 && !stage.anew {
                continue;
            }
            write!(f, "\n  {:width$}  {:8}", stage.stage, stage.kind)?;
            if stage.anew {
                write!(f, "  starts anew")?;
            }
            if exact + estimated > 0 {
                write!(f, "  {} calls", grouped(exact))?;
                if estimated > 0 {
                    write!(f, " and about {} more", grouped(estimated))?;
                }
                write!(f, ", {} tokens", grouped(stage.tokens))?;
                write!(f, ", {:.2} to {:.2} USD", stage.usd.low, stage.usd.high)?;
            }
        }
        match &self.refused {
            Some(reason) => write!(f, "\nnothing would be published: {reason}"),
            None => Ok(()),
        }
    }
}
