use serde::{Deserialize, Serialize};

use crate::{Key, Value};

/// Settings that can change an answer, as JSON; no default is left out, so that a changed default is a changed setting.
pub type Settings = serde_json::Value;

/// What a passed verdict proves of a sample.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Proof {
    /// Nothing beyond its look: the verifier filters.
    Filtered,
    /// The verifier executed, checked or confirmed it: a synthetic sample rises to tier T2.
    Confirmed,
}

/// Who an operator is: what its answers depend on, and nothing else.
///
/// Never the stage's name, limits, retries, timeouts, or anything upstream: a rename pays no call again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// The operator's name.
    pub name: String,
    /// The version of its code; a changed answer for any input needs a new one.
    pub version: String,
    /// The settings that can change an answer.
    pub settings: Settings,
    /// The model lineage that speaks through it, if one does.
    pub family: Option<String>,
}

impl Identity {
    /// Makes the identity of an operator without settings.
    pub fn new(name: impl Into<String>, version: impl Into<String>) -> Self {
        Identity { name: name.into(), version: version.into(), settings: Settings::Null, family: None }
    }

    /// Gives the settings.
    ///
    /// # Panics
    /// When `settings` cannot be written as JSON: only maps with keys that are no text can't.
    #[must_use]
    pub fn with_settings(mut self, settings: &impl Serialize) -> Self {
        self.settings = serde_json::to_value(settings).expect("settings are plain data");
        self
    }

    /// Returns the fingerprint: equal exactly when name, version, settings and family are.
    pub fn fingerprint(&self) -> Key {
        // A `Value` sorts its keys; a JSON map may keep the order of writing.
        let settings = postcard::to_stdvec(&Value::from(self.settings.clone()));
        let settings = settings.expect("plain data encodes into memory");
        let family = self.family.as_deref().unwrap_or_default();
        Key::builder("fingerprint")
            .text(&self.name)
            .text(&self.version)
            .bytes(&settings)
            .text(family)
            .finish()
    }
}
