//! What judges share that ask one model one question.

use std::path::Path;

use rifflebox_core::{Heard, Inquiring, Next, Proof, Result, Verdict};
use rifflebox_model::Models;
use rifflebox_template::Values;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value as Json;

use crate::cast::{Cast, Part, step};
use crate::form::Form;
use crate::judged::sees_what_it_names;
use crate::prompt::Prompt;

/// A judge that asks one model one question, and reads its answer as `T`.
pub(crate) struct Single<T> {
    about: Inquiring,
    form: Form<T>,
}

/// What makes such a judge.
pub(crate) struct Made<'a, S> {
    pub(crate) name: &'static str,
    pub(crate) version: &'static str,
    pub(crate) settings: &'a S,
    pub(crate) model: &'a str,
    /// The file that takes the place of its own prompt.
    pub(crate) prompt: Option<&'a str>,
    pub(crate) own_prompt: &'static str,
    /// Name and fields of its answers' schema.
    pub(crate) answer: (&'static str, &'a [(&'static str, Json)]),
    pub(crate) proof: Proof,
    pub(crate) reads_documents: bool,
}

impl<T: DeserializeOwned> Single<T> {
    pub(crate) fn new<S: Serialize>(made: Made<'_, S>, models: &Models, base_dir: &Path) -> Result<Self> {
        let prompt = Prompt::at("prompt", made.prompt, base_dir, made.own_prompt)?;
        sees_what_it_names(&prompt, made.prompt, made.reads_documents)?;
        let form = Form::new(made.answer.0, prompt, made.answer.1);
        let cast = Cast::new(models, [made.model])?;
        let (name, version, settings) = (made.name, made.version, made.settings);
        let part = Part { name, version, settings, cast: &cast, prompts: &[form.prompt()], rounds: 1 };
        Ok(Single { about: part.judging(made.proof, made.reads_documents), form })
    }

    pub(crate) fn describe(&self) -> Inquiring {
        self.about.clone()
    }

    /// Asks with these values, and says what the answer means.
    pub(crate) fn next(
        &self,
        heard: &[Vec<Heard>],
        values: impl FnOnce() -> Values,
        verdict: impl FnOnce(T) -> Verdict,
    ) -> Next<Verdict> {
        step(match heard {
            [] => self.form.ask(0, &values()).map(|question| Next::Ask(vec![question])),
            [first, ..] => self.form.read(&first[0]).map(|said| Next::Say(verdict(said))),
        })
    }
}
