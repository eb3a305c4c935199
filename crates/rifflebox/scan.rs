//! A source's files against what is kept of them: the difference, row by row.

use std::collections::BTreeMap;
use std::sync::Arc;

use rifflebox_core::{Error, ErrorKind, FileChange, FileRecord, KeptFiles, Key, Result, RowItem, Source};
use rifflebox_dataflow::{FlowPlan, Operator, Reader};

use crate::feed::Sender;
use crate::progress::{Event, Progress};
use crate::report::Changes;

/// What a scan found.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Scanned {
    /// Documents that changed.
    pub(crate) changes: Changes,
    /// Bytes of the texts that were read.
    pub(crate) bytes: u64,
}

impl Scanned {
    /// Adds what another source's scan found.
    pub(crate) fn add(&mut self, other: Scanned) {
        self.changes.added += other.changes.added;
        self.changes.changed += other.changes.changed;
        self.changes.removed += other.changes.removed;
        self.bytes += other.bytes;
    }
}

/// Scans the sources of a flow that are wanted, in the order of the flow; `before` says who each was when it was read
/// last.
///
/// # Errors
/// When a source cannot be listed, or the run has ended.
pub(crate) fn scan_sources(
    plan: &FlowPlan,
    is_wanted: impl Fn(&str) -> bool,
    before: &serde_json::Value,
    reader: &Reader,
    sender: &mut Sender,
    progress: Option<&Arc<dyn Progress>>,
) -> Result<Scanned> {
    let mut total = Scanned::default();
    for stage in plan.stages.iter().filter(|stage| is_wanted(&stage.name)) {
        let Operator::Source(source) = &stage.operator else { continue };
        if let Some(progress) = progress {
            progress.event(Event::Scanning { source: stage.name.clone() });
        }
        let identity = serde_json::Value::from(source.identity().fingerprint().to_string());
        let anew = before.get(&stage.name) != Some(&identity);
        total.add(scan(&**source, &stage.name, anew, reader, sender)?);
    }
    Ok(total)
}

/// Scans the sources that are not held out on a thread of its own, at most two epochs ahead of the engine; adds what the
/// scan of those found.
pub(crate) fn scan_beside(
    plan: FlowPlan,
    before: serde_json::Value,
    reader: Reader,
    mut sender: Sender,
    held_out: Scanned,
    progress: Option<Arc<dyn Progress>>,
) -> std::thread::JoinHandle<Result<Scanned>> {
    std::thread::spawn(move || {
        let apart = plan.held_out();
        let is_seed = |name: &str| !apart.contains(name);
        let scanned = scan_sources(&plan, is_seed, &before, &reader, &mut sender, progress.as_ref());
        let failed = scanned.as_ref().err().map(|error| Error::new(error.kind(), error.chain()));
        let mut total = held_out;
        let outcome = scanned.map(|scanned| total.add(scanned));
        sender.finish(outcome);
        failed.map_or(Ok(total), Err)
    })
}

/// Scans one source, and says what changed.
///
/// Only rows that differ are changes: `NAME/index` holds, by file, each row's key and digest.
fn scan(source: &dyn Source, name: &str, anew: bool, reader: &Reader, say: &mut Sender) -> Result<Scanned> {
    let input = |part: &str| -> Arc<str> { format!("{name}/{part}").into() };
    let mut scan = Scan {
        reader,
        name,
        files: input("files"),
        index: input("index"),
        rows: input("rows"),
        found: Scanned::default(),
        say,
    };
    let files = reader.table::<Key, (String, FileRecord)>(&scan.files).all();
    let kept: KeptFiles = files.into_iter().map(|(_, file, _)| file).collect();
    // A source that would read its files otherwise than before reads them all.
    let doubted = anew.then(|| unsettled(&kept));
    source.changes(doubted.as_ref().unwrap_or(&kept), &mut |change| scan.file(change, &kept))?;
    Ok(scan.found)
}

/// Returns records that no file equals, so that each is read, and gone ones are still seen to be gone.
fn unsettled(kept: &KeptFiles) -> KeptFiles {
    let doubt = |record: &FileRecord| FileRecord { settled: false, digest: Key::MIN, ..record.clone() };
    kept.iter().map(|(path, record)| (path.to_owned(), doubt(record))).collect()
}

struct Scan<'a> {
    reader: &'a Reader,
    name: &'a str,
    files: Arc<str>,
    index: Arc<str>,
    rows: Arc<str>,
    found: Scanned,
    say: &'a mut Sender,
}

impl Scan<'_> {
    fn file(&mut self, change: FileChange<'_>, kept: &KeptFiles) -> Result<()> {
        let file = Key::of(change.path.as_bytes());
        match (change.rows, &change.record) {
            (Some(rows), _) => self.replace(file, &change.path, rows)?,
            (None, None) => self.replace(file, &change.path, Box::new(std::iter::empty()))?,
            (None, Some(_)) => {}
        }
        let before = kept.get(&change.path);
        if before != change.record.as_ref() {
            for (record, diff) in [(before, -1), (change.record.as_ref(), 1)] {
                if let Some(record) = record {
                    self.say.say(&self.files, &file, &(change.path.clone(), record.clone()), diff);
                }
            }
        }
        self.say.pause()
    }

    /// Says the difference between a file's rows and those that are kept of it.
    fn replace(
        &mut self,
        file: Key,
        path: &str,
        rows: Box<dyn Iterator<Item = Result<RowItem>> + '_>,
    ) -> Result<()> {
        let kept = self.reader.table::<Key, (Key, Key)>(&self.index).get(file);
        let mut kept: BTreeMap<Key, Key> = kept.into_iter().collect();
        for item in rows {
            let item = item?;
            self.found.bytes += item.document.as_ref().map_or(0, |document| document.text.len() as u64);
            let (_, bytes) = rifflebox_dataflow::encode(&item.key, &item);
            let digest = Key::of(&bytes);
            match kept.remove(&item.key) {
                Some(before) if before == digest => continue,
                Some(before) => {
                    self.retract(file, path, item.key, before)?;
                    self.found.changes.changed += u64::from(item.document.is_ok());
                }
                None => self.found.changes.added += u64::from(item.document.is_ok()),
            }
            self.say.say(&self.index, &file, &(item.key, digest), 1);
            self.say.say(&self.rows, &item.key, &item, 1);
            self.say.pause()?;
        }
        for (key, digest) in kept {
            let sound = self.retract(file, path, key, digest)?;
            self.found.changes.removed += u64::from(sound);
        }
        Ok(())
    }

    /// Takes a row back; returns whether it was a document.
    fn retract(&mut self, file: Key, path: &str, key: Key, digest: Key) -> Result<bool> {
        self.say.say(&self.index, &file, &(key, digest), -1);
        let rows = self.reader.table::<Key, RowItem>(&self.rows).get(key);
        let row = rows.into_iter().find(|row| row.place.path == path);
        let Some(row) = row else {
            let message = format!(
                "source {}: the index of {path} names a row that is not kept; build --rebuild",
                self.name
            );
            return Err(Error::new(ErrorKind::Corrupt, message));
        };
        self.say.say(&self.rows, &key, &row, -1);
        Ok(row.document.is_ok())
    }
}
