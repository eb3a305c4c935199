use std::collections::BTreeMap;

use minijinja::syntax::SyntaxConfig;
use minijinja::{Environment, UndefinedBehavior};
use rifflebox_core::{Content, Document, Error, ErrorKind, Key, Result, Sample};

/// A setting's template over the values of a sample or a document; values go in as they are.
#[derive(Debug)]
pub struct Template {
    key: &'static str,
    environment: Environment<'static>,
}

impl Template {
    /// Reads the template of a setting.
    ///
    /// # Errors
    /// Of kind [`ErrorKind::Usage`], naming the setting, when it is no template.
    pub fn new(key: &'static str, text: &str) -> Result<Self> {
        let mut environment = Environment::new();
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        let syntax = SyntaxConfig::builder().keep_trailing_newline(true).build();
        environment.set_syntax(syntax.expect("the usual marks are right"));
        environment
            .add_template_owned(key, text.to_owned())
            .map_err(|error| Error::new(ErrorKind::Usage, format!("`{key}` is no template: {error}")))?;
        Ok(Template { key, environment })
    }

    /// Stands marks around what values put in, but for what goes through the filter `safe`.
    pub fn marking(mut self, marks: [char; 2]) -> Self {
        self.environment.set_formatter(move |out, _, value| match value.is_safe() {
            true => Ok(write!(out, "{value}")?),
            false => Ok(write!(out, "{}{value}{}", marks[0], marks[1])?),
        });
        self
    }

    /// Returns whether the template names a value.
    pub fn names(&self, value: &str) -> bool {
        let template = self.environment.get_template(self.key).expect("it was added");
        template.undeclared_variables(false).contains(value)
    }

    /// Fills the template in.
    ///
    /// # Errors
    /// What it wants and the sample or document has not.
    pub fn fill(&self, values: &Values) -> Result<String, String> {
        let (key, Values { of, values }) = (self.key, values);
        let template = self.environment.get_template(key).expect("it was added");
        template.render(minijinja::Value::from_pairs(values.clone())).map_err(|error| {
            let wanted = template.undeclared_variables(false);
            let mut lacking: Vec<&str> = wanted.iter().map(String::as_str).collect();
            lacking.retain(|name| !values.contains_key(*name));
            // What every template may name, such as `range`.
            lacking.retain(|name| !self.environment.globals().any(|(known, _)| known == *name));
            lacking.sort_unstable();
            match lacking.first() {
                Some(name) => {
                    let has: Vec<&str> = values.keys().map(String::as_str).collect();
                    format!("`{key}` wants `{name}`; the {of} has {}", has.join(", "))
                }
                None => format!("`{key}` cannot be filled in: {error}"),
            }
        })
    }
}

/// What a template may name: a sample's columns, its context and its fields; a document's text and its fields.
#[derive(Clone, Debug)]
pub struct Values {
    of: &'static str,
    values: BTreeMap<String, minijinja::Value>,
}

impl Values {
    /// Reads the values of a sample.
    pub fn of(sample: &Sample) -> Self {
        let mut values: BTreeMap<String, serde_json::Value> =
            sample.fields.iter().map(|(name, value)| (name.clone(), value.to_json())).collect();
        match &sample.content {
            Content::Messages { messages } => {
                let turns = messages
                    .iter()
                    .map(|turn| serde_json::json!({ "role": turn.role, "content": turn.content }));
                values.insert("messages".to_owned(), turns.collect());
            }
            content => {
                let columns = content.columns().into_iter();
                values.extend(columns.map(|(name, text)| (name.to_owned(), text.into())));
            }
        }
        values.extend(sample.context.as_ref().map(|context| ("context".to_owned(), context.as_str().into())));
        Values { of: "sample", values: values.into_iter().map(|(name, json)| (name, read(json))).collect() }
    }

    /// Reads the values of a document; its id is none of them, so that one that is renamed says the same.
    pub fn of_document(document: &Document) -> Self {
        let fields = document.fields.iter().map(|(name, value)| (name.clone(), read(value.to_json())));
        let mut values: BTreeMap<_, _> = fields.collect();
        values.insert("text".to_owned(), document.text.as_str().into());
        Values { of: "document", values }
    }

    /// Adds a value, or puts it in the place of another of its name.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<serde_json::Value>) -> Self {
        self.values.insert(name.to_owned(), read(value.into()));
        self
    }

    /// Returns whether a value holds one of these characters.
    pub fn contains(&self, wanted: [char; 2]) -> bool {
        // As JSON, which leaves them as they are, also within lists and tables.
        self.json().contains(wanted)
    }

    /// Returns a digest of all values.
    pub fn digest(&self) -> Key {
        Key::builder("values").text(&self.json()).finish()
    }

    fn json(&self) -> String {
        serde_json::to_string(&self.values).expect("values are plain data")
    }

    /// Adds a word that is not the sample's.
    pub fn with_word(mut self, name: &str, word: String) -> Self {
        self.values.insert(name.to_owned(), minijinja::Value::from_safe_string(word));
        self
    }
}

fn read(json: serde_json::Value) -> minijinja::Value {
    serde_json::from_value(json).expect("plain data is a value of a template")
}

#[cfg(test)]
mod tests;
