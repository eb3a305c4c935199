use std::ops::Range;

use rifflebox_core::{Content, Document, Draft, Generator, Identity, Key, Span};
use serde::{Deserialize, Serialize};
use unicode_segmentation::UnicodeSegmentation;

use crate::markdown::{Block, Shape, body_start, is_markdown, markdown_blocks, plain_blocks};

/// A fence, table or list item may outgrow the limit this many times before it is cut between lines.
const SOLID_FACTOR: usize = 4;

/// Cuts a document's own words into passages, or takes the document whole.
///
/// A heading with all that belongs to it is one passage if it fits; else it is cut at its subheadings, and
/// what has none between its blocks. Neighbours that are small go together. Each cut depends on what
/// stands near it, never on a count from the top of the document: an edit moves few passages. Text is
/// never changed, and nothing but blank lines and front matter lies between passages.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Passages {
    /// Makes each document one sample, its text unchanged, front matter included.
    pub whole: bool,
    /// The most characters of a passage; what should not be cut (a code block, a table, a list item) may
    /// have four times as many.
    pub max_chars: usize,
}

impl Default for Passages {
    fn default() -> Self {
        Passages { whole: false, max_chars: 2_000 }
    }
}

impl Passages {
    /// Takes each document whole.
    pub fn whole() -> Self {
        Passages { whole: true, ..Passages::default() }
    }

    fn cut(&self, document: &Document) -> Vec<Range<usize>> {
        let text = document.text.as_str();
        let start = body_start(text);
        let blocks = match is_markdown(&document.id) {
            true => markdown_blocks(text, start),
            false => plain_blocks(text, 0),
        };
        let cutter = Cutter { text, max: self.max_chars.max(1) };
        cutter.section(&blocks).into_iter().map(|range| trim(text, range)).filter(|r| !r.is_empty()).collect()
    }
}

impl Generator for Passages {
    fn identity(&self) -> Identity {
        Identity::new("passages", "1").with_settings(self)
    }

    fn synthetic(&self) -> bool {
        false
    }

    fn generate(&self, document: &Document, say: &mut dyn FnMut(Draft)) -> Result<(), String> {
        if self.whole {
            if !document.text.trim().is_empty() {
                say(Draft::new(Content::Text { text: document.text.clone() }));
            }
            return Ok(());
        }
        for range in self.cut(document) {
            let text = document.text[range.clone()].to_owned();
            // A lone rule, comment mark or bracket is no passage.
            if text.chars().any(char::is_alphanumeric) {
                let mut draft = Draft::new(Content::Text { text });
                draft.span = Some(Span { start: range.start as u64, end: range.end as u64 });
                say(draft);
            }
        }
        Ok(())
    }
}

struct Cutter<'a> {
    text: &'a str,
    max: usize,
}

impl Cutter<'_> {
    /// Cuts blocks that belong together: whole if they fit, else at the highest headings among them.
    fn section(&self, blocks: &[Block]) -> Vec<Range<usize>> {
        let Some((first, last)) = blocks.first().zip(blocks.last()) else { return Vec::new() };
        let all = first.range.start..last.range.end;
        if self.fits(&all) {
            return vec![all];
        }
        // The section's own heading, and one that directly follows it, stay with what comes after.
        let own = blocks.iter().take_while(|b| matches!(b.shape, Shape::Heading(_))).count();
        let level = blocks[own..].iter().filter_map(level_of).min();
        let Some(level) = level else { return self.leaf(blocks) };
        let starts = |i: &usize| *i >= own && level_of(&blocks[*i]) == Some(level);
        let mut cuts: Vec<usize> = (0..blocks.len()).filter(starts).collect();
        if cuts.first() != Some(&0) {
            cuts.insert(0, 0);
        }
        cuts.push(blocks.len());
        let mut passages = Vec::new();
        let mut small = Vec::new();
        for part in cuts.windows(2).map(|cut| &blocks[cut[0]..cut[1]]) {
            let range = part[0].range.start..part[part.len() - 1].range.end;
            if self.fits(&range) {
                small.push(range);
            } else {
                passages.extend(self.merge(&small));
                small.clear();
                passages.extend(self.section(part));
            }
        }
        passages.extend(self.merge(&small));
        passages
    }

    /// Cuts a section without subheadings between its blocks, and blocks that are too long inside.
    fn leaf(&self, blocks: &[Block]) -> Vec<Range<usize>> {
        let mut parts: Vec<Range<usize>> = Vec::new();
        let mut heading: Option<usize> = None;
        for block in blocks {
            let start = heading.take().unwrap_or(block.range.start);
            match block.shape {
                // What is longer than a passage is underlined, and no heading.
                Shape::Heading(_) if self.fits(&block.range) => heading = Some(start),
                Shape::Solid if self.chars(&block.range) <= self.max * SOLID_FACTOR => {
                    parts.push(start..block.range.end);
                }
                shape if !self.fits(&block.range) => {
                    let inner = match shape {
                        Shape::Solid => self.lines(block.range.clone()),
                        _ => self.sentences(block.range.clone()),
                    };
                    let at = parts.len();
                    parts.extend(inner);
                    parts[at].start = start;
                }
                _ => parts.push(start..block.range.end),
            }
        }
        if let Some(start) = heading {
            parts.push(start..blocks[blocks.len() - 1].range.end);
        }
        self.merge(&parts)
    }

    /// Joins neighbours up to the limit. Of the places between half and all of it, the one whose next part
    /// has the least digest is cut, so that after an edit the cuts soon fall where they fell before.
    fn merge(&self, parts: &[Range<usize>]) -> Vec<Range<usize>> {
        let mut passages = Vec::new();
        let mut at = 0;
        while at < parts.len() {
            let mut held = self.chars(&parts[at]);
            let (mut next, mut best) = (at + 1, None);
            while next < parts.len() {
                if held * 2 >= self.max {
                    let digest = Key::of(self.text[parts[next].clone()].trim().as_bytes());
                    best = best.min(Some((digest, next))).or(Some((digest, next)));
                }
                held += self.chars(&parts[next]);
                if held > self.max {
                    next = best.map_or(next, |(_, cut)| cut);
                    break;
                }
                next += 1;
            }
            passages.push(parts[at].start..parts[next - 1].end);
            at = next;
        }
        passages
    }

    fn lines(&self, range: Range<usize>) -> Vec<Range<usize>> {
        let lines = self.text[range.clone()].split_inclusive('\n');
        let parts = lines.flat_map(|line| self.words(self.at(line)));
        self.merge(&parts.collect::<Vec<_>>())
    }

    fn sentences(&self, range: Range<usize>) -> Vec<Range<usize>> {
        let sentences = self.text[range.clone()].split_sentence_bounds();
        let parts = sentences.flat_map(|sentence| self.words(self.at(sentence)));
        self.merge(&parts.collect::<Vec<_>>())
    }

    /// Cuts what has no better place at spaces, and what has no space anywhere.
    fn words(&self, range: Range<usize>) -> Vec<Range<usize>> {
        if self.fits(&range) {
            return vec![range];
        }
        let mut parts: Vec<Range<usize>> = Vec::new();
        let mut held = 0;
        for word in self.text[range].split_inclusive(' ') {
            let word = self.at(word);
            let chars = self.chars(&word);
            match parts.last_mut() {
                Some(part) if held + chars <= self.max => {
                    part.end = word.end;
                    held += chars;
                }
                _ if chars <= self.max => {
                    parts.push(word);
                    held = chars;
                }
                _ => {
                    parts.extend(self.letters(word));
                    held = self.max;
                }
            }
        }
        parts
    }

    fn letters(&self, range: Range<usize>) -> Vec<Range<usize>> {
        let text = &self.text[range.clone()];
        let mut cuts: Vec<usize> =
            text.char_indices().map(|(at, _)| range.start + at).step_by(self.max).collect();
        cuts.push(range.end);
        cuts.windows(2).map(|cut| cut[0]..cut[1]).collect()
    }

    fn at(&self, part: &str) -> Range<usize> {
        let start = part.as_ptr() as usize - self.text.as_ptr() as usize;
        start..start + part.len()
    }

    fn fits(&self, range: &Range<usize>) -> bool {
        range.len() <= self.max || self.chars(range) <= self.max
    }

    fn chars(&self, range: &Range<usize>) -> usize {
        self.text[range.clone()].chars().count()
    }
}

fn level_of(block: &Block) -> Option<usize> {
    match block.shape {
        Shape::Heading(level) => Some(level),
        _ => None,
    }
}

/// Leaves blank lines off both ends, and keeps the first line's indentation: it can be code.
fn trim(text: &str, range: Range<usize>) -> Range<usize> {
    let part = &text[range.clone()];
    let first = part.len() - part.trim_start().len();
    let start = part[..first].rfind('\n').map_or(0, |at| at + 1);
    let end = part.trim_end().len();
    range.start + start.min(end)..range.start + end
}

#[cfg(test)]
mod tests;
