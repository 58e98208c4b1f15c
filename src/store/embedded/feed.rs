//! Changes of people, announced to this process's followers, whichever process made them.
//!
//! `PRAGMA data_version` tells cheaply whether any other connection has committed; then the
//! `change` table is read on from this process's position. Every change is announced once. If nobody
//! has committed for a while, the follower informs the writer, which writes the log back.

use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rusqlite::params;
use tokio::sync::broadcast;

use super::database::Database;
use super::fault::{self, from_sqlite};
use super::people;
use crate::domain::organisation::OrganisationId;
use crate::ports::{Change, StoreError};
use crate::runtime::limits::{CHANGE_LAG_MAX, CHANGE_POLL, CHANGES_AT_ONCE_MAX};

pub(super) struct Feed {
    /// `None` once closed.
    place: Mutex<Option<Place>>,
    followers: broadcast::Sender<Change>,
}

/// How far this process has read.
struct Place {
    connection: Database,
    /// The last change announced.
    sequence: i64,
    data_version: i64,
}

impl Feed {
    /// A feed of the changes from now on.
    pub(super) fn start_here(connection: Database) -> Result<Arc<Self>, StoreError> {
        let sequence = connection
            .query_row("SELECT coalesce(max(sequence), 0) FROM change", [], |row| row.get(0))
            .map_err(from_sqlite)?;
        let (followers, _) = broadcast::channel(CHANGE_LAG_MAX);
        // -1: no version is known, the first look reads.
        let place = Mutex::new(Some(Place { connection, sequence, data_version: -1 }));
        Ok(Arc::new(Feed { place, followers }))
    }

    pub(super) fn subscribe(&self) -> broadcast::Receiver<Change> {
        self.followers.subscribe()
    }

    /// Tells what changed since the last time. The version of the data, which is another one whenever
    /// somebody has written.
    pub(super) fn catch_up(&self) -> Result<i64, StoreError> {
        let mut place = self.place.lock().unwrap_or_else(PoisonError::into_inner);
        let place = place.as_mut().ok_or_else(fault::closed)?;
        let version: i64 = place
            .connection
            .prepare_cached("PRAGMA data_version")
            .and_then(|mut it| it.query_row([], |row| row.get(0)))
            .map_err(from_sqlite)?;
        if version == place.data_version {
            return Ok(version);
        }
        let (sequence, changes) = place.changes()?;
        place.sequence = sequence;
        place.data_version = version;
        for change in changes {
            // Nobody listens: then nobody needs to know.
            let _ = self.followers.send(change);
        }
        Ok(version)
    }

    /// Closes the connection now: the store's last handle may be dropped only after another has opened the database.
    pub(super) fn close(&self) {
        self.place.lock().unwrap_or_else(PoisonError::into_inner).take();
    }
}

impl Place {
    /// The changes after the last one announced, and the sequence number reached.
    fn changes(&self) -> Result<(i64, Vec<Change>), StoreError> {
        let reading = self.connection.unchecked_transaction().map_err(from_sqlite)?;
        let (first, last): (i64, i64) = reading
            .prepare_cached(
                "SELECT coalesce(min(sequence), 0), coalesce(max(sequence), 0) FROM change
                 WHERE sequence > ?1",
            )
            .and_then(|mut it| it.query_row([self.sequence], |row| Ok((row.get(0)?, row.get(1)?))))
            .map_err(from_sqlite)?;
        if last == 0 {
            return Ok((self.sequence, Vec::new()));
        }
        let forgotten = first > self.sequence + 1;
        let too_many = last - first >= i64::try_from(CHANGES_AT_ONCE_MAX).unwrap_or(i64::MAX);
        let changes = if forgotten {
            gaps(&self.connection, "SELECT DISTINCT organisation FROM person WHERE ?1 = ?1", 0)?
        } else if too_many {
            let sql = "SELECT DISTINCT organisation FROM change WHERE sequence > ?1";
            gaps(&self.connection, sql, self.sequence)?
        } else {
            one_by_one(&self.connection, self.sequence)?
        };
        Ok((last, changes))
    }
}

fn gaps(connection: &Database, sql: &str, after: i64) -> Result<Vec<Change>, StoreError> {
    let mut statement = connection.prepare_cached(sql).map_err(from_sqlite)?;
    let organisations = statement
        .query_map([after], |row| row.get::<_, String>(0))
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(from_sqlite)?;
    Ok(organisations.iter().map(|id| Change::Gap(OrganisationId::new(id))).collect())
}

fn one_by_one(connection: &Database, after: i64) -> Result<Vec<Change>, StoreError> {
    let mut statement = connection
        .prepare_cached(
            "SELECT organisation, person FROM change WHERE sequence > ?1 ORDER BY sequence",
        )
        .map_err(from_sqlite)?;
    let changed = statement
        .query_map(params![after], |row| Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?)))
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(from_sqlite)?;
    let mut changes = Vec::with_capacity(changed.len());
    for (organisation, person) in changed {
        let record = people::one(connection, &organisation, &person)?;
        let organisation = OrganisationId::new(&organisation);
        changes.push(match record {
            Some(record) => Change::Put(organisation, record),
            None => Change::Removed(organisation, person),
        });
    }
    Ok(changes)
}

/// The thread that looks for other processes' changes.
pub(super) struct Follower {
    stop: Mutex<Option<mpsc::Sender<()>>>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl Follower {
    pub(super) fn start(feed: Arc<Feed>, idle: Idle) -> Result<Self, StoreError> {
        let (stop, stopped) = mpsc::channel();
        let thread = std::thread::Builder::new()
            .name("store-follower".to_owned())
            .spawn(move || follow(&feed, idle, &stopped))
            .map_err(|_| StoreError::Unavailable("no thread for the follower".to_owned()))?;
        Ok(Follower { stop: Mutex::new(Some(stop)), thread: Mutex::new(Some(thread)) })
    }

    pub(super) fn close(&self) {
        self.stop.lock().unwrap_or_else(PoisonError::into_inner).take();
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        if thread.is_some_and(|thread| thread.join().is_err()) {
            tracing::error!("the store's follower thread panicked");
        }
    }
}

impl Drop for Follower {
    fn drop(&mut self) {
        self.close();
    }
}

/// Work to do when nobody has written for a while.
pub(super) struct Idle {
    pub(super) after: Duration,
    pub(super) then: Box<dyn Fn() + Send>,
}

/// Ends when the stop's sender is gone.
fn follow(feed: &Feed, idle: Idle, stopped: &mpsc::Receiver<()>) {
    let mut written = Some(Instant::now());
    let mut version = None;
    while stopped.recv_timeout(CHANGE_POLL) == Err(RecvTimeoutError::Timeout) {
        match feed.catch_up() {
            Ok(now) if version == Some(now) => {}
            Ok(now) => {
                version = Some(now);
                written = Some(Instant::now());
            }
            Err(fault) => {
                tracing::warn!(%fault, "changes of people could not be read; trying again");
            }
        }
        // Once each time that writing stops.
        if written.is_some_and(|written| written.elapsed() >= idle.after) {
            written = None;
            (idle.then)();
        }
    }
}
