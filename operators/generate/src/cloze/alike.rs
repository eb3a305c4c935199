//! `[text] -> is another like it?`: which texts share most of their stems, without comparing each with each.

use std::collections::{BTreeMap, BTreeSet};

use super::meter::look_at;
use super::words::terms;

/// Two texts are alike when they share so many of the shorter one's stems, in percent.
const ALIKE_PERCENT: usize = 61;

/// So many places are looked up for one text at most. What shares its rarest stems with more than that is taken to
/// have a like among them, and isn't asked: only in lists of thousands that draw on the same few words.
const MOST_LOOKED_UP: usize = 10_000;

/// Texts by their stems, the rarest first.
///
/// Of two that are alike, the shorter one shares all but a few of its stems with the longer, so it shares one of
/// the rarest: whichever is asked of, it is enough to look up those (prefix filtering: Chaudhuri, Ganti and
/// Kaushik, "A primitive operator for similarity joins in data cleaning", 2006).
pub(super) struct Alike<'a> {
    /// Each text's owner, and its stems as ranks in ascending order; rank 0 is the rarest stem's.
    texts: Vec<(&'a str, Vec<usize>)>,
    ranks: BTreeMap<String, usize>,
    /// By rank, the texts that hold the stem.
    holding: Vec<Vec<usize>>,
    /// By rank, the texts of which the stem is one of the rarest, so that a longer text alike holds one of them.
    rarest: Vec<Vec<usize>>,
}

impl<'a> Alike<'a> {
    /// Reads texts, each with its owner.
    pub(super) fn of(texts: impl Iterator<Item = (&'a str, &'a str)>) -> Self {
        let texts: Vec<(&str, BTreeSet<String>)> = texts.map(|(owner, text)| (owner, terms(text))).collect();
        let mut counts: BTreeMap<&String, usize> = BTreeMap::new();
        texts.iter().flat_map(|(_, stems)| stems).for_each(|stem| *counts.entry(stem).or_default() += 1);
        let mut order: Vec<(usize, &String)> =
            counts.into_iter().map(|(stem, count)| (count, stem)).collect();
        order.sort();
        let ranks: BTreeMap<String, usize> =
            order.into_iter().enumerate().map(|(rank, (_, stem))| (stem.clone(), rank)).collect();
        let ranked = texts.into_iter().map(|(owner, stems)| {
            let mut known: Vec<usize> = stems.iter().map(|stem| ranks[stem]).collect();
            known.sort_unstable();
            (owner, known)
        });
        let texts: Vec<(&str, Vec<usize>)> = ranked.collect();
        let (mut holding, mut rarest) = (vec![Vec::new(); ranks.len()], vec![Vec::new(); ranks.len()]);
        for (number, (_, stems)) in texts.iter().enumerate() {
            stems.iter().for_each(|rank| holding[*rank].push(number));
            stems[..prefix(stems.len())].iter().for_each(|rank| rarest[*rank].push(number));
        }
        Alike { texts, ranks, holding, rarest }
    }

    /// Returns whether a text of another owner is like this one.
    pub(super) fn has(&self, owner: &str, text: &str) -> bool {
        let stems = terms(text);
        let mut own: Vec<usize> = stems.iter().filter_map(|stem| self.ranks.get(stem).copied()).collect();
        own.sort_unstable();
        // Stems that no text holds are its rarest.
        let unknown = stems.len() - own.len();
        let first = prefix(stems.len()).saturating_sub(unknown);
        let longer = own.iter().take(first).map(|rank| &self.holding[*rank]);
        let shorter = own.iter().map(|rank| &self.rarest[*rank]);
        let mut looked_up = 0;
        for number in longer.chain(shorter).flatten() {
            looked_up += 1;
            look_at(1);
            let (other, theirs) = &self.texts[*number];
            let alike = || {
                let shared = own.iter().filter(|rank| theirs.binary_search(rank).is_ok()).count();
                shared >= needed(stems.len().min(theirs.len()))
            };
            if looked_up > MOST_LOOKED_UP || *other != owner && alike() {
                return true;
            }
        }
        false
    }
}

/// Returns how many of so many stems make two texts alike.
fn needed(stems: usize) -> usize {
    (stems.max(1) * ALIKE_PERCENT).div_ceil(100)
}

/// Returns of how many of its rarest stems a text shares one with each longer text alike.
fn prefix(stems: usize) -> usize {
    (stems + 1).saturating_sub(needed(stems))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::meter::cost;
    use super::*;

    /// Returns how much of the shorter of two texts the other says too, in percent.
    fn overlap(a: &str, b: &str) -> usize {
        let (a, b) = (terms(a), terms(b));
        a.intersection(&b).count() * 100 / a.len().min(b.len()).max(1)
    }

    proptest! {
        #[test]
        fn as_if_each_were_compared_with_each(
            texts in prop::collection::vec(prop::collection::vec(0_usize..24, 0..14), 0..12),
            asked in prop::collection::vec(0_usize..28, 0..14),
            owner in 0_usize..12,
        ) {
            let said = |words: &[usize]| {
                words.iter().map(|word| format!("w{word}ord")).collect::<Vec<_>>().join(" ")
            };
            let texts: Vec<(String, String)> =
                texts.iter().enumerate().map(|(at, words)| (at.to_string(), said(words))).collect();
            let (owner, asked) = (owner.to_string(), said(&asked));
            let alike = Alike::of(texts.iter().map(|(owner, text)| (owner.as_str(), text.as_str())));
            let slow = texts.iter().any(|(other, text)| *other != owner && overlap(text, &asked) > 60);
            prop_assert_eq!(alike.has(&owner, &asked), slow);
        }
    }

    #[test]
    fn a_crowd_is_not_searched_through() {
        let word = |pool: &str, at: usize| format!("{pool}{}ord ", at);
        // Four of ten words that all draw on, six others: no word is rare, and no two texts are alike.
        let said = |at: usize| {
            let own: String = (0..4).map(|n| word("w", (at + n * (1 + at % 3)) % 10)).collect();
            own + &(0..6).map(|n| word("v", (at * 7 + n * 5) % 24)).collect::<String>()
        };
        let texts: Vec<String> = (0..8_000).map(said).collect();
        let alike = Alike::of(texts.iter().map(|text| (text.as_str(), text.as_str())));
        let asked: String = (0..10).map(|at| word("w", at)).collect();
        let cost = cost(|| assert!(alike.has("", &asked), "what is not looked up is taken for alike"));
        assert_eq!(cost.looked_at, MOST_LOOKED_UP + 1);
    }
}
