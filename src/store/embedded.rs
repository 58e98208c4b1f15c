//! The embedded store: one SQLite database in a folder, with no other server.
//!
//! One writer thread commits what waits together, with one sync (`writer`), in turn with those of other processes on
//! the folder (`turn`); a few read-only connections serve reads (`readers`); a follower tells changes of people, also
//! those of another process on the same folder (`feed`). The content of the database is described in `schema`, its
//! versions in `migration`.

mod audit;
mod database;
mod decisions;
mod deliveries;
mod desk;
mod documents;
mod fault;
mod feed;
mod going_back;
mod gone;
mod index;
mod items;
mod ledger;
mod length;
mod log_format;
mod marks;
mod migration;
mod opened;
mod past;
mod people;
mod portable;
mod readers;
mod recording;
mod rekey;
mod schema;
mod search;
mod turn;
mod writer;

pub use migration::WentBack;
pub use portable::AsItIs;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, NaiveDate, Utc};
use tokio::sync::broadcast;

use crate::domain::audit::{AuditEntry, AuditEvent};
use crate::domain::decision::Decision;
use crate::domain::organisation::OrganisationId;
use crate::domain::person::Person;
use crate::domain::queue::QueueItem;
use crate::ports::audit_trail::{TrailPage, TrailSearch};
use crate::ports::trail_index::{IndexPage, TrailIndex};
use crate::ports::{
    Attachment, AuditTrail, Change, Commit, CommitRequest, Decisions, Deliveries, ItemFilter,
    ItemPlace, JournalEntry, PlainDecision, QueueCount, Queues, Register, Snapshot, Stamp,
    StoreError,
};
use crate::runtime::limits::STORE_IDLE;
use crate::store::record::{Codec, unless_destroyed};
use crate::store::unnamed;
use database::Database;
use feed::{Feed, Follower, Idle};
use opened::Opened;
pub use portable::DatabaseSnapshot;
use readers::Readers;
use turn::WriteTurn;
use writer::Writer;

/// The store in a folder. Dropping the last handle, or [`Embedded::close`], ends its threads.
pub struct Embedded {
    /// Declared first, so that it is dropped first: what waits is committed before the rest ends.
    writer: Arc<Writer>,
    follower: Follower,
    feed: Arc<Feed>,
    readers: Arc<Readers>,
    opened: Arc<Opened>,
    codec: Codec,
}

impl Embedded {
    /// Opens or creates the database in a folder, and brings an older one up to date. Another
    /// process may have it open as well.
    ///
    /// # Errors
    /// `Unavailable`: the folder can't be written. `Corrupt`: the file is not our database.
    /// `Refused`: it was written by a newer version of the gateway.
    pub fn open(folder: &Path) -> Result<Arc<Self>, StoreError> {
        Embedded::open_with(folder, &Codec::plain())
    }

    /// As [`Embedded::open`], with records as the codec writes them.
    ///
    /// # Errors
    /// As [`Embedded::open`].
    pub fn open_with(folder: &Path, codec: &Codec) -> Result<Arc<Self>, StoreError> {
        Embedded::open_resting(folder, codec, STORE_IDLE)
    }

    /// As [`Embedded::open`]; the database file is complete by itself when nobody has written for so
    /// long.
    ///
    /// # Errors
    /// As [`Embedded::open`].
    pub fn open_resting_after(folder: &Path, idle: Duration) -> Result<Arc<Self>, StoreError> {
        Embedded::open_resting(folder, &Codec::plain(), idle)
    }

    fn open_resting(folder: &Path, codec: &Codec, idle: Duration) -> Result<Arc<Self>, StoreError> {
        let database = |connection| Database::new(connection, codec.clone());
        fault::create_folder(folder)?;
        let file = schema::file(folder);
        let connection = database(schema::open_to_write(&file).map_err(|fault| fault.at(&file))?);
        let opened = Arc::new(Opened::of(&file));
        let writer = Writer::start(connection, WriteTurn::of(folder)?, Arc::clone(&opened))?;
        let writer = Arc::new(writer);
        let readers = Readers::new(file.clone(), codec.clone());
        let feed = Feed::start_here(database(schema::open_to_read(&file)?))?;
        let (resting, log) = (Arc::downgrade(&writer), schema::log_of(&file));
        let at_rest = Idle {
            after: idle,
            then: Box::new(move || {
                // An empty log is written back already, and doing it again would count as a change.
                let is_due = std::fs::metadata(&log).is_ok_and(|log| log.len() > 0);
                if let Some(writer) = resting.upgrade().filter(|_| is_due) {
                    writer.checkpoint();
                }
            }),
        };
        let follower = Follower::start(Arc::clone(&feed), at_rest)?;
        let (readers, codec) = (Arc::new(readers), codec.clone());
        Ok(Arc::new(Embedded { writer, follower, feed, readers, opened, codec }))
    }

    /// Where a folder's database is.
    pub fn file(folder: &Path) -> PathBuf {
        schema::file(folder)
    }

    /// A folder's database and its log.
    pub fn files(folder: &Path) -> [PathBuf; 2] {
        let file = schema::file(folder);
        let log = schema::log_of(&file);
        [file, log]
    }

    /// The author of a change of people should not wait for a poll. It is written; if it can't be read
    /// back now, the follower reads it when it can.
    async fn tell_changes(&self) {
        let feed = Arc::clone(&self.feed);
        let told = tokio::task::spawn_blocking(move || feed.catch_up()).await;
        if let Err(fault) = told.map_err(fault::task).flatten() {
            tracing::warn!(%fault, "a change to people takes effect later");
        }
    }

    /// Commits what waits and ends the threads. Blocks until they have ended; calls after it are
    /// answered with `Unavailable`.
    pub fn close(&self) {
        self.writer.close();
        self.follower.close();
        self.feed.close();
        self.readers.close();
    }
}

#[async_trait]
impl Register for Embedded {
    async fn people(&self, organisation: &OrganisationId) -> Result<Snapshot, StoreError> {
        let organisation = organisation.clone();
        self.readers.read(move |connection| people::all(connection, &organisation)).await
    }

    async fn person(
        &self,
        organisation: &OrganisationId,
        id: &str,
    ) -> Result<Option<Arc<Person>>, StoreError> {
        let (organisation, id) = (organisation.clone(), id.to_owned());
        self.readers
            .read(move |connection| people::one(connection, organisation.as_str(), &id))
            .await
    }

    async fn people_page(
        &self,
        organisation: &OrganisationId,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<Arc<Person>>, StoreError> {
        let (organisation, after) = (organisation.clone(), after.map(str::to_owned));
        self.readers
            .read(move |connection| people::page(connection, &organisation, after, limit))
            .await
    }

    async fn restricted(
        &self,
        organisation: &OrganisationId,
        restriction: &str,
    ) -> Result<Vec<Arc<Person>>, StoreError> {
        let (organisation, restriction) = (organisation.clone(), restriction.to_owned());
        self.readers
            .read(move |connection| people::restricted(connection, &organisation, &restriction))
            .await
    }

    fn changes(&self) -> broadcast::Receiver<Change> {
        self.feed.subscribe()
    }
}

#[async_trait]
impl Decisions for Embedded {
    async fn commit(&self, request: CommitRequest) -> Result<Commit, StoreError> {
        if request.preview {
            return self
                .readers
                .read(move |connection| decisions::preview(connection, &request))
                .await;
        }
        self.writer.write(move |desk| decisions::commit(desk, &request)).await
    }

    async fn record_plain(&self, plain: Arc<[PlainDecision]>) -> Result<(), StoreError> {
        self.writer
            .write(move |desk| plain.iter().try_for_each(|one| decisions::record_plain(desk, one)))
            .await
    }

    async fn recorded(
        &self,
        organisation: &OrganisationId,
        contact: &str,
    ) -> Result<Option<(Decision, [u8; 32])>, StoreError> {
        let (organisation, contact) = (organisation.clone(), contact.to_owned());
        self.readers
            .read(move |connection| {
                let found =
                    recording::Recording::prepare(connection)?.find(&organisation, &contact);
                Ok(unless_destroyed(found)?.flatten())
            })
            .await
    }

    async fn uncount(
        &self,
        organisation: &OrganisationId,
        contact: &str,
    ) -> Result<(), StoreError> {
        let (organisation, contact) = (organisation.clone(), contact.to_owned());
        self.writer
            .write(move |desk| decisions::uncount(desk.connection, &organisation, &contact))
            .await
    }

    async fn attach(
        &self,
        organisation: &OrganisationId,
        contact: &str,
        attachment: Attachment,
    ) -> Result<(), StoreError> {
        let (organisation, contact) = (organisation.clone(), contact.to_owned());
        self.writer
            .write(move |desk| {
                items::attach(desk.connection, &organisation, &contact, attachment.clone())
            })
            .await
    }

    async fn replay(&self, entry: JournalEntry) -> Result<(), StoreError> {
        self.writer.write(move |desk| decisions::replay(desk, &entry)).await
    }

    async fn unnamed_days(
        &self,
        organisation: &OrganisationId,
    ) -> Result<BTreeSet<NaiveDate>, StoreError> {
        unnamed::days(self, organisation, &unnamed::KINDS).await
    }
}

#[async_trait]
impl Queues for Embedded {
    async fn queues(&self, organisation: &OrganisationId) -> Result<Vec<QueueCount>, StoreError> {
        let organisation = organisation.clone();
        self.readers.read(move |connection| items::queues(connection, &organisation)).await
    }

    async fn items(
        &self,
        organisation: &OrganisationId,
        queue: &str,
        filter: ItemFilter,
    ) -> Result<Vec<QueueItem>, StoreError> {
        let (organisation, queue) = (organisation.clone(), queue.to_owned());
        self.readers
            .read(move |connection| items::list(connection, &organisation, &queue, &filter))
            .await
    }

    async fn items_in_hand(
        &self,
        organisation: &OrganisationId,
        filter: ItemFilter,
    ) -> Result<Vec<QueueItem>, StoreError> {
        let organisation = organisation.clone();
        self.readers
            .read(move |connection| items::in_hand(connection, &organisation, &filter))
            .await
    }

    async fn item(
        &self,
        organisation: &OrganisationId,
        item: &str,
    ) -> Result<Option<QueueItem>, StoreError> {
        let (organisation, item) = (organisation.clone(), item.to_owned());
        self.readers.read(move |connection| items::one(connection, &organisation, &item)).await
    }

    async fn item_places(
        &self,
        organisation: &OrganisationId,
        ids: &[String],
    ) -> Result<Vec<ItemPlace>, StoreError> {
        let (organisation, ids) = (organisation.clone(), ids.to_vec());
        self.readers.read(move |connection| items::places(connection, &organisation, &ids)).await
    }

    async fn replace_item(
        &self,
        organisation: &OrganisationId,
        was: &QueueItem,
        now: &QueueItem,
        stamp: Stamp,
        event: AuditEvent,
    ) -> Result<bool, StoreError> {
        let (organisation, was, now) = (organisation.clone(), was.clone(), now.clone());
        self.writer
            .write(move |desk| {
                let replaced = items::replace(desk.connection, &organisation, &was, &now)?;
                if replaced {
                    let of = was.person.as_deref().or(now.person.as_deref());
                    desk.trail.append(&organisation, &stamp, &event, of)?;
                }
                Ok(replaced)
            })
            .await
    }
}

#[async_trait]
impl AuditTrail for Embedded {
    async fn audit(
        &self,
        organisation: &OrganisationId,
        after: u64,
        limit: usize,
    ) -> Result<Vec<AuditEntry>, StoreError> {
        let organisation = organisation.clone();
        self.readers
            .read(move |connection| audit::list(connection, &organisation, after, limit))
            .await
    }

    async fn search_audit(
        &self,
        organisation: &OrganisationId,
        search: TrailSearch,
    ) -> Result<TrailPage, StoreError> {
        let organisation = organisation.clone();
        self.readers.read(move |connection| search::search(connection, &organisation, search)).await
    }

    async fn append_audit(
        &self,
        organisation: &OrganisationId,
        stamp: Stamp,
        event: AuditEvent,
    ) -> Result<(), StoreError> {
        let organisation = organisation.clone();
        self.writer.write(move |desk| desk.trail.append(&organisation, &stamp, &event, None)).await
    }
}

#[async_trait]
impl TrailIndex for Embedded {
    async fn index_marks(
        &self,
        organisation: &OrganisationId,
    ) -> Result<BTreeSet<String>, StoreError> {
        let organisation = organisation.clone();
        self.readers.read(move |connection| index::marks(connection, &organisation)).await
    }

    async fn index_rows(
        &self,
        organisation: &OrganisationId,
        mark: &str,
        after: Option<i64>,
    ) -> Result<IndexPage, StoreError> {
        let (organisation, mark) = (organisation.clone(), mark.to_owned());
        self.readers
            .read(move |connection| index::rows(connection, &organisation, &mark, after))
            .await
    }

    async fn unindexed(
        &self,
        organisation: &OrganisationId,
        marks: Vec<(String, u64)>,
    ) -> Result<Vec<(String, u64)>, StoreError> {
        let organisation = organisation.clone();
        self.readers.read(move |connection| index::lacking(connection, &organisation, marks)).await
    }

    async fn index_days(
        &self,
        organisation: &OrganisationId,
    ) -> Result<BTreeSet<(i64, u64)>, StoreError> {
        let organisation = organisation.clone();
        self.readers.read(move |connection| index::days(connection, &organisation)).await
    }
}

#[async_trait]
impl Deliveries for Embedded {
    async fn delivered(
        &self,
        organisation: &OrganisationId,
        keys: &[String],
    ) -> Result<Vec<bool>, StoreError> {
        let (organisation, keys) = (organisation.clone(), keys.to_vec());
        self.readers
            .read(move |connection| deliveries::done(connection, &organisation, &keys))
            .await
    }

    async fn remember_delivered(
        &self,
        organisation: &OrganisationId,
        keys: Vec<String>,
        at: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let organisation = organisation.clone();
        self.writer
            .write(move |desk| deliveries::remember(desk.connection, &organisation, &keys, at))
            .await
    }
}
