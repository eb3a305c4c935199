//! The words of an SMT-LIB text, as its standard has them, and no word that a solver of its own reads otherwise.

use std::ops::Range;

/// A word of a text, and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Token<'a> {
    pub(super) kind: Kind,
    pub(super) text: &'a str,
    pub(super) at: Range<usize>,
}

/// What a word is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// `(`
    Open,
    /// `)`
    Close,
    /// A symbol, a keyword or a number.
    Plain,
    /// A symbol between bars.
    Barred,
    /// A string.
    Quoted,
    /// From `;` to the end of the line.
    Comment,
}

/// Characters of symbols, keywords and numbers beside letters and digits.
const SIGNS: &str = "~!@$%^&*_-+=<>.?/:";

/// Parts a text into its words.
///
/// # Errors
/// What the standard has not, with its line: so nothing is read in one way here and in another by a solver.
pub(super) fn tokens(text: &str) -> Result<Vec<Token<'_>>, String> {
    let mut tokens = Vec::new();
    let mut at = 0;
    while let Some(c) = text[at..].chars().next() {
        let rest = &text[at..];
        let (kind, length) = match c {
            ' ' | '\t' | '\n' | '\r' => {
                at += 1;
                continue;
            }
            '(' => (Kind::Open, 1),
            ')' => (Kind::Close, 1),
            ';' => (Kind::Comment, rest.find(['\n', '\r']).unwrap_or(rest.len())),
            '"' => (Kind::Quoted, quoted(rest).map_err(|why| at_line(text, at, why))?),
            '|' => (Kind::Barred, barred(rest).map_err(|why| at_line(text, at, why))?),
            _ => (Kind::Plain, plain(rest).map_err(|why| at_line(text, at, &why))?),
        };
        tokens.push(Token { kind, text: &rest[..length], at: at..at + length });
        at += length;
    }
    Ok(tokens)
}

/// Returns the bytes of a string; `""` within it is a quote.
fn quoted(rest: &str) -> Result<usize, &'static str> {
    let mut from = 1;
    loop {
        let end = from + rest[from..].find('"').ok_or("a string has no end")?;
        match rest[end + 1..].starts_with('"') {
            true => from = end + 2,
            false => {
                let wrong = rest[1..end].chars().any(|c| c.is_control() && !matches!(c, '\t' | '\n' | '\r'));
                return if wrong { Err("a string holds a control character") } else { Ok(end + 1) };
            }
        }
    }
}

/// Returns the bytes of a symbol between bars.
fn barred(rest: &str) -> Result<usize, &'static str> {
    let end = 1 + rest[1..].find('|').ok_or("a symbol between bars has no end")?;
    // Some solvers take `\|` for a bar within the symbol, against the standard.
    let wrong =
        rest[1..end].chars().any(|c| c == '\\' || (c.is_control() && !matches!(c, '\t' | '\n' | '\r')));
    if wrong { Err("a symbol between bars holds `\\` or a control character") } else { Ok(end + 1) }
}

/// Returns the bytes of a symbol, keyword or number.
fn plain(rest: &str) -> Result<usize, String> {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || SIGNS.contains(c);
    if let Some(digits) = rest.strip_prefix('#') {
        let length = digits.find(|c| !is_plain(c)).unwrap_or(digits.len());
        let (sign, digits) = digits[..length].split_at(length.min(1));
        let fits = match sign {
            "x" => digits.chars().all(|c| c.is_ascii_hexdigit()),
            "b" => digits.chars().all(|c| matches!(c, '0' | '1')),
            _ => false,
        };
        // `#|` begins a comment for some solvers.
        return match fits && !digits.is_empty() {
            true => Ok(1 + length),
            false => Err("`#` begins a binary or hexadecimal number, `#b01` or `#xff`".to_owned()),
        };
    }
    match rest.find(|c| !is_plain(c)).unwrap_or(rest.len()) {
        0 => Err(format!("{:?} stands outside of strings", rest.chars().next().unwrap_or_default())),
        length => Ok(length),
    }
}

fn at_line(text: &str, at: usize, why: &str) -> String {
    format!("line {} of the problem: {why}", line(text, at))
}

/// Returns the line of a place.
pub(super) fn line(text: &str, at: usize) -> usize {
    text[..at].matches('\n').count() + 1
}
