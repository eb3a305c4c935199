//! Merging the runs of an arrangement, so that lookups see few of them.

use std::sync::Arc;

use differential_dataflow::trace::Cursor;
use differential_dataflow::trace::cursor::cursor_list;
use rifflebox_storage::RunColumns;

use crate::batch::{RunBuilder, found_all};
use crate::share::Share;
use crate::time::{Flat, Looped, Time};

/// Rows that a commit may always merge, however few it adds.
const ALWAYS: u64 = 4096;

/// Bytes that a commit merges at most: what is merged is held in memory.
const MOST_BYTES: u64 = 64 << 20;

/// How large a run is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RunSize {
    /// Its updates.
    pub rows: u64,
    /// The bytes of its columns.
    pub bytes: u64,
}

impl RunSize {
    /// Returns the size of a run in parts.
    pub fn of<'a>(parts: impl IntoIterator<Item = &'a RunColumns>) -> Self {
        let mut size = RunSize::default();
        for part in parts {
            size.rows += part.update_count() as u64;
            size.bytes += part.byte_count() as u64;
        }
        size
    }
}

/// Returns how many of the newest runs to merge into one: none, or at least two.
///
/// `runs` are in order, oldest first; the last is what the commit added. A run is merged while it is at most twice what
/// is gathered already, so that total work stays O(n log n); while the merge stays within four times the rows that the
/// commit adds, plus a constant, so that law L2 holds for each commit; and while the older runs fit into memory.
pub fn runs_to_merge(runs: &[RunSize]) -> usize {
    let Some((added, older)) = runs.split_last() else { return 0 };
    let limit = 4 * added.rows + ALWAYS;
    let (mut rows, mut bytes, mut count) = (added.rows, 0, 1);
    for run in older.iter().rev() {
        let in_tier = run.rows <= 2 * rows.max(ALWAYS / 8);
        if !in_tier || rows + run.rows > limit || bytes + run.bytes > MOST_BYTES {
            break;
        }
        rows += run.rows;
        bytes += run.bytes;
        count += 1;
    }
    if count > 1 { count } else { 0 }
}

/// Merges runs of one arrangement; what cancels is gone.
pub fn merge(runs: &[Arc<RunColumns>]) -> RunColumns {
    match runs.iter().any(|run| run.rounds.is_some()) {
        true => merge_of::<Looped>(runs),
        false => merge_of::<Flat>(runs),
    }
}

fn merge_of<T: Time>(runs: &[Arc<RunColumns>]) -> RunColumns {
    let batches = found_all::<T>(runs, &Share::ALL);
    let (mut cursor, batches) = cursor_list(batches);
    let mut merged = RunBuilder::new(T::LOOPED);
    let mut updates: Vec<(u64, i64)> = Vec::new();
    while let Some(key) = cursor.get_key(&batches) {
        while let Some(value) = cursor.get_val(&batches) {
            cursor.map_times(&batches, |time: T, diff: i64| updates.push((time.round(), diff)));
            differential_dataflow::consolidation::consolidate(&mut updates);
            for (round, diff) in updates.drain(..) {
                merged.push(key, value, round, diff);
            }
            cursor.step_val(&batches);
        }
        cursor.step_key(&batches);
    }
    merged.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Commits runs of these rows, each row of so many bytes; returns the rows merged, and the most runs there were.
    fn commits(start: u64, row_bytes: u64, rows: impl IntoIterator<Item = u64>) -> (u64, usize) {
        let size = |rows| RunSize { rows, bytes: rows * row_bytes };
        let mut runs = vec![size(start)];
        let (mut merged, mut most) = (0, 0);
        for added in rows {
            let before: u64 = runs.iter().map(|run| run.rows).sum();
            runs.push(size(added));
            let count = runs_to_merge(&runs);
            assert_ne!(count, 1, "one run is no merge");
            let tail = runs.split_off(runs.len() - count);
            if !tail.is_empty() {
                let sum: u64 = tail.iter().map(|run| run.rows).sum();
                assert!(sum <= 4 * added + ALWAYS, "{sum} rows merged for {added} added");
                let older = (sum - added) * row_bytes;
                assert!(older <= MOST_BYTES, "{older} bytes merged at once");
                merged += sum;
                runs.push(size(sum));
            }
            assert_eq!(runs.iter().map(|run| run.rows).sum::<u64>(), before + added);
            most = most.max(runs.len());
        }
        (merged, most)
    }

    #[test]
    fn a_commit_merges_little_and_runs_stay_few() {
        let (merged, most) = commits(1_000_000, 50, std::iter::repeat_n(100, 1000));
        assert!(merged < 100_000 * 20, "merged {merged} rows for 100,000 added");
        assert!(most < 60, "{most} runs");
    }

    #[test]
    fn work_is_n_log_n_whatever_the_sizes() {
        for seed in 1..20u64 {
            let mut state = seed;
            let sizes = std::iter::repeat_with(|| {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                1 + (state >> 33) % (1 << (state >> 60))
            });
            let sizes: Vec<u64> = sizes.take(2000).collect();
            let all: u64 = sizes.iter().sum();
            for row_bytes in [50, 2_000, 100_000] {
                let (merged, _) = commits(0, row_bytes, sizes.iter().copied());
                let bound = 4 * all * u64::from(all.ilog2());
                assert!(merged <= bound, "seed {seed}: merged {merged} rows of {all}");
            }
        }
    }

    #[test]
    fn runs_that_do_not_fit_into_memory_are_left_alone() {
        let large = RunSize { rows: 100, bytes: MOST_BYTES };
        assert_eq!(runs_to_merge(&[large, large]), 2);
        assert_eq!(runs_to_merge(&[large, large, large]), 2);
        assert_eq!(runs_to_merge(&[RunSize { bytes: MOST_BYTES + 1, ..large }, large]), 0);
    }
}
