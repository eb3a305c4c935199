use std::collections::BTreeSet;

use rifflebox_core::{Document, Value};
use xxhash_rust::xxh3::xxh3_64;

use crate::term::Weights;

/// A part of a document that is looked up as a whole: paragraphs under one heading.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Passage {
    /// What stands above it: the document's title, and headings.
    pub(crate) names: String,
    /// Its words.
    pub(crate) text: String,
}

/// Paragraphs join until they are so many words.
const LEAST_WORDS: usize = 80;
/// A paragraph that is longer than this is cut where a sentence ends.
const MOST_WORDS: usize = 300;

impl Passage {
    /// Returns what tells it from all others of its document: an edit elsewhere leaves it as it is.
    pub(crate) fn digest(&self) -> u64 {
        xxh3_64(format!("{}\n\n{}", self.names, self.text).as_bytes())
    }

    /// Returns all of its content words.
    pub(crate) fn terms(&self, weights: &Weights) -> BTreeSet<u64> {
        let mut terms = weights.set(&self.text);
        terms.extend(weights.set(&self.names));
        terms
    }
}

/// Returns the passages of a document, of its text and of the columns that are named.
pub(crate) fn passages(document: &Document, columns: &[String]) -> Vec<Passage> {
    let mut passages = Vec::new();
    let title = document.fields.get("title").and_then(Value::as_text).unwrap_or_default();
    for column in columns {
        let text = match document.fields.get(column).and_then(Value::as_text) {
            Some(text) => text,
            None if column == "text" => &document.text,
            None => continue,
        };
        cut(text, title, &mut passages);
    }
    passages
}

fn cut(text: &str, title: &str, passages: &mut Vec<Passage>) {
    // Of each level the heading that stands.
    let mut headings: Vec<(usize, &str)> = Vec::new();
    let mut open = String::new();
    let mut words = 0;
    let mut flush = |open: &mut String, words: &mut usize, headings: &[(usize, &str)]| {
        let text = std::mem::take(open);
        *words = 0;
        if !text.trim().is_empty() {
            let above = headings.iter().map(|(_, heading)| *heading);
            let names: Vec<&str> = [title].into_iter().chain(above).filter(|name| !name.is_empty()).collect();
            passages.push(Passage { names: names.join("\n"), text: text.trim_end().to_owned() });
        }
    };
    let mut in_code = false;
    for line in text.lines() {
        in_code ^= line.trim_start().starts_with("```");
        let level = line.chars().take_while(|c| *c == '#').count();
        if (1..=6).contains(&level) && !in_code && line[level..].starts_with(' ') {
            flush(&mut open, &mut words, &headings);
            headings.retain(|(above, _)| *above < level);
            headings.push((level, line[level..].trim()));
            continue;
        }
        if line.trim().is_empty() && words >= LEAST_WORDS {
            flush(&mut open, &mut words, &headings);
            continue;
        }
        for sentence in sentences_of(line) {
            if words >= MOST_WORDS {
                flush(&mut open, &mut words, &headings);
            }
            words += sentence.split_whitespace().count();
            open.push_str(sentence);
        }
        if !open.is_empty() {
            open.push('\n');
        }
    }
    flush(&mut open, &mut words, &headings);
}

/// Returns the sentences of a text, trimmed: up to a mark of an end that white space and a beginning follow, or to a blank
/// line, an entry of a list or a row of a table.
pub(crate) fn sentences(text: &str) -> Vec<&str> {
    let mut found = Vec::new();
    for paragraph in paragraphs(text) {
        found.extend(
            sentences_of(paragraph).into_iter().map(str::trim).filter(|sentence| !sentence.is_empty()),
        );
    }
    found
}

/// Returns the parts of a text between blank lines; each entry of a list, heading or row of a table is one.
fn paragraphs(text: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let (mut start, mut at) = (0, 0);
    for line in text.split_inclusive('\n') {
        let content = line.trim_start();
        let alone = content.is_empty()
            || content.starts_with(['#', '|', '>'])
            || ["- ", "* ", "+ "].iter().any(|mark| content.starts_with(mark))
            || content.split_once(['.', ')']).is_some_and(|(number, rest)| {
                !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit()) && rest.starts_with(' ')
            });
        if alone {
            parts.push(&text[start..at]);
            start = at;
        }
        at += line.len();
    }
    parts.push(&text[start..]);
    parts.retain(|part| !part.trim().is_empty());
    parts
}

/// Abbreviations behind which no sentence ends.
const ABBREVIATIONS: [&str; 16] = [
    "dr", "mr", "mrs", "ms", "prof", "st", "vs", "e.g", "i.e", "etc", "no", "fig", "approx", "jr", "sr", "cf",
];

/// Cuts a paragraph into sentences, which together are all of it.
fn sentences_of(text: &str) -> Vec<&str> {
    let mut sentences = Vec::new();
    let mut start = 0;
    for (at, mark) in text.char_indices() {
        let end = at + mark.len_utf8();
        let is_wide = matches!(mark, '。' | '！' | '？');
        if !is_wide && !matches!(mark, '.' | '!' | '?') {
            continue;
        }
        let rest = &text[end..];
        let closed = rest.trim_start_matches(['"', '”', '\'', '’', ')', ']', '*', '_']);
        let next = closed.trim_start();
        let begins = |c: char| {
            c.is_uppercase() || c.is_numeric() || matches!(c, '"' | '“' | '(' | '[' | '\'' | '*' | '`')
        };
        let ends = is_wide || next.len() < closed.len() && next.starts_with(begins);
        let word = text[start..at].rsplit(char::is_whitespace).next().unwrap_or_default();
        let word = word.trim_start_matches(|c: char| !c.is_alphanumeric()).to_lowercase();
        let is_initial = word.chars().count() == 1 && word.chars().all(char::is_alphabetic);
        if ends && !(mark == '.' && (is_initial || ABBREVIATIONS.contains(&word.as_str()))) {
            let end = text.len() - next.len();
            if end > start {
                sentences.push(&text[start..end]);
                start = end;
            }
        }
    }
    if start < text.len() {
        sentences.push(&text[start..]);
    }
    sentences
}

#[cfg(test)]
mod tests {
    use super::*;

    fn document(text: &str) -> Document {
        Document {
            source: "docs".into(),
            id: "a.md".into(),
            text: text.into(),
            tier: rifflebox_core::Tier::T0,
            license: None,
            origin: Default::default(),
            fields: [("title".to_owned(), "Engines".into()), ("note".to_owned(), "A note.".into())].into(),
            redactions: Default::default(),
        }
    }

    fn cut(text: &str, columns: &[&str]) -> Vec<Passage> {
        passages(&document(text), &columns.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>())
    }

    #[test]
    fn sentences_end_where_people_end_them() {
        let text = "Dr. A. Lovelace wrote 2.5 notes. \"When?\" In 1843! e.g. in May.\n\n- one\n- two. Three";
        assert_eq!(
            sentences(text),
            [
                "Dr. A. Lovelace wrote 2.5 notes.",
                "\"When?\"",
                "In 1843! e.g. in May.",
                "- one",
                "- two.",
                "Three"
            ]
        );
        assert_eq!(sentences("一つ。二つ。"), ["一つ。", "二つ。"]);
        assert_eq!(sentences(" \n "), [""; 0]);
    }

    #[test]
    fn passages_stand_under_their_headings() {
        let long = "word ".repeat(90);
        let text =
            format!("# Page\n\nA short start.\n\n{long}\n\nThe end.\n\n## Part\n\nOther.\n\n# Next\n\nLast.");
        let cut = cut(&text, &["text"]);
        let told: Vec<(&str, usize)> = cut
            .iter()
            .map(|passage| (passage.names.as_str(), passage.text.split_whitespace().count()))
            .collect();
        assert_eq!(
            told,
            [("Engines\nPage", 93), ("Engines\nPage", 2), ("Engines\nPage\nPart", 1), ("Engines\nNext", 1)]
        );
    }

    #[test]
    fn a_long_paragraph_is_cut_and_a_comment_in_code_is_no_heading() {
        let text = "One two three four five six seven eight nine ten. ".repeat(70);
        assert_eq!(cut(&text, &["text"]).len(), 3);
        assert_eq!(cut("```\n# comment\n```\n", &["text"])[0].names, "Engines");
    }

    #[test]
    fn columns_are_those_that_are_named() {
        assert_eq!(cut("Text.", &["note"])[0].text, "A note.");
        assert_eq!(cut("Text.", &["text", "note", "nowhere"]).len(), 2);
    }

    #[test]
    fn an_edit_elsewhere_leaves_a_passage_as_it_is() {
        let (one, two) = (
            cut("# A\n\nFirst.\n\n# B\n\nSecond.", &["text"]),
            cut("# A\n\nNew.\n\n# B\n\nSecond.", &["text"]),
        );
        assert_eq!(one[1].digest(), two[1].digest());
        assert_ne!(one[0].digest(), two[0].digest());
    }
}
