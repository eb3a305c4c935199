use std::io::Write;

use proptest::prelude::*;

use super::*;
use crate::Files;

const SEEDS: &[u8] = include_bytes!("../../../tests/data/seeds.parquet");

fn rows_of(path: &str, bytes: Vec<u8>) -> Vec<RowItem> {
    let maker = Arc::new(RowMaker::new("t", &Files::matching("*").text("instruction"), None));
    crate::formats::rows(maker, path, Content::Small(bytes.into())).collect::<Result<_>>().unwrap()
}

#[test]
fn a_packed_table_is_the_table() {
    let zstd = zstd::encode_all(SEEDS, 1).unwrap();
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(SEEDS).unwrap();
    let gzip = gzip.finish().unwrap();
    let documents = |rows: Vec<RowItem>| rows.into_iter().map(|row| row.document).collect::<Vec<_>>();
    let plain = documents(rows_of("t.parquet", SEEDS.to_vec()));
    assert_eq!(plain.iter().flatten().count(), 12);
    assert_eq!(documents(rows_of("t.parquet.zst", zstd)), plain);
    assert_eq!(documents(rows_of("t.parquet.gz", gzip)), plain);
}

#[test]
fn a_file_that_is_no_table_says_so() {
    for bytes in [&b""[..], b"text", &SEEDS[..SEEDS.len() / 2]] {
        let rows = rows_of("t.parquet", bytes.to_vec());
        assert_eq!(rows.len(), 1);
        let reason = rows[0].document.as_ref().unwrap_err();
        assert!(reason.starts_with("t.parquet: cannot be read as parquet: "), "{reason}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// A damaged table ends in sound rows, broken rows, or both; never in an error, and the same each time.
    #[test]
    fn damage_is_rows(at in any::<prop::sample::Index>(), byte in any::<u8>()) {
        let mut bytes = SEEDS.to_vec();
        let at = at.index(bytes.len());
        bytes[at] = byte;
        let rows = rows_of("t.parquet", bytes.clone());
        prop_assert!(!rows.is_empty());
        prop_assert_eq!(rows, rows_of("t.parquet", bytes));
    }
}
