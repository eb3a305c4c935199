//! Builds, and what is said of them.

use std::io::Read;
use std::process::Stdio;

use crate::support::{Folder, files_below};

#[test]
fn the_scaffold_builds_and_builds_again() {
    let folder = Folder::scaffold();
    let first = folder.run(&["build", "--json"]).ok().json();
    assert_eq!(first["documents"]["total"], 3);
    assert_eq!(first["version"], 1);
    let tiers = &first["tiers"];
    assert!(tiers["T0"]["samples"].as_u64() >= Some(3), "{first}");
    assert!(tiers["T2"]["samples"].as_u64() >= Some(3), "{first}");
    let published = files_below(&folder.path("workspace/dataset"));
    let again = folder.run(&["build", "flow.toml", "--json"]).ok().json();
    assert_eq!(again["snapshot"], first["snapshot"]);
    assert_eq!((&again["documents"]["changed"], &again["shards"]["written"]), (&0.into(), &0.into()));
    assert_eq!(files_below(&folder.path("workspace/dataset")), published);
}

#[test]
fn one_changed_page_is_one_changed_document() {
    let folder = Folder::scaffold();
    folder.run(&["build", "-q"]).ok();
    folder.write(
        "pages/panning.md",
        &folder.read("pages/panning.md").replace("quartz sand", "plain quartz sand"),
    );
    let report = folder.run(&["build", ".", "--json", "--workers", "2"]).ok().json();
    let documents = &report["documents"];
    assert_eq!((&documents["changed"], &documents["added"]), (&1.into(), &0.into()), "{report}");
    assert_ne!(report["samples"]["added"], 0);
    let status = folder.run(&["status", "--json"]).ok().json();
    assert_eq!(status["snapshot"], report["snapshot"]);
    let text = folder.run(&["status", "file:./workspace"]).ok().stdout();
    assert!(text.contains("version 2: ") && text.contains("T0 "), "{text}");
}

#[test]
fn a_workspace_may_lie_elsewhere() {
    let folder = Folder::scaffold();
    folder.run(&["build", "--workspace", "file:./elsewhere", "--quiet"]).ok();
    assert!(folder.path("elsewhere/dataset/snapshot.json").is_file());
    assert!(!folder.path("workspace").exists());
    folder.run(&["status"]).exits(1);
    folder.run(&["status", "--workspace", "file:./elsewhere"]).ok();
}

#[test]
fn progress_goes_to_stderr_and_nowhere_when_quiet() {
    let folder = Folder::scaffold();
    let loud = folder.run(&["build", "--json"]).ok();
    assert!(loud.stderr().contains("listing pages"), "{}", loud.stderr());
    loud.json();
    let quiet = folder.run(&["build", "--rebuild", "--json", "--quiet"]).ok();
    assert_eq!(quiet.stderr(), "");
    assert_eq!(quiet.json()["snapshot"], loud.json()["snapshot"]);
}

#[test]
fn a_recipe_below_the_floor_is_refused_with_the_numbers() {
    let folder = Folder::scaffold();
    let flow = folder.read("flow.toml").replace("T0 = [0.34, 1.0], T2 = [0.0, 0.66]", "T0 = 0.1, T2 = 0.9");
    folder.write("flow.toml", &flow);
    let refused = folder.run(&["build", "--json"]).exits(5);
    assert_eq!(refused.json()["error"]["kind"], "refused");
    assert!(refused.stderr().contains("min_anchor = 0.3"), "{}", refused.stderr());
    assert!(!folder.path("workspace/dataset").exists());
}

#[test]
fn check_finds_a_flipped_byte_and_gc_says_what_it_would_do() {
    let folder = Folder::scaffold();
    folder.run(&["build", "-q"]).ok();
    assert_eq!(folder.run(&["check", "--json"]).ok().json()["problems"], serde_json::json!([]));
    let before = files_below(&folder.path("workspace"));
    folder.run(&["gc", "--dry-run", "--json"]).ok().json();
    assert_eq!(files_below(&folder.path("workspace")), before);
    folder.run(&["gc"]).ok();
    let data = files_below(&folder.path("workspace/data")).remove(0);
    let mut bytes = std::fs::read(&data).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&data, bytes).unwrap();
    let found = folder.run(&["check", "--json"]).exits(1);
    assert!(found.stdout().contains("problems"), "{}", found.stdout());
}

#[test]
fn a_closed_stdout_is_no_failure() {
    let folder = Folder::scaffold();
    folder.run(&["build", "-q"]).ok();
    for verb in ["status", "build", "check"] {
        let mut child =
            folder.command(&[verb]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        drop(child.stdout.take());
        let mut said = String::new();
        child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
        assert_eq!(child.wait().unwrap().code(), Some(0), "{verb}: {said}");
        assert!(!said.contains("panicked"), "{verb}: {said}");
    }
}

#[test]
fn a_new_folder_is_never_made_over_another() {
    let folder = Folder::scaffold();
    let before = folder.read("flow.toml");
    let refused = folder.run(&["new", "."]).exits(2);
    assert!(refused.stderr().contains("is not empty"), "{}", refused.stderr());
    assert_eq!(folder.read("flow.toml"), before);
    let made = folder.run(&["new", "deep/inside", "--json"]).ok().json();
    assert_eq!(made["files"][0], "flow.toml");
    folder.run(&["build", "deep/inside", "-q"]).ok();
}
