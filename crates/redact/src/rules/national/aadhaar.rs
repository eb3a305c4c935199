use crate::rules::PARTED;
use crate::text::Text;

/// Words that say that twelve digits in one piece are such a number.
pub(crate) const AADHAAR_WORDS: &[&str] = &["aadhaar", "aadhar", "adhaar", "adhar", "uidai"];

/// Finds an Indian Aadhaar number: twelve digits in three groups; in one piece only where a word says so.
///
/// The first is neither 0 nor 1, and the last is a check digit by Verhoeff's scheme (UIDAI, "A UID Numbering Scheme";
/// J. Verhoeff, Error Detecting Decimal Codes, 1969). One in ten of any such groups passes.
pub(crate) fn in_aadhaar(text: &Text<'_>, at: usize) -> Option<usize> {
    let parted = || text.grouped(at, &[4, 4, 4], PARTED);
    let told = || text.grouped(at, &[12], PARTED).filter(|_| text.says(at, AADHAAR_WORDS));
    let digits = parted().or_else(told)?;
    // A fourth group makes it a card's.
    let more = text.from(digits.end).chars().take(2).collect::<Vec<_>>();
    let goes_on = matches!(more.as_slice(), [sign, digit] if PARTED.contains(sign) && digit.is_ascii_digit());
    (digits.values[0] > 1 && !goes_on && is_checked(&digits.values)).then_some(digits.end)
}

/// Multiplication in the group of symmetries of a pentagon: below 5 turns, from 5 on turns of its mirror image.
fn times(one: u8, two: u8) -> u8 {
    let (turn, other) = (one % 5, two % 5);
    match (one < 5, two < 5) {
        (true, true) => (turn + other) % 5,
        (true, false) => (turn + other) % 5 + 5,
        (false, true) => (turn + 5 - other) % 5 + 5,
        (false, false) => (turn + 5 - other) % 5,
    }
}

/// Returns whether the digits, each put through the permutation as often as its place from the right says, multiply to 0.
fn is_checked(digits: &[u8]) -> bool {
    const PERMUTATION: [u8; 10] = [1, 5, 7, 6, 2, 8, 3, 0, 9, 4];
    let permuted =
        |digit: u8, often: usize| (0..often % 8).fold(digit, |digit, _| PERMUTATION[usize::from(digit)]);
    let places = digits.iter().rev().enumerate();
    places.fold(0, |product, (index, digit)| times(product, permuted(*digit, index))) == 0
}

#[cfg(test)]
mod tests {
    use super::is_checked;
    use crate::rule::Rule;
    use crate::rules::tests::{found, nothing, whole};

    #[test]
    fn the_scheme_is_that_of_its_book() {
        assert!(is_checked(&[2, 3, 6, 3]));
        assert!(!is_checked(&[2, 3, 6, 4]) && !is_checked(&[3, 2, 6, 3]));
    }

    #[test]
    fn checked_numbers_are_found() {
        whole(Rule::InAadhaar, &["2234 5678 9018", "2234-5678-9018", "3693 4073 0345"]);
        assert_eq!(found(Rule::InAadhaar, "Aadhaar 223456789018"), ["223456789018"]);
        nothing(
            Rule::InAadhaar,
            &[
                "2234 5678 9011",
                "1234 5678 9010",
                "223456789018",
                "2234 5678 9018 1111",
                "account 123456789012",
            ],
        );
    }
}
