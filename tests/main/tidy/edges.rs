//! Which crate may depend on which.

use std::collections::{BTreeMap, BTreeSet};

use super::{assert_none, files, rust};

const OPERATORS: [&str; 9] = [
    "rifflebox-sources",
    "rifflebox-generate",
    "rifflebox-verify",
    "rifflebox-physics",
    "rifflebox-teach",
    "rifflebox-dedup",
    "rifflebox-retrieve",
    "rifflebox-mix",
    "rifflebox-publish",
];

/// For each crate the crates that it may depend on; an edge points upward in this list, and never from operator to
/// operator.
const EDGES: [(&str, &[&str]); 21] = [
    ("rifflebox-core", &[]),
    ("rifflebox-process", &["rifflebox-core"]),
    // It ends what it starts, as programs are ended.
    ("rifflebox-sandbox", &["rifflebox-core", "rifflebox-process"]),
    ("rifflebox-template", &["rifflebox-core"]),
    ("rifflebox-redact", &["rifflebox-core"]),
    ("rifflebox-schema", &[]),
    // Answers are held to schemas.
    ("rifflebox-model", &["rifflebox-core", "rifflebox-schema"]),
    ("rifflebox-storage", &["rifflebox-core"]),
    ("rifflebox-dataflow", &["rifflebox-core", "rifflebox-storage"]),
    ("rifflebox-testkit", &["rifflebox-core", "rifflebox-storage", "rifflebox-dataflow"]),
    // Files lie in folders and in object stores, rows are redacted before they have an id, and nobody trusts a PDF.
    ("rifflebox-sources", &["rifflebox-core", "rifflebox-redact", "rifflebox-sandbox", "rifflebox-storage"]),
    // The `command` operators ask programs.
    ("rifflebox-generate", &["rifflebox-core", "rifflebox-process", "rifflebox-sandbox"]),
    // Programs are asked, and judged apart; texts are held to schemas, and looked through for personal data.
    (
        "rifflebox-verify",
        &[
            "rifflebox-core",
            "rifflebox-process",
            "rifflebox-redact",
            "rifflebox-sandbox",
            "rifflebox-schema",
            "rifflebox-template",
        ],
    ),
    // A simulation is a heavy dependency.
    ("rifflebox-physics", &["rifflebox-core", "rifflebox-template"]),
    // Models answer, and prompts are templates.
    ("rifflebox-teach", &["rifflebox-core", "rifflebox-model", "rifflebox-template"]),
    // These are graphs.
    ("rifflebox-dedup", &["rifflebox-core", "rifflebox-dataflow"]),
    // Its index of passages is arrangements.
    ("rifflebox-retrieve", &["rifflebox-core", "rifflebox-dataflow"]),
    ("rifflebox-mix", &["rifflebox-core", "rifflebox-dataflow"]),
    ("rifflebox-publish", &["rifflebox-core", "rifflebox-storage"]),
    (
        "rifflebox",
        &[
            "rifflebox-core",
            "rifflebox-redact",
            "rifflebox-model",
            "rifflebox-storage",
            "rifflebox-dataflow",
            "rifflebox-sources",
            "rifflebox-generate",
            "rifflebox-verify",
            "rifflebox-physics",
            "rifflebox-teach",
            "rifflebox-dedup",
            "rifflebox-retrieve",
            "rifflebox-mix",
            "rifflebox-publish",
        ],
    ),
    (
        "rifflebox-cli",
        &[
            "rifflebox",
            "rifflebox-core",
            "rifflebox-process",
            "rifflebox-model",
            "rifflebox-storage",
            "rifflebox-dataflow",
            "rifflebox-sources",
            "rifflebox-generate",
            "rifflebox-verify",
            "rifflebox-physics",
            "rifflebox-teach",
            "rifflebox-dedup",
            "rifflebox-retrieve",
            "rifflebox-mix",
            "rifflebox-publish",
        ],
    ),
];

/// Edges that tests alone may have, beside those to the testkit.
const TEST_EDGES: [(&str, &str); 2] = [
    // Programs that are run are counted at the sandbox's door.
    ("rifflebox", "rifflebox-sandbox"),
    // Faults are planted in real questions.
    ("rifflebox-verify", "rifflebox-generate"),
];

/// A dependency that one crate alone may name, and that crate.
const NAMED_ONCE: [(&str, &str); 3] = [
    ("timely", "rifflebox-dataflow"),
    ("differential-dataflow", "rifflebox-dataflow"),
    ("object_store", "rifflebox-storage"),
];

struct Manifest {
    path: String,
    toml: toml::Table,
}

impl Manifest {
    fn name(&self) -> &str {
        self.toml["package"]["name"].as_str().expect("a package has a name")
    }

    /// Returns the names of dependencies, those of one target or feature too.
    fn dependencies(&self, kinds: &[&str]) -> BTreeSet<String> {
        let targets = self.toml.get("target").and_then(toml::Value::as_table);
        let targets =
            targets.into_iter().flat_map(|targets| targets.values()).filter_map(toml::Value::as_table);
        let tables = [&self.toml].into_iter().chain(targets);
        let sections = tables.flat_map(|table| kinds.iter().filter_map(|kind| table.get(*kind)?.as_table()));
        let entries = sections.flat_map(|section| section.iter());
        let named = entries.map(|(key, value)| match value.get("package").and_then(toml::Value::as_str) {
            Some(package) => package.to_owned(),
            None => key.clone(),
        });
        named.collect()
    }
}

/// Returns the manifest of each package, the root's too.
fn manifests() -> Vec<Manifest> {
    let folders = ["crates", "operators"].into_iter().flat_map(|folder| files(folder, "Cargo.toml"));
    let root = super::File { path: "Cargo.toml".to_owned(), text: super::read("Cargo.toml") };
    let parse = |file: super::File| {
        let toml = file.text.parse().unwrap_or_else(|error| panic!("{}: {error}", file.path));
        Manifest { path: file.path, toml }
    };
    folders.chain([root]).map(parse).collect()
}

#[test]
fn crates_depend_only_upward() {
    let allowed: BTreeMap<_, _> = EDGES.into_iter().collect();
    let mut breaches = Vec::new();
    let manifests = manifests();
    for manifest in &manifests {
        let Some(may) = allowed.get(manifest.name()) else {
            breaches.push(format!("{}: list `{}` in EDGES", manifest.path, manifest.name()));
            continue;
        };
        for dependency in manifest.dependencies(&["dependencies", "build-dependencies"]) {
            if dependency.starts_with("rifflebox") && !may.contains(&dependency.as_str()) {
                breaches.push(format!("{}: `{dependency}` may not be named", manifest.path));
            }
        }
    }
    assert_none("an edge of crates is not allowed; docs/architecture.md says why", &breaches);
    assert_eq!(manifests.len(), EDGES.len(), "EDGES lists a crate that is not there");
}

#[test]
fn the_list_of_edges_has_no_edge_downward_or_between_operators() {
    for (index, (name, may)) in EDGES.into_iter().enumerate() {
        for dependency in may {
            let above = EDGES[..index].iter().any(|(other, _)| other == dependency);
            assert!(above, "{name} -> {dependency} points downward");
            let both = OPERATORS.contains(&name) && OPERATORS.contains(dependency);
            assert!(!both, "{name} -> {dependency}: an operator knows no other");
        }
    }
}

#[test]
fn tests_reach_further_only_for_a_reason() {
    let allowed: BTreeMap<_, _> = EDGES.into_iter().collect();
    let mut breaches = Vec::new();
    for manifest in manifests() {
        let name = manifest.name().to_owned();
        for dependency in manifest.dependencies(&["dev-dependencies"]) {
            let listed = TEST_EDGES.contains(&(name.as_str(), dependency.as_str()));
            let upward =
                dependency == "rifflebox-testkit" || allowed[name.as_str()].contains(&dependency.as_str());
            if dependency.starts_with("rifflebox") && !listed && !upward {
                breaches.push(format!("{}: tests name `{dependency}`", manifest.path));
            }
        }
    }
    assert_none("an edge of tests is not allowed", &breaches);
}

#[test]
fn engine_and_store_are_named_by_one_crate_each() {
    let mut breaches = Vec::new();
    for manifest in manifests() {
        let named = manifest.dependencies(&["dependencies", "dev-dependencies", "build-dependencies"]);
        for (dependency, owner) in NAMED_ONCE {
            if named.contains(dependency) && manifest.name() != owner {
                breaches.push(format!("{}: only {owner} names `{dependency}`", manifest.path));
            }
        }
    }
    // Nor by a door that the owner opened.
    for file in rust() {
        for (dependency, owner) in NAMED_ONCE {
            let module = format!("{}::", dependency.replace('-', "_"));
            let folder = format!("crates/{}/", owner.trim_start_matches("rifflebox-"));
            let front = file.path == format!("{folder}src/lib.rs");
            if (front || !file.path.starts_with(&folder)) && file.product().any(|line| line.contains(&module))
            {
                breaches.push(format!("{}: names `{module}`", file.path));
            }
        }
    }
    assert_none("engine or store leak", &breaches);
}

#[test]
fn every_package_takes_the_common_lints_and_licence() {
    let mut breaches = Vec::new();
    for manifest in manifests() {
        let workspace =
            |table: &toml::Value| table.get("workspace").and_then(toml::Value::as_bool) == Some(true);
        if !manifest.toml.get("lints").is_some_and(workspace) {
            breaches.push(format!("{}: add `[lints] workspace = true`", manifest.path));
        }
        for key in ["version", "edition", "license", "rust-version", "repository"] {
            if !manifest.toml["package"].get(key).is_some_and(workspace) {
                breaches.push(format!("{}: take `{key}` from the workspace", manifest.path));
            }
        }
        for (name, value) in
            manifest.toml.get("dependencies").and_then(toml::Value::as_table).into_iter().flatten()
        {
            if !workspace(value) {
                breaches.push(format!("{}: take `{name}` from the workspace", manifest.path));
            }
        }
    }
    assert_none("packages differ", &breaches);
}

/// Lints that the house rests on: nothing outside of tests unwraps, nothing is allowed in silence.
const LINTS: [&str; 5] = ["unsafe_code", "missing_docs", "unwrap_used", "todo", "allow_attributes"];

#[test]
fn the_common_lints_are_on() {
    let root: toml::Table = super::read("Cargo.toml").parse().unwrap();
    let lints = &root["workspace"]["lints"];
    for lint in LINTS {
        let level =
            lints["rust"].get(lint).or_else(|| lints["clippy"].get(lint)).and_then(toml::Value::as_str);
        assert!(matches!(level, Some("warn" | "deny" | "forbid")), "`{lint}` is {level:?} in Cargo.toml");
    }
}
