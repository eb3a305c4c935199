//! What a build asks of its store, by the store's own counts.

#![expect(clippy::unwrap_used, reason = "a build that fails ends the test")]

use rifflebox::{
    Files, Flow, OpenOptions, Passages, Recipe, Report, Requests, Sample, Verdict, Workspace, flow, verifier,
};
use rifflebox_storage::Objects;

fn judged(documents: &str, version: &str) -> Flow {
    let flow = flow("requests");
    let files = Files::matching(format!("{documents}/*.md")).source("docs", std::path::Path::new("."));
    let docs = flow.documents("docs", files.unwrap());
    let judge = verifier("judge", version, |_: &Sample| Verdict::accept());
    docs.generate(Passages::default()).verify(judge).mix(Recipe::default()).publish();
    flow
}

/// A workspace with a cache, and documents in a store, whose tags say at once whether they changed.
struct Bench {
    documents: String,
    workspace: Workspace,
    _cache: tempfile::TempDir,
}

impl Bench {
    async fn new(name: &str) -> Self {
        let documents = format!("memory:{name}-documents");
        let objects = Objects::open(&documents).unwrap();
        for (path, text) in [("a.md", "gold"), ("b.md", "ore"), ("c.md", "a riffle box")] {
            objects.put(path, text).await.unwrap();
        }
        let cache = tempfile::tempdir().unwrap();
        let options = OpenOptions { cache: Some(cache.path().to_owned()), ..OpenOptions::default() };
        let workspace = Workspace::open_with(&format!("memory:{name}"), options).await.unwrap();
        Bench { documents, workspace, _cache: cache }
    }

    async fn build(&self, version: &str) -> Report {
        self.workspace.build(&judged(&self.documents, version)).await.unwrap()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_build_without_changes_lists_once_and_writes_nothing() {
    let bench = Bench::new("requests-idle").await;
    bench.build("1").await;
    let idle = bench.build("1").await;
    // Hint, manifest, and three cards; manifests twice before and once after, journals, data and provenance.
    assert_eq!(idle.requests, Requests { get: 5, list: 6, ..Requests::default() });
    assert_eq!(idle.bytes.written, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn another_version_of_a_verifier_writes_provenance_and_no_data() {
    let bench = Bench::new("requests-judged").await;
    let first = bench.build("1").await;
    let second = bench.build("2").await;
    assert_eq!((first.shards.written, second.shards.written), (1, 0));
    assert_eq!(second.data, first.data);
    assert_ne!(second.snapshot, first.snapshot);
    assert_eq!(second.requests.delete, 1, "the provenance before");
    // Runs, provenance, manifest, hint, and the two lists of shards; the first wrote data and README as well.
    assert_eq!((first.requests.put, second.requests.put), (8, 6));
}
