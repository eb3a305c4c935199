//! Reads and evaluates an expression, with its units.

use std::collections::BTreeSet;

use num_traits::{One, ToPrimitive, Zero};

use super::exact::{Exact, Trouble, add, divide, multiply, power, ten_to};
use super::token::{Placed, Token};
use super::units::{self, Dimension, Unit};

/// Parentheses within parentheses, at most.
const MOST_DEPTH: usize = 64;
/// Tokens of one expression, at most.
pub(super) const MOST_TOKENS: usize = 400;
/// Words that name nothing that could be counted.
const LINKS: &[&str] = &[
    "and",
    "is",
    "are",
    "was",
    "were",
    "because",
    "so",
    "since",
    "then",
    "therefore",
    "thus",
    "hence",
    "or",
    "if",
    "which",
    "that",
    "as",
    "equals",
    "gives",
    "makes",
    "but",
    "while",
    "when",
];
/// Words that name what is counted, at most, between a number and an operator.
const MOST_LABEL_WORDS: usize = 2;

/// Why tokens have no value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// They are no expression.
    Unread,
    /// They may be meant in several ways.
    Undecided,
    /// They have no value.
    Trouble(Trouble),
    /// What is added has different units.
    Units(Dimension, Dimension),
}

impl From<Trouble> for Fault {
    fn from(trouble: Trouble) -> Self {
        match trouble {
            Trouble::Root => Fault::Undecided,
            trouble => Fault::Trouble(trouble),
        }
    }
}

/// A value in base units.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Quantity {
    pub(super) value: Exact,
    pub(super) dimension: Dimension,
}

/// How numbers with units are taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mode {
    /// With their units.
    Full,
    /// As if no unit stood there.
    Bare,
    /// As if no unit, no percent and no word for a large number stood there.
    Digits,
}

/// What stands in an expression.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Seen {
    /// Numbers, operators, percents.
    pub(super) numbers: usize,
    pub(super) operators: usize,
    pub(super) percents: usize,
    /// Numbers without any unit.
    pub(super) unitless: usize,
    pub(super) units: BTreeSet<Unit>,
    /// What is counted, where no unit is.
    pub(super) labels: BTreeSet<String>,
    /// Words for large numbers.
    pub(super) counts: usize,
    /// Times on a clock, and those with `am` or `pm`.
    pub(super) clocks: usize,
    pub(super) halves: usize,
    /// Whether there are amounts of two units, or times on a clock, which mean nothing without their units.
    pub(super) fixed: bool,
    /// Whether a number is a mixed one.
    pub(super) mixed: bool,
    /// Whether a unit is a single letter, which may be a variable; and whether it stands close to its number.
    pub(super) letters: bool,
    pub(super) glued_letters: bool,
    /// Whether a percentage is `100%`.
    pub(super) hundred: bool,
    /// Whether something is added up.
    pub(super) sums: bool,
    /// The value of the last place of the last number, and the scale of its unit.
    pub(super) places: u32,
    pub(super) scale: Option<Exact>,
    /// The first number, without its unit.
    pub(super) first: Option<Exact>,
}

impl Seen {
    /// Returns whether the expression is one number, whatever its unit.
    pub(super) fn is_literal(&self) -> bool {
        self.numbers == 1 && self.operators == 0
    }

    /// Returns the value of the last digit, if the expression is one number as it is written.
    pub(super) fn resolution(&self) -> Option<Exact> {
        let scale = self.scale.clone()?;
        let literal = self.is_literal() && !self.fixed && !self.mixed;
        literal.then(|| ten_to(-self.places.cast_signed()) * scale)
    }
}

/// An expression that was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Read {
    pub(super) quantity: Quantity,
    pub(super) seen: Seen,
    /// How many tokens it took.
    pub(super) length: usize,
}

/// Reads all of the tokens as one expression.
pub(super) fn whole(tokens: &[Placed], mode: Mode) -> Result<Read, Fault> {
    let read = prefix(tokens, mode)?;
    if read.length == tokens.len() { Ok(read) } else { Err(Fault::Unread) }
}

/// Reads an expression that the tokens begin with.
pub(super) fn prefix(tokens: &[Placed], mode: Mode) -> Result<Read, Fault> {
    let tokens = &tokens[..tokens.len().min(MOST_TOKENS)];
    let mut parser = Parser { tokens, at: 0, depth: 0, mode, seen: Seen::default() };
    let quantity = parser.sum()?;
    Ok(Read { quantity, length: parser.at, seen: parser.seen })
}

struct Parser<'t> {
    tokens: &'t [Placed],
    at: usize,
    depth: usize,
    mode: Mode,
    seen: Seen,
}

impl Parser<'_> {
    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.at).map(|placed| &placed.token)
    }

    fn ahead(&self, by: usize) -> Option<&Placed> {
        self.tokens.get(self.at + by)
    }

    fn word(&self) -> Option<&str> {
        if let Some(Token::Word(word)) = self.peek() { Some(word) } else { None }
    }

    fn sum(&mut self) -> Result<Quantity, Fault> {
        self.depth += 1;
        if self.depth > MOST_DEPTH {
            return Err(Fault::Trouble(Trouble::TooLarge));
        }
        let (mut left, mut share) = self.term()?;
        while let Some(sign @ (Token::Add | Token::Subtract)) = self.peek() {
            let minus = *sign == Token::Subtract;
            self.at += 1;
            let (right, next_share) = self.term()?;
            // `100 + 10%` is 110 to some; of 1 they mean the same.
            if share != next_share && !left.value.is_one() {
                return Err(Fault::Undecided);
            }
            share &= next_share;
            self.seen.operators += 1;
            self.seen.sums = true;
            if left.dimension != right.dimension {
                return Err(Fault::Units(left.dimension, right.dimension));
            }
            let value = if minus { -right.value } else { right.value };
            left.value = add(&left.value, &value)?;
        }
        self.depth -= 1;
        Ok(left)
    }

    /// Reads what is added, and says whether it is a percentage and nothing else.
    fn term(&mut self) -> Result<(Quantity, bool), Fault> {
        let (percents, operators) = (self.seen.percents, self.seen.operators);
        let term = self.product()?;
        Ok((term, self.seen.percents > percents && self.seen.operators == operators))
    }

    fn product(&mut self) -> Result<Quantity, Fault> {
        let mut left = self.signed(false)?;
        let mut divided = false;
        loop {
            let is_times = match self.peek() {
                Some(Token::Multiply) => true,
                // `28 / 1/5` may mean a fifth.
                Some(Token::Divide)
                    if self.fraction_at(self.at + 1).is_some() && !self.tokens[self.at + 1].glued =>
                {
                    return Err(Fault::Undecided);
                }
                Some(Token::Divide | Token::DivideWhole) => false,
                Some(Token::Word(word)) if word == "of" && self.of_is_times() => true,
                Some(Token::Word(word)) if word == "per" && self.ahead(1).is_some_and(is_unit) => false,
                // Who writes `1/2(4)` may mean either.
                Some(Token::Open) if self.ahead(0).is_some_and(|open| open.glued) && divided => {
                    return Err(Fault::Undecided);
                }
                Some(Token::Open) if self.ahead(0).is_some_and(|open| open.glued) => {
                    self.at -= 1;
                    true
                }
                _ => return Ok(left),
            };
            let floors = self.peek() == Some(&Token::DivideWhole);
            self.at += 1;
            self.seen.operators += 1;
            divided = !is_times;
            let right = self.signed(divided)?;
            let (value, power) = match is_times {
                true => (multiply(&left.value, &right.value)?, 1),
                false => (divide(&left.value, &right.value)?, -1),
            };
            let value = if floors { value.floor() } else { value };
            left = Quantity { value, dimension: left.dimension.times(&right.dimension, power) };
        }
    }

    /// `20% of 50`, `1/2 of 50`: where a share stands before, and a number after.
    fn of_is_times(&self) -> bool {
        let before = self.at.checked_sub(1).map(|at| &self.tokens[at].token);
        let fraction = self.at >= 2 && self.tokens[self.at - 2].token == Token::Divide;
        let share = matches!(before, Some(Token::Percent)) || fraction;
        share
            && matches!(
                self.ahead(1).map(|next| &next.token),
                Some(Token::Number { .. } | Token::Money(_) | Token::Open)
            )
    }

    fn signed(&mut self, divides: bool) -> Result<Quantity, Fault> {
        let minus = match self.peek() {
            Some(Token::Subtract) => true,
            Some(Token::Add) => false,
            _ => return self.raised(divides),
        };
        self.at += 1;
        // One sign, and close to what it is of.
        if !self.ahead(0).is_some_and(|next| next.glued) {
            return Err(Fault::Unread);
        }
        let operand = self.raised(divides)?;
        Ok(Quantity { value: if minus { -operand.value } else { operand.value }, ..operand })
    }

    fn raised(&mut self, divides: bool) -> Result<Quantity, Fault> {
        let base = self.operand(divides)?;
        if self.peek() != Some(&Token::Power) {
            return Ok(base);
        }
        self.at += 1;
        self.seen.operators += 1;
        let exponent = self.signed(true)?;
        if !exponent.dimension.is_bare() {
            return Err(Fault::Unread);
        }
        let value = power(&base.value, &exponent.value)?;
        let times = match base.dimension.is_bare() {
            true => 1,
            false => exponent.value.to_integer().to_i32().filter(|n| n.abs() < 10).ok_or(Fault::Undecided)?,
        };
        Ok(Quantity { value, dimension: Dimension::default().times(&base.dimension, times) })
    }

    fn operand(&mut self, divides: bool) -> Result<Quantity, Fault> {
        match self.peek() {
            Some(Token::Open) => {
                self.at += 1;
                let inner = self.sum()?;
                if self.peek() != Some(&Token::Close) {
                    return Err(Fault::Unread);
                }
                self.at += 1;
                Ok(inner)
            }
            Some(Token::Money(sign)) => {
                let unit = units::find(sign).ok_or(Fault::Unread)?;
                self.at += 1;
                let minus = self.peek() == Some(&Token::Subtract);
                self.at += usize::from(minus);
                let Some(Token::Number { .. }) = self.peek() else { return Err(Fault::Unread) };
                let value = self.number(divides)?;
                let value = if minus { -value } else { value };
                let (value, unit) = (self.counted(value)?, self.rate(unit));
                Ok(self.of_unit(value, &unit))
            }
            Some(Token::Number { .. }) => {
                let value = self.number(divides)?;
                self.with_unit(value)
            }
            Some(Token::Clock(seconds)) => {
                let seconds = seconds.clone();
                self.at += 1;
                self.time(seconds)
            }
            // `5 km / h`: a unit divides alone.
            Some(Token::Word(_)) if divides => {
                let unit = self.unit().ok_or(Fault::Unread)?;
                // That computes nothing.
                self.seen.operators = self.seen.operators.saturating_sub(1);
                Ok(self.of_unit(Exact::one(), &unit))
            }
            _ => Err(Fault::Unread),
        }
    }

    /// Reads a number, a mixed number, or a fraction that a unit follows.
    fn number(&mut self, divides: bool) -> Result<Exact, Fault> {
        let Some(Token::Number { value, places }) = self.peek().cloned() else { return Err(Fault::Unread) };
        self.at += 1;
        self.seen.numbers += 1;
        self.seen.places = places;
        self.seen.scale = Some(Exact::one());
        self.seen.first.get_or_insert_with(|| value.clone());
        if !value.is_integer() || places > 0 {
            return Ok(value);
        }
        // `1½`, `1 1/2`
        if let Some(part) = self.ahead(0).and_then(proper_part) {
            self.at += 1;
            self.seen.mixed = true;
            return Ok(value + part);
        }
        if let Some(part) = self.fraction_at(self.at).filter(|part| *part < Exact::one())
            && !self.tokens[self.at].glued
        {
            self.at += 3;
            self.seen.mixed = true;
            return Ok(value + part);
        }
        if let Some(part) = self.fraction_at(self.at - 1).filter(|_| !divides) {
            match self.ahead(2) {
                // `3/4 km` is three quarters of one.
                Some(after) if is_unit(after) => {
                    self.at += 2;
                    self.seen.operators += 1;
                    return Ok(part);
                }
                // `1/2%` may be half of one, and `10/20%` fifty.
                Some(after) if after.token == Token::Percent && part < Exact::one() => {
                    return Err(Fault::Undecided);
                }
                _ => {}
            }
        }
        Ok(value)
    }

    /// Returns the value of `1/2`, written without space, where one stands.
    fn fraction_at(&self, at: usize) -> Option<Exact> {
        let [one, slash, other] = self.tokens.get(at..at + 3)? else { return None };
        let (Token::Number { value: over, places: 0 }, Token::Number { value: under, places: 0 }) =
            (&one.token, &other.token)
        else {
            return None;
        };
        let plain = slash.token == Token::Divide && slash.glued && other.glued;
        let raised = self.tokens.get(at + 3).is_some_and(|after| after.token == Token::Power);
        (plain && !raised && over.is_integer() && under.is_integer() && !under.is_zero())
            .then(|| over / under)
    }

    /// Reads what stands after a number: percent, a unit, a word for large numbers, or what is counted.
    fn with_unit(&mut self, value: Exact) -> Result<Quantity, Fault> {
        let value = self.counted(value)?;
        if self.peek() == Some(&Token::Percent) || matches!(self.word(), Some("percent")) {
            self.at += 1;
            self.seen.percents += 1;
            self.seen.unitless += 1;
            self.seen.hundred |= value == ten_to(2);
            if self.mode != Mode::Digits {
                self.rescale(&ten_to(-2));
                return Ok(bare(value * ten_to(-2)));
            }
            return Ok(bare(value));
        }
        if let Some(Token::Money(sign)) = self.peek()
            && let Some(unit) = units::find(sign)
            && !self.ahead(1).is_some_and(|next| next.glued && matches!(next.token, Token::Number { .. }))
        {
            self.at += 1;
            let unit = self.rate(unit);
            return Ok(self.of_unit(value, &unit));
        }
        if let Some(unit) = self.unit() {
            let unit = self.rate(unit);
            let quantity = self.of_unit(value, &unit);
            return self.and_more(quantity, unit);
        }
        self.label()?;
        self.seen.unitless += 1;
        Ok(bare(value))
    }

    /// Reads a word for a large number.
    fn counted(&mut self, value: Exact) -> Result<Exact, Fault> {
        let Some(count) = self.word().and_then(units::count) else { return Ok(value) };
        self.at += 1;
        self.seen.counts += 1;
        if self.mode == Mode::Digits {
            return Ok(value);
        }
        self.rescale(&count);
        Ok(multiply(&value, &count)?)
    }

    /// Reads what a unit is per: `km/h`, `dollars per hour`.
    fn rate(&mut self, mut unit: Unit) -> Unit {
        while matches!(self.peek(), Some(Token::Divide)) || self.word() == Some("per") {
            self.at += 1;
            let Some(per) = self.unit() else {
                self.at -= 1;
                return unit;
            };
            unit =
                Unit { scale: unit.scale / &per.scale, dimension: unit.dimension.times(&per.dimension, -1) };
        }
        unit
    }

    /// Adds `30 min` to `1 h`.
    fn and_more(&mut self, mut all: Quantity, mut unit: Unit) -> Result<Quantity, Fault> {
        while let Some(Token::Number { value, .. }) = self.peek().cloned() {
            let before = (self.at, self.seen.clone());
            self.at += 1;
            let Some(next) =
                self.unit().filter(|next| next.dimension == unit.dimension && next.scale < unit.scale)
            else {
                (self.at, self.seen) = before;
                return Ok(all);
            };
            let more = self.of_unit(value, &next);
            self.seen.fixed = true;
            all.value = add(&all.value, &more.value)?;
            unit = next;
        }
        Ok(all)
    }

    /// Reads a unit and its power: `km`, `m^2`, `square feet`.
    fn unit(&mut self) -> Option<Unit> {
        let begin = self.at;
        let power = match self.word()? {
            "square" | "sq" => 2,
            "cubic" | "cu" => 3,
            _ => 1,
        };
        self.at += usize::from(power > 1);
        let Some(unit) = self.word().and_then(units::find) else {
            self.at = begin;
            return None;
        };
        let letter = self.word().is_some_and(|word| word.chars().count() == 1);
        self.seen.letters |= letter;
        self.seen.glued_letters |= letter && self.tokens[self.at].glued;
        self.at += 1;
        if let (Some(Token::Power), Some(Token::Number { value, .. })) =
            (self.peek(), self.ahead(1).map(|next| &next.token))
            && power == 1
            && let Some(raised @ 1..=9) = value.to_integer().to_i32()
        {
            self.at += 2;
            return Some(unit.to(raised));
        }
        Some(unit.to(power))
    }

    fn of_unit(&mut self, value: Exact, unit: &Unit) -> Quantity {
        self.seen.units.insert(unit.clone());
        if self.mode != Mode::Full {
            return bare(value);
        }
        self.rescale(&unit.scale);
        Quantity { value: value * &unit.scale, dimension: unit.dimension.clone() }
    }

    fn rescale(&mut self, by: &Exact) {
        self.seen.scale = self.seen.scale.take().map(|scale| scale * by);
    }

    /// Passes over words that name what is counted, where a calculation goes on behind them.
    fn label(&mut self) -> Result<(), Fault> {
        let words = |placed: &&Placed| matches!(&placed.token, Token::Word(word) if word.chars().count() > 1 && !is_arithmetic(word) && !LINKS.contains(&word.as_str()));
        let count = self.tokens[self.at..].iter().take_while(words).count();
        let Some(last) = count.checked_sub(1).and_then(|last| self.ahead(last)) else { return Ok(()) };
        let goes_on = matches!(
            self.ahead(count).map(|next| &next.token),
            None | Some(
                Token::Add
                    | Token::Subtract
                    | Token::Multiply
                    | Token::Divide
                    | Token::Close
                    | Token::Equal
                    | Token::About
            )
        );
        if !goes_on || count > MOST_LABEL_WORDS {
            return Ok(());
        }
        if self.tokens[self.at].glued {
            return Err(Fault::Unread);
        }
        if let Token::Word(word) = &last.token {
            let word = word.to_lowercase();
            self.seen.labels.insert(word.strip_suffix('s').unwrap_or(&word).to_owned());
        }
        self.at += count;
        Ok(())
    }

    /// Reads `am` and `pm` after a time.
    fn time(&mut self, seconds: Exact) -> Result<Quantity, Fault> {
        let half = self.word().map(str::to_lowercase);
        let half = half.as_deref().filter(|word| matches!(*word, "am" | "pm"));
        self.seen.halves += usize::from(half.is_some());
        let noon = Exact::from_integer(43_200.into());
        let mut value = seconds;
        if let Some(half) = half {
            let (after, twelve) =
                (half == "pm", value >= noon && value < &noon + Exact::from_integer(3_600.into()));
            value = match (after, twelve) {
                (true, false) => value + noon,
                (false, true) => value - noon,
                _ => value,
            };
            self.at += 1;
        }
        self.seen.numbers += 1;
        self.seen.clocks += 1;
        self.seen.fixed = true;
        Ok(self.of_unit(value, &Unit { scale: Exact::one(), dimension: Dimension::of("s", 1) }))
    }
}

fn bare(value: Exact) -> Quantity {
    Quantity { value, dimension: Dimension::default() }
}

fn is_unit(placed: &Placed) -> bool {
    matches!(&placed.token, Token::Word(word) if units::find(word).is_some() || matches!(word.as_str(), "square" | "sq" | "cubic"))
}

/// Returns the value of a sign such as `½`: digits alone make no fraction without places.
fn proper_part(placed: &Placed) -> Option<Exact> {
    match &placed.token {
        Token::Number { value, places: 0 } if !value.is_integer() => Some(value.clone()),
        _ => None,
    }
}

/// Returns whether a word computes, so that what stands beside it is a part of something else.
pub(super) fn is_arithmetic(word: &str) -> bool {
    const WORDS: &[&str] = &[
        "of",
        "times",
        "by",
        "plus",
        "minus",
        "less",
        "more",
        "than",
        "over",
        "twice",
        "thrice",
        "double",
        "doubled",
        "triple",
        "half",
        "quarter",
        "third",
        "squared",
        "cubed",
        "sum",
        "difference",
        "product",
        "quotient",
        "average",
        "mean",
        "from",
        "to",
        "remainder",
        "mod",
        "square",
        "root",
        "sqrt",
        "log",
        "ln",
        "sin",
        "cos",
        "tan",
        "exp",
        "divided",
        "multiplied",
        "subtract",
        "add",
        "added",
        "subtracted",
        "percent",
        "approx",
        "appx",
        "approximately",
        "about",
        "hundred",
        "thousand",
        "million",
        "billion",
        "dozen",
    ];
    let lower = word.to_lowercase();
    WORDS.contains(&lower.as_str()) || units::count(&lower).is_some()
}
