//! A text as rules look at it.

use rifflebox_core::each_word;

/// Characters before a number in which a word may say what it is.
const SAID_WITHIN: usize = 40;

/// A text, and the name of the column that it stands in, where there is one.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Text<'a> {
    pub(crate) text: &'a str,
    pub(crate) column: &'a str,
}

/// Digits that were read, and where they end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Digits {
    pub(crate) end: usize,
    /// The digits' values, without what parts them.
    pub(crate) values: Vec<u8>,
}

impl<'a> Text<'a> {
    /// Takes a text that stands in no column.
    #[cfg(test)]
    pub(crate) fn plain(text: &'a str) -> Self {
        Text { text, column: "" }
    }

    /// Returns the text from a place on; nothing from within a character.
    pub(crate) fn from(&self, at: usize) -> &'a str {
        self.text.get(at..).unwrap_or_default()
    }

    /// Returns the text from a place on, and no more of it than so many bytes: what rules look at is bounded, so that no
    /// text takes long.
    pub(crate) fn some_from(&self, at: usize, most: usize) -> &'a str {
        let rest = self.from(at);
        &rest[..rest.floor_char_boundary(most)]
    }

    /// Returns the character before a place.
    pub(crate) fn before(&self, at: usize) -> Option<char> {
        self.text.get(..at)?.chars().next_back()
    }

    /// Returns the character at a place.
    pub(crate) fn at(&self, at: usize) -> Option<char> {
        self.from(at).chars().next()
    }

    /// Returns the byte at a place.
    pub(crate) fn byte(&self, at: usize) -> Option<u8> {
        self.text.as_bytes().get(at).copied()
    }

    /// Returns whether nothing before a place belongs to what begins there: no letter or digit, and no sign that joins
    /// it to one.
    pub(crate) fn begins(&self, at: usize) -> bool {
        match self.before(at) {
            None => true,
            Some(c) if is_word(c) => false,
            Some(c @ ('-' | '.' | '+')) => !self.before(at - c.len_utf8()).is_some_and(is_word),
            Some(_) => true,
        }
    }

    /// Returns whether nothing after a place belongs to what ends there.
    pub(crate) fn ends(&self, at: usize) -> bool {
        match self.at(at) {
            None => true,
            Some(c) if is_word(c) => false,
            Some('-') => !self.at(at + 1).is_some_and(is_word),
            Some('.' | ',') => !self.at(at + 1).is_some_and(|next| next.is_ascii_digit()),
            Some(_) => true,
        }
    }

    /// Reads digits in groups of these lengths, all parted by the same one of `signs`; what stands around them is none
    /// of theirs.
    pub(crate) fn grouped(&self, at: usize, lengths: &[usize], signs: &[char]) -> Option<Digits> {
        if !self.byte(at).is_some_and(|byte| byte.is_ascii_digit()) || !self.begins(at) {
            return None;
        }
        let mut values = Vec::with_capacity(lengths.iter().sum());
        let (mut end, mut sign) = (at, None);
        for (index, length) in lengths.iter().enumerate() {
            if index > 0 {
                let next = self.at(end).filter(|next| signs.contains(next))?;
                if *sign.get_or_insert(next) != next {
                    return None;
                }
                end += next.len_utf8();
            }
            for _ in 0..*length {
                values.push(self.byte(end).filter(u8::is_ascii_digit)? - b'0');
                end += 1;
            }
        }
        self.ends(end).then_some(Digits { end, values })
    }

    /// Returns whether one of these words, in lower case, stands shortly before a place, or in the column's name.
    pub(crate) fn says(&self, at: usize, words: &[&str]) -> bool {
        let mut start = at;
        for c in self.text[..at].chars().rev().take(SAID_WITHIN) {
            start -= c.len_utf8();
        }
        // What is cut in two says nothing.
        if self.before(start).is_some_and(char::is_alphanumeric) {
            let cut = self.text[start..at].find(|c: char| !c.is_alphanumeric());
            start += cut.unwrap_or(at - start);
        }
        is_said(&self.text[start..at], words) || self.column_says(words)
    }

    /// Returns whether one of these words, in lower case, stands right before a place, with no word between.
    pub(crate) fn just_said(&self, at: usize, words: &[&str]) -> bool {
        let before = self.text[..at].trim_end_matches(|c: char| !is_word(c) && c != '\n');
        let start = before.rfind(|c: char| !is_word(c)).map_or(0, |at| at + 1);
        let word = before.get(start..).unwrap_or_default();
        word.len() <= SAID_WITHIN && words.contains(&word.to_lowercase().as_str())
    }

    /// Returns whether one of these words stands in the column's name.
    pub(crate) fn column_says(&self, words: &[&str]) -> bool {
        !self.column.is_empty() && is_said(&parted(self.column), words)
    }
}

/// Returns whether a character is one of a word.
pub(crate) fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

fn is_said(text: &str, words: &[&str]) -> bool {
    let mut said = false;
    each_word(&text.to_lowercase(), |word| {
        said |= word.split('_').any(|part| words.contains(&part));
    });
    said
}

/// Parts the words of a name such as `homePhone`.
fn parted(name: &str) -> String {
    let mut parted = String::with_capacity(name.len() + 4);
    let mut lower = false;
    for c in name.chars() {
        if lower && c.is_uppercase() {
            parted.push(' ');
        }
        lower = c.is_lowercase();
        parted.push(c);
    }
    parted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_are_read_in_groups() {
        let read = |text: &str| Text::plain(text).grouped(0, &[3, 2], &[' ', '-']).map(|digits| digits.end);
        assert_eq!(read("123 45"), Some(6));
        assert_eq!(read("123-45."), Some(6));
        for none in ["123456", "123 456", "123  45", "12 345", "123/45", "123-45-6", "123 45a", "123 45.6"] {
            assert_eq!(read(none), None, "{none}");
        }
        let mixed = Text::plain("1 2-3").grouped(0, &[1, 1, 1], &[' ', '-']);
        assert_eq!(mixed, None);
    }

    #[test]
    fn what_joins_is_seen_on_both_sides() {
        let begins = |text: &str, at| Text::plain(text).begins(at);
        assert!(begins("a 1", 2) && begins("- 1", 2) && begins("=1", 1) && begins("-1", 1));
        assert!(!begins("a1", 1) && !begins("a-1", 2) && !begins("1.1", 2) && !begins("_1", 1));
    }

    #[test]
    fn words_before_a_place_say_what_stands_there() {
        let says = |text: &str, column| Text { text, column }.says(text.len(), &["phone", "tel"]);
        assert!(says("Phone: ", "") && says("my phone (home) is ", "") && says("", "home_phone"));
        assert!(says("", "homePhone") && says("", "Tel"));
        assert!(!says("smartphone ", "") && !says("phones ", "") && !says("", "phoned"));
        assert!(!says(&format!("phone {}", "and so on, ".repeat(4)), ""));
    }
}
