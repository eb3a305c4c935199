//! `workspace = url -> manifests, runs, journal, published folder`, over any object store.
//!
//! A [`Workspace`] is one prefix of a store: a folder, a bucket's prefix, or memory. Arrangements of earlier runs
//! are opened in place from immutable files; a commit is one atomic creation of a manifest; finished calls go to a
//! journal at once. No other crate names the store's library.
//!
//! It is no database and no cache server: nothing runs between two commands, and no clock or lease decides anything.
//!
//! ```
//! use rifflebox_storage::{Content, Options, Workspace, nonce};
//!
//! # tokio::runtime::Runtime::new()?.block_on(async {
//! let workspace = Workspace::open("memory:example", Options::default()).await?;
//! let (newest, finished_calls) = workspace.begin().await?;
//! assert!(newest.is_none() && finished_calls.is_empty());
//!
//! let content = Content { flow: Some("name = \"example\"".into()), ..Content::default() };
//! let manifest = workspace.commit(None, content, &nonce()).await?.won()?;
//! assert_eq!(workspace.newest().await?, Some(manifest));
//! # Ok::<_, rifflebox_core::Error>(())
//! # })?;
//! # Ok::<_, Box<dyn std::error::Error>>(())
//! ```

mod access;
mod failure;
mod location;
mod nonce;

mod ipc;
mod map;
mod run;
mod scratch;

mod commit;
mod manifest;
mod resolve;
mod workspace;

mod cache;
mod journal;
mod upload;

mod check;
mod collect;
mod gc;
mod objects;

#[cfg(any(test, feature = "faults"))]
mod faults;

#[cfg(test)]
mod samples;
#[cfg(test)]
mod spoilt;

pub use access::{Counters, Requests, Traffic};
pub use check::CheckReport;
#[cfg(any(test, feature = "faults"))]
pub use faults::{Faults, Kill, Trace};
pub use gc::GcReport;
pub use journal::{Journal, Segment};
pub use manifest::{
    Arrangement, Content, FORMAT, Manifest, ObjectName, Parent, Part, Published, Run, StageRecord,
    VersionRecord,
};
pub use nonce::nonce;
pub use objects::{Listed, Objects};
pub use run::{Rounds, RunColumns, partition_keys};
pub use scratch::Scratch;
pub use upload::{NewRun, Upload};
pub use workspace::{Committed, Options, Workspace, Wrap};
