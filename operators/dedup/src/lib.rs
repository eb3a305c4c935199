//! Purges of duplicates.
