//! Mutants per second, beside the same programs as they are.
//!
//! `cargo bench -p rifflebox-verify --bench mutants -- [NTH]` takes every fourth problem of HumanEval, or every NTH, from
//! the folder that `RIFFLEBOX_DATA` names.

#![expect(clippy::unwrap_used, reason = "a benchmark that cannot run stops")]

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use futures::StreamExt as _;
use rifflebox_core::{AskedVerifier, Content, Sample, Tier, Value};
use rifflebox_sandbox::{
    Bubblewrap, BubblewrapSettings, End, Examined, Interpreter, Limits, Program, Running, Sandbox, Task,
};
use rifflebox_verify::{Mutants, PythonTests};
use serde_json::{Value as Json, json};

const PROGRAM: &str = "{{ prompt }}{{ canonical_solution }}\n# tests\n{{ test }}\ncheck({{ entry_point }})\n";
/// Problems of one turn.
const PART: usize = 10;

fn problems(nth: usize) -> Vec<Sample> {
    let data = PathBuf::from(std::env::var_os("RIFFLEBOX_DATA").expect("RIFFLEBOX_DATA names the data"));
    let file = std::fs::File::open(data.join("code/humaneval.jsonl.zst")).unwrap();
    let text = String::from_utf8(zstd::decode_all(file).unwrap()).unwrap();
    let sample = |line: &str| {
        let row: Json = serde_json::from_str(line).unwrap();
        let Value::Map(fields) = Value::from(row) else { panic!("a row is a table") };
        Sample {
            stage: "solved".into(),
            content: Content::Text { text: "solved".into() },
            context: None,
            documents: vec![],
            tier: Tier::T1,
            synthetic: false,
            origin: Default::default(),
            fields,
        }
    };
    text.lines().step_by(nth).map(sample).collect()
}

/// The sandbox of this machine; counts runs of tests, and those of them that a limit of time ended.
struct Counting {
    sandbox: Arc<Bubblewrap>,
    runs: AtomicU64,
    slow: Arc<AtomicU64>,
}

impl Counting {
    fn new(sandbox: &Arc<Bubblewrap>) -> Arc<Self> {
        Arc::new(Counting { sandbox: sandbox.clone(), runs: AtomicU64::new(0), slow: Arc::default() })
    }

    fn counts(&self) -> [u64; 2] {
        [self.runs.load(Ordering::Relaxed), self.slow.load(Ordering::Relaxed)]
    }
}

impl Sandbox for Counting {
    fn interpreter(&self) -> &Interpreter {
        self.sandbox.interpreter()
    }

    fn width(&self) -> usize {
        self.sandbox.width()
    }

    fn run(&self, program: Program, limits: Limits) -> Running {
        let tests = matches!(program.task, Task::Tests { .. });
        self.runs.fetch_add(u64::from(tests), Ordering::Relaxed);
        let (running, slow) = (self.sandbox.run(program, limits), self.slow.clone());
        Box::pin(async move {
            let outcome = running.await?;
            let late = match &outcome.end {
                End::TooSlow => true,
                End::Tested(tested) => tested.examined == Examined::Time,
                _ => false,
            };
            slow.fetch_add(u64::from(late), Ordering::Relaxed);
            Ok(outcome)
        })
    }
}

/// A verifier, the door that it asks, and the seconds that it took so far.
struct Measured {
    name: String,
    verifier: Box<dyn AskedVerifier>,
    door: Arc<Counting>,
    seconds: f64,
}

impl Measured {
    fn mutants(sandbox: &Arc<Bubblewrap>, seconds: u64) -> Self {
        let door = Counting::new(sandbox);
        let settings = json!({ "program": PROGRAM, "seconds": seconds });
        let verifier = Mutants::within(door.clone(), serde_json::from_value(settings).unwrap()).unwrap();
        Measured {
            name: format!("mutants, {seconds} s at most"),
            verifier: Box::new(verifier),
            door,
            seconds: 0.0,
        }
    }

    fn originals(sandbox: &Arc<Bubblewrap>) -> Self {
        let door = Counting::new(sandbox);
        let settings = serde_json::from_value(json!({ "program": PROGRAM })).unwrap();
        let verifier = PythonTests::within(door.clone(), settings).unwrap();
        Measured { name: "originals".to_owned(), verifier: Box::new(verifier), door, seconds: 0.0 }
    }

    /// Judges samples as a build does: so many at once as the verifier takes.
    fn judge(&mut self, samples: &[Sample]) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let began = Instant::now();
        let verdicts = futures::stream::iter(samples)
            .map(|sample| self.verifier.verify(vec![(sample.clone(), vec![])]))
            .buffer_unordered(self.verifier.limits().concurrency)
            .collect::<Vec<_>>();
        for verdict in runtime.block_on(verdicts).into_iter().flatten() {
            drop(verdict.unwrap());
        }
        self.seconds += began.elapsed().as_secs_f64();
    }

    fn rate(&self) -> f64 {
        self.door.counts()[0] as f64 / self.seconds
    }
}

fn main() {
    let nth = std::env::args().skip(1).find_map(|argument| argument.parse().ok()).unwrap_or(4);
    let problems = problems(nth);
    let sandbox = Bubblewrap::shared(&BubblewrapSettings::default()).unwrap();
    println!("{} problems of HumanEval, {} at once, {}", problems.len(), sandbox.width(), sandbox.layers());
    println!(
        "\n| round | | runs | ended by the limit | runs/s | of the originals' |\n|---|---|---|---|---|---|"
    );
    for round in 1..=3 {
        let mut all =
            [Measured::originals(&sandbox), Measured::mutants(&sandbox, 1), Measured::mutants(&sandbox, 5)];
        // By turns: what else the machine does hits all alike.
        for part in problems.chunks(PART) {
            all.iter_mut().for_each(|measured| measured.judge(part));
        }
        let originals = all[0].rate();
        for measured in &all {
            let ([runs, slow], rate) = (measured.door.counts(), measured.rate());
            let (name, share) = (&measured.name, rate / originals);
            println!("| {round} | {name} | {runs} | {slow} | {rate:.0} | {share:.2} |");
        }
    }
}
