//! One run of a program: lines in, lines out, and how it ended. It never hangs, and leaves nothing running.

use std::io;
use std::path::Path;
use std::pin::pin;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};
use tokio::process::{Child, Command};
use tokio::time::timeout;

use crate::group::Group;

/// What a program may print in one run.
pub(crate) const MOST_STDOUT_BYTES: usize = 64 << 20;
/// What is kept of a program's complaints.
const STDERR_TAIL_BYTES: usize = 8 << 10;
/// Characters of a complaint that go into a reason.
const COMPLAINT_CHARS: usize = 300;
/// How long pipes may stay open after a program's end: only a process that left its group holds one.
const GRACE: Duration = Duration::from_secs(2);

/// SIGILL, SIGTRAP, SIGABRT, SIGBUS, SIGFPE, SIGSEGV, SIGXCPU, SIGXFSZ, SIGSYS: a program's own faults and limits.
const FAULTS: [i32; 9] = [4, 5, 6, 7, 8, 11, 24, 25, 31];

/// What a program did in one run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ran {
    /// What it printed, as far as it came.
    pub stdout: Vec<u8>,
    /// The last line of its complaints.
    pub complaint: Option<String>,
    /// How it ended.
    pub end: End,
}

/// How a run ended.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum End {
    /// By itself, with status 0.
    Well,
    /// By itself, with another status.
    Status(i32),
    /// By a fault of its own, such as 11, a segmentation fault.
    Crashed(i32),
    /// By somebody else's signal, such as 9, which a system short of memory sends.
    Killed(i32),
    /// By us, after this long.
    TooSlow(Duration),
    /// By us, for it printed more than this.
    Flooded(usize),
    /// By us, for it used more megabytes of memory than this.
    TooLarge(u64),
    /// It never began.
    NotStarted(String),
}

/// What a run is of.
pub(crate) struct Run<'a> {
    pub(crate) argv: &'a [String],
    pub(crate) dir: &'a Path,
    pub(crate) limit: Duration,
    pub(crate) most_stdout_bytes: usize,
}

impl Run<'_> {
    /// Runs the program over an input; whatever it does, it is gone when this returns or is dropped.
    pub(crate) async fn over(&self, input: &[u8]) -> Ran {
        let mut ran = Ran { stdout: Vec::new(), complaint: None, end: End::Well };
        let mut child = match self.start() {
            Ok(child) => child,
            Err(error) => {
                ran.end = End::NotStarted(format!("cannot start `{}`: {error}", self.argv[0]));
                return ran;
            }
        };
        let group = child.id().map(Group::of);
        let mut tail = Vec::new();
        let supervised = self.supervise(&mut child, group.as_ref(), input, &mut ran.stdout, &mut tail);
        ran.end = match timeout(self.limit, supervised).await {
            Ok(Ok(End::Well)) if ran.stdout.len() > self.most_stdout_bytes => {
                End::Flooded(self.most_stdout_bytes)
            }
            Ok(Ok(end)) => end,
            Ok(Err(error)) => End::NotStarted(format!("cannot wait for `{}`: {error}", self.argv[0])),
            Err(_) => End::TooSlow(self.limit),
        };
        ran.complaint = complaint(&tail);
        ran
    }

    fn start(&self) -> io::Result<Child> {
        let program = &self.argv[0];
        let here = Path::new(program).is_relative() && program.contains('/');
        let mut command = match here {
            true => Command::new(std::path::absolute(self.dir.join(program))?),
            false => Command::new(program),
        };
        command.args(&self.argv[1..]).current_dir(self.dir).kill_on_drop(true);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        #[cfg(unix)]
        command.process_group(0);
        command.spawn()
    }

    async fn supervise(
        &self,
        child: &mut Child,
        group: Option<&Group>,
        input: &[u8],
        stdout: &mut Vec<u8>,
        tail: &mut Vec<u8>,
    ) -> io::Result<End> {
        let pipes = (child.stdin.take(), child.stdout.take(), child.stderr.take());
        let (Some(mut to), Some(mut from), Some(mut complaints)) = pipes else {
            return Err(io::Error::other("its pipes are gone"));
        };
        let kill = || group.map(Group::kill);
        let write = async move {
            // A program that reads no further says so in its answers.
            let _ = to.write_all(input).await;
        };
        let read = async {
            let flooded = read_up_to(&mut from, stdout, self.most_stdout_bytes).await;
            if flooded {
                kill();
            }
            flooded
        };
        let mut pipes = pin!(async { tokio::join!(write, read, read_tail(&mut complaints, tail)).1 });
        let mut flooded = false;
        let status = tokio::select! {
            status = child.wait() => {
                kill();
                flooded |= timeout(GRACE, &mut pipes).await.unwrap_or(false);
                status?
            }
            full = &mut pipes => {
                flooded |= full;
                child.wait().await?
            }
        };
        Ok(if flooded { End::Flooded(self.most_stdout_bytes) } else { end_of(status) })
    }
}

impl Ran {
    /// Makes a run of how it ended, what it printed, and what it complained of.
    pub fn new(end: End, stdout: Vec<u8>, complaints: &[u8]) -> Self {
        Ran { stdout, complaint: complaint(complaints), end }
    }

    /// Says how the program failed, with its own last words.
    pub(crate) fn reason(&self, what: &str) -> String {
        match &self.complaint {
            Some(complaint) => format!("{what}: {complaint}"),
            None => what.to_owned(),
        }
    }
}

#[cfg(unix)]
fn end_of(status: ExitStatus) -> End {
    use std::os::unix::process::ExitStatusExt;
    match (status.code(), status.signal()) {
        (Some(0), _) => End::Well,
        (Some(code), _) => End::Status(code),
        (None, Some(signal)) if FAULTS.contains(&signal) => End::Crashed(signal),
        (None, signal) => End::Killed(signal.unwrap_or_default()),
    }
}

#[cfg(not(unix))]
fn end_of(status: ExitStatus) -> End {
    match status.code() {
        Some(0) => End::Well,
        code => End::Status(code.unwrap_or(-1)),
    }
}

/// Reads to the end, or until there is more than `most`; returns whether there is.
async fn read_up_to(from: &mut (impl AsyncRead + Unpin), into: &mut Vec<u8>, most: usize) -> bool {
    loop {
        match from.read_buf(into).await {
            Ok(0) | Err(_) => return false,
            Ok(_) if into.len() > most => return true,
            Ok(_) => {}
        }
    }
}

/// Reads to the end, and keeps the last of it.
async fn read_tail(from: &mut (impl AsyncRead + Unpin), tail: &mut Vec<u8>) {
    while let Ok(1..) = from.read_buf(tail).await {
        if tail.len() > 2 * STDERR_TAIL_BYTES {
            tail.drain(..tail.len() - STDERR_TAIL_BYTES);
        }
    }
}

fn complaint(tail: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(tail);
    let last = text.lines().map(str::trim).rfind(|line| !line.is_empty())?;
    Some(last.chars().take(COMPLAINT_CHARS).collect())
}
