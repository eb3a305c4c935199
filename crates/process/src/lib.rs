//! `(program, [JSON object]) -> [JSON object or failure]`: programs of the user's own, supervised.
//!
//! A [`Program`] is started for each batch, reads one JSON line for each item, and prints one for each answer. What
//! becomes of an item never depends on its neighbours in the batch: one that was left without an answer is asked
//! again alone before it counts as failed. A program that dies, hangs, floods or prints garbage fails its item, and
//! nothing else; one that cannot even start, or is killed from outside, leaves its items owed.
//!
//! Where a program runs is a [`Door`]'s to say: here, or in a sandbox.
//!
//! This crate knows neither samples nor verdicts: its users put them into JSON and read them from it.

mod door;
mod group;
mod program;
mod run;

pub use door::{Asked, Confined, Confinement, Door, Files, Running};
pub use group::{Group, kill_all};
pub use program::{Program, ProgramSettings};
pub use run::{End, Ran};
