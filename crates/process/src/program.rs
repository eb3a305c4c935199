use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use rifflebox_core::{Error, ErrorKind, Failure, Key, Limits, Result};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::door::{Asked, Confined, Confinement, Door, Files, Here};
use crate::run::{End, Ran};

/// How much of a line that is no answer goes into a reason.
const EXCERPT_CHARS: usize = 80;

/// What a flow file says of a program.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProgramSettings {
    /// The program and its arguments; it runs in the flow file's folder.
    pub command: Vec<String>,
    /// The version of what it answers.
    #[serde(default)]
    pub version: Option<String>,
    /// A program that prints the version.
    #[serde(default)]
    pub version_command: Option<Vec<String>>,
    /// Files that its answers depend on; the arguments that are files of the flow's folder if not given.
    #[serde(default)]
    pub files: Option<Vec<String>>,
    /// The lineage of the model that speaks through it, if one does.
    #[serde(default)]
    pub family: Option<String>,
    /// Items of one run, at most.
    #[serde(default)]
    pub batch: Option<usize>,
    /// Runs at once, at most; one for each processor if not given.
    #[serde(default)]
    pub concurrency: Option<usize>,
    /// Seconds that one run may take.
    #[serde(default)]
    pub timeout_s: Option<u64>,
    /// Whether, and how, it is confined.
    #[serde(default)]
    pub sandbox: Option<Confinement>,
}

impl ProgramSettings {
    /// Returns how the program is confined, if it is.
    pub fn confined(&self) -> Option<Confined> {
        self.sandbox.as_ref().and_then(Confinement::wanted)
    }

    /// Returns how many runs there are at once.
    pub fn width(&self) -> usize {
        let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        self.concurrency.unwrap_or(threads)
    }

    /// Returns how long a run may take.
    pub fn timeout(&self) -> Duration {
        Duration::from_secs(self.timeout_s.unwrap_or(DEFAULT_TIMEOUT_S))
    }

    /// Reads the files that its answers depend on.
    ///
    /// # Errors
    /// [`ErrorKind::Usage`], naming the file, when one cannot be read.
    pub fn read_files(&self, base_dir: &Path) -> Result<Files> {
        files(self, base_dir, |bytes| bytes)
    }
}

const DEFAULT_BATCH: usize = 32;
const DEFAULT_TIMEOUT_S: u64 = 300;

/// A program that answers JSON lines.
#[derive(Clone, Debug)]
pub struct Program {
    argv: Vec<String>,
    door: Arc<dyn Door>,
    version: String,
    family: Option<String>,
    files: BTreeMap<String, Key>,
    /// Megabytes, where it is confined.
    memory_mb: Option<u64>,
    limits: Limits,
    timeout: Duration,
}

/// What a program's answers depend on, beside its version.
#[derive(Debug, Serialize)]
struct Meaning<'a> {
    command: &'a [String],
    files: &'a BTreeMap<String, Key>,
    /// What it may use is part of its answers where it is confined.
    #[serde(skip_serializing_if = "Option::is_none")]
    sandbox_mb: Option<u64>,
}

/// An answer: the object that the program printed.
type Answer = std::result::Result<Map<String, Value>, Failure>;

impl Program {
    /// Makes a program of its settings: reads the files that it depends on, and asks for its version.
    ///
    /// # Errors
    /// [`ErrorKind::Usage`], naming the setting, when there is no command, a limit is 0, a file cannot be read, or the
    /// version command fails.
    pub fn new(settings: &ProgramSettings, base_dir: &Path) -> Result<Self> {
        if settings.confined().is_some() {
            return usage("`sandbox` is set, and there is none here");
        }
        let here = Here::new(base_dir.to_owned());
        Self::behind(settings, base_dir, || Ok(Arc::new(here)))
    }

    /// Makes a program that runs behind a door, which is opened last: what is wrong with the settings comes before what is
    /// wrong with the machine.
    ///
    /// # Errors
    /// As [`Program::new`], and what the door says.
    pub fn behind(
        settings: &ProgramSettings,
        base_dir: &Path,
        door: impl FnOnce() -> Result<Arc<dyn Door>>,
    ) -> Result<Self> {
        if settings.command.first().is_none_or(String::is_empty) {
            return usage("`command` is empty: give a program and its arguments");
        }
        let limits = Limits {
            batch: settings.batch.unwrap_or(DEFAULT_BATCH),
            concurrency: settings.width(),
            ..Limits::default()
        };
        for (key, is_zero) in [
            ("batch", limits.batch == 0),
            ("concurrency", limits.concurrency == 0),
            ("timeout_s", settings.timeout().is_zero()),
        ] {
            if is_zero {
                return usage(&format!("`{key}` is at least 1"));
            }
        }
        let mut program = Program {
            argv: settings.command.clone(),
            version: String::new(),
            family: settings.family.clone(),
            files: files(settings, base_dir, |bytes| Key::of(&bytes))?,
            memory_mb: settings.confined().map(|confined| confined.memory_mb),
            limits,
            timeout: settings.timeout(),
            door: door()?,
        };
        program.version = match (&settings.version, &settings.version_command) {
            (Some(_), Some(_)) => return usage("`version` and `version_command` exclude each other"),
            (Some(version), None) => version.clone(),
            (None, Some(command)) => program.ask_version(command)?,
            (None, None) => String::new(),
        };
        Ok(program)
    }

    /// Returns the version of what it answers.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// Returns the lineage of the model that speaks through it.
    pub fn family(&self) -> Option<&str> {
        self.family.as_deref()
    }

    /// Returns what its answers depend on beside the version: the command line, and the digests of its files.
    pub fn meaning(&self) -> Value {
        let meaning = Meaning { command: &self.argv, files: &self.files, sandbox_mb: self.memory_mb };
        serde_json::to_value(meaning).expect("settings are plain data")
    }

    /// Returns how it may be run.
    pub fn limits(&self) -> Limits {
        self.limits
    }

    /// Says what holds the program, if anything does.
    pub fn held(&self) -> Option<String> {
        self.door.held()
    }

    /// Asks about each item, and returns the answers in their order.
    ///
    /// An item is an object without `id`; its line gets one, by which its answer is known: a digest of the item, which
    /// says nothing more. An answer without `id` counts by its order, if the run printed one for each item and nothing
    /// else.
    pub async fn ask(&self, items: Vec<Map<String, Value>>) -> Vec<Answer> {
        let items: Vec<Item> = items.into_iter().map(Item::new).collect();
        let mut answers: Vec<Option<Answer>> = items.iter().map(|_| None).collect();
        let batch = first_of_each_id(&items);
        let ran = self.run(&items, &batch).await;
        let said = read_answers(&items, &batch, &ran);
        let none_said = said.is_empty();
        for (index, answer) in said {
            answers[index] = Some(Ok(answer));
        }
        let left: Vec<usize> = (0..items.len()).filter(|index| answers[*index].is_none()).collect();
        if none_said
            && !left.is_empty()
            && let Some(reason) = self.broken(&ran).await
        {
            return items.iter().map(|_| Err(Failure::Owed(reason.clone()))).collect();
        }
        let alone_already = batch.len() == 1;
        for index in left {
            let answer = match alone_already && batch == [index] {
                true => self.verdict_on(&ran).await,
                false => self.ask_alone(&items, index).await,
            };
            answers[index] = Some(answer);
        }
        answers.into_iter().map(|answer| answer.expect("each item was answered, or asked alone")).collect()
    }

    async fn ask_alone(&self, items: &[Item], index: usize) -> Answer {
        let ran = self.run(items, &[index]).await;
        match read_answers(items, &[index], &ran).remove(&index) {
            Some(answer) => Ok(answer),
            None => self.verdict_on(&ran).await,
        }
    }

    /// Says what becomes of an item that was alone in a run, and got no answer.
    async fn verdict_on(&self, ran: &Ran) -> Answer {
        if let Some(reason) = self.broken(ran).await {
            return Err(Failure::Owed(reason));
        }
        let what = match &ran.end {
            End::NotStarted(why) => return Err(Failure::Owed(why.clone())),
            End::Killed(signal) => {
                return Err(Failure::Owed(ran.reason(&format!("the program was killed by signal {signal}"))));
            }
            End::Status(code) => format!("the program ended with status {code}"),
            End::Crashed(signal) => format!("the program crashed with signal {signal}"),
            End::TooSlow(limit) => format!("the program took longer than {} s", limit.as_secs()),
            End::Flooded(most) => format!("the program printed more than {most} bytes"),
            End::TooLarge(most) => format!("the program used more than {most} MB"),
            End::Well => no_answer(&ran.stdout),
        };
        Err(Failure::Final(ran.reason(&what)))
    }

    /// Returns why the program itself is broken, if it fails on no item at all just as well.
    async fn broken(&self, ran: &Ran) -> Option<String> {
        match &ran.end {
            End::NotStarted(why) => return Some(why.clone()),
            End::Status(_) | End::Crashed(_) => {}
            _ => return None,
        }
        let empty = self.run(&[], &[]).await;
        match &empty.end {
            End::NotStarted(why) => Some(why.clone()),
            End::Status(code) => {
                Some(empty.reason(&format!("the program fails before it reads, with status {code}")))
            }
            End::Crashed(signal) => {
                Some(empty.reason(&format!("the program crashes before it reads, with signal {signal}")))
            }
            _ => None,
        }
    }

    async fn run(&self, items: &[Item], batch: &[usize]) -> Ran {
        let mut input = Vec::new();
        for index in batch {
            input.extend_from_slice(items[*index].line.as_bytes());
            input.push(b'\n');
        }
        self.door.run(Asked { argv: self.argv.clone(), input, limit: self.timeout }).await
    }

    /// Runs the version command, on a thread with a runtime of its own: the caller may stand in one.
    fn ask_version(&self, argv: &[String]) -> Result<String> {
        if argv.first().is_none_or(String::is_empty) {
            return usage("`version_command` is empty: give a program and its arguments");
        }
        let run = self.door.run(Asked { argv: argv.to_vec(), input: Vec::new(), limit: self.timeout });
        let ran = std::thread::scope(|scope| {
            let running = scope.spawn(|| {
                let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
                Ok::<_, std::io::Error>(runtime.block_on(run))
            });
            running.join().expect("running a program does not panic")
        });
        let ran = ran
            .map_err(|error| Error::new(ErrorKind::Internal, "cannot start a runtime").with_source(error))?;
        let version = String::from_utf8_lossy(&ran.stdout).trim().to_owned();
        match ran.end {
            End::Well if !version.is_empty() => Ok(version),
            End::Well => usage("`version_command` prints nothing"),
            End::NotStarted(why) => usage(&format!("`version_command`: {why}")),
            _ => usage(&format!("`version_command`: {}", ran.reason("the program fails"))),
        }
    }
}

/// An item as the program reads it.
struct Item {
    id: String,
    line: String,
}

impl Item {
    fn new(mut object: Map<String, Value>) -> Self {
        let content = Value::Object(object.clone()).to_string();
        let id = Key::builder("item").text(&content).finish().to_string();
        object.insert("id".to_owned(), Value::String(id.clone()));
        Item { id, line: Value::Object(object).to_string() }
    }
}

/// Returns the items that can share a run: an answer is known by its id.
fn first_of_each_id(items: &[Item]) -> Vec<usize> {
    let mut seen = std::collections::BTreeSet::new();
    (0..items.len()).filter(|index| seen.insert(items[*index].id.as_str())).collect()
}

/// Reads the answers of a run: those that name their item, or, where none does, those in order, if all is as it
/// should be.
fn read_answers(items: &[Item], batch: &[usize], ran: &Ran) -> BTreeMap<usize, Map<String, Value>> {
    let by_id: BTreeMap<&str, usize> =
        batch.iter().map(|index| (items[*index].id.as_str(), *index)).collect();
    let mut named: BTreeMap<usize, Option<Map<String, Value>>> = BTreeMap::new();
    let mut in_order = Vec::new();
    let mut garbage = false;
    for line in lines(&ran.stdout) {
        let Ok(Value::Object(object)) = serde_json::from_slice(line) else {
            garbage = true;
            continue;
        };
        match object.get("id") {
            None => in_order.push(object),
            Some(id) => match id.as_str().and_then(|id| by_id.get(id)) {
                Some(&index) => {
                    // Two answers to one item are none.
                    named.entry(index).and_modify(|said| *said = None).or_insert(Some(object));
                }
                None => garbage = true,
            },
        }
    }
    if named.is_empty() && !garbage && in_order.len() == batch.len() && ran.end == End::Well {
        return batch.iter().copied().zip(in_order).collect();
    }
    named.into_iter().filter_map(|(index, said)| Some((index, said?))).collect()
}

fn lines(stdout: &[u8]) -> impl Iterator<Item = &[u8]> {
    stdout.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii).filter(|line| !line.is_empty())
}

/// Says what is wrong with what a run over one item printed.
fn no_answer(stdout: &[u8]) -> String {
    let mut objects = 0;
    for line in lines(stdout) {
        match serde_json::from_slice(line) {
            Ok(Value::Object(_)) => objects += 1,
            _ => {
                let text = String::from_utf8_lossy(line);
                let excerpt: String = text.chars().take(EXCERPT_CHARS).collect();
                return format!("the program printed what is no JSON object: {excerpt:?}");
            }
        }
    }
    match objects {
        0 => "the program gave no answer".to_owned(),
        1 => "the program answered an id that it was not asked".to_owned(),
        n => format!("the program gave {n} answers to one item"),
    }
}

/// Reads the files that a program depends on, and keeps of each what is wanted.
fn files<T>(
    settings: &ProgramSettings,
    base_dir: &Path,
    keep: impl Fn(Vec<u8>) -> T,
) -> Result<BTreeMap<String, T>> {
    let read = |name: &String| std::fs::read(base_dir.join(name)).map(|bytes| (name.clone(), keep(bytes)));
    match &settings.files {
        Some(names) => names
            .iter()
            .map(|name| {
                let wrong = |error| {
                    Error::new(ErrorKind::Usage, format!("`files`: cannot read {name}")).with_source(error)
                };
                read(name).map_err(wrong)
            })
            .collect(),
        None => {
            let local = |name: &&String| Path::new(name).is_relative() && base_dir.join(name).is_file();
            Ok(settings.command.iter().filter(local).filter_map(|name| read(name).ok()).collect())
        }
    }
}

fn usage<T>(message: &str) -> Result<T> {
    Err(Error::new(ErrorKind::Usage, message))
}

#[cfg(test)]
mod tests;
