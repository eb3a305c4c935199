//! `(Document) -> [Sample]`, `(Sample, [Document]) -> Verdict`: the words of rifflebox as plain data.
//!
//! This crate holds the records that flow, the keys that name them, and the traits that operators
//! implement. It knows no engine, no runtime and no store: an operator written against it can be run
//! incrementally, or from scratch by a loop, with the same result.
//!
//! ```
//! use rifflebox_core::{verifier, Sample, Verdict, Verifier};
//!
//! let no_todo = verifier("no-todo", "1", |sample: &Sample| match sample.text().contains("TODO") {
//!     true => Verdict::reject("contains TODO"),
//!     false => Verdict::accept(),
//! });
//! assert_eq!(no_todo.identity().name, "no-todo");
//! ```

mod asked;
mod document;
mod error;
mod held_out;
mod identity;
mod inquiry;
mod key;
mod nearest;
mod operator;
mod outcome;
mod redaction;
mod sample;
mod source;
mod text;
mod tier;
mod value;
mod verdict;
mod words;
mod written;

pub use asked::{Answering, AskedGenerator, AskedVerifier, Exposure, Failure, Judged, Limits, asked};
pub use document::{Document, Origin};
pub use error::{Error, ErrorKind, Result};
pub use held_out::{HeldOut, HeldOutCheck};
pub use identity::{Identity, Proof, Settings};
pub use inquiry::{
    About, Cost, Heard, Inquiring, Inquiry, Judge, Next, Question, Reply, Respondent, Response, Teacher,
};
pub use key::{Key, KeyBuilder};
pub use nearest::{listed, nearest};
pub use operator::{Generator, Verifier, verifier, verifier_with_documents};
pub use outcome::{Outcome, Row, StageRow};
pub use redaction::{Redaction, RedactionKeeper, Redactions};
pub use sample::{Content, Draft, Kind, Message, Sample, Seed, Span, logical_bytes};
pub use source::{FileChange, FileRecord, KeptFiles, Place, RowItem, Source, Stat};
pub use text::Tokenizer;
pub use tier::Tier;
pub use value::{Fields, Value};
pub use verdict::{Score, Verdict, Vote};
pub use words::{each_lower_word, each_lower_word_begins, each_word, grams, grams_in_place, mix};
