//! Finds the calculations that a text states.

use std::sync::LazyLock;

use regex::Regex;

use super::agreement::{Agreement, Rounding, Sides};
use super::exact::MOST_DIGITS;
use super::expression::{Fault, MOST_TOKENS, Mode, is_arithmetic, prefix, whole};
use super::token::{Placed, Token, tokens};
use super::units;

/// Characters of a calculation that a reason quotes.
const QUOTED_CHARS: usize = 100;

/// A calculation that was found, and what is wrong with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Claim {
    pub(super) text: String,
    pub(super) wrong: Option<String>,
}

/// What is looked for, and how it is judged.
#[derive(Clone, Copy, Debug)]
pub(super) struct Search {
    pub(super) annotations: bool,
    pub(super) equalities: bool,
    pub(super) rounding: Rounding,
    /// Whether `2+3=5+1=6` reads on from each result.
    pub(super) running: bool,
}

static ANNOTATION: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"<<([^<>\n]*)>>").expect("a pattern of ours"));
static FRACTION: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"\\[dt]?frac\s*\{([^{}]*)\}\s*\{([^{}]*)\}").expect("a pattern of ours"));
static WORDS: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"\\(?:text|mathrm|mbox)\s*\{([^{}]*)\}").expect("a pattern of ours"));

/// Returns a text without the signs that TeX puts around calculations.
pub(super) fn plain(text: &str) -> String {
    if !text.contains('\\') {
        return text.to_owned();
    }
    let text = WORDS.replace_all(text, " $1 ");
    let mut text = FRACTION.replace_all(&text, "(($1)/($2))").into_owned();
    let signs = [
        (r"\times", "×"),
        (r"\cdot", "·"),
        (r"\div", "÷"),
        (r"\approx", "≈"),
        (r"\left", ""),
        (r"\right", ""),
        (r"\$", "$"),
        (r"\%", "%"),
        (r"\,", ""),
        (r"\!", ""),
        (r"\ ", " "),
        (r"\(", " "),
        (r"\)", " "),
        (r"\[", " "),
        (r"\]", " "),
    ];
    for (sign, meant) in signs {
        text = text.replace(sign, meant);
    }
    text
}

impl Search {
    /// Returns the calculations that a text states, in their order; first annotations, then the others.
    pub(super) fn of(&self, text: &str) -> Vec<Claim> {
        let mut found = Vec::new();
        if self.annotations {
            found.extend(ANNOTATION.captures_iter(text).map(|annotation| {
                let (all, inner) = (annotation.get_match(), &annotation[1]);
                let wrong = self.annotation(inner, &text[all.end()..]);
                Claim { text: clip(all.as_str()), wrong }
            }));
        }
        if self.equalities {
            let running = plain(&ANNOTATION.replace_all(text, ""));
            running.lines().for_each(|line| self.line(line, &mut found));
        }
        found
    }

    /// Returns what is wrong with an annotation, and with the number that repeats its result.
    fn annotation(&self, inner: &str, after: &str) -> Option<String> {
        let tokens = tokens(inner);
        let parts: Vec<&[Placed]> = tokens.split(is_equality).collect();
        if parts.len() < 2 || tokens.len() > MOST_TOKENS {
            return Some("cannot be read: an annotation is `<<expression=value>>`".to_owned());
        }
        let signs = tokens.iter().filter(|placed| is_equality(placed));
        for (at, (pair, sign)) in parts.windows(2).zip(signs).enumerate() {
            let about = sign.token == Token::About;
            let last = at + 2 == parts.len();
            match self.sides(inner, pair[0], pair[1], about, last) {
                Agreement::Right => {}
                Agreement::Wrong(why) => return Some(why),
                Agreement::Undecided => {
                    return Some("cannot be read: an annotation is `<<expression=value>>`".to_owned());
                }
            }
        }
        let value = parts.last().copied().unwrap_or_default();
        repeated(value, after).map(|said| format!("its result is followed by {said}"))
    }

    fn sides(&self, text: &str, left: &[Placed], right: &[Placed], about: bool, last: bool) -> Agreement {
        let shown = left.first().zip(left.last()).map_or("", |(first, end)| &text[first.start..end.end]);
        let shown = clip(shown);
        let found = Sides { left, right, shown: &shown, about, rounding: self.rounding }.agree();
        match found {
            Agreement::Wrong(_) if self.running && !last && starts_with(left, right) => Agreement::Right,
            found => found,
        }
    }

    /// Judges the equalities of a line, piece by piece between its punctuation.
    fn line(&self, line: &str, found: &mut Vec<Claim>) {
        let tokens = tokens(line);
        for piece in tokens.split(|placed| placed.token == Token::Stop) {
            let at: Vec<usize> = (0..piece.len()).filter(|at| is_equality(&piece[*at])).collect();
            for (nth, sign) in at.iter().enumerate() {
                let begin = nth.checked_sub(1).map_or(0, |before| at[before] + 1);
                let end = at.get(nth + 1).copied().unwrap_or(piece.len());
                let left = match nth {
                    0 => suffix(&piece[..*sign]),
                    // In the middle of a chain it is all that stands there.
                    _ => Some(&piece[begin..*sign]),
                };
                let right = match at.get(nth + 1) {
                    Some(_) => Some(&piece[sign + 1..end]),
                    None => first_side(&piece[sign + 1..end]),
                };
                let (Some(left), Some(right)) = (left, right) else { continue };
                if !states(left, right) {
                    continue;
                }
                let about = piece[*sign].token == Token::About;
                let last = nth + 1 == at.len();
                let mut agreement = self.sides(line, left, right, about, last);
                if let Some(shorter) = before_more(right).filter(|_| agreement != Agreement::Right) {
                    let found = self.sides(line, left, shorter, about, last);
                    if found == Agreement::Right || agreement != Agreement::Undecided {
                        agreement = found;
                    }
                }
                let wrong = match agreement {
                    Agreement::Undecided => continue,
                    Agreement::Right => None,
                    // A text that says of what it speaks, `for 4 subjects = 86 + 62`, states no equality.
                    Agreement::Wrong(_) if nth == 0 && !computes(left) && !converts(left, right) => continue,
                    Agreement::Wrong(why) => Some(why),
                };
                let span =
                    left.first().zip(right.last()).map_or("", |(first, last)| &line[first.start..last.end]);
                found.push(Claim { text: clip(span), wrong });
            }
        }
    }
}

fn is_equality(placed: &Placed) -> bool {
    matches!(placed.token, Token::Equal | Token::About)
}

/// Returns the longest end of the tokens that is an expression, if nothing before it belongs to it.
fn suffix(tokens: &[Placed]) -> Option<&[Placed]> {
    let from = tokens.len().saturating_sub(MOST_TOKENS / 8);
    let at = (from..tokens.len()).find(|at| whole(&tokens[*at..], Mode::Bare) != Err(Fault::Unread))?;
    // What was cut off may have belonged to it.
    if at == from && from > 0 {
        return None;
    }
    let Some(before) = at.checked_sub(1).map(|before| &tokens[before]) else { return Some(&tokens[at..]) };
    let free = match &before.token {
        // `1 and 1/4 cup` is one number.
        Token::Word(word) if word == "and" => {
            !at.checked_sub(2).is_some_and(|number| matches!(tokens[number].token, Token::Number { .. }))
        }
        Token::Word(word) => !tokens[at].glued && is_plain(word),
        // `100 + (5 = 5`: a parenthesis that opens within something else.
        Token::Open => !at.checked_sub(2).is_some_and(|outer| {
            !matches!(tokens[outer].token, Token::Word(_) | Token::Open) || before.glued
        }),
        Token::Close => !tokens[at].glued,
        _ => false,
    };
    // `costs -3 + 5`: a sign after a word may subtract.
    let signed = matches!(before.token, Token::Word(_) | Token::Close)
        && matches!(tokens[at].token, Token::Subtract | Token::Add);
    (free && !signed).then(|| &tokens[at..])
}

/// Returns the expression that the tokens begin with, if nothing after it belongs to it.
fn first_side(tokens: &[Placed]) -> Option<&[Placed]> {
    let length = match prefix(tokens, Mode::Bare) {
        Ok(read) => read.length,
        Err(_) => return None,
    };
    let free = match tokens.get(length).map(|after| (&after.token, after.glued)) {
        None | Some((Token::Close, _)) => true,
        Some((Token::Word(word), glued)) => {
            let computed =
                matches!(word.as_str(), "squared" | "cubed" | "plus" | "minus" | "divided" | "multiplied");
            let goes_on = matches!(word.as_str(), "times" | "of" | "x" | "X")
                && tokens.get(length + 1).is_some_and(|next| !matches!(next.token, Token::Word(_)));
            let single = word.chars().count() == 1 && !matches!(word.as_str(), "a" | "A" | "I");
            !glued && !computed && !goes_on && !single
        }
        Some(_) => false,
    };
    free.then(|| &tokens[..length])
}

/// Returns a result without what it is said to be of or per: `5 litres` of `5 litres per minute`.
fn before_more(tokens: &[Placed]) -> Option<&[Placed]> {
    let more = |placed: &Placed| match &placed.token {
        Token::Word(word) => word == "per" || word == "of",
        _ => false,
    };
    let by_unit = |at: usize| {
        tokens[at].token == Token::Divide
            && matches!(tokens.get(at + 1).map(|next| &next.token), Some(Token::Word(_)))
    };
    let at = (1..tokens.len()).find(|at| more(&tokens[*at]) || by_unit(*at))?;
    Some(&tokens[..at])
}

fn computes(tokens: &[Placed]) -> bool {
    whole(tokens, Mode::Bare).map_or(true, |read| read.seen.operators > 0)
}

/// Returns whether two amounts are of one dimension, in different units.
fn converts(left: &[Placed], right: &[Placed]) -> bool {
    let (Ok(left), Ok(right)) = (whole(left, Mode::Full), whole(right, Mode::Full)) else { return false };
    let plain = left.seen.operators + right.seen.operators == 0;
    plain && left.quantity.dimension == right.quantity.dimension && left.seen.units != right.seen.units
}

/// Returns whether a word may stand before a calculation without being a part of it.
fn is_plain(word: &str) -> bool {
    (word.chars().count() > 1 || matches!(word, "a" | "A" | "I"))
        && !is_arithmetic(word)
        && units::find(word).is_none()
}

/// Returns whether two sides state something: something is computed, or a unit converted.
fn states(left: &[Placed], right: &[Placed]) -> bool {
    let seen = |side: &[Placed]| whole(side, Mode::Bare).map(|read| read.seen);
    match (seen(left), seen(right)) {
        (Ok(left), Ok(right)) => {
            let labels: Vec<&String> = left.labels.union(&right.labels).collect();
            let computed = left.operators + right.operators > 0;
            let converted = !left.units.is_empty() && !right.units.is_empty();
            // What counts several things may count them together, or not.
            let mixed = labels.len() > 1 && (left.sums || right.sums)
                || !labels.is_empty() && (converted || left.units.len() + right.units.len() > 0);
            (computed || converted) && !mixed
        }
        _ => true,
    }
}

/// Returns whether the right side goes on with the value of the left.
fn starts_with(left: &[Placed], right: &[Placed]) -> bool {
    let (Ok(left), Ok(right)) = (whole(left, Mode::Full), whole(right, Mode::Full)) else { return false };
    right.seen.operators > 0 && right.seen.first == Some(left.quantity.value)
}

/// Returns the number that follows an annotation, where it is not the result.
fn repeated(value: &[Placed], after: &str) -> Option<String> {
    // However long the line is, a number begins at once.
    let line = after[..after.floor_char_boundary(2 * MOST_DIGITS)].lines().next().unwrap_or_default();
    let after = tokens(line);
    let sign = after.iter().position(|placed| !matches!(placed.token, Token::Money(_) | Token::Subtract))?;
    let Token::Number { value: said, .. } = &after[sign].token else { return None };
    if after[0].start > 0 || after[1..=sign].iter().any(|placed| !placed.glued) {
        return None;
    }
    let result = whole(value, Mode::Bare).ok()?.quantity.value;
    let minus = after[..sign].iter().any(|placed| placed.token == Token::Subtract);
    let (positive, negative) = (said.clone(), -said.clone());
    // A dash may be a minus, or a dash.
    let same = positive == result || minus && negative == result;
    (!same).then(|| super::exact::show(said))
}

/// Returns what a reason quotes of a text.
pub(super) fn clip(text: &str) -> String {
    let mut text: String = text.trim().chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    if let Some((at, _)) = text.char_indices().nth(QUOTED_CHARS) {
        text.truncate(at);
        text.push('…');
    }
    text
}

#[cfg(test)]
mod tests;
