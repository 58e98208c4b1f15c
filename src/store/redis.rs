//! The Redis store: one server, Sentinel or a Cluster, shared by any number of gateways.
//!
//! Every step is one script on the keys of one organisation (`scripts/`), so that it is written
//! whole or not at all; names and formats are in `keys`. A contact is decided here, on the ledger
//! that is known, and committed there if the ledger still is that one (`decisions`, `ledgers`).
//! Changes of people are announced, and read from a stream without gaps (`feed`). When the server
//! fails, calls are refused at once until it answers again (`link`, `breaker`). A gateway opens the
//! store twice, each with a link of its own: for contacts, which can't wait, and for staff, who can.
//!
//! Acknowledged writes are as durable as the server is set up to be. With `appendonly yes` and
//! `appendfsync always` a crash loses nothing; with the default `everysec` it may lose up to two
//! seconds (a write is held back while a sync is under way). A failover may lose what the new
//! master had not received yet; `min-replicas-to-write` and `min-replicas-max-lag` bound that to
//! the lag allowed. With `[store] replicas_acknowledged = n` nothing counts as written before n
//! replicas have it (`replicas`): a failover to one of them loses nothing that was answered, and
//! where n is all of them it can't go to another. [`Redis::check`] lists the faults.

mod address;
mod breaker;
mod check;
mod decisions;
mod documents;
mod failure;
mod fault;
mod feed;
mod index;
mod indexes;
mod items;
mod keys;
mod ledgers;
mod link;
mod marks;
mod opening;
mod past;
mod people;
mod portable;
mod replicas;
mod script;
mod search;
mod wire;

use std::collections::{BTreeSet, HashSet};
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use chrono::{DateTime, NaiveDate, Utc};
use tokio::sync::broadcast;
use tokio::task::JoinHandle;

use crate::domain::audit::{AuditEntry, AuditEvent};
use crate::domain::decision::Decision;
use crate::domain::organisation::OrganisationId;
use crate::domain::person::Person;
use crate::domain::queue::QueueItem;
use crate::ports::audit_trail::{TrailPage, TrailSearch};
use crate::ports::portable::{Contents, Kind};
use crate::ports::trail_index::{IndexPage, TrailIndex};
use crate::ports::{
    Attachment, AuditTrail, Change, Commit, CommitRequest, Decisions, Deliveries, ItemFilter,
    ItemPlace, JournalEntry, PlainDecision, QueueCount, Queues, Register, Snapshot, Stamp,
    StoreError,
};
use crate::runtime::limits::{REDIS_ONCE_KEPT, REDIS_RESPONSE_WAIT};
use crate::store::record::{Codec, kind, unless_destroyed};
use crate::store::settings::RedisSettings;
use crate::store::unnamed;
use crate::store::{SetupFault, page, unfinished};
use feed::Feed;
use keys::Keys;
use ledgers::Ledgers;
use link::{Link, LinkFor};
pub use portable::Sink;
use script::{Arguments, Scripts, take};

/// The store on Redis. Dropping the last handle ends its tasks.
pub struct Redis {
    link: Arc<Link>,
    scripts: Scripts,
    ledgers: Ledgers,
    feed: Arc<Feed>,
    /// Organisations that are known not to be in the middle of being copied into this store.
    whole: Mutex<HashSet<OrganisationId>>,
    /// Organisations whose records are all in the indexes.
    indexed: Mutex<HashSet<OrganisationId>>,
    /// Organisations whose items in hand this process has entered.
    in_hand_entered: Mutex<HashSet<OrganisationId>>,
    /// The prober of the link, and the follower of the feed unless another handle has it.
    tasks: Vec<JoinHandle<()>>,
}

impl Redis {
    /// Starts the store on a URL (`address`), with the waits of a contact. Connects when it is first
    /// needed, so that a gateway starts also while Redis is away. Must be called inside a tokio
    /// runtime.
    ///
    /// # Errors
    /// `Refused`: the URL can't be read. The text never holds the URL's password.
    pub fn open(settings: impl Into<RedisSettings>) -> Result<Arc<Self>, StoreError> {
        Redis::open_with(settings, &Codec::plain())
    }

    /// As [`Redis::open`], with records as the codec writes them.
    ///
    /// # Errors
    /// As [`Redis::open`].
    pub fn open_with(
        settings: impl Into<RedisSettings>,
        codec: &Codec,
    ) -> Result<Arc<Self>, StoreError> {
        let settings: RedisSettings = settings.into();
        Redis::by_one_link(LinkFor::Contacts, &settings, codec)
    }

    /// As [`Redis::open_with`], with the waits of staff: for commands, which have no contact to decide.
    ///
    /// # Errors
    /// As [`Redis::open`].
    pub fn open_for_staff(
        settings: impl Into<RedisSettings>,
        codec: &Codec,
    ) -> Result<Arc<Self>, StoreError> {
        let settings: RedisSettings = settings.into();
        Redis::by_one_link(LinkFor::Staff, &settings, codec)
    }

    /// Faults in the server's set-up for a store that must lose nothing; empty: nothing.
    ///
    /// # Errors
    /// `Unavailable`: the server can't be asked.
    pub async fn check(&self) -> Result<Vec<SetupFault>, StoreError> {
        check::check(self).await
    }

    fn keys(&self, organisation: &OrganisationId) -> Keys {
        self.link.keys(organisation)
    }

    /// A name that no other step has, of this gateway or another.
    fn token(&self) -> String {
        uuid::Uuid::now_v7().simple().to_string()
    }

    /// Refuses an organisation whose copy into this store is not finished, so that nothing half done
    /// is taken for whole. Asked once: no copy begins on a store in use.
    async fn is_whole(&self, organisation: &OrganisationId) -> Result<(), StoreError> {
        let known = || self.whole.lock().unwrap_or_else(PoisonError::into_inner);
        if known().contains(organisation) {
            return Ok(());
        }
        let mark = self.copy_mark(organisation).await?;
        if let Some(mark) = mark.filter(|mark| !mark.is_finished()) {
            return Err(StoreError::Unavailable(unfinished(organisation, &mark).to_string()));
        }
        known().insert(organisation.clone());
        Ok(())
    }

    /// The author of a change of people should not wait for its announcement. It is written; if it can't
    /// be read back now, the follower reads it when it can.
    async fn tell_changes(&self, organisation: &OrganisationId, before: u64) {
        self.feed.know(organisation, before);
        if let Err(fault) = self.feed.catch_up(organisation).await {
            tracing::warn!(%fault, "other gateways will hear of a change to people later");
        }
    }

    async fn append(&self, keys: &Keys, stamp: Stamp, event: AuditEvent) -> Result<(), StoreError> {
        let on = [keys.audit(), keys.once(&self.token())];
        let notes = marks::notes_of(stamp.at, &event, None)?;
        let mut with = Arguments::default();
        with.push(keys.write_audit(stamp, event, None)?);
        with.push(REDIS_ONCE_KEPT.as_secs().to_string());
        with.push(notes);
        let script = &self.scripts.entry;
        self.link.write(keys, script, &on, &with, REDIS_RESPONSE_WAIT).await?;
        Ok(())
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        // Neither holds anything that an end in the middle would break.
        for task in &self.tasks {
            task.abort();
        }
    }
}

#[async_trait]
impl Register for Redis {
    async fn people(&self, organisation: &OrganisationId) -> Result<Snapshot, StoreError> {
        self.is_whole(organisation).await?;
        people::all(self, organisation).await
    }

    async fn person(
        &self,
        organisation: &OrganisationId,
        id: &str,
    ) -> Result<Option<Arc<Person>>, StoreError> {
        let ids = [id.to_owned()];
        let found = people::some(&self.link, &self.keys(organisation), &ids).await?;
        Ok(found.into_iter().next().flatten())
    }

    async fn people_page(
        &self,
        organisation: &OrganisationId,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<Arc<Person>>, StoreError> {
        indexes::people_page(self, organisation, after, limit).await
    }

    async fn restricted(
        &self,
        organisation: &OrganisationId,
        restriction: &str,
    ) -> Result<Vec<Arc<Person>>, StoreError> {
        indexes::restricted(self, organisation, restriction).await
    }

    fn changes(&self) -> broadcast::Receiver<Change> {
        self.feed.subscribe()
    }
}

#[async_trait]
impl Decisions for Redis {
    async fn commit(&self, request: CommitRequest) -> Result<Commit, StoreError> {
        self.is_whole(&request.organisation).await?;
        decisions::commit(self, request).await
    }

    async fn record_plain(&self, plain: Arc<[PlainDecision]>) -> Result<(), StoreError> {
        for one in plain.iter() {
            self.is_whole(&one.organisation).await?;
        }
        decisions::record_plain(self, &plain).await
    }

    async fn recorded(
        &self,
        organisation: &OrganisationId,
        contact: &str,
    ) -> Result<Option<(Decision, [u8; 32])>, StoreError> {
        let keys = self.keys(organisation);
        let mut command = redis::cmd("HMGET");
        command.arg(keys.contact(contact)).arg("decision").arg("digest");
        let answer = self.link.ask(&keys, &command).await?;
        let (decision, digest): (Option<String>, Option<String>) = take(Some(answer))?;
        let (Some(decision), Some(digest)) = (decision, digest) else { return Ok(None) };
        let decision = keys.read(&decision, kind::DECISION, contact);
        let read = decision.and_then(|it| Ok((it, keys.read_digest(contact, &digest)?)));
        unless_destroyed(read)
    }

    async fn first_recorded<'a>(
        &self,
        organisation: &OrganisationId,
        contacts: &'a [String],
    ) -> Result<Option<&'a str>, StoreError> {
        decisions::first_recorded(self, &self.keys(organisation), contacts).await
    }

    async fn uncount(
        &self,
        organisation: &OrganisationId,
        contact: &str,
    ) -> Result<(), StoreError> {
        decisions::uncount(self, &self.keys(organisation), contact).await
    }

    async fn attach(
        &self,
        organisation: &OrganisationId,
        contact: &str,
        attachment: Attachment,
    ) -> Result<(), StoreError> {
        items::attach(self, &self.keys(organisation), contact, attachment).await
    }

    async fn replay(&self, entry: JournalEntry) -> Result<(), StoreError> {
        self.is_whole(&entry.organisation).await?;
        decisions::replay(self, &entry).await
    }

    async fn unnamed_days(
        &self,
        organisation: &OrganisationId,
    ) -> Result<BTreeSet<NaiveDate>, StoreError> {
        self.is_whole(organisation).await?;
        let found = unnamed::days(self, organisation, &[Kind::Decisions, Kind::Audit]).await;
        let mut days = found?;
        days.extend(items::unnamed_days(self, &self.keys(organisation)).await?);
        Ok(days)
    }
}

#[async_trait]
impl Queues for Redis {
    async fn queues(&self, organisation: &OrganisationId) -> Result<Vec<QueueCount>, StoreError> {
        items::queues(self, &self.keys(organisation)).await
    }

    async fn items(
        &self,
        organisation: &OrganisationId,
        queue: &str,
        filter: ItemFilter,
    ) -> Result<Vec<QueueItem>, StoreError> {
        items::list(self, &self.keys(organisation), queue, &filter).await
    }

    async fn items_in_hand(
        &self,
        organisation: &OrganisationId,
        filter: ItemFilter,
    ) -> Result<Vec<QueueItem>, StoreError> {
        indexes::enter_in_hand(self, organisation).await?;
        items::in_hand(self, &self.keys(organisation), &filter).await
    }

    async fn item(
        &self,
        organisation: &OrganisationId,
        item: &str,
    ) -> Result<Option<QueueItem>, StoreError> {
        Ok(items::one(self, &self.keys(organisation), item).await?.map(|(item, _)| item))
    }

    async fn item_places(
        &self,
        organisation: &OrganisationId,
        ids: &[String],
    ) -> Result<Vec<ItemPlace>, StoreError> {
        items::places(self, &self.keys(organisation), ids).await
    }

    async fn replace_item(
        &self,
        organisation: &OrganisationId,
        was: &QueueItem,
        now: &QueueItem,
        stamp: Stamp,
        event: AuditEvent,
    ) -> Result<bool, StoreError> {
        items::replace(self, &self.keys(organisation), was, now, (stamp, event)).await
    }
}

#[async_trait]
impl AuditTrail for Redis {
    async fn audit(
        &self,
        organisation: &OrganisationId,
        after: u64,
        limit: usize,
    ) -> Result<Vec<AuditEntry>, StoreError> {
        people::trail(self, &self.keys(organisation), after, page(limit)).await
    }

    async fn search_audit(
        &self,
        organisation: &OrganisationId,
        search: TrailSearch,
    ) -> Result<TrailPage, StoreError> {
        search::search(self, organisation, search).await
    }

    async fn append_audit(
        &self,
        organisation: &OrganisationId,
        stamp: Stamp,
        event: AuditEvent,
    ) -> Result<(), StoreError> {
        self.append(&self.keys(organisation), stamp, event).await
    }
}

#[async_trait]
impl TrailIndex for Redis {
    async fn index_marks(
        &self,
        organisation: &OrganisationId,
    ) -> Result<BTreeSet<String>, StoreError> {
        index::marks(self, organisation).await
    }

    async fn index_rows(
        &self,
        organisation: &OrganisationId,
        mark: &str,
        after: Option<i64>,
    ) -> Result<IndexPage, StoreError> {
        index::rows(self, organisation, mark, after).await
    }

    async fn unindexed(
        &self,
        organisation: &OrganisationId,
        marks: Vec<(String, u64)>,
    ) -> Result<Vec<(String, u64)>, StoreError> {
        index::lacking(self, organisation, marks).await
    }

    async fn index_days(
        &self,
        organisation: &OrganisationId,
    ) -> Result<BTreeSet<(i64, u64)>, StoreError> {
        index::days(self, organisation).await
    }
}

#[async_trait]
impl Deliveries for Redis {
    async fn delivered(
        &self,
        organisation: &OrganisationId,
        wanted: &[String],
    ) -> Result<Vec<bool>, StoreError> {
        if wanted.is_empty() {
            return Ok(Vec::new());
        }
        let keys = self.keys(organisation);
        let mut command = redis::cmd("ZMSCORE");
        command.arg(keys.delivered());
        let each: Vec<usize> = wanted
            .iter()
            .map(|wanted| {
                let hidden = keys.codec().all_hidden(keys.tag(), wanted);
                command.arg(&hidden);
                hidden.len()
            })
            .collect();
        let scores: Vec<Option<f64>> = take(Some(self.link.ask(&keys, &command).await?))?;
        let mut scores = scores.into_iter();
        // Every one of each is taken, whichever is found first.
        let found = |many: usize| scores.by_ref().take(many).flatten().count() > 0;
        Ok(each.into_iter().map(found).collect())
    }

    async fn remember_delivered(
        &self,
        organisation: &OrganisationId,
        taken: Vec<String>,
        at: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        if taken.is_empty() {
            return Ok(());
        }
        let keys = self.keys(organisation);
        let mut command = redis::cmd("ZADD");
        command.arg(keys.delivered()).arg("NX");
        for key in taken {
            command.arg(at.timestamp_micros()).arg(keys.codec().hidden(keys.tag(), &key));
        }
        self.link.change(&keys, &command).await?;
        Ok(())
    }
}
