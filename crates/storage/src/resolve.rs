//! Finds the newest manifest: pure decisions, no I/O.

/// How often a search starts again because manifests moved on under it.
const ATTEMPTS: u8 = 16;

/// The search for the newest manifest.
///
/// A hint tells where to begin; it may lie, being written after a commit and read before the next. Numbers are
/// used without gaps and never freed, so the last of any listing that is not empty is the newest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Resolve {
    stage: Stage,
    attempt: u8,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Stage {
    Hint,
    List { from: u64 },
    Read { id: u64 },
}

/// What the search wants to know next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ask {
    /// The number that the hint gives.
    Hint,
    /// The greatest number in use that is at least `from`.
    List { from: u64 },
    /// What stands at a number.
    Read { id: u64 },
    /// Nothing: the manifest that was read last is the newest, or there is none.
    Done { newest: Option<u64> },
    /// Nothing: manifests were replaced faster than they could be read.
    GiveUp,
}

/// What the store said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Told {
    /// The hint, if there is one that reads as a number.
    Hint(Option<u64>),
    /// The greatest number listed, if any.
    Listed(Option<u64>),
    /// A manifest stands there.
    Manifest,
    /// A tombstone stands there: it was the newest when listed, and is no longer.
    Tombstone,
    /// Nothing stands there.
    Absent,
}

impl Resolve {
    /// Begins a search.
    pub(crate) fn start() -> (Self, Ask) {
        (Resolve { stage: Stage::Hint, attempt: 1 }, Ask::Hint)
    }

    /// Takes an answer in, and says what to ask next.
    pub(crate) fn step(self, told: Told) -> (Self, Ask) {
        match (self.stage, told) {
            (Stage::Hint, Told::Hint(hint)) => self.list(hint.unwrap_or(0)),
            // The hint lay ahead of everything: it lied.
            (Stage::List { from }, Told::Listed(None)) if from > 0 => self.list(0),
            (Stage::List { .. }, Told::Listed(None)) => (self, Ask::Done { newest: None }),
            (Stage::List { .. }, Told::Listed(Some(id))) => {
                (Resolve { stage: Stage::Read { id }, ..self }, Ask::Read { id })
            }
            (Stage::Read { id }, Told::Manifest) => (self, Ask::Done { newest: Some(id) }),
            (Stage::Read { .. }, Told::Tombstone | Told::Absent) if self.attempt >= ATTEMPTS => {
                (self, Ask::GiveUp)
            }
            (Stage::Read { id }, Told::Tombstone) => Resolve { attempt: self.attempt + 1, ..self }.list(id),
            (Stage::Read { .. }, Told::Absent) => Resolve { attempt: self.attempt + 1, ..self }.list(0),
            // An answer to what was not asked changes nothing: ask again.
            (stage, _) => (self, stage.ask()),
        }
    }

    fn list(self, from: u64) -> (Self, Ask) {
        (Resolve { stage: Stage::List { from }, ..self }, Ask::List { from })
    }
}

impl Stage {
    fn ask(self) -> Ask {
        match self {
            Stage::Hint => Ask::Hint,
            Stage::List { from } => Ask::List { from },
            Stage::Read { id } => Ask::Read { id },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Runs a search over manifests `1..=newest`, of which the first `buried` are tombstones.
    fn search(newest: u64, buried: u64, hint: Option<u64>) -> (Option<u64>, usize) {
        let (mut state, mut ask) = Resolve::start();
        for asked in 1.. {
            let told = match ask {
                Ask::Hint => Told::Hint(hint),
                Ask::List { from } => Told::Listed((newest >= from.max(1)).then_some(newest)),
                Ask::Read { id } if id > newest => Told::Absent,
                Ask::Read { id } if id <= buried => Told::Tombstone,
                Ask::Read { .. } => Told::Manifest,
                Ask::Done { newest } => return (newest, asked - 1),
                Ask::GiveUp => panic!("nothing moves here"),
            };
            (state, ask) = state.step(told);
        }
        unreachable!("the search ends")
    }

    #[test]
    fn any_hint_leads_to_the_newest() {
        for newest in 0..6 {
            for buried in 0..newest.max(1) {
                for hint in [None, Some(0), Some(1), Some(newest), Some(newest + 1), Some(u64::MAX)] {
                    let (found, asked) = search(newest, buried, hint);
                    assert_eq!(found, (newest > 0).then_some(newest), "of {newest}, hint {hint:?}");
                    assert!(asked <= 4, "{asked} requests");
                }
            }
        }
    }

    #[test]
    fn a_true_hint_costs_three_requests() {
        assert_eq!(search(42, 7, Some(42)), (Some(42), 3));
    }

    #[test]
    fn a_manifest_buried_after_the_listing_is_looked_for_again() {
        let (state, _) = Resolve::start();
        let (state, _) = state.step(Told::Hint(Some(3)));
        let (state, ask) = state.step(Told::Listed(Some(3)));
        assert_eq!(ask, Ask::Read { id: 3 });
        let (state, ask) = state.step(Told::Tombstone);
        assert_eq!(ask, Ask::List { from: 3 });
        let (_, ask) = state.step(Told::Listed(Some(5)));
        assert_eq!(ask, Ask::Read { id: 5 });
    }

    #[test]
    fn an_endless_chase_is_given_up() {
        let (mut state, mut ask) = Resolve::start();
        for id in 1..100 {
            let told = match ask {
                Ask::Hint => Told::Hint(None),
                Ask::List { .. } => Told::Listed(Some(id)),
                Ask::Read { .. } => Told::Tombstone,
                Ask::GiveUp => return,
                Ask::Done { .. } => panic!("never found"),
            };
            (state, ask) = state.step(told);
        }
        panic!("went on for ever");
    }
}
