//! Adapters of the store ports: embedded (SQLite), Redis and memory; the archive in a folder or a bucket; the local
//! journal on the file system.
//!
//! One contract suite (`tests/suite/store_contract`) runs on every store and says what a store is.

pub mod archive;
mod attached;
pub mod backup;
pub mod copy;
pub mod embedded;
pub mod journal;
pub mod keepsakes;
mod keyring;
pub mod memory;
mod person_keys;
mod record;
pub mod redis;
pub mod settings;
mod trail;
mod unnamed;
pub mod verify;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::domain::organisation::OrganisationId;
use crate::domain::queue::QueueItem;
use crate::ports::past::Stores;
use crate::ports::portable::{Contents, CopyMark, Portable};
use crate::ports::{Store, StoreError};
use crate::runtime::limits::{COPY_CONNECT_TRIES, REDIS_PROBE_EVERY};
use settings::{Codec, StoreUrl};

/// What the mark of a store that is being restored begins with, where a copy's has an address.
const BACKUP: &str = "the backup";

/// The text of an answer where a caller's decider panicked.
const DECIDER_PANICKED: &str = "the decider panicked; nothing of this contact was written";

/// Opens the store that the configuration names, for commands: they wait for it as staff do.
///
/// # Errors
/// [`StoreError`]: the folder can't be written, or holds a database of a newer version; the URL
/// can't be read. A Redis server that is away is not an error here: the store connects when it is back.
pub fn open(url: &StoreUrl, codec: &Codec) -> Result<Arc<dyn Store>, StoreError> {
    match url {
        StoreUrl::Embedded(folder) => Ok(embedded::Embedded::open_with(folder, codec)?),
        StoreUrl::Redis(settings) => Ok(redis::Redis::open_for_staff(settings, codec)?),
    }
}

/// Opens the store for a gateway: for contacts and for staff.
///
/// # Errors
/// As [`open`].
pub fn open_for_each(url: &StoreUrl, codec: &Codec) -> Result<Stores, StoreError> {
    match url {
        // In this process: nobody waits for a link.
        StoreUrl::Embedded(folder) => {
            Ok(Stores::same(embedded::Embedded::open_with(folder, codec)?))
        }
        StoreUrl::Redis(settings) => redis::Redis::open_for_each(settings, codec),
    }
}

/// The files of an embedded store in a folder.
pub fn files(folder: &Path) -> [PathBuf; 2] {
    embedded::Embedded::files(folder)
}

/// Opens a store to copy from it or to it.
///
/// # Errors
/// As [`open`].
pub fn open_portable(url: &StoreUrl, codec: &Codec) -> Result<Arc<dyn Portable>, StoreError> {
    match url {
        StoreUrl::Embedded(folder) => Ok(embedded::Embedded::open_with(folder, codec)?),
        StoreUrl::Redis(url) => Ok(redis::Redis::open_for_staff(url, codec)?),
    }
}

/// As [`open_portable`], and makes nothing.
///
/// # Errors
/// `Refused` also if the store does not exist.
pub fn open_existing(url: &StoreUrl, codec: &Codec) -> Result<Arc<dyn Portable>, StoreError> {
    match url {
        StoreUrl::Embedded(folder) if !embedded::Embedded::file(folder).exists() => {
            Err(StoreError::Refused(format!("{} holds no store", folder.display())))
        }
        StoreUrl::Embedded(_) | StoreUrl::Redis(_) => open_portable(url, codec),
    }
}

/// Refuses a place where no embedded store is: opening it would make an empty one, which answers every question with
/// nothing.
///
/// # Errors
/// `Refused`, with the place.
pub fn refuse_absent(url: &StoreUrl) -> Result<(), StoreError> {
    match url {
        StoreUrl::Embedded(folder) if !embedded::Embedded::file(folder).exists() => {
            Err(StoreError::Refused(format!(
                "there is no store in {}: is [store] url right, and the folder in which this runs? A gateway that \
                 starts makes one, and so does an import",
                folder.display()
            )))
        }
        StoreUrl::Embedded(_) | StoreUrl::Redis(_) => Ok(()),
    }
}

/// Opens a store to look at what it holds: an embedded one is not written to, not even to bring it up to
/// date. `None` if no store is at that place.
///
/// # Errors
/// As [`open`].
pub fn open_as_it_is(
    url: &StoreUrl,
    codec: &Codec,
) -> Result<Option<Arc<dyn Contents>>, StoreError> {
    match url {
        StoreUrl::Redis(url) => Ok(Some(redis::Redis::open_for_staff(url, codec)?)),
        StoreUrl::Embedded(folder) => Ok(match embedded::AsItIs::of(folder, codec) {
            Some(store) => Some(Arc::new(store)),
            None => None,
        }),
    }
}

/// What a store holds, asked until it answers. A server is connected to when it is first asked, and the
/// first answer may take longer than one is waited for.
///
/// # Errors
/// It does not answer.
pub async fn reached(store: &dyn Contents) -> Result<Vec<OrganisationId>, StoreError> {
    for _ in 0..COPY_CONNECT_TRIES {
        match store.organisations().await {
            Err(error) if error.is_retryable() => tokio::time::sleep(REDIS_PROBE_EVERY).await,
            answer => return answer,
        }
    }
    store.organisations().await
}

/// Those of these organisations whose copy into the store is not finished.
///
/// # Errors
/// As [`open`]; `Unavailable` also where a server can't be asked.
pub async fn unfinished_copies(
    url: &StoreUrl,
    codec: &Codec,
    organisations: &[OrganisationId],
) -> Result<Vec<SetupFault>, StoreError> {
    let Some(store) = open_as_it_is(url, codec)? else { return Ok(Vec::new()) };
    let mut faults = Vec::new();
    for organisation in organisations {
        let mark = store.copy_mark(organisation).await?;
        if let Some(mark) = mark.filter(|mark| !mark.is_finished()) {
            faults.push(unfinished(organisation, &mark));
        }
    }
    Ok(faults)
}

/// Refuses a store into which the copy of one of these organisations is not finished. A store that can't be asked is
/// not a reason: opening it reports the fault, and the Redis store asks again when it is there.
///
/// # Errors
/// `Refused`, with the remedy.
pub async fn refuse_unfinished(
    url: &StoreUrl,
    codec: &Codec,
    organisations: &[OrganisationId],
) -> Result<(), StoreError> {
    match unfinished_copies(url, codec, organisations).await.unwrap_or_default().first() {
        Some(fault) => Err(StoreError::Refused(fault.to_string())),
        None => Ok(()),
    }
}

/// Refuses what another store is being copied to, by the mark that it bears.
///
/// # Errors
/// `Refused`, with the remedy.
fn is_finished(organisation: &OrganisationId, mark: Option<&CopyMark>) -> Result<(), StoreError> {
    match mark.filter(|mark| !mark.is_finished()) {
        Some(mark) => Err(StoreError::Refused(unfinished(organisation, mark).to_string())),
        None => Ok(()),
    }
}

fn unfinished(organisation: &OrganisationId, mark: &CopyMark) -> SetupFault {
    if mark.from.starts_with(BACKUP) {
        return SetupFault {
            what: format!("{} is not restored whole: `{organisation}` is unfinished", mark.from),
            remedy:
                "run `contact-gateway restore` with the same backup again, which finishes it, or \
                     name another store"
                    .to_owned(),
        };
    }
    SetupFault {
        what: format!("it holds an unfinished copy of `{organisation}` from {}", mark.from),
        remedy: "finish it with `contact-gateway store copy FROM TO`, which resumes where it \
                 stopped, or name another store"
            .to_owned(),
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

/// Faults in the set-up of the configured store, as far as a start looks at it; empty: nothing.
///
/// # Errors
/// As [`open`]; `Unavailable` also where a server can't be asked.
pub async fn check(url: &StoreUrl) -> Result<Vec<SetupFault>, StoreError> {
    match url {
        StoreUrl::Redis(settings) => {
            redis::Redis::open_for_staff(settings, &Codec::plain())?.check().await
        }
        StoreUrl::Embedded(folder) => match embedded::AsItIs::of(folder, &Codec::plain()) {
            // Not made yet: nothing is wrong with it.
            None => Ok(Vec::new()),
            Some(store) => Ok(store.soundness().await?.into_iter().map(damaged).collect()),
        },
    }
}

/// Damage that SQLite found.
fn damaged(said: String) -> SetupFault {
    SetupFault {
        what: format!("the database file is damaged: {said}"),
        remedy:
            "stop the gateway and restore the folder from a backup, or save what can be read with \
                 `sqlite3 gateway.sqlite3 .recover`"
                .to_owned(),
    }
}

/// How many entries a page holds, where a caller asks for so many (0: a whole page).
fn page(limit: usize) -> usize {
    use crate::runtime::limits::PAGE_ITEMS_MAX;
    if limit == 0 { PAGE_ITEMS_MAX } else { limit.min(PAGE_ITEMS_MAX) }
}

/// An item's place in the order of its queue.
fn place(item: &QueueItem) -> (i64, &str) {
    (item.place(), &item.id)
}

/// The first page of what several lists of a queue hold.
fn first_page(mut items: Vec<QueueItem>, limit: usize) -> Vec<QueueItem> {
    items.sort_by(|one, other| place(one).cmp(&place(other)));
    items.truncate(page(limit));
    items
}
