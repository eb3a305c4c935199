use crate::text::Text;

/// Words that say that a column holds such numbers.
pub(crate) const NIR_WORDS: &[&str] = &["insee", "nir", "secu", "securite", "sécurité", "vitale"];

/// The lengths of its groups as it is printed: sex, year, month, department, municipality, order, key.
const GROUPS: [usize; 7] = [1, 2, 2, 2, 3, 3, 2];

/// Finds a French social security number: thirteen signs and a key of two, in one piece or in its groups.
///
/// The key is 97 less the number modulo 97; of Corsica's departments, 2A counts as 19 and 2B as 18 (INSEE, Code officiel
/// géographique and décret n° 82-103; <https://www.insee.fr/fr/metadonnees/definition/c1409>).
pub(crate) fn fr_nir(text: &Text<'_>, at: usize) -> Option<usize> {
    if !matches!(text.byte(at)?, b'1'..=b'4' | b'7' | b'8') || !text.begins(at) {
        return None;
    }
    let (mut signs, mut end, mut sign) = (Vec::with_capacity(15), at, None);
    for (index, length) in GROUPS.iter().enumerate() {
        if index > 0 {
            let next = text.at(end).filter(|next| super::super::PARTED.contains(next));
            if *sign.get_or_insert(next) != next {
                return None;
            }
            end += next.map_or(0, char::len_utf8);
        }
        for _ in 0..*length {
            signs.push(text.byte(end)?);
            end += 1;
        }
    }
    (is_checked(&signs) && text.ends(end)).then_some(end)
}

fn is_checked(signs: &[u8]) -> bool {
    let department: [u8; 2] = match &signs[5..7] {
        b"2A" | b"2a" => *b"19",
        b"2B" | b"2b" => *b"18",
        other => [other[0], other[1]],
    };
    let digits: Vec<u8> = [&signs[..5], &department, &signs[7..]].concat();
    if !digits.iter().all(u8::is_ascii_digit) {
        return false;
    }
    let number = |digits: &[u8]| digits.iter().fold(0u64, |sum, digit| sum * 10 + u64::from(digit - b'0'));
    let month = number(&digits[3..5]);
    // Months beyond twelve stand for those that are not known.
    let has_month = matches!(month, 1..=12 | 20..=42 | 50..=99);
    has_month && number(&digits[5..7]) > 0 && 97 - number(&digits[..13]) % 97 == number(&digits[13..])
}

#[cfg(test)]
mod tests {
    use crate::rule::Rule;
    use crate::rules::tests::{nothing, whole};

    #[test]
    fn numbers_with_their_key_are_found() {
        whole(Rule::FrNir, &["185057800608491", "1 85 05 78 006 084 91", "2 55 08 14 168 025 38"]);
        nothing(
            Rule::FrNir,
            &[
                "185057800608436",
                "585057800608491",
                "1 85 05 78 006 084",
                "185-05 78 006 084 91",
                "1850578006084911",
            ],
        );
    }

    #[test]
    fn corsica_counts_as_before() {
        whole(Rule::FrNir, &["185052A00608435", "185052B00608462"]);
    }
}
