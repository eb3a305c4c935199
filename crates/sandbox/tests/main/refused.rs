//! What is missing is told, with its cure; and what dies is replaced.

use std::collections::BTreeSet;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::{Duration, Instant};

use rifflebox_core::ErrorKind;
use rifflebox_sandbox::{Bubblewrap, BubblewrapSettings, Layer, Limits, Process, Sandbox};

use super::{run, tests, word};

fn refusal(settings: BubblewrapSettings) -> String {
    let error = Bubblewrap::start(&settings).map(|_| "a sandbox").expect_err("it is refused");
    assert_eq!(error.kind(), ErrorKind::Usage);
    error.to_string()
}

/// Says what a machine says on which bubblewrap fails so.
fn refusal_where_bubblewrap(says: &str) -> String {
    let folder = tempfile::tempdir().expect("there is room");
    let path = folder.path().join("bwrap");
    std::fs::write(&path, format!("#!/bin/sh\necho '{says}' >&2\nexit 1\n")).expect("there is room");
    for open in [folder.path(), &path] {
        std::fs::set_permissions(open, std::fs::Permissions::from_mode(0o755)).expect("it is ours");
    }
    refusal(BubblewrapSettings { bubblewrap: path.to_str().map(str::to_owned), ..Default::default() })
}

#[test]
fn what_is_missing_is_named_with_its_cure() {
    let absent =
        refusal(BubblewrapSettings { bubblewrap: Some("/nowhere/bwrap".into()), ..Default::default() });
    assert!(absent.contains("install bubblewrap (Debian: `apt-get install bubblewrap`)"), "{absent}");
    let forbidden =
        refusal_where_bubblewrap("bwrap: No permissions to create new namespace, likely because the kernel");
    assert!(forbidden.contains("the layer `user` is missing"), "{forbidden}");
    assert!(forbidden.contains("kernel.unprivileged_userns_clone=1"), "{forbidden}");
    let other = refusal_where_bubblewrap("bwrap: Unknown option --unshare-all");
    assert!(other.ends_with("bwrap: Unknown option --unshare-all"), "{other}");

    let python =
        refusal(BubblewrapSettings { python: Some("/nowhere/python3".into()), ..Default::default() });
    assert!(python.starts_with("cannot start `/nowhere/python3`"), "{python}");
    assert!(python.contains("set `python`"), "{python}");
    let package =
        refusal(BubblewrapSettings { packages: vec!["no-such-package".into()], ..Default::default() });
    assert!(package.contains("the package `no-such-package` is not installed for"), "{package}");
    let layer = refusal(BubblewrapSettings { without: vec![Layer::Pid], ..Default::default() });
    assert_eq!(layer, "`without` may name `landlock` and `seccomp`, not `pid`");
    for layer in Layer::ALL {
        assert!(!layer.cure().is_empty());
        assert_eq!(Layer::named(layer.name()), Some(layer));
    }
}

/// Makes a virtual environment with two packages of one line each.
fn environment(folder: &Path) -> String {
    let venv = folder.join("venv");
    let mut make = std::process::Command::new("/usr/bin/python3");
    let made = make.args(["-m", "venv", "--without-pip"]).arg(&venv).status().expect("there is a Python");
    assert!(made.success());
    let lib = std::fs::read_dir(venv.join("lib"))
        .expect("it has libraries")
        .flatten()
        .next()
        .expect("of one version");
    let site = lib.path().join("site-packages");
    for (name, requires) in
        [("tiny", "Requires-Dist: helper>=1; python_version>'3'\n"), ("helper", ""), ("other", "")]
    {
        let info = site.join(format!("{name}-1.0.dist-info"));
        std::fs::create_dir_all(&info).expect("there is room");
        std::fs::write(site.join(format!("{name}.py")), "VALUE = 7\n").expect("there is room");
        let metadata = format!("Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n{requires}");
        std::fs::write(info.join("METADATA"), metadata).expect("there is room");
        std::fs::write(info.join("RECORD"), format!("{name}.py,,\n{name}-1.0.dist-info/METADATA,,\n"))
            .expect("there is room");
    }
    let value = "class Value:\n    def __eq__(self, other):\n        return other == 7\n";
    std::fs::write(site.join("helper.py"), format!("VALUE = 7\n{value}")).expect("there is room");
    std::fs::set_permissions(folder, std::fs::Permissions::from_mode(0o755)).expect("it is ours");
    venv.join("bin/python").to_str().expect("a plain path").to_owned()
}

#[test]
fn packages_are_those_that_are_named_and_what_they_require() {
    let folder = tempfile::tempdir().expect("there is room");
    let python = environment(folder.path());
    let settings = BubblewrapSettings {
        python: Some(python),
        packages: vec!["Tiny".into()],
        width: Some(1),
        ..Default::default()
    };
    let sandbox = Bubblewrap::start(&settings).unwrap_or_else(|error| panic!("{error}"));
    let packages: Vec<_> =
        sandbox.interpreter().packages.iter().map(|(name, version)| format!("{name} {version}")).collect();
    assert_eq!(packages, ["helper 1.0", "tiny 1.0"]);
    let import = |name: &str| {
        let solution = format!("import {name}\ndef f():\n    return {name}.VALUE\n");
        word(&run(&sandbox, tests(&solution, Some("assert f() == 7"), Process::Separate), Limits::default()))
            .0
    };
    assert_eq!(["tiny", "helper", "other"].map(import), ["passed", "passed", "error"]);
    // A package's own values may equal plain data; apart from their solution, tests do not take its word for that.
    let solution = "import helper\ndef f():\n    return helper.Value()\n";
    let said = [Process::Shared, Process::Separate].map(|process| {
        word(&run(&sandbox, tests(solution, Some("assert f() == 7"), process), Limits::default())).0
    });
    assert_eq!(said, ["passed", "unfit"]);
}

#[test]
fn fewer_layers_are_accepted_where_they_are_asked_for_and_told() {
    let settings = BubblewrapSettings {
        without: vec![Layer::Seccomp, Layer::Landlock],
        width: Some(1),
        ..Default::default()
    };
    let sandbox = Bubblewrap::start(&settings).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(sandbox.layers().to_string(), "without landlock, seccomp");
    let solution =
        "import socket, os\ndef f():\n    one = socket.socket()\n    return os.path.exists('/etc/passwd')\n";
    let outcome =
        run(&sandbox, tests(solution, Some("assert f() is False"), Process::Separate), Limits::default());
    assert_eq!(word(&outcome).0, "passed", "namespaces still hold: {outcome:?}");
    assert_eq!(outcome.layers, *sandbox.layers());
}

#[test]
fn a_sandbox_is_shared_by_those_that_want_the_same() {
    let settings = BubblewrapSettings { width: Some(1), renew_after: Some(77), ..Default::default() };
    let start = |settings| Bubblewrap::shared(settings).unwrap_or_else(|error| panic!("{error}"));
    let (one, other) = (start(&settings), start(&settings));
    assert!(std::sync::Arc::ptr_eq(&one, &other));
    let wider = BubblewrapSettings { width: Some(2), ..settings.clone() };
    assert!(!std::sync::Arc::ptr_eq(&one, &start(&wider)));
    let alone = std::sync::Arc::downgrade(&one);
    drop((one, other));
    assert!(alone.upgrade().is_none(), "it ends with its last user");
}

/// Returns the processes below this one, and its children's.
fn below(pid: u32) -> BTreeSet<u32> {
    let mut found = BTreeSet::new();
    let mut parents = Vec::new();
    for entry in std::fs::read_dir("/proc").expect("there is a list of processes").flatten() {
        let Ok(stat) = std::fs::read_to_string(entry.path().join("stat")) else { continue };
        let Some((number, rest)) = stat.rsplit_once(") ") else { continue };
        let fields: Vec<&str> = rest.split(' ').collect();
        if let (Ok(child), Ok(parent)) =
            (number.split(' ').next().unwrap_or_default().parse::<u32>(), fields[1].parse::<u32>())
        {
            parents.push((child, parent));
        }
    }
    let mut open = vec![pid];
    while let Some(parent) = open.pop() {
        for (child, of) in &parents {
            if *of == parent && found.insert(*child) {
                open.push(*child);
            }
        }
    }
    found
}

fn one() -> Bubblewrap {
    let settings = BubblewrapSettings { width: Some(1), ..Default::default() };
    Bubblewrap::start(&settings).unwrap_or_else(|error| panic!("{error}"))
}

/// Returns the processes that a sandbox adds below this one, while nothing else starts or ends any.
fn waits_until(holds: impl Fn() -> bool) -> bool {
    let deadline = Instant::now() + Duration::from_secs(10);
    let pause = std::sync::mpsc::channel::<()>().1;
    while !holds() {
        if Instant::now() > deadline {
            return false;
        }
        // Nothing is ever said: it waits.
        let _ = pause.recv_timeout(Duration::from_millis(20));
    }
    true
}

/// Returns the interpreters of a sandbox that were not there before it.
fn servers(before: &BTreeSet<u32>) -> BTreeSet<u32> {
    &below(std::process::id()) - before
}

/// Runs alone in its process: what it counts are processes.
#[test]
fn nothing_outlives_a_run_nor_its_sandbox() {
    if std::env::var_os("RIFFLEBOX_ALONE").is_none() {
        let this = std::env::current_exe().expect("a test is a file");
        let mut alone = std::process::Command::new(this);
        alone.args(["--exact", "refused::nothing_outlives_a_run_nor_its_sandbox", "--nocapture"]);
        let said = alone.env("RIFFLEBOX_ALONE", "1").output().expect("a test starts");
        assert!(said.status.success(), "{}", String::from_utf8_lossy(&said.stderr));
        return;
    }
    let before = below(std::process::id());
    let sandbox = one();
    let standing = servers(&before);
    assert!(!standing.is_empty());
    let daemon = "import os, time\ndef f():\n    for _ in range(3):\n        if os.fork() == 0:\n            os.setsid()\n            time.sleep(600)\n    return 1\n";
    for process in [Process::Separate, Process::Shared] {
        let outcome = run(&sandbox, tests(daemon, Some("assert f() == 1"), process), Limits::default());
        assert_eq!(word(&outcome).0, "passed", "{outcome:?}");
    }
    assert!(waits_until(|| servers(&before) == standing), "{:?} and {standing:?}", servers(&before));
    let sizes: Vec<_> = [200, 200]
        .map(|runs| {
            for _ in 0..runs {
                run(
                    &sandbox,
                    tests("def f():\n    return 1\n", Some("assert f() == 1"), Process::Separate),
                    Limits::default(),
                );
            }
            standing.iter().map(|pid| size(*pid)).collect::<Vec<_>>()
        })
        .into();
    for (early, late) in sizes[0].iter().zip(&sizes[1]) {
        assert_eq!(early.1, late.1, "open files");
        assert!(late.0 < early.0 + early.0 / 10, "pages: {} and {}", early.0, late.0);
    }
    a_server_that_is_killed_is_replaced(&sandbox, &before);
    a_run_that_nobody_waits_for_is_ended(&sandbox, &before);
    drop(sandbox);
    assert!(waits_until(|| servers(&before).is_empty()), "{:?}", servers(&before));
}

/// Returns a process's resident pages and open files.
fn size(pid: u32) -> (u64, usize) {
    let path = Path::new("/proc").join(pid.to_string());
    let statm = std::fs::read_to_string(path.join("statm")).expect("it runs");
    let files = std::fs::read_dir(path.join("fd")).map_or(0, Iterator::count);
    (statm.split(' ').nth(1).and_then(|pages| pages.parse().ok()).expect("a number of pages"), files)
}

fn a_server_that_is_killed_is_replaced(sandbox: &Bubblewrap, before: &BTreeSet<u32>) {
    let killed = servers(before);
    for pid in &killed {
        let mut kill = std::process::Command::new("kill");
        drop(kill.args(["-9", &pid.to_string()]).stderr(std::process::Stdio::null()).status());
    }
    let outcome = run(
        sandbox,
        tests("def f():\n    return 1\n", Some("assert f() == 1"), Process::Separate),
        Limits::default(),
    );
    assert_eq!(word(&outcome).0, "passed", "{outcome:?}");
    assert!(servers(before).is_disjoint(&killed));
}

fn a_run_that_nobody_waits_for_is_ended(sandbox: &Bubblewrap, before: &BTreeSet<u32>) {
    let limits = Limits { wall: Duration::from_secs(600), ..Limits::default() };
    let sleeping =
        tests("import time\ndef f():\n    time.sleep(600)\n", Some("assert f() == 1"), Process::Separate);
    let standing = servers(before).len();
    let waiting = sandbox.run(sleeping, limits);
    assert!(waits_until(|| servers(before).len() > standing), "it runs");
    drop(waiting);
    let outcome = run(
        sandbox,
        tests("def f():\n    return 1\n", Some("assert f() == 1"), Process::Separate),
        Limits::default(),
    );
    assert_eq!(word(&outcome).0, "passed", "{outcome:?}");
}
