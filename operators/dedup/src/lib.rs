//! `(rows) -> rows that a better one displaces`: purges that can be undone, and what samples copy from documents.
//!
//! A purge never deletes: it says which rows give way, to which kept row, and how similar the two are. When the kept
//! row goes, the others return. [`Verbatim`] is a verifier: it compares samples with documents, as purges compare
//! samples with samples.

mod columns;
mod exact;
mod near;
mod verbatim;

pub use exact::Exact;
pub use near::{NearDuplicates, NearSettings, Unit};
pub use verbatim::{Canaries, Treatment, Verbatim, VerbatimSettings};
