//! `(Sample) -> Verdict`: what a simulation of rigid bodies says of a stated answer.
//!
//! [`Physics`] makes a scene and a question of a sample, simulates the one with [rapier](https://rapier.rs) until the other
//! is answered, and compares. It is pure: equal scenes give equal numbers, on any machine, and the steps of a scene are
//! bounded. It proves that the answer is right of the scene; not that the scene is what the sample's words describe.

mod physics;
mod question;
mod scene;
mod simulation;

pub use physics::{Physics, PhysicsSettings, Tolerance};
