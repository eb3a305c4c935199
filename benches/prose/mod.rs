//! Prose for corpora: no two numbers have the same, and each has always the same.

use std::fmt::Write as _;

/// Adds about 1.5 kB of sentences that are drawn of these words by a number.
pub(crate) fn add(text: &mut String, number: usize, words: &[&str]) {
    let mut state = (number as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    for word in 0..220 {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let chosen = words[(state >> 33) as usize % words.len()];
        let end = if word % 12 == 11 { ".\n" } else { "" };
        write!(text, " {chosen}{}{end}", state >> 58).expect("a string takes all");
    }
}
