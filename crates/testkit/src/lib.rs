//! `laws(operator) -> pass or counterexample`: oracles, histories and faults for rifflebox and its users' operators.
//!
//! Nothing here knows an operator. The slow truth is [`evaluate`], a whole-input evaluation with sorted maps;
//! [`Replay`] drives the engine through restarts, worker counts and changed stages, and compares. With the feature
//! `endpoint` there is a model server too, which does what a script says and remembers what it was asked.

#[cfg(feature = "endpoint")]
mod endpoint;
mod laws;
mod naive;
mod random;
mod replay;
mod trial;

#[cfg(feature = "endpoint")]
pub use endpoint::{Asked, Endpoint, Limited, Misdeeds, Rates, Recorded, Said, Script};
pub use laws::{
    Effort, generator_laws, graph_verifier_laws, judge_laws, mixer_laws, purge_laws, teacher_laws,
    verifier_laws,
};
pub use naive::{Rows, evaluate};
pub use random::Random;
pub use replay::{Replay, Truth};
pub use trial::{Displaced, Judging, Purging, Trial, Tried};
