use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;

/// A run as plain data: key, value, round, diff.
pub(crate) type Trie = BTreeMap<u128, BTreeMap<Vec<u8>, BTreeMap<u64, i64>>>;

/// Makes tries that are not empty anywhere.
pub(crate) fn trie() -> impl Strategy<Value = Trie> {
    let diff = prop_oneof![1..i64::MAX, i64::MIN..0];
    let updates = prop::collection::btree_map(0..9_u64, diff, 1..4);
    let values = prop::collection::btree_map(prop::collection::vec(any::<u8>(), 0..9), updates, 1..4);
    prop::collection::btree_map(any::<u128>(), values, 1..12)
}

/// Keeps one update of each value, at round 0.
pub(crate) fn without_rounds(trie: Trie) -> Trie {
    let first = |updates: BTreeMap<u64, i64>| updates.into_values().take(1).map(|diff| (0, diff)).collect();
    let flat = |values: BTreeMap<Vec<u8>, _>| values.into_iter().map(|(v, u)| (v, first(u))).collect();
    trie.into_iter().map(|(key, values)| (key, flat(values))).collect()
}

/// Lays a trie out in columns.
pub(crate) fn run_of(trie: &Trie, looped: bool) -> RunColumns {
    let trie = if looped { trie.clone() } else { without_rounds(trie.clone()) };
    let (mut keys, mut bytes) = (Vec::new(), Vec::new());
    let (mut key_offsets, mut value_offsets, mut round_offsets) = (vec![0], vec![0], vec![0]);
    let (mut rounds, mut diffs) = (Vec::new(), Vec::new());
    for (key, values) in trie {
        keys.extend(key.to_be_bytes());
        for (value, updates) in values {
            bytes.extend(value);
            value_offsets.push(bytes.len() as i64);
            for (round, diff) in updates {
                rounds.push(round);
                diffs.push(diff);
            }
            round_offsets.push(rounds.len() as i64);
        }
        key_offsets.push(value_offsets.len() as i64 - 1);
    }
    let rounds = looped.then(|| Rounds { offsets: round_offsets.into(), rounds: rounds.into() });
    RunColumns {
        keys: Buffer::from_vec(keys),
        key_offsets: key_offsets.into(),
        value_offsets: value_offsets.into(),
        value_bytes: Buffer::from_vec(bytes),
        rounds,
        diffs: diffs.into(),
    }
}

/// Makes a flat run of `count` keys, evenly spread, each with one value of `width` bytes.
pub(crate) fn even_run(count: u64, width: usize) -> RunColumns {
    let row = |i: u64| {
        let value = i.to_le_bytes().iter().copied().cycle().take(width).collect::<Vec<u8>>();
        (u128::from(i) << 100, BTreeMap::from([(value, BTreeMap::from([(0, 1)]))]))
    };
    run_of(&(0..count).map(row).collect(), false)
}
