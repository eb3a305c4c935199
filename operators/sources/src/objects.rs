use std::future::Future;
use std::path::Path;
use std::sync::{Arc, OnceLock, mpsc};

use bytes::Bytes;
use rifflebox_core::{Error, ErrorKind, Result, Stat};
use rifflebox_storage::Objects;
use tokio::runtime::{Builder, Runtime};

use crate::listing::{At, Listed};
use crate::outputs::Outputs;
use crate::pattern::Select;

/// An object store that is listed and read from threads that know no runtime.
///
/// Its requests run on a runtime of its own, since a connection that is kept belongs to the runtime that made it.
#[derive(Debug)]
pub(crate) struct ObjectFolder {
    objects: Objects,
    runtime: OnceLock<Runtime>,
}

impl ObjectFolder {
    /// Opens a store; it is not touched before the first request.
    ///
    /// # Errors
    /// When the environment does not make a client of it.
    pub(crate) fn open(url: &str) -> Result<Self> {
        Ok(ObjectFolder { objects: Objects::open(url)?, runtime: OnceLock::new() })
    }

    /// Lists all below a prefix that are taken; their paths count from the prefix.
    ///
    /// # Errors
    /// When the store fails, or there is nothing at all below the prefix.
    pub(crate) fn list(self: &Arc<Self>, prefix: &str, select: &Select) -> Result<Vec<Listed>> {
        let (below, exact) = match (self.list_folder(prefix)?, prefix.rsplit_once('/'), select) {
            (found, _, _) if !found.is_empty() => (found, None),
            // Without a wildcard the prefix may be one object.
            (_, parent, Select::Root) => {
                (self.list_folder(parent.map_or("", |(parent, _)| parent))?, Some(prefix))
            }
            (found, ..) => (found, None),
        };
        let relative = |path: &str| match exact {
            Some(exact) => (path == exact).then(|| path.rsplit('/').next().unwrap_or(path).to_owned()),
            None if prefix.is_empty() => Some(path.to_owned()),
            None => path.strip_prefix(prefix)?.strip_prefix('/').map(str::to_owned),
        };
        let found: Vec<Listed> = below
            .into_iter()
            .filter_map(|object| {
                let path = relative(&object.path)?;
                let stat = Stat {
                    size: object.size,
                    modified_ns: object.modified_ns,
                    etag: object.etag,
                    ..Stat::default()
                };
                Some(Listed { path, at: At::Object(Arc::clone(self), object.path), stat: Ok(stat) })
            })
            .collect();
        if found.is_empty() {
            let message = format!("{}/{prefix} holds no object", self.objects.url());
            return Err(Error::new(ErrorKind::Input, message));
        }
        let outputs = Outputs::among(found.iter().map(|listed| listed.path.as_str()));
        let is_read = |listed: &Listed| is_taken(&listed.path, select) && !outputs.hold(&listed.path);
        Ok(found.into_iter().filter(is_read).collect())
    }

    /// Reads an object; none where it is gone.
    ///
    /// # Errors
    /// When the store fails.
    pub(crate) fn read(&self, path: &str) -> Result<Option<Bytes>> {
        let (objects, path) = (self.objects.clone(), path.to_owned());
        self.wait_for(async move { objects.get(&path).await })
    }

    fn list_folder(&self, prefix: &str) -> Result<Vec<rifflebox_storage::Listed>> {
        let (objects, prefix) = (self.objects.clone(), prefix.to_owned());
        self.wait_for(async move { objects.list(&prefix).await })
    }

    /// Blocks this thread, which may belong to another runtime, until the request is answered.
    fn wait_for<T: Send + 'static>(
        &self,
        request: impl Future<Output = Result<T>> + Send + 'static,
    ) -> Result<T> {
        let (say, answer) = mpsc::sync_channel(1);
        self.runtime()?.spawn(async move {
            // The other end waits, unless its thread panicked.
            let _ = say.send(request.await);
        });
        let stopped = |_| Error::new(ErrorKind::Internal, "a request to an object store panicked");
        answer.recv().map_err(stopped)?
    }

    fn runtime(&self) -> Result<&Runtime> {
        if let Some(runtime) = self.runtime.get() {
            return Ok(runtime);
        }
        let made = Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name("rifflebox-source")
            .enable_all()
            .build();
        let made = made.map_err(|error| {
            Error::new(ErrorKind::Store, "no thread for requests to an object store can be started")
                .with_source(error)
        })?;
        if let Err(second) = self.runtime.set(made) {
            second.shutdown_background();
        }
        self.runtime.get().ok_or_else(|| Error::new(ErrorKind::Internal, "a runtime that was set is gone"))
    }
}

impl Drop for ObjectFolder {
    fn drop(&mut self) {
        // Dropped plainly, a runtime blocks, which another runtime's thread may not.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

fn is_taken(relative: &str, select: &Select) -> bool {
    let mut folders = relative.split('/');
    folders.next_back();
    select.takes(Path::new(relative)) && folders.all(|name| select.enters(name.as_bytes()))
}

#[cfg(test)]
mod tests;
