//! Calls of Redis, whichever way it runs (`servers`): each within its time, tried once more where a new connection may
//! cure it, refused at once while the server is known to be away, and answered when replicas have the write, if the
//! settings ask for that. An answer that is not the call's own ends the connection: what else comes by it would be
//! somebody else's, too.
//!
//! A gateway has two: one for contacts and one for staff (`whose`). Each has a connection, a breaker and
//! waits of its own, so that contacts are quick without a store that is late, while staff wait for it.

mod servers;
mod walk;
mod whose;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use redis::aio::ConnectionLike;
use redis::{Cmd, Pipeline, Value};
use tokio::time::timeout;

use super::address::Address;
use super::breaker::{Breaker, Breakers};
use super::failure::{Failure, own};
use super::fault::{self, Cure};
use super::keys::{CHANNEL, Keys};
use super::replicas::Replicas;
use super::script::{Arguments, Call, Script, words};
use crate::domain::organisation::OrganisationId;
use crate::ports::StoreError;
use crate::runtime::limits::{
    REDIS_BACKGROUND_WAIT, REDIS_REPLICAS_WAIT, REDIS_RESPONSE_WAIT, REDIS_TRIES,
};
use crate::store::record::Codec;
use servers::{Connection, Servers};

pub(super) use servers::{Master, Way};
pub(super) use whose::LinkFor;

pub(super) struct Link {
    whose: LinkFor,
    servers: Servers,
    breakers: Breakers,
    replicas: Replicas,
    single: Script,
    codec: Codec,
    /// What organisations' trails were called when they were looked at last, by tag.
    trails: Mutex<HashMap<String, Arc<str>>>,
}

impl Link {
    /// Connects to nothing yet: a gateway starts also while Redis is away. `master`: for both links of one store.
    pub(super) fn new(
        whose: LinkFor,
        (address, master): (Address, &Arc<Master>),
        replicas: Replicas,
        codec: Codec,
    ) -> Result<Self, StoreError> {
        let servers = Servers::new(whose, address, Arc::clone(master))?;
        Ok(Link {
            whose,
            servers,
            breakers: Breakers::new(whose.meaning()),
            replicas,
            single: Script::single(),
            codec,
            trails: Mutex::default(),
        })
    }

    pub(super) const fn servers(&self) -> &Servers {
        &self.servers
    }

    pub(super) fn keys(&self, organisation: &OrganisationId) -> Keys {
        Keys::of(organisation, &self.codec)
    }

    /// One command on keys of an organisation. It may be sent twice: every command of the store
    /// does the same the second time.
    pub(super) async fn ask(&self, keys: &Keys, command: &Cmd) -> Result<Value, StoreError> {
        self.ask_within(keys, command, REDIS_RESPONSE_WAIT).await
    }

    /// As [`Link::ask`], for a step that takes the server longer.
    pub(super) async fn ask_within(
        &self,
        keys: &Keys,
        command: &Cmd,
        wait: Duration,
    ) -> Result<Value, StoreError> {
        self.command(keys, Kind::Read, command, wait).await
    }

    /// As [`Link::ask`], for a command that writes: answered when replicas have it as well, where
    /// the settings ask for that.
    pub(super) async fn change(&self, keys: &Keys, command: &Cmd) -> Result<Value, StoreError> {
        self.command(keys, Kind::Write, command, REDIS_RESPONSE_WAIT).await
    }

    async fn command(
        &self,
        keys: &Keys,
        kind: Kind,
        command: &Cmd,
        wait: Duration,
    ) -> Result<Value, StoreError> {
        self.admit(keys, kind)?;
        let words = words(command);
        let about = words.iter().nth(1).map(|key| String::from_utf8_lossy(key).into_owned());
        self.call(keys, kind, &Call::new(&self.single, about.as_slice(), &words), wait).await
    }

    /// Runs a script by its digest, or with its text where the server does not have it.
    pub(super) async fn run(
        &self,
        keys: &Keys,
        script: &Script,
        on: &[String],
        with: &Arguments,
        wait: Duration,
    ) -> Result<Value, StoreError> {
        self.run_as(keys, Kind::Read, (script, on, with), wait).await
    }

    /// As [`Link::run`], for a script that writes: answered when replicas have it as well, where
    /// the settings ask for that.
    pub(super) async fn write(
        &self,
        keys: &Keys,
        script: &Script,
        on: &[String],
        with: &Arguments,
        wait: Duration,
    ) -> Result<Value, StoreError> {
        self.run_as(keys, Kind::Write, (script, on, with), wait).await
    }

    async fn run_as(
        &self,
        keys: &Keys,
        kind: Kind,
        (script, on, with): (&Script, &[String], &Arguments),
        wait: Duration,
    ) -> Result<Value, StoreError> {
        self.admit(keys, kind)?;
        let mut call = Call::new(script, on, with);
        if script.is_vouched()
            && let Some(trail) = self.trail(keys)
        {
            call = call.in_store_of(&trail);
        }
        self.call(keys, kind, &call, wait).await
    }

    fn trail(&self, keys: &Keys) -> Option<Arc<str>> {
        self.trails.lock().unwrap_or_else(PoisonError::into_inner).get(keys.tag()).cloned()
    }

    /// Decisions are written from now on only where the trail has borne this name.
    pub(super) fn looked(&self, keys: &Keys, trail: Option<&str>) {
        let mut trails = self.trails.lock().unwrap_or_else(PoisonError::into_inner);
        match trail {
            Some(trail) if trails.get(keys.tag()).is_some_and(|known| &**known == trail) => {}
            Some(trail) => drop(trails.insert(keys.tag().to_owned(), trail.into())),
            None => drop(trails.remove(keys.tag())),
        }
    }

    async fn call(
        &self,
        keys: &Keys,
        kind: Kind,
        call: &Call<'_>,
        wait: Duration,
    ) -> Result<Value, StoreError> {
        // What a caller asks for is what a contact can wait; staff wait longer.
        let wait = wait.max(self.whose.answer_wait());
        let answer = match self.send(keys, kind, (call, &call.by_digest()), wait).await {
            Err(Failure::Redis(error)) if error.code() == Some("NOSCRIPT") => {
                self.send(keys, kind, (call, &call.by_text()), wait).await
            }
            answer => answer,
        };
        answer.map_err(Failure::into_fault)
    }

    /// As far as is known before anything is sent.
    pub(super) fn takes_writes(&self, keys: &Keys) -> Result<(), StoreError> {
        self.admit(keys, Kind::Write)
    }

    /// Whether anything is sent at all: not to a server that does not answer, and nothing to be
    /// written while replicas would not acknowledge it.
    fn admit(&self, keys: &Keys, kind: Kind) -> Result<(), StoreError> {
        self.breaker(keys.tag()).admit()?;
        match kind {
            Kind::Read => Ok(()),
            Kind::Write => self.replicas.breaker(self.place(keys.tag())).admit(),
        }
    }

    async fn send(
        &self,
        keys: &Keys,
        kind: Kind,
        (call, command): (&Call<'_>, &Cmd),
        wait: Duration,
    ) -> Result<Value, Failure> {
        let breaker = self.breaker(keys.tag());
        if kind == Kind::Read || !self.replicas.are_asked() {
            return self.attempt(&breaker, &Asked { call, sent: Sent::One(command) }, wait).await;
        }
        let sent = Sent::Acknowledged(self.replicas.behind(command, keys));
        let asked = Asked { call, sent };
        let answer = self.attempt(&breaker, &asked, wait + REDIS_REPLICAS_WAIT).await;
        let replicas = self.replicas.breaker(self.place(keys.tag()));
        match &answer {
            Ok(_) => replicas.succeeded(),
            Err(Failure::NotAcknowledged) => replicas.failed(),
            Err(Failure::Redis(_) | Failure::NoAnswer | Failure::NotOurs) => {}
        }
        answer
    }

    /// Makes the connection where there is none, and finds out whether servers that failed answer
    /// again. So a call seldom waits for either.
    pub(super) async fn probe(&self) {
        if self.servers.connection(self.whose.background_wait()).await.is_err() {
            return;
        }
        for tag in self.breakers.open() {
            let keys = Keys::tagged(&tag, &self.codec);
            self.look(&keys, Kind::Read, keys.people()).await;
        }
        for tag in self.replicas.open() {
            let keys = Keys::tagged(&tag, &self.codec);
            self.look(&keys, Kind::Write, keys.acknowledged()).await;
        }
    }

    /// Asks for next to nothing. The attempt itself informs the breakers.
    async fn look(&self, keys: &Keys, kind: Kind, key: String) {
        let mut with = Arguments::default();
        with.push("EXISTS");
        with.push(&key);
        let on = [key];
        let call = Call::new(&self.single, &on, &with);
        let _ = self.call(keys, kind, &call, REDIS_RESPONSE_WAIT).await;
    }

    /// Whether the user may hear announcements. A server that is away now counts as yes.
    pub(super) async fn may_listen(&self) -> bool {
        let Some(mut subscriber) = self.servers.subscriber().await else { return true };
        match timeout(REDIS_BACKGROUND_WAIT, subscriber.subscribe(CHANNEL)).await {
            Ok(Err(error)) => error.code() != Some("NOPERM"),
            Ok(Ok(())) | Err(_) => true,
        }
    }

    /// How many replicas must acknowledge a write.
    pub(super) const fn replicas_asked(&self) -> u32 {
        self.replicas.asked()
    }

    fn breaker(&self, tag: &str) -> Arc<Breaker> {
        self.breakers.of(self.place(tag))
    }

    /// Which servers hold an organisation: the same for all, except in a Cluster.
    fn place<'a>(&self, tag: &'a str) -> &'a str {
        match self.servers.way() {
            Way::Single | Way::Sentinel => "%",
            Way::Cluster => tag,
        }
    }

    async fn attempt(
        &self,
        breaker: &Breaker,
        asked: &Asked<'_>,
        wait: Duration,
    ) -> Result<Value, Failure> {
        let mut result = Err(Failure::NoAnswer);
        for _ in 0..REDIS_TRIES {
            let (failure, cure) = match self.attempt_once(asked, wait).await {
                Ok(value) => {
                    breaker.succeeded();
                    return Ok(value);
                }
                Err(Failure::NoAnswer) => (Failure::NoAnswer, Cure::Wait),
                Err(Failure::NotOurs) => (Failure::NotOurs, Cure::Reconnect),
                // The server answers; its replicas are another matter.
                Err(Failure::NotAcknowledged) => (Failure::NotAcknowledged, Cure::None),
                Err(Failure::Redis(error)) => {
                    let cure = fault::cure(&error);
                    (Failure::Redis(error), cure)
                }
            };
            result = Err(failure);
            if cure != Cure::Reconnect {
                // A server that answers, if only to refuse, is there.
                if cure == Cure::None {
                    breaker.succeeded();
                    return result;
                }
                break;
            }
        }
        breaker.failed();
        result
    }

    async fn attempt_once(&self, asked: &Asked<'_>, wait: Duration) -> Result<Value, Failure> {
        let connection = self.servers.connection(self.whose.connect_wait()).await?;
        let answer = timeout(wait, self.say((*connection).clone(), asked)).await;
        let failure = match answer.unwrap_or(Err(Failure::NoAnswer)) {
            Ok(value) => return Ok(value),
            Err(failure) => failure,
        };
        let gone = match &failure {
            Failure::NoAnswer | Failure::NotOurs => true,
            Failure::NotAcknowledged => false,
            Failure::Redis(error) => fault::cure(error) != Cure::None,
        };
        if gone {
            self.servers.give_up(&connection);
        }
        Err(failure)
    }

    async fn say(&self, connection: Connection, asked: &Asked<'_>) -> Result<Value, Failure> {
        let mut connection: Box<dyn ConnectionLike + Send> = match connection {
            Connection::One(one, _) => Box::new(one),
            Connection::Cluster(cluster) => cluster,
        };
        let answer = match &asked.sent {
            Sent::One(command) => connection.req_packed_command(command).await,
            Sent::Acknowledged(commands) => {
                let answers = connection.req_packed_commands(commands, 0, commands.len()).await;
                return self.replicas.read(asked.call, answers.map_err(Failure::Redis)?);
            }
        };
        own(asked.call, answer.map_err(Failure::Redis)?)
    }
}

/// Whether a call changes anything in Redis.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Read,
    Write,
}

struct Asked<'a> {
    call: &'a Call<'a>,
    sent: Sent<'a>,
}

/// The bytes sent.
enum Sent<'a> {
    One(&'a Cmd),
    /// With what makes the replicas acknowledge it ([`Replicas::behind`]).
    Acknowledged(Pipeline),
}
