//! `(rows by number, quota) -> Cut`: which rows a quota takes.
//!
//! Each row draws a permanent random number: its own digest. A quota takes rows by rising number while
//! their running tokens stay within it, and stops at the first that does not fit. So a small change of
//! rows or quota moves the cut a little, and only rows between the old and the new cut move with it.

use rifflebox_core::Key;
use serde::{Deserialize, Serialize};

/// Where a quota ends among the rows of one label.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cut {
    /// The number of the first row that is left out; none if all are taken.
    pub first_out: Option<Key>,
    /// The tokens of the rows that are taken.
    pub tokens: u64,
}

impl Cut {
    /// Returns whether the row of this number is taken.
    pub fn takes(self, number: Key) -> bool {
        self.first_out.is_none_or(|first_out| number < first_out)
    }
}

/// Where a quota ends among the sums of one level.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Split {
    /// How many of the buckets are taken whole.
    pub full: usize,
    /// The bucket within which the quota ends; none if all are taken.
    pub partial: Option<u8>,
    /// What is left of the quota for the partial bucket, or after all.
    pub left: u64,
}

/// Takes buckets of rising bytes while their running sum stays within a quota.
pub fn split(buckets: &[(u8, u64)], quota: u64) -> Split {
    let mut left = quota;
    for (full, (byte, tokens)) in buckets.iter().enumerate() {
        match left.checked_sub(*tokens) {
            Some(rest) => left = rest,
            None => return Split { full, partial: Some(*byte), left },
        }
    }
    Split { full: buckets.len(), partial: None, left }
}

/// Takes rows of rising numbers while their running tokens stay within a quota.
pub fn cut_rows(rows: &[(Key, u64)], quota: u64) -> Cut {
    let mut left = quota;
    for (number, tokens) in rows {
        match left.checked_sub(*tokens) {
            Some(rest) => left = rest,
            None => return Cut { first_out: Some(*number), tokens: quota - left },
        }
    }
    Cut { first_out: None, tokens: quota - left }
}

#[cfg(test)]
mod tests {
    use proptest::collection::btree_map;
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_cut_takes_what_fits_and_no_more(
            rows in btree_map(any::<u128>().prop_map(Key::from_u128), 0..20u64, 0..40), quota in 0..400u64,
        ) {
            let flat: Vec<_> = rows.iter().map(|(key, tokens)| (*key, *tokens)).collect();
            let cut = cut_rows(&flat, quota);
            let taken: u64 = flat.iter().filter(|(key, _)| cut.takes(*key)).map(|(_, tokens)| tokens).sum();
            prop_assert_eq!(taken, cut.tokens);
            prop_assert!(taken <= quota);
            if let Some(first_out) = cut.first_out {
                prop_assert!(taken + rows[&first_out] > quota);
            }
        }

        #[test]
        fn a_greater_quota_takes_no_row_back(
            rows in btree_map(any::<u128>().prop_map(Key::from_u128), 0..20u64, 0..40), quota in 0..400u64, more in 0..50u64,
        ) {
            let flat: Vec<_> = rows.into_iter().collect();
            let (small, large) = (cut_rows(&flat, quota), cut_rows(&flat, quota + more));
            prop_assert!(flat.iter().all(|(key, _)| !small.takes(*key) || large.takes(*key)));
        }
    }

    #[test]
    fn buckets_split_where_the_quota_ends() {
        let buckets = [(3, 10), (7, 5), (9, 5)];
        assert_eq!(split(&buckets, 12), Split { full: 1, partial: Some(7), left: 2 });
        assert_eq!(split(&buckets, 15), Split { full: 2, partial: Some(9), left: 0 });
        assert_eq!(split(&buckets, 21), Split { full: 3, partial: None, left: 1 });
        assert_eq!(split(&[], 3), Split { full: 0, partial: None, left: 3 });
    }
}
