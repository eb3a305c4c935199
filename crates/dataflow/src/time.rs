use differential_dataflow::lattice::Lattice;
use timely::order::Product;
use timely::progress::Timestamp;

/// The times of a dataflow and of a loop within it, as seen by what outlives the process.
///
/// Epochs belong to a run and are dropped when a run is written; rounds belong to the fixed point and are kept.
pub(crate) trait Time: Timestamp + Lattice + Copy + Ord {
    /// Whether rounds are part of the time.
    const LOOPED: bool;

    /// Returns the round of the loop; 0 outside of loops.
    fn round(&self) -> u64;

    /// Returns the time at which an earlier run's update presents itself: before every epoch of this run.
    fn founded(round: u64) -> Self;
}

/// Time outside of loops.
pub(crate) type Flat = u64;
/// Time inside of a loop: epoch, then round.
pub(crate) type Looped = Product<u64, u64>;

impl Time for Flat {
    const LOOPED: bool = false;

    fn round(&self) -> u64 {
        0
    }

    fn founded(_: u64) -> Self {
        0
    }
}

impl Time for Looped {
    const LOOPED: bool = true;

    fn round(&self) -> u64 {
        self.inner
    }

    fn founded(round: u64) -> Self {
        Product::new(0, round)
    }
}
