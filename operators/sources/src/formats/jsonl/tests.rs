use std::io::Write;

use bytes::Bytes;
use proptest::prelude::*;
use rifflebox_core::{Document, Key};

use super::*;
use crate::Files;

fn rows_of(path: &str, bytes: &[u8]) -> Vec<RowItem> {
    let maker = Arc::new(RowMaker::new("t", &Files::matching("*"), None));
    let content = Content::Small(Bytes::copy_from_slice(bytes));
    crate::formats::rows(maker, path, content).collect::<Result<_>>().unwrap()
}

fn check(bytes: &[u8], expected: &[Result<(&str, &str), &str>]) {
    let rows = rows_of("t.jsonl", bytes);
    let told: Vec<_> = rows
        .iter()
        .map(|row| match &row.document {
            Ok(document) => Ok((document.id.as_str(), document.text.as_str())),
            Err(reason) => Err(reason.as_str()),
        })
        .collect();
    assert_eq!(told, expected);
    assert!(rows.iter().all(|row| row.place.line.is_some() == row.document.is_err()));
}

#[test]
fn marks_carriage_returns_and_empty_lines_are_tolerated() {
    check(
        b"\xef\xbb\xbf{\"id\":\"a\",\"text\":\"x\"}\r\n\r\n   \n{\"id\":2,\"text\":\"y\\u0000\"}",
        &[Ok(("a", "x")), Ok(("2", "y\0"))],
    );
    check(b"", &[]);
}

#[test]
fn broken_lines_say_where_and_why() {
    check(
        b"{\"id\":1}\n{\"id\":2,\n[1]\n\xff\n\"x\"\n{\"id\":1}\n{\"id\":3,\"text\":{}}\n{\"n\":1e999}\n{\"id\":4}\n",
        &[
            Ok(("1", "")),
            Err("t.jsonl, line 2: no JSON at column 8: EOF while parsing a value"),
            Err("t.jsonl, line 3: holds a list, no JSON object"),
            Err("t.jsonl, line 4: line is not UTF-8 at byte offset 0"),
            Err("t.jsonl, line 5: holds a text, no JSON object"),
            Err("t.jsonl, line 6: id \"1\" repeats that of line 1"),
            Err("t.jsonl, line 7: column `text` holds a table; name another with `text`"),
            Err("t.jsonl, line 8: no JSON at column 10: number out of range"),
            Ok(("4", "")),
        ],
    );
}

#[test]
fn deep_nesting_is_a_broken_line() {
    let line = format!("{{\"a\":{}\n{{\"id\":1}}", "[".repeat(100_000));
    let rows = rows_of("t.jsonl", line.as_bytes());
    assert!(rows[0].document.as_ref().unwrap_err().contains("recursion limit exceeded"));
    assert_eq!(rows[1].document.as_ref().unwrap().id, "1");
}

#[test]
fn a_very_long_line_is_a_row() {
    let text = "long ".repeat(1 << 20);
    let rows = rows_of("t.jsonl", format!("{{\"id\":1,\"text\":\"{text}\"}}\n{{\"id\":2}}").as_bytes());
    assert_eq!(rows.len(), 2);
    assert_eq!(rows[0].document.as_ref().unwrap().text, text);
}

#[test]
fn packed_lines_in_several_pieces_are_one_file() {
    let (one, two) = (b"{\"id\":1}\n{\"id\"".as_slice(), b":2}\n{\"id\":3}\n".as_slice());
    let gzip = |bytes: &[u8]| {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    };
    let zstd = |bytes: &[u8]| zstd::encode_all(bytes, 1).unwrap();
    let plain = documents(rows_of("t.jsonl", &[one, two].concat()));
    assert_eq!(plain.len(), 3);
    assert_eq!(documents(rows_of("t.jsonl.gz", &[gzip(one), gzip(two)].concat())), plain);
    assert_eq!(documents(rows_of("t.jsonl.zst", &[zstd(one), zstd(two)].concat())), plain);

    let reasons = |path: &str, bytes: &[u8]| {
        let rows = rows_of(path, bytes);
        (
            rows.iter().filter(|row| row.document.is_ok()).count(),
            rows.last().unwrap().document.clone().unwrap_err(),
        )
    };
    let cut = gzip(&[one, two].concat());
    let (_, reason) = reasons("t.jsonl.gz", &cut[..cut.len() - 4]);
    assert!(reason.ends_with("its gzip data ends early"), "{reason}");
    assert_eq!(reasons("t.jsonl.zst", b"no zstd").1, "t.jsonl.zst, line 1: its zstd data is broken");
    let (sound, reason) = reasons("t.jsonl.zst", &[zstd(b"{\"id\":1}\n"), b"garbage".to_vec()].concat());
    assert_eq!((sound, reason.as_str()), (1, "t.jsonl.zst, line 2: its zstd data is broken"));
}

#[test]
fn what_unpacks_without_end_is_read_only_as_far_as_it_is_asked_for() {
    // Each frame is a line that unpacks to 32 MiB; all of them to 32 GiB.
    let line = format!("{{\"text\":\"{}\"}}\n", "x".repeat(32 << 20));
    let bytes = zstd::encode_all(line.as_bytes(), 1).unwrap().repeat(1000);
    let maker = Arc::new(RowMaker::new("t", &Files::matching("*"), None));
    let mut rows = crate::formats::rows(maker, "t.jsonl.zst", Content::Small(bytes.into()));
    assert_eq!(rows.next().unwrap().unwrap().document.unwrap().text.len(), 32 << 20);
}

#[test]
fn a_text_too_long_to_hold_is_broken_and_the_next_line_is_not() {
    let long = vec![b' '; MAX_TEXT_BYTES as usize + 10];
    let rows = rows_of("t.txt.zst", &zstd::encode_all(&long[..], 1).unwrap());
    assert_eq!(rows[0].document.as_ref().unwrap_err(), "t.txt.zst: holds more than 256 MiB of text");
    let lines =
        [&zstd::encode_all(&long[..], 1).unwrap()[..], &zstd::encode_all(&b"\n{}"[..], 1).unwrap()].concat();
    let rows = rows_of("t.jsonl.zst", &lines);
    assert_eq!(
        rows[0].document.as_ref().unwrap_err(),
        "t.jsonl.zst, line 1: holds more than 256 MiB of text"
    );
    assert_eq!((rows.len(), rows[1].document.is_ok()), (2, true));
}

fn documents(rows: Vec<RowItem>) -> Vec<(Key, Result<Document, String>)> {
    rows.into_iter().map(|row| (row.key, row.document)).collect()
}

#[derive(Clone, Debug)]
enum Edit {
    Insert(String),
    Change(String),
    Remove,
}

fn edit() -> impl Strategy<Value = Edit> {
    prop_oneof![".{0,12}".prop_map(Edit::Insert), ".{0,12}".prop_map(Edit::Change), Just(Edit::Remove)]
}

fn encode(rows: &[(u64, String)]) -> Vec<u8> {
    let line = |(id, text): &(u64, String)| format!("{}\n", serde_json::json!({"id": id, "text": text}));
    rows.iter().map(line).collect::<String>().into_bytes()
}

proptest! {
    /// However a file is edited, the rows that the edits do not touch are the same items.
    #[test]
    fn edits_move_only_the_rows_that_they_touch(
        texts in prop::collection::vec(".{0,12}", 1..20),
        edits in prop::collection::vec((any::<prop::sample::Index>(), edit()), 1..5),
    ) {
        let mut rows: Vec<(u64, String)> = texts.into_iter().enumerate().map(|(n, text)| (n as u64, text)).collect();
        let before = rows.clone();
        let mut fresh = 1000;
        for (at, edit) in edits {
            let index = at.index(rows.len() + 1);
            match edit {
                Edit::Insert(text) => {
                    fresh += 1;
                    rows.insert(index, (fresh, text));
                }
                Edit::Change(text) if index < rows.len() => rows[index].1 = text,
                Edit::Remove if index < rows.len() => drop(rows.remove(index)),
                Edit::Change(_) | Edit::Remove => {}
            }
        }
        let items = |rows: &[(u64, String)]| -> std::collections::BTreeSet<RowItem> {
            rows_of("t.jsonl", &encode(rows)).into_iter().collect()
        };
        let (old, new) = (items(&before), items(&rows));
        let moved = old.symmetric_difference(&new).count();
        let expected = before.iter().filter(|row| !rows.contains(row)).count()
            + rows.iter().filter(|row| !before.contains(row)).count();
        prop_assert_eq!(moved, expected);
    }

    /// No bytes stop the reader, and each line that is not empty is one row.
    #[test]
    fn any_bytes_are_rows(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let lines = bytes.split(|byte| *byte == b'\n');
        let lines = lines.filter(|line| !line.trim_ascii().is_empty() && *line != b"\xef\xbb\xbf").count();
        prop_assert_eq!(rows_of("t.jsonl", &bytes).len(), lines);
        rows_of("t.jsonl.gz", &bytes);
        rows_of("t.jsonl.zst", &bytes);
        rows_of("t.md", &bytes);
        rows_of("t.parquet", &bytes);
    }
}
