use rifflebox_core::{Content, Document, Key, Sample};
use serde::{Deserialize, Serialize};

use super::aside::asides;
use super::canary::Watch;
use super::longest::longest;
use super::settings::VerbatimSettings;
use super::word::{self, Gap, Word};
use crate::columns;

/// What of a sample is compared: its columns, in order, each by its name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct Probe {
    pub(crate) id: Key,
    pub(crate) columns: Vec<(String, String)>,
}

/// Bytes `start..end` of a part of a sample or document.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct Place {
    pub(crate) part: String,
    pub(crate) start: u64,
    pub(crate) end: u64,
}

/// What was found in a sample, canaries first.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) enum Finding {
    /// It holds a canary: which, counted from 0, and where.
    Canary { index: u64, within: Place },
    /// The longest run of words that it shares with a document.
    Copy(Copied),
}

/// A run of words that stands in a sample and in a document.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct Copied {
    /// Its words.
    pub(crate) words: u64,
    /// All words of the sample that are looked at, also those that do not count.
    pub(crate) of: u64,
    pub(crate) source: String,
    pub(crate) document: String,
    /// Where it stands in the document; the part is `text` or a field's name.
    pub(crate) there: Place,
    /// Where it stands in the sample; the part is a column's name.
    pub(crate) here: Place,
}

impl Probe {
    /// Reads the columns that are looked at; turns of a dialogue are counted from 0.
    pub(crate) fn of(id: Key, sample: &Sample, settings: &VerbatimSettings) -> Self {
        let is_dialogue = matches!(sample.content, Content::Messages { .. });
        let named = columns::of(&sample.content, &settings.on).map(|(index, name, text)| match is_dialogue {
            true => (format!("{name}[{index}]"), text.to_owned()),
            false => (name.to_owned(), text.to_owned()),
        });
        Probe { id, columns: named.collect() }
    }

    /// Returns the words that count.
    pub(crate) fn words(&self, settings: &VerbatimSettings) -> Vec<Word> {
        let skip = |text: &str| asides(text, settings.code, settings.quotations);
        word::words(self.texts(), skip, Gap::InSample)
    }

    /// Returns the longest run of words that a document holds too, if it is long enough to matter.
    pub(crate) fn copied(&self, document: &Document, settings: &VerbatimSettings) -> Option<Copied> {
        let own = self.words(settings);
        let parts = parts(document);
        let theirs = words_of(document);
        let (here, there) = longest(&own, &theirs, settings.min_words)?;
        let (here, there) = (&own[here], &theirs[there]);
        let place = |run: &[Word], part: &str| {
            let bytes = word::bytes(run);
            Place { part: part.to_owned(), start: bytes.start, end: bytes.end }
        };
        let all = self.texts().map(|text| word::read(text).len()).sum::<usize>();
        Some(Copied {
            words: here.len() as u64,
            of: all as u64,
            source: document.source.clone(),
            document: document.id.clone(),
            there: place(there, parts[there[0].text as usize].0),
            here: place(here, &self.columns[here[0].text as usize].0),
        })
    }

    /// Returns the first canary that it holds, anywhere.
    pub(crate) fn canary(&self, watch: &Watch) -> Option<Finding> {
        let words = word::words(self.texts(), |_| Vec::new(), Gap::InSample);
        let (index, run) = watch.first(&words)?;
        let bytes = word::bytes(run);
        let part = self.columns[run[0].text as usize].0.clone();
        Some(Finding::Canary {
            index: index as u64,
            within: Place { part, start: bytes.start, end: bytes.end },
        })
    }

    fn texts(&self) -> impl Iterator<Item = &str> {
        self.columns.iter().map(|(_, text)| text.as_str())
    }
}

/// Returns whether a document's words are a person's: what a generator wrote is nobody's to copy.
pub(crate) fn is_seed(document: &Document) -> bool {
    document.origin.depth == 0
}

/// Returns the words of a document: of its text, and of its fields that are texts.
pub(crate) fn words_of(document: &Document) -> Vec<Word> {
    word::words(parts(document).into_iter().map(|(_, text)| text), |_| Vec::new(), Gap::InDocument)
}

fn parts(document: &Document) -> Vec<(&str, &str)> {
    let fields = document.fields.iter().filter_map(|(name, value)| Some((name.as_str(), value.as_text()?)));
    std::iter::once(("text", document.text.as_str())).chain(fields).collect()
}
