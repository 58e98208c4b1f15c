//! Read-only connections, a few at once, on blocking threads.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::Connection;
use tokio::sync::Semaphore;

use super::{fault, schema};
use crate::ports::StoreError;
use crate::runtime::limits::STORE_READERS_MAX;

pub(super) struct Readers {
    file: PathBuf,
    places: Arc<Semaphore>,
    idle: Mutex<Vec<Connection>>,
}

impl Readers {
    pub(super) fn new(file: PathBuf) -> Self {
        let places = Arc::new(Semaphore::new(STORE_READERS_MAX));
        Readers { file, places, idle: Mutex::new(Vec::new()) }
    }

    /// Runs the work in one read transaction: all that it reads is of one moment.
    pub(super) async fn read<T: Send + 'static>(
        self: &Arc<Self>,
        work: impl FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let place = Arc::clone(&self.places).acquire_owned().await.map_err(|_| fault::closed())?;
        let readers = Arc::clone(self);
        let reading = tokio::task::spawn_blocking(move || {
            let _place = place;
            let connection = readers.take()?;
            let transaction = connection.unchecked_transaction().map_err(fault::from_sqlite)?;
            let result = work(&transaction);
            // Nothing was written: the end of a read transaction can't fail in a way that matters.
            let _ = transaction.finish();
            readers.give_back(connection);
            result
        });
        reading.await.map_err(fault::task)?
    }

    /// No read begins any more. Those under way end by themselves.
    pub(super) fn close(&self) {
        self.places.close();
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    fn take(&self) -> Result<Connection, StoreError> {
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        match idle {
            Some(connection) => Ok(connection),
            None => schema::open_to_read(&self.file),
        }
    }

    fn give_back(&self, connection: Connection) {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(connection);
    }
}
