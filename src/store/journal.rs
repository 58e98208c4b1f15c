//! The local journal: decisions made while the store was away, until the store has them.
//!
//! One append-only file, `pending.journal`, in a folder that one process holds (`lock`). A frame is
//!
//! ```text
//! "CGJ1"  length (u32, little endian)  checksum (8 bytes)  payload (length bytes)
//! ```
//!
//! where the checksum is the beginning of the payload's SHA-256 and the payload a record (`store::record`): an entry
//! or a note on outgoing mail with its number, or the number of one that is done. A torn end, left by a crash in the
//! middle of a write, was never acknowledged and is overwritten. When all is done the file starts again. A whole
//! frame that this version can't read is kept in `unread.journal` (`aside`), and a file that was damaged as a copy in
//! `damaged.journal` (`damage`).
//!
//! The file holds its place on the disk before it is needed (`reserve`), as zeros behind the last frame: a
//! decision made while the disk is full is still journalled.

mod aside;
mod damage;
mod file;
mod frame;
pub mod peek;
mod rejected;
mod reserve;

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use async_trait::async_trait;
use tokio::sync::{mpsc, oneshot};

use crate::ports::{Journal, JournalEntry, OutboundNote, StoreError};
use crate::runtime::limits::{JOURNAL_BATCH_MAX, JOURNAL_QUEUE_MAX};
use crate::store::record::{Codec, Label, kind};
use file::JournalFile;

/// The journal in a folder. Dropping it, or [`FileJournal::close`], ends its thread.
pub struct FileJournal {
    queue: Mutex<Option<mpsc::Sender<Request>>>,
    thread: Mutex<Option<JoinHandle<()>>>,
    fault: Fault,
}

/// What keeps the journal from taking entries, or from putting them right, as of its last write.
type Fault = Arc<Mutex<Option<String>>>;

/// A frame's record, by the place at which a fault finds it. Frames have numbers of their own.
fn label(at: &dyn std::fmt::Display) -> Label<'_> {
    Label::new("", kind::JOURNALLED, at).anywhere()
}

type Numbered<T> = Vec<(u64, T)>;

/// What the journal's thread is asked.
enum Request {
    Append(Box<JournalEntry>, oneshot::Sender<Result<(), StoreError>>),
    AppendOutbound(Box<OutboundNote>, oneshot::Sender<Result<(), StoreError>>),
    Done(u64, oneshot::Sender<Result<(), StoreError>>),
    Rejected(u64, String, oneshot::Sender<Result<(), StoreError>>),
    TryRejected(oneshot::Sender<Result<(), StoreError>>),
    Pending(oneshot::Sender<Result<Numbered<JournalEntry>, StoreError>>),
    PendingOutbound(oneshot::Sender<Result<Numbered<OutboundNote>, StoreError>>),
}

impl FileJournal {
    /// Opens or creates the journal's folder and reads pending entries.
    ///
    /// # Errors
    /// `Refused`: another process holds the journal. `Unavailable`: the folder can't be written.
    pub fn open(folder: &Path) -> Result<Self, StoreError> {
        FileJournal::open_with(folder, &Codec::plain())
    }

    /// As [`FileJournal::open`], with entries as the codec writes them.
    ///
    /// # Errors
    /// As [`FileJournal::open`].
    pub fn open_with(folder: &Path, codec: &Codec) -> Result<Self, StoreError> {
        let file = JournalFile::open(folder, codec.clone()).map_err(|fault| fault.at(folder))?;
        let (queue, waiting) = mpsc::channel(JOURNAL_QUEUE_MAX);
        let fault = Arc::new(Mutex::new(file.fault()));
        let telling = Arc::clone(&fault);
        let thread = std::thread::Builder::new()
            .name("journal-writer".to_owned())
            .spawn(move || work(file, waiting, &telling))
            .map_err(|_| StoreError::Unavailable("no thread for the journal".to_owned()))?;
        let (queue, thread) = (Mutex::new(Some(queue)), Mutex::new(Some(thread)));
        Ok(FileJournal { queue, thread, fault })
    }

    /// Writes what waits and ends the thread. Blocks until it has ended.
    pub fn close(&self) {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner).take();
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        if thread.is_some_and(|thread| thread.join().is_err()) {
            tracing::error!("the journal's thread panicked");
        }
    }

    async fn ask<T>(
        &self,
        request: impl FnOnce(oneshot::Sender<Result<T, StoreError>>) -> Request,
    ) -> Result<T, StoreError> {
        let queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let (reply, answer) = oneshot::channel();
        queue.ok_or_else(closed)?.send(request(reply)).await.map_err(|_| closed())?;
        answer.await.map_err(|_| closed())?
    }
}

impl Drop for FileJournal {
    fn drop(&mut self) {
        self.close();
    }
}

fn closed() -> StoreError {
    StoreError::Unavailable("the journal is closed".to_owned())
}

#[async_trait]
impl Journal for FileJournal {
    async fn append(&self, entry: JournalEntry) -> Result<(), StoreError> {
        self.ask(|reply| Request::Append(Box::new(entry), reply)).await
    }

    async fn pending(&self) -> Result<Numbered<JournalEntry>, StoreError> {
        self.ask(Request::Pending).await
    }

    async fn append_outbound(&self, note: OutboundNote) -> Result<(), StoreError> {
        self.ask(|reply| Request::AppendOutbound(Box::new(note), reply)).await
    }

    async fn pending_outbound(&self) -> Result<Numbered<OutboundNote>, StoreError> {
        self.ask(Request::PendingOutbound).await
    }

    fn fault(&self) -> Option<String> {
        self.fault.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    async fn done(&self, number: u64) -> Result<(), StoreError> {
        self.ask(|reply| Request::Done(number, reply)).await
    }

    async fn rejected(&self, number: u64, why: String) -> Result<(), StoreError> {
        self.ask(|reply| Request::Rejected(number, why, reply)).await
    }

    async fn try_rejected(&self) -> Result<(), StoreError> {
        self.ask(Request::TryRejected).await
    }
}

/// Ends when every sender is gone and nothing waits.
fn work(mut file: JournalFile, mut waiting: mpsc::Receiver<Request>, fault: &Fault) {
    while let Some(first) = waiting.blocking_recv() {
        let mut batch = vec![first];
        while batch.len() < JOURNAL_BATCH_MAX {
            let Ok(next) = waiting.try_recv() else { break };
            batch.push(next);
        }
        serve(&mut file, batch, fault);
    }
}

/// Writes a batch with one sync, and answers when it is on disk. Requested reads come after it.
fn serve(file: &mut JournalFile, batch: Vec<Request>, fault: &Fault) {
    let mut written = Vec::new();
    let (mut readers, mut readers_of_notes) = (Vec::new(), Vec::new());
    for request in batch {
        match request {
            Request::Append(entry, reply) => written.push((file.append(*entry), reply)),
            Request::AppendOutbound(note, reply) => {
                written.push((file.append_outbound(*note), reply));
            }
            Request::Done(number, reply) => written.push((file.done(number), reply)),
            Request::Rejected(number, why, reply) => {
                file.rejected(number, why);
                written.push((Ok(()), reply));
            }
            Request::TryRejected(reply) => {
                file.try_rejected();
                written.push((Ok(()), reply));
            }
            Request::Pending(reply) => readers.push(reply),
            Request::PendingOutbound(reply) => readers_of_notes.push(reply),
        }
    }
    if written.is_empty() {
        // Reads are asked for all the time: a fault that is over is noticed even if nothing is written.
        file.try_again();
    }
    let synced = file.sync();
    *fault.lock().unwrap_or_else(PoisonError::into_inner) = file.fault();
    for (result, reply) in written {
        // A caller that has gone needs no answer.
        let _ = reply.send(result.and_then(|()| synced.clone()));
    }
    for reply in readers {
        let _ = reply.send(file.pending());
    }
    for reply in readers_of_notes {
        let _ = reply.send(file.pending_outbound());
    }
}

#[cfg(test)]
mod tests;
