//! An object store that fails by a seed.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use bytes::Bytes;
use futures::stream::BoxStream;
use futures::{StreamExt, TryStreamExt};
use object_store::path::Path;
use object_store::{
    CopyOptions, Error, GetOptions, GetResult, GetResultPayload, ListResult, MultipartUpload, ObjectMeta,
    ObjectStore, PutMode, PutMultipartOptions, PutOptions, PutPayload, PutResult, Result,
};
use rifflebox_core::Key;

use crate::workspace::Wrap;

/// How often which fault happens, of 1,000 operations each; all 0 by default.
///
/// What happens to an operation is a function of the seed, the operation, its object, and how often that was done
/// before: the same whatever else runs at the same time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Faults {
    /// Draws the faults.
    pub seed: u64,
    /// The operation fails and is not performed.
    pub fail_before: u32,
    /// The operation is performed, and reports failure.
    pub fail_after: u32,
    /// The operation is performed, and reports it only after others had their turn.
    pub late: u32,
    /// A body that is read ends early; every second time its length lies, too.
    pub truncate: u32,
    /// A body that is read has one bit flipped.
    pub flip: u32,
    /// The process is killed at an operation.
    pub kill: Option<Kill>,
    /// The store is gone from an operation on: what it then holds is what a process leaves that dies there, and this
    /// one lives to look at it.
    pub gone: Option<Kill>,
}

/// The point at which everything ends, without any cleaning up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kill {
    /// The number of the operation, from 0.
    pub operation: u64,
    /// Whether it is performed before.
    pub after: bool,
}

/// What was asked of a faulty store, and what it did.
#[derive(Clone, Debug, Default)]
pub struct Trace(Arc<Mutex<Log>>);

#[derive(Debug, Default)]
struct Log {
    lines: Vec<String>,
    counts: BTreeMap<(&'static str, String), u64>,
}

impl Trace {
    /// Returns a line for each operation, in order.
    pub fn lines(&self) -> Vec<String> {
        self.log().lines.clone()
    }

    fn log(&self) -> MutexGuard<'_, Log> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Faults {
    /// Returns what wraps a workspace's store in these faults, and the trace that it writes.
    pub fn wrap(self) -> (Wrap, Trace) {
        let trace = Trace::default();
        let written = trace.clone();
        let wrap = Wrap::new(move |inner| {
            Arc::new(FaultyStore { inner, faults: self, trace: written.clone() }) as Arc<dyn ObjectStore>
        });
        (wrap, trace)
    }
}

/// What happens to one operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    None,
    Before,
    After,
    Late,
    Truncate { lies: bool },
    Flip,
}

struct Drawn {
    fault: Fault,
    /// Chooses among the ways to fail, and the place of a flip.
    draw: u64,
    dies_after: bool,
}

/// An object store that fails by a seed; deletions and listings too.
struct FaultyStore {
    inner: Arc<dyn ObjectStore>,
    faults: Faults,
    trace: Trace,
}

impl FaultyStore {
    fn draw(&self, operation: &'static str, path: &str) -> Drawn {
        let mut log = self.trace.log();
        let count = log.counts.entry((operation, path.to_owned())).or_default();
        let key = Key::builder("fault").number(self.faults.seed).text(operation).text(path).number(*count);
        *count += 1;
        let number = key.finish().to_u128();
        let (place, draw) = ((number % 1000) as u32, (number >> 64) as u64);
        let reads = operation == "get";
        let shares = [
            (self.faults.fail_before, Fault::Before),
            (self.faults.fail_after, Fault::After),
            (self.faults.late, Fault::Late),
            (if reads { self.faults.truncate } else { 0 }, Fault::Truncate { lies: draw % 2 == 1 }),
            (if reads { self.faults.flip } else { 0 }, Fault::Flip),
        ];
        let mut upto = 0;
        let hit = shares.into_iter().find(|(share, _)| {
            upto += share;
            place < upto
        });
        let mut fault = hit.map_or(Fault::None, |(_, fault)| fault);
        let now = log.lines.len() as u64;
        if let Some(gone) = self.faults.gone.filter(|gone| gone.operation <= now) {
            fault = if gone.operation == now && gone.after { Fault::After } else { Fault::Before };
        }
        let dies = self.faults.kill.filter(|kill| kill.operation == now);
        log.lines.push(format!("{operation} {path}: {fault:?}"));
        if dies.is_some_and(|kill| !kill.after) {
            std::process::abort();
        }
        Drawn { fault, draw, dies_after: dies.is_some() }
    }

    async fn perform<T>(
        &self,
        operation: &'static str,
        path: &Path,
        creates: bool,
        inner: impl Future<Output = Result<T>>,
    ) -> Result<(T, Drawn)> {
        let drawn = self.draw(operation, path.as_ref());
        let result = match drawn.fault {
            Fault::Before => Err(failure(path, creates, drawn.draw)),
            _ => inner.await,
        };
        if drawn.dies_after {
            std::process::abort();
        }
        match drawn.fault {
            Fault::After => return Err(failure(path, creates, drawn.draw)),
            Fault::Late => {
                for _ in 0..8 {
                    tokio::task::yield_now().await;
                }
            }
            _ => {}
        }
        result.map(|value| (value, drawn))
    }
}

/// Makes one of the errors that stores give, whether or not the operation was performed.
fn failure(path: &Path, creates: bool, draw: u64) -> Error {
    let path = path.to_string();
    match (creates, draw % 3) {
        (true, 0) => Error::AlreadyExists { path, source: "injected".into() },
        (true, 1) => Error::Precondition { path, source: "injected".into() },
        _ => Error::Generic { store: "faulty", source: "injected".into() },
    }
}

fn spoil(body: &mut Vec<u8>, drawn: &Drawn) {
    let place = usize::try_from(drawn.draw >> 8).unwrap_or(0);
    match drawn.fault {
        Fault::Truncate { .. } if !body.is_empty() => body.truncate(place % body.len()),
        Fault::Flip if !body.is_empty() => {
            let place = place % body.len();
            body[place] ^= 1 << (drawn.draw % 8);
        }
        _ => {}
    }
}

impl fmt::Display for FaultyStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Faulty({})", self.inner)
    }
}

impl fmt::Debug for FaultyStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "FaultyStore({:?}, {:?})", self.inner, self.faults)
    }
}

#[async_trait]
impl ObjectStore for FaultyStore {
    async fn put_opts(&self, path: &Path, payload: PutPayload, options: PutOptions) -> Result<PutResult> {
        let creates = options.mode == PutMode::Create;
        let operation = if creates { "create" } else { "put" };
        let put = self.inner.put_opts(path, payload, options);
        self.perform(operation, path, creates, put).await.map(|(result, _)| result)
    }

    async fn put_multipart_opts(
        &self,
        path: &Path,
        options: PutMultipartOptions,
    ) -> Result<Box<dyn MultipartUpload>> {
        let put = self.inner.put_multipart_opts(path, options);
        self.perform("put in parts", path, false, put).await.map(|(result, _)| result)
    }

    async fn get_opts(&self, path: &Path, options: GetOptions) -> Result<GetResult> {
        let get = self.inner.get_opts(path, options);
        let (result, drawn) = self.perform("get", path, false, get).await?;
        if !matches!(drawn.fault, Fault::Truncate { .. } | Fault::Flip) {
            return Ok(result);
        }
        let (mut meta, range, attributes, extensions) =
            (result.meta.clone(), result.range.clone(), result.attributes.clone(), result.extensions.clone());
        let mut body = result.bytes().await?.to_vec();
        spoil(&mut body, &drawn);
        if drawn.fault == (Fault::Truncate { lies: true }) {
            meta.size = body.len() as u64;
        }
        let payload = GetResultPayload::Stream(futures::stream::iter([Ok(Bytes::from(body))]).boxed());
        Ok(GetResult { payload, meta, range, attributes, extensions })
    }

    fn delete_stream(&self, paths: BoxStream<'static, Result<Path>>) -> BoxStream<'static, Result<Path>> {
        let store =
            FaultyStore { inner: Arc::clone(&self.inner), faults: self.faults, trace: self.trace.clone() };
        let store = Arc::new(store);
        paths
            .and_then(move |path| {
                let store = Arc::clone(&store);
                async move {
                    let inner = object_store::ObjectStoreExt::delete(&store.inner, &path);
                    store.perform("delete", &path, false, inner).await?;
                    Ok(path)
                }
            })
            .boxed()
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        self.listing("list", prefix, self.inner.list(prefix))
    }

    fn list_with_offset(
        &self,
        prefix: Option<&Path>,
        offset: &Path,
    ) -> BoxStream<'static, Result<ObjectMeta>> {
        self.listing("list behind", prefix, self.inner.list_with_offset(prefix, offset))
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        let path = prefix.cloned().unwrap_or_default();
        let list = self.inner.list_with_delimiter(prefix);
        self.perform("list folder", &path, false, list).await.map(|(result, _)| result)
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        let copy = self.inner.copy_opts(from, to, options);
        self.perform("copy", from, false, copy).await.map(|(result, _)| result)
    }
}

impl FaultyStore {
    /// A listing fails as a whole, or is whole: no store is known to leave objects out.
    fn listing(
        &self,
        operation: &'static str,
        prefix: Option<&Path>,
        listed: BoxStream<'static, Result<ObjectMeta>>,
    ) -> BoxStream<'static, Result<ObjectMeta>> {
        let path = prefix.cloned().unwrap_or_default();
        let drawn = self.draw(operation, path.as_ref());
        if drawn.dies_after {
            std::process::abort();
        }
        match drawn.fault {
            Fault::Before | Fault::After => {
                futures::stream::iter([Err(failure(&path, false, drawn.draw))]).boxed()
            }
            _ => listed,
        }
    }
}

#[cfg(test)]
mod tests;
