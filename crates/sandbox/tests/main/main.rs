//! Programs that nobody should trust: each is contained, each gets the right verdict, and an honest one that follows is
//! none the worse for it.

mod commands;
mod honest;
mod hostile;
mod refused;
mod styles;

use std::sync::LazyLock;

use rifflebox_sandbox::{
    Bubblewrap, BubblewrapSettings, End, Limits, Outcome, Process, Program, Sandbox, Task,
};

/// One sandbox for all tests; where none can be had, tests say why.
static SANDBOX: LazyLock<Bubblewrap> = LazyLock::new(|| {
    Bubblewrap::start(&BubblewrapSettings::default()).unwrap_or_else(|error| panic!("{error}"))
});

fn tests(solution: &str, tests: Option<&str>, process: Process) -> Program {
    let task = Task::Tests { solution: solution.to_owned(), tests: tests.map(str::to_owned), process };
    Program { task, seed: Bubblewrap::SEED }
}

fn run(sandbox: &Bubblewrap, program: Program, limits: Limits) -> Outcome {
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime starts");
    runtime.block_on(sandbox.run(program, limits)).expect("the sandbox works")
}

/// Returns the outcome in a word, and why.
fn word(outcome: &Outcome) -> (String, String) {
    match &outcome.end {
        End::Tested(tested) => {
            (format!("{:?}", tested.examined).to_lowercase(), tested.why.clone().unwrap_or_default())
        }
        End::TooSlow => ("slow".to_owned(), String::new()),
        End::Flooded => ("flooded".to_owned(), String::new()),
        End::TooLarge => ("large".to_owned(), String::new()),
        End::Died(signal) => ("died".to_owned(), format!("signal {signal}, {}", outcome.output)),
        other => (format!("{other:?}"), String::new()),
    }
}
