//! Published versions: listed, compared, gone back to.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use rifflebox::{Diff, DiffPart, ErrorKind, LogEntry, PlannedCalls, Result, Tier};

use super::bench::Bench;
use super::rehearsals::{asking, build, plan};
use crate::support::wait_for;

fn log(bench: &Bench) -> Vec<LogEntry> {
    wait_for(bench.workspace().log()).expect("versions are listed")
}

fn diff(bench: &Bench, from: &str, to: &str) -> Result<Diff> {
    wait_for(bench.workspace().diff(from, to))
}

fn counts(diff: &Diff) -> (u64, u64, u64) {
    (diff.added, diff.removed, diff.changed)
}

/// A workspace with three versions.
fn three(name: &str) -> Bench {
    let bench = Bench::new(name);
    bench.write("a.md", "- one\n- two and more\n");
    bench.build();
    bench.write("b.md", "- three\n");
    bench.build();
    bench.write("a.md", "- one\n- two and less of it\n");
    bench.build();
    bench
}

#[test]
fn versions_are_listed_newest_first() {
    let bench = Bench::new("versions-log");
    assert_eq!(log(&bench), []);
    let bench = three("versions-log");
    let entries = log(&bench);
    let told: Vec<_> = entries.iter().map(|entry| (entry.version, entry.current, entry.samples)).collect();
    assert_eq!(told, [(3, true, 3), (2, false, 3), (1, false, 2)]);
    assert_eq!(entries.iter().map(|entry| entry.documents).collect::<Vec<_>>(), [2, 2, 1]);
    bench.build();
    assert_eq!(log(&bench), entries, "nothing changed, and nothing was published");
}

#[test]
fn versions_are_compared_by_kind_and_tier() {
    let bench = three("versions-diff");
    let between = diff(&bench, "1", "3").unwrap();
    assert_eq!(counts(&between), (2, 1, 0));
    let part = DiffPart {
        mix: "main".to_owned(),
        kind: "text".to_owned(),
        tier: Tier::T0,
        added: 2,
        removed: 1,
        changed: 0,
        tokens: 3,
    };
    assert_eq!(between.parts, [part]);
    assert_eq!(counts(&diff(&bench, "3", "1").unwrap()), (1, 2, 0));
    assert_eq!(counts(&diff(&bench, "2", "2").unwrap()), (0, 0, 0));
    let by_digest = diff(&bench, &log(&bench)[2].snapshot[..8], &log(&bench)[0].snapshot).unwrap();
    assert_eq!(by_digest, between);
    assert_eq!(between.to_string().lines().next(), Some("1 to 3: +2 -1 samples, 0 changed; +2 -2 files"));
    for wrong in ["4", "zzzz", "", "0"] {
        let error = diff(&bench, "1", wrong).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Usage, "{wrong}");
    }
}

#[test]
fn an_older_version_is_published_again_and_followed_by_the_documents_of_today() {
    let bench = Bench::new("versions-rollback");
    bench.write("a.md", "- one\n- two and more\n");
    bench.build();
    let first = bench.contents();
    bench.write("b.md", "- three\n");
    bench.write("a.md", "- one\n- two and less of it\n");
    bench.build();
    let second = bench.contents();

    let report = wait_for(bench.workspace().rollback(1)).unwrap();
    assert_eq!((report.version, report.samples.added, report.samples.removed), (3, 1, 2));
    assert_eq!((report.shards.written, report.documents.total), (1, 1));
    assert_eq!(shards(&bench.contents()), shards(&first));
    let entries = log(&bench);
    assert_eq!(
        entries.iter().map(|entry| (entry.version, entry.current)).collect::<Vec<_>>(),
        [(3, true), (2, false), (1, false)]
    );
    assert_eq!((&entries[0].snapshot, &entries[0].data), (&entries[2].snapshot, &entries[2].data));
    assert_eq!(counts(&diff(&bench, "1", "3").unwrap()), (0, 0, 0));
    assert_eq!(bench.explain("two and more")[0].status, rifflebox::Fate::Kept);
    assert_eq!(bench.explain("three"), []);
    assert_eq!(wait_for(bench.workspace().check()).unwrap().problems, Vec::<String>::new());

    // Going back to what is there changes nothing.
    assert_eq!(wait_for(bench.workspace().rollback(3)).unwrap().samples, report.samples);
    assert_eq!(log(&bench), entries);

    let report = bench.build();
    assert_eq!((report.version, report.documents.added, report.documents.changed), (4, 1, 1));
    assert_eq!(shards(&bench.contents()), shards(&second));
    wait_for(bench.workspace().gc(2, false)).unwrap();
    assert_eq!(log(&bench).iter().map(|entry| entry.version).collect::<Vec<_>>(), [4, 3]);
    assert_eq!(counts(&diff(&bench, "3", "4").unwrap()), (2, 1, 0));
    wait_for(bench.workspace().gc(1, false)).unwrap();
    assert_eq!(wait_for(bench.workspace().check()).unwrap().problems, Vec::<String>::new());
    let error = wait_for(bench.workspace().rollback(1)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Usage);
    assert!(error.to_string().contains("there are 4 ("), "{error}");
}

#[test]
fn answers_paid_for_since_outlive_a_rollback() {
    let bench = Bench::new("versions-answers");
    let made = Arc::new(AtomicU64::new(0));
    let flow = asking(&bench, &made);
    bench.write("a.md", "- one\n");
    build(&bench, &flow).unwrap();
    bench.write("b.md", "- two\n- three\n");
    build(&bench, &flow).unwrap();
    let paid = made.load(Ordering::Relaxed);
    assert_eq!(paid, 6);
    let after = bench.contents();
    wait_for(bench.workspace().rollback(1)).unwrap();
    assert_eq!(plan(&bench, &flow).calls, PlannedCalls::default());
    let report = build(&bench, &flow).unwrap();
    assert_eq!((made.load(Ordering::Relaxed), report.calls.made), (paid, 0));
    assert_eq!(shards(&bench.contents()), shards(&after));
}

/// Returns the published files that hold rows.
pub(super) fn shards(contents: &BTreeMap<String, Vec<u8>>) -> BTreeMap<String, Vec<u8>> {
    let rows = contents.iter().filter(|(path, _)| path.ends_with(".parquet"));
    rows.map(|(path, bytes)| (path.clone(), bytes.clone())).collect()
}
