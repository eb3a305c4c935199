//! The command line, as clap reads it.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use rifflebox::Status;

/// Keeps verified synthetic training data true while its seeds change.
#[derive(Debug, Parser)]
#[command(name = "rifflebox", version, about, disable_help_subcommand = true)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) verb: Verb,
}

/// What a command does.
#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    /// Brings the dataset up to date and publishes it
    Build(Build),
    /// Says what a build would do; changes no byte anywhere
    Plan(Plan),
    /// Runs a few documents through and prints the rows; keeps nothing
    Preview(Preview),
    /// Builds whenever sources change
    Watch(Watch),
    /// Prints the last build's report
    Status(Read),
    /// Tells the story of a sample, a document or a text, present or absent
    #[command(override_usage = "rifflebox explain [OPTIONS] [FLOW] <WHAT>")]
    Explain(Explain),
    /// Prints rows as JSON lines
    Rows(Rows),
    /// Compares two snapshots
    #[command(override_usage = "rifflebox diff [OPTIONS] [FLOW] <A> <B>")]
    Diff(Diff),
    /// Lists the published snapshots
    Log(Read),
    /// Publishes an older snapshot as a new version
    #[command(override_usage = "rifflebox rollback [OPTIONS] [FLOW] <VERSION>")]
    Rollback(Rollback),
    /// Holds every retained object against its digest
    Check(Check),
    /// Removes what no retained manifest names
    Gc(Gc),
    /// Makes a folder with a flow that builds
    New(New),
}

/// What is printed, and how.
#[derive(Clone, Copy, Debug, Args)]
pub(crate) struct Printing {
    /// Print exactly one JSON object (`rows` and `log`: JSON lines)
    #[arg(long)]
    pub(crate) json: bool,
    /// Print no progress
    #[arg(long, short)]
    pub(crate) quiet: bool,
}

/// Where the workspace is.
#[derive(Clone, Debug, Args)]
pub(crate) struct Places {
    /// The workspace, instead of the flow file's: file:PATH or s3://BUCKET/PREFIX
    #[arg(long, value_name = "URL")]
    pub(crate) workspace: Option<String>,
    /// The folder that keeps copies of a far workspace's objects
    #[arg(long, value_name = "DIR")]
    pub(crate) cache: Option<PathBuf>,
}

/// How much runs at once.
#[derive(Clone, Copy, Debug, Args)]
pub(crate) struct Power {
    /// Worker threads; one for each processor if not given
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    pub(crate) workers: Option<u16>,
}

#[derive(Debug, Args)]
pub(crate) struct Build {
    /// The flow file
    #[arg(default_value = "flow.toml")]
    pub(crate) flow: String,
    /// Recompute everything from documents and kept answers
    #[arg(long)]
    pub(crate) rebuild: bool,
    /// Ask again what failed for good
    #[arg(long)]
    pub(crate) retry_failed: bool,
    #[command(flatten)]
    pub(crate) power: Power,
    #[command(flatten)]
    pub(crate) places: Places,
    #[command(flatten)]
    pub(crate) printing: Printing,
}

#[derive(Debug, Args)]
pub(crate) struct Plan {
    /// The flow file, or a workspace's URL
    #[arg(default_value = "flow.toml")]
    pub(crate) flow: String,
    #[command(flatten)]
    pub(crate) power: Power,
    #[command(flatten)]
    pub(crate) places: Places,
    #[command(flatten)]
    pub(crate) printing: Printing,
}

#[derive(Debug, Args)]
pub(crate) struct Preview {
    /// The flow file, or a workspace's URL
    #[arg(default_value = "flow.toml")]
    pub(crate) flow: String,
    /// Rows as they leave this stage; the mix if not given
    #[arg(long)]
    pub(crate) stage: Option<String>,
    /// Documents that are run through
    #[arg(short, default_value_t = 10)]
    pub(crate) n: usize,
    #[command(flatten)]
    pub(crate) power: Power,
    #[command(flatten)]
    pub(crate) places: Places,
    #[command(flatten)]
    pub(crate) printing: Printing,
}

#[derive(Debug, Args)]
pub(crate) struct Watch {
    /// The flow file
    #[arg(default_value = "flow.toml")]
    pub(crate) flow: String,
    /// Milliseconds between two looks at the sources
    #[arg(long, value_name = "MS", default_value_t = 1_000, value_parser = clap::value_parser!(u64).range(10..))]
    pub(crate) interval_ms: u64,
    #[command(flatten)]
    pub(crate) power: Power,
    #[command(flatten)]
    pub(crate) places: Places,
    #[command(flatten)]
    pub(crate) printing: Printing,
}

#[derive(Debug, Args)]
pub(crate) struct Read {
    /// The flow file, or a workspace's URL
    #[arg(default_value = "flow.toml")]
    pub(crate) flow: String,
    #[command(flatten)]
    pub(crate) places: Places,
    #[command(flatten)]
    pub(crate) printing: Printing,
}

#[derive(Debug, Args)]
pub(crate) struct Explain {
    /// The flow file or a workspace's URL, if not ./flow.toml; then a sample's id, a document's id or path, or a text
    #[arg(required = true, num_args = 1..=2, value_names = ["FLOW", "WHAT"])]
    pub(crate) words: Vec<String>,
    #[command(flatten)]
    pub(crate) places: Places,
    #[command(flatten)]
    pub(crate) printing: Printing,
}

/// What became of a row, as `--status` names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum RowStatus {
    /// Published
    Kept,
    /// Left out by the mix
    Unused,
    /// Refused by a verifier
    Rejected,
    /// Given way to a better row
    Displaced,
    /// Failed, for good or for now
    Failed,
    /// No document
    Broken,
}

impl RowStatus {
    /// Returns the library's word.
    pub(crate) fn status(self) -> Status {
        match self {
            RowStatus::Kept => Status::Kept,
            RowStatus::Unused => Status::Unused,
            RowStatus::Rejected => Status::Rejected,
            RowStatus::Displaced => Status::Displaced,
            RowStatus::Failed => Status::Failed,
            RowStatus::Broken => Status::Broken,
        }
    }
}

#[derive(Debug, Args)]
pub(crate) struct Rows {
    /// The flow file, or a workspace's URL
    #[arg(default_value = "flow.toml")]
    pub(crate) flow: String,
    /// Only rows of which this became
    #[arg(long)]
    pub(crate) status: Option<RowStatus>,
    /// Only rows that end at this stage
    #[arg(long)]
    pub(crate) stage: Option<String>,
    /// Further fields of each row, such as text or prompt
    #[arg(long, value_delimiter = ',')]
    pub(crate) fields: Vec<String>,
    /// At most this many
    #[arg(long)]
    pub(crate) limit: Option<usize>,
    #[command(flatten)]
    pub(crate) places: Places,
    #[command(flatten)]
    pub(crate) printing: Printing,
}

#[derive(Debug, Args)]
pub(crate) struct Diff {
    /// The flow file or a workspace's URL, if not ./flow.toml; then two snapshots, by version or digest
    #[arg(required = true, num_args = 2..=3, value_names = ["FLOW", "A", "B"])]
    pub(crate) words: Vec<String>,
    #[command(flatten)]
    pub(crate) places: Places,
    #[command(flatten)]
    pub(crate) printing: Printing,
}

#[derive(Debug, Args)]
pub(crate) struct Rollback {
    /// The flow file or a workspace's URL, if not ./flow.toml; then the version to publish again
    #[arg(required = true, num_args = 1..=2, value_names = ["FLOW", "VERSION"])]
    pub(crate) words: Vec<String>,
    #[command(flatten)]
    pub(crate) places: Places,
    #[command(flatten)]
    pub(crate) printing: Printing,
}

#[derive(Debug, Args)]
pub(crate) struct Check {
    /// The flow file, or a workspace's URL
    #[arg(default_value = "flow.toml")]
    pub(crate) flow: String,
    /// Give this many kept verdicts of pure verifiers and judges again, and fail where one differs
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(crate) rerun: usize,
    #[command(flatten)]
    pub(crate) places: Places,
    #[command(flatten)]
    pub(crate) printing: Printing,
}

#[derive(Debug, Args)]
pub(crate) struct Gc {
    /// The flow file, or a workspace's URL
    #[arg(default_value = "flow.toml")]
    pub(crate) flow: String,
    /// Say what would be removed, and remove nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
    #[command(flatten)]
    pub(crate) places: Places,
    #[command(flatten)]
    pub(crate) printing: Printing,
}

#[derive(Debug, Args)]
pub(crate) struct New {
    /// The folder to make
    pub(crate) dir: PathBuf,
    #[command(flatten)]
    pub(crate) printing: Printing,
}

impl Verb {
    /// Returns how the verb prints.
    pub(crate) fn printing(&self) -> Printing {
        match self {
            Verb::Build(verb) => verb.printing,
            Verb::Plan(verb) => verb.printing,
            Verb::Preview(verb) => verb.printing,
            Verb::Watch(verb) => verb.printing,
            Verb::Status(verb) | Verb::Log(verb) => verb.printing,
            Verb::Explain(verb) => verb.printing,
            Verb::Rows(verb) => verb.printing,
            Verb::Diff(verb) => verb.printing,
            Verb::Rollback(verb) => verb.printing,
            Verb::Check(verb) => verb.printing,
            Verb::Gc(verb) => verb.printing,
            Verb::New(verb) => verb.printing,
        }
    }
}

/// Splits what stands before the last `count` words off: the flow, or the default one.
pub(crate) fn flow_first(words: &[String], count: usize) -> (&str, &[String]) {
    let (flow, words) = words.split_at(words.len() - count);
    (flow.first().map_or("flow.toml", String::as_str), words)
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    fn parse(line: &str) -> Verb {
        let words = std::iter::once("rifflebox").chain(line.split_whitespace());
        Arguments::try_parse_from(words).unwrap_or_else(|error| panic!("{error}")).verb
    }

    #[test]
    fn clap_finds_no_fault() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn every_verb_takes_the_flow_first_or_none() {
        for verb in ["build", "plan", "preview", "watch", "status", "rows", "log", "check", "gc"] {
            parse(verb);
            parse(&format!("{verb} my.toml --json"));
        }
        let Verb::Explain(explain) = parse("explain notes/a.md") else { panic!("another verb") };
        assert_eq!(flow_first(&explain.words, 1), ("flow.toml", &["notes/a.md".to_owned()][..]));
        let Verb::Diff(diff) = parse("diff s3://b/p 1 2 --json") else { panic!("another verb") };
        assert_eq!(flow_first(&diff.words, 2), ("s3://b/p", &["1".to_owned(), "2".to_owned()][..]));
        assert!(Arguments::try_parse_from(["rifflebox", "diff", "1"]).is_err());
    }

    #[test]
    fn options_are_those_of_the_contract() {
        let Verb::Rows(rows) =
            parse("rows f.toml --status displaced --stage near --fields text,prompt --limit 5")
        else {
            panic!("another verb")
        };
        assert_eq!((rows.status, rows.limit), (Some(RowStatus::Displaced), Some(5)));
        assert_eq!(rows.fields, ["text", "prompt"]);
        parse("build f.toml --rebuild --retry-failed --workers 3 --workspace memory:x --cache /c --quiet");
        parse("preview f.toml --stage near -n 3");
        parse("check f.toml --rerun 5");
        parse("gc f.toml --dry-run");
        assert!(Arguments::try_parse_from(["rifflebox", "build", "--workers", "0"]).is_err());
    }
}
