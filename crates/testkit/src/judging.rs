//! A verifier that is a graph, in a flow of its own, driven by hand: what it says is read back by the documents' names.

use std::collections::BTreeMap;
use std::sync::Arc;

use rifflebox_core::{Document, Key, Result, StageRow};
use rifflebox_dataflow::{GraphVerifier, OnReject, Operator, Pace, decode};

use crate::trial::Trial;

/// A verifier over documents, each of which is one sample; one of depth 1 is a synthetic sample.
pub struct Judging(Trial);

impl Judging {
    /// Puts a verifier to work on nothing.
    ///
    /// # Errors
    /// When the verifier does not fit into a flow.
    pub fn new(verifier: Arc<dyn GraphVerifier>) -> Result<Self> {
        Ok(Judging(Trial::new("judged", Operator::VerifyGraph(verifier, OnReject::Drop))?))
    }

    /// Puts another verifier, or the same with other settings, in the place of the first.
    ///
    /// # Errors
    /// When the verifier does not fit into a flow.
    pub fn replace(&mut self, verifier: Arc<dyn GraphVerifier>) -> Result<()> {
        self.0.replace(Operator::VerifyGraph(verifier, OnReject::Drop))
    }

    /// Adds a document, or puts it in the place of that with its id, at the next run.
    pub fn put(&mut self, document: Document) {
        self.0.put(document);
    }

    /// Takes a document away, at the next run.
    pub fn remove(&mut self, id: &str) {
        self.0.remove(id);
    }

    /// Runs, as a new process would, over all that was put and removed since the last run.
    ///
    /// # Errors
    /// When the run fails.
    pub fn run(&mut self, pace: Pace) -> Result<()> {
        self.0.run(pace)
    }

    /// Compares every arrangement with an evaluation from scratch.
    ///
    /// # Errors
    /// What differs.
    pub fn compare(&self) -> Result<(), String> {
        self.0.compare()
    }

    /// Returns the documents as they stand.
    pub fn documents(&self) -> &BTreeMap<String, Document> {
        self.0.documents()
    }

    /// Returns what became of each document's sample.
    ///
    /// # Panics
    /// When a sample has two rows: a defect of the verifier.
    pub fn judged(&self) -> BTreeMap<String, StageRow> {
        let (names, mut judged) = (self.0.names(), BTreeMap::new());
        for (id, bytes) in self.0.rows("judged/verdicts") {
            let other = judged.insert(names[&id].clone(), decode::<Key, StageRow>(id, &bytes).1);
            assert!(other.is_none(), "{} is judged once", names[&id]);
        }
        judged
    }

    /// Returns the verifier's figures by name.
    pub fn notes(&self) -> BTreeMap<String, i64> {
        self.0.notes()
    }

    /// Returns how many updates an arrangement holds, over all of its runs.
    pub fn updates(&self, arrangement: &str) -> usize {
        self.0.updates(arrangement)
    }
}
