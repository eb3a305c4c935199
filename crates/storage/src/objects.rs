use std::path::Path as FilePath;

use bytes::Bytes;
use object_store::path::Path;
use rifflebox_core::{Error, ErrorKind, Result};

use crate::access::{Access, Counters};
use crate::failure::store_error;
use crate::location::Location;
use crate::workspace::Workspace;

/// A folder of plain files in some store: the published dataset, or what a source reads.
#[derive(Clone, Debug)]
pub struct Objects {
    url: String,
    access: Access,
    below: Path,
    read_only: bool,
}

/// What a listing says of a file.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Listed {
    /// Its path, relative to the folder, with forward slashes.
    pub path: String,
    /// Bytes.
    pub size: u64,
    /// Last change, nanoseconds since 1970; as fine as the store says.
    pub modified_ns: i128,
    /// The store's own tag of the content, where it gives one.
    pub etag: Option<String>,
}

impl Workspace {
    /// Returns the published folder, `dataset/`.
    pub fn dataset(&self) -> Objects {
        let url = format!("{}/dataset", self.url().trim_end_matches('/'));
        let read_only = self.writable().is_err();
        Objects { url, access: self.access().clone(), below: Path::from("dataset"), read_only }
    }
}

impl Objects {
    /// Opens the folder at a `file:`, `s3:` or `memory:` URL; nothing is touched before the first request.
    ///
    /// # Errors
    /// When the URL is none, or the environment does not make a client of the bucket.
    pub fn open(url: &str) -> Result<Self> {
        let access = Access::new(Location::parse(url)?.store()?, Counters::default());
        Ok(Objects { url: url.to_owned(), access, below: Path::default(), read_only: false })
    }

    /// Returns the folder's URL.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Returns what was asked of the store so far; for a workspace's folder, of the workspace's.
    pub fn counters(&self) -> &Counters {
        self.access.counters()
    }

    /// Writes a file, whatever stood there; readers see the old bytes or the new ones.
    ///
    /// # Errors
    /// When the store fails, or the path is none.
    pub async fn put(&self, path: &str, bytes: impl Into<Bytes>) -> Result<()> {
        self.writable()?;
        self.access.put(&self.full(path)?, bytes.into()).await
    }

    /// Reads a file; none where there is none.
    ///
    /// # Errors
    /// When the store fails, or the path is none.
    pub async fn get(&self, path: &str) -> Result<Option<Bytes>> {
        self.access.get(&self.full(path)?).await
    }

    /// Reads a file that was listed.
    ///
    /// # Errors
    /// When it is gone, the store fails, or the path is none.
    pub async fn read(&self, path: &str) -> Result<Bytes> {
        let gone = || Error::new(ErrorKind::Input, format!("{path} is not there any more in {}", self.url));
        self.get(path).await?.ok_or_else(gone)
    }

    /// Returns a file's length in bytes, without reading it; none where there is none.
    ///
    /// # Errors
    /// When the store fails, or the path is none.
    pub async fn length(&self, path: &str) -> Result<Option<u64>> {
        self.access.length(&self.full(path)?).await
    }

    /// Lists all files below a folder (`""` for all), in order of path; none where there is no such folder.
    ///
    /// # Errors
    /// When the store fails, or the path is none.
    pub async fn list(&self, folder: &str) -> Result<Vec<Listed>> {
        let prefix = self.full(folder)?;
        let prefix = Some(&prefix).filter(|prefix| !prefix.as_ref().is_empty());
        let listed = self.access.list(prefix, None).await?;
        let files = listed.into_iter().filter_map(|meta| {
            let path: Path = meta.location.prefix_match(&self.below)?.collect();
            let (seconds, rest) =
                (meta.last_modified.timestamp(), meta.last_modified.timestamp_subsec_nanos());
            let modified_ns = i128::from(seconds) * 1_000_000_000 + i128::from(rest);
            Some(Listed { path: path.to_string(), size: meta.size, modified_ns, etag: meta.e_tag })
        });
        Ok(files.collect())
    }

    /// Deletes a file; one that is gone already is no error.
    ///
    /// # Errors
    /// When the store fails, or the path is none.
    pub async fn delete(&self, path: &str) -> Result<()> {
        self.writable()?;
        self.access.delete(&self.full(path)?).await
    }

    /// Removes what writers that died left half-written below a folder of the local disk: `NAME#NUMBER`.
    ///
    /// A writer at work, whose file goes too, writes it again. What cannot be removed stays for the next time.
    ///
    /// # Errors
    /// When the path is none.
    pub async fn sweep(&self, folder: &str) -> Result<()> {
        self.writable()?;
        let below = self.full(folder)?;
        if let Ok(Location::Folder(root)) = Location::parse(&self.url) {
            let relative: Path = below.prefix_match(&self.below).into_iter().flatten().collect();
            sweep_below(&root.join(relative.as_ref()));
        }
        Ok(())
    }

    fn writable(&self) -> Result<()> {
        match self.read_only {
            false => Ok(()),
            true => Err(Error::new(ErrorKind::Internal, "a folder that was opened read-only is written to")),
        }
    }

    fn full(&self, path: &str) -> Result<Path> {
        let path = Path::parse(path).map_err(|e| store_error(&format!("use the path `{path}`"), e.into()))?;
        Ok(self.below.parts().chain(path.parts()).collect())
    }
}

/// Removes staged files below a folder, each beside the file that it would have become.
fn sweep_below(folder: &FilePath) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let staged = name.to_str().and_then(|name| name.rsplit_once('#'));
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            sweep_below(&entry.path());
        } else if staged.is_some_and(|(_, number)| number.parse::<u64>().is_ok()) {
            drop(std::fs::remove_file(entry.path()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Options;

    async fn keeps_files(folder: &Objects) {
        assert_eq!(folder.list("").await.unwrap(), []);
        assert_eq!(folder.get("data/text/a.parquet").await.unwrap(), None);
        folder.put("data/text/a.parquet", "one").await.unwrap();
        folder.put("data/text/a.parquet", "three").await.unwrap();
        folder.put("data/text 2%/b#c.parquet", "two").await.unwrap();
        folder.put("README.md", "card").await.unwrap();
        let listed = folder.list("").await.unwrap();
        let names: Vec<_> = listed.iter().map(|file| (file.path.as_str(), file.size)).collect();
        assert_eq!(names, [("README.md", 4), ("data/text 2%/b#c.parquet", 3), ("data/text/a.parquet", 5)]);
        assert!(listed.iter().all(|file| file.modified_ns > 0));
        assert_eq!(folder.list("data/text").await.unwrap().len(), 1);
        assert_eq!(folder.get("data/text/a.parquet").await.unwrap().unwrap(), "three");
        assert_eq!(folder.length("README.md").await.unwrap(), Some(4));
        folder.delete("README.md").await.unwrap();
        folder.delete("README.md").await.unwrap();
        assert_eq!(folder.length("README.md").await.unwrap(), None);
        assert!(folder.get("../secret").await.is_err());
    }

    #[tokio::test]
    async fn files_are_kept_anywhere() {
        keeps_files(&Objects::open("memory:folder").unwrap()).await;
        let place = tempfile::tempdir().unwrap();
        keeps_files(&Objects::open(&format!("file:{}/new", place.path().display())).unwrap()).await;
        let workspace = Workspace::open("memory:folder-in-workspace", Options::default()).await.unwrap();
        keeps_files(&workspace.dataset()).await;
    }

    #[tokio::test]
    async fn a_read_only_workspace_publishes_nothing() {
        let options = Options { read_only: true, ..Options::default() };
        let workspace = Workspace::open("memory:folder-read-only", options).await.unwrap();
        assert_eq!(workspace.dataset().put("a", "b").await.unwrap_err().kind(), ErrorKind::Internal);
        assert_eq!(workspace.dataset().delete("a").await.unwrap_err().kind(), ErrorKind::Internal);
    }
}
