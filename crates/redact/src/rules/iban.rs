use crate::text::Text;

/// Lengths of IBANs by country: SWIFT, IBAN Registry, release 99 (<https://www.swift.com/standards/data-standards/iban>).
const LENGTHS: [(&str, usize); 89] = [
    ("AD", 24),
    ("AE", 23),
    ("AL", 28),
    ("AT", 20),
    ("AZ", 28),
    ("BA", 20),
    ("BE", 16),
    ("BG", 22),
    ("BH", 22),
    ("BI", 27),
    ("BR", 29),
    ("BY", 28),
    ("CH", 21),
    ("CR", 22),
    ("CY", 28),
    ("CZ", 24),
    ("DE", 22),
    ("DJ", 27),
    ("DK", 18),
    ("DO", 28),
    ("EE", 20),
    ("EG", 29),
    ("ES", 24),
    ("FI", 18),
    ("FK", 18),
    ("FO", 18),
    ("FR", 27),
    ("GB", 22),
    ("GE", 22),
    ("GI", 23),
    ("GL", 18),
    ("GR", 27),
    ("GT", 28),
    ("HN", 28),
    ("HR", 21),
    ("HU", 28),
    ("IE", 22),
    ("IL", 23),
    ("IQ", 23),
    ("IS", 26),
    ("IT", 27),
    ("JO", 30),
    ("KW", 30),
    ("KZ", 20),
    ("LB", 28),
    ("LC", 32),
    ("LI", 21),
    ("LT", 20),
    ("LU", 20),
    ("LV", 21),
    ("LY", 25),
    ("MC", 27),
    ("MD", 24),
    ("ME", 22),
    ("MK", 19),
    ("MN", 20),
    ("MR", 27),
    ("MT", 31),
    ("MU", 30),
    ("NI", 28),
    ("NL", 18),
    ("NO", 15),
    ("OM", 23),
    ("PK", 24),
    ("PL", 28),
    ("PS", 29),
    ("PT", 25),
    ("QA", 29),
    ("RO", 24),
    ("RS", 22),
    ("RU", 33),
    ("SA", 24),
    ("SC", 31),
    ("SD", 18),
    ("SE", 24),
    ("SI", 19),
    ("SK", 24),
    ("SM", 27),
    ("SO", 23),
    ("ST", 25),
    ("SV", 28),
    ("TL", 23),
    ("TN", 24),
    ("TR", 26),
    ("UA", 29),
    ("VA", 22),
    ("VG", 24),
    ("XK", 20),
    ("YE", 30),
];

/// Finds an international bank account number: of its country's length, in one piece or parted by single spaces or
/// hyphens, with the check digits of ISO 7064 MOD 97-10 (ISO 13616-1, section 6).
pub(crate) fn iban(text: &Text<'_>, at: usize) -> Option<usize> {
    let head = text.text.as_bytes().get(at..at + 4)?;
    let starts = head[..2].iter().all(u8::is_ascii_uppercase) && head[2..].iter().all(u8::is_ascii_digit);
    if !starts || !text.begins(at) {
        return None;
    }
    let country = std::str::from_utf8(&head[..2]).ok()?;
    let length = LENGTHS[LENGTHS.binary_search_by_key(&country, |(country, _)| country).ok()?].1;
    let (mut signs, mut end) = (Vec::with_capacity(length), at);
    while signs.len() < length {
        match text.byte(end)? {
            byte @ (b'0'..=b'9' | b'A'..=b'Z') => signs.push(byte),
            b' ' | b'-' if text.byte(end + 1).is_some_and(|next| next.is_ascii_alphanumeric()) => {}
            _ => return None,
        }
        end += 1;
    }
    (text.ends(end) && is_checked(&signs)).then_some(end)
}

/// Returns whether the number is 1 modulo 97, the first four signs put last and letters read as 10 to 35.
fn is_checked(signs: &[u8]) -> bool {
    let turned = signs[4..].iter().chain(&signs[..4]);
    let rest = turned.fold(0u32, |rest, sign| match sign {
        b'0'..=b'9' => (rest * 10 + u32::from(sign - b'0')) % 97,
        _ => (rest * 100 + u32::from(sign - b'A') + 10) % 97,
    });
    rest == 1
}

#[cfg(test)]
mod tests {
    use super::LENGTHS;
    use crate::rule::Rule;
    use crate::rules::tests::{nothing, whole};

    #[test]
    fn numbers_of_several_countries_are_found() {
        assert!(LENGTHS.is_sorted());
        whole(
            Rule::Iban,
            &[
                "DE89 3704 0044 0532 0130 00",
                "DE89370400440532013000",
                "GB82 WEST 1234 5698 7654 32",
                "FR14 2004 1010 0505 0001 3M02 606",
                "NL91-ABNA-0417-1643-00",
                "NO93 8601 1117 947",
                "MT84 MALT 0110 0001 2345 MTLC AST0 01S",
            ],
        );
    }

    #[test]
    fn others_are_none() {
        nothing(
            Rule::Iban,
            &[
                "DE89 3704 0044 0532 0130 01",
                "DE89 3704 0044 0532 0130 0",
                "ZZ89 3704 0044 0532 0130 00",
                "XDE89370400440532013000",
                "DE893704004405320130001",
            ],
        );
    }
}
