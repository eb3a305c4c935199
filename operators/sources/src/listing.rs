mod look;

use std::fs::{self, Metadata};
use std::io;
use std::path::{MAIN_SEPARATOR, Path, PathBuf};
use std::sync::Arc;

use rifflebox_core::{Error, ErrorKind, Result, Stat};
use walkdir::{DirEntry, WalkDir};

use self::look::Looker;
use crate::objects::ObjectFolder;
use crate::outputs;
use crate::parallel;
use crate::pattern::{Root, Select};

/// One file that a pattern takes, or one place below its root that could not be listed.
#[derive(Debug)]
pub(crate) struct Listed {
    /// Path relative to the fixed prefix, with forward slashes; bytes that are not UTF-8 as `\xNN`.
    pub(crate) path: String,
    /// Where to read it.
    pub(crate) at: At,
    /// What the listing says of it, or why it can't be read.
    pub(crate) stat: Result<Stat, String>,
}

/// Where a file is read.
#[derive(Clone, Debug)]
pub(crate) enum At {
    /// A local file.
    File(PathBuf),
    /// An object of a store, by its path there.
    Object(Arc<ObjectFolder>, String),
}

/// Where a source's files lie, ready to be listed.
#[derive(Debug)]
pub(crate) enum Place {
    /// A local folder, or a single file.
    Folder(PathBuf),
    /// A prefix of an object store, or a single object.
    Objects(Arc<ObjectFolder>, String),
}

impl Place {
    /// Opens the root of a pattern; nothing is touched before it is listed.
    ///
    /// # Errors
    /// When the environment does not make a client of an object store.
    pub(crate) fn open(root: Root) -> Result<Self> {
        Ok(match root {
            Root::Folder(folder) => Place::Folder(folder),
            Root::Objects { store, prefix } => Place::Objects(Arc::new(ObjectFolder::open(&store)?), prefix),
        })
    }

    /// Returns how many threads read best, and how many files are worth starting one: a far store answers many
    /// requests as fast as one.
    pub(crate) fn readers(&self) -> (usize, usize) {
        match self {
            Place::Folder(_) => (parallel::cores(), 8),
            Place::Objects(..) => (16, 1),
        }
    }
}

/// Lists all that a pattern takes, in order of path, each path once.
///
/// # Errors
/// When the root does not exist, or cannot be listed.
pub(crate) fn list(place: &Place, select: &Select) -> Result<Vec<Listed>> {
    let mut listed = match place {
        Place::Folder(root) => list_folder(root, select)?,
        Place::Objects(folder, prefix) => folder.list(prefix, select)?,
    };
    // A sound file wins over one whose escaped name looks like its own.
    sort(&mut listed);
    listed.dedup_by(|later, first| later.path == first.path);
    Ok(listed)
}

fn sort(listed: &mut [Listed]) {
    listed.sort_by(|a, b| a.path.cmp(&b.path).then(a.stat.is_err().cmp(&b.stat.is_err())));
}

fn list_folder(root: &Path, select: &Select) -> Result<Vec<Listed>> {
    let metadata = fs::metadata(root).map_err(|error| unlistable(root, error))?;
    match (select, metadata.is_dir()) {
        (_, true) => walk(root, select),
        (Select::Root, false) => {
            let name = Path::new(root.file_name().unwrap_or_default());
            let stat = stat_or_why(name, metadata.is_file().then(|| stat_of(&metadata)));
            Ok(vec![Listed { path: slashed(name), at: At::File(root.to_owned()), stat }])
        }
        (Select::Glob { .. }, false) => {
            Err(Error::new(ErrorKind::Input, format!("{} is no folder", root.display())))
        }
    }
}

/// Returns what a listing says of an open or listed file.
pub(crate) fn stat_of(metadata: &Metadata) -> Stat {
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        let nanoseconds = |seconds: i64, rest: i64| i128::from(seconds) * 1_000_000_000 + i128::from(rest);
        Stat {
            size: metadata.size(),
            modified_ns: nanoseconds(metadata.mtime(), metadata.mtime_nsec()),
            changed_ns: nanoseconds(metadata.ctime(), metadata.ctime_nsec()),
            inode: metadata.ino(),
            etag: None,
        }
    }
    #[cfg(not(unix))]
    {
        let modified =
            metadata.modified().ok().and_then(|time| time.duration_since(std::time::UNIX_EPOCH).ok());
        let modified_ns = modified.map_or(0, |since| since.as_nanos() as i128);
        Stat { size: metadata.len(), modified_ns, ..Stat::default() }
    }
}

impl Listed {
    fn broken(relative: &Path, at: &Path, reason: String) -> Self {
        Listed { path: slashed(relative), at: At::File(at.to_owned()), stat: Err(reason) }
    }
}

fn walk(root: &Path, select: &Select) -> Result<Vec<Listed>> {
    let walk = WalkDir::new(root).follow_links(true).max_depth(select.depth().unwrap_or(usize::MAX));
    let entered = |entry: &DirEntry| {
        entry.depth() == 0
            || !entry.file_type().is_dir()
            || (select.enters(entry.file_name().as_encoded_bytes()) && !outputs::is_output(entry.path()))
    };
    let (mut files, mut listed) = (Vec::new(), Vec::new());
    for entry in walk.into_iter().filter_entry(entered) {
        match entry {
            Ok(entry) if entry.file_type().is_dir() => {}
            Ok(entry) => files.push(entry.into_path()),
            Err(error) => listed.extend(refused(root, select, &error)?),
        }
    }
    let looked = parallel::map_stretches(files, parallel::cores(), 500, |files| {
        let mut looker = Looker::default();
        let mut listed: Vec<_> =
            files.into_iter().filter_map(|at| look_at(&mut looker, root, select, at)).collect();
        // What is in order already costs the sorting of the whole little.
        sort(&mut listed);
        listed
    });
    listed.extend(looked);
    Ok(listed)
}

fn look_at(looker: &mut Looker, root: &Path, select: &Select, at: PathBuf) -> Option<Listed> {
    let relative = below(root, &at);
    if !select.takes(relative) {
        return None;
    }
    match looker.look(&at) {
        Ok(regular) => {
            let (path, stat) = (slashed(relative), stat_or_why(relative, regular));
            Some(Listed { path, at: At::File(at), stat })
        }
        // Gone since its folder was read.
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(error) => Some(Listed::broken(relative, &at, format!("cannot be read: {}", error.kind()))),
    }
}

fn stat_or_why(relative: &Path, regular: Option<Stat>) -> Result<Stat, String> {
    match (relative.to_str(), regular) {
        (None, _) => Err("its name is not UTF-8".to_owned()),
        (_, None) => Err("is no regular file".to_owned()),
        (_, Some(stat)) => Ok(stat),
    }
}

/// Makes a broken entry of a failure to list, unless it is of no concern: a place that is gone, or not taken.
fn refused(root: &Path, select: &Select, error: &walkdir::Error) -> Result<Option<Listed>> {
    let at = error.path().unwrap_or(root);
    let relative = below(root, at);
    let kind = error.io_error().map(io::Error::kind);
    if error.depth() == 0 {
        return Err(unlistable(root, kind.unwrap_or(io::ErrorKind::Other).into()));
    }
    let Ok(itself) = fs::symlink_metadata(at) else { return Ok(None) };
    if itself.is_dir() && kind == Some(io::ErrorKind::NotFound) {
        return Ok(None);
    }
    let hidden = at.file_name().is_some_and(|name| !select.enters(name.as_encoded_bytes()));
    let reason = match (error.loop_ancestor(), kind) {
        (Some(_), _) if hidden => return Ok(None),
        (Some(ancestor), _) => match below(root, ancestor) {
            top if top.as_os_str().is_empty() => {
                "a link that leads back to the source's own folder".to_owned()
            }
            inner => format!("a link that leads back to {}", slashed(inner)),
        },
        _ if !itself.is_dir() && !select.takes(relative) => return Ok(None),
        (None, Some(io::ErrorKind::NotFound)) => "a link that leads nowhere".to_owned(),
        (None, Some(kind)) => format!("cannot be read: {kind}"),
        (None, None) => "cannot be read".to_owned(),
    };
    Ok(Some(Listed::broken(relative, at, reason)))
}

fn below<'a>(root: &Path, path: &'a Path) -> &'a Path {
    path.strip_prefix(root).expect("a walk stays below its root")
}

/// Writes a relative path with forward slashes, each byte that is not UTF-8 as `\xNN`.
fn slashed(relative: &Path) -> String {
    if let (Some(path), '/') = (relative.to_str(), MAIN_SEPARATOR) {
        return path.to_owned();
    }
    let mut path = String::new();
    for component in relative.components() {
        if !path.is_empty() {
            path.push('/');
        }
        for chunk in component.as_os_str().as_encoded_bytes().utf8_chunks() {
            path.push_str(chunk.valid());
            for byte in chunk.invalid() {
                path.push_str(&format!("\\x{byte:02x}"));
            }
        }
    }
    path
}

fn unlistable(root: &Path, error: io::Error) -> Error {
    let message = match error.kind() {
        io::ErrorKind::NotFound => format!("{} does not exist", root.display()),
        _ => format!("{} cannot be listed", root.display()),
    };
    Error::new(ErrorKind::Input, message).with_source(error)
}
