use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::{SystemTime, UNIX_EPOCH};

use rifflebox_core::{
    Error, FileChange, FileRecord, Identity, KeptFiles, Key, Redaction, RedactionKeeper, Result, RowItem,
    Source, Stat,
};
use rifflebox_redact::Redact;

use crate::Files;
use crate::change::{self, Finding, Look};
use crate::content::{Content, SMALL_FILE_BYTES, Unread};
use crate::formats::{self, Rows};
use crate::listing::{self, Listed, Place};
use crate::parallel;
use crate::pattern::Select;
use crate::row::RowMaker;

/// Files that are examined together, at most: enough to keep the threads busy.
const WINDOW_FILES: usize = 256;

/// Bytes that are held at once while small files are examined, at most (plus one file).
const WINDOW_BYTES: u64 = 32 << 20;

/// A source whose documents are files: made by [`Files::source`].
///
/// A file that cannot be read, is no text, or does not hold what its ending says, is a broken row. A scan fails only
/// if its root is missing or cannot be listed, if an object store fails (which says nothing of its objects), or if a
/// file of more than 8 MiB changes while its rows are read: they would be those of no one state.
///
/// Local files of up to 8 MiB are read once; larger ones twice, in pieces, so that no table is ever held whole. An
/// object is held as stored, its rows are not.
#[derive(Debug)]
pub struct FileSource {
    place: Place,
    select: Select,
    maker: Arc<RowMaker>,
    identity: Identity,
    /// Whether the user says that no personal data is to be redacted.
    is_open: bool,
    counters: Counters,
}

/// What a source did so far, over all its scans.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ScanCounts {
    /// Files listed.
    pub listed: u64,
    /// Files left alone because their listing is what it was.
    pub untouched: u64,
    /// Files read.
    pub read: u64,
    /// Bytes of these files, as stored.
    pub bytes_read: u64,
}

#[derive(Debug, Default)]
struct Counters {
    listed: AtomicU64,
    untouched: AtomicU64,
    read: AtomicU64,
    bytes_read: AtomicU64,
}

/// One step of a scan, in order of path.
enum Step<'a> {
    Gone(&'a str),
    Examine(&'a Listed, Option<&'a FileRecord>),
}

/// What examining a file gave.
enum Examined {
    Nothing,
    Gone,
    Record(FileRecord),
    Rows(FileRecord, Prepared),
    Failed(Error),
}

/// Rows that are ready, or content that they are read from as they are asked for.
enum Prepared {
    Ready(Vec<Result<RowItem>>),
    Content(Content),
}

impl FileSource {
    pub(crate) fn new(place: Place, select: Select, maker: RowMaker, files: &Files) -> Self {
        FileSource {
            place,
            select,
            maker: Arc::new(maker),
            identity: Identity::new("files", "1").with_settings(&files.meaning()),
            is_open: files.redact == Some(Redact::None),
            counters: Counters::default(),
        }
    }

    /// Returns what the source did so far.
    pub fn counts(&self) -> ScanCounts {
        ScanCounts {
            listed: self.counters.listed.load(Relaxed),
            untouched: self.counters.untouched.load(Relaxed),
            read: self.counters.read.load(Relaxed),
            bytes_read: self.counters.bytes_read.load(Relaxed),
        }
    }

    /// Says each change as seen by a listing that begins at `now_ns`, nanoseconds since the epoch.
    pub(crate) fn changes_at(
        &self,
        now_ns: i128,
        kept: &KeptFiles,
        each: &mut dyn FnMut(FileChange<'_>) -> Result<()>,
    ) -> Result<()> {
        if let Some(redactor) = self.maker.redactor() {
            redactor.ready()?;
        }
        let listed = listing::list(&self.place, &self.select)?;
        self.counters.listed.fetch_add(listed.len() as u64, Relaxed);
        let steps = steps(&listed, kept);
        self.counters.untouched.fetch_add((listed.len() - examined(&steps)) as u64, Relaxed);
        let (readers, least) = self.place.readers();
        let mut rest = &steps[..];
        while !rest.is_empty() {
            let (window, later) = rest.split_at(window_len(rest));
            rest = later;
            let examined = parallel::map(window, readers, least, |step| self.examine(step, now_ns));
            for (step, examined) in window.iter().zip(examined) {
                self.say(step, examined, each)?;
            }
        }
        Ok(())
    }

    fn say(
        &self,
        step: &Step<'_>,
        examined: Examined,
        each: &mut dyn FnMut(FileChange<'_>) -> Result<()>,
    ) -> Result<()> {
        let (path, was_kept) = match step {
            Step::Gone(path) => (*path, true),
            Step::Examine(listed, kept) => (listed.path.as_str(), kept.is_some()),
        };
        let (record, rows) = match examined {
            Examined::Nothing => return Ok(()),
            Examined::Failed(error) => return Err(error),
            Examined::Gone if !was_kept => return Ok(()),
            Examined::Gone => (None, None),
            Examined::Record(record) => (Some(record), None),
            Examined::Rows(record, Prepared::Ready(rows)) => {
                (Some(record), Some(Box::new(rows.into_iter()) as Rows))
            }
            Examined::Rows(record, Prepared::Content(content)) => {
                (Some(record), Some(formats::rows(self.maker.clone(), path, content)))
            }
        };
        each(FileChange { path: path.to_owned(), record, rows: rows.map(|rows| rows as Box<_>) })
    }

    fn examine(&self, step: &Step<'_>, now_ns: i128) -> Examined {
        let (listed, kept) = match step {
            Step::Gone(_) => return Examined::Gone,
            Step::Examine(listed, kept) => (*listed, *kept),
        };
        let stat = match &listed.stat {
            Ok(stat) => stat,
            Err(reason) => return self.broken(listed, &Stat::default(), kept, reason),
        };
        self.counters.read.fetch_add(1, Relaxed);
        let (digest, content) = match Content::open(listed) {
            Ok(opened) => opened,
            Err(Unread::Gone) => return Examined::Gone,
            Err(Unread::Failed(error)) => return Examined::Failed(error),
            Err(Unread::Broken(reason)) => return self.broken(listed, stat, kept, &reason),
        };
        self.counters.bytes_read.fetch_add(content.len(), Relaxed);
        let digest = match self.maker.kept_digest(digest) {
            Ok(digest) => digest,
            Err(error) => return Examined::Failed(error),
        };
        let record = FileRecord { stat: stat.clone(), settled: change::is_settled(stat, now_ns), digest };
        match change::finding(kept, &record) {
            Finding::Nothing => Examined::Nothing,
            Finding::Record => Examined::Record(record),
            Finding::Rows if formats::is_light(&listed.path) && content.is_small() => {
                let rows = formats::rows(self.maker.clone(), &listed.path, content).collect();
                Examined::Rows(record, Prepared::Ready(rows))
            }
            Finding::Rows => Examined::Rows(record, Prepared::Content(content)),
        }
    }

    /// Says that a file cannot be read; it is looked at again by every scan, until it can.
    fn broken(&self, listed: &Listed, stat: &Stat, kept: Option<&FileRecord>, reason: &str) -> Examined {
        let digest = Key::builder("unreadable").text(reason).finish();
        let record = FileRecord { stat: stat.clone(), settled: false, digest };
        match change::finding(kept, &record) {
            Finding::Nothing => Examined::Nothing,
            Finding::Record => Examined::Record(record),
            Finding::Rows => {
                let row = self.maker.broken(&listed.path, None, reason);
                Examined::Rows(record, Prepared::Ready(vec![Ok(row)]))
            }
        }
    }
}

impl Source for FileSource {
    fn identity(&self) -> Identity {
        let mut identity = self.identity.clone();
        if let Some(redactor) = self.maker.redactor() {
            identity.settings["redact"] = redactor.meaning();
        }
        #[cfg(feature = "pdf")]
        if let Some(pdf) = self.maker.pdf() {
            identity.settings["pdf"] = pdf.meaning();
        }
        identity
    }

    fn redaction(&self) -> Redaction {
        match self.maker.redactor() {
            Some(redactor) => Redaction::By(redactor.clone()),
            None if self.is_open => Redaction::None,
            None => Redaction::Unsaid,
        }
    }

    fn changes(&self, kept: &KeptFiles, each: &mut dyn FnMut(FileChange<'_>) -> Result<()>) -> Result<()> {
        self.changes_at(now_ns(), kept, each)
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the racy rule compares file times with the clock; no row depends on it"
)]
fn now_ns() -> i128 {
    match SystemTime::now().duration_since(UNIX_EPOCH) {
        Ok(since) => since.as_nanos() as i128,
        // A clock before the epoch settles nothing.
        Err(_) => 0,
    }
}

/// Merges a listing with what is kept, in order of path; files that are left alone make no step.
fn steps<'a>(listed: &'a [Listed], kept: &'a KeptFiles) -> Vec<Step<'a>> {
    let mut steps = Vec::new();
    let mut kept = kept.iter().peekable();
    for listed in listed {
        while let Some((path, _)) = kept.next_if(|(path, _)| *path < listed.path.as_str()) {
            steps.push(Step::Gone(path));
        }
        let known = kept.next_if(|(path, _)| *path == listed.path).map(|(_, record)| record);
        let look = listed.stat.as_ref().map_or(Look::Read, |stat| change::look(known, stat));
        if look == Look::Read {
            steps.push(Step::Examine(listed, known));
        }
    }
    steps.extend(kept.map(|(path, _)| Step::Gone(path)));
    steps
}

fn examined(steps: &[Step<'_>]) -> usize {
    steps.iter().filter(|step| matches!(step, Step::Examine(..))).count()
}

/// Returns how many steps are examined together; a large file stands alone.
fn window_len(steps: &[Step<'_>]) -> usize {
    let mut bytes = 0;
    for (index, step) in steps.iter().take(WINDOW_FILES).enumerate() {
        let size = match step {
            Step::Examine(Listed { stat: Ok(stat), .. }, _) => stat.size,
            _ => 0,
        };
        if index > 0 && (size > SMALL_FILE_BYTES || bytes > WINDOW_BYTES) {
            return index;
        }
        if size > SMALL_FILE_BYTES {
            return 1;
        }
        bytes += size;
    }
    steps.len().min(WINDOW_FILES)
}

#[cfg(test)]
mod tests;
