//! Words of a text, and runs of them.

use std::cell::Cell;
use std::sync::LazyLock;

/// Calls `each` for every word of a text, in its order: maximal runs of word characters (`\w` of
/// [UTS #18](https://unicode.org/reports/tr18/#Compatibility_Properties)).
///
/// Words that are to be compared are those of a text in lower case: [`each_lower_word`] gives them.
pub fn each_word<'a>(text: &'a str, mut each: impl FnMut(&'a str)) {
    scan(text, |rest, length, _| each(&rest[..length]));
}

/// Calls `each` for every word of a text in lower case, in its order: the words of `text.to_lowercase()`, but for capital
/// letters that one of the two tables of Unicode at work here does not know yet.
pub fn each_lower_word(text: &str, mut each: impl FnMut(&str)) {
    each_lower_word_begins(text, |rest, length| each(&rest[..length]));
}

/// Calls `each` for every word that [`each_lower_word`] gives, with what the word begins and its length: for who reads
/// more bytes at a time than a word has.
pub fn each_lower_word_begins(text: &str, mut each: impl FnMut(&str, usize)) {
    // How this letter is written depends on what stands around it, beyond its word, too.
    if !text.is_ascii() && text.contains('Σ') {
        return scan(&text.to_lowercase(), |rest, length, _| each(rest, length));
    }
    let (mut all, mut word) = (LOWER.take(), String::new());
    all.clear();
    all.push_str(text);
    all.make_ascii_lowercase();
    scan(&all, |rest, length, is_ascii| match is_ascii {
        true => each(rest, length),
        false => {
            word.clear();
            rest[..length].chars().for_each(|char| push_lower(&mut word, char));
            each(&word, word.len());
        }
    });
    if all.capacity() <= MOST_ROOM {
        LOWER.set(all);
    }
}

/// Bytes of a text for which room is kept: most are shorter.
const MOST_ROOM: usize = 1 << 20;

thread_local! {
    /// Room for a text in lower case, for as long as the thread lives.
    static LOWER: Cell<String> = const { Cell::new(String::new()) };
}

/// Bytes that are looked at together: as many as a mask has bits.
const BLOCK: usize = u64::BITS as usize;

/// Calls `each` for every word of a text: with what it begins, its length, and whether it is all ASCII.
fn scan<'a>(text: &'a str, mut each: impl FnMut(&'a str, usize, bool)) {
    let all_ascii = text.is_ascii();
    let (blocks, rest) = text.as_bytes().as_chunks::<BLOCK>();
    let mut last = [0; BLOCK];
    last[..rest.len()].copy_from_slice(rest);
    // What follows the text ends its last word.
    let (mut within, mut start) = (0, 0);
    for (number, block) in blocks.iter().chain([&last]).enumerate() {
        let words = word_bytes(block);
        let mut edges = words ^ (words << 1 | within);
        let mut is_end = within == 1;
        within = words >> (BLOCK - 1);
        while edges != 0 {
            let at = number * BLOCK + edges.trailing_zeros() as usize;
            edges &= edges - 1;
            match is_end {
                false => start = at,
                true if all_ascii => each(&text[start..], at - start, true),
                true => each_of_run(&text[start..], at - start, &mut each),
            }
            is_end = !is_end;
        }
    }
}

/// Calls `each` for every word of the run of characters, words' or not ASCII, that a text begins with.
fn each_of_run<'a>(text: &'a str, length: usize, each: &mut impl FnMut(&'a str, usize, bool)) {
    let run = &text[..length];
    if run.is_ascii() {
        return each(text, length, true);
    }
    let words = run.split(|char| !is_word_character(char)).filter(|word| !word.is_empty());
    words.for_each(|word| each(word, word.len(), word.is_ascii()));
}

/// Returns which bytes of a block may be a word's, a bit each: letters, digits, underscores, and all beyond ASCII.
fn word_bytes(block: &[u8; BLOCK]) -> u64 {
    /// Eight times the same byte.
    const fn all(byte: u8) -> u64 {
        u64::from_ne_bytes([byte; 8])
    }
    // The highest bit of each byte says whether the other seven are between the two; for ASCII both sums fit in a byte.
    let between = |eight: u64, first: u8, last: u8| (eight + all(0x80 - first)) & !(eight + all(0x7f - last));
    block.as_chunks::<8>().0.iter().rev().fold(0, |mask, eight| {
        let eight = u64::from_le_bytes(*eight);
        let ascii = eight & all(0x7f);
        let letter = between(ascii | all(b' '), b'a', b'z');
        let other = between(ascii, b'0', b'9') | between(ascii, b'_', b'_');
        let is_word = (letter | other | eight) & all(0x80);
        // The product has the highest bits of all eight bytes side by side in its highest byte.
        mask << 8 | (is_word >> 7).wrapping_mul(0x0102_0408_1020_4080) >> 56
    })
}

/// What is asked of each character of the basic plane, answered with a bit each: tables of ranges are slow to search.
struct Plane {
    is_word: Vec<u64>,
    /// Whether it is written otherwise in lower case.
    has_lower: Vec<u64>,
}

impl Plane {
    fn answer(is: impl Fn(char) -> bool) -> Vec<u64> {
        let bit = |number: u32| char::from_u32(number).is_some_and(&is);
        let bits = |first: u32| (0..64).fold(0, |bits, at| bits | u64::from(bit(first + at)) << at);
        (0..=0xffff).step_by(64).map(bits).collect()
    }
}

static PLANE: LazyLock<Plane> = LazyLock::new(|| Plane {
    is_word: Plane::answer(regex_syntax::is_word_character),
    has_lower: Plane::answer(|char| !char.to_lowercase().eq([char])),
});

/// Returns what a table of the basic plane says of a character; none if that does not lie there.
fn look_up(table: &[u64], char: char) -> Option<bool> {
    let number = char as usize;
    Some(table.get(number / 64)? >> (number % 64) & 1 == 1)
}

fn is_word_character(char: char) -> bool {
    look_up(&PLANE.is_word, char).unwrap_or_else(|| regex_syntax::is_word_character(char))
}

fn push_lower(lower: &mut String, char: char) {
    match look_up(&PLANE.has_lower, char) {
        Some(false) => lower.push(char),
        _ => lower.extend(char.to_lowercase()),
    }
}

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
    fn words_are_the_same_wherever_they_lie() {
        let long = "x9_".repeat(50);
        let texts =
            ["one, two", "a", "größe3हिन्दी! Z", "naïve—“ok”", "_ __ 0-9:;@[`{~\u{7f}", "日本語。x", &long];
        for before in 0..2 * BLOCK {
            for text in texts {
                let text = format!("{:before$}{text}", "");
                let mut found = Vec::new();
                scan(&text, |rest, length, is_ascii| found.push((&rest[..length], is_ascii)));
                let words = text.split(|char| !regex_syntax::is_word_character(char));
                let words = words.filter(|word| !word.is_empty()).map(|word| (word, word.is_ascii()));
                assert_eq!(found, words.collect::<Vec<_>>(), "{text:?}");
            }
        }
    }

    #[test]
    fn any_character_is_as_much_a_word_in_lower_case() {
        for char in ('\0'..=char::MAX).filter(|char| *char != 'Σ') {
            assert_eq!(char.to_lowercase().to_string(), char.to_string().to_lowercase(), "{char:?}");
            let is_word = is_word_character(char);
            assert_eq!(is_word, regex_syntax::is_word_character(char), "{char:?}");
            let mut lower = String::new();
            push_lower(&mut lower, char);
            assert_eq!(lower, char.to_string().to_lowercase(), "{char:?}");
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
