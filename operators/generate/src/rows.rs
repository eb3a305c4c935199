use std::collections::BTreeMap;

use rifflebox_core::{Content, Document, Draft, Generator, Identity, Message, Value};
use serde::{Deserialize, Serialize};

/// Makes one sample of each table row.
///
/// A column is a field of the document, or `text`, the document's own text; all columns that make no
/// content travel on with the sample.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rows {
    /// For each content field its column: `text`; `messages`; `prompt` and `completion`; or `prompt`,
    /// `chosen` and `rejected`. Without `prompt`, the two of a preference are transcripts, whose common beginning it is.
    pub columns: BTreeMap<String, String>,
}

impl Rows {
    /// Makes samples of the named columns: pairs of content field and column.
    pub fn of<const N: usize>(columns: [(&str, &str); N]) -> Self {
        let columns = columns.map(|(field, column)| (field.to_owned(), column.to_owned()));
        Rows { columns: columns.into() }
    }

    /// Checks that the content fields make one layout.
    ///
    /// # Errors
    /// What is wrong with `columns`, naming the layouts that there are.
    pub fn check(&self) -> Result<(), String> {
        let fields: Vec<&str> = self.columns.keys().map(String::as_str).collect();
        match fields[..] {
            ["text"] | ["messages"] | ["completion", "prompt"] => Ok(()),
            ["chosen", "prompt", "rejected"] | ["chosen", "rejected"] => Ok(()),
            _ => Err(format!(
                "columns make no sample of [{}]: give text, or messages, or prompt and completion, or prompt, \
                 chosen and rejected",
                fields.join(", ")
            )),
        }
    }

    fn value<'a>(&'a self, document: &'a Document, field: &str) -> Result<Cell<'a>, String> {
        let column = self.columns.get(field).map(String::as_str).unwrap_or_default();
        match document.fields.get(column) {
            Some(value) => Ok(Cell::Value(column, value)),
            None if column == "text" => Ok(Cell::Text(&document.text)),
            None => {
                let has: Vec<&str> = document.fields.keys().map(String::as_str).collect();
                Err(format!("column \"{column}\" is missing; there are text, {}", has.join(", ")))
            }
        }
    }

    fn text(&self, document: &Document, field: &str) -> Result<String, String> {
        match self.value(document, field)? {
            Cell::Text(text) => Ok(text.to_owned()),
            Cell::Value(_, Value::Text(text)) => Ok(text.clone()),
            Cell::Value(_, Value::Int(number)) => Ok(number.to_string()),
            Cell::Value(_, Value::Float(number)) => Ok(number.to_string()),
            Cell::Value(_, Value::Bool(truth)) => Ok(truth.to_string()),
            Cell::Value(column, other) => Err(format!("column \"{column}\" is {}, not text", kind_of(other))),
        }
    }

    fn messages(&self, document: &Document) -> Result<Vec<Message>, String> {
        let (column, list) = match self.value(document, "messages")? {
            Cell::Value(column, Value::List(list)) => (column, list),
            Cell::Value(column, other) => {
                return Err(format!("column \"{column}\" is {}, not a list of messages", kind_of(other)));
            }
            Cell::Text(_) => return Err("column \"text\" is text, not a list of messages".to_owned()),
        };
        let messages: Result<Vec<_>, _> =
            list.iter().enumerate().map(|(turn, value)| message(column, turn, value)).collect();
        match messages? {
            empty if empty.is_empty() => Err(format!("column \"{column}\" holds no message")),
            messages => Ok(messages),
        }
    }

    fn content(&self, document: &Document) -> Result<Content, String> {
        self.check()?;
        let text = |field: &str| self.text(document, field);
        if self.columns.contains_key("text") {
            return Ok(Content::Text { text: text("text")? });
        }
        if self.columns.contains_key("messages") {
            return Ok(Content::Messages { messages: self.messages(document)? });
        }
        if self.columns.contains_key("completion") {
            return Ok(Content::Completion { prompt: text("prompt")?, completion: text("completion")? });
        }
        let (chosen, rejected) = (text("chosen")?, text("rejected")?);
        if self.columns.contains_key("prompt") {
            return Ok(Content::Preference { prompt: text("prompt")?, chosen, rejected });
        }
        transcripts(&chosen, &rejected)
    }
}

impl Generator for Rows {
    fn identity(&self) -> Identity {
        Identity::new("rows", "1").with_settings(self)
    }

    fn synthetic(&self) -> bool {
        false
    }

    fn generate(&self, document: &Document, say: &mut dyn FnMut(Draft)) -> Result<(), String> {
        let mut draft = Draft::new(self.content(document)?);
        let used = |name: &String| self.columns.values().any(|column| column == name);
        draft.fields = document
            .fields
            .iter()
            .filter(|(name, _)| !used(name))
            .map(|(k, v)| (k.clone(), v.clone()))
            .collect();
        // The row's own text is a column like any other, where there is one.
        let text_is_free = !used(&"text".to_owned()) && !document.fields.contains_key("text");
        if text_is_free && !document.text.is_empty() {
            draft.fields.insert("text".to_owned(), Value::Text(document.text.clone()));
        }
        say(draft);
        Ok(())
    }
}

/// Begins an answer in a transcript, as `Human:` begins a question: the format of Anthropic's hh-rlhf.
const ANSWER: &str = "\n\nAssistant:";

/// Reads two transcripts that begin alike and part in their last answer.
fn transcripts(chosen: &str, rejected: &str) -> Result<Content, String> {
    let alike = chosen.bytes().zip(rejected.bytes()).take_while(|(one, other)| one == other).count();
    let last = |text: &str| text.rfind(ANSWER).filter(|at| *at + ANSWER.len() <= alike);
    let (Some(at), Some(same)) = (last(chosen), last(rejected)) else {
        return Err(
            "the two are no transcripts that begin alike and part in the last answer: name a `prompt`"
                .to_owned(),
        );
    };
    let answer = |text: &str| text[at + ANSWER.len()..].trim().to_owned();
    match at == same {
        true => Ok(Content::Preference {
            prompt: chosen[..at].trim().to_owned(),
            chosen: answer(chosen),
            rejected: answer(rejected),
        }),
        false => Err("the two part before their last answers: name a `prompt`".to_owned()),
    }
}

enum Cell<'a> {
    Text(&'a str),
    Value(&'a str, &'a Value),
}

/// Reads one turn: `role` and `content`, or `from` and `value` as ShareGPT names them.
fn message(column: &str, turn: usize, value: &Value) -> Result<Message, String> {
    let Value::Map(map) = value else {
        return Err(format!(
            "message {} of column \"{column}\" is {}, not a table",
            turn + 1,
            kind_of(value)
        ));
    };
    let get = |names: [&str; 2]| {
        let text = names.iter().find_map(|name| map.get(*name)).and_then(Value::as_text);
        text.ok_or_else(|| {
            format!("message {} of column \"{column}\" has no text \"{}\"", turn + 1, names[0])
        })
    };
    let role = match get(["role", "from"])? {
        "human" => "user",
        "gpt" => "assistant",
        role => role,
    };
    if !["system", "user", "assistant", "tool"].contains(&role) {
        return Err(format!("message {} of column \"{column}\" has the unknown role \"{role}\"", turn + 1));
    }
    Ok(Message { role: role.to_owned(), content: get(["content", "value"])?.to_owned() })
}

fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a truth value",
        Value::Int(_) | Value::Float(_) => "a number",
        Value::Text(_) => "text",
        Value::List(_) => "a list",
        Value::Map(_) => "a table",
    }
}

#[cfg(test)]
mod tests {
    use rifflebox_core::{Origin, Tier};
    use serde_json::json;

    use super::*;

    fn document(text: &str, fields: serde_json::Value) -> Document {
        let Value::Map(fields) = Value::from(fields) else { panic!("a table") };
        let (source, id) = ("rows".to_owned(), "1".to_owned());
        Document {
            source,
            id,
            text: text.to_owned(),
            tier: Tier::T0,
            license: None,
            origin: Origin::default(),
            fields,
            redactions: Default::default(),
        }
    }

    fn make(rows: &Rows, document: &Document) -> Result<Draft, String> {
        let mut drafts = Vec::new();
        rows.generate(document, &mut |draft| drafts.push(draft))?;
        assert_eq!(drafts.len(), 1);
        Ok(drafts.remove(0))
    }

    #[test]
    fn transcripts_part_in_their_last_answer() {
        let rows = Rows::of([("chosen", "good"), ("rejected", "bad")]);
        let begin = "\n\nHuman: Hi.\n\nAssistant: Hello.\n\nHuman: Gold?";
        let of = |good: &str, bad: &str| make(&rows, &document("", json!({ "good": good, "bad": bad })));
        let made = of(&format!("{begin}\n\nAssistant: Au."), &format!("{begin}\n\nAssistant: Ag.")).unwrap();
        let (prompt, chosen, rejected) = (begin.trim().to_owned(), "Au.".to_owned(), "Ag.".to_owned());
        assert_eq!(made.content, Content::Preference { prompt, chosen, rejected });
        for (good, bad) in [
            ("Au.", "Ag."),
            ("\n\nHuman: a\n\nAssistant: b", "\n\nHuman: c\n\nAssistant: d"),
            (
                &*format!("{begin}\n\nAssistant: Au.\n\nHuman: So?\n\nAssistant: Yes."),
                &*format!("{begin}\n\nAssistant: Ag."),
            ),
        ] {
            assert!(of(good, bad).unwrap_err().contains("name a `prompt`"));
        }
    }

    #[test]
    fn each_layout() {
        let row = document(
            "body",
            json!({"q": "2+2?", "a": 4, "bad": "5", "turns": [{"role": "user", "content": "hi"}, {"from": "gpt", "value": "ho"}]}),
        );
        let content = |columns: Rows| make(&columns, &row).expect("a sample").content;
        assert_eq!(content(Rows::of([("text", "text")])), Content::Text { text: "body".into() });
        assert_eq!(
            content(Rows::of([("prompt", "q"), ("completion", "a")])),
            Content::Completion { prompt: "2+2?".into(), completion: "4".into() }
        );
        assert_eq!(
            content(Rows::of([("prompt", "q"), ("chosen", "a"), ("rejected", "bad")])),
            Content::Preference { prompt: "2+2?".into(), chosen: "4".into(), rejected: "5".into() }
        );
        let turns = |role: &str, content: &str| Message { role: role.into(), content: content.into() };
        assert_eq!(
            content(Rows::of([("messages", "turns")])),
            Content::Messages { messages: vec![turns("user", "hi"), turns("assistant", "ho")] }
        );
    }

    #[test]
    fn other_columns_travel_on() {
        let row = document("body", json!({"q": "2+2?", "a": "4", "level": 3}));
        let draft = make(&Rows::of([("prompt", "q"), ("completion", "a")]), &row).expect("a sample");
        assert_eq!(draft.fields.get("level"), Some(&Value::Int(3)));
        assert_eq!(draft.fields.get("text"), Some(&Value::from("body")));
        assert!(!draft.fields.contains_key("q") && !draft.fields.contains_key("a"));
    }

    #[test]
    fn nothing_vanishes() {
        let row =
            document("body", json!({"q": "2+2?", "n": null, "turns": [{"role": "boss", "content": "hi"}]}));
        let reason = |columns: Rows| make(&columns, &row).expect_err("no sample");
        assert_eq!(
            reason(Rows::of([("prompt", "q"), ("completion", "answer")])),
            "column \"answer\" is missing; there are text, n, q, turns"
        );
        assert_eq!(reason(Rows::of([("text", "n")])), "column \"n\" is null, not text");
        assert!(reason(Rows::of([("prompt", "q")])).starts_with("columns make no sample of [prompt]"));
        assert_eq!(reason(Rows::of([("messages", "q")])), "column \"q\" is text, not a list of messages");
        assert!(reason(Rows::of([("messages", "turns")])).contains("unknown role \"boss\""));
    }
}
