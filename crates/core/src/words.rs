//! Words of a text, and runs of them.

/// Calls `each` for every word of a text, in its order: maximal runs of word characters (`\w` of
/// [UTS #18](https://unicode.org/reports/tr18/#Compatibility_Properties)).
///
/// Words that are to be compared are those of a text in lower case: [`each_lower_word`] gives them.
pub fn each_word<'a>(text: &'a str, mut each: impl FnMut(&'a str)) {
    scan(text, |word, _| each(word));
}

/// Calls `each` for every word of a text in lower case, in its order: the words of `text.to_lowercase()`, but for capital
/// letters that one of the two tables of Unicode at work here does not know yet.
pub fn each_lower_word(text: &str, mut each: impl FnMut(&str)) {
    // How this letter is written depends on what stands around it, beyond its word, too.
    if text.contains('Σ') {
        return each_word(&text.to_lowercase(), each);
    }
    scan(&text.to_ascii_lowercase(), |word, is_ascii| match is_ascii {
        true => each(word),
        false => each(&word.to_lowercase()),
    });
}

/// Calls `each` for every word of a text, and says whether the word is all ASCII.
fn scan<'a>(text: &'a str, mut each: impl FnMut(&'a str, bool)) {
    let bytes = text.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        let start = at;
        while at < bytes.len() && KINDS[usize::from(bytes[at])] == Kind::Word {
            at += 1;
        }
        let ascii = at;
        if bytes.get(at).is_some_and(|byte| !byte.is_ascii()) {
            at = word_end(text, at);
        }
        match start < at {
            true => each(&text[start..at], ascii == at),
            false if bytes[at].is_ascii() => at += 1,
            false => at += text[at..].chars().next().map_or(1, char::len_utf8),
        }
    }
}

/// Returns where the word ends that goes on at a position.
fn word_end(text: &str, at: usize) -> usize {
    let is_other = |char: char| !regex_syntax::is_word_character(char);
    text[at..].find(is_other).map_or(text.len(), |length| at + length)
}

/// What a byte is the beginning of.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Word,
    Other,
    /// A character that is not ASCII, whatever it is.
    Beyond,
}

const KINDS: [Kind; 256] = {
    let mut kinds = [Kind::Beyond; 256];
    let mut byte = 0;
    while byte < 128 {
        let is_word = (byte as u8).is_ascii_alphanumeric() || byte as u8 == b'_';
        kinds[byte] = if is_word { Kind::Word } else { Kind::Other };
        byte += 1;
    }
    kinds
};

/// An odd number without structure: the golden ratio's, as Fibonacci hashing takes it.
const BASE: u64 = 0x9e37_79b9_7f4a_7c15;

/// Hashes each run of `n` units, in their order, by a polynomial that rolls: longer runs cost no more.
///
/// Fewer units than `n` are one run of all of them; none have none.
pub fn grams(units: &[u64], n: usize) -> Vec<u64> {
    let mut all = units.to_vec();
    grams_in_place(&mut all, n);
    all
}

/// Puts the hashes of their runs in the place of units, as [`grams`] returns them.
pub fn grams_in_place(units: &mut Vec<u64>, n: usize) {
    let polynomial =
        |run: &[u64]| run.iter().fold(0u64, |sum, unit| sum.wrapping_mul(BASE).wrapping_add(*unit));
    if units.len() <= n {
        // Its length tells a short run from one of a longer text.
        let whole = mix(polynomial(units) ^ units.len() as u64);
        units.truncate(1);
        return units.fill(whole);
    }
    let highest = (1..n).fold(1u64, |power, _| power.wrapping_mul(BASE));
    let mut sum = polynomial(&units[..n]);
    for first in 0..units.len() - n {
        let old = std::mem::replace(&mut units[first], mix(sum ^ n as u64));
        sum = sum.wrapping_sub(old.wrapping_mul(highest)).wrapping_mul(BASE).wrapping_add(units[first + n]);
    }
    units.truncate(units.len() + 1 - n);
    *units.last_mut().expect("there are more units than a run has") = mix(sum ^ n as u64);
}

/// Mixes 64 bits: the finaliser of SplitMix64 (Steele, Lea, Flood: Fast Splittable Pseudorandom Number Generators).
#[inline]
pub fn mix(x: u64) -> u64 {
    let x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lower_words(text: &str) -> (Vec<String>, Vec<String>) {
        let (mut found, mut expected) = (Vec::new(), Vec::new());
        each_lower_word(text, |word| found.push(word.to_owned()));
        each_word(&text.to_lowercase(), |word| expected.push(word.to_owned()));
        (found, expected)
    }

    #[test]
    fn words_are_runs_of_word_characters() {
        let words = |text| {
            let mut all = Vec::new();
            each_word(text, |word| all.push(word));
            all
        };
        assert_eq!(words(""), Vec::<&str>::new());
        assert_eq!(words("— … !"), Vec::<&str>::new());
        assert_eq!(words("a"), ["a"]);
        assert_eq!(words("one, two_2 — größe3हिन्दी!"), ["one", "two_2", "größe3हिन्दी"]);
    }

    #[test]
    fn any_character_is_as_much_a_word_in_lower_case() {
        for char in ('\0'..=char::MAX).filter(|char| *char != 'Σ') {
            assert_eq!(char.to_lowercase().to_string(), char.to_string().to_lowercase(), "{char:?}");
            let is_word = regex_syntax::is_word_character(char);
            if char.to_lowercase().any(|lower| regex_syntax::is_word_character(lower) != is_word) {
                assert!(
                    !is_word && char.is_alphabetic(),
                    "{char:?} is a letter since Unicode 17, or should be none"
                );
            }
        }
    }

    #[test]
    fn lower_words_are_those_of_the_text_in_lower_case() {
        for text in ["", "ÄÖ Über X_1\u{130}I", "ΣΊΣΥΦΟΣ, ΑΣ'Β ΑΣ", "Ⓐⓑ Kelvin Å ǅ-Ǆ", "İSTANBUL Straße ẞ"]
        {
            let (found, expected) = lower_words(text);
            assert_eq!(found, expected, "{text}");
        }
    }

    #[test]
    fn runs_are_hashed_as_if_each_were_alone() {
        let units: Vec<u64> = (0..40).map(|number| mix(number % 7)).collect();
        for n in 1..=41 {
            let rolled = grams(&units, n);
            let alone: Vec<u64> = units.windows(n.min(40)).flat_map(|run| grams(run, n)).collect();
            assert_eq!(rolled, alone, "{n}");
        }
        assert!(grams(&[], 3).is_empty());
    }
}
