//! Whether a page says a name, and how: in its prose, in its headings, in its code.

use std::cell::OnceCell;

use super::places::Places;
use super::{Block, Kind, Page, lines};

/// What makes something of the name that follows it in code.
const MAKERS: [&str; 16] = [
    "fn ",
    "struct ",
    "enum ",
    "trait ",
    "mod ",
    "class ",
    "def ",
    "func ",
    "function ",
    "let ",
    "var ",
    "const ",
    "type ",
    "interface ",
    "name: ",
    "name = ",
];

/// Places of a page where names may stand; each kind is sorted when the first name is looked for there.
#[derive(Clone, Debug, Default)]
pub(super) struct Names {
    /// In prose, behind a space.
    words: OnceCell<Places>,
    /// In prose, behind a small letter or a comma, and a space.
    inside: OnceCell<Places>,
    /// In prose and headings, anywhere, all letters small.
    small: OnceCell<Places>,
    /// In prose, anywhere, all letters small; and where in it each block begins.
    spoken: OnceCell<(Places, Vec<usize>)>,
    /// In code, anywhere.
    code: OnceCell<Places>,
    /// In code, behind a word that makes something.
    made: OnceCell<Places>,
}

impl Page {
    /// Returns whether a word of the prose, its line's first aside, begins what is given.
    pub(in crate::cloze) fn says(&self, words: &str) -> bool {
        self.names.words.get_or_init(|| behind_space(&self.blocks, |_| true)).hold(words)
    }

    /// Returns whether the prose says what is given inside a sentence: behind a small letter or a comma.
    pub(in crate::cloze) fn says_inside(&self, words: &str) -> bool {
        let opens = |before: &str| before.ends_with(|c: char| c.is_ascii_lowercase() || c == ',');
        self.names.inside.get_or_init(|| behind_space(&self.blocks, opens)).hold(words)
    }

    /// Returns whether prose and headings say a term so many times, capitals aside.
    pub(in crate::cloze) fn mentions(&self, term: &str, least: usize) -> bool {
        let sort = || {
            let said = self.blocks.iter().filter_map(|block| match &block.kind {
                Kind::Paragraph(line) | Kind::Item { line, .. } => Some(line.text.as_str()),
                Kind::Heading => block.path.last().map(String::as_str),
                _ => None,
            });
            Places::all(said.map(|text| text.to_lowercase() + "\n").collect())
        };
        self.names.small.get_or_init(sort).hold_apart(&term.to_lowercase(), least)
    }

    /// Returns whether no prose before a block says a name, capitals aside.
    pub(in crate::cloze) fn says_first(&self, number: usize, name: &str) -> bool {
        let (places, starts) = self.names.spoken.get_or_init(|| spoken(&self.blocks));
        places
            .first(&name.to_lowercase())
            .is_none_or(|first| starts.get(number).is_none_or(|start| first >= *start))
    }

    /// Returns whether a block of code holds a name.
    pub(in crate::cloze) fn shows(&self, name: &str) -> bool {
        self.names.code.get_or_init(|| Places::all(code(&self.blocks))).hold(name)
    }

    /// Returns whether one of the page's own blocks of code makes something of a name.
    pub(in crate::cloze) fn makes(&self, name: &str) -> bool {
        let sort = || {
            let text = code(&self.blocks);
            let behind = |maker: &'static str| text.match_indices(maker).map(|(at, _)| at + maker.len());
            let starts = MAKERS.into_iter().flat_map(behind).collect();
            Places::of(text, starts)
        };
        self.names.made.get_or_init(sort).hold(name)
    }
}

/// Sorts all places of prose, and tells where in it each block begins.
fn spoken(blocks: &[Block]) -> (Places, Vec<usize>) {
    let (mut text, mut starts) = (String::new(), Vec::new());
    for block in blocks {
        starts.push(text.len());
        if let Kind::Paragraph(line) | Kind::Item { line, .. } = &block.kind {
            text.push_str(&line.text.to_lowercase());
            text.push('\n');
        }
    }
    (Places::all(text), starts)
}

/// Sorts the places of prose behind a space, where what stands before the space is fit.
fn behind_space(blocks: &[Block], fits: impl Fn(&str) -> bool) -> Places {
    let (mut text, mut starts) = (String::new(), Vec::new());
    for line in lines(blocks) {
        let spaces = line.text.match_indices(' ').filter(|(at, _)| fits(&line.text[..*at]));
        starts.extend(spaces.map(|(at, _)| text.len() + at + 1));
        text.push_str(&line.text);
        // No line and no name holds a break, so that no name is found across two lines.
        text.push('\n');
    }
    Places::of(text, starts)
}

fn code(blocks: &[Block]) -> String {
    let code = blocks.iter().filter_map(|block| match &block.kind {
        Kind::Code { text, .. } => Some(text.as_str()),
        _ => None,
    });
    code.flat_map(|text| [text, "\n"]).collect()
}
