//! Stories of samples, documents and broken rows.

use std::collections::BTreeMap;

use rifflebox_core::{Document, Key, Outcome, Place, Result, Row, Sample, StageRow, Tier};
use rifflebox_dataflow::{FlowStage, Made, MadeHead, MixDecision, Operator, call_of_drafts, call_of_verdict};
use rifflebox_publish::{Splits, bucket_of};

use super::find::Found;
use super::{Fate, Story, StoryDocument, StoryMix, StoryStep};
use crate::keeper::ALL;
use crate::publish::folders;
use crate::standing::{Said, Standing, Visit, owed, repeat_reason};

/// Tells stories of one state.
pub(super) struct Teller<'a> {
    standing: &'a Standing,
    /// By mix and label: the greatest id that was taken.
    cuts: BTreeMap<(String, Tier), Option<Key>>,
}

impl<'a> Teller<'a> {
    pub(super) fn new(standing: &'a Standing) -> Self {
        Teller { standing, cuts: BTreeMap::new() }
    }

    /// Tells what is known of something; a document's samples after it.
    pub(super) fn tell(&mut self, found: &Found) -> Vec<Story> {
        match found {
            Found::Sample(id) => self.sample(*id).into_iter().collect(),
            Found::Document { document, samples } => self.document(document, *samples),
            Found::Broken { source, key, place: at, reason } => {
                vec![self.broken(*key, undocumented(source, at), reason.clone())]
            }
            Found::Repeat { source, repeat } => {
                let document = repeat.item.document.as_ref().map(told);
                let document = document.unwrap_or_else(|_| undocumented(source, &repeat.item.place));
                vec![self.broken(repeat.item.key, document, repeat_reason(repeat))]
            }
        }
    }

    fn broken(&self, key: Key, document: StoryDocument, reason: String) -> Story {
        let source = self.standing.plan.stage(&document.source);
        let step = source.map(|stage| StoryStep { reason: Some(reason), ..step(stage, "broken") });
        Story {
            status: Fate::Broken,
            id: Some(key),
            documents: vec![document],
            steps: step.into_iter().collect(),
            ..Story::default()
        }
    }

    fn sample(&mut self, id: Key) -> Option<Story> {
        let (made_by, row, sample) = self.standing.sample(id)?;
        let visits = self.standing.visits(&made_by.name, &row);
        let mut story = Story {
            id: Some(id),
            documents: sample.documents.iter().map(of_seed).collect(),
            tier: visits.last().map(|visit| visit.row.tier),
            ..Story::default()
        };
        let best =
            visits.iter().filter_map(|visit| Some((ending(&visit.said)?, visit))).min_by_key(|(f, _)| *f);
        if let Some((fate, visit)) = best {
            story.status = fate;
            story.tier = Some(visit.row.tier);
            match &visit.said {
                Said::Displaced(StageRow { outcome: Outcome::Displaced { by, similarity, .. }, .. }) => {
                    story.by = Some(*by);
                    story.similarity = Some(similarity.value());
                }
                Said::Chosen | Said::LeftOut => story.mix = Some(self.mix(visit.stage, &visit.row)),
                _ => {}
            }
            if fate == Fate::Kept {
                story.shard = self.shard(&visit.stage.name, &visit.row);
            }
        }
        let documents = self.standing.documents_of(&sample);
        story.steps = visits.iter().map(|visit| told_step(visit, &sample, &documents)).collect();
        Some(story)
    }

    fn document(&mut self, document: &Document, with_samples: bool) -> Vec<Story> {
        let mut story = Story {
            id: Some(document.key()),
            documents: vec![told(document)],
            tier: Some(document.tier),
            ..Story::default()
        };
        let standing = self.standing;
        story.steps.extend(standing.plan.stage(&document.source).map(|source| step(source, "read")));
        let mut stories = Vec::new();
        let mut fates = vec![Fate::Nothing];
        for stage in standing.stages("generate").filter(|stage| stage.from.contains(&document.source)) {
            let (samples, failures) = self.made(stage, document.key());
            fates.extend(failures.first().map(|_| Fate::Failed));
            story.steps.push(self.made_step(stage, document, samples.len(), failures));
            stories.extend(samples.into_iter().filter_map(|id| self.sample(id)));
        }
        fates.extend(stories.iter().map(|story| story.status));
        story.status = fates.into_iter().min().unwrap_or_default();
        if !with_samples {
            stories.clear();
        }
        stories.insert(0, story);
        stories
    }

    /// Returns the ids of the samples that a stage made of a document, or its failures.
    fn made(&self, stage: &FlowStage, document: Key) -> (Vec<Key>, Vec<Made>) {
        let name = format!("{}/samples", stage.name);
        let (mut samples, mut failures) = (Vec::new(), Vec::new());
        let heads = self.standing.reader.table::<Key, MadeHead>(&name);
        let scanned: Result<(), std::convert::Infallible> = heads.scan(Key::MIN, Key::MAX, |id, head, _| {
            match head {
                MadeHead::Sample(row) if row.route == document => samples.push(id),
                MadeHead::Failed { route, .. } if route == document => {
                    failures.extend(self.standing.reader.table::<Key, Made>(&name).get(id));
                }
                _ => {}
            }
            Ok(())
        });
        match scanned {
            Ok(()) => (samples, failures),
        }
    }

    fn made_step(
        &self,
        stage: &FlowStage,
        document: &Document,
        samples: usize,
        failures: Vec<Made>,
    ) -> StoryStep {
        let call = called(stage, |fingerprint| call_of_drafts(fingerprint, document));
        let (outcome, reason) = match failures.into_iter().next() {
            Some(Made::Failed { reason, owed, .. }) => (if owed { "owed" } else { "failed" }, Some(reason)),
            _ if samples == 0 => ("nothing", None),
            _ => ("made", Some(format!("{samples} {}", if samples == 1 { "sample" } else { "samples" }))),
        };
        StoryStep { reason, call, ..step(stage, outcome) }
    }

    fn mix(&mut self, stage: &FlowStage, row: &Row) -> StoryMix {
        let reader = &self.standing.reader;
        let decisions = reader.table::<(), MixDecision>(&format!("{}/decision", stage.name)).all();
        let decision = decisions.into_iter().next().map(|(_, decision, _)| decision).unwrap_or_default();
        let label = row.tier.name();
        let quota = decision.quotas.iter().find(|quota| quota.label == label);
        StoryMix {
            stage: stage.name.clone(),
            label: label.to_owned(),
            number: number(row.id),
            cut: self.cut(stage, row.tier).map(number),
            quota: quota.map(|quota| quota.quota),
            available: quota.map(|quota| quota.available),
            bound_by: decision.bound_by,
        }
    }

    fn cut(&mut self, stage: &FlowStage, tier: Tier) -> Option<Key> {
        let place = (stage.name.clone(), tier);
        if let Some(cut) = self.cuts.get(&place) {
            return *cut;
        }
        let mut cut = None;
        let chosen = self.standing.reader.table::<Key, Row>(&format!("{}/mix", stage.name));
        let scanned: Result<(), std::convert::Infallible> = chosen.scan(Key::MIN, Key::MAX, |_, row, _| {
            if row.tier == tier {
                cut = cut.max(Some(row.id));
            }
            Ok(())
        });
        match scanned {
            Ok(()) => {}
        }
        self.cuts.insert(place, cut);
        cut
    }

    /// Returns the published file that holds a row; none while the row's part of the dataset is not published.
    fn shard(&self, mix: &str, row: &Row) -> Option<String> {
        let content = &self.standing.content;
        let bucket = format!("{:03x}", bucket_of(row.route));
        if content.dirty.contains(ALL) || content.dirty.contains(&bucket) {
            return None;
        }
        let publisher = self.standing.plan.stages.iter().find_map(|stage| match &stage.operator {
            Operator::Publish(settings) if stage.from.iter().any(|from| from == mix) => {
                Some((stage, settings))
            }
            _ => None,
        });
        let (stage, settings) = publisher?;
        let folder = folders(content).remove(&stage.name)?;
        let splits = Splits::new(settings.splits.clone()).ok()?;
        let split = splits.of(row.route);
        let holds = folder.shards.into_iter().find(|shard| {
            let in_split = shard.split.as_deref() == split;
            shard.kind == row.kind && shard.prefix.contains(row.route) && in_split
        });
        holds.map(|shard| shard.data.path)
    }
}

/// Returns what became of a sample where it ended; none where it went on.
fn ending(said: &Said) -> Option<Fate> {
    match said {
        Said::Made | Said::Passed => None,
        Said::Displaced(_) => Some(Fate::Displaced),
        Said::Chosen => Some(Fate::Kept),
        Said::LeftOut => Some(Fate::Unused),
        Said::Judged(said) => match said.outcome {
            Outcome::Rejected => Some(Fate::Rejected),
            Outcome::Failed { .. } => Some(Fate::Failed),
            Outcome::Kept | Outcome::Displaced { .. } => None,
        },
    }
}

fn told_step(visit: &Visit<'_>, sample: &Sample, documents: &[Document]) -> StoryStep {
    let stage = visit.stage;
    match &visit.said {
        Said::Made => {
            let call = documents.first().and_then(|document| called(stage, |f| call_of_drafts(f, document)));
            StoryStep { call, ..step(stage, "made") }
        }
        Said::Passed | Said::Chosen => step(stage, "kept"),
        Said::Displaced(_) => step(stage, "displaced"),
        Said::LeftOut => step(stage, "unused"),
        Said::Judged(said) => judged_step(stage, said, sample, documents),
    }
}

fn judged_step(stage: &FlowStage, said: &StageRow, sample: &Sample, documents: &[Document]) -> StoryStep {
    let reads = match &stage.operator {
        Operator::VerifyAsked(verifier, _) => verifier.reads_documents(),
        _ => false,
    };
    let documents = if reads { documents } else { &[] };
    let verdict = said.verdict.as_ref();
    let (outcome, failure) = match &said.outcome {
        Outcome::Failed { reason } if owed(reason) => ("owed", Some(reason.clone())),
        Outcome::Failed { reason } => ("failed", Some(reason.clone())),
        Outcome::Rejected => ("rejected", None),
        _ if verdict.is_none_or(|verdict| verdict.accept) => ("kept", None),
        _ => (refused(&stage.operator), None),
    };
    StoryStep {
        score: verdict.map(|verdict| verdict.score.value()),
        reason: verdict.and_then(|verdict| verdict.reason.clone()).or(failure),
        votes: verdict.map(|verdict| verdict.votes.clone()).unwrap_or_default(),
        call: called(stage, |fingerprint| call_of_verdict(fingerprint, sample, documents)),
        ..step(stage, outcome)
    }
}

/// Returns what a stage calls a refused row that goes on.
fn refused(operator: &Operator) -> &'static str {
    use rifflebox_dataflow::OnReject;
    match operator {
        Operator::Verify(_, OnReject::Demote) | Operator::VerifyAsked(_, OnReject::Demote) => "demoted",
        _ => "tagged",
    }
}

/// Returns the key of a stage's call, if it makes calls.
fn called(stage: &FlowStage, call: impl FnOnce(Key) -> Key) -> Option<Key> {
    let asks = matches!(stage.operator, Operator::GenerateAsked(_) | Operator::VerifyAsked(..));
    asks.then(|| call(stage.operator.identity().fingerprint()))
}

fn step(stage: &FlowStage, outcome: &'static str) -> StoryStep {
    StoryStep {
        stage: stage.name.clone(),
        version: stage.operator.identity().version,
        outcome,
        score: None,
        reason: None,
        votes: Vec::new(),
        call: None,
    }
}

fn told(document: &Document) -> StoryDocument {
    StoryDocument {
        source: document.source.clone(),
        id: document.id.clone(),
        digest: Some(document.digest()),
        span: None,
        license: document.license.clone(),
    }
}

fn undocumented(source: &str, place: &Place) -> StoryDocument {
    StoryDocument {
        source: source.to_owned(),
        id: place.path.clone(),
        digest: None,
        span: None,
        license: None,
    }
}

fn of_seed(seed: &rifflebox_core::Seed) -> StoryDocument {
    StoryDocument {
        source: seed.source.clone(),
        id: seed.id.clone(),
        digest: Some(seed.digest),
        span: seed.span,
        license: seed.license.clone(),
    }
}

/// Returns the number that a row draws, between 0 and 1: the first 53 bits of its id.
fn number(id: Key) -> f64 {
    (id.head64() >> 11) as f64 / (1_u64 << 53) as f64
}
