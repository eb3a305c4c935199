use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use futures::TryStreamExt;
use object_store::path::Path;
use object_store::{ObjectMeta, ObjectStore, ObjectStoreExt, PutMode, PutOptions, PutPayload};
use rifflebox_core::{Error, ErrorKind, Result};
use serde::{Deserialize, Serialize};

use crate::failure::{store_error, worth_retrying};

/// How often a request that failed in a way that may pass is asked again.
const ATTEMPTS: u32 = 4;

/// What a workspace asked of its store so far; clones count together.
#[derive(Clone, Debug, Default)]
pub struct Counters(Arc<Counts>);

/// Requests to a store, by kind; attempts count each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Requests {
    /// Objects read.
    pub get: u64,
    /// Objects asked for their length.
    pub head: u64,
    /// Listings; the pages of one, on S3 of a thousand objects each, are not counted apart.
    pub list: u64,
    /// Objects written.
    pub put: u64,
    /// Objects deleted.
    pub delete: u64,
}

/// What was asked of a store up to some moment, or since.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Traffic {
    /// Requests; opening a file in place is none.
    pub requests: Requests,
    /// Bytes of bodies that the store sent.
    pub bytes_fetched: u64,
    /// Bytes of bodies that were sent to the store.
    pub bytes_sent: u64,
}

impl Traffic {
    /// Returns what was asked since an earlier moment.
    #[must_use]
    pub fn since(self, earlier: Traffic) -> Self {
        let Requests { get, head, list, put, delete } = self.requests;
        let before = earlier.requests;
        Traffic {
            requests: Requests {
                get: get - before.get,
                head: head - before.head,
                list: list - before.list,
                put: put - before.put,
                delete: delete - before.delete,
            },
            bytes_fetched: self.bytes_fetched - earlier.bytes_fetched,
            bytes_sent: self.bytes_sent - earlier.bytes_sent,
        }
    }
}

/// A kind of request: its place among the counts.
#[derive(Clone, Copy)]
enum Kind {
    Get,
    Head,
    List,
    Put,
    Delete,
}

#[derive(Debug, Default)]
struct Counts {
    requests: [AtomicU64; 5],
    bytes_fetched: AtomicU64,
    bytes_sent: AtomicU64,
}

impl Counters {
    /// Returns the number of requests to the store; opening a file in place is none.
    pub fn requests(&self) -> u64 {
        self.0.requests.iter().map(|count| count.load(Ordering::Relaxed)).sum()
    }

    /// Returns all that was asked so far.
    pub fn traffic(&self) -> Traffic {
        let count = |kind: Kind| self.0.requests[kind as usize].load(Ordering::Relaxed);
        Traffic {
            requests: Requests {
                get: count(Kind::Get),
                head: count(Kind::Head),
                list: count(Kind::List),
                put: count(Kind::Put),
                delete: count(Kind::Delete),
            },
            bytes_fetched: self.bytes_fetched(),
            bytes_sent: self.bytes_sent(),
        }
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
            self.count(Kind::Get);
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
            self.count(Kind::Head);
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
            self.count(Kind::List);
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
            self.count(Kind::Delete);
            match self.store.delete(path).await {
                Ok(()) | Err(object_store::Error::NotFound { .. }) => return Ok(()),
                Err(error) if attempt < ATTEMPTS && worth_retrying(&error) => attempt += 1,
                Err(error) => return Err(store_error(&format!("delete {path}"), error)),
            }
        }
    }

    fn count(&self, kind: Kind) {
        self.counters.0.requests[kind as usize].fetch_add(1, Ordering::Relaxed);
    }

    fn count_put(&self, bytes: &Bytes) {
        self.count(Kind::Put);
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
