//! `(setting, Sample) -> text`: templates over samples, by which settings say what of a sample is meant.
//!
//! A [`Template`] is one setting's; [`Values`] are what it may name of a sample: its columns, its context and its fields.
//! Nothing of a sample is ever read as a template.

mod template;

pub use template::{Template, Values};
