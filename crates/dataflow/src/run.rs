//! Running a graph once, over what earlier runs left.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use rifflebox_core::{Key, Result};
use rifflebox_storage::{RunColumns, Scratch, StageRecord};

use crate::ask::{AskContext, Journal, KeptAnswer};
use crate::batch::groups;
use crate::encoded::Encoded;
use crate::engine::{Cut, Feed, Keeper, Pace, Setting, execute};
use crate::graph::Graph;
use crate::merge::{Turn, add_run};
use crate::pieces::OpenRun;
use crate::plan::Plan;
use crate::reader::each_value;
use crate::replay::Showing;

/// What earlier runs left of each arrangement, by its name: sorted runs, oldest first.
pub type Foundations = BTreeMap<String, Vec<Arc<RunColumns>>>;

/// One run of a graph: built, run once, gone.
pub struct GraphRun {
    /// The graph.
    pub graph: Arc<Graph>,
    /// What earlier runs left; only what [`Plan::stands`] is looked at, and the old output of changed stages.
    pub foundations: Foundations,
    /// The stages of the last commit.
    pub stages: BTreeMap<String, StageRecord>,
    /// How to go about it.
    pub pace: Pace,
    /// Where askers run; needed by graphs that ask.
    pub runtime: Option<tokio::runtime::Handle>,
    /// Where final answers are kept at once.
    pub journal: Option<Arc<dyn Journal>>,
    /// Answers that earlier runs finished and no commit covers, by arrangement.
    pub uncovered: BTreeMap<String, Vec<KeptAnswer>>,
    /// Where what outgrows memory waits; nothing of it outlives the run.
    pub scratch: Scratch,
    /// Counts the calls that are wanted and have neither an answer nor a failure yet.
    pub waiting: Arc<AtomicU64>,
    /// Stops the run between two steps, once set.
    pub stop: Arc<AtomicBool>,
    /// Whether asked stages start anew, and ask again what failed for good.
    pub retry_failed: bool,
    /// Bugs to run with, so that tests show that they would be seen.
    #[doc(hidden)]
    pub bugs: Bugs,
}

/// Known bugs of this field, each a switch for tests.
#[doc(hidden)]
#[derive(Clone, Copy, Debug, Default)]
pub struct Bugs {
    /// An asked stage lets go of its capability before the answer comes, and the answer has nowhere to enter.
    pub dropped_capability: bool,
    /// The state of arrangements with this part in their names is lost between runs, and read as empty.
    pub lost: Option<&'static str>,
}

/// What a run did besides its commits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RunSummary {
    /// Calls made.
    pub calls_made: u64,
}

impl GraphRun {
    /// Makes a run on nothing, with defaults for the rest.
    pub fn new(graph: Arc<Graph>) -> Self {
        GraphRun {
            graph,
            foundations: Foundations::new(),
            stages: BTreeMap::new(),
            pace: Pace::default(),
            runtime: None,
            journal: None,
            uncovered: BTreeMap::new(),
            scratch: Scratch::default(),
            waiting: Arc::default(),
            stop: Arc::default(),
            retry_failed: false,
            bugs: Bugs::default(),
        }
    }

    /// Feeds everything, and commits everything.
    ///
    /// # Errors
    /// When the feed or the keeper fails, when an operator or the engine panics, or when the run is stopped. What the
    /// keeper committed before stays committed.
    pub fn run(mut self, feed: &mut dyn Feed, keeper: &mut dyn Keeper) -> Result<RunSummary> {
        if let Some(lost) = self.bugs.lost {
            self.foundations.retain(|name, _| !name.contains(lost));
        }
        let plan = Plan::new(&self.graph, &self.stages);
        let made = Arc::new(AtomicU64::new(0));
        let asking = AskContext {
            runtime: self.runtime,
            journal: self.journal,
            uncovered: Arc::new(self.uncovered),
            made: made.clone(),
            waiting: self.waiting,
            retry_failed: self.retry_failed,
            bugs: self.bugs,
        };
        let showing = Showing::new(&self.graph, &plan.fresh, &self.foundations);
        let setting = Setting {
            graph: self.graph,
            showing,
            scratch: self.scratch,
            foundations: self.foundations,
            fresh: plan.fresh,
            asking,
            pace: self.pace,
            stop: self.stop,
        };
        execute(setting, feed, keeper)?;
        Ok(RunSummary { calls_made: made.load(Ordering::Relaxed) })
    }
}

/// Keeps runs in memory: for previews, and as the plainest keeper of all.
#[derive(Clone, Debug, Default)]
pub struct MemoryKeeper {
    /// The stages of the last commit.
    pub stages: BTreeMap<String, StageRecord>,
    /// The runs of the last commit.
    pub runs: Foundations,
    next: (BTreeMap<String, StageRecord>, BTreeMap<String, Vec<OpenRun>>),
}

impl MemoryKeeper {
    /// Prepares the keeper for a run of a graph: what does not stand will be gone with the first commit.
    pub fn begin(&mut self, graph: &Graph) {
        let plan = Plan::new(graph, &self.stages);
        let standing = self.runs.iter().filter(|(name, _)| plan.stands(name));
        let open = |runs: &Vec<_>| groups(runs).into_iter().map(|run| OpenRun::new(run.to_vec())).collect();
        self.next =
            (graph.stage_records(), standing.map(|(name, runs)| (name.clone(), open(runs))).collect());
    }
}

impl Keeper for MemoryKeeper {
    fn commit(&mut self, cut: Cut) -> Result<Foundations> {
        for (name, (_, slices)) in cut.slices.into_iter().filter(|(_, (_, slices))| !slices.is_empty()) {
            add_run(self.next.1.entry(name).or_default(), slices, Turn::Now);
        }
        let runs = foundations(&self.next.1);
        if !cut.replaying {
            (self.stages, self.runs) = (self.next.0.clone(), runs.clone());
        }
        Ok(runs)
    }
}

/// Returns what an engine stands on: of each arrangement its runs, in pieces.
pub fn foundations(state: &BTreeMap<String, Vec<OpenRun>>) -> Foundations {
    let columns = |run: &OpenRun| run.pieces.iter().map(|piece| piece.columns.clone()).collect::<Vec<_>>();
    state.iter().map(|(name, runs)| (name.clone(), runs.iter().flat_map(columns).collect())).collect()
}

/// Adds up runs: each value that is left, with its weight, over all rounds.
pub fn contents(runs: &[Arc<RunColumns>]) -> BTreeMap<(Key, Encoded), i64> {
    let mut rows = BTreeMap::new();
    for run in runs {
        for at in 0..run.key_count() {
            let key = run.key(at).expect("in range");
            each_value(run, at, |value, diff| *rows.entry((key, Encoded::from(value))).or_insert(0) += diff);
        }
    }
    rows.retain(|_, diff| *diff != 0);
    rows
}
