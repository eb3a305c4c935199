//! Words of a text, and runs of them.

/// Calls `each` for every word of a text, in its order: maximal runs of word characters (`\w` of
/// [UTS #18](https://unicode.org/reports/tr18/#Compatibility_Properties)).
///
/// Words that are to be compared are those of a text in lower case.
pub fn each_word<'a>(text: &'a str, mut each: impl FnMut(&'a str)) {
    let bytes = text.as_bytes();
    let mut start = None;
    let mut at = 0;
    while at < bytes.len() {
        let (is_word, len) = match bytes[at] {
            byte if byte.is_ascii() => (ASCII_WORD[usize::from(byte)], 1),
            _ => {
                let char = text[at..].chars().next().expect("not at the end");
                (regex_syntax::is_word_character(char), char.len_utf8())
            }
        };
        match (is_word, start) {
            (true, None) => start = Some(at),
            (false, Some(from)) => {
                each(&text[from..at]);
                start = None;
            }
            _ => {}
        }
        at += len;
    }
    if let Some(from) = start {
        each(&text[from..]);
    }
}

const ASCII_WORD: [bool; 128] = {
    let mut table = [false; 128];
    let mut byte = 0;
    while byte < 128 {
        table[byte] = (byte as u8).is_ascii_alphanumeric() || byte as u8 == b'_';
        byte += 1;
    }
    table
};

/// An odd number without structure: the golden ratio's, as Fibonacci hashing takes it.
const BASE: u64 = 0x9e37_79b9_7f4a_7c15;

/// Hashes each run of `n` units, in their order, by a polynomial that rolls: longer runs cost no more.
///
/// Fewer units than `n` are one run of all of them; none have none.
pub fn grams(units: &[u64], n: usize) -> Vec<u64> {
    let polynomial =
        |run: &[u64]| run.iter().fold(0u64, |sum, unit| sum.wrapping_mul(BASE).wrapping_add(*unit));
    if units.len() <= n {
        // Its length tells a short run from one of a longer text.
        return if units.is_empty() { Vec::new() } else { vec![mix(polynomial(units) ^ units.len() as u64)] };
    }
    let highest = (1..n).fold(1u64, |power, _| power.wrapping_mul(BASE));
    let mut sum = polynomial(&units[..n]);
    let mut all = Vec::with_capacity(units.len() + 1 - n);
    all.push(mix(sum ^ n as u64));
    for (old, new) in units.iter().zip(&units[n..]) {
        sum = sum.wrapping_sub(old.wrapping_mul(highest)).wrapping_mul(BASE).wrapping_add(*new);
        all.push(mix(sum ^ n as u64));
    }
    all
}

/// Mixes 64 bits: the finaliser of SplitMix64 (Steele, Lea, Flood: Fast Splittable Pseudorandom Number Generators).
#[inline]
pub fn mix(x: u64) -> u64 {
    let x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}
