//! Drafts of what models said.

use rifflebox_core::{Content, Document, Draft, Next, Reply, Value};
use rifflebox_model::{ChatRequest, Part, Role};
use serde_json::Value as Json;

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

/// Reads a sample of any layout, with `context` and `fields` where it has them; none of its columns is empty.
pub(crate) fn written(reply: &Reply, json: Json) -> Result<Draft, String> {
    let draft = Draft::from_json(json)?;
    if let Some((name, _)) = draft.content.columns().into_iter().find(|(_, text)| text.trim().is_empty()) {
        return Err(format!("its `{name}` is empty"));
    }
    let mut by = by(reply, draft.content);
    by.fields.extend(draft.fields);
    Ok(Draft { context: draft.context, fields: by.fields, content: by.content, span: None })
}
