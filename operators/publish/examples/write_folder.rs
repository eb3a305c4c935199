//! Writes a small published folder, without any flow: `write_folder DIR [--splits] [KIND …]`, all kinds by default.
//!
//! What the reader tests load when there is no built dataset at hand.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use rifflebox_core::{Content, Document, Fields, Key, Kind, Message, Seed, Span, Tier, Value, Verdict, Vote};
use rifflebox_publish::{
    Absent, Card, DataRow, Leaf, Maker, ProvenanceRow, ShardPlace, ShardSummary, Snapshot, Splits,
    VerifierEntry, bucket_of, leaves, write_shard,
};

const TARGET_BYTES: u64 = 20_000;
const DOCUMENTS: u64 = 120;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let folder = arguments.next().ok_or("usage: write_folder DIR [--splits] [KIND …]")?;
    let (options, named): (Vec<String>, Vec<String>) = arguments.partition(|word| word.starts_with("--"));
    let splits = match options.is_empty() {
        true => Splits::default(),
        false => Splits::new([("validation", 0.2)])?,
    };
    let kinds =
        Kind::ALL.into_iter().filter(|kind| named.is_empty() || named.iter().any(|name| name == kind.name()));
    write(Path::new(&folder), &kinds.collect::<Vec<_>>(), &splits)
}

fn write(folder: &Path, kinds: &[Kind], splits: &Splits) -> Result<(), Box<dyn std::error::Error>> {
    let mut shards: Vec<ShardSummary> = Vec::new();
    for kind in kinds {
        let rows: Vec<_> = (0..DOCUMENTS).flat_map(|document| rows_of(*kind, document)).collect();
        for split in [None].into_iter().chain(splits.names().map(Some)) {
            let rows: Vec<_> =
                rows.iter().filter(|(route, ..)| splits.of(*route) == split).cloned().collect();
            for leaf in cut(&rows)? {
                shards.push(write_leaf(
                    folder,
                    &ShardPlace { kind: *kind, split, prefix: leaf.prefix },
                    &rows,
                )?);
            }
        }
    }
    let files = shards.iter().flat_map(|shard| [shard.data.clone(), shard.provenance.clone()]).collect();
    let snapshot = Snapshot::new(1, files);
    let written =
        Some("---\ntags: [question-answering]\nlanguage: en\n---\n# A \"small\" folder\n\nBy hand.\n");
    let card = Card {
        name: "small",
        tokenizer: "o200k_base",
        written,
        snapshot: &snapshot,
        shards: &shards,
        absent: &Absent::new(),
    };
    put(folder, "snapshot.json", snapshot.to_json().as_bytes())?;
    put(folder, "data-card.json", card.data_card().as_bytes())?;
    put(folder, "README.md", card.readme().as_bytes())?;
    Ok(())
}

fn write_leaf(
    folder: &Path,
    place: &ShardPlace<'_>,
    rows: &[PublishedRow],
) -> Result<ShardSummary, Box<dyn std::error::Error>> {
    let mut held: Vec<_> = rows.iter().filter(|(route, ..)| place.prefix.contains(*route)).collect();
    held.sort_by_key(|(_, row, _)| row.id);
    let (data, stories): (Vec<_>, Vec<_>) =
        held.into_iter().map(|(_, row, story)| (row.clone(), story.clone())).unzip();
    let written = write_shard(place, &data, &stories, None)?;
    put(folder, &written.summary.data.path, written.data.as_deref().unwrap_or_default())?;
    put(folder, &written.summary.provenance.path, &written.provenance)?;
    Ok(written.summary)
}

fn put(folder: &Path, path: &str, content: &[u8]) -> std::io::Result<()> {
    let path = folder.join(path);
    path.parent().map(fs::create_dir_all).transpose()?;
    fs::write(path, content)
}

type PublishedRow = (Key, DataRow, ProvenanceRow);

/// Cuts the rows into leaves, and leaves the empty ones out.
fn cut(rows: &[PublishedRow]) -> rifflebox_core::Result<Vec<Leaf>> {
    let mut sums: BTreeMap<u16, u64> = BTreeMap::new();
    for (route, row, _) in rows {
        *sums.entry(bucket_of(*route)).or_default() += row.bytes();
    }
    let mut look = |bucket| {
        let mut routes: BTreeMap<Key, u64> = BTreeMap::new();
        for (route, row, _) in rows.iter().filter(|(route, ..)| bucket_of(*route) == bucket) {
            *routes.entry(*route).or_default() += row.bytes();
        }
        Ok(routes)
    };
    let leaves = leaves(&sums, TARGET_BYTES, &mut look)?;
    Ok(leaves.into_iter().filter(|leaf| leaf.bytes > 0).collect())
}

/// Makes a few rows of one document.
fn rows_of(kind: Kind, document: u64) -> Vec<PublishedRow> {
    let name = format!("docs/page-{document}.md");
    let route = Document::key_of("docs", &name);
    let row = |number: u64| {
        let words = format!("Page {document} says “{number}”, naïvely. ").repeat(1 + number as usize * 3);
        let id = Key::builder(kind.name()).key(route).number(number).finish();
        let (tier, depth) = if number.is_multiple_of(3) { (Tier::T0, 0) } else { (Tier::T2, 1) };
        let data = DataRow {
            id,
            content: content(kind, words),
            context: (kind != Kind::Text && number == 1).then(|| "because".to_owned()),
            tier,
            source: "docs".to_owned(),
            license: (!document.is_multiple_of(4)).then(|| "CC-BY-4.0".to_owned()),
            tokens: 10 + number,
        };
        (route, data, story(id, &name, tier, depth))
    };
    (0..1 + document % 4).map(row).collect()
}

fn content(kind: Kind, words: String) -> Content {
    let say = |role: &str, content: &str| Message { role: role.to_owned(), content: content.to_owned() };
    match kind {
        Kind::Text => Content::Text { text: words },
        Kind::Messages => Content::Messages { messages: vec![say("user", "So?"), say("assistant", &words)] },
        Kind::Completion => Content::Completion { prompt: "So?".to_owned(), completion: words },
        Kind::Preference => {
            Content::Preference { prompt: "So?".to_owned(), chosen: words, rejected: "No.".to_owned() }
        }
    }
}

fn story(id: Key, document: &str, tier: Tier, depth: u32) -> ProvenanceRow {
    let seed = Seed {
        source: "docs".to_owned(),
        id: document.to_owned(),
        digest: Key::of(document.as_bytes()),
        span: (depth > 0).then_some(Span { start: 0, end: 12 }),
        license: None,
        redactions: Default::default(),
    };
    let vote = Vote { voter: "b".to_owned(), accept: true, reason: None };
    let verdict = VerifierEntry {
        name: "supported".to_owned(),
        version: "1".to_owned(),
        fingerprint: Key::of(b"supported"),
        family: None,
        model: None,
        verdict: Verdict { votes: vec![vote], ..Verdict::accept() },
    };
    ProvenanceRow {
        id,
        stage: "small".to_owned(),
        documents: vec![seed],
        generator: Maker {
            name: "small".to_owned(),
            version: "1".to_owned(),
            fingerprint: Key::of(b"small"),
            ..Maker::default()
        },
        verifiers: (0..depth).map(|_| verdict.clone()).collect(),
        tier,
        depth,
        displaced: Vec::new(),
        displaced_count: 0,
        redactions: Vec::new(),
        fields: Fields::from([("number".to_owned(), Value::Int(1))]),
    }
}
