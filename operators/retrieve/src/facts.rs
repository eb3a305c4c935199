//! Whether the seed corpus says what samples say.

mod meet;
mod settings;
mod verdict;

use std::path::Path;
use std::sync::Arc;

use rifflebox_core::{Document, Identity, Key, Proof, Result, Row, Sample};
use rifflebox_dataflow::{Arranged, Candidates, GraphVerifier, Keep, Rows, Scope, Seeds, Verdicts};
use serde::{Deserialize, Serialize};

use crate::claim::{Claim, Cut};
use crate::passage::passages;
use crate::support::{ClaimWords, PassageWords, Support};
use crate::term::Weights;
use meet::{Mark, Met, crowded, meetings, probes};
use verdict::{Finding, Found, judge};

pub use settings::FactsSettings;

/// Accepts samples of which each claim stands in a passage of the seed corpus, and names the claim that does not.
///
/// A claim is a sentence of what the sample says, or a short answer with its question. It meets the passages of its own
/// document, and those elsewhere that share the words that weigh most; what a word weighs follows from its shape or from a
/// table, and so from the settings alone. A statement is supported by a passage that has all of its numbers and names, and
/// of its words so much; a short answer by one that has its words in a row near what the question speaks of, unless another
/// passage speaks of that much more.
#[derive(Clone, Debug)]
pub struct Facts(Arc<Checked>);

/// Settings that were checked, and what follows from them.
#[derive(Debug)]
struct Checked {
    settings: FactsSettings,
    weights: Weights,
}

/// Claims of a sample that are held against a document.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
struct Asked {
    sample: Key,
    claims: Vec<Claim>,
    /// The digest of one passage; all of them where there is none.
    passage: Option<u64>,
}

impl Facts {
    /// The name that flow files use.
    pub const NAME: &'static str = "facts";

    /// Judges as these settings say; a table of weights is read from `base_dir`.
    ///
    /// # Errors
    /// [`rifflebox_core::ErrorKind::Usage`] with the setting that is out of bounds, or whose file cannot be read.
    pub fn new(settings: FactsSettings, base_dir: &Path) -> Result<Self> {
        let (settings, weights) = settings.settle(base_dir)?;
        Ok(Facts(Arc::new(Checked { settings, weights })))
    }
}

impl Default for Facts {
    fn default() -> Self {
        Self::new(FactsSettings::default(), Path::new("")).expect("the defaults are within their bounds")
    }
}

impl Checked {
    fn claims(&self, sample: &Sample) -> Vec<Claim> {
        Cut { short_words: self.settings.short_words }.claims(sample, &self.weights)
    }

    /// Says what a document says of each claim: of the passages that are asked for, the best.
    fn find(&self, asked: &Asked, document: &Document, mut say: impl FnMut(Found)) {
        if !is_evidence(document) {
            return;
        }
        let mut passages = passages(document, &self.settings.columns);
        passages.retain(|passage| asked.passage.is_none_or(|digest| passage.digest() == digest));
        let passages: Vec<_> =
            passages.iter().map(|passage| PassageWords::of(passage, &self.weights)).collect();
        let document = format!("{}:{}", document.source, document.id);
        for claim in &asked.claims {
            let words = ClaimWords::of(claim, &self.weights);
            let rate = |support: &Support| self.settings.rate(support, claim.asked.is_some());
            let threshold = self.settings.least_share();
            let supports: Vec<Support> =
                passages.iter().map(|passage| passage.support(&words, threshold)).collect();
            // Another passage than the one with the answer may speak most of the question.
            let most_cover = supports.iter().map(|support| support.cover).max().unwrap_or(0);
            if let Some(support) = supports.into_iter().max_by_key(rate) {
                say(Found { claim: claim.index, support, most_cover, document: document.clone() });
            }
        }
    }
}

/// Returns whether a document may bear witness: what a generator wrote may not.
fn is_evidence(document: &Document) -> bool {
    document.origin.depth == 0
}

impl GraphVerifier for Facts {
    fn identity(&self) -> Identity {
        Identity::new(Self::NAME, "1").with_settings(&self.0.settings)
    }

    fn proof(&self) -> Proof {
        Proof::Confirmed
    }

    fn sources(&self) -> &[String] {
        &self.0.settings.sources
    }

    fn verdicts(&self, scope: &mut Scope<'_>, candidates: &Candidates, seeds: &Seeds) -> Verdicts {
        let marks = self.marks(scope, candidates, seeds);
        let found = self.found(scope, candidates, seeds, marks);
        let checked = self.0.clone();
        let said = candidates.read(scope, move |row: Row, sample: Sample, say| {
            let claims = checked.claims(&sample).into_iter();
            say(row.id, Finding::said(claims.map(|claim| (claim.text, claim.asked.is_some()))));
        });
        let findings = scope.concat(&[said, found]);
        let findings = scope.arrange("findings", findings, Keep::Internal);
        let checked = self.0.clone();
        let verdicts =
            scope.reduce("judged", findings, move |_: &Key, findings: Vec<(Finding, i64)>, say| {
                let there = findings.into_iter().filter(|(_, weight)| *weight > 0);
                judge(there.map(|(finding, _)| finding), &checked.settings).into_iter().for_each(say);
            });
        let crowd = self.0.settings.crowd;
        let notes = scope.recompute(marks, crowd, move |_: &Key, were, are, say| {
            for (marks, sign) in [(were, -1), (are, 1)] {
                if let Some(passages) = crowded(&marks, crowd) {
                    say("words of claims that stand in too many passages".to_owned(), (), sign);
                    say("passages that these words did not find".to_owned(), (), sign * passages as i64);
                }
            }
        });
        Verdicts { verdicts, notes: Some(notes) }
    }
}

impl Facts {
    /// `NAME/marks` which passages and which claims have which term.
    fn marks(&self, scope: &mut Scope<'_>, candidates: &Candidates, seeds: &Seeds) -> Arranged<Key, Mark> {
        let checked = self.0.clone();
        let documents = seeds.read(scope, move |document: Document, say| {
            if is_evidence(&document) {
                let key = document.key();
                for passage in passages(&document, &checked.settings.columns) {
                    let digest = passage.digest();
                    passage.terms(&checked.weights).into_iter().for_each(|term| {
                        say(Key::from_head64(term), Mark::Passage { document: key, passage: digest });
                    });
                }
            }
        });
        let checked = self.0.clone();
        let samples = candidates.read(scope, move |row: Row, sample: Sample, say| {
            for claim in checked.claims(&sample) {
                for (term, weight) in probes(&claim, &checked.weights, checked.settings.probes) {
                    let (sample, claim, own) = (row.id, claim.index, row.route);
                    say(Key::from_head64(term), Mark::Claim { sample, claim, own, weight });
                }
            }
        });
        let marks = scope.concat(&[documents, samples]);
        scope.arrange("marks", marks, Keep::Internal)
    }

    /// `NAME/met` the passages that share words with a claim, by sample; `NAME/chosen` those that share most; `NAME/asked`
    /// the claims that are held against a document.
    fn found(
        &self,
        scope: &mut Scope<'_>,
        candidates: &Candidates,
        seeds: &Seeds,
        marks: Arranged<Key, Mark>,
    ) -> Rows<Key, Finding> {
        let (crowd, most) = (self.0.settings.crowd, self.0.settings.candidates);
        let met = scope.recompute(marks, 2, move |_: &Key, were, are, say| meetings(&were, &are, crowd, say));
        let met = scope.arrange("met", met, Keep::Internal);
        let chosen = scope.reduce("chosen", met, move |_: &Key, met: Vec<(Met, i64)>, say| {
            meet::best(met, most).into_iter().for_each(say);
        });
        let checked = self.0.clone();
        let elsewhere = candidates.look_up(
            scope,
            chosen.rows(),
            move |_, read| read().map(|(_, sample)| checked.claims(&sample)).unwrap_or_default(),
            |sample, claims: &Vec<Claim>, (claim, document, passage): (u32, Key, u64), say| {
                if let Some(claim) = claims.get(claim as usize) {
                    say(document, Asked { sample, claims: vec![claim.clone()], passage: Some(passage) });
                }
            },
        );
        let checked = self.0.clone();
        let own = candidates.read(scope, move |row: Row, sample: Sample, say| {
            let claims = checked.claims(&sample);
            for document in &sample.documents {
                say(document.key(), Asked { sample: row.id, claims: claims.clone(), passage: None });
            }
        });
        let asked = scope.concat(&[elsewhere, own]);
        let asked = scope.arrange("asked", asked, Keep::Internal);
        let checked = self.0.clone();
        seeds.join(scope, asked, move |asked: Asked, document: Document, say| {
            checked.find(&asked, &document, |found| say(asked.sample, Finding::Found(found)));
        })
    }
}

#[cfg(test)]
mod tests;
