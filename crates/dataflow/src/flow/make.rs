//! Pure operators as the engine runs them: a panic is a row with a reason, and a row carries what travels.

use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use rifflebox_core::{
    Document, Draft, Generator, Identity, Key, Origin, Outcome, Proof, Row, RowItem, Sample, Score, Seed,
    StageRow, Tier, Tokenizer, Verdict, Verifier, logical_bytes,
};

use super::OnReject;
use super::records::Made;
use crate::engine::message_of;

/// Makes samples of documents for one stage.
#[derive(Clone)]
pub(crate) struct Maker {
    pub(crate) stage: String,
    pub(crate) identity: Identity,
    pub(crate) synthetic: bool,
    pub(crate) tokenizer: Arc<dyn Tokenizer>,
}

impl Maker {
    /// Turns drafts of one document into samples; what is said twice counts once.
    pub(crate) fn samples(
        &self,
        document: &Document,
        digest: Key,
        drafts: Vec<Draft>,
        say: &mut dyn FnMut(Key, Made),
    ) {
        let mut said = BTreeSet::new();
        for draft in drafts {
            let sample = self.sample(document, digest, draft);
            let id = sample.id();
            if said.insert(id) {
                let row = self.row(id, &sample);
                say(id, Made::Sample(row, Box::new(sample)));
            }
        }
    }

    /// Says that nothing could be made of a document, and why.
    pub(crate) fn failed(
        &self,
        document: &Document,
        reason: String,
        owed: bool,
        say: &mut dyn FnMut(Key, Made),
    ) {
        failed_document(&self.stage, document, reason, owed, say);
    }

    fn sample(&self, document: &Document, digest: Key, draft: Draft) -> Sample {
        let origin = match self.synthetic {
            false => document.origin.clone(),
            true => Origin {
                generator: Some(self.identity.name.clone()),
                family: self.identity.family.clone(),
                depth: document.origin.depth + 1,
            },
        };
        Sample {
            stage: self.stage.clone(),
            content: draft.content,
            context: draft.context,
            documents: vec![Seed {
                source: document.source.clone(),
                id: document.id.clone(),
                digest,
                span: draft.span,
                license: document.license.clone(),
                redactions: document.redactions.clone(),
            }],
            tier: if self.synthetic { Tier::T3 } else { document.tier },
            synthetic: self.synthetic || document.origin.depth > 0,
            origin,
            fields: draft.fields,
        }
    }

    fn row(&self, id: Key, sample: &Sample) -> Row {
        let context = sample.context.as_deref();
        let seed = &sample.documents[0];
        let texts = sample.content.columns().into_iter().map(|(_, text)| text).chain(context);
        Row {
            id,
            route: seed.key(),
            content: sample.content.digest(),
            kind: sample.content.kind(),
            tier: sample.tier,
            score: Score::ONE,
            synthetic: sample.synthetic,
            tokens: texts.map(|text| self.tokenizer.count(text)).sum(),
            bytes: logical_bytes(&sample.content, context, &seed.source, seed.license.as_deref()),
        }
    }
}

/// Says that a stage could make nothing of a document, and why.
pub(crate) fn failed_document(
    stage: &str,
    document: &Document,
    reason: String,
    owed: bool,
    say: &mut dyn FnMut(Key, Made),
) {
    let route = document.key();
    let id = Key::builder("failed").text(stage).key(route).finish();
    let (source, document) = (document.source.clone(), document.id.clone());
    say(id, Made::Failed { source, id: document, route, reason, owed });
}

/// Returns what says why a document is withheld: what a verifier finds in its text and fields.
pub(crate) fn holds(
    verifier: Arc<dyn Verifier>,
) -> impl Fn(&Document) -> Option<String> + Send + Sync + use<> {
    move |document| {
        let sample = Sample::of_document("", document);
        match catch_unwind(AssertUnwindSafe(|| verifier.verify(&sample, &[]))) {
            Ok(verdict) if verdict.accept => None,
            Ok(verdict) => Some(verdict.reason.unwrap_or_default()),
            Err(panic) => Some(format!("panic: {}", message_of(&*panic))),
        }
    }
}

/// Returns what a pure generator's stage makes of a row of its source.
pub(crate) fn maker(
    stage: &str,
    generator: Arc<dyn Generator>,
    tokenizer: Arc<dyn Tokenizer>,
) -> impl Fn(&RowItem, &mut dyn FnMut(Key, Made)) + Send + Sync + use<> {
    let maker = Maker {
        stage: stage.to_owned(),
        identity: generator.identity(),
        synthetic: generator.synthetic(),
        tokenizer,
    };
    move |item, say| {
        let Ok(document) = &item.document else { return };
        let mut drafts = Vec::new();
        let generated =
            catch_unwind(AssertUnwindSafe(|| generator.generate(document, &mut |draft| drafts.push(draft))));
        match generated {
            Ok(Ok(())) => maker.samples(document, document.digest(), drafts, say),
            Ok(Err(reason)) => maker.failed(document, reason, false, say),
            Err(panic) => maker.failed(document, format!("panic: {}", message_of(&*panic)), false, say),
        }
    }
}

/// Returns what a pure verifier's stage says of a row.
pub(crate) fn judge(
    verifier: Arc<dyn Verifier>,
    on_reject: OnReject,
) -> impl Fn(Row, &Sample, &[Document]) -> StageRow + Send + Sync + use<> {
    let proof = verifier.proof();
    move |row, sample, documents| match catch_unwind(AssertUnwindSafe(|| verifier.verify(sample, documents)))
    {
        Ok(verdict) => judged(row, verdict, proof, on_reject),
        Err(panic) => failed(row, format!("panic: {}", message_of(&*panic))),
    }
}

/// Returns a row that a verifier failed on.
pub(crate) fn failed(row: Row, reason: String) -> StageRow {
    StageRow { row, outcome: Outcome::Failed { reason }, verdict: None }
}

/// Returns a row as it leaves a verifier: its tier and its score follow the verdict.
///
/// No verifier raises human words; a synthetic sample rises to T2 when a verifier that proves something accepts it.
pub(crate) fn judged(mut row: Row, verdict: Verdict, proof: Proof, on_reject: OnReject) -> StageRow {
    let outcome = match (verdict.accept, on_reject) {
        (true, _) => {
            row.score = row.score.min(verdict.score);
            if row.synthetic && row.tier == Tier::T3 && proof == Proof::Confirmed {
                row.tier = Tier::T2;
            }
            Outcome::Kept
        }
        (false, OnReject::Drop) => Outcome::Rejected,
        (false, OnReject::Demote) => {
            row.tier = Tier::T3;
            row.score = row.score.min(verdict.score);
            Outcome::Kept
        }
        (false, OnReject::Tag) => Outcome::Kept,
    };
    StageRow { row, outcome, verdict: Some(verdict) }
}
