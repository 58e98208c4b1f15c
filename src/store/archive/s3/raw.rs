//! A bucket of which originals are carried as they are stored, into another archive or out of one.

use bytes::Bytes;

use super::identity::{self, S3Or};
use super::listing::Listed;
use super::wire::{Only, Wire};
use crate::ports::{ArchiveIdentity, Original, StoreError};
use crate::runtime::hashed::Hashed;
use crate::store::archive::place::{Form, OriginalPlace};
use crate::store::settings::S3Settings;

pub(in crate::store::archive) struct RawBucket(Wire);

impl RawBucket {
    pub(in crate::store::archive) fn new(settings: &S3Settings) -> Result<Self, StoreError> {
        Wire::new(settings).map(RawBucket)
    }

    pub(in crate::store::archive) async fn identity(
        &self,
    ) -> Result<Option<ArchiveIdentity>, StoreError> {
        identity::read(&self.0).await.map_err(|fault| match fault {
            S3Or::Away(fault) => fault.of_archive(&self.0.shown),
            S3Or::Store(error) => error,
        })
    }

    pub(in crate::store::archive) async fn give(
        &self,
        id: &str,
    ) -> Result<ArchiveIdentity, StoreError> {
        identity::give(&self.0, id).await
    }

    pub(in crate::store::archive) async fn originals(
        &self,
    ) -> Result<Vec<(OriginalPlace, Form)>, StoreError> {
        let mut found = Vec::new();
        let mut each = |object: Listed| found.extend(OriginalPlace::below(&object.name));
        let listed = self.0.list("", &mut each).await;
        listed.map_err(|fault| fault.of_archive(&self.0.shown))?;
        Ok(found)
    }

    /// `None`: it is not there.
    pub(in crate::store::archive) async fn read(
        &self,
        name: &str,
    ) -> Result<Option<Bytes>, StoreError> {
        self.0.bytes(name).await.map_err(|fault| fault.of_archive(&self.0.shown))
    }

    pub(in crate::store::archive) async fn write(
        &self,
        name: &str,
        bytes: Bytes,
        hashed: &Hashed,
    ) -> Result<(), StoreError> {
        let put = self.0.put(name, &Original::Bytes(bytes), hashed, Only::Any).await;
        put.map(drop).map_err(|fault| fault.of_archive(&self.0.shown))
    }

    pub(in crate::store::archive) async fn remove(&self, name: &str) -> Result<(), StoreError> {
        self.0.delete(name).await.map_err(|fault| fault.of_archive(&self.0.shown))
    }
}
