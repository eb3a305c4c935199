//! Whom an operator asks, and what: the part that all of them share.

use std::collections::BTreeSet;
use std::sync::Arc;

use rifflebox_core::{
    Error, ErrorKind, Heard, Identity, Inquiring, Key, Next, Proof, Question, Reply, Respondent, Result,
    Settings,
};
use rifflebox_model::{ChatRequest, ModelRequest, Models};
use rifflebox_template::Values;
use serde::Serialize;
use serde_json::{Value as Json, json};

use crate::prompt::Prompt;

/// The models of an operator, in the order of its settings.
pub(crate) struct Cast {
    respondents: Vec<Arc<dyn Respondent>>,
    meanings: Vec<Json>,
    seeds: Vec<Option<i64>>,
}

impl Cast {
    /// Finds models by their names in the flow.
    pub(crate) fn new<'a>(models: &Models, names: impl IntoIterator<Item = &'a str>) -> Result<Self> {
        let (mut respondents, mut meanings, mut seeds) = (Vec::new(), Vec::new(), Vec::new());
        for name in names {
            let model = models.get(name)?;
            respondents.push(model.respondent(name));
            let settings = model.settings();
            // Terms change no answer, and stand in what is published.
            meanings.push(json!([name, settings.lineage(), settings.terms, settings.meaning()]));
            seeds.push(settings.seed);
        }
        Ok(Cast { respondents, meanings, seeds })
    }

    /// Returns how many there are.
    pub(crate) fn len(&self) -> usize {
        self.respondents.len()
    }

    /// Returns the name that a model has in the flow.
    pub(crate) fn name(&self, index: usize) -> String {
        self.respondents[index].about().name
    }

    /// Returns the seed of one of several attempts at a question, counted from 0.
    ///
    /// The first asks as the model's settings say, so that more attempts ask nothing again.
    pub(crate) fn seed(&self, index: usize, attempt: usize) -> Option<i64> {
        let first = self.seeds[index];
        match attempt {
            0 => first,
            _ => Some(first.unwrap_or(0).wrapping_add(attempt as i64)),
        }
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

/// Refuses one who decides between others and is of the family of one of them: it would favour its own.
///
/// `judge` and `others` name the settings.
pub(crate) fn impartial(models: &Models, judge: (&str, &str), others: (&str, &[String])) -> Result<()> {
    let family = models.get(judge.1)?.settings().lineage();
    for other in others.1 {
        if models.get(other)?.settings().lineage() == family {
            return usage(format!(
                "`{}` is {}, of the family {family} as {other} of `{}`: let a model of another family decide",
                judge.0, judge.1, others.0
            ));
        }
    }
    Ok(())
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
            needs_text: true,
            counted_by: None,
        }
    }

    /// Returns the description of a judge.
    pub(crate) fn judging(&self, proof: Proof, reads_documents: bool) -> Inquiring {
        Inquiring { proof, reads_documents, ..self.teaching() }
    }
}

/// Asks one of a cast.
pub(crate) fn question(to: usize, request: ChatRequest) -> Question {
    Question { to, request: ModelRequest::Chat(request).to_bytes() }
}

/// Asks one of a cast with a filled prompt, for words of any form.
pub(crate) fn ask(to: usize, prompt: &Prompt, values: &Values) -> Result<Question, String> {
    Ok(question(to, prompt.fill(values)?))
}

/// Returns a reply, or why there is none.
pub(crate) fn reply(heard: &Heard) -> Result<&Reply, String> {
    heard.as_ref().map_err(Clone::clone)
}

/// Returns a reply in words of any form, which are some.
pub(crate) fn words(heard: &Heard) -> Result<(&Reply, &str), String> {
    let reply = reply(heard)?;
    match reply.text.trim() {
        "" => Err(format!("{} says nothing", reply.by)),
        text => Ok((reply, text)),
    }
}

/// Takes a step, or fails for the reason that there is none.
pub(crate) fn step<Said>(next: Result<Next<Said>, String>) -> Next<Said> {
    next.unwrap_or_else(Next::Fail)
}

/// Makes the schema of an object all of whose fields are wanted.
pub(crate) fn object(fields: &[(&str, Json)]) -> Json {
    let names: Vec<&str> = fields.iter().map(|(name, _)| *name).collect();
    let properties: serde_json::Map<String, Json> =
        fields.iter().map(|(name, of)| ((*name).to_owned(), of.clone())).collect();
    json!({ "type": "object", "properties": properties, "required": names, "additionalProperties": false })
}

/// Makes the schema of a text that is not empty.
pub(crate) fn text() -> Json {
    json!({ "type": "string", "minLength": 1 })
}

/// Makes the schema of a list of so many items.
pub(crate) fn list(items: Json, count: std::ops::RangeInclusive<usize>) -> Json {
    json!({ "type": "array", "items": items, "minItems": count.start(), "maxItems": count.end() })
}
