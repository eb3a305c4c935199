//! Stories and rows.

use serde_json::Value;

use crate::support::{Folder, Ran};

fn lines(ran: &Ran) -> Vec<Value> {
    ran.stdout().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn rows_are_one_line_of_json_each() {
    let folder = Folder::scaffold();
    let report = folder.run(&["build", "--json", "-q"]).ok().json();
    let kept = lines(&folder.run(&["rows", "--status", "kept"]).ok());
    assert_eq!(Some(kept.len() as u64), report["samples"]["total"].as_u64());
    for row in &kept {
        assert_eq!(row["status"], "kept");
        for key in ["id", "documents", "stage", "reason", "by", "by_documents", "similarity"] {
            assert!(row.get(key).is_some(), "{key}: {row}");
        }
    }
    let two = lines(&folder.run(&["rows", "flow.toml", "--fields", "prompt,text", "--limit", "2"]).ok());
    assert_eq!(two.len(), 2);
    assert!(two.iter().all(|row| row["prompt"].is_string() != row["text"].is_string()), "{two:?}");
    folder.write("pages/broken.md", "");
    std::fs::write(folder.path("pages/broken.md"), [0xff, 0xfe, 0x00]).unwrap();
    folder.run(&["build", "-q"]).ok();
    let broken = lines(&folder.run(&["rows", "--status", "broken"]).ok());
    assert_eq!(broken.len(), 1, "{broken:?}");
    assert!(broken[0]["reason"].is_string());
}

#[test]
fn a_row_a_document_and_a_text_have_stories_and_nothing_has_none() {
    let folder = Folder::scaffold();
    folder.run(&["build", "-q"]).ok();
    let row = &lines(&folder.run(&["rows", "--fields", "prompt", "--stage", "main"]).ok())[1];
    let id = row["id"].as_str().unwrap();
    let story = folder.run(&["explain", id, "--json"]).ok().json();
    assert_eq!((&story["status"], &story["id"]), (&"kept".into(), &row["id"]));
    assert!(folder.path(&format!("workspace/dataset/{}", story["shard"].as_str().unwrap())).is_file());
    let document = folder.run(&["explain", ".", "panning.md", "--json"]).ok().json();
    assert_eq!(document["documents"][0]["id"], "panning.md");
    assert!(document["others"].as_array().unwrap().len() > 2, "{document}");
    let text = folder.run(&["explain", "nineteen times as dense", "--json"]).ok().json();
    assert_eq!(text["status"], "kept");
    let nothing = folder.run(&["explain", "flow.toml", "never said", "--json"]).ok().json();
    assert_eq!(nothing["status"], "unknown");
    assert!(folder.run(&["explain", "never said"]).ok().stdout().contains("nothing is known"));
    assert!(folder.run(&["explain", id]).ok().stdout().contains(id));
}

#[test]
fn a_workspace_keeps_its_flow() {
    let folder = Folder::scaffold();
    folder.run(&["build", "-q"]).ok();
    std::fs::remove_file(folder.path("flow.toml")).unwrap();
    let of_url = lines(&folder.run(&["rows", "file:./workspace", "--status", "kept"]).ok());
    assert!(of_url.len() > 6);
    folder.run(&["status", "file:./workspace"]).ok();
    folder.run(&["gc", "file:./workspace", "--dry-run"]).ok();
}

#[test]
fn versions_are_listed_and_compared() {
    let folder = Folder::scaffold();
    assert!(folder.run(&["log"]).ok().stdout().contains("nothing is published yet"));
    folder.run(&["build", "-q"]).ok();
    std::fs::remove_file(folder.path("pages/panning.md")).unwrap();
    let report = folder.run(&["build", "-q", "--json"]).ok().json();
    let log = lines(&folder.run(&["log", "--json"]).ok());
    let versions: Vec<_> = log.iter().map(|entry| entry["version"].as_u64()).collect();
    assert_eq!(versions, [Some(2), Some(1)]);
    assert_eq!(log[0]["snapshot"], report["snapshot"]);
    assert!(folder.run(&["log"]).ok().stdout().lines().next().unwrap().ends_with("published"));
    let diff = folder.run(&["diff", "1", "2", "--json"]).ok().json();
    assert_eq!((&diff["added"], &diff["removed"]), (&0.into(), &report["samples"]["removed"]));
    let digest = log[1]["snapshot"].as_str().unwrap();
    let back = folder.run(&["diff", "flow.toml", "2", &digest[..12], "--json"]).ok().json();
    assert_eq!(back["added"], diff["removed"]);
    assert!(!folder.run(&["diff", ".", "1", "2"]).ok().stdout().is_empty());
    folder.run(&["diff", "1", "7"]).exits(2);
}
