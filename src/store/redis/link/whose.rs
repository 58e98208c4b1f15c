//! Whom a link serves, and how long they can wait.

use std::time::Duration;

use super::super::breaker::{Meaning, SERVER, SERVER_FOR_STAFF};
use crate::runtime::limits::{
    REDIS_BACKGROUND_WAIT, REDIS_BULK_WAIT, REDIS_CONNECT_WAIT, REDIS_RESPONSE_WAIT,
    REDIS_STAFF_WAIT,
};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::store::redis) enum LinkFor {
    /// A contact is decided in a fraction of a second, or on the last known state.
    Contacts,
    /// Staff, and work in the background.
    Staff,
}

impl LinkFor {
    /// The least that a call waits for its answer.
    pub(super) const fn answer_wait(self) -> Duration {
        match self {
            LinkFor::Contacts => REDIS_RESPONSE_WAIT,
            LinkFor::Staff => REDIS_STAFF_WAIT,
        }
    }

    /// What a call waits for a connection.
    pub(super) const fn connect_wait(self) -> Duration {
        match self {
            LinkFor::Contacts => REDIS_CONNECT_WAIT,
            LinkFor::Staff => REDIS_STAFF_WAIT,
        }
    }

    /// What the background waits for a connection, which no call waits for.
    pub(super) const fn background_wait(self) -> Duration {
        match self {
            LinkFor::Contacts => REDIS_BACKGROUND_WAIT,
            LinkFor::Staff => REDIS_BULK_WAIT,
        }
    }

    /// What it means that the server does not answer.
    pub(super) const fn meaning(self) -> &'static Meaning {
        match self {
            LinkFor::Contacts => &SERVER,
            LinkFor::Staff => &SERVER_FOR_STAFF,
        }
    }
}
