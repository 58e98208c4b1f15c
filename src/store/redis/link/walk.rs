//! Walking over the keys of every server: for a copy, never for a contact.

use std::collections::BTreeSet;

use redis::aio::ConnectionLike;
use redis::cluster_routing::{RoutingInfo, SingleNodeRoutingInfo};
use redis::{Cmd, Value};
use tokio::time::timeout;

use super::super::failure::Failure;
use super::super::fault;
use super::super::keys::Keys;
use super::super::script::{Arguments, Call, parts, take};
use super::{Connection, Link, Way};
use crate::ports::StoreError;
use crate::runtime::limits::{REDIS_BULK_WAIT, REDIS_SCAN_PIECE};

impl Link {
    /// Every key of a pattern, on every server that holds some. A key may come twice.
    pub(in crate::store::redis) async fn walk(
        &self,
        pattern: &str,
        mut each: impl FnMut(String) + Send,
    ) -> Result<(), StoreError> {
        let servers = match self.servers.way() {
            Way::Single | Way::Sentinel => vec![None],
            Way::Cluster => self.masters().await?.into_iter().map(Some).collect(),
        };
        for server in servers {
            let mut cursor = "0".to_owned();
            loop {
                let piece = REDIS_SCAN_PIECE.to_string();
                let mut words = Arguments::default();
                for word in ["SCAN", &cursor, "MATCH", pattern, "COUNT", &piece] {
                    words.push(word);
                }
                // On no key that could say where: each server is asked by itself.
                let call = Call::new(&self.single, &[], &words);
                let answer = self.ask_server(call.by_text(), server.clone()).await?;
                let answer = call.answer(answer).ok_or_else(fault::rubbish)?;
                let (next, keys): (String, Vec<String>) = take(Some(answer))?;
                keys.into_iter().for_each(&mut each);
                if next == "0" {
                    break;
                }
                cursor = next;
            }
        }
        Ok(())
    }

    /// A page of a hash's fields from a cursor (`0` to begin), and the next cursor (`0` at the end). Fields that
    /// exist throughout are always returned, some perhaps twice, whatever changes meanwhile (redis.io, "SCAN").
    pub(in crate::store::redis) async fn fields(
        &self,
        keys: &Keys,
        (hash, cursor): (&str, &str),
        count: usize,
    ) -> Result<(String, Vec<(String, String)>), StoreError> {
        let mut command = redis::cmd("HSCAN");
        command.arg(hash).arg(cursor).arg("COUNT").arg(count);
        take(Some(self.ask_within(keys, &command, REDIS_BULK_WAIT).await?))
    }

    /// Whether the user may ask for what replicas have, where the settings ask for that. A server
    /// that is away now counts as yes.
    pub(in crate::store::redis) async fn may_wait(&self) -> bool {
        if self.replicas_asked() == 0 {
            return true;
        }
        // Satisfied by no replica at all: answered at once.
        let mut command = redis::cmd("WAIT");
        command.arg(0).arg(0);
        let asked = self.ask_server(command, Some(SingleNodeRoutingInfo::Random)).await;
        !matches!(asked, Err(StoreError::Unavailable(text)) if text.contains(fault::NO_RIGHT))
    }

    /// A Cluster's masters.
    async fn masters(&self) -> Result<Vec<SingleNodeRoutingInfo>, StoreError> {
        let mut command = redis::cmd("CLUSTER");
        command.arg("SLOTS");
        let slots = parts(self.ask_server(command, Some(SingleNodeRoutingInfo::Random)).await?)?;
        let mut masters = BTreeSet::new();
        for slot in slots {
            // From, to, the master, its replicas; each server with its host and port first.
            let master = parts(slot)?.into_iter().nth(2).ok_or_else(fault::rubbish)?;
            let mut master = parts(master)?.into_iter();
            masters.insert((take::<String>(master.next())?, take::<u16>(master.next())?));
        }
        let by_address = |(host, port)| SingleNodeRoutingInfo::ByAddress { host, port };
        Ok(masters.into_iter().map(by_address).collect())
    }

    /// A command to a server of a Cluster, or to the one that there is.
    async fn ask_server(
        &self,
        command: Cmd,
        server: Option<SingleNodeRoutingInfo>,
    ) -> Result<Value, StoreError> {
        let connecting = self.servers.connection(self.whose.connect_wait()).await;
        let connection = connecting.map_err(Failure::into_fault)?;
        let asking = async {
            match ((*connection).clone(), server) {
                (Connection::Cluster(mut cluster), Some(server)) => {
                    cluster.route_command(command, RoutingInfo::SingleNode(server)).await
                }
                (Connection::Cluster(mut cluster), None) => {
                    cluster.req_packed_command(&command).await
                }
                (Connection::One(mut one, _), _) => one.req_packed_command(&command).await,
            }
        };
        match timeout(REDIS_BULK_WAIT, asking).await {
            Ok(Ok(Value::ServerError(error))) => Err(fault::from_redis(&error.into())),
            Ok(Ok(value)) => Ok(value),
            Ok(Err(error)) => {
                self.servers.give_up(&connection);
                Err(fault::from_redis(&error))
            }
            Err(_) => {
                self.servers.give_up(&connection);
                Err(fault::no_answer())
            }
        }
    }
}
