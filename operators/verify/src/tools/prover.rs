use std::collections::BTreeMap;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use regex::Regex;
use rifflebox_core::{
    Answering, AskedVerifier, Error, ErrorKind, Failure, Identity, Judged, Key, Limits as Calls, Proof,
    Result, Sample, Verdict,
};
use rifflebox_sandbox::Sandbox;
use serde::{Deserialize, Serialize};

use super::template::{Filled, Template, nonce};
use super::tool::{Common, Told, Tool, excerpt};
use crate::asked::{one_by_one, usage};

mod kit;
mod lexis;

pub use kit::Kit;
use lexis::{Lexis, Strings};

/// Asks a prover whether a proof holds: any that checks a file, prints, and ends.
///
/// A template makes the file. Accepted is a sample whose words are no cheat, and on whose file the prover ends with status
/// 0, prints what it prints of a proof that holds, and nothing of what it prints of one that does not.
pub struct Prover {
    asker: Arc<Asker>,
}

/// Settings of [`Prover`].
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProverSettings {
    /// The prover and its arguments; it runs in a folder that holds the file, and `files`.
    pub command: Vec<String>,
    /// A template over the sample's columns and fields, which makes the file.
    pub template: String,
    /// What is known of the prover.
    #[serde(default)]
    pub kit: Kit,
    /// The name of the file; the kit's if not given.
    #[serde(default)]
    pub file: Option<String>,
    /// What the prover prints of a proof that holds, a regular expression; `{{ nonce }}` in it is the template's. The kit's
    /// if not given.
    #[serde(default)]
    pub success: Option<String>,
    /// What it prints of one that does not, beside what the kit knows.
    #[serde(default)]
    pub failure: Vec<String>,
    /// What a sample's words may not say outside of comments and strings, beside what the kit knows.
    #[serde(default)]
    pub cheats: Vec<String>,
    /// What begins a comment that ends with its line, where there is no kit.
    #[serde(default)]
    pub line_comments: Vec<String>,
    /// What begins and ends any other comment, where there is no kit.
    #[serde(default)]
    pub block_comments: Vec<(String, String)>,
    /// Files of the flow's folder that the prover reads, such as a library of one's own.
    #[serde(default)]
    pub files: Vec<String>,
    /// The prover's version, instead of what `version_command` prints.
    #[serde(default)]
    pub version: Option<String>,
    /// The command that prints it; the kit's if not given.
    #[serde(default)]
    pub version_command: Option<Vec<String>>,
    /// Seconds of a processor that one proof may take; three times as many by the clock.
    #[serde(default = "minute")]
    pub seconds: u64,
    /// Megabytes of memory.
    #[serde(default = "two_gigabytes")]
    pub memory_mb: u64,
    /// Folders that the prover may read beside `/usr/bin` and `/usr/lib`.
    #[serde(default)]
    pub read: Vec<PathBuf>,
    /// Layers of the sandbox to do without: `landlock`, `seccomp`.
    #[serde(default)]
    pub without: Vec<String>,
    /// Runs at once, at most; one for each processor if not given.
    #[serde(default)]
    pub concurrency: Option<usize>,
}

const fn minute() -> u64 {
    60
}

const fn two_gigabytes() -> u64 {
    2048
}

/// What all files together may hold: larger libraries are installed, and named in `read`.
const MOST_FILE_BYTES: usize = 8 << 20;

/// What a verdict depends on.
#[derive(Serialize)]
struct Meaning<'a> {
    command: &'a [String],
    template: &'a str,
    kit: Kit,
    file: &'a str,
    success: &'a str,
    failure: &'a [String],
    cheats: &'a [String],
    line_comments: &'a [String],
    block_comments: &'a [(String, String)],
    files: BTreeMap<&'a str, Key>,
    version: &'a str,
    seconds: u64,
    memory_mb: u64,
}

struct Asker {
    settings: ProverSettings,
    template: Template,
    file: String,
    files: BTreeMap<String, Vec<u8>>,
    success: String,
    failure: Vec<Regex>,
    cheats: Vec<Regex>,
    lexis: Lexis,
    tool: Tool,
}

impl Prover {
    /// The name that flow files use.
    pub const NAME: &'static str = "prover";

    /// Starts a sandbox on this machine, asks the prover for its version, and makes the verifier; `files` lie in `base_dir`.
    ///
    /// # Errors
    /// [`ErrorKind::Usage`], naming the setting that is wrong, the prover that is missing, or the layer of the sandbox that
    /// is, with its cure.
    pub fn new(settings: ProverSettings, base_dir: &Path) -> Result<Self> {
        Self::make(settings, base_dir, None)
    }

    /// Makes the verifier, with a sandbox of one's own; `read`, `without` and `concurrency` are its to know.
    ///
    /// # Errors
    /// As [`Prover::new`].
    pub fn within(sandbox: Arc<dyn Sandbox>, settings: ProverSettings, base_dir: &Path) -> Result<Self> {
        Self::make(settings, base_dir, Some(sandbox))
    }

    fn make(settings: ProverSettings, base_dir: &Path, sandbox: Option<Arc<dyn Sandbox>>) -> Result<Self> {
        let kit = settings.kit;
        let template = Template::new("template", &settings.template)?;
        let Some(success) = settings.success.clone().or_else(|| kit.success().map(str::to_owned)) else {
            return usage("`success` is missing: give what the prover prints of a proof that holds");
        };
        expression("success", &success.replace(NONCE, "0"))?;
        let version_command = settings.version_command.clone().unwrap_or_else(|| {
            let arguments = kit.version_arguments().iter().map(|word| (*word).to_owned());
            settings.command.iter().take(1).cloned().chain(arguments).collect()
        });
        let common = Common {
            command: ("command", &settings.command),
            version: settings.version.as_deref(),
            version_command,
            seconds: settings.seconds,
            memory_mb: settings.memory_mb,
            read: &settings.read,
            without: &settings.without,
            concurrency: settings.concurrency,
        };
        let file = name("file", settings.file.as_deref().unwrap_or(kit.file()))?;
        let (failure, cheats) = (
            expressions("failure", kit.failure(), &settings.failure)?,
            expressions("cheats", kit.cheats(), &settings.cheats)?,
        );
        let (lexis, files) = (lexis(&settings)?, files(&settings.files, &file, base_dir)?);
        let tool = Tool::new(&common, sandbox)?;
        let asker = Asker { settings, template, file, files, success, failure, cheats, lexis, tool };
        Ok(Prover { asker: Arc::new(asker) })
    }
}

impl AskedVerifier for Prover {
    fn identity(&self) -> Identity {
        let asker = &*self.asker;
        let settings = &asker.settings;
        Identity::new(Self::NAME, "1").with_settings(&Meaning {
            command: &settings.command,
            template: &settings.template,
            kit: settings.kit,
            file: &asker.file,
            success: &asker.success,
            failure: &settings.failure,
            cheats: &settings.cheats,
            line_comments: &settings.line_comments,
            block_comments: &settings.block_comments,
            files: asker.files.iter().map(|(name, bytes)| (name.as_str(), Key::of(bytes))).collect(),
            version: &asker.tool.version,
            seconds: settings.seconds,
            memory_mb: settings.memory_mb,
        })
    }

    fn proof(&self) -> Proof {
        Proof::Confirmed
    }

    fn reads_documents(&self) -> bool {
        false
    }

    fn limits(&self) -> Calls {
        self.asker.tool.calls()
    }

    fn verify(&self, items: Vec<Judged>) -> Answering<Vec<Result<Verdict, Failure>>> {
        let asker = self.asker.clone();
        one_by_one(items, move |sample| {
            let asker = asker.clone();
            Box::pin(async move { asker.judge(&sample).await })
        })
    }
}

impl Asker {
    async fn judge(&self, sample: &Sample) -> Result<Verdict, Failure> {
        let filled = self.template.fill(sample).map_err(Failure::Final)?;
        if let Some(cheat) = self.cheat(&filled) {
            return Ok(Verdict::reject(format!("a cheat: {cheat}")));
        }
        let mut files = self.files.clone();
        files.insert(self.file.clone(), filled.text.into_bytes());
        let (told, used) = self.tool.ask(String::new(), files).await?;
        let refusal = match told {
            Told::Stopped(why) => Some(format!("the prover {why}")),
            Told::Ended { status, output, errors } => {
                let printed = format!("{output}\n{errors}");
                self.refusal(status, &printed, &nonce(sample)).map_err(Failure::Final)?
            }
        };
        let said = if refusal.is_none() { "proved" } else { "not proved" };
        Ok(self.tool.verdict(refusal, said, &used))
    }

    /// Returns what in a sample's words is a cheat.
    fn cheat(&self, filled: &Filled) -> Option<String> {
        let Filled { text, values } = filled;
        let line = |at: usize| text[..at].matches('\n').count() + 1;
        if !self.lexis.is_kept(text, values) {
            let why =
                "what the sample puts in makes a comment or a string of the template's words, or ends one";
            return Some(format!("{why}: `{}`", excerpt(values.first().map_or("", |at| &text[at.clone()]))));
        }
        let code = self.lexis.code(text);
        self.cheats.iter().find_map(|cheat| {
            let by_sample = |found: &regex::Match<'_>| {
                values.iter().any(|value| found.start() < value.end && value.start < found.end())
            };
            let found = cheat.find_iter(&code).find(by_sample)?;
            Some(format!("`{}` at line {}", excerpt(found.as_str()), line(found.start())))
        })
    }

    /// Says why what the prover did is no proof.
    fn refusal(&self, status: i32, printed: &str, nonce: &str) -> Result<Option<String>, String> {
        if status != 0 {
            return Ok(Some(format!("the prover ends with status {status}: {}", self.complaint(printed))));
        }
        if self.failure.iter().any(|failure| failure.is_match(printed)) {
            return Ok(Some(format!("the prover says: {}", self.complaint(printed))));
        }
        let success = Regex::new(&self.success.replace(NONCE, nonce));
        let success = success.map_err(|error| format!("`success` is no expression: {error}"))?;
        match success.is_match(printed) {
            true => Ok(None),
            false => Ok(Some(format!("the prover does not say that it holds: {}", self.complaint(printed)))),
        }
    }

    /// Returns what a prover said, from where it says what is wrong.
    fn complaint(&self, printed: &str) -> String {
        let found =
            self.failure.iter().filter_map(|failure| failure.find(printed)).map(|found| found.start());
        let error = || printed.to_ascii_lowercase().find("error");
        excerpt(&printed[found.min().or_else(error).unwrap_or(0)..])
    }
}

/// What stands for the nonce in `success`.
const NONCE: &str = "{{ nonce }}";

fn expression(key: &str, text: &str) -> Result<Regex> {
    Regex::new(text).map_err(|error| {
        Error::new(ErrorKind::Usage, format!("`{key}`: {text:?} is no regular expression")).with_source(error)
    })
}

fn expressions(key: &str, known: &[&str], given: &[String]) -> Result<Vec<Regex>> {
    let known = known.iter().copied();
    known.chain(given.iter().map(String::as_str)).map(|text| expression(key, text)).collect()
}

fn lexis(settings: &ProverSettings) -> Result<Lexis> {
    let marks = || {
        let blocks = settings.block_comments.iter().flat_map(|(open, close)| [open, close]);
        settings.line_comments.iter().chain(blocks)
    };
    match settings.kit {
        Kit::Plain if marks().any(String::is_empty) => {
            usage("`line_comments` and `block_comments` are marks, and not empty")
        }
        Kit::Plain => Ok(Lexis {
            lines: settings.line_comments.clone(),
            blocks: settings.block_comments.clone(),
            strings: Strings::None,
            ..Lexis::default()
        }),
        _ if marks().next().is_some() => {
            usage("`line_comments` and `block_comments` are the kit's: leave them out, or leave out `kit`")
        }
        kit => Ok(kit.lexis()),
    }
}

/// Checks the name of a file of the folder that the prover runs in.
fn name(key: &str, path: &str) -> Result<String> {
    let plain = Path::new(path).components().all(|part| matches!(part, Component::Normal(_)));
    match plain && !path.is_empty() {
        true => Ok(path.to_owned()),
        false => usage(format!("`{key}` names `{path}`: name a file below the folder, without `..`")),
    }
}

/// Reads the files that a prover is given beside the sample's.
fn files(names: &[String], file: &str, base_dir: &Path) -> Result<BTreeMap<String, Vec<u8>>> {
    let mut files = BTreeMap::new();
    for path in names {
        let path = name("files", path)?;
        if path == file {
            return usage(format!(
                "`files` names `{path}`, which is the sample's: name another, or set `file`"
            ));
        }
        let bytes = std::fs::read(base_dir.join(&path)).map_err(|error| {
            Error::new(ErrorKind::Usage, format!("`files`: cannot read {path}")).with_source(error)
        })?;
        files.insert(path, bytes);
    }
    match files.values().map(Vec::len).sum::<usize>() > MOST_FILE_BYTES {
        true => usage(format!(
            "`files` hold more than {} MB: install them, and name their folder in `read`",
            MOST_FILE_BYTES >> 20
        )),
        false => Ok(files),
    }
}

#[cfg(test)]
mod tests;
