use crate::text::{Text, is_word};

/// Words shortly before a number, or in its column's name, that say that it is a telephone's.
pub(crate) const PHONE_WORDS: &[&str] = &[
    "cell",
    "cellphone",
    "fax",
    "gsm",
    "handy",
    "mob",
    "mobil",
    "mobile",
    "móvil",
    "phone",
    "phones",
    "rufnummer",
    "sms",
    "tel",
    "telefax",
    "telefon",
    "telefono",
    "telefonnummer",
    "telefoon",
    "telephone",
    "teléfono",
    "tél",
    "téléphone",
    "whatsapp",
];

/// Digits behind the country's code, least and most, where a plan of numbers is stricter than E.164; by code.
const NATIONAL: [(&str, usize, usize); 32] = [
    ("1", 10, 10),
    ("20", 8, 10),
    ("27", 9, 9),
    ("30", 10, 10),
    ("31", 9, 9),
    ("32", 8, 9),
    ("33", 9, 9),
    ("34", 9, 9),
    ("351", 9, 9),
    ("353", 7, 9),
    ("358", 6, 10),
    ("36", 8, 9),
    ("39", 6, 11),
    ("40", 9, 9),
    ("41", 9, 9),
    ("420", 9, 9),
    ("43", 7, 13),
    ("44", 9, 10),
    ("45", 8, 8),
    ("46", 7, 9),
    ("47", 8, 8),
    ("48", 9, 9),
    ("49", 6, 11),
    ("52", 10, 10),
    ("55", 10, 11),
    ("61", 9, 9),
    ("7", 10, 10),
    ("81", 9, 10),
    ("82", 8, 10),
    ("86", 10, 11),
    ("90", 10, 10),
    ("91", 10, 10),
];

/// Digits of any other number, country's code included: ITU-T E.164 ends at 15, and few have less than 8.
const ANY: (usize, usize) = (8, 15);

/// Digits of a number that only the words before it tell, least and most.
const TOLD: (usize, usize) = (7, 15);

/// What may stand between two groups of a number.
const PARTS: [&str; 14] =
    [" ", "-", ".", "/", " (", ") ", ")", "(", ")-", " / ", " - ", "\u{a0}", "\u{202f}", "\u{2011}"];

/// Finds a telephone number, in one of four forms: international, with `+` or `00` (ITU-T E.164, digits as many as the
/// country's plan has); as North America groups it (area and exchange by <https://www.nanpa.com/numbering>); in five pairs,
/// as France does; or any digits with a word for it shortly before, such as `tel`.
///
/// Numbers that are set aside for fiction in North America, 555-0100 to 555-0199, are left.
pub(crate) fn phone(text: &Text<'_>, at: usize) -> Option<usize> {
    let first = text.byte(at)?;
    if !(first.is_ascii_digit() || matches!(first, b'+' | b'(')) {
        return None;
    }
    let forms = [international(text, at), american(text, at), french(text, at), told(text, at)];
    forms.into_iter().flatten().max()
}

/// Digits as they stand, with the ends at which a number could be over.
struct Run {
    digits: String,
    /// After how many digits a group ends, and where.
    ends: Vec<(usize, usize)>,
}

impl Run {
    /// Reads groups of digits from a place on, parted by what parts those of telephones.
    fn read(text: &Text<'_>, at: usize) -> Run {
        let mut run = Run { digits: String::new(), ends: Vec::new() };
        let mut end = at;
        loop {
            let rest = text.from(end);
            let group = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
            if group == 0 {
                return run;
            }
            run.digits.push_str(&rest[..group]);
            end += group;
            run.ends.push((run.digits.len(), end));
            let rest = text.from(end);
            let sign = rest.find(|c: char| c.is_ascii_digit()).unwrap_or(0);
            let parts = PARTS.contains(&&rest[..sign]);
            // `(0)` is dialled within the country only.
            let trunk = ["(0) ", " (0) ", " (0)", "(0)"].into_iter().find(|trunk| rest.starts_with(trunk));
            match (trunk, parts) {
                (Some(trunk), _) => end += trunk.len(),
                (None, true) if run.digits.len() <= ANY.1 => end += sign,
                _ => return run,
            }
        }
    }

    /// Returns the last end behind so many digits, if nothing there goes on.
    fn last(&self, text: &Text<'_>, least: usize, most: usize) -> Option<usize> {
        let within = self.ends.iter().rev().filter(|(digits, _)| (least..=most).contains(digits));
        within.map(|(_, end)| *end).find(|end| ends(text, *end))
    }
}

fn ends(text: &Text<'_>, at: usize) -> bool {
    match text.at(at) {
        Some(c) if is_word(c) => false,
        Some(':') => !text.byte(at + 1).is_some_and(|next| next.is_ascii_digit()),
        _ => true,
    }
}

fn international(text: &Text<'_>, at: usize) -> Option<usize> {
    let rest = text.from(at);
    let (skipped, with_plus) = match rest.as_bytes() {
        [b'+', b'1'..=b'9', ..] => (1, true),
        [b'+', b'(', b'1'..=b'9', ..] => (2, true),
        [b'(', b'+', b'1'..=b'9', ..] if closes(&rest[2..]) => (2, true),
        [b'0', b'0', b'1'..=b'9', ..] => (2, false),
        _ => return None,
    };
    if text.before(at).is_some_and(|before| is_word(before) || matches!(before, '.' | '+' | '-' | ':')) {
        return None;
    }
    let run = Run::read(text, at + skipped);
    let plan = NATIONAL.iter().find(|(code, ..)| run.digits.starts_with(code));
    let (least, most) = match plan {
        Some((code, least, most)) => (code.len() + least, code.len() + most),
        None => ANY,
    };
    // Zeros before a number that is written in one piece are only zeros.
    if !with_plus && (run.ends.len() < 2 || plan.is_none()) {
        return None;
    }
    run.last(text, least, most).filter(|_| !is_fiction(run.digits.strip_prefix('1').unwrap_or_default()))
}

/// Returns whether digits that a bracket opens before are followed by one that closes.
fn closes(text: &str) -> bool {
    text.trim_start_matches(|c: char| c.is_ascii_digit()).starts_with(')')
}

/// Finds `(415) 867-5309`, `415-867-5309`, `415.867.5309`, each with or without a `1` before.
fn american(text: &Text<'_>, at: usize) -> Option<usize> {
    if !text.begins(at) {
        return None;
    }
    let rest = text.from(at);
    let country = ["1-", "1 ", "1."].into_iter().find(|prefix| rest.starts_with(prefix)).map_or(0, str::len);
    let number = &rest.as_bytes()[country..];
    let (area, between, exchange) = match number {
        [b'(', a, b, c, b')', b' ', ..] => ([a, b, c], b'-', 6),
        [b'(', a, b, c, b')', ..] => ([a, b, c], b'-', 5),
        [a, b, c, sign @ (b'-' | b'.'), ..] => ([a, b, c], *sign, 4),
        _ => return None,
    };
    let tail = number.get(exchange..exchange + 8)?;
    let is_digit = |byte: &u8| byte.is_ascii_digit();
    let digits =
        area.into_iter().all(is_digit) && tail[..3].iter().all(is_digit) && tail[4..].iter().all(is_digit);
    let is_code = |code: &[u8]| code[0] >= b'2' && code[1..3] != *b"11";
    let area = area.map(|digit| *digit);
    let end = at + country + exchange + 8;
    let fits = digits && tail[3] == between && is_code(&area) && is_code(&tail[..3]) && ends(text, end);
    let joined =
        matches!(text.at(end), Some('-' | '.')) && text.byte(end + 1).is_some_and(|c| c.is_ascii_digit());
    let plain = format!(
        "{}{}",
        String::from_utf8_lossy(&area),
        String::from_utf8_lossy(tail).replace(['-', '.'], "")
    );
    (fits && !joined && !is_fiction(&plain)).then_some(end)
}

/// Returns whether ten digits of North America are set aside for fiction.
fn is_fiction(digits: &str) -> bool {
    digits.len() == 10 && digits[3..].starts_with("55501")
}

/// Finds `06 12 34 56 78`.
fn french(text: &Text<'_>, at: usize) -> Option<usize> {
    let digits = text.grouped(at, &[2; 5], &[' ', '.', '-', '\u{a0}', '\u{202f}'])?;
    (digits.values[0] == 0 && digits.values[1] != 0).then_some(digits.end)
}

fn told(text: &Text<'_>, at: usize) -> Option<usize> {
    let skipped = usize::from(matches!(text.byte(at), Some(b'(' | b'+')));
    if !text.byte(at + skipped)?.is_ascii_digit() || !text.begins(at) {
        return None;
    }
    if text.byte(at) == Some(b'(') && !closes(text.from(at + 1)) {
        return None;
    }
    let run = Run::read(text, at + skipped);
    let end = run.last(text, TOLD.0, TOLD.1)?;
    text.says(at, PHONE_WORDS).then_some(end)
}

/// Returns a number as it is compared: its digits, with a `+` where it is international.
pub(crate) fn normal_phone(value: &str) -> String {
    let digits = |text: &str| text.chars().filter(char::is_ascii_digit).collect::<String>();
    let value = value.replace("(0)", "");
    let international = value.trim_start_matches('(');
    match international.strip_prefix('+').or_else(|| international.strip_prefix("00")) {
        Some(rest) => format!("+{}", digits(rest)),
        None => digits(&value),
    }
}

#[cfg(test)]
mod tests {
    use super::normal_phone;
    use crate::rule::Rule;
    use crate::rules::tests::{found, nothing, whole};

    #[test]
    fn international_numbers_are_found() {
        whole(
            Rule::Phone,
            &[
                "+49 30 901820",
                "+49 (0)30 90 18 20",
                "+4930901820",
                "+1 (415) 867-5309",
                "+1-415-867-5309",
                "+33 1 42 68 53 00",
                "+44 20 7219 3000",
                "+91 98765 43210",
                "0049 30 901820",
                "+380 44 256 7575",
            ],
        );
        assert_eq!(
            found(Rule::Phone, "(+49 30 901820), (+49) 30 901820"),
            ["+49 30 901820", "(+49) 30 901820"]
        );
        assert_eq!(found(Rule::Phone, "+33 1 42 68 53 00 12 times"), ["+33 1 42 68 53 00"]);
    }

    #[test]
    fn numbers_at_home_are_found_by_their_form_or_by_a_word() {
        whole(
            Rule::Phone,
            &["(415) 867-5309", "415-867-5309", "415.867.5309", "1-415-867-5309", "06 12 34 56 78"],
        );
        assert_eq!(found(Rule::Phone, "Tel.: 030 901820"), ["030 901820"]);
        assert_eq!(found(Rule::Phone, "phone (030) 90 18 20, ask"), ["(030) 90 18 20"]);
        assert_eq!(found(Rule::Phone, "Móvil: 612345678"), ["612345678"]);
    }

    #[test]
    fn other_numbers_are_none() {
        nothing(
            Rule::Phone,
            &[
                "415-555-0123",
                "+1 415 555 0123",
                "2024-01-02",
                "123-456-7890",
                "415-867-53091",
                "9090 9093 9100",
                "030 901820",
                "1,000,000",
                "+1 2 3",
                "UTC+0100",
                "00000123456789",
                "10.0.0.1",
                "2024.01.02.1234",
                "0x0049301234567",
                "415-867-5309-1",
                "1700000000",
                "+12 new lines",
            ],
        );
    }

    #[test]
    fn equal_numbers_have_one_form() {
        for form in ["+49 (0)30 90-18-20", "0049 30 901820", "+4930901820", "(+49) 30 901820"] {
            assert_eq!(normal_phone(form), "+4930901820");
        }
        assert_eq!(normal_phone("(030) 90 18 20"), "030901820");
    }
}
