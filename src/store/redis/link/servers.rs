//! The connection to Redis: made when it is needed, shared by all callers, given up when it fails,
//! and reopened; with Sentinel after asking who the master is, or, for staff, where contacts have found it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use arc_swap::ArcSwapOption;
use futures_util::future::select_ok;
use redis::aio::{MultiplexedConnection, PubSub};
use redis::cluster::ClusterClient;
use redis::cluster_async::ClusterConnection;
use redis::sentinel::SentinelClient;
use redis::{AsyncConnectionConfig, Client, ConnectionInfo, RedisResult};
use tokio::sync::{Mutex, watch};
use tokio::time::timeout;

use super::super::address::Address;
use super::super::failure::Failure;
use super::super::fault;
use super::whose::LinkFor;
use crate::ports::StoreError;
use crate::runtime::limits::{REDIS_BULK_WAIT, REDIS_REDIRECTIONS_MAX};

pub(in crate::store::redis) struct Servers {
    whose: LinkFor,
    found: Found,
    master: Arc<Master>,
    /// The next connection is to the known master: contacts have just found it.
    follows: AtomicBool,
    current: ArcSwapOption<Connection>,
    /// One connects, the others wait for it.
    connecting: Mutex<()>,
    /// How often a connection was dropped, to be reopened.
    remade: AtomicU64,
}

/// How the store's url says that the servers are found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::store::redis) enum Way {
    Single,
    Sentinel,
    Cluster,
}

enum Found {
    Single(Box<Client>),
    Sentinel(Vec<Mutex<SentinelClient>>),
    Cluster(Box<ClusterClient>, Vec<ConnectionInfo>),
}

#[derive(Clone)]
pub(super) enum Connection {
    One(MultiplexedConnection, Option<Lead>),
    Cluster(Box<ClusterConnection>),
}

/// Where a connection leads that was found by Sentinel.
#[derive(Clone)]
pub(super) struct Lead {
    to: Arc<Client>,
    /// The known master when it was made.
    known: Option<Arc<Client>>,
}

impl Lead {
    /// Contacts have found another master since.
    fn is_outdated(&self, master: &Master) -> bool {
        let Some(known) = master.known() else { return false };
        let is_news = self.known.as_ref().is_none_or(|then| !Arc::ptr_eq(then, &known));
        is_news && place(&known) != place(&self.to)
    }
}

/// The master that the contacts' link found last. Staff's follows it: of two masters, one lacks what was
/// written to the other. Contacts follow nobody: they change only where their own connection fails.
pub(in crate::store::redis) struct Master(watch::Sender<Option<Arc<Client>>>);

impl Master {
    pub(in crate::store::redis) fn unknown() -> Arc<Self> {
        let (named, _) = watch::channel(None);
        Arc::new(Master(named))
    }

    /// A sentinel has named it to contacts. The same one again is the one that is known.
    fn is(&self, named: Client) -> Arc<Client> {
        let (at, named) = (place(&named), Arc::new(named));
        self.0.send_if_modified(|known| {
            let is_another = known.as_deref().is_none_or(|known| place(known) != at);
            if is_another {
                *known = Some(Arc::clone(&named));
            }
            is_another
        });
        self.known().unwrap_or(named)
    }

    fn known(&self) -> Option<Arc<Client>> {
        self.0.borrow().clone()
    }
}

fn place(client: &Client) -> String {
    client.get_connection_info().addr().to_string()
}

/// The master that the first sentinel to answer names. All are asked at once: one whose host has lost its link would take
/// longer than a contact can wait. There is at least one.
async fn master(sentinels: &[Mutex<SentinelClient>]) -> RedisResult<Client> {
    let asked = sentinels
        .iter()
        .map(|sentinel| Box::pin(async move { sentinel.lock().await.async_get_client().await }));
    let (client, _) = select_ok(asked).await?;
    Ok(client)
}

impl Servers {
    /// Connects to nothing yet.
    pub(super) fn new(
        whose: LinkFor,
        address: Address,
        master: Arc<Master>,
    ) -> Result<Self, StoreError> {
        let found = match address {
            Address::Single(client) => Found::Single(client),
            Address::Sentinel(clients) => {
                Found::Sentinel(clients.into_iter().map(Mutex::new).collect())
            }
            Address::Cluster(nodes) => {
                // One node that is frozen must not use up the time that finding the others has.
                let client = ClusterClient::builder(nodes.clone())
                    .connection_timeout(whose.background_wait() / 4)
                    .response_timeout(REDIS_BULK_WAIT)
                    .retries(REDIS_REDIRECTIONS_MAX)
                    .build()
                    .map_err(|error| fault::from_redis(&error))?;
                Found::Cluster(Box::new(client), nodes)
            }
        };
        Ok(Servers {
            whose,
            found,
            master,
            follows: AtomicBool::new(false),
            current: ArcSwapOption::empty(),
            connecting: Mutex::new(()),
            remade: AtomicU64::new(0),
        })
    }

    /// Waiting for somebody who is already connecting counts too.
    pub(super) async fn connection(&self, wait: Duration) -> Result<Arc<Connection>, Failure> {
        if let Some(connection) = self.usable() {
            return Ok(connection);
        }
        let connecting = async {
            let _one_at_a_time = self.connecting.lock().await;
            if let Some(connection) = self.usable() {
                return Ok(connection);
            }
            let connection = Arc::new(self.connect_to_newest().await.map_err(Failure::Redis)?);
            self.current.store(Some(Arc::clone(&connection)));
            Ok(connection)
        };
        timeout(wait, connecting).await.map_err(|_| Failure::NoAnswer)?
    }

    /// The open connection, unless it leads to a master that is no longer one.
    fn usable(&self) -> Option<Arc<Connection>> {
        let connection = self.current.load_full()?;
        if let Connection::One(_, Some(lead)) = &*connection
            && lead.is_outdated(&self.master)
        {
            self.follows.store(true, Ordering::SeqCst);
            self.give_up(&connection);
            return None;
        }
        Some(connection)
    }

    /// To the known master where this link follows, else to the one that is named now.
    async fn lead(&self, sentinels: &[Mutex<SentinelClient>]) -> RedisResult<Lead> {
        let known = self.master.known();
        if self.follows.swap(false, Ordering::SeqCst)
            && let Some(to) = &known
        {
            return Ok(Lead { to: Arc::clone(to), known: Some(Arc::clone(to)) });
        }
        let named = master(sentinels).await?;
        Ok(match self.whose {
            LinkFor::Contacts => {
                let to = self.master.is(named);
                Lead { known: Some(Arc::clone(&to)), to }
            }
            LinkFor::Staff => Lead { to: Arc::new(named), known },
        })
    }

    /// A master that is gone may keep staff's connection waiting for long after contacts have found the next one.
    async fn connect_to_newest(&self) -> RedisResult<Connection> {
        if self.whose == LinkFor::Contacts {
            return self.connect().await;
        }
        let mut named = self.master.0.subscribe();
        loop {
            tokio::select! {
                made = self.connect() => return made,
                Ok(()) = named.changed() => self.follows.store(true, Ordering::SeqCst),
            }
        }
    }

    async fn connect(&self) -> RedisResult<Connection> {
        // The wait for an answer is each call's own.
        let settings = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(self.whose.background_wait()))
            .set_response_timeout(Some(REDIS_BULK_WAIT));
        match &self.found {
            Found::Single(client) => {
                let one = client.get_multiplexed_async_connection_with_config(&settings).await?;
                Ok(Connection::One(one, None))
            }
            Found::Sentinel(clients) => {
                let lead = self.lead(clients).await?;
                let one = lead.to.get_multiplexed_async_connection_with_config(&settings).await?;
                Ok(Connection::One(one, Some(lead)))
            }
            Found::Cluster(client, _) => {
                Ok(Connection::Cluster(Box::new(client.get_async_connection().await?)))
            }
        }
    }

    /// Unless somebody has made a new one in the meantime.
    pub(super) fn give_up(&self, connection: &Arc<Connection>) {
        let before = self.current.rcu(|current| match current {
            Some(current) if Arc::ptr_eq(current, connection) => None,
            current => current.clone(),
        });
        if before.is_some_and(|before| Arc::ptr_eq(&before, connection)) {
            self.remade.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// A connection of its own for announcements: to the master, or to any node of a Cluster,
    /// whose nodes pass them on to each other.
    pub(in crate::store::redis) async fn subscriber(&self) -> Option<PubSub> {
        let wait = self.whose.background_wait();
        let nodes = timeout(wait, self.nodes()).await.ok()?.ok()?;
        for node in nodes {
            if let Ok(Ok(subscriber)) = timeout(wait, node.get_async_pubsub()).await {
                return Some(subscriber);
            }
        }
        None
    }

    /// Changes when a connection was given up: the server may be another one since.
    pub(in crate::store::redis) fn times_remade(&self) -> u64 {
        self.remade.load(Ordering::Relaxed)
    }

    /// A client for each server that can be asked about itself.
    pub(in crate::store::redis) async fn nodes(&self) -> RedisResult<Vec<Client>> {
        match &self.found {
            Found::Single(client) => Ok(vec![(**client).clone()]),
            Found::Sentinel(clients) => Ok(vec![master(clients).await?]),
            Found::Cluster(_, nodes) => {
                nodes.iter().map(|node| Client::open(node.clone())).collect()
            }
        }
    }

    pub(in crate::store::redis) const fn way(&self) -> Way {
        match self.found {
            Found::Single(_) => Way::Single,
            Found::Sentinel(_) => Way::Sentinel,
            Found::Cluster(..) => Way::Cluster,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(port: u16) -> Client {
        Client::open(format!("redis://127.0.0.1:{port}")).unwrap()
    }

    #[test]
    fn a_master_named_again_is_the_known_one_and_another_takes_its_place() {
        let master = Master::unknown();
        assert!(master.known().is_none());
        let first = master.is(named(7001));
        assert!(Arc::ptr_eq(&first, &master.is(named(7001))));
        let other = master.is(named(7002));
        assert!(!Arc::ptr_eq(&first, &other));
        assert!(Arc::ptr_eq(&other, &master.known().unwrap()));
    }

    #[test]
    fn staff_leave_a_master_when_contacts_have_found_another_and_not_when_it_is_the_same() {
        let master = Master::unknown();
        let before = Lead { to: Arc::new(named(7001)), known: None };
        assert!(!before.is_outdated(&master));
        let known = Some(master.is(named(7001)));
        assert!(!before.is_outdated(&master), "it is the same");
        // Staff's own link failed first, and was led on: until contacts say otherwise, that is right.
        let ahead = Lead { to: Arc::new(named(7002)), known };
        assert!(!ahead.is_outdated(&master));
        master.is(named(7002));
        assert!(before.is_outdated(&master) && !ahead.is_outdated(&master));
        master.is(named(7003));
        assert!(ahead.is_outdated(&master));
    }
}
