use crate::text::Text;

/// The letter of each number modulo 23.
const LETTERS: &[u8; 23] = b"TRWAGMYFPDXBNJZSQVHLCKE";

/// Finds a Spanish identity number: eight digits and a letter (DNI), or X, Y or Z, seven digits and a letter (NIE); a
/// hyphen may stand before each letter.
///
/// The letter follows from the number modulo 23; X, Y and Z count as 0, 1 and 2 (Ministerio del Interior, "Cálculo del
/// dígito de control del NIF/NIE", Real Decreto 1553/2005).
pub(crate) fn es_dni(text: &Text<'_>, at: usize) -> Option<usize> {
    if !text.begins(at) {
        return None;
    }
    let (head, mut end) = match text.byte(at)? {
        letter @ b'X'..=b'Z' => (Some(u32::from(letter - b'X')), at + 1),
        b'0'..=b'9' => (None, at),
        _ => return None,
    };
    if head.is_some() && text.byte(end) == Some(b'-') {
        end += 1;
    }
    let mut number = head.unwrap_or(0);
    for _ in 0..8 - u32::from(head.is_some()) {
        number = number * 10 + u32::from(text.byte(end).filter(u8::is_ascii_digit)? - b'0');
        end += 1;
    }
    if text.byte(end) == Some(b'-') {
        end += 1;
    }
    let right = text.byte(end)? == LETTERS[(number % 23) as usize];
    (right && text.ends(end + 1)).then_some(end + 1)
}

#[cfg(test)]
mod tests {
    use crate::rule::Rule;
    use crate::rules::tests::{nothing, whole};

    #[test]
    fn numbers_with_their_letter_are_found() {
        whole(Rule::EsDni, &["12345678Z", "12345678-Z", "X1234567L", "X-1234567-L", "Y0338805Y"]);
        nothing(
            Rule::EsDni,
            &["12345678A", "12345678z", "1234567Z", "W1234567L", "12345678ZZ", "012345678Z"],
        );
    }
}
