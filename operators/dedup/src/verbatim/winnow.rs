use rifflebox_core::grams;

use super::word::{Word, stretches};

/// Winnowing (Schleimer, Wilkerson, Aiken: Winnowing: Local Algorithms for Document Fingerprinting, SIGMOD 2003): of
/// every `window` consecutive k-grams the least hash is a fingerprint, the last one where several are least.
///
/// Two texts with a common run of `k + window - 1` words have a fingerprint in common: the run holds a whole window, and
/// what is chosen of a window depends on nothing else. About `2 / (window + 1)` of the k-grams are chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Winnow {
    k: usize,
    window: usize,
}

impl Winnow {
    /// Chooses so that every common run of `bound` words is found: half of them for the k-grams, which makes these rare,
    /// and half for the window, which makes fingerprints few.
    pub(crate) fn every(bound: usize) -> Self {
        let k = bound.div_ceil(2).max(1);
        Winnow { k, window: bound + 1 - k }
    }

    /// Returns the set of fingerprints of some words, in rising order.
    pub(crate) fn fingerprints(&self, words: &[Word]) -> Vec<u64> {
        let mut all = Vec::new();
        for stretch in stretches(words).filter(|stretch| stretch.len() + 1 >= self.k + self.window) {
            let hashes: Vec<u64> = stretch.iter().map(|word| word.hash).collect();
            self.choose(&grams(&hashes, self.k), &mut all);
        }
        all.sort_unstable();
        all.dedup();
        all
    }

    fn choose(&self, grams: &[u64], chosen: &mut Vec<u64>) {
        let last_least = |from: usize, to: usize| (from..to).rev().min_by_key(|at| grams[*at]);
        let mut least: Option<usize> = None;
        for end in self.window..=grams.len() {
            let start = end - self.window;
            let next = match least.filter(|at| *at >= start) {
                Some(at) if grams[end - 1] > grams[at] => Some(at),
                Some(_) => Some(end - 1),
                None => last_least(start, end),
            };
            if next != least {
                chosen.extend(next.map(|at| grams[at]));
                least = next;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::word::{Gap, words};
    use super::*;

    fn fingerprints(bound: usize, text: &str) -> Vec<u64> {
        Winnow::every(bound).fingerprints(&words([text].into_iter(), |_| vec![], Gap::InSample))
    }

    fn text(letters: &[u8]) -> String {
        letters.iter().map(|letter| format!("{letter} ")).collect()
    }

    proptest! {
        /// Whatever stands around it, a run of as many words as the bound brings a fingerprint into both texts.
        #[test]
        fn a_common_run_of_the_bound_has_a_common_fingerprint(
            bound in 1usize..24,
            run in prop::collection::vec(0u8..3, 24),
            around in prop::collection::vec(prop::collection::vec(0u8..3, 0..40), 4),
        ) {
            let run = &run[..bound];
            let one = text(&[&around[0], run, &around[1]].concat());
            let two = text(&[&around[2], run, &around[3]].concat());
            let (one, two) = (fingerprints(bound, &one), fingerprints(bound, &two));
            prop_assert!(one.iter().any(|fingerprint| two.contains(fingerprint)));
        }
    }

    #[test]
    fn few_are_chosen_and_none_of_what_is_too_short() {
        let long: String = (0..10_000).map(|word| format!("{word} ")).collect();
        let share = fingerprints(16, &long).len() as f64 / 10_000.0;
        assert!((0.18..0.22).contains(&share), "{share}: of windows of 9, a fifth");
        assert!(fingerprints(16, "one two three").is_empty());
    }
}
