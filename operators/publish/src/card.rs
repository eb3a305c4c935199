//! `[ShardSummary] -> README.md, data-card.json`: what people and programs read before the rows.

mod features;
mod front_matter;
mod license;
mod prose;

use std::collections::BTreeMap;

use rifflebox_core::Kind;
use serde::{Deserialize, Serialize};

use crate::snapshot::{Snapshot, pretty};
use crate::summary::{Figures, ShardSummary, kind_name};

/// The name and version of the layout of `data-card.json`; its layout is this project's own.
pub const DATA_CARD_SCHEMA: &str = "rifflebox/data-card/1";

/// All that the cards of a published folder are made of: a pass over shards, and none over rows.
#[derive(Clone, Copy, Debug)]
pub struct Card<'a> {
    /// The flow's name.
    pub name: &'a str,
    /// The tokenizer that tokens are counted by.
    pub tokenizer: &'a str,
    /// What a person wrote for the card, as Markdown; its YAML front matter, if any, joins the card's.
    pub written: Option<&'a str>,
    /// The list of the files.
    pub snapshot: &'a Snapshot,
    /// All shards, in any order.
    pub shards: &'a [ShardSummary],
    /// Rows that are not published, by the stage at which they ended and by what became of them there.
    pub absent: &'a Absent,
}

/// Counts of rows that are not published: by stage, then `broken`, `failed`, `rejected`, `displaced`, `unused` and so on.
pub type Absent = BTreeMap<String, BTreeMap<String, u64>>;

impl Card<'_> {
    /// Returns the text of `README.md`, a dataset card of the Hugging Face hub.
    ///
    /// It lists each shard by its path: superseded ones may stand beside them for a while.
    pub fn readme(&self) -> String {
        let order = self.in_order();
        let figures = Figures::sum(order.iter().map(|shard| &shard.figures));
        let (matter, words) = front_matter::split(self.written.unwrap_or_default());
        let head = front_matter::write(self, &order, &figures, &matter);
        let body = prose::write(self, &order, &figures, words);
        format!("---\n{head}---\n\n{body}")
    }

    /// Returns the text of `data-card.json`.
    pub fn data_card(&self) -> String {
        let order = self.in_order();
        let kinds = kinds_of(&order).into_iter().map(|kind| KindCard {
            kind,
            columns: features::columns(kind),
            figures: Figures::sum(
                order.iter().filter(|shard| shard.kind == kind).map(|shard| &shard.figures),
            ),
        });
        let card = DataCard {
            schema: DATA_CARD_SCHEMA.to_owned(),
            name: self.name.to_owned(),
            snapshot: self.snapshot.snapshot.clone(),
            data: self.snapshot.data.clone(),
            tokenizer: self.tokenizer.to_owned(),
            total: Figures::sum(order.iter().map(|shard| &shard.figures)),
            kinds: kinds.collect(),
            absent: self.absent.clone(),
            shards: order.into_iter().cloned().collect(),
        };
        pretty(&card)
    }

    fn in_order(&self) -> Vec<&ShardSummary> {
        let mut shards: Vec<_> = self.shards.iter().collect();
        shards.sort_by(|a, b| (a.kind, &a.data.path).cmp(&(b.kind, &b.data.path)));
        shards
    }
}

/// The machine's card: `data-card.json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DataCard {
    /// [`DATA_CARD_SCHEMA`].
    pub schema: String,
    /// The flow's name.
    pub name: String,
    /// Digest of data and provenance.
    pub snapshot: String,
    /// Digest of the data shards alone.
    pub data: String,
    /// The tokenizer that tokens are counted by.
    pub tokenizer: String,
    /// Figures of all rows.
    pub total: Figures,
    /// Figures by layout.
    pub kinds: Vec<KindCard>,
    /// Rows that are not published.
    #[serde(default)]
    pub absent: Absent,
    /// Each shard, by layout and path.
    pub shards: Vec<ShardSummary>,
}

/// What the machine's card says of one layout.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KindCard {
    /// The layout.
    #[serde(with = "kind_name")]
    pub kind: Kind,
    /// Names of its columns, in order.
    pub columns: Vec<String>,
    /// Figures of its rows.
    pub figures: Figures,
}

/// Returns the kinds that have shards, in publishing order.
fn kinds_of(shards: &[&ShardSummary]) -> Vec<Kind> {
    Kind::ALL.into_iter().filter(|kind| shards.iter().any(|shard| shard.kind == *kind)).collect()
}

#[cfg(test)]
mod tests;
