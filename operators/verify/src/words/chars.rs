//! Which characters split words: the classes of spaCy's English rules.

use super::tables::{AFFIXES, CASED, CURRENCY, ICONS, LINE_ENDS, SENTENCE_ENDS, SYMBOLS, UNCASED};

fn within(c: char, table: &[(u32, u32)]) -> bool {
    let code = u32::from(c);
    let next = table.partition_point(|&(start, _)| start <= code);
    next > 0 && code <= table[next - 1].1
}

/// Returns whether Python's `str.isspace` holds: Unicode's white space, and the four separators of ASCII.
pub(crate) fn is_space(c: char) -> bool {
    c.is_whitespace() || matches!(c, '\x1c'..='\x1f')
}

/// Returns the text without white space at either end, as Python's `str.strip` does.
pub(crate) fn strip(text: &str) -> &str {
    text.trim_matches(is_space)
}

/// Returns whether a word made of such characters alone counts for nothing.
pub(crate) fn is_symbol(c: char) -> bool {
    match c.is_ascii() {
        true => c.is_ascii_punctuation() || (c.is_ascii_control() && !matches!(c, '\t' | '\n')),
        false => within(c, SYMBOLS),
    }
}

/// Returns whether the character ends a sentence where it is a word of its own.
pub(crate) fn ends_sentence(c: char) -> bool {
    match c.is_ascii() {
        true => matches!(c, '.' | '!' | '?'),
        false => within(c, SENTENCE_ENDS),
    }
}

/// Returns whether a line of prose may end with the character.
pub(crate) fn ends_line(c: char) -> bool {
    match c.is_ascii() {
        true => matches!(c, '.' | '!' | '?'),
        false => within(c, LINE_ENDS),
    }
}

/// Returns whether the character is a letter to the rules that split inside words.
pub(super) fn is_letter(c: char) -> bool {
    match c.is_ascii() {
        true => c.is_ascii_alphabetic(),
        false => within(c, CASED) || within(c, UNCASED),
    }
}

/// Returns whether the character is a small letter, or one without case.
pub(super) fn is_lower(c: char) -> bool {
    match c.is_ascii() {
        true => c.is_ascii_lowercase(),
        // Two letters of phonetics changed their case between editions of Unicode.
        false => within(c, UNCASED) || ((c.is_lowercase() || matches!(c, 'ʔ' | 'ʕ')) && within(c, CASED)),
    }
}

/// Returns whether the character is a capital letter, or one without case.
pub(super) fn is_upper(c: char) -> bool {
    match c.is_ascii() {
        true => c.is_ascii_uppercase(),
        false => within(c, UNCASED) || (c.is_uppercase() && within(c, CASED)),
    }
}

/// Returns whether the character is a symbol or emoji that is a word of its own.
pub(super) fn is_icon(c: char) -> bool {
    !c.is_ascii() && within(c, ICONS)
}

/// Returns whether the character is punctuation or a quote that leaves a word at either end.
pub(super) fn is_affix(c: char) -> bool {
    match c.is_ascii() {
        true => is_ascii_affix(c),
        false => within(c, AFFIXES),
    }
}

fn is_ascii_affix(c: char) -> bool {
    matches!(
        c,
        '!' | '"'
            | '#'
            | '&'
            | '\''
            | '('
            | ')'
            | '*'
            | ','
            | ':'
            | ';'
            | '<'
            | '>'
            | '?'
            | '['
            | ']'
            | '_'
            | '`'
            | '{'
            | '}'
    )
}

/// Returns whether the character is a sign of money.
pub(super) fn is_currency(c: char) -> bool {
    match c.is_ascii() {
        true => c == '$',
        false => within(c, CURRENCY),
    }
}

/// Returns whether the character is a quote or bracket beside which a stop splits a word.
pub(super) fn is_quote(c: char) -> bool {
    match c.is_ascii() {
        true => matches!(c, '\'' | '"' | '`' | ','),
        false => matches!(
            c,
            '´' | '»' | '«' | '‘'..='‚' | '“'..='„' | '\u{2329}' | '\u{232a}' | '⟦' | '⟧'
                | '\u{3008}'..='\u{3011}' | '〔' | '〕' | '（' | '）'
        ),
    }
}

/// Returns whether a stop that follows the character leaves its word.
pub(super) fn frees_stop(c: char) -> bool {
    c.is_ascii_digit()
        || is_lower(c)
        || matches!(c, '%' | '²' | '-' | '+' | '|')
        || (is_affix(c) && !matches!(c, '–' | '—'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_are_sorted_and_disjoint() {
        for table in [UNCASED, CASED, ICONS, AFFIXES, CURRENCY, SENTENCE_ENDS, LINE_ENDS, SYMBOLS] {
            assert!(table.iter().all(|&(start, end)| start <= end));
            assert!(table.windows(2).all(|pair| pair[0].1 < pair[1].0));
        }
    }

    #[test]
    fn quick_answers_for_ascii_are_those_of_the_tables() {
        for c in (0..128u8).map(char::from) {
            assert_eq!(is_affix(c), within(c, AFFIXES), "{c:?}");
            assert_eq!(is_symbol(c), within(c, SYMBOLS), "{c:?}");
            assert_eq!(is_letter(c), within(c, CASED), "{c:?}");
            assert_eq!(is_currency(c), within(c, CURRENCY), "{c:?}");
            assert_eq!(ends_sentence(c), within(c, SENTENCE_ENDS), "{c:?}");
            assert_eq!(ends_line(c), within(c, LINE_ENDS), "{c:?}");
        }
    }

    #[test]
    fn every_quote_is_an_affix() {
        for c in (0..=0xffffu32).filter_map(char::from_u32).filter(|&c| is_quote(c)) {
            assert!(is_affix(c), "{c:?}");
        }
    }
}
