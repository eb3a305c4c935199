//! Commands that are installed here, run on what nobody trusts: what they print comes out, and nothing else.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use rifflebox_sandbox::{
    Bubblewrap, BubblewrapSettings, Command, End, Layer, Limits, Outcome, Program, Ran, Task,
};

use super::{SANDBOX, run};

fn limits() -> Limits {
    Limits { wall: Duration::from_secs(3), cpu: Duration::from_secs(1), ..Limits::default() }
}

fn command(argv: &[&str]) -> Command {
    Command { argv: argv.iter().map(|word| (*word).to_owned()).collect(), ..Command::default() }
}

fn in_sandbox(command: Command) -> Outcome {
    run(&SANDBOX, Program { task: Task::Command(command), seed: Bubblewrap::SEED }, limits())
}

/// Runs a line of a shell; returns how it ended, and what it printed.
fn shell(line: &str) -> (Ran, String) {
    let outcome = in_sandbox(command(&["sh", "-c", line]));
    assert!(outcome.layers.is_complete(), "{}", outcome.layers);
    match outcome.end {
        End::Ran(ran) => (ran, outcome.output),
        other => panic!("`{line}`: {other:?}"),
    }
}

/// Runs a program of Python, as a command.
fn python(program: &str) -> String {
    let outcome = in_sandbox(command(&["python3", "-c", program]));
    match outcome.end {
        End::Ran(Ran { status: Some(0), .. }) => outcome.output.trim().to_owned(),
        other => panic!("{program}: {other:?}"),
    }
}

#[test]
fn a_command_reads_its_input_and_files_and_says_how_it_ends() {
    let mut asked = command(&["sh", "-c", "cat; cat sub/a; echo no >&2; exit 7"]);
    asked.input = "héllo\n".to_owned();
    asked.files = BTreeMap::from([("sub/a".to_owned(), b"\xff\x00b".to_vec())]);
    let outcome = in_sandbox(asked);
    assert_eq!(outcome.output, "héllo\n\u{fffd}\0b");
    let ran = Ran { status: Some(7), errors: "no\n".to_owned(), ..Ran::default() };
    assert_eq!(outcome.end, End::Ran(ran));
    assert_eq!(outcome.layers.0.len(), Layer::ALL.len());
    assert_eq!(shell("kill -11 $$").0.signal, 11);
    let End::Ran(ran) = in_sandbox(command(&["no-such-command"])).end else { panic!("it is not run") };
    assert!(ran.missing.is_some_and(|why| why.contains("No such file")), "it says that there is none");
}

#[test]
fn every_run_begins_in_an_empty_folder_and_without_an_environment() {
    for _ in 0..2 {
        assert_eq!(shell("ls -A /tmp; pwd; echo kept > kept; cat kept").1, "/tmp\nkept\n");
    }
    let (_, environment) = shell("/usr/bin/env | sort");
    assert_eq!(environment, "HOME=/tmp\nLANG=C.UTF-8\nPATH=/usr/bin:/bin\nPWD=/tmp\nTMPDIR=/tmp\n");
}

#[test]
fn nothing_of_the_host_is_seen_or_reached() {
    for path in ["/", "/etc/passwd", "/root", "/home", "/proc/self", "/proc/1", "/sys", "/var", "/run"] {
        assert_ne!(shell(&format!("ls {path}")).0.status, Some(0), "{path} is there");
    }
    for line in
        ["echo > /usr/bin/x", "echo > /x", "echo > /dev/x", "cp /bin/true t && ./t", "mkdir /usr/lib/x"]
    {
        assert_ne!(shell(line).0.status, Some(0), "`{line}` works");
    }
    assert_eq!(python("import os; print(os.getuid(), os.uname().nodename)"), "65534 sandbox");
    let reach =
        "import socket\ntry: socket.create_connection(('127.0.0.1', 1))\nexcept OSError as e: print(e.errno)";
    assert_eq!(python(reach), "38");
}

#[test]
fn dangerous_system_calls_are_unknown() {
    let numbers = match std::env::consts::ARCH {
        // add_key, request_key, keyctl, ptrace, mount, umount2, bpf, userfaultfd, perf_event_open, io_uring_setup,
        // process_vm_readv, unshare, setns, init_module, kexec_load, pidfd_open, clone3.
        "x86_64" => "248,249,250,101,165,166,321,323,298,425,310,272,308,175,246,434,435",
        _ => "217,218,219,117,40,39,280,282,241,425,270,97,268,105,104,434,435",
    };
    let program = format!(
        "import ctypes\nl = ctypes.CDLL(None, use_errno=True)\nfor n in [{numbers}]:\n r = l.syscall(n, 0, 0, 0, 0, 0)\n \
         if r != -1 or ctypes.get_errno() != 38: print(n, r, ctypes.get_errno())\nprint('done')"
    );
    assert_eq!(python(&program), "done");
}

#[test]
fn limits_hold_commands() {
    let end = |line: &str| in_sandbox(command(&["sh", "-c", line])).end;
    assert_eq!(end("sleep 60"), End::TooSlow);
    assert_eq!(end("yes"), End::Flooded);
    assert_eq!(end("yes >&2"), End::Flooded);
    let spin = Program { task: Task::Command(command(&["python3", "-c", "while True: pass"])), seed: 1 };
    // A busy machine gives a second of a processor in many.
    let spin = run(&SANDBOX, spin, Limits { wall: Duration::from_secs(60), ..limits() });
    assert!(matches!(spin.end, End::Ran(Ran { signal: 24, .. })), "{:?}", spin.end);
    assert_ne!(shell("head -c 100000000 /dev/zero > big").0.status, Some(0));
    let many = "import os, time\nn = 0\ntry:\n while True:\n  if os.fork() == 0: time.sleep(60)\n  n += 1\nexcept OSError: print(n < 16)";
    assert_eq!(python(many), "True");
    let large = "try: bytearray(1 << 30)\nexcept MemoryError: print('none')";
    assert_eq!(python(large), "none");
}

#[test]
fn what_a_command_leaves_behind_ends_with_it() {
    let begun = Instant::now();
    let (ran, output) = shell("setsid sleep 60 & echo begun");
    assert_eq!((ran.status, output.as_str()), (Some(0), "begun\n"));
    assert!(begun.elapsed() < Duration::from_secs(2), "it was waited for");
    // One that kills all that it can reach ends itself alone.
    assert!(matches!(in_sandbox(command(&["python3", "-c", "import os; os.kill(-1, 9)"])).end, End::Ran(_)));
    assert_eq!(shell("echo well").1, "well\n");
}

#[test]
fn what_is_read_besides_is_named_and_nothing_else_is_seen() {
    let start = |read: &str| {
        let settings = BubblewrapSettings { read: vec![read.into()], width: Some(1), ..Default::default() };
        Bubblewrap::start(&settings)
    };
    let sandbox = start("/usr/share/doc").unwrap_or_else(|error| panic!("{error}"));
    let look = command(&["sh", "-c", "ls /usr/share || ls /usr/share/doc | head -n 1 | wc -l"]);
    let outcome = run(&sandbox, Program { task: Task::Command(look), seed: 1 }, limits());
    assert_eq!(outcome.output, "1\n");
    for (read, why) in [
        ("/", "name a folder of an installation, and no more"),
        ("/proc/1", "name a folder of an installation, and no more"),
        ("share", "which is no absolute path"),
        ("/usr/nowhere", "No such file"),
    ] {
        let refused = start(read).map(|_| "a sandbox").expect_err("it is refused");
        assert!(refused.chain().contains(why), "{}", refused.chain());
    }
}
