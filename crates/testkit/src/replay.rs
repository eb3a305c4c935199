use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};

use rifflebox_core::{Error, ErrorKind, Key, Result};
use rifflebox_dataflow::{
    Change, Cut, Encoded, Feed, Foundations, Graph, GraphRun, Journal, Keeper, KeptAnswer, MemoryKeeper,
    Pace, RunSummary, contents,
};

use rifflebox_storage::RunColumns;

use crate::naive::{Rows, evaluate};

/// The inputs as they stand: what a fresh evaluation is made of.
#[derive(Clone, Debug, Default)]
pub struct Truth {
    /// By input's name.
    pub inputs: BTreeMap<String, Rows>,
}

impl Truth {
    /// Applies a change.
    pub fn apply(&mut self, change: &Change) {
        let rows = self.inputs.entry(change.input.to_string()).or_default();
        let row = (change.key, change.value.clone());
        let weight = rows.entry(row.clone()).or_insert(0);
        *weight += change.diff;
        if *weight == 0 {
            rows.remove(&row);
        }
    }
}

/// A workspace in memory that is driven through many runs, each as a new process would, and compared with the truth.
#[derive(Default)]
pub struct Replay {
    /// What the runs so far left.
    pub keeper: MemoryKeeper,
    /// The inputs as the runs so far were fed.
    pub truth: Truth,
    /// Where askers run.
    pub runtime: Option<tokio::runtime::Handle>,
    /// Final answers that no commit covers yet.
    pub journal: Arc<MemoryJournal>,
    /// The run dies at this commit, counted from 0; only what the journal has survives besides earlier commits.
    pub die_at_commit: Option<usize>,
    /// Keys that a file holds, at most: a run of more is opened in parts; 0 for no bound.
    pub keys_per_file: usize,
    /// Arrangements whose state is lost between runs, and read as empty: to show that it would be seen.
    pub lose: Vec<String>,
    /// Bugs to run with, for the same.
    #[doc(hidden)]
    pub bugs: rifflebox_dataflow::Bugs,
}

/// A journal in memory.
#[derive(Default)]
pub struct MemoryJournal {
    answers: Mutex<BTreeMap<String, Vec<KeptAnswer>>>,
}

impl Journal for MemoryJournal {
    fn record(&self, answers: &str, key: Key, answer: &[u8]) {
        let mut all = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
        all.entry(answers.to_owned()).or_default().push((key, answer.to_vec()));
    }
}

impl MemoryJournal {
    fn uncovered(&self) -> BTreeMap<String, Vec<KeptAnswer>> {
        self.answers.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn cover(&self) {
        self.answers.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
}

/// A keeper whose process may die while it commits: before anything is written.
struct Mortal<'a> {
    keeper: &'a mut MemoryKeeper,
    journal: &'a MemoryJournal,
    commits_left: Option<usize>,
}

impl Keeper for Mortal<'_> {
    fn commit(&mut self, cut: Cut) -> Result<Foundations> {
        if self.commits_left == Some(0) {
            return Err(Error::new(ErrorKind::Store, "the process died"));
        }
        self.commits_left = self.commits_left.map(|left| left - 1);
        let replaying = cut.replaying;
        let foundations = self.keeper.commit(cut)?;
        if !replaying {
            self.journal.cover();
        }
        Ok(foundations)
    }
}

impl Replay {
    /// Runs a graph over some epochs of changes, on a state that only the keeper carries over.
    ///
    /// # Errors
    /// When the run does.
    pub fn run(&mut self, graph: &Arc<Graph>, epochs: Vec<Vec<Change>>, pace: Pace) -> Result<RunSummary> {
        let mut run = GraphRun::new(graph.clone());
        self.lose.iter().for_each(|name| drop(self.keeper.runs.remove(name)));
        run.foundations =
            self.keeper.runs.iter().map(|(name, runs)| (name.clone(), self.in_files(runs))).collect();
        run.bugs = self.bugs;
        run.stages = self.keeper.stages.clone();
        run.runtime = self.runtime.clone();
        run.journal = Some(self.journal.clone());
        run.uncovered = self.journal.uncovered();
        run.pace = pace;
        self.keeper.begin(graph);
        let mut keeper =
            Mortal { keeper: &mut self.keeper, journal: &self.journal, commits_left: self.die_at_commit };
        let summary = run.run(&mut Epochs(epochs.clone().into()), &mut keeper)?;
        epochs.iter().flatten().for_each(|change| self.truth.apply(change));
        Ok(summary)
    }

    fn in_files(&self, runs: &[Arc<RunColumns>]) -> Vec<Arc<RunColumns>> {
        let files = runs.iter().flat_map(|run| {
            let size = if self.keys_per_file == 0 { run.key_count().max(1) } else { self.keys_per_file };
            let starts = (0..run.key_count()).step_by(size);
            starts.map(move |start| Arc::new(run.slice(start..(start + size).min(run.key_count()))))
        });
        files.collect()
    }

    /// Compares every arrangement outside of loops with a fresh evaluation; returns the first that differs.
    ///
    /// # Errors
    /// The name of the arrangement, and some rows in which the two differ.
    pub fn compare(&self, graph: &Graph) -> Result<(), String> {
        for (name, expected) in evaluate(graph, &self.truth.inputs, self.runtime.as_ref()) {
            let actual = self.keeper.runs.get(&name).map(|runs| contents(runs)).unwrap_or_default();
            if actual != expected && !name.starts_with(rifflebox_dataflow::ANSWERS) {
                let differ = |one: &Rows, two: &Rows| -> Vec<((Key, Encoded), i64)> {
                    let rows = one.iter().filter(|(row, diff)| two.get(*row) != Some(*diff));
                    rows.map(|(row, diff)| (row.clone(), *diff)).take(5).collect()
                };
                let (lacks, extra) = (differ(&expected, &actual), differ(&actual, &expected));
                return Err(format!("{name} lacks {lacks:?}, has instead {extra:?}"));
            }
        }
        Ok(())
    }
}

struct Epochs(VecDeque<Vec<Change>>);

impl Feed for Epochs {
    fn next(&mut self) -> Result<Option<Vec<Change>>> {
        Ok(self.0.pop_front())
    }
}

#[cfg(test)]
mod asking;
#[cfg(test)]
mod showing;
#[cfg(test)]
mod tests;
