//! `(Document) -> [Draft]`: what documents are made into, and the tokens that they count.
//!
//! [`Passages`] and [`Rows`] hand on the words that are there; [`Cloze`] asks what they answer. Each is a plain
//! [`rifflebox_core::Generator`]: pure, without a model, and run by any engine or loop.
//!
//! ```
//! use rifflebox_core::{Document, Generator, Tier};
//! use rifflebox_generate::Cloze;
//!
//! let text = "# Jobs\n\n## Worker\n\nA worker is a process that takes jobs from the queue by their age.\n";
//! let document = Document {
//!     source: "docs".into(),
//!     id: "jobs.md".into(),
//!     text: text.into(),
//!     tier: Tier::T0,
//!     license: None,
//!     origin: Default::default(),
//!     fields: Default::default(),
//!     redactions: Default::default(),
//! };
//! let mut answers = Vec::new();
//! Cloze::about("Jobber").generate(&document, &mut |draft| answers.push(draft.fields["answer"].clone()))?;
//! assert_eq!(answers.len(), 1);
//! # Ok::<(), String>(())
//! ```

mod cloze;
mod command;
mod markdown;
mod passages;
mod rows;
mod tokens;

pub use cloze::Cloze;
pub use command::CommandGenerator;
pub use passages::Passages;
pub use rows::Rows;
pub use tokens::{O200k, tokenizer};
