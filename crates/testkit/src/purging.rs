//! A purge in a flow of its own, driven by hand: what it displaces is read back by the documents' names.

use std::collections::BTreeMap;
use std::sync::Arc;

use rifflebox_core::{Document, Key, Outcome, Place, Result, RowItem, Score, StageRow};
use rifflebox_dataflow::{Change, Graph, Made, Operator, Pace, Purge, contents, decode, encode};

use crate::laws::{Whole, graph};
use crate::replay::Replay;

/// By the id of a displaced document's sample: the id of the one that it gave way to, and how similar the two are.
pub type Displaced = BTreeMap<String, (String, Score)>;

/// A purge over documents, each of which is one sample.
pub struct Purging {
    graph: Arc<Graph>,
    replay: Replay,
    documents: BTreeMap<String, Document>,
    pending: Vec<Change>,
}

impl Purging {
    /// Puts a purge to work on nothing.
    ///
    /// # Errors
    /// When the purge does not fit into a flow.
    pub fn new(purge: Arc<dyn Purge>) -> Result<Self> {
        let documents = BTreeMap::new();
        Ok(Purging { graph: wired(purge)?, replay: Replay::default(), documents, pending: Vec::new() })
    }

    /// Puts another purge, or the same with other settings, in the place of the first.
    ///
    /// # Errors
    /// When the purge does not fit into a flow.
    pub fn replace(&mut self, purge: Arc<dyn Purge>) -> Result<()> {
        self.graph = wired(purge)?;
        Ok(())
    }

    /// Adds a document, or puts it in the place of that with its id, at the next run.
    pub fn put(&mut self, document: Document) {
        self.remove(&document.id.clone());
        self.say(&document, 1);
        self.documents.insert(document.id.clone(), document);
    }

    /// Takes a document away, at the next run.
    pub fn remove(&mut self, id: &str) {
        if let Some(document) = self.documents.remove(id) {
            self.say(&document, -1);
        }
    }

    /// Runs, as a new process would, over all that was put and removed since the last run.
    ///
    /// # Errors
    /// When the run fails.
    pub fn run(&mut self, pace: Pace) -> Result<()> {
        let changes = std::mem::take(&mut self.pending);
        self.replay.run(&self.graph.clone(), vec![changes], pace).map(drop)
    }

    /// Compares every arrangement with an evaluation from scratch.
    ///
    /// # Errors
    /// What differs.
    pub fn compare(&self) -> Result<(), String> {
        self.replay.compare(&self.graph)
    }

    /// Returns the documents as they stand.
    pub fn documents(&self) -> &BTreeMap<String, Document> {
        &self.documents
    }

    /// Returns what is displaced.
    pub fn displaced(&self) -> Displaced {
        let names: BTreeMap<Key, String> = self
            .rows("made/samples")
            .filter_map(|(id, bytes)| match decode::<Key, Made>(id, &bytes).1 {
                Made::Sample(_, sample) => Some((id, sample.documents[0].id.clone())),
                Made::Failed { .. } => None,
            })
            .collect();
        let said = self.rows("purged/displaced").map(|(id, bytes)| decode::<Key, StageRow>(id, &bytes).1);
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
        let runs = self.replay.keeper.runs.get("purged/notes").map(Vec::as_slice).unwrap_or_default();
        let rows = contents(runs).into_iter();
        rows.map(|((key, bytes), weight)| (decode::<String, ()>(key, &bytes).0, weight)).collect()
    }

    /// Returns how many updates an arrangement holds, over all of its runs.
    pub fn updates(&self, arrangement: &str) -> usize {
        let runs = self.replay.keeper.runs.get(arrangement).map(Vec::as_slice).unwrap_or_default();
        runs.iter().map(|run| run.update_count()).sum()
    }

    fn rows(&self, arrangement: &str) -> impl Iterator<Item = (Key, Vec<u8>)> + use<> {
        let runs = self.replay.keeper.runs.get(arrangement).map(Vec::as_slice).unwrap_or_default();
        contents(runs).into_keys()
    }

    fn say(&mut self, document: &Document, diff: i64) {
        let place = Place { path: document.id.clone(), line: None };
        let item = RowItem { key: document.key(), place, document: Ok(document.clone()) };
        let (key, value) = encode(&item.key, &item);
        self.pending.push(Change { input: "docs/rows".into(), key, value, diff });
    }
}

fn wired(purge: Arc<dyn Purge>) -> Result<Arc<Graph>> {
    graph(&[("made", Operator::Generate(Arc::new(Whole))), ("purged", Operator::Dedup(purge))])
}
