use rifflebox_core::{FileRecord, Stat};

/// Within it a second edit can leave all times as they are: the coarsest clock of a file system in use (FAT), in
/// nanoseconds.
pub(crate) const CLOCK_GRAIN_NS: i128 = 2_000_000_000;

/// What a listing alone says of a file that may be known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Look {
    /// It is what it was: leave it alone.
    Untouched,
    /// It may have changed: read it.
    Read,
}

/// What reading a file says of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Finding {
    /// Nothing that is not known.
    Nothing,
    /// The content is what it was; what is remembered of the file is not.
    Record,
    /// The content is new.
    Rows,
}

/// Decides whether a listed file must be read.
pub(crate) fn look(kept: Option<&FileRecord>, stat: &Stat) -> Look {
    match kept {
        Some(kept) if kept.settled && kept.stat == *stat => Look::Untouched,
        _ => Look::Read,
    }
}

/// Decides what to say of a file that was read.
pub(crate) fn finding(kept: Option<&FileRecord>, read: &FileRecord) -> Finding {
    match kept {
        Some(kept) if kept == read => Finding::Nothing,
        Some(kept) if kept.digest == read.digest => Finding::Record,
        _ => Finding::Rows,
    }
}

/// Decides whether an equal stat will prove an equal file: the rule by which git tells racily clean files.
///
/// A file is read after the listing began at `listed_ns`. An edit after that moves the time of the inode past it, or
/// up to one grain before it where clocks are coarse; so only a file whose times are older still is settled. A
/// store's own tag of the content needs no clock.
pub(crate) fn is_settled(stat: &Stat, listed_ns: i128) -> bool {
    stat.etag.is_some() || stat.modified_ns.max(stat.changed_ns) + CLOCK_GRAIN_NS < listed_ns
}

#[cfg(test)]
mod tests {
    use rifflebox_core::Key;

    use super::*;

    const NOW: i128 = 1_000_000_000_000;

    fn stat() -> Stat {
        Stat { size: 3, modified_ns: 5, changed_ns: 6, inode: 7, etag: None }
    }

    fn record(settled: bool) -> FileRecord {
        FileRecord { stat: stat(), settled, digest: Key::of(b"abc") }
    }

    #[test]
    fn only_a_settled_file_with_an_equal_stat_is_left_alone() {
        assert_eq!(look(None, &stat()), Look::Read);
        assert_eq!(look(Some(&record(false)), &stat()), Look::Read);
        assert_eq!(look(Some(&record(true)), &stat()), Look::Untouched);
        for other in [
            Stat { size: 4, ..stat() },
            Stat { modified_ns: 4, ..stat() },
            Stat { changed_ns: 7, ..stat() },
            Stat { inode: 8, ..stat() },
            Stat { etag: Some("x".to_owned()), ..stat() },
        ] {
            assert_eq!(look(Some(&record(true)), &other), Look::Read, "{other:?}");
        }
    }

    #[test]
    fn a_file_settles_once_both_its_times_are_older_than_a_grain() {
        let at = |modified_ns, changed_ns| is_settled(&Stat { modified_ns, changed_ns, ..stat() }, NOW);
        let old = NOW - CLOCK_GRAIN_NS - 1;
        assert!(at(old, old) && at(old, 0));
        assert!(!at(old + 1, old) && !at(old, old + 1) && !at(NOW + 9, old));
        assert!(is_settled(&Stat { modified_ns: NOW, etag: Some("x".to_owned()), ..stat() }, NOW));
    }

    #[test]
    fn equal_bytes_move_no_row() {
        assert_eq!(finding(Some(&record(true)), &record(true)), Finding::Nothing);
        assert_eq!(finding(Some(&record(false)), &record(true)), Finding::Record);
        assert_eq!(finding(None, &record(true)), Finding::Rows);
        let edited = FileRecord { digest: Key::of(b"abd"), ..record(true) };
        assert_eq!(finding(Some(&record(true)), &edited), Finding::Rows);
    }
}
