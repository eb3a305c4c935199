//! Markdown, or plain text, as blocks.

use std::ops::Range;
use std::rc::Rc;

use pulldown_cmark::{Event, Parser, Tag, TagEnd};

use super::{Block, Kind};
use crate::cloze::line::{Line, Look};
use crate::markdown::options;

/// So many bytes of a heading are read: no question can name a longer one.
const LONGEST_HEADING: usize = 1000;

/// Reads a plain text: its paragraphs, without headings or marks.
pub(super) fn paragraphs(text: &str) -> Vec<Block> {
    let blocks = crate::markdown::plain_blocks(text, 0);
    let block = |range: Range<usize>| {
        let mut line = Line::default();
        line.push(text[range.clone()].trim(), range.clone());
        Block { path: Rc::default(), kind: Kind::Paragraph(line), span: range }
    };
    blocks.into_iter().map(|b| block(b.range)).collect()
}

struct OpenItem {
    list: usize,
    start: usize,
    line: Option<Line>,
    alone: bool,
}

/// Collects blocks from Markdown's events.
#[derive(Default)]
pub(super) struct Reader {
    start: usize,
    blocks: Vec<Block>,
    path: Vec<(usize, String)>,
    /// The headings of the path, shared by the blocks under them.
    headings: Rc<[String]>,
    line: Option<(Line, usize)>,
    marks: Vec<usize>,
    lists: Vec<usize>,
    items: Vec<OpenItem>,
    next_list: usize,
    table: Option<(Vec<Line>, Vec<Vec<Line>>, usize)>,
    code: Option<(String, String, usize)>,
    term: Option<Line>,
    quotes: usize,
    images: usize,
    broken: bool,
}

impl Reader {
    /// Reads the blocks of a text from a byte on.
    pub(super) fn read(text: &str, start: usize) -> Vec<Block> {
        let mut reader = Reader { start, ..Reader::default() };
        for (event, range) in Parser::new_ext(&text[start..], options()).into_offset_iter() {
            reader.take(event, start + range.start..start + range.end);
        }
        // An item ends after the items within it; readers meet it before.
        reader.blocks.sort_by_key(|block| block.span.start);
        reader.blocks
    }

    fn take(&mut self, event: Event<'_>, at: Range<usize>) {
        match event {
            Event::Start(tag) => self.open(tag, at),
            Event::End(tag) => self.close(tag, at),
            Event::Text(words) => match &mut self.code {
                Some((_, text, _)) => text.push_str(&words),
                None => self.words(&words, at),
            },
            Event::Code(code) if self.images == 0 => self.begin(at.start).push_code(&code, at),
            Event::SoftBreak | Event::HardBreak => self.words(" ", at),
            Event::InlineHtml(html) => {
                if html.starts_with("<br") || html.starts_with("<p>") {
                    self.words(" ", at);
                } else if !["<!--", "<a", "<span id=", "</"].iter().any(|mark| html.starts_with(mark)) {
                    // Markup that we cannot read may hold words: its line asks nothing.
                    self.broken = true;
                }
            }
            _ => {}
        }
    }

    fn words(&mut self, words: &str, at: Range<usize>) {
        if self.images == 0 && self.code.is_none() {
            self.begin(at.start).push(words, at);
        }
    }

    fn begin(&mut self, at: usize) -> &mut Line {
        &mut self.line.get_or_insert_with(|| (Line::default(), at)).0
    }

    fn open(&mut self, tag: Tag<'_>, at: Range<usize>) {
        match tag {
            Tag::Paragraph | Tag::Heading { .. } => {
                self.finish_line();
                self.line = Some((Line::default(), at.start));
            }
            Tag::List(_) => {
                self.finish_line();
                if let Some(item) = self.items.last_mut() {
                    item.alone = false;
                }
                self.lists.push(self.next_list);
                self.next_list += 1;
            }
            Tag::Item => {
                let list = self.lists.last().copied().unwrap_or_default();
                self.items.push(OpenItem { list, start: at.start, line: None, alone: true });
            }
            Tag::CodeBlock(kind) => {
                self.finish_line();
                if let Some(item) = self.items.last_mut() {
                    item.alone = false;
                }
                let language = match kind {
                    pulldown_cmark::CodeBlockKind::Fenced(language) => language.to_string(),
                    pulldown_cmark::CodeBlockKind::Indented => String::new(),
                };
                self.code = Some((language, String::new(), at.start));
            }
            Tag::Table(_) => {
                self.finish_line();
                self.table = Some((Vec::new(), Vec::new(), at.start));
            }
            Tag::TableRow => {
                if let Some((_, rows, _)) = &mut self.table {
                    rows.push(Vec::new());
                }
            }
            Tag::TableCell | Tag::DefinitionListTitle | Tag::DefinitionListDefinition => {
                self.finish_line();
                self.line = Some((Line::default(), at.start));
            }
            Tag::BlockQuote(_) => {
                self.finish_line();
                self.quotes += 1;
            }
            Tag::Image { .. } => self.images += 1,
            Tag::Strong | Tag::Emphasis | Tag::Link { .. } => {
                let start = self.begin(at.start).text.len();
                self.marks.push(start);
            }
            _ => {}
        }
    }

    fn close(&mut self, tag: TagEnd, at: Range<usize>) {
        match tag {
            TagEnd::Heading(level) => self.heading(level as usize, at),
            TagEnd::Paragraph => self.finish_line(),
            TagEnd::Item => {
                self.finish_line();
                if let Some(item) = self.items.pop()
                    && let Some(line) = item.line
                {
                    let OpenItem { list, alone, .. } = item;
                    self.push(Kind::Item { list, alone, line }, item.start..at.end);
                }
            }
            TagEnd::List(_) => {
                self.lists.pop();
            }
            TagEnd::CodeBlock => {
                if let Some((language, text, start)) = self.code.take() {
                    self.push(Kind::Code { language, text }, start..at.end);
                }
            }
            TagEnd::TableCell => {
                let line = self.take_line();
                if let Some((header, rows, _)) = &mut self.table {
                    rows.last_mut().unwrap_or(header).push(line);
                }
            }
            TagEnd::Table => {
                if let Some((header, rows, start)) = self.table.take() {
                    self.push(Kind::Table { header, rows }, start..at.end);
                }
            }
            TagEnd::DefinitionListTitle => self.term = Some(self.take_line()),
            TagEnd::DefinitionListDefinition => {
                let line = self.take_line();
                let term = self.term.as_ref().filter(|term| term.text.len() <= LONGEST_HEADING);
                if let Some(term) = term.filter(|_| !line.text.is_empty()).cloned() {
                    self.push(Kind::Meaning { term, line }, at);
                }
            }
            TagEnd::BlockQuote(_) => {
                self.finish_line();
                self.quotes = self.quotes.saturating_sub(1);
            }
            TagEnd::Image => self.images = self.images.saturating_sub(1),
            TagEnd::Strong => self.mark(Look::Strong),
            TagEnd::Emphasis => self.mark(Look::Emphasis),
            TagEnd::Link => self.mark(Look::Link),
            _ => {}
        }
    }

    fn mark(&mut self, look: Look) {
        if let (Some(start), Some((line, _))) = (self.marks.pop(), &mut self.line) {
            line.mark(start.min(line.text.len()), look);
        }
    }

    fn heading(&mut self, level: usize, at: Range<usize>) {
        let line = self.take_line();
        if self.quotes > 0 || line.text.is_empty() {
            return;
        }
        // Hugo's anchors stand behind the words of a heading.
        let text = line.text.split("{#").next().unwrap_or_default().trim();
        let text = text[..text.floor_char_boundary(LONGEST_HEADING)].to_owned();
        self.path.retain(|(other, _)| *other < level);
        self.path.push((level, text));
        self.headings = self.path.iter().map(|(_, heading)| heading.clone()).collect();
        self.push(Kind::Heading, at);
    }

    fn take_line(&mut self) -> Line {
        self.marks.clear();
        let mut line = self.line.take().map(|(line, _)| line).unwrap_or_default();
        if std::mem::take(&mut self.broken) {
            line = Line::default();
        }
        line
    }

    /// Ends the line at hand: it is its item's if that has none yet, else a paragraph.
    fn finish_line(&mut self) {
        let Some(start) = self.line.as_ref().map(|(_, start)| *start) else { return };
        let line = self.take_line();
        if line.text.trim().is_empty() {
            return;
        }
        match self.items.last_mut() {
            Some(item) if item.line.is_none() => item.line = Some(line),
            Some(item) => item.alone = false,
            None => {
                let end = line.source(&line.all()).end.max(start);
                self.push(Kind::Paragraph(line), start..end);
            }
        }
    }

    fn push(&mut self, kind: Kind, span: Range<usize>) {
        debug_assert!(span.start >= self.start);
        self.blocks.push(Block { path: Rc::clone(&self.headings), kind, span });
    }
}
