//! Texts as sets of shingles: runs of consecutive words or characters, each named by a 64-bit hash.

use std::cell::{Cell, RefCell};

use rifflebox_core::{each_lower_word, each_lower_word_begins, grams_in_place, mix};
use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::xxh3_64;

/// Of what a shingle is a run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Unit {
    /// Words: maximal runs of word characters (`\w` of [UTS #18](https://unicode.org/reports/tr18/#Compatibility_Properties)).
    #[default]
    Word,
    /// Characters of the words, which are joined by single spaces: for languages that put none between theirs.
    Char,
}

/// What cuts a text into shingles.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Shingler {
    pub(crate) unit: Unit,
    /// Words or characters per shingle.
    pub(crate) n: usize,
}

impl Shingler {
    /// Calls `read` with the set of a text's shingles, lower-cased, in rising order: one shingle for a shorter text, none
    /// for an empty one.
    ///
    /// Two texts share a hash exactly when they share a shingle, but for the collisions of 64 bits: one pair of texts of
    /// a thousand words in 10^13 has any.
    pub(crate) fn with_set<T>(&self, text: &str, read: impl FnOnce(&mut Vec<u64>) -> T) -> T {
        let mut set = SET.take();
        set.clear();
        self.units(text, &mut set);
        grams_in_place(&mut set, self.n);
        sort(&mut set);
        set.dedup();
        let read = read(&mut set);
        if set.capacity() <= MOST_ROOM {
            SET.set(set);
        }
        read
    }

    fn units(&self, text: &str, units: &mut Vec<u64>) {
        match self.unit {
            Unit::Word => each_lower_word_begins(text, |rest, length| units.push(hash(rest, length))),
            Unit::Char => each_lower_word(text, |word| {
                if !units.is_empty() {
                    units.push(mix(u64::from(' ')));
                }
                units.extend(word.chars().map(|char| mix(u64::from(char))));
            }),
        }
    }
}

/// Numbers without structure: digits of the circle's number, as Blowfish takes them.
const DIGITS: [u64; 2] = [0x243f_6a88_85a3_08d3, 0x1319_8a2e_0370_7344];

/// Hashes the word of this length, at least 1, that a text begins with. A short one is read whole in one go, whatever its
/// length is, and hashed by the two halves of a product (Wang Yi: wyhash).
#[inline]
fn hash(rest: &str, length: usize) -> u64 {
    const SHORT: usize = size_of::<u128>();
    if length > SHORT {
        return xxh3_64(&rest.as_bytes()[..length]);
    }
    let bytes = match rest.as_bytes().first_chunk() {
        Some(bytes) => *bytes,
        None => {
            let mut bytes = [0; SHORT];
            bytes[..rest.len()].copy_from_slice(rest.as_bytes());
            bytes
        }
    };
    let word = u128::from_le_bytes(bytes) & (u128::MAX >> (8 * (SHORT - length)));
    let (low, high) = (word as u64 ^ DIGITS[0], (word >> 64) as u64 ^ DIGITS[1]);
    let product = u128::from(low) * u128::from(high);
    product as u64 ^ (product >> 64) as u64
}

/// Hashes for which room is kept: most texts have fewer.
const MOST_ROOM: usize = 1 << 17;

thread_local! {
    /// Room for a set, for as long as the thread lives.
    static SET: Cell<Vec<u64>> = const { Cell::new(Vec::new()) };
    /// Room that sorting takes.
    static ROOM: RefCell<(Vec<u32>, Vec<u64>)> = const { RefCell::new((Vec::new(), Vec::new())) };
}

/// Sorts hashes: each is put where one of its size lies among uniform ones, which leaves little to mend.
fn sort(hashes: &mut Vec<u64>) {
    ROOM.with_borrow_mut(|(starts, sorted)| {
        let bits = hashes.len().max(2).next_power_of_two().ilog2();
        let place = |hash: u64| (hash >> (64 - bits)) as usize;
        starts.clear();
        starts.resize((1 << bits) + 1, 0);
        hashes.iter().for_each(|hash| starts[place(*hash) + 1] += 1);
        (1..starts.len()).for_each(|at| starts[at] += starts[at - 1]);
        sorted.clear();
        sorted.resize(hashes.len(), 0);
        for hash in hashes.iter() {
            let start = &mut starts[place(*hash)];
            sorted[*start as usize] = *hash;
            *start += 1;
        }
        // Few lie behind a greater one, and those not far; a text that says the same over and over can have it otherwise.
        let mut steps = 0;
        for at in 1..sorted.len() {
            let greater = sorted[..at].iter().rev().take_while(|hash| **hash > sorted[at]).count();
            if greater > 0 {
                sorted[at - greater..=at].rotate_right(1);
            }
            steps += greater;
            if steps > 8 * sorted.len() {
                sorted.sort_unstable();
                break;
            }
        }
        std::mem::swap(hashes, sorted);
        starts.shrink_to(MOST_ROOM);
        sorted.shrink_to(MOST_ROOM);
    });
}

/// Steps after which it is asked whether two sets can still share enough.
const STRIDE: usize = 16;

/// Strides before a comparison goes on in two halves: most pairs that have met by chance end here, and of their sets
/// nothing but the beginnings has been fetched.
const STRIDES: usize = 4;

/// Returns how many elements two sets share, each as the little-endian bytes of its elements in rising order; none if they
/// are fewer than `least`, which most that have met by chance soon show.
pub(crate) fn shared(one: &[[u8; 8]], two: &[[u8; 8]], least: usize) -> Option<usize> {
    let mut begun = Walk::new(one, two);
    for _ in 0..STRIDES {
        (0..begun.to_come().min(STRIDE)).for_each(|_| begun.step());
        if begun.count + begun.to_come() < least {
            return None;
        }
    }
    let (one, two) = (&one[begun.left..], &two[begun.right..]);
    Some(begun.count + shared_in_halves(one, two, least.saturating_sub(begun.count))?)
}

/// Goes through the lower half of all elements and the upper one at the same time: neither waits for the other.
fn shared_in_halves(one: &[[u8; 8]], two: &[[u8; 8]], least: usize) -> Option<usize> {
    let (low_one, high_one) = one.split_at(one.len() / 2);
    let below = |element: &[u8; 8]| {
        high_one.first().is_none_or(|first| u64::from_le_bytes(*element) < u64::from_le_bytes(*first))
    };
    let (low_two, high_two) = two.split_at(two.partition_point(below));
    let (mut low, mut high) = (Walk::new(low_one, low_two), Walk::new(high_one, high_two));
    loop {
        let (low_steps, high_steps) = (low.to_come(), high.to_come());
        if low.count + high.count + low_steps + high_steps < least {
            return None;
        }
        match low_steps.min(high_steps).min(STRIDE) {
            0 if low_steps + high_steps == 0 => return Some(low.count + high.count),
            0 => {
                (0..low_steps.min(STRIDE)).for_each(|_| low.step());
                (0..high_steps.min(STRIDE)).for_each(|_| high.step());
            }
            steps => (0..steps).for_each(|_| {
                low.step();
                high.step();
            }),
        }
    }
}

/// A way through two sets.
struct Walk<'a> {
    one: &'a [[u8; 8]],
    two: &'a [[u8; 8]],
    left: usize,
    right: usize,
    count: usize,
}

impl<'a> Walk<'a> {
    fn new(one: &'a [[u8; 8]], two: &'a [[u8; 8]]) -> Self {
        Walk { one, two, left: 0, right: 0, count: 0 }
    }

    /// Returns how many steps can be made before one set may end: so many elements may still be shared, at most.
    fn to_come(&self) -> usize {
        (self.one.len() - self.left).min(self.two.len() - self.right)
    }

    /// Which side goes on is computed and not branched on: of two texts that differ nobody could foresee it.
    #[inline(always)]
    fn step(&mut self) {
        let (a, b) = (u64::from_le_bytes(self.one[self.left]), u64::from_le_bytes(self.two[self.right]));
        self.count += usize::from(a == b);
        self.left += usize::from(a <= b);
        self.right += usize::from(b <= a);
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    const WORDS: Shingler = Shingler { unit: Unit::Word, n: 5 };

    fn set(shingler: Shingler, text: &str) -> Vec<u64> {
        shingler.with_set(text, |set| set.clone())
    }

    /// The definition, with regular expression, tuples and sets.
    fn reference(text: &str, n: usize) -> BTreeSet<Vec<String>> {
        let lower = text.to_lowercase();
        let words = regex::Regex::new(r"\w+").unwrap();
        let words: Vec<String> = words.find_iter(&lower).map(|word| word.as_str().to_owned()).collect();
        match words.len() {
            0 => BTreeSet::new(),
            len if len <= n => BTreeSet::from([words]),
            _ => words.windows(n).map(<[String]>::to_vec).collect(),
        }
    }

    #[test]
    fn sets_are_as_large_as_the_definition_has_them_and_share_as_many() {
        let texts = [
            "",
            "— … !",
            "one",
            "One two, three FOUR five",
            "one two three four five six",
            "a a a a a a a a a",
            "Ünïcode wörter: größe, ΣΊΣΥΦΟΣ, हिन्दी में शब्द, snake_case x2",
            "größe, σίσυφος, हिन्दी में शब्द, snake_case x2",
            "the quick brown fox jumps over the lazy dog the quick brown fox jumps",
        ];
        for one in texts {
            for two in texts {
                for n in [1, 2, 5] {
                    let shingler = Shingler { n, ..WORDS };
                    let (a, b) = (set(shingler, one), set(shingler, two));
                    let (x, y) = (reference(one, n), reference(two, n));
                    assert_eq!((a.len(), b.len()), (x.len(), y.len()), "{one:?} {two:?} {n}");
                    let bytes = |set: &[u64]| set.iter().map(|one| one.to_le_bytes()).collect::<Vec<_>>();
                    let count = x.intersection(&y).count();
                    for least in [0, count] {
                        assert_eq!(shared(&bytes(&a), &bytes(&b), least), Some(count), "{one:?} {two:?} {n}");
                    }
                    assert_eq!(shared(&bytes(&a), &bytes(&b), count + 1), None, "{one:?} {two:?} {n}");
                }
            }
        }
    }

    #[test]
    fn hashes_are_sorted() {
        for count in [0, 1, 2, 3, 7, 156, 1_000, 70_000] {
            let hashes: Vec<u64> = (0..count).map(|number| mix(number % 50_000)).collect();
            let (mut sorted, mut expected) = (hashes.clone(), hashes);
            sort(&mut sorted);
            expected.sort();
            assert_eq!(sorted, expected, "{count}");
        }
        // Two that are put in one place, thousands of times, the greater one first each time.
        let mut alike: Vec<u64> = (0..200_000).map(|number| 5 - number % 2).collect();
        sort(&mut alike);
        assert!(alike.is_sorted() && alike.iter().filter(|hash| **hash == 4).count() == 100_000);
        let mut few = vec![3, 1, 2, u64::MAX, 0];
        sort(&mut few);
        assert_eq!(few, [0, 1, 2, 3, u64::MAX]);
    }

    #[test]
    fn a_word_hashes_alike_wherever_it_stands_and_unlike_others() {
        let mut seen = BTreeSet::new();
        for length in 1..40 {
            for last in ["a", "b", "é"] {
                let word = format!("{}{last}", "x".repeat(length));
                let alone = hash(&word, word.len());
                for behind in [" y", "z and so on, for longer than any word of sixteen bytes"] {
                    assert_eq!(hash(&format!("{word}{behind}"), word.len()), alone, "{word}");
                }
                assert!(seen.insert(alone), "{word}");
            }
        }
    }

    #[test]
    fn characters_run_over_single_spaces() {
        let chars = Shingler { unit: Unit::Char, n: 3 };
        assert_eq!(set(chars, "a  b"), set(chars, "A-B"));
        assert_eq!(set(chars, "日本語の文").len(), 3);
    }
}
