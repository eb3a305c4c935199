use std::collections::BTreeMap;
use std::io::Read as _;
use std::sync::Arc;
use std::time::Duration;

use rifflebox_core::{Fields, Result, RowItem, Value};
use rifflebox_sandbox::{
    Bubblewrap, BubblewrapSettings, Command, End, Limits, Outcome, Program, Ran, Sandbox, Task, optional,
};
use serde::Serialize;

use super::Compression;
use crate::content::Content;
use crate::pdf_settings::PdfSettings;
use crate::row::RowMaker;

/// The largest file that is read.
const MOST_FILE_BYTES: u64 = 32 << 20;
/// The most text of a document.
const MOST_TEXT_BYTES: u64 = 16 << 20;
/// What the tools may write beside the file.
const SCRATCH_BYTES: u64 = MOST_FILE_BYTES + (16 << 20);
/// Threads and processes.
const PROCESSES: u32 = 8;
/// The name of the file where the tools run.
const FILE: &str = "document.pdf";
/// Characters of what a tool said that go into a reason.
const EXCERPT_CHARS: usize = 200;

/// What stands between two pages, on a line of its own.
const PAGE_BREAK: char = '\u{c}';

/// Reads PDF files by poppler's tools, in a sandbox: nobody trusts what a PDF makes of its reader.
pub(crate) struct PdfReader {
    sandbox: Arc<dyn Sandbox>,
    settings: PdfSettings,
    /// What the tool says that it is.
    version: String,
}

impl std::fmt::Debug for PdfReader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PdfReader").field("version", &self.version).finish_non_exhaustive()
    }
}

/// All that the text of a document depends on, beside its file.
#[derive(Serialize)]
struct Meaning<'a> {
    version: &'a str,
    settings: &'a PdfSettings,
}

/// Why a file has no text.
type Fault = String;

impl PdfReader {
    /// Starts the sandbox, or takes part in the one that stands, and asks the tool for its version.
    ///
    /// # Errors
    /// What is missing or wrong, and the cure.
    pub(crate) fn start(settings: &PdfSettings) -> Result<Self, String> {
        settings.check()?;
        let sandbox = Bubblewrap::shared(&BubblewrapSettings {
            read: settings.read.clone(),
            without: optional(&settings.without).map_err(|error| error.chain())?,
            ..BubblewrapSettings::default()
        });
        let sandbox = sandbox.map_err(|error| error.chain())?;
        let mut reader = PdfReader { sandbox, settings: settings.clone(), version: String::new() };
        reader.version = reader.ask_version()?;
        Ok(reader)
    }

    /// Returns all that texts depend on.
    pub(crate) fn meaning(&self) -> serde_json::Value {
        let meaning = Meaning { version: &self.version, settings: &self.settings };
        serde_json::to_value(meaning).expect("settings are plain data")
    }

    fn ask_version(&self) -> Result<String, String> {
        let outcome = self.run(&["pdftotext", "-v"], Vec::new())?;
        let End::Ran(ran) = outcome.end else { return Err("`pdftotext -v` did not end".to_owned()) };
        if let Some(why) = ran.missing {
            return Err(format!(
                "PDF is read by `pdftotext`, which cannot be started in the sandbox: {why}; install poppler (Debian: \
                 `apt-get install poppler-utils`)"
            ));
        }
        let said = [ran.errors.lines().next(), outcome.output.lines().next()];
        let version = said.into_iter().flatten().map(str::trim).find(|line| line.contains("version"));
        version.map(str::to_owned).ok_or_else(|| "`pdftotext -v` prints no version".to_owned())
    }

    /// Returns text and fields of a file.
    fn read(&self, bytes: Vec<u8>) -> Result<(String, Fields), Fault> {
        if !bytes[..bytes.len().min(1024)].windows(5).any(|five| five == b"%PDF-") {
            return Err("is no PDF: it does not begin with %PDF-".to_owned());
        }
        let told = self.ask(&["pdfinfo", "-enc", "UTF-8", "-isodates", FILE], bytes.clone())?;
        let fields = fields(&told);
        let pages = fields.get("pages").cloned();
        let most = self.settings.max_pages;
        if let Some(Value::Int(pages)) = pages
            && u64::try_from(pages).is_ok_and(|pages| pages > most)
        {
            return Err(format!("has {pages} pages, more than the {most} of `max_pages`"));
        }
        let last = most.to_string();
        let mut argv = vec!["pdftotext", "-enc", "UTF-8", "-eol", "unix", "-l", last.as_str()];
        argv.extend(self.settings.layout.then_some("-layout"));
        argv.extend([FILE, "-"]);
        let text = laid_out(&self.ask(&argv, bytes)?);
        match text.is_empty() {
            true => Err("holds no text: where its pages are pictures, let their letters be recognised first"
                .to_owned()),
            false => Ok((text, fields)),
        }
    }

    /// Runs a tool on a file, and returns what it prints.
    fn ask(&self, argv: &[&str], bytes: Vec<u8>) -> Result<String, Fault> {
        let Outcome { end, output, .. } = self.run(argv, bytes)?;
        let PdfSettings { seconds, memory_mb, .. } = self.settings;
        Err(match end {
            End::Ran(Ran { status: Some(0), missing: None, .. }) => return Ok(output),
            End::Ran(Ran { missing: Some(why), .. }) => format!("`{}` cannot be started: {why}", argv[0]),
            End::Ran(Ran { status: Some(_), errors, .. }) => refused(&errors),
            End::Ran(Ran { signal: 24, .. }) | End::TooSlow => {
                format!("takes longer than {seconds} s to read")
            }
            End::Ran(Ran { signal, .. }) => format!("ends `{}` by signal {signal}", argv[0]),
            End::TooLarge => format!("takes more than {memory_mb} MB to read"),
            End::Flooded => format!("holds more than {} MiB of text", MOST_TEXT_BYTES >> 20),
            other => format!("was not read: {other:?}"),
        })
    }

    fn run(&self, argv: &[&str], bytes: Vec<u8>) -> Result<Outcome, Fault> {
        let files = if bytes.is_empty() { BTreeMap::new() } else { [(FILE.to_owned(), bytes)].into() };
        let argv = argv.iter().map(|part| (*part).to_owned()).collect();
        let task = Task::Command(Command { argv, input: String::new(), files });
        let PdfSettings { seconds, memory_mb, .. } = self.settings;
        let limits = Limits {
            // Processors are shared: what counts is the time that is used.
            wall: Duration::from_secs(seconds * 4),
            cpu: Duration::from_secs(seconds),
            memory: memory_mb << 20,
            scratch: SCRATCH_BYTES,
            processes: PROCESSES,
            output: MOST_TEXT_BYTES,
        };
        let running = self.sandbox.run(Program { task, seed: Bubblewrap::SEED }, limits);
        // The caller may stand in a runtime.
        let ran = std::thread::scope(|scope| scope.spawn(|| futures::executor::block_on(running)).join());
        ran.expect("waiting for an answer does not panic")
            .map_err(|failure| format!("was not read: {failure:?}"))
    }
}

/// Says why a tool refuses a file.
fn refused(errors: &str) -> Fault {
    if errors.contains("Incorrect password") {
        return "is encrypted, and opens by a password only: save it without one".to_owned();
    }
    let words = errors.split_whitespace().collect::<Vec<_>>().join(" ");
    let plain: String =
        words.chars().map(|c| if c.is_control() { ' ' } else { c }).take(EXCERPT_CHARS).collect();
    match plain.is_empty() {
        true => "is a broken PDF".to_owned(),
        false => format!("is a broken PDF: {plain}"),
    }
}

/// Reads what `pdfinfo` says of a document.
fn fields(told: &str) -> Fields {
    let mut fields = Fields::new();
    for line in told.lines() {
        let Some((name, value)) = line.split_once(':') else { continue };
        let (name, value) = (name.trim().to_lowercase(), value.trim());
        let value = match name.as_str() {
            "title" | "author" | "subject" | "keywords" if !value.is_empty() => Value::Text(value.to_owned()),
            "pages" => match value.parse() {
                Ok(pages) => Value::Int(pages),
                Err(_) => continue,
            },
            _ => continue,
        };
        // What a title says of its lines counts for nothing.
        fields.entry(name).or_insert(value);
    }
    fields
}

/// Puts pages together: no white space at their ends, and a form feed on a line of its own between two.
fn laid_out(text: &str) -> String {
    let lines = |page: &str| page.lines().map(str::trim_end).collect::<Vec<_>>().join("\n");
    let pages: Vec<String> =
        text.split(PAGE_BREAK).map(|page| lines(page).trim_matches('\n').to_owned()).collect();
    let joined = pages.join(&format!("\n{PAGE_BREAK}\n"));
    match joined.contains(|c: char| !c.is_whitespace()) {
        true => joined.trim_end().to_owned() + "\n",
        false => String::new(),
    }
}

/// Makes the one row of a PDF.
pub(crate) fn row(
    maker: &RowMaker,
    path: &str,
    compression: Compression,
    content: Content,
) -> Result<RowItem> {
    let Some(reader) = maker.pdf() else {
        let reason = "is a PDF, which is read where `files` names the ending .pdf";
        return Ok(maker.broken(path, None, reason));
    };
    let (raw, mut guard) = match content.into_reader() {
        Ok(opened) => opened,
        Err(error) => return Ok(maker.broken(path, None, &Compression::None.reason(&error))),
    };
    let mut bytes = Vec::new();
    let unpacked =
        compression.unpack(raw).and_then(|raw| raw.take(MOST_FILE_BYTES + 1).read_to_end(&mut bytes));
    guard.check(path)?;
    let reason = match unpacked {
        Err(error) => compression.reason(&error),
        Ok(_) if bytes.len() as u64 > MOST_FILE_BYTES => {
            format!("has more than {} MiB, too much for a PDF", MOST_FILE_BYTES >> 20)
        }
        Ok(_) => match reader.read(bytes) {
            Ok((text, fields)) => return Ok(maker.document(path, text, fields)),
            Err(fault) => fault,
        },
    };
    Ok(maker.broken(path, None, &reason))
}

#[cfg(test)]
mod tests;
