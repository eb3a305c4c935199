use proptest::collection::btree_map;
use proptest::prelude::*;

use super::*;

/// Cuts rows by their routes alone, the slow way: the definition.
fn reference(prefix: Prefix, rows: &BTreeMap<Key, u64>, target: u64, leaves: &mut Vec<Leaf>) {
    let under: BTreeMap<Key, u64> =
        rows.iter().filter(|(k, _)| prefix.contains(**k)).map(|(k, v)| (*k, *v)).collect();
    let bytes = under.values().sum();
    if bytes <= target || under.len() < 2 {
        leaves.push(Leaf { prefix, bytes });
        return;
    }
    for half in prefix.halves().unwrap() {
        reference(half, &under, target, leaves);
    }
}

fn cut(rows: &BTreeMap<Key, u64>, target: u64) -> (Vec<Leaf>, Vec<u16>) {
    let mut sums = BTreeMap::new();
    for (route, bytes) in rows {
        *sums.entry(bucket_of(*route)).or_default() += bytes;
    }
    let mut looked = Vec::new();
    let mut look = |bucket| {
        looked.push(bucket);
        Ok(rows.iter().filter(|(k, _)| bucket_of(**k) == bucket).map(|(k, v)| (*k, *v)).collect())
    };
    let leaves = leaves(&sums, target, &mut look).unwrap();
    (leaves, looked)
}

/// Routes that meet often in their first bits, some in nearly all.
fn routes() -> impl Strategy<Value = Key> {
    prop_oneof![
        any::<u128>().prop_map(Key::from_u128),
        (0..4u128, 0..3u128, 0..4u128)
            .prop_map(|(high, middle, low)| Key::from_u128((high << 126) | (middle << 100) | low)),
        (0..40u128).prop_map(|bucket| Key::from_u128(bucket << 116)),
    ]
}

proptest! {
    #[test]
    fn is_the_definition(rows in btree_map(routes(), 1..100u64, 0..60), target in 1..400u64) {
        let (cut, looked) = cut(&rows, target);
        let mut expected = Vec::new();
        reference(Prefix::ROOT, &rows, target, &mut expected);
        prop_assert_eq!(&cut, &expected);
        for bucket in looked {
            let sum: u64 = rows.iter().filter(|(k, _)| bucket_of(**k) == bucket).map(|(_, v)| v).sum();
            prop_assert!(sum > target, "looked into a bucket that needs no look");
        }
    }

    #[test]
    fn leaves_are_a_partition(rows in btree_map(routes(), 1..100u64, 0..60), target in 1..400u64, probe in routes()) {
        let (leaves, _) = cut(&rows, target);
        prop_assert_eq!(leaves[0].prefix.range().0, Key::MIN);
        prop_assert_eq!(leaves[leaves.len() - 1].prefix.range().1, Key::MAX);
        for pair in leaves.windows(2) {
            let (last, first) = (pair[0].prefix.range().1, pair[1].prefix.range().0);
            prop_assert_eq!(last.to_u128() + 1, first.to_u128());
        }
        prop_assert!(leaf_of(&leaves, probe).prefix.contains(probe));
        let weight: u64 = leaves.iter().map(|leaf| leaf.bytes).sum();
        prop_assert_eq!(weight, rows.values().sum::<u64>());
        for leaf in &leaves {
            let documents = rows.keys().filter(|route| leaf.prefix.contains(**route)).count();
            prop_assert!(leaf.bytes <= target || documents == 1);
            prop_assert_eq!(leaf.bytes == 0, documents == 0);
        }
    }

    #[test]
    fn more_rows_only_split(rows in btree_map(routes(), 1..100u64, 1..60), keep in any::<u64>(), target in 1..400u64) {
        let fewer = rows.iter().enumerate().filter(|(at, _)| keep >> (at % 64) & 1 == 1);
        let fewer = fewer.map(|(_, (route, bytes))| (*route, *bytes)).collect();
        let (coarse, _) = cut(&fewer, target);
        for leaf in cut(&rows, target).0 {
            let above = leaf_of(&coarse, leaf.prefix.range().0).prefix;
            prop_assert!(above.contains(leaf.prefix.range().1), "{:?} is not under {above:?}", leaf.prefix);
        }
    }

    #[test]
    fn names_read_back(route in routes(), depth in 0..=128u8) {
        let prefix = Prefix::of(route, depth);
        prop_assert_eq!(Prefix::parse(&prefix.to_string()), Some(prefix));
        prop_assert!(prefix.contains(route));
        let (first, last) = prefix.range();
        prop_assert!(first <= route && route <= last && prefix.contains(first) && prefix.contains(last));
    }
}

#[test]
fn an_empty_set_is_one_empty_leaf() {
    assert_eq!(cut(&BTreeMap::new(), 10).0, [Leaf { prefix: Prefix::ROOT, bytes: 0 }]);
}

#[test]
fn one_heavy_document_stays_whole() {
    let rows = BTreeMap::from([(Key::of(b"a"), 1_000)]);
    assert_eq!(cut(&rows, 10).0, [Leaf { prefix: Prefix::ROOT, bytes: 1_000 }]);
}

#[test]
fn twins_part_at_the_last_bit() {
    let rows = BTreeMap::from([(Key::from_u128(0), 7), (Key::from_u128(1), 7)]);
    let leaves = cut(&rows, 10).0;
    assert_eq!(leaves.len(), 129);
    assert_eq!(leaves[0].prefix.depth(), 128);
    assert_eq!(leaves[0].prefix.to_string().len(), 128);
}

#[test]
fn names() {
    let name = |route: u128, depth| Prefix::of(Key::from_u128(route), depth).to_string();
    assert_eq!(name(0, 0), "all");
    assert_eq!(name(u128::MAX, 3), "111");
    assert_eq!(name(5 << 124, 4), "0101");
    assert_eq!(name(0, 2), "00");
    for wrong in ["", "2", "01a", "+1", &"0".repeat(129)] {
        assert_eq!(Prefix::parse(wrong), None, "{wrong}");
    }
    let prefix = Prefix::of(Key::from_u128(5 << 124), 4);
    assert_eq!(serde_json::to_string(&prefix).unwrap(), "\"0101\"");
    assert_eq!(serde_json::from_str::<Prefix>("\"0101\"").unwrap(), prefix);
}
