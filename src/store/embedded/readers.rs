//! Read-only connections, a few at once, on blocking threads.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::Semaphore;

use super::database::Database;
use super::{fault, schema};
use crate::ports::StoreError;
use crate::runtime::limits::STORE_READERS_MAX;
use crate::store::record::Codec;

pub(super) struct Readers {
    file: PathBuf,
    codec: Codec,
    places: Arc<Semaphore>,
    idle: Mutex<Vec<Database>>,
}

impl Readers {
    pub(super) fn new(file: PathBuf, codec: Codec) -> Self {
        let places = Arc::new(Semaphore::new(STORE_READERS_MAX));
        Readers { file, codec, places, idle: Mutex::new(Vec::new()) }
    }

    /// Runs the work in one read transaction: all that it reads is of one moment.
    pub(super) async fn read<T: Send + 'static>(
        self: &Arc<Self>,
        work: impl FnOnce(&Database) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let place = Arc::clone(&self.places).acquire_owned().await.map_err(|_| fault::closed())?;
        let readers = Arc::clone(self);
        let reading = tokio::task::spawn_blocking(move || {
            let _place = place;
            let connection = readers.take()?;
            let transaction = connection.unchecked_transaction().map_err(fault::from_sqlite)?;
            let result = work(&connection);
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

    fn take(&self) -> Result<Database, StoreError> {
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        match idle {
            Some(connection) => Ok(connection),
            None => {
                let connection = schema::open_to_read(&self.file)?;
                Ok(Database::new(connection, self.codec.clone()))
            }
        }
    }

    fn give_back(&self, connection: Database) {
        if self.places.is_closed() {
            return;
        }
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(connection);
    }
}
