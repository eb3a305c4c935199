//! A flow whose verifiers run programs, in the sandbox and outside of it, and note each run.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rifflebox::{Exact, Files, Flow, PythonTests, Recipe, Result, TableRows, Tier, flow};
use rifflebox_sandbox::{
    Bubblewrap, BubblewrapSettings, Interpreter, Limits, Program, Running, Sandbox, Task,
};
use rifflebox_verify::CommandVerifier;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::task::micros;

/// Judges what passed its tests, and notes it.
const JUDGE: &str = r#"
import json, sys, time
for line in sys.stdin:
    item = json.loads(line)
    with open("log", "a") as log:
        log.write("%s judged %d\n" % (item["sample"]["prompt"].split("(")[0][4:], time.time() * 1e6))
    print(json.dumps({"id": item["id"], "accept": True}), flush=True)
"#;

/// A run that ended: what a kill cannot take back, since it is in the system's hands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Note {
    /// The solution, and what was done with it: `judged`, or the seed of its tests.
    pub(crate) of: (String, String),
    /// When, in microseconds since 1970.
    pub(crate) time: u64,
}

/// The sandbox of this machine, and a log of its runs.
struct Noting {
    sandbox: Arc<Bubblewrap>,
    log: PathBuf,
}

impl Sandbox for Noting {
    fn interpreter(&self) -> &Interpreter {
        self.sandbox.interpreter()
    }

    fn width(&self) -> usize {
        self.sandbox.width()
    }

    fn run(&self, program: Program, limits: Limits) -> Running {
        let Task::Tests { solution, .. } = &program.task else { panic!("only tests are run") };
        let name = solution[4..].split('(').next().expect("a solution defines a function").to_owned();
        let (seed, log) = (program.seed, self.log.clone());
        let running = self.sandbox.run(program, limits);
        Box::pin(async move {
            let outcome = running.await;
            if outcome.is_ok() {
                let mut file =
                    fs::File::options().create(true).append(true).open(log).expect("the log can be opened");
                file.write_all(format!("{name} {seed} {}\n", micros()).as_bytes())
                    .expect("it can be written");
            }
            outcome
        })
    }
}

/// The programs of a flow, and where they are.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Programs {
    /// The folder of the one that judges, and of its log.
    pub(crate) folder: PathBuf,
}

impl Programs {
    /// Writes the program that judges.
    pub(crate) fn write(folder: &Path) -> Programs {
        fs::create_dir_all(folder).expect("a folder can be made");
        fs::write(folder.join("judge.py"), JUDGE).expect("it can be written");
        Programs { folder: folder.to_owned() }
    }

    /// Writes so many solutions of problems with their tests; every eighth is wrong.
    pub(crate) fn write_rows(documents: &Path, rows: u64, seconds: f64) {
        let row = |index: u64| {
            let wrong = u64::from(Self::is_wrong(index));
            let row = json!({
                "id": index, "prompt": format!("def f{index}(x):\n"),
                "completion": format!("    import time\n    time.sleep({seconds})\n    return x + {}\n", index + wrong),
                "tests": format!("assert f{index}(1) == {}\n", index + 1),
            });
            format!("{row}\n")
        };
        fs::create_dir_all(documents).expect("a folder can be made");
        let text: String = (0..rows).map(row).collect();
        fs::write(documents.join("problems.jsonl"), text).expect("it can be written");
    }

    /// Returns whether the solution of this number is wrong.
    pub(crate) fn is_wrong(index: u64) -> bool {
        index % 8 == 3
    }

    /// Returns the runs that ended so far.
    pub(crate) fn noted(&self) -> Vec<Note> {
        let log = fs::read_to_string(self.folder.join("log")).unwrap_or_default();
        let line = |line: &str| match line.split(' ').collect::<Vec<_>>()[..] {
            [name, what, time] => Note {
                of: (name.to_owned(), what.to_owned()),
                time: time.parse().expect("a time is a number"),
            },
            _ => panic!("a line is a name, what was done, and its time: {line}"),
        };
        log.lines().map(line).collect()
    }

    /// Makes the flow.
    pub(crate) fn flow(&self, documents: &Path) -> Result<Flow> {
        let flow = flow("programs");
        let problems = Files::matching("*.jsonl").tier(Tier::T1).license("CC0-1.0");
        let problems = flow.documents("problems", problems.source("problems", documents)?);
        let solved = problems.generate(TableRows::of([("prompt", "prompt"), ("completion", "completion")]));
        let tests = json!({ "program": "{{ prompt }}{{ completion }}\n# tests\n{{ tests }}\n" });
        let judge = json!({ "command": ["python3", "judge.py"], "batch": 1, "confirms": true });
        let settings = "settings are right";
        let sandbox = Bubblewrap::shared(&BubblewrapSettings::default())?;
        let noting = Arc::new(Noting { sandbox, log: self.folder.join("log") });
        let passed = solved
            .verify_asked(PythonTests::within(noting, serde_json::from_value(tests).expect(settings))?)
            .verify_asked(CommandVerifier::new(
                serde_json::from_value(judge).expect(settings),
                &self.folder,
            )?);
        passed.dedup(Exact).mix(Recipe::default()).publish();
        Ok(flow)
    }
}
