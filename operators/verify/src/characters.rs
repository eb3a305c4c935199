use serde::{Deserialize, Serialize};

use crate::filter::{Filter, Rules};
use crate::judge::{Broken, at_least, at_most, ratio};

/// Keeps texts whose characters are those of writing, by the share of each class.
///
/// The bounds are wide, made to catch tables of numbers, encoded data, shouting, and broken encodings;
/// none is from a paper.
pub type Characters = Filter<CharactersSettings>;

/// Settings of [`Characters`]: shares between 0 and 1.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CharactersSettings {
    /// Least share of letters among characters that are not white space.
    pub min_letters: f64,
    /// Greatest share of digits among characters that are not white space.
    pub max_digits: f64,
    /// Greatest share of characters that are neither letters, digits nor white space, of those not white space.
    pub max_symbols: f64,
    /// Greatest share of white space among all characters.
    pub max_whitespace: f64,
    /// Greatest share of capital letters among letters.
    pub max_uppercase: f64,
    /// Greatest share of characters that stand for broken or binary data among all characters: U+FFFD,
    /// controls but tab and line breaks, and code points that Unicode never assigns or leaves private.
    pub max_broken: f64,
}

impl Default for CharactersSettings {
    fn default() -> Self {
        CharactersSettings {
            min_letters: 0.5,
            max_digits: 0.3,
            max_symbols: 0.4,
            max_whitespace: 0.6,
            max_uppercase: 0.5,
            max_broken: 0.001,
        }
    }
}

#[derive(Debug, Default)]
struct Counts {
    all: usize,
    letters: usize,
    uppercase: usize,
    digits: usize,
    symbols: usize,
    whitespace: usize,
    broken: usize,
}

impl Characters {
    /// Makes the filter.
    pub fn new(settings: CharactersSettings) -> Self {
        Filter::of(settings)
    }
}

impl Rules for CharactersSettings {
    const NAME: &'static str = "characters";

    fn judge(&self, text: &str) -> Result<(), Broken> {
        let counts = Counts::of(text);
        let written = counts.all - counts.whitespace;
        if written == 0 {
            return Err("no characters but white space".to_owned());
        }
        let share = |part| ratio(part, written);
        at_most("max_broken", "share of characters", ratio(counts.broken, counts.all), self.max_broken)?;
        let whitespace = ratio(counts.whitespace, counts.all);
        at_most("max_whitespace", "share of characters", whitespace, self.max_whitespace)?;
        at_least("min_letters", "share of characters", share(counts.letters), self.min_letters)?;
        at_most("max_digits", "share of characters", share(counts.digits), self.max_digits)?;
        at_most("max_symbols", "share of characters", share(counts.symbols), self.max_symbols)?;
        let uppercase = ratio(counts.uppercase, counts.letters);
        at_most("max_uppercase", "share of letters", uppercase, self.max_uppercase)
    }
}

impl Counts {
    fn of(text: &str) -> Self {
        let mut counts = Counts::default();
        for c in text.chars() {
            counts.all += 1;
            if c.is_alphabetic() {
                counts.letters += 1;
                counts.uppercase += usize::from(c.is_uppercase());
            } else if c.is_whitespace() {
                counts.whitespace += 1;
            } else if is_broken(c) {
                counts.broken += 1;
            } else if c.is_numeric() {
                counts.digits += 1;
            } else {
                counts.symbols += 1;
            }
        }
        counts
    }
}

fn is_broken(c: char) -> bool {
    let code = u32::from(c);
    let never_assigned = code & 0xfffe == 0xfffe || (0xfdd0..=0xfdef).contains(&code);
    let private = (0xe000..=0xf8ff).contains(&code) || code >= 0xf_0000;
    c == char::REPLACEMENT_CHARACTER || c.is_control() || never_assigned || private
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: Result<(), &str>) {
        assert_eq!(Characters::default().judge(text), expected.map_err(str::to_owned), "{text:?}");
    }

    #[test]
    fn each_rule_speaks() {
        check("Plain words, with a stop.", Ok(()));
        check("Слова с точкой.", Ok(()));
        check(" \n\t", Err("no characters but white space"));
        check("2024 31 12 a", Err("min_letters: share of characters 0.1111 < 0.5"));
        check("ab ab ab 1234", Err("max_digits: share of characters 0.4 > 0.3"));
        check("SHOUTING loud", Err("max_uppercase: share of letters 0.6667 > 0.5"));
        check("broken \u{fffd} text", Err("max_broken: share of characters 0.0769 > 0.001"));
        check("nul \0 byte", Err("max_broken: share of characters 0.1 > 0.001"));
        check("a        b", Err("max_whitespace: share of characters 0.8 > 0.6"));
        check("ab ==== ---- cdefgh", Err("max_symbols: share of characters 0.5 > 0.4"));
    }
}
