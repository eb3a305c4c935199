//! `(rows of a shard) -> ShardSummary`: the figures that cards are made of.
//!
//! A summary is kept with its shard, so that a card costs a pass over shards and never over rows.

use std::collections::BTreeMap;

use rifflebox_core::{Error, ErrorKind, Key, Kind, Result, Tier};
use serde::{Deserialize, Serialize};

use crate::provenance::{Maker, ProvenanceRow, VerifierEntry};
use crate::snapshot::{Folder, PublishedFile, ShardPlace};
use crate::{DataRow, FORMAT, Prefix, encode, encode_provenance};

/// How many documents of a shard are listed in the card; of more, the digest of the list.
///
/// The list of a shard is part of each card that is written, so it is short; provenance has all.
pub const SEEDS_LISTED: usize = 100;

/// What a card says of one shard.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShardSummary {
    /// The layout of its rows.
    #[serde(with = "kind_name")]
    pub kind: Kind,
    /// Its split, where the flow cuts splits.
    pub split: Option<String>,
    /// The routes of its rows.
    pub prefix: Prefix,
    /// Digest of what the data file says: a shard of equal rows is that very file.
    #[serde(default)]
    pub rows: Key,
    /// The data file.
    pub data: PublishedFile,
    /// The provenance file.
    pub provenance: PublishedFile,
    /// What the rows are and where they come from.
    pub figures: Figures,
    /// The documents behind them.
    pub seeds: Seeds,
}

/// The files of a shard, as written, with their summary.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WrittenShard {
    /// What cards say of it; names the files.
    pub summary: ShardSummary,
    /// Bytes of the data file; none where it is the one that was known.
    pub data: Option<Vec<u8>>,
    /// Bytes of the provenance file.
    pub provenance: Vec<u8>,
}

/// Writes one shard: its data, the provenance of the same samples, and what cards say of both.
///
/// Where `known` is a shard of the same rows that stands, its data is not written again: another verdict moves
/// provenance alone.
///
/// # Errors
/// As [`encode`] and [`encode_provenance`]; [`ErrorKind::Internal`] if the two lists name different samples.
pub fn write_shard(
    place: &ShardPlace<'_>,
    rows: &[DataRow],
    provenance: &[ProvenanceRow],
    known: Option<&ShardSummary>,
) -> Result<WrittenShard> {
    if !rows.iter().map(|row| row.id).eq(provenance.iter().map(|row| row.id)) {
        let message = format!("rows and provenance of {place:?} name different samples");
        return Err(Error::new(ErrorKind::Internal, message));
    }
    let digest = digest_of(place, rows);
    let known = known.filter(|known| known.rows == digest).map(|known| &known.data);
    // One changed document rewrites its shard: what it waits for is worth a second core.
    let (data, story) = std::thread::scope(|scope| {
        let story = scope.spawn(|| {
            let story = encode_provenance(provenance)?;
            Ok((
                PublishedFile::new(place, Folder::Provenance, &story, rows.len()),
                story,
                Seeds::of(provenance),
            ))
        });
        let data = match known {
            Some(known) => Ok((known.clone(), None)),
            None => encode(place.kind, rows)
                .map(|data| (PublishedFile::new(place, Folder::Data, &data, rows.len()), Some(data))),
        };
        let data = data.map(|(file, data)| (file, data, Figures::of(rows, provenance)));
        (data, story.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
    });
    let (data_file, data, figures) = data?;
    let (story_file, story, seeds): (PublishedFile, Vec<u8>, Seeds) = story?;
    let summary = ShardSummary {
        kind: place.kind,
        split: place.split.map(str::to_owned),
        prefix: place.prefix,
        rows: digest,
        data: data_file,
        provenance: story_file,
        figures,
        seeds,
    };
    Ok(WrittenShard { summary, data, provenance: story })
}

/// Returns the digest of what a data file says; a sample's id is the digest of its texts, and stands for them.
fn digest_of(place: &ShardPlace<'_>, rows: &[DataRow]) -> Key {
    let ShardPlace { kind, split, prefix } = place;
    let mut digest = Key::builder("shard").number(u64::from(FORMAT)).text(kind.name());
    digest = digest.text(split.unwrap_or_default()).text(&prefix.to_string());
    for row in rows {
        let DataRow { id, content: _, context, tier, source, license, tokens } = row;
        // An empty text is not none, and only the texts themselves are in the id.
        let present = u64::from(context.is_some()) | u64::from(license.is_some()) << 1;
        digest = digest.key(*id).text(tier.name()).text(source).number(*tokens).number(present);
        digest = digest.text(license.as_deref().unwrap_or_default());
    }
    digest.finish()
}

/// Samples, and the tokens in them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Count {
    /// Samples.
    pub samples: u64,
    /// Tokens, by the flow's tokenizer.
    pub tokens: u64,
}

impl Count {
    fn add(&mut self, other: Count) {
        self.samples += other.samples;
        self.tokens += other.tokens;
    }
}

/// What rows are and where they come from; the figures of a union are the sum.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Figures {
    /// All rows.
    pub total: Count,
    /// Rows of depth 1 and more: words that a generator wrote.
    pub synthetic: Count,
    /// Bytes of the rows in memory.
    pub logical_bytes: u64,
    /// Rows by tier.
    pub tiers: BTreeMap<Tier, Count>,
    /// Rows by source of their first document.
    pub sources: BTreeMap<String, Count>,
    /// Rows by licence of their first document; an empty name where there is none.
    pub licenses: BTreeMap<String, Count>,
    /// Rows by what made them, sorted.
    pub generators: Vec<ActorCount>,
    /// Rows by what judged them, sorted.
    pub verifiers: Vec<ActorCount>,
}

/// An operator at work on some rows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ActorCount {
    /// Who.
    pub actor: Actor,
    /// The rows that it made or judged.
    pub count: Count,
    /// How many of them it rejected, and that stand demoted or tagged; 0 for a generator.
    pub rejected: u64,
}

/// A generator or verifier.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Actor {
    /// The operator's name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// Its fingerprint.
    pub fingerprint: Key,
    /// The model lineage that speaks through it.
    pub family: Option<String>,
    /// The model's name.
    pub model: Option<String>,
}

/// An [`Actor`] by reference, in the same order: rows by the thousand name the same few.
type ActorRef<'a> = (&'a str, &'a str, Key, Option<&'a str>, Option<&'a str>);

fn maker_ref(maker: &Maker) -> ActorRef<'_> {
    let Maker { name, version, fingerprint, family, model, .. } = maker;
    (name, version, *fingerprint, family.as_deref(), model.as_deref())
}

fn entry_ref(entry: &VerifierEntry) -> ActorRef<'_> {
    let VerifierEntry { name, version, fingerprint, family, model, .. } = entry;
    (name, version, *fingerprint, family.as_deref(), model.as_deref())
}

fn actor_ref(actor: &Actor) -> ActorRef<'_> {
    let Actor { name, version, fingerprint, family, model } = actor;
    (name, version, *fingerprint, family.as_deref(), model.as_deref())
}

impl Figures {
    /// Counts rows, each with its provenance.
    pub fn of(rows: &[DataRow], provenance: &[ProvenanceRow]) -> Self {
        let mut figures = Figures::default();
        let (mut generators, mut verifiers) = (Tally::default(), Tally::default());
        for (row, story) in rows.iter().zip(provenance) {
            let one = Count { samples: 1, tokens: row.tokens };
            figures.total.add(one);
            if story.depth > 0 {
                figures.synthetic.add(one);
            }
            figures.logical_bytes += row.bytes();
            figures.tiers.entry(row.tier).or_default().add(one);
            add_named(&mut figures.sources, &row.source, one);
            add_named(&mut figures.licenses, row.license.as_deref().unwrap_or_default(), one);
            generators.add(maker_ref(&story.generator), one, 0);
            for entry in &story.verifiers {
                verifiers.add(entry_ref(entry), one, u64::from(!entry.verdict.accept));
            }
        }
        figures.generators = generators.finish();
        figures.verifiers = verifiers.finish();
        figures
    }

    /// Returns the figures of all rows of several lists.
    pub fn sum<'a>(parts: impl IntoIterator<Item = &'a Figures>) -> Self {
        let mut sum = Figures::default();
        let (mut generators, mut verifiers) = (Tally::default(), Tally::default());
        for part in parts {
            sum.total.add(part.total);
            sum.synthetic.add(part.synthetic);
            sum.logical_bytes += part.logical_bytes;
            add_all(&mut sum.tiers, &part.tiers);
            add_all(&mut sum.sources, &part.sources);
            add_all(&mut sum.licenses, &part.licenses);
            generators.add_all(&part.generators);
            verifiers.add_all(&part.verifiers);
        }
        sum.generators = generators.finish();
        sum.verifiers = verifiers.finish();
        sum
    }
}

fn add_named(sum: &mut BTreeMap<String, Count>, name: &str, count: Count) {
    match sum.get_mut(name) {
        Some(known) => known.add(count),
        None => drop(sum.insert(name.to_owned(), count)),
    }
}

fn add_all<K: Ord + Clone>(sum: &mut BTreeMap<K, Count>, part: &BTreeMap<K, Count>) {
    for (key, count) in part {
        sum.entry(key.clone()).or_default().add(*count);
    }
}

#[derive(Default)]
struct Tally<'a>(BTreeMap<ActorRef<'a>, (Count, u64)>);

impl<'a> Tally<'a> {
    fn add(&mut self, actor: ActorRef<'a>, count: Count, rejected: u64) {
        let entry = self.0.entry(actor).or_default();
        entry.0.add(count);
        entry.1 += rejected;
    }

    fn add_all(&mut self, part: &'a [ActorCount]) {
        for ActorCount { actor, count, rejected } in part {
            self.add(actor_ref(actor), *count, *rejected);
        }
    }

    fn finish(self) -> Vec<ActorCount> {
        let own = |(name, version, fingerprint, family, model): ActorRef<'_>| Actor {
            name: name.to_owned(),
            version: version.to_owned(),
            fingerprint,
            family: family.map(str::to_owned),
            model: model.map(str::to_owned),
        };
        let count = |(actor, (count, rejected))| ActorCount { actor: own(actor), count, rejected };
        self.0.into_iter().map(count).collect()
    }
}

/// The documents behind a shard's rows, as they were.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seeds {
    /// How many documents.
    pub count: u64,
    /// Digest of the sorted list of all.
    pub digest: Key,
    /// Each by rising name, if they are at most [`SEEDS_LISTED`]; none otherwise.
    pub documents: Vec<SeedDigest>,
}

/// A document as it was.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct SeedDigest {
    /// `source:id`
    pub document: String,
    /// Digest of what it said.
    pub digest: Key,
}

impl Seeds {
    fn of(provenance: &[ProvenanceRow]) -> Self {
        // Most rows share their document with the one before: sort references, and name each once.
        let mut seeds: Vec<_> = provenance.iter().flat_map(|row| &row.documents).collect();
        seeds.sort_by_key(|seed| (&seed.source, &seed.id, seed.digest));
        seeds.dedup_by_key(|seed| (&seed.source, &seed.id, seed.digest));
        let mut digest = Key::builder("seeds");
        for seed in &seeds {
            digest = digest.text(&seed.source).text(&seed.id).key(seed.digest);
        }
        let listed = if seeds.len() > SEEDS_LISTED { &[][..] } else { &seeds };
        let name = |seed: &&_| {
            let rifflebox_core::Seed { source, id, digest, .. } = *seed;
            SeedDigest { document: format!("{source}:{id}"), digest: *digest }
        };
        let documents = listed.iter().map(name).collect();
        Seeds { count: seeds.len() as u64, digest: digest.finish(), documents }
    }
}

/// A kind by the name of its folder.
pub(crate) mod kind_name {
    use rifflebox_core::Kind;
    use serde::{Deserialize, Deserializer, Serializer, de};

    pub(crate) fn serialize<S: Serializer>(kind: &Kind, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(kind.name())
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Kind, D::Error> {
        let name = String::deserialize(deserializer)?;
        let kind = Kind::ALL.into_iter().find(|kind| kind.name() == name);
        kind.ok_or_else(|| de::Error::custom("a kind is text, messages, completion or preference"))
    }
}

#[cfg(test)]
pub(crate) mod tests;
