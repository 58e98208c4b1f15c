//! Connections to the mail server: how many at once, and which are kept for the next message.

use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, timeout};

use super::connection::Connection;
use crate::ports::relay::{Downstream, RelayError};
use crate::runtime::limits::{
    DOWNSTREAM_CONNECT_WAIT, DOWNSTREAM_CONNECTIONS_MAX, DOWNSTREAM_IDLE_AGE_MAX,
    DOWNSTREAM_IDLE_MAX,
};
use crate::runtime::tls::Connector;

pub(super) struct Pool {
    downstream: Downstream,
    tls: Option<Connector>,
    hostname: String,
    places: Arc<Semaphore>,
    kept: Mutex<Vec<Kept>>,
}

struct Kept {
    connection: Connection,
    since: Instant,
}

/// A connection in use. It counts until it is kept or dropped.
pub(super) struct HeldConnection {
    pub(super) connection: Connection,
    /// It served another message before, and may have died since.
    pub(super) was_kept: bool,
    _place: OwnedSemaphorePermit,
}

impl Pool {
    pub(super) fn new(downstream: Downstream, tls: Option<Connector>, hostname: &str) -> Self {
        Pool {
            downstream,
            tls,
            hostname: hostname.to_owned(),
            places: Arc::new(Semaphore::new(DOWNSTREAM_CONNECTIONS_MAX)),
            kept: Mutex::new(Vec::new()),
        }
    }

    fn kept(&self) -> std::sync::MutexGuard<'_, Vec<Kept>> {
        // Nothing is left half done under this lock.
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn place(&self) -> Result<OwnedSemaphorePermit, RelayError> {
        match timeout(DOWNSTREAM_CONNECT_WAIT, Arc::clone(&self.places).acquire_owned()).await {
            Ok(Ok(place)) => Ok(place),
            Ok(Err(_)) | Err(_) => Err(RelayError::Slow),
        }
    }

    /// A kept connection that still lives, or a new one.
    pub(super) async fn take(&self) -> Result<HeldConnection, RelayError> {
        let place = self.place().await?;
        loop {
            let next = self.kept().pop();
            let Some(Kept { mut connection, since }) = next else { break };
            if since.elapsed() < DOWNSTREAM_IDLE_AGE_MAX && connection.is_quiet() {
                return Ok(HeldConnection { connection, was_kept: true, _place: place });
            }
        }
        self.made(place).await
    }

    /// A new connection.
    pub(super) async fn connect(&self) -> Result<HeldConnection, RelayError> {
        let place = self.place().await?;
        self.made(place).await
    }

    async fn made(&self, place: OwnedSemaphorePermit) -> Result<HeldConnection, RelayError> {
        let opening = Connection::open(&self.downstream, self.tls.as_ref(), &self.hostname);
        // Large with its handshake, and one of many: on the heap.
        let connection = Box::pin(opening).await?;
        Ok(HeldConnection { connection, was_kept: false, _place: place })
    }

    /// Keeps a connection that is between transactions.
    pub(super) fn keep(&self, held: HeldConnection) {
        let mut kept = self.kept();
        kept.retain(|kept| kept.since.elapsed() < DOWNSTREAM_IDLE_AGE_MAX);
        if kept.len() < DOWNSTREAM_IDLE_MAX {
            kept.push(Kept { connection: held.connection, since: Instant::now() });
        }
    }

    /// Lets go of every kept connection: the server seems to have closed them.
    pub(super) fn forget_kept(&self) {
        self.kept().clear();
    }
}
