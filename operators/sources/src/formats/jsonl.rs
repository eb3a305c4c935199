use std::io::{self, BufRead, Read};
use std::sync::Arc;

use rifflebox_core::{Fields, Result, RowItem, Value};
use serde_json::Value as Json;

use super::document::{MAX_TEXT_BYTES, not_utf8, too_long};
use super::{Compression, Rows};
use crate::content::{Content, Guard};
use crate::row::{RowMaker, SeenIds, whole_number};

/// Returns the rows of JSON lines: one for each line that is not empty, sound or broken.
///
/// A mark of byte order at the start and carriage returns at line ends are tolerated.
pub(crate) fn rows(maker: Arc<RowMaker>, path: String, compression: Compression, content: Content) -> Rows {
    let opened = content.into_reader().and_then(|(raw, guard)| Ok((compression.unpack(raw)?, guard)));
    match opened {
        Ok((reader, guard)) => {
            let seen = SeenIds::new();
            Box::new(Lines { maker, path, compression, reader, guard, line: 0, seen, ended: false })
        }
        Err(error) => Box::new(std::iter::once(Ok(maker.broken(&path, None, &compression.reason(&error))))),
    }
}

struct Lines {
    maker: Arc<RowMaker>,
    path: String,
    compression: Compression,
    reader: Box<dyn BufRead>,
    guard: Guard,
    line: u64,
    seen: SeenIds,
    ended: bool,
}

impl Iterator for Lines {
    type Item = Result<RowItem>;

    fn next(&mut self) -> Option<Self::Item> {
        while !self.ended {
            self.line += 1;
            let mut bytes = Vec::new();
            let read = (&mut self.reader).take(MAX_TEXT_BYTES + 1).read_until(b'\n', &mut bytes);
            let row = match read {
                Ok(0) => {
                    self.ended = true;
                    return self.guard.check(&self.path).err().map(Err);
                }
                Ok(length) if length as u64 > MAX_TEXT_BYTES => self.skip_line(),
                Ok(_) => match self.read_line(&bytes) {
                    Some(row) => row,
                    None => continue,
                },
                Err(error) => self.cut_short(&error),
            };
            return Some(Ok(row));
        }
        None
    }
}

impl Lines {
    fn read_line(&mut self, bytes: &[u8]) -> Option<RowItem> {
        let bytes = match self.line {
            1 => bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes),
            _ => bytes,
        };
        let line = bytes.trim_ascii_end();
        if line.is_empty() {
            return None;
        }
        Some(match parse(line) {
            Ok(columns) => self.maker.table_row(&self.path, self.line, columns, &mut self.seen),
            Err(reason) => self.maker.broken(&self.path, Some(self.line), &reason),
        })
    }

    /// Passes over the rest of a line that is too long to hold.
    fn skip_line(&mut self) -> RowItem {
        match self.reader.skip_until(b'\n') {
            Ok(_) => self.maker.broken(&self.path, Some(self.line), &too_long()),
            Err(error) => self.cut_short(&error),
        }
    }

    /// Ends the rows where the file can be read no further.
    fn cut_short(&mut self, error: &io::Error) -> RowItem {
        self.ended = true;
        self.maker.broken(&self.path, Some(self.line), &self.compression.reason(error))
    }
}

/// Reads the columns of one line, or says why there are none.
fn parse(line: &[u8]) -> Result<Fields, String> {
    let text =
        std::str::from_utf8(line).map_err(|error| format!("line {}", not_utf8(error.valid_up_to())))?;
    let what = match serde_json::from_str(text) {
        Ok(Json::Object(columns)) => {
            return Ok(columns.into_iter().map(|(name, json)| (name, value(json))).collect());
        }
        Ok(Json::Null) => "null",
        Ok(Json::Bool(_)) => "a truth value",
        Ok(Json::Number(_)) => "a number",
        Ok(Json::String(_)) => "a text",
        Ok(Json::Array(_)) => "a list",
        Err(error) => {
            let told = error.to_string();
            let cause = told.split(" at line ").next().unwrap_or(&told);
            return Err(format!("no JSON at column {}: {cause}", error.column()));
        }
    };
    Err(format!("holds {what}, no JSON object"))
}

/// Returns JSON as a value; whole numbers beyond 64 bits with sign stay exact.
fn value(json: Json) -> Value {
    match json {
        Json::Number(number) => match number.as_u64() {
            Some(whole) => whole_number(whole),
            None => Value::from(Json::Number(number)),
        },
        Json::Array(list) => Value::List(list.into_iter().map(value).collect()),
        Json::Object(map) => Value::Map(map.into_iter().map(|(name, json)| (name, value(json))).collect()),
        other => Value::from(other),
    }
}

#[cfg(test)]
mod tests;
