use std::future::Future;
use std::pin::Pin;

use rifflebox_core::Failure;

use crate::{Interpreter, Limits, Outcome, Program};

/// The outcome of a run, once it is there.
pub type Running = Pin<Box<dyn Future<Output = Result<Outcome, Failure>> + Send>>;

/// Runs programs that nobody trusts.
///
/// # Contract
/// - Whatever the program does, its outcome comes: within its limits and a few seconds (tried).
/// - Nothing that it does reaches another run, or the machine (tried, by the hostile programs of this crate).
/// - What a program does itself is an outcome. [`Failure`] is for a sandbox that fails: it may pass, and is owed (trusted).
/// - A run whose future is dropped is ended (trusted).
pub trait Sandbox: Send + Sync {
    /// Returns what programs run in: what they do may depend on it.
    fn interpreter(&self) -> &Interpreter;

    /// Returns how many runs go on at once; further ones wait.
    fn width(&self) -> usize;

    /// Runs one program.
    fn run(&self, program: Program, limits: Limits) -> Running;
}
