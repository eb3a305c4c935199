//! Programs as operators, from the flow file to the dataset.

use crate::support::Folder;

/// The program that the manual shows.
fn manual() -> (String, String) {
    let manual = include_str!("../../../../docs/commands.md");
    let block = |language: &str| {
        let start = manual.find(&format!("```{language}\n")).unwrap() + language.len() + 4;
        manual[start..start + manual[start..].find("```").unwrap()].to_owned()
    };
    (block("toml"), block("python"))
}

/// A flow whose questions are judged by a program.
fn judged(judge: &str, table: &str) -> Folder {
    let folder = Folder::scaffold();
    let flow = folder.read("flow.toml");
    let flow = flow.replace("[dedup.exact]", &format!("{table}\n[dedup.exact]"));
    let flow = flow.replace("\"passages\", \"supported\"", "\"passages\", \"judge\"");
    folder.write("flow.toml", &flow.replace("[verify.supported]", "[verify.unused]\nuse = \"supported\""));
    let flow = folder.read("flow.toml");
    let start = flow.find("[verify.unused]").unwrap();
    let end = flow.find("[verify.judge]").unwrap();
    folder.write("flow.toml", &format!("{}{}", &flow[..start], &flow[end..]));
    folder.write("judge.py", judge);
    folder
}

fn flow_of_the_manual(judge: &str) -> Folder {
    let (table, _) = manual();
    judged(judge, &format!("{table}confirms = true\n"))
}

#[test]
fn the_program_of_the_manual_judges_and_is_asked_once() {
    let folder = flow_of_the_manual(&manual().1);
    let first = folder.run(&["build", "--json", "-q"]).ok().json();
    let made = first["calls"]["made"].as_u64().unwrap();
    assert!(made > 3, "{first}");
    assert!(first["tiers"]["T2"]["samples"].as_u64() > Some(3), "{first}");
    let again = folder.run(&["build", "--rebuild", "--json", "-q"]).ok().json();
    assert_eq!((&again["calls"]["made"], &again["snapshot"]), (&0.into(), &first["snapshot"]));
    // Another program is asked anew, about everything.
    folder.write("judge.py", &folder.read("judge.py").replace("< 200", "< 0"));
    let refused = folder.run(&["build", "--json", "-q"]).ok().json();
    assert_eq!(refused["calls"]["made"].as_u64(), Some(made));
    assert_eq!(refused["samples"]["rejected"].as_u64(), Some(made), "{refused}");
}

#[test]
fn a_program_that_cannot_begin_leaves_its_calls_owed_and_nothing_published() {
    let folder = flow_of_the_manual("import not_there");
    let incomplete = folder.run(&["build", "--json", "-q"]).exits(4).json();
    assert_eq!(incomplete["error"]["kind"], "incomplete");
    assert_eq!(incomplete["documents"]["total"], 3, "{incomplete}");
    assert!(!folder.path("workspace/dataset").exists());
    // The cure is not in the program's files: the calls are asked again by themselves.
    folder.write("not_there.py", &manual().1);
    let cured = folder.run(&["build", "--json", "-q"]).ok().json();
    assert!(cured["tiers"]["T2"]["samples"].as_u64() > Some(3), "{cured}");
}

#[test]
fn a_program_that_dies_of_one_item_fails_that_one_for_good() {
    let dying = manual().1.replace("    short =", "    assert 'Hopper' not in line\n    short =");
    let folder = flow_of_the_manual(&dying);
    let report = folder.run(&["build", "--json", "-q"]).ok().json();
    let failed = report["samples"]["failed"].as_u64().unwrap();
    assert!(failed > 0 && failed < report["calls"]["made"].as_u64().unwrap(), "{report}");
    let again = folder.run(&["build", "--json", "-q", "--retry-failed"]).ok().json();
    assert_eq!(again["calls"]["made"].as_u64(), Some(failed), "{again}");
}

#[cfg(unix)]
#[test]
fn an_interrupt_ends_the_command_and_its_programs_at_once() {
    let slow = "import os, sys, time\nif sys.stdin.readline():\n    open('pid', 'w').write(f'{os.getpid()}.')\n    time.sleep(1000)";
    let folder = flow_of_the_manual(slow);
    let mut child = folder.command(&["build", "-q"]).spawn().unwrap();
    let pid = loop {
        let pid = std::fs::read_to_string(folder.path("pid")).unwrap_or_default();
        if let Some(pid) = pid.strip_suffix('.') {
            break pid.to_owned();
        }
        assert!(child.try_wait().unwrap().is_none(), "the build ended by itself");
        std::thread::yield_now();
    };
    let killed = std::process::Command::new("sh").args(["-c", &format!("kill -INT {}", child.id())]).status();
    assert!(killed.unwrap().success());
    assert_eq!(child.wait().unwrap().code(), Some(130));
    let runs = || {
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        stat.rsplit(')').next().is_some_and(|rest| !rest.is_empty() && !rest.trim_start().starts_with('Z'))
    };
    while runs() {
        std::thread::yield_now();
    }
}
