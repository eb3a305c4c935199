use std::collections::BTreeMap;

use crate::text::Text;

/// Longest name, in bytes.
const LONGEST: usize = 1 << 10;

/// Names of people, as the user lists them: found where their words stand as whole words, one after the other.
///
/// Between the words of a name stands what stands there in the list; any run of white space is one space, and curly
/// apostrophes and hyphens are straight ones. Letters are compared in lower case, unless the list is to be taken exactly.
#[derive(Debug, Default)]
pub(crate) struct Names {
    first: Next,
    match_case: bool,
}

/// What may follow, and what then.
type Next = BTreeMap<String, Node>;

/// A place in one name or several: behind a word, or what parts two.
#[derive(Debug, Default)]
struct Node {
    is_end: bool,
    next: Next,
}

impl Names {
    /// Takes a list; a name without a letter or digit is none.
    pub(crate) fn new<'a>(names: impl IntoIterator<Item = &'a str>, match_case: bool) -> Self {
        let mut root = Node::default();
        for name in names {
            let mut at = &mut root;
            for piece in (Pieces { rest: name.trim_matches(|c| !is_sign(c)) }) {
                at = at.next.entry(fold(piece, match_case)).or_default();
            }
            at.is_end = true;
        }
        Names { first: root.next, match_case }
    }

    /// Returns the end of the longest name that begins at a place.
    pub(crate) fn find(&self, text: &Text<'_>, at: usize) -> Option<usize> {
        if self.first.is_empty() || !text.at(at).is_some_and(is_sign) || text.before(at).is_some_and(is_sign)
        {
            return None;
        }
        let mut pieces = Pieces { rest: text.some_from(at, LONGEST) };
        let (mut next, mut found) = (&self.first, None);
        while let Some(node) = pieces.next().and_then(|piece| next.get(&fold(piece, self.match_case))) {
            let end = at + text.some_from(at, LONGEST).len() - pieces.rest.len();
            if node.is_end && !text.at(end).is_some_and(is_sign) {
                found = Some(end);
            }
            next = &node.next;
        }
        found
    }
}

/// Words, and what stands between them, in turns.
struct Pieces<'a> {
    rest: &'a str,
}

impl<'a> Iterator for Pieces<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        let in_word = is_sign(self.rest.chars().next()?);
        let end = self.rest.find(|c| is_sign(c) != in_word).unwrap_or(self.rest.len());
        let (piece, rest) = self.rest.split_at(end);
        self.rest = rest;
        Some(piece)
    }
}

/// Returns whether a character is one of a word; marks that combine with a letter are, and what joins letters.
fn is_sign(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '_' | '\u{300}'..='\u{36f}' | '\u{200c}' | '\u{200d}')
}

fn fold(piece: &str, match_case: bool) -> String {
    let mut folded = String::with_capacity(piece.len());
    for c in piece.chars() {
        match c {
            '\u{2018}' | '\u{2019}' | '\u{02bc}' => folded.push('\''),
            '\u{2010}' | '\u{2011}' => folded.push('-'),
            c if c.is_whitespace() && folded.ends_with(' ') => {}
            c if c.is_whitespace() => folded.push(' '),
            c if match_case => folded.push(c),
            c => folded.extend(c.to_lowercase()),
        }
    }
    folded
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(list: &[&str], text: &str, expected: &[&str]) {
        let names = Names::new(list.iter().copied(), false);
        let looked = Text::plain(text);
        let found: Vec<&str> = text
            .char_indices()
            .filter_map(|(at, _)| names.find(&looked, at).map(|end| &text[at..end]))
            .collect();
        assert_eq!(found, expected, "{text}");
    }

    #[test]
    fn names_are_whole_words_in_any_case() {
        check(&["Ada Lovelace"], "ADA  Lovelace's notes, not Adamant", &["ADA  Lovelace"]);
        check(&["Ada"], "Adamant, Canada, ada_lovelace, (ada)", &["ada"]);
        check(&["Łukasz Żak", "Ναυσικά"], "łukasz żak und ΝΑΥΣΙΚΆ", &["łukasz żak", "ΝΑΥΣΙΚΆ"]);
        check(&["O'Neill", "Anne-Marie"], "o’neill, anne\u{2011}marie", &["o’neill", "anne\u{2011}marie"]);
        check(&["Ada", "Ada Byron King", "Ada Byron"], "Ada Byron Kingdom", &["Ada Byron"]);
        check(&["", " - ", "Bo."], "Bo. - bob", &["Bo"]);
    }

    #[test]
    fn case_counts_where_it_is_asked_to() {
        let names = Names::new(["Will"], true);
        assert_eq!(names.find(&Text::plain("Will will"), 0), Some(4));
        assert_eq!(names.find(&Text::plain("Will will"), 5), None);
    }
}
