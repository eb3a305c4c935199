//! How updates become sorted: gathered as they come, and sorted once, when they are sealed.
//!
//! The library's merge batcher sorts small chunks and merges them in ever longer chains, which moves each update a dozen
//! times where a hundred thousand come at one time. An epoch is bounded, so it is gathered whole, and moved once or twice.

use differential_dataflow::logging::Logger;
use differential_dataflow::trace::{Batcher, Description};
use timely::container::{ContainerBuilder, PushInto};
use timely::progress::Antichain;
use timely::progress::frontier::AntichainRef;

use crate::batch::Update;
use crate::time::Time;

/// Gathers the updates of many messages until they are asked for.
pub(crate) struct Gatherer<T>(Vec<Update<T>>);

impl<T> Default for Gatherer<T> {
    fn default() -> Self {
        Gatherer(Vec::new())
    }
}

impl<T> PushInto<&mut Vec<Update<T>>> for Gatherer<T> {
    fn push_into(&mut self, updates: &mut Vec<Update<T>>) {
        self.0.append(updates);
    }
}

impl<T: Time> ContainerBuilder for Gatherer<T> {
    type Container = Vec<Update<T>>;

    fn extract(&mut self) -> Option<&mut Self::Container> {
        None
    }

    fn finish(&mut self) -> Option<&mut Self::Container> {
        (!self.0.is_empty()).then_some(&mut self.0)
    }
}

/// Sorts and consolidates what is sealed, and what is kept for later.
pub(crate) struct Sorter<T: Time> {
    pending: Vec<Update<T>>,
    lower: Antichain<T>,
    frontier: Antichain<T>,
}

impl<T: Time> PushInto<Vec<Update<T>>> for Sorter<T> {
    fn push_into(&mut self, mut updates: Vec<Update<T>>) {
        match self.pending.is_empty() {
            true => self.pending = updates,
            false => self.pending.append(&mut updates),
        }
    }
}

impl<T: Time> Batcher for Sorter<T> {
    type Output = Vec<Update<T>>;
    type Time = T;

    fn new(_: Option<Logger>, _: usize) -> Self {
        Sorter { pending: Vec::new(), lower: Antichain::from_elem(T::minimum()), frontier: Antichain::new() }
    }

    fn seal(&mut self, upper: Antichain<T>) -> (Vec<Self::Output>, Description<T>) {
        let mut ready = std::mem::take(&mut self.pending);
        self.pending.extend(ready.extract_if(.., |(_, time, _)| upper.less_equal(time)));
        consolidate(&mut ready);
        consolidate(&mut self.pending);
        // What cancels is no reason to hold a time back.
        self.frontier.clear();
        self.frontier.extend(self.pending.iter().map(|(_, time, _)| *time));
        let lower = std::mem::replace(&mut self.lower, upper.clone());
        let chain = if ready.is_empty() { Vec::new() } else { vec![ready] };
        (chain, Description::new(lower, upper, Antichain::from_elem(T::minimum())))
    }

    fn frontier(&mut self) -> AntichainRef<'_, T> {
        self.frontier.borrow()
    }
}

/// Updates that are sorted at once, about: so many lie in a processor's own cache.
const AT_ONCE: usize = 1 << 10;

/// Parts into which updates are parted at most, in bits: more of them would be written to by turns than that cache has room
/// for.
const MOST_BITS: u32 = 11;

/// Sorts updates, and adds up those that are equal but for their weight.
///
/// Keys are digests: their heads part the updates evenly, in one pass over memory, and each part is sorted where it lies.
fn consolidate<T: Time>(updates: &mut Vec<Update<T>>) {
    let bits = (updates.len() / AT_ONCE).checked_ilog2().map_or(0, |bits| (bits + 1).min(MOST_BITS));
    let mut rest = &mut updates[..];
    let mut order = Vec::new();
    for end in part(rest, bits) {
        let (part, others) = rest.split_at_mut(end);
        sort(part, &mut order);
        rest = others;
    }
    updates.dedup_by(|two, one| {
        let same = one.0 == two.0 && one.1 == two.1;
        one.2 += if same { two.2 } else { 0 };
        same
    });
    updates.retain(|(_, _, diff)| *diff != 0);
}

/// Sorts updates by key and value: first the heads of their keys, which are short, and then each update goes to its
/// place at once.
fn sort<T: Time>(updates: &mut [Update<T>], order: &mut Vec<(u64, u32)>) {
    let full = |one: &Update<T>, two: &Update<T>| (&one.0, &one.1).cmp(&(&two.0, &two.1));
    if u32::try_from(updates.len()).is_err() {
        return updates.sort_unstable_by(full);
    }
    order.clear();
    order.extend(updates.iter().zip(0..).map(|(((key, _), ..), from)| (key.head64(), from)));
    order.sort_unstable();
    // Follow each circle of places: what lies in the first one is put where it belongs last.
    for first in 0..order.len() {
        let mut to = first;
        loop {
            let from = std::mem::replace(&mut order[to].1, u32::MAX);
            if from == u32::MAX || from as usize == first {
                break;
            }
            updates.swap(to, from as usize);
            to = from as usize;
        }
    }
    let mut rest = updates;
    for same in order.chunk_by(|one, two| one.0 == two.0) {
        let (part, others) = rest.split_at_mut(same.len());
        part.sort_unstable_by(full);
        rest = others;
    }
}

/// Puts updates in order of the first bits of their keys, and returns how many have each (McIlroy, Bostic, McIlroy:
/// Engineering Radix Sort, 1993: the American flag).
fn part<T: Time>(updates: &mut [Update<T>], bits: u32) -> Vec<usize> {
    let of = |((key, _), _, _): &Update<T>| key.head64().checked_shr(u64::BITS - bits).unwrap_or(0) as usize;
    let mut lengths = vec![0; 1 << bits];
    updates.iter().for_each(|update| lengths[of(update)] += 1);
    let start = |end: &mut usize, length: &usize| Some(std::mem::replace(end, *end + length));
    let mut next: Vec<usize> = lengths.iter().scan(0, start).collect();
    let mut end = 0;
    for (number, length) in lengths.iter().enumerate() {
        end += length;
        while next[number] < end {
            // What lies here is put where its part is filled up to, and what lay there is looked at next.
            let at = next[number];
            let to = of(&updates[at]);
            updates.swap(at, next[to]);
            next[to] += 1;
        }
    }
    lengths
}

#[cfg(test)]
mod tests {
    use rifflebox_core::Key;

    use super::*;
    use crate::time::Flat;

    fn update(key: u64, time: Flat, diff: i64) -> Update<Flat> {
        ((Key::of(&key.to_le_bytes()), vec![key as u8].into()), time, diff)
    }

    #[test]
    fn what_is_sealed_is_sorted_and_what_cancels_holds_nothing_back() {
        let mut gatherer = Gatherer::default();
        let mut sorter = Sorter::new(None, 0);
        gatherer.push_into(&mut (0..500).map(|key| update(key, 1 + key % 3, 1)).collect::<Vec<_>>());
        gatherer.push_into(&mut vec![update(2, 3, -1), update(0, 1, -1), update(7, 5, 1), update(7, 5, -1)]);
        assert!(gatherer.extract().is_none());
        sorter.push_into(std::mem::take(gatherer.finish().expect("there are updates")));
        assert!(gatherer.finish().is_none());

        let (chain, description) = sorter.seal(Antichain::from_elem(3));
        let sealed: Vec<_> = chain.into_iter().flatten().collect();
        assert!(sealed.is_sorted());
        let mut expected: Vec<_> = (1..500).map(|key| update(key, 1 + key % 3, 1)).collect();
        expected.retain(|(_, time, _)| *time < 3);
        expected.sort();
        assert_eq!(sealed, expected);
        assert_eq!(description.upper(), &Antichain::from_elem(3));
        assert_eq!(sorter.frontier(), Antichain::from_elem(3).borrow());

        let (chain, description) = sorter.seal(Antichain::from_elem(4));
        assert_eq!(chain.concat().len(), 165, "one of the 166 at time 3 is gone");
        assert_eq!(description.lower(), &Antichain::from_elem(3));
        assert!(sorter.frontier().is_empty());
    }

    #[test]
    fn many_updates_are_sorted_as_few_are() {
        for count in [0, 1, AT_ONCE as u64, 5 * AT_ONCE as u64] {
            let updates = (0..count).map(|number| update(number * 7 % (count / 2 + 1), number % 3, 1));
            let mut sorted: Vec<_> = updates.chain([update(3, 1, -1)]).collect();
            let mut expected = sorted.clone();
            consolidate(&mut sorted);
            differential_dataflow::consolidation::consolidate_updates(&mut expected);
            assert_eq!(sorted, expected, "{count}");
        }
    }
}
