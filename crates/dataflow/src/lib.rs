//! `rows = graph(changes)`, kept true across processes: incremental dataflow over durable arrangements.

mod ask;
mod engine;
mod graph;
mod merge;
mod plan;
mod run;

mod batch;
mod columns;
mod founded;
mod render;
mod time;

pub use ask::{Answer, Answering, Asker, Journal};
pub use engine::{Change, Cut, Feed, Keeper, Pace};
pub use graph::{Emit, Graph, JoinLogic, Keep, MapLogic, Node, Operation, ReduceLogic, Stage};
pub use merge::{merge, runs_to_merge};
pub use plan::{ANSWERS, ArrangementSpec, Plan};
pub use run::{Foundations, GraphRun, MemoryKeeper, RunSummary, contents};
