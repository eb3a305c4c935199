//! `(Document, models) -> [Sample]`, `(Sample, models) -> Verdict`: recipes that ask teachers, and judges that vote.
//!
//! Each operator is an [`Inquiry`](rifflebox_core::Inquiry): it says pure questions and reads pure answers, and never
//! calls. So each answer is paid once, a prompt that changes asks only what it asks anew, and an operator that reads
//! answers better pays nothing at all.
//!
//! Teachers, `Document -> [Sample]`: [`Ask`] with any prompt; [`Qa`], [`Chains`], [`Code`] and [`Expand`] write tasks with
//! their answers; [`Evolve`] and [`Critique`] make a document that is a question harder, or its answer better;
//! [`Preference`] and [`Debate`] set answers against one another; [`Backtranslate`] and [`Rephrase`] keep a human text.
//!
//! Judges, `Sample -> Verdict`: [`Consensus`] by vote, [`Rubric`] by grade, [`Consistency`] by answering too; [`Support`],
//! [`Faithfulness`], [`AnswerRelevance`] and [`ContextPrecision`] against context; [`Toxic`] and [`Refusing`] as filters.
//!
//! ```
//! use std::path::Path;
//! use rifflebox_core::Inquiry;
//! use rifflebox_model::{ModelSettings, Models};
//! use rifflebox_teach::{Qa, QaSettings};
//!
//! let teacher = ModelSettings::new("http://localhost:8000/v1", "large-model", "large");
//! let models = Models::new([("teacher".to_owned(), teacher)].into(), |_| None)?;
//! let settings = QaSettings { model: "teacher".into(), prompt: None, facts: 3, context: false };
//! let qa = Qa::new(settings, &models, Path::new("."))?;
//! assert_eq!(qa.describe().identity.family.as_deref(), Some("large"));
//! # Ok::<(), rifflebox_core::Error>(())
//! ```

mod cast;
mod draft;
mod flagged;
mod form;
mod judged;
mod prompt;
mod rivals;
mod single;

mod ask;
mod backtranslate;
mod chains;
mod code;
mod critique;
mod debate;
mod evolve;
mod expand;
mod preference;
mod qa;
mod rephrase;

mod answer_relevance;
mod consensus;
mod consistency;
mod context_precision;
mod faithfulness;
mod refusing;
mod rubric;
mod support;
mod toxic;

use cast::usage;

pub use answer_relevance::{AnswerRelevance, AnswerRelevanceSettings};
pub use ask::{Ask, AskKind, AskSettings};
pub use backtranslate::{Backtranslate, BacktranslateSettings};
pub use chains::{Chains, ChainsSettings};
pub use code::{Code, CodeSettings};
pub use consensus::{Consensus, ConsensusSettings};
pub use consistency::{Consistency, ConsistencySettings};
pub use context_precision::{ContextPrecision, ContextPrecisionSettings};
pub use critique::{Critique, CritiqueSettings, Rules};
pub use debate::{Debate, DebateSettings};
pub use evolve::{Evolve, EvolveSettings, Operation};
pub use expand::{Expand, ExpandSettings};
pub use faithfulness::{Faithfulness, FaithfulnessSettings};
pub use flagged::FlagSettings;
pub use preference::{Pairs, Preference, PreferenceSettings};
pub use prompt::Prompt;
pub use qa::{Qa, QaSettings};
pub use refusing::Refusing;
pub use rephrase::{Rephrase, RephraseSettings, Style};
pub use rubric::{Rubric, RubricSettings};
pub use support::{Support, SupportSettings};
pub use toxic::Toxic;

#[cfg(test)]
mod tests;
