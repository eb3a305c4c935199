//! `dataset = flow(seeds, operators)`, kept true while seeds and operators change, at the cost of the change.
//!
//! A [`Flow`] turns seed documents into verified training data; a [`Workspace`] keeps it: change one document or one
//! verifier's version, and only what that change touches is generated, checked, purged, mixed and written again, also
//! after a restart, also on a bucket, also with other workers than last time.
//!
//! It is no scheduler and no database: a build is a function call, and all that it leaves is files under one prefix.
//!
//! ```
//! use rifflebox::{Exact, Files, Flow, Passages, Recipe, Tier, Workspace, flow};
//!
//! # async fn example() -> rifflebox::Result<()> {
//! # let folder = std::env::temp_dir().join(format!("rifflebox-doc-{}", std::process::id()));
//! # std::fs::create_dir_all(folder.join("pages")).unwrap();
//! # std::fs::write(folder.join("pages/gold.md"), "# Gold\n\nA riffle box keeps the gold.\n").unwrap();
//! let flow = flow("handbook");
//! let pages = Files::matching("pages/**/*.md").tier(Tier::T0).license("CC-BY-4.0");
//! let docs = flow.documents("docs", pages.source("docs", &folder)?);
//! docs.generate(Passages::default()).dedup(Exact).mix(Recipe::default()).publish();
//!
//! let report = Workspace::open("memory:handbook").await?.build(&flow).await?;
//! assert_eq!(report.documents.total, 1);
//! # std::fs::remove_dir_all(folder).unwrap();
//! # Ok(())
//! # }
//! # tokio::runtime::Runtime::new().unwrap().block_on(example()).unwrap();
//! ```

mod workspace;

mod accounts;
mod build;
mod feed;
mod held_out;
mod journal;
mod keeper;
mod memory;
mod progress;
mod redaction;
mod scan;
mod state;
mod target;

mod gather;
mod parallel;
mod publish;
mod report;
mod respondents;

mod keyed;
mod listing;
mod rerun;
mod rollback;
mod standing;
mod story;
mod versions;

mod conversation;
mod counting;
mod estimate;
mod preview;

pub use build::BuildOptions;
pub use conversation::StoryCall;
pub use estimate::{BuildPlan, PlannedCalls, PlannedCost, StagePlan};
pub use listing::RowQuery;
pub use progress::{CallFigures, Event, Progress};
pub use report::{
    Bytes, Calls, Changes, ModelCalls, Report, RowCounts, SampleCounts, Seconds, ShardCounts, Spending,
    StageCalls, TierCounts, Tokens,
};
pub use story::{Fate, Story, StoryDocument, StoryMix, StoryStep};
pub use versions::{Diff, DiffPart, LogEntry, SnapshotName};
pub use workspace::{OpenOptions, Workspace, flow};

pub use rifflebox_core::{
    About, Answering, AskedGenerator, AskedVerifier, Content, Cost, Document, Draft, Error, ErrorKind,
    Exposure, Failure, Fields, Generator, Heard, HeldOut, HeldOutCheck, Identity, Inquiring, Inquiry, Judged,
    Key, Kind, Limits, Message, Next, Origin, Outcome, Proof, Question, Redaction, RedactionKeeper,
    Redactions, Reply, Respondent, Response, Result, Row, Sample, Score, Seed, Source, Span, Tier, Tokenizer,
    Value, Verdict, Verifier, Vote, asked, verifier, verifier_with_documents,
};
pub use rifflebox_dataflow::{
    Against, Arranged, Budget, Candidates, Documents, Flow, FlowPlan, FlowStage, GraphVerifier, Keep, Keyed,
    Mixer, OnReject, Operator, PublishSettings, Purge, Rows, Samples, Scope, Seeds, Status, Verdicts,
};
pub use rifflebox_dedup::{
    Canaries, Exact, NearDuplicates, NearSettings, Treatment, Unit as ShingleUnit, Verbatim, VerbatimSettings,
};
pub use rifflebox_generate::{Cloze, O200k, Passages, Rows as TableRows, tokenizer};
pub use rifflebox_mix::{Recipe, Share};
pub use rifflebox_model::{Model, ModelSettings, Models, Price};
#[cfg(feature = "physics")]
pub use rifflebox_physics::{Physics, PhysicsSettings, Tolerance as PhysicsTolerance};
pub use rifflebox_redact::{
    Redact, RedactSettings, Redactor, Rule as RedactRule, RuleName as RedactRuleName,
};
pub use rifflebox_retrieve::{Facts, FactsSettings};
pub use rifflebox_sources::{Files, PdfSettings};
pub use rifflebox_storage::{CheckReport, GcReport, Requests, Wrap};
pub use rifflebox_teach::{
    AnswerRelevance, AnswerRelevanceSettings, Ask, AskKind, AskSettings, Backtranslate,
    BacktranslateSettings, Chains, ChainsSettings, Code, CodeSettings, Consensus, ConsensusSettings,
    Consistency, ConsistencySettings, ContextPrecision, ContextPrecisionSettings, Critique, CritiqueSettings,
    Debate, DebateSettings, Evolve, EvolveSettings, Expand, ExpandSettings, Faithfulness,
    FaithfulnessSettings, Operation as EvolveOperation, Pairs as PreferencePairs, Preference,
    PreferenceSettings, Prompt, Qa, QaSettings, Refusing, Rephrase, RephraseSettings, Rubric, RubricSettings,
    Rules as CritiqueRules, Style as RephraseStyle, Support, SupportSettings, Toxic,
};
pub use rifflebox_verify::{
    C4Quality, Characters, Decontaminate, DecontaminateSettings, FinewebQuality, Format, FormatSettings,
    GopherQuality, GopherRepetition, Kit as ProverKit, Language, Length, LengthSettings, Lines, Mutants,
    MutantsSettings, Numeric, NumericSettings, PersonalData, PersonalDataSettings, Prover, ProverSettings,
    PythonTests, PythonTestsSettings, QualityClassifier, QualityClassifierSettings, Refusal, RefusalSettings,
    Require as NumericRequire, Rounding as NumericRounding, Smt, SmtSettings, Sql, SqlSettings, Supported,
    Symbolic, SymbolicSettings, Symbols, Tolerance as NumericTolerance, Toxicity, ToxicitySettings,
    Vocabulary, VocabularySettings,
};
