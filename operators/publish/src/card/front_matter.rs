//! The YAML head of the card, and that of what a person wrote.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use rifflebox_core::Kind;

use super::{Card, features, kinds_of, license};
use crate::splits::TRAIN;
use crate::summary::{Figures, ShardSummary};

/// Keys that the rows decide, whatever a person wrote.
const OURS: [&str; 3] = ["configs", "dataset_info", "size_categories"];

/// Cuts a hand-written card into the blocks of its front matter, by key, and its Markdown.
pub(super) fn split(written: &str) -> (BTreeMap<String, String>, &str) {
    let none = (BTreeMap::new(), written);
    let Some(rest) = written.strip_prefix("---\n").or_else(|| written.strip_prefix("---\r\n")) else {
        return none;
    };
    let mut blocks: BTreeMap<String, String> = BTreeMap::new();
    let mut key = None;
    let mut at = 0;
    for line in rest.split_inclusive('\n') {
        at += line.len();
        let text = line.trim_end();
        if text == "---" {
            return (blocks, &rest[at..]);
        }
        let opens = !text.starts_with([' ', '-', '#', '\t']);
        if let Some((name, _)) = text.split_once(':').filter(|_| opens) {
            key = Some(name.to_owned());
        }
        if let Some(key) = &key {
            let block = blocks.entry(key.clone()).or_default();
            block.push_str(text);
            block.push('\n');
        }
    }
    none
}

/// Writes the YAML head: what the rows decide, and around it what a person wrote.
pub(super) fn write(
    card: &Card<'_>,
    shards: &[&ShardSummary],
    figures: &Figures,
    written: &BTreeMap<String, String>,
) -> String {
    let mut head: BTreeMap<&str, String> = BTreeMap::new();
    head.insert("pretty_name", format!("pretty_name: {}\n", scalar(card.name)));
    let (license, license_name) = licenses(figures);
    head.insert("license", license);
    head.extend(license_name.map(|line| ("license_name", line)));
    for (key, block) in written {
        head.insert(key, block.clone());
    }
    head.insert("tags", tags(figures, written.get("tags").map_or("", |block| block)));
    head.insert("size_categories", format!("size_categories:\n- {}\n", size_category(figures.total.samples)));
    OURS.iter().filter(|key| **key != "size_categories").for_each(|key| drop(head.remove(key)));
    let mut yaml: String = head.into_values().collect();
    yaml.push_str(&configs(shards));
    yaml
}

/// Returns a text as a quoted scalar of YAML.
fn scalar(text: &str) -> String {
    let mut quoted = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            ' '..='~' | '\u{a0}'..='\u{d7ff}' => quoted.push(c),
            c => write!(quoted, "\\U{:08x}", u32::from(c)).expect("a string takes all that is written"),
        }
    }
    quoted.push('"');
    quoted
}

/// Returns the hub's names of all licences, and the names of those that it has none for.
fn licenses(figures: &Figures) -> (String, Option<String>) {
    let names: BTreeSet<_> = figures.licenses.keys().flat_map(|name| license::identifiers(name)).collect();
    let mut yaml = String::from("license:\n");
    names.iter().for_each(|name| yaml.push_str(&format!("- {name}\n")));
    let others = figures.licenses.keys().filter(|name| license::identifiers(name) == ["other"]);
    let others: Vec<_> = others.map(String::as_str).collect();
    let line = format!("license_name: {}\n", scalar(&others.join(", ")));
    (yaml, (!others.is_empty()).then_some(line))
}

/// Returns the tags that a person wrote, as a list in brackets or lines with dashes, and ours.
fn tags(figures: &Figures, block: &str) -> String {
    let listed = block.split_once(':').map_or("", |(_, rest)| rest);
    let lines = listed.lines().filter(|line| !line.trim_start().starts_with('#'));
    let words =
        lines.flat_map(|line| line.split([',', '[', ']'])).map(|word| word.trim().trim_start_matches("- "));
    let words = words.map(|word| word.trim_matches([' ', '"', '\'']));
    let mut tags: BTreeSet<_> = words.filter(|word| !word.is_empty()).map(scalar).collect();
    if figures.synthetic.samples > 0 {
        tags.insert(scalar("synthetic"));
    }
    tags.insert(scalar("rifflebox"));
    let mut yaml = String::from("tags:\n");
    tags.iter().for_each(|tag| yaml.push_str(&format!("- {tag}\n")));
    yaml
}

/// The hub's own steps.
fn size_category(samples: u64) -> String {
    let steps = ["1K", "10K", "100K", "1M", "10M", "100M", "1B", "10B", "100B", "1T"];
    let above = (0..10).take_while(|step| samples >= 1_000 * 10_u64.pow(*step)).count();
    match above {
        0 => "n<1K".to_owned(),
        10 => "n>1T".to_owned(),
        step => format!("{}<n<{}", steps[step - 1], steps[step]),
    }
}

fn configs(shards: &[&ShardSummary]) -> String {
    let kinds = kinds_of(shards);
    let mut configs: Vec<(&str, Vec<Kind>)> = Vec::new();
    if kinds.len() > 1 {
        configs.push(("all", kinds.clone()));
    }
    configs.extend(kinds.iter().map(|kind| (kind.name(), vec![*kind])));
    let (mut files, mut info) = (String::from("configs:\n"), String::from("dataset_info:\n"));
    for (at, (name, kinds)) in configs.iter().enumerate() {
        let held: Vec<_> = shards.iter().copied().filter(|shard| kinds.contains(&shard.kind)).collect();
        files.push_str(&format!("- config_name: {name}\n"));
        if at == 0 {
            files.push_str("  default: true\n");
        }
        files.push_str(&data_files(&held));
        info.push_str(&format!("- config_name: {name}\n  features:\n{}", features::yaml(kinds, 2)));
        info.push_str(&splits(&held));
    }
    match configs.is_empty() {
        true => String::new(),
        false => files + &info,
    }
}

fn data_files(shards: &[&ShardSummary]) -> String {
    let mut yaml = String::from("  data_files:\n");
    for (split, shards) in by_split(shards) {
        yaml.push_str(&format!("  - split: {split}\n    path:\n"));
        shards.iter().for_each(|shard| yaml.push_str(&format!("    - {}\n", shard.data.path)));
    }
    yaml
}

fn splits(shards: &[&ShardSummary]) -> String {
    let mut yaml = String::from("  splits:\n");
    let (mut total, mut download) = (0, 0);
    for (split, shards) in by_split(shards) {
        let bytes: u64 = shards.iter().map(|shard| shard.figures.logical_bytes).sum();
        let rows: u64 = shards.iter().map(|shard| shard.data.rows).sum();
        yaml.push_str(&format!("  - name: {split}\n    num_bytes: {bytes}\n    num_examples: {rows}\n"));
        total += bytes;
        download += shards.iter().map(|shard| shard.data.bytes).sum::<u64>();
    }
    yaml.push_str(&format!("  download_size: {download}\n  dataset_size: {total}\n"));
    yaml
}

/// Groups shards by split, [`TRAIN`] first.
fn by_split<'a>(shards: &[&'a ShardSummary]) -> Vec<(&'a str, Vec<&'a ShardSummary>)> {
    let mut splits: BTreeMap<(bool, &str), Vec<_>> = BTreeMap::new();
    for shard in shards {
        let name = shard.split.as_deref().unwrap_or(TRAIN);
        splits.entry((name != TRAIN, name)).or_default().push(*shard);
    }
    splits.into_iter().map(|((_, name), shards)| (name, shards)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scalars_are_quoted() {
        assert_eq!(scalar("a: \"b\" \\ é\n"), r#""a: \"b\" \\ é\U0000000a""#);
        assert_eq!(scalar("\u{7f}\u{1f600}"), r#""\U0000007f\U0001f600""#);
    }

    #[test]
    fn sizes_step_as_the_hub_does() {
        let sizes = [0, 999, 1_000, 9_999, 10_000, 999_999_999_999, 1_000_000_000_000].map(size_category);
        assert_eq!(sizes, ["n<1K", "n<1K", "1K<n<10K", "1K<n<10K", "10K<n<100K", "100B<n<1T", "n>1T"]);
    }
}
