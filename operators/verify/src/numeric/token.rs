//! From a line of text to what calculations are made of.

use num_bigint::BigInt;

use super::exact::{Exact, MOST_DIGITS, read_decimal, ten_to};

/// What a calculation is made of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Token {
    /// A number, and how many digits stand after its point.
    Number {
        value: Exact,
        places: u32,
    },
    /// `9:30`, `1:02:03`, in seconds.
    Clock(Exact),
    Add,
    Subtract,
    Multiply,
    Divide,
    /// `//`, as Python divides.
    DivideWhole,
    Power,
    Open,
    Close,
    Equal,
    /// `≈`
    About,
    Percent,
    /// The sign of a currency.
    Money(&'static str),
    Word(String),
    /// Punctuation, where a calculation ends.
    Stop,
    /// What no calculation can stand beside: `!`, `√`, a number of more digits than are read.
    Odd,
}

impl Token {
    /// Returns whether an operator may follow.
    pub(super) fn ends_an_operand(&self) -> bool {
        matches!(
            self,
            Token::Number { .. }
                | Token::Clock(_)
                | Token::Close
                | Token::Percent
                | Token::Word(_)
                | Token::Money(_)
        )
    }
}

/// A token and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Placed {
    pub(super) token: Token,
    pub(super) start: usize,
    pub(super) end: usize,
    /// Whether nothing stands between it and what comes before.
    pub(super) glued: bool,
}

const FRACTIONS: &[(char, i64, i64)] = &[
    ('½', 1, 2),
    ('⅓', 1, 3),
    ('⅔', 2, 3),
    ('¼', 1, 4),
    ('¾', 3, 4),
    ('⅕', 1, 5),
    ('⅖', 2, 5),
    ('⅗', 3, 5),
    ('⅘', 4, 5),
    ('⅙', 1, 6),
    ('⅚', 5, 6),
    ('⅛', 1, 8),
    ('⅜', 3, 8),
    ('⅝', 5, 8),
    ('⅞', 7, 8),
];
const RAISED: &str = "⁰¹²³⁴⁵⁶⁷⁸⁹";
/// The most that a number such as `1e300` is moved by.
const MOST_EXPONENT: i32 = 300;

/// Splits a line into tokens.
pub(super) fn tokens(line: &str) -> Vec<Placed> {
    let mut reader = Reader { line, at: 0, found: Vec::new() };
    while let Some(next) = reader.rest().chars().next() {
        match next.is_whitespace() {
            true => reader.at += next.len_utf8(),
            false => reader.token(next),
        }
    }
    reader.found
}

struct Reader<'t> {
    line: &'t str,
    at: usize,
    found: Vec<Placed>,
}

impl<'t> Reader<'t> {
    fn rest(&self) -> &'t str {
        &self.line[self.at..]
    }

    fn push(&mut self, token: Token, length: usize) {
        let (start, end) = (self.at, self.at + length);
        let glued = self.found.last().is_some_and(|before| before.end == start);
        self.found.push(Placed { token, start, end, glued });
        self.at = end;
    }

    fn before(&self) -> Option<&Token> {
        self.found.last().map(|placed| &placed.token)
    }

    fn token(&mut self, next: char) {
        let rest = self.rest();
        let starts_decimal = || rest[1..].starts_with(|c: char| c.is_ascii_digit());
        if next.is_ascii_digit() || next == '.' && starts_decimal() && !self.stands_after_a_letter() {
            return self.number();
        }
        if let Some(&(_, numerator, denominator)) = FRACTIONS.iter().find(|fraction| fraction.0 == next) {
            let value = Exact::new(BigInt::from(numerator), BigInt::from(denominator));
            return self.push(Token::Number { value, places: 0 }, next.len_utf8());
        }
        if RAISED.contains(next) {
            return self.raised();
        }
        if next.is_alphabetic() {
            return self.word(next);
        }
        let (token, length) = self.sign(next);
        self.push(token, length);
    }

    fn stands_after_a_letter(&self) -> bool {
        self.line[..self.at].ends_with(char::is_alphabetic)
    }

    fn number(&mut self) {
        let rest = self.rest();
        if let Some((seconds, length)) = clock(rest) {
            return self.push(Token::Clock(seconds), length);
        }
        let length = digits(rest);
        let written: String = rest[..length].chars().filter(|c| *c != ',').collect();
        let after = &rest[length..];
        // `0730` is no number, but a time or a name.
        let padded = written.len() > 1 && written.starts_with('0') && !written.contains('.');
        let goes_on = |c: char| after.starts_with(c) && after[1..].starts_with(|c: char| c.is_ascii_digit());
        // `1.2.3` and `1,5` are no numbers that everybody reads alike.
        if padded || written.len() > MOST_DIGITS || goes_on('.') || goes_on(',') {
            let all = rest.find(|c: char| !(c.is_ascii_digit() || ".,".contains(c))).unwrap_or(rest.len());
            return self.push(Token::Odd, all);
        }
        let Some((value, places)) = read_decimal(&written) else { return self.push(Token::Odd, length) };
        match exponent(after) {
            Some((exponent, more)) if exponent.abs() <= MOST_EXPONENT => {
                let places = i64::from(places) - i64::from(exponent);
                let places = u32::try_from(places).unwrap_or(0);
                self.push(Token::Number { value: value * ten_to(exponent), places }, length + more);
            }
            Some((_, more)) => self.push(Token::Odd, length + more),
            None => self.push(Token::Number { value, places }, length),
        }
        // `8.33...` goes on.
        if self.rest().starts_with("..") || self.rest().starts_with('…') {
            let dots = self.rest().find(|c| !".…".contains(c)).unwrap_or(self.rest().len());
            self.push(Token::Odd, dots);
        }
    }

    fn raised(&mut self) {
        let rest = self.rest();
        let length = rest.find(|c| !RAISED.contains(c)).unwrap_or(rest.len());
        let digit = |c| RAISED.chars().position(|raised| raised == c).unwrap_or_default();
        let written: String = rest[..length].chars().map(|c| digit(c).to_string()).collect();
        let value = read_decimal(&written).map(|(value, _)| value);
        self.push(Token::Power, 0);
        match value {
            Some(value) => self.push(Token::Number { value, places: 0 }, length),
            None => self.push(Token::Odd, length),
        }
    }

    fn word(&mut self, next: char) {
        let rest = self.rest();
        let after = rest[next.len_utf8()..].trim_start();
        let operand = after.starts_with(|c: char| c.is_ascii_digit() || "($€£¥₹.".contains(c));
        if matches!(next, 'x' | 'X') && operand && self.before().is_some_and(Token::ends_an_operand) {
            return self.push(Token::Multiply, 1);
        }
        let part = |c: char| c.is_alphanumeric() && !RAISED.contains(c) || c == '_' || c == '\'' || c == '’';
        let length = rest.find(|c| !part(c)).unwrap_or(rest.len());
        let word = &rest[..length];
        // The point of an abbreviation ends no sentence.
        let point = usize::from(word == "Rs" && rest[length..].starts_with('.'));
        self.push(Token::Word(word.to_owned()), length + point);
    }

    fn sign(&self, next: char) -> (Token, usize) {
        let rest = self.rest();
        let two = |pair: &str| rest.starts_with(pair);
        for pair in ["<=", ">=", "!=", ":=", "=>", "->", "<<", ">>"] {
            if two(pair) {
                return (Token::Stop, 2);
            }
        }
        if two("==") || two("~=") {
            return (if next == '=' { Token::Equal } else { Token::About }, 2);
        }
        if two("**") {
            let raises = rest[2..].starts_with(|c: char| c.is_ascii_digit() || "(-".contains(c))
                && self.before().is_some_and(Token::ends_an_operand);
            return (if raises { Token::Power } else { Token::Stop }, 2);
        }
        if two("//") {
            let divides =
                self.before().is_some_and(|token| matches!(token, Token::Number { .. } | Token::Close));
            return (if divides { Token::DivideWhole } else { Token::Stop }, 2);
        }
        let opens_a_line = self.found.is_empty() && rest[next.len_utf8()..].starts_with(char::is_whitespace);
        let token = match next {
            '*' | '-' | '+' | '–' | '•' if opens_a_line => Token::Stop,
            '+' => Token::Add,
            '-' | '−' | '–' => Token::Subtract,
            '*' | '×' | '·' | '⋅' | '∗' => Token::Multiply,
            '/' | '÷' | '∕' => Token::Divide,
            '^' => Token::Power,
            '(' | '[' => Token::Open,
            ')' | ']' => Token::Close,
            '=' => Token::Equal,
            '≈' | '≃' | '≅' => Token::About,
            '%' => Token::Percent,
            '$' => Token::Money("$"),
            '¢' => Token::Money("¢"),
            '€' => Token::Money("€"),
            '£' => Token::Money("£"),
            '¥' => Token::Money("¥"),
            '₹' => Token::Money("₹"),
            '.' | ',' | ';' | ':' | '?' | '"' | '“' | '”' | '—' | '→' | '⇒' | '{' | '}' | '#' | '`' => {
                Token::Stop
            }
            '<' | '>' | '≤' | '≥' | '≠' => Token::Stop,
            _ => Token::Odd,
        };
        (token, next.len_utf8())
    }
}

/// Returns the length of a number as it is written: groups of three after commas, one point.
fn digits(text: &str) -> usize {
    let run = |from: usize| text[from..].bytes().take_while(u8::is_ascii_digit).count();
    let mut length = run(0);
    if (1..=3).contains(&length) {
        while text[length..].starts_with(',') && run(length + 1) == 3 {
            length += 4;
        }
    }
    if text[length..].starts_with('.') && run(length + 1) > 0 {
        length += 1 + run(length + 1);
    }
    length
}

/// Reads what makes `1e3` of `1`.
fn exponent(text: &str) -> Option<(i32, usize)> {
    let rest = text.strip_prefix(['e', 'E'])?;
    let sign = usize::from(rest.starts_with(['-', '+']));
    let digits = rest[sign..].bytes().take_while(u8::is_ascii_digit).count();
    if digits == 0 || rest[sign + digits..].starts_with(char::is_alphabetic) {
        return None;
    }
    let exponent = rest[..sign + digits].trim_start_matches('+').parse().unwrap_or(i32::MAX);
    Some((exponent, 1 + sign + digits))
}

/// Reads a time as a clock shows it.
fn clock(text: &str) -> Option<(Exact, usize)> {
    let end = text.find(|c: char| !(c.is_ascii_digit() || c == ':')).unwrap_or(text.len());
    let parts: Vec<&str> = text[..end].split(':').collect();
    let (hours, others) = parts.split_first()?;
    let sixtieth = |part: &&str| part.len() == 2 && part.as_bytes()[0] < b'6';
    if !(1..=2).contains(&others.len()) || !(1..=2).contains(&hours.len()) || !others.iter().all(sixtieth) {
        return None;
    }
    let read = |part: &str| part.parse::<i64>().ok();
    let seconds = others.get(1).map_or(Some(0), |part| read(part))?;
    let all = read(hours)? * 3_600 + read(others[0])? * 60 + seconds;
    Some((Exact::from_integer(BigInt::from(all)), end))
}

#[cfg(test)]
mod tests {
    use super::super::exact::show;
    use super::*;

    fn told(line: &str) -> String {
        let word = |placed: Placed| match placed.token {
            Token::Number { value, places } => format!("{}~{places}", show(&value)),
            Token::Clock(seconds) => format!("@{}", show(&seconds)),
            Token::Word(word) => word,
            Token::Money(sign) => sign.to_owned(),
            other => format!("{other:?}"),
        };
        tokens(line).into_iter().map(word).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn numbers_are_read_as_they_are_written() {
        assert_eq!(told("1,234.50 .5 1e3 2.5e-1"), "1234.5~2 0.5~1 1000~0 0.25~2");
        assert_eq!(told("3½ 5² 9:30 1:2"), "3~0 0.5~0 5~0 Power 2~0 @34200 1~0 Stop 2~0");
        assert_eq!(told("1.2.3 1,5 12,34 1e99999"), "Odd Odd Odd Odd");
        assert_eq!(told("3. No.5, 2nd"), "3~0 Stop No Stop 5~0 Stop 2~0 nd");
        assert_eq!(told(&"9".repeat(2_000)), "Odd");
    }

    #[test]
    fn an_x_multiplies_between_operands_alone() {
        assert_eq!(told("0.2 x 50"), "0.2~1 Multiply 50~0");
        assert_eq!(told("3x4 X $5"), "3~0 Multiply 4~0 Multiply $ 5~0");
        assert_eq!(told("2x + 3 = x 5"), "2~0 x Add 3~0 Equal x 5~0");
    }

    #[test]
    fn signs_of_text_are_none_of_calculations() {
        assert_eq!(told("- 3 => 4 != 5 <= 6"), "Stop 3~0 Stop 4~0 Stop 5~0 Stop 6~0");
        assert_eq!(told("**3 + 4 = 7**"), "Stop 3~0 Add 4~0 Equal 7~0 Stop");
        assert_eq!(told("2**3 == 8 ≈ 3!"), "2~0 Power 3~0 Equal 8~0 About 3~0 Odd");
    }
}
