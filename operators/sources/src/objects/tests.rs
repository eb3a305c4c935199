use std::collections::BTreeMap;

use rifflebox_core::{FileChange, FileRecord, RowItem, Source};

use super::*;
use crate::{FileSource, Files};

/// A store in memory, and the source that reads it.
struct Bench {
    folder: ObjectFolder,
    source: FileSource,
    kept: BTreeMap<String, FileRecord>,
    rows: BTreeMap<String, Vec<RowItem>>,
}

impl Bench {
    fn new(store: &str, files: &str) -> Self {
        let folder = ObjectFolder::open(&format!("memory:{store}")).unwrap();
        let source =
            Files::matching(format!("memory:{store}/{files}")).source("far", Path::new("unused")).unwrap();
        Bench { folder, source, kept: BTreeMap::new(), rows: BTreeMap::new() }
    }

    fn put(&self, path: &'static str, bytes: &'static str) {
        let objects = self.folder.objects.clone();
        self.folder.wait_for(async move { objects.put(path, bytes).await }).unwrap();
    }

    fn delete(&self, path: &'static str) {
        let objects = self.folder.objects.clone();
        self.folder.wait_for(async move { objects.delete(path).await }).unwrap();
    }

    fn scan(&mut self) -> Result<Vec<String>> {
        let mut said = Vec::new();
        let (kept, rows) = (self.kept.clone(), &mut self.rows);
        let each = &mut |change: FileChange<'_>| {
            let mark = if change.rows.is_some() { '+' } else { '=' };
            match change.record {
                Some(record) => {
                    self.kept.insert(change.path.clone(), record);
                    said.push(format!("{mark}{}", change.path));
                }
                None => {
                    self.kept.remove(&change.path);
                    said.push(format!("-{}", change.path));
                }
            }
            if let Some(new) = change.rows {
                rows.insert(change.path, new.collect::<Result<_>>()?);
            }
            Ok(())
        };
        self.source.changes(&kept.into_iter().collect(), each)?;
        Ok(said)
    }
}

#[test]
fn what_a_flow_wrote_is_no_document_of_its_own() {
    let mut bench = Bench::new("own-results", "**/*");
    bench.put("a.md", "one");
    bench.put("box/manifests/00000000000000000001.json", "{}");
    bench.put("box/dataset/README.md", "card");
    assert_eq!(bench.scan().unwrap(), ["+a.md"]);
}

#[test]
fn objects_are_documents_and_only_changed_ones_are_read() {
    let mut bench = Bench::new("changes", "docs/**/*.md");
    bench.put("docs/a.md", "a");
    bench.put("docs/in/b.md", "b");
    bench.put("docs/in/c.txt", "c");
    bench.put("docs/.hidden/d.md", "d");
    bench.put("docs-not/e.md", "e");
    assert_eq!(bench.scan().unwrap(), ["+a.md", "+in/b.md"]);
    let document = bench.rows["in/b.md"][0].document.clone().unwrap();
    assert_eq!((document.id.as_str(), document.text.as_str()), ("in/b.md", "b"));
    assert_eq!(bench.scan().unwrap(), [""; 0]);
    assert_eq!(bench.source.counts().read, 2);

    bench.put("docs/a.md", "A");
    bench.put("docs/in/b.md", "b");
    assert_eq!(bench.scan().unwrap(), ["+a.md", "=in/b.md"]);
    bench.delete("docs/in/b.md");
    assert_eq!(bench.scan().unwrap(), ["-in/b.md"]);
    assert_eq!(bench.source.counts().read, 4);
}

#[test]
fn a_single_object_and_a_whole_prefix_need_no_wildcard() {
    let mut bench = Bench::new("single", "data/rows.jsonl");
    bench.put("data/rows.jsonl", "{\"id\":1}\n{\"id\":2}");
    bench.put("data/rows.jsonl.old", "x");
    assert_eq!(bench.scan().unwrap(), ["+rows.jsonl"]);
    assert_eq!(bench.rows["rows.jsonl"].len(), 2);
    assert_eq!(Bench::new("single", "data").scan().unwrap(), ["+rows.jsonl", "+rows.jsonl.old"]);
    assert_eq!(Bench::new("single", "").scan().unwrap(), ["+data/rows.jsonl", "+data/rows.jsonl.old"]);
}

#[test]
fn a_prefix_that_holds_nothing_is_an_error() {
    let mut bench = Bench::new("nothing", "docs/*.md");
    let error = bench.scan().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Input);
    assert_eq!(error.to_string(), "memory:nothing/docs holds no object");
    bench.put("docs/a.txt", "a");
    assert_eq!(bench.scan().unwrap(), [""; 0]);
}

#[test]
fn many_objects_are_read_at_once_and_said_in_order() {
    let mut bench = Bench::new("many", "*");
    let names: Vec<&'static str> = (0..300).map(|n| &*format!("{n:03}.txt").leak()).collect();
    for name in &names {
        bench.put(name, name);
    }
    let said = bench.scan().unwrap();
    assert_eq!(said, names.iter().map(|name| format!("+{name}")).collect::<Vec<_>>());
    assert!(names.iter().all(|name| bench.rows[*name][0].document.as_ref().unwrap().text == **name));
}

#[tokio::test]
async fn a_thread_of_another_runtime_may_scan_and_drop() {
    let mut bench = Bench::new("inside", "*.md");
    bench.put("a.md", "a");
    assert_eq!(bench.scan().unwrap(), ["+a.md"]);
}
