use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::Stdio;

use rifflebox_core::Result;
use serde::{Deserialize, Serialize};

use crate::server::{as_nobody, usage};

const SURVEY: &str = include_str!("python/survey.py");

/// What programs run in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Interpreter {
    /// `cpython`, or another.
    pub implementation: String,
    /// Its version.
    pub version: String,
    /// The packages that programs may import beside the standard library, and those that they require, with their
    /// versions.
    pub packages: BTreeMap<String, String>,
    /// The version of SQLite that it has, if it has one; what runs no SQL does not depend on it.
    #[serde(default, skip_serializing)]
    pub sqlite: Option<String>,
    /// The program itself.
    #[serde(skip_serializing)]
    pub(crate) executable: PathBuf,
    /// The folder that it is installed in.
    #[serde(skip_serializing)]
    pub(crate) prefix: PathBuf,
    /// Where the packages' files and folders lie, by name.
    #[serde(skip_serializing)]
    pub(crate) paths: Vec<(String, PathBuf)>,
    /// What the packages are imported by.
    #[serde(skip_serializing)]
    pub(crate) modules: Vec<String>,
}

impl Interpreter {
    /// Asks an interpreter who it is, and where it has packages.
    ///
    /// # Errors
    /// [`rifflebox_core::ErrorKind::Usage`], naming the setting, when there is no such interpreter, it is too old, or has
    /// not got a package.
    pub fn survey(python: &str, packages: &[String]) -> Result<Self> {
        let mut asked = as_nobody(python);
        asked.args(["-I", "-B", "-c", SURVEY]).args(packages);
        let said = asked.stdin(Stdio::null()).output().map_err(|error| {
            usage(format!("cannot start `{python}`: {error}; install it (Debian: `apt-get install python3`), or set `python`"))
        })?;
        if !said.status.success() {
            let complaint = String::from_utf8_lossy(&said.stderr);
            let last = complaint.lines().rfind(|line| !line.trim().is_empty()).unwrap_or("it says nothing");
            return Err(usage(format!("`{python}`: {last}")));
        }
        serde_json::from_slice(&said.stdout).map_err(|error| {
            usage(format!("`{python}` does not say who it is, as Python does")).with_source(error)
        })
    }
}
