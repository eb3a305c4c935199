use std::collections::BTreeMap;

use rifflebox_core::Result;
use serde::{Deserialize, Serialize};

use crate::filter::{Filter, Rules};
use crate::judge::{Broken, at_most, count_chars, ratio};
use crate::repeats::{Repeats, Runs, repeats};
use crate::settings::refused;
use crate::words::{split_words, strip};

/// Keeps what does not repeat itself: lines, paragraphs, and runs of words.
///
/// Source: Rae et al. 2021, "Scaling Language Models: Methods, Analysis & Insights from Training Gopher",
/// arXiv 2112.11446, appendix A.1.1 and table A1. Rules, order, defaults and word counts are those of
/// datatrove 0.10's `GopherRepetitionFilter` for English, and so are its decisions.
pub type GopherRepetition = Filter<GopherRepetitionSettings>;

/// Settings of [`GopherRepetition`]: greatest shares. 0 switches a rule of lines or paragraphs off, and a
/// length that is left out of a table is not looked at.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct GopherRepetitionSettings {
    /// Repeated lines, of all lines.
    pub max_repeated_lines: f64,
    /// Repeated paragraphs, of all paragraphs.
    pub max_repeated_paragraphs: f64,
    /// Characters in repeated lines, of all characters.
    pub max_repeated_line_chars: f64,
    /// Characters in repeated paragraphs, of all characters.
    pub max_repeated_paragraph_chars: f64,
    /// By length in words: characters in the commonest run of so many words, of all characters.
    pub max_commonest_run_chars: BTreeMap<u32, f64>,
    /// By length in words: characters in runs of so many words that repeat an earlier one, of all characters.
    pub max_repeated_run_chars: BTreeMap<u32, f64>,
}

impl Default for GopherRepetitionSettings {
    fn default() -> Self {
        GopherRepetitionSettings {
            max_repeated_lines: 0.3,
            max_repeated_paragraphs: 0.3,
            max_repeated_line_chars: 0.2,
            max_repeated_paragraph_chars: 0.2,
            max_commonest_run_chars: [(2, 0.2), (3, 0.18), (4, 0.16)].into(),
            max_repeated_run_chars: [(5, 0.15), (6, 0.14), (7, 0.13), (8, 0.12), (9, 0.11), (10, 0.1)].into(),
        }
    }
}

impl GopherRepetition {
    /// Makes the filter.
    ///
    /// # Errors
    /// Of kind [`rifflebox_core::ErrorKind::Usage`], when a run of no words is to be counted.
    pub fn new(settings: GopherRepetitionSettings) -> Result<Self> {
        let tables = [
            ("max_commonest_run_chars", &settings.max_commonest_run_chars),
            ("max_repeated_run_chars", &settings.max_repeated_run_chars),
        ];
        match tables.iter().find(|(_, table)| table.contains_key(&0)) {
            Some((key, _)) => Err(refused(Self::NAME, key, "a run has at least 1 word, not 0")),
            None => Ok(Filter::of(settings)),
        }
    }
}

impl Rules for GopherRepetitionSettings {
    const NAME: &'static str = "gopher-repetition";

    fn judge(&self, text: &str) -> Result<(), Broken> {
        if text.is_empty() {
            return Err("no text".to_owned());
        }
        let chars = count_chars(text);
        let paragraphs = repeats(paragraphs(strip(text)));
        self.judge_parts(
            "paragraph",
            &paragraphs,
            chars,
            [
                ("max_repeated_paragraphs", self.max_repeated_paragraphs),
                ("max_repeated_paragraph_chars", self.max_repeated_paragraph_chars),
            ],
        )?;
        let lines = repeats(lines(text));
        self.judge_parts(
            "line",
            &lines,
            chars,
            [
                ("max_repeated_lines", self.max_repeated_lines),
                ("max_repeated_line_chars", self.max_repeated_line_chars),
            ],
        )?;
        self.judge_runs(&split_words(text), chars)
    }
}

impl GopherRepetitionSettings {
    fn judge_parts(
        &self,
        part: &str,
        repeats: &Repeats,
        chars: usize,
        [(parts_rule, most_parts), (chars_rule, most_chars)]: [(&str, f64); 2],
    ) -> Result<(), Broken> {
        if most_parts > 0.0 {
            let share = ratio(repeats.parts, repeats.total);
            at_most(parts_rule, &format!("share of {part}s"), share, most_parts)?;
        }
        if most_chars > 0.0 {
            at_most(chars_rule, "share of characters", ratio(repeats.chars, chars), most_chars)?;
        }
        Ok(())
    }

    fn judge_runs(&self, words: &[&str], chars: usize) -> Result<(), Broken> {
        let what = |length| format!("runs of {length} words, share of characters");
        let mut spaced = Runs::new(words, " ");
        for (&length, &most) in &self.max_commonest_run_chars {
            let Some(commonest) = spaced.commonest_chars(length as usize) else { continue };
            at_most("max_commonest_run_chars", &what(length), ratio(commonest, chars), most)?;
        }
        let mut joined = Runs::new(words, "");
        for (&length, &most) in &self.max_repeated_run_chars {
            let repeated = joined.repeated_chars(length as usize);
            at_most("max_repeated_run_chars", &what(length), ratio(repeated, chars), most)?;
        }
        Ok(())
    }
}

/// Splits at each row of line breaks that leaves a blank line.
fn paragraphs(text: &str) -> impl Iterator<Item = &str> {
    split_at_breaks(text, 2)
}

/// Splits at each row of line breaks; there is an empty line before the first of them and after the last.
fn lines(text: &str) -> impl Iterator<Item = &str> {
    split_at_breaks(text, 1)
}

fn split_at_breaks(text: &str, fewest: usize) -> impl Iterator<Item = &str> {
    let mut rest = Some(text);
    std::iter::from_fn(move || {
        let part = rest?;
        let mut from = 0;
        while let Some(found) = part[from..].find('\n') {
            let at = from + found;
            let breaks = part[at..].bytes().take_while(|&b| b == b'\n').count();
            if breaks >= fewest {
                rest = Some(&part[at + breaks..]);
                return Some(&part[..at]);
            }
            from = at + breaks;
        }
        rest = None;
        Some(part)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_those_of_a_split_by_pattern() {
        assert_eq!(lines("\na\n\nb\n").collect::<Vec<_>>(), ["", "a", "b", ""]);
        assert_eq!(paragraphs("a\nb\n\n\nc").collect::<Vec<_>>(), ["a\nb", "c"]);
        assert_eq!(paragraphs("").collect::<Vec<_>>(), [""]);
    }

    #[test]
    fn a_run_of_no_words_is_refused() {
        let settings =
            GopherRepetitionSettings { max_repeated_run_chars: [(0, 0.1)].into(), ..Default::default() };
        let error = GopherRepetition::new(settings).err().map(|error| error.to_string());
        let expected =
            "setting `max_repeated_run_chars` of `gopher-repetition`: a run has at least 1 word, not 0";
        assert_eq!(error.as_deref(), Some(expected));
    }

    #[test]
    fn reasons_say_which_rule_and_by_how_much() {
        let filter = GopherRepetition::default();
        assert_eq!(filter.judge(""), Err("no text".into()));
        let twice = "one two three\n".repeat(4);
        assert_eq!(filter.judge(&twice), Err("max_repeated_lines: share of lines 0.6 > 0.3".into()));
        let again = "one two three four five six seven eight nine ten ".repeat(3);
        let reason = filter.judge(&again).unwrap_err();
        assert!(reason.starts_with("max_commonest_run_chars: runs of 3 words, share of"), "{reason}");
    }
}
