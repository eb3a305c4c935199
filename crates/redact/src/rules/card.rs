use super::PARTED;
use crate::text::Text;

/// Words in a column's name that say that its numbers are cards'.
pub(crate) const CARD_WORDS: &[&str] = &["card", "cardnumber", "creditcard", "cc", "pan"];

/// The ways in which numbers of cards are written.
const SHAPES: [&[usize]; 9] =
    [&[4, 4, 4, 4, 3], &[4, 4, 4, 4], &[4, 6, 5], &[4, 6, 4], &[19], &[16], &[15], &[14], &[13]];

/// Finds the number of a payment card: in the groups that are printed on it or in one, of a length that its first digits
/// allow, and with the check digit of the Luhn formula (ISO/IEC 7812-1, annex B).
///
/// What networks give out is listed by <https://en.wikipedia.org/wiki/Payment_card_number>. Of any numbers of such length
/// and beginning one in ten passes the check.
pub(crate) fn card(text: &Text<'_>, at: usize) -> Option<usize> {
    if !text.byte(at).is_some_and(|byte| (b'2'..=b'6').contains(&byte)) {
        return None;
    }
    SHAPES.iter().find_map(|shape| {
        let digits = text.grouped(at, shape, PARTED)?;
        (is_issued(&digits.values) && luhn(&digits.values)).then_some(digits.end)
    })
}

/// Returns whether a network gives out numbers of this beginning and length.
fn is_issued(digits: &[u8]) -> bool {
    let head = digits[..4].iter().fold(0u32, |sum, digit| sum * 10 + u32::from(*digit));
    match (head, digits.len()) {
        (4000..=4999, length) => matches!(length, 13 | 16 | 19),
        (2221..=2720 | 5100..=5599, length) => length == 16,
        (3400..=3499 | 3700..=3799, length) => length == 15,
        (3000..=3059 | 3095 | 3600..=3699 | 3800..=3999, length) => length == 14,
        (3528..=3589 | 6011 | 6200..=6299 | 6440..=6599, length) => length >= 16,
        (5000 | 5018 | 5020 | 5038 | 5600..=5899 | 6304 | 6759 | 6761..=6763, length) => length >= 16,
        _ => false,
    }
}

/// Returns whether the check digit is right: every second digit from the right is doubled, and the digits' sum ends in 0.
fn luhn(digits: &[u8]) -> bool {
    let doubled = |digit: u8| if digit > 4 { digit * 2 - 9 } else { digit * 2 };
    let sum = digits.iter().rev().enumerate().fold(0u32, |sum, (index, digit)| {
        sum + u32::from(if index % 2 == 1 { doubled(*digit) } else { *digit })
    });
    sum.is_multiple_of(10)
}

#[cfg(test)]
mod tests {
    use crate::rule::Rule;
    use crate::rules::tests::{found, nothing, whole};

    #[test]
    fn numbers_of_all_networks_are_found() {
        whole(
            Rule::Card,
            &[
                "4111 1111 1111 1111",
                "4111111111111111",
                "5500-0055-5555-5559",
                "2223003122003222",
                "3782 822463 10005",
                "378282246310005",
                "3056 930902 5904",
                "6011111111111117",
                "3566 0020 2036 0505",
                "6200000000000005",
                "4222222222222",
            ],
        );
        assert_eq!(found(Rule::Card, "4111 1111 1111 1111 12/27 123"), ["4111 1111 1111 1111"]);
    }

    #[test]
    fn other_numbers_are_none() {
        nothing(
            Rule::Card,
            &[
                "4111 1111 1111 1112",
                "4111-1111 1111-1111",
                "1111 1111 1111 1117",
                "0.4111111111111111",
                "id-4111111111111111",
                "41111111111111112222",
                "550e8400-e29b-41d4-a716-446655440000",
            ],
        );
    }
}
