//! `bytes -> tokens` by byte-pair encoding, over a vocabulary that is part of the program.
//!
//! A vocabulary of 200,000 tokens takes 150 ms to put into a map, longer than a small build. Here the build
//! script has laid it out as an open hash table: nothing is loaded, and only what is looked up is touched.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::LazyLock;

use regex::Regex;

include!("layout.rs");

static SLOT_TABLE: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/o200k.slots"));
static ENDS: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/o200k.ends"));
static BYTES: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/o200k.bytes"));

/// The vocabulary's own pattern of words, without its last look ahead: [`words`] makes up for it.
static WORD: LazyLock<Regex> = LazyLock::new(|| {
    let upper = r"[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]";
    let lower = r"[\p{Ll}\p{Lm}\p{Lo}\p{M}]";
    let clitic = "(?i:'s|'t|'re|'ve|'m|'ll|'d)?";
    let before = r"[^\r\n\p{L}\p{N}]?";
    let pattern = format!(
        r"{before}{upper}*{lower}+{clitic}|{before}{upper}+{lower}*{clitic}|\p{{N}}{{1,3}}| ?[^\s\p{{L}}\p{{N}}]+[\r\n/]*|\s*[\r\n]+|\s+"
    );
    Regex::new(&pattern).expect("the pattern is fixed")
});

/// Returns the number of tokens of a text.
pub(super) fn count(text: &str) -> u64 {
    words(text).map(|word| count_word(word.as_bytes())).sum()
}

/// Parts a text into the words that are encoded one by one; together they are the text.
fn words(text: &str) -> impl Iterator<Item = &str> {
    let mut at = 0;
    std::iter::from_fn(move || {
        let found = WORD.find_at(text, at)?;
        let mut end = found.end();
        // The last of several spaces belongs to the word behind them.
        let last = found.as_str().chars().next_back()?;
        let blank = found.as_str().trim().is_empty() && !matches!(last, '\r' | '\n');
        if blank && end < text.len() && found.len() > last.len_utf8() {
            end -= last.len_utf8();
        }
        at = end;
        Some(&text[found.start()..end])
    })
}

fn count_word(word: &[u8]) -> u64 {
    match rank(word) {
        Some(_) => 1,
        None => merged(word),
    }
}

/// Joins neighbours, those of least rank first and the leftmost of equals, until none can be joined; returns
/// how many parts are left. A heap of candidates makes it O(n log n), whatever the text.
fn merged(word: &[u8]) -> u64 {
    let end = word.len();
    // Part i begins at byte i and ends where the next begins; a part that was joined has no end.
    let mut next: Vec<usize> = (1..=end).collect();
    let mut before: Vec<usize> = (0..end).map(|at| at.wrapping_sub(1)).collect();
    let mut alive = vec![true; end];
    let mut heap = BinaryHeap::new();
    let mut left = end as u64;
    let candidate = |start: usize, next: &[usize]| {
        let middle = next[start];
        if middle >= end {
            return None;
        }
        let stop = next[middle];
        rank(&word[start..stop]).map(|rank| Reverse((rank, start, middle, stop)))
    };
    heap.extend((0..end).filter_map(|start| candidate(start, &next)));
    while let Some(Reverse((_, start, middle, stop))) = heap.pop() {
        let stands = alive[start] && next[start] == middle && middle < end && next[middle] == stop;
        if !stands {
            continue;
        }
        alive[middle] = false;
        next[start] = stop;
        if stop < end {
            before[stop] = start;
        }
        left -= 1;
        heap.extend(candidate(start, &next));
        if before[start] < end {
            heap.extend(candidate(before[start], &next));
        }
    }
    left
}

/// Returns a token's rank, by which it is merged.
fn rank(token: &[u8]) -> Option<u32> {
    let mut slot = slot_of(token);
    loop {
        let rank = word_at(SLOT_TABLE, slot).checked_sub(1)?;
        let index = rank as usize;
        let start = if index == 0 { 0 } else { word_at(ENDS, index - 1) as usize };
        if &BYTES[start..word_at(ENDS, index) as usize] == token {
            return Some(rank);
        }
        slot = (slot + 1) % SLOTS;
    }
}

fn word_at(table: &[u8], index: usize) -> u32 {
    let bytes = table[index * 4..index * 4 + 4].try_into().expect("four bytes are four bytes");
    u32::from_le_bytes(bytes)
}
