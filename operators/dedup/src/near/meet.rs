//! Who meets whom in a band: everybody, and in a crowd a bounded few.

use std::cmp::Reverse;
use std::collections::BTreeMap;

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

/// A row in a band.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct Member {
    pub(crate) rank: Rank,
    /// Elements of its set.
    pub(crate) size: u32,
    /// Rows next to each other by this number are likelier alike than others of the band.
    pub(crate) order: u64,
}

/// What a band says.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) enum Meeting {
    /// The better-ranked rows that a row is to be compared with.
    Compare { worse: Key, betters: Vec<Rank> },
    /// The band is crowded: not all pairs of its rows are compared.
    Crowd { rows: u64, left_out: u64 },
}

/// In which bands not everybody meets everybody.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Crowds {
    /// Rows beyond which a band is a crowd.
    pub(crate) above: usize,
    /// The least similarity that counts, in millionths: sets of too unequal sizes need no comparison.
    pub(crate) threshold: u64,
}

impl Crowds {
    /// Says, of all rows of a band, who is compared with whom.
    ///
    /// In a crowd each row is compared with the best-ranked ones, of which one is likely kept, and with its neighbours
    /// by likeness: so the number of comparisons grows with the rows, and follows from the set of rows alone.
    pub(crate) fn meet(&self, mut members: Vec<Member>, mut say: impl FnMut(Meeting)) {
        members.sort_unstable();
        members.dedup_by_key(|member| member.rank.id);
        let count = members.len();
        if count <= self.above {
            for (index, worse) in members.iter().enumerate().skip(1) {
                let betters = members[..index].iter().filter(|better| self.may_match(better, worse));
                let betters: Vec<Rank> = betters.map(|better| better.rank).collect();
                if !betters.is_empty() {
                    say(Meeting::Compare { worse: worse.rank.id, betters });
                }
            }
            return;
        }
        let mut looked_at = 0;
        let mut met: BTreeMap<Rank, Vec<Rank>> = BTreeMap::new();
        let mut compare = |one: &Member, two: &Member| {
            looked_at += 1;
            if self.may_match(one, two) {
                let (better, worse) = (one.rank.min(two.rank), one.rank.max(two.rank));
                met.entry(worse).or_default().push(better);
            }
        };
        let reach = self.above / 4;
        for (index, worse) in members.iter().enumerate().skip(1) {
            members[..index.min(reach)].iter().for_each(|better| compare(better, worse));
        }
        members.sort_unstable_by_key(|member| (member.order, member.rank));
        for (index, one) in members.iter().enumerate() {
            members[index + 1..].iter().take(reach).for_each(|two| compare(one, two));
        }
        for (worse, mut betters) in met {
            betters.sort_unstable();
            betters.dedup();
            say(Meeting::Compare { worse: worse.id, betters });
        }
        let pairs = count as u64 * (count as u64 - 1) / 2;
        say(Meeting::Crowd { rows: count as u64, left_out: pairs.saturating_sub(looked_at) });
    }

    /// Whether two sets of these sizes can be similar enough: at best the smaller one lies within the larger.
    fn may_match(&self, one: &Member, two: &Member) -> bool {
        let (less, more) = (one.size.min(two.size), one.size.max(two.size));
        u64::from(less) * 1_000_000 >= u64::from(more) * self.threshold
    }
}
