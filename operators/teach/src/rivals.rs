//! Answers that stand against one another, and are shown to somebody who decides between them.

use rifflebox_core::{Document, Heard, Key, Reply};

use crate::cast::words;
use crate::judged::plain;

/// An answer among others.
pub(crate) struct Rival<'a> {
    /// The model's name in the flow.
    pub(crate) name: String,
    /// What it says.
    pub(crate) text: &'a str,
    pub(crate) reply: &'a Reply,
}

impl<'a> Rival<'a> {
    pub(crate) fn new(name: String, heard: &'a Heard) -> Result<Self, String> {
        let (reply, text) = words(heard)?;
        Ok(Rival { name, text, reply })
    }

    /// Returns whether both say the same.
    pub(crate) fn agrees(&self, other: &Rival<'_>) -> bool {
        plain(self.text) == plain(other.text)
    }

    /// Returns its place among others: drawn by what it says, since judges favour places
    /// (Judging LLM-as-a-Judge, arXiv:2306.05685), and so no model always stands first.
    pub(crate) fn place(&self, document: &Document) -> Key {
        Key::builder("place").text(&document.text).text(self.text).finish()
    }
}
