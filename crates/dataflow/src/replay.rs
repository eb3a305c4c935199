//! Showing changed stages their inputs, in slices, and letting out what differs once they have seen all.
//!
//! A changed stage sees its inputs slice by slice of the key space, one slice an epoch: what it makes of them is written
//! as it grows, and so its inputs may be larger than memory. They are shown once all of the run's own changes are
//! through: what the stage sees is what it will stand on, and nothing that is gone is asked about. What it says
//! meanwhile is held back, for a part of the inputs says little of the whole: a row may stand only until its better copy
//! comes. When all is seen, the difference to what the stage said before goes out, again in slices.
//!
//! Changed stages take turns: those with no changed stage before them see *n* slices in *n* epochs, and say what differs
//! in *n* more; then those behind one, and so on. So each is shown what will stand, and nothing moves after that.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use std::sync::Arc;

use differential_dataflow::consolidation::consolidate;
use differential_dataflow::trace::cursor::cursor_list;
use differential_dataflow::trace::{BatchReader, Cursor};
use differential_dataflow::{AsCollection, VecCollection};
use rifflebox_core::Key;
use rifflebox_storage::{RunColumns, Scratch};
use timely::dataflow::Stream;
use timely::dataflow::channels::pact::Pipeline;
use timely::dataflow::operators::{Capability, InputCapability, Operator};
use timely::progress::frontier::MutableAntichain;

use crate::batch::{Batch, Update, cut, for_each_in, found_all, weight};
use crate::encoded::Encoded;
use crate::founded::Slot;
use crate::graph::{Graph, Keep, Operation};
use crate::run::Foundations;
use crate::share::Share;
use crate::time::Flat;

type Rows<'scope> = VecCollection<'scope, Flat, (Key, Encoded), i64>;

/// What is to be shown in a run, and how many epochs that takes.
#[derive(Clone, Debug, Default)]
pub(crate) struct Showing {
    /// Arrangements that changed stages are shown, and those whose old output they take back; with repetitions.
    names: Vec<String>,
    /// By stage: how many changed stages lie on the longest way to it, itself included.
    depths: BTreeMap<String, u64>,
}

impl Showing {
    /// Plans a run; nothing is shown where earlier runs left nothing to see or to take back.
    pub(crate) fn new(graph: &Graph, fresh: &BTreeSet<String>, foundations: &Foundations) -> Self {
        let mut depths: BTreeMap<String, u64> = BTreeMap::new();
        for stage in graph.stages() {
            let before = stage.inputs.iter().filter_map(|input| depths.get(input)).max().copied();
            let own = u64::from(fresh.contains(&stage.name));
            depths.insert(stage.name.clone(), before.unwrap_or_default() + own);
        }
        let shown = graph.nodes().filter(|(node, _)| fresh.contains(&graph.stage_of(*node).name));
        let names = shown.filter_map(|(_, operation)| match operation {
            Operation::Enter { from } | Operation::EnterArranged { from } => graph.name_of(*from),
            Operation::Arrange { name, keep: Keep::Output, .. } => Some(name.as_str()),
            _ => None,
        });
        let mut names: Vec<String> = names.map(str::to_owned).collect();
        if names.iter().all(|name| foundations.get(name).is_none_or(Vec::is_empty)) {
            names.clear();
        }
        Showing { names, depths }
    }

    /// Returns whether there is nothing to show: changed stages see what comes as it comes.
    pub(crate) fn is_empty(&self) -> bool {
        self.names.is_empty()
    }

    /// Returns into how many slices all that is shown is cut, each of about so many bytes.
    pub(crate) fn slices(&self, foundations: &Foundations, live_bytes: usize, slice_bytes: usize) -> u64 {
        let bytes = |name| foundations.get(name).into_iter().flatten().map(|run| run.byte_count());
        let bytes = live_bytes + self.names.iter().flat_map(bytes).sum::<usize>();
        bytes.div_ceil(slice_bytes.max(1)).max(1) as u64
    }

    /// Returns how many epochs it takes until all have seen all slices and said what differs.
    pub(crate) fn epochs(&self, slices: u64) -> u64 {
        2 * slices * self.depths.values().max().copied().unwrap_or_default()
    }
}

/// When, on one worker, changed stages are shown their inputs, and when they say what differs.
#[derive(Clone, Debug)]
pub(crate) struct Schedule<'a> {
    showing: &'a Showing,
    /// The first epoch of them all, and the number of slices, once the run's own changes are through.
    begun: Rc<Cell<Option<(Flat, u64)>>>,
}

impl<'a> Schedule<'a> {
    pub(crate) fn new(showing: &'a Showing) -> Self {
        Schedule { showing, begun: Rc::default() }
    }

    /// Begins to show: all before this epoch is closed.
    pub(crate) fn begin(&self, epoch: Flat, slices: u64) {
        self.begun.set(Some((epoch, slices)));
    }

    /// Returns whether there is nothing to show.
    pub(crate) fn is_empty(&self) -> bool {
        self.showing.is_empty()
    }

    /// Returns the epochs in which a changed stage is shown all.
    pub(crate) fn seeing(&self, stage: &str) -> Window {
        let depth = self.showing.depths.get(stage).copied().unwrap_or_default();
        let before = depth.checked_sub(1).expect("a changed stage counts itself");
        Window { begun: self.begun.clone(), before: 2 * before }
    }

    /// Returns the epochs in which a changed stage says what differs.
    pub(crate) fn saying(&self, stage: &str) -> Window {
        let seeing = self.seeing(stage);
        Window { before: seeing.before + 1, ..seeing }
    }
}

/// Epochs, each of which stands for a slice of the keys.
#[derive(Clone, Debug)]
pub(crate) struct Window {
    begun: Rc<Cell<Option<(Flat, u64)>>>,
    /// How many windows pass before it.
    before: u64,
}

impl Window {
    /// Returns the first epoch, if it is known.
    fn opens(&self) -> Option<Flat> {
        self.begun.get().map(|(first, slices)| first + self.before * slices)
    }

    fn contains(&self, epoch: Flat) -> bool {
        self.slice(&Share::ALL, epoch).is_some()
    }

    /// Returns the slice of a share that an epoch stands for, and whether it is the last; none outside of the window.
    fn slice(&self, share: &Share, epoch: Flat) -> Option<(Share, bool)> {
        let (_, slices) = self.begun.get()?;
        let slice = epoch.checked_sub(self.opens()?).filter(|slice| *slice < slices)?;
        Some((share.slices(slices, slice..slice + 1), slice + 1 == slices))
    }

    /// Returns the slices of a share that were shown once an epoch is closed.
    pub(crate) fn shown(&self, share: &Share, closed: Flat) -> Share {
        match self.begun.get().zip(self.opens()) {
            None => share.slices(1, 0..0),
            Some(((_, slices), opens)) => {
                share.slices(slices, 0..(closed + 1).saturating_sub(opens).min(slices))
            }
        }
    }
}

/// The ticks of a window that wait for their turn, each with the slice of a worker's share that it stands for.
struct Due {
    share: Share,
    window: Window,
    ticks: Vec<Capability<Flat>>,
}

impl Due {
    fn new(share: Share, window: Window) -> Self {
        Due { share, window, ticks: Vec::new() }
    }

    /// Takes in ticks of the clock; those outside of the window are nothing to it.
    fn note(&mut self, capability: &InputCapability<Flat>, ticks: &mut Vec<Update<Flat>>) {
        let times = ticks.drain(..).map(|(_, time, _)| time).filter(|time| self.window.contains(*time));
        self.ticks.extend(times.map(|time| capability.delayed(&time, 0)));
    }

    /// Returns the ticks in order, once all that comes before the window is through: with each its slice, and whether
    /// that is the last.
    fn ready(&mut self, before: &MutableAntichain<Flat>) -> Vec<(Capability<Flat>, Share, bool)> {
        if self.window.opens().is_none_or(|opens| before.less_than(&opens)) {
            return Vec::new();
        }
        let tick = |capability: Capability<Flat>| {
            let slice = self.window.slice(&self.share, *capability.time());
            let (slice, last) = slice.expect("only the window's ticks are due");
            (capability, slice, last)
        };
        std::mem::take(&mut self.ticks).into_iter().map(tick).collect()
    }
}

/// Says all of an arrangement on this worker, a slice for each tick of the clock in the window.
///
/// The arrangement's `batches` tell when all that comes before the window is in it; after that it stands still.
pub(crate) fn replay<'scope>(
    clock: &Rows<'scope>,
    batches: Stream<'scope, Flat, Vec<Batch<Flat>>>,
    slot: Rc<RefCell<Slot<Flat>>>,
    share: Share,
    window: Window,
) -> Rows<'scope> {
    let mut due = Due::new(share, window);
    let ticks = clock.clone().inner;
    ticks
        .binary_frontier(batches, Pipeline, Pipeline, "Replay", move |_, _| {
            move |(ticks, _), (batches, frontier), output| {
                batches.for_each(|_, batches| batches.clear());
                ticks.for_each(|capability, ticks| due.note(&capability, ticks));
                for (capability, slice, _) in due.ready(frontier) {
                    let time = *capability.time();
                    let mut session = output.session(&capability);
                    let slot = slot.borrow();
                    for batch in slot.foundation.iter().chain(&slot.recorded) {
                        for_each_in(batch, &slice, |key, value, _, diff| {
                            session.give(((key, Encoded::from(value)), time, diff));
                        });
                    }
                }
            }
        })
        .as_collection()
}

/// What a changed stage has said so far, and nobody has heard.
#[derive(Default)]
pub(crate) struct Held {
    /// What outgrew memory.
    runs: Vec<Arc<RunColumns>>,
    live: Vec<Batch<Flat>>,
    bytes: usize,
}

impl Held {
    /// Returns about how many bytes are in memory.
    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }

    /// Moves what is in memory out of it.
    pub(crate) fn spill(&mut self, scratch: &Scratch) -> rifflebox_core::Result<()> {
        if !self.live.is_empty() {
            self.runs.push(Arc::new(scratch.spill(&cut(&self.live))?));
        }
        (self.live, self.bytes) = (Vec::new(), 0);
        Ok(())
    }

    fn hold(&mut self, batch: Batch<Flat>) {
        self.bytes += weight(&batch);
        self.live.push(batch);
    }

    /// Closes what is held: all of it as runs.
    fn close(&mut self) -> Vec<Arc<RunColumns>> {
        let live = std::mem::take(&mut self.live);
        self.bytes = 0;
        let mut runs = std::mem::take(&mut self.runs);
        if !live.is_empty() {
            runs.push(Arc::new(cut(&live)));
        }
        runs
    }
}

/// Holds back what a changed stage says until its window opens, and then says, slice by slice, by what it differs from
/// the stage's old output.
///
/// `said` is the stage's output in sorted batches of this worker's keys.
///
/// # Panics
/// When the stage says more once its window is open: it would go unheard.
pub(crate) fn gate<'scope>(
    clock: &Rows<'scope>,
    said: Stream<'scope, Flat, Vec<Batch<Flat>>>,
    old: Vec<Arc<RunColumns>>,
    held: Rc<RefCell<Held>>,
    share: Share,
    window: Window,
) -> Rows<'scope> {
    let mut old = old;
    let mut new: Option<Vec<Arc<RunColumns>>> = None;
    let mut due = Due::new(share, window);
    let ticks = clock.clone().inner;
    ticks
        .binary_frontier(said, Pipeline, Pipeline, "Gate", move |_, _| {
            move |(ticks, _), (said, frontier), output| {
                said.for_each(|_, batches| {
                    for batch in batches.drain(..).filter(|batch| !batch.is_empty()) {
                        assert!(new.is_none(), "a changed stage moves after all has come to it");
                        held.borrow_mut().hold(batch);
                    }
                });
                ticks.for_each(|capability, ticks| due.note(&capability, ticks));
                for (capability, slice, last) in due.ready(frontier) {
                    let time = *capability.time();
                    let new = new.get_or_insert_with(|| held.borrow_mut().close());
                    let mut session = output.session(&capability);
                    difference(new, &old, &slice, |key, value, diff| {
                        session.give(((key, Encoded::from(value)), time, diff));
                    });
                    if last {
                        (*new, old) = (Vec::new(), Vec::new());
                    }
                }
            }
        })
        .as_collection()
}

/// Calls `each` with every value whose weight differs between two stacks of runs, and by how much.
fn difference(
    new: &[Arc<RunColumns>],
    old: &[Arc<RunColumns>],
    share: &Share,
    mut each: impl FnMut(Key, &[u8], i64),
) {
    let (mut ours, new) = cursor_list(found_all::<Flat>(new, share));
    let (mut theirs, old) = cursor_list(found_all::<Flat>(old, share));
    let mut values: Vec<(&[u8], i64)> = Vec::new();
    while let Some(key) = ours.get_key(&new).into_iter().chain(theirs.get_key(&old)).min() {
        if ours.get_key(&new) == Some(key) {
            while let Some(value) = ours.get_val(&new) {
                ours.map_times(&new, |_, diff| values.push((value, diff)));
                ours.step_val(&new);
            }
            ours.step_key(&new);
        }
        if theirs.get_key(&old) == Some(key) {
            while let Some(value) = theirs.get_val(&old) {
                theirs.map_times(&old, |_, diff| values.push((value, -diff)));
                theirs.step_val(&old);
            }
            theirs.step_key(&old);
        }
        consolidate(&mut values);
        for (value, diff) in values.drain(..) {
            each(key, value, diff);
        }
    }
}
