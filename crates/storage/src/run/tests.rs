use proptest::prelude::*;

use super::samples::{run_of, trie};
use super::*;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_slice_is_the_run_of_its_keys(trie in trie(), looped: bool, a: prop::sample::Index, b: prop::sample::Index) {
        let run = run_of(&trie, looped);
        let (a, b) = (a.index(trie.len() + 1), b.index(trie.len() + 1));
        let range = a.min(b)..a.max(b);
        let part = trie.into_iter().skip(range.start).take(range.len()).collect();
        let slice = run.slice(range);
        prop_assert_eq!(slice.packed().validate(), Ok(()));
        prop_assert_eq!(slice.byte_count(), slice.packed().byte_count());
        prop_assert_eq!(slice, run_of(&part, looped));
    }

    #[test]
    fn each_broken_promise_is_seen(trie in trie()) {
        let run = run_of(&trie, true);
        let spoilt = |spoil: &dyn Fn(&mut RunColumns)| {
            let mut run = run.clone();
            spoil(&mut run);
            run.validate().is_err()
        };
        prop_assert!(spoilt(&|run| run.keys = run.keys.slice(1)));
        prop_assert!(spoilt(&|run| run.diffs = run.diffs.slice(1, run.diffs.len() - 1)));
        prop_assert!(spoilt(&|run| run.diffs = vec![0; run.diffs.len()].into()));
        prop_assert!(spoilt(&|run| run.rounds = None) || run.update_count() == run.value_count());
        prop_assert!(spoilt(&|run| run.key_offsets = run.key_offsets.iter().map(|o| o + 1).collect()));
        prop_assert!(spoilt(&|run| run.value_bytes = vec![0_u8; run.value_bytes.len() + 1].into()));
        let repeated = |run: &mut RunColumns| run.keys = Buffer::from_vec(vec![0_u8; run.keys.len()]);
        prop_assert!(spoilt(&repeated) || run.key_count() == 1);
    }
}

#[test]
fn positions_past_the_end_are_none() {
    let run = samples::even_run(3, 5);
    assert_eq!((run.key(2).is_some(), run.key(3), run.key(usize::MAX)), (true, None, None));
    assert_eq!((run.value(2).map(<[u8]>::len), run.value(3)), (Some(5), None));
}
