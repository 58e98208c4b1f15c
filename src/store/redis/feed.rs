//! Who changed: announced on a channel, and read from the organisation's stream, whose numbers
//! have no gap.
//!
//! The announcement only says that there is something to read. Lost announcements are healed by polling; a stream that
//! was cut, or that ends before the last entry read (a failover that lost the last moments), is a gap.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use futures_util::StreamExt;
use tokio::sync::{Mutex as AsyncMutex, broadcast};
use tokio::time::{Instant, timeout, timeout_at};

use super::keys::{self, CHANNEL, Keys};
use super::link::Link;
use super::people::{number_of, some};
use super::script::take;
use crate::domain::organisation::OrganisationId;
use crate::ports::{Change, StoreError};
use crate::runtime::limits::{
    CHANGE_LAG_MAX, CHANGES_AT_ONCE_MAX, REDIS_BACKGROUND_WAIT, REDIS_CHANGE_POLL,
    REDIS_LISTEN_RETRY,
};

/// A follower's position in one organisation's stream: the number of the last change announced.
type Place = Arc<AsyncMutex<u64>>;

/// The entries of a stream, each with its id and fields.
type Entries = Vec<(String, Vec<(String, String)>)>;

pub(super) struct Feed {
    link: Arc<Link>,
    followers: broadcast::Sender<Change>,
    places: Mutex<HashMap<OrganisationId, Place>>,
}

impl Feed {
    pub(super) fn new(link: Arc<Link>) -> Self {
        let (followers, _) = broadcast::channel(CHANGE_LAG_MAX);
        Feed { link, followers, places: Mutex::new(HashMap::new()) }
    }

    pub(super) fn subscribe(&self) -> broadcast::Receiver<Change> {
        self.followers.subscribe()
    }

    /// Follows an organisation from its newest change on, unless it is followed already.
    pub(super) async fn follow_from_now(
        &self,
        organisation: &OrganisationId,
    ) -> Result<(), StoreError> {
        if self.place(organisation).is_none() {
            let newest = self.newest(&self.link.keys(organisation)).await?;
            self.know(organisation, newest);
        }
        Ok(())
    }

    /// Follows an organisation from behind a number on, unless it is followed already.
    pub(super) fn know(&self, organisation: &OrganisationId, told: u64) {
        let mut places = self.places.lock().unwrap_or_else(PoisonError::into_inner);
        places.entry(organisation.clone()).or_insert_with(|| Arc::new(AsyncMutex::new(told)));
    }

    fn place(&self, organisation: &OrganisationId) -> Option<Place> {
        let places = self.places.lock().unwrap_or_else(PoisonError::into_inner);
        places.get(organisation).cloned()
    }

    fn followed(&self) -> Vec<OrganisationId> {
        let places = self.places.lock().unwrap_or_else(PoisonError::into_inner);
        places.keys().cloned().collect()
    }

    /// Tells what changed in an organisation since the last time.
    pub(super) async fn catch_up(&self, organisation: &OrganisationId) -> Result<(), StoreError> {
        let Some(place) = self.place(organisation) else { return Ok(()) };
        let mut told = place.lock().await;
        let keys = self.link.keys(organisation);
        let newest = self.newest(&keys).await?;
        if newest == *told {
            return Ok(());
        }
        let at_once = u64::try_from(CHANGES_AT_ONCE_MAX).unwrap_or(u64::MAX);
        let changes = if newest < *told || newest - *told > at_once {
            None
        } else {
            self.changes(organisation, &keys, *told, newest).await?
        };
        *told = newest;
        for change in changes.unwrap_or_else(|| vec![Change::Gap(organisation.clone())]) {
            // Nobody listens: then nobody needs to know.
            let _ = self.followers.send(change);
        }
        Ok(())
    }

    /// The changes behind `told`, up to `newest`; `None`: some are no longer there.
    async fn changes(
        &self,
        organisation: &OrganisationId,
        keys: &Keys,
        told: u64,
        newest: u64,
    ) -> Result<Option<Vec<Change>>, StoreError> {
        let mut command = redis::cmd("XRANGE");
        command.arg(keys.changes()).arg(format!("({told}-0")).arg(format!("{newest}-0"));
        let entries: Entries = take(Some(self.link.ask(keys, &command).await?))?;
        let mut ids = Vec::with_capacity(entries.len());
        let mut next = told;
        for (id, fields) in entries {
            next += 1;
            let person = fields.into_iter().find(|(name, _)| name == "person");
            let Some((_, person)) = person.filter(|_| number_of(&id).is_ok_and(|n| n == next))
            else {
                return Ok(None);
            };
            ids.push(person);
        }
        if next != newest {
            return Ok(None);
        }
        let records = some(&self.link, keys, &ids).await?;
        let change = |(id, record)| match record {
            Some(person) => Change::Put(organisation.clone(), person),
            None => Change::Removed(organisation.clone(), id),
        };
        Ok(Some(ids.into_iter().zip(records).map(change).collect()))
    }

    async fn newest(&self, keys: &Keys) -> Result<u64, StoreError> {
        let mut command = redis::cmd("XREVRANGE");
        command.arg(keys.changes()).arg("+").arg("-").arg("COUNT").arg(1);
        let entries: Entries = take(Some(self.link.ask(keys, &command).await?))?;
        entries.first().map_or(Ok(0), |(id, _)| number_of(id))
    }

    async fn catch_up_all(&self) {
        for organisation in self.followed() {
            if let Err(fault) = self.catch_up(&organisation).await {
                // The breaker logged it once; this is each time.
                tracing::debug!(%fault, "changes of people could not be read; trying again");
            }
        }
    }

    /// Everything that is followed may have changed unheard.
    fn everything_may_have_changed(&self) {
        for organisation in self.followed() {
            let _ = self.followers.send(Change::Gap(organisation));
        }
    }
}

/// Listens for as long as the store lives.
pub(super) async fn follow(feed: Arc<Feed>) {
    let mut listened_before = false;
    loop {
        let remade = feed.link.servers().times_remade();
        let Some(mut subscriber) = feed.link.servers().subscriber().await else {
            tokio::time::sleep(REDIS_LISTEN_RETRY).await;
            continue;
        };
        let subscribing = timeout(REDIS_BACKGROUND_WAIT, subscriber.subscribe(CHANNEL)).await;
        if !matches!(subscribing, Ok(Ok(()))) {
            tokio::time::sleep(REDIS_LISTEN_RETRY).await;
            continue;
        }
        if listened_before {
            // The server may be another one, which may have lost its last moments and have
            // written others under the same numbers since.
            feed.everything_may_have_changed();
        }
        listened_before = true;
        feed.catch_up_all().await;
        listen(&feed, subscriber, remade).await;
    }
}

/// Ends when the connection does, or when the store's own had to be made again since: a frozen
/// server never ends a connection.
async fn listen(feed: &Feed, subscriber: redis::aio::PubSub, remade: u64) {
    let mut announcements = subscriber.into_on_message();
    let mut look_at = Instant::now() + REDIS_CHANGE_POLL;
    while feed.link.servers().times_remade() == remade {
        match timeout_at(look_at, announcements.next()).await {
            Ok(Some(message)) => {
                let text: String = message.get_payload().unwrap_or_default();
                heard(feed, &text).await;
            }
            Ok(None) => return,
            Err(_) => {}
        }
        if Instant::now() >= look_at {
            feed.catch_up_all().await;
            look_at = Instant::now() + REDIS_CHANGE_POLL;
        }
    }
}

/// `<number before> <organisation>`; anything else is nothing of ours.
async fn heard(feed: &Feed, announcement: &str) {
    let Some((before, tag)) = announcement.split_once(' ') else { return };
    let (Ok(before), Some(organisation)) = (before.parse(), keys::organisation_of(tag)) else {
        return;
    };
    feed.know(&organisation, before);
    if let Err(fault) = feed.catch_up(&organisation).await {
        tracing::debug!(%fault, "an announced change could not be read; looking again soon");
    }
}
