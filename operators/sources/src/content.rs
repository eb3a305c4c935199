use std::fs::File;
use std::io::{self, Cursor, Read, Seek};
use std::path::Path;

use bytes::Bytes;
use rifflebox_core::{Error, ErrorKind, Key, Result, Stat};

use crate::listing::{At, Listed, stat_of};

/// Files up to this size, in bytes, are read once and held; larger ones are read twice, in pieces.
pub(crate) const SMALL_FILE_BYTES: u64 = 8 << 20;

/// The bytes of one file, whose digest is known.
#[derive(Debug)]
pub(crate) enum Content {
    /// All of them.
    Small(Bytes),
    /// An open file, at its start.
    Large(LargeFile),
}

/// An open file with what it was when its digest was taken.
#[derive(Debug)]
pub(crate) struct LargeFile {
    file: File,
    digest: Key,
    digested: Stat,
}

/// Why a file's bytes are not to be had.
#[derive(Debug)]
pub(crate) enum Unread {
    /// It is gone since it was listed.
    Gone,
    /// The reason, for a broken row.
    Broken(String),
    /// The store failed, which says nothing of the file: the scan cannot go on.
    Failed(Error),
}

impl Content {
    /// Reads a listed file, or opens it if it is large, and takes the digest of its bytes.
    pub(crate) fn open(listed: &Listed) -> Result<(Key, Content), Unread> {
        match &listed.at {
            At::File(path) => {
                open_file(path, listed.stat.as_ref().map_or(0, |stat| stat.size)).map_err(|error| match error
                    .kind()
                {
                    io::ErrorKind::NotFound => Unread::Gone,
                    kind => Unread::Broken(format!("cannot be read: {kind}")),
                })
            }
            At::Object(folder, path) => match folder.read(path) {
                Ok(Some(bytes)) => Ok((Key::of(&bytes), Content::Small(bytes))),
                Ok(None) => Err(Unread::Gone),
                Err(error) => Err(Unread::Failed(error)),
            },
        }
    }

    /// Returns the number of bytes.
    pub(crate) fn len(&self) -> u64 {
        match self {
            Content::Small(bytes) => bytes.len() as u64,
            Content::Large(large) => large.digested.size,
        }
    }

    /// Returns whether all bytes are held.
    pub(crate) fn is_small(&self) -> bool {
        matches!(self, Content::Small(_))
    }

    /// Returns a reader of the bytes as they stand, and the guard to ask once they are read.
    ///
    /// # Errors
    /// When the file cannot be opened twice.
    pub(crate) fn into_reader(self) -> io::Result<(Box<dyn Read>, Guard)> {
        match self {
            Content::Small(bytes) => Ok((Box::new(Cursor::new(bytes)), Guard::none())),
            Content::Large(large) => {
                let (file, guard) = large.into_file()?;
                Ok((Box::new(file), guard))
            }
        }
    }
}

impl LargeFile {
    /// Returns the file at its start, and the guard to ask once it is read.
    ///
    /// # Errors
    /// When the file cannot be opened twice.
    pub(crate) fn into_file(self) -> io::Result<(File, Guard)> {
        Ok((self.file.try_clone()?, Guard(Some(self))))
    }
}

/// Tells whether the rows that were read are those of the digest.
#[derive(Debug)]
pub(crate) struct Guard(Option<LargeFile>);

impl Guard {
    /// Makes the guard of bytes that are held.
    pub(crate) fn none() -> Self {
        Guard(None)
    }

    /// Makes sure that a large file did not change between its digest and now.
    ///
    /// # Errors
    /// When it did: what was read is no one state of the file, and must not be kept.
    pub(crate) fn check(&mut self, path: &str) -> Result<()> {
        let Some(large) = &mut self.0 else { return Ok(()) };
        // A rename or another's link moves the times of a file whose bytes stay.
        let unmoved = large.file.metadata().is_ok_and(|metadata| stat_of(&metadata) == large.digested);
        if unmoved || digest_of(&mut large.file).is_ok_and(|digest| digest == large.digest) {
            return Ok(());
        }
        let message = format!("{path} changed while it was read: build again once it is written");
        Err(Error::new(ErrorKind::Input, message))
    }
}

fn open_file(path: &Path, size: u64) -> io::Result<(Key, Content)> {
    let mut file = File::open(path)?;
    let mut head = Vec::with_capacity(size.min(SMALL_FILE_BYTES) as usize + 1);
    (&file).take(SMALL_FILE_BYTES + 1).read_to_end(&mut head)?;
    if head.len() as u64 <= SMALL_FILE_BYTES {
        return Ok((Key::of(&head), Content::Small(head.into())));
    }
    drop(head);
    let digested = stat_of(&file.metadata()?);
    let digest = digest_of(&mut file)?;
    Ok((digest, Content::Large(LargeFile { file, digest, digested })))
}

/// Returns the digest of a whole file, which it leaves at its start.
fn digest_of(file: &mut File) -> io::Result<Key> {
    file.rewind()?;
    let mut hasher = blake3::Hasher::new();
    hasher.update_reader(&mut *file)?;
    file.rewind()?;
    let mut head = [0; 16];
    head.copy_from_slice(&hasher.finalize().as_bytes()[..16]);
    Ok(Key::from_bytes(head))
}
