use std::path::PathBuf;
use std::sync::Arc;

use rifflebox_core::Result;
use rifflebox_dataflow::Flow;
use rifflebox_generate::O200k;
use rifflebox_storage::{CheckReport, GcReport, Options, Wrap};

use crate::build::{BuildOptions, build};
use crate::report::Report;

/// How a workspace is opened.
#[derive(Clone, Debug, Default)]
pub struct OpenOptions {
    /// The cache folder, if not the default one.
    pub cache: Option<PathBuf>,
    /// Wraps the store, to inject faults or to watch.
    pub wrap: Option<Wrap>,
}

/// One prefix in an object store, and the dataset that is kept there.
#[derive(Clone, Debug)]
pub struct Workspace {
    pub(crate) storage: rifflebox_storage::Workspace,
}

/// Starts a flow whose tokens are counted as `o200k_base` does.
pub fn flow(name: &str) -> Flow {
    Flow::with_tokenizer(name, Arc::new(O200k))
}

impl Workspace {
    /// Opens the workspace at a `file:`, `s3:` or `memory:` URL; it is created by the first build.
    ///
    /// # Errors
    /// When the URL is none, or the environment does not make a client of the bucket.
    pub async fn open(url: &str) -> Result<Self> {
        Self::open_with(url, OpenOptions::default()).await
    }

    /// Opens a workspace with options.
    ///
    /// # Errors
    /// As [`Workspace::open`].
    pub async fn open_with(url: &str, options: OpenOptions) -> Result<Self> {
        let options = Options { cache: options.cache, wrap: options.wrap, ..Options::default() };
        Ok(Workspace { storage: rifflebox_storage::Workspace::open(url, options).await? })
    }

    /// Brings the dataset up to date with a flow, and publishes it.
    ///
    /// Runs on the current tokio runtime, which must have several threads. Dropping the future stops the build; what
    /// it had committed stays.
    ///
    /// # Errors
    /// Of kind [`Usage`](rifflebox_core::ErrorKind::Usage) if the flow is broken,
    /// [`Conflict`](rifflebox_core::ErrorKind::Conflict) if another writer committed first,
    /// [`Incomplete`](rifflebox_core::ErrorKind::Incomplete) and [`Refused`](rifflebox_core::ErrorKind::Refused) if the
    /// work is kept and nothing is published; and whenever documents cannot be listed or the store fails.
    pub async fn build(&self, flow: &Flow) -> Result<Report> {
        self.build_with(flow, BuildOptions::default()).await
    }

    /// Builds with options.
    ///
    /// # Errors
    /// As [`Workspace::build`].
    pub async fn build_with(&self, flow: &Flow, options: BuildOptions) -> Result<Report> {
        build(&self.storage, flow, options).await
    }

    /// Returns the last build's report, from the manifest alone; none before the first build.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn status(&self) -> Result<Option<Report>> {
        let newest = self.storage.newest().await?;
        let report = newest.and_then(|manifest| manifest.content.report);
        Ok(report.and_then(|report| serde_json::from_value(report).ok()))
    }

    /// Returns the text of the flow file that was built last.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn flow_text(&self) -> Result<Option<String>> {
        Ok(self.storage.newest().await?.and_then(|manifest| manifest.content.flow))
    }

    /// Compares every retained object with its digest.
    ///
    /// # Errors
    /// When the store fails; damage is no error but a problem in the report.
    pub async fn check(&self) -> Result<CheckReport> {
        self.storage.check().await
    }

    /// Removes what no retained manifest names.
    ///
    /// # Errors
    /// When the store fails: then nothing more is removed.
    pub async fn gc(&self, keep_versions: usize, dry_run: bool) -> Result<GcReport> {
        self.storage.gc(keep_versions, dry_run).await
    }
}
