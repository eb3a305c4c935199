//! How a filter measures a text, and says which rule was broken.

/// The reason of a broken rule.
pub(crate) type Broken = String;

/// Refuses a measure above its bound; `rule` is the setting's name, `what` the measure's.
pub(crate) fn at_most(rule: &str, what: &str, measured: f64, bound: f64) -> Result<(), Broken> {
    match measured > bound {
        true => Err(format!("{rule}: {what} {} > {bound}", Shown(measured))),
        false => Ok(()),
    }
}

/// Refuses a measure below its bound; `rule` is the setting's name, `what` the measure's.
pub(crate) fn at_least(rule: &str, what: &str, measured: f64, bound: f64) -> Result<(), Broken> {
    match measured < bound {
        true => Err(format!("{rule}: {what} {} < {bound}", Shown(measured))),
        false => Ok(()),
    }
}

/// A measure to four places; to all of them where that would round it away.
struct Shown(f64);

impl std::fmt::Display for Shown {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let short = format!("{:.4}", self.0);
        let short = short.trim_end_matches('0').trim_end_matches('.');
        match short {
            // What is not zero never looks like it.
            "0" | "-0" if self.0 != 0.0 => write!(f, "{:e}", self.0),
            _ => f.write_str(short),
        }
    }
}

/// Returns `part / whole`, and 0 where there is nothing to divide by.
pub(crate) fn ratio(part: usize, whole: usize) -> f64 {
    match whole {
        0 => 0.0,
        _ => part as f64 / whole as f64,
    }
}

/// Returns the number of characters.
pub(crate) fn count_chars(text: &str) -> usize {
    text.chars().count()
}

/// Splits a text at every boundary of lines that Unicode and ASCII know, as Python's `str.splitlines` does.
pub(crate) fn split_lines(text: &str) -> Vec<&str> {
    let is_break =
        |c| matches!(c, '\n' | '\r' | '\x0b' | '\x0c' | '\x1c'..='\x1e' | '\u{85}' | '\u{2028}' | '\u{2029}');
    let mut lines = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find(is_break) {
        lines.push(&rest[..at]);
        rest = &rest[at..];
        let width = match rest.starts_with("\r\n") {
            true => 2,
            false => rest.chars().next().map_or(0, char::len_utf8),
        };
        rest = &rest[width..];
    }
    if !rest.is_empty() {
        lines.push(rest);
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_those_of_python() {
        assert_eq!(split_lines("a\r\nb\rc\n\nd\u{2028}e\n"), ["a", "b", "c", "", "d", "e"]);
        assert_eq!(split_lines(""), [""; 0]);
        assert_eq!(split_lines("\n"), [""]);
    }

    #[test]
    fn reasons_name_rule_measure_and_bound() {
        assert_eq!(at_least("min_words", "words", 12.0, 50.0), Err("min_words: words 12 < 50".into()));
        assert_eq!(at_most("max_x", "x", 1.0 / 3.0, 0.3), Err("max_x: x 0.3333 > 0.3".into()));
        assert_eq!(at_most("max_x", "x", 0.00001, 0.0), Err("max_x: x 1e-5 > 0".into()));
        assert_eq!(at_most("max_x", "x", 0.3, 0.3), Ok(()));
    }
}
