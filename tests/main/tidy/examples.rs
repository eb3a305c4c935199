//! Every example runs in the gate.

use super::{assert_none, read, root};

/// Folders below `examples/` that others read.
const DATA: [&str; 1] = ["corpus"];

#[test]
fn every_example_is_of_a_form_that_the_gate_runs() {
    let gate = read("tests/run");
    for form in ["examples/*.rs", "examples/*/main.rs", "examples/*/flow.toml"] {
        assert!(gate.contains(form), "tests/run runs no {form}");
    }
    let mut breaches = Vec::new();
    for entry in std::fs::read_dir(root().join("examples")).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let runs =
            name.ends_with(".rs") || ["main.rs", "flow.toml"].iter().any(|file| path.join(file).is_file());
        if !runs && !DATA.contains(&name.as_str()) {
            breaches.push(format!(
                "examples/{name}: no program, no folder with main.rs or flow.toml, and not in DATA"
            ));
        }
    }
    assert_none("an example would never run", &breaches);
}
