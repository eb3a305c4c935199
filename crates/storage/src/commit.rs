//! Commits a manifest: pure decisions, no I/O.

/// How often the same bytes are tried, and how often a failed reading back is.
const ATTEMPTS: u8 = 5;

/// The attempt to make one manifest the newest, by creating the number after its parent's.
///
/// A failed create proves nothing: a retried 5xx answers "already exists" for our own write, some stores answer a
/// conflict when nothing landed. So whatever the error, what stands there is read back, and its nonce decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Commit {
    stage: Stage,
    creates: u8,
    reads: u8,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Stage {
    Create,
    ReadBack,
}

/// What the commit wants done next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Do {
    /// Create the number, where nothing stands.
    Create,
    /// Read what stands at the number.
    ReadBack,
    /// Nothing: it is known how it went.
    Done(Outcome),
}

/// How a commit went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Outcome {
    /// Our manifest stands there.
    Won,
    /// Another's stands there, for ever.
    Lost,
    /// The store neither took it nor said what stands there: it may still land, and then is a whole commit.
    Unknown,
}

/// What the store said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Told {
    /// The create succeeded.
    Created,
    /// The create failed, in whatever way.
    CreateFailed,
    /// What stands there, manifest or tombstone, carries our nonce.
    Ours,
    /// What stands there carries another's nonce.
    Others,
    /// Nothing stands there.
    Absent,
    /// It could not be read.
    ReadFailed,
}

impl Commit {
    /// Begins a commit.
    pub(crate) fn start() -> (Self, Do) {
        (Commit { stage: Stage::Create, creates: 1, reads: 0 }, Do::Create)
    }

    /// Takes an answer in, and says what to do next.
    pub(crate) fn step(self, told: Told) -> (Self, Do) {
        match (self.stage, told) {
            (Stage::Create, Told::Created) | (Stage::ReadBack, Told::Ours) => (self, Do::Done(Outcome::Won)),
            (Stage::ReadBack, Told::Others) => (self, Do::Done(Outcome::Lost)),
            (Stage::Create, Told::CreateFailed) => {
                (Commit { stage: Stage::ReadBack, reads: 1, ..self }, Do::ReadBack)
            }
            (Stage::ReadBack, Told::Absent) if self.creates < ATTEMPTS => {
                (Commit { stage: Stage::Create, creates: self.creates + 1, ..self }, Do::Create)
            }
            (Stage::ReadBack, Told::ReadFailed) if self.reads < ATTEMPTS => {
                (Commit { reads: self.reads + 1, ..self }, Do::ReadBack)
            }
            (Stage::ReadBack, Told::Absent | Told::ReadFailed) => (self, Do::Done(Outcome::Unknown)),
            // An answer to what was not asked changes nothing: ask again.
            (Stage::Create, _) => (self, Do::Create),
            (Stage::ReadBack, _) => (self, Do::ReadBack),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(answers: &[Told]) -> Do {
        let (mut state, mut action) = Commit::start();
        for told in answers {
            assert!(!matches!(action, Do::Done(_)), "ended before {told:?}");
            (state, action) = state.step(*told);
        }
        action
    }

    #[test]
    fn a_failed_create_is_read_back_and_the_nonce_decides() {
        assert_eq!(run(&[Told::Created]), Do::Done(Outcome::Won));
        assert_eq!(run(&[Told::CreateFailed]), Do::ReadBack);
        assert_eq!(run(&[Told::CreateFailed, Told::Ours]), Do::Done(Outcome::Won));
        assert_eq!(run(&[Told::CreateFailed, Told::Others]), Do::Done(Outcome::Lost));
        assert_eq!(run(&[Told::CreateFailed, Told::Absent]), Do::Create);
        assert_eq!(run(&[Told::CreateFailed, Told::Absent, Told::Created]), Do::Done(Outcome::Won));
        let late = [Told::CreateFailed, Told::Absent, Told::CreateFailed, Told::Ours];
        assert_eq!(run(&late), Do::Done(Outcome::Won));
    }

    #[test]
    fn a_store_that_never_works_is_given_up_without_a_claim() {
        let absent = [Told::CreateFailed, Told::Absent].repeat(usize::from(ATTEMPTS));
        assert_eq!(run(&absent), Do::Done(Outcome::Unknown));
        let mut unread = vec![Told::CreateFailed];
        unread.extend([Told::ReadFailed; ATTEMPTS as usize]);
        assert_eq!(run(&unread), Do::Done(Outcome::Unknown));
    }

    #[test]
    fn every_history_ends() {
        // Each answer to each question, to the depth that the bounds allow.
        let mut open = vec![(Commit::start(), 0)];
        while let Some(((state, action), depth)) = open.pop() {
            assert!(depth <= 2 * usize::from(ATTEMPTS) * usize::from(ATTEMPTS), "no end in sight");
            let answers: &[Told] = match action {
                Do::Create => &[Told::Created, Told::CreateFailed],
                Do::ReadBack => &[Told::Ours, Told::Others, Told::Absent, Told::ReadFailed],
                Do::Done(_) => &[],
            };
            open.extend(answers.iter().map(|told| (state.step(*told), depth + 1)));
        }
    }
}
