//! A store on Redis, copied into an embedded one while gateways work on it.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use async_trait::async_trait;
use chrono::{DateTime, Utc};

use super::BackupFault;
use crate::domain::organisation::OrganisationId;
use crate::ports::portable::{Contents, CopyMark, CopyState, Kind, Portable, Record};
use crate::ports::{Past, StoreError};
use crate::store::embedded::{DatabaseSnapshot, Embedded};
use crate::store::redis::{Redis, Sink};
use crate::store::settings::{Codec, RedisSettings, StoreUrl};

/// Within the store's folder, while it is filled.
const FILLING: &str = "filling";

/// `at`: when the copy counts as finished.
pub(super) async fn take(
    settings: &RedisSettings,
    codec: &Codec,
    folder: &Path,
    at: DateTime<Utc>,
) -> Result<(), BackupFault> {
    let store = Redis::open_for_staff(settings, codec)?;
    let filling = folder.join(FILLING);
    let to = Embedded::open_with(&filling, codec)?;
    for organisation in crate::store::reached(store.as_ref()).await? {
        crate::store::is_finished(&organisation, store.copy_mark(&organisation).await?.as_ref())?;
        let mark = CopyMark {
            from: StoreUrl::Redis(settings.clone()).shown(),
            state: CopyState::Carrying { kind: Kind::People, after: None },
            tallies: BTreeMap::new(),
        };
        let mut into = Filled { to: Arc::clone(&to), organisation, mark };
        let mut is_whole = store.read_live(&into.organisation.clone(), &mut into).await?;
        is_whole &= into.name(store.as_ref()).await?;
        if !is_whole {
            return Err(BackupFault::TooBusy { organisation: into.organisation });
        }
        into.mark.state = CopyState::Finished { at };
        into.put(Vec::new()).await?;
    }
    to.close();
    drop(to);
    DatabaseSnapshot::take(&filling, &Embedded::file(folder))?;
    std::fs::remove_dir_all(&filling).map_err(BackupFault::file(&filling))
}

/// The store that is filled.
struct Filled {
    to: Arc<Embedded>,
    organisation: OrganisationId,
    mark: CopyMark,
}

impl Filled {
    /// The trail keeps its name.
    async fn name(&self, store: &Redis) -> Result<bool, StoreError> {
        match store.trail_end(&self.organisation).await?.nameplate {
            Some(plate) => self.to.put_nameplate(&self.organisation, None, &plate).await,
            None => Ok(true),
        }
    }
}

#[async_trait]
impl Sink for Filled {
    async fn put(&mut self, records: Vec<Record>) -> Result<(), StoreError> {
        self.to.carry_in(&self.organisation, records, &self.mark).await
    }

    async fn forget(&mut self, documents: Vec<(String, String)>) -> Result<(), StoreError> {
        self.to.forget(&self.organisation, documents).await
    }
}
