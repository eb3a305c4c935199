//! `text -> [blocks]`: where the parts of a document lie. No words are changed or read into.

use std::ops::Range;

use pulldown_cmark::{Event, Options, Parser, Tag};

/// A part of a document that stands on its own, from its first byte to the first of the next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Block {
    /// Where it lies.
    pub(crate) range: Range<usize>,
    /// What it is.
    pub(crate) shape: Shape,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    /// A heading, with its level from 1.
    Heading(usize),
    /// A fence, a table, or one item of a list: better not cut.
    Solid,
    /// Anything else: a paragraph, a quote, raw HTML.
    Prose,
}

/// Returns the options under which all of rifflebox reads Markdown.
pub(crate) fn options() -> Options {
    Options::ENABLE_TABLES
        | Options::ENABLE_STRIKETHROUGH
        | Options::ENABLE_TASKLISTS
        | Options::ENABLE_HEADING_ATTRIBUTES
        | Options::ENABLE_DEFINITION_LIST
}

/// Returns whether a document of this id is Markdown.
pub(crate) fn is_markdown(id: &str) -> bool {
    let name = id.strip_suffix(".gz").or(id.strip_suffix(".zst")).unwrap_or(id).to_ascii_lowercase();
    [".md", ".markdown", ".mdx", ".mkd"].iter().any(|end| name.ends_with(end))
}

/// Returns where the text proper begins: after YAML (`---`) or TOML (`+++`) front matter, if there is some.
pub(crate) fn body_start(text: &str) -> usize {
    let start = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
    let mut lines = text[start..].split_inclusive('\n');
    let Some(first) = lines.next() else { return start };
    let fence = first.trim_end();
    if fence != "---" && fence != "+++" {
        return start;
    }
    let mut at = start + first.len();
    for (number, line) in lines.enumerate() {
        at += line.len();
        if line.trim_end() == fence {
            return at;
        }
        // A rule at the top of a page is no front matter: that begins with a key or a comment.
        let key = line.contains(':') || line.contains('=') || line.starts_with('#') || line.starts_with('[');
        if number == 0 && !key {
            return start;
        }
    }
    start
}

/// Returns the blocks of a Markdown text from `start` on, in order; together they are all of it.
pub(crate) fn markdown_blocks(text: &str, start: usize) -> Vec<Block> {
    let mut blocks: Vec<Block> = Vec::new();
    let (mut depth, mut list_depth) = (0_usize, None);
    for (event, range) in Parser::new_ext(&text[start..], options()).into_offset_iter() {
        let at = start + range.start;
        match event {
            Event::Start(tag) => {
                // Each item of an outermost list is a block; the list itself is none.
                if depth == 0 && matches!(tag, Tag::List(_)) {
                    list_depth = Some(1);
                } else if depth == 0 || list_depth == Some(depth) {
                    push(&mut blocks, at, shape_of(&tag));
                }
                depth += 1;
            }
            Event::End(_) => {
                depth -= 1;
                if depth == 0 {
                    list_depth = None;
                }
            }
            _ if depth == 0 => push(&mut blocks, at, Shape::Prose),
            _ => {}
        }
    }
    close(blocks, text, start)
}

/// Returns the paragraphs of a plain text from `start` on: what blank lines part; together they are all of it.
pub(crate) fn plain_blocks(text: &str, start: usize) -> Vec<Block> {
    let mut blocks = Vec::new();
    let (mut at, mut after_blank) = (start, true);
    for line in text[start..].split_inclusive('\n') {
        let blank = line.trim().is_empty();
        if after_blank && !blank {
            push(&mut blocks, at, Shape::Prose);
        }
        after_blank = blank;
        at += line.len();
    }
    close(blocks, text, start)
}

fn shape_of(tag: &Tag<'_>) -> Shape {
    match tag {
        Tag::Heading { level, .. } => Shape::Heading(*level as usize),
        Tag::CodeBlock(_) | Tag::Table(_) | Tag::Item => Shape::Solid,
        _ => Shape::Prose,
    }
}

fn push(blocks: &mut Vec<Block>, at: usize, shape: Shape) {
    // Two blocks never begin at one place: the outer one has been said first.
    if blocks.last().is_none_or(|last| last.range.start < at) {
        blocks.push(Block { range: at..at, shape });
    }
}

/// Lets each block reach to the next; what stands before the first belongs to it, so that nothing is lost.
fn close(mut blocks: Vec<Block>, text: &str, start: usize) -> Vec<Block> {
    if blocks.is_empty() && !text[start..].trim().is_empty() {
        blocks.push(Block { range: start..start, shape: Shape::Prose });
    }
    let mut end = text.len();
    for block in blocks.iter_mut().rev() {
        block.range.end = end;
        end = block.range.start;
    }
    if let Some(first) = blocks.first_mut() {
        first.range.start = start;
    }
    blocks
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shapes(text: &str) -> Vec<(&str, Shape)> {
        let start = body_start(text);
        markdown_blocks(text, start).into_iter().map(|b| (text[b.range].trim(), b.shape)).collect()
    }

    #[test]
    fn blocks_of_a_page() {
        let text = "---\ntitle: x\n---\n# A\n\nOne.\n\n- a\n- b\n  - c\n\n```sh\n# no heading\n```\n\n| h |\n|---|\n| c |\n";
        assert_eq!(
            shapes(text),
            [
                ("# A", Shape::Heading(1)),
                ("One.", Shape::Prose),
                ("- a", Shape::Solid),
                ("- b\n  - c", Shape::Solid),
                ("```sh\n# no heading\n```", Shape::Solid),
                ("| h |\n|---|\n| c |", Shape::Solid),
            ]
        );
    }

    #[test]
    fn front_matter() {
        assert_eq!(&"---\na: b\n---\nx"[body_start("---\na: b\n---\nx")..], "x");
        assert_eq!(&"+++\na = 1\n+++\nx"[body_start("+++\na = 1\n+++\nx")..], "x");
        assert_eq!(body_start("---\n\nA rule, then text: more.\n---\n"), 0);
        assert_eq!(body_start("---\na: never closed\n"), 0);
        assert_eq!(body_start(""), 0);
    }

    #[test]
    fn paragraphs_of_plain_text() {
        let blocks = plain_blocks("\none\ntwo\n\n\nthree", 0);
        assert_eq!(blocks.iter().map(|b| b.range.clone()).collect::<Vec<_>>(), [0..11, 11..16]);
        assert!(plain_blocks(" \n\n", 0).is_empty());
        assert_eq!(markdown_blocks("[a]: http://b\n", 0).len(), 1, "a lone reference is kept");
    }

    #[test]
    fn names_of_markdown() {
        assert!(
            is_markdown("a/b.md") && is_markdown("A.MD.gz") && !is_markdown("a.rs") && !is_markdown("md")
        );
    }
}
