//! Shards, provenance and cards.
