//! The front page keeps its promises.

use super::{assert_none, read};

/// Returns the fenced blocks of a language, in order.
fn blocks(page: &str, language: &str) -> Vec<String> {
    let mut blocks = Vec::new();
    let mut lines = page.lines();
    while let Some(line) = lines.next() {
        if let Some(found) = line.strip_prefix("```") {
            let body: Vec<&str> = lines.by_ref().take_while(|line| *line != "```").collect();
            if found == language {
                blocks.push(body.join("\n"));
            }
        }
    }
    blocks
}

#[test]
fn the_first_two_commands_build_and_test() {
    let shell = blocks(&read("README.md"), "sh");
    assert!(shell.len() >= 2, "README.md has {} sh blocks", shell.len());
    assert_eq!(shell[0], "cargo run --release -p rifflebox-cli -- build examples/handbook/flow.toml");
    assert_eq!(shell[1], "bash tests/run");
}

#[test]
fn programs_of_the_pages_are_examples_that_run() {
    let examples = super::files("examples", ".rs");
    let mut breaches = Vec::new();
    for page in ["README.md", "docs/writing-an-operator.md"] {
        let programs = blocks(&read(page), "rust");
        assert!(!programs.is_empty(), "{page} shows no program");
        for program in programs {
            if !examples.iter().any(|example| example.text.contains(program.trim_end())) {
                breaches.push(format!("{page}: {}", program.lines().next().unwrap_or_default()));
            }
        }
    }
    assert_none("no file of examples/ holds the program that begins so, word for word", &breaches);
}

#[test]
fn links_lead_somewhere() {
    let mut breaches = Vec::new();
    let mut pages = vec!["README.md".to_owned(), "CHANGELOG.md".to_owned()];
    pages.extend(super::files("docs", ".md").into_iter().map(|file| file.path));
    for page in pages {
        let folder = page.rsplit_once('/').map_or("", |(folder, _)| folder);
        for link in
            read(&page).split("](").skip(1).filter_map(|rest| rest.split(')').next().map(str::to_owned))
        {
            let target = link.split('#').next().unwrap_or_default();
            let local = !target.is_empty() && !target.contains("://");
            if local && !super::root().join(folder).join(target).exists() {
                breaches.push(format!("{page}: {link}"));
            }
        }
    }
    assert_none("a link leads nowhere", &breaches);
}
