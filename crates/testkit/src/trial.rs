//! A stage in a flow of its own, driven by hand: each document is one sample.

use std::collections::BTreeMap;
use std::sync::Arc;

use rifflebox_core::{Document, Key, Place, Result, RowItem};
use rifflebox_dataflow::{Change, Graph, Made, Operator, Pace, contents, decode, encode};

use crate::laws::{Whole, graph};
use crate::replay::Replay;

/// A stage behind a generator that makes each document one sample; a document of depth 1 makes a synthetic one.
pub(crate) struct Trial {
    stage: &'static str,
    graph: Arc<Graph>,
    replay: Replay,
    documents: BTreeMap<String, Document>,
    pending: Vec<Change>,
}

impl Trial {
    pub(crate) fn new(stage: &'static str, operator: Operator) -> Result<Self> {
        let documents = BTreeMap::new();
        let graph = wired(stage, operator)?;
        Ok(Trial { stage, graph, replay: Replay::default(), documents, pending: Vec::new() })
    }

    pub(crate) fn replace(&mut self, operator: Operator) -> Result<()> {
        self.graph = wired(self.stage, operator)?;
        Ok(())
    }

    pub(crate) fn put(&mut self, document: Document) {
        self.remove(&document.id.clone());
        self.say(&document, 1);
        self.documents.insert(document.id.clone(), document);
    }

    pub(crate) fn remove(&mut self, id: &str) {
        if let Some(document) = self.documents.remove(id) {
            self.say(&document, -1);
        }
    }

    pub(crate) fn run(&mut self, pace: Pace) -> Result<()> {
        let changes = std::mem::take(&mut self.pending);
        self.replay.run(&self.graph.clone(), vec![changes], pace).map(drop)
    }

    pub(crate) fn compare(&self) -> Result<(), String> {
        self.replay.compare(&self.graph)
    }

    pub(crate) fn documents(&self) -> &BTreeMap<String, Document> {
        &self.documents
    }

    /// Returns the ids of the documents by those of their samples.
    pub(crate) fn names(&self) -> BTreeMap<Key, String> {
        let made = self.rows("made/samples");
        let named = made.filter_map(|(id, bytes)| match decode::<Key, Made>(id, &bytes).1 {
            Made::Sample(_, sample) => Some((id, sample.documents[0].id.clone())),
            Made::Failed { .. } => None,
        });
        named.collect()
    }

    /// Returns the stage's figures by name.
    pub(crate) fn notes(&self) -> BTreeMap<String, i64> {
        let name = format!("{}/notes", self.stage);
        let runs = self.replay.keeper.runs.get(&name).map(Vec::as_slice).unwrap_or_default();
        let rows = contents(runs).into_iter();
        rows.map(|((key, bytes), weight)| (decode::<String, ()>(key, &bytes).0, weight)).collect()
    }

    /// Returns how many updates an arrangement holds, over all of its runs.
    pub(crate) fn updates(&self, arrangement: &str) -> usize {
        let runs = self.replay.keeper.runs.get(arrangement).map(Vec::as_slice).unwrap_or_default();
        runs.iter().map(|run| run.update_count()).sum()
    }

    pub(crate) fn rows(&self, arrangement: &str) -> impl Iterator<Item = (Key, Vec<u8>)> + use<> {
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

fn wired(stage: &str, operator: Operator) -> Result<Arc<Graph>> {
    graph(&[("made", Operator::Generate(Arc::new(Whole))), (stage, operator)])
}
