use std::collections::BTreeMap;

use rifflebox_core::Key;
use serde::{Deserialize, Serialize};

use crate::claim::Claim;
use crate::term::Weights;

/// What has a term.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) enum Mark {
    /// A passage of a document.
    Passage { document: Key, passage: u64 },
    /// A claim of a sample that looks the term up, the sample's first document, and the term's weight.
    Claim { sample: Key, claim: u32, own: Key, weight: u64 },
}

/// A passage that shares a term with a claim of a sample, and the term's weight.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct Met {
    claim: u32,
    document: Key,
    passage: u64,
    weight: u64,
}

type Marks = [(Mark, i64)];

/// Returns the terms by which a claim looks passages up: those of most weight, the longest of them first; of a short answer
/// as many of its question.
pub(crate) fn probes(claim: &Claim, weights: &Weights, most: usize) -> Vec<(u64, u64)> {
    let mut probes: Vec<(u64, u64)> = Vec::new();
    for text in [Some(&claim.text), claim.asked.as_ref()].into_iter().flatten() {
        let mut terms = weights.terms(text);
        terms.retain(|term| term.weight > 0);
        terms.sort_by_key(|term| std::cmp::Reverse((term.weight, term.word.chars().count(), term.hash)));
        let before = probes.len();
        for term in terms {
            if probes.len() < before + most && !probes.iter().any(|(hash, _)| *hash == term.hash) {
                probes.push((term.hash, term.weight));
            }
        }
    }
    probes
}

/// Says which passages and claims meet at a term, as far as that differs from how it was.
///
/// At a term of more than `crowd` passages nobody meets: it tells too little apart. Claims are held against their own
/// documents anyway.
pub(crate) fn meetings(were: &Marks, are: &Marks, crowd: usize, say: &mut dyn FnMut(Key, Met, i64)) {
    let (were, are) = (Meeting::of(were, crowd), Meeting::of(are, crowd));
    are.each_but(&were, |sample, met| say(sample, met, 1));
    were.each_but(&are, |sample, met| say(sample, met, -1));
}

/// Returns the number of a term's passages, if it is a crowd that keeps a claim from meeting them.
pub(crate) fn crowded(marks: &Marks, crowd: usize) -> Option<usize> {
    let there = || marks.iter().filter(|(_, weight)| *weight > 0).map(|(mark, _)| mark);
    let passages = there().filter(|mark| matches!(mark, Mark::Passage { .. })).count();
    let is_asked = there().any(|mark| matches!(mark, Mark::Claim { .. }));
    (is_asked && passages > crowd).then_some(passages)
}

/// Who meets at a term, in rising order.
#[derive(Default)]
struct Meeting {
    passages: Vec<(Key, u64)>,
    claims: Vec<(Key, u32, Key, u64)>,
}

impl Meeting {
    fn of(marks: &Marks, crowd: usize) -> Self {
        let mut meeting = Meeting::default();
        for (mark, weight) in marks {
            match *mark {
                _ if *weight <= 0 => {}
                Mark::Passage { document, passage } => meeting.passages.push((document, passage)),
                Mark::Claim { sample, claim, own, weight } => {
                    meeting.claims.push((sample, claim, own, weight))
                }
            }
        }
        if meeting.passages.len() > crowd {
            return Meeting::default();
        }
        meeting
    }

    /// Says every pair that does not meet in another meeting.
    fn each_but(&self, other: &Meeting, mut say: impl FnMut(Key, Met)) {
        let known = |passage| other.passages.binary_search(passage).is_ok();
        let passages: Vec<((Key, u64), bool)> =
            self.passages.iter().map(|passage| (*passage, known(passage))).collect();
        let all_known = passages.iter().all(|(_, known)| *known);
        for claim in &self.claims {
            let is_known = other.claims.binary_search(claim).is_ok();
            if is_known && all_known {
                continue;
            }
            let (sample, claim, own, weight) = *claim;
            for ((document, passage), known) in &passages {
                if !(is_known && *known) && *document != own {
                    say(sample, Met { claim, document: *document, passage: *passage, weight });
                }
            }
        }
    }
}

/// Returns, of each claim, the passages that share most with it: at most so many, in rising order.
pub(crate) fn best(met: Vec<(Met, i64)>, most: usize) -> Vec<(u32, Key, u64)> {
    let mut shared: BTreeMap<u32, BTreeMap<(Key, u64), u64>> = BTreeMap::new();
    for (met, times) in met {
        let times = u64::try_from(times).unwrap_or(0);
        if times > 0 {
            let passages = shared.entry(met.claim).or_default();
            *passages.entry((met.document, met.passage)).or_default() += met.weight * times;
        }
    }
    let mut best = Vec::new();
    for (claim, passages) in shared {
        let mut ranked: Vec<((Key, u64), u64)> = passages.into_iter().collect();
        ranked.sort_by_key(|(passage, shared)| (std::cmp::Reverse(*shared), *passage));
        ranked.truncate(most);
        best.extend(ranked.into_iter().map(|((document, passage), _)| (claim, document, passage)));
    }
    best.sort_unstable();
    best
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(number: u128) -> Key {
        Key::from_u128(number)
    }

    fn passages(numbers: impl IntoIterator<Item = u128>) -> Vec<(Mark, i64)> {
        numbers.into_iter().map(|at| (Mark::Passage { document: key(at), passage: 0 }, 1)).collect()
    }

    fn with_claim(mut marks: Vec<(Mark, i64)>, sample: u128) -> Vec<(Mark, i64)> {
        marks.push((Mark::Claim { sample: key(sample), claim: 0, own: key(2), weight: 3 }, 1));
        marks
    }

    /// Returns the documents that are said, with their signs.
    fn said(were: &Marks, are: &Marks) -> Vec<(u128, i64)> {
        let mut said = Vec::new();
        meetings(were, are, 4, &mut |_, met, sign| said.push((met.document.to_u128(), sign)));
        said
    }

    #[test]
    fn a_claim_meets_all_but_its_own() {
        assert_eq!(said(&[], &with_claim(passages([1, 2, 3]), 9)), [(1, 1), (3, 1)]);
        assert_eq!(said(&[], &passages([1, 2, 3])), []);
    }

    #[test]
    fn only_what_differs_is_said() {
        let was = with_claim(passages([1, 3]), 9);
        assert_eq!(said(&was, &with_claim(passages([1, 3, 5]), 9)), [(5, 1)]);
        assert_eq!(said(&was, &with_claim(passages([1]), 9)), [(3, -1)]);
        assert_eq!(said(&was, &with_claim(was.clone(), 10)), [(1, 1), (3, 1)]);
        assert_eq!(said(&was, &was), []);
    }

    #[test]
    fn a_crowd_meets_nobody_and_is_noted() {
        let (few, many) = (with_claim(passages([1, 3, 4, 5]), 9), with_claim(passages([1, 3, 4, 5, 6]), 9));
        assert_eq!(said(&few, &many), [(1, -1), (3, -1), (4, -1), (5, -1)]);
        assert_eq!((crowded(&few, 4), crowded(&many, 4), crowded(&passages(1..9), 4)), (None, Some(5), None));
    }

    #[test]
    fn the_best_share_most() {
        let met = |claim, document, weight| (Met { claim, document: key(document), passage: 0, weight }, 1);
        let all = vec![met(0, 1, 2), met(0, 2, 3), met(0, 1, 4), met(0, 3, 1), met(1, 3, 1)];
        assert_eq!(best(all, 2), [(0, key(1), 0), (0, key(2), 0), (1, key(3), 0)]);
    }
}
