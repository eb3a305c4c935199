use std::fmt;
use std::sync::Arc;

use rifflebox_core::{Error, ErrorKind};
use rifflebox_schema::Schema;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

use crate::trouble::excerpt;

/// How much of what a validator says is said to the model.
const COMPLAINT_CHARS: usize = 600;
/// Faults that are named; the others are too many to mend at once.
const MOST_FAULTS: usize = 5;

/// What an answer has to be: a JSON schema with a name.
#[derive(Clone)]
pub struct AnswerSchema(Arc<Inner>);

struct Inner {
    name: String,
    schema: Schema,
}

impl AnswerSchema {
    /// Takes a schema of the keywords that endpoints hold models to: types, choices, bounds, fields, items, parts, and
    /// references within it.
    ///
    /// # Errors
    /// [`ErrorKind::Usage`] when it has other keywords, or its name other characters than letters, digits, `_` and `-`.
    pub fn new(name: &str, schema: Value) -> rifflebox_core::Result<Self> {
        let fits = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
        if name.is_empty() || name.len() > 64 || !name.chars().all(fits) {
            let message = format!("{name:?} is no name of a schema: up to 64 letters, digits, `_` and `-`");
            return Err(Error::new(ErrorKind::Usage, message));
        }
        let schema = Schema::new("the answer", schema)
            .map_err(|fault| Error::new(ErrorKind::Usage, format!("the schema `{name}` is none: {fault}")))?;
        Ok(AnswerSchema(Arc::new(Inner { name: name.to_owned(), schema })))
    }

    /// Returns its name.
    pub fn name(&self) -> &str {
        &self.0.name
    }

    /// Returns the schema itself.
    pub fn value(&self) -> &Value {
        self.0.schema.value()
    }

    /// Reads the JSON of an answer that fits.
    ///
    /// # Errors
    /// What is wrong with it, in words that a model can act on.
    pub fn read(&self, text: &str) -> Result<Value, String> {
        let value: Value =
            serde_json::from_str(unfenced(text)).map_err(|error| format!("it is no JSON: {error}"))?;
        let mut faults = self.0.schema.faults(&value);
        faults.truncate(MOST_FAULTS);
        match faults.is_empty() {
            true => Ok(value),
            false => Err(excerpt(&faults.join("; "), COMPLAINT_CHARS)),
        }
    }
}

/// Returns the inside of a fence of backticks, if the whole text stands in one.
pub(crate) fn unfenced(text: &str) -> &str {
    let text = text.trim();
    let inside = text.strip_prefix("```").and_then(|rest| rest.strip_suffix("```"));
    match inside.and_then(|inside| inside.split_once('\n')) {
        Some((language, inside)) if language.trim().chars().all(char::is_alphanumeric) => inside.trim(),
        _ => text,
    }
}

impl Serialize for AnswerSchema {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        (self.name(), self.value()).serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for AnswerSchema {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let (name, schema) = <(String, Value)>::deserialize(deserializer)?;
        AnswerSchema::new(&name, schema).map_err(serde::de::Error::custom)
    }
}

impl PartialEq for AnswerSchema {
    fn eq(&self, other: &Self) -> bool {
        self.name() == other.name() && self.value() == other.value()
    }
}

impl fmt::Debug for AnswerSchema {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.name(), self.value())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn facts() -> AnswerSchema {
        let schema = json!({
            "type": "object",
            "properties": { "facts": { "type": "array", "items": { "type": "string" }, "minItems": 1 } },
            "required": ["facts"],
            "additionalProperties": false,
        });
        AnswerSchema::new("facts", schema).unwrap()
    }

    #[test]
    fn what_fits_is_read_with_or_without_a_fence() {
        let said = json!({ "facts": ["a"] });
        for text in
            [r#"{"facts": ["a"]}"#, "```json\n{\"facts\": [\"a\"]}\n```", " ```\n{\"facts\": [\"a\"]}```\n"]
        {
            assert_eq!(facts().read(text).unwrap(), said, "{text}");
        }
    }

    #[test]
    fn what_does_not_fit_is_told_by_its_place() {
        let wrong = |text: &str| facts().read(text).unwrap_err();
        assert_eq!(wrong("Sure!"), "it is no JSON: expected value at line 1 column 1");
        assert_eq!(wrong(r#"{"facts": [1]}"#), "`/facts/0` is no string");
        assert_eq!(wrong("{}"), "the answer lacks \"facts\"");
        let many = format!(r#"{{"facts": [{}0]}}"#, "0,".repeat(99));
        assert_eq!(wrong(&many).matches("is no string").count(), MOST_FAULTS);
        let long = format!(r#"{{"facts": ["a"], "{}": 1}}"#, "x".repeat(9999));
        assert!(wrong(&long).chars().count() <= COMPLAINT_CHARS);
    }

    #[test]
    fn what_is_no_schema_is_refused() {
        let wrong = |name, schema| AnswerSchema::new(name, schema).unwrap_err().to_string();
        assert!(wrong("a", json!({ "type": "objekt" })).starts_with("the schema `a` is none: "));
        assert!(wrong("a b", json!({})).contains("is no name of a schema"));
        assert!(
            wrong("a", json!({ "$ref": "https://example.com/schema.json" })).starts_with("the schema `a`")
        );
    }
}
