//! `rows = graph(changes)`, kept true across processes: incremental dataflow over durable arrangements.
//!
//! A [`Graph`] is plain data. A [`GraphRun`] renders it onto timely and differential dataflow, stands it on what earlier
//! runs left, and feeds it changes; a [`Keeper`] makes what it adds outlive the process. A [`Flow`] is a graph of
//! documents, samples and verdicts. No type of the engine beneath is part of this face.
//!
//! It is no stream processor: a run ends when its changes are through, and nothing runs between two of them.
//!
//! ```
//! use std::sync::Arc;
//! use rifflebox_core::{Key, Result};
//! use rifflebox_dataflow::{Change, Feed, Graph, GraphRun, Keep, MemoryKeeper, Reader, Scope, encode};
//!
//! struct Once(Option<Vec<Change>>);
//! impl Feed for Once {
//!     fn next(&mut self) -> Result<Option<Vec<Change>>> {
//!         Ok(self.0.take())
//!     }
//! }
//!
//! let mut graph = Graph::new();
//! let mut ore = Scope::stage(&mut graph, "ore", Key::MIN);
//! let found = ore.input::<String, u64>("found");
//! let found = ore.arrange("found", found, Keep::Always);
//! let mut total = Scope::stage(&mut graph, "total", Key::of(b"total 1"));
//! let found = total.enter_arranged(found);
//! let sums = total.reduce("sums", found, |_, grams, say| say(grams.iter().map(|(gram, _)| gram).sum::<u64>()));
//! total.arrange("out", sums.rows(), Keep::Output);
//! let graph = Arc::new(graph);
//!
//! // Two runs, as two processes would: the second is given one change, and what the first left.
//! let mut kept = MemoryKeeper::default();
//! for grams in [3u64, 4] {
//!     let (key, value) = encode(&"river".to_owned(), &grams);
//!     let change = Change { input: "ore/found".into(), key, value, diff: 1 };
//!     let run = GraphRun {
//!         foundations: kept.runs.clone(),
//!         stages: kept.stages.clone(),
//!         ..GraphRun::new(graph.clone())
//!     };
//!     kept.begin(&graph);
//!     run.run(&mut Once(Some(vec![change])), &mut kept)?;
//! }
//! let out = Reader::new(kept.runs).table::<String, u64>("total/out").all();
//! assert_eq!(out, [("river".to_owned(), 7, 1)]);
//! # Ok::<(), rifflebox_core::Error>(())
//! ```

mod ask;
mod engine;
mod flow;
mod graph;
mod lookup;
mod merge;
mod pieces;
mod plan;
mod reader;
mod run;
mod scope;

mod batch;
mod columns;
mod encoded;
mod founded;
mod recompute;
mod render;
mod replay;
mod share;
mod sorter;
mod time;

pub use ask::{Answer, Answering, Asker, Journal, KeptAnswer};
pub use encoded::{Encoded, decode, encode};
pub use engine::{Change, Cut, Feed, Keeper, Pace};
pub use flow::{
    Against, Budget, Candidates, Compiled, Documents, Flow, FlowPlan, FlowStage, GraphVerifier, Keyed,
    KeyedStep, Label, Made, MadeHead, MixDecision, Mixed, Mixer, OWED, OnReject, Operator, PublishSettings,
    Purge, Purged, Quota, ReadSample, Repeat, SampleHead, SamplePart, Samples, Seeds, Spent, SpentUnit,
    Status, Unit, Verdicts, call_of_drafts, call_of_verdict, compile, kept_answer, schema,
};
pub use graph::{
    Emit, Graph, JoinLogic, Keep, KeyRows, LookupLogic, MapLogic, Node, Operation, Read, RecomputeLogic,
    ReduceLogic, Stage,
};
pub use merge::{Turn, add_run, merge};
pub use pieces::{OpenRun, Piece};
pub use plan::{ANSWERS, ArrangementSpec, Plan};
pub use reader::{Reader, Table};
#[doc(hidden)]
pub use run::Bugs;
pub use run::{Foundations, GraphRun, MemoryKeeper, RunSummary, contents, foundations};
pub use scope::{Arranged, Data, Rows, Scope, Values};
