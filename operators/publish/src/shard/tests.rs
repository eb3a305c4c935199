use arrow_array::cast::AsArray;
use arrow_array::{Array, RecordBatch};
use bytes::Bytes;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::file::reader::{FileReader, SerializedFileReader};
use proptest::prelude::*;

use super::*;

fn text(number: u128, text: &str) -> DataRow {
    row(number, Content::Text { text: text.to_owned() })
}

fn row(number: u128, content: Content) -> DataRow {
    DataRow {
        id: Key::from_u128(number),
        content,
        context: None,
        tier: Tier::T0,
        source: "docs".to_owned(),
        license: number.is_multiple_of(2).then(|| "CC-BY-4.0".to_owned()),
        tokens: 3,
    }
}

fn contents() -> [Content; 4] {
    let say = |role: &str, content: &str| Message { role: role.to_owned(), content: content.to_owned() };
    [
        Content::Text { text: "naïve\n\0text".to_owned() },
        Content::Messages { messages: vec![say("user", "why?"), say("assistant", "so")] },
        Content::Completion { prompt: "why?".to_owned(), completion: "so".to_owned() },
        Content::Preference { prompt: "why?".to_owned(), chosen: "so".to_owned(), rejected: "".to_owned() },
    ]
}

fn read(bytes: &[u8]) -> Vec<RecordBatch> {
    let reader = ParquetRecordBatchReaderBuilder::try_new(Bytes::copy_from_slice(bytes)).unwrap();
    reader.build().unwrap().map(|batch| batch.unwrap()).collect()
}

fn column(bytes: &[u8], name: &str) -> Vec<Option<String>> {
    let texts = |batch: &RecordBatch| -> Vec<_> {
        let column = batch.column_by_name(name).unwrap().as_string::<i32>().clone();
        column.iter().map(|text| text.map(str::to_owned)).collect()
    };
    read(bytes).iter().flat_map(texts).collect()
}

#[test]
fn every_kind_reads_back_with_its_columns() {
    for content in contents() {
        let kind = content.kind();
        let rows = [row(1, content.clone()), row(2, content)];
        let bytes = encode(kind, &rows).unwrap();
        let batches = read(&bytes);
        assert_eq!(*batches[0].schema(), data_schema(kind));
        assert_eq!(batches[0].num_rows(), 2);
        assert_eq!(column(&bytes, "id")[1], Some(Key::from_u128(2).to_string()));
        assert_eq!(column(&bytes, "license"), [None, Some("CC-BY-4.0".to_owned())]);
    }
}

#[test]
fn turns_keep_their_order() {
    let empty = Content::Messages { messages: Vec::new() };
    let rows = [row(1, empty), row(2, contents()[1].clone())];
    let batches = read(&encode(Kind::Messages, &rows).unwrap());
    let lists = batches[0].column_by_name("messages").unwrap().as_list::<i32>().clone();
    assert_eq!(lists.value(0).len(), 0);
    let turns = lists.value(1);
    let roles = turns.as_struct().column_by_name("role").unwrap().as_string::<i32>().clone();
    assert_eq!(roles.iter().flatten().collect::<Vec<_>>(), ["user", "assistant"]);
}

#[test]
fn context_is_a_column_where_something_is_asked() {
    let mut asked = row(1, contents()[2].clone());
    asked.context = Some("because so".to_owned());
    let bytes = encode(Kind::Completion, &[asked]).unwrap();
    assert_eq!(column(&bytes, "context"), [Some("because so".to_owned())]);
    assert!(data_schema(Kind::Text).column_with_name("context").is_none());
}

#[test]
fn files_name_no_library_and_no_arrow_schema() {
    let bytes = encode(Kind::Text, &[text(1, "a")]).unwrap();
    let reader = SerializedFileReader::new(Bytes::from(bytes)).unwrap();
    let metadata = reader.metadata().file_metadata();
    assert_eq!(metadata.created_by(), Some("rifflebox version 1.0.0"));
    assert_eq!(metadata.key_value_metadata(), None);
}

#[test]
fn wrong_rows_are_refused() {
    let message = |kind, rows: &[DataRow]| encode(kind, rows).unwrap_err().to_string();
    assert!(message(Kind::Text, &[]).contains("no rows"));
    assert!(message(Kind::Text, &[text(2, "a"), text(1, "b")]).contains("rising id"));
    assert!(message(Kind::Text, &[text(1, "a"), text(1, "a")]).contains("rising id"));
    assert!(message(Kind::Completion, &[text(1, "a")]).contains("of kind text"));
}

#[test]
fn many_and_long_rows_read_back() {
    let rows: Vec<_> = (0..3_000).map(|at| text(at, &format!("{at} ").repeat(at as usize % 50))).collect();
    let bytes = encode(Kind::Text, &rows).unwrap();
    let expected: Vec<_> = rows.iter().map(|row| Some(row.content.columns()[0].1.to_owned())).collect();
    assert_eq!(column(&bytes, "text"), expected);

    let long = "x".repeat(20 << 20);
    let bytes = encode(Kind::Text, &[text(1, &long), text(2, "short")]).unwrap();
    assert_eq!(column(&bytes, "text"), [Some(long), Some("short".to_owned())]);
}

#[test]
fn golden() {
    for content in contents() {
        let rows: Vec<_> = (0..100).map(|at| row(at, content.clone())).collect();
        let kind = content.kind();
        crate::table::tests::golden(kind.name(), &encode(kind, &rows).unwrap());
    }
}

proptest! {
    #[test]
    fn equal_rows_give_equal_bytes(texts in proptest::collection::vec(".{0,40}", 1..40)) {
        let rows = |order: bool| {
            let mut rows: Vec<_> = texts.iter().zip(0..).map(|(words, at)| text(at, words)).collect();
            if order {
                rows.reverse();
                rows.sort_by_key(|row| row.id);
            }
            rows
        };
        let bytes = encode(Kind::Text, &rows(false)).unwrap();
        prop_assert_eq!(&bytes, &encode(Kind::Text, &rows(true)).unwrap());
        prop_assert_eq!(column(&bytes, "text"), texts.iter().cloned().map(Some).collect::<Vec<_>>());
    }
}
