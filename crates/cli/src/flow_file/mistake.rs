use std::fmt;
use std::ops::Range;

use miette::{GraphicalReportHandler, LabeledSpan, NamedSource, SourceCode};
use rifflebox_core::{Error, ErrorKind};

/// What is wrong at one place of a flow file, and how to mend it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistake {
    /// What is wrong, in lowercase and without a stop.
    pub message: String,
    /// How to mend it: the nearest right word, where a word is wrong.
    pub help: Option<String>,
    /// The bytes of the file that are wrong; the whole table of the stage if none.
    pub span: Option<Range<usize>>,
}

impl Mistake {
    /// Makes a mistake of the stage as a whole.
    pub fn new(message: impl Into<String>) -> Self {
        Mistake { message: message.into(), help: None, span: None }
    }

    /// Says how to mend it.
    #[must_use]
    pub fn help(mut self, help: impl Into<Option<String>>) -> Self {
        self.help = help.into();
        self
    }

    /// Says where it is.
    #[must_use]
    pub fn at(mut self, span: Range<usize>) -> Self {
        self.span = Some(span);
        self
    }

    /// Says where it is, unless that is known better.
    #[must_use]
    pub(crate) fn or_at(self, span: &Range<usize>) -> Self {
        match self.span {
            Some(_) => self,
            None => self.at(span.clone()),
        }
    }
}

impl From<Error> for Mistake {
    fn from(error: Error) -> Self {
        Mistake::new(error.chain())
    }
}

/// All that is wrong with a flow file, in the order of the file.
#[derive(Debug)]
pub struct Mistakes {
    path: String,
    text: String,
    mistakes: Vec<Mistake>,
}

impl Mistakes {
    /// Gathers the mistakes of a file; there is at least one.
    pub(crate) fn new(path: &str, text: &str, mut mistakes: Vec<Mistake>) -> Self {
        debug_assert!(!mistakes.is_empty(), "a broken file has a mistake");
        mistakes.sort_by_key(|mistake| mistake.span.as_ref().map_or(0, |span| span.start));
        Mistakes { path: path.to_owned(), text: text.to_owned(), mistakes }
    }

    /// Wraps the mistakes as the one error of rifflebox, of kind [`ErrorKind::Usage`].
    pub(crate) fn into_error(self) -> Error {
        Error::new(ErrorKind::Usage, format!("the flow file {} is broken", self.path)).with_source(self)
    }

    /// Finds the mistakes behind an error, if it is of a flow file.
    pub(crate) fn of(error: &Error) -> Option<&Mistakes> {
        std::error::Error::source(error)?.downcast_ref()
    }

    /// Draws the mistakes into the text of the file, for a terminal.
    pub(crate) fn graphical(&self, width: usize) -> String {
        let handler = GraphicalReportHandler::new().with_width(width).with_context_lines(1);
        let mut drawn = String::new();
        for mistake in &self.mistakes {
            let shown = Shown { of: mistake, source: NamedSource::new(&self.path, self.text.clone()) };
            if handler.render_report(&mut drawn, &shown).is_err() {
                return self.to_string();
            }
        }
        drawn
    }
}

/// Two lines and the place for each mistake, for files and pipes: `flow.toml:3:1: …`.
impl fmt::Display for Mistakes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, mistake) in self.mistakes.iter().enumerate() {
            if index > 0 {
                writeln!(f)?;
            }
            let span = mistake.span.clone().unwrap_or(0..0);
            let place = Place::of(&self.text, &span);
            write!(f, "{}:{}:{}: {}", self.path, place.line, place.column, mistake.message)?;
            if let Some(help) = &mistake.help {
                write!(f, ": {help}")?;
            }
            let number = place.line.to_string();
            let marks = "^".repeat(place.width);
            write!(f, "\n  {number} | {}", place.excerpt)?;
            write!(f, "\n  {:>1$} | {2:>3$}{marks}", "", number.len(), "", place.column - 1)?;
        }
        Ok(())
    }
}

impl std::error::Error for Mistakes {}

/// Where a span begins, in what people count.
struct Place<'a> {
    line: usize,
    column: usize,
    excerpt: &'a str,
    width: usize,
}

impl<'a> Place<'a> {
    fn of(text: &'a str, span: &Range<usize>) -> Self {
        let start = text.floor_char_boundary(span.start.min(text.len()));
        let end = text.floor_char_boundary(span.end.clamp(start, text.len()));
        let line_start = text[..start].rfind('\n').map_or(0, |at| at + 1);
        let line_end = text[start..].find('\n').map_or(text.len(), |at| start + at);
        let excerpt = text[line_start..line_end].trim_end_matches('\r');
        Place {
            line: text[..start].matches('\n').count() + 1,
            column: text[line_start..start].chars().count() + 1,
            excerpt,
            width: text[start..end.min(line_end).max(start)].chars().count().max(1),
        }
    }
}

/// A mistake as miette draws one.
#[derive(Debug)]
struct Shown<'a> {
    of: &'a Mistake,
    source: NamedSource<String>,
}

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.of.message)
    }
}

impl std::error::Error for Shown<'_> {}

impl miette::Diagnostic for Shown<'_> {
    fn source_code(&self) -> Option<&dyn SourceCode> {
        Some(&self.source)
    }

    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.of.help.as_ref().map(|help| Box::new(help) as Box<dyn fmt::Display>)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        let span = self.of.span.clone().unwrap_or(0..0);
        Some(Box::new(std::iter::once(LabeledSpan::underline(span))))
    }
}
