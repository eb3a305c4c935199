//! Whatever becomes of a workspace's files, reading them gives what was written or an error: never a panic.

use std::fs;
use std::path::{Path, PathBuf};

use proptest::prelude::*;
use proptest::sample::Index;
use rifflebox_core::Result;

use crate::{Content, Options, Workspace};

/// All that a workspace says of itself, and the bytes of its columns and segments.
type Read = (Content, Vec<crate::RunColumns>, Vec<crate::Segment>);

async fn read(folder: &Path) -> Result<Option<Read>> {
    let url = format!("file:{}", folder.display());
    let workspace = Workspace::open(&url, Options { read_only: true, ..Options::default() }).await?;
    let (Some(manifest), segments) = workspace.begin().await? else { return Ok(None) };
    let mut runs = Vec::new();
    for arrangement in manifest.content.arrangements.values() {
        for part in arrangement.runs.iter().flat_map(|run| &run.parts) {
            runs.push((*workspace.open_part(part).await?).clone());
        }
    }
    Ok(Some((manifest.content, runs, segments)))
}

fn sample() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("samples/v1")
}

/// Returns the paths of all files of a workspace, without what a cache remembers of them.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut open = vec![folder.to_owned()];
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
            match entry.is_dir() {
                true if entry.ends_with("cache") => {}
                true => open.push(entry),
                false => found.push(entry),
            }
        }
    }
    found.sort();
    found
}

/// Reads a copy of the sample, one file of which is another.
fn read_with(file: Index, spoil: impl FnOnce(Vec<u8>) -> Vec<u8>) -> (PathBuf, Result<Option<Read>>) {
    let copy = tempfile::tempdir().unwrap();
    let all = files(&sample());
    let spoilt = file.get(&all);
    let mut spoil = Some(spoil);
    for path in &all {
        let to = copy.path().join(path.strip_prefix(sample()).unwrap());
        fs::create_dir_all(to.parent().unwrap()).unwrap();
        let bytes = fs::read(path).unwrap();
        let bytes = if path == spoilt { spoil.take().unwrap()(bytes) } else { bytes };
        fs::write(to, bytes).unwrap();
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    (spoilt.clone(), runtime.block_on(read(copy.path())))
}

/// Asserts that what was read is what was written, or an error that names a file.
fn assert_honest((path, said): (PathBuf, Result<Option<Read>>)) -> Result<(), TestCaseError> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let whole = runtime.block_on(read(&sample())).unwrap().unwrap();
    match said {
        Ok(said) => prop_assert_eq!(said, Some(whole), "{} was spoilt, and nobody noticed", path.display()),
        Err(error) => prop_assert!(error.to_string().contains('/'), "{error} names no file"),
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn a_flip_is_noticed(file: Index, at: Index, bit in 0..8_u32) {
        assert_honest(read_with(file, |mut bytes| {
            let at = at.index(bytes.len());
            bytes[at] ^= 1 << bit;
            bytes
        }))?;
    }

    #[test]
    fn a_cut_is_noticed(file: Index, at: Index) {
        assert_honest(read_with(file, |bytes| bytes[..at.index(bytes.len())].to_vec()))?;
    }

    #[test]
    fn a_manifest_that_is_sealed_and_says_something_else_is_read_or_refused(
        at: Index, gone in 0..12_usize, put in "[\\-0-9a-z\"{},:\\[\\]]{0,6}"
    ) {
        let path = sample().join(crate::manifest::path(1).as_ref());
        let text = fs::read_to_string(path).unwrap();
        let body = text.split_once("\"manifest\":").unwrap().1.trim_end().strip_suffix('}').unwrap();
        // The sample is plain ASCII: it may be cut anywhere.
        let at = at.index(body.len());
        let body = format!("{}{put}{}", &body[..at], &body[(at + gone).min(body.len())..]);
        let digest = blake3::hash(body.as_bytes()).to_hex();
        let sealed = format!("{{\"blake3\":\"{digest}\",\"manifest\":{body}}}\n");
        drop(crate::manifest::decode_slot(1, sealed.as_bytes()));
    }

    #[test]
    fn any_other_bytes_are_noticed(file: Index, bytes in prop::collection::vec(any::<u8>(), 0..600)) {
        assert_honest(read_with(file, |_| bytes))?;
    }
}
