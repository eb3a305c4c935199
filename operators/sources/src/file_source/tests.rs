use std::collections::BTreeMap;
use std::fs::{self, File, FileTimes};
use std::path::Path;
use std::time::Duration;

use proptest::prelude::*;
use rifflebox_core::{Document, ErrorKind, Tier};
use tempfile::TempDir;

use super::*;

/// A listing that begins long after all files of a test were written, so that they settle.
const LATER_NS: i128 = i128::MAX / 2;

/// A folder, the source that reads it, and what a workspace would remember.
struct Bench {
    folder: TempDir,
    source: FileSource,
    kept: BTreeMap<String, FileRecord>,
    rows: BTreeMap<String, Vec<RowItem>>,
}

impl Bench {
    fn new(files: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let source = Files::matching(files).source("docs", folder.path()).unwrap();
        Bench { folder, source, kept: BTreeMap::new(), rows: BTreeMap::new() }
    }

    fn write(&self, path: &str, bytes: impl AsRef<[u8]>) {
        let path = self.folder.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }

    fn path(&self, path: &str) -> std::path::PathBuf {
        self.folder.path().join(path)
    }

    /// Scans by a clock, keeps what is said, and returns it in short: `+` rows, `=` record alone, `-` gone.
    fn scan(&mut self, now_ns: i128) -> Vec<String> {
        let mut said = Vec::new();
        let (kept, rows) = (&mut self.kept, &mut self.rows);
        let before = kept.clone().into_iter().collect();
        let each = &mut |change: FileChange<'_>| {
            let mark = match (&change.record, &change.rows) {
                (Some(_), Some(_)) => '+',
                (Some(_), None) => '=',
                (None, _) => '-',
            };
            said.push(format!("{mark}{}", change.path));
            match change.record {
                Some(record) => drop(kept.insert(change.path.clone(), record)),
                None => {
                    kept.remove(&change.path);
                    rows.remove(&change.path);
                }
            }
            if let Some(new) = change.rows {
                rows.insert(change.path, new.collect::<Result<_>>()?);
            }
            Ok(())
        };
        self.source.changes_at(now_ns, &before, each).unwrap();
        said
    }

    fn reads(&mut self, now_ns: i128) -> (Vec<String>, u64) {
        let before = self.source.counts().read;
        (self.scan(now_ns), self.source.counts().read - before)
    }

    fn reason(&self, path: &str) -> &str {
        self.rows[path][0].document.as_ref().unwrap_err()
    }
}

fn set_modified(path: &Path, from: &fs::Metadata) {
    let file = File::options().write(true).open(path).unwrap();
    file.set_times(FileTimes::new().set_modified(from.modified().unwrap())).unwrap();
}

#[test]
fn a_file_that_did_not_change_is_listed_and_not_read() {
    let mut bench = Bench::new("docs/**/*.md");
    bench.write("docs/a.md", "a");
    bench.write("docs/b/c.md", "c");
    bench.write("docs/other.txt", "o");
    assert_eq!(bench.reads(LATER_NS), (vec!["+a.md".to_owned(), "+b/c.md".to_owned()], 2));
    assert_eq!(bench.reads(LATER_NS), (vec![], 0));
    let counts = ScanCounts { listed: 4, untouched: 2, read: 2, bytes_read: 2 };
    assert_eq!(bench.source.counts(), counts);
}

#[test]
fn changed_new_and_gone_files_are_said_in_order_of_path() {
    let mut bench = Bench::new("**");
    for path in ["b", "c", "d", "e"] {
        bench.write(path, path);
    }
    bench.scan(LATER_NS);
    bench.write("c", "C!");
    fs::remove_file(bench.path("d")).unwrap();
    bench.write("a/z", "new");
    assert_eq!(bench.reads(LATER_NS), (vec!["+a/z".to_owned(), "+c".to_owned(), "-d".to_owned()], 2));
    assert_eq!(bench.rows["c"][0].document.as_ref().unwrap().text, "C!");
}

#[test]
fn a_file_touched_but_equal_moves_no_row() {
    let mut bench = Bench::new("*.md");
    bench.write("a.md", "a");
    bench.scan(LATER_NS);
    let file = File::options().write(true).open(bench.path("a.md")).unwrap();
    file.set_modified(SystemTime::UNIX_EPOCH + Duration::from_secs(5)).unwrap();
    assert_eq!(bench.reads(LATER_NS), (vec!["=a.md".to_owned()], 1));
    assert_eq!(bench.reads(LATER_NS), (vec![], 0));
}

#[test]
fn an_edit_of_equal_size_with_its_time_put_back_is_seen() {
    let mut bench = Bench::new("*.md");
    bench.write("a.md", "one");
    bench.scan(LATER_NS);
    let before = fs::metadata(bench.path("a.md")).unwrap();
    // The inode's own clock may stand still for a tick of the kernel.
    while stat_now(&bench.path("a.md")).changed_ns == crate::listing::stat_of(&before).changed_ns {
        bench.write("a.md", "two");
        set_modified(&bench.path("a.md"), &before);
    }
    let after = stat_now(&bench.path("a.md"));
    assert_eq!((after.size, after.modified_ns), (3, bench.kept["a.md"].stat.modified_ns));
    assert_eq!(bench.scan(LATER_NS), ["+a.md"]);
    assert_eq!(bench.rows["a.md"][0].document.as_ref().unwrap().text, "two");
}

#[test]
fn a_file_replaced_by_one_of_equal_size_and_time_is_seen() {
    let mut bench = Bench::new("*.md");
    bench.write("a.md", "one");
    bench.scan(LATER_NS);
    bench.write("new", "two");
    set_modified(&bench.path("new"), &fs::metadata(bench.path("a.md")).unwrap());
    fs::rename(bench.path("new"), bench.path("a.md")).unwrap();
    assert_eq!(bench.scan(LATER_NS), ["+a.md"]);
}

#[test]
fn an_edit_within_the_clocks_grain_is_seen() {
    let mut bench = Bench::new("*.md");
    bench.write("a.md", "one");
    let stat = stat_now(&bench.path("a.md"));
    bench.scan(stat.changed_ns + 1_000_000);
    assert!(!bench.kept["a.md"].settled);
    // As on a coarse clock: other bytes under the very same stat.
    bench.write("a.md", "two");
    let later = stat_now(&bench.path("a.md"));
    bench.kept.get_mut("a.md").unwrap().stat = later.clone();
    assert_eq!(bench.reads(later.changed_ns + 1_000_000), (vec!["+a.md".to_owned()], 1));
    // Once it is old it is read a last time, settles, and is left alone.
    assert_eq!(bench.reads(LATER_NS), (vec!["=a.md".to_owned()], 1));
    assert_eq!(bench.reads(LATER_NS), (vec![], 0));
}

fn stat_now(path: &Path) -> Stat {
    crate::listing::stat_of(&fs::metadata(path).unwrap())
}

#[test]
fn the_clock_of_this_machine_settles_old_files_only() {
    let mut bench = Bench::new("*.md");
    bench.write("a.md", "one");
    let mut records = Vec::new();
    let each = &mut |change: FileChange<'_>| {
        records.extend(change.record);
        Ok(())
    };
    bench.source.changes(&KeptFiles::default(), each).unwrap();
    assert!(!records[0].settled);
    assert_eq!(bench.scan(LATER_NS), ["+a.md"]);
    assert!(bench.kept["a.md"].settled);
}

#[test]
fn bad_content_is_a_row_with_a_reason() {
    let mut bench = Bench::new("*");
    bench.write("a.md", b"fine\nb\xffd");
    bench.write("b.md.gz", "no gzip, and longer than a header");
    bench.write("c.parquet", "no table");
    bench.write("d.txt", "NUL \0 is text");
    bench.write("e.jsonl", "{\"id\":1,\"text\":\"x\"}\n{");
    assert_eq!(bench.scan(LATER_NS).len(), 5);
    assert_eq!(bench.reason("a.md"), "a.md, line 2: is not UTF-8 at byte offset 6");
    assert_eq!(bench.rows["a.md"][0].place.line, Some(2));
    assert_eq!(bench.reason("b.md.gz"), "b.md.gz: its gzip data is broken");
    assert!(bench.reason("c.parquet").starts_with("c.parquet: "));
    assert_eq!(bench.rows["d.txt"][0].document.as_ref().unwrap().text, "NUL \0 is text");
    assert_eq!(bench.rows["e.jsonl"].len(), 2);
}

#[cfg(unix)]
#[test]
fn places_that_cannot_be_read_are_rows_with_a_reason() {
    use std::os::unix::ffi::OsStrExt;
    use std::os::unix::fs::symlink;

    let mut bench = Bench::new("docs/**/*.md");
    bench.write("docs/in/a.md", "a");
    symlink("..", bench.path("docs/in/up")).unwrap();
    symlink("nowhere", bench.path("docs/lost.md")).unwrap();
    symlink("nowhere", bench.path("docs/not-taken.txt")).unwrap();
    symlink("self.md", bench.path("docs/self.md")).unwrap();
    fs::write(bench.path("docs").join(std::ffi::OsStr::from_bytes(b"n\xffme.md")), "x").unwrap();
    let socket = std::os::unix::net::UnixListener::bind(bench.path("docs/socket.md")).unwrap();

    let said = bench.scan(LATER_NS);
    assert_eq!(said, ["+in/a.md", "+in/up", "+lost.md", "+n\\xffme.md", "+self.md", "+socket.md"]);
    assert_eq!(bench.reason("in/up"), "in/up: a link that leads back to the source's own folder");
    assert_eq!(bench.reason("lost.md"), "lost.md: a link that leads nowhere");
    assert_eq!(bench.reason("n\\xffme.md"), "n\\xffme.md: its name is not UTF-8");
    assert!(bench.reason("self.md").starts_with("self.md: cannot be read: "), "{}", bench.reason("self.md"));
    assert_eq!(bench.reason("socket.md"), "socket.md: is no regular file");
    assert_eq!(bench.scan(LATER_NS), [""; 0], "said once");

    drop(socket);
    fs::remove_file(bench.path("docs/socket.md")).unwrap();
    fs::remove_file(bench.path("docs/lost.md")).unwrap();
    bench.write("docs/lost.md", "found");
    assert_eq!(bench.scan(LATER_NS), ["+lost.md", "-socket.md"]);
}

#[cfg(unix)]
#[test]
fn a_linked_file_is_what_it_leads_to() {
    let mut bench = Bench::new("docs/*.md");
    bench.write("docs/plain.md", "p");
    bench.write("far.txt", "one");
    std::os::unix::fs::symlink("../far.txt", bench.path("docs/link.md")).unwrap();
    assert_eq!(bench.scan(LATER_NS), ["+link.md", "+plain.md"]);
    bench.write("far.txt", "other");
    assert_eq!(bench.scan(LATER_NS), ["+link.md"]);
    assert_eq!(bench.rows["link.md"][0].document.as_ref().unwrap().text, "other");
}

#[test]
fn hidden_folders_are_passed_over() {
    let mut bench = Bench::new("**");
    bench.write(".git/config", "x");
    bench.write(".editorconfig", "x");
    bench.write("a/.cache/x.md", "x");
    assert_eq!(bench.scan(LATER_NS), ["+.editorconfig"]);
}

#[test]
fn what_a_flow_wrote_is_no_document_of_its_own() {
    let write = |bench: &Bench| {
        bench.write("a.md", "one");
        bench.write("workspace/manifests/00000000000000000001.json", "{}");
        bench.write("workspace/dataset/README.md", "card");
        for file in ["out/snapshot.json", "out/data-card.json", "out/README.md"] {
            bench.write(file, "{}");
        }
    };
    let mut all = Bench::new("**/*");
    write(&all);
    assert_eq!(all.scan(LATER_NS), ["+a.md"]);
    let mut meant = Bench::new("workspace/dataset/*.md");
    write(&meant);
    assert_eq!(meant.scan(LATER_NS), ["+README.md"]);
}

#[test]
fn a_root_that_is_missing_is_an_error_and_an_empty_one_is_not() {
    let mut bench = Bench::new("docs/*.md");
    let error = bench.source.changes_at(0, &KeptFiles::default(), &mut |_| Ok(())).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Input);
    assert!(error.to_string().ends_with("docs does not exist"), "{error}");
    fs::create_dir(bench.path("docs")).unwrap();
    assert_eq!(bench.scan(LATER_NS), [""; 0]);
    // What was known of a folder is not forgotten because it is away.
    bench.write("docs/a.md", "a");
    bench.scan(LATER_NS);
    fs::remove_dir_all(bench.path("docs")).unwrap();
    assert!(bench.source.changes_at(0, &bench.kept.clone().into_iter().collect(), &mut |_| Ok(())).is_err());
}

#[test]
fn a_single_file_and_a_whole_folder_need_no_wildcard() {
    let mut bench = Bench::new("data/rows.jsonl");
    bench.write("data/rows.jsonl", "{\"id\":1}");
    bench.write("data/other.jsonl", "{\"id\":2}");
    assert_eq!(bench.scan(LATER_NS), ["+rows.jsonl"]);
    let mut bench = Bench::new("data");
    bench.write("data/rows.jsonl", "{\"id\":1}");
    bench.write("data/in/x.md", "x");
    assert_eq!(bench.scan(LATER_NS), ["+in/x.md", "+rows.jsonl"]);
}

#[test]
fn a_large_file_is_streamed_and_read_again_only_if_it_changed() {
    let mut bench = Bench::new("*.jsonl");
    let line = |n: usize| format!("{{\"id\":{n},\"text\":\"{}\"}}\n", "word ".repeat(500));
    let lines = SMALL_FILE_BYTES as usize / line(0).len() + 100;
    bench.write("a.jsonl", (0..lines).map(line).collect::<String>());
    assert!(stat_now(&bench.path("a.jsonl")).size > SMALL_FILE_BYTES);
    assert_eq!(bench.reads(LATER_NS), (vec!["+a.jsonl".to_owned()], 1));
    assert_eq!(bench.rows["a.jsonl"].len(), lines);
    assert_eq!(bench.reads(LATER_NS), (vec![], 0));
}

#[test]
fn a_large_file_that_changes_under_the_reader_is_an_error() {
    let bench = Bench::new("*.jsonl");
    let text = format!("{{\"n\":1,\"fill\":\"{}\"}}\n", "x".repeat(10_000)).repeat(1000);
    bench.write("a.jsonl", &text);
    let each = &mut |change: FileChange<'_>| {
        let mut rows = change.rows.unwrap();
        rows.next().unwrap()?;
        bench.write("a.jsonl", text.replace(":1", ":2"));
        rows.try_for_each(|row| row.map(drop))
    };
    let error = bench.source.changes_at(LATER_NS, &KeptFiles::default(), each).unwrap_err();
    assert_eq!(error.to_string(), "a.jsonl changed while it was read: build again once it is written");
}

#[test]
fn what_is_declared_of_a_source_is_said_of_its_documents() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("a.md"), "---\ntitle: A\n---\nBody\n").unwrap();
    let files = Files::matching("*.md").tier(Tier::T2).license("MIT").generator("g").family("f").depth(2);
    let mut documents: Vec<Document> = Vec::new();
    let each = &mut |change: FileChange<'_>| {
        documents.extend(change.rows.into_iter().flatten().map(|row| row.unwrap().document.unwrap()));
        Ok(())
    };
    files.source("docs", folder.path()).unwrap().changes(&KeptFiles::default(), each).unwrap();
    let document = documents.pop().unwrap();
    assert_eq!((document.source.as_str(), document.id.as_str()), ("docs", "a.md"));
    assert_eq!((document.tier, document.license.as_deref()), (Tier::T2, Some("MIT")));
    assert_eq!((document.origin.generator.as_deref(), document.origin.depth), (Some("g"), 2));
    assert_eq!(document.text, "---\ntitle: A\n---\nBody\n");
    assert_eq!(document.fields["title"], "A".into());
}

#[test]
fn identity_holds_what_changes_documents_and_not_where_they_lie() {
    let identity = |files: Files, folder: &str| files.source("docs", Path::new(folder)).unwrap().identity();
    let plain = identity(Files::matching("a/*.md"), "one");
    assert_eq!((plain.name.as_str(), plain.version.as_str()), ("files", "1"));
    assert_eq!(plain.fingerprint(), identity(Files::matching("b/**"), "two").fingerprint());
    for other in [
        Files::matching("a").tier(Tier::T1),
        Files::matching("a").license("MIT"),
        Files::matching("a").id("key"),
        Files::matching("a").text("body"),
        Files::matching("a").family("f"),
        Files::matching("a").depth(1),
    ] {
        assert_ne!(plain.fingerprint(), identity(other.clone(), "one").fingerprint(), "{other:?}");
    }
}

#[derive(Clone, Debug)]
enum Deed {
    Write(String),
    Delete,
    PutTimeBack(String),
    Replace(String),
}

fn deed() -> impl Strategy<Value = Deed> {
    prop_oneof![
        "[ab]{1,2}".prop_map(Deed::Write),
        Just(Deed::Delete),
        "[ab]{1,2}".prop_map(Deed::PutTimeBack),
        "[ab]{1,2}".prop_map(Deed::Replace),
    ]
}

impl Bench {
    fn does(&self, name: &str, deed: &Deed) {
        let path = self.path(name);
        match deed {
            Deed::Write(text) => self.write(name, text),
            Deed::Delete => drop(fs::remove_file(path)),
            Deed::PutTimeBack(text) => {
                let before = fs::metadata(&path);
                self.write(name, text);
                if let Ok(before) = before {
                    set_modified(&path, &before);
                }
            }
            Deed::Replace(text) => {
                self.write("new", text);
                fs::rename(self.path("new"), path).unwrap();
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// However files change between scans, what is known after them is what one scan of the last state says.
    #[test]
    fn any_history_ends_as_a_fresh_scan(
        history in prop::collection::vec(prop::collection::vec(("[pqr]\\.md", deed()), 0..4), 1..8),
    ) {
        let mut bench = Bench::new("*.md");
        for deeds in &history {
            for (name, deed) in deeds {
                bench.does(name, deed);
            }
            bench.scan(now_ns());
        }
        let (kept, rows) = (std::mem::take(&mut bench.kept), std::mem::take(&mut bench.rows));
        bench.scan(LATER_NS);
        prop_assert_eq!(&rows, &bench.rows);
        let digests = |kept: &BTreeMap<String, FileRecord>| -> Vec<(String, Key)> {
            kept.iter().map(|(path, record)| (path.clone(), record.digest)).collect()
        };
        prop_assert_eq!(digests(&kept), digests(&bench.kept));
    }

    /// Rows depend on relative paths and content alone: not on where the folder lies, nor on times or order of writing.
    #[test]
    fn rows_depend_on_paths_and_content_alone(
        files in prop::collection::btree_map("[a-zé]{1,3}(/[a-zß ]{1,3}){0,2}\\.(md|txt|jsonl)", "[a-z{}\":\n]{0,20}", 1..12),
        modified_s in 0u64..2_000_000_000,
    ) {
        let (mut here, mut there) = (Bench::new("docs/**"), Bench::new("docs/**"));
        let _ = fs::create_dir(there.path("docs"));
        for (path, text) in &files {
            here.write(&format!("docs/{path}"), text);
        }
        for (path, text) in files.iter().rev() {
            there.write(&format!("docs/{path}"), text);
            let file = File::options().write(true).open(there.path(&format!("docs/{path}"))).unwrap();
            file.set_modified(SystemTime::UNIX_EPOCH + Duration::from_secs(modified_s)).unwrap();
        }
        prop_assert_eq!(here.scan(LATER_NS), there.scan(0));
        prop_assert_eq!(&here.rows, &there.rows);
        prop_assert_eq!(here.rows.len(), files.len());
    }
}
