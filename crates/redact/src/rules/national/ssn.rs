use crate::rules::PARTED;
use crate::text::Text;

/// Words that say that nine digits in one piece are such a number.
pub(crate) const SSN_WORDS: &[&str] = &["ssn", "ssns", "social"];

/// Numbers that were printed in advertisements, and are nobody's (Social Security Administration, "Meaning of the Social
/// Security Number").
const ADVERTISED: [[u8; 9]; 2] = [[0, 7, 8, 0, 5, 1, 1, 2, 0], [2, 1, 9, 0, 9, 9, 9, 9, 9]];

/// Finds a social security number of the United States: three, two and four digits; in one piece only where a word says so.
///
/// There is no check digit. Never given out are areas 000, 666 and 900 to 999, group 00 and serial 0000 (Social Security
/// Administration, <https://www.ssa.gov/employer/randomization.html>).
pub(crate) fn us_ssn(text: &Text<'_>, at: usize) -> Option<usize> {
    let parted = || text.grouped(at, &[3, 2, 4], PARTED);
    let told = || text.grouped(at, &[9], PARTED).filter(|_| text.says(at, SSN_WORDS));
    let digits = parted().or_else(told)?;
    let values = digits.values.as_slice();
    let given_out =
        !matches!(values, [0, 0, 0, ..] | [6, 6, 6, ..] | [9, ..] | [_, _, _, 0, 0, ..] | [.., 0, 0, 0, 0]);
    (given_out && !ADVERTISED.iter().any(|advertised| advertised == values)).then_some(digits.end)
}

#[cfg(test)]
mod tests {
    use crate::rule::Rule;
    use crate::rules::tests::{found, nothing, whole};

    #[test]
    fn numbers_that_can_be_given_out_are_found() {
        whole(Rule::UsSsn, &["536-90-4399", "536 90 4399", "001-01-0001"]);
        assert_eq!(found(Rule::UsSsn, "SSN: 536904399"), ["536904399"]);
        nothing(
            Rule::UsSsn,
            &[
                "000-12-3456",
                "666-12-3456",
                "900-12-3456",
                "123-00-4567",
                "123-45-0000",
                "078-05-1120",
                "536904399",
                "1536-90-4399",
                "536-90-43991",
                "536-90 4399",
                "2024-01-02",
            ],
        );
    }
}
