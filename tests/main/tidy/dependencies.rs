//! Dependencies have licences that `deny.toml` allows, and come from where it says.

use std::collections::BTreeSet;
use std::process::Command;

use serde_json::Value;

use super::{assert_none, read, root};

const CRATES_IO: &str = "registry+https://github.com/rust-lang/crates.io-index";

/// Returns what cargo says of all packages that this machine builds, with all features; nothing is downloaded.
fn metadata() -> Value {
    let host = Command::new("rustc").arg("-vV").output().expect("a compiler built this");
    let host = String::from_utf8(host.stdout).expect("it speaks UTF-8");
    let host = host.lines().find_map(|line| line.strip_prefix("host: ")).expect("it says its host");
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut metadata = Command::new(cargo);
    metadata.args(["metadata", "--format-version", "1", "--locked", "--offline", "--all-features"]);
    let said = metadata.args(["--filter-platform", host]).current_dir(root()).output().expect("cargo runs");
    assert!(said.status.success(), "{}", String::from_utf8_lossy(&said.stderr));
    serde_json::from_slice(&said.stdout).expect("cargo prints JSON")
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().unwrap_or_default()
}

fn list<'a>(value: &'a Value, key: &str) -> &'a [Value] {
    value[key].as_array().expect("cargo's metadata has this list")
}

fn deny() -> toml::Table {
    read("deny.toml").parse().expect("deny.toml is TOML")
}

#[test]
fn every_dependency_has_an_allowed_licence() {
    let deny = deny();
    let allow = deny["licenses"]["allow"].as_array().expect("licences are listed");
    let allow: BTreeSet<&str> = allow.iter().filter_map(toml::Value::as_str).collect();
    let metadata = metadata();
    let built: BTreeSet<&str> =
        list(&metadata["resolve"], "nodes").iter().map(|node| text(node, "id")).collect();
    assert!(built.len() > 100, "cargo names the dependencies");
    let mut breaches = Vec::new();
    for package in list(&metadata, "packages").iter().filter(|package| built.contains(text(package, "id"))) {
        if !Licence::of(text(package, "license")).suits(&allow) {
            let (name, version) = (text(package, "name"), text(package, "version"));
            breaches.push(format!("{name} {version}: `{}`", text(package, "license")));
        }
    }
    assert_none("a licence is not among those that deny.toml allows", &breaches);
}

#[test]
fn dependencies_come_from_the_one_registry() {
    let deny = deny();
    for key in ["unknown-registry", "unknown-git"] {
        assert_eq!(deny["sources"][key].as_str(), Some("deny"), "{key}");
    }
    let lock: toml::Table = read("Cargo.lock").parse().expect("Cargo.lock is TOML");
    let packages = lock["package"].as_array().expect("packages are locked");
    let strange = |package: &toml::Value| {
        let source = package.get("source")?.as_str()?;
        (source != CRATES_IO).then(|| format!("{}: {source}", package["name"]))
    };
    assert_none("a package comes from elsewhere", &packages.iter().filter_map(strange).collect::<Vec<_>>());
}

#[test]
fn no_dependency_takes_any_version() {
    assert_eq!(deny()["bans"]["wildcards"].as_str(), Some("deny"));
    let manifest: toml::Table = read("Cargo.toml").parse().expect("Cargo.toml is TOML");
    let shared = manifest["workspace"]["dependencies"].as_table().expect("dependencies are shared");
    let wild = shared.iter().filter(|(_, wanted)| {
        let version = wanted.as_str().or_else(|| wanted.get("version")?.as_str());
        version.map_or(wanted.get("path").is_none(), |version| version.contains('*'))
    });
    let breaches: Vec<String> = wild.map(|(name, wanted)| format!("{name} = {wanted}")).collect();
    assert_none("a dependency takes any version", &breaches);
}

/// An SPDX expression, word by word: `OR` binds less than `AND`, `WITH` most; an old `/` is an `OR`.
struct Licence<'a> {
    words: std::iter::Peekable<std::vec::IntoIter<&'a str>>,
}

impl<'a> Licence<'a> {
    fn of(expression: &'a str) -> Self {
        let parts = expression.split_inclusive(['(', ')', '/', ' ']);
        let parts = parts.flat_map(|part| match part.char_indices().next_back() {
            Some((at, '(' | ')' | '/' | ' ')) => vec![&part[..at], &part[at..]],
            _ => vec![part],
        });
        let words: Vec<&str> = parts.map(str::trim).filter(|word| !word.is_empty()).collect();
        Licence { words: words.into_iter().peekable() }
    }

    /// Returns whether the allowed licences satisfy the expression.
    fn suits(mut self, allow: &BTreeSet<&str>) -> bool {
        self.any(allow) && self.words.next().is_none()
    }

    fn any(&mut self, allow: &BTreeSet<&str>) -> bool {
        let mut allowed = self.all(allow);
        while self.words.next_if(|word| matches!(*word, "OR" | "/")).is_some() {
            allowed |= self.all(allow);
        }
        allowed
    }

    fn all(&mut self, allow: &BTreeSet<&str>) -> bool {
        let mut allowed = self.one(allow);
        while self.words.next_if_eq(&"AND").is_some() {
            allowed &= self.one(allow);
        }
        allowed
    }

    fn one(&mut self, allow: &BTreeSet<&str>) -> bool {
        match self.words.next() {
            Some("(") => self.any(allow) & self.words.next_if_eq(&")").is_some(),
            Some(name) => match self.words.next_if_eq(&"WITH").and_then(|_| self.words.next()) {
                Some(exception) => allow.contains(format!("{name} WITH {exception}").as_str()),
                None => allow.contains(name),
            },
            None => false,
        }
    }
}

#[test]
fn expressions_of_licences_are_read_as_they_bind() {
    let allow = BTreeSet::from(["MIT", "ISC", "Apache-2.0 WITH LLVM-exception"]);
    let allowed = |expression| Licence::of(expression).suits(&allow);
    for expression in [
        "MIT",
        "GPL-3.0 OR MIT",
        "Apache-2.0/MIT",
        "MIT AND (GPL-3.0 OR ISC)",
        "GPL-3.0 OR MIT AND ISC",
        "Apache-2.0 WITH LLVM-exception OR GPL-3.0",
    ] {
        assert!(allowed(expression), "{expression}");
    }
    for expression in [
        "",
        "GPL-3.0",
        "MIT AND GPL-3.0",
        "(MIT OR ISC) AND GPL-3.0",
        "Apache-2.0",
        "MIT GPL-3.0",
        "(MIT",
        "MIT WITH LLVM-exception",
    ] {
        assert!(!allowed(expression), "{expression}");
    }
}
