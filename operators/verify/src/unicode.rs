//! General categories of Unicode, for the characters that ASCII does not settle.

use std::sync::LazyLock;

use regex::Regex;

static LETTER: LazyLock<Regex> = LazyLock::new(|| compile(r"\p{L}"));
static ALL_PUNCTUATION: LazyLock<Regex> = LazyLock::new(|| compile(r"^\p{P}+$"));

fn compile(pattern: &str) -> Regex {
    Regex::new(pattern).expect("the pattern is a constant of this file")
}

/// Returns whether any character is a letter (category L).
pub(crate) fn any_letter(text: &str) -> bool {
    text.bytes().any(|b| b.is_ascii_alphabetic()) || (!text.is_ascii() && LETTER.is_match(text))
}

/// Returns whether there is a character, and all are punctuation (category P).
pub(crate) fn all_punctuation(text: &str) -> bool {
    ALL_PUNCTUATION.is_match(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn categories() {
        assert!(
            any_letter("日") && any_letter("1a") && any_letter("é") && !any_letter("Ⅷ") && !any_letter("12…")
        );
        assert!(
            all_punctuation("…»") && !all_punctuation("€") && !all_punctuation("") && !all_punctuation("«a")
        );
    }
}
