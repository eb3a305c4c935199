use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use pulldown_cmark::{Event, Parser, Tag, TagEnd};
use rifflebox_core::Document;

use super::line::{Line, Look};
use super::words::{bare, is_english, is_stop};
use crate::markdown::{body_start, is_markdown, options};

/// A document as a reader sees it: its title, what it is about, and its blocks under their headings.
#[derive(Clone, Debug)]
pub(super) struct Page {
    /// What the page calls itself.
    pub(super) title: String,
    /// The name that the page speaks of most, if one stands out.
    pub(super) subject: Option<String>,
    /// All blocks, in order.
    pub(super) blocks: Vec<Block>,
    /// Whether the page's code stands elsewhere, so that its names may be the page's own inventions.
    pub(super) includes_code: bool,
}

/// A part of a page that stands on its own.
#[derive(Clone, Debug)]
pub(super) struct Block {
    /// Headings above it, outermost first; a heading's own block has itself last.
    pub(super) path: Vec<String>,
    /// What it is.
    pub(super) kind: Kind,
    /// Where it stands in the document's text.
    pub(super) span: Range<usize>,
}

#[derive(Clone, Debug)]
pub(super) enum Kind {
    Heading,
    Paragraph(Line),
    /// An item of a list, with the number of its list; `alone` if it is one line and nothing else.
    Item {
        list: usize,
        alone: bool,
        line: Line,
    },
    Table {
        header: Vec<Line>,
        rows: Vec<Vec<Line>>,
    },
    Code {
        language: String,
        text: String,
    },
    /// A term and what it means, written as a definition list.
    Meaning {
        term: Line,
        line: Line,
    },
}

impl Page {
    /// Reads a document; none if it has no title, its prose is not English, or its names are its project's toys.
    pub(super) fn read(document: &Document) -> Option<Page> {
        if is_local(&document.id) {
            return None;
        }
        let text = document.text.as_str();
        let blocks = match is_markdown(&document.id) {
            true => Reader::read(text, body_start(text)),
            false => paragraphs(text),
        };
        let named = document.fields.get("title").and_then(|value| value.as_text()).map(str::to_owned);
        let first = blocks.iter().find_map(|block| block.path.first().cloned());
        let title =
            [named, front_title(text), first].into_iter().flatten().find_map(|title| sound_title(&title))?;
        if !is_english(&prose(&blocks)) {
            return None;
        }
        let title = with_folders(&document.id, title);
        let subject = subject(&blocks);
        Some(Page { title, subject, blocks, includes_code: text.contains("{{#") })
    }

    /// Names the page for a closed-book reader: its title and what it is about, and a section if given.
    pub(super) fn place(&self, section: Option<&str>) -> String {
        let mut place = format!("the page \"{}\"", self.title);
        let title = self.title.to_lowercase();
        if let Some(subject) =
            self.subject.as_ref().filter(|subject| !title.contains(&subject.to_lowercase()))
        {
            place.push_str(&format!(" on {subject}"));
        }
        match section.filter(|section| *section != self.title) {
            Some(section) => format!("the section \"{section}\" of {place}"),
            None => place,
        }
    }
}

impl Block {
    /// Returns the nearest heading, if a question may name it.
    pub(super) fn section(&self) -> Option<&str> {
        let heading = self.path.last()?.as_str();
        let sound = heading.chars().count() <= 80 && !heading.contains(['"', '{', '<', '\n']);
        sound.then_some(heading)
    }
}

fn prose(blocks: &[Block]) -> String {
    let mut prose = String::new();
    for block in blocks {
        match &block.kind {
            Kind::Paragraph(line) | Kind::Item { line, .. } | Kind::Meaning { line, .. } => {
                prose.push_str(&line.text);
                prose.push('\n');
            }
            Kind::Table { rows, .. } => {
                rows.iter().flatten().for_each(|cell| {
                    prose.push_str(&cell.text);
                    prose.push('\n');
                });
            }
            Kind::Heading | Kind::Code { .. } => {}
        }
    }
    prose
}

/// Returns the name that stands out: capitalised inside the sentences of at least four paragraphs, and of a fifth
/// of all, twice as often as any other, and never written small. The tail of a longer name does not stand alone.
fn subject(blocks: &[Block]) -> Option<String> {
    let mut names: BTreeMap<&str, usize> = BTreeMap::new();
    let (mut paragraphs, mut small) = (0, BTreeSet::new());
    for block in blocks {
        let Kind::Paragraph(line) = &block.kind else { continue };
        paragraphs += 1;
        let mut said = BTreeSet::new();
        for sentence in line.sentences() {
            let mut in_name = true;
            for word in line.text[sentence].split_whitespace() {
                let word = word.trim_end_matches("’s").trim_end_matches("'s");
                let name = word.trim_matches(|c: char| !c.is_alphanumeric());
                let whole = word.trim_matches([',', '.', ':', ';', '(', ')', '?', '!', '\'', '"']) == name;
                let opens = !std::mem::replace(&mut in_name, continues_name(word));
                if whole && opens && is_name(name) {
                    said.insert(name);
                } else if whole && name.chars().all(|c| c.is_ascii_lowercase()) {
                    small.insert(name);
                }
            }
        }
        said.into_iter().for_each(|name| *names.entry(name).or_default() += 1);
    }
    names.retain(|name, _| !small.contains(name.to_lowercase().as_str()));
    let (name, most) = names.iter().max_by_key(|(name, count)| (**count, std::cmp::Reverse(**name)))?;
    let next = names.iter().filter(|(other, _)| other != &name).map(|(_, count)| *count).max().unwrap_or(0);
    (*most >= 4 && *most * 5 >= paragraphs && *most >= next * 2).then(|| (*name).to_owned())
}

/// Returns whether a name that follows the word may be the tail of a longer one: of ".NET Framework", say.
fn continues_name(word: &str) -> bool {
    let start = word.trim_start_matches(['(', '"', '\'', '.']).chars().next();
    let ends = word.ends_with([',', ';', ':', ')']);
    !ends && !is_stop(&bare(word)) && start.is_some_and(|c| c.is_ascii_uppercase())
}

fn is_name(word: &str) -> bool {
    let months = "January February March April May June July August September October November December \
        Monday Tuesday Wednesday Thursday Friday Saturday Sunday English Note Table Figure Chapter Listing";
    let mut chars = word.chars();
    let capital = chars.next().is_some_and(|c| c.is_ascii_uppercase());
    let small = word.chars().filter(|c| c.is_ascii_lowercase()).count();
    capital
        && small >= 2
        && word.chars().all(|c| c.is_ascii_alphanumeric())
        && !is_stop(&bare(word))
        && !months.split_ascii_whitespace().any(|known| known == word)
}

/// Returns the title in the front matter, also where it goes on over several lines.
fn front_title(text: &str) -> Option<String> {
    let mut lines = text[..body_start(text)].lines();
    let first = lines.find_map(|line| line.strip_prefix("title")?.trim_start().strip_prefix([':', '=']))?;
    let mut title = first.trim().trim_start_matches(['>', '|', '-']).trim().to_owned();
    for line in lines.take_while(|line| line.starts_with([' ', '\t'])) {
        title.push(' ');
        title.push_str(line.trim());
    }
    Some(title.trim().trim_matches(['"', '\'']).trim().to_owned())
}

/// Returns a title that can be named in a question.
fn sound_title(title: &str) -> Option<String> {
    let title = title.trim().trim_end_matches('.').replace('’', "'");
    let sound = (2..=120).contains(&title.chars().count())
        && !title.contains(['{', '<', '\n', '"', '|', '[', '\\'])
        && !title.starts_with('&')
        && title.chars().any(|c| c.is_ascii_alphabetic())
        && title.chars().all(|c| !c.is_alphabetic() || c.is_ascii());
    sound.then_some(title)
}

/// Returns whether a page is of a demo, for those who make the project, or its log of changes: what it names, nobody
/// else does, or does no more.
fn is_local(id: &str) -> bool {
    let (folders, name) = id.rsplit_once('/').unwrap_or(("", id));
    let folders: Vec<&str> = folders.split('/').collect();
    let own = ["demo", "demos", "example", "examples", "contributing", "contrib"];
    let logs = ["changelog", "changes", "release-notes", "releases", "history", "news"];
    let name = name.to_lowercase();
    let site = folders.iter().position(|folder| *folder == "site");
    folders.iter().any(|folder| own.contains(folder))
        || logs.contains(&name.split('.').next().unwrap_or_default())
        || site.is_some_and(|at| folders[..at].contains(&"content"))
}

/// Puts the folders of a page before a title of one or two words: "Getting Started" alone names no page.
fn with_folders(id: &str, title: String) -> String {
    let general =
        "content contents docs doc documentation src en pages site website public posts blog latest main";
    let folders = id.split('/').rev().skip(1).filter(|folder| {
        let known = general.split_ascii_whitespace().any(|known| known == *folder);
        let plain = folder.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_');
        let said = title.to_lowercase().replace(' ', "-");
        plain
            && !known
            && folder.chars().any(|c| c.is_ascii_lowercase())
            && *folder != said
            && !folder.starts_with('_')
    });
    if title.split_whitespace().count() > 2 {
        return title;
    }
    let mut parts: Vec<&str> = folders.take(2).collect();
    parts.reverse();
    parts.push(&title);
    parts.join(" > ")
}

/// Reads a plain text: its paragraphs, without headings or marks.
fn paragraphs(text: &str) -> Vec<Block> {
    let blocks = crate::markdown::plain_blocks(text, 0);
    let block = |range: Range<usize>| {
        let mut line = Line::default();
        line.push(text[range.clone()].trim(), range.clone());
        Block { path: Vec::new(), kind: Kind::Paragraph(line), span: range }
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
struct Reader {
    start: usize,
    blocks: Vec<Block>,
    path: Vec<(usize, String)>,
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
    fn read(text: &str, start: usize) -> Vec<Block> {
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
                if html.starts_with("<br") {
                    self.words(" ", at);
                } else if !html.starts_with("<!--") && !html.starts_with("<a") && !html.starts_with("</") {
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
                if let Some(term) = self.term.clone().filter(|_| !line.text.is_empty()) {
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
        let text = line.text.split("{#").next().unwrap_or_default().trim().to_owned();
        self.path.retain(|(other, _)| *other < level);
        self.path.push((level, text));
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
        let path = self.path.iter().map(|(_, heading)| heading.clone()).collect();
        self.blocks.push(Block { path, kind, span });
    }
}

#[cfg(test)]
mod tests {
    use rifflebox_core::{Fields, Origin, Tier};

    use super::*;

    fn page(text: &str) -> Option<Page> {
        let (source, id, text) = ("docs".to_owned(), "a.md".to_owned(), text.to_owned());
        let (origin, fields) = (Origin::default(), Fields::new());
        Page::read(&Document { source, id, text, tier: Tier::T0, license: None, origin, fields })
    }

    #[test]
    fn a_page_as_a_reader_sees_it() {
        let text = "---\ntitle: 'Jobs'\n---\n\n# Jobs\n\nThis is what **Prometheus** has for the [jobs](x).\n\nIn Prometheus.\n\nOf Prometheus.\n\nTo Prometheus.\n\n\
            ## Two {#two}\n\n- `a`: that is in Prometheus\n- of the Prometheus\n  - b\n\n```sh\nls\n```\n\n| K | V |\n|--|--|\n| a | b |\n";
        let page = page(text).expect("a page");
        assert_eq!(page.place(Some("Two")), "the section \"Two\" of the page \"Jobs\" on Prometheus");
        let kinds: Vec<String> = page
            .blocks
            .iter()
            .map(|block| match &block.kind {
                Kind::Heading => format!("# {}", block.path.join(" > ")),
                Kind::Paragraph(line) => line.text.clone(),
                Kind::Item { list, alone, line, .. } => format!("{list} {alone} {}", line.text),
                Kind::Table { header, rows } => format!("{} {}", header.len(), rows.len()),
                Kind::Code { language, text } => format!("{language} {}", text.trim()),
                Kind::Meaning { term, line } => format!("{}: {}", term.text, line.text),
            })
            .collect();
        assert_eq!(
            kinds,
            [
                "# Jobs",
                "This is what Prometheus has for the jobs.",
                "In Prometheus.",
                "Of Prometheus.",
                "To Prometheus.",
                "# Jobs > Two",
                "0 true `a`: that is in Prometheus",
                "0 false of the Prometheus",
                "1 true b",
                "sh ls",
                "2 1",
            ]
        );
        for block in &page.blocks {
            assert!(text.get(block.span.clone()).is_some());
        }
    }

    #[test]
    fn pages_of_demos_and_of_their_own_site() {
        assert!(is_local("docs/demo/services/cart.md") && is_local("content/en/site/build/links.md"));
        assert!(is_local("CHANGELOG.md") && is_local("book/contrib/issues.md"));
        assert!(!is_local("site/content/en/docs/demonstrate.md") && !is_local("demo.md"));
    }

    #[test]
    fn the_tail_of_a_name_is_no_subject() {
        let page = |name: &str| {
            page(&format!("# Title\n\n{}", format!("It is for the {name} of all.\n\n").repeat(4)))
        };
        let subject = |name: &str| page(name).expect("a page").subject;
        assert_eq!(subject("Framework").as_deref(), Some("Framework"));
        assert_eq!(subject(".NET Framework"), None);
        assert_eq!(subject("API, Framework").as_deref(), Some("Framework"));
    }

    #[test]
    fn no_page_without_title_or_english() {
        assert!(page("Just some words of the English language, and that is all.").is_none());
        assert!(page("# Le titre\n\nVoici une page qui parle de la langue et de ses mots.").is_none());
        assert!(page("# 見出し\n\nこれは日本語のページです。").is_none());
    }
}
