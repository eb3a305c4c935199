mod names;
mod places;
mod reader;
mod subject;
mod title;

use std::collections::BTreeMap;
use std::ops::Range;
use std::rc::Rc;

use rifflebox_core::Document;

use names::Names;
use reader::{Reader, paragraphs};
use subject::subject;
use title::{front_title, is_lesson, is_local, is_news, sound_title, with_folders, words};

use super::help;
use super::line::Line;
use super::meter::look_at;
use super::words::{bare, is_english, is_stop, terms};
use crate::markdown::{body_start, is_markdown};

/// A document as a reader sees it: its title, what it is about, and its blocks under their headings.
#[derive(Clone, Debug)]
pub(super) struct Page {
    /// What the page calls itself, without the folders that it is in.
    pub(super) name: String,
    /// Its name, behind the folders that say more.
    pub(super) title: String,
    /// Whose documentation it is of, if its reader was told.
    pub(super) about: Option<String>,
    /// The name that the page speaks of most, if one stands out.
    pub(super) subject: Option<String>,
    /// All blocks, in order.
    blocks: Vec<Block>,
    /// How often prose and headings say each stem.
    counts: BTreeMap<String, usize>,
    /// How the sentences begin, without an article, in order.
    openings: Vec<String>,
    /// Whether the page's code stands elsewhere, so that its names may be the page's own inventions.
    pub(super) includes_code: bool,
    /// Where names stand.
    names: Names,
}

/// A part of a page that stands on its own.
#[derive(Clone, Debug)]
pub(super) struct Block {
    /// Headings above it, outermost first; a heading's own block has itself last.
    pub(super) path: Rc<[String]>,
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
    pub(super) fn read(document: &Document, about: Option<&str>) -> Option<Page> {
        if is_local(&document.id) {
            return None;
        }
        let text = document.text.as_str();
        let blocks = match is_markdown(&document.id) {
            true => Reader::read(text, body_start(text)),
            false => paragraphs(text),
        };
        let named = document.fields.get("title").and_then(|value| value.as_text()).map(str::to_owned);
        let name = [named, front_title(text), first_heading(text, &blocks)];
        let name = name.into_iter().flatten().find_map(|title| sound_title(&title))?;
        if is_news(&name) || is_lesson(&name) || !is_english(&prose(&blocks)) {
            return None;
        }
        let title = with_folders(&document.id, &name);
        let (counts, openings) = (counts(&blocks), openings(&blocks));
        let (subject, about) = (subject(&blocks), about.map(str::to_owned));
        let includes_code = text.contains("{{#");
        let names = Names::default();
        Some(Page { name, title, about, subject, blocks, counts, openings, includes_code, names })
    }

    /// Returns all blocks, in order: for a rule that goes through them once. Who asks for one question uses what the
    /// page has looked up.
    pub(super) fn blocks(&self) -> &[Block] {
        look_at(self.blocks.len());
        &self.blocks
    }

    /// Returns one block by its number.
    pub(super) fn block(&self, number: usize) -> &Block {
        &self.blocks[number]
    }

    /// Returns whether a term is a matter of the page: all its words are said four times and more.
    pub(super) fn says_often(&self, term: &str) -> bool {
        let stems = terms(term);
        let often = |stem| self.counts.get(stem).is_some_and(|count| *count >= 4);
        !stems.is_empty() && !term.contains('`') && stems.iter().all(often)
    }

    /// Returns whether a term is what the whole documentation is about.
    pub(super) fn is_of(&self, term: &str) -> bool {
        let (own, wanted) = (self.about.as_ref().or(self.subject.as_ref()), words(term));
        own.is_some_and(|own| !wanted.is_empty() && wanted.iter().all(|word| words(own).contains(word)))
    }

    /// Returns whether several sentences begin with a term.
    pub(super) fn speaks_often_of(&self, term: &str) -> bool {
        let start = self.openings.partition_point(|opening| opening.as_str() < term);
        self.openings.get(start + 1).is_some_and(|second| second.starts_with(term))
    }

    /// Names the page for a closed-book reader: its title and what it is about, and a section if given.
    ///
    /// None if neither the caller nor the page says what it is about.
    pub(super) fn place(&self, section: Option<&str>) -> Option<String> {
        let title = words(&self.title);
        let said = |name: &str| title.windows(words(name).len().max(1)).any(|run| run == words(name));
        let names = |name: &String| said(name);
        let page = match (&self.about, &self.subject) {
            (Some(name), _) | (None, Some(name)) if names(name) => format!("the page \"{}\"", self.title),
            (Some(about), _) => format!("the page \"{}\" in the {about} documentation", self.title),
            (None, Some(subject)) => format!("the page \"{}\" on {subject}", self.title),
            (None, None) => return None,
        };
        Some(match section.filter(|section| !said(section)) {
            Some(section) => format!("the section \"{section}\" of {page}"),
            None => page,
        })
    }
}

impl Block {
    /// Returns the nearest heading, if a question may name it.
    pub(super) fn section(&self) -> Option<&str> {
        self.path.last().map(String::as_str).filter(|heading| is_heading(heading))
    }

    /// Returns whether it is of an example, a lesson or a log of changes.
    pub(super) fn is_aside(&self) -> bool {
        self.path.iter().any(|heading| is_lesson(heading))
    }

    /// Returns all headings above that a question may name, the nearest first.
    pub(super) fn sections(&self) -> impl Iterator<Item = &str> {
        self.path.iter().rev().map(String::as_str).filter(|heading| is_heading(heading))
    }
}

/// Returns the heading that is the title of a page: of the first level, or before all else. Another is of a part.
fn first_heading(text: &str, blocks: &[Block]) -> Option<String> {
    let at = blocks.iter().position(|block| matches!(block.kind, Kind::Heading))?;
    let mark = text[blocks[at].span.clone()].trim_start();
    let outermost = !mark.starts_with("##") && !mark.lines().nth(1).is_some_and(|line| line.starts_with('-'));
    blocks[at].path.first().filter(|_| at == 0 || outermost).cloned()
}

fn is_heading(heading: &str) -> bool {
    heading.chars().nth(80).is_none() && !heading.contains(['"', '{', '<', '\n'])
}

/// Returns the lines that say something in words: paragraphs and items.
fn lines(blocks: &[Block]) -> impl Iterator<Item = &Line> {
    blocks.iter().filter_map(|block| match &block.kind {
        Kind::Paragraph(line) | Kind::Item { line, .. } => Some(line),
        _ => None,
    })
}

fn counts(blocks: &[Block]) -> BTreeMap<String, usize> {
    let headings = blocks.iter().filter(|block| matches!(block.kind, Kind::Heading));
    let headings = headings.filter_map(|block| block.path.last().map(String::as_str));
    let mut counts = BTreeMap::new();
    for text in lines(blocks).map(|line| line.text.as_str()).chain(headings) {
        let words = text.split_whitespace().map(bare).filter(|word| !is_stop(word));
        words.flat_map(|word| terms(&word)).for_each(|stem| *counts.entry(stem).or_default() += 1);
    }
    counts
}

fn openings(blocks: &[Block]) -> Vec<String> {
    let mut openings = Vec::new();
    for line in lines(blocks) {
        for sentence in line.sentences() {
            let text = &line.text[sentence];
            let text =
                ["The ", "A ", "An "].iter().find_map(|article| text.strip_prefix(article)).unwrap_or(text);
            openings.push(text.chars().take(80).collect());
        }
    }
    openings.sort();
    openings
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
            Kind::Code { text, .. } => help::said(text).for_each(|said| {
                prose.push_str(said);
                prose.push('\n');
            }),
            Kind::Heading => {}
        }
    }
    prose
}

#[cfg(test)]
mod tests {
    use rifflebox_core::{Fields, Origin, Tier};

    use super::*;

    fn page(text: &str) -> Option<Page> {
        let (source, id, text) = ("docs".to_owned(), "a.md".to_owned(), text.to_owned());
        let (origin, fields) = (Origin::default(), Fields::new());
        Page::read(
            &Document {
                source,
                id,
                text,
                tier: Tier::T0,
                license: None,
                origin,
                fields,
                redactions: Default::default(),
            },
            None,
        )
    }

    #[test]
    fn a_page_as_a_reader_sees_it() {
        let text = "---\ntitle: 'Jobs'\n---\n\n# Jobs\n\nThis is what **Prometheus** has for the [jobs](x).\n\nIn Prometheus.\n\nOf Prometheus.\n\nTo Prometheus.\n\n\
            ## Two {#two}\n\n- `a`: that is in Prometheus\n- of the Prometheus\n  - b\n\n```sh\nls\n```\n\n| K | V |\n|--|--|\n| a | b |\n";
        let page = page(text).expect("a page");
        assert_eq!(
            page.place(Some("Two")).as_deref(),
            Some("the section \"Two\" of the page \"Jobs\" on Prometheus")
        );
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
        assert!(!is_local("site/content/en/docs/demonstrate.md") && !is_local("demonstration.md"));
        assert!(is_local("docs/fluent-bit-tutorial.md") && is_local("docs/quick-start/run.md"));
        assert!(is_lesson("Getting Started") && is_lesson("An example: carts") && !is_lesson("Sampling"));
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

    #[test]
    fn a_place_says_whose_it_is_or_is_none() {
        let page = |title: &str, about: Option<&str>| {
            let mut page =
                page(&format!("# {title}\n\nIt is what to do with the jobs of all.")).expect("a page");
            page.about = about.map(str::to_owned);
            page
        };
        let place = |title, about| page(title, about).place(Some("Two"));
        assert_eq!(place("All the jobs", None), None);
        assert_eq!(
            place("All the jobs", Some("Jobber")).as_deref(),
            Some("the section \"Two\" of the page \"All the jobs\" in the Jobber documentation")
        );
        assert_eq!(
            place("All Jobber jobs", Some("Jobber")).as_deref(),
            Some("the section \"Two\" of the page \"All Jobber jobs\"")
        );
        assert_eq!(
            page("All the jobs", Some("Job")).place(Some("The jobs")).as_deref(),
            Some("the page \"All the jobs\" in the Job documentation"),
            "what the title says, the section need not"
        );
    }

    #[test]
    fn news_are_no_documentation() {
        for news in
            ["January 2022 Update", "Announcing Jobber 2.1 GA", "Jobber at KubeCon", "Survey 2024: the recap"]
        {
            assert!(is_news(news), "{news}");
        }
        for page in ["Introducing the Jobber Demo", "Upgrade to 2.1", "Release process", "HTTP/2 in 2021"] {
            assert!(!is_news(page), "{page}");
        }
    }
}
