use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::claim::{Claim, LEAST_TERMS};
use crate::passage::{Passage, sentences};
use crate::term::{Term, Weights, spelled};

/// A whole, in millionths.
pub(crate) const WHOLE: u64 = 1_000_000;

/// What a passage says of a claim, the better the greater.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct Support {
    /// Whether it holds all that must be there: the numbers and names, or the words of a short answer in a row.
    pub(crate) holds: bool,
    /// The share of the claim's content words that it has, by weight, in millionths; of a short answer, of the question's
    /// other words, where those in its sentence count in full, in the next ones less.
    pub(crate) share: u64,
    /// The share of all that the passage has of what was asked, wherever it stands, in millionths.
    pub(crate) cover: u64,
    /// The first number or name that it lacks.
    pub(crate) lacks: Option<String>,
}

/// How much a word of the question counts in the sentence of the answer, in one beside it, and elsewhere in the passage,
/// in tenths.
const NEAR: u64 = 10;
const BESIDE: u64 = 8;
const ELSEWHERE: u64 = 5;
/// A statement takes its words from so many sentences in a row.
const WINDOW: usize = 3;
/// A word counts so often; one of the document's title and headings, which all of its passages have, once.
const OWN: u64 = 2;

/// A claim whose words were read.
pub(crate) struct ClaimWords<'a> {
    pub(crate) claim: &'a Claim,
    terms: Vec<Term>,
    /// Of what was asked.
    question: Vec<Term>,
    /// The words of a short answer in a row, without the article before them.
    phrase: String,
}

/// A passage whose words were read, by sentences only where that is wanted.
pub(crate) struct PassageWords<'a> {
    passage: &'a Passage,
    weights: &'a Weights,
    /// Content words of title and headings.
    names: BTreeSet<u64>,
    /// All content words.
    there: BTreeSet<u64>,
    spelled: OnceCell<String>,
    sentences: OnceCell<Vec<(String, BTreeSet<u64>)>>,
}

impl<'a> ClaimWords<'a> {
    pub(crate) fn of(claim: &'a Claim, weights: &Weights) -> Self {
        let phrase = spelled(&claim.text);
        let bare = [" a ", " an ", " the "].iter().find_map(|article| phrase.strip_prefix(article));
        let phrase = match bare {
            Some(rest) if !rest.is_empty() => format!(" {rest}"),
            _ => phrase,
        };
        let question = claim.asked.as_deref().map(|asked| weights.terms(asked)).unwrap_or_default();
        ClaimWords { claim, terms: weights.terms(&claim.text), question, phrase }
    }
}

impl<'a> PassageWords<'a> {
    pub(crate) fn of(passage: &'a Passage, weights: &'a Weights) -> Self {
        let names = weights.set(&passage.names);
        let mut there = weights.set(&passage.text);
        there.extend(&names);
        PassageWords { passage, weights, names, there, spelled: OnceCell::new(), sentences: OnceCell::new() }
    }

    /// Returns what the passage says of a claim; `threshold` is the least share of a statement, in millionths.
    pub(crate) fn support(&self, claim: &ClaimWords<'_>, threshold: u64) -> Support {
        if claim.claim.asked.is_none() {
            return self.statement(claim);
        }
        let answer = self.short_answer(claim);
        if answer.holds || claim.terms.len() < LEAST_TERMS {
            return answer;
        }
        // An answer in a sentence of its own words is a statement too, and its passage has to speak of the question.
        let said = self.statement(claim);
        let holds = said.holds && said.share >= threshold;
        let share = if holds { answer.cover * ELSEWHERE / NEAR } else { 0 };
        Support { holds, share, ..answer }
    }

    /// Judges a statement by the neighbouring sentences that have most of it.
    fn statement(&self, claim: &ClaimWords<'_>) -> Support {
        let weights = by_hash(&claim.terms, &BTreeSet::new(), &BTreeSet::new());
        let sentences = self.sentences();
        let windows = (0..sentences.len().max(1)).map(|at| {
            let near = &sentences[at.min(sentences.len())..sentences.len().min(at + WINDOW)];
            let has =
                |hash: u64| self.names.contains(&hash) || near.iter().any(|(_, terms)| terms.contains(&hash));
            let lacks = claim.terms.iter().find(|term| term.is_fixed && !has(term.hash));
            let share = share(&weights, |hash| match (has(hash), self.there.contains(&hash)) {
                (true, _) => NEAR,
                (false, true) => ELSEWHERE,
                (false, false) => 0,
            });
            let lacks = lacks.map(|term| term.word.clone());
            Support { holds: lacks.is_none(), share, cover: share, lacks }
        });
        windows.max().expect("there is a window, be it empty")
    }

    fn short_answer(&self, claim: &ClaimWords<'_>) -> Support {
        let own: BTreeSet<u64> = claim.terms.iter().map(|term| term.hash).collect();
        let of_all = by_hash(&claim.question, &self.names, &BTreeSet::new());
        let cover = share(&of_all, |hash| if self.there.contains(&hash) { NEAR } else { 0 });
        let lacks = claim.terms.iter().find(|term| !self.there.contains(&term.hash));
        let lacks = lacks.map(|term| term.word.clone());
        let text = self.spelled.get_or_init(|| spelled(&self.passage.text));
        if claim.phrase.len() < 3 || !text.contains(&claim.phrase) {
            return Support { holds: false, share: 0, cover, lacks };
        }
        let of_question = by_hash(&claim.question, &self.names, &own);
        let sentences = self.sentences();
        let says = |(spelled, terms): &(String, BTreeSet<u64>)| {
            spelled.contains(&claim.phrase) || !own.is_empty() && own.is_subset(terms)
        };
        let places = (0..sentences.len()).filter(|at| says(&sentences[*at]));
        // Words in a row that stand across two sentences are no answer.
        let best = places.map(|at| share(&of_question, |hash| self.counts(hash, at))).max();
        Support { holds: best.is_some(), share: best.unwrap_or(0), cover, lacks }
    }

    /// Returns how much a word of the question counts for an answer in a sentence.
    fn counts(&self, hash: u64, at: usize) -> u64 {
        let has = |at: usize| self.sentences().get(at).is_some_and(|(_, terms)| terms.contains(&hash));
        if has(at) || self.names.contains(&hash) {
            NEAR
        } else if at.checked_sub(1).is_some_and(has) || has(at + 1) {
            BESIDE
        } else if self.there.contains(&hash) {
            ELSEWHERE
        } else {
            0
        }
    }

    fn sentences(&self) -> &[(String, BTreeSet<u64>)] {
        self.sentences.get_or_init(|| {
            let cut = sentences(&self.passage.text).into_iter();
            cut.map(|sentence| (spelled(sentence), self.weights.set(sentence))).collect()
        })
    }
}

/// Returns what each term weighs once, but for those that are left out; names weigh half as much.
fn by_hash(terms: &[Term], names: &BTreeSet<u64>, without: &BTreeSet<u64>) -> BTreeMap<u64, u64> {
    let mut weights = BTreeMap::new();
    for term in terms.iter().filter(|term| !without.contains(&term.hash)) {
        let weight = term.weight * if names.contains(&term.hash) { 1 } else { OWN };
        let most: &mut u64 = weights.entry(term.hash).or_default();
        *most = weight.max(*most);
    }
    weights
}

/// Returns how much of some weights is there, in millionths; all, where there is nothing to weigh.
fn share(weights: &BTreeMap<u64, u64>, counts: impl Fn(u64) -> u64) -> u64 {
    let all: u64 = weights.values().sum();
    let there: u64 = weights.iter().map(|(hash, weight)| weight * counts(*hash)).sum();
    match all {
        0 => WHOLE,
        _ => there * WHOLE / (all * NEAR),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "Ada Lovelace wrote notes about the Analytical Engine in 1843. Babbage had designed it. The engine was never \
                        built, and 24 of its plans are lost.";

    fn judge(asked: Option<&str>, text: &str) -> (bool, u64, Option<String>) {
        let passage = Passage { names: "Computing".into(), text: TEXT.into() };
        let claim = Claim { index: 0, asked: asked.map(str::to_owned), text: text.into() };
        let weights = Weights::default();
        let support =
            PassageWords::of(&passage, &weights).support(&ClaimWords::of(&claim, &weights), 700_000);
        (support.holds, support.share * 100 / WHOLE, support.lacks)
    }

    #[test]
    fn a_statement_needs_its_numbers_and_names() {
        assert_eq!(judge(None, "In 1843 Lovelace wrote famous notes."), (true, 84, None));
        assert_eq!(judge(None, "In 1844 Lovelace wrote notes."), (false, 63, Some("1844".into())));
        assert_eq!(judge(None, "The engine of Menabrea was designed."), (false, 62, Some("Menabrea".into())));
        // Numbers in words are those in digits, and a heading is a part of the passage.
        assert_eq!(judge(None, "Computing lost twenty-four plans."), (true, 63, None));
    }

    #[test]
    fn a_short_answer_stands_where_the_question_is_spoken_of() {
        assert_eq!(judge(Some("When did Lovelace write her notes?"), "1843"), (true, 71, None));
        // The same number of another matter is further away.
        assert_eq!(judge(Some("When did Lovelace write her notes?"), "24"), (true, 35, None));
        assert!(judge(Some("Who designed the engine?"), "the Babbage").0);
        assert_eq!(judge(Some("Who designed the engine?"), "Menabrea"), (false, 0, Some("Menabrea".into())));
        assert!(!judge(Some("What?"), "Babbage 1843").0, "its words stand apart");
        assert!(!judge(Some("What?"), "…").0);
    }

    #[test]
    fn an_answer_in_a_sentence_is_a_statement() {
        let (holds, share, _) = judge(Some("When?"), "Lovelace wrote the notes in 1843.");
        assert!(holds && share == 50, "{share}");
    }
}
