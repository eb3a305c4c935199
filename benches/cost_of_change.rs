//! The cost of one change, each run a new process: `cargo bench --bench cost_of_change -- [DOCUMENTS …]`.
//!
//! For each size: the floor (read, digest, tokenise, write the same parquet, nothing else), a full build, nothing
//! changed, 1 and 100 documents changed; medians of five. Up to 10,000 documents lie in files of their own, more in
//! files of 1,000 JSON lines. Figures are ratios first: machines differ, and noise does.
//!
//! With `s3` before the sizes the workspace lies below the bucket's prefix that `RIFFLEBOX_TEST_S3` names, with the
//! usual `AWS_…` variables: requests by kind and bytes, with the cache of the run before and with none.

mod prose;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use rifflebox::{
    BuildOptions, Content, Exact, Files, Key, Kind, OpenOptions, Passages, Recipe, Tier, Tokenizer,
    Workspace, flow,
};
use rifflebox_publish::{DataRow, encode};
use serde_json::Value as Json;

const RUNS: usize = 5;
/// Beside a corpus: the URL of its workspace, where that lies elsewhere, and the cache of that workspace.
const WORKSPACE: &str = "workspace.url";
const CACHE: &str = "cache";

fn main() {
    let arguments: Vec<String> =
        std::env::args().skip(1).filter(|argument| !argument.starts_with("--")).collect();
    if let [job, folder] = arguments.as_slice()
        && let Some(work) = job_of(job)
    {
        return work(Path::new(folder));
    }
    let sizes: Vec<usize> = arguments.iter().filter_map(|size| size.parse().ok()).collect();
    let sizes = if sizes.is_empty() { vec![10_000] } else { sizes };
    if arguments.first().is_some_and(|word| word == "s3") {
        return on_s3(&sizes);
    }
    println!(
        "| documents | floor s | build s | build / floor | nothing ms | 1 changed ms | 100 changed ms | rows read by 1 |"
    );
    println!("|---|---|---|---|---|---|---|---|");
    for size in sizes {
        measure(size);
    }
}

fn job_of(job: &str) -> Option<fn(&Path)> {
    match job {
        "floor" => Some(floor),
        "build" => Some(build),
        _ => None,
    }
}

fn measure(size: usize) {
    let (folder, corpus) = begin(&format!("change-{size}"), size);
    let floor = run("floor", &folder).0;
    let full = run("build", &folder).0;
    let nothing = median((0..RUNS).map(|_| run("build", &folder).0));
    let mut rows_read = String::new();
    let one = median((0..RUNS).map(|round| {
        corpus.change(round, 1);
        let (time, report) = run("build", &folder);
        rows_read = report["rows"]["read"].to_string();
        time
    }));
    let hundred = median((0..RUNS).map(|round| {
        corpus.change(RUNS + round, 100);
        run("build", &folder).0
    }));
    let ms = |time: Duration| time.as_secs_f64() * 1e3;
    println!(
        "| {size} | {:.2} | {:.2} | {:.2} | {:.0} | {:.0} | {:.0} | {} |",
        floor.as_secs_f64(),
        full.as_secs_f64(),
        full.as_secs_f64() / floor.as_secs_f64(),
        ms(nothing),
        ms(one),
        ms(hundred),
        rows_read,
    );
}

/// Makes a corpus in a folder of its own.
fn begin(name: &str, size: usize) -> (PathBuf, Corpus) {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    // What is not there need not go.
    let _ = std::fs::remove_dir_all(&folder);
    let corpus = Corpus { folder: folder.join("documents"), size };
    corpus.write();
    // Files that were just written could still change within the clock's grain, and are read again until they settle.
    std::thread::park_timeout(Duration::from_secs(3));
    (folder, corpus)
}

/// Says what builds ask of a bucket.
fn on_s3(sizes: &[usize]) {
    let bucket = std::env::var("RIFFLEBOX_TEST_S3").expect("RIFFLEBOX_TEST_S3 names a bucket's prefix");
    println!("| documents | build | cache | s | get | list | put | delete | MB fetched | MB sent |");
    println!("|---|---|---|---|---|---|---|---|---|---|");
    for size in sizes {
        let (folder, corpus) = begin(&format!("s3-{size}"), *size);
        let started = std::time::UNIX_EPOCH.elapsed().map_or(0, |since| since.as_nanos());
        std::fs::write(folder.join(WORKSPACE), format!("{bucket}/change-{size}-{started}"))
            .expect("the target folder can be written");
        let forget = || std::fs::remove_dir_all(folder.join(CACHE)).expect("a build leaves a cache");
        let tell = |what: &str, cache: &str| {
            let (time, report) = run("build", &folder);
            let (requests, bytes) = (&report["requests"], &report["bytes"]);
            let megabytes = |bytes: &Json| bytes.as_f64().expect("a report counts bytes") / 1e6;
            println!(
                "| {size} | {what} | {cache} | {:.2} | {} | {} | {} | {} | {:.1} | {:.1} |",
                time.as_secs_f64(),
                requests["get"],
                requests["list"],
                requests["put"],
                requests["delete"],
                megabytes(&bytes["fetched"]),
                megabytes(&bytes["written"]),
            );
        };
        tell("all of it", "none");
        tell("nothing changed", "warm");
        forget();
        tell("nothing changed", "none");
        corpus.change(0, 1);
        tell("1 changed", "warm");
        forget();
        corpus.change(1, 1);
        tell("1 changed", "none");
    }
}

fn run(job: &str, folder: &Path) -> (Duration, Json) {
    let started = Instant::now();
    let output = Command::new(std::env::current_exe().expect("a running program has a file"))
        .arg(job)
        .arg(folder)
        .output()
        .expect("a program that ran once runs again");
    assert!(output.status.success(), "{job}: {}", String::from_utf8_lossy(&output.stderr));
    (started.elapsed(), serde_json::from_slice(&output.stdout).unwrap_or_default())
}

fn median(times: impl Iterator<Item = Duration>) -> Duration {
    let mut times: Vec<Duration> = times.collect();
    times.sort();
    times[times.len() / 2]
}

/// Pages of about 1.5 kB, each unlike the others.
struct Corpus {
    folder: PathBuf,
    size: usize,
}

impl Corpus {
    fn write(&self) {
        std::fs::create_dir_all(&self.folder).expect("the target folder can be written");
        for file in 0..self.files() {
            self.write_file(file, &|_| 0);
        }
    }

    /// Changes documents spread over the corpus.
    fn change(&self, round: usize, count: usize) {
        let step = self.size / count;
        let chosen: Vec<usize> = (0..count).map(|index| (index * step + round * 7) % self.size).collect();
        let mut files: Vec<usize> = chosen.iter().map(|page| page / self.per_file()).collect();
        files.dedup();
        for file in files {
            self.write_file(file, &|page| if chosen.contains(&page) { round + 1 } else { 0 });
        }
    }

    fn write_file(&self, file: usize, version: &dyn Fn(usize) -> usize) {
        let pages = file * self.per_file()..((file + 1) * self.per_file()).min(self.size);
        let (name, text) = match self.per_file() {
            1 => (format!("{:02}/{file}.md", file % 100), page(file, version(file))),
            _ => {
                let line = |number: usize| {
                    let text = page(number, version(number));
                    format!("{}\n", serde_json::json!({ "id": number.to_string(), "text": text }))
                };
                (format!("{file}.jsonl"), pages.map(line).collect())
            }
        };
        let path = self.folder.join(name);
        std::fs::create_dir_all(path.parent().expect("a file has a folder"))
            .expect("the target folder can be written");
        std::fs::write(path, text).expect("the target folder can be written");
    }

    fn per_file(&self) -> usize {
        if self.size <= 10_000 { 1 } else { 1_000 }
    }

    fn files(&self) -> usize {
        self.size.div_ceil(self.per_file())
    }
}

fn page(number: usize, version: usize) -> String {
    const WORDS: [&str; 24] = [
        "metric", "label", "server", "query", "gold", "stream", "ore", "box", "sample", "alert", "rule",
        "scrape", "target", "bucket", "series", "window", "record", "export", "client", "shard", "value",
        "count", "index", "page",
    ];
    let mut text = format!("# Page {number}\n\nThis is version {version} of the page.\n");
    prose::add(&mut text, number, &WORDS);
    text
}

fn build(folder: &Path) {
    let runtime = tokio::runtime::Runtime::new().expect("threads can be started");
    let report = runtime.block_on(async {
        let flow = flow("bench");
        let files = Files::matching("documents/**/*").tier(Tier::T0).license("CC0-1.0");
        let documents = flow.documents("documents", files.source("documents", folder)?);
        documents.generate(Passages::default()).dedup(Exact).mix(Recipe::default()).publish();
        let workspace = match std::fs::read_to_string(folder.join(WORKSPACE)) {
            Ok(url) => {
                let cache = Some(folder.join(CACHE));
                Workspace::open_with(&url, OpenOptions { cache, ..OpenOptions::default() }).await?
            }
            Err(_) => Workspace::open(&format!("file:{}", folder.join("workspace").display())).await?,
        };
        workspace.build_with(&flow, BuildOptions { workers: 2, ..BuildOptions::default() }).await
    });
    let report = report.expect("the corpus is sound");
    println!("{}", serde_json::to_string(&report).expect("a report is plain data"));
    eprintln!("{:?} {:?}", report.seconds, report.rows);
}

/// What no build can do without: read, digest, tokenise, and write the same parquet.
fn floor(folder: &Path) {
    let tokenizer = rifflebox::O200k;
    let mut rows = Vec::new();
    let mut open = vec![folder.join("documents")];
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(folder).expect("the corpus was written") {
            let path = entry.expect("the corpus was written").path();
            if path.is_dir() {
                open.push(path);
                continue;
            }
            let bytes = std::fs::read_to_string(&path).expect("the corpus was written");
            match path.extension().is_some_and(|ending| ending == "jsonl") {
                false => rows.push(row(bytes, &tokenizer)),
                true => rows.extend(bytes.lines().map(|line| {
                    let value: serde_json::Value = serde_json::from_str(line).expect("the corpus is sound");
                    row(value["text"].as_str().expect("the corpus is sound").to_owned(), &tokenizer)
                })),
            }
        }
    }
    rows.sort_by_key(|row| row.id);
    rows.dedup_by_key(|row| row.id);
    for (index, shard) in rows.chunks(5_000).enumerate() {
        let bytes = encode(Kind::Text, shard).expect("rows are in order");
        std::fs::write(folder.join(format!("floor-{index}.parquet")), bytes)
            .expect("the target folder can be written");
    }
}

fn row(text: String, tokenizer: &dyn Tokenizer) -> DataRow {
    DataRow {
        id: Key::of(text.as_bytes()),
        tokens: tokenizer.count(&text),
        content: Content::Text { text },
        context: None,
        tier: Tier::T0,
        source: "documents".to_owned(),
        license: None,
    }
}
