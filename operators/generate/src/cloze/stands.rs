//! "What does ABC stand for?": abbreviations that stand behind the words they are made of.

use super::page::{Kind, Page};
use super::prose::is_clean;
use super::question::{Ask, Question};

/// Abbreviations that nobody needs to be told of.
const KNOWN: &str = "API URL URI HTTP HTTPS HTML XML JSON YAML TLS SSL SSH TCP UDP IP DNS CPU GPU RAM OS UI CLI GUI SDK \
    IDE SQL USA FAQ ID PDF CSV CNCF AWS GCP";

/// Asks for the words of each abbreviation, where its letters are their initials.
pub(super) fn ask(page: &Page, questions: &mut Vec<Question>) {
    for (number, block) in page.blocks().iter().enumerate() {
        let (Kind::Paragraph(line) | Kind::Item { line, .. }) = &block.kind else { continue };
        for sentence in line.sentences() {
            let text = &line.text[sentence.clone()];
            let Some((name, words)) = expansion(text).filter(|_| is_clean(text)) else { continue };
            questions.push(Question {
                shape: "stands",
                quality: 61,
                ask: Ask::According(format!("what does the abbreviation \"{name}\" stand for?")),
                section: None,
                answer: words.to_owned(),
                support: text.to_owned(),
                span: line.source(&sentence),
                block: number,
            });
        }
    }
}

/// Finds "custom resource definition (CRD)" in a text.
fn expansion(text: &str) -> Option<(&str, &str)> {
    text.match_indices('(').find_map(|(at, _)| {
        let rest = &text[at + 1..];
        let name = &rest[..rest.bytes().take(7).take_while(u8::is_ascii_uppercase).count()];
        let closed = rest.len() == name.len() || rest[name.len()..].starts_with(')');
        let known = KNOWN.split_ascii_whitespace().any(|known| known == name);
        let sound = (3..=6).contains(&name.len()) && closed && !known;
        let words = sound.then(|| initials(&text[..at], name)).flatten()?;
        Some((name, words))
    })
}

/// Returns the last words of a text, if their initials are the name's letters.
fn initials<'a>(before: &'a str, name: &str) -> Option<&'a str> {
    let before = before.strip_suffix(' ')?;
    let plain = |c: char| c.is_ascii_alphanumeric() || c == ' ' || c == '-';
    // Words with another letter in them are none that it stands for: what is before that need not be read.
    let starts = before.char_indices().rev().take_while(|(_, c)| plain(*c)).filter(|(at, c)| {
        let opens = before[..*at].chars().next_back().is_none_or(|left| left == ' ' || left == '-');
        opens && c.is_alphanumeric()
    });
    let (mut letters, mut start) = (name.chars().rev(), None);
    for (at, c) in starts {
        match letters.next() {
            Some(letter) if letter.eq_ignore_ascii_case(&c) => start = Some(at),
            Some(_) => return None,
            None => break,
        }
    }
    let words = &before[start.filter(|_| letters.next().is_none())?..];
    // An abbreviation is of at least as many words as letters: "SDK (SDK)" is none.
    words.chars().all(plain).then_some(words)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expansions() {
        assert_eq!(
            expansion("It is a custom resource definition (CRD) of the cluster."),
            Some(("CRD", "custom resource definition"))
        );
        assert_eq!(expansion("The Time-To-Live (TTL) counts."), Some(("TTL", "Time-To-Live")));
        for none in ["The write log (WAL).", "Ahead log (WAL).", "A domain name (DNS).", "`a` (CRD)", "(CRD)"]
        {
            assert_eq!(expansion(none), None, "{none}");
        }
    }
}
