//! `{sample: row} -> {path: bytes}`: the published folder, as pure functions of rows.
//!
//! Which shard a row lives in ([`leaves`]), a shard's bytes ([`encode`], [`encode_provenance`]), and the
//! snapshot's and the card's text are functions of the rows alone: no dates, hosts, orders or counters.
//! This crate reads and writes no store.

mod card;
mod provenance;
mod shard;
mod snapshot;
mod splits;
mod summary;
mod table;
mod trie;

pub use card::{Absent, Card, DATA_CARD_SCHEMA, DataCard, KindCard};
pub use provenance::{
    DISPLACED_NAMED, Maker, ProvenanceRow, Redaction, VerifierEntry, encode_provenance, provenance_schema,
};
pub use shard::{DataRow, data_schema, encode};
pub use snapshot::{Folder, PublishedFile, ShardPlace, Snapshot};
pub use splits::{Splits, TRAIN};
pub use summary::{
    Actor, ActorCount, Count, Figures, SEEDS_LISTED, SeedDigest, Seeds, ShardSummary, WrittenShard,
    write_shard,
};
pub use table::FORMAT;
pub use trie::{BUCKET_BITS, Leaf, Prefix, bucket_of, leaf_of, leaves};
