//! Whether anything that a flow is made of changed since the last look.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rifflebox::{FlowPlan, Operator, Result, Source};
use rifflebox_core::FileRecord;

use crate::flow_file::texts_of;

/// Remembers what files of a flow's sources looked like.
pub(crate) struct Watcher {
    flow: PathBuf,
    text: Option<Vec<u8>>,
    /// The files that the flow file names, such as prompts, and how they looked.
    named: Vec<(PathBuf, Option<Look>)>,
    sources: BTreeMap<String, Watched>,
}

/// What of a file shows that it changed: its length, and when it was written.
type Look = (u64, Option<std::time::SystemTime>);

fn look_at(path: &Path) -> Option<Look> {
    let data = std::fs::metadata(path).ok().filter(std::fs::Metadata::is_file)?;
    Some((data.len(), data.modified().ok()))
}

struct Watched {
    source: Arc<dyn Source>,
    kept: BTreeMap<String, FileRecord>,
}

impl Watcher {
    /// Watches a flow file and its sources; the first look finds everything new.
    pub(crate) fn new(flow: &Path, plan: &FlowPlan) -> Self {
        let mut watcher = Watcher {
            flow: flow.to_owned(),
            text: std::fs::read(flow).ok(),
            named: Vec::new(),
            sources: BTreeMap::new(),
        };
        watcher.follow(plan);
        watcher
    }

    /// Watches the sources of a flow that changed; what is known of a source stays, if it is what it was.
    pub(crate) fn follow(&mut self, plan: &FlowPlan) {
        let text = String::from_utf8_lossy(self.text.as_deref().unwrap_or_default()).into_owned();
        let folder = self.flow.parent().unwrap_or(Path::new("."));
        let named = texts_of(&text).into_iter().map(|name| folder.join(name));
        self.named = named.filter_map(|path| Some((path.clone(), Some(look_at(&path)?)))).collect();
        let mut known = std::mem::take(&mut self.sources);
        for stage in &plan.stages {
            let Operator::Source(source) = &stage.operator else { continue };
            let old = known.remove(&stage.name).filter(|old| old.source.identity() == source.identity());
            let kept = old.map(|old| old.kept).unwrap_or_default();
            self.sources.insert(stage.name.clone(), Watched { source: source.clone(), kept });
        }
    }

    /// Returns whether a document came, changed or went since the last look, or the flow file did, or one that it names.
    ///
    /// # Errors
    /// When a source cannot be listed.
    pub(crate) fn look(&mut self) -> Result<bool> {
        let text = std::fs::read(&self.flow).ok();
        let mut changed = text != self.text;
        self.text = text;
        for (path, looked) in &mut self.named {
            let looks = look_at(path);
            changed |= looks != *looked;
            *looked = looks;
        }
        for Watched { source, kept } in self.sources.values_mut() {
            let mut seen = Vec::new();
            let before = kept.iter().map(|(path, record)| (path.clone(), record.clone())).collect();
            source.changes(&before, &mut |change| {
                changed |= change.rows.is_some() || change.record.is_none();
                seen.push((change.path, change.record));
                Ok(())
            })?;
            for (path, record) in seen {
                match record {
                    Some(record) => drop(kept.insert(path, record)),
                    None => drop(kept.remove(&path)),
                }
            }
        }
        Ok(changed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flow_file::FlowFile;
    use crate::registry::Registry;

    #[test]
    fn looks_find_what_came_changed_and_went() {
        let folder = tempfile::tempdir().unwrap();
        let (flow, page) = (folder.path().join("flow.toml"), folder.path().join("docs/a.md"));
        std::fs::create_dir(folder.path().join("docs")).unwrap();
        std::fs::write(&page, "one").unwrap();
        let text = "[source.docs]\nfiles = \"docs/*.md\"\n[generate.passages]\nfrom = \"docs\"\n\
                    [mix]\nfrom = \"passages\"\n[publish]\n";
        std::fs::write(&flow, text).unwrap();
        let mut watcher = Watcher::new(&flow, &FlowFile::load(&flow, &Registry::builtin()).unwrap().plan);
        let mut look = || watcher.look().unwrap();
        assert!(look());
        assert!(!look());
        std::fs::write(&page, "two").unwrap();
        assert!(look());
        assert!(!look());
        std::fs::write(&flow, format!("{text}shard_mb = 4\n")).unwrap();
        assert!(look());
        std::fs::remove_file(&page).unwrap();
        assert!(look());
        assert!(!look());
    }

    #[test]
    fn a_file_that_the_flow_names_is_looked_at_too() {
        let folder = tempfile::tempdir().unwrap();
        let (flow, prompt) = (folder.path().join("flow.toml"), folder.path().join("qa.j2"));
        std::fs::create_dir(folder.path().join("docs")).unwrap();
        std::fs::write(folder.path().join("docs/a.md"), "one").unwrap();
        std::fs::write(&prompt, "Ask.").unwrap();
        let text = "[source.docs]\nfiles = \"docs/*.md\"\n[generate.cloze]\nfrom = \"docs\"\nabout = \"qa.j2\"\n\
                    [mix]\nfrom = \"cloze\"\nmin_anchor = 0.0\n[publish]\n";
        std::fs::write(&flow, text).unwrap();
        let mut watcher = Watcher::new(&flow, &FlowFile::load(&flow, &Registry::builtin()).unwrap().plan);
        assert!(watcher.look().unwrap());
        assert!(!watcher.look().unwrap());
        std::fs::write(&prompt, "Ask more.").unwrap();
        assert!(watcher.look().unwrap());
        assert!(!watcher.look().unwrap());
    }
}
