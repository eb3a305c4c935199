//! The operators that ask models.

use std::path::Path;
use std::sync::Arc;

use rifflebox_core::{Document, Draft, Error, Inquiry, Judged, Result, Verdict};
use rifflebox_dataflow::Operator;
use rifflebox_model::Models;
use rifflebox_teach::{
    AnswerRelevance, Ask, Backtranslate, Chains, Code, Consensus, Consistency, ContextPrecision, Critique,
    Debate, Evolve, Expand, Faithfulness, Preference, Qa, Refusing, Rephrase, Rubric, Support, Toxic,
};
use serde::de::DeserializeOwned;

use super::{Given, Made, Registry};
use crate::flow_file::{Kind, Mistake};

/// Adds the operators that ask models.
pub(super) fn add(registry: Registry) -> Registry {
    let teachers = registry
        .with_operator(Kind::Generate, Ask::NAME, teacher(Ask::new))
        .with_operator(Kind::Generate, Backtranslate::NAME, teacher(Backtranslate::new))
        .with_operator(Kind::Generate, Chains::NAME, teacher(Chains::new))
        .with_operator(Kind::Generate, Code::NAME, teacher(Code::new))
        .with_operator(Kind::Generate, Critique::NAME, teacher(Critique::new))
        .with_operator(Kind::Generate, Debate::NAME, teacher(Debate::new))
        .with_operator(Kind::Generate, Evolve::NAME, teacher(Evolve::new))
        .with_operator(Kind::Generate, Expand::NAME, teacher(Expand::new))
        .with_operator(Kind::Generate, Preference::NAME, teacher(Preference::new))
        .with_operator(Kind::Generate, Qa::NAME, teacher(Qa::new))
        .with_operator(Kind::Generate, Rephrase::NAME, teacher(Rephrase::new));
    teachers
        .with_operator(Kind::Verify, AnswerRelevance::NAME, judge(AnswerRelevance::new))
        .with_operator(Kind::Verify, ContextPrecision::NAME, judge(ContextPrecision::new))
        .with_operator(Kind::Verify, Consensus::NAME, judge(Consensus::new))
        .with_operator(Kind::Verify, Consistency::NAME, judge(Consistency::new))
        .with_operator(Kind::Verify, Faithfulness::NAME, judge(Faithfulness::new))
        .with_operator(Kind::Verify, Refusing::NAME, judge(Refusing::new))
        .with_operator(Kind::Verify, Rubric::NAME, judge(Rubric::new))
        .with_operator(Kind::Verify, Support::NAME, judge(Support::new))
        .with_operator(Kind::Verify, Toxic::NAME, judge(Toxic::new))
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

/// Makes a mistake of an operator's error; one about a model that is not there stands where that is named.
fn mistake(given: &Given<'_>, error: Error) -> Mistake {
    let message = error.to_string();
    let Some((_, rest)) = message.split_once("no model is called `") else { return given.mistake(error) };
    let name = rest.split('`').next().unwrap_or_default();
    let settings = given.json();
    let names = |value: &serde_json::Value| match value {
        serde_json::Value::Array(list) => list.iter().any(|item| item == name),
        value => value == name,
    };
    let key = settings.as_object().and_then(|all| all.iter().find(|(_, value)| names(value)));
    given.mistake_at(key.map_or("model", |(key, _)| key.as_str()), error.chain())
}
