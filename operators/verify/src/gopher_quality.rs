use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::filter::{Filter, Rules};
use crate::judge::{Broken, at_least, at_most, ratio, split_lines};
use crate::unicode::any_letter;
use crate::words::{is_space, is_symbol, split_words};

/// Keeps what reads like prose: enough words of a usual length, few symbols, few bullets, some stop words.
///
/// Source: Rae et al. 2021, "Scaling Language Models: Methods, Analysis & Insights from Training Gopher",
/// arXiv 2112.11446, appendix A.1.1. Rules, order, defaults and word counts are those of datatrove 0.10's
/// `GopherQualityFilter` for English, and so are its decisions.
pub type GopherQuality = Filter<GopherQualitySettings>;

/// Settings of [`GopherQuality`]; 0 switches a rule off.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct GopherQualitySettings {
    /// Fewest words, not counting those of symbols alone.
    pub min_words: u64,
    /// Most words, not counting those of symbols alone.
    pub max_words: u64,
    /// Least mean length of a word, in characters.
    pub min_mean_word_length: f64,
    /// Greatest mean length of a word, in characters.
    pub max_mean_word_length: f64,
    /// Most `#` a word, and most ellipses a word.
    pub max_symbol_ratio: f64,
    /// Greatest share of lines that begin with a bullet.
    pub max_bullet_lines: f64,
    /// Greatest share of lines that end with an ellipsis.
    pub max_ellipsis_lines: f64,
    /// Least share of words with a letter. Marks of punctuation are words, as in datatrove, so the default
    /// drops most technical text: 0.5 suits it better.
    pub min_alphabetic_words: f64,
    /// Fewest different stop words.
    pub min_stop_words: u64,
    /// The stop words.
    pub stop_words: BTreeSet<String>,
}

impl Default for GopherQualitySettings {
    fn default() -> Self {
        GopherQualitySettings {
            min_words: 50,
            max_words: 100_000,
            min_mean_word_length: 3.0,
            max_mean_word_length: 10.0,
            max_symbol_ratio: 0.1,
            max_bullet_lines: 0.9,
            max_ellipsis_lines: 0.3,
            min_alphabetic_words: 0.8,
            min_stop_words: 2,
            stop_words: ["the", "be", "to", "of", "and", "that", "have", "with"].map(str::to_owned).into(),
        }
    }
}

impl GopherQuality {
    /// Makes the filter.
    pub fn new(settings: GopherQualitySettings) -> Self {
        Filter::of(settings)
    }
}

impl Rules for GopherQualitySettings {
    const NAME: &'static str = "gopher-quality";

    fn judge(&self, text: &str) -> Result<(), Broken> {
        let words = split_words(text);
        self.judge_words(&words)?;
        self.judge_symbols(text, words.len())?;
        self.judge_lines(text)?;
        self.judge_meaning(&words)
    }
}

impl GopherQualitySettings {
    fn judge_words(&self, words: &[&str]) -> Result<(), Broken> {
        let counted = words.iter().filter(|word| !word.chars().all(is_symbol));
        let lengths = counted.map(|word| word.chars().count());
        let (count, total) = lengths.fold((0, 0), |(count, total), length| (count + 1, total + length));
        at_least("min_words", "words", count as f64, self.min_words as f64)?;
        if self.max_words > 0 {
            at_most("max_words", "words", count as f64, self.max_words as f64)?;
        }
        if count == 0 {
            return match words.is_empty() {
                true => Err("no words".to_owned()),
                false => Ok(()),
            };
        }
        let mean = ratio(total, count);
        at_least("min_mean_word_length", "mean word length", mean, self.min_mean_word_length)?;
        match self.max_mean_word_length {
            0.0 => Ok(()),
            most => at_most("max_mean_word_length", "mean word length", mean, most),
        }
    }

    fn judge_symbols(&self, text: &str, words: usize) -> Result<(), Broken> {
        let most = self.max_symbol_ratio;
        if most == 0.0 {
            return Ok(());
        }
        let hashes = text.bytes().filter(|&b| b == b'#').count();
        at_most("max_symbol_ratio", "hashes per word", ratio(hashes, words), most)?;
        let ellipses = text.matches("...").count() + text.matches('…').count();
        at_most("max_symbol_ratio", "ellipses per word", ratio(ellipses, words), most)
    }

    fn judge_lines(&self, text: &str) -> Result<(), Broken> {
        let lines = split_lines(text);
        let share =
            |holds: fn(&str) -> bool| ratio(lines.iter().filter(|line| holds(line)).count(), lines.len());
        if self.max_bullet_lines > 0.0 {
            let bullets = share(|line| line.trim_start_matches(is_space).starts_with(['•', '-']));
            at_most("max_bullet_lines", "share of lines", bullets, self.max_bullet_lines)?;
        }
        if self.max_ellipsis_lines > 0.0 {
            let ellipses = share(|line| {
                let line = line.trim_end_matches(is_space);
                line.ends_with("...") || line.ends_with('…')
            });
            at_most("max_ellipsis_lines", "share of lines", ellipses, self.max_ellipsis_lines)?;
        }
        Ok(())
    }

    fn judge_meaning(&self, words: &[&str]) -> Result<(), Broken> {
        let letters = words.iter().filter(|word| any_letter(word)).count();
        let share = ratio(letters, words.len());
        at_least("min_alphabetic_words", "share of words", share, self.min_alphabetic_words)?;
        let stop_words: BTreeSet<&str> =
            words.iter().copied().filter(|&word| self.stop_words.contains(word)).collect();
        at_least("min_stop_words", "stop words", stop_words.len() as f64, self.min_stop_words as f64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(settings: GopherQualitySettings, text: &str, expected: Result<(), &str>) {
        assert_eq!(GopherQuality::new(settings).judge(text), expected.map_err(str::to_owned), "{text:?}");
    }

    fn brief() -> GopherQualitySettings {
        GopherQualitySettings { min_words: 4, ..Default::default() }
    }

    #[test]
    fn each_rule_speaks() {
        let plain = "the cat that sat with us";
        check(Default::default(), plain, Err("min_words: words 6 < 50"));
        check(brief(), plain, Ok(()));
        check(GopherQualitySettings { max_words: 5, ..brief() }, plain, Err("max_words: words 6 > 5"));
        check(brief(), "a b c the", Err("min_mean_word_length: mean word length 1.5 < 3"));
        let long = "extraordinarily incomprehensible misunderstandings everywhere";
        check(brief(), long, Err("max_mean_word_length: mean word length 14.5 > 10"));
        check(brief(), "the cats that # sat", Err("max_symbol_ratio: hashes per word 0.2 > 0.1"));
        check(brief(), "the cats that … sat", Err("max_symbol_ratio: ellipses per word 0.2 > 0.1"));
        check(brief(), "- the cats\n  • that sat", Err("max_bullet_lines: share of lines 1 > 0.9"));
        let loose = GopherQualitySettings { max_symbol_ratio: 0.0, ..brief() };
        check(loose, "the cats... \nthat sat", Err("max_ellipsis_lines: share of lines 0.5 > 0.3"));
        check(brief(), "the cats that 100 200", Err("min_alphabetic_words: share of words 0.6 < 0.8"));
        check(brief(), "cats sleep the whole day", Err("min_stop_words: stop words 1 < 2"));
    }

    #[test]
    fn words_of_symbols_count_for_the_shares_alone() {
        check(brief(), "the cats that , sat ,", Err("min_alphabetic_words: share of words 0.6667 < 0.8"));
        check(brief(), "the , , , cats that", Err("min_words: words 3 < 4"));
    }

    #[test]
    fn no_words_are_no_division_by_nothing() {
        let off = GopherQualitySettings { min_words: 0, ..Default::default() };
        check(off.clone(), " \n", Err("no words"));
        check(off, "...", Err("max_symbol_ratio: ellipses per word 1 > 0.1"));
    }
}
