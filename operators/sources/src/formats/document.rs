use std::io::{self, Read};

use rifflebox_core::{Fields, Result, RowItem};

use super::Compression;
use crate::content::Content;
use crate::row::RowMaker;

/// The longest text of one document, in bytes: what unpacks to more is a mistake or an attack.
pub(crate) const MAX_TEXT_BYTES: u64 = 256 << 20;

/// Makes the one row of a file that is one document.
pub(crate) fn row(
    maker: &RowMaker,
    path: &str,
    compression: Compression,
    content: Content,
    read: fn(String) -> (String, Fields),
) -> Result<RowItem> {
    let (bytes, mut guard) = match content.into_reader() {
        Ok((raw, guard)) => (unpacked(compression, raw), guard),
        Err(error) => return Ok(maker.broken(path, None, &Compression::None.reason(&error))),
    };
    guard.check(path)?;
    let bytes = match bytes {
        Ok(bytes) if bytes.len() as u64 > MAX_TEXT_BYTES => {
            return Ok(maker.broken(path, None, &too_long()));
        }
        Ok(bytes) => bytes,
        Err(error) => return Ok(maker.broken(path, None, &compression.reason(&error))),
    };
    Ok(match String::from_utf8(bytes) {
        Ok(text) => {
            let (text, fields) = read(text);
            maker.document(path, text, fields)
        }
        Err(error) => {
            let offset = error.utf8_error().valid_up_to();
            let line = 1 + error.as_bytes()[..offset].iter().filter(|byte| **byte == b'\n').count() as u64;
            maker.broken(path, Some(line), &not_utf8(offset))
        }
    })
}

/// Says that a text is too long.
pub(crate) fn too_long() -> String {
    format!("holds more than {} MiB of text", MAX_TEXT_BYTES >> 20)
}

/// Says where bytes stop being text; offsets count from 0.
pub(crate) fn not_utf8(offset: usize) -> String {
    format!("is not UTF-8 at byte offset {offset}")
}

fn unpacked(compression: Compression, raw: Box<dyn Read>) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    compression.unpack(raw)?.take(MAX_TEXT_BYTES + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}
