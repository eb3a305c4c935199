//! Changes of documents on their way to the engine, in epochs of bounded size.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use rifflebox_core::{Error, ErrorKind, Key, Result};
use rifflebox_dataflow::{Change, Data, Encoded, Feed, encode};

/// The scanning side: gathers changes and hands over epochs.
pub(crate) struct Sender {
    sender: SyncSender<Result<Vec<Change>>>,
    epoch: Vec<Change>,
    bytes: usize,
    /// Bytes at which an epoch is full.
    most: usize,
    /// What must be done before an epoch is handed over.
    first: Option<First>,
}

/// Something that must be done first.
type First = Box<dyn FnMut() -> Result<()> + Send>;

/// The engine's side.
pub(crate) struct Epochs {
    receiver: Receiver<Result<Vec<Change>>>,
    /// An epoch that was looked at before the engine was started.
    first: Option<Vec<Change>>,
    pub(crate) fed: u64,
}

/// Makes both sides, for epochs of about so many bytes; the scan is at most two epochs ahead.
pub(crate) fn channel(most: usize) -> (Sender, Epochs) {
    let (sender, receiver) = sync_channel(2);
    (
        Sender { sender, epoch: Vec::new(), bytes: 0, most, first: None },
        Epochs { receiver, first: None, fed: 0 },
    )
}

impl Sender {
    /// Says that a row's count changes.
    pub(crate) fn say<K: Data, V: Data>(&mut self, input: &Arc<str>, key: &K, value: &V, diff: i64) {
        let (key, value) = encode(key, value);
        self.push(input, key, value, diff);
    }

    fn push(&mut self, input: &Arc<str>, key: Key, value: Encoded, diff: i64) {
        self.bytes += value.len() + 64;
        self.epoch.push(Change { input: input.clone(), key, value, diff });
    }

    /// Says changes that all stay in the present epoch, however many they are.
    pub(crate) fn gather<T>(&mut self, say: impl FnOnce(&mut Sender) -> Result<T>) -> Result<T> {
        let most = std::mem::replace(&mut self.most, usize::MAX);
        let said = say(self);
        self.most = most;
        said
    }

    /// Returns the changes of the present epoch.
    pub(crate) fn gathered(&self) -> &[Change] {
        &self.epoch
    }

    /// Ends an epoch here if it is full: what was said so far is consistent by itself.
    ///
    /// # Errors
    /// When the run has ended.
    pub(crate) fn pause(&mut self) -> Result<()> {
        if self.bytes < self.most {
            return Ok(());
        }
        self.flush()
    }

    /// Does something before each epoch is handed over, and at the end.
    pub(crate) fn do_first(&mut self, first: impl FnMut() -> Result<()> + Send + 'static) {
        self.first = Some(Box::new(first));
    }

    fn flush(&mut self) -> Result<()> {
        self.first.as_mut().map_or(Ok(()), |first| first())?;
        self.bytes = 0;
        let epoch = std::mem::take(&mut self.epoch);
        self.sender.send(Ok(epoch)).map_err(|_| Error::new(ErrorKind::Internal, "the run has ended"))
    }

    /// Hands over what is left, or why there is no more.
    pub(crate) fn finish(mut self, outcome: Result<()>) {
        let outcome = outcome.and_then(|()| self.first.as_mut().map_or(Ok(()), |first| first()));
        let sent = match outcome {
            Ok(()) if self.epoch.is_empty() => Ok(()),
            Ok(()) => self.flush(),
            Err(error) => self.sender.send(Err(error)).map_err(|_| Error::new(ErrorKind::Internal, "ended")),
        };
        // A run that has ended already has said why.
        drop(sent);
    }
}

impl Epochs {
    /// Waits for the first epoch; returns whether there is one.
    ///
    /// # Errors
    /// When the scan fails.
    pub(crate) fn peek(&mut self) -> Result<bool> {
        if self.first.is_none() {
            self.first = self.receiver.recv().ok().transpose()?;
        }
        Ok(self.first.is_some())
    }
}

/// One epoch, and no more.
pub(crate) struct Once(pub(crate) Option<Vec<Change>>);

impl Feed for Once {
    fn next(&mut self) -> Result<Option<Vec<Change>>> {
        Ok(self.0.take())
    }
}

impl Feed for Epochs {
    fn next(&mut self) -> Result<Option<Vec<Change>>> {
        let epoch = match self.first.take() {
            Some(epoch) => Some(epoch),
            None => self.receiver.recv().ok().transpose()?,
        };
        self.fed += epoch.as_ref().map_or(0, |epoch| epoch.len() as u64);
        Ok(epoch)
    }
}
