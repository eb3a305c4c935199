use std::collections::BTreeMap;

use rifflebox_core::{Verdict, Vote};
use serde::{Deserialize, Serialize};

use super::settings::FactsSettings;
use crate::support::{Support, WHOLE};

/// What is known of a sample.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) enum Finding {
    /// The beginnings of its claims, in order, and whether each is a short answer.
    Said(Vec<(String, bool)>),
    /// What a document says of one of them.
    Found(Found),
}

/// What a document says of a claim.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct Found {
    pub(crate) claim: u32,
    /// What its best passage says.
    pub(crate) support: Support,
    /// The largest share that any of its passages has of what was asked.
    pub(crate) most_cover: u64,
    /// Its source and id.
    pub(crate) document: String,
}

/// How much of a claim a reason quotes, in characters.
const MOST_CHARS: usize = 100;
/// Claims without support that votes name, at most.
const MOST_VOTES: usize = 10;

impl Finding {
    pub(crate) fn said(claims: impl Iterator<Item = (String, bool)>) -> Self {
        Finding::Said(claims.map(|(text, is_short)| (clip(&text), is_short)).collect())
    }
}

fn clip(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(MOST_CHARS) {
        None => line,
        Some((at, _)) => format!("{}…", &line[..at]),
    }
}

/// Judges a sample by all that is known of it; nothing is said of one that is gone.
pub(crate) fn judge(findings: impl Iterator<Item = Finding>, settings: &FactsSettings) -> Option<Verdict> {
    let mut said = None;
    let mut found: BTreeMap<u32, Vec<Found>> = BTreeMap::new();
    for finding in findings {
        match finding {
            Finding::Said(claims) => said = Some(claims),
            Finding::Found(one) => found.entry(one.claim).or_default().push(one),
        }
    }
    let said = said?;
    if said.is_empty() {
        return Some(Verdict::reject("it states nothing that could be looked up"));
    }
    let mut tally = Tally::default();
    for (index, (claim, is_short)) in (0..).zip(&said) {
        let there = found.remove(&index).unwrap_or_default();
        let number = index + 1;
        match witness(&there, *is_short, settings) {
            Ok(witness) => tally.supported(number, witness, *is_short),
            Err(why) => tally.unsupported(number, claim, why),
        }
    }
    Some(tally.verdict(said.len()))
}

/// Returns the document that supports a claim best; of several alike, the first by name.
///
/// # Errors
/// Why none does, and what share the best one has.
fn witness<'a>(
    found: &'a [Found],
    is_short: bool,
    settings: &FactsSettings,
) -> Result<&'a Found, (String, u64)> {
    let most_cover = found.iter().map(|found| found.most_cover).max().unwrap_or(0);
    let least = if is_short { settings.least_cover(most_cover) } else { 0 };
    let rate = |found: &&Found| {
        (
            found.support.cover >= least,
            settings.rate(&found.support, is_short),
            std::cmp::Reverse(found.document.clone()),
        )
    };
    let supports =
        |found: &&Found| settings.suffices(&found.support, is_short) && found.support.cover >= least;
    if let Some(witness) = found.iter().filter(supports).max_by_key(rate) {
        return Ok(witness);
    }
    let by_itself = |found: &Found| settings.rate(&found.support, is_short);
    let best = found.iter().max_by_key(|found| (by_itself(found), std::cmp::Reverse(&found.document)));
    let Some(best) = best else { return Err(("no passage speaks of it".to_owned(), 0)) };
    let (share, document) = (best.support.share, &best.document);
    let told = share as f64 / WHOLE as f64;
    let why = match &best.support {
        Support { lacks: Some(word), .. } if is_short => {
            format!("no passage near it has the answer: the best, of {document}, lacks `{word}`")
        }
        support if is_short && settings.suffices(support, is_short) => {
            let rival = found
                .iter()
                .filter(|found| found.most_cover == most_cover)
                .map(|found| &found.document)
                .min();
            let rival =
                rival.map(|rival| format!("{rival} speaks more of what is asked")).unwrap_or_default();
            format!("the answer stands in {document}, and {rival}")
        }
        Support { holds: false, .. } if is_short => {
            format!("the words of the answer stand apart in {document}")
        }
        Support { lacks: Some(word), .. } => {
            format!("its best passage, of {document}, has {told:.2} of it and lacks `{word}`")
        }
        _ if is_short => format!("near the answer {document} speaks of {told:.2} of what is asked"),
        _ => format!("its best passage, of {document}, has {told:.2} of it"),
    };
    Err((why, share))
}

/// What was judged so far.
#[derive(Default)]
struct Tally {
    shares: u64,
    weakest: Option<(u64, u32, String)>,
    reason: Option<String>,
    votes: Vec<Vote>,
}

impl Tally {
    fn supported(&mut self, number: u32, witness: &Found, is_short: bool) {
        let share = witness.support.share;
        // How near a short answer stands to its question says nothing of its quality.
        self.shares += if is_short { WHOLE } else { share };
        if self.weakest.as_ref().is_none_or(|(least, ..)| share < *least) {
            self.weakest = Some((share, number, witness.document.clone()));
        }
    }

    fn unsupported(&mut self, number: u32, claim: &str, (why, share): (String, u64)) {
        self.shares += share;
        self.reason.get_or_insert_with(|| format!("claim {number}, \"{claim}\": {why}"));
        if self.votes.len() < MOST_VOTES {
            self.votes.push(Vote { voter: format!("claim {number}"), accept: false, reason: Some(why) });
        }
    }

    fn verdict(self, claims: usize) -> Verdict {
        let score = self.shares as f64 / (claims as u64 * WHOLE) as f64;
        match self.reason {
            Some(reason) => Verdict { votes: self.votes, ..Verdict::reject(reason).scored(score) },
            None => {
                let told = self.weakest.map(|(share, number, document)| {
                    let share = share as f64 / WHOLE as f64;
                    format!("the weakest of {claims}, claim {number}, has {share:.2} in {document}")
                });
                Verdict { reason: told, ..Verdict::accept().scored(score) }
            }
        }
    }
}
