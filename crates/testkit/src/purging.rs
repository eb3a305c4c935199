//! A purge in a flow of its own, driven by hand: what it displaces is read back by the documents' names.

use std::collections::BTreeMap;
use std::sync::Arc;

use rifflebox_core::{Document, Key, Outcome, Result, Score, StageRow};
use rifflebox_dataflow::{Operator, Pace, Purge, decode};

use crate::trial::Trial;

/// By the id of a displaced document's sample: the id of the one that it gave way to, and how similar the two are.
pub type Displaced = BTreeMap<String, (String, Score)>;

/// A purge over documents, each of which is one sample.
pub struct Purging(Trial);

impl Purging {
    /// Puts a purge to work on nothing.
    ///
    /// # Errors
    /// When the purge does not fit into a flow.
    pub fn new(purge: Arc<dyn Purge>) -> Result<Self> {
        Ok(Purging(Trial::new("purged", Operator::Dedup(purge))?))
    }

    /// Puts another purge, or the same with other settings, in the place of the first.
    ///
    /// # Errors
    /// When the purge does not fit into a flow.
    pub fn replace(&mut self, purge: Arc<dyn Purge>) -> Result<()> {
        self.0.replace(Operator::Dedup(purge))
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

    /// Returns what is displaced.
    pub fn displaced(&self) -> Displaced {
        let names = self.0.names();
        let said = self.0.rows("purged/displaced").map(|(id, bytes)| decode::<Key, StageRow>(id, &bytes).1);
        let pair = |said: StageRow| match said.outcome {
            Outcome::Displaced { by, similarity, .. } => {
                Some((names[&said.row.id].clone(), (names[&by].clone(), similarity)))
            }
            _ => None,
        };
        said.filter_map(pair).collect()
    }

    /// Returns the purge's figures by name.
    pub fn notes(&self) -> BTreeMap<String, i64> {
        self.0.notes()
    }

    /// Returns how many updates an arrangement holds, over all of its runs.
    pub fn updates(&self, arrangement: &str) -> usize {
        self.0.updates(arrangement)
    }
}
