use crate::text::Text;

/// The signs of a code by place: `A` a letter, `9` a digit or the letter that stands for one, `M` a month's letter.
const SHAPE: &[u8; 16] = b"AAAAAA99M99A999A";
/// The months' letters, from January on.
const MONTHS: &[u8; 12] = b"ABCDEHLMPRST";
/// The letters that stand for digits, from 0 on, where two people would have one code (omocodia).
const DIGITS: &[u8; 10] = b"LMNPQRSTUV";
/// What letters at odd places count, from A on; digits count as the first ten letters.
const ODD: [u32; 26] =
    [1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23];

/// Finds an Italian tax code: sixteen signs, of which the last checks the others.
///
/// Signs at odd places count by a table, those at even places by their order; the sum modulo 26 is the last letter (Decreto
/// del Ministero delle Finanze, 23 dicembre 1976, n. 13813).
pub(crate) fn it_codice_fiscale(text: &Text<'_>, at: usize) -> Option<usize> {
    if !text.byte(at)?.is_ascii_alphabetic() || !text.begins(at) {
        return None;
    }
    let signs = text.text.as_bytes().get(at..at + SHAPE.len())?;
    let upper = signs.iter().map(u8::to_ascii_uppercase);
    let fits = upper.clone().zip(SHAPE).all(|(sign, shape)| match shape {
        b'A' => sign.is_ascii_uppercase(),
        b'M' => MONTHS.contains(&sign),
        _ => sign.is_ascii_digit() || DIGITS.contains(&sign),
    });
    if !fits {
        return None;
    }
    let sum: u32 = upper.take(15).enumerate().map(|(index, sign)| value(sign, index % 2 == 0)).sum();
    let end = at + SHAPE.len();
    ((sum % 26) as u8 + b'A' == signs[15].to_ascii_uppercase() && text.ends(end)).then_some(end)
}

/// Returns what a sign counts; places count from 1, so that the first is odd.
fn value(sign: u8, odd: bool) -> u32 {
    let order = match sign {
        b'0'..=b'9' => sign - b'0',
        _ => sign.wrapping_sub(b'A') % 26,
    };
    if odd { ODD[usize::from(order)] } else { u32::from(order) }
}

#[cfg(test)]
mod tests {
    use crate::rule::Rule;
    use crate::rules::tests::{nothing, whole};

    #[test]
    fn codes_with_their_check_character_are_found() {
        whole(Rule::ItCodiceFiscale, &["RSSMRA85T10A562S", "rssmra85t10a562s", "MRTMTT25D09F205Z"]);
        nothing(
            Rule::ItCodiceFiscale,
            &[
                "RSSMRA85T10A562T",
                "RSSMRA85F10A562S",
                "RSSMRA85T10A562",
                "RSSMRA85T10A562SX",
                "1SSMRA85T10A562S",
            ],
        );
    }
}
