use serde::{Deserialize, Serialize};

use crate::filter::{Filter, Rules};
use crate::judge::{Broken, at_least, at_most, count_chars, ratio};
use crate::repeats::repeats;
use crate::words::{ends_line, split_words, strip};

/// Keeps what is written in sentences: lines that end in a stop, few short lines, few repeated, few breaks.
///
/// Source: Penedo et al. 2024, "The FineWeb Datasets: Decanting the Web for the Finest Text Data at Scale",
/// arXiv 2406.17557, section 3.6. Rules, order, defaults and word counts are those of datatrove 0.10's
/// `FineWebQualityFilter` for English, and so are its decisions.
pub type FinewebQuality = Filter<FinewebQualitySettings>;

/// Settings of [`FinewebQuality`]; blank lines count nowhere.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct FinewebQualitySettings {
    /// Least share of lines that end with a stop, a question mark or the like.
    pub min_ended_lines: f64,
    /// Whether a text passes the rule above where no line at all ends so.
    pub allow_no_ended_line: bool,
    /// Greatest share of short lines.
    pub max_short_lines: f64,
    /// Most characters of a short line.
    pub short_line_chars: u64,
    /// Greatest share of characters that stand in repeated lines.
    pub max_repeated_chars: f64,
    /// Most line breaks a word.
    pub max_breaks_per_word: f64,
}

impl Default for FinewebQualitySettings {
    fn default() -> Self {
        FinewebQualitySettings {
            min_ended_lines: 0.12,
            allow_no_ended_line: false,
            max_short_lines: 0.67,
            short_line_chars: 30,
            max_repeated_chars: 0.01,
            max_breaks_per_word: 0.3,
        }
    }
}

impl FinewebQuality {
    /// Makes the filter.
    pub fn new(settings: FinewebQualitySettings) -> Self {
        Filter::of(settings)
    }
}

impl Rules for FinewebQualitySettings {
    const NAME: &'static str = "fineweb-quality";

    fn judge(&self, text: &str) -> Result<(), Broken> {
        let lines: Vec<&str> = text.split('\n').filter(|line| !strip(line).is_empty()).collect();
        if lines.is_empty() {
            return Err("no lines".to_owned());
        }
        let ended = lines.iter().filter(|line| line.ends_with(ends_line)).count();
        if ended > 0 || !self.allow_no_ended_line {
            let share = ratio(ended, lines.len());
            at_least("min_ended_lines", "share of lines", share, self.min_ended_lines)?;
        }
        let is_short = |line: &&&str| count_chars(line) as u64 <= self.short_line_chars;
        let short = ratio(lines.iter().filter(is_short).count(), lines.len());
        at_most("max_short_lines", "share of lines", short, self.max_short_lines)?;
        let breaks = text.bytes().filter(|&b| b == b'\n').count();
        let repeated = ratio(repeats(lines.iter().copied()).chars, count_chars(text) - breaks);
        at_most("max_repeated_chars", "share of characters", repeated, self.max_repeated_chars)?;
        let per_word = ratio(breaks, split_words(text).len());
        at_most("max_breaks_per_word", "line breaks per word", per_word, self.max_breaks_per_word)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: Result<(), &str>) {
        assert_eq!(FinewebQuality::default().judge(text), expected.map_err(str::to_owned), "{text:?}");
    }

    #[test]
    fn each_rule_speaks() {
        let prose = "A line of prose that is long enough to be one.";
        check(&format!("{prose}\n\n  \n"), Ok(()));
        check(" \n\t\n", Err("no lines"));
        check(
            "A line of prose that does not end as one does",
            Err("min_ended_lines: share of lines 0 < 0.12"),
        );
        // White space behind a stop is no end of prose.
        check(&format!("{prose} "), Err("min_ended_lines: share of lines 0 < 0.12"));
        check("Short.\nVery short.\nShorter.", Err("max_short_lines: share of lines 1 > 0.67"));
        check(&format!("{prose}\n{prose}"), Err("max_repeated_chars: share of characters 0.5 > 0.01"));
        check(&format!("{prose}\n\n\n\n\n\n"), Err("max_breaks_per_word: line breaks per word 0.5 > 0.3"));
    }

    #[test]
    fn a_text_of_headings_passes_where_it_is_allowed() {
        let settings = FinewebQualitySettings { allow_no_ended_line: true, ..Default::default() };
        assert_eq!(
            FinewebQuality::new(settings).judge("A heading that goes on for more than a line"),
            Ok(())
        );
    }
}
