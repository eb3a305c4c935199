//! The cost of one change, each run a new process: `cargo bench --bench cost_of_change -- [DOCUMENTS …]`.
//!
//! For each size: the floor (read, digest, tokenise, write the same parquet, nothing else), a full build, nothing
//! changed, 1 and 100 documents changed; medians of five. Up to 10,000 documents lie in files of their own, more in
//! files of 1,000 JSON lines. Figures are ratios first: machines differ, and noise does.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use rifflebox::{
    BuildOptions, Content, Exact, Files, Key, Kind, Passages, Recipe, Tier, Tokenizer, Workspace, flow,
};
use rifflebox_publish::{DataRow, encode};

const RUNS: usize = 5;

fn main() {
    let arguments: Vec<String> =
        std::env::args().skip(1).filter(|argument| !argument.starts_with("--")).collect();
    if let [job, folder] = arguments.as_slice()
        && let Some(work) = job_of(job)
    {
        return work(Path::new(folder));
    }
    let sizes: Vec<usize> = arguments.iter().filter_map(|size| size.parse().ok()).collect();
    println!(
        "| documents | floor s | build s | build / floor | nothing ms | 1 changed ms | 100 changed ms | rows read by 1 |"
    );
    println!("|---|---|---|---|---|---|---|---|");
    for size in if sizes.is_empty() { vec![10_000] } else { sizes } {
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
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("change-{size}"));
    // What is not there need not go.
    let _ = std::fs::remove_dir_all(&folder);
    let corpus = Corpus { folder: folder.join("documents"), size };
    corpus.write();
    // Files that were just written could still change within the clock's grain, and are read again until they settle.
    std::thread::park_timeout(Duration::from_secs(3));
    let floor = run("floor", &folder).0;
    let full = run("build", &folder).0;
    let nothing = median((0..RUNS).map(|_| run("build", &folder).0));
    let mut rows_read = String::new();
    let one = median((0..RUNS).map(|round| {
        corpus.change(round, 1);
        let (time, said) = run("build", &folder);
        rows_read = said;
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
        rows_read.trim(),
    );
}

fn run(job: &str, folder: &Path) -> (Duration, String) {
    let started = Instant::now();
    let output = Command::new(std::env::current_exe().expect("a running program has a file"))
        .arg(job)
        .arg(folder)
        .output()
        .expect("a program that ran once runs again");
    assert!(output.status.success(), "{job}: {}", String::from_utf8_lossy(&output.stderr));
    (started.elapsed(), String::from_utf8_lossy(&output.stdout).into_owned())
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
    let mut state = (number as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    for word in 0..220 {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let chosen = WORDS[(state >> 33) as usize % WORDS.len()];
        let end = if word % 12 == 11 { ".\n" } else { "" };
        write!(text, " {chosen}{}{end}", state >> 58).expect("a string takes all");
    }
    text
}

fn build(folder: &Path) {
    let runtime = tokio::runtime::Runtime::new().expect("threads can be started");
    let report = runtime.block_on(async {
        let flow = flow("bench");
        let files = Files::matching("documents/**/*").tier(Tier::T0).license("CC0-1.0");
        let documents = flow.documents("documents", files.source("documents", folder)?);
        documents.generate(Passages::default()).dedup(Exact).mix(Recipe::default()).publish();
        let workspace = Workspace::open(&format!("file:{}", folder.join("workspace").display())).await?;
        workspace.build_with(&flow, BuildOptions { workers: 2, ..BuildOptions::default() }).await
    });
    let report = report.expect("the corpus is sound");
    println!("{}", report.rows.read);
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
