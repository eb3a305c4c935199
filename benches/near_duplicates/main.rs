//! What a near-duplicate purge costs, beside its peers: `cargo bench --bench near_duplicates -- [ROWS …]`.
//!
//! For each number of rows a corpus of real passages is made of the folder that `RIFFLEBOX_DATA` names; `corpus.rs` says
//! how. Then, each in a process of its own: a whole build that reads the corpus and purges it, durably; the same build
//! without the purge; reading alone; and a build after 100 rows have changed. Medians of three; CPU seconds are those of
//! the process, user and system.
//!
//! With `RIFFLEBOX_PEERS` naming a Python that has `rensa` and `datasketch`, `peers.py` runs on the same files.
//! `template ROWS …` measures crowds, rows of one template; `chain ROWS` successive revisions; `memory.sh` builds a
//! corpus under a memory limit, and `kernel.sh` counts the instructions of signatures.

mod corpus;
mod usage;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use rifflebox::{
    BuildOptions, Files, Flow, Identity, Key, Mixer, NearDuplicates, Passages, Row, Rows, Scope, Tier,
    Tokenizer, Workspace,
};
use rifflebox_core::each_word;
use rifflebox_dataflow::{MixDecision, Mixed};
use serde_json::{Value as Json, json};
use usage::Usage;

const RUNS: usize = 3;
/// Rows that change between two builds.
const CHANGED: usize = 100;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with("--")).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words[..] {
        ["build", folder, workers, purge] => build(Path::new(folder), number(workers), purge == "near"),
        ["shingles", folder] => println!("{}", shingles(Path::new(folder))),
        ["read", folder] => read(Path::new(folder)),
        ["corpus", folder, rows] => corpus::passages(Path::new(folder), number(rows)),
        ["change", folder, round] => corpus::change(Path::new(folder), CHANGED, number(round)),
        ["template", ref sizes @ ..] => crowds(sizes),
        ["chain", rows] => chain(number(rows)),
        [] => compare(&["10000"]),
        ref sizes => compare(sizes),
    }
}

fn number(word: &str) -> usize {
    word.parse().expect("a number")
}

/// Measures each size, and the peers on the same files.
fn compare(sizes: &[&str]) {
    println!("| rows | job | workers | CPU s | wall s | peak MB | displaced |");
    println!("|---|---|---|---|---|---|---|");
    for size in sizes {
        let folder = fresh(&format!("near-{size}"));
        corpus::passages(&folder, number(size));
        settle();
        let tell = |job: &str, workers: &str, said: Said| {
            let Said { cpu, wall, peak, displaced } = said;
            println!("| {size} | {job} | {workers} | {cpu:.2} | {wall:.2} | {peak:.0} | {displaced} |");
        };
        tell("read the JSON", "1", median(|_| run(&["read", text(&folder)])));
        for workers in ["1", "2"] {
            for (purge, job) in [("none", "build, no purge"), ("near", "build, near")] {
                let said = median(|_| {
                    forget(&folder);
                    run(&["build", text(&folder), workers, purge])
                });
                tell(job, workers, said);
            }
        }
        let changed = median(|round| {
            corpus::change(&folder, CHANGED, round);
            run(&["build", text(&folder), "2", "near"])
        });
        tell(&format!("build, {CHANGED} rows changed"), "2", changed);
        if let Ok(python) = std::env::var("RIFFLEBOX_PEERS") {
            for peer in ["rensa", "datasketch"] {
                let said = median(|_| said(Command::new(&python).arg(PEERS).arg(peer).arg(&folder)));
                tell(peer, "1", said);
            }
        }
    }
}

const PEERS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/near_duplicates/peers.py");

/// Measures rows of one template, all of which share bands.
fn crowds(sizes: &[&str]) {
    println!("| rows of one template | CPU s | wall s | peak MB | displaced |");
    println!("|---|---|---|---|---|");
    for size in sizes {
        let folder = fresh(&format!("template-{size}"));
        corpus::template(&folder, number(size));
        let Said { cpu, wall, peak, displaced } = run(&["build", text(&folder), "2", "near"]);
        println!("| {size} | {cpu:.2} | {wall:.2} | {peak:.0} | {displaced} |");
    }
}

/// Measures successive revisions, each like its neighbours alone, and the deletion of one in their middle.
fn chain(rows: usize) {
    println!("| chain of {rows} | CPU s | wall s | displaced |");
    println!("|---|---|---|---|");
    let folder = fresh("chain");
    corpus::chain(&folder, rows, None);
    settle();
    let tell = |what: &str, said: Said| {
        println!("| {what} | {:.2} | {:.2} | {} |", said.cpu, said.wall, said.displaced);
    };
    tell("all of it", run(&["build", text(&folder), "2", "near"]));
    corpus::chain(&folder, rows, Some(rows / 2));
    tell("one deleted", run(&["build", text(&folder), "2", "near"]));
}

/// What a job says of itself.
#[derive(Clone)]
struct Said {
    cpu: f64,
    wall: f64,
    peak: f64,
    displaced: u64,
}

fn run(arguments: &[&str]) -> Said {
    said(Command::new(std::env::current_exe().expect("a running program has a file")).args(arguments))
}

fn said(command: &mut Command) -> Said {
    let output = command.output().expect("a program that is there runs");
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    let said: Json = serde_json::from_slice(&output.stdout).expect("a job says what it took");
    let figure = |name: &str| said[name].as_f64().unwrap_or_default();
    Said {
        cpu: figure("cpu"),
        wall: figure("wall"),
        peak: figure("peak_mb"),
        displaced: figure("displaced") as u64,
    }
}

/// Returns the run with the median of CPU seconds.
fn median(run: impl FnMut(usize) -> Said) -> Said {
    let mut runs: Vec<Said> = (0..RUNS).map(run).collect();
    runs.sort_by(|one, two| one.cpu.total_cmp(&two.cpu));
    runs.swap_remove(RUNS / 2)
}

/// Returns a folder of this name with nothing in it.
fn fresh(name: &str) -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    // What is not there need not go.
    let _ = std::fs::remove_dir_all(&folder);
    folder
}

/// Takes the workspace of a corpus away.
fn forget(folder: &Path) {
    // What is not there need not go.
    let _ = std::fs::remove_dir_all(folder.join("workspace"));
}

/// Waits until files that were just written could no longer change within the clock's grain: until then they are read
/// again.
fn settle() {
    std::thread::park_timeout(std::time::Duration::from_secs(3));
}

fn text(folder: &Path) -> &str {
    folder.to_str().expect("the target folder has a plain name")
}

/// Builds a corpus, of which next to nothing is published: what is left is reading it, and the purge.
fn build(folder: &Path, workers: usize, near: bool) {
    let usage = Usage::start();
    let runtime = tokio::runtime::Runtime::new().expect("threads can be started");
    let report = runtime.block_on(async {
        let flow = Flow::with_tokenizer("bench", Arc::new(Spaces));
        let files = Files::matching("documents/**/*").tier(Tier::T0).license("CC0-1.0");
        let passages =
            flow.documents("documents", files.source("documents", folder)?).generate(Passages::whole());
        let kept = if near { passages.dedup(NearDuplicates::above(0.8)) } else { passages };
        kept.mix(Few).publish();
        let workspace = Workspace::open(&format!("file:{}", folder.join("workspace").display())).await?;
        workspace.build_with(&flow, BuildOptions { workers, ..BuildOptions::default() }).await
    });
    let report = report.expect("the corpus is sound");
    eprintln!("{}", json!({ "seconds": report.seconds, "rows": report.rows, "notes": report.notes }));
    usage.tell(report.samples.displaced);
}

/// What all have to do: read the JSON.
fn read(folder: &Path) {
    let usage = Usage::start();
    let mut bytes = 0;
    corpus::each_text(folder, |text| bytes += text.len());
    assert!(bytes > 0, "there is a corpus");
    usage.tell(0);
}

/// Returns how many distinct shingles the rows have, each row by itself.
fn shingles(folder: &Path) -> usize {
    let mut count = 0;
    corpus::each_text(folder, |text| {
        let text = text.to_lowercase();
        let mut words = Vec::new();
        each_word(&text, |word| words.push(word));
        count += words.windows(5).collect::<BTreeSet<_>>().len().max(1);
    });
    count
}

/// Takes a row of a thousand: shards would take most of the time, and are no part of a purge.
struct Few;

impl Mixer for Few {
    fn identity(&self) -> Identity {
        Identity::new("few", "1")
    }

    fn mix(&self, scope: &mut Scope<'_>, candidates: Rows<Key, Row>) -> Mixed {
        let rows = scope.flat_map(candidates, |id: Key, row: Row, say| {
            if id.head64() >> 54 == 0 {
                say(id, row);
            }
        });
        Mixed { rows, decision: scope.flat_map(rows, |_, _: Row, say| say((), MixDecision::default())) }
    }
}

/// Counts what stands between spaces: a real tokenizer would take most of the time, and is no part of a purge.
struct Spaces;

impl Tokenizer for Spaces {
    fn name(&self) -> &str {
        "spaces"
    }

    fn fingerprint(&self) -> Key {
        Key::of(b"spaces")
    }

    fn count(&self, text: &str) -> u64 {
        text.bytes().filter(|byte| *byte == b' ').count() as u64 + 1
    }
}
