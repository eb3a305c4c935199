//! Reference configurations in code: comments above keys whose values are placeholders.

use std::collections::BTreeMap;

use super::does::is_deed;
use super::help::is_telling;
use super::list::is_plain_word;
use super::page::{Kind, Page};
use super::prose::{is_clean, points_nowhere};
use super::question::{Ask, Question};
use super::which::section;
use super::words::{bare, is_english, terms};

/// Asks for each key that a comment describes, and for its default: "key: <type> | default = value".
pub(super) fn ask(page: &Page, questions: &mut Vec<Question>) {
    let codes = page.blocks().iter().filter_map(|block| match &block.kind {
        Kind::Code { text, .. } => Some(text.as_str()),
        _ => None,
    });
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    codes.flat_map(str::lines).filter_map(key_of).for_each(|(key, _)| *counts.entry(key).or_default() += 1);
    for (number, block) in page.blocks().iter().enumerate() {
        let Kind::Code { text, .. } = &block.kind else { continue };
        for entry in entries(text) {
            // A key within others is known by where it stands, unless no other has its name.
            let nested = entry.nested && counts.get(entry.key) != Some(&1);
            if nested || is_plain_word(entry.key) {
                continue;
            }
            for (quality, ask, answer) in entry.questions() {
                questions.push(Question {
                    shape: "key",
                    quality,
                    ask: Ask::According(ask),
                    section: section(page, number, ""),
                    answer,
                    support: format!("{}\n{}", entry.comment, entry.line.trim()),
                    span: block.span.clone(),
                    block: number,
                });
            }
        }
    }
}

/// A key of a reference configuration, with the comment above it.
struct Entry<'a> {
    key: &'a str,
    /// Whether it stands within another key.
    nested: bool,
    line: &'a str,
    comment: String,
    default: Option<&'a str>,
}

/// Finds the keys that have a comment of their own and a placeholder for their value.
fn entries(text: &str) -> Vec<Entry<'_>> {
    let (mut entries, mut comment) = (Vec::new(), String::new());
    let indent = |line: &str| line.len() - line.trim_start().len();
    let outer = text.lines().filter(|line| key_of(line).is_some()).map(indent).min().unwrap_or_default();
    for line in text.lines() {
        match line.trim_start().strip_prefix('#') {
            Some(said) => {
                comment.push_str(said.trim());
                comment.push(' ');
            }
            None => {
                let comment = std::mem::take(&mut comment).trim().to_owned();
                if let Some((key, default)) = key_of(line) {
                    entries.push(Entry { key, nested: indent(line) > outer, line, comment, default });
                }
            }
        }
    }
    entries
}

/// Takes "[ key: <type> | default = value ]" apart.
fn key_of(line: &str) -> Option<(&str, Option<&str>)> {
    let text = line.trim();
    let text = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text).trim();
    let (key, rest) = text.split_once(": ")?;
    let plain = key.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.'));
    let rest = rest.trim().strip_prefix('<')?;
    let default = rest.split_once("default = ").map(|(_, value)| value.trim().trim_matches('"'));
    (plain && key.len() >= 3).then_some((key, default))
}

impl Entry<'_> {
    fn questions(&self) -> Vec<(u8, String, String)> {
        let mut asked = Vec::new();
        let (key, said) = (self.key, self.comment.as_str());
        if let Some(value) = self.default.filter(|value| is_telling(value)) {
            let ask = format!("what is the default value of the setting `{key}`?");
            asked.push((64, ask, value.to_owned()));
        }
        let opening = bare(said.split_whitespace().next().unwrap_or_default());
        let words = said.split_whitespace().count();
        let whole = (6..=60).contains(&words)
            && said.ends_with('.')
            && is_english(said)
            && terms(said).difference(&terms(key)).count() >= 3
            && !["if", "when", "see", "same", "example", "note", "deprecated"].contains(&opening.as_str());
        if whole && is_clean(said) && points_nowhere(said) {
            let ask = match is_deed(said) {
                true => format!("what does the setting `{key}` do?"),
                false => format!("how is the setting `{key}` described?"),
            };
            asked.push((65, ask, said.to_owned()));
        }
        asked
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_with_comments() {
        let text = "# How often tasks\n# are looked for.\n[ poll_interval: <duration> | default = 1m ]\nname: x\n\
                    # A list.\nitems:\n  [ - <string> ]\n";
        let shown: Vec<String> = entries(text)
            .iter()
            .map(|entry| format!("{} | {} | {:?}", entry.key, entry.comment, entry.default))
            .collect();
        assert_eq!(shown, ["poll_interval | How often tasks are looked for. | Some(\"1m\")"]);
    }
}
