use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::encoded::Encoded;
use crate::run::contents;

/// Rows by key, value and round.
type Sum = BTreeMap<(u128, Vec<u8>, u64), i64>;

/// What a commit may merge at most, of rows that are spread over keys.
fn bound(added: u64, under_way: u64) -> u64 {
    TIMES * added * under_way.max(1) + ALWAYS
}

/// A source of numbers that looks like chance, and is none.
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// Returns a number below another, of which small ones are as likely as large ones: chance has their length.
    fn size_below(&mut self, most: u64) -> u64 {
        let bits = self.next() % u64::from(most.ilog2() + 1);
        self.next() % (1 << bits) + 1
    }
}

/// An arrangement, and what its commits cost.
#[derive(Default)]
struct Kept {
    runs: Vec<OpenRun>,
    added: u64,
    merged: u64,
    /// Lengths of commits that added less than [`SHORT`] rows, made up to that.
    floor: u64,
    most_runs: usize,
    /// Commits so far, and whether they take turns with those of other arrangements.
    commits: u64,
    shares: bool,
}

impl Kept {
    /// Adds a run of so many new keys, of one value each.
    fn add(&mut self, numbers: &mut Numbers, rows: u64) {
        let keys: std::collections::BTreeSet<u64> = (0..rows).map(|_| numbers.next()).collect();
        let mut run = RunBuilder::new(false);
        keys.iter().for_each(|key| run.push(Key::from_head64(*key), b"", 0, 1));
        self.commit(run.finish());
    }

    fn commit(&mut self, run: RunColumns) {
        let added = run.update_count() as u64;
        let turn = self.turn();
        // One more may begin.
        let most = bound(added, self.under_way() + 1) + ALWAYS;
        let written = add_run(&mut self.runs, vec![run], turn);
        assert!(self.under_way() <= self.log(), "{} merges under way", self.under_way());
        assert!(written <= most, "{written} rows written again where {added} were added");
        self.added += added;
        self.floor += added.max(SHORT);
        self.merged += written;
        self.most_runs = self.most_runs.max(self.runs.len());
    }

    fn under_way(&self) -> u64 {
        merges(self.runs.clone()).iter().filter(|merge| !merge.joining.is_empty()).count() as u64
    }

    fn turn(&mut self) -> Turn {
        self.commits += 1;
        if self.shares { Turn::at(self.commits, 1) } else { Turn::Now }
    }

    fn contents(&self) -> BTreeMap<(Key, Encoded), i64> {
        contents(&columns(&self.runs))
    }

    fn log(&self) -> u64 {
        u64::from((self.added / SHORT).max(2).ilog2())
    }
}

fn columns(runs: &[OpenRun]) -> Vec<Arc<RunColumns>> {
    runs.iter().flat_map(|run| &run.pieces).map(|piece| piece.columns.clone()).collect()
}

fn run_of(rows: &Sum, looped: bool) -> RunColumns {
    let mut run = RunBuilder::new(looped);
    for ((key, value, round), diff) in rows {
        run.push(Key::from_u128(*key), value, *round, *diff);
    }
    run.finish()
}

/// Asserts what a run promises, and that of runs that are merged only keys are left that are still to be merged.
fn assert_well_formed(runs: &[OpenRun]) {
    for run in runs {
        assert!(run.pieces.is_sorted_by(|one, two| one.last() < two.first()));
        run.pieces.iter().for_each(|piece| assert_eq!(piece.columns.packed().validate(), Ok(())));
        assert!(!run.pieces.is_empty());
    }
    assert!(runs.first().is_none_or(|run| !run.joins), "the first run joins nothing");
}

#[test]
fn thousands_of_commits_of_any_size_merge_little_each_little_in_sum_and_leave_few_runs() {
    for (commits, most, shares) in [(2_200, 1 << 8, false), (2_200, 1 << 8, true), (200, 1 << 13, true)] {
        let mut numbers = Numbers(most);
        let mut kept = Kept { shares, ..Kept::default() };
        kept.add(&mut numbers, 20_000);
        for _ in 0..commits {
            let rows = numbers.size_below(most);
            kept.add(&mut numbers, rows);
        }
        let log = kept.log();
        assert_eq!(contents(&columns(&kept.runs)).len() as u64, kept.added, "every key is another");
        assert!(kept.merged <= 2 * kept.floor * log, "merged {} of {}", kept.merged, kept.floor);
        assert!(kept.most_runs as u64 <= 3 * log, "{} runs, log {log}", kept.most_runs);
        assert_well_formed(&kept.runs);
    }
}

#[test]
fn long_runs_are_merged_over_many_commits_and_their_pieces_do_not_crumble() {
    let mut numbers = Numbers(7);
    let mut kept = Kept::default();
    for _ in 1..FEW {
        let mut one = Kept::default();
        one.add(&mut numbers, 40_000);
        kept.runs.append(&mut one.runs);
    }
    let mut commits = 0;
    while commits == 0 || kept.runs.iter().any(|run| run.joins) {
        kept.add(&mut numbers, 10);
        commits += 1;
        assert!(commits < 50, "a merge comes to its end");
    }
    assert!(commits > 5, "no commit merges much: {commits}");
    let longest = kept.runs.iter().max_by_key(|run| run.rows()).expect("there are runs");
    assert!(longest.rows() > 119_000);
    let shortest = longest.rows() / longest.pieces.len() as u64;
    assert!(shortest >= ALWAYS / 2, "{} pieces of {} rows", longest.pieces.len(), longest.rows());
}

#[test]
fn a_key_with_more_rows_than_a_commit_may_merge_is_merged_as_one() {
    let mut numbers = Numbers(9);
    let mut kept = Kept::default();
    let mut sum = Sum::new();
    for _ in 0..6 {
        let mut run = Sum::new();
        for _ in 0..20_000 {
            run.insert((5, numbers.next().to_be_bytes().to_vec(), 0), 1);
        }
        add_run(&mut kept.runs, vec![run_of(&run, false)], Turn::Now);
        sum.append(&mut run);
    }
    assert!(kept.runs.len() < FEW, "{} runs", kept.runs.len());
    assert_eq!(kept.contents().len(), sum.len());
}

#[test]
fn what_cancels_is_gone_and_the_runs_that_are_left_join_each_other() {
    let mut numbers = Numbers(11);
    let keys: Vec<u128> = (0..40_000).map(|_| u128::from(numbers.next()) << 64).collect();
    let rows = |diff| -> Sum { keys.iter().map(|key| ((*key, vec![1], 0), diff)).collect() };
    let mut runs = Vec::new();
    for diff in [1, -1, 2, -2, 3, -3, 4, -4] {
        add_run(&mut runs, vec![run_of(&rows(diff), false)], Turn::Now);
        assert_well_formed(&runs);
    }
    for head in 0..60u128 {
        add_run(&mut runs, vec![run_of(&Sum::from([((head, vec![], 0), 1)]), false)], Turn::Now);
        assert_well_formed(&runs);
    }
    assert_eq!(contents(&columns(&runs)).len(), 60);
    assert_eq!(runs.iter().map(OpenRun::rows).sum::<u64>(), 60, "nothing is kept of what cancels");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// Small keys meet often, and small bounds make merges of several steps.
    #[test]
    fn steps_of_any_length_keep_the_sum(
        commits in prop::collection::vec(
            prop::collection::btree_map((0..40u128, prop::collection::vec(0..3u8, 0..2), 0..3u64), -2..3i64, 0..30),
            2..12,
        ),
        looped: bool,
        steps in prop::collection::vec(1..40u64, 1..30),
    ) {
        let mut sum = Sum::new();
        let mut runs = Vec::new();
        for commit in &commits {
            let commit: Sum =
                commit.iter().filter(|((_, _, round), _)| looped || *round == 0).map(|(k, d)| (k.clone(), *d)).collect();
            commit.iter().for_each(|(row, diff)| *sum.entry(row.clone()).or_insert(0) += diff);
            runs.push(OpenRun { joins: !runs.is_empty(), ..OpenRun::new([Arc::new(run_of(&commit, looped))]) });
        }
        let mut expected = BTreeMap::new();
        for ((key, value, _), diff) in sum {
            *expected.entry((Key::from_u128(key), Encoded::from(value))).or_insert(0) += diff;
        }
        expected.retain(|_, diff| *diff != 0);
        for rows in steps {
            // What a restart would see.
            runs.retain(|run: &OpenRun| !run.pieces.is_empty());
            let mut merges = merges(std::mem::take(&mut runs));
            if let Some(merge) = merges.iter_mut().find(|merge| !merge.joining.is_empty()) {
                let before = merge.joining_rows();
                let (read, _) = merge.step(Size { rows, bytes: MOST_BYTES }, true).expect("it must");
                prop_assert!(merge.joining_rows() < before);
                prop_assert!(read.rows <= rows.max(9 * 40));
            }
            runs.extend(merges.into_iter().flat_map(Merge::into_runs));
            assert_well_formed(&runs);
            prop_assert_eq!(contents(&columns(&runs)), expected.clone());
        }
    }
}
