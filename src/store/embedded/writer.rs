//! The one writer: a thread that commits what waits together, with one sync.
//!
//! Every request runs in a savepoint of its own, so that one that fails or panics is undone alone.
//! A request is answered only after the commit of its batch. Other processes on the folder get their
//! turn between two batches (`turn`).

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rusqlite::{Connection, ErrorCode};
use tokio::sync::{mpsc, oneshot};

use super::fault::{self, from_sqlite};
use super::turn::Turn;
use crate::ports::StoreError;
use crate::runtime::limits::{STORE_BATCH_MAX, STORE_LOCK_WAIT, STORE_QUEUE_MAX, STORE_TURN_RETRY};
use crate::store::DECIDER_PANICKED;

pub(super) struct Writer {
    /// `None` once closed: the thread ends when it has done what waits.
    queue: Mutex<Option<mpsc::Sender<Box<dyn Request>>>>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl Writer {
    pub(super) fn start(connection: Connection, turn: Turn) -> Result<Self, StoreError> {
        let (queue, waiting) = mpsc::channel(STORE_QUEUE_MAX);
        let thread = std::thread::Builder::new()
            .name("store-writer".to_owned())
            .spawn(move || write_all(&connection, turn, waiting))
            .map_err(|_| StoreError::Unavailable("no thread for the writer".to_owned()))?;
        Ok(Writer { queue: Mutex::new(Some(queue)), thread: Mutex::new(Some(thread)) })
    }

    /// Runs the work in the next transaction; its result is on disk when this returns `Ok`. Work
    /// whose caller has gone before it began is not done.
    pub(super) async fn write<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let queue = queue.ok_or_else(fault::closed)?;
        let (reply, answer) = oneshot::channel();
        let request = Write { work: Some(work), result: Err(fault::closed()), reply };
        queue.send(Box::new(request)).await.map_err(|_| fault::closed())?;
        drop(queue);
        answer.await.map_err(|_| fault::closed())?
    }

    pub(super) fn close(&self) {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner).take();
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        if thread.is_some_and(|thread| thread.join().is_err()) {
            tracing::error!("the store's writer thread panicked");
        }
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.close();
    }
}

/// One request in a batch, whatever its result's type.
trait Request: Send {
    /// `false`: nothing of it shall stay.
    fn run(&mut self, connection: &Connection) -> bool;
    /// Tells the caller, once the batch is committed or has failed.
    fn answer(self: Box<Self>, batch: &Result<(), StoreError>);
}

struct Write<T, W> {
    work: Option<W>,
    result: Result<T, StoreError>,
    reply: oneshot::Sender<Result<T, StoreError>>,
}

impl<T, W> Request for Write<T, W>
where
    T: Send,
    W: FnOnce(&Connection) -> Result<T, StoreError> + Send,
{
    fn run(&mut self, connection: &Connection) -> bool {
        if self.reply.is_closed() {
            return false;
        }
        let Some(work) = self.work.take() else { return false };
        // The savepoint undoes what a panic left half done, which makes unwinding safe here.
        self.result = catch_unwind(AssertUnwindSafe(|| work(connection)))
            .unwrap_or_else(|_| Err(StoreError::Refused(DECIDER_PANICKED.to_owned())));
        self.result.is_ok()
    }

    fn answer(self: Box<Self>, batch: &Result<(), StoreError>) {
        let result = match batch {
            Ok(()) => self.result,
            Err(fault) => self.result.and(Err(fault.clone())),
        };
        // A caller that has gone meanwhile needs no answer.
        let _ = self.reply.send(result);
    }
}

/// Ends when every sender is gone and nothing waits.
fn write_all(
    connection: &Connection,
    mut turn: Turn,
    mut waiting: mpsc::Receiver<Box<dyn Request>>,
) {
    while let Some(first) = waiting.blocking_recv() {
        let mut batch = vec![first];
        while batch.len() < STORE_BATCH_MAX {
            let Ok(next) = waiting.try_recv() else { break };
            batch.push(next);
        }
        let committed = transact(connection, &mut turn, &mut batch);
        if let Err(fault) = &committed {
            tracing::error!(requests = batch.len(), %fault, "a transaction failed");
        }
        for request in batch {
            request.answer(&committed);
        }
    }
}

fn transact(
    connection: &Connection,
    turn: &mut Turn,
    batch: &mut [Box<dyn Request>],
) -> Result<(), StoreError> {
    let done = run_batch(connection, turn, batch);
    if done.is_err() && !connection.is_autocommit() {
        // Fails only where SQLite has rolled back by itself.
        let _ = connection.execute_batch("ROLLBACK");
    }
    done
}

/// Begins a transaction in its turn. Whoever has the turn waits alone, so that it may ask often: SQLite
/// itself asks up to 100 ms later, which every process on the folder would wait for.
fn begin(connection: &Connection, turn: &mut Turn) -> Result<(), StoreError> {
    let _waiting = turn.take();
    let until = Instant::now() + STORE_LOCK_WAIT;
    connection.busy_timeout(Duration::ZERO).map_err(from_sqlite)?;
    let begun = loop {
        match connection.prepare_cached("BEGIN IMMEDIATE").and_then(|mut it| it.execute([])) {
            Err(error)
                if error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy)
                    && Instant::now() < until =>
            {
                std::thread::sleep(STORE_TURN_RETRY);
            }
            begun => break begun.map(|_| ()).map_err(from_sqlite),
        }
    };
    connection.busy_timeout(STORE_LOCK_WAIT).map_err(from_sqlite)?;
    begun
}

fn run_batch(
    connection: &Connection,
    turn: &mut Turn,
    batch: &mut [Box<dyn Request>],
) -> Result<(), StoreError> {
    let control = |sql| -> Result<(), StoreError> {
        connection.prepare_cached(sql).and_then(|mut it| it.execute([])).map_err(from_sqlite)?;
        Ok(())
    };
    begin(connection, turn)?;
    for request in batch {
        control("SAVEPOINT request")?;
        let keep = request.run(connection);
        // A full disk and the like end the whole transaction (sqlite.org/lang_transaction.html,
        // "Response To Errors Within A Transaction").
        if connection.is_autocommit() {
            return Err(StoreError::Unavailable("the transaction was undone".to_owned()));
        }
        if !keep {
            control("ROLLBACK TO request")?;
        }
        control("RELEASE request")?;
    }
    control("COMMIT")
}
