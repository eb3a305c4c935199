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

/// Returns how many of the newest runs to merge into one: none, or at least two.
///
/// `rows` holds the updates of each run, oldest first; the last run is what the commit added. A run is merged while
/// it is at most twice what is gathered already, so that total work stays O(n log n), and while the merge stays
/// within four times the rows that the commit adds, plus a constant, so that law L2 holds for each commit.
pub fn runs_to_merge(rows: &[u64]) -> usize {
    let Some((added, older)) = rows.split_last() else { return 0 };
    let limit = 4 * added + ALWAYS;
    let (mut gathered, mut count) = (*added, 1);
    for run in older.iter().rev() {
        if *run > 2 * gathered.max(ALWAYS / 8) || gathered + run > limit {
            break;
        }
        gathered += run;
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

    #[test]
    fn a_commit_merges_little_and_runs_stay_few() {
        let mut rows: Vec<u64> = vec![1_000_000];
        let (mut merged, mut most) = (0, 0);
        for _ in 0..1000 {
            rows.push(100);
            let count = runs_to_merge(&rows);
            if count > 0 {
                let sum: u64 = rows.split_off(rows.len() - count).into_iter().sum();
                assert!(sum <= 4 * 100 + ALWAYS);
                merged += sum;
                rows.push(sum);
            }
            most = most.max(rows.len());
        }
        assert!(merged < 100_000 * 20, "merged {merged} rows for 100,000 added");
        assert!(most < 60, "{most} runs");
    }
}
