use std::io;

use rifflebox_core::{Error, ErrorKind};

/// Turns a store's failure into our error: what was tried, why it failed, and what mends it.
pub(crate) fn store_error(doing: &str, error: object_store::Error) -> Error {
    let message = match cure(&error) {
        Some(cure) => format!("cannot {doing}: {cure}"),
        None => format!("cannot {doing}"),
    };
    // The store's library prints each cause within its error: one text says it all, once.
    Error::new(ErrorKind::Store, message).with_source(error.to_string())
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
        _ => root_io(error).and_then(io_cure).or_else(|| network_cure(&deep_text(error))),
    }
}

/// Reads the cure out of what a client of a bucket says: it has no kinds for these.
fn network_cure(text: &str) -> Option<&'static str> {
    // Where no credentials are set, the client asks the machine's own metadata service for some.
    if text.contains("169.254.169.254") || text.contains("169.254.170.2") {
        return Some("no credentials; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY");
    }
    let unreached = text.contains("error sending request");
    unreached.then_some("the store cannot be reached; check AWS_ENDPOINT and the network")
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

#[cfg(test)]
mod tests {
    use super::*;

    fn generic(text: &'static str) -> object_store::Error {
        object_store::Error::Generic { store: "S3", source: text.into() }
    }

    #[test]
    fn messages_say_what_to_do_and_name_each_cause_once() {
        let error = store_error("read x", generic("client error: error sending request"));
        assert_eq!(
            error.chain(),
            "cannot read x: the store cannot be reached; check AWS_ENDPOINT and the network: \
             Generic S3 error: client error: error sending request"
        );
        let error = store_error("read x", generic("PUT http://169.254.169.254/latest: 403"));
        assert!(error.to_string().contains("AWS_ACCESS_KEY_ID"), "{error}");
        let missing =
            object_store::Error::NotFound { path: "x".into(), source: "<Code>NoSuchBucket</Code>".into() };
        assert!(store_error("read x", missing).to_string().contains("create it first"));
    }

    #[test]
    fn what_stays_refused_is_not_asked_again() {
        let io = |kind: io::ErrorKind| object_store::Error::Generic {
            store: "file",
            source: Box::new(io::Error::from(kind)),
        };
        assert!(worth_retrying(&generic("500")) && worth_retrying(&io(io::ErrorKind::NotFound)));
        for kind in
            [io::ErrorKind::PermissionDenied, io::ErrorKind::StorageFull, io::ErrorKind::ReadOnlyFilesystem]
        {
            assert!(!worth_retrying(&io(kind)), "{kind:?}");
            assert!(io_cure(&io::Error::from(kind)).is_some(), "{kind:?}");
        }
    }
}
