use std::collections::BTreeSet;
use std::ops::Range;

use super::meter;

/// A run of words as a reader sees it, that still knows where it stands in the source.
///
/// Links and emphasis are gone from the text, code keeps its backticks; `marks` tells where they were.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Line {
    /// The words, on one line.
    pub(super) text: String,
    /// What stands out, in order of its end.
    pub(super) marks: Vec<Mark>,
    /// Where code is, in order; no two overlap.
    code: Vec<Range<usize>>,
    /// Pieces of text with their place in the source, in order; together they are all of it.
    pieces: Vec<(Range<usize>, Range<usize>)>,
}

/// Something that stands out of a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Mark {
    /// Where in the line's text; code with its backticks.
    pub(super) range: Range<usize>,
    /// How.
    pub(super) look: Look,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Look {
    Code,
    Strong,
    Emphasis,
    Link,
}

impl Line {
    /// Adds words that stand at `source`; white space becomes one space.
    pub(super) fn push(&mut self, words: &str, source: Range<usize>) {
        let start = self.text.len();
        for c in words.chars() {
            let space = c.is_whitespace();
            if !space {
                self.text.push(c);
            } else if !self.text.is_empty() && !self.text.ends_with(' ') {
                self.text.push(' ');
            }
        }
        if self.text.len() > start {
            self.pieces.push((start..self.text.len(), source));
        }
    }

    /// Adds a code span that stands at `source`.
    pub(super) fn push_code(&mut self, code: &str, source: Range<usize>) {
        let start = self.text.len();
        self.text.push('`');
        self.text.push_str(code);
        self.text.push('`');
        self.pieces.push((start..self.text.len(), source));
        self.code.push(start..self.text.len());
        self.mark(start, Look::Code);
    }

    /// Marks all that was added since the text was `start` long.
    pub(super) fn mark(&mut self, start: usize, look: Look) {
        let range = start..self.text.trim_end().len().max(start);
        if !range.is_empty() {
            self.marks.push(Mark { range, look });
        }
    }

    /// Returns the part of the source that a part of the text was read from.
    pub(super) fn source(&self, part: &Range<usize>) -> Range<usize> {
        let piece = |at: usize| {
            let number = self.pieces.partition_point(|(text, _)| text.end <= at);
            self.pieces.get(number).filter(|(text, _)| text.contains(&at))
        };
        let first = piece(part.start).map_or(0, |(text, source)| {
            let same = text.len() == source.len();
            if same { source.start + (part.start - text.start) } else { source.start }
        });
        let last = piece(part.end.saturating_sub(1)).map_or(first, |(text, source)| {
            let same = text.len() == source.len();
            if same { source.start + (part.end - text.start) } else { source.end }
        });
        first..last.max(first)
    }

    /// Returns the whole of the text.
    pub(super) fn all(&self) -> Range<usize> {
        0..self.text.len()
    }

    /// Returns the sentences: cut after a stop, where the next word is a capital, a figure, code or a quote.
    pub(super) fn sentences(&self) -> Vec<Range<usize>> {
        meter::read(self.text.len());
        let mut sentences = Vec::new();
        let mut start = 0;
        for (at, c) in self.text.char_indices() {
            if !matches!(c, '.' | '!' | '?') || self.in_code(at) {
                continue;
            }
            let rest = &self.text[at + 1..];
            let closing = rest.len() - rest.trim_start_matches([')', '"', '\'', '”', '’']).len();
            let end = at + 1 + closing;
            let after = &self.text[end..];
            let Some(next) = after.strip_prefix(' ').and_then(|rest| rest.chars().next()) else { continue };
            let opens = next.is_uppercase() || next.is_numeric() || matches!(next, '`' | '"' | '“' | '(');
            if opens && !(c == '.' && is_abbreviation(&self.text[start..at])) {
                sentences.push(start..end);
                start = end + 1;
            }
        }
        let end = self.text.trim_end().len();
        if start < end {
            sentences.push(start..end);
        }
        sentences
    }

    /// Returns whether a place of the text is inside code.
    pub(super) fn in_code(&self, at: usize) -> bool {
        let number = self.code.partition_point(|code| code.end <= at);
        self.code.get(number).is_some_and(|code| code.contains(&at))
    }

    /// Returns what stands out within a part, in order of its end.
    pub(super) fn marks_in(&self, part: &Range<usize>) -> impl Iterator<Item = &Mark> {
        let first = self.marks.partition_point(|mark| mark.range.end <= part.start);
        let last = self.marks.partition_point(|mark| mark.range.end <= part.end);
        meter::look_at(last.saturating_sub(first));
        let start = part.start;
        self.marks.get(first..last).unwrap_or_default().iter().filter(move |mark| start <= mark.range.start)
    }

    /// Returns the words of all that stands out, without backticks.
    pub(super) fn marked(&self) -> BTreeSet<&str> {
        self.marks.iter().map(|mark| self.text[mark.range.clone()].trim_matches('`')).collect()
    }
}

fn is_abbreviation(before: &str) -> bool {
    let word = before.rsplit([' ', '(']).next().unwrap_or_default().to_lowercase();
    let known =
        ["e.g", "i.e", "etc", "vs", "cf", "mr", "mrs", "dr", "no", "fig", "st", "approx", "incl", "resp"];
    known.contains(&word.as_str()) || word.len() == 1 && word.chars().all(char::is_alphabetic)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentences_end_where_readers_end_them() {
        let mut line = Line::default();
        line.push("It takes units, e.g. Seconds or ", 0..32);
        line.push_code("a.B. C", 32..40);
        line.push(". See v2.0 of it. (Now.) \"Yes.\" No", 40..74);
        let sentences: Vec<&str> = line.sentences().into_iter().map(|r| &line.text[r]).collect();
        assert_eq!(
            sentences,
            ["It takes units, e.g. Seconds or `a.B. C`.", "See v2.0 of it.", "(Now.)", "\"Yes.\"", "No"]
        );
    }

    #[test]
    fn source_of_a_part() {
        let mut line = Line::default();
        line.push("one ", 10..14);
        line.push_code("two", 14..19);
        line.push(" three", 19..25);
        assert_eq!(line.text, "one `two` three");
        assert_eq!(line.source(&(4..9)), 14..19);
        assert_eq!(line.source(&(10..15)), 20..25);
    }
}
