//! `(program, [JSON object]) -> [JSON object or failure]`: programs of the user's own, supervised.
//!
//! A [`Program`] is started for each batch, reads one JSON line for each item, and prints one for each answer. What
//! becomes of an item never depends on its neighbours in the batch: one that was left without an answer is asked
//! again alone before it counts as failed. A program that dies, hangs, floods or prints garbage fails its item, and
//! nothing else; one that cannot even start, or is killed from outside, leaves its items owed.
//!
//! This crate knows neither samples nor verdicts: its users put them into JSON and read them from it.

mod group;
mod program;
mod run;

pub use group::{Group, kill_all};
pub use program::{Program, ProgramSettings};
