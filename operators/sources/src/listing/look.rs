use std::fs;
use std::io;
use std::path::Path;

use rifflebox_core::Stat;

use super::stat_of;

/// Looks at files one after the other.
///
/// The path of a folder is walked once for all its files that come in a row: of ten thousand files, that is most of
/// what looking at them costs.
#[derive(Debug, Default)]
pub(super) struct Looker {
    #[cfg(target_os = "linux")]
    folder: Option<(std::path::PathBuf, std::os::fd::OwnedFd)>,
}

impl Looker {
    /// Returns what a file is, links followed; none where it is no regular file.
    ///
    /// # Errors
    /// When there is no file, or nothing can be known of it.
    pub(super) fn look(&mut self, at: &Path) -> io::Result<Option<Stat>> {
        #[cfg(target_os = "linux")]
        if let (Some(folder), Some(name)) = (at.parent(), at.file_name())
            && self.enter(folder)
            && let Some((_, folder)) = &self.folder
        {
            let stat = rustix::fs::statat(folder, name, rustix::fs::AtFlags::empty())?;
            return Ok(regular(&stat));
        }
        let metadata = fs::metadata(at)?;
        Ok(metadata.is_file().then(|| stat_of(&metadata)))
    }

    /// Opens a folder, unless it is the one that is open; returns whether it could be.
    #[cfg(target_os = "linux")]
    fn enter(&mut self, folder: &Path) -> bool {
        use rustix::fs::{CWD, Mode, OFlags, openat};
        if self.folder.as_ref().is_some_and(|(open, _)| open == folder) {
            return true;
        }
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
        self.folder = openat(CWD, folder, flags, Mode::empty()).ok().map(|open| (folder.to_owned(), open));
        self.folder.is_some()
    }
}

#[cfg(target_os = "linux")]
fn regular(stat: &rustix::fs::Stat) -> Option<Stat> {
    use rustix::fs::FileType;
    let nanoseconds = |seconds, rest| i128::from(seconds) * 1_000_000_000 + i128::from(rest);
    (FileType::from_raw_mode(stat.st_mode) == FileType::RegularFile).then(|| Stat {
        size: stat.st_size.cast_unsigned(),
        modified_ns: nanoseconds(stat.st_mtime, stat.st_mtime_nsec),
        changed_ns: nanoseconds(stat.st_ctime, stat.st_ctime_nsec),
        inode: stat.st_ino,
        etag: None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_look_says_what_the_metadata_of_a_path_does() {
        let place = tempfile::tempdir().unwrap();
        let write = |path: &str| {
            let path = place.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(&path, path.to_string_lossy().as_bytes()).unwrap();
            path
        };
        let mut looker = Looker::default();
        for path in ["one/a", "one/b", "two/a", "one/a", "c"].map(write) {
            let metadata = fs::metadata(&path).unwrap();
            assert_eq!(looker.look(&path).unwrap(), Some(stat_of(&metadata)), "{}", path.display());
        }
        assert_eq!(looker.look(&place.path().join("one")).unwrap(), None, "a folder is no file");
        for gone in ["one/gone", "gone/a", "one/a/below a file"] {
            assert!(looker.look(&place.path().join(gone)).is_err(), "{gone}");
        }
        #[cfg(unix)]
        {
            let link = place.path().join("two/link");
            std::os::unix::fs::symlink("../c", &link).unwrap();
            let target = fs::metadata(place.path().join("c")).unwrap();
            assert_eq!(looker.look(&link).unwrap(), Some(stat_of(&target)), "a link is what it leads to");
        }
    }
}
