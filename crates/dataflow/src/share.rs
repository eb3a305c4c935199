//! Who owns which keys.

use std::ops::Range;

use rifflebox_core::Key;
use rifflebox_storage::partition_keys;

/// Returns which of `peers` workers owns a key: worker *i* of *n* owns the *i*-th *n*-th of the key space.
pub(crate) fn owner(key: Key, peers: usize) -> usize {
    Share::of(0, peers).place(key).0
}

/// A share of the key space: that of one worker, or some of the equal slices into which it is cut.
#[derive(Clone, Debug)]
pub(crate) struct Share {
    worker: usize,
    peers: usize,
    count: u64,
    slices: Range<u64>,
}

impl Share {
    /// Everything.
    pub(crate) const ALL: Share = Share { worker: 0, peers: 1, count: 1, slices: 0..1 };

    /// Returns what a worker owns.
    pub(crate) fn of(worker: usize, peers: usize) -> Self {
        Share { worker, peers, count: 1, slices: 0..1 }
    }

    /// Returns some slices of what the worker owns, of `count` in order of key.
    pub(crate) fn slices(&self, count: u64, slices: Range<u64>) -> Self {
        Share { count, slices, ..*self }
    }

    /// Returns where a share's keys lie among sorted ones.
    pub(crate) fn range(&self, len: usize, key: impl Fn(usize) -> Key) -> Range<usize> {
        let from = partition_keys(0..len, &key, |key| self.place(key) < (self.worker, self.slices.start));
        let to = partition_keys(0..len, &key, |key| self.place(key) < (self.worker, self.slices.end));
        from..to.max(from)
    }

    /// Returns a key's worker, and the slice of that worker's share in which the key lies; both rise with the key.
    fn place(&self, key: Key) -> (usize, u64) {
        let place = u128::from(key.head64()) * self.peers as u128;
        let within = u128::from(place as u64) * u128::from(self.count);
        ((place >> 64) as usize, (within >> 64) as u64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slices_of_workers_lie_one_behind_the_other_and_leave_nothing_out() {
        let mut keys: Vec<Key> = (0..1000u64).map(|number| Key::of(&number.to_le_bytes())).collect();
        keys.extend([Key::MIN, Key::MAX]);
        keys.sort();
        for (peers, count) in [(1, 1), (1, 7), (3, 1), (3, 5), (2, 4000)] {
            let mut end = 0;
            for worker in 0..peers {
                for slice in 0..count {
                    let share = Share::of(worker, peers).slices(count, slice..slice + 1);
                    let range = share.range(keys.len(), |index| keys[index]);
                    assert_eq!(range.start, end, "worker {worker} of {peers}, slice {slice} of {count}");
                    assert!(keys[range.clone()].iter().all(|key| owner(*key, peers) == worker));
                    end = range.end;
                }
            }
            assert_eq!(end, keys.len());
        }
    }
}
