use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use futures::TryStreamExt;
use object_store::path::Path;
use object_store::{ObjectMeta, ObjectStore, ObjectStoreExt, PutMode, PutOptions, PutPayload};
use rifflebox_core::{Error, ErrorKind, Result};

use crate::failure::{store_error, worth_retrying};

/// How often a request that failed in a way that may pass is asked again.
const ATTEMPTS: u32 = 4;

/// What a workspace asked of its store so far; clones count together.
#[derive(Clone, Debug, Default)]
pub struct Counters(Arc<Counts>);

#[derive(Debug, Default)]
struct Counts {
    requests: AtomicU64,
    bytes_fetched: AtomicU64,
    bytes_sent: AtomicU64,
}

impl Counters {
    /// Returns the number of requests to the store; opening a file in place is none.
    pub fn requests(&self) -> u64 {
        self.0.requests.load(Ordering::Relaxed)
    }

    /// Returns the bytes of bodies that the store sent.
    pub fn bytes_fetched(&self) -> u64 {
        self.0.bytes_fetched.load(Ordering::Relaxed)
    }

    /// Returns the bytes of bodies that were sent to the store.
    pub fn bytes_sent(&self) -> u64 {
        self.0.bytes_sent.load(Ordering::Relaxed)
    }
}

/// An object store that counts, asks again, and speaks in our errors.
#[derive(Clone, Debug)]
pub(crate) struct Access {
    store: Arc<dyn ObjectStore>,
    counters: Counters,
}

impl Access {
    pub(crate) fn new(store: Arc<dyn ObjectStore>, counters: Counters) -> Self {
        Access { store, counters }
    }

    pub(crate) fn counters(&self) -> &Counters {
        &self.counters
    }

    /// Reads a whole object; none where there is none.
    pub(crate) async fn get(&self, path: &Path) -> Result<Option<Bytes>> {
        let mut attempt = 1;
        loop {
            self.count_request();
            let read = async {
                let answer = self.store.get(path).await?;
                let size = answer.meta.size;
                Ok((size, answer.bytes().await?))
            };
            match read.await {
                Ok((size, bytes)) => {
                    self.counters.0.bytes_fetched.fetch_add(bytes.len() as u64, Ordering::Relaxed);
                    match bytes.len() as u64 == size {
                        true => return Ok(Some(bytes)),
                        false if attempt < ATTEMPTS => attempt += 1,
                        false => return Err(cut_short(path, bytes.len() as u64, size)),
                    }
                }
                Err(error @ object_store::Error::NotFound { .. }) => return missing(path, error),
                Err(error) if attempt < ATTEMPTS && worth_retrying(&error) => attempt += 1,
                Err(error) => return Err(store_error(&format!("read {path}"), error)),
            }
        }
    }

    /// Returns an object's length in bytes; none where there is none.
    pub(crate) async fn length(&self, path: &Path) -> Result<Option<u64>> {
        let mut attempt = 1;
        loop {
            self.count_request();
            match self.store.head(path).await {
                Ok(meta) => return Ok(Some(meta.size)),
                Err(error @ object_store::Error::NotFound { .. }) => return missing(path, error),
                Err(error) if attempt < ATTEMPTS && worth_retrying(&error) => attempt += 1,
                Err(error) => return Err(store_error(&format!("look up {path}"), error)),
            }
        }
    }

    /// Writes an object, whatever stood there; writing the same bytes twice is writing them once.
    pub(crate) async fn put(&self, path: &Path, bytes: Bytes) -> Result<()> {
        let mut attempt = 1;
        loop {
            self.count_put(&bytes);
            match self.store.put(path, PutPayload::from_bytes(bytes.clone())).await {
                Ok(_) => return Ok(()),
                Err(error) if attempt < ATTEMPTS && worth_retrying(&error) => attempt += 1,
                Err(error) => return Err(store_error(&format!("write {path}"), error)),
            }
        }
    }

    /// Tries once to write an object where none is. An error says nothing of whether it landed: read it back.
    pub(crate) async fn create(&self, path: &Path, bytes: Bytes) -> Result<()> {
        self.count_put(&bytes);
        let options = PutOptions::from(PutMode::Create);
        let put = self.store.put_opts(path, PutPayload::from_bytes(bytes), options).await;
        put.map(drop).map_err(|error| store_error(&format!("create {path}"), error))
    }

    /// Lists what is below a folder, in order of path; only what sorts behind `after`, if given.
    pub(crate) async fn list(&self, prefix: Option<&Path>, after: Option<&Path>) -> Result<Vec<ObjectMeta>> {
        let mut attempt = 1;
        loop {
            self.count_request();
            let stream = match after {
                Some(after) => self.store.list_with_offset(prefix, after),
                None => self.store.list(prefix),
            };
            match stream.try_collect::<Vec<_>>().await {
                Ok(mut listed) => {
                    listed.sort_by(|a, b| a.location.cmp(&b.location));
                    return Ok(listed);
                }
                Err(error) if attempt < ATTEMPTS && worth_retrying(&error) => attempt += 1,
                Err(error) => {
                    let folder = prefix.map_or("the store", Path::as_ref);
                    return Err(store_error(&format!("list {folder}"), error));
                }
            }
        }
    }

    /// Deletes an object; one that is gone already is no error.
    pub(crate) async fn delete(&self, path: &Path) -> Result<()> {
        let mut attempt = 1;
        loop {
            self.count_request();
            match self.store.delete(path).await {
                Ok(()) | Err(object_store::Error::NotFound { .. }) => return Ok(()),
                Err(error) if attempt < ATTEMPTS && worth_retrying(&error) => attempt += 1,
                Err(error) => return Err(store_error(&format!("delete {path}"), error)),
            }
        }
    }

    fn count_request(&self) {
        self.counters.0.requests.fetch_add(1, Ordering::Relaxed);
    }

    fn count_put(&self, bytes: &Bytes) {
        self.count_request();
        self.counters.0.bytes_sent.fetch_add(bytes.len() as u64, Ordering::Relaxed);
    }
}

/// A missing object is an answer; a missing bucket is an error.
fn missing<T>(path: &Path, error: object_store::Error) -> Result<Option<T>> {
    match crate::failure::is_missing_bucket(&error) {
        true => Err(store_error(&format!("read {path}"), error)),
        false => Ok(None),
    }
}

fn cut_short(path: &Path, found: u64, size: u64) -> Error {
    Error::new(ErrorKind::Store, format!("cannot read {path}: the store sent {found} of {size} bytes"))
}
