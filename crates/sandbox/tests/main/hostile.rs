//! The hostile programs of `tests/hostile`, one after the other on one server.

use std::time::{Duration, Instant};

use rifflebox_sandbox::{Bubblewrap, BubblewrapSettings, Limits, Process, Sandbox};

use super::{run, tests, word};

const FILES: [(&str, &str); 6] = [
    ("limits", include_str!("../hostile/limits.py")),
    ("escape", include_str!("../hostile/escape.py")),
    ("files", include_str!("../hostile/files.py")),
    ("network", include_str!("../hostile/network.py")),
    ("forging", include_str!("../hostile/forging.py")),
    ("server", include_str!("../hostile/server.py")),
];

/// `#: NAME wants OUTCOME, shared OUTCOME`, and a program.
struct Hostile {
    name: String,
    wants: [String; 2],
    solution: String,
    tests: String,
}

fn programs(text: &str) -> Vec<Hostile> {
    let parse = |part: &str| {
        let (head, body) = part.split_once('\n').expect("a program follows its name");
        let (name, wants) = head.split_once(" wants ").expect("it says what it wants");
        let (separate, shared) = wants.split_once(", shared ").unwrap_or((wants, wants));
        let (solution, tests) =
            body.split_once("\n# tests\n").or_else(|| body.split_once("# tests\n")).expect("it has tests");
        Hostile {
            name: name.to_owned(),
            wants: [separate.to_owned(), shared.to_owned()],
            solution: solution.to_owned(),
            tests: tests.to_owned(),
        }
    };
    text.split("#: ").skip(1).map(parse).collect()
}

/// Leaves a secret in its scratch and a child that waits, and stays for a while.
const NEIGHBOUR: &str = "import os, time\ndef f():\n    with open('/tmp/secret', 'w') as file:\n        file.write('mine')\n\
    \x20   if os.fork() == 0:\n        time.sleep(60)\n    time.sleep(2)\n    return os.listdir('/tmp')\n";
/// Looks for another's secrets and processes for as long.
const CURIOUS: &str = "import os, time\ndef f():\n    seen, end = set(), time.monotonic() + 2\n\
    \x20   while time.monotonic() < end:\n        seen.update(os.listdir('/tmp'))\n        for pid in range(2, 64):\n\
    \x20           try:\n                os.kill(pid, 0)\n                seen.add(pid)\n            except OSError:\n                pass\n\
    \x20   return seen - {os.getpid()}\n";

#[test]
fn runs_at_once_see_nothing_of_each_other() {
    let settings = BubblewrapSettings { width: Some(2), ..BubblewrapSettings::default() };
    let sandbox = Bubblewrap::start(&settings).unwrap_or_else(|error| panic!("{error}"));
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime starts");
    let began = Instant::now();
    let [neighbour, curious] = [(NEIGHBOUR, "assert f() == ['secret']"), (CURIOUS, "assert f() == set()")]
        .map(|(solution, wanted)| {
            sandbox.run(tests(solution, Some(wanted), Process::Separate), Limits::default())
        });
    let outcomes = [neighbour, curious].map(|run| runtime.block_on(run).expect("the sandbox works"));
    let took = began.elapsed();
    for outcome in &outcomes {
        assert_eq!(word(outcome).0, "passed", "{outcome:?}");
    }
    let one_by_one = outcomes[0].usage.wall + outcomes[1].usage.wall;
    assert!(took + Duration::from_secs(1) < one_by_one, "{took:?} of {one_by_one:?}: they did not meet");
}

/// Runs all programs, with solution and tests where `process` says.
fn all_are_contained(process: Process) {
    let settings = BubblewrapSettings { width: Some(1), ..BubblewrapSettings::default() };
    let sandbox = Bubblewrap::start(&settings).unwrap_or_else(|error| panic!("{error}"));
    assert!(sandbox.layers().is_complete(), "{}", sandbox.layers());
    let limits = Limits {
        wall: Duration::from_secs(2),
        cpu: Duration::from_secs(1),
        memory: 256 << 20,
        ..Limits::default()
    };
    let honest = || tests("def f():\n    return 1\n", Some("assert f() == 1\n"), process);
    let (mut wrong, mut count) = (Vec::new(), 0);
    for (file, text) in FILES {
        for Hostile { name, wants, solution, tests: wanted_tests } in programs(text) {
            count += 1;
            let wanted = &wants[usize::from(process == Process::Shared)];
            let outcome = run(&sandbox, tests(&solution, Some(&wanted_tests), process), limits);
            let (found, why) = word(&outcome);
            if !wanted.split(" or ").any(|wanted| wanted == found) {
                wrong.push(format!("{file}/{name}: {found} instead of {wanted}: {why}"));
            }
            if outcome.usage.wall > limits.wall + Duration::from_secs(2) {
                wrong.push(format!("{file}/{name}: took {:?}", outcome.usage.wall));
            }
            let (after, why) = word(&run(&sandbox, honest(), Limits::default()));
            if after != "passed" {
                wrong.push(format!("an honest program after {file}/{name}: {after}: {why}"));
            }
        }
    }
    assert!(count >= 100, "{count} hostile programs");
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn hostile_programs_are_contained_and_judged_apart_from_their_tests() {
    all_are_contained(Process::Separate);
}

#[test]
fn hostile_programs_are_contained_and_judged_together_with_their_tests() {
    all_are_contained(Process::Shared);
}
