//! Every operator is put through the laws.

use std::collections::BTreeSet;

use super::{assert_none, files, root};

const TRAITS: [&str; 8] =
    ["Generator", "Verifier", "AskedGenerator", "AskedVerifier", "GraphVerifier", "Purge", "Mixer", "Source"];

/// Operators that the laws leave out, each with the reason.
const LEFT_OUT: [(&str, &str); 10] = [
    ("CommandGenerator", "runs programs; tried beside it, with programs that die, lie and dawdle"),
    ("CommandVerifier", "runs programs; tried beside it, with programs that die, lie and dawdle"),
    ("PythonTests", "runs programs; tried beside it, and by the hostile ones of the sandbox"),
    ("Mutants", "runs programs; tried beside it"),
    ("Smt", "asks a solver; tried beside it, on problems that forge"),
    ("Prover", "asks a prover; tried beside it, on lemmas that hold, that do not, and cheats"),
    ("Symbolic", "asks in a sandbox; tried beside it"),
    ("Sql", "asks in a sandbox; tried beside it"),
    ("Filter", "a frame; each type that is made of it is an operator"),
    ("FileSource", "its law is the difference of two listings; tried beside it, over random histories"),
];

/// Returns the types below `operators/` that implement a trait of operators, and those that are filters.
fn operators() -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for file in files("operators", ".rs") {
        for line in file.product() {
            if let Some((filter, "Filter")) = line.strip_prefix("pub type ").and_then(alias) {
                found.insert(filter.to_owned());
            }
            let Some((head, tail)) = line.strip_prefix("impl").and_then(|rest| rest.split_once(" for "))
            else {
                continue;
            };
            let name: String = tail.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
            let implemented = head.rsplit([' ', ':', '>']).next().unwrap_or_default();
            if TRAITS.contains(&implemented) {
                found.insert(name);
            }
        }
    }
    found
}

/// Parts `NAME = FRAME<RULES>;` into its name and its frame.
fn alias(definition: &str) -> Option<(&str, &str)> {
    let (name, of) = definition.split_once(" = ")?;
    Some((name, of.split_once('<')?.0))
}

#[test]
fn every_operator_is_put_through_the_laws() {
    let operators = operators();
    for known in ["Passages", "Exact", "C4Quality"] {
        assert!(operators.contains(known), "the search does not find {known}");
    }
    let path = root().join("tests/main/laws.rs");
    let laws = std::fs::read_to_string(path).unwrap_or_default();
    let words: BTreeSet<&str> = laws.split(|c: char| !(c.is_alphanumeric() || c == '_')).collect();
    let left_out: BTreeSet<&str> = LEFT_OUT.iter().map(|(name, _)| *name).collect();
    let mut breaches = Vec::new();
    for name in &operators {
        match (words.contains(name.as_str()), left_out.contains(name.as_str())) {
            (false, false) => breaches.push(format!("{name}: name it in tests/main/laws.rs")),
            (true, true) => breaches.push(format!("{name}: the laws name it; take it out of LEFT_OUT")),
            _ => {}
        }
    }
    breaches.extend(
        left_out.iter().filter(|name| !operators.contains(**name)).map(|name| format!("{name}: gone")),
    );
    assert_none("an operator is not put through the laws", &breaches);
}
