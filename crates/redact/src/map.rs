use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::io::{ErrorKind as IoErrorKind, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use rifflebox_core::{Error, ErrorKind, Result};

/// The values behind pseudonyms, each as it was written: a JSON object on a file that only its owner reads.
///
/// It is no part of any result. Entries are added and never removed, so that it reverses older datasets too.
pub(crate) struct PseudonymMap {
    path: PathBuf,
    fresh: Mutex<Entries>,
}

/// Values by pseudonym.
type Entries = BTreeMap<String, BTreeSet<String>>;

impl fmt::Debug for PseudonymMap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // No value.
        f.debug_struct("PseudonymMap").field("path", &self.path).finish_non_exhaustive()
    }
}

impl PseudonymMap {
    pub(crate) fn new(path: PathBuf) -> Self {
        PseudonymMap { path, fresh: Mutex::default() }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Takes note of a value.
    pub(crate) fn note(&self, pseudonym: &str, value: &str) {
        let mut fresh = self.fresh.lock().unwrap_or_else(PoisonError::into_inner);
        fresh.entry(pseudonym.to_owned()).or_default().insert(value.to_owned());
    }

    /// Adds what was noted since to the file; it is there as it was, or with all of it.
    ///
    /// # Errors
    /// When the file cannot be read or written, or is no such map.
    pub(crate) fn write(&self) -> Result<()> {
        let fresh = std::mem::take(&mut *self.fresh.lock().unwrap_or_else(PoisonError::into_inner));
        if fresh.is_empty() {
            return Ok(());
        }
        let mut entries = self.read()?;
        let before = entries.clone();
        for (pseudonym, values) in fresh {
            entries.entry(pseudonym).or_default().extend(values);
        }
        if entries == before { Ok(()) } else { self.replace(&entries) }
    }

    fn read(&self) -> Result<Entries> {
        let text = match std::fs::read(&self.path) {
            Ok(text) => text,
            Err(error) if error.kind() == IoErrorKind::NotFound => return Ok(Entries::new()),
            Err(error) => return Err(self.failed("cannot be read").with_source(error)),
        };
        // What does not parse may be anything, also personal data: no word of it is told.
        serde_json::from_slice(&text).map_err(|_| self.failed("is no such map: move it away"))
    }

    fn replace(&self, entries: &Entries) -> Result<()> {
        let folder = match self.path.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent,
            _ => Path::new("."),
        };
        // Temporary files are their owner's alone to read.
        let write = || -> std::io::Result<()> {
            let mut file = tempfile::NamedTempFile::new_in(folder)?;
            serde_json::to_writer_pretty(&mut file, entries)?;
            file.write_all(b"\n")?;
            file.as_file().sync_all()?;
            file.persist(&self.path).map_err(|error| error.error)?;
            Ok(())
        };
        write().map_err(|error| self.failed("cannot be written").with_source(error))
    }

    fn failed(&self, what: &str) -> Error {
        Error::new(ErrorKind::Input, format!("the map of pseudonyms {} {what}", self.path.display()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_are_added_and_stay() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("map.json");
        let map = PseudonymMap::new(path.clone());
        map.write().unwrap();
        assert!(!path.exists(), "nothing was noted");
        map.note("<EMAIL_1>", "Ada@x.org");
        map.write().unwrap();
        let other = PseudonymMap::new(path.clone());
        other.note("<EMAIL_1>", "ada@x.org");
        other.note("<EMAIL_2>", "bob@x.org");
        other.write().unwrap();
        let read: Entries = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
        assert_eq!(read["<EMAIL_1>"].iter().collect::<Vec<_>>(), ["Ada@x.org", "ada@x.org"]);
        assert_eq!(read.len(), 2);
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "no temporary file is left");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o077, 0);
        }
    }

    #[test]
    fn another_file_is_not_overwritten() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "ada@x.org").unwrap();
        let map = PseudonymMap::new(file.path().to_owned());
        map.note("<EMAIL_1>", "bob@x.org");
        let error = map.write().unwrap_err();
        assert!(error.chain().ends_with("is no such map: move it away"), "{error}");
        assert_eq!(std::fs::read_to_string(file.path()).unwrap(), "ada@x.org");
    }
}
