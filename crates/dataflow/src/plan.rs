//! What a run keeps of earlier runs: stages matched by name, arrangements by theirs.

use std::collections::{BTreeMap, BTreeSet};

use rifflebox_storage::StageRecord;

use crate::graph::{Graph, Keep, Operation};

/// What a graph says of one of its arrangements.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ArrangementSpec {
    /// Name of its stage.
    pub stage: String,
    /// Whether it is inside a loop.
    pub looped: bool,
    /// What becomes of it when its stage changes.
    pub keep: Keep,
}

/// What is kept, and what starts anew.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    /// Stages that start from nothing: new ones, and those whose fingerprint changed, or what they read.
    pub fresh: BTreeSet<String>,
    /// All arrangements of the graph.
    pub arrangements: BTreeMap<String, ArrangementSpec>,
}

impl Plan {
    /// Matches a graph with the stages of the last commit.
    pub fn new(graph: &Graph, before: &BTreeMap<String, StageRecord>) -> Self {
        let fresh = graph.stages().iter().filter(|stage| {
            let reads: Vec<String> = stage.reads.iter().cloned().collect();
            !before
                .get(&stage.name)
                .is_some_and(|old| old.fingerprint == stage.fingerprint && old.reads == reads)
        });
        Plan { fresh: fresh.map(|stage| stage.name.clone()).collect(), arrangements: graph.arrangements() }
    }

    /// Returns whether what earlier runs left of an arrangement still stands.
    ///
    /// Answers stand even when no stage of the graph asks for them: they are the cache.
    pub fn stands(&self, arrangement: &str) -> bool {
        match self.arrangements.get(arrangement) {
            Some(spec) => spec.keep != Keep::Internal || !self.fresh.contains(&spec.stage),
            None => arrangement.starts_with(ANSWERS),
        }
    }
}

/// Prefix of the names of arrangements that hold answers.
pub const ANSWERS: &str = "answers/";

impl Graph {
    /// Returns the stages as a manifest keeps them.
    pub fn stage_records(&self) -> BTreeMap<String, StageRecord> {
        let record = |stage: &crate::graph::Stage| StageRecord {
            fingerprint: stage.fingerprint,
            reads: stage.reads.iter().cloned().collect(),
        };
        self.stages().iter().map(|stage| (stage.name.clone(), record(stage))).collect()
    }

    /// Returns all arrangements by name, those inside of loops too.
    pub fn arrangements(&self) -> BTreeMap<String, ArrangementSpec> {
        let mut all = BTreeMap::new();
        for (node, operation) in self.nodes() {
            let stage = &self.stage_of(node).name;
            collect(operation, stage, false, &mut all);
        }
        all
    }
}

fn collect(operation: &Operation, stage: &str, looped: bool, all: &mut BTreeMap<String, ArrangementSpec>) {
    let mut add = |name: &str, keep: Keep| {
        let spec = ArrangementSpec { stage: stage.to_owned(), looped, keep };
        assert!(all.insert(name.to_owned(), spec).is_none(), "two arrangements are named {name}");
    };
    match operation {
        Operation::Arrange { name, keep, .. } => add(name, *keep),
        Operation::Reduce { name, .. } => add(name, Keep::Internal),
        Operation::Ask { answers, .. } => {
            assert!(answers.starts_with(ANSWERS), "{answers} must start with {ANSWERS}");
            add(answers, Keep::Always);
            add(&format!("{answers}/owed"), Keep::Always);
        }
        Operation::Iterate { body, .. } => {
            for (_, operation) in body.nodes() {
                collect(operation, stage, true, all);
            }
        }
        _ => {}
    }
}
