//! `DIR -> a folder with a flow that builds`.

use std::fs;
use std::path::Path;

use rifflebox::{Error, ErrorKind, Result};
use serde_json::json;

use crate::output::Output;

/// Each file of a new folder, and what it says.
const FILES: [(&str, &str); 7] = [
    ("flow.toml", include_str!("scaffold/flow.toml")),
    ("README.md", include_str!("scaffold/README.md")),
    (".gitignore", "/workspace\n"),
    ("pages/LICENSE", include_str!("scaffold/pages/LICENSE")),
    ("pages/assaying.md", include_str!("scaffold/pages/assaying.md")),
    ("pages/panning.md", include_str!("scaffold/pages/panning.md")),
    ("pages/riffle-box.md", include_str!("scaffold/pages/riffle-box.md")),
];

/// Makes a folder with a flow, a few documents and their licence.
///
/// # Errors
/// When the folder holds anything already, or cannot be written.
pub(crate) fn make(dir: &Path, output: &Output) -> Result<()> {
    if fs::read_dir(dir).is_ok_and(|mut entries| entries.next().is_some()) {
        let message = format!("{} is not empty: name a folder that is, or a new one", dir.display());
        return Err(Error::new(ErrorKind::Usage, message));
    }
    for (name, text) in FILES {
        let path = dir.join(name);
        let written = fs::create_dir_all(path.parent().unwrap_or(dir)).and_then(|()| fs::write(&path, text));
        written.map_err(|error| {
            Error::new(ErrorKind::Input, format!("cannot write {}", path.display())).with_source(error)
        })?;
    }
    match output.json() {
        true => output.json_line(&json!({ "folder": dir, "files": FILES.map(|(name, _)| name) })),
        false => output.line(&format!(
            "made {}: now run `rifflebox build {}`",
            dir.display(),
            dir.join("flow.toml").display()
        )),
    }
}
