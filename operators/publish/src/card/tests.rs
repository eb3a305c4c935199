use std::collections::BTreeMap;

use rifflebox_core::Content;

use super::*;
use crate::summary::tests::{PLACE, pair};
use crate::{DataRow, ProvenanceRow, ShardPlace, write_shard};

fn shard(kind: Kind, numbers: std::ops::Range<u64>) -> ShardSummary {
    let (rows, stories): (Vec<DataRow>, Vec<ProvenanceRow>) = numbers.map(|at| pair(at, at)).unzip();
    let place = ShardPlace { kind, ..PLACE };
    let of_kind = |mut row: DataRow| {
        if kind == Kind::Completion {
            row.content = Content::Completion { prompt: "So?".to_owned(), completion: "So.".to_owned() };
        }
        row
    };
    let rows: Vec<_> = rows.into_iter().map(of_kind).collect();
    write_shard(&place, &rows, &stories, None).unwrap().summary
}

fn both() -> Vec<ShardSummary> {
    vec![shard(Kind::Completion, 0..4), shard(Kind::Text, 0..6)]
}

fn readme(shards: &[ShardSummary], written: Option<&str>) -> String {
    card(shards, written).0
}

fn card(shards: &[ShardSummary], written: Option<&str>) -> (String, String) {
    let files = shards.iter().flat_map(|shard| [shard.data.clone(), shard.provenance.clone()]).collect();
    let snapshot = Snapshot::new(7, files);
    let fates =
        |fates: &[(&str, u64)]| fates.iter().map(|(fate, rows)| ((*fate).to_owned(), *rows)).collect();
    let absent = Absent::from([
        ("near".to_owned(), fates(&[("displaced", 1_234)])),
        ("supported".to_owned(), fates(&[("failed", 1), ("rejected", 20)])),
    ]);
    let card = Card {
        name: "hand \"book\"",
        tokenizer: "o200k_base",
        written,
        snapshot: &snapshot,
        shards,
        absent: &absent,
    };
    (card.readme(), card.data_card())
}

/// If this fails and should, take the text that it prints.
#[test]
fn golden() {
    let readme = readme(&both(), Some("Written by hand."));
    assert!(readme == include_str!("golden.md"), "the card reads otherwise now:\n{readme}");
}

#[test]
fn order_of_shards_is_nothing() {
    let reversed: Vec<_> = both().into_iter().rev().collect();
    assert_eq!(card(&both(), None), card(&reversed, None));
}

#[test]
fn one_kind_has_one_config() {
    let readme = readme(&[shard(Kind::Text, 0..3)], None);
    assert!(readme.contains("configs:\n- config_name: text\n  default: true\n"));
    assert!(!readme.contains("config_name: all") && !readme.contains("\"all\""));
}

#[test]
fn splits_are_listed_apart() {
    let held = ShardSummary { split: Some("validation".to_owned()), ..shard(Kind::Text, 0..1) };
    let readme = readme(&[held, shard(Kind::Text, 1..3)], None);
    let at = |text: &str| readme.find(text).unwrap_or_else(|| panic!("no {text} in\n{readme}"));
    assert!(at("  - split: train\n") < at("  - split: validation\n"));
    assert!(readme.contains("- name: train\n    num_bytes: 143\n    num_examples: 2\n"), "{readme}");
    assert!(readme.contains("  - name: validation\n"));
}

#[test]
fn front_matter_of_a_person_joins_ours() {
    let written = "---\nlicense: mit\ntags:\n- faq  \n# none\nconfigs:\n- wrong\nlanguage:\n  - en\n---\n# Title\n\nWords.";
    let readme = readme(&both(), Some(written));
    let head = readme.split("---\n").nth(1).unwrap();
    assert!(head.contains("license: mit\n") && !head.contains("unknown"), "{head}");
    assert!(head.contains("language:\n  - en\n"), "{head}");
    assert!(head.contains("tags:\n- \"faq\"\n- \"rifflebox\"\n- \"synthetic\"\n"), "{head}");
    assert!(!head.contains("wrong") && head.matches("configs:").count() == 1, "{head}");
    let body = readme.split("---\n\n").nth(1).unwrap();
    assert!(body.starts_with("# Title\n\nWords.\n\n## Contents"), "{body}");
}

#[test]
fn what_is_no_front_matter_is_words() {
    let unclosed = "---\nlicense: mit\n";
    let (blocks, words) = front_matter::split(unclosed);
    assert_eq!((blocks, words), (BTreeMap::new(), unclosed));
    let (blocks, words) = front_matter::split("---\r\ntags: [a, b]\r\n---\r\nrest");
    assert_eq!((blocks["tags"].as_str(), words), ("tags: [a, b]\n", "rest"));
}

#[test]
fn the_machines_card_reads_back_and_adds_up() {
    let shards = both();
    let (_, json) = card(&shards, None);
    let card: DataCard = serde_json::from_str(&json).unwrap();
    assert_eq!(card.schema, DATA_CARD_SCHEMA);
    assert_eq!(card.total, Figures::sum(shards.iter().map(|shard| &shard.figures)));
    assert_eq!(card.kinds.iter().map(|kind| kind.kind).collect::<Vec<_>>(), [Kind::Text, Kind::Completion]);
    assert_eq!(
        card.kinds[1].columns,
        ["id", "prompt", "completion", "context", "tier", "source", "license", "tokens"]
    );
    assert_eq!((&card.shards[0], &card.shards[1]), (&shards[1], &shards[0]));
}

#[test]
fn no_shards_make_a_card_without_configs() {
    let readme = readme(&[], None);
    assert!(!readme.contains("configs:") && readme.contains("0 samples"), "{readme}");
}
