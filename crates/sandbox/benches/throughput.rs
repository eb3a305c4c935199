//! Programs per second through the sandbox, beside a new interpreter for each, within the same bubblewrap.
//!
//! `cargo bench -p rifflebox-sandbox --bench throughput -- [RUNS]` takes the problems of HumanEval from the folder that
//! `RIFFLEBOX_DATA` names. With a number it also runs so many programs one after the other, and says what has grown.

#![expect(clippy::unwrap_used, reason = "a benchmark that cannot run stops")]

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use rifflebox_sandbox::{
    Bubblewrap, BubblewrapSettings, End, Examined, Limits, Process, Program, Sandbox, Task,
};

/// Problems that are run in one turn.
const PART: usize = 20;
/// How many times faster than a new interpreter for each, with the same judge and the same layers.
const LEAST_RATIO: f64 = 5.0;

#[derive(Clone)]
struct Problem {
    solution: String,
    tests: String,
}

fn problems() -> Vec<Problem> {
    let data = PathBuf::from(std::env::var_os("RIFFLEBOX_DATA").expect("RIFFLEBOX_DATA names the data"));
    let file = std::fs::File::open(data.join("code/humaneval.jsonl.zst")).unwrap();
    let text = String::from_utf8(zstd::decode_all(file).unwrap()).unwrap();
    let parse = |line: &str| {
        let row: serde_json::Value = serde_json::from_str(line).unwrap();
        let field = |name: &str| row[name].as_str().unwrap().to_owned();
        Problem {
            solution: field("prompt") + &field("canonical_solution"),
            tests: format!("{}\ncheck({})\n", field("test"), field("entry_point")),
        }
    };
    text.lines().map(parse).collect()
}

fn program(problem: &Problem, process: Process) -> Program {
    let task =
        Task::Tests { solution: problem.solution.clone(), tests: Some(problem.tests.clone()), process };
    Program { task, seed: Bubblewrap::SEED }
}

/// Runs all problems, as many at once as the sandbox takes; returns programs per second.
fn through_the_sandbox(sandbox: &Bubblewrap, problems: &[Problem], process: Process) -> f64 {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let began = Instant::now();
    let runs: Vec<_> =
        problems.iter().map(|one| sandbox.run(program(one, process), Limits::default())).collect();
    for run in runs {
        let outcome = runtime.block_on(run).unwrap();
        assert!(
            matches!(&outcome.end, End::Tested(tested) if tested.examined == Examined::Passed),
            "{outcome:?}"
        );
    }
    problems.len() as f64 / began.elapsed().as_secs_f64()
}

/// Starts bubblewrap and an interpreter for each, which runs solution and tests as one file and nothing else: no
/// harness, no Landlock, no seccomp, no limits.
fn bare(problems: &[Problem], width: usize) -> f64 {
    let next = AtomicUsize::new(0);
    let began = Instant::now();
    std::thread::scope(|scope| {
        for _ in 0..width {
            scope.spawn(|| {
                while let Some(problem) = problems.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let text = format!("{}\n{}", problem.solution, problem.tests);
                    let mut command = Command::new("bwrap");
                    command.args([
                        "--unshare-all",
                        "--die-with-parent",
                        "--new-session",
                        "--clearenv",
                        "--cap-drop",
                        "ALL",
                    ]);
                    for folder in ["/usr/bin", "/usr/lib", "/usr/lib64"] {
                        command.args(["--ro-bind-try", folder, folder]);
                    }
                    for folder in ["lib", "lib64", "bin"] {
                        command.args(["--symlink", &format!("usr/{folder}"), &format!("/{folder}")]);
                    }
                    command.args(["--proc", "/proc", "--dev", "/dev", "--tmpfs", "/tmp", "--chdir", "/tmp"]);
                    command.args(["/usr/bin/python3", "-s", "-S", "-B", "-c", &text]);
                    let status = command.stdout(Stdio::null()).stderr(Stdio::null()).status().unwrap();
                    assert!(status.success(), "{text}");
                }
            });
        }
    });
    problems.len() as f64 / began.elapsed().as_secs_f64()
}

/// Returns the processes below this one.
fn below() -> BTreeSet<u32> {
    let mut parents = Vec::new();
    for entry in std::fs::read_dir("/proc").unwrap().flatten() {
        let Ok(stat) = std::fs::read_to_string(entry.path().join("stat")) else { continue };
        // The name may hold anything but the last bracket.
        let (head, tail) = stat.rsplit_once(") ").unwrap();
        let pid: u32 = head.split(' ').next().unwrap().parse().unwrap();
        parents.push((pid, tail.split(' ').nth(1).unwrap().parse::<u32>().unwrap()));
    }
    let (mut found, mut open) = (BTreeSet::new(), vec![std::process::id()]);
    while let Some(parent) = open.pop() {
        let children = parents.iter().filter(|(_, of)| *of == parent).map(|(pid, _)| *pid);
        open.extend(children.filter(|pid| found.insert(*pid)));
    }
    found
}

/// What may grow: memory in kB, number and open files of the processes below this one, its own open files, and mounts.
fn size() -> [u64; 5] {
    let files =
        |pid: &str| std::fs::read_dir(format!("/proc/{pid}/fd")).map_or(0, |files| files.count() as u64);
    let (mut memory, mut processes, mut open) = (0, 0, 0);
    for pid in below() {
        let Ok(statm) = std::fs::read_to_string(format!("/proc/{pid}/statm")) else { continue };
        processes += 1;
        memory += statm.split(' ').nth(1).unwrap().parse::<u64>().unwrap() * 4;
        open += files(&pid.to_string());
    }
    let mounts = std::fs::read_to_string("/proc/self/mountinfo").unwrap().lines().count();
    [memory, processes, open, files("self"), mounts as u64]
}

fn endurance(sandbox: &Bubblewrap, problems: &[Problem], runs: usize) {
    through_the_sandbox(sandbox, problems, Process::Separate);
    println!(
        "\n| runs | kB of servers | their processes | their files | our files | mounts | programs/s |\n\
         |---|---|---|---|---|---|---|"
    );
    let (mut done, step) = (0, runs.div_ceil(10));
    let report = |done: usize, rate: f64| {
        let [memory, processes, theirs, ours, mounts] = size();
        println!("| {done} | {memory} | {processes} | {theirs} | {ours} | {mounts} | {rate:.0} |");
        [memory, processes, theirs, ours, mounts]
    };
    let first = report(0, 0.0);
    let mut last = first;
    while done < runs {
        let batch: Vec<Problem> = problems.iter().cycle().take(step).cloned().collect();
        let rate = through_the_sandbox(sandbox, &batch, Process::Separate);
        done += step;
        last = report(done, rate);
    }
    assert_eq!(first[1..], last[1..], "processes, files or mounts are left");
    assert!(last[0] < first[0] + first[0] / 10, "memory grows");
}

fn main() {
    let problems = problems();
    let sandbox = Bubblewrap::start(&BubblewrapSettings::default()).unwrap();
    println!("HumanEval, {} at once, {}", sandbox.width(), sandbox.layers());
    let renewed = BubblewrapSettings { renew_after: Some(1), ..Default::default() };
    let renewed = Bubblewrap::start(&renewed).unwrap();
    println!(
        "| programs/s | separate | shared | new interpreter, as confined | ratio | new interpreter, bare | ratio |"
    );
    println!("|---|---|---|---|---|---|---|");
    through_the_sandbox(&sandbox, &problems, Process::Separate);
    let mut ratios = Vec::new();
    for round in 1..=3 {
        let mut seconds = [0.0; 4];
        // By turns: what else the machine does hits all alike.
        for part in problems.chunks(PART) {
            let count = part.len() as f64;
            seconds[0] += count / through_the_sandbox(&sandbox, part, Process::Separate);
            seconds[1] += count / through_the_sandbox(&sandbox, part, Process::Shared);
            seconds[2] += count / through_the_sandbox(&renewed, part, Process::Separate);
            seconds[3] += count / bare(part, sandbox.width());
        }
        let [separate, shared, new, bare] = seconds.map(|seconds| problems.len() as f64 / seconds);
        let (one, other) = (separate / new, separate / bare);
        ratios.push(one);
        println!(
            "| round {round} | {separate:.0} | {shared:.0} | {new:.0} | {one:.1} | {bare:.0} | {other:.1} |"
        );
    }
    drop(renewed);
    ratios.sort_by(f64::total_cmp);
    assert!(ratios[1] >= LEAST_RATIO, "the sandbox is faster by {:.1} only", ratios[1]);
    if let Some(runs) = std::env::args().skip(1).find_map(|argument| argument.parse().ok()) {
        endurance(&sandbox, &problems, runs);
    }
}
