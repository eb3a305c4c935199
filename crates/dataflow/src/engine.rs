//! A run: workers that step a graph, and a controller that feeds epochs, sees them closed, and commits.

use std::any::Any;
use std::collections::{BTreeMap, BTreeSet};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::thread::Thread;
use std::time::Duration;

use rifflebox_core::{Error, ErrorKind, Key, Result};
use rifflebox_storage::{RunColumns, Scratch};
use timely::worker::Worker;

use crate::ask::AskContext;
use crate::batch::{cut, found_all};
use crate::columns::take_values_read;
use crate::encoded::Encoded;
use crate::graph::Graph;
use crate::render::{AnySlot, Ground, Handles, render};
use crate::replay::{Schedule, Showing};
use crate::run::Foundations;
use crate::share::Share;
use crate::time::Flat;

/// A change that comes from outside: an input's name, a row, a weight.
#[derive(Clone, Debug)]
pub struct Change {
    /// Name of the graph's input.
    pub input: Arc<str>,
    /// The row's key.
    pub key: Key,
    /// The row's value.
    pub value: Encoded,
    /// By how much its count changes.
    pub diff: i64,
}

/// Brings changes in, epoch by epoch.
pub trait Feed {
    /// Returns the next consistent change; none once all is said. An empty one is fine.
    ///
    /// # Errors
    /// When the changes cannot be read; the run stops, and what is committed stays.
    fn next(&mut self) -> Result<Option<Vec<Change>>>;
}

/// What a run wrote to its arrangements since its last commit.
pub struct Cut {
    /// By arrangement: whether it is inside a loop, and each worker's slice, in order of key.
    pub slices: BTreeMap<String, (bool, Vec<RunColumns>)>,
    /// Rows of earlier runs that the workers have read since the last cut.
    pub rows_read: u64,
    /// Whether changed stages have still to see their inputs: what is written now outgrew memory, and no commit may name it
    /// before a later cut says that they have seen all.
    pub replaying: bool,
    /// Whether nothing more is to come in this run.
    pub last: bool,
}

/// Makes a run's work outlive it.
pub trait Keeper {
    /// Writes a cut, and returns what each arrangement stands on from now.
    ///
    /// What is cut while `replaying` is named by the next commit that is not; if none comes, it never was.
    ///
    /// # Errors
    /// When it cannot be written, or another writer committed first; the run stops.
    fn commit(&mut self, cut: Cut) -> Result<Foundations>;
}

/// How a run goes about its work; nothing here can change a result.
#[derive(Clone, Debug)]
pub struct Pace {
    /// Worker threads.
    pub workers: usize,
    /// Epochs that may be open at once.
    pub epochs_in_flight: u64,
    /// Uncommitted bytes after which a commit happens between epochs.
    pub commit_bytes: usize,
    /// Bytes that changed stages are shown of their inputs in one epoch, about.
    pub replay_bytes: usize,
}

impl Pace {
    /// Returns the pace for so many bytes of memory: the more there are, the fewer commits, whose runs are merged later,
    /// and the fewer epochs, in each of which what many rows share is looked at once more.
    pub fn within(memory: u64) -> Self {
        let commit_bytes = (memory / 32).clamp(64 << 20, 512 << 20) as usize;
        let replay_bytes = (memory / 64).clamp(16 << 20, 256 << 20) as usize;
        Pace { workers: 2, epochs_in_flight: 2, commit_bytes, replay_bytes }
    }
}

impl Default for Pace {
    fn default() -> Self {
        Pace::within(0)
    }
}

/// All that a run stands on.
pub(crate) struct Setting {
    pub(crate) graph: Arc<Graph>,
    pub(crate) foundations: Foundations,
    pub(crate) fresh: BTreeSet<String>,
    pub(crate) showing: Showing,
    pub(crate) scratch: Scratch,
    pub(crate) asking: AskContext,
    pub(crate) pace: Pace,
    /// Set from outside to stop the run between two steps.
    pub(crate) stop: Arc<AtomicBool>,
}

enum Command {
    Feed { epoch: u64, changes: Vec<Change> },
    Show { epoch: u64, slices: u64 },
    Cut,
    Rebase(Arc<Foundations>),
    Finish,
}

enum Report {
    Ready { worker: usize, thread: Thread },
    Closed { worker: usize, epoch: u64, bytes: usize },
    Slices { worker: usize, slices: Vec<(String, bool, RunColumns)>, rows_read: u64 },
    Rebased,
    Failed(Error),
    Died { message: String },
}

/// Runs a graph over a feed; every fed epoch is committed when this returns.
pub(crate) fn execute(setting: Setting, feed: &mut dyn Feed, keeper: &mut dyn Keeper) -> Result<()> {
    let workers = setting.pace.workers.max(1);
    let (commands, receivers): (Vec<_>, Vec<_>) = (0..workers).map(|_| mpsc::channel()).unzip();
    let receivers: Vec<_> = receivers.into_iter().map(|receiver| Mutex::new(Some(receiver))).collect();
    let (report, reports) = mpsc::channel();
    let stop = setting.stop.clone();
    let pace = setting.pace.clone();
    let showing = setting.showing.clone();
    let foundations = Arc::new(setting.foundations.clone());
    let config = match workers {
        1 => timely::Config::thread(),
        _ => timely::Config::process(workers),
    };
    let guards = timely::execute(config, move |worker| {
        let mut taken = receivers[worker.index()].lock().expect("nobody panics while it is held");
        let commands = taken.take().expect("each worker starts once");
        drop(taken);
        employ(worker, &setting, &commands, &report);
    })
    .map_err(|error| Error::new(ErrorKind::Internal, format!("cannot start workers: {error}")))?;
    let threads = BTreeMap::new();
    let mut controller =
        Controller { commands, reports, threads, stop, open: Vec::new(), showing, foundations };
    let outcome = controller.run(feed, keeper, &pace);
    controller.finish(outcome.is_err());
    let outcome = outcome.map_err(|error| controller.cause(error));
    for guard in guards.join() {
        guard.map_err(|error| Error::new(ErrorKind::Internal, format!("a worker died: {error}")))?;
    }
    outcome
}

/// One worker's life; a panic stops all of them, and is reported.
fn employ(
    worker: &mut Worker,
    setting: &Setting,
    commands: &mpsc::Receiver<Command>,
    report: &mpsc::Sender<Report>,
) {
    let lived = catch_unwind(AssertUnwindSafe(|| work(worker, setting, commands, report)));
    if let Err(panic) = lived {
        setting.stop.store(true, Ordering::SeqCst);
        // The controller may be gone already; then nobody needs to know.
        let _ = report.send(Report::Died { message: message_of(&*panic) });
    }
    for dataflow in worker.installed_dataflows() {
        worker.drop_dataflow(dataflow);
    }
}

/// Returns what a panic said.
pub(crate) fn message_of(panic: &(dyn Any + Send)) -> String {
    match (panic.downcast_ref::<&str>(), panic.downcast_ref::<String>()) {
        (Some(text), _) => (*text).to_owned(),
        (_, Some(text)) => text.clone(),
        _ => "a panic without a message".to_owned(),
    }
}

fn work(
    worker: &mut Worker,
    setting: &Setting,
    commands: &mpsc::Receiver<Command>,
    report: &mpsc::Sender<Report>,
) {
    let schedule = Schedule::new(&setting.showing);
    let ground = Ground {
        foundations: &setting.foundations,
        fresh: &setting.fresh,
        schedule: &schedule,
        asking: setting.asking.clone(),
    };
    let mut handles = render(worker, &setting.graph, &ground);
    let index = worker.index();
    let share = Share::of(index, worker.peers());
    let tell = |what: Report| drop(report.send(what));
    tell(Report::Ready { worker: index, thread: std::thread::current() });
    let (mut fed, mut closed) = (0, 0);
    while !setting.stop.load(Ordering::SeqCst) {
        match commands.try_recv() {
            Ok(Command::Feed { epoch, changes }) => {
                feed_inputs(&mut handles, epoch, changes);
                fed = epoch;
            }
            Ok(Command::Show { epoch, slices }) => schedule.begin(epoch, slices),
            Ok(Command::Cut) => {
                let (rows_read, slices) = (take_values_read(), slices(&handles));
                tell(Report::Slices { worker: index, slices, rows_read });
            }
            Ok(Command::Rebase(foundations)) => {
                rebase(&handles, &foundations, &share, closed);
                for held in &handles.held {
                    if let Err(error) = held.borrow_mut().spill(&setting.scratch) {
                        tell(Report::Failed(error));
                    }
                }
                tell(Report::Rebased);
            }
            Ok(Command::Finish) | Err(mpsc::TryRecvError::Disconnected) => return,
            Err(mpsc::TryRecvError::Empty) => {
                worker.step_or_park(Some(Duration::from_millis(20)));
            }
        }
        let newly = (closed + 1..=fed).take_while(|epoch| !handles.probe.less_than(&(epoch + 1))).last();
        if let Some(epoch) = newly {
            closed = epoch;
            tell(Report::Closed { worker: index, epoch, bytes: live_bytes(&handles) });
        }
    }
}

fn feed_inputs(handles: &mut Handles, epoch: u64, changes: Vec<Change>) {
    for change in changes {
        let session = handles.inputs.get_mut(&*change.input);
        let session = session.unwrap_or_else(|| panic!("the graph has no input {}", change.input));
        session.update((change.key, change.value), change.diff);
    }
    handles.clock.update((Key::MIN, Encoded::default()), 1);
    for session in handles.inputs.values_mut().chain([&mut handles.clock]) {
        session.advance_to(epoch + 1);
        session.flush();
    }
}

fn slices(handles: &Handles) -> Vec<(String, bool, RunColumns)> {
    let slice = |slot: &AnySlot| match slot {
        AnySlot::Flat(slot) => (false, cut(&slot.borrow().recorded)),
        AnySlot::Looped(slot) => (true, cut(&slot.borrow().recorded)),
    };
    let named = handles.slots.iter().map(|(name, slot)| (name, slice(slot)));
    named.map(|(name, (looped, run))| (name.clone(), looped, run)).collect()
}

fn rebase(handles: &Handles, foundations: &Foundations, share: &Share, closed: Flat) {
    let runs = |name: &String| foundations.get(name).map(Vec::as_slice).unwrap_or_default();
    for (name, slot) in &handles.slots {
        match slot {
            AnySlot::Flat(slot) => slot.borrow_mut().rebase(found_all(runs(name), share)),
            AnySlot::Looped(slot) => slot.borrow_mut().rebase(found_all(runs(name), share)),
        }
    }
    for shown in &handles.shown {
        let seen = shown.window.shown(share, closed);
        shown.slot.borrow_mut().rebase(found_all(runs(&shown.name), &seen));
    }
}

/// Returns about how many bytes a commit would let go of.
fn live_bytes(handles: &Handles) -> usize {
    let bytes = |slot: &AnySlot| match slot {
        AnySlot::Flat(slot) => slot.borrow().bytes,
        AnySlot::Looped(slot) => slot.borrow().bytes,
    };
    let slots: usize = handles.slots.values().map(bytes).sum();
    let shown: usize = handles.shown.iter().map(|shown| shown.slot.borrow().bytes).sum();
    let held: usize = handles.held.iter().map(|held| held.borrow().bytes()).sum();
    slots + shown + held
}

struct Controller {
    commands: Vec<mpsc::Sender<Command>>,
    reports: mpsc::Receiver<Report>,
    threads: BTreeMap<usize, Thread>,
    stop: Arc<AtomicBool>,
    /// For each worker the last epoch that it saw closed, and the bytes that it holds.
    open: Vec<(u64, usize)>,
    /// What is to be shown to changed stages.
    showing: Showing,
    /// What the arrangements stand on.
    foundations: Arc<Foundations>,
}

impl Controller {
    fn run(&mut self, feed: &mut dyn Feed, keeper: &mut dyn Keeper, pace: &Pace) -> Result<()> {
        let workers = self.commands.len();
        self.open = vec![(0, 0); workers];
        while self.threads.len() < workers {
            if let Report::Ready { worker, thread } = self.wait()? {
                self.threads.insert(worker, thread);
            }
        }
        let replays = !self.showing.is_empty();
        let mut fed = 0;
        let mut more = true;
        while more {
            let changes = feed.next()?;
            more = changes.is_some();
            // One epoch comes even if nothing changed: it asks what is owed.
            if more || fed == 0 {
                fed += 1;
                self.feed(fed, changes.unwrap_or_default());
                self.await_closed(fed.saturating_sub(pace.epochs_in_flight - 1))?;
            }
            if more && self.is_full(pace) {
                self.commit(fed, keeper, replays, false)?;
            }
        }
        if replays {
            fed = self.show(fed, keeper, pace)?;
        }
        self.commit(fed, keeper, false, true)
    }

    /// Shows changed stages all that they stand on; returns the last epoch.
    fn show(&mut self, fed: u64, keeper: &mut dyn Keeper, pace: &Pace) -> Result<u64> {
        self.await_closed(fed)?;
        let slices = self.showing.slices(&self.foundations, self.live_bytes(), pace.replay_bytes);
        for worker in 0..self.commands.len() {
            self.send(worker, Command::Show { epoch: fed + 1, slices });
        }
        let last = fed + self.showing.epochs(slices);
        for epoch in fed + 1..=last {
            self.feed(epoch, Vec::new());
            self.await_closed(epoch.saturating_sub(pace.epochs_in_flight - 1))?;
            if epoch < last && self.is_full(pace) {
                self.commit(epoch, keeper, true, false)?;
            }
        }
        Ok(last)
    }

    fn is_full(&self, pace: &Pace) -> bool {
        self.live_bytes() > pace.commit_bytes
    }

    fn live_bytes(&self) -> usize {
        self.open.iter().map(|(_, bytes)| bytes).sum()
    }

    /// Gives an epoch's changes to the workers in turn; rows find their owners from there.
    fn feed(&mut self, epoch: u64, changes: Vec<Change>) {
        let workers = self.commands.len();
        let share = changes.len().div_ceil(workers).max(1);
        let mut changes = changes.into_iter();
        for worker in 0..workers {
            let changes = changes.by_ref().take(share).collect();
            self.send(worker, Command::Feed { epoch, changes });
        }
    }

    fn await_closed(&mut self, epoch: u64) -> Result<()> {
        while self.open.iter().any(|(closed, _)| *closed < epoch) {
            if let Report::Closed { worker, epoch, bytes } = self.wait()? {
                self.open[worker] = (epoch, bytes);
            }
        }
        Ok(())
    }

    /// Commits when nothing is in flight: then what was recorded is exactly what is closed.
    fn commit(&mut self, fed: u64, keeper: &mut dyn Keeper, replaying: bool, last: bool) -> Result<()> {
        self.await_closed(fed)?;
        let workers = self.commands.len();
        (0..workers).for_each(|worker| self.send(worker, Command::Cut));
        let mut parts: BTreeMap<usize, Vec<(String, bool, RunColumns)>> = BTreeMap::new();
        let mut rows_read = 0;
        while parts.len() < workers {
            if let Report::Slices { worker, slices, rows_read: read } = self.wait()? {
                parts.insert(worker, slices);
                rows_read += read;
            }
        }
        let mut slices: BTreeMap<String, (bool, Vec<RunColumns>)> = BTreeMap::new();
        for (name, looped, run) in parts.into_values().flatten() {
            let entry = slices.entry(name).or_insert_with(|| (looped, Vec::new()));
            if run.key_count() > 0 {
                entry.1.push(run);
            }
        }
        self.foundations = Arc::new(keeper.commit(Cut { slices, rows_read, replaying, last })?);
        if last {
            return Ok(());
        }
        (0..workers).for_each(|worker| self.send(worker, Command::Rebase(self.foundations.clone())));
        for _ in 0..workers {
            while !matches!(self.wait()?, Report::Rebased) {}
        }
        self.open.iter_mut().for_each(|(_, bytes)| *bytes = 0);
        Ok(())
    }

    fn send(&self, worker: usize, command: Command) {
        // A worker that is gone has reported why; the next wait sees it.
        let _ = self.commands[worker].send(command);
        if let Some(thread) = self.threads.get(&worker) {
            thread.unpark();
        }
    }

    fn wait(&mut self) -> Result<Report> {
        match self.reports.recv() {
            Ok(Report::Died { message }) => Err(Error::new(ErrorKind::Internal, message)),
            Ok(Report::Failed(error)) => Err(error),
            Ok(report) => Ok(report),
            Err(_) => Err(Error::new(ErrorKind::Internal, "the run was stopped")),
        }
    }

    fn finish(&mut self, failed: bool) {
        if failed {
            self.stop.store(true, Ordering::SeqCst);
        }
        (0..self.commands.len()).for_each(|worker| self.send(worker, Command::Finish));
    }

    /// Returns why a run really stopped: a worker's death, if one explains it.
    fn cause(&mut self, error: Error) -> Error {
        let deaths = self.reports.try_iter().filter_map(|report| match report {
            Report::Died { message } => Some(Error::new(ErrorKind::Internal, message)),
            _ => None,
        });
        deaths.last().filter(|_| error.kind() == ErrorKind::Internal).unwrap_or(error)
    }
}
