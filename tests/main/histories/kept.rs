//! A dataset that a history happens to, compared with fresh builds all along.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use rifflebox::{
    BuildOptions, BuildPlan, Error, ErrorKind, Event, Flow, OpenOptions, Progress, Report, RowQuery,
    Workspace,
};
use rifflebox_dataflow::Bugs;
use rifflebox_storage::{Faults, Kill, Objects, Workspace as Storage};
use serde_json::{Value as Json, json};
use tokio::sync::{Notify, oneshot};

use super::documents::Documents;
use super::history::{Death, History, Round, Way};
use super::service::Service;
use super::shape::Shape;

/// Each workspace in memory has a name of its own.
static WORKSPACES: AtomicU64 = AtomicU64::new(0);

/// What a history went through; all of it must happen to some.
pub(super) type Seen = BTreeMap<&'static str, u64>;

/// How a build ended.
type Built = rifflebox::Result<Report>;

/// What a build leaves: the same for the same inputs, whatever came before.
#[derive(Clone, Debug, Default, PartialEq)]
struct Standing {
    /// Totals of the report, or why nothing is published.
    said: Json,
    /// Digests of the published files by path; none if nothing is published.
    files: BTreeMap<String, String>,
    /// Those of the second mix.
    second: BTreeMap<String, String>,
    /// Each row and what became of it.
    rows: Vec<Json>,
}

/// A workspace, and what it is kept true to.
pub(super) struct Kept {
    folder: tempfile::TempDir,
    url: String,
    documents: Documents,
    shape: Shape,
    past: Vec<Shape>,
    service: Service,
    bugs: Bugs,
    /// Operations of the store in the last build that lived.
    operations: u64,
    /// By version what it published.
    versions: BTreeMap<u64, BTreeMap<String, String>>,
    pub(super) seen: Seen,
}

/// Lives a history; returns what it went through.
///
/// # Errors
/// What went otherwise than it must, and in which round.
pub(super) fn live(history: &History, bugs: Bugs) -> Result<Seen, String> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
    runtime.expect("threads can be started").block_on(async {
        let mut kept = Kept::begin(history, bugs);
        let begun = (kept.documents.files(), kept.shape.clone());
        kept.round(&Round::default()).await.map_err(|error| format!("at the beginning: {error}"))?;
        let built = kept.build(&Way::default(), None).await;
        let first = kept.standing(&built).await;
        for (index, round) in history.rounds.iter().enumerate() {
            kept.round(round).await.map_err(|error| format!("in round {index}: {error}"))?;
        }
        kept.documents.restore(&begun.0);
        kept.shape = begun.1;
        let built = kept.build(&Way::default(), None).await;
        let last = kept.standing(&built).await;
        compare(&last, &first).map_err(|error| format!("after all was undone: {error}"))?;
        Ok(kept.seen)
    })
}

impl Kept {
    fn begin(history: &History, bugs: Bugs) -> Kept {
        let folder = tempfile::tempdir().expect("a folder can be made");
        let mut documents = Documents::new(folder.path());
        history.documents.iter().for_each(|edit| documents.apply(edit));
        let url = match history.in_folder {
            true => format!("file:{}/workspace", folder.path().display()),
            false => in_memory(),
        };
        Kept {
            folder,
            url,
            documents,
            shape: history.shape.clone(),
            past: Vec::new(),
            service: Service::default(),
            bugs,
            operations: 30,
            versions: BTreeMap::new(),
            seen: Seen::new(),
        }
    }

    fn note(&mut self, what: &'static str, times: u64) {
        *self.seen.entry(what).or_default() += times;
    }

    /// Changes documents and flow, builds, and compares with a fresh build.
    async fn round(&mut self, round: &Round) -> Result<(), String> {
        round.edits.iter().for_each(|edit| self.documents.apply(edit));
        self.past.push(self.shape.clone());
        round.turns.iter().for_each(|turn| turn.apply(&mut self.shape, &self.past));
        let way = &round.way;
        if way.without_cache {
            // Where there is none, there is none to delete.
            drop(std::fs::remove_dir_all(self.folder.path().join("workspace/cache")));
        }
        let before = [self.published().await?, self.committed().await?];
        if let Some(death) = way.death {
            self.die(death, way).await?;
        }
        let between = self.published().await?;
        if way.outage.is_some() {
            self.outage(way, &between).await?;
        }
        if way.left && (way.death.is_some() || way.outage.is_some()) {
            return self.check().await;
        }
        let plan = if way.planned && !way.rebuild { Some(self.plan(way).await?) } else { None };
        let upto = [self.published().await?, self.committed().await?];
        let mut built = self.build(way, None).await;
        self.expect_paid(&built)?;
        plan.map_or(Ok(()), |plan| as_planned(&plan, &built))?;
        let standing = self.standing(&built).await;
        self.as_fresh(&standing).await?;
        match built.is_ok() {
            true if standing.files != between && !before.contains(&between) => {
                return Err("what a dead build left is neither the old snapshot nor the new one".to_owned());
            }
            false if !upto.contains(&self.published().await?) => {
                return Err("something was published although a rule is against it".to_owned());
            }
            _ => {}
        }
        if let Ok(report) = &built {
            self.versions.insert(report.version, standing.files.clone());
            if let Some(back) = way.rollback
                && let Some(again) = self.rollback(report.version.saturating_sub(back), &standing).await?
            {
                built = again;
            }
        }
        if let Some((versions, death)) = way.collect {
            self.collect(versions, death).await?;
            compare(&self.standing(&built).await, &standing).map_err(|error| format!("after gc: {error}"))?;
        }
        if way.again {
            self.again(way, &built, &standing).await?;
        }
        self.check().await
    }

    /// Builds, and lets the build end before its time.
    async fn die(&mut self, death: Death, way: &Way) -> Result<(), String> {
        let built = self.build(way, Some(death)).await;
        match built {
            Err(error) if error.kind() == ErrorKind::Store => {
                self.note("deaths", 1);
                self.service.forgive();
            }
            built => self.expect_known(&built)?,
        }
        self.check().await
    }

    /// Builds during an outage: what is owed stands against publishing.
    async fn outage(&mut self, way: &Way, before: &BTreeMap<String, String>) -> Result<(), String> {
        let committed = self.committed().await?;
        self.service.begin(way.outage, way.retry);
        let built = self.open(way, None).await;
        self.expect_known(&built)?;
        if built.is_err_and(|error| error.kind() == ErrorKind::Incomplete) {
            self.note("outages", 1);
            if ![before, &committed].contains(&&self.published().await?) {
                return Err("something was published although calls are owed".to_owned());
            }
        }
        Ok(())
    }

    async fn build(&mut self, way: &Way, death: Option<Death>) -> Built {
        self.service.begin(None, way.retry);
        self.open(way, death).await
    }

    fn flow(&self, service: &Service, url: &str) -> rifflebox::Result<Flow> {
        self.shape.flow(self.folder.path(), service, &second(url))
    }

    async fn plan(&self, way: &Way) -> Result<BuildPlan, String> {
        let options =
            BuildOptions { workers: way.workers, retry_failed: way.retry, ..BuildOptions::default() };
        let planned = async {
            let flow = self.flow(&self.service, &self.url)?;
            Workspace::open(&self.url).await?.plan(&flow, &options).await
        };
        planned.await.map_err(|error| format!("plan: {}", said(error)))
    }

    /// Publishes an older version, if it is retained; then builds what stands now.
    async fn rollback(&mut self, version: u64, standing: &Standing) -> Result<Option<Built>, String> {
        let Some(files) = self.versions.get(&version).cloned() else { return Ok(None) };
        let back = async { Workspace::open(&self.url).await?.rollback(version).await };
        match back.await {
            Ok(_) => self.note("rollbacks", 1),
            Err(error) if error.kind() == ErrorKind::Usage => return Ok(None),
            Err(error) => return Err(format!("rollback: {}", said(error))),
        }
        if self.published().await? != files {
            return Err(format!("rollback published something else than version {version}"));
        }
        self.check().await?;
        let built = self.build(&Way::default(), None).await;
        self.expect_paid(&built)?;
        compare(&self.standing(&built).await, standing)
            .map_err(|error| format!("after a rollback: {error}"))?;
        Ok(Some(built))
    }

    async fn open(&mut self, way: &Way, death: Option<Death>) -> Built {
        let flow = self.flow(&self.service, &self.url)?;
        let (wrap, trace) = self.faults(death).wrap();
        let options = OpenOptions { wrap: Some(wrap), ..OpenOptions::default() };
        let workspace = Workspace::open_with(&self.url, options).await?;
        let mut options = BuildOptions {
            workers: way.workers,
            rebuild: way.rebuild,
            retry_failed: way.retry,
            bugs: self.bugs,
            ..BuildOptions::default()
        };
        if way.chunked {
            (options.epoch_bytes, options.commit_bytes) = (600, 0);
        }
        let built = match death {
            Some(Death::Dropped { event }) => dropped_at(event, &workspace, &flow, options).await,
            _ => workspace.build_with(&flow, options).await,
        };
        if death.is_none() {
            self.operations = trace.lines().len() as u64;
        }
        built
    }

    /// Lets the store be gone when a process is to die.
    fn faults(&self, death: Option<Death>) -> Faults {
        let gone = match death {
            Some(Death::Store { per_mille, after }) => {
                Some(Kill { operation: per_mille * self.operations / 1_000, after })
            }
            _ => None,
        };
        Faults { gone, ..Faults::default() }
    }

    /// Collects garbage, once more if the first time dies.
    async fn collect(&mut self, versions: usize, death: Option<Death>) -> Result<(), String> {
        for death in death.map(Some).into_iter().chain([None]) {
            let options = OpenOptions { wrap: Some(self.faults(death).wrap().0), ..OpenOptions::default() };
            let workspace = Workspace::open_with(&self.url, options).await.map_err(said)?;
            match workspace.gc(versions, false).await {
                Ok(report) => self.note("objects collected", report.objects),
                Err(error) if death.is_some() && error.kind() == ErrorKind::Store => {}
                Err(error) => return Err(format!("gc: {}", said(error))),
            }
        }
        Ok(())
    }

    /// Builds once more: there is nothing to do.
    async fn again(&mut self, way: &Way, built: &Built, standing: &Standing) -> Result<(), String> {
        let idle = Way { workers: way.workers, ..Way::default() };
        let again = self.build(&idle, None).await;
        self.expect_paid(&again)?;
        compare(&self.standing(&again).await, standing).map_err(|error| format!("once more: {error}"))?;
        if let (Ok(first), Ok(again)) = (built, again) {
            let done = (again.calls.made, again.shards.written, again.samples.added + again.samples.removed);
            let documents = again.documents.added + again.documents.changed + again.documents.removed;
            if (done, documents, again.version) != ((0, 0, 0), 0, first.version) {
                return Err(format!("there was nothing to do, and it did {again:?}"));
            }
        }
        Ok(())
    }

    async fn as_fresh(&mut self, standing: &Standing) -> Result<(), String> {
        let (url, service) = (in_memory(), Service::default());
        let fresh = async {
            let flow = self.flow(&service, &url)?;
            let options = BuildOptions { workers: 1, ..BuildOptions::default() };
            Workspace::open(&url).await?.build_with(&flow, options).await
        };
        let fresh = fresh.await;
        if let Ok(report) = &fresh {
            self.note("builds", 1);
            self.note("shards", report.shards.total.saturating_sub(1));
            self.note("unused", report.samples.unused);
            self.note("rejected", report.samples.rejected);
            self.note("displaced", report.samples.displaced);
            self.note("failed", report.samples.failed);
            self.note("broken", report.documents.broken);
            self.note("calls", report.calls.standing);
        }
        compare(standing, &self.standing_at(&url, &fresh).await)
    }

    async fn standing(&self, built: &Built) -> Standing {
        self.standing_at(&self.url, built).await
    }

    async fn standing_at(&self, url: &str, built: &Built) -> Standing {
        let mut standing = Standing { said: told(built), ..Standing::default() };
        if built.is_ok() {
            standing.files = published(url, "dataset").await.unwrap_or_else(wrong);
            if self.shape.second {
                standing.second = published(&second(url), "").await.unwrap_or_else(wrong);
            }
            let exact = exact(url, &standing.files).await;
            exact.unwrap_or_else(|error| standing.files = wrong(error));
        }
        let mut each = |row| {
            standing.rows.push(row);
            Ok(())
        };
        let fields = ["text", "prompt", "tier", "tokens", "score"].map(str::to_owned).to_vec();
        let query = RowQuery { fields, ..RowQuery::default() };
        let listed = async {
            let flow = self.flow(&Service::default(), url)?;
            Workspace::open(url).await?.rows(&flow, &query, &mut each).await
        };
        if let Err(error) = listed.await {
            standing.said = json!({ "rows": said(error) });
        }
        standing
    }

    async fn published(&self) -> Result<BTreeMap<String, String>, String> {
        published(&self.url, "dataset").await
    }

    /// Returns what the last commit published: whoever comes after a death between the two, publishes it.
    async fn committed(&self) -> Result<BTreeMap<String, String>, String> {
        let newest = async { Storage::open(&self.url, Default::default()).await?.newest().await };
        let published = newest.await.map_err(said)?.and_then(|manifest| manifest.content.published);
        Ok(published.map(|published| published.digests).unwrap_or_default())
    }

    async fn check(&self) -> Result<(), String> {
        let checked = async { Workspace::open(&self.url).await?.check().await };
        match checked.await {
            Ok(report) if report.problems.is_empty() => Ok(()),
            Ok(report) => Err(format!("check: {:?}", report.problems)),
            Err(error) => Err(format!("check: {}", said(error))),
        }
    }

    /// Expects that a build ended well, or that what it refuses is refused for good.
    fn expect_known(&self, built: &Built) -> Result<(), String> {
        match built {
            Err(error) if ![ErrorKind::Refused, ErrorKind::Incomplete].contains(&error.kind()) => {
                Err(format!("{:?}: {}", error.kind(), error.chain()))
            }
            _ => Ok(()),
        }
    }

    /// Expects that a build in peace is complete, and that no call was paid for twice.
    fn expect_paid(&self, built: &Built) -> Result<(), String> {
        self.expect_known(built)?;
        let (twice, made) = (self.service.twice(), self.service.made());
        if !twice.is_empty() {
            return Err(format!("paid for twice: {twice:?}"));
        }
        match built {
            Ok(report) if report.calls.made != made => {
                Err(format!("the report counts {} calls, and {made} were made", report.calls.made))
            }
            Err(error) if error.kind() == ErrorKind::Incomplete => Err(format!("in peace: {error}")),
            _ => Ok(()),
        }
    }
}

fn in_memory() -> String {
    format!("memory:history-{}", WORKSPACES.fetch_add(1, Ordering::Relaxed))
}

/// Returns where the second mix of a workspace goes.
fn second(url: &str) -> String {
    format!("{url}-second")
}

fn said(error: Error) -> String {
    format!("{:?}: {}", error.kind(), error.chain())
}

fn wrong(error: String) -> BTreeMap<String, String> {
    BTreeMap::from([("wrong".to_owned(), error)])
}

/// Returns what a build says of the dataset, without what it says of itself.
fn told(built: &Built) -> Json {
    match built {
        Err(error) => json!({ "kind": format!("{:?}", error.kind()), "error": error.chain() }),
        Ok(report) => {
            let samples = &report.samples;
            json!({
                "snapshot": report.snapshot, "data": report.data,
                "documents": [report.documents.total, report.documents.broken],
                "samples": [samples.total, samples.unused, samples.rejected, samples.displaced, samples.failed],
                "calls": [report.calls.standing, report.calls.failed, report.calls.owed],
                "shards": report.shards.total, "tokens": report.tokens, "tiers": report.tiers,
                "bound_by": report.bound_by,
            })
        }
    }
}

/// Expects that a build did what was planned; what follows from answers cannot be planned.
fn as_planned(plan: &BuildPlan, built: &Built) -> Result<(), String> {
    let same = match built {
        Err(error) => plan.calls.exact > 0 || plan.refused == Some(error.to_string()),
        Ok(report) if report.calls.made > 0 => {
            (1..=report.calls.made).contains(&plan.calls.exact) && plan.documents == report.documents
        }
        Ok(report) => {
            let planned = (plan.calls.exact, plan.documents, plan.shards, plan.added, plan.removed);
            let samples = &report.samples;
            planned == (0, report.documents, report.shards, samples.added, samples.removed)
        }
    };
    match same {
        true => Ok(()),
        false => Err(format!("planned was {plan:?}, and done {built:?}")),
    }
}

/// Says in what two differ.
fn compare(one: &Standing, other: &Standing) -> Result<(), String> {
    if one.said != other.said {
        return Err(format!("says {} and not {}", one.said, other.said));
    }
    for (one, other) in [(&one.files, &other.files), (&one.second, &other.second)] {
        if one != other {
            let differ = |a: &BTreeMap<String, String>, b: &BTreeMap<String, String>| -> Vec<_> {
                a.iter()
                    .filter(|(path, digest)| b.get(*path) != Some(digest))
                    .map(|(p, d)| format!("{p} {d}"))
                    .collect()
            };
            return Err(format!("publishes {:?}, lacks {:?}", differ(one, other), differ(other, one)));
        }
    }
    if let Some((one, other)) = one.rows.iter().zip(&other.rows).find(|(one, other)| one != other) {
        return Err(format!("has the row {one}, and not {other}"));
    }
    match one.rows.len() == other.rows.len() {
        true => Ok(()),
        false => Err(format!("has {} rows, and not {}", one.rows.len(), other.rows.len())),
    }
}

/// Reads the published files that the list of a folder names, by path; each must be whole.
async fn published(url: &str, folder: &str) -> Result<BTreeMap<String, String>, String> {
    let objects = Objects::open(url).map_err(said)?;
    let below = |path: &str| format!("{folder}/{path}").trim_start_matches('/').to_owned();
    let Some(list) = objects.get(&below("snapshot.json")).await.map_err(said)? else {
        return Ok(BTreeMap::new());
    };
    let list: Json = serde_json::from_slice(&list).map_err(|error| format!("snapshot.json: {error}"))?;
    let mut files = BTreeMap::new();
    for file in list["files"].as_array().expect("a list has files") {
        let path = file["path"].as_str().expect("a file has a path");
        let bytes = objects.read(&below(path)).await.map_err(said)?;
        let digest = blake3::hash(&bytes).to_hex().to_string();
        if file["blake3"] != digest.as_str() {
            return Err(format!("{path} differs from its digest"));
        }
        files.insert(path.to_owned(), digest);
    }
    Ok(files)
}

/// Expects that a workspace publishes just these files.
async fn exact(url: &str, files: &BTreeMap<String, String>) -> Result<(), String> {
    let objects = Objects::open(url).map_err(said)?;
    for folder in ["dataset/data", "dataset/provenance"] {
        for file in objects.list(folder).await.map_err(said)? {
            if !files.contains_key(file.path.trim_start_matches("dataset/")) {
                return Err(format!("{} lies there, and the list does not name it", file.path));
            }
        }
    }
    Ok(())
}

/// Says when a build has come to an event, and when nothing of it is at work any more.
struct Watcher {
    left: AtomicU64,
    reached: Arc<Notify>,
    /// Goes with the last of the build's threads.
    _alive: Mutex<oneshot::Sender<()>>,
}

impl Progress for Watcher {
    fn event(&self, _: Event) {
        if self.left.fetch_sub(1, Ordering::Relaxed) == 0 {
            self.reached.notify_one();
        }
    }
}

/// Drops the future of a build at an event, and waits for what is still at work.
async fn dropped_at(event: u64, workspace: &Workspace, flow: &Flow, mut options: BuildOptions) -> Built {
    let (alive, gone) = oneshot::channel();
    let reached = Arc::new(Notify::new());
    let watcher =
        Watcher { left: AtomicU64::new(event), reached: reached.clone(), _alive: Mutex::new(alive) };
    options.progress = Some(Arc::new(watcher));
    tokio::select! {
        built = workspace.build_with(flow, options) => return built,
        () = reached.notified() => {}
    }
    // Fails by the end of the other side, which is what is awaited.
    let _ = gone.await;
    Err(Error::new(ErrorKind::Store, "the build was dropped"))
}
