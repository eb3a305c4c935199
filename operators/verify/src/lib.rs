//! `(Sample) -> Verdict`: filters, which judge a text by its look, and verifiers, which check what it says.
//!
//! A filter proves nothing: a synthetic sample that passed filters alone is of the lowest tier. Each is a
//! plain [`rifflebox_core::Verifier`], pure and without state, so it can be run by any engine or loop.
//!
//! ```
//! use rifflebox_core::{Content, Sample, Tier};
//! use serde_json::json;
//!
//! let filter = rifflebox_verify::by_name("gopher-quality", json!({ "min_words": 5 })).unwrap()?;
//! let sample = Sample {
//!     stage: "notes".into(),
//!     content: Content::Text { text: "Too short.".into() },
//!     context: None,
//!     documents: vec![],
//!     tier: Tier::T0,
//!     synthetic: false,
//!     origin: Default::default(),
//!     fields: Default::default(),
//! };
//! let verdict = filter.verify(&sample, &[]);
//! assert_eq!(verdict.reason.as_deref(), Some("min_words: words 2 < 5"));
//! # Ok::<(), rifflebox_core::Error>(())
//! ```

mod c4_quality;
mod characters;
mod command;
mod decontaminate;
mod fineweb_quality;
mod format;
mod gopher_quality;
mod gopher_repetition;
mod language;
mod length;
mod numeric;
mod personal_data;
mod programs;
mod quality_classifier;
mod refusal;
mod registry;
mod supported;
mod tools;
mod toxicity;
mod vocabulary;

mod asked;
mod filter;
mod judge;
mod lines;
mod looked_at;
mod repeats;
mod settings;
mod unicode;
mod words;

use rifflebox_template as template;

pub use c4_quality::{C4Quality, C4QualitySettings};
pub use characters::{Characters, CharactersSettings};
pub use command::{CommandVerifier, CommandVerifierSettings};
pub use decontaminate::{Decontaminate, DecontaminateSettings};
pub use filter::{Filter, Rules};
pub use fineweb_quality::{FinewebQuality, FinewebQualitySettings};
pub use format::{Format, FormatSettings};
pub use gopher_quality::{GopherQuality, GopherQualitySettings};
pub use gopher_repetition::{GopherRepetition, GopherRepetitionSettings};
pub use language::{Language, LanguageSettings, Languages};
pub use length::{Length, LengthSettings, Lengths};
pub use lines::Lines;
pub use numeric::{Numeric, NumericSettings, Require, Rounding, Tolerance};
pub use personal_data::{PersonalData, PersonalDataSettings};
pub use programs::{
    Mutants, MutantsSettings, PythonTests, PythonTestsSettings, Sql, SqlSettings, Symbolic, SymbolicSettings,
    Symbols,
};
pub use quality_classifier::{QualityClassifier, QualityClassifierSettings};
pub use refusal::{Refusal, RefusalSettings};
pub use registry::{by_name, by_name_with, filters};
pub use supported::Supported;
pub use tools::{Kit, Prover, ProverSettings, Smt, SmtSettings};
pub use toxicity::{Toxicity, ToxicitySettings};
pub use vocabulary::{Vocabulary, VocabularySettings};
