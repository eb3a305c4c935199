//! `(rows) -> rows that a better one displaces`: purges that can be undone.
//!
//! A purge never deletes: it says which rows give way, to which kept row, and how similar the two are. When the kept
//! row goes, the others return.

mod exact;
mod near;

pub use exact::Exact;
pub use near::{NearDuplicates, NearSettings, Unit};
