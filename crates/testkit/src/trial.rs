//! A stage in a flow of its own, driven by hand: what it says is read back by the documents' names.

use std::collections::BTreeMap;
use std::marker::PhantomData;
use std::sync::Arc;

use rifflebox_core::{Document, Key, Outcome, Place, Result, RowItem, Score, StageRow};
use rifflebox_dataflow::{
    Change, Graph, GraphVerifier, Made, OnReject, Operator, Pace, Purge, contents, decode, encode,
};

use crate::laws::{Whole, graph};
use crate::replay::Replay;

/// A purge over documents, each of which is one sample.
pub type Purging = Trial<dyn Purge>;

/// A verifier over documents, each of which is one sample.
pub type Judging = Trial<dyn GraphVerifier>;

/// By the id of a displaced document's sample: the id of the one that it gave way to, and how similar the two are.
pub type Displaced = BTreeMap<String, (String, Score)>;

/// An operator behind a generator that makes each document one sample, of its text, or of its fields `prompt` and
/// `completion`; a document of depth 1 makes a synthetic one.
pub struct Trial<T: Tried + ?Sized> {
    graph: Arc<Graph>,
    replay: Replay,
    documents: BTreeMap<String, Document>,
    pending: Vec<Change>,
    tried: PhantomData<T>,
}

/// A kind of operator that can be tried alone.
pub trait Tried {
    /// Name of its stage, with which the names of its arrangements begin.
    const STAGE: &'static str;

    /// Makes it what stands at a stage.
    fn operator(tried: Arc<Self>) -> Operator;
}

impl Tried for dyn Purge {
    const STAGE: &'static str = "purged";

    fn operator(tried: Arc<Self>) -> Operator {
        Operator::Dedup(tried)
    }
}

impl Tried for dyn GraphVerifier {
    const STAGE: &'static str = "judged";

    fn operator(tried: Arc<Self>) -> Operator {
        Operator::VerifyGraph(tried, OnReject::Drop)
    }
}

impl<T: Tried + ?Sized> Trial<T> {
    /// Puts an operator to work on nothing.
    ///
    /// # Errors
    /// When it does not fit into a flow.
    pub fn new(tried: Arc<T>) -> Result<Self> {
        Ok(Trial {
            graph: wired(tried)?,
            replay: Replay::default(),
            documents: BTreeMap::new(),
            pending: Vec::new(),
            tried: PhantomData,
        })
    }

    /// Puts another operator, or the same with other settings, in the place of the first.
    ///
    /// # Errors
    /// When it does not fit into a flow.
    pub fn replace(&mut self, tried: Arc<T>) -> Result<()> {
        self.graph = wired(tried)?;
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
        self.replay.run(&self.graph, vec![changes], pace).map(drop)
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

    /// Returns the operator's figures by name.
    pub fn notes(&self) -> BTreeMap<String, i64> {
        let rows = self.contents(&format!("{}/notes", T::STAGE)).into_iter();
        rows.map(|((key, bytes), weight)| (decode::<String, ()>(key, &bytes).0, weight)).collect()
    }

    /// Returns how many updates an arrangement holds, over all of its runs.
    pub fn updates(&self, arrangement: &str) -> usize {
        let runs = self.replay.keeper.runs.get(arrangement).into_iter().flatten();
        runs.map(|run| run.update_count()).sum()
    }

    /// Returns the rows of an arrangement that holds one of each sample.
    fn rows(&self, arrangement: &str) -> impl Iterator<Item = StageRow> + use<T> {
        let rows = self.contents(arrangement).into_keys();
        rows.map(|(id, bytes)| decode::<Key, StageRow>(id, &bytes).1)
    }

    /// Returns the ids of the documents by those of their samples.
    fn names(&self) -> BTreeMap<Key, String> {
        let made = self.contents("made/samples").into_keys();
        let named = made.filter_map(|(id, bytes)| match decode::<Key, Made>(id, &bytes).1 {
            Made::Sample(_, sample) => Some((id, sample.documents[0].id.clone())),
            Made::Failed { .. } => None,
        });
        named.collect()
    }

    fn contents(&self, arrangement: &str) -> crate::naive::Rows {
        contents(self.replay.keeper.runs.get(arrangement).map(Vec::as_slice).unwrap_or_default())
    }

    fn say(&mut self, document: &Document, diff: i64) {
        let place = Place { path: document.id.clone(), line: None };
        let item = RowItem { key: document.key(), place, document: Ok(document.clone()) };
        let (key, value) = encode(&item.key, &item);
        self.pending.push(Change { input: "docs/rows".into(), key, value, diff });
    }
}

impl Trial<dyn Purge> {
    /// Returns what is displaced.
    pub fn displaced(&self) -> Displaced {
        let names = self.names();
        let pair = |said: StageRow| match said.outcome {
            Outcome::Displaced { by, similarity, .. } => {
                Some((names[&said.row.id].clone(), (names[&by].clone(), similarity)))
            }
            _ => None,
        };
        self.rows("purged/displaced").filter_map(pair).collect()
    }
}

impl Trial<dyn GraphVerifier> {
    /// Returns what became of each document's sample.
    ///
    /// # Panics
    /// When a sample has two rows: a defect of the verifier.
    pub fn judged(&self) -> BTreeMap<String, StageRow> {
        let (names, mut judged) = (self.names(), BTreeMap::new());
        for said in self.rows("judged/verdicts") {
            let name = &names[&said.row.id];
            assert!(judged.insert(name.clone(), said).is_none(), "{name} is judged once");
        }
        judged
    }
}

fn wired<T: Tried + ?Sized>(tried: Arc<T>) -> Result<Arc<Graph>> {
    graph(&[("made", Operator::Generate(Arc::new(Whole))), (T::STAGE, T::operator(tried))])
}
