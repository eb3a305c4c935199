use std::collections::BTreeMap;
use std::io::Cursor;

use arrow_array::{Array, cast::AsArray, types::Int64Type, types::UInt64Type};
use arrow_ipc::reader::FileReader;
use proptest::prelude::*;

use super::*;
use crate::run::samples::{Trie, run_of, trie};

fn file_of(runs: &[RunColumns]) -> Buffer {
    Buffer::from_slice_ref(encode(runs).unwrap())
}

/// Reads a file back through Arrow's own reader, as anybody would.
fn read_by_arrow(file: &[u8]) -> Vec<Trie> {
    let reader = FileReader::try_new(Cursor::new(file), None).unwrap();
    reader.map(|batch| trie_of(&batch.unwrap())).collect()
}

fn trie_of(batch: &RecordBatch) -> Trie {
    let keys = batch.column_by_name("key").unwrap().as_fixed_size_binary();
    let lists = batch.column_by_name("vals").unwrap().as_list::<i64>();
    let mut trie = Trie::new();
    for row in 0..batch.num_rows() {
        let key = u128::from_be_bytes(keys.value(row).try_into().unwrap());
        let values = lists.value(row);
        let values = values.as_struct();
        let bytes = values.column_by_name("val").unwrap().as_binary::<i64>();
        for value in 0..values.len() {
            let updates: BTreeMap<u64, i64> = match values.column_by_name("upds") {
                None => {
                    let diffs = values.column_by_name("diff").unwrap().as_primitive::<Int64Type>();
                    BTreeMap::from([(0, diffs.value(value))])
                }
                Some(lists) => {
                    let updates = lists.as_list::<i64>().value(value);
                    let updates = updates.as_struct();
                    let rounds = updates.column_by_name("round").unwrap().as_primitive::<UInt64Type>();
                    let diffs = updates.column_by_name("diff").unwrap().as_primitive::<Int64Type>();
                    rounds.values().iter().copied().zip(diffs.values().iter().copied()).collect()
                }
            };
            trie.entry(key).or_default().insert(bytes.value(value).to_vec(), updates);
        }
    }
    trie
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn files_read_back_and_by_arrow(tries in prop::collection::vec(trie(), 1..4), looped: bool) {
        let runs: Vec<_> = tries.iter().map(|trie| run_of(trie, looped)).collect();
        let file = file_of(&runs);
        for (batch, run) in runs.iter().enumerate() {
            prop_assert_eq!(run.validate(), Ok(()));
            prop_assert_eq!(&decode(&file, batch).unwrap(), run);
        }
        prop_assert!(decode(&file, runs.len()).is_err());
        let flat = |trie: Trie| if looped { trie } else { crate::run::samples::without_rounds(trie) };
        let expected: Vec<_> = tries.into_iter().map(flat).collect();
        prop_assert_eq!(read_by_arrow(&file), expected);
    }

    #[test]
    fn random_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let mut framed = MAGIC.to_vec();
        framed.extend(&bytes);
        framed.extend(i32::try_from(bytes.len() / 2).unwrap().to_le_bytes());
        framed.extend(MAGIC);
        prop_assert!(decode(&Buffer::from_slice_ref(&framed), 0).is_err());
        prop_assert!(decode(&Buffer::from_slice_ref(&bytes), 0).is_err());
    }

    #[test]
    fn spoilt_files_never_panic(
        trie in trie(), looped: bool, spoil in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8)
    ) {
        let mut file = encode(&[run_of(&trie, looped)]).unwrap();
        for (place, byte) in spoil {
            let place = place.index(file.len());
            file[place] = byte;
        }
        // Reading what passes must not panic either: it is what a flip under a mapping looks like.
        if let Ok(run) = decode(&Buffer::from_slice_ref(&file), 0) {
            drop(run.validate());
        }
    }
}

#[test]
fn every_single_flip_of_the_tables_is_survived() {
    let file = encode(&[run_of(
        &Trie::from([(7, BTreeMap::from([(b"v".to_vec(), BTreeMap::from([(2, 3)]))]))]),
        true,
    )]);
    let file = file.unwrap();
    for place in 0..file.len() {
        for bit in 0..8 {
            let mut spoilt = file.clone();
            spoilt[place] ^= 1 << bit;
            if let Ok(run) = decode(&Buffer::from_slice_ref(&spoilt), 0) {
                drop(run.validate());
            }
        }
    }
}

#[test]
fn cut_files_are_refused() {
    let file = encode(&[run_of(
        &Trie::from([(7, BTreeMap::from([(vec![1; 999], BTreeMap::from([(0, 1)]))]))]),
        false,
    )]);
    let file = file.unwrap();
    for length in 0..file.len() {
        assert!(decode(&Buffer::from_slice_ref(&file[..length]), 0).is_err(), "{length} bytes were accepted");
    }
}

#[test]
fn columns_are_aligned_and_not_copied() {
    let file = file_of(&[run_of(
        &Trie::from([(1, BTreeMap::from([(b"abc".to_vec(), BTreeMap::from([(0, 1)]))]))]),
        false,
    )]);
    let run = decode(&file, 0).unwrap();
    let range = file.as_slice().as_ptr_range();
    for column in
        [&run.keys, run.key_offsets.inner(), run.value_offsets.inner(), &run.value_bytes, run.diffs.inner()]
    {
        assert!(range.contains(&column.as_ptr()), "copied");
        assert_eq!((column.as_ptr() as usize - range.start as usize) % ALIGNMENT, 0);
    }
}
