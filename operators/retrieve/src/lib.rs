//! `(samples, documents) -> verdicts`: verifiers that look up in the seed corpus what a sample says.
//!
//! [`Facts`] cuts a sample into claims, finds the passages of the corpus that speak of the same, and accepts it where each
//! claim stands in one of them. No model is asked, and no index is kept but the arrangements of the dataflow: a document
//! that changes takes back the verdicts that rest on it, and no others.

mod facts;

mod claim;
mod passage;
mod support;
mod term;

pub use facts::{Facts, FactsSettings};
