//! What FLOW names: a flow file, or the URL of a workspace that keeps its flow.

use std::path::{Path, PathBuf};

use rifflebox::{Error, ErrorKind, OpenOptions, Result, Workspace};

use crate::arguments::Places;
use crate::flow_file::{FlowFile, FlowHead};
use crate::registry::Registry;

/// The flow file of a folder.
const FLOW_FILE: &str = "flow.toml";
/// The published versions that stay retrievable where nothing says otherwise.
const DEFAULT_KEEP_VERSIONS: usize = 10;

/// What FLOW names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Target {
    /// A flow file.
    File(PathBuf),
    /// A workspace's URL.
    Url(String),
}

impl Target {
    /// Reads FLOW: a URL by its scheme, a folder for the flow file in it, or a flow file.
    pub(crate) fn parse(flow: &str) -> Self {
        if flow.contains("://") || flow.starts_with("file:") || flow.starts_with("memory:") {
            return Target::Url(flow.to_owned());
        }
        let path = PathBuf::from(flow);
        Target::File(if path.is_dir() { path.join(FLOW_FILE) } else { path })
    }

    /// Reads FLOW for a verb that needs the file itself.
    ///
    /// # Errors
    /// When it is a URL.
    pub(crate) fn file(flow: &str) -> Result<PathBuf> {
        match Target::parse(flow) {
            Target::File(path) => Ok(path),
            Target::Url(url) => {
                let message = format!(
                    "`{url}` is a workspace: a build needs a flow file, and --workspace names the workspace"
                );
                Err(Error::new(ErrorKind::Usage, message))
            }
        }
    }

    /// Opens the workspace, without a look at the flow's stages.
    ///
    /// # Errors
    /// When the flow file's top is broken, or the workspace cannot be opened.
    pub(crate) async fn open(&self, places: &Places) -> Result<Workspace> {
        let url = match (&places.workspace, self) {
            (Some(url), _) | (None, Target::Url(url)) => url.clone(),
            (None, Target::File(path)) => FlowHead::load(path)?.workspace,
        };
        open(&url, places).await
    }

    /// Opens the workspace with its flow: the file's, or the one that was built last.
    ///
    /// # Errors
    /// When the flow is broken, nothing was built yet at a URL, or the workspace cannot be opened.
    pub(crate) async fn open_with_flow(
        &self,
        places: &Places,
        registry: &Registry,
    ) -> Result<(Workspace, FlowFile)> {
        match self {
            Target::File(path) => {
                let flow = FlowFile::load(path, registry)?;
                let url = places.workspace.as_ref().unwrap_or(&flow.workspace);
                Ok((open(url, places).await?, flow))
            }
            Target::Url(url) => {
                let workspace = self.open(places).await?;
                let Some(text) = workspace.flow_text().await? else {
                    let message = format!("{url} keeps no flow: nothing was built there from a flow file");
                    return Err(Error::new(ErrorKind::Usage, message));
                };
                let environment = |name: &str| std::env::var(name).ok();
                let name = format!("{url}:{FLOW_FILE}");
                Ok((workspace, FlowFile::parse(&name, &text, Path::new("."), registry, &environment)?))
            }
        }
    }

    /// Returns how many published versions stay retrievable.
    ///
    /// # Errors
    /// When the flow file's top is broken, or the store fails.
    pub(crate) async fn keep_versions(&self, workspace: &Workspace) -> Result<usize> {
        match self {
            Target::File(path) => Ok(FlowHead::load(path)?.keep_versions),
            Target::Url(url) => match workspace.flow_text().await? {
                Some(text) => Ok(FlowHead::parse(&format!("{url}:{FLOW_FILE}"), &text)?.keep_versions),
                None => Ok(DEFAULT_KEEP_VERSIONS),
            },
        }
    }
}

/// Opens a workspace.
///
/// # Errors
/// When the URL is none, or the environment makes no client of its store.
pub(crate) async fn open(url: &str, places: &Places) -> Result<Workspace> {
    Workspace::open_with(url, OpenOptions { cache: places.cache.clone(), ..OpenOptions::default() }).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_are_told_from_files() {
        for url in ["s3://bucket/prefix", "file:./workspace", "file:///w", "memory:x"] {
            assert_eq!(Target::parse(url), Target::Url(url.to_owned()));
        }
        assert_eq!(Target::parse("my.toml"), Target::File("my.toml".into()));
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().to_str().unwrap();
        assert_eq!(Target::parse(path), Target::File(folder.path().join("flow.toml")));
        assert_eq!(Target::file("s3://b/p").unwrap_err().kind(), ErrorKind::Usage);
    }
}
