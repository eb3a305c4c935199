//! The operators that ask models.

use std::path::Path;
use std::sync::Arc;

use rifflebox_core::{Document, Draft, Error, Inquiry, Judged, Result, Verdict};
use rifflebox_dataflow::Operator;
use rifflebox_model::Models;
use rifflebox_teach::{Consensus, Qa, Rubric, Support};
use serde::de::DeserializeOwned;

use super::{Given, Made, Registry};
use crate::flow_file::{Kind, Mistake};

/// Adds the operators that ask models.
pub(super) fn add(registry: Registry) -> Registry {
    registry
        .with_operator(Kind::Generate, Qa::NAME, teacher(Qa::new))
        .with_operator(Kind::Verify, Consensus::NAME, judge(Consensus::new))
        .with_operator(Kind::Verify, Rubric::NAME, judge(Rubric::new))
        .with_operator(Kind::Verify, Support::NAME, judge(Support::new))
}

fn teacher<S: DeserializeOwned, T: Inquiry<Document, Vec<Draft>> + 'static>(
    new: impl Fn(S, &Models, &Path) -> Result<T> + Send + Sync + 'static,
) -> impl Fn(&Given<'_>) -> Result<Made, Mistake> + Send + Sync + 'static {
    move |given| {
        let teacher = new(given.settings()?, given.models(), given.base_dir());
        Ok(Made::of(Operator::Teach(Arc::new(teacher.map_err(|error| mistake(given, error))?))))
    }
}

fn judge<S: DeserializeOwned, J: Inquiry<Judged, Verdict> + 'static>(
    new: impl Fn(S, &Models, &Path) -> Result<J> + Send + Sync + 'static,
) -> impl Fn(&Given<'_>) -> Result<Made, Mistake> + Send + Sync + 'static {
    move |given| {
        let judge = new(given.settings()?, given.models(), given.base_dir());
        let judge = Arc::new(judge.map_err(|error| mistake(given, error))?);
        Ok(Made::of(Operator::Judge(judge, given.on_reject())))
    }
}

/// Makes a mistake of an operator's error; one about a model that is not there stands where models are named.
fn mistake(given: &Given<'_>, error: Error) -> Mistake {
    match error.to_string().starts_with("no model is called") {
        true => {
            let key = if given.has("models") { "models" } else { "model" };
            given.mistake_at(key, error.chain())
        }
        false => given.mistake(error),
    }
}
