use std::fmt;
use std::path::{Path as FilePath, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use object_store::ObjectStore;
use rifflebox_core::{Error, ErrorKind, Result};

use crate::access::{Access, Counters};
use crate::cache::Cache;
use crate::commit::{self, Commit, Do, Outcome};
use crate::failure::corrupt;
use crate::location::Location;
use crate::manifest::{self, Content, FORMAT, Manifest, Parent, Slot, decode_slot};
use crate::resolve::{Ask, Resolve, Told};
use crate::scratch::Scratch;

/// How often a manifest that does not match its digest is read before it is called damaged.
const READS: u32 = 3;

/// How a workspace is opened.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// The cache folder; by default `cache` inside a `file:` workspace, the user's cache folder for a bucket, and
    /// none for `memory:`.
    pub cache: Option<PathBuf>,
    /// Whether nothing may be written anywhere, the cache included: what would write is an error.
    pub read_only: bool,
    /// Wraps the store, to inject faults or to watch.
    pub wrap: Option<Wrap>,
}

type Store = Arc<dyn ObjectStore>;

/// A function from object store to object store.
#[derive(Clone)]
pub struct Wrap(Arc<dyn Fn(Store) -> Store + Send + Sync>);

impl Wrap {
    /// Makes a wrapper of a function.
    pub fn new(wrap: impl Fn(Store) -> Store + Send + Sync + 'static) -> Self {
        Wrap(Arc::new(wrap))
    }

    /// Wraps a store.
    pub(crate) fn apply(&self, store: Store) -> Store {
        (self.0)(store)
    }
}

impl fmt::Debug for Wrap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Wrap")
    }
}

/// One prefix of an object store, and all that rifflebox keeps there; clones are the same workspace.
#[derive(Clone)]
pub struct Workspace {
    inner: Arc<Inner>,
}

struct Inner {
    url: String,
    location: Location,
    access: Access,
    /// The cache folder that was given.
    cache_folder: Option<PathBuf>,
    cache: Cache,
    read_only: bool,
}

/// How a commit ended.
#[derive(Clone, Debug, PartialEq)]
pub enum Committed {
    /// The manifest is the newest.
    Won(Manifest),
    /// Another manifest stands at the number.
    Lost {
        /// The newest manifest.
        newest: Manifest,
        /// Whether only collections of garbage came between: `newest` says the same as our parent did. Its number
        /// is a new base: upload again under it, and commit again.
        fence: bool,
    },
}

impl Committed {
    /// Returns the manifest that was committed.
    ///
    /// # Errors
    /// [`ErrorKind::Conflict`] when another writer won.
    pub fn won(self) -> Result<Manifest> {
        match self {
            Committed::Won(manifest) => Ok(manifest),
            Committed::Lost { newest, .. } => {
                let text = format!(
                    "another writer committed manifest {} first; finished calls are kept, build again",
                    newest.id
                );
                Err(Error::new(ErrorKind::Conflict, text))
            }
        }
    }
}

impl fmt::Debug for Workspace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Workspace").field(&self.inner.url).finish()
    }
}

impl Workspace {
    /// Opens the workspace at a `file:`, `s3:` or `memory:` URL; it is created by the first write.
    ///
    /// Credentials, endpoint and region of a bucket come from the usual `AWS_…` variables.
    ///
    /// # Errors
    /// When the URL is none, or the environment does not make a client of the bucket.
    pub async fn open(url: &str, options: Options) -> Result<Self> {
        let location = Location::parse(url)?;
        let mut store = location.store()?;
        if let Some(wrap) = &options.wrap {
            store = wrap.apply(store);
        }
        let access = Access::new(store, Counters::default());
        Self::over(url.to_owned(), location, access, options.cache, options.read_only)
    }

    /// Returns the same workspace, in which nothing is written through this handle: copies that stand in the cache
    /// are used, and none is made.
    ///
    /// # Errors
    /// When the cache cannot be opened.
    pub fn read_only(&self) -> Result<Self> {
        let Inner { url, location, access, cache_folder, .. } = &*self.inner;
        Self::over(url.clone(), location.clone(), access.clone(), cache_folder.clone(), true)
    }

    fn over(
        url: String,
        location: Location,
        access: Access,
        cache_folder: Option<PathBuf>,
        read_only: bool,
    ) -> Result<Self> {
        let cache = Cache::open(&url, &location, access.clone(), cache_folder.clone(), read_only);
        Ok(Workspace { inner: Arc::new(Inner { url, location, access, cache_folder, cache, read_only }) })
    }

    /// Returns the URL that it was opened with.
    pub fn url(&self) -> &str {
        &self.inner.url
    }

    /// Returns the workspace's folder, if it is one.
    pub fn folder(&self) -> Option<&FilePath> {
        match &self.inner.location {
            Location::Folder(path) => Some(path),
            _ => None,
        }
    }

    /// Returns where state that outgrows memory waits: in the cache folder.
    pub fn scratch(&self) -> Scratch {
        self.inner.cache.scratch()
    }

    /// Returns what was asked of the store so far.
    pub fn counters(&self) -> &Counters {
        self.inner.access.counters()
    }

    pub(crate) fn access(&self) -> &Access {
        &self.inner.access
    }

    pub(crate) fn cache(&self) -> &Cache {
        &self.inner.cache
    }

    pub(crate) fn writable(&self) -> Result<()> {
        match self.inner.read_only {
            false => Ok(()),
            true => {
                Err(Error::new(ErrorKind::Internal, "a workspace that was opened read-only is written to"))
            }
        }
    }

    /// Returns whether a manifest is the newest: one request.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn is_newest(&self, manifest: &Manifest) -> Result<bool> {
        Ok(self.manifest_ids(manifest.id + 1).await?.is_empty())
    }

    /// Finds and reads the newest manifest; none where nothing was ever committed.
    ///
    /// # Errors
    /// When the store fails, or the manifest is damaged.
    pub async fn newest(&self) -> Result<Option<Manifest>> {
        let (mut state, mut ask) = Resolve::start();
        let mut last = None;
        loop {
            let told = match ask {
                Ask::Hint => Told::Hint(self.hint().await?),
                Ask::List { from } => Told::Listed(self.manifest_ids(from).await?.last().copied()),
                Ask::Read { id } => match self.slot(id).await? {
                    None => Told::Absent,
                    Some(Slot::Tombstone(_)) => Told::Tombstone,
                    Some(Slot::Manifest(manifest)) => {
                        last = Some(*manifest);
                        Told::Manifest
                    }
                },
                Ask::Done { newest } => return Ok(newest.and(last)),
                Ask::GiveUp => {
                    let text = "manifests are replaced faster than they can be read; try again";
                    return Err(Error::new(ErrorKind::Store, text));
                }
            };
            (state, ask) = state.step(told);
        }
    }

    /// Finds what a rebuild can stand on when manifests are damaged; none where nothing was ever committed.
    ///
    /// It has the greatest number in use, so that the next commit follows it, and the content of the newest
    /// manifest that can be read; where that is not the newest, its digest is empty.
    ///
    /// # Errors
    /// When the store fails, or a newer version of the program wrote a manifest.
    pub async fn salvage(&self) -> Result<Option<Manifest>> {
        let ids = self.manifest_ids(0).await?;
        let Some(greatest) = ids.last().copied() else { return Ok(None) };
        for id in ids.into_iter().rev() {
            match self.slot(id).await {
                Ok(Some(Slot::Manifest(manifest))) if id == greatest => return Ok(Some(*manifest)),
                Ok(Some(Slot::Manifest(manifest))) => {
                    return Ok(Some(Manifest {
                        id: greatest,
                        parent: None,
                        digest: String::new(),
                        ..*manifest
                    }));
                }
                Ok(_) => {}
                Err(error) if error.kind() == ErrorKind::Corrupt => {}
                Err(error) => return Err(error),
            }
        }
        let nothing = Content::default();
        let (nonce, digest) = (String::new(), String::new());
        Ok(Some(Manifest { format: FORMAT, id: greatest, parent: None, nonce, content: nothing, digest }))
    }

    /// Reads the manifest of a number; none where there is none, or it is no longer retained.
    ///
    /// # Errors
    /// When the store fails, or the manifest is damaged.
    pub async fn manifest(&self, id: u64) -> Result<Option<Manifest>> {
        Ok(match self.slot(id).await? {
            Some(Slot::Manifest(manifest)) => Some(*manifest),
            Some(Slot::Tombstone(_)) | None => None,
        })
    }

    /// Makes `content` the newest manifest, the next after `parent`.
    ///
    /// `nonce` names this attempt among all that anyone ever makes. All objects that the content names are written
    /// before. Files of earlier runs may be named only if `parent` names them, or a manifest that the versions in
    /// `parent` name.
    ///
    /// # Errors
    /// When the store does not say how it went; then the commit may yet appear, as a whole.
    pub async fn commit(
        &self,
        parent: Option<&Manifest>,
        content: Content,
        nonce: &str,
    ) -> Result<Committed> {
        self.writable()?;
        let mut manifest = Manifest {
            format: FORMAT,
            id: parent.map_or(1, |parent| parent.id + 1),
            parent: parent.map(|parent| Parent { id: parent.id, digest: parent.digest.clone() }),
            nonce: nonce.to_owned(),
            content,
            digest: String::new(),
        };
        let bytes = manifest.encode();
        let (outcome, failure) = self.create_slot(manifest.id, &bytes, nonce).await;
        match outcome {
            Outcome::Won => {
                self.set_hint(manifest.id).await;
                Ok(Committed::Won(manifest))
            }
            Outcome::Lost => {
                let newest = self.newest().await?;
                let path = manifest::path(manifest.id);
                let newest = newest.ok_or_else(|| corrupt(path.as_ref(), "was there and is gone"))?;
                let before = parent.map(|parent| &parent.content);
                let fence = before.is_some_and(|before| newest.content.same_state(before));
                Ok(Committed::Lost { newest, fence })
            }
            Outcome::Unknown => {
                let text = format!("manifest {} may or may not be committed; build again", manifest.id);
                let error = Error::new(ErrorKind::Store, text);
                Err(match failure {
                    Some(cause) => error.with_source(cause),
                    None => error,
                })
            }
        }
    }

    async fn create_slot(&self, id: u64, bytes: &Bytes, nonce: &str) -> (Outcome, Option<Error>) {
        let path = manifest::path(id);
        let mut failure = None;
        let (mut state, mut action) = Commit::start();
        loop {
            let told = match action {
                Do::Create => match self.access().create(&path, bytes.clone()).await {
                    Ok(()) => commit::Told::Created,
                    Err(error) => {
                        failure = Some(error);
                        commit::Told::CreateFailed
                    }
                },
                Do::ReadBack => match self.slot(id).await {
                    Ok(None) => commit::Told::Absent,
                    Ok(Some(slot)) if slot.nonce() == nonce => commit::Told::Ours,
                    Ok(Some(_)) => commit::Told::Others,
                    Err(error) => {
                        failure = Some(error);
                        commit::Told::ReadFailed
                    }
                },
                Do::Done(outcome) => return (outcome, failure),
            };
            (state, action) = state.step(told);
        }
    }

    /// Reads what stands at a number.
    pub(crate) async fn slot(&self, id: u64) -> Result<Option<Slot>> {
        let mut attempt = 1;
        loop {
            let bytes = self.access().get(&manifest::path(id)).await?;
            match bytes.map(|bytes| decode_slot(id, &bytes)).transpose() {
                // The body may have been spoilt on its way.
                Err(error) if error.kind() == ErrorKind::Corrupt && attempt < READS => attempt += 1,
                read => return read,
            }
        }
    }

    /// Lists the numbers in use from `from` on, ascending.
    pub(crate) async fn manifest_ids(&self, from: u64) -> Result<Vec<u64>> {
        Ok(self.manifest_sizes(from).await?.into_iter().map(|(id, _)| id).collect())
    }

    /// Lists the numbers in use from `from` on, ascending, each with the bytes of what stands there.
    pub(crate) async fn manifest_sizes(&self, from: u64) -> Result<Vec<(u64, u64)>> {
        let folder = object_store::path::Path::from(manifest::FOLDER);
        let after = from.checked_sub(1).map(manifest::path);
        let listed = self.access().list(Some(&folder), after.as_ref()).await?;
        let id = |meta: &object_store::ObjectMeta| manifest::id_of(meta.location.as_ref());
        Ok(listed.iter().filter_map(|meta| Some((id(meta)?, meta.size))).collect())
    }

    async fn hint(&self) -> Result<Option<u64>> {
        let bytes = self.access().get(&manifest::hint_path()).await?;
        Ok(bytes.and_then(|bytes| std::str::from_utf8(&bytes).ok()?.trim().parse().ok()))
    }

    /// Leaves a hint for the next to open; a commit is one without it.
    async fn set_hint(&self, id: u64) {
        let _ = self.access().put(&manifest::hint_path(), Bytes::from(id.to_string())).await;
    }
}

#[cfg(test)]
mod tests;
