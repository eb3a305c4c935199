//! `(command line) -> exit code`: the `rifflebox` command, and flow files.
//!
//! A program of one's own that adds an operator is three lines:
//!
//! ```no_run
//! use rifflebox_cli::Registry;
//! use rifflebox_core::{Sample, Verdict, verifier};
//!
//! fn main() -> std::process::ExitCode {
//!     let short = verifier("short", "1", |sample: &Sample| match sample.text().len() < 1_000 {
//!         true => Verdict::accept(),
//!         false => Verdict::reject("longer than a thousand bytes"),
//!     });
//!     rifflebox_cli::run(Registry::builtin().with(short))
//! }
//! ```

mod flow_file;
mod registry;
mod run;

mod arguments;
mod output;
mod progress;
mod scaffold;
mod table;
mod target;
mod verbs;
mod watch;

pub use flow_file::{FlowFile, FlowHead, Kind, Mistake, Mistakes};
pub use registry::{Given, Made, Registry};
pub use run::{run, run_over};
