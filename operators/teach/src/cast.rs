//! Whom an operator asks, and what: the part that all of them share.

use std::collections::BTreeSet;
use std::sync::Arc;

use rifflebox_core::{
    Error, ErrorKind, Identity, Inquiring, Key, Proof, Question, Reply, Respondent, Result, Settings,
};
use rifflebox_model::{AnswerSchema, ChatRequest, ModelRequest, Models};
use rifflebox_template::Values;
use serde::Serialize;
use serde_json::{Value as Json, json};

use crate::prompt::Prompt;

/// The models of an operator, in the order of its settings.
pub(crate) struct Cast {
    respondents: Vec<Arc<dyn Respondent>>,
    meanings: Vec<Json>,
}

impl Cast {
    /// Finds models by their names in the flow.
    pub(crate) fn new<'a>(models: &Models, names: impl IntoIterator<Item = &'a str>) -> Result<Self> {
        let (mut respondents, mut meanings) = (Vec::new(), Vec::new());
        for name in names {
            let model = models.get(name)?;
            respondents.push(model.respondent(name));
            let settings = model.settings();
            // Terms change no answer, and stand in what is published.
            meanings.push(json!([name, settings.family, settings.terms, settings.meaning()]));
        }
        Ok(Cast { respondents, meanings })
    }

    /// Returns how many there are.
    pub(crate) fn len(&self) -> usize {
        self.respondents.len()
    }

    /// Returns the name that a model has in the flow.
    pub(crate) fn name(&self, index: usize) -> String {
        self.respondents[index].about().name
    }

    /// Returns the lineage that speaks through an operator: of several models, all of theirs.
    fn family(&self) -> Option<String> {
        let families: BTreeSet<String> = self.respondents.iter().map(|one| one.about().family).collect();
        (!families.is_empty()).then(|| families.into_iter().collect::<Vec<_>>().join("+"))
    }
}

/// Makes the error of a setting that does not do.
pub(crate) fn usage<T>(message: impl Into<String>) -> Result<T> {
    Err(Error::new(ErrorKind::Usage, message))
}

/// What an operator of this crate says of itself.
pub(crate) struct Part<'a, S> {
    pub(crate) name: &'static str,
    pub(crate) version: &'static str,
    pub(crate) settings: &'a S,
    pub(crate) cast: &'a Cast,
    pub(crate) prompts: &'a [&'a Prompt],
    pub(crate) rounds: usize,
}

impl<S: Serialize> Part<'_, S> {
    /// Returns the description of a generator.
    pub(crate) fn teaching(&self) -> Inquiring {
        let prompts: Vec<Key> = self.prompts.iter().map(|prompt| prompt.digest()).collect();
        // A prompt counts by what it says, and not by where it lies.
        let mut settings: Settings = serde_json::to_value(self.settings).expect("settings are plain data");
        if let Some(settings) = settings.as_object_mut() {
            settings.retain(|name, _| name != "prompt" && name != "prompts");
        }
        let meaning = json!({ "settings": settings, "models": self.cast.meanings, "prompts": prompts });
        let digest = prompts.iter().fold(Key::builder("prompts"), |key, prompt| key.key(*prompt)).finish();
        Inquiring {
            identity: Identity {
                family: self.cast.family(),
                ..Identity::new(self.name, self.version).with_settings(&meaning)
            },
            respondents: self.cast.respondents.clone(),
            rounds: self.rounds,
            prompt_digest: (!prompts.is_empty()).then_some(digest),
            proof: Proof::Filtered,
            reads_documents: false,
            counted_by: None,
        }
    }

    /// Returns the description of a judge.
    pub(crate) fn judging(&self, proof: Proof, reads_documents: bool) -> Inquiring {
        Inquiring { proof, reads_documents, ..self.teaching() }
    }
}

/// Asks one of a cast with a filled prompt.
pub(crate) fn ask(
    to: usize,
    prompt: &Prompt,
    values: &Values,
    schema: Option<&AnswerSchema>,
) -> Result<Question, String> {
    Ok(question(to, ChatRequest { schema: schema.cloned(), ..prompt.fill(values)? }))
}

/// Asks one of a cast.
pub(crate) fn question(to: usize, request: ChatRequest) -> Question {
    Question { to, request: ModelRequest::Chat(request).to_bytes() }
}

/// Makes a schema of the operators' own.
pub(crate) fn schema(name: &str, schema: Json) -> AnswerSchema {
    AnswerSchema::new(name, schema).expect("the operator's own schema is one")
}

/// Makes the schema of an object all of whose fields are wanted.
pub(crate) fn object(fields: &[(&str, Json)]) -> Json {
    let names: Vec<&str> = fields.iter().map(|(name, _)| *name).collect();
    let properties: serde_json::Map<String, Json> =
        fields.iter().map(|(name, of)| ((*name).to_owned(), of.clone())).collect();
    json!({ "type": "object", "properties": properties, "required": names, "additionalProperties": false })
}

/// Reads a reply that had to fit a schema.
pub(crate) fn read<T: serde::de::DeserializeOwned>(reply: &Reply) -> Result<T, String> {
    serde_json::from_str(&reply.text).map_err(|error| format!("the answer of {} is none: {error}", reply.by))
}
