//! Finding keys among sorted ones, most of which lie in pages that nobody has touched.

use std::ops::Range;

use rifflebox_core::Key;

/// Keys among which a search by halves is as good: they lie in one page.
const NEAR: usize = 256;

/// Returns the first position of a range at whose key `below` no longer holds; the range's end if it holds for all.
///
/// Keys are digests: where they begin and end tells nearly where any other lies (Perl, Itai, Avni 1978). A search by
/// halves touches a page for each half, this one next to none but the last; it is never worse than twice as many looks.
///
/// # Contract
/// - The keys of the range ascend (trusted), and `below` holds for no key behind one for which it fails (trusted).
pub fn partition_keys(range: Range<usize>, key: impl Fn(usize) -> Key, below: impl Fn(Key) -> bool) -> usize {
    if range.is_empty() || !below(key(range.start)) {
        return range.start;
    }
    let first = Bound::at(range.start, &key);
    let last = Bound::at(range.end - 1, &key);
    if below(key(last.position)) {
        return range.end;
    }
    let boundary =
        if last.position - first.position > NEAR { boundary(first.key, last.key, &below) } else { 0 };
    let (mut low, mut high) = (first, last);
    let narrow = |low: &mut Bound, high: &mut Bound, position: usize| {
        if low.position < position && position < high.position {
            let bound = Bound::at(position, &key);
            let end = if below(Key::from_u128(bound.key)) { low } else { high };
            *end = bound;
        }
    };
    while high.position - low.position > 1 {
        let span = high.position - low.position;
        if span > NEAR {
            // Twice the standard deviation, at most, of where a uniform key lies among so many.
            let slack = (span as f64).sqrt() as usize;
            let share = (boundary - low.key) as f64 / (high.key - low.key) as f64;
            let guess = low.position + (share * span as f64) as usize;
            narrow(&mut low, &mut high, guess.saturating_sub(slack));
            narrow(&mut low, &mut high, guess + slack);
        }
        if high.position - low.position > span / 2 {
            let middle = low.position + (high.position - low.position) / 2;
            narrow(&mut low, &mut high, middle);
        }
    }
    high.position
}

/// A position, and its key as a number.
struct Bound {
    position: usize,
    key: u128,
}

impl Bound {
    fn at(position: usize, key: &impl Fn(usize) -> Key) -> Self {
        Bound { position, key: key(position).to_u128() }
    }
}

/// Returns the least key for which `below` fails; it holds for `low`, and not for `high`.
fn boundary(mut low: u128, mut high: u128, below: &impl Fn(Key) -> bool) -> u128 {
    while high - low > 1 {
        let middle = low + (high - low) / 2;
        match below(Key::from_u128(middle)) {
            true => low = middle,
            false => high = middle,
        }
    }
    high
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;
    use std::collections::BTreeSet;

    use super::*;

    fn digests(count: u64) -> Vec<Key> {
        let mut keys: Vec<Key> = (0..count).map(|number| Key::of(&number.to_le_bytes())).collect();
        keys.sort();
        keys
    }

    fn check(keys: &[Key]) {
        let sought = keys.iter().step_by(keys.len() / 50 + 1).map(|key| key.to_u128());
        let around = sought.flat_map(|key| [key.saturating_sub(1), key, key.saturating_add(1)]);
        for key in around.chain([0, u128::MAX]).map(Key::from_u128) {
            for range in [0..keys.len(), keys.len() / 3..keys.len(), 0..keys.len() / 2] {
                let expected = range.start + keys[range.clone()].partition_point(|other| *other < key);
                let found = partition_keys(range, |at| keys[at], |other| other < key);
                assert_eq!(found, expected, "{key} among {}", keys.len());
            }
        }
    }

    #[test]
    fn any_keys_are_found() {
        for count in [0, 1, 2, 3, 255, 256, 257, 258, 10_000] {
            check(&digests(count));
        }
        // What no digests are: in a row, doubling, and all but one at one end.
        check(&(0..10_000).map(Key::from_u128).collect::<Vec<_>>());
        check(&(0..127).map(|bit| Key::from_u128(1 << bit)).collect::<Vec<_>>());
        let mut clustered: Vec<Key> = (0..10_000).map(|number| Key::from_u128(number * number)).collect();
        clustered.push(Key::MAX);
        check(&clustered);
    }

    #[test]
    fn few_pages_are_touched() {
        let keys = digests(1_000_000);
        let pages = RefCell::new(BTreeSet::new());
        let mut touched = 0;
        for number in 0..1_000u64 {
            let sought = Key::of(format!("another {number}").as_bytes());
            let key = |at: usize| {
                pages.borrow_mut().insert(at / NEAR);
                keys[at]
            };
            partition_keys(0..keys.len(), key, |other| other < sought);
            touched += pages.borrow().len();
            pages.borrow_mut().clear();
        }
        // A search by halves touches 14; two are those of the range's ends.
        assert!(touched < 6_500, "{touched} pages for a thousand keys");
    }
}
