//! Finds the final answer of a text, and compares it with the truth.

use std::sync::LazyLock;

use num_traits::Signed;
use regex::Regex;
use rifflebox_core::{Error, ErrorKind, Result};

use super::agreement::{Agreement, Rounding, Sides};
use super::claims::{clip, plain};
use super::exact::{Exact, of_setting};
use super::expression::{Mode, prefix, whole};
use super::token::{Placed, Token, tokens};

/// Where a text says its final answer.
#[derive(Clone, Debug)]
pub(super) enum Place {
    /// After `####`.
    Hashes,
    /// In `\boxed{}`.
    Boxed,
    /// After words such as `The answer is`, and after `A:`.
    Words,
    /// The last number.
    Last,
    /// The first group of a pattern.
    Pattern(Regex),
}

/// Where it is looked for, if nothing is set: the first that there is.
pub(super) const PLACES: [&str; 4] = ["####", "\\boxed", "the answer is", "last number"];

static STATED: LazyLock<Regex> = LazyLock::new(|| {
    let words = r"(?:final\s+answer|correct\s+(?:answer|option|choice)|answer|ans|option|choice)";
    let link = r"(?:[\s*_]*(?:is\b|are\b|=|:|-|–|—))";
    let pattern = format!(
        r"(?im)(?:^|[^\w]){words}\b{link}+[\s*_]*(?:option|choice)?\s*[:\-]?[ \t]*(\S.*)$|(?-i:^A:)[ \t]*(\S.*)$|\b(?:correct\s+answer|answer|option|choice)\s+\(?((?-i:[A-Z]))(?:\).*|\W*)$"
    );
    Regex::new(&pattern).expect("a pattern of ours")
});

impl Place {
    /// Reads a setting's place: one of [`PLACES`], or a pattern with a group.
    pub(super) fn read(text: &str) -> Result<Self> {
        Ok(match text {
            "####" => Place::Hashes,
            "\\boxed" => Place::Boxed,
            "the answer is" => Place::Words,
            "last number" => Place::Last,
            pattern => {
                let usage =
                    |why: String| Error::new(ErrorKind::Usage, format!("`answer` has `{pattern}`: {why}"));
                let known = PLACES.map(|place| format!("`{place}`")).join(", ");
                let regex =
                    Regex::new(pattern).map_err(|error| usage(format!("it is no pattern: {error}")))?;
                if regex.captures_len() < 2 {
                    return Err(usage(format!(
                        "it is none of {known}, and a pattern of one's own has a group `(…)`"
                    )));
                }
                Place::Pattern(regex)
            }
        })
    }

    /// Returns where the answer begins, and its text; the last of several counts.
    fn find<'t>(&self, text: &'t str) -> Option<(usize, &'t str)> {
        let line = |from: usize| text[from..].lines().next().unwrap_or_default();
        match self {
            Place::Hashes => text.rfind("####").map(|at| (at, line(at + 4).trim_start_matches('#'))),
            Place::Boxed => text.rfind("\\boxed{").and_then(|at| Some((at, braced(&text[at + 6..])?))),
            Place::Words => captured(&STATED, text),
            Place::Last => last_number(text),
            Place::Pattern(pattern) => captured(pattern, text),
        }
        .map(|(at, answer)| (at, answer.trim()))
        .filter(|(_, answer)| !answer.is_empty())
    }
}

fn captured<'t>(pattern: &Regex, text: &'t str) -> Option<(usize, &'t str)> {
    let last = pattern.captures_iter(text).last()?;
    let group = last.iter().skip(1).flatten().next()?;
    Some((last.get_match().start(), group.as_str()))
}

/// Returns what stands between the first brace and the one that closes it.
fn braced(text: &str) -> Option<&str> {
    let mut depth = 0_usize;
    for (at, c) in text.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth == 1 => return Some(&text[1..at]),
            '}' => depth -= 1,
            _ => {}
        }
    }
    None
}

fn last_number(text: &str) -> Option<(usize, &str)> {
    for line in text.lines().rev() {
        let found = tokens(line);
        let Some(at) = found.iter().rposition(|placed| matches!(placed.token, Token::Number { .. })) else {
            continue;
        };
        let before = |by: usize| at.checked_sub(by).map(|at| &found[at]);
        let begins = match before(1).map(|placed| &placed.token) {
            Some(Token::Money(_)) => 1,
            Some(Token::Subtract) if before(2).is_none_or(|placed| !placed.token.ends_an_operand()) => 1,
            Some(Token::Divide)
                if before(2).is_some_and(|placed| matches!(placed.token, Token::Number { .. })) =>
            {
                2
            }
            _ => 0,
        };
        let from = found[at - begins].start;
        let offset = line.as_ptr() as usize - text.as_ptr() as usize;
        return Some((offset + from, &line[from..]));
    }
    None
}

/// Finds the final answer: at the first place that the text has.
pub(super) fn find<'t>(text: &'t str, places: &[Place]) -> Option<(usize, &'t str)> {
    places.iter().find_map(|place| place.find(text))
}

/// How far an answer may be off.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Leeway {
    absolute: Option<Exact>,
    relative: Option<Exact>,
}

impl Leeway {
    pub(super) fn new(absolute: Option<f64>, relative: Option<f64>) -> Result<Self> {
        let read = |key: &str, value: Option<f64>| match value {
            None => Ok(None),
            Some(value) => {
                of_setting(value).filter(|value| !value.is_negative()).map(Some).ok_or_else(|| {
                    Error::new(
                        ErrorKind::Usage,
                        format!("`tolerance.{key}` is {value}: it is a number, 0 or more"),
                    )
                })
            }
        };
        Ok(Leeway { absolute: read("absolute", absolute)?, relative: read("relative", relative)? })
    }

    fn admits(&self, value: &Exact, truth: &Exact) -> bool {
        let off = (value - truth).abs();
        self.absolute.as_ref().is_some_and(|most| off <= *most)
            || self.relative.as_ref().is_some_and(|most| off <= most * truth.abs())
    }
}

/// A text that should be a value, in tokens.
pub(super) struct Value {
    text: String,
    tokens: Vec<Placed>,
    numeric: bool,
}

impl Value {
    /// Reads a value: the whole text, what stands behind its last `=`, or the first number in it.
    pub(super) fn of(text: &str) -> Self {
        let plain = plain(text);
        let text = plain.trim().trim_matches(|c: char| "*_`.$ ".contains(c) && c != '$').trim().to_owned();
        let inner = text.strip_prefix('$').and_then(|rest| rest.strip_suffix('$')).unwrap_or(&text);
        let mut found = tokens(inner);
        if let Some(at) = found.iter().rposition(|placed| placed.token == Token::Equal) {
            found.drain(..=at);
        }
        let stated = (0..found.len()).find_map(|at| {
            let read = prefix(&found[at..], Mode::Full).ok().filter(|read| read.seen.numbers > 0)?;
            let glued = found
                .get(at + read.length)
                .is_some_and(|after| after.glued && matches!(after.token, Token::Word(_)));
            (!glued).then_some((at, read.length))
        });
        let numeric = stated.is_some();
        if let Some((at, length)) = stated {
            found = found[at..at + length].to_vec();
        }
        Value { text, tokens: found, numeric }
    }

    pub(super) fn shown(&self) -> String {
        clip(&self.text)
    }

    /// Returns whether this is the truth: as numbers with their units, else word by word.
    pub(super) fn agrees(&self, truth: &Value, leeway: &Leeway) -> bool {
        if !self.numeric || !truth.numeric {
            let words =
                |value: &Value| value.text.split_whitespace().map(str::to_lowercase).collect::<Vec<_>>();
            return self.numeric == truth.numeric && words(self) == words(truth);
        }
        let sides = Sides {
            left: &self.tokens,
            right: &truth.tokens,
            shown: "",
            about: false,
            rounding: Rounding::Exact,
        };
        if sides.agree() == Agreement::Right {
            return true;
        }
        let read = |value: &Value, mode| whole(&value.tokens, mode).ok().map(|read| read.quantity);
        let near = |mode| match (read(self, mode), read(truth, mode)) {
            (Some(value), Some(truth)) => {
                value.dimension == truth.dimension && leeway.admits(&value.value, &truth.value)
            }
            _ => false,
        };
        near(Mode::Full)
    }
}

/// The options of a question of several choices.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Options(Vec<(char, String)>);

static OPTION: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"^\s*\(?([A-Za-z])\s*[).:]\s*(.*)$").expect("a pattern of ours"));
static LETTER: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"^\W*(?i:option|choice)?\W*\(?([A-Za-z])\)?(?:$|[^\w'’])").expect("a pattern of ours")
});
static LONE: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"(?m)^\W*([A-Z])\W*$").expect("a pattern of ours"));

impl Options {
    /// Reads one option a line; those without a letter get theirs in order.
    pub(super) fn read(text: &str) -> Self {
        let lines = text.lines().filter(|line| !line.trim().is_empty());
        let options = lines.zip('A'..='Z').map(|(line, letter)| match OPTION.captures(line) {
            Some(found) => {
                (found[1].chars().next().unwrap_or(letter).to_ascii_uppercase(), found[2].to_owned())
            }
            None => (letter, line.trim().to_owned()),
        });
        Options(options.collect())
    }

    /// Finds the letter that is chosen: a letter where the answer stands, the option that has its value, or a letter that
    /// stands alone on a line; and where that is.
    pub(super) fn chosen(&self, text: &str, places: &[Place]) -> Option<(usize, char)> {
        let lettered = |place: &Place| {
            let (at, said) = place.find(text)?;
            Some((at, self.letter(said)?))
        };
        let alone = || {
            let last = LONE.captures_iter(text).last()?;
            Some((last.get_match().start(), self.letter(&last[1])?))
        };
        let by_value = || {
            let (_, said) = find(text, places)?;
            Some((text.len(), self.of_value(&Value::of(said))?))
        };
        places.iter().find_map(lettered).or_else(alone).or_else(by_value)
    }

    /// Reads a letter of these options.
    pub(super) fn letter(&self, text: &str) -> Option<char> {
        let letter = LETTER.captures(text)?[1].chars().next()?.to_ascii_uppercase();
        self.0.iter().any(|(known, _)| *known == letter).then_some(letter)
    }

    fn of_value(&self, value: &Value) -> Option<char> {
        let mut same = self
            .0
            .iter()
            .filter(|(_, text)| value.agrees(&Value::of(text), &Leeway::default()))
            .map(|(letter, _)| *letter);
        same.next().filter(|_| same.next().is_none())
    }

    /// Returns the last option whose number a text states; or an error if the chosen one has none.
    pub(super) fn worked_out(&self, chosen: char, text: &str) -> Worked {
        let numbers: Vec<(char, Value)> = self
            .0
            .iter()
            .map(|(letter, text)| (*letter, Value::of(text)))
            .filter(|(_, value)| value.numeric)
            .collect();
        if !numbers.iter().any(|(letter, _)| *letter == chosen) {
            return Worked::NoNumber;
        }
        let mut last = None;
        let text = plain(text);
        for line in text.lines() {
            let line = tokens(line);
            for at in 0..line.len() {
                if !matches!(line[at].token, Token::Number { .. }) {
                    continue;
                }
                // A fraction, else a number; its sign and its unit aside.
                let minus = at > 0
                    && line[at - 1].token == Token::Subtract
                    && (at == 1 || !line[at - 2].token.ends_an_operand());
                for from in [at - usize::from(minus), at] {
                    let stated = [3, 1].into_iter().filter_map(|length| line.get(from..at + length));
                    for stated in stated {
                        last = numbers
                            .iter()
                            .find(|(_, value)| same_number(value, stated))
                            .map(|(letter, _)| *letter)
                            .or(last);
                    }
                }
            }
        }
        match last {
            Some(letter) if letter == chosen => Worked::Same,
            Some(letter) => Worked::Other(letter),
            None => Worked::None,
        }
    }
}

/// What a text works out, of the options.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Worked {
    Same,
    Other(char),
    None,
    /// The option is no number.
    NoNumber,
}

fn same_number(option: &Value, stated: &[Placed]) -> bool {
    let read = |tokens: &[Placed]| whole(tokens, Mode::Digits).ok().map(|read| read.quantity.value);
    read(stated).is_some_and(|stated| read(&option.tokens) == Some(stated))
}

#[cfg(test)]
mod tests;
