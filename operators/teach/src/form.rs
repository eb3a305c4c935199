//! A question in a form: a prompt, and what an answer to it has to be.

use std::marker::PhantomData;

use rifflebox_core::{Heard, Question, Result};
use rifflebox_model::{AnswerSchema, ChatRequest};
use rifflebox_template::Values;
use serde::de::DeserializeOwned;
use serde_json::Value as Json;

use crate::cast::{object, question, reply};
use crate::prompt::Prompt;

/// A prompt, and the schema of its answers, which are read as `T`.
pub(crate) struct Form<T> {
    prompt: Prompt,
    schema: AnswerSchema,
    reads: PhantomData<fn() -> T>,
}

impl<T: DeserializeOwned> Form<T> {
    /// Makes a form whose answers are objects of these fields, all of them wanted.
    pub(crate) fn new(name: &str, prompt: Prompt, fields: &[(&str, Json)]) -> Self {
        let schema = AnswerSchema::new(name, object(fields)).expect("the operator's own schema is one");
        Form { prompt, schema, reads: PhantomData }
    }

    /// Returns its prompt.
    pub(crate) fn prompt(&self) -> &Prompt {
        &self.prompt
    }

    /// Fills it in.
    pub(crate) fn fill(&self, values: &Values) -> Result<ChatRequest, String> {
        Ok(self.prompt.fill(values)?.schema(self.schema.clone()))
    }

    /// Asks one of a cast.
    pub(crate) fn ask(&self, to: usize, values: &Values) -> Result<Question, String> {
        Ok(question(to, self.fill(values)?))
    }

    /// Reads an answer.
    pub(crate) fn read(&self, heard: &Heard) -> Result<T, String> {
        let reply = reply(heard)?;
        if reply.text.trim().is_empty() {
            let said = if reply.fields.contains_key("tool_calls") { "calls a tool" } else { "says nothing" };
            return Err(format!("{} {said} in place of an answer", reply.by));
        }
        serde_json::from_str(&reply.text)
            .map_err(|error| format!("the answer of {} is none: {error}", reply.by))
    }
}
