use std::path::Path;
use std::sync::Arc;

use rifflebox_core::{Error, Settings, Tokenizer};
use rifflebox_dataflow::OnReject;
use serde::de::DeserializeOwned;

use rifflebox_model::Models;

use crate::flow_file::{Kind, Mistake, StageTable, of_table, read_settings};

/// What a table of a flow file gives to the constructor of its operator.
pub struct Given<'a> {
    table: &'a StageTable,
    base_dir: &'a Path,
    tokenizer: Arc<dyn Tokenizer>,
    models: &'a Models,
}

impl<'a> Given<'a> {
    pub(crate) fn new(
        table: &'a StageTable,
        base_dir: &'a Path,
        tokenizer: Arc<dyn Tokenizer>,
        models: &'a Models,
    ) -> Self {
        Given { table, base_dir, tokenizer, models }
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

    /// Returns the flow's models, by name.
    pub fn models(&self) -> &Models {
        self.models
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
        read_settings(&self.table.settings).map_err(|mistake| of_table(&self.table.header(), mistake))
    }

    /// Returns the operator's settings as JSON, for an operator that reads them itself.
    pub fn json(&self) -> Settings {
        self.table.settings.to_json()
    }

    /// Makes a mistake of an operator's error, at the key whose name in backticks the message holds.
    pub fn mistake(&self, error: Error) -> Mistake {
        self.table.settings.mistake(error)
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
}
