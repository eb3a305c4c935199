//! Who meets whom in a band: everybody, and in a crowd a bounded few.

use std::cell::OnceCell;
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

/// Values of a signature, as numbers of so many bits as tell most of them apart, the first one highest. A crowd is parted by
/// four bits at a time: a value of words, or four of a vector.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct Order(pub(crate) u64);

impl Order {
    const VALUES: u32 = 16;

    /// Returns how many values of so many bits it holds.
    pub(crate) const fn values(bits: u32) -> usize {
        (u64::BITS / bits) as usize
    }

    /// Returns the four bits of this number.
    fn value(self, index: u32) -> u64 {
        self.0 >> (4 * (Self::VALUES - 1 - index)) & 0xf
    }
}

/// A row in a band.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct Member {
    pub(crate) rank: Rank,
    pub(crate) shape: Shape,
    /// The next values of its signature, by which a crowd is parted: rows that agree are likelier alike than others.
    pub(crate) order: Order,
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
    pub(crate) fn of(better: &Member, worse: &Member) -> Self {
        let version = better.shape.version ^ worse.shape.version;
        Pair { better: better.rank, worse: worse.rank.id, version }
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

/// A row of a band before a change and after it.
pub(crate) struct Seen<K> {
    pub(crate) member: Member,
    /// What is known of it, once that was asked for.
    pub(crate) known: OnceCell<K>,
    stood: [bool; 2],
}

/// Before a change, and after it.
const SIDES: [usize; 2] = [0, 1];

impl Crowds {
    /// Says by how much the pairs differ that are to be compared, of the rows of a band before a change and after it, and
    /// returns how crowded it was, and is, if it is a crowd.
    ///
    /// Everybody meets everybody. In a crowd each row meets the head alone: the best-ranked row, which is likely kept. Those
    /// who do not agree with it in all of the next values of their signatures are parted by these, and each part is as a band
    /// of its own. So the number of comparisons grows with the rows, follows from the set of rows alone, and, of a change, with
    /// what changes.
    pub(crate) fn meet<K>(
        &self,
        sides: [Vec<Member>; 2],
        mut say: impl FnMut(&Seen<K>, &Seen<K>, i64),
    ) -> [Option<Crowd>; 2] {
        let rows = sides.each_ref().map(|members| members.len() as u64);
        let mut seen = both(sides);
        let mut met = [0; 2];
        self.group(&mut seen, 0, &mut met, &mut |better, worse, weight| {
            if self.may_match(&better.member, &worse.member) {
                say(better, worse, weight);
            }
        });
        SIDES.map(|side| {
            let left_out = (rows[side] * rows[side].saturating_sub(1) / 2) - met[side];
            (rows[side] > self.above as u64).then_some(Crowd { rows: rows[side], left_out })
        })
    }

    /// Says the pairs of a group of rows, which are in order of rank, and counts those of each side.
    fn group<K>(
        &self,
        seen: &mut [Seen<K>],
        level: u32,
        met: &mut [u64; 2],
        say: &mut impl FnMut(&Seen<K>, &Seen<K>, i64),
    ) {
        let heads = SIDES.map(|side| {
            let rows = seen.iter().filter(|seen| seen.stood[side]).count();
            let heads = if rows > self.above { 1 } else { rows };
            met[side] += (0..heads).map(|index| (rows - 1 - index) as u64).sum::<u64>();
            heads
        });
        let orders = meet_heads(seen, heads, say);
        // Who agrees with a head in all values is alike to it, or finds those that it is alike to in another band.
        for seen in seen.iter_mut() {
            for side in SIDES.into_iter().filter(|side| orders[*side].len() == 1) {
                seen.stood[side] &= orders[side][0] != seen.member.order;
            }
        }
        let done = seen.iter().all(|seen| seen.stood == [false; 2]);
        if done || level == Order::VALUES {
            return;
        }
        let part = |seen: &Seen<K>| seen.member.order.value(level);
        seen.sort_unstable_by_key(|seen| (part(seen), seen.member));
        for part in seen.chunk_by_mut(|one, two| part(one) == part(two)) {
            self.group(part, level + 1, met, say);
        }
    }

    /// Whether two rows can be similar enough, by the sizes of their sets: at best the smaller one lies within the larger.
    fn may_match(&self, one: &Member, two: &Member) -> bool {
        let (less, more) = (one.shape.size.min(two.shape.size), one.shape.size.max(two.shape.size));
        u64::from(less) * 1_000_000 >= u64::from(more) * self.threshold
    }
}

/// Says by how much the pairs differ of the heads, so many of each side, with everybody that ranks below, and returns the
/// heads' orders.
fn meet_heads<K>(
    seen: &mut [Seen<K>],
    heads: [usize; 2],
    say: &mut impl FnMut(&Seen<K>, &Seen<K>, i64),
) -> [Vec<Order>; 2] {
    let changed = seen.iter().any(|seen| seen.stood[0] != seen.stood[1]);
    let mut orders = [Vec::new(), Vec::new()];
    for index in 0..seen.len() {
        let is_head = SIDES.map(|side| seen[index].stood[side] && orders[side].len() < heads[side]);
        for below in seen[index + 1..].iter().filter(|_| changed && is_head != [false; 2]) {
            let [was, is] = SIDES.map(|side| i64::from(is_head[side] && below.stood[side]));
            if was != is {
                say(&seen[index], below, is - was);
            }
        }
        for side in SIDES.into_iter().filter(|side| is_head[*side]) {
            orders[side].push(seen[index].member.order);
            seen[index].stood[side] = false;
        }
        if SIDES.iter().all(|side| orders[*side].len() == heads[*side]) {
            break;
        }
    }
    orders
}

/// Returns the rows of two sides in order of rank, each once.
fn both<K>([before, after]: [Vec<Member>; 2]) -> Vec<Seen<K>> {
    let side = |members: Vec<Member>, stood| members.into_iter().map(move |member| (member, stood));
    let mut all: Vec<(Member, [bool; 2])> =
        side(before, [true, false]).chain(side(after, [false, true])).collect();
    all.sort_unstable();
    all.dedup_by(|(two, also), (one, stood)| {
        let same = one == two;
        if same {
            SIDES.into_iter().for_each(|side| stood[side] |= also[side]);
        }
        same
    });
    all.into_iter().map(|(member, stood)| Seen { member, known: OnceCell::new(), stood }).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    const CROWDS: Crowds = Crowds { above: 8, threshold: 800_000 };

    fn member(number: u64, order: u64) -> Member {
        // The head of all is of the first kind.
        let tier = if order == 0 { Tier::T0 } else { Tier::T1 };
        let rank = Rank { tier, score: Reverse(Score::ONE), id: Key::of(&number.to_le_bytes()) };
        Member { rank, shape: Shape { size: 100, version: 0 }, order: Order(order) }
    }

    fn meet(before: &[Member], after: &[Member]) -> (BTreeMap<Pair, i64>, [Option<Crowd>; 2]) {
        let mut pairs = BTreeMap::new();
        let crowds = CROWDS.meet([before.to_vec(), after.to_vec()], |better: &Seen<()>, worse, weight| {
            *pairs.entry(Pair::of(&better.member, &worse.member)).or_default() += weight;
        });
        pairs.retain(|_, weight| *weight != 0);
        (pairs, crowds)
    }

    #[test]
    fn a_crowd_meets_its_best_and_those_that_agree_with_none_of_them_meet_among_themselves() {
        let few: Vec<Member> = (0..8).map(|number| member(number, 0)).collect();
        assert_eq!(meet(&[], &few), (meet(&[], &few).0, [None, None]));
        assert_eq!(meet(&[], &few).0.len(), 28);
        // All agree: each meets the head, and that is all.
        let alike: Vec<Member> = (0..100).map(|number| member(number, 7)).collect();
        let (pairs, [_, crowd]) = meet(&[], &alike);
        assert_eq!((pairs.len(), crowd), (99, Some(Crowd { rows: 100, left_out: 4_950 - 99 })));
        // Ten kinds of ten, that differ in their last two values: until then a head a value, and its kind is done.
        let kinds: Vec<Member> = (0..100).map(|number| member(number, (number % 10) * 0x11)).collect();
        let (pairs, [_, crowd]) = meet(&[], &kinds);
        assert_eq!((pairs.len(), crowd.unwrap().left_out), (540, 4_950 - 540));
    }

    proptest! {
        /// What differs is what there is less what there was, whoever comes and goes, in crowds and among few.
        #[test]
        fn a_change_says_what_differs(
            before in prop::collection::btree_map(0u64..60, 0u64..4, 0..40),
            after in prop::collection::btree_map(0u64..60, 0u64..4, 0..40),
        ) {
            let members = |rows: &BTreeMap<u64, u64>| -> Vec<Member> {
                rows.iter().map(|(number, kind)| member(*number, kind * (0x11 << (4 * (number % 6))))).collect()
            };
            let (before, after) = (members(&before), members(&after));
            let (mut expected, [_, is]) = meet(&[], &after);
            let (taken, [_, was]) = meet(&[], &before);
            for (pair, weight) in taken {
                *expected.entry(pair).or_default() -= weight;
            }
            expected.retain(|_, weight| *weight != 0);
            prop_assert_eq!(meet(&before, &after), (expected, [was, is]));
        }
    }
}
