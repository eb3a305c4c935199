use std::ops::Range;

use pulldown_cmark::{Event, Parser, Tag};
use serde::{Deserialize, Serialize};

/// Whether words of a certain kind can be part of a copy.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Treatment {
    /// They are words as all others.
    #[default]
    Count,
    /// A copy ends where they begin.
    Skip,
}

/// Returns the ranges of bytes of a text that do not count: blocks of code, fenced or indented, and quotations, in
/// blocks or between quotation marks.
pub(crate) fn asides(text: &str, code: Treatment, quotations: Treatment) -> Vec<Range<usize>> {
    let mut ranges = Vec::new();
    if (code, quotations) == (Treatment::Count, Treatment::Count) {
        return ranges;
    }
    let mut blocks = Vec::new();
    for (event, range) in Parser::new(text).into_offset_iter() {
        match event {
            Event::Start(Tag::CodeBlock(_)) => {
                blocks.push(range.clone());
                if code == Treatment::Skip {
                    ranges.push(range);
                }
            }
            Event::Start(Tag::BlockQuote(_)) if quotations == Treatment::Skip => ranges.push(range),
            _ => {}
        }
    }
    if quotations == Treatment::Skip {
        quoted(text, &blocks, &mut ranges);
    }
    ranges
}

/// Adds what stands between double quotation marks: within one paragraph, and outside of code, where they are strings.
fn quoted(text: &str, blocks: &[Range<usize>], ranges: &mut Vec<Range<usize>>) {
    let mut open: Option<(usize, &[char])> = None;
    let mut line_is_blank = false;
    for (at, mark) in text.char_indices() {
        if blocks.iter().any(|block| block.contains(&at)) {
            open = None;
            continue;
        }
        match open {
            Some((from, closing)) if closing.contains(&mark) => {
                ranges.push(from..at);
                open = None;
            }
            None => open = closing(mark).map(|closing| (at, closing)),
            Some(_) => {}
        }
        match mark {
            '\n' if line_is_blank => open = None,
            '\n' => line_is_blank = true,
            mark => line_is_blank &= mark.is_whitespace(),
        }
    }
}

/// Returns the marks that close a quotation which a mark opens.
fn closing(mark: char) -> Option<&'static [char]> {
    match mark {
        '"' => Some(&['"']),
        '“' => Some(&['”']),
        '„' => Some(&['“', '”']),
        '«' => Some(&['»']),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Writes a text with what does not count as dots.
    fn dotted(text: &str, code: Treatment, quotations: Treatment) -> String {
        let asides = asides(text, code, quotations);
        let dot = |(at, c): (usize, char)| match asides.iter().any(|aside| aside.contains(&at)) {
            true if c.is_alphanumeric() => '.',
            _ => c,
        };
        text.char_indices().map(dot).collect()
    }

    #[test]
    fn code_is_skipped_where_it_is_a_block() {
        let text = "a `b` c\n\n```sh\nls x\n```\n\nd\n\n    e f\n\ng";
        let expected = "a `b` c\n\n```..\n.. .\n```\n\nd\n\n    . .\n\ng";
        assert_eq!(dotted(text, Treatment::Skip, Treatment::Count), expected);
        assert_eq!(dotted(text, Treatment::Count, Treatment::Count), text);
    }

    #[test]
    fn quotations_are_skipped_in_blocks_and_between_marks() {
        let skip = |text| dotted(text, Treatment::Count, Treatment::Skip);
        assert_eq!(skip("a\n\n> b c\n\nd"), "a\n\n> . .\n\nd");
        assert_eq!(
            skip("he said “a b” and \"c d\" and «e» and „f“ g"),
            "he said “. .” and \". .\" and «.» and „.“ g"
        );
        // One that is not closed within its paragraph is none, and a string of a program is no quotation.
        assert_eq!(skip("5\" wide\n\nb \"c\""), "5\" wide\n\nb \".\"");
        assert_eq!(skip("```\nx = \"a\n```\nb\" c"), "```\nx = \"a\n```\nb\" c");
    }
}
