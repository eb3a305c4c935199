//! The words of the card.

use std::fmt::Write;

use rifflebox_core::Tier;

use super::{Card, kinds_of};
use crate::summary::{ActorCount, Count, Figures, ShardSummary};

/// Writes the Markdown of the card, with what a person wrote in front.
pub(super) fn write(card: &Card<'_>, shards: &[&ShardSummary], figures: &Figures, written: &str) -> String {
    let written = written.trim();
    let mut text = String::new();
    if !written.starts_with("# ") {
        text.push_str(&format!("# {}\n\n", card.name));
    }
    if !written.is_empty() {
        text.push_str(&format!("{written}\n\n"));
    }
    text.push_str(&contents(card, figures));
    text.push_str(&table(
        "Tier",
        "Tiers",
        figures.tiers.iter().map(|(tier, n)| (tier_words(*tier), *n)),
        figures,
    ));
    let source = |(name, count): (&String, &Count)| (name.clone(), *count);
    text.push_str(&table("Source", "Sources", figures.sources.iter().map(source), figures));
    let license = |(name, count): (&String, &Count)| match name.is_empty() {
        true => ("none declared".to_owned(), *count),
        false => (name.clone(), *count),
    };
    text.push_str(&table("Licence", "Licences", figures.licenses.iter().map(license), figures));
    let made = figures.generators.iter().map(|entry| (actor_words(entry), entry.count));
    text.push_str(&table("Generator", "Generators", made, figures));
    text.push_str(&verifiers(figures));
    text.push_str(&absent(card));
    text.push_str(&loading(shards));
    text
}

fn contents(card: &Card<'_>, figures: &Figures) -> String {
    let Figures { total, synthetic, .. } = figures;
    format!(
        "## Contents\n\n{} samples, {} tokens by `{}`; {} of the tokens are synthetic.\n\
         Snapshot `{}`.\n\n\
         This folder is kept by rifflebox from its sources: each row of `data/` has one row of the same id in \
         `provenance/`, which names its documents, its generator and each verdict. `data-card.json` says the \
         same of each shard, and `snapshot.json` lists all files with their digests.\n\n",
        grouped(total.samples),
        grouped(total.tokens),
        card.tokenizer,
        percent(synthetic.tokens, total.tokens),
        card.snapshot.snapshot,
    )
}

fn table(head: &str, title: &str, rows: impl Iterator<Item = (String, Count)>, figures: &Figures) -> String {
    let mut text =
        format!("### {title}\n\n| {head} | Samples | Tokens | Share of tokens |\n|---|--:|--:|--:|\n");
    for (name, Count { samples, tokens }) in rows {
        let share = percent(tokens, figures.total.tokens);
        let name = cell(&name);
        writeln!(text, "| {name} | {} | {} | {share} |", grouped(samples), grouped(tokens))
            .expect("a string takes all that is written");
    }
    text.push('\n');
    text
}

fn verifiers(figures: &Figures) -> String {
    if figures.verifiers.is_empty() {
        return String::new();
    }
    let mut text = String::from(
        "### Verifiers\n\n| Verifier | Published samples that it judged | Of these rejected, and kept on purpose |\n\
         |---|--:|--:|\n",
    );
    for entry in &figures.verifiers {
        let (judged, rejected) = (grouped(entry.count.samples), grouped(entry.rejected));
        let name = cell(&actor_words(entry));
        writeln!(text, "| {name} | {judged} | {rejected} |").expect("a string takes all that is written");
    }
    text.push('\n');
    text
}

fn absent(card: &Card<'_>) -> String {
    if card.absent.is_empty() {
        return String::new();
    }
    let mut text =
        String::from("### Rows that are absent\n\n| Stage | What became of them | Rows |\n|---|---|--:|\n");
    for (stage, fates) in card.absent {
        for (fate, rows) in fates {
            writeln!(text, "| {} | {fate} | {} |", cell(stage), grouped(*rows))
                .expect("a string takes all that is written");
        }
    }
    text.push('\n');
    text
}

fn loading(shards: &[&ShardSummary]) -> String {
    let kinds = kinds_of(shards);
    let Some(first) = kinds.first() else { return String::new() };
    let name = first.name();
    let mut text = format!(
        "## Loading\n\n```python\nfrom datasets import load_dataset\n\n\
         rows = load_dataset(\"path/to/this/folder\", \"{name}\", split=\"train\")\n"
    );
    if kinds.len() > 1 {
        text.push_str(
            "every = load_dataset(\"path/to/this/folder\", \"all\", split=\"train\")   # absent columns are null\n",
        );
    }
    text.push_str(&format!(
        "```\n\nThe shards are plain parquet: `SELECT * FROM 'data/{name}/*.parquet'` in DuckDB, \
         `polars.read_parquet(\"data/{name}/*.parquet\")`, `pyarrow.dataset.dataset(\"data/{name}\")`. \
         Where superseded shards are kept for a while, `snapshot.json` says which are live.\n"
    ));
    text
}

fn tier_words(tier: Tier) -> String {
    let words = match tier {
        Tier::T0 => "human expert",
        Tier::T1 => "human words, machine-checked or annotated",
        Tier::T2 => "synthetic, verified",
        Tier::T3 => "synthetic, only filtered",
    };
    format!("{tier} {words}")
}

fn actor_words(entry: &ActorCount) -> String {
    let actor = &entry.actor;
    let model = actor.model.as_ref().map_or(String::new(), |model| format!(", model {model}"));
    format!("{} {}{model}", actor.name, actor.version)
}

/// Keeps a name within its cell of a table.
fn cell(name: &str) -> String {
    name.replace('|', "\\|").replace(['\n', '\r'], " ")
}

/// Returns a number with its thousands apart.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Returns a share in percent with one decimal, in whole numbers all the way.
fn percent(part: u64, whole: u64) -> String {
    let tenths = (u128::from(part) * 2_000 + u128::from(whole)) / (u128::from(whole).max(1) * 2);
    format!("{}.{} %", tenths / 10, tenths % 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_for_people() {
        assert_eq!([0, 999, 1_000, 1_234_567].map(grouped), ["0", "999", "1,000", "1,234,567"]);
        assert_eq!(percent(0, 0), "0.0 %");
        assert_eq!(
            [(7, 10), (1, 3), (2, 3), (1, 1)].map(|(a, b)| percent(a, b)),
            ["70.0 %", "33.3 %", "66.7 %", "100.0 %"]
        );
    }

    #[test]
    fn names_stay_in_their_cells() {
        assert_eq!(cell("a|b\nc"), "a\\|b c");
    }
}
