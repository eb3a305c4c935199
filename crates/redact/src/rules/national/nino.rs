use crate::text::Text;

/// Prefixes that are not given out: HM Revenue and Customs, National Insurance Manual, NIM39110.
const NOT_GIVEN_OUT: [&[u8; 2]; 7] = [b"BG", b"GB", b"KN", b"NK", b"NT", b"TN", b"ZZ"];

/// Finds a British national insurance number: two letters, six digits, and a letter from A to D, in one piece or in pairs.
///
/// Neither letter is D, F, I, Q, U or V, the second no O either (HM Revenue and Customs, NIM39110,
/// <https://www.gov.uk/hmrc-internal-manuals/national-insurance-manual/nim39110>). There is no check character.
pub(crate) fn uk_nino(text: &Text<'_>, at: usize) -> Option<usize> {
    if !text.byte(at)?.is_ascii_uppercase() || !text.begins(at) {
        return None;
    }
    let mut signs = [0u8; 9];
    let (mut end, mut sign) = (at, None);
    for (index, place) in signs.iter_mut().enumerate() {
        if index > 0 && index % 2 == 0 {
            let next = text.byte(end).filter(|byte| matches!(byte, b' ' | b'-'));
            if *sign.get_or_insert(next) != next {
                return None;
            }
            end += usize::from(next.is_some());
        }
        *place = text.byte(end)?;
        end += 1;
    }
    let letter = |byte: u8| byte.is_ascii_uppercase() && !b"DFIQUV".contains(&byte);
    let sound = letter(signs[0])
        && letter(signs[1])
        && signs[1] != b'O'
        && !NOT_GIVEN_OUT.iter().any(|prefix| signs.starts_with(*prefix))
        && signs[2..8].iter().all(u8::is_ascii_digit)
        && (b'A'..=b'D').contains(&signs[8]);
    (sound && text.ends(end)).then_some(end)
}

#[cfg(test)]
mod tests {
    use crate::rule::Rule;
    use crate::rules::tests::{nothing, whole};

    #[test]
    fn numbers_that_can_be_given_out_are_found() {
        whole(Rule::UkNino, &["AB123456C", "AB 12 34 56 C", "JG-10-37-59-A"]);
        nothing(
            Rule::UkNino,
            &[
                "QQ123456C",
                "BG123456C",
                "AO123456C",
                "AB123456E",
                "AB12345C",
                "AB 123456C",
                "XAB123456C",
                "ab123456c",
            ],
        );
    }
}
