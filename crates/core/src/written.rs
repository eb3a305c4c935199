use serde::Deserialize;
use serde_json::{Map, Value as Json};

use crate::{Content, Draft, Message, Value};

/// Who may speak in a dialogue.
const ROLES: [&str; 4] = ["system", "user", "assistant", "tool"];

/// A sample as a program or a model writes it.
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

impl Draft {
    /// Reads a draft that a program or a model wrote: an object with one of `text`, `messages`, `prompt` and `completion`, or
    /// `prompt`, `chosen` and `rejected`; and `context` and `fields` if there are any.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn from_json(json: Json) -> Result<Draft, String> {
        let written: Written = serde_json::from_value(json).map_err(|error| error.to_string())?;
        let Written { text, messages, prompt, completion, chosen, rejected, context, fields } = written;
        let content = match (text, messages, prompt, completion, chosen, rejected) {
            (Some(text), None, None, None, None, None) => Content::Text { text },
            (None, Some(messages), None, None, None, None) => {
                Content::Messages { messages: turns(messages)? }
            }
            (None, None, Some(prompt), Some(completion), None, None) => {
                Content::Completion { prompt, completion }
            }
            (None, None, Some(prompt), None, Some(chosen), Some(rejected)) => {
                Content::Preference { prompt, chosen, rejected }
            }
            _ => {
                let kinds = "text, or messages, or prompt and completion, or prompt, chosen and rejected";
                return Err(format!("it has {kinds}, and no other of these"));
            }
        };
        let fields = fields.into_iter().map(|(name, value)| (name, Value::from(value))).collect();
        Ok(Draft { context, fields, ..Draft::new(content) })
    }
}

fn turns(messages: Vec<Message>) -> Result<Vec<Message>, String> {
    if messages.is_empty() {
        return Err("its messages are empty".to_owned());
    }
    match messages.iter().find(|message| !ROLES.contains(&message.role.as_str())) {
        Some(message) => {
            Err(format!("there is no role {:?}: take one of {}", message.role, ROLES.join(", ")))
        }
        None => Ok(messages),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn each_layout_is_told_by_its_columns() {
        let read = |json| Draft::from_json(json).map(|draft| draft.content.kind().name());
        assert_eq!(read(json!({ "text": "a" })), Ok("text"));
        assert_eq!(read(json!({ "messages": [{ "role": "user", "content": "a" }] })), Ok("messages"));
        assert_eq!(read(json!({ "prompt": "a", "completion": "b", "context": "c" })), Ok("completion"));
        let pair = json!({ "prompt": "a", "chosen": "b", "rejected": "c", "fields": { "by": [1] } });
        assert_eq!(Draft::from_json(pair).unwrap().fields["by"], Value::List(vec![Value::Int(1)]));
        for (wrong, why) in [
            (json!({ "prompt": "a" }), "and no other of these"),
            (json!({ "text": "a", "prompt": "b" }), "and no other of these"),
            (json!({ "messages": [] }), "its messages are empty"),
            (json!({ "messages": [{ "role": "bot", "content": "a" }] }), "there is no role \"bot\""),
            (json!({ "txt": "a" }), "unknown field `txt`"),
            (json!([]), "invalid length 0"),
        ] {
            let said = read(wrong).unwrap_err();
            assert!(said.contains(why), "{said}");
        }
    }
}
