use std::fs;
use std::io::Write;
use std::path::{Path as FilePath, PathBuf};

use arrow_buffer::Buffer;
use bytes::Bytes;
use rifflebox_core::{Error, ErrorKind, Result};

use crate::failure::io_error;
use crate::ipc;
use crate::map::map_file;
use crate::run::RunColumns;

/// Where state that outgrows memory waits: in files without a name, which die with the process.
#[derive(Clone, Debug)]
pub struct Scratch {
    folder: PathBuf,
}

impl Scratch {
    /// Names a folder, which is created when something is first put there.
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Scratch { folder: folder.into() }
    }

    /// Moves a run to a file, in which it is read from then on; its pages leave memory when they are not used.
    ///
    /// # Errors
    /// [`ErrorKind::Store`] when the folder cannot be written: it may be full.
    pub fn spill(&self, run: &RunColumns) -> Result<RunColumns> {
        let bytes = ipc::encode(std::slice::from_ref(run)).map_err(|why| internal(&why))?;
        let failed = |e| io_error(&format!("write to the cache folder {}", self.folder.display()), e);
        let map = write(&self.folder, &bytes).map_err(failed)?;
        ipc::decode(&Buffer::from(Bytes::from_owner(map)), 0).map_err(internal)
    }
}

impl Default for Scratch {
    fn default() -> Self {
        Scratch::new(std::env::temp_dir())
    }
}

fn write(folder: &FilePath, bytes: &[u8]) -> std::io::Result<memmap2::Mmap> {
    fs::create_dir_all(folder)?;
    let mut file = tempfile::tempfile_in(folder)?;
    file.write_all(bytes)?;
    map_file(&file)
}

fn internal(why: &str) -> Error {
    Error::new(ErrorKind::Internal, format!("state that is put aside {why}"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::run::samples::{run_of, trie};

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(16))]

        #[test]
        fn what_is_put_aside_is_what_it_was(trie in trie(), looped: bool) {
            let folder = tempfile::tempdir().unwrap();
            let run = run_of(&trie, looped);
            let spilt = Scratch::new(folder.path().join("cache")).spill(&run).unwrap();
            prop_assert_eq!(spilt, run);
            let left = fs::read_dir(folder.path().join("cache")).unwrap().count();
            prop_assert_eq!(left, 0, "no file keeps a name");
        }
    }

    #[test]
    fn a_folder_that_cannot_be_written_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file");
        fs::write(&file, "").unwrap();
        let error = Scratch::new(&file).spill(&run_of(&Default::default(), false)).unwrap_err();
        assert!(error.to_string().contains(&file.display().to_string()), "{error}");
    }
}
