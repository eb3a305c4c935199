use std::path::Path;
use std::sync::Arc;

use rifflebox_core::{Error, Settings, Tokenizer};
use rifflebox_dataflow::OnReject;
use serde::de::DeserializeOwned;

use crate::flow_file::{Kind, Mistake, StageTable, read_settings};

/// What a table of a flow file gives to the constructor of its operator.
pub struct Given<'a> {
    table: &'a StageTable,
    base_dir: &'a Path,
    tokenizer: Arc<dyn Tokenizer>,
}

impl<'a> Given<'a> {
    pub(crate) fn new(table: &'a StageTable, base_dir: &'a Path, tokenizer: Arc<dyn Tokenizer>) -> Self {
        Given { table, base_dir, tokenizer }
    }

    /// Returns the table's kind.
    pub fn kind(&self) -> Kind {
        self.table.kind
    }

    /// Returns the table's name.
    pub fn name(&self) -> &str {
        &self.table.name.text
    }

    /// Returns the operator's name.
    pub fn operator(&self) -> &str {
        &self.table.operator.text
    }

    /// Returns the folder at which relative paths start.
    pub fn base_dir(&self) -> &Path {
        self.base_dir
    }

    /// Returns what counts the flow's tokens.
    pub fn tokenizer(&self) -> Arc<dyn Tokenizer> {
        self.tokenizer.clone()
    }

    /// Returns what becomes of a sample that the verifier refuses.
    pub fn on_reject(&self) -> OnReject {
        self.table.on_reject
    }

    /// Reads the operator's settings; `use`, `from` and `on_reject` are not among them.
    ///
    /// # Errors
    /// The first key or value that does not fit, with its place.
    pub fn settings<T: DeserializeOwned>(&self) -> Result<T, Mistake> {
        let header = self.table.header();
        read_settings(&self.table.settings).map_err(|mistake| {
            let message = match mistake.message.split_once(' ') {
                Some(("unknown", rest)) if rest.starts_with("key") => format!("[{header}] has no {rest}"),
                Some(("missing", rest)) => format!("[{header}] needs the {rest}"),
                _ => return mistake,
            };
            Mistake { message, ..mistake }
        })
    }

    /// Returns the operator's settings as JSON, for an operator that reads them itself.
    pub fn json(&self) -> Settings {
        self.table.settings.to_json()
    }

    /// Makes a mistake of an operator's error, at the key whose name in backticks the message holds.
    pub fn mistake(&self, error: Error) -> Mistake {
        let mistake = Mistake::from(error);
        let named = |key: &str| mistake.message.contains(&format!("`{key}`"));
        match self.table.settings.entries.iter().find(|entry| named(&entry.key)) {
            Some(entry) if mistake.message.contains("has no setting") => mistake.at(entry.key_span.clone()),
            Some(entry) => mistake.at(entry.node.span.clone()),
            None => mistake,
        }
    }

    /// Makes a mistake at the word that names the operator.
    pub(crate) fn unknown(&self, message: String) -> Mistake {
        Mistake::new(message).at(self.table.operator.span.clone())
    }

    /// Makes a mistake at a key's value, or at the whole table if it is not given.
    pub fn mistake_at(&self, key: &str, message: impl Into<String>) -> Mistake {
        let mistake = Mistake::new(message);
        match self.table.settings.get(key) {
            Some(entry) => mistake.at(entry.node.span.clone()),
            None => mistake,
        }
    }

    /// Returns whether the table has a key.
    pub(crate) fn has(&self, key: &str) -> bool {
        self.table.settings.get(key).is_some()
    }
}
