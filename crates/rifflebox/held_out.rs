//! Held-out sources: brought up to date before anything is held against them.

use std::collections::BTreeMap;
use std::sync::Arc;

use rifflebox_core::{Document, FileRecord, HeldOut, Key, Result, RowItem};
use rifflebox_dataflow::{Change, FlowPlan, Reader, decode};

use crate::feed::Sender;
use crate::progress::Progress;
use crate::scan::{Scanned, scan_sources};

/// Scans the held-out sources of a flow, whose changes come first, and returns the plan that knows what they hold.
///
/// # Errors
/// When a source cannot be listed.
pub(crate) fn bring_up(
    plan: &FlowPlan,
    before: &serde_json::Value,
    reader: &Reader,
    sender: &mut Sender,
    progress: Option<&Arc<dyn Progress>>,
) -> Result<(FlowPlan, Scanned)> {
    let held_out = plan.held_out();
    if held_out.is_empty() {
        return Ok((plan.clone(), Scanned::default()));
    }
    let is_held_out = |name: &str| held_out.contains(name);
    let scanned =
        sender.gather(|sender| scan_sources(plan, is_held_out, before, reader, sender, progress))?;
    Ok((knowing(plan, reader, sender.gathered()), scanned))
}

/// Returns the plan that knows what its held-out sources hold: what is kept of them, and what changed.
///
/// Their digest is that of their files, so where nothing changed no document is read.
pub(crate) fn knowing(plan: &FlowPlan, reader: &Reader, changes: &[Change]) -> FlowPlan {
    plan.with_held_out(|sources| {
        let mut sources = sources.to_vec();
        sources.sort();
        sources.dedup();
        let mut digest = Key::builder("held-out sources");
        for source in &sources {
            let stage = plan.stage(source).expect("a checked plan holds stages against its own sources");
            let files = files(source, reader, changes);
            digest = digest.text(source).key(stage.operator.identity().fingerprint());
            digest = digest.number(files.len() as u64);
            for (path, file) in files {
                digest = digest.text(&path).key(file);
            }
        }
        let is_row = |change: &&Change| sources.iter().any(|source| *change.input == rows_of(source));
        let changed: Vec<(RowItem, i64)> = changes
            .iter()
            .filter(is_row)
            .map(|change| (decode::<Key, RowItem>(change.key, &change.value).1, change.diff))
            .collect();
        let reader = reader.clone();
        HeldOut::new(digest.finish(), move || documents(&sources, &reader, &changed))
    })
}

fn rows_of(source: &str) -> String {
    format!("{source}/rows")
}

/// Returns the digest of each file of a source, by path.
fn files(source: &str, reader: &Reader, changes: &[Change]) -> BTreeMap<String, Key> {
    let input = format!("{source}/files");
    let kept = reader.table::<Key, (String, FileRecord)>(&input).all();
    let mut files: BTreeMap<String, Key> =
        kept.into_iter().map(|(_, (path, record), _)| (path, record.digest)).collect();
    // A record that gives way is taken back before the next one is said.
    for change in changes.iter().filter(|change| *change.input == input) {
        let (path, record) = decode::<Key, (String, FileRecord)>(change.key, &change.value).1;
        match change.diff > 0 {
            true => files.insert(path, record.digest),
            false => files.remove(&path),
        };
    }
    files
}

fn documents(sources: &[String], reader: &Reader, changed: &[(RowItem, i64)]) -> Vec<Document> {
    let mut rows: BTreeMap<RowItem, i64> = BTreeMap::new();
    for source in sources {
        for (_, item, count) in reader.table::<Key, RowItem>(&rows_of(source)).all() {
            *rows.entry(item).or_default() += count;
        }
    }
    for (item, count) in changed {
        *rows.entry(item.clone()).or_default() += count;
    }
    rows.into_iter().filter(|(_, count)| *count > 0).filter_map(|(item, _)| item.document.ok()).collect()
}
