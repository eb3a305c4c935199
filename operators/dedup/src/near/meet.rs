//! Who meets whom in a band: everybody, and in a crowd a bounded few.

use std::cmp::Reverse;

use rifflebox_core::{Key, Row, Score, Tier};
use serde::{Deserialize, Serialize};

/// What decides who survives, best first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct Rank {
    pub(crate) tier: Tier,
    pub(crate) score: Reverse<Score>,
    pub(crate) id: Key,
}

impl Rank {
    pub(crate) fn of(row: &Row) -> Self {
        let (tier, score, id) = row.rank();
        Rank { tier, score, id }
    }
}

/// What a row's name does not tell of what it is compared by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct Shape {
    /// Elements of its set.
    pub(crate) size: u32,
    /// Differs where a row of the same name is compared by something else than before.
    pub(crate) version: u64,
}

/// A row in a band.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct Member {
    pub(crate) rank: Rank,
    pub(crate) shape: Shape,
    /// Rows next to each other by this number are likelier alike than others of the band.
    pub(crate) order: u64,
}

/// Two rows that have met.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct Pair {
    pub(crate) better: Rank,
    pub(crate) worse: Key,
    /// A number that differs where one of the two is compared by something else than before.
    pub(crate) version: u64,
}

impl Pair {
    fn of(one: &Member, two: &Member) -> Self {
        let (better, worse) = (one.rank.min(two.rank), one.rank.max(two.rank).id);
        Pair { better, worse, version: one.shape.version ^ two.shape.version }
    }
}

/// In which bands not everybody meets everybody.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Crowds {
    /// Rows beyond which a band is a crowd.
    pub(crate) above: usize,
    /// The least similarity that counts, in millionths: sets of too unequal sizes need no comparison.
    pub(crate) threshold: u64,
}

/// What a crowded band says of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct Crowd {
    pub(crate) rows: u64,
    /// Pairs of its rows that are not looked at.
    pub(crate) left_out: u64,
}

impl Crowds {
    /// Says, of all rows of a band, who is compared with whom.
    ///
    /// In a crowd each row is compared with the best-ranked ones, of which one is likely kept, and with its neighbours
    /// by likeness: so the number of comparisons grows with the rows, and follows from the set of rows alone.
    pub(crate) fn meet(&self, mut members: Vec<Member>, mut say: impl FnMut(Pair)) {
        settle(&mut members);
        if members.len() <= self.above {
            for (index, worse) in members.iter().enumerate().skip(1) {
                let betters = members[..index].iter().filter(|better| self.may_match(better, worse));
                betters.for_each(|better| say(Pair::of(better, worse)));
            }
            return;
        }
        let mut met = Vec::new();
        let mut compare = |one: &Member, two: &Member| {
            if self.may_match(one, two) {
                met.push(Pair::of(one, two));
            }
        };
        for (index, worse) in members.iter().enumerate().skip(1) {
            members[..index.min(self.reach())].iter().for_each(|better| compare(better, worse));
        }
        members.sort_unstable_by_key(|member| (member.order, member.rank));
        for (index, one) in members.iter().enumerate() {
            members[index + 1..].iter().take(self.reach()).for_each(|two| compare(one, two));
        }
        met.sort_unstable();
        met.dedup();
        met.into_iter().for_each(say);
    }

    /// Says how crowded a band is, if it is.
    pub(crate) fn count(&self, mut members: Vec<Member>) -> Option<Crowd> {
        settle(&mut members);
        let rows = members.len() as u64;
        let reach = self.reach() as u64;
        // The sum, over all rows, of how many of `reach` others stand before it; once by rank, and once by likeness.
        let looked_at = 2 * (reach * rows - reach * (reach + 1) / 2);
        let left_out = (rows * (rows - 1) / 2).saturating_sub(looked_at);
        (members.len() > self.above).then_some(Crowd { rows, left_out })
    }

    /// With how many others, on each of two ways, a row of a crowd is compared.
    fn reach(&self) -> usize {
        self.above / 4
    }

    /// Whether two sets of these sizes can be similar enough: at best the smaller one lies within the larger.
    fn may_match(&self, one: &Member, two: &Member) -> bool {
        let (less, more) = (one.shape.size.min(two.shape.size), one.shape.size.max(two.shape.size));
        u64::from(less) * 1_000_000 >= u64::from(more) * self.threshold
    }
}

/// Sorts the rows of a band by rank, each once.
fn settle(members: &mut Vec<Member>) {
    members.sort_unstable();
    members.dedup_by_key(|member| member.rank.id);
}
