use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use rifflebox_core::{Key, Result};
use rifflebox_dataflow::{Change, Feed, Graph, GraphRun, MemoryKeeper, Pace, contents};

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
}

impl Replay {
    /// Runs a graph over some epochs of changes, on a state that only the keeper carries over.
    ///
    /// # Errors
    /// When the run does.
    pub fn run(&mut self, graph: &Arc<Graph>, epochs: Vec<Vec<Change>>, pace: Pace) -> Result<()> {
        epochs.iter().flatten().for_each(|change| self.truth.apply(change));
        let mut run = GraphRun::new(graph.clone());
        run.foundations = self.keeper.runs.clone();
        run.stages = self.keeper.stages.clone();
        run.runtime = self.runtime.clone();
        run.pace = pace;
        self.keeper.begin(graph);
        run.run(&mut Epochs(epochs.into()), &mut self.keeper)?;
        Ok(())
    }

    /// Compares every arrangement outside of loops with a fresh evaluation; returns the first that differs.
    ///
    /// # Errors
    /// The name of the arrangement, and some rows in which the two differ.
    pub fn compare(&self, graph: &Graph) -> Result<(), String> {
        for (name, expected) in evaluate(graph, &self.truth.inputs, self.runtime.as_ref()) {
            let actual = self.keeper.runs.get(&name).map(|runs| contents(runs)).unwrap_or_default();
            if actual != expected && !name.starts_with(rifflebox_dataflow::ANSWERS) {
                let differ = |one: &Rows, two: &Rows| -> Vec<((Key, Vec<u8>), i64)> {
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
mod tests;
