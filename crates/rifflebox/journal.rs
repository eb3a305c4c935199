//! Finished calls, kept at once: a segment a second, or a thousand calls, whichever comes first.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rifflebox_core::{Error, ErrorKind, Key, Result};
use rifflebox_dataflow::KeptAnswer;
use rifflebox_storage::{Segment, Workspace};
use tokio::sync::mpsc;

/// An answer: its arrangement, its call, its bytes.
pub(crate) type Entry = (String, Key, Vec<u8>);

/// Calls of one segment, at most.
const SEGMENT: usize = 1000;
/// How long a finished call may wait for others.
const PATIENCE: Duration = Duration::from_millis(200);

/// Takes note of answers; a task of its own writes them.
pub(crate) struct Recorder {
    sender: mpsc::UnboundedSender<Message>,
    failure: Arc<Mutex<Option<Error>>>,
}

enum Message {
    Answer(Entry),
    Flush(std::sync::mpsc::Sender<u64>),
}

impl rifflebox_dataflow::Journal for Recorder {
    fn record(&self, answers: &str, key: Key, answer: &[u8]) {
        // The task ends only with the recorder, or with a failure that `flush` reports.
        let _ = self.sender.send(Message::Answer((answers.to_owned(), key, answer.to_vec())));
    }
}

impl Recorder {
    /// Starts a journal of this run.
    pub(crate) fn start(storage: &Workspace, run: &str) -> Self {
        let (sender, receiver) = mpsc::unbounded_channel();
        let failure = Arc::new(Mutex::new(None));
        let (storage, run, failed) = (storage.clone(), run.to_owned(), failure.clone());
        tokio::spawn(async move {
            if let Err(error) = write(storage, run, receiver).await {
                *failed.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = Some(error);
            }
        });
        Recorder { sender, failure }
    }

    /// Waits until all that was recorded is durable; returns the number of the last segment, 0 for none.
    ///
    /// # Errors
    /// When a segment could not be written.
    pub(crate) fn flush(&self) -> Result<u64> {
        let (sender, receiver) = std::sync::mpsc::channel();
        let _ = self.sender.send(Message::Flush(sender));
        receiver.recv().map_err(|_| {
            let mut failure = self.failure.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            failure.take().unwrap_or_else(|| Error::new(ErrorKind::Store, "the journal was not written"))
        })
    }
}

async fn write(
    storage: Workspace,
    run: String,
    mut receiver: mpsc::UnboundedReceiver<Message>,
) -> Result<()> {
    let mut journal = storage.journal(&run);
    let mut last = 0;
    while let Some(message) = receiver.recv().await {
        let mut entries = Vec::new();
        let mut waiting = Vec::new();
        let mut next = Some(message);
        let patience = tokio::time::sleep(PATIENCE);
        tokio::pin!(patience);
        while let Some(message) = next.take() {
            match message {
                Message::Answer(entry) => entries.push(entry),
                Message::Flush(sender) => waiting.push(sender),
            }
            if entries.len() >= SEGMENT || !waiting.is_empty() {
                break;
            }
            tokio::select! {
                message = receiver.recv() => next = message,
                () = &mut patience => {}
            }
        }
        if !entries.is_empty() {
            last = journal.append(segment_of(&entries)).await?;
        }
        // A flush whose asker is gone needs no answer.
        for sender in waiting {
            let _ = sender.send(last);
        }
    }
    Ok(())
}

/// Returns answers as a segment holds them.
pub(crate) fn segment_of(entries: &[Entry]) -> Vec<u8> {
    postcard::to_stdvec(entries).expect("plain data encodes into memory")
}

/// What journals hold that no commit covers.
#[derive(Clone, Debug, Default)]
pub(crate) struct Uncovered {
    /// Answers, by arrangement.
    pub(crate) answers: BTreeMap<String, Vec<KeptAnswer>>,
    /// For each segment, in order: its run, its number, and the arrangements that it has answers of.
    segments: Vec<(String, u64, BTreeSet<String>)>,
}

impl Uncovered {
    /// Reads segments.
    ///
    /// # Errors
    /// When a segment is not what a journal holds.
    pub(crate) fn read(segments: &[Segment]) -> Result<Self> {
        let mut uncovered = Uncovered::default();
        for segment in segments {
            let entries: Vec<Entry> = postcard::from_bytes(&segment.bytes).map_err(|error| {
                let name = format!("journal/{}/{}", segment.run, segment.number);
                let cure = "remove it, and its calls are made again";
                Error::new(ErrorKind::Corrupt, format!("{name} is no list of calls: {cure}"))
                    .with_source(error)
            })?;
            let names = entries.iter().map(|(name, _, _)| name.clone()).collect();
            uncovered.segments.push((segment.run.clone(), segment.number, names));
            for (name, key, answer) in entries {
                uncovered.answers.entry(name).or_default().push((key, answer));
            }
        }
        Ok(uncovered)
    }

    /// Returns the last segment of each journal up to which a run takes all answers in.
    ///
    /// What a flow of today does not ask may be asked by one of tomorrow: its answers stay in their journal.
    pub(crate) fn taken_in(&self, asks: impl Fn(&str) -> bool) -> BTreeMap<String, u64> {
        let mut covered = BTreeMap::new();
        let mut left = BTreeSet::new();
        for (run, number, names) in &self.segments {
            if !names.iter().all(|name| asks(name)) {
                left.insert(run);
            }
            if !left.contains(run) {
                covered.insert(run.clone(), *number);
            }
        }
        covered
    }
}
