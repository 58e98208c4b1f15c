//! Adapters of the store ports: embedded (SQLite), Redis and memory; the archive and the local journal on
//! the file system.
//!
//! One contract suite (`tests/suite/store_contract`) runs on every store and says what a store is.

pub mod archive;
mod attached;
pub mod embedded;
pub mod journal;
pub mod memory;
pub mod redis;
pub mod settings;

use std::sync::Arc;

use crate::ports::{Store, StoreError};
use settings::StoreUrl;

/// Who stands on an audit entry for what the gateway itself decided.
const GATEWAY: &str = "gateway";

/// The text of an answer where a caller's decider panicked.
const DECIDER_PANICKED: &str = "the decider panicked; nothing of this contact was written";

/// Opens the store that the configuration names.
///
/// # Errors
/// [`StoreError`]: the folder can't be written, or holds a database of a newer version; the URL
/// can't be read. A Redis server that is away is no error here: it is connected to when it is there.
pub fn open(url: &StoreUrl) -> Result<Arc<dyn Store>, StoreError> {
    match url {
        StoreUrl::Embedded(folder) => Ok(embedded::Embedded::open(folder)?),
        StoreUrl::Redis(settings) => Ok(redis::Redis::open(settings)?),
    }
}

/// Something that an operator has set up wrongly.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SetupFault {
    /// What is wrong.
    pub what: String,
    /// What an operator does about it.
    pub remedy: String,
}

impl std::fmt::Display for SetupFault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "store: {}: {}", self.what, self.remedy)
    }
}

/// What is wrong with the set-up of the store that the configuration names; empty: nothing.
///
/// # Errors
/// As [`open`]; `Unavailable` also where a server can't be asked.
pub async fn check(url: &StoreUrl) -> Result<Vec<SetupFault>, StoreError> {
    match url {
        // Not made yet: nothing is wrong with it, and asking must not make it.
        StoreUrl::Embedded(folder) if !embedded::Embedded::file(folder).exists() => Ok(Vec::new()),
        StoreUrl::Embedded(folder) => embedded::Embedded::open(folder)?.check().await,
        StoreUrl::Redis(settings) => redis::Redis::open(settings)?.check().await,
    }
}

/// How many entries a page holds, where a caller asks for so many (0: a whole page).
fn page(limit: usize) -> usize {
    use crate::runtime::limits::PAGE_ITEMS_MAX;
    if limit == 0 { PAGE_ITEMS_MAX } else { limit.min(PAGE_ITEMS_MAX) }
}
