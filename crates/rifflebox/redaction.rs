//! What the redactions of a flow need before a build begins, and where their maps may lie.

use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use rifflebox_core::{Error, ErrorKind, Redaction, RedactionKeeper, Result};
use rifflebox_dataflow::{FlowPlan, Operator};
use rifflebox_storage::Workspace;

/// Returns what redacts documents, with the name of its source.
pub(crate) fn keepers(plan: &FlowPlan) -> Vec<(String, Arc<dyn RedactionKeeper>)> {
    let keeper = |source: &dyn rifflebox_core::Source| match source.redaction() {
        Redaction::By(keeper) => Some(keeper),
        Redaction::Unsaid | Redaction::None => None,
    };
    let found = plan.stages.iter().filter_map(|stage| match &stage.operator {
        Operator::Source(source) => Some((stage.name.clone(), keeper(&**source)?)),
        _ => None,
    });
    found.collect()
}

/// Makes sure that documents can be redacted, and that no map of pseudonyms lies among what a build writes.
///
/// # Errors
/// Of kind [`ErrorKind::Usage`], with the source.
pub(crate) fn check_redactions(plan: &FlowPlan, storage: &Workspace) -> Result<()> {
    for (source, keeper) in keepers(plan) {
        let wrong = |why: String| Error::new(ErrorKind::Usage, format!("source `{source}`: `redact`: {why}"));
        keeper.ready().map_err(|error| wrong(error.chain()))?;
        let Some(map) = keeper.map_path() else { continue };
        let mut folders: Vec<(&str, PathBuf)> = Vec::new();
        folders.extend(storage.folder().map(|folder| ("the workspace", folder.to_owned())));
        folders.extend(published(plan).map(|folder| ("a published folder", folder)));
        if let Some((what, folder)) = folders.iter().find(|(_, folder)| lies_in(map, folder)) {
            let (map, folder) = (map.display(), folder.display());
            return Err(wrong(format!(
                "the map {map} lies in {what} {folder}: whoever has the one would have the other"
            )));
        }
    }
    Ok(())
}

/// Returns the local folders that a flow publishes into, beside its workspace.
fn published(plan: &FlowPlan) -> impl Iterator<Item = PathBuf> + '_ {
    plan.stages.iter().filter_map(|stage| match &stage.operator {
        Operator::Publish(settings) => {
            let path = settings.to.as_deref()?.strip_prefix("file:")?;
            Some(PathBuf::from(path.strip_prefix("//").unwrap_or(path)))
        }
        _ => None,
    })
}

/// Returns whether a file lies below a folder, wherever links lead.
fn lies_in(file: &Path, folder: &Path) -> bool {
    resolved(file).starts_with(resolved(folder))
}

/// Returns a path without links and dots, as far as it is there.
fn resolved(path: &Path) -> PathBuf {
    let mut there = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let mut below = Vec::new();
    while let Err(_missing) = there.canonicalize() {
        match there.components().next_back() {
            Some(Component::Normal(name)) => below.push(Some(name.to_owned())),
            Some(Component::ParentDir) => below.push(None),
            _ => break,
        }
        there.pop();
    }
    let mut resolved = there.canonicalize().unwrap_or(there);
    for name in below.into_iter().rev() {
        match name {
            Some(name) => resolved.push(name),
            None => drop(resolved.pop()),
        }
    }
    resolved
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_lies_below_a_folder_is_seen_through_dots_and_links() {
        let folder = tempfile::tempdir().unwrap();
        let at = |path: &str| folder.path().join(path);
        std::fs::create_dir(at("workspace")).unwrap();
        assert!(lies_in(&at("workspace/map.json"), &at("workspace")));
        assert!(lies_in(&at("other/../workspace/a/map.json"), &at("workspace")));
        assert!(lies_in(&at("not/there/map.json"), &at("not/there")));
        assert!(!lies_in(&at("map.json"), &at("workspace")));
        assert!(!lies_in(&at("workspace-maps/map.json"), &at("workspace")));
        assert!(!lies_in(&at("workspace/../map.json"), &at("workspace")));
        #[cfg(unix)]
        {
            std::os::unix::fs::symlink(at("workspace"), at("link")).unwrap();
            assert!(lies_in(&at("link/map.json"), &at("workspace")));
        }
    }
}
