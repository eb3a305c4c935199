use serde::{Deserialize, Serialize};

use crate::{Fields, Key, Redactions, Tier};

/// One seed unit: what samples are made of.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Document {
    /// Name of the source that brought it.
    pub source: String,
    /// Identifier within its source: a relative path, or a table's key.
    pub id: String,
    /// The text, as UTF-8.
    pub text: String,
    /// Tier of its words.
    pub tier: Tier,
    /// Licence, as an SPDX expression where there is one.
    pub license: Option<String>,
    /// What made it, for a source that brings in synthetic data.
    pub origin: Origin,
    /// Other columns of a table's row, or a page's front matter.
    pub fields: Fields,
    /// What was redacted in its text and fields.
    pub redactions: Redactions,
}

/// What made a document, as its source declares it; all empty for human words.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Origin {
    /// The generator's name.
    pub generator: Option<String>,
    /// The model lineage behind the generator.
    pub family: Option<String>,
    /// 0 human, 1 synthetic from human, 2 synthetic from synthetic …
    pub depth: u32,
}

impl Document {
    /// Returns the key of any document of this source and id.
    pub fn key_of(source: &str, id: &str) -> Key {
        Key::builder("document").text(source).text(id).finish()
    }

    /// Returns the document's key: a function of source and id alone.
    pub fn key(&self) -> Key {
        Self::key_of(&self.source, &self.id)
    }

    /// Returns the digest of all that the document says: it changes exactly when the document does.
    ///
    /// How much was redacted is the document's story, and no part of what it says.
    pub fn digest(&self) -> Key {
        let Document { source, id, text, tier, license, origin, fields, redactions: _ } = self;
        let said = (source, id, text, tier, license, origin, fields);
        let encoded = postcard::to_stdvec(&said).expect("plain data encodes into memory");
        Key::builder("document-content").bytes(&encoded).finish()
    }
}
