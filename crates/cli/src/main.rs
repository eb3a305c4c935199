//! The rifflebox command.

fn main() -> std::process::ExitCode {
    rifflebox_cli::run(rifflebox_cli::Registry::builtin())
}
