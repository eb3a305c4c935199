//! `workspace = url -> manifests, runs, journal, published folder`, over any object store.
//!
//! A [`Workspace`] is one prefix of a store: a folder, a bucket's prefix, or memory. Arrangements of earlier runs
//! are opened in place from immutable files; a commit is one atomic creation of a manifest; finished calls go to a
//! journal at once. No other crate names the store's library.
//!
//! It is no database and no cache server: nothing runs between two commands, and no clock or lease decides anything.

mod access;
mod failure;
mod location;

mod ipc;
mod map;
mod run;

mod cache;
mod commit;
mod manifest;
mod resolve;
mod upload;
mod workspace;

pub use access::Counters;
pub use manifest::{
    Arrangement, Content, FORMAT, Manifest, ObjectName, Parent, Part, Published, Run, StageRecord,
    VersionRecord,
};
pub use run::{Rounds, RunColumns};
pub use upload::{NewRun, Upload};
pub use workspace::{Committed, Options, Workspace, Wrap};
