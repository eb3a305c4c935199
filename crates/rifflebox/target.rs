//! Targets: exactly so many samples that pass, the first in the order of their documents' permanent numbers.
//!
//! A document's permanent number is its key, a digest: their order is a random one that no other document moves. A stage
//! asks of the documents up to a number, and the number follows from the state alone: it is that of the sample that makes
//! the target full. Where some are missing, further documents are admitted, never more than could fill it up; where
//! there are too many, the last ones are let go, and their answers stay.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::sync::Arc;

use rifflebox_core::{Key, Row};
use rifflebox_dataflow::{Change, FlowPlan, FlowStage, MadeHead, Operator, Reader, encode};
use rifflebox_storage::Content;

use crate::standing::Standing;

/// Documents that a stage may ask of, each with the greatest id of a sample that is wanted of it, if not all are.
type Admitted = BTreeMap<Key, Option<Key>>;

/// Returns how the documents differ that the stages of a flow may ask of from those that they should; nothing if no stage
/// has a target, or all that can be is done.
pub(crate) fn changes(plan: &FlowPlan, reader: &Reader) -> Vec<Change> {
    let mut changes = Vec::new();
    for stage in &plan.stages {
        let Some(target) = stage.target else { continue };
        let input: Arc<str> = admitted_of(&stage.name).into();
        let admitted = reader.table::<Key, Option<Key>>(&input).all();
        let admitted: Admitted = admitted.into_iter().map(|(key, cap, _)| (key, cap)).collect();
        let wanted = Search { plan, stage, reader, target: target as usize }.wanted(&admitted);
        let mut say = |key: &Key, cap: &Option<Key>, diff| {
            let (key, value) = encode(key, cap);
            changes.push(Change { input: input.clone(), key, value, diff });
        };
        for (key, cap) in &admitted {
            if wanted.get(key) != Some(cap) {
                say(key, cap, -1);
            }
        }
        for (key, cap) in &wanted {
            if admitted.get(key) != Some(cap) {
                say(key, cap, 1);
            }
        }
    }
    changes
}

/// Returns the changes that let each stage with a target ask of some documents.
pub(crate) fn admit(plan: &FlowPlan, documents: &[Key]) -> Vec<Change> {
    let stages = plan.stages.iter().filter(|stage| stage.target.is_some());
    let all = stages.flat_map(|stage| {
        let input: Arc<str> = admitted_of(&stage.name).into();
        documents.iter().map(move |document| {
            let (key, value) = encode(document, &None::<Key>);
            Change { input: input.clone(), key, value, diff: 1 }
        })
    });
    all.collect()
}

/// Returns, for each stage with a target, how many samples are missing.
pub(crate) fn missing(plan: &FlowPlan, reader: &Reader) -> BTreeMap<String, u64> {
    let targets = plan.stages.iter().filter_map(|stage| Some((stage, stage.target?)));
    let missing = targets.map(|(stage, target)| {
        let search = Search { plan, stage, reader, target: target as usize };
        (stage.name.clone(), target.saturating_sub(search.accepted().len() as u64))
    });
    missing.collect()
}

/// Returns of how many documents a stage with a target may not ask yet.
pub(crate) fn left(stage: &FlowStage, reader: &Reader) -> u64 {
    let documents: u64 = stage.from.iter().map(|source| reader.count_keys(&format!("{source}/rows"))).sum();
    documents.saturating_sub(reader.count_keys(&admitted_of(&stage.name)))
}

/// Names among a stage's notes what is missing of its target.
pub(crate) const MISSING: &str = "samples missing of the target";

/// Returns the same as the last report had it, so that a build that changes nothing looks at no sample.
pub(crate) fn known_missing(plan: &FlowPlan, report: Option<&serde_json::Value>) -> BTreeMap<String, u64> {
    let targets = plan.stages.iter().filter(|stage| stage.target.is_some());
    let noted = |stage: &FlowStage| report?.get("notes")?.get(&stage.name)?.get(MISSING)?.as_u64();
    targets.filter_map(|stage| Some((stage.name.clone(), noted(stage)?))).collect()
}

/// Names the arrangement of the documents that a stage with a target may ask of.
pub(crate) fn admitted_of(stage: &str) -> String {
    format!("{stage}/target/admitted")
}

/// Finds the documents that a stage should ask of.
struct Search<'a> {
    plan: &'a FlowPlan,
    stage: &'a FlowStage,
    reader: &'a Reader,
    target: usize,
}

impl Search<'_> {
    fn wanted(&self, admitted: &Admitted) -> Admitted {
        let accepted = self.accepted();
        if let Some((document, sample)) = self.target.checked_sub(1).and_then(|last| accepted.get(last)) {
            let mut wanted = self.documents(Key::MIN, *document, usize::MAX);
            wanted.insert(*document, Some(*sample));
            return wanted;
        }
        let Some((last, cap)) = admitted.last_key_value() else {
            return self.documents(Key::MIN, Key::MAX, self.target.min(self.concurrency()));
        };
        let mut wanted = self.documents(Key::MIN, *last, usize::MAX);
        if self.owes() {
            // An owed call may yet fill the target.
            wanted.entry(*last).and_modify(|kept| *kept = *cap);
            return wanted;
        }
        // What its samples beyond the cap are worth is known after them alone.
        if cap.is_none() {
            let mut by_document = BTreeMap::<Key, usize>::new();
            accepted.iter().for_each(|(document, _)| *by_document.entry(*document).or_default() += 1);
            let of_one = by_document.into_values().max().unwrap_or(1);
            let more = ((self.target - accepted.len()) / of_one).max(1);
            if let Some(after) = last.to_u128().checked_add(1) {
                wanted.extend(self.documents(Key::from_u128(after), Key::MAX, more));
            }
        }
        wanted
    }

    /// Returns the samples that pass all verifiers behind the stage, as documents and ids, in order.
    fn accepted(&self) -> Vec<(Key, Key)> {
        let standing = Standing::new(self.plan.clone(), Content::default(), self.reader.clone());
        let mut accepted = Vec::new();
        let table = self.reader.table::<Key, MadeHead>(&format!("{}/samples", self.stage.name));
        let scanned: Result<(), Infallible> = table.scan(Key::MIN, Key::MAX, |_, head, _| {
            if let MadeHead::Sample(row) = head
                && self.passes(&standing, &row)
            {
                accepted.push((row.route, row.id));
            }
            Ok(())
        });
        match scanned {
            Ok(()) => accepted.sort_unstable(),
        }
        accepted
    }

    fn passes(&self, standing: &Standing, row: &Row) -> bool {
        let visits = standing.visits(&self.stage.name, row);
        visits.iter().any(|visit| matches!(visit.stage.operator, Operator::Dedup(_) | Operator::Mix(_)))
    }

    /// Returns the first documents of a range of keys, without caps.
    fn documents(&self, first: Key, last: Key, most: usize) -> Admitted {
        let mut found = Admitted::new();
        for source in &self.stage.from {
            let mut of_source = 0;
            // A row begins with its key; what follows is not read.
            let rows = self.reader.table::<Key, Key>(&format!("{source}/rows"));
            let _ = rows.scan(first, last, |key, _, _| {
                if of_source == most {
                    return Err(());
                }
                of_source += usize::from(found.insert(key, None).is_none());
                Ok(())
            });
        }
        while found.len() > most {
            found.pop_last();
        }
        found
    }

    fn owes(&self) -> bool {
        self.plan.answers().iter().any(|name| !self.reader.is_empty(&format!("{name}/owed")))
    }

    fn concurrency(&self) -> usize {
        let respondents = self.stage.operator.inquiring().map(|inquiring| inquiring.respondents);
        let widths =
            respondents.into_iter().flatten().map(|respondent| respondent.about().limits.concurrency);
        widths.max().unwrap_or(1).max(1)
    }
}
