//! Verifiers that execute: what they have in common.

mod code;
mod mutants;
mod python_tests;
mod runner;
mod settings;
mod sql;
mod symbolic;
mod told;
mod trusted;

pub use mutants::{Mutants, MutantsSettings};
pub use python_tests::{PythonTests, PythonTestsSettings};
pub use sql::{Sql, SqlSettings};
pub use symbolic::{Symbolic, SymbolicSettings, Symbols};
pub(crate) use told::{step_of_memory, step_of_time};
