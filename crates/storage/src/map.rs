//! Maps files into memory: the one place that needs `unsafe`, because another process could change a mapped file.

#![expect(unsafe_code, reason = "no safe way exists to map a file; why it is sound stands at the call")]

use std::fs::File;
use std::io;
use std::path::Path;

use memmap2::Mmap;

/// Maps a whole file for reading.
///
/// # Errors
/// When the file cannot be opened or mapped.
pub(crate) fn map(path: &Path) -> io::Result<Mmap> {
    map_file(&File::open(path)?)
}

/// Maps an open file for reading: one that is found under its digest, or one without a name that is written no more.
///
/// # Errors
/// When the file cannot be mapped.
pub(crate) fn map_file(file: &File) -> io::Result<Mmap> {
    // SAFETY: the bytes behind the mapping must not change or shrink while it lives. A file without a name is ours
    // alone, and its one writer lets go of it once it is mapped. Every other file that comes here is named by the digest of its bytes, and we never write to it under its name: it appears whole, by a rename or
    // a link, and leaves by being unlinked, after which the mapping keeps the old bytes alive. The mapping is
    // private and read-only. What remains is somebody else who writes into our folder: changed bytes are then read
    // as other numbers, since only types for which every bit pattern is valid are laid over them and every access
    // is bounds-checked; a file cut short under a mapping ends the process by a signal, and breaks no memory.
    unsafe { Mmap::map(file) }
}
