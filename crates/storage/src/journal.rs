use std::collections::BTreeMap;

use bytes::Bytes;
use futures::{StreamExt, TryStreamExt};
use object_store::path::Path;
use rifflebox_core::{Error, ErrorKind, Result};

use crate::manifest::Manifest;
use crate::workspace::Workspace;

const FOLDER: &str = "journal";
/// Says what the file is, and in which format.
const MAGIC: &[u8; 8] = b"RIFFJRN1";
/// Bytes before the body: the magic, the body's length (64 bits, least significant byte first), the digest.
const HEAD: usize = 8 + 8 + 32;
/// How often the same segment is tried, and how often one that does not match is read.
const ATTEMPTS: u32 = 5;
/// Segments that are read at the same time.
const CONCURRENT: usize = 8;

/// The finished calls of one run, in segments; each is safe once [`Journal::append`] returns.
#[derive(Debug)]
pub struct Journal {
    workspace: Workspace,
    run: String,
    last: u64,
}

/// A segment of a journal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Segment {
    /// The run that wrote it.
    pub run: String,
    /// Its number within the run, from 1.
    pub number: u64,
    /// What was appended.
    pub bytes: Bytes,
}

impl Workspace {
    /// Begins the journal of a run; `run` is of letters, digits, `-` and `_`, and nobody else's ever.
    pub fn journal(&self, run: &str) -> Journal {
        Journal { workspace: self.clone(), run: run.to_owned(), last: 0 }
    }

    /// Reads the segments behind the last that each journal's entry in `covered` names, by run and number.
    ///
    /// # Errors
    /// When the store fails, or a segment is damaged; one that was never written is missed by nobody.
    pub async fn segments_after(&self, covered: &BTreeMap<String, u64>) -> Result<Vec<Segment>> {
        let listed = self.segment_names().await?;
        let wanted =
            listed.into_iter().filter(|(run, number, _)| covered.get(run).is_none_or(|c| number > c));
        let read = futures::stream::iter(wanted).map(|(run, number, _)| self.segment(run, number));
        let segments: Vec<Option<Segment>> = read.buffered(CONCURRENT).try_collect().await?;
        Ok(segments.into_iter().flatten().collect())
    }

    /// Finds the newest manifest together with the segments that it does not cover.
    ///
    /// Another run may commit and collect in between, and take segments away that its manifest covers: then both
    /// are read again, so that no finished call is missed.
    ///
    /// # Errors
    /// When the store fails, or something is damaged.
    pub async fn begin(&self) -> Result<(Option<Manifest>, Vec<Segment>)> {
        let mut newest = self.newest().await?;
        for _ in 0..ATTEMPTS {
            let covered = newest.as_ref().map(|manifest| manifest.content.journals.clone());
            let segments = self.segments_after(&covered.unwrap_or_default()).await?;
            let id = newest.as_ref().map_or(0, |manifest| manifest.id);
            if self.manifest_ids(id + 1).await?.is_empty() {
                return Ok((newest, segments));
            }
            newest = self.newest().await?;
        }
        let text = "other writers commit faster than the workspace can be opened; build again";
        Err(Error::new(ErrorKind::Conflict, text))
    }

    /// Lists all segments: run, number, bytes on disk.
    pub(crate) async fn segment_names(&self) -> Result<Vec<(String, u64, u64)>> {
        let listed = self.access().list(Some(&Path::from(FOLDER)), None).await?;
        let mut names: Vec<_> = listed
            .iter()
            .filter_map(|meta| {
                let (run, number) =
                    meta.location.as_ref().strip_prefix(FOLDER)?.strip_prefix('/')?.split_once('/')?;
                let number = number.parse().ok()?;
                (segment_path(run, number) == meta.location).then(|| (run.to_owned(), number, meta.size))
            })
            .collect();
        names.sort();
        Ok(names)
    }

    /// Reads one segment; none where a collection took it away since it was listed.
    pub(crate) async fn segment(&self, run: String, number: u64) -> Result<Option<Segment>> {
        let path = segment_path(&run, number);
        for _ in 0..ATTEMPTS {
            let Some(bytes) = self.access().get(&path).await? else { return Ok(None) };
            if let Some(bytes) = unframe(&run, number, &bytes) {
                return Ok(Some(Segment { run, number, bytes }));
            }
        }
        let text =
            format!("{path} is damaged; restore it, or delete it and ask the calls that it held again");
        Err(Error::new(ErrorKind::Corrupt, text))
    }
}

impl Journal {
    /// Writes the next segment and returns its number; what was written is never written over.
    ///
    /// # Errors
    /// When the store fails; then the segment may yet appear, as a whole, and its number is used up.
    pub async fn append(&mut self, bytes: Vec<u8>) -> Result<u64> {
        self.workspace.writable()?;
        if self.run.is_empty() || !self.run.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b)) {
            return Err(Error::new(ErrorKind::Internal, format!("`{}` cannot name a journal", self.run)));
        }
        self.last += 1;
        let path = segment_path(&self.run, self.last);
        let framed = frame(&self.run, self.last, &bytes);
        let access = self.workspace.access();
        let mut attempt = 1;
        loop {
            let Err(error) = access.create(&path, framed.clone()).await else { return Ok(self.last) };
            // As with a manifest, an error says nothing: read back what stands there.
            match access.get(&path).await? {
                Some(standing) if standing == framed => return Ok(self.last),
                Some(_) if attempt >= ATTEMPTS => {
                    let text = format!("another process writes the journal of run {}", self.run);
                    return Err(Error::new(ErrorKind::Conflict, text).with_source(error));
                }
                None if attempt >= ATTEMPTS => return Err(error),
                _ => attempt += 1,
            }
        }
    }
}

pub(crate) fn segment_path(run: &str, number: u64) -> Path {
    Path::from(format!("{FOLDER}/{run}/{number:020}"))
}

fn frame(run: &str, number: u64, body: &[u8]) -> Bytes {
    let mut framed = Vec::with_capacity(HEAD + body.len());
    framed.extend(MAGIC);
    framed.extend((body.len() as u64).to_le_bytes());
    framed.extend(digest(run, number, body).as_bytes());
    framed.extend(body);
    framed.into()
}

/// Returns the body, if all of it is as it was written, and belongs where it was found.
fn unframe(run: &str, number: u64, framed: &Bytes) -> Option<Bytes> {
    let (head, body) = framed.split_at_checked(HEAD)?;
    let (magic, rest) = head.split_at(MAGIC.len());
    let (length, written) = rest.split_at(8);
    let whole = magic == MAGIC
        && length == (body.len() as u64).to_le_bytes()
        && written == digest(run, number, body).as_bytes();
    whole.then(|| framed.slice(HEAD..))
}

fn digest(run: &str, number: u64, body: &[u8]) -> blake3::Hash {
    let mut hasher = blake3::Hasher::new();
    hasher.update(&(run.len() as u64).to_le_bytes()).update(run.as_bytes());
    hasher.update(&number.to_le_bytes()).update(body);
    hasher.finalize()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::Options;

    #[tokio::test]
    async fn segments_come_back_in_order_behind_what_is_covered() {
        let workspace = Workspace::open("memory:journal", Options::default()).await.unwrap();
        let (mut a, mut b) = (workspace.journal("run-a"), workspace.journal("run_b"));
        for number in 1..=11 {
            assert_eq!(a.append(vec![number; 3]).await.unwrap(), u64::from(number));
        }
        b.append(vec![]).await.unwrap();
        let covered = BTreeMap::from([("run-a".to_owned(), 9), ("gone".to_owned(), 4)]);
        let read = workspace.segments_after(&covered).await.unwrap();
        let names: Vec<_> = read.iter().map(|s| (s.run.as_str(), s.number, s.bytes.len())).collect();
        assert_eq!(names, [("run-a", 10, 3), ("run-a", 11, 3), ("run_b", 1, 0)]);
        assert_eq!(workspace.segments_after(&BTreeMap::new()).await.unwrap().len(), 12);
    }

    #[tokio::test]
    async fn a_run_of_the_same_name_is_noticed() {
        let workspace = Workspace::open("memory:journal-twice", Options::default()).await.unwrap();
        workspace.journal("run").append(vec![1]).await.unwrap();
        let error = workspace.journal("run").append(vec![2]).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Conflict);
        assert_eq!(workspace.journal("a/b").append(vec![]).await.unwrap_err().kind(), ErrorKind::Internal);
    }

    #[tokio::test]
    async fn a_damaged_segment_is_an_error_that_names_it() {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("file:{}", folder.path().display());
        let workspace = Workspace::open(&url, Options::default()).await.unwrap();
        workspace.journal("run").append(b"paid for".to_vec()).await.unwrap();
        let path = folder.path().join(segment_path("run", 1).as_ref());
        let whole = std::fs::read(&path).unwrap();
        std::fs::write(&path, &whole[..whole.len() - 1]).unwrap();
        let error = workspace.segments_after(&BTreeMap::new()).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Corrupt);
        assert!(error.to_string().contains(segment_path("run", 1).as_ref()), "{error}");
        std::fs::write(&path, whole).unwrap();
        assert_eq!(workspace.segments_after(&BTreeMap::new()).await.unwrap()[0].bytes, "paid for");
    }

    proptest! {
        #[test]
        fn no_flip_and_no_cut_passes(body in prop::collection::vec(any::<u8>(), 0..40), at: prop::sample::Index, bit in 0..8_u32) {
            let framed = frame("run", 3, &body);
            prop_assert_eq!(unframe("run", 3, &framed), Some(Bytes::from(body)));
            prop_assert_eq!(unframe("run", 4, &framed), None);
            prop_assert_eq!(unframe("ran", 3, &framed), None);
            prop_assert_eq!(unframe("run", 3, &framed.slice(..at.index(framed.len()))), None);
            let mut flipped = framed.to_vec();
            flipped[at.index(framed.len())] ^= 1_u8 << bit;
            prop_assert_eq!(unframe("run", 3, &flipped.into()), None);
        }
    }
}
