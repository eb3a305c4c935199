//! One build of a dataset whose arrangements exceed memory; `larger_than_memory.sh` runs the steps one by one.
//!
//! `larger_than_memory FOLDER STEP`, where STEP is `corpus:DOCUMENTS` or one of [`STEPS`]: each changes the flow of the
//! step before, so that changed stages are shown all of their inputs. Prints the seconds and what was published.

mod prose;

use std::fmt::Write as _;
use std::path::Path;

use rifflebox::{
    BuildOptions, Exact, Files, Flow, Passages, Recipe, Result, Sample, Tier, Verdict, Workspace, flow,
    verifier,
};

/// What is built, in turn: from nothing; with a verifier's new version; with a stage more; with another recipe; with
/// a generator that makes other samples of every document.
const STEPS: [&str; 5] = ["first", "verifier", "stage", "recipe", "generator"];

/// Pages in a file of JSON lines.
const PER_FILE: usize = 1_000;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with("--")).collect();
    let [folder, step] = arguments.as_slice() else {
        println!("larger_than_memory FOLDER STEP: see larger_than_memory.sh");
        return;
    };
    match step.split_once(':') {
        Some(("corpus", size)) => {
            write_corpus(Path::new(folder), size.parse().expect("a number of documents"))
        }
        _ => build(Path::new(folder), step),
    }
}

fn build(folder: &Path, step: &str) {
    let step = STEPS.iter().position(|known| *known == step).expect("a step that is named above");
    let runtime = tokio::runtime::Runtime::new().expect("threads can be started");
    let report = runtime.block_on(async {
        let flow = flow_at(step, folder)?;
        let workspace = Workspace::open(&format!("file:{}", folder.join("workspace").display())).await?;
        workspace.build_with(&flow, BuildOptions { workers: 2, ..BuildOptions::default() }).await
    });
    let report = report.expect("the corpus is sound");
    println!(
        "{:.1} s, {} samples, {} shards written",
        report.seconds.total, report.samples.total, report.shards.written
    );
}

fn flow_at(step: usize, folder: &Path) -> Result<Flow> {
    let flow = flow("bench");
    let files = Files::matching("documents/**/*").tier(Tier::T0).license("CC0-1.0");
    let documents = flow.documents("documents", files.source("documents", folder)?);
    let passages = if step >= 4 { Passages::whole() } else { Passages::default() };
    // The new version of the verifier thinks as the old one did, but for one page in a thousand.
    let rejected = if step >= 1 { "Page 123" } else { "no page" };
    let sound = verifier("sound", if step >= 1 { "2" } else { "1" }, move |sample: &Sample| {
        match sample.text().contains(rejected) {
            true => Verdict::reject("is spoilt"),
            false => Verdict::accept(),
        }
    });
    let mut samples = documents.generate(passages).verify(sound);
    if step >= 2 {
        samples = samples.verify(verifier("long", "1", |sample: &Sample| match sample.text().len() < 40 {
            true => Verdict::reject("is short"),
            false => Verdict::accept(),
        }));
    }
    let recipe = if step >= 3 { Recipe::default().tokens(20_000_000) } else { Recipe::default() };
    samples.dedup(Exact).mix(recipe).publish();
    Ok(flow)
}

fn write_corpus(folder: &Path, size: usize) {
    let documents = folder.join("documents");
    std::fs::create_dir_all(&documents).expect("the target folder can be written");
    for first in (0..size).step_by(PER_FILE) {
        let mut text = String::new();
        for number in first..(first + PER_FILE).min(size) {
            let page = serde_json::json!({ "id": number.to_string(), "text": page(number) });
            writeln!(text, "{page}").expect("a string takes all");
        }
        std::fs::write(documents.join(format!("{first}.jsonl")), text)
            .expect("the target folder can be written");
    }
}

/// Returns a page of about 1.5 kB, unlike the others.
fn page(number: usize) -> String {
    const WORDS: [&str; 12] = [
        "metric", "label", "server", "query", "gold", "stream", "ore", "box", "sample", "alert", "rule",
        "shard",
    ];
    let mut text = format!("# Page {number}\n\n");
    prose::add(&mut text, number, &WORDS);
    text
}
