use std::collections::BTreeSet;

use super::evidence::Evidence;
use super::matter::{stems_of, tokens};

/// A prompt, taken apart: where it points, what it quotes, and what it asks in its own words.
#[derive(Clone, Debug, Default)]
pub(super) struct Prompt {
    /// Headings that the prompt names: the answer stands under each.
    pub(super) places: Vec<Vec<String>>,
    /// Quoted words and code: the evidence says them as they stand.
    pub(super) quotes: Vec<Vec<String>>,
    /// Words on both sides of a blank.
    pub(super) blank: Option<(Vec<String>, Vec<String>)>,
    /// Stems of all other words that carry matter.
    pub(super) matter: BTreeSet<String>,
    /// What is asked for, in lower case: the prompt without the name of its place.
    pub(super) ask: String,
}

impl Prompt {
    /// Reads a prompt beside the documents that it is of.
    pub(super) fn read(text: &str, documents: &[Evidence]) -> Prompt {
        let mut prompt = Prompt::default();
        let mut plain = String::new();
        for (quoted, part) in parts(text) {
            let words = tokens(part);
            if !quoted {
                plain.push_str(part);
                plain.push(' ');
            } else if let Some((before, after)) = part.split_once("____") {
                prompt.blank = Some((tokens(before), tokens(after)));
            } else if led_to(&plain) && names_place(&words, documents) {
                if !names_document(&words, documents) {
                    prompt.places.push(words);
                }
                // Words before a place only lead to it.
                plain.push('\u{1}');
            } else if !words.is_empty() {
                prompt.quotes.push(words);
            }
        }
        let ask = plain.rsplit('\u{1}').next().unwrap_or_default();
        prompt.ask = ask.trim().to_lowercase();
        // "… on Prometheus, what is": up to the comma or colon still names the place.
        let own = match plain.contains('\u{1}') {
            true => ask.split_once([',', ':']).map_or(ask, |(_, own)| own),
            false => ask,
        };
        prompt.matter = stems_of(&tokens(own));
        prompt
    }

    /// Returns whether the prompt asks nothing in particular.
    pub(super) fn is_vague(&self) -> bool {
        let blank =
            self.blank.as_ref().map_or(0, |(before, after)| stems_of(before).len() + stems_of(after).len());
        self.matter.is_empty() && self.quotes.is_empty() && blank < 3
    }

    /// Returns whether the prompt asks how something is described.
    pub(super) fn asks_description(&self) -> bool {
        self.ask.contains("described")
    }

    /// Returns the abbreviation whose words the prompt asks for.
    pub(super) fn abbreviation(&self) -> Option<&str> {
        let [quote] = self.quotes.as_slice() else { return None };
        let [name] = quote.as_slice() else { return None };
        self.ask.contains(" stand for").then_some(name)
    }

    /// Returns whether the prompt asks what a thing is, and the stems of the thing.
    pub(super) fn thing(&self) -> Option<&BTreeSet<String>> {
        let own = self.ask.rsplit([',', ':']).next().unwrap_or_default().trim();
        let asks = ["what is", "what are", "what does the term", "what's"]
            .iter()
            .any(|opening| own.starts_with(opening));
        (asks && self.quotes.is_empty() && self.blank.is_none() && !self.matter.is_empty())
            .then_some(&self.matter)
    }
}

/// Returns whether the words before a quotation announce a place.
fn led_to(before: &str) -> bool {
    let word = before.split_whitespace().next_back().unwrap_or_default().to_lowercase();
    ["page", "section", "chapter", "article", "document", "guide", "heading", "titled", "under"]
        .contains(&word.as_str())
}

/// Parts a prompt into what stands in quotes or backticks, and what doesn't.
fn parts(text: &str) -> Vec<(bool, &str)> {
    let mut parts = Vec::new();
    let (mut start, mut open): (usize, Option<char>) = (0, None);
    for (at, c) in text.char_indices() {
        let closes = match open {
            Some('“') => c == '”',
            Some(mark) => c == mark,
            None => matches!(c, '"' | '`' | '“'),
        };
        if closes {
            parts.push((open.is_some(), &text[start..at]));
            start = at + c.len_utf8();
            open = if open.is_some() { None } else { Some(c) };
        }
    }
    parts.push((false, &text[start..]));
    parts
}

/// Returns whether quoted words are a heading, or the document's own name.
fn names_place(words: &[String], documents: &[Evidence]) -> bool {
    let heading =
        |evidence: &Evidence| evidence.units.iter().any(|unit| unit.path.iter().any(|path| path == words));
    names_document(words, documents) || documents.iter().any(heading)
}

/// Returns whether quoted words are a document's title, perhaps behind the folders of its path.
fn names_document(words: &[String], documents: &[Evidence]) -> bool {
    !words.is_empty()
        && documents.iter().any(|evidence| {
            let (path, titles) = evidence.names.split_last().expect("a document's path is among its names");
            titles.iter().filter(|title| !title.is_empty()).any(|title| {
                words.ends_with(title)
                    && words[..words.len() - title.len()].iter().all(|word| path.contains(word))
            })
        })
}
