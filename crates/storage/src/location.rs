use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use object_store::aws::AmazonS3Builder;
use object_store::local::LocalFileSystem;
use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::prefix::PrefixStore;
use object_store::{ObjectStore, RetryConfig};
use rifflebox_core::{Error, ErrorKind, Result};

use crate::failure::{io_error, store_error};

/// Where objects live: a folder, a bucket's prefix, or this process's memory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Location {
    /// `file:PATH`, made absolute; the path is taken as it stands, nothing is percent-decoded.
    Folder(PathBuf),
    /// `s3://bucket/prefix`.
    Bucket { bucket: String, prefix: String },
    /// `memory:NAME`: the same store for everyone in this process who says the same name.
    Memory(String),
}

impl Location {
    /// Reads a URL.
    ///
    /// # Errors
    /// When the scheme is none of `file:`, `s3:` and `memory:`, or what follows it cannot be one.
    pub(crate) fn parse(url: &str) -> Result<Self> {
        let usage = |why: &str| Error::new(ErrorKind::Usage, format!("`{url}` {why}"));
        if let Some(rest) = url.strip_prefix("file:") {
            let path = rest.strip_prefix("//").unwrap_or(rest);
            if path.is_empty() || (rest.starts_with("//") && !path.starts_with('/')) {
                return Err(usage("names no folder: write file:./folder or file:/folder"));
            }
            let path = std::path::absolute(path).map_err(|e| io_error(&format!("resolve {url}"), e))?;
            return Ok(Location::Folder(plain(path)));
        }
        if let Some(rest) = url.strip_prefix("s3://") {
            let (bucket, prefix) = rest.split_once('/').unwrap_or((rest, ""));
            if bucket.is_empty() {
                return Err(usage("names no bucket: write s3://bucket/prefix"));
            }
            let prefix = prefix.trim_matches('/').to_owned();
            return Ok(Location::Bucket { bucket: bucket.to_owned(), prefix });
        }
        if let Some(name) = url.strip_prefix("memory:") {
            return Ok(Location::Memory(name.to_owned()));
        }
        Err(usage("is no place rifflebox knows: write file:PATH, s3://BUCKET/PREFIX or memory:NAME"))
    }

    /// Opens the store; nothing is touched before the first request.
    ///
    /// # Errors
    /// When the environment does not make a client of the bucket, or the path cannot be an object's.
    pub(crate) fn store(&self) -> Result<Arc<dyn ObjectStore>> {
        match self {
            Location::Folder(path) => {
                let prefix = Path::from_absolute_path(path)
                    .map_err(|e| store_error(&format!("use {}", path.display()), e.into()))?;
                let files = LocalFileSystem::new().with_fsync(true);
                Ok(Arc::new(PrefixStore::new(files, prefix)))
            }
            Location::Bucket { bucket, prefix } => {
                let doing = format!("open bucket {bucket}");
                let s3 = AmazonS3Builder::from_env().with_bucket_name(bucket).with_retry(retry()).build();
                let s3 = s3.map_err(|e| store_error(&doing, e))?;
                let prefix = Path::parse(prefix).map_err(|e| store_error(&doing, e.into()))?;
                Ok(Arc::new(PrefixStore::new(s3, prefix)))
            }
            Location::Memory(name) => Ok(named_memory(name)),
        }
    }
}

/// A request is asked again for this long before it fails; our own attempts come on top.
fn retry() -> RetryConfig {
    RetryConfig { max_retries: 6, retry_timeout: Duration::from_secs(20), ..RetryConfig::default() }
}

/// Takes `.` and `..` out of a path, by its words alone: an object's path may hold neither.
fn plain(path: PathBuf) -> PathBuf {
    let mut plain = PathBuf::new();
    for part in path.components() {
        match part {
            std::path::Component::CurDir => {}
            std::path::Component::ParentDir => {
                plain.pop();
            }
            other => plain.push(other),
        }
    }
    plain
}

fn named_memory(name: &str) -> Arc<InMemory> {
    static STORES: Mutex<BTreeMap<String, Arc<InMemory>>> = Mutex::new(BTreeMap::new());
    let mut stores = STORES.lock().unwrap_or_else(PoisonError::into_inner);
    Arc::clone(stores.entry(name.to_owned()).or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_name_places() {
        let folder = |url: &str| match Location::parse(url) {
            Ok(Location::Folder(path)) => path,
            other => panic!("{url} gave {other:?}"),
        };
        assert_eq!(folder("file:/a/b"), PathBuf::from("/a/b"));
        assert_eq!(folder("file:///a/../b/./c d"), PathBuf::from("/b/c d"));
        assert!(folder("file:./x").ends_with("x") && folder("file:./x").is_absolute());
        let bucket = Location::Bucket { bucket: "b".into(), prefix: "p/q".into() };
        assert_eq!(Location::parse("s3://b/p/q/").unwrap(), bucket);
        assert_eq!(Location::parse("memory:m").unwrap(), Location::Memory("m".into()));
        for wrong in ["", "folder", "http://x", "file:", "file://host/x", "s3://", "s3:///p"] {
            assert_eq!(Location::parse(wrong).unwrap_err().kind(), ErrorKind::Usage, "{wrong}");
        }
    }
}
