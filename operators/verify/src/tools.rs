//! Verifiers that ask what is installed on this machine: solvers and provers, in the sandbox.

mod prover;
mod smt;
mod template;
mod tool;

pub use prover::{Kit, Prover, ProverSettings};
pub use smt::{Smt, SmtSettings};
