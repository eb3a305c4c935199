//! The text of a flow file as a tree whose every key and value knows its place.

use std::ops::Range;

use toml::de::{DeTable, DeValue};

use super::mistake::Mistake;

/// A value and its place.
#[derive(Clone, Debug)]
pub(crate) struct Node {
    pub(crate) span: Range<usize>,
    pub(crate) value: Value,
}

/// A value of a flow file; TOML's dates have no use in one.
#[derive(Clone, Debug)]
pub(crate) enum Value {
    Bool(bool),
    Int(i64),
    Float(f64),
    Text(String),
    List(Vec<Node>),
    Table(Table),
}

/// A table, in the order of writing.
#[derive(Clone, Debug, Default)]
pub(crate) struct Table {
    pub(crate) entries: Vec<Entry>,
}

/// A key of a table, and its value.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) key: String,
    pub(crate) key_span: Range<usize>,
    pub(crate) node: Node,
}

impl Node {
    /// Returns what the value is, for a message.
    pub(crate) fn kind(&self) -> &'static str {
        match self.value {
            Value::Bool(_) => "true or false",
            Value::Int(_) | Value::Float(_) => "a number",
            Value::Text(_) => "a string",
            Value::List(_) => "a list",
            Value::Table(_) => "a table",
        }
    }

    /// Returns the text, if it is one.
    ///
    /// # Errors
    /// That it is something else.
    pub(crate) fn text(&self, key: &str) -> Result<&str, Mistake> {
        match &self.value {
            Value::Text(text) => Ok(text),
            _ => Err(self.wrong(key, "a string")),
        }
    }

    /// Makes the mistake of a value of a wrong kind.
    pub(crate) fn wrong(&self, key: &str, expected: &str) -> Mistake {
        Mistake::new(format!("`{key}` is {expected}, not {}", self.kind())).at(self.span.clone())
    }

    /// Returns the value as JSON.
    pub(crate) fn to_json(&self) -> serde_json::Value {
        match &self.value {
            Value::Bool(truth) => (*truth).into(),
            Value::Int(number) => (*number).into(),
            Value::Float(number) => (*number).into(),
            Value::Text(text) => text.as_str().into(),
            Value::List(list) => list.iter().map(Node::to_json).collect(),
            Value::Table(table) => table.to_json(),
        }
    }
}

impl Table {
    /// Returns a key's entry.
    pub(crate) fn get(&self, key: &str) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.key == key)
    }

    /// Takes a key's entry out.
    /// Makes a mistake of an error, at the key whose name in backticks the message holds.
    pub(crate) fn mistake(&self, error: rifflebox_core::Error) -> Mistake {
        let mistake = Mistake::from(error);
        let named = |key: &str| mistake.message.contains(&format!("`{key}`"));
        match self.entries.iter().find(|entry| named(&entry.key)) {
            Some(entry) if mistake.message.contains("has no setting") => mistake.at(entry.key_span.clone()),
            Some(entry) => mistake.at(entry.node.span.clone()),
            None => mistake,
        }
    }

    pub(crate) fn take(&mut self, key: &str) -> Option<Entry> {
        let at = self.entries.iter().position(|entry| entry.key == key)?;
        Some(self.entries.remove(at))
    }

    /// Returns the table as JSON.
    pub(crate) fn to_json(&self) -> serde_json::Value {
        self.entries.iter().map(|entry| (entry.key.clone(), entry.node.to_json())).collect()
    }
}

/// Returns all texts that stand as values in a flow file; none if it is no TOML.
pub(crate) fn texts_of(file: &str) -> Vec<String> {
    fn gather(value: &Value, texts: &mut Vec<String>) {
        match value {
            Value::Text(text) => texts.push(text.clone()),
            Value::List(list) => list.iter().for_each(|node| gather(&node.value, texts)),
            Value::Table(table) => table.entries.iter().for_each(|entry| gather(&entry.node.value, texts)),
            _ => {}
        }
    }
    let mut texts = Vec::new();
    if let Ok(table) = parse(file) {
        gather(&Value::Table(table), &mut texts);
    }
    texts
}

/// Reads TOML.
///
/// # Errors
/// All places where it is none, and values that no flow file has a use for.
pub(crate) fn parse(text: &str) -> Result<Table, Vec<Mistake>> {
    let (document, errors) = DeTable::parse_recoverable(text);
    if !errors.is_empty() {
        return Err(errors.into_iter().map(|error| syntax(&error, text)).collect());
    }
    let mut mistakes = Vec::new();
    let table = table(document.into_inner(), &mut mistakes);
    match mistakes.is_empty() {
        true => Ok(table),
        false => Err(mistakes),
    }
}

fn syntax(error: &toml::de::Error, text: &str) -> Mistake {
    let message = error.message().lines().collect::<Vec<_>>().join("; ");
    Mistake::new(message).at(error.span().unwrap_or(text.len()..text.len()))
}

fn table(table: DeTable<'_>, mistakes: &mut Vec<Mistake>) -> Table {
    let mut entries = Vec::new();
    for (key, value) in table {
        let span = value.span();
        let key_span = key.span();
        match value_of(value.into_inner(), mistakes) {
            Ok(value) => {
                let key = key.into_inner().into_owned();
                entries.push(Entry { key, key_span, node: Node { span, value } });
            }
            Err(message) => mistakes.push(Mistake::new(message).at(span)),
        }
    }
    entries.sort_by_key(|entry| entry.key_span.start);
    Table { entries }
}

fn value_of(value: DeValue<'_>, mistakes: &mut Vec<Mistake>) -> Result<Value, String> {
    Ok(match value {
        DeValue::Boolean(truth) => Value::Bool(truth),
        DeValue::String(text) => Value::Text(text.into_owned()),
        DeValue::Integer(number) => match i64::from_str_radix(number.as_str(), number.radix()) {
            Ok(number) => Value::Int(number),
            Err(_) => return Err(format!("{number} is too large a number")),
        },
        DeValue::Float(number) => match number.as_str().parse::<f64>() {
            Ok(float) if float.is_finite() => Value::Float(float),
            _ => return Err(format!("{number} is no finite number")),
        },
        DeValue::Datetime(date) => return Err(format!("{date} is a date: write it as a string")),
        DeValue::Array(list) => {
            let mut nodes = Vec::new();
            for value in list {
                let span = value.span();
                match value_of(value.into_inner(), mistakes) {
                    Ok(value) => nodes.push(Node { span, value }),
                    Err(message) => mistakes.push(Mistake::new(message).at(span)),
                }
            }
            Value::List(nodes)
        }
        DeValue::Table(inner) => Value::Table(table(inner, mistakes)),
    })
}
