//! Drafts of what models said.

use rifflebox_core::{Content, Document, Draft, Fields, Message, Next, Reply, Value};
use rifflebox_model::{ChatRequest, Part, Role};
use serde::Deserialize;
use serde_json::{Map, Value as Json};

/// Makes a draft of a model's words, with the name that the model gives itself as the field `said_by`.
pub(crate) fn by(reply: &Reply, content: Content) -> Draft {
    told(reply, content, [])
}

/// Makes such a draft with further fields.
pub(crate) fn told<const N: usize>(reply: &Reply, content: Content, fields: [(&str, Value); N]) -> Draft {
    let mut draft = Draft::new(content);
    draft.fields.insert("said_by".to_owned(), reply.by.as_str().into());
    draft.fields.extend(fields.map(|(name, value)| (name.to_owned(), value)));
    draft
}

/// Makes a completion.
pub(crate) fn completion(prompt: impl Into<String>, completion: impl Into<String>) -> Content {
    Content::Completion { prompt: prompt.into(), completion: completion.into() }
}

/// Makes a list of texts.
pub(crate) fn texts<T: AsRef<str>>(texts: impl IntoIterator<Item = T>) -> Value {
    Value::List(texts.into_iter().map(|text| text.as_ref().into()).collect())
}

/// Makes a whole number.
pub(crate) fn count(number: usize) -> Value {
    Value::Int(i64::try_from(number).unwrap_or(i64::MAX))
}

/// Gives a draft its document's text as context, if that is wanted.
pub(crate) fn with_context(draft: Draft, document: &Document, wanted: bool) -> Draft {
    Draft { context: wanted.then(|| document.text.clone()), ..draft }
}

/// Says the drafts that came to something, and why others did not; where none did, the first reason is why the row has
/// failed.
pub(crate) fn those_that_came(drafts: Vec<Result<Draft, String>>) -> Result<Next<Vec<Draft>>, String> {
    let (mut kept, mut lost) = (Vec::new(), Vec::new());
    for draft in drafts {
        match draft {
            Ok(draft) => kept.push(draft),
            Err(reason) => lost.push(reason),
        }
    }
    match (kept.is_empty(), lost.is_empty()) {
        (_, true) => Ok(Next::Say(kept)),
        (true, false) => Err(lost.swap_remove(0)),
        (false, false) => Ok(Next::SayRest(kept, lost)),
    }
}

/// Returns what the user says last in a dialogue: what a completion answers.
pub(crate) fn last_turn(request: &ChatRequest) -> String {
    let turn = request.messages.iter().rev().find(|turn| turn.role == Role::User);
    turn.into_iter().flat_map(|turn| &turn.parts).filter_map(Part::as_text).collect::<Vec<_>>().join("\n")
}

/// A sample as a model writes it by a schema of the user's.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    text: Option<String>,
    messages: Option<Vec<Message>>,
    prompt: Option<String>,
    completion: Option<String>,
    chosen: Option<String>,
    rejected: Option<String>,
    context: Option<String>,
    #[serde(default)]
    fields: Map<String, Json>,
}

/// Reads a sample of any layout, with `context` and `fields` where it has them.
pub(crate) fn written(reply: &Reply, json: Json) -> Result<Draft, String> {
    let written: Written = serde_json::from_value(json).map_err(|error| error.to_string())?;
    let Written { text, messages, prompt, completion, chosen, rejected, context, fields } = written;
    let content = match (text, messages, prompt, completion, chosen, rejected) {
        (Some(text), None, None, None, None, None) => Content::Text { text },
        (None, Some(messages), None, None, None, None) => Content::Messages { messages },
        (None, None, Some(prompt), Some(completion), None, None) => {
            Content::Completion { prompt, completion }
        }
        (None, None, Some(prompt), None, Some(chosen), Some(rejected)) => {
            Content::Preference { prompt, chosen, rejected }
        }
        _ => {
            let layouts =
                "`text`, `messages`, `prompt` and `completion`, or `prompt`, `chosen` and `rejected`";
            return Err(format!("its columns are those of no layout: {layouts}"));
        }
    };
    let columns = content.columns();
    match columns.iter().find(|(_, text)| text.trim().is_empty()) {
        Some((name, _)) => return Err(format!("its `{name}` is empty")),
        None if columns.is_empty() => return Err("it has no turn".to_owned()),
        None => {}
    }
    if let Content::Messages { messages } = &content
        && let Some(turn) = messages
            .iter()
            .find(|turn| !["system", "user", "assistant", "tool"].contains(&turn.role.as_str()))
    {
        return Err(format!("nobody speaks as {:?}", turn.role));
    }
    let mut draft = Draft { context, ..by(reply, content) };
    draft
        .fields
        .extend(fields.into_iter().map(|(name, value)| (name, Value::from(value))).collect::<Fields>());
    Ok(draft)
}
