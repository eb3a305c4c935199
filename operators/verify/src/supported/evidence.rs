use std::collections::BTreeSet;
use std::ops::Range;

use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};
use rifflebox_core::Document;

use super::code::{Entry, entries};
use super::matter::{stems_of, tokens};

/// All that a document says, word by word, and the units in which it says it.
#[derive(Clone, Debug, Default)]
pub(super) struct Evidence {
    /// The words of all units, one after the other.
    pub(super) stream: Vec<String>,
    /// The units, in order.
    pub(super) units: Vec<Unit>,
    /// Names of the document as a whole: its title, and what its path says.
    pub(super) names: Vec<Vec<String>>,
}

/// The least part of a document that says something: a sentence, a cell, a line of code, a heading.
#[derive(Clone, Debug)]
pub(super) struct Unit {
    /// Which words of the stream are its own.
    pub(super) range: Range<usize>,
    /// What it is.
    pub(super) form: Form,
    /// Headings above it, outermost first.
    pub(super) path: Vec<Vec<String>>,
    /// What it is said of: the nearest heading, or the key of its row.
    pub(super) label: Vec<String>,
    /// Under what it is said: the head of its column.
    pub(super) head: Vec<String>,
    /// Which block it is of: units of one paragraph or row share it.
    pub(super) block: usize,
    /// Stems of its own words, its label, its head, and the sentence that announces it.
    pub(super) matter: BTreeSet<String>,
    /// Which of its words are abbreviations in brackets: "a write-ahead log (WAL)".
    pub(super) asides: Vec<usize>,
    /// Whether code covers any of it.
    pub(super) code: bool,
    /// Whether it announces what comes next: it ends in a colon.
    pub(super) opens: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    Heading,
    Sentence,
    Cell,
    Code,
}

impl Evidence {
    /// Reads a document: Markdown by its id, else plain text.
    pub(super) fn read(document: &Document) -> Evidence {
        let text = document.text.as_str();
        let mut reader = Reader::default();
        let named = document.fields.get("title").and_then(|value| value.as_text());
        reader.evidence.names.extend(named.map(tokens));
        let (front, body) = text.split_at(front_matter(text));
        reader.evidence.names.extend(front_title(front).map(|title| tokens(&title)));
        let lower = document.id.to_lowercase();
        if [".md", ".markdown", ".mdx", ".md.gz", ".md.zst"].iter().any(|end| lower.ends_with(end)) {
            reader.markdown(body);
        } else {
            body.split("\n\n").for_each(|paragraph| reader.block(paragraph, false));
        }
        let first = reader.evidence.units.iter().find(|unit| unit.form == Form::Heading);
        let first = first.map(|unit| reader.evidence.stream[unit.range.clone()].to_vec());
        reader.evidence.names.extend(first);
        reader.evidence.names.push(tokens(&document.id));
        reader.evidence
    }

    /// Returns a unit's own words.
    pub(super) fn words(&self, unit: &Unit) -> &[String] {
        &self.stream[unit.range.clone()]
    }
}

/// Returns the length of YAML or TOML front matter.
fn front_matter(text: &str) -> usize {
    let Some(fence) = ["---", "+++"].into_iter().find(|fence| text.starts_with(fence)) else { return 0 };
    let mut at = 0;
    for (number, line) in text.split_inclusive('\n').enumerate() {
        at += line.len();
        if number > 0 && line.trim_end() == fence {
            return at;
        }
    }
    0
}

fn front_title(front: &str) -> Option<String> {
    let indent = |line: &str| line.len() - line.trim_start().len();
    let mut lines = front.lines().skip(1);
    // Some indent all their keys alike.
    let own = lines.clone().find(|line| !line.trim().is_empty()).map_or(0, indent);
    let first = lines.find_map(|line| {
        let key = line.trim_start().strip_prefix("title").filter(|_| indent(line) == own)?;
        key.trim_start().strip_prefix([':', '='])
    })?;
    let more: Vec<&str> = lines.take_while(|line| indent(line) > own).collect();
    Some(format!("{first} {}", more.join(" ")))
}

#[derive(Default)]
struct Reader {
    evidence: Evidence,
    path: Vec<(usize, Vec<String>)>,
    text: String,
    has_code: bool,
    blocks: usize,
    heads: Vec<Vec<String>>,
    key: Vec<String>,
    /// Names in code that a row bears in its key, or in a column of environment variables.
    aliases: Vec<Vec<String>>,
    column: usize,
    in_head: bool,
    in_table: bool,
    in_code: bool,
    images: usize,
    lists: usize,
    /// Stems of the sentence that ended in a colon, while what it announces goes on.
    intro: BTreeSet<String>,
}

impl Reader {
    fn markdown(&mut self, text: &str) {
        let options = Options::ENABLE_TABLES
            | Options::ENABLE_STRIKETHROUGH
            | Options::ENABLE_TASKLISTS
            | Options::ENABLE_HEADING_ATTRIBUTES
            | Options::ENABLE_DEFINITION_LIST;
        for event in Parser::new_ext(text, options) {
            match event {
                Event::Text(words) if self.images == 0 => self.text.push_str(&words),
                Event::Code(code) if self.images == 0 => {
                    self.text.push('`');
                    self.text.push_str(&code);
                    self.text.push('`');
                    self.has_code = true;
                    self.alias(&code);
                }
                Event::SoftBreak | Event::HardBreak => self.text.push(' '),
                Event::Start(tag) => self.open(&tag),
                Event::End(tag) => self.close(tag),
                _ => {}
            }
        }
        self.flush();
    }

    fn open(&mut self, tag: &Tag<'_>) {
        match tag {
            Tag::Image { .. } => self.images += 1,
            Tag::Strong | Tag::Emphasis | Tag::Strikethrough | Tag::Link { .. } => {}
            Tag::CodeBlock(_) => {
                self.flush();
                self.in_code = true;
            }
            Tag::Table(_) => {
                self.flush();
                (self.in_table, self.heads) = (true, Vec::new());
            }
            Tag::TableHead => (self.in_head, self.column) = (true, 0),
            Tag::TableRow => {
                self.blocks += 1;
                (self.column, self.key) = (0, Vec::new());
                self.aliases.clear();
            }
            Tag::TableCell => self.text.clear(),
            Tag::List(_) => {
                self.flush();
                self.lists += 1;
            }
            Tag::Paragraph if self.lists == 0 => {
                self.flush();
                self.intro.clear();
            }
            _ => self.flush(),
        }
    }

    fn close(&mut self, tag: TagEnd) {
        match tag {
            TagEnd::Image => self.images = self.images.saturating_sub(1),
            TagEnd::Strong | TagEnd::Emphasis | TagEnd::Strikethrough | TagEnd::Link => {}
            TagEnd::Heading(level) => self.heading(level as usize),
            TagEnd::CodeBlock => {
                let code = std::mem::take(&mut self.text);
                self.blocks += 1;
                entries(&code).into_iter().for_each(|entry| self.code(&entry));
                self.in_code = false;
            }
            TagEnd::TableCell => self.cell(),
            TagEnd::List(_) => {
                self.flush();
                self.lists = self.lists.saturating_sub(1);
            }
            TagEnd::TableHead => self.in_head = false,
            TagEnd::Table => {
                (self.in_table, self.key) = (false, Vec::new());
                self.aliases.clear();
            }
            _ => self.flush(),
        }
    }

    /// Notes a name in code that stands for the row at hand.
    fn alias(&mut self, code: &str) {
        let own = self.heads.get(self.column).is_some_and(|head| *head == ["environment", "variable"]);
        if self.in_table && !self.in_head && (self.column == 0 || own) {
            self.aliases.push(tokens(code));
            let upper = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_';
            if code.contains('_') && code.chars().all(upper) {
                self.aliases.push(tokens("environment variable"));
            }
        }
    }

    /// A line of code, or what a help text or a comment says of a name, as a row of a table would.
    fn code(&mut self, entry: &Entry<'_>) {
        let Entry::Described { name, described, line } = entry else {
            let Entry::Line(line) = entry else { return };
            return self.unit(line, Form::Code, true);
        };
        self.blocks += 1;
        self.key = tokens(name);
        // What a reader calls the names of code, and what is beside them.
        self.heads = vec![tokens("command line flag option setting key"), tokens("description")];
        for (column, text) in [name, described.as_str()].into_iter().enumerate() {
            self.column = column;
            self.unit(text, Form::Cell, true);
        }
        if let Some(line) = line {
            self.column = 0;
            self.unit(line, Form::Cell, true);
        }
        (self.key, self.heads, self.column) = (Vec::new(), Vec::new(), 0);
    }

    fn heading(&mut self, level: usize) {
        let text = std::mem::take(&mut self.text);
        let words = tokens(text.split("{#").next().unwrap_or_default());
        self.path.retain(|(other, _)| *other < level);
        self.blocks += 1;
        self.unit(text.split("{#").next().unwrap_or_default(), Form::Heading, self.has_code);
        self.has_code = false;
        self.intro.clear();
        self.path.push((level, words));
    }

    fn cell(&mut self) {
        let text = std::mem::take(&mut self.text);
        if self.in_head {
            self.heads.push(tokens(&text));
        } else {
            if self.column == 0 {
                self.key = tokens(&text);
            }
            self.unit(&text, Form::Cell, self.has_code);
        }
        self.has_code = false;
        self.column += 1;
    }

    /// Ends the paragraph or item at hand.
    fn flush(&mut self) {
        if self.in_table || self.in_code {
            return;
        }
        let text = std::mem::take(&mut self.text);
        let code = std::mem::take(&mut self.has_code);
        self.block(&text, code);
    }

    fn block(&mut self, text: &str, code: bool) {
        if text.trim().is_empty() {
            return;
        }
        self.blocks += 1;
        for sentence in sentences(text) {
            self.unit(sentence, Form::Sentence, code);
        }
        if text.trim_end().ends_with(':') {
            self.intro = sentences(text).last().map(|last| stems_of(&tokens(last))).unwrap_or_default();
        }
    }

    fn unit(&mut self, text: &str, form: Form, code: bool) {
        let words = tokens(text);
        if words.is_empty() {
            return;
        }
        let path: Vec<Vec<String>> = self.path.iter().map(|(_, words)| words.clone()).collect();
        let cell = form == Form::Cell;
        let label = if cell { self.key.clone() } else { path.last().cloned().unwrap_or_default() };
        let mut head =
            if cell { self.heads.get(self.column).cloned().unwrap_or_default() } else { Vec::new() };
        if cell && self.column > 0 {
            // The name of the first column says what the key is.
            head.extend(self.heads.first().cloned().unwrap_or_default());
            head.extend(self.aliases.iter().filter(|name| **name != self.key).flatten().cloned());
        }
        let asides = if form == Form::Sentence { asides(text) } else { Vec::new() };
        let mut matter = stems_of(&words);
        matter.extend(stems_of(&label));
        matter.extend(stems_of(&head));
        matter.extend(self.intro.iter().cloned());
        let opens = form == Form::Sentence && text.trim_end().ends_with(':');
        let start = self.evidence.stream.len();
        self.evidence.stream.extend(words);
        let range = start..self.evidence.stream.len();
        self.evidence.units.push(Unit {
            range,
            form,
            path,
            label,
            head,
            block: self.blocks,
            matter,
            asides,
            code,
            opens,
        });
    }
}

/// Returns the places among a text's words of those that stand in brackets alone, and in capitals.
fn asides(text: &str) -> Vec<usize> {
    let abbreviation = |at: usize| {
        let rest = &text[at + 1..];
        let inner = rest.bytes().take(9).take_while(u8::is_ascii_uppercase).count();
        (2..=8).contains(&inner) && (rest.len() == inner || rest[inner..].starts_with(')'))
    };
    let (mut read, mut words) = (0, 0);
    let places = text.match_indices('(').map(|(at, _)| at).filter(|at| abbreviation(*at));
    let count = |at: usize| {
        // A bracket parts words: those before it are the ones already counted, and the ones since.
        words += tokens(&text[read..at]).len();
        read = at;
        words
    };
    places.map(count).collect()
}

/// Parts a paragraph after each stop that is followed by a space and a capital, a figure, code or a quote.
fn sentences(text: &str) -> Vec<&str> {
    let (mut parts, mut start, mut code) = (Vec::new(), 0, false);
    for (at, c) in text.char_indices() {
        code ^= c == '`';
        if code || !matches!(c, '.' | '!' | '?' | ':') {
            continue;
        }
        let rest = &text[at + 1..];
        let closing = rest.len() - rest.trim_start_matches([')', '"', '”', '\'', '’']).len();
        let after = &rest[closing..];
        let next = after.trim_start().chars().next();
        let opens =
            next.is_some_and(|c| c.is_uppercase() || c.is_numeric() || matches!(c, '`' | '"' | '“' | '('));
        // Only where a sentence may end is the word before read: what has no spaces has no sentences.
        let short = || {
            let word = text[start..at].rsplit([' ', '(']).next().unwrap_or_default().to_lowercase();
            ["e.g", "i.e", "vs", "cf"].contains(&word.as_str())
        };
        if c != ':' && after.starts_with([' ', '\n']) && opens && !short() {
            let end = at + 1 + closing;
            parts.push(&text[start..end]);
            start = end;
        }
    }
    parts.push(&text[start..]);
    parts
}

#[cfg(test)]
mod tests {
    use rifflebox_core::{Fields, Origin, Tier};

    use super::*;

    #[test]
    fn units_of_a_page() {
        let text = "---\ntitle: Jobs\n---\n# Two\n\nOne is `a`. Two is b.\n\n- c: d\n\n| K | V |\n|--|--|\n| k | v |\n\n```\nx y\n```\n";
        let (source, id, text) = ("docs".to_owned(), "a/b.md".to_owned(), text.to_owned());
        let (origin, fields) = (Origin::default(), Fields::new());
        let document = Document {
            source,
            id,
            text,
            tier: Tier::T0,
            license: None,
            origin,
            fields,
            redactions: Default::default(),
        };
        let evidence = Evidence::read(&document);
        let units: Vec<String> = evidence
            .units
            .iter()
            .map(|unit| format!("{:?} {}", unit.form, evidence.words(unit).join(" ")))
            .collect();
        assert_eq!(
            units,
            [
                "Heading two",
                "Sentence one is a",
                "Sentence two is b",
                "Sentence c d",
                "Cell k",
                "Cell v",
                "Code x y"
            ]
        );
        assert_eq!(evidence.units[5].label, ["k"]);
        assert_eq!(evidence.units[5].head, ["v", "k"]);
        assert_eq!(evidence.names, [tokens("Jobs"), tokens("Two"), tokens("a/b.md")]);
    }
}
