//! Verifiers and filters.
