//! Collects garbage: pure decisions, no I/O.

use std::collections::BTreeSet;

/// A collection of the data objects that nobody names any more.
///
/// It first commits a *fence*: a manifest that says what its parent said. Whoever had opened an older manifest can
/// no longer commit, and whoever opens the fence names new objects by it. So an object whose base is older than
/// the fence and that no retained manifest names can never be named again, and may go; no clock, no lease. Without
/// the base in the names this is unsound: see the model in the tests.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Collect<N> {
    fence: u64,
    dry: bool,
    stage: Stage<N>,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Stage<N> {
    Fence,
    Retained,
    List { retained: BTreeSet<N> },
    Delete,
    Ended,
}

/// What the collection wants done next.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Do<N> {
    /// Commit the fence.
    Fence,
    /// Read the fence and every manifest whose version it retains, and tell the objects that they name.
    Retained,
    /// List all objects.
    List,
    /// Delete these, in any order.
    Delete(BTreeSet<N>),
    /// Nothing: it is over.
    Done(Ended<N>),
}

/// How a collection ended.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Ended<N> {
    /// Everything that could go is gone.
    Swept,
    /// A dry run: these would go.
    Would(BTreeSet<N>),
    /// Another writer committed where the fence should stand: nothing was touched.
    FenceLost,
    /// Something could not be read or deleted: nothing more is touched.
    Aborted,
}

/// What the store said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Told<N> {
    /// The fence stands.
    Fenced,
    /// Another's manifest stands there.
    FenceLost,
    /// The objects that retained manifests name.
    Retained(BTreeSet<N>),
    /// All objects, each with its base.
    Listed(Vec<(u64, N)>),
    /// All are deleted.
    Deleted,
    /// It failed.
    Failed,
}

impl<N: Ord + Clone> Collect<N> {
    /// Begins a collection on top of manifest `opened`; a dry run only says what would go.
    pub(crate) fn start(opened: u64, dry: bool) -> (Self, Do<N>) {
        let (stage, action) = match dry {
            true => (Stage::Retained, Do::Retained),
            false => (Stage::Fence, Do::Fence),
        };
        (Collect { fence: opened + 1, dry, stage }, action)
    }

    /// Takes an answer in, and says what to do next.
    pub(crate) fn step(self, told: Told<N>) -> (Self, Do<N>) {
        let Collect { fence, dry, stage } = self;
        let (stage, action) = match (stage, told) {
            (_, Told::Failed) => (Stage::Ended, Do::Done(Ended::Aborted)),
            (Stage::Fence, Told::Fenced) => (Stage::Retained, Do::Retained),
            (Stage::Fence, Told::FenceLost) => (Stage::Ended, Do::Done(Ended::FenceLost)),
            (Stage::Retained, Told::Retained(retained)) => (Stage::List { retained }, Do::List),
            (Stage::List { retained }, Told::Listed(listed)) => {
                let old = listed.into_iter().filter(|(base, name)| *base < fence && !retained.contains(name));
                let doomed = old.map(|(_, name)| name).collect();
                match dry {
                    true => (Stage::Ended, Do::Done(Ended::Would(doomed))),
                    false => (Stage::Delete, Do::Delete(doomed)),
                }
            }
            (Stage::Delete, Told::Deleted) => (Stage::Ended, Do::Done(Ended::Swept)),
            // An answer to what was not asked: something is wrong, and nothing may be deleted on its word.
            _ => (Stage::Ended, Do::Done(Ended::Aborted)),
        };
        (Collect { fence, dry, stage }, action)
    }
}

/// Returns the journal segments that every retained manifest covers: what they hold is in the arrangements.
pub(crate) fn covered<'a>(
    segments: impl Iterator<Item = (&'a str, u64)>,
    retained: &[&std::collections::BTreeMap<String, u64>],
) -> Vec<(&'a str, u64)> {
    let last = |run: &str| retained.iter().map(|journals| journals.get(run).copied().unwrap_or(0)).min();
    segments.filter(|(run, number)| last(run).is_some_and(|last| *number <= last)).collect()
}

#[cfg(test)]
mod model;
#[cfg(test)]
mod tests;
