//! Stories of samples, documents and broken rows.

use std::collections::{BTreeMap, BTreeSet};
use std::convert::Infallible;

use rifflebox_core::{Document, Key, Outcome, Place, Redactions, Result, Row, Sample, StageRow};
use rifflebox_dataflow::{FlowStage, Made, MadeHead, Operator, call_of_drafts, call_of_verdict};
use rifflebox_publish::{Splits, bucket_of};

use super::find::Found;
use super::{Fate, Mixes, Story, StoryDocument, StoryStep};
use crate::conversation::{StoryCall, judged, taught};
use crate::keeper::ALL;
use crate::publish::folders;
use crate::standing::{Said, Standing, Visit, owed, repeat_reason};

/// Tells what is known of each thing that was found; a document's samples after it.
pub(super) fn tell(standing: &Standing, found: &[Found]) -> Vec<Story> {
    let documents = found.iter().filter_map(|found| match found {
        Found::Document { document, .. } => Some(document.key()),
        Found::Sample(_) | Found::Broken { .. } | Found::Repeat { .. } => None,
    });
    let documents: BTreeSet<Key> = documents.collect();
    let made = if documents.is_empty() { MadeOf::new() } else { made_of(standing, &documents) };
    let mut teller = Teller { standing, made, mixes: Mixes::new(standing) };
    found.iter().flat_map(|found| teller.tell(found)).collect()
}

/// By stage and document: the ids of samples, and the failures.
type MadeOf<'a> = BTreeMap<(&'a str, Key), (Vec<Key>, Vec<Made>)>;

/// Returns what stages made of documents, in one pass over what all stages made of all.
fn made_of<'a>(standing: &'a Standing, documents: &BTreeSet<Key>) -> MadeOf<'a> {
    let mut all = MadeOf::new();
    for stage in standing.stages("generate") {
        let name = format!("{}/samples", stage.name);
        let heads = standing.reader.table::<Key, MadeHead>(&name);
        let scanned: Result<(), Infallible> = heads.scan(Key::MIN, Key::MAX, |id, head, _| {
            let (MadeHead::Sample(Row { route, .. }) | MadeHead::Failed { route, .. }) = &head;
            if documents.contains(route) {
                let (samples, failures) = all.entry((stage.name.as_str(), *route)).or_default();
                match head {
                    MadeHead::Sample(_) => samples.push(id),
                    MadeHead::Failed { .. } => {
                        failures.extend(standing.reader.table::<Key, Made>(&name).get(id));
                    }
                }
            }
            Ok(())
        });
        match scanned {
            Ok(()) => {}
        }
    }
    all
}

/// Tells stories of one state.
struct Teller<'a> {
    standing: &'a Standing,
    made: MadeOf<'a>,
    mixes: Mixes<'a>,
}

impl Teller<'_> {
    fn tell(&mut self, found: &Found) -> Vec<Story> {
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
                Said::Chosen | Said::LeftOut => story.mix = Some(self.mixes.decided(visit.stage, &visit.row)),
                _ => {}
            }
            if fate == Fate::Kept {
                story.shard = self.shard(&visit.stage.name, &visit.row);
            }
        }
        let documents = self.standing.documents_of(&sample);
        let mixes = &mut self.mixes;
        story.steps =
            visits.iter().map(|visit| told_step(self.standing, visit, &sample, &documents, mixes)).collect();
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
            let place = (stage.name.as_str(), document.key());
            let (samples, failures) = self.made.get(&place).cloned().unwrap_or_default();
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

fn told_step(
    standing: &Standing,
    visit: &Visit<'_>,
    sample: &Sample,
    documents: &[Document],
    mixes: &mut Mixes<'_>,
) -> StoryStep {
    let stage = visit.stage;
    match &visit.said {
        Said::Made => {
            let asked =
                documents.first().map(|document| taught(standing, stage, document)).unwrap_or_default();
            let call = documents.first().and_then(|document| called(stage, |f| call_of_drafts(f, document)));
            StoryStep { call: first(&asked).or(call), asked, ..step(stage, "made") }
        }
        Said::Passed | Said::Chosen => step(stage, "kept"),
        Said::Displaced(_) => step(stage, "displaced"),
        Said::LeftOut => {
            let reason = Some(mixes.decided(stage, &visit.row).to_string());
            StoryStep { reason, ..step(stage, "unused") }
        }
        Said::Judged(said) => judged_step(standing, stage, said, sample, documents),
    }
}

fn judged_step(
    standing: &Standing,
    stage: &FlowStage,
    said: &StageRow,
    sample: &Sample,
    documents: &[Document],
) -> StoryStep {
    let reads = match &stage.operator {
        Operator::VerifyAsked(verifier, _) => verifier.reads_documents(),
        Operator::Judge(judge, _) => judge.describe().reads_documents,
        _ => false,
    };
    let documents = if reads { documents } else { &[] };
    let asked = judged(standing, stage, sample, documents);
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
        call: first(&asked)
            .or_else(|| called(stage, |fingerprint| call_of_verdict(fingerprint, sample, documents))),
        asked,
        ..step(stage, outcome)
    }
}

/// Returns what a stage calls a refused row that goes on.
fn refused(operator: &Operator) -> &'static str {
    use rifflebox_dataflow::OnReject;
    match operator {
        Operator::Verify(_, OnReject::Demote)
        | Operator::VerifyAsked(_, OnReject::Demote)
        | Operator::Judge(_, OnReject::Demote)
        | Operator::VerifyGraph(_, OnReject::Demote) => "demoted",
        _ => "tagged",
    }
}

/// Returns the key of a stage's call, if it makes one of each item.
fn called(stage: &FlowStage, call: impl FnOnce(Key) -> Key) -> Option<Key> {
    let asks = matches!(stage.operator, Operator::GenerateAsked(_) | Operator::VerifyAsked(..));
    asks.then(|| call(stage.operator.identity().fingerprint()))
}

fn first(asked: &[StoryCall]) -> Option<Key> {
    asked.first().map(|call| call.call)
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
        asked: Vec::new(),
    }
}

fn told(document: &Document) -> StoryDocument {
    StoryDocument {
        source: document.source.clone(),
        id: document.id.clone(),
        digest: Some(document.digest()),
        span: None,
        license: document.license.clone(),
        redactions: document.redactions.clone(),
    }
}

fn undocumented(source: &str, place: &Place) -> StoryDocument {
    StoryDocument {
        source: source.to_owned(),
        id: place.path.clone(),
        digest: None,
        span: None,
        license: None,
        redactions: Redactions::new(),
    }
}

fn of_seed(seed: &rifflebox_core::Seed) -> StoryDocument {
    StoryDocument {
        source: seed.source.clone(),
        id: seed.id.clone(),
        digest: Some(seed.digest),
        span: seed.span,
        license: seed.license.clone(),
        redactions: seed.redactions.clone(),
    }
}
