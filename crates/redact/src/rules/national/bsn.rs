use crate::rules::PARTED;
use crate::text::Text;

/// Words that say that a number is such a one.
pub(crate) const BSN_WORDS: &[&str] = &["bsn", "burgerservicenummer", "sofi", "sofinummer"];

/// The ways in which it is written.
const SHAPES: [&[usize]; 4] = [&[9], &[8], &[4, 2, 3], &[3, 3, 3]];

/// Finds a Dutch citizen service number: nine digits, or eight with the 0 before them left out, where a word says so.
///
/// Nine times the first digit, eight times the second and so on to twice the eighth, less the ninth, is divisible by 11
/// (Rijksdienst voor Identiteitsgegevens, Logisch Ontwerp BSN). One in eleven of any nine digits is, so the word must stand.
pub(crate) fn nl_bsn(text: &Text<'_>, at: usize) -> Option<usize> {
    let written =
        |shape: &&[usize]| text.grouped(at, shape, &['.']).or_else(|| text.grouped(at, shape, PARTED));
    let digits = SHAPES.iter().find_map(written)?;
    let weights = [-1].into_iter().chain(2..=9);
    let sum: i32 =
        digits.values.iter().rev().zip(weights).map(|(digit, weight)| i32::from(*digit) * weight).sum();
    let sound = sum % 11 == 0 && digits.values.iter().any(|digit| *digit > 0);
    (sound && text.says(at, BSN_WORDS)).then_some(digits.end)
}

#[cfg(test)]
mod tests {
    use crate::rule::Rule;
    use crate::rules::tests::{found, nothing};

    #[test]
    fn numbers_that_pass_are_found_where_a_word_says_so() {
        assert_eq!(found(Rule::NlBsn, "BSN 111222333"), ["111222333"]);
        assert_eq!(found(Rule::NlBsn, "Burgerservicenummer: 1234.56.782."), ["1234.56.782"]);
        assert_eq!(found(Rule::NlBsn, "bsn: 123 456 782"), ["123 456 782"]);
        nothing(Rule::NlBsn, &["BSN 111222334", "111222333", "BSN 000000000", "bsn 1112223330"]);
    }
}
