//! A trace with a foundation: batches of earlier runs that lookups see, and that replay does not.
//!
//! The library asks a trace for two different things. `batches_through` is what lookups see: it gets foundation and
//! live batches. `map_batches` is what is replayed to late listeners and preloaded by joins: it gets live batches
//! only. So operators built on arrangements look up all of history and recompute none of it.

use std::any::Any;
use std::cell::RefCell;
use std::rc::Rc;

use differential_dataflow::logging::Logger;
use differential_dataflow::trace::implementations::spine_fueled::Spine;
use differential_dataflow::trace::{Batch as _, BatchReader, ExertionLogic, Trace, TraceReader};
use timely::dataflow::operators::generic::OperatorInfo;
use timely::progress::Antichain;
use timely::progress::frontier::AntichainRef;
use timely::scheduling::Activator;

use crate::batch::{Batch, weight};
use crate::time::Time;

/// What a founded trace shares with the run that keeps it: where it stands, and what it must write.
pub(crate) struct Slot<T: Time> {
    /// What earlier runs left, and what this one has committed.
    pub(crate) foundation: Vec<Batch<T>>,
    /// Every batch with updates since the last commit, as it was inserted.
    pub(crate) recorded: Vec<Batch<T>>,
    /// About how many bytes were inserted since then.
    pub(crate) bytes: usize,
    /// Whether the live batches have become part of the foundation.
    rebased: bool,
    /// Whether the trace is written at all.
    durable: bool,
}

impl<T: Time> Slot<T> {
    pub(crate) fn new(foundation: Vec<Batch<T>>) -> Rc<RefCell<Self>> {
        Rc::new(RefCell::new(Slot {
            foundation,
            recorded: Vec::new(),
            bytes: 0,
            rebased: false,
            durable: true,
        }))
    }

    /// Makes a slot for a trace that lives and dies with this run.
    pub(crate) fn passing() -> Rc<RefCell<Self>> {
        Rc::new(RefCell::new(Slot {
            foundation: Vec::new(),
            recorded: Vec::new(),
            bytes: 0,
            rebased: false,
            durable: false,
        }))
    }

    /// Puts the trace on a new foundation that holds all that was recorded, as a restart would.
    ///
    /// **Invariant** no update is in flight: every epoch that was fed is closed.
    pub(crate) fn rebase(&mut self, foundation: Vec<Batch<T>>) {
        self.foundation = foundation;
        self.recorded.clear();
        self.bytes = 0;
        self.rebased = true;
    }
}

thread_local! {
    /// The foundation that the next trace takes; see [`founding`].
    static NEXT: RefCell<Option<Box<dyn Any>>> = const { RefCell::new(None) };
}

/// Runs `build`, within which the library creates exactly one trace, and stands it on `slot`.
///
/// # Panics
/// When `build` creates no trace or several: a trace on no foundation would be an empty state taken for the truth.
pub(crate) fn founding<T: Time, R>(slot: &Rc<RefCell<Slot<T>>>, build: impl FnOnce() -> R) -> R {
    let before = NEXT.with(|next| next.replace(Some(Box::new(slot.clone()))));
    assert!(before.is_none(), "a foundation was never taken");
    let built = build();
    assert!(NEXT.with(|next| next.take()).is_none(), "no trace took its foundation");
    built
}

/// The library's own spine, on a foundation.
pub(crate) struct Founded<T: Time> {
    slot: Rc<RefCell<Slot<T>>>,
    live: Spine<Batch<T>>,
    upper: Antichain<T>,
    info: OperatorInfo,
}

impl<T: Time> Founded<T> {
    /// After a commit, replaces the live spine by one that holds an empty batch up to the trace's upper.
    fn settle(&mut self) {
        if !std::mem::take(&mut self.slot.borrow_mut().rebased) {
            return;
        }
        let logical = self.live.get_logical_compaction().to_owned();
        let physical = self.live.get_physical_compaction().to_owned();
        let mut live = Spine::new(self.info.clone(), None, None);
        let lower = Antichain::from_elem(T::minimum());
        if self.upper != lower {
            live.insert(Batch::<T>::empty(lower, self.upper.clone()));
        }
        live.set_logical_compaction(logical.borrow());
        live.set_physical_compaction(physical.borrow());
        self.live = live;
    }
}

impl<T: Time> TraceReader for Founded<T> {
    type Time = T;
    type Batch = Batch<T>;

    fn batches_through(&mut self, upper: AntichainRef<'_, T>) -> Option<Vec<Batch<T>>> {
        self.settle();
        let live = self.live.batches_through(upper)?;
        let mut batches = self.slot.borrow().foundation.clone();
        batches.extend(live);
        Some(batches)
    }

    fn set_logical_compaction(&mut self, frontier: AntichainRef<'_, T>) {
        self.live.set_logical_compaction(frontier);
    }

    fn get_logical_compaction(&mut self) -> AntichainRef<'_, T> {
        self.live.get_logical_compaction()
    }

    fn set_physical_compaction(&mut self, frontier: AntichainRef<'_, T>) {
        self.live.set_physical_compaction(frontier);
    }

    fn get_physical_compaction(&mut self) -> AntichainRef<'_, T> {
        self.live.get_physical_compaction()
    }

    fn map_batches<F: FnMut(&Batch<T>)>(&self, f: F) {
        self.live.map_batches(f);
    }
}

impl<T: Time> Trace for Founded<T> {
    fn new(info: OperatorInfo, logging: Option<Logger>, activator: Option<Activator>) -> Self {
        let slot = NEXT.with(|next| next.take()).expect("every trace is built within `founding`");
        let slot = slot.downcast::<Rc<RefCell<Slot<T>>>>().expect("a foundation has its trace's times");
        let live = Spine::new(info.clone(), logging, activator);
        Founded { slot: *slot, live, upper: Antichain::from_elem(T::minimum()), info }
    }

    fn exert(&mut self) {
        self.live.exert();
    }

    fn set_exert_logic(&mut self, logic: ExertionLogic) {
        self.live.set_exert_logic(logic);
    }

    fn insert(&mut self, batch: Batch<T>) {
        self.settle();
        self.upper.clone_from(batch.upper());
        let mut slot = self.slot.borrow_mut();
        slot.bytes += weight(&batch);
        if slot.durable && !batch.is_empty() {
            slot.recorded.push(batch.clone());
        }
        drop(slot);
        self.live.insert(batch);
    }

    fn close(&mut self) {
        self.live.close();
    }
}
