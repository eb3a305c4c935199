use std::io::{self, BufRead, BufReader, Read};

use flate2::bufread::MultiGzDecoder;

/// How the bytes of a file are packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Compression {
    /// Not at all.
    None,
    /// As gzip members, one after the other.
    Gzip,
    /// As Zstandard frames, one after the other.
    Zstd,
}

/// Splits the ending that names a compression off a name in lower case.
pub(crate) fn split(name: &str) -> (&str, Compression) {
    match name.rsplit_once('.') {
        Some((inner, "gz")) => (inner, Compression::Gzip),
        Some((inner, "zst")) => (inner, Compression::Zstd),
        _ => (name, Compression::None),
    }
}

impl Compression {
    /// Returns a reader of the unpacked bytes.
    pub(crate) fn unpack(self, raw: Box<dyn Read>) -> io::Result<Box<dyn BufRead>> {
        let raw = BufReader::with_capacity(64 << 10, raw);
        Ok(match self {
            Compression::None => Box::new(raw),
            Compression::Gzip => Box::new(BufReader::with_capacity(64 << 10, MultiGzDecoder::new(raw))),
            Compression::Zstd => {
                Box::new(BufReader::with_capacity(64 << 10, zstd::stream::read::Decoder::with_buffer(raw)?))
            }
        })
    }

    /// Says why bytes could not be read, without words that differ between machines.
    pub(crate) fn reason(self, error: &io::Error) -> String {
        let packing = match self {
            Compression::None => return format!("cannot be read: {}", error.kind()),
            Compression::Gzip => "gzip",
            Compression::Zstd => "zstd",
        };
        match error.kind() {
            io::ErrorKind::UnexpectedEof => format!("its {packing} data ends early"),
            _ => format!("its {packing} data is broken"),
        }
    }
}
