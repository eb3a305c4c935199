use crate::rules::PARTED;
use crate::text::Text;

/// Words that say that a column holds such numbers.
pub(crate) const STEUER_ID_WORDS: &[&str] = &["idnr", "identifikationsnummer", "steuer", "steuerid", "tin"];

/// Finds a German tax identification number: eleven digits, in one piece or as `12 345 678 901`.
///
/// The first is no 0; of the first ten, one digit occurs two or three times and all others at most once; the last is a
/// check digit by ISO/IEC 7064, MOD 11,10 (Bundeszentralamt für Steuern, "Aufbau der Identifikationsnummer", § 139b AO;
/// OECD, "Germany: information on tax identification numbers").
pub(crate) fn de_steuer_id(text: &Text<'_>, at: usize) -> Option<usize> {
    let digits = text.grouped(at, &[11], PARTED).or_else(|| text.grouped(at, &[2, 3, 3, 3], PARTED))?;
    let values = digits.values.as_slice();
    let mut counts = [0u8; 10];
    values[..10].iter().for_each(|digit| counts[usize::from(*digit)] += 1);
    let repeated: Vec<u8> = counts.into_iter().filter(|count| *count > 1).collect();
    let sound = values[0] != 0 && matches!(repeated.as_slice(), [2 | 3]);
    (sound && check_digit(&values[..10]) == values[10]).then_some(digits.end)
}

fn check_digit(digits: &[u8]) -> u8 {
    let product = digits.iter().fold(10u32, |product, digit| {
        let sum = match (u32::from(*digit) + product) % 10 {
            0 => 10,
            sum => sum,
        };
        sum * 2 % 11
    });
    ((11 - product) % 10) as u8
}

#[cfg(test)]
mod tests {
    use crate::rule::Rule;
    use crate::rules::tests::{nothing, whole};

    #[test]
    fn checked_numbers_are_found() {
        whole(Rule::DeSteuerId, &["86095742719", "47036892816", "65 929 970 489", "57549285017"]);
        nothing(
            Rule::DeSteuerId,
            &["86095742718", "06095742719", "12345678901", "86 0957 42719", "860957427190"],
        );
    }
}
