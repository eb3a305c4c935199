//! Published versions: listed, compared, gone back to.

use rifflebox::{Diff, DiffPart, ErrorKind, LogEntry, Result, Tier};

use super::bench::Bench;
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
