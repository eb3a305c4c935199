use std::ffi::OsString;
use std::process::ExitCode;

use clap::Parser;
use rifflebox::{Error, ErrorKind};

use crate::arguments::Arguments;
use crate::output::{Output, complain};
use crate::registry::Registry;
use crate::verbs;

/// What a shell makes of an interrupt, and of a termination.
const INTERRUPTED: i32 = 130;
#[cfg(unix)]
const TERMINATED: i32 = 143;

/// Runs the `rifflebox` command over this process's arguments, with the operators of a registry.
///
/// An interrupt ends the process at once, with exit code 130: what is committed stays, and nothing else was promised.
pub fn run(registry: Registry) -> ExitCode {
    run_over(registry, std::env::args_os())
}

/// Runs the command over arguments, the first of which is the command's own name.
pub fn run_over(registry: Registry, arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let verb = match Arguments::try_parse_from(arguments) {
        Ok(arguments) => arguments.verb,
        Err(error) => {
            // It goes to stdout for help, else to stderr; either may be closed.
            let _ = error.print();
            return ExitCode::from(if error.use_stderr() { 2 } else { 0 });
        }
    };
    let output = Output::new(verb.printing());
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            let error = Error::new(ErrorKind::Internal, "cannot start the runtime").with_source(error);
            return output.end(Err(error));
        }
    };
    runtime.spawn(stop_on_signal());
    let result = runtime.block_on(verbs::run(verb, &registry, &output));
    runtime.shutdown_background();
    rifflebox_process::kill_all();
    output.end(result)
}

#[cfg(unix)]
async fn stop_on_signal() {
    use tokio::signal::unix::{SignalKind, signal};
    let signals = (signal(SignalKind::interrupt()), signal(SignalKind::terminate()));
    let (Ok(mut interrupt), Ok(mut terminate)) = signals else {
        return complain("signals cannot be handled: an interrupt leaves programs running");
    };
    let code = tokio::select! {
        _ = interrupt.recv() => INTERRUPTED,
        _ = terminate.recv() => TERMINATED,
    };
    rifflebox_process::kill_all();
    std::process::exit(code);
}

#[cfg(not(unix))]
async fn stop_on_signal() {
    if tokio::signal::ctrl_c().await.is_err() {
        return complain("signals cannot be handled: an interrupt leaves programs running");
    }
    rifflebox_process::kill_all();
    std::process::exit(INTERRUPTED);
}
