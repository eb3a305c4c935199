use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;
use std::sync::Arc;

use crate::Result;

/// How often personal data was replaced, by the name of the rule that found it.
pub type Redactions = BTreeMap<String, u64>;

/// What a source says of personal data in its documents.
#[derive(Clone)]
pub enum Redaction {
    /// Nothing: no stage may send what is made of them away.
    Unsaid,
    /// That all of it may be seen, by the user's word.
    None,
    /// That it is replaced before anything sees it.
    By(Arc<dyn RedactionKeeper>),
}

impl fmt::Debug for Redaction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Redaction::Unsaid => "Unsaid",
            Redaction::None => "None",
            Redaction::By(_) => "By",
        })
    }
}

/// What a redaction needs beside the documents: a key, and a map that only it reverses.
///
/// # Contract
/// - No error names a value that was redacted, nor the key (trusted).
/// - The map is no part of any result, and its file is whole at any time (trusted).
pub trait RedactionKeeper: Send + Sync {
    /// Makes sure that documents can be redacted.
    ///
    /// # Errors
    /// When the key or the list of names is missing or cannot be read.
    fn ready(&self) -> Result<()>;

    /// Returns where the map is kept, if it is.
    fn map_path(&self) -> Option<&Path>;

    /// Adds to the map what was redacted since it was written last.
    ///
    /// # Errors
    /// When it cannot be written.
    fn write_map(&self) -> Result<()>;
}
