//! A small flow over a folder, and a workspace in memory.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::SystemTime;

use rifflebox::{
    BuildOptions, Content, Document, Draft, Exact, Files, Flow, Generator, Identity, Key, Recipe, Report,
    Result, RowQuery, Sample, Story, Tier, Tokenizer, Value, Verdict, Verifier, Workspace, verifier,
};
use serde_json::Value as Json;
use tempfile::TempDir;

use crate::support::wait_for;

/// Each bench is a workspace of its own.
static BENCHES: AtomicU64 = AtomicU64::new(0);

/// A folder of documents, and a workspace that is kept true to it.
pub(super) struct Bench {
    folder: Arc<TempDir>,
    url: String,
    budget: Option<u64>,
    /// Version of the verifier `calm`.
    pub(super) calm: &'static str,
}

impl Bench {
    pub(super) fn new(name: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder can be made");
        std::fs::create_dir(folder.path().join("pages")).expect("a folder can be made");
        let url = format!("memory:{name}-{}", BENCHES.fetch_add(1, Ordering::Relaxed));
        Bench { folder: Arc::new(folder), url, budget: None, calm: "7" }
    }

    pub(super) fn with_budget(name: &str, tokens: u64) -> Self {
        Bench { budget: Some(tokens), ..Bench::new(name) }
    }

    /// Keeps the workspace in a folder beside the pages.
    pub(super) fn in_folder(name: &str) -> Self {
        let bench = Bench::new(name);
        Bench { url: format!("file:{}/workspace", bench.folder.path().display()), ..bench }
    }

    /// Returns the place that is named like this one, with something behind.
    pub(super) fn beside(&self, tail: &str) -> Self {
        let url = format!("{}{tail}", self.url);
        Bench { folder: self.folder.clone(), url, budget: self.budget, calm: self.calm }
    }

    /// Builds the same folder into a workspace of its own.
    pub(super) fn afresh(&self) -> Self {
        let url = format!("{}-afresh-{}", self.url, BENCHES.fetch_add(1, Ordering::Relaxed));
        let fresh = Bench { folder: self.folder.clone(), url, budget: self.budget, calm: self.calm };
        fresh.build();
        fresh
    }

    pub(super) fn flow(&self) -> Flow {
        let flow = Flow::with_tokenizer("stories", Arc::new(Words));
        let pages = Files::matching("pages/**").tier(Tier::T0).license("CC0-1.0");
        let docs = flow.documents("docs", pages.source("docs", self.folder.path()).expect("the glob is one"));
        let calm = docs.generate(Lines).verify(calm(self.calm));
        let recipe = Recipe { tokens: self.budget, ..Recipe::default() };
        calm.dedup(Exact).mix(recipe).publish();
        flow
    }

    pub(super) fn workspace(&self) -> Workspace {
        wait_for(Workspace::open(&self.url)).expect("memory opens")
    }

    pub(super) fn build(&self) -> Report {
        let options = BuildOptions { workers: 2, ..BuildOptions::default() };
        wait_for(async { Workspace::open(&self.url).await?.build_with(&self.flow(), options).await })
            .expect("the folder builds")
    }

    pub(super) fn path(&self, page: &str) -> PathBuf {
        self.folder.path().join("pages").join(page)
    }

    pub(super) fn write(&self, page: &str, bytes: impl AsRef<[u8]>) {
        std::fs::write(self.path(page), bytes).expect("a page can be written");
    }

    pub(super) fn read(&self, page: &str) -> String {
        std::fs::read_to_string(self.path(page)).expect("the page is there")
    }

    pub(super) fn remove(&self, page: &str) {
        std::fs::remove_file(self.path(page)).expect("the page is there");
    }

    pub(super) fn query(&self, fields: &[&str]) -> RowQuery {
        RowQuery { fields: fields.iter().map(|field| (*field).to_owned()).collect(), ..RowQuery::default() }
    }

    pub(super) fn rows(&self, fields: &[&str]) -> Vec<Json> {
        self.list(&self.query(fields))
    }

    pub(super) fn list(&self, query: &RowQuery) -> Vec<Json> {
        self.try_list(query).expect("rows are listed")
    }

    pub(super) fn try_list(&self, query: &RowQuery) -> Result<Vec<Json>> {
        let mut rows = Vec::new();
        let mut each = |row| {
            rows.push(row);
            Ok(())
        };
        wait_for(self.workspace().rows(&self.flow(), query, &mut each))?;
        Ok(rows)
    }

    pub(super) fn explain(&self, what: &str) -> Vec<Story> {
        self.try_explain(what).expect("stories are told")
    }

    pub(super) fn try_explain(&self, what: &str) -> Result<Vec<Story>> {
        wait_for(self.workspace().explain(&self.flow(), what))
    }

    pub(super) fn url(&self) -> &str {
        &self.url
    }

    pub(super) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Returns the paths of all files of the workspace, in order.
    pub(super) fn stored(&self) -> Vec<String> {
        let listed = wait_for(async { rifflebox_storage::Objects::open(&self.url)?.list("").await });
        listed.expect("the workspace is listed").into_iter().map(|file| file.path).collect()
    }

    /// Returns the bytes of all published files by path.
    pub(super) fn contents(&self) -> BTreeMap<String, Vec<u8>> {
        self.files_of("dataset")
    }

    /// Returns the bytes of all files below a folder of the workspace, by path relative to it.
    pub(super) fn files_of(&self, folder: &str) -> BTreeMap<String, Vec<u8>> {
        let read = wait_for(async {
            let objects = rifflebox_storage::Objects::open(&self.url)?;
            let mut contents = BTreeMap::new();
            for file in objects.list(folder).await? {
                let path = file.path.trim_start_matches(folder).trim_start_matches('/').to_owned();
                contents.insert(path, objects.read(&file.path).await?.to_vec());
            }
            Ok::<_, rifflebox::Error>(contents)
        });
        read.expect("files are read")
    }

    /// Returns every file of the bench's folder, with its bytes and the time of its last change.
    pub(super) fn files(&self) -> BTreeMap<PathBuf, (SystemTime, Vec<u8>)> {
        let mut files = BTreeMap::new();
        let mut folders = vec![self.folder.path().to_owned()];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).expect("a folder is listed") {
                let path = entry.expect("an entry is read").path();
                let stat = std::fs::metadata(&path).expect("what is listed is there");
                let changed = stat.modified().expect("files have times");
                if stat.is_dir() {
                    files.insert(path.clone(), (changed, Vec::new()));
                    folders.push(path);
                } else {
                    let bytes = std::fs::read(&path).expect("a file is read");
                    files.insert(path, (changed, bytes));
                }
            }
        }
        files
    }

    /// Returns the paths of all published files, relative to the published folder.
    pub(super) fn published(&self) -> Vec<String> {
        self.contents().into_keys().collect()
    }
}

/// Makes a sample of each line of a list.
pub(super) struct Lines;

impl Generator for Lines {
    fn identity(&self) -> Identity {
        Identity::new("lines", "1")
    }

    fn synthetic(&self) -> bool {
        false
    }

    fn generate(&self, document: &Document, say: &mut dyn FnMut(Draft)) -> Result<(), String> {
        for (number, line) in document.text.lines().enumerate() {
            if line == "!REFUSE" {
                return Err("will not read this".to_owned());
            }
            if let Some(text) = line.strip_prefix("- ") {
                let mut draft = Draft::new(Content::Text { text: text.to_owned() });
                draft.fields.insert("line".to_owned(), Value::Int(number as i64));
                say(draft);
            }
        }
        Ok(())
    }
}

fn calm(version: &str) -> impl Verifier + use<> {
    verifier("calm", version, |sample: &Sample| {
        let text = sample.text();
        assert!(!text.contains("PANIC"), "a line that panics");
        match text.contains("BAD") {
            true => Verdict::reject("contains BAD"),
            false => Verdict::accept().scored(0.5),
        }
    })
}

/// Counts words.
pub(super) struct Words;

impl Tokenizer for Words {
    fn name(&self) -> &str {
        "words"
    }

    fn fingerprint(&self) -> Key {
        Key::of(b"words 1")
    }

    fn count(&self, text: &str) -> u64 {
        text.split_whitespace().count() as u64
    }
}
