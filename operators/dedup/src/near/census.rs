//! How many elements two sets share at most, told without reading them.

/// Parts of all numbers that are counted apart.
const PARTS: usize = 7 * COUNTS;

/// Elements of a set in each of 112 equal parts of all numbers, four bits each: with a name it fills a line of a cache.
///
/// Two sets share no more than the lesser count of each part, added up. Of hashes, which lie anywhere, that is little more
/// than they do share as long as parts have few; so most pairs that have met by chance need not be compared.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Census(pub(crate) [u64; PARTS / COUNTS]);

/// Counts in a number.
const COUNTS: usize = 16;

/// Every second count of a number.
const HALF: u64 = 0x0f0f_0f0f_0f0f_0f0f;

impl Census {
    /// Counts a set; none if a part has more elements than can be said.
    pub(crate) fn of(set: &[u64]) -> Option<Self> {
        let mut counts = [0u8; PARTS];
        for element in set {
            let count = &mut counts[part(*element)];
            *count = count.checked_add(1).filter(|count| *count < COUNTS as u8)?;
        }
        let numbers = counts.as_chunks::<COUNTS>().0.iter();
        let numbers = numbers.map(|counts| counts.iter().fold(0, |all, count| all << 4 | u64::from(*count)));
        let mut census = Census::default();
        census.0.iter_mut().zip(numbers).for_each(|(to, number)| *to = number);
        Some(census)
    }

    /// Returns the elements that were counted.
    pub(crate) fn size(&self) -> usize {
        self.0.iter().map(|number| sum(number & HALF) + sum(number >> 4 & HALF)).sum()
    }

    /// Returns how many elements the two sets share at most.
    pub(crate) fn most_shared(&self, other: &Census) -> usize {
        let pairs = self.0.iter().zip(&other.0);
        pairs
            .map(|(one, two)| {
                sum(least(one & HALF, two & HALF)) + sum(least(one >> 4 & HALF, two >> 4 & HALF))
            })
            .sum()
    }
}

/// Returns the part that a number lies in.
fn part(element: u64) -> usize {
    (((element >> 32) * PARTS as u64) >> 32) as usize
}

/// Returns the lesser of each two bytes, all of which are below 128.
fn least(one: u64, two: u64) -> u64 {
    const HIGH: u64 = 0x8080_8080_8080_8080;
    // The highest bit of a byte stays where the first is not less; from it comes a mask of the lower seven.
    let not_less = ((one | HIGH) - two) & HIGH;
    let second = not_less - (not_less >> 7);
    (two & second) | (one & !second)
}

/// Returns the sum of eight bytes that are below 32.
fn sum(bytes: u64) -> usize {
    (bytes.wrapping_mul(0x0101_0101_0101_0101) >> 56) as usize
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use rifflebox_core::mix;

    use super::*;

    #[test]
    fn no_pair_shares_more_than_is_said() {
        for size in [0, 1, 20, 150, 600] {
            for shared in [0, size / 3, size / 2, size] {
                let set = |first: u64| (first..first + size).map(mix).collect::<BTreeSet<_>>();
                let (one, two) = (set(0), set(size - shared));
                let census =
                    |set: &BTreeSet<u64>| Census::of(&set.iter().copied().collect::<Vec<_>>()).unwrap();
                let (a, b) = (census(&one), census(&two));
                assert_eq!((a.size(), b.size()), (one.len(), two.len()));
                let parts = |set: &BTreeSet<u64>, part| {
                    set.iter().filter(|element| super::part(**element) == part).count()
                };
                let most: usize = (0..PARTS).map(|part| parts(&one, part).min(parts(&two, part))).sum();
                assert_eq!(a.most_shared(&b), most);
                assert!(one.intersection(&two).count() <= most);
            }
        }
    }

    #[test]
    fn a_set_that_cannot_be_counted_is_not() {
        assert!(Census::of(&(0..15).collect::<Vec<_>>()).is_some());
        assert_eq!(Census::of(&(0..16).collect::<Vec<_>>()), None);
    }
}
