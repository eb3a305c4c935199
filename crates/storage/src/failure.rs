use std::io;

use rifflebox_core::{Error, ErrorKind};

/// Turns a store's failure into our error: what was tried, why it failed, and what mends it.
pub(crate) fn store_error(doing: &str, error: object_store::Error) -> Error {
    let message = match cure(&error) {
        Some(cure) => format!("cannot {doing}: {cure}"),
        None => format!("cannot {doing}"),
    };
    Error::new(ErrorKind::Store, message).with_source(error)
}

/// Turns a failure of the local file system into our error.
pub(crate) fn io_error(doing: &str, error: io::Error) -> Error {
    let message = match io_cure(&error) {
        Some(cure) => format!("cannot {doing}: {cure}"),
        None => format!("cannot {doing}"),
    };
    Error::new(ErrorKind::Store, message).with_source(error)
}

/// Says that kept state is damaged or lost, which object, and the cure.
pub(crate) fn corrupt(object: &str, why: &str) -> Error {
    let cure = "restore it, or recompute with `build --rebuild`";
    Error::new(ErrorKind::Corrupt, format!("{object} {why}; {cure}"))
}

/// Returns whether asking again may help: false for refusals that stay.
pub(crate) fn worth_retrying(error: &object_store::Error) -> bool {
    use object_store::Error as E;
    match error {
        E::Generic { .. } | E::JoinError { .. } => !matches!(
            root_io(error).map(io::Error::kind),
            Some(
                io::ErrorKind::PermissionDenied
                    | io::ErrorKind::StorageFull
                    | io::ErrorKind::ReadOnlyFilesystem
            )
        ),
        _ => false,
    }
}

/// Returns whether the store says that the whole bucket is missing, and not just an object.
pub(crate) fn is_missing_bucket(error: &object_store::Error) -> bool {
    deep_text(error).contains("NoSuchBucket")
}

fn cure(error: &object_store::Error) -> Option<&'static str> {
    use object_store::Error as E;
    match error {
        E::PermissionDenied { .. } => Some("permission denied; the credentials lack this right"),
        E::Unauthenticated { .. } => Some("not authenticated; check the credentials in the environment"),
        _ if is_missing_bucket(error) => Some("the bucket does not exist; create it first"),
        E::NotFound { .. } => Some("no such object"),
        _ => root_io(error).and_then(io_cure),
    }
}

fn io_cure(error: &io::Error) -> Option<&'static str> {
    match error.kind() {
        io::ErrorKind::PermissionDenied => Some("permission denied; give this user the right to it"),
        io::ErrorKind::StorageFull => Some("the disk is full; free some space and build again"),
        io::ErrorKind::QuotaExceeded => Some("the disk quota is used up; free some space and build again"),
        io::ErrorKind::ReadOnlyFilesystem => Some("the file system is read-only"),
        io::ErrorKind::NotADirectory => Some("a file stands where a folder should be"),
        _ => None,
    }
}

fn root_io(error: &object_store::Error) -> Option<&io::Error> {
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(error) = cause {
        if let Some(io) = error.downcast_ref::<io::Error>() {
            return Some(io);
        }
        cause = error.source();
    }
    None
}

fn deep_text(error: &object_store::Error) -> String {
    let mut text = String::new();
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(error) = cause {
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}
