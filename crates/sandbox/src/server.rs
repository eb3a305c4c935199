//! One fork server: an interpreter inside of bubblewrap, as seen from outside.

use std::collections::BTreeMap;
use std::io::{self, Read, Write};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::{Duration, Instant};

use rifflebox_core::{Error, ErrorKind};
use rifflebox_process::Group;
use serde_json::{Value, json};

use crate::outcome::{Reply, Unconfined};
use crate::{Interpreter, Layer, Limits, Outcome, Process, Program, Task};

/// The server's own modules, each after those that it imports.
const MODULES: [(&str, &str); 10] = [
    ("wire", include_str!("python/wire.py")),
    ("remote", include_str!("python/remote.py")),
    ("exam", include_str!("python/exam.py")),
    ("guard", include_str!("python/guard.py")),
    ("confine", include_str!("python/confine.py")),
    ("judge", include_str!("python/judge.py")),
    ("mutate", include_str!("python/mutate.py")),
    ("command", include_str!("python/command.py")),
    ("trusted", include_str!("python/trusted.py")),
    ("server", include_str!("python/server.py")),
];
const BOOT: &str = include_str!("python/boot.py");

/// Who runs inside: nobody, by number.
const NOBODY: u32 = 65_534;
/// The longest that a server may take to start, or to end a run that is over.
const PATIENCE: Duration = Duration::from_secs(20);
/// How often a waiting run looks whether anybody still wants it.
const GLANCE: Duration = Duration::from_millis(100);
/// A reply is bounded by what runs may print and report.
const MOST_REPLY_BYTES: u32 = 64 << 20;
/// What is kept of a server's complaints.
const COMPLAINT_BYTES: usize = 4096;

/// What all servers of a pool are started with.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    pub(crate) interpreter: Interpreter,
    pub(crate) read: Vec<PathBuf>,
    pub(crate) filter: Vec<u8>,
    pub(crate) command_filter: Vec<u8>,
    pub(crate) without: Vec<Layer>,
    pub(crate) bubblewrap: String,
    pub(crate) renew_after: Option<u64>,
}

/// A running server. Dropping it ends all that runs in it.
pub(crate) struct Server {
    child: Child,
    group: Group,
    tasks: ChildStdin,
    replies: Receiver<io::Result<Vec<u8>>>,
    complaint: thread::JoinHandle<String>,
    /// Runs so far.
    pub(crate) runs: u64,
}

/// Why a run has no outcome.
#[derive(Debug)]
pub(crate) enum Trouble {
    /// The server is gone, or hangs; what it complained of.
    Gone(String),
    /// The run could not be confined.
    Unconfined(Unconfined),
    /// Nobody waits for it any more.
    Unwanted,
}

impl Server {
    /// Starts a server whose hashes and random numbers have this seed.
    pub(crate) fn start(plan: &Plan, seed: u32) -> Result<Server, Trouble> {
        let mut command = as_nobody(&plan.bubblewrap);
        arguments(&mut command, plan, seed);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command.process_group(0).current_dir("/").env_clear();
        let mut child = command.spawn().map_err(|error| {
            Trouble::Gone(format!(
                "cannot start `{}`: {error}; install bubblewrap (Debian: `apt-get install bubblewrap`)",
                plan.bubblewrap
            ))
        })?;
        let group = Group::of(child.id());
        let pipes = (child.stdin.take(), child.stdout.take(), child.stderr.take());
        let (Some(tasks), Some(mut from), Some(mut complaints)) = pipes else {
            return Err(Trouble::Gone("its pipes are gone".to_owned()));
        };
        let (say, replies) = channel();
        thread::spawn(move || {
            loop {
                let frame = read_frame(&mut from);
                let ended = frame.is_err();
                if say.send(frame).is_err() || ended {
                    return;
                }
            }
        });
        let complaint = thread::spawn(move || tail(&mut complaints));
        let mut server = Server { child, group, tasks, replies, complaint, runs: 0 };
        let modules: Vec<_> = MODULES.iter().map(|(name, text)| json!([name, text])).collect();
        let packages = if plan.interpreter.paths.is_empty() { vec![] } else { vec!["/packages"] };
        let settings = json!({
            "modules": modules, "packages": packages, "preload": plan.interpreter.modules, "seed": seed,
            "filter": hex(&plan.filter), "command_filter": hex(&plan.command_filter), "read": plan.read,
            "warm": plan.renew_after != Some(1),
            "without": plan.without.iter().map(|layer| layer.name()).collect::<Vec<_>>(),
        });
        let greeting = match server.say(&settings) {
            Ok(()) => server.hear(PATIENCE, &mut || true),
            Err(error) => Err(Trouble::Gone(error.to_string())),
        };
        match greeting {
            Ok(_) => Ok(server),
            Err(trouble) => Err(server.end(trouble)),
        }
    }

    /// Runs a program; `wanted` says whether anybody waits for it.
    pub(crate) fn run(
        &mut self,
        program: &Program,
        limits: &Limits,
        wanted: &mut dyn FnMut() -> bool,
    ) -> Result<Outcome, Trouble> {
        self.runs += 1;
        self.say(&task(program, limits)).map_err(|error| Trouble::Gone(error.to_string()))?;
        let said = self.hear(limits.wall + PATIENCE, wanted)?;
        let reply: Reply = serde_json::from_slice(&said).map_err(|error| Trouble::Gone(error.to_string()))?;
        reply.outcome(&program.task).map_err(Trouble::Unconfined)
    }

    /// Runs nothing, with all layers on.
    pub(crate) fn probe(&mut self) -> Result<Outcome, Trouble> {
        let solution = Task::Tests { solution: String::new(), tests: None, process: Process::Shared };
        self.run(&Program { task: solution, seed: 0 }, &Limits::default(), &mut || true)
    }

    fn say(&mut self, value: &Value) -> io::Result<()> {
        let data = serde_json::to_vec(value)?;
        let size = u32::try_from(data.len()).map_err(io::Error::other)?;
        self.tasks.write_all(&size.to_le_bytes())?;
        self.tasks.write_all(&data)?;
        self.tasks.flush()
    }

    fn hear(&mut self, patience: Duration, wanted: &mut dyn FnMut() -> bool) -> Result<Vec<u8>, Trouble> {
        let deadline = Instant::now() + patience;
        loop {
            match self.replies.recv_timeout(GLANCE) {
                Ok(Ok(data)) => return Ok(data),
                Ok(Err(error)) => return Err(Trouble::Gone(error.to_string())),
                Err(RecvTimeoutError::Disconnected) => return Err(Trouble::Gone("it ended".to_owned())),
                Err(RecvTimeoutError::Timeout) if !wanted() => return Err(Trouble::Unwanted),
                Err(RecvTimeoutError::Timeout) if Instant::now() > deadline => {
                    return Err(Trouble::Gone(format!("no word for {} s", patience.as_secs())));
                }
                Err(RecvTimeoutError::Timeout) => {}
            }
        }
    }

    /// Ends the server, and adds its last words to what is wrong with it.
    pub(crate) fn end(mut self, trouble: Trouble) -> Trouble {
        self.group.kill();
        // It was killed: what is waited for comes at once.
        let _ = self.child.wait();
        let complaint = self.complaint.join().unwrap_or_default();
        match (trouble, complaint.trim()) {
            (Trouble::Gone(why), "") => Trouble::Gone(why),
            (Trouble::Gone(_), complaint) => {
                Trouble::Gone(complaint.lines().next_back().unwrap_or_default().to_owned())
            }
            (trouble, _) => trouble,
        }
    }

    /// Ends the server.
    pub(crate) fn close(self) {
        self.end(Trouble::Unwanted);
    }
}

/// Makes a command that runs as nobody where this process is root: inside, nobody is root.
pub(crate) fn as_nobody(program: &str) -> Command {
    let mut command = Command::new(program);
    if rustix::process::geteuid().is_root() {
        command.uid(NOBODY).gid(NOBODY).current_dir("/");
    }
    command
}

/// Makes the error of a setting, or of a machine, that does not do.
pub(crate) fn usage(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::Usage, message)
}

fn arguments(command: &mut Command, plan: &Plan, seed: u32) {
    let nobody = NOBODY.to_string();
    command.args(["--unshare-all", "--die-with-parent", "--new-session", "--hostname", "sandbox"]);
    command.args(["--uid", &nobody, "--gid", &nobody, "--clearenv", "--cap-drop", "ALL"]);
    for folder in ["/usr/bin", "/usr/lib", "/usr/lib64"] {
        command.args(["--ro-bind-try", folder, folder]);
    }
    for folder in ["/bin", "/lib", "/lib64"] {
        match std::fs::read_link(folder) {
            Ok(target) => command.arg("--symlink").arg(target).arg(folder),
            Err(_) => command.args(["--ro-bind-try", folder, folder]),
        };
    }
    let prefix = &plan.interpreter.prefix;
    if prefix != Path::new("/usr") {
        command.arg("--ro-bind").arg(prefix).arg(prefix);
    }
    for (name, path) in &plan.interpreter.paths {
        command.arg("--ro-bind").arg(path).arg(Path::new("/packages").join(name));
    }
    for path in &plan.read {
        command.arg("--ro-bind").arg(path).arg(path);
    }
    command.args(["--proc", "/proc", "--dev", "/dev", "--remount-ro", "/dev", "--tmpfs", "/tmp"]);
    command.args(["--remount-ro", "/", "--chdir", "/tmp"]);
    for (name, value) in
        [("PATH", "/usr/bin:/bin"), ("LANG", "C.UTF-8"), ("HOME", "/tmp"), ("TMPDIR", "/tmp")]
    {
        command.args(["--setenv", name, value]);
    }
    // Libraries of numbers start threads of their own where they may: a run has one processor.
    for name in ["OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"] {
        command.args(["--setenv", name, "1"]);
    }
    command.args(["--setenv", "PYTHONHASHSEED", &seed.to_string()]);
    command.arg(&plan.interpreter.executable).args(["-s", "-S", "-B", "-c", BOOT]);
}

fn task(program: &Program, limits: &Limits) -> Value {
    let limits = json!({
        "wall": limits.wall.as_secs_f64(), "cpu": limits.cpu.as_secs().max(1), "memory": limits.memory,
        "scratch": limits.scratch, "processes": limits.processes, "output": limits.output,
    });
    match &program.task {
        Task::Tests { solution, tests, process } => json!({
            "task": "tests", "solution": solution, "tests": tests, "apart": *process == Process::Separate,
            "limits": limits,
        }),
        Task::Mutants { solution, most } => {
            json!({ "task": "mutants", "solution": solution, "most": most, "limits": limits })
        }
        Task::Command(command) => json!({
            "task": "command", "argv": command.argv, "input": command.input, "limits": limits,
            "files": command.files.iter().map(|(path, bytes)| (path, as_text(bytes))).collect::<BTreeMap<_, _>>(),
        }),
        Task::Trusted { program, input } => {
            json!({ "task": "trusted", "program": program, "input": input, "limits": limits })
        }
    }
}

fn read_frame(from: &mut impl Read) -> io::Result<Vec<u8>> {
    let mut size = [0; 4];
    from.read_exact(&mut size)?;
    let size = u32::from_le_bytes(size);
    if size > MOST_REPLY_BYTES {
        return Err(io::Error::other(format!("a reply of {size} bytes")));
    }
    let mut data = vec![0; size as usize];
    from.read_exact(&mut data)?;
    Ok(data)
}

/// Reads to the end, and keeps the last of it.
fn tail(from: &mut impl Read) -> String {
    let mut kept = Vec::new();
    let mut part = [0; COMPLAINT_BYTES];
    while let Ok(size @ 1..) = from.read(&mut part) {
        kept.extend_from_slice(&part[..size]);
        let more = kept.len().saturating_sub(COMPLAINT_BYTES);
        kept.drain(..more);
    }
    String::from_utf8_lossy(&kept).into_owned()
}

/// Returns bytes as a text of so many characters, which any JSON carries.
fn as_text(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| char::from(*byte)).collect()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
