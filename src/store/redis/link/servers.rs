//! The connection to Redis: made when it is needed, shared by all callers, given up when it fails,
//! and reopened; with Sentinel after asking who the master is.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use arc_swap::ArcSwapOption;
use futures_util::future::select_ok;
use redis::aio::{MultiplexedConnection, PubSub};
use redis::cluster::ClusterClient;
use redis::cluster_async::ClusterConnection;
use redis::sentinel::SentinelClient;
use redis::{AsyncConnectionConfig, Client, ConnectionInfo, RedisResult};
use tokio::sync::Mutex;
use tokio::time::timeout;

use super::super::address::Address;
use super::super::failure::Failure;
use super::super::fault;
use crate::ports::StoreError;
use crate::runtime::limits::{REDIS_BACKGROUND_WAIT, REDIS_BULK_WAIT, REDIS_REDIRECTIONS_MAX};

pub(in crate::store::redis) struct Servers {
    found: Found,
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
    One(MultiplexedConnection),
    Cluster(Box<ClusterConnection>),
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
    pub(super) fn new(address: Address) -> Result<Self, StoreError> {
        let found = match address {
            Address::Single(client) => Found::Single(client),
            Address::Sentinel(clients) => {
                Found::Sentinel(clients.into_iter().map(Mutex::new).collect())
            }
            Address::Cluster(nodes) => {
                // One node that is frozen must not use up the time that finding the others has.
                let client = ClusterClient::builder(nodes.clone())
                    .connection_timeout(REDIS_BACKGROUND_WAIT / 4)
                    .response_timeout(REDIS_BULK_WAIT)
                    .retries(REDIS_REDIRECTIONS_MAX)
                    .build()
                    .map_err(|error| fault::from_redis(&error))?;
                Found::Cluster(Box::new(client), nodes)
            }
        };
        Ok(Servers {
            found,
            current: ArcSwapOption::empty(),
            connecting: Mutex::new(()),
            remade: AtomicU64::new(0),
        })
    }

    /// Waiting for somebody who is already connecting counts too.
    pub(super) async fn connection(&self, wait: Duration) -> Result<Arc<Connection>, Failure> {
        if let Some(connection) = self.current.load_full() {
            return Ok(connection);
        }
        let connecting = async {
            let _one_at_a_time = self.connecting.lock().await;
            if let Some(connection) = self.current.load_full() {
                return Ok(connection);
            }
            let connection = Arc::new(self.connect().await.map_err(Failure::Redis)?);
            self.current.store(Some(Arc::clone(&connection)));
            Ok(connection)
        };
        timeout(wait, connecting).await.map_err(|_| Failure::NoAnswer)?
    }

    async fn connect(&self) -> RedisResult<Connection> {
        // The wait for an answer is each call's own.
        let settings = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(REDIS_BACKGROUND_WAIT))
            .set_response_timeout(Some(REDIS_BULK_WAIT));
        match &self.found {
            Found::Single(client) => {
                let one = client.get_multiplexed_async_connection_with_config(&settings).await?;
                Ok(Connection::One(one))
            }
            Found::Sentinel(clients) => {
                let client = master(clients).await?;
                let one = client.get_multiplexed_async_connection_with_config(&settings).await?;
                Ok(Connection::One(one))
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
        let nodes = timeout(REDIS_BACKGROUND_WAIT, self.nodes()).await.ok()?.ok()?;
        for node in nodes {
            if let Ok(Ok(subscriber)) =
                timeout(REDIS_BACKGROUND_WAIT, node.get_async_pubsub()).await
            {
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
