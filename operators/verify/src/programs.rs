//! Verifiers that execute: what they have in common.

mod code;
mod mutants;
mod python_tests;
mod runner;
mod settings;
mod told;

pub use mutants::{Mutants, MutantsSettings};
pub use python_tests::{PythonTests, PythonTestsSettings};
