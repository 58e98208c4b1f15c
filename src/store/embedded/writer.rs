//! The one writer: a thread that commits what waits together, with one sync.
//!
//! Only one that fails or panics is undone. That takes a savepoint for each, and SQLite keeps the pages
//! for it that were changed before, so that requests run without: where one fails that has written
//! already, the batch is undone and runs again, each in a savepoint of its own.
//!
//! A request is answered only after the commit of its batch. Other processes on the folder get their
//! turn between two batches (`turn`). When nobody writes, and at the end, the log is written back and
//! emptied, so that the database file is complete by itself (`checkpoint`).

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rusqlite::ErrorCode;
use tokio::sync::{mpsc, oneshot};

use super::database::Database;
use super::desk::Desk;
use super::fault::{self, from_sqlite};
use super::opened::Opened;
use super::turn::WriteTurn;
use crate::ports::StoreError;
use crate::runtime::limits::{STORE_BATCH_MAX, STORE_LOCK_WAIT, STORE_QUEUE_MAX, STORE_TURN_RETRY};
use crate::store::DECIDER_PANICKED;

pub(super) struct Writer {
    /// `None` once closed: the thread ends when it has done what waits.
    queue: Mutex<Option<mpsc::Sender<Work>>>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl Writer {
    pub(super) fn start(
        connection: Database,
        turn: WriteTurn,
        opened: Arc<Opened>,
    ) -> Result<Self, StoreError> {
        // The thread will do this again; done here first to find out whether it can.
        Desk::new(&connection)?;
        let (queue, waiting) = mpsc::channel(STORE_QUEUE_MAX);
        let thread = std::thread::Builder::new()
            .name("store-writer".to_owned())
            .spawn(move || write_all(&connection, turn, &opened, waiting))
            .map_err(|_| StoreError::Unavailable("no thread for the writer".to_owned()))?;
        Ok(Writer { queue: Mutex::new(Some(queue)), thread: Mutex::new(Some(thread)) })
    }

    /// Runs the work in the next transaction; its result is on disk when this returns `Ok`. Work
    /// whose caller has gone before it began is not done. It may be run once more, where the first time is
    /// undone.
    pub(super) async fn write<T: Send + 'static>(
        &self,
        work: impl FnMut(&mut Desk<'_>) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let queue = queue.ok_or_else(fault::closed)?;
        let (reply, answer) = oneshot::channel();
        let request = Write { work, result: Err(fault::closed()), reply };
        queue.send(Work::Request(Box::new(request))).await.map_err(|_| fault::closed())?;
        drop(queue);
        answer.await.map_err(|_| fault::closed())?
    }

    /// Has the log written back when what waits is done. Where very many wait, nobody is idle.
    pub(super) fn checkpoint(&self) {
        let queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(queue) = queue.as_ref() {
            let _ = queue.try_send(Work::Checkpoint);
        }
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

/// What waits for the writer.
enum Work {
    Request(Box<dyn Request>),
    /// Write the log back.
    Checkpoint,
}

/// One request in a batch, whatever its result's type.
trait Request: Send {
    /// `false`: nothing of it shall stay.
    fn run(&mut self, desk: &mut Desk<'_>) -> bool;
    /// Tells the caller, once the batch is committed or has failed.
    fn answer(self: Box<Self>, batch: &Result<(), StoreError>);
}

struct Write<T, W> {
    work: W,
    result: Result<T, StoreError>,
    reply: oneshot::Sender<Result<T, StoreError>>,
}

impl<T, W> Request for Write<T, W>
where
    T: Send,
    W: FnMut(&mut Desk<'_>) -> Result<T, StoreError> + Send,
{
    fn run(&mut self, desk: &mut Desk<'_>) -> bool {
        if self.reply.is_closed() {
            return false;
        }
        // What a panic left half done is undone, which makes unwinding safe here.
        self.result = catch_unwind(AssertUnwindSafe(|| (self.work)(desk)))
            .unwrap_or_else(|_| Err(StoreError::Refused(DECIDER_PANICKED.to_owned())));
        self.result.is_ok()
    }

    fn answer(self: Box<Self>, batch: &Result<(), StoreError>) {
        let result = match batch {
            Ok(()) => self.result,
            Err(fault) => self.result.and(Err(fault.clone())),
        };
        // A caller that has gone needs no answer.
        let _ = self.reply.send(result);
    }
}

/// Ends when every sender is gone and nothing waits.
fn write_all(
    connection: &Database,
    mut turn: WriteTurn,
    opened: &Opened,
    mut waiting: mpsc::Receiver<Work>,
) {
    let mut desk = match Desk::new(connection) {
        Ok(desk) => desk,
        Err(fault) => {
            tracing::error!(%fault, "the store can't be written");
            return;
        }
    };
    while let Some(first) = waiting.blocking_recv() {
        let mut next = Ok(first);
        let mut batch = Vec::new();
        while let Ok(Work::Request(request)) = next {
            batch.push(request);
            if batch.len() == STORE_BATCH_MAX {
                break;
            }
            next = waiting.try_recv();
        }
        // Behind others it can wait: somebody writes.
        if batch.is_empty() {
            checkpoint(connection, opened, Duration::ZERO);
            continue;
        }
        let committed = match opened.lost() {
            // A write would now go to a file that nobody finds.
            Some(lost) => Err(StoreError::Behind(lost)),
            None => transact(&mut desk, &mut turn, &mut batch),
        };
        if let Err(fault) = &committed {
            tracing::error!(requests = batch.len(), %fault, "a transaction failed");
        }
        for request in batch {
            request.answer(&committed);
        }
    }
    checkpoint(connection, opened, STORE_LOCK_WAIT);
}

/// Writes the log back into the database file and empties it, unless others read or write for longer
/// than this: then it is done another time. It matters only to somebody who copies the file by itself.
fn checkpoint(connection: &Database, opened: &Opened, wait: Duration) {
    if opened.lost().is_some() {
        return;
    }
    let done = connection.busy_timeout(wait).and_then(|()| {
        let log = connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0));
        connection.busy_timeout(STORE_LOCK_WAIT)?;
        log
    });
    let is_busy = |busy: &i64| *busy != 0;
    match done.map_err(from_sqlite) {
        Ok(busy) if is_busy(&busy) => tracing::debug!("the log is written back later"),
        Ok(_) => {}
        Err(fault) => tracing::warn!(%fault, "the log could not be written back"),
    }
}

fn transact(
    desk: &mut Desk<'_>,
    turn: &mut WriteTurn,
    batch: &mut [Box<dyn Request>],
) -> Result<(), StoreError> {
    let done = run_batch(desk, turn, batch);
    if done.is_err() {
        desk.trail.undone();
    }
    if done.is_err() && !desk.connection.is_autocommit() {
        // Fails only where SQLite has rolled back by itself.
        let _ = desk.connection.execute_batch("ROLLBACK");
    }
    done
}

/// Begins a transaction in its turn. Only the process whose turn it is waits, so that it may ask often: SQLite
/// itself asks up to 100 ms later, which every process on the folder would wait for.
fn begin(desk: &mut Desk<'_>, turn: &mut WriteTurn) -> Result<(), StoreError> {
    desk.trail.forget_numbers();
    let connection = desk.connection;
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
    desk: &mut Desk<'_>,
    turn: &mut WriteTurn,
    batch: &mut [Box<dyn Request>],
) -> Result<(), StoreError> {
    begin(desk, turn)?;
    if !run_together(desk, batch)? {
        control(desk.connection, "ROLLBACK")?;
        desk.trail.undone();
        begin(desk, turn)?;
        run_apart(desk, batch)?;
    }
    control(desk.connection, "COMMIT")
}

/// `false`: one has failed that had written, so that the batch is to be undone.
fn run_together(desk: &mut Desk<'_>, batch: &mut [Box<dyn Request>]) -> Result<bool, StoreError> {
    for request in batch {
        let before = desk.connection.total_changes();
        let keep = request.run(desk);
        is_under_way(desk.connection)?;
        if !keep && desk.connection.total_changes() != before {
            return Ok(false);
        }
    }
    Ok(true)
}

fn run_apart(desk: &mut Desk<'_>, batch: &mut [Box<dyn Request>]) -> Result<(), StoreError> {
    for request in batch {
        control(desk.connection, "SAVEPOINT request")?;
        let keep = request.run(desk);
        is_under_way(desk.connection)?;
        if !keep {
            control(desk.connection, "ROLLBACK TO request")?;
            desk.trail.undone();
        }
        control(desk.connection, "RELEASE request")?;
    }
    Ok(())
}

fn control(connection: &Database, sql: &str) -> Result<(), StoreError> {
    connection.prepare_cached(sql).and_then(|mut it| it.execute([])).map_err(from_sqlite)?;
    Ok(())
}

/// A full disk and the like end the whole transaction (sqlite.org/lang_transaction.html, "Response To
/// Errors Within A Transaction").
fn is_under_way(connection: &Database) -> Result<(), StoreError> {
    if connection.is_autocommit() {
        return Err(StoreError::Unavailable("the transaction was undone".to_owned()));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use tokio::join;

    use super::super::{audit, schema};
    use super::*;
    use crate::domain::audit::AuditEvent;
    use crate::domain::organisation::OrganisationId;
    use crate::ports::Stamp;
    use crate::store::record::Codec;

    fn karbon() -> OrganisationId {
        OrganisationId::new("karbon")
    }

    fn append(desk: &mut Desk<'_>, person: &str) -> Result<(), StoreError> {
        let stamp = Stamp { by: "A. Manager".to_owned(), at: chrono::DateTime::UNIX_EPOCH };
        let event = AuditEvent::PersonChanged { person: person.to_owned() };
        desk.trail.append(&karbon(), &stamp, &event, None)
    }

    #[tokio::test]
    async fn one_that_fails_after_it_has_written_is_undone_alone() {
        let folder = tempfile::tempdir().unwrap();
        let file = schema::file(folder.path());
        let turn = WriteTurn::of(folder.path()).unwrap();
        let open = |connection| Database::new(connection, Codec::plain());
        let connection = open(schema::open_to_write(&file).unwrap());
        let opened = Arc::new(Opened::of(&file));
        let writer = Writer::start(connection, turn, opened).unwrap();
        let (go, gate) = std::sync::mpsc::channel::<()>();
        let held = writer.write(move |_| {
            // The second time, nobody is there to hold it any more.
            let _ = gate.recv();
            Ok(())
        });
        let one = writer.write(|desk| append(desk, "one"));
        let failing = writer.write(|desk| {
            append(desk, "failing")?;
            Err::<(), _>(StoreError::Refused("as asked".to_owned()))
        });
        let two = writer.write(|desk| append(desk, "two"));
        let panicking = writer.write(|desk| -> Result<(), StoreError> {
            append(desk, "panicking")?;
            panic!("as asked")
        });
        let three = writer.write(|desk| append(desk, "three"));
        // Polled in this order: all wait when the first is let go.
        let (held, one, failing, two, panicking, three, ()) =
            join!(held, one, failing, two, panicking, three, async { drop(go) });
        for kept in [held, one, two, three] {
            kept.unwrap();
        }
        assert!(failing.is_err() && panicking.is_err());
        let reading = open(schema::open_to_read(&file).unwrap());
        let trail = audit::list(&reading, &karbon(), 0, 10).unwrap();
        let trail: Vec<_> = trail.into_iter().map(|entry| (entry.number, entry.event)).collect();
        let changed = |person: &str| AuditEvent::PersonChanged { person: person.to_owned() };
        assert_eq!(trail, [(1, changed("one")), (2, changed("two")), (3, changed("three"))]);
    }
}
