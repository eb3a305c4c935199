use std::ops::Range;

use rifflebox_core::grams;

use super::word::Word;

/// Returns where the longest run of words stands that two lists of words share: in the first, and in the second.
///
/// Runs of fewer than `least` words are none. Of several that are as long, the one that comes first in the second list
/// counts, and then in the first.
pub(crate) fn longest(one: &[Word], two: &[Word], least: usize) -> Option<(Range<usize>, Range<usize>)> {
    if one.len().min(two.len()) < least {
        return None;
    }
    let grams_of = |words: &[Word]| grams(&words.iter().map(|word| word.hash).collect::<Vec<_>>(), least);
    let mut places: Vec<(u64, usize)> =
        grams_of(one).into_iter().enumerate().map(|(at, gram)| (gram, at)).collect();
    places.sort_unstable();
    let mut best: Option<(Range<usize>, Range<usize>)> = None;
    for (there, gram) in grams_of(two).into_iter().enumerate() {
        let from = places.partition_point(|(other, _)| *other < gram);
        for &(_, here) in places[from..].iter().take_while(|(other, _)| *other == gram) {
            // A run that could begin earlier did.
            if here > 0 && there > 0 && one[here - 1].hash == two[there - 1].hash {
                continue;
            }
            let same = one[here..].iter().zip(&two[there..]).take_while(|(a, b)| a.hash == b.hash);
            let length = same.count();
            if length >= least && best.as_ref().is_none_or(|(run, _)| run.len() < length) {
                best = Some((here..here + length, there..there + length));
            }
        }
    }
    best
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::word::{Gap, words};
    use super::*;

    proptest! {
        /// Equal to trying every pair of places, whatever repeats.
        #[test]
        fn no_pair_of_places_has_a_longer_run(
            one in prop::collection::vec(0u8..4, 0..40),
            two in prop::collection::vec(0u8..4, 0..40),
            least in 1usize..6,
        ) {
            let text = |letters: &[u8]| letters.iter().map(|letter| format!("{letter} ")).collect::<String>();
            let read = |text: &str, gap| words([text].into_iter(), |_| vec![], gap);
            let found = longest(&read(&text(&one), Gap::InSample), &read(&text(&two), Gap::InDocument), least);
            let run = |i: usize, j: usize| one[i..].iter().zip(&two[j..]).take_while(|(a, b)| a == b).count();
            let pairs = (0..one.len()).flat_map(|i| (0..two.len()).map(move |j| (i, j)));
            let true_length = pairs.map(|(i, j)| run(i, j)).max().unwrap_or(0);
            match found {
                None => prop_assert!(true_length < least),
                Some((here, there)) => {
                    prop_assert_eq!(here.len(), true_length);
                    prop_assert_eq!(&one[here], &two[there]);
                }
            }
        }
    }
}
