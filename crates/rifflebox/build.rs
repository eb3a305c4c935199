//! A build: open, scan, run, commit, publish.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Instant;

use rifflebox_core::{Error, ErrorKind, HeldOut, Key, Result};
use rifflebox_dataflow::{
    ANSWERS, Answer, Bugs, Flow, FlowPlan, Graph, GraphRun, Label, MixDecision, Operator, Pace, Plan, Reader,
    Status, Unit, compile, foundations, schema,
};
use rifflebox_storage::{Content, Manifest, Segment, Traffic, Workspace as Storage, nonce};
use tokio::runtime::Handle;

use crate::accounts::{Accounts, asked};
use crate::feed::{Once, channel};
use crate::held_out::bring_up;
use crate::journal::{Recorder, Uncovered};
use crate::keeper::{ALL, WorkspaceKeeper};
use crate::memory;
use crate::progress::{Event, Progress};
use crate::publish::Publisher;
use crate::redaction::{check_redactions, keepers};
use crate::report::{Changes, Report};
use crate::scan::{Scanned, scan_beside};
use crate::state::{State, open};
use crate::target;

/// How a build goes about its work; nothing here changes what is published.
#[derive(Clone)]
pub struct BuildOptions {
    /// Worker threads.
    pub workers: usize,
    /// Recomputes everything from documents and kept answers.
    pub rebuild: bool,
    /// Asks again what failed for good.
    pub retry_failed: bool,
    /// The flow file's text, which the manifest keeps.
    pub flow_text: Option<String>,
    /// Where relative paths of the flow start.
    pub base_dir: PathBuf,
    /// Bytes of uncommitted work after which a commit happens between two epochs; by default a sixteenth of the memory
    /// that the process may use, between 64 and 256 MiB.
    pub commit_bytes: usize,
    /// Bytes of changed documents, about, that are fed as one epoch, and of its inputs that a changed stage is shown in
    /// one; by default a sixty-fourth of that memory, between 16 and 128 MiB.
    pub epoch_bytes: usize,
    /// Watches the build.
    pub progress: Option<Arc<dyn Progress>>,
    /// Bugs to run with, so that tests show that they would be seen.
    #[doc(hidden)]
    pub bugs: Bugs,
}

impl Default for BuildOptions {
    fn default() -> Self {
        let pace = Pace::within(memory::limit());
        BuildOptions {
            workers: std::thread::available_parallelism().map_or(1, usize::from),
            rebuild: false,
            retry_failed: false,
            flow_text: None,
            base_dir: PathBuf::from("."),
            commit_bytes: pace.commit_bytes,
            epoch_bytes: pace.replay_bytes,
            progress: None,
            bugs: Bugs::default(),
        }
    }
}

/// Sets a flag when it is dropped: a build whose future is dropped stops between two steps.
struct StopOnDrop(Arc<AtomicBool>);

impl Drop for StopOnDrop {
    fn drop(&mut self) {
        self.0.store(true, Ordering::SeqCst);
    }
}

/// Brings a workspace up to date with a flow.
pub(crate) async fn build(storage: &Storage, flow: &Flow, options: BuildOptions) -> Result<Report> {
    let started = Instant::now();
    let traffic_before = storage.counters().traffic();
    let plan = flow.plan();
    // Whatever it is that is held out, a broken flow is known before anything is read.
    compile(&plan.with_held_out(|_| HeldOut::of(Vec::new())))?;
    check_redactions(&plan, storage)?;
    let (parent, segments) = match options.rebuild {
        false => storage.begin().await?,
        true => {
            let parent = storage.salvage().await?;
            let covered = parent.as_ref().map(|parent| parent.content.journals.clone()).unwrap_or_default();
            (parent, storage.segments_after(&covered).await?)
        }
    };
    let opened = Opened::new(storage, parent, segments, &options, &plan).await?;
    let seconds_open = started.elapsed().as_secs_f64();
    let stop = Arc::new(AtomicBool::new(false));
    let guard = StopOnDrop(stop.clone());
    let waiting = Arc::default();
    let (plan, accounts) = Accounts::open(&plan, Arc::clone(&waiting), options.progress.clone());
    let build = Build {
        storage: storage.clone(),
        plan,
        accounts: Arc::new(accounts),
        waiting,
        options,
        runtime: Handle::current(),
        recorder: Arc::new(Recorder::start(storage, &opened.run)),
        stop,
        started,
        seconds_open,
        traffic_before,
    };
    let ran = tokio::task::spawn_blocking(move || build.run(opened)).await;
    drop(guard);
    ran.map_err(|error| Error::new(ErrorKind::Internal, "the build died").with_source(error))?
}

/// A workspace as its newest manifest says it is.
pub(crate) struct Opened {
    pub(crate) parent: Option<Manifest>,
    pub(crate) content: Content,
    pub(crate) state: State,
    pub(crate) uncovered: Uncovered,
    /// What is wrong with answers that were let go.
    damaged: Vec<String>,
    run: String,
}

impl Opened {
    pub(crate) async fn new(
        storage: &Storage,
        parent: Option<Manifest>,
        segments: Vec<Segment>,
        options: &BuildOptions,
        plan: &FlowPlan,
    ) -> Result<Self> {
        let mut content = parent.as_ref().map(|parent| parent.content.clone()).unwrap_or_default();
        let current = content.arrangements.values().all(|arrangement| arrangement.schema == schema());
        if options.rebuild || !current {
            // Answers are input: they stand, and everything else is computed from documents and them.
            content.arrangements.retain(|name, kept| name.starts_with(ANSWERS) && kept.schema == schema());
            content.stages.clear();
            content.dirty.insert(ALL.to_owned());
        }
        forget_other_kinds(&mut content, plan);
        let mut damaged = Vec::new();
        let mut segments = segments;
        if options.rebuild {
            damaged = drop_damaged(storage, &mut content).await?;
        }
        if !damaged.is_empty() {
            // Journals may hold what is lost, those too that are covered.
            segments = storage.segments_after(&BTreeMap::new()).await?;
        }
        let state = open(storage, &content.arrangements).await?;
        Ok(Opened { parent, content, state, uncovered: Uncovered::read(&segments)?, damaged, run: nonce() })
    }
}

/// Lets go of answers that cannot be read, for a rebuild that was asked for; returns what is wrong with each.
///
/// An arrangement goes as a whole, with the calls that it owes: the flow demands them all again.
async fn drop_damaged(storage: &Storage, content: &mut Content) -> Result<Vec<String>> {
    let call = |name: &str| name.trim_end_matches("/owed").to_owned();
    let mut damaged = BTreeMap::new();
    for (name, arrangement) in &content.arrangements {
        let alone = BTreeMap::from([(name.clone(), arrangement.clone())]);
        match open(storage, &alone).await {
            Err(error) if error.kind() == ErrorKind::Corrupt => {
                damaged.insert(call(name), format!("{name}: {}", error.chain()));
            }
            opened => drop(opened?),
        }
    }
    content.arrangements.retain(|name, _| !damaged.contains_key(&call(name)));
    Ok(damaged.into_values().collect())
}

struct Build {
    storage: Storage,
    plan: FlowPlan,
    accounts: Arc<Accounts>,
    /// Calls that are wanted and not yet answered.
    waiting: Arc<AtomicU64>,
    options: BuildOptions,
    runtime: Handle,
    recorder: Arc<Recorder>,
    stop: Arc<AtomicBool>,
    started: Instant,
    seconds_open: f64,
    /// What a handle's earlier runs asked of the store.
    traffic_before: Traffic,
}

impl Build {
    fn run(mut self, opened: Opened) -> Result<Report> {
        let (mut sender, mut epochs) = channel(self.options.epoch_bytes);
        // A pseudonym is in the map before anything that holds it can be kept.
        let keepers = keepers(&self.plan);
        sender.do_first(move || keepers.iter().try_for_each(|(_, keeper)| keeper.write_map()));
        let reader = Reader::new(foundations(&opened.state));
        let before = opened.content.extra.get(IDENTITIES).cloned().unwrap_or_default();
        let progress = self.options.progress.clone();
        let (plan, held_out) = bring_up(&self.plan, &before, &reader, &mut sender, progress.as_ref())?;
        self.plan = plan;
        let graph = compile(&self.plan)?.graph;
        let mut stages = opened.content.stages.clone();
        if self.options.retry_failed {
            // A stage that starts anew demands all its calls again; what is answered well costs a look.
            stages.retain(|name, _| !self.asks(name));
        }
        let matched = Plan::new(&graph, &stages);
        let scanned = scan_beside(self.plan.clone(), before, reader.clone(), sender, held_out, progress);
        let changed = epochs.peek()?;
        let idle = !changed
            && matched.fresh.is_empty()
            && opened.content.stages.len() == graph.stages().len()
            && !brings(&opened.uncovered, &graph.arrangements(), &reader)
            && opened.content.dirty.is_empty()
            && !owes(&self.plan, &reader)
            && target::changes(&self.plan, &reader).is_empty()
            && opened.content.extra.get(IDENTITIES) == Some(&identities(&self.plan));
        let mut keeper = self.keeper(&opened, &graph, &matched);
        if idle
            && let Some(parent) = &opened.parent
            && keeper.publisher.finish(parent)?.whole
        {
            let scanned = join(scanned)?;
            keeper.rows_read = reader.rows_read();
            return Ok(self.report_of(keeper, scanned, &reader));
        }
        let run = GraphRun {
            stages,
            uncovered: opened.uncovered.answers,
            retry_failed: self.options.retry_failed,
            ..self.graph_run(&graph, &opened.state)
        };
        let summary = run.run(&mut epochs, &mut keeper);
        drop(epochs);
        let scanned = join(scanned);
        summary?;
        self.fill_targets(&graph, &mut keeper)?;
        keeper.rows_read += reader.rows_read();
        let reader = Reader::new(foundations(&keeper.state));
        let report = self.report_of(keeper, scanned?, &reader);
        match report.unpublished.as_deref() {
            None => Ok(report),
            Some(reason) if reason.starts_with("incomplete") => {
                Err(Error::new(ErrorKind::Incomplete, reason))
            }
            Some(reason) => Err(Error::new(ErrorKind::Refused, reason)),
        }
    }

    /// Returns a run over a state, on which nothing is fresh.
    fn graph_run(&self, graph: &Arc<Graph>, state: &State) -> GraphRun {
        GraphRun {
            foundations: foundations(state),
            stages: graph.stage_records(),
            pace: Pace {
                workers: self.options.workers,
                commit_bytes: self.options.commit_bytes,
                replay_bytes: self.options.epoch_bytes,
                ..Pace::default()
            },
            runtime: Some(self.runtime.clone()),
            journal: Some(self.recorder.clone()),
            scratch: self.storage.scratch(),
            waiting: self.waiting.clone(),
            stop: self.stop.clone(),
            bugs: self.options.bugs,
            ..GraphRun::new(graph.clone())
        }
    }

    /// Runs on until each target is full or nothing can fill it; the last of these runs publishes.
    fn fill_targets(&self, graph: &Arc<Graph>, keeper: &mut WorkspaceKeeper) -> Result<()> {
        while keeper.holds {
            let changes = target::changes(&self.plan, &Reader::new(foundations(&keeper.state)));
            keeper.holds = !changes.is_empty();
            let run = self.graph_run(graph, &keeper.state);
            run.run(&mut Once(Some(changes)), keeper)?;
        }
        Ok(())
    }

    fn asks(&self, stage: &str) -> bool {
        self.plan.stage(stage).is_some_and(|stage| stage.operator.is_asked())
    }

    fn keeper(&self, opened: &Opened, graph: &rifflebox_dataflow::Graph, matched: &Plan) -> WorkspaceKeeper {
        let asked = graph.arrangements();
        let mut content = opened.content.clone();
        content.flow = self.options.flow_text.clone().or(content.flow);
        let identities = identities(&self.plan);
        doubt_changed(&mut content, &identities);
        content.extra.insert(KINDS.to_owned(), kinds(&self.plan));
        if !matched.fresh.is_empty() && opened.parent.is_some() {
            // What stands behind each row has changed, even where no row did.
            content.dirty.insert(ALL.to_owned());
        }
        let mut keeper = WorkspaceKeeper {
            storage: self.storage.clone(),
            runtime: self.runtime.clone(),
            parent: opened.parent.clone(),
            content,
            state: opened.state.clone(),
            stages: BTreeMap::new(),
            identities,
            looped: BTreeMap::new(),
            journal: self.recorder.clone(),
            run: opened.run.clone(),
            covered: opened.uncovered.taken_in(|name| asked.contains_key(name)),
            holds: self.plan.stages.iter().any(|stage| stage.target.is_some()),
            publisher: Publisher {
                storage: self.storage.clone(),
                runtime: self.runtime.clone(),
                plan: self.plan.clone(),
                base_dir: self.options.base_dir.clone(),
                progress: self.options.progress.clone(),
                accounts: Some(self.accounts.clone()),
                totals,
                dry: false,
                anew: self.options.rebuild,
            },
            report: Report { damaged: opened.damaged.clone(), ..Report::default() },
            moved: BTreeMap::new(),
            rows_read: 0,
        };
        keeper.stand(graph, matched);
        keeper
    }

    fn report_of(&self, keeper: WorkspaceKeeper, scanned: Scanned, reader: &Reader) -> Report {
        let Scanned { changes, bytes } = scanned;
        let mut report = keeper.report;
        report.spent = self.accounts.spending();
        totals(&self.plan, reader, &mut report);
        report.documents =
            Changes { total: report.documents.total, broken: report.documents.broken, ..changes };
        report.samples.added = keeper.moved.values().filter(|sum| **sum > 0).count() as u64;
        report.samples.removed = keeper.moved.values().filter(|sum| **sum < 0).count() as u64;
        report.samples.total = report.tiers.values().map(|tier| tier.samples).sum();
        report.calls.made = self.accounts.made();
        report.calls.reused = report.calls.standing.saturating_sub(report.calls.made);
        if let Some(published) = &keeper.content.published {
            report.version = published.version;
            report.snapshot.clone_from(&published.snapshot);
            report.data.clone_from(&published.data);
        }
        report.shards.total = keeper.publisher.shard_count(&keeper.content);
        report.shards.kept = report.shards.total - report.shards.written;
        let traffic = self.storage.counters().traffic().since(self.traffic_before);
        report.requests = traffic.requests;
        report.bytes.fetched = traffic.bytes_fetched;
        report.bytes.written = traffic.bytes_sent;
        report.rows.read = keeper.rows_read;
        report.bytes.read = bytes;
        report.seconds.open = self.seconds_open;
        report.seconds.total = self.started.elapsed().as_secs_f64();
        report.seconds.compute =
            (report.seconds.total - report.seconds.open - report.seconds.commit).max(0.0);
        if let Some(progress) = &self.options.progress {
            progress.event(Event::Done);
        }
        report
    }
}

/// Where a manifest keeps who each stage was.
pub(crate) const IDENTITIES: &str = "identities";

/// Where a manifest keeps of what kind each stage was.
const KINDS: &str = "kinds";

/// Forgets what stages left that now are of another kind: no arrangement of theirs means what it did.
fn forget_other_kinds(content: &mut Content, plan: &FlowPlan) {
    let kinds = content.extra.get(KINDS).cloned().unwrap_or_default();
    for stage in &plan.stages {
        let name = &stage.name;
        if kinds.get(name).is_some_and(|kind| kind.as_str() != Some(stage.operator.kind())) {
            let prefix = format!("{name}/");
            content.arrangements.retain(|arrangement, _| !arrangement.starts_with(&prefix));
            // Who read them starts anew, and so takes back what it had of them.
            let of_it = |read: &String| read.contains(&format!(" {prefix}"));
            content.stages.retain(|other, record| other != name && !record.reads.iter().any(of_it));
        }
    }
}

/// Returns the kind of each stage of a flow, by name.
fn kinds(plan: &FlowPlan) -> serde_json::Value {
    let named = plan.stages.iter().map(|stage| (stage.name.clone(), stage.operator.kind().into()));
    serde_json::Value::Object(named.collect())
}

/// Forgets who those sources were that now are read otherwise, and takes note of new ones.
///
/// Until a run's last commit some of their files are kept as they were read before, and some as they are read now:
/// whoever comes next, if the run dies, reads them all.
fn doubt_changed(content: &mut Content, now: &serde_json::Value) {
    let mut known = content.extra.remove(IDENTITIES).unwrap_or_default();
    for (stage, identity) in now.as_object().into_iter().flatten() {
        if known.get(stage).is_some_and(|before| before != identity) {
            known[stage] = serde_json::Value::Null;
        } else {
            known[stage] = identity.clone();
        }
    }
    content.extra.insert(IDENTITIES.to_owned(), known);
}

/// Returns the fingerprint of each stage of a flow, publishers too, by name.
fn identities(plan: &FlowPlan) -> serde_json::Value {
    let named = plan.stages.iter().map(|stage| {
        let mut identity = stage.operator.identity().fingerprint().to_string();
        if !matches!(stage.operator, Operator::Source(_)) {
            identity = format!("{identity} {}", stage.from.join(" "));
        }
        (stage.name.clone(), identity.into())
    });
    serde_json::Value::Object(named.collect())
}

pub(crate) fn join<T>(thread: std::thread::JoinHandle<Result<T>>) -> Result<T> {
    thread.join().map_err(|panic| {
        let message =
            panic.downcast_ref::<String>().cloned().unwrap_or_else(|| "a source panicked".to_owned());
        Error::new(ErrorKind::Internal, message)
    })?
}

/// Returns the arrangements of the calls that a flow owes; what no stage of it asks is owed by nobody.
fn owed(plan: &FlowPlan) -> BTreeSet<String> {
    plan.answers().iter().map(|answers| format!("{answers}/owed")).collect()
}

/// Returns whether calls are owed.
fn owes(plan: &FlowPlan, reader: &Reader) -> bool {
    owed(plan).iter().any(|name| !reader.is_empty(name))
}

/// Returns whether journals hold answers that the flow asks for and the state lacks.
fn brings(
    uncovered: &Uncovered,
    asked: &BTreeMap<String, rifflebox_dataflow::ArrangementSpec>,
    reader: &Reader,
) -> bool {
    let is_final = |answer: &Answer| matches!(answer, Answer::Final(_));
    let mut asked = uncovered.answers.iter().filter(|(name, _)| asked.contains_key(*name));
    asked.any(|(name, answers)| {
        let kept = reader.table::<Key, Answer>(name);
        answers.iter().any(|(key, _)| !kept.get(*key).iter().any(is_final))
    })
}

/// Fills in what a report says of the dataset as it stands.
pub(crate) fn totals(plan: &FlowPlan, reader: &Reader, report: &mut Report) {
    report.tiers.clear();
    report.tokens =
        crate::report::Tokens { tokenizer: plan.tokenizer.name().to_owned(), ..Default::default() };
    report.samples = crate::report::SampleCounts {
        added: report.samples.added,
        removed: report.samples.removed,
        ..Default::default()
    };
    (report.documents.total, report.documents.broken) = (0, 0);
    let published: BTreeSet<&str> = plan
        .stages
        .iter()
        .filter(|stage| matches!(stage.operator, Operator::Publish(_)))
        .flat_map(|stage| stage.from.iter().map(String::as_str))
        .collect();
    report.bound_by.clear();
    report.notes.clear();
    report.absent.clear();
    for stage in &plan.stages {
        let kind = stage.operator.kind();
        let notes = reader.table::<String, ()>(&format!("{}/notes", stage.name)).all();
        let notes: BTreeMap<String, u64> =
            notes.into_iter().map(|(name, (), count)| (name, count.max(0) as u64)).collect();
        if !notes.is_empty() {
            report.notes.insert(stage.name.clone(), notes);
        }
        if kind == "mix" {
            let decisions = reader.table::<(), MixDecision>(&format!("{}/decision", stage.name)).all();
            let bound = decisions.into_iter().find_map(|(_, decision, _)| decision.bound_by);
            report.bound_by.extend(bound.map(|bound| (stage.name.clone(), bound)));
        }
        // What was offered comes first: what was taken is counted against it.
        let mut rows = reader.table::<Label, ()>(&format!("{}/offered", stage.name)).all();
        rows.extend(reader.table::<Label, ()>(&format!("{}/totals", stage.name)).all());
        for (label, (), count) in rows {
            add_total(report, kind, published.contains(stage.name.as_str()), &label, count);
            add_absent(report, &stage.name, &label, count);
        }
    }
    report.absent.values_mut().for_each(|fates| fates.retain(|_, rows| *rows > 0));
    report.absent.retain(|_, fates| !fates.is_empty());
    report.tokens.synthetic_share = match report.tokens.total {
        0 => 0.0,
        total => report.tokens.synthetic as f64 / total as f64,
    };
    calls(plan, reader, report);
    asked(plan, reader, report);
    for (stage, missing) in target::missing(plan, reader).into_iter().filter(|(_, missing)| *missing > 0) {
        report.notes.entry(stage).or_default().insert("samples missing of the target".to_owned(), missing);
    }
}

/// Counts rows that ended at a stage.
fn add_absent(report: &mut Report, stage: &str, label: &Label, count: i64) {
    if label.unit == Unit::Rows && label.status != Status::Kept && count != 0 {
        let fates = report.absent.entry(stage.to_owned()).or_default();
        let rows = fates.entry(label.status.name().to_owned()).or_default();
        *rows = rows.saturating_add_signed(count);
    }
}

fn add_total(report: &mut Report, kind: &str, published: bool, label: &Label, count: i64) {
    let add = |field: &mut u64| *field = field.saturating_add_signed(count);
    match (kind, label.status, label.unit) {
        ("source", Status::Kept, Unit::Rows) => add(&mut report.documents.total),
        ("source", Status::Broken, Unit::Rows) => add(&mut report.documents.broken),
        (_, Status::Rejected, Unit::Rows) => add(&mut report.samples.rejected),
        (_, Status::Displaced, Unit::Rows) => add(&mut report.samples.displaced),
        (_, Status::Failed | Status::Owed, Unit::Rows) => add(&mut report.samples.failed),
        ("mix", Status::Unused, Unit::Rows) if published => add(&mut report.samples.unused),
        ("mix", Status::Kept, unit) if published => {
            let tier = report.tiers.entry(label.tier.name().to_owned()).or_default();
            match unit {
                Unit::Rows => add(&mut tier.samples),
                Unit::Tokens => {
                    add(&mut tier.tokens);
                    add(&mut report.tokens.total);
                }
                Unit::SyntheticTokens => add(&mut report.tokens.synthetic),
            }
        }
        _ => {}
    }
}

fn calls(plan: &FlowPlan, reader: &Reader, report: &mut Report) {
    report.calls.owed = owed(plan).iter().map(|name| reader.count_keys(name)).sum();
    let demands: Vec<String> =
        reader.names().filter(|name| name.ends_with("/demand")).map(str::to_owned).collect();
    report.calls.standing = demands.iter().map(|name| reader.count_keys(name)).sum();
}
