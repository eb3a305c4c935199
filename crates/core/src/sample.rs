use serde::{Deserialize, Serialize};

use crate::{Document, Fields, Key, Origin, Redactions, Tier};

/// What a sample teaches, in the column names that trainers read.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Content {
    /// Plain text.
    Text {
        /// The text.
        text: String,
    },
    /// A dialogue.
    Messages {
        /// Its turns, in order.
        messages: Vec<Message>,
    },
    /// A prompt and its completion.
    Completion {
        /// What is asked.
        prompt: String,
        /// What is answered.
        completion: String,
    },
    /// A prompt with a better and a worse answer.
    Preference {
        /// What is asked.
        prompt: String,
        /// The better answer.
        chosen: String,
        /// The worse answer.
        rejected: String,
    },
}

/// One turn of a dialogue.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Message {
    /// `system`, `user`, `assistant` or `tool`.
    pub role: String,
    /// What is said.
    pub content: String,
}

/// The layout of a sample; each is published as a folder and a config of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Kind {
    /// `text`
    Text,
    /// `messages`
    Messages,
    /// `prompt`, `completion`
    Completion,
    /// `prompt`, `chosen`, `rejected`
    Preference,
}

impl Kind {
    /// All kinds, in publishing order.
    pub const ALL: [Kind; 4] = [Kind::Text, Kind::Messages, Kind::Completion, Kind::Preference];

    /// Returns the name of the folder and config.
    pub const fn name(self) -> &'static str {
        match self {
            Kind::Text => "text",
            Kind::Messages => "messages",
            Kind::Completion => "completion",
            Kind::Preference => "preference",
        }
    }
}

impl Content {
    /// Returns the layout.
    pub fn kind(&self) -> Kind {
        match self {
            Content::Text { .. } => Kind::Text,
            Content::Messages { .. } => Kind::Messages,
            Content::Completion { .. } => Kind::Completion,
            Content::Preference { .. } => Kind::Preference,
        }
    }

    /// Returns each text with the name of its column, in column order; a dialogue's turns are all `messages`.
    pub fn columns(&self) -> Vec<(&'static str, &str)> {
        match self {
            Content::Text { text } => vec![("text", text)],
            Content::Messages { messages } => {
                messages.iter().map(|m| ("messages", m.content.as_str())).collect()
            }
            Content::Completion { prompt, completion } => {
                vec![("prompt", prompt), ("completion", completion)]
            }
            Content::Preference { prompt, chosen, rejected } => {
                vec![("prompt", prompt), ("chosen", chosen), ("rejected", rejected)]
            }
        }
    }

    /// Returns the digest of the content: equal for equal samples of one kind, whatever document they are of.
    pub fn digest(&self) -> Key {
        let encoded = postcard::to_stdvec(self).expect("plain data encodes into memory");
        Key::builder("content").bytes(&encoded).finish()
    }
}

/// A range of bytes of a document's text, `start..end`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Span {
    /// First byte.
    pub start: u64,
    /// One past the last byte.
    pub end: u64,
}

/// A document behind a sample, as it was when the sample was made.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Seed {
    /// Name of the source.
    pub source: String,
    /// The document's id within it.
    pub id: String,
    /// Digest of the document's content.
    pub digest: Key,
    /// What part of its text the sample rests on, if that is a part.
    pub span: Option<Span>,
    /// The document's licence.
    pub license: Option<String>,
    /// What was redacted in the document.
    pub redactions: Redactions,
}

impl Seed {
    /// Returns the document's key.
    pub fn key(&self) -> Key {
        Document::key_of(&self.source, &self.id)
    }
}

/// What a generator says: a sample without its name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Draft {
    /// What it teaches.
    pub content: Content,
    /// Text that an answer may rest on, shown to a trainer with the prompt; never compared by a purge.
    pub context: Option<String>,
    /// What part of the document it rests on.
    pub span: Option<Span>,
    /// Anything that verifiers and readers of provenance may want, by name.
    pub fields: Fields,
}

impl Draft {
    /// Makes a draft that rests on the whole document.
    pub fn new(content: Content) -> Self {
        Draft { content, context: None, span: None, fields: Fields::new() }
    }
}

/// One training example, named by what it says and of which documents.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Sample {
    /// Name of the stage that made it.
    pub stage: String,
    /// What it teaches.
    pub content: Content,
    /// Text that an answer may rest on; never compared by a purge.
    pub context: Option<String>,
    /// The documents that it is of, in order; the first decides its shard.
    pub documents: Vec<Seed>,
    /// Tier before any verifier has spoken.
    pub tier: Tier,
    /// Whether its words are its generator's, and not its document's.
    pub synthetic: bool,
    /// What made it: generator, family, depth.
    pub origin: Origin,
    /// Anything that verifiers and readers of provenance may want, by name.
    pub fields: Fields,
}

impl Sample {
    /// Returns a document's text as a stage's sample that no document stands behind, for whoever judges texts: with its
    /// tier, origin and fields.
    pub fn of_document(stage: &str, document: &Document) -> Self {
        Sample {
            stage: stage.to_owned(),
            content: Content::Text { text: document.text.clone() },
            context: None,
            documents: Vec::new(),
            tier: document.tier,
            synthetic: false,
            origin: document.origin.clone(),
            fields: document.fields.clone(),
        }
    }

    /// Returns the sample's id: the digest of stage name, document keys in order, and content fields.
    pub fn id(&self) -> Key {
        let mut key = Key::builder("sample").text(&self.stage).number(self.documents.len() as u64);
        for seed in &self.documents {
            key = key.key(seed.key());
        }
        key.key(self.content.digest()).text(self.context.as_deref().unwrap_or_default()).finish()
    }

    /// Returns all words of the sample that are compared or measured, its columns joined by blank lines.
    pub fn text(&self) -> String {
        let columns: Vec<_> = self.content.columns().into_iter().map(|(_, text)| text).collect();
        columns.join("\n\n")
    }
}

/// Returns the bytes that a published row counts for when shards are cut: its texts as UTF-8, and 48 for id, tier and
/// tokens.
///
/// Never zero, and never moved by a tier or a verdict.
pub fn logical_bytes(content: &Content, context: Option<&str>, source: &str, license: Option<&str>) -> u64 {
    let columns: usize = content.columns().iter().map(|(_, text)| text.len()).sum();
    let roles: usize = match content {
        Content::Messages { messages } => messages.iter().map(|message| message.role.len()).sum(),
        _ => 0,
    };
    let around = context.map_or(0, str::len) + source.len() + license.map_or(0, str::len);
    (columns + roles + around + 48) as u64
}
