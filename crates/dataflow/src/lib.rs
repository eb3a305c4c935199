//! `rows = graph(changes)`, kept true across processes: incremental dataflow over durable arrangements.

mod ask;
mod engine;
mod flow;
mod graph;
mod merge;
mod plan;
mod reader;
mod run;
mod scope;

mod batch;
mod columns;
mod founded;
mod render;
mod time;

pub use ask::{Answer, Answering, Asker, Journal, KeptAnswer};
pub use engine::{Change, Cut, Feed, Keeper, Pace};
pub use flow::{
    Compiled, Documents, Flow, FlowPlan, FlowStage, Keyed, KeyedStep, Label, Made, MadeHead, MixDecision,
    Mixed, Mixer, OWED, OnReject, Operator, PublishSettings, Purge, Quota, Repeat, Samples, Status, Unit,
    call_of_drafts, call_of_verdict, compile, schema,
};
pub use graph::{Emit, Graph, JoinLogic, Keep, MapLogic, Node, Operation, ReduceLogic, Stage};
pub use merge::{merge, runs_to_merge};
pub use plan::{ANSWERS, ArrangementSpec, Plan};
pub use reader::{Reader, Table};
#[doc(hidden)]
pub use run::Bugs;
pub use run::{Foundations, GraphRun, MemoryKeeper, RunSummary, contents};
pub use scope::{Arranged, Data, Rows, Scope, decode, encode};
