//! What samples copy word by word from documents.

mod aside;
mod canary;
mod longest;
mod meet;
mod probe;
mod settings;
mod winnow;
mod word;

use std::path::Path;
use std::sync::Arc;

use rifflebox_core::{Document, Identity, Key, Proof, Result, Row, Sample, Verdict};
use rifflebox_dataflow::{
    Arranged, Candidates, GraphVerifier, Keep, ReadSample, Rows, Scope, Seeds, Verdicts,
};

use canary::Watch;
use meet::{Mark, Meeting, meet};
use probe::{Copied, Finding, Probe, is_seed, words_of};
use winnow::Winnow;

pub use aside::Treatment;
pub use settings::{Canaries, VerbatimSettings};

/// Refuses synthetic samples that copy too long a run of words from any document of the flow, and those that hold a
/// canary.
///
/// Words are maximal runs of `\w`, in whatever case. The longest common run is found exactly: samples and documents meet by
/// winnowed fingerprints, and their texts are compared. Human samples pass unjudged, and documents that a
/// generator wrote are nobody's words. A verdict names the longest copy and its place, also where it is short
/// enough to be accepted.
#[derive(Clone, Debug)]
pub struct Verbatim(Arc<Checked>);

/// Settings that were checked, and what follows from them.
#[derive(Debug)]
struct Checked {
    settings: VerbatimSettings,
    winnow: Winnow,
    watch: Watch,
}

impl Verbatim {
    /// Judges as these settings say; a file of canaries is looked for from `base_dir`.
    ///
    /// # Errors
    /// [`rifflebox_core::ErrorKind::Usage`] with the setting that is out of bounds, or whose file cannot be read.
    pub fn new(settings: VerbatimSettings, base_dir: &Path) -> Result<Self> {
        let settings = settings.settle(base_dir)?;
        let winnow = Winnow::every(settings.min_words);
        let watch = Watch::of(settings.canaries.texts());
        Ok(Verbatim(Arc::new(Checked { settings, winnow, watch })))
    }
}

impl Default for Verbatim {
    fn default() -> Self {
        Self::new(VerbatimSettings::default(), Path::new("")).expect("the defaults are within their bounds")
    }
}

impl GraphVerifier for Verbatim {
    fn identity(&self) -> Identity {
        Identity::new("verbatim", "1").with_settings(&self.0.settings)
    }

    fn proof(&self) -> Proof {
        Proof::Filtered
    }

    fn sources(&self) -> &[String] {
        &self.0.settings.sources
    }

    fn verdicts(&self, scope: &mut Scope<'_>, candidates: &Candidates, seeds: &Seeds) -> Verdicts {
        let meetings = self.meetings(scope, candidates, seeds);
        let mut findings = vec![self.copies(scope, candidates, seeds, meetings)];
        if !self.0.watch.is_empty() {
            let checked = self.0.clone();
            findings.push(candidates.read(scope, move |row: Row, sample: Sample, say| {
                let probe = row.synthetic.then(|| Probe::of(row.id, &sample, &checked.settings));
                if let Some(finding) = probe.and_then(|probe| probe.canary(&checked.watch)) {
                    say(row.id, finding);
                }
            }));
        }
        let findings = scope.concat(&findings);
        let findings = scope.arrange("findings", findings, Keep::Internal);
        let checked = self.0.clone();
        let verdicts =
            scope.reduce("judged", findings, move |_: &Key, findings: Vec<(Finding, i64)>, say| {
                let there = findings.into_iter().filter(|(_, weight)| *weight > 0);
                if let Some(worst) = there.map(|(finding, _)| finding).reduce(worse) {
                    say(checked.verdict(&worst));
                }
            });
        let notes = scope.weighted_map(meetings.rows(), |_, meeting: Meeting, say| {
            if let Meeting::Crowd { documents, left_out } = meeting {
                say("crowded fingerprints".to_owned(), (), 1);
                say("documents at crowded fingerprints".to_owned(), (), documents as i64);
                say("comparisons at crowded fingerprints not made".to_owned(), (), left_out as i64);
            }
        });
        Verdicts { verdicts, notes: Some(notes) }
    }
}

impl Verbatim {
    /// `NAME/marks` who has which fingerprint; `NAME/meetings` which samples meet which documents there.
    fn meetings(
        &self,
        scope: &mut Scope<'_>,
        candidates: &Candidates,
        seeds: &Seeds,
    ) -> Arranged<Key, Meeting> {
        let checked = self.0.clone();
        let documents = seeds.read(scope, move |document: Document, say| {
            if is_seed(&document) {
                let key = document.key();
                checked.winnow.fingerprints(&words_of(&document)).into_iter().for_each(|fingerprint| {
                    say(Key::from_head64(fingerprint), Mark::Document(key));
                });
            }
        });
        let checked = self.0.clone();
        let samples = candidates.read(scope, move |row: Row, sample: Sample, say| {
            if row.synthetic {
                let words = Probe::of(row.id, &sample, &checked.settings).words(&checked.settings);
                checked.winnow.fingerprints(&words).into_iter().for_each(|fingerprint| {
                    say(Key::from_head64(fingerprint), Mark::Sample(row.id, row.route));
                });
            }
        });
        let marks = scope.concat(&[documents, samples]);
        let marks = scope.arrange("marks", marks, Keep::Internal);
        let crowd = self.0.settings.crowd;
        scope.reduce("meetings", marks, move |_: &Key, marks: Vec<(Mark, i64)>, say| {
            let there = marks.into_iter().filter(|(_, weight)| *weight > 0);
            meet(there.map(|(mark, _)| mark), crowd, say);
        })
    }

    /// `NAME/pairs` samples with the documents that they met; `NAME/asked` what is compared, by document.
    fn copies(
        &self,
        scope: &mut Scope<'_>,
        candidates: &Candidates,
        seeds: &Seeds,
        meetings: Arranged<Key, Meeting>,
    ) -> Rows<Key, Finding> {
        let pairs = scope.flat_map(meetings.rows(), |_, meeting: Meeting, say| {
            if let Meeting::Compare { sample, documents } = meeting {
                documents.into_iter().for_each(|document| say(sample, document));
            }
        });
        let pairs = scope.distinct("pairs", pairs);
        let checked = self.0.clone();
        let asked = candidates.look_up(
            scope,
            pairs.rows(),
            move |id, read: &mut ReadSample<'_>| {
                read().map(|(_, sample)| Probe::of(id, &sample, &checked.settings))
            },
            |_, probe: &Option<Probe>, document: Key, say| {
                if let Some(probe) = probe {
                    say(document, probe.clone());
                }
            },
        );
        let asked = scope.arrange("asked", asked, Keep::Internal);
        let checked = self.0.clone();
        seeds.join(scope, asked, move |probe: Probe, document: Document, say| {
            if let Some(copied) = probe.copied(&document, &checked.settings).filter(|_| is_seed(&document)) {
                say(probe.id, Finding::Copy(copied));
            }
        })
    }
}

/// Returns the finding that decides: a canary, or the longest copy; of several alike, the one that comes first.
fn worse(one: Finding, two: Finding) -> Finding {
    match (&one, &two) {
        (Finding::Copy(a), Finding::Copy(b)) if b.words > a.words => two,
        _ => one,
    }
}

impl Checked {
    fn verdict(&self, finding: &Finding) -> Verdict {
        match finding {
            Finding::Canary { index, within } => {
                let number = index + 1;
                let (part, start, end) = (&within.part, within.start, within.end);
                Verdict::reject(format!("holds canary {number}, as bytes {start}..{end} of its {part}"))
            }
            Finding::Copy(copied) => self.judge(copied),
        }
    }

    fn judge(&self, copied: &Copied) -> Verdict {
        let VerbatimSettings { max_words, max_share, .. } = self.settings;
        let share = copied.words as f64 / copied.of as f64;
        let told = told(copied, share);
        if copied.words > max_words as u64 {
            Verdict::reject(format!("{told}: at most {max_words} words are allowed")).scored(1.0 - share)
        } else if share > max_share {
            Verdict::reject(format!("{told}: at most {max_share} of it is allowed")).scored(1.0 - share)
        } else {
            Verdict { reason: Some(told), ..Verdict::accept() }
        }
    }
}

fn told(copied: &Copied, share: f64) -> String {
    let Copied { words, source, document, there, here, .. } = copied;
    let field = if there.part == "text" { String::new() } else { format!(" of its `{}`", there.part) };
    format!(
        "copies {words} words ({share:.2} of it) of {source}:{document}, bytes {}..{}{field}, as bytes {}..{} of its {}",
        there.start, there.end, here.start, here.end, here.part,
    )
}

#[cfg(test)]
mod tests;
