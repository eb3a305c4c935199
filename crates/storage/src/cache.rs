use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::Write;
use std::path::{Path as FilePath, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use arrow_buffer::Buffer;
use bytes::Bytes;
use memmap2::Mmap;
use rifflebox_core::{Error, Key, Result};

use crate::access::Access;
use crate::failure::{corrupt, io_error};
use crate::ipc;
use crate::location::Location;
use crate::manifest::{HOLDS_OTHERS, ObjectName, Part};
use crate::map::map;
use crate::run::RunColumns;
use crate::scratch::Scratch;
use crate::workspace::Workspace;

/// How often an object that does not match its digest is fetched.
const FETCHES: u32 = 3;

/// Opened data objects: each is verified once, mapped once, and shared by its batches.
pub(crate) struct Cache {
    access: Access,
    place: Place,
    objects: Mutex<BTreeMap<ObjectName, Arc<Opened>>>,
}

/// Where verified objects lie.
enum Place {
    /// In the workspace's own folder; the digests that were verified are remembered in a file.
    Workspace { folder: PathBuf, verified: Mutex<Verified> },
    /// In a folder of copies, each verified when it entered; a reader that may not write takes what stands there.
    Copies { folder: PathBuf, read_only: bool },
    /// In memory, for a store that is memory.
    Memory,
}

/// How many objects are remembered before those that nobody uses are forgotten.
const REMEMBERED: usize = 4096;

/// One object, open while any buffer of it is in use; the lock lets one caller open it for all.
#[derive(Default)]
struct Opened(tokio::sync::Mutex<Weak<Body>>);

impl Opened {
    fn in_use(&self) -> bool {
        self.0.try_lock().map_or(true, |body| body.strong_count() > 0)
    }
}

/// The bytes of an object.
enum Body {
    Mapped(Mmap),
    Fetched(Buffer),
}

/// Owns a share of a body on behalf of a buffer.
struct Share(Arc<Body>);

impl AsRef<[u8]> for Share {
    fn as_ref(&self) -> &[u8] {
        match &*self.0 {
            Body::Mapped(map) => map,
            Body::Fetched(bytes) => bytes.as_slice(),
        }
    }
}

impl Workspace {
    /// Opens a part of a run in place: no parsing, and no copy.
    ///
    /// # Errors
    /// [`rifflebox_core::ErrorKind::Corrupt`] when the object is missing, cut short or differs from its digest; or
    /// when the store or the cache folder fails.
    pub async fn open_part(&self, part: &Part) -> Result<Arc<RunColumns>> {
        self.cache().open_part(part).await
    }
}

impl Cache {
    pub(crate) fn open(
        url: &str,
        location: &Location,
        access: Access,
        cache_folder: Option<PathBuf>,
        read_only: bool,
    ) -> Self {
        let place = match (location, cache_folder) {
            (Location::Folder(workspace), cache) => {
                // A folder of the user's may serve several workspaces.
                let own = || format!("verified-{}", Key::of(workspace.as_os_str().as_encoded_bytes()));
                let inside = || workspace.join("cache").join("verified");
                let file = cache.map_or_else(inside, |cache| cache.join(own()));
                let verified = Mutex::new(Verified::open(file, read_only));
                Place::Workspace { folder: workspace.clone(), verified }
            }
            (_, Some(folder)) => Place::Copies { folder, read_only },
            (Location::Memory(_), None) => Place::Memory,
            (Location::Bucket { .. }, None) => Place::Copies { folder: default_folder(url), read_only },
        };
        Cache { access, place, objects: Mutex::default() }
    }

    /// Returns a folder for what dies with the process.
    pub(crate) fn scratch(&self) -> Scratch {
        match &self.place {
            Place::Workspace { verified, .. } => {
                lock(verified).file.parent().map(Scratch::new).unwrap_or_default()
            }
            Place::Copies { folder, .. } => Scratch::new(folder),
            Place::Memory => Scratch::default(),
        }
    }

    async fn open_part(&self, part: &Part) -> Result<Arc<RunColumns>> {
        let file = self.object(&part.object, part.length).await?;
        let name = part.object.to_string();
        let run = ipc::decode(&file, part.batch as usize).map_err(|why| corrupt(&name, why))?;
        let presented = part.within(&run).ok_or_else(|| corrupt(&name, HOLDS_OTHERS))?;
        Ok(Arc::new(presented))
    }

    /// Returns the verified bytes of an object.
    async fn object(&self, name: &ObjectName, length: u64) -> Result<Buffer> {
        let opened = self.entry(name);
        let mut held = opened.0.lock().await;
        let body = match held.upgrade() {
            Some(body) => body,
            None => {
                let body = Arc::new(self.load(name, length).await?);
                *held = Arc::downgrade(&body);
                body
            }
        };
        let bytes = Bytes::from_owner(Share(body));
        match bytes.len() as u64 == length {
            true => Ok(Buffer::from(bytes)),
            false => Err(wrong_length(name, bytes.len() as u64, length)),
        }
    }

    fn entry(&self, name: &ObjectName) -> Arc<Opened> {
        let mut objects = lock(&self.objects);
        if objects.len() >= REMEMBERED {
            objects.retain(|_, opened| opened.in_use());
        }
        Arc::clone(objects.entry(name.clone()).or_default())
    }

    async fn load(&self, name: &ObjectName, length: u64) -> Result<Body> {
        match &self.place {
            Place::Workspace { folder: workspace, verified } => {
                let path = workspace.join(name.to_string());
                let known = lock(verified).contains(name);
                let body = map_known(&path, name, length)?
                    .ok_or_else(|| corrupt(&name.to_string(), "is missing"))?;
                if !known {
                    verify(name, &body)?;
                    lock(verified).add(name);
                }
                Ok(Body::Mapped(body))
            }
            Place::Copies { folder, read_only } => {
                let path = copy_path(folder, name);
                // A copy of another length was cut short by a full disk or a crash: fetch it again.
                if fs::metadata(&path).is_ok_and(|meta| meta.len() == length)
                    && let Some(body) = map_known(&path, name, length)?
                {
                    return Ok(Body::Mapped(body));
                }
                let bytes = self.fetch(name, length).await?;
                if *read_only {
                    return Ok(Body::Fetched(bytes));
                }
                keep(&path, &bytes)
                    .map_err(|e| io_error(&format!("write to the cache folder {}", folder.display()), e))?;
                Ok(map_known(&path, name, length)?.map_or(Body::Fetched(bytes), Body::Mapped))
            }
            Place::Memory => self.fetch(name, length).await.map(Body::Fetched),
        }
    }

    /// Fetches an object; a body that does not match may have been spoilt on its way, and is fetched again.
    async fn fetch(&self, name: &ObjectName, length: u64) -> Result<Buffer> {
        let mut attempt = 1;
        loop {
            let bytes = self.access.get(&name.path()).await?;
            let bytes = bytes.ok_or_else(|| corrupt(&name.to_string(), "is missing"))?;
            let checked = match bytes.len() as u64 == length {
                true => verify(name, &bytes),
                false => Err(wrong_length(name, bytes.len() as u64, length)),
            };
            match checked {
                Ok(()) => return Ok(aligned(bytes)),
                Err(_) if attempt < FETCHES => attempt += 1,
                Err(error) => return Err(error),
            }
        }
    }
}

impl Cache {
    /// Takes in an object that was just written: the next to open it fetches and verifies nothing.
    pub(crate) fn admit(&self, name: &ObjectName, bytes: &[u8]) {
        match &self.place {
            Place::Workspace { verified, .. } => lock(verified).add(name),
            // A cache that cannot be written says so to whoever reads; the object itself is safe in the store.
            Place::Copies { folder, .. } => drop(keep(&copy_path(folder, name), bytes)),
            Place::Memory => {}
        }
    }

    /// Says what is wrong with the copy of an object, if there is a copy.
    pub(crate) fn check_copy(&self, name: &ObjectName) -> Result<Option<String>> {
        let Place::Copies { folder, .. } = &self.place else { return Ok(None) };
        let path = copy_path(folder, name);
        match fs::read(&path) {
            Ok(bytes) if verify(name, &bytes).is_ok() => Ok(None),
            Ok(_) => Ok(Some(format!("{} differs from its digest; delete the cache folder", path.display()))),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(io_error(&format!("read {}", path.display()), error)),
        }
    }

    /// Lets the copy of an object go that is deleted from the store.
    pub(crate) fn forget(&self, name: &ObjectName) {
        if let Place::Copies { folder, .. } = &self.place {
            // A copy left behind costs space alone; the folder can be deleted at any time.
            drop(fs::remove_file(copy_path(folder, name)));
        }
    }
}

/// The objects of a folder that were verified, by this process or one before.
struct Verified {
    file: PathBuf,
    names: BTreeSet<ObjectName>,
    read_only: bool,
}

impl Verified {
    /// Reads what is remembered; nothing, where that cannot be read: then everything is verified again.
    fn open(file: PathBuf, read_only: bool) -> Self {
        let text = fs::read_to_string(&file).unwrap_or_default();
        let names = text.lines().filter_map(ObjectName::parse).collect();
        Verified { file, names, read_only }
    }

    fn contains(&self, name: &ObjectName) -> bool {
        self.names.contains(name)
    }

    /// Remembers an object; where that cannot be written, the next process verifies it again.
    fn add(&mut self, name: &ObjectName) {
        if !self.names.insert(name.clone()) || self.read_only {
            return;
        }
        let append = || {
            if let Some(folder) = self.file.parent() {
                fs::create_dir_all(folder)?;
            }
            let mut file = fs::OpenOptions::new().create(true).append(true).open(&self.file)?;
            file.write_all(format!("{name}\n").as_bytes())
        };
        drop(append());
    }
}

/// Writes a copy of an object: whole under its name, or not at all.
fn keep(path: &FilePath, bytes: &[u8]) -> std::io::Result<()> {
    static COPIES: AtomicU64 = AtomicU64::new(0);
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    let number = COPIES.fetch_add(1, Ordering::Relaxed);
    let staged = path.with_extension(format!("{}-{number}.part", std::process::id()));
    let written = fs::write(&staged, bytes).and_then(|()| fs::rename(&staged, path));
    if written.is_err() {
        drop(fs::remove_file(&staged));
    }
    written
}

/// Maps a file whose length is known; none where there is no file.
fn map_known(path: &FilePath, name: &ObjectName, length: u64) -> Result<Option<Mmap>> {
    let failed = |e| io_error(&format!("open {}", path.display()), e);
    let found = match fs::metadata(path) {
        Ok(meta) => meta.len(),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(failed(error)),
    };
    match found == length {
        true => map(path).map(Some).map_err(failed),
        false => Err(wrong_length(name, found, length)),
    }
}

fn verify(name: &ObjectName, bytes: &[u8]) -> Result<()> {
    match blake3::hash(bytes).to_hex().as_str() == name.digest {
        true => Ok(()),
        false => Err(corrupt(&name.to_string(), "differs from its digest")),
    }
}

fn wrong_length(name: &ObjectName, found: u64, length: u64) -> Error {
    corrupt(&name.to_string(), &format!("has {found} bytes instead of {length}"))
}

/// Returns the bytes where numbers may lie: a body from the network may begin anywhere.
fn aligned(bytes: Bytes) -> Buffer {
    match (bytes.as_ptr() as usize).is_multiple_of(64) {
        true => Buffer::from(bytes),
        false => Buffer::from_slice_ref(&bytes),
    }
}

fn copy_path(folder: &FilePath, name: &ObjectName) -> PathBuf {
    folder.join(format!("{}.arrow", name.digest))
}

/// Returns the user's cache folder for a workspace.
fn default_folder(url: &str) -> PathBuf {
    let set = |name| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let home = set("XDG_CACHE_HOME").or_else(|| set("HOME").map(|home| home.join(".cache")));
    home.unwrap_or_else(std::env::temp_dir).join("rifflebox").join(Key::of(url.as_bytes()).to_string())
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
