//! What Redis's errors mean to a caller, and which of them a new connection may cure.
//!
//! The texts carry the server's error code alone: the rest of an error may quote what was sent.

use redis::RedisError;

use crate::ports::StoreError;

/// What to do about a failed command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cure {
    /// The connection is gone, or leads to a server that is no longer the master: another one may
    /// work at once.
    Reconnect,
    /// The server did not answer in time: asking again would only wait again.
    Wait,
    /// The server answered. Nothing is wrong with the connection.
    None,
}

pub(super) const NO_RIGHT: &str = "the server's user lacks a right; `check` says which are needed";

/// Codes of a server that does not take writes now, with what an operator does about each.
const AWAY: &[(&str, &str)] = &[
    ("READONLY", "the server is a replica; it is failing over, or the url names a replica"),
    ("LOADING", "the server is loading its data"),
    ("OOM", "the server's memory is full; raise maxmemory, or free some"),
    ("MISCONF", "the server can't save to its disk and takes no writes"),
    ("NOREPLICAS", "fewer replicas are in step than min-replicas-to-write asks for"),
    ("CLUSTERDOWN", "the cluster does not serve this organisation's slot"),
    ("MASTERDOWN", "the server is a replica without its master"),
    ("TRYAGAIN", "the cluster is moving this organisation's slot"),
    ("MOVED", "the cluster has moved this organisation's slot"),
    ("ASK", "the cluster is moving this organisation's slot"),
    ("BUSY", "the server is busy with a script"),
    ("NOAUTH", "the server asks for a password; set it in the store's url"),
    ("WRONGPASS", "the server refuses the user or password of the store's url"),
    ("NOPERM", NO_RIGHT),
    ("UNKILLABLE", "the server is busy with a script"),
];

pub(super) fn from_redis(error: &RedisError) -> StoreError {
    let code = error.code().unwrap_or_default();
    if let Some((code, text)) = AWAY.iter().find(|(known, _)| *known == code) {
        return StoreError::Unavailable(format!("Redis: {text} ({code})"));
    }
    // What a script may not do is told without a code of its own.
    if error.detail().is_some_and(|detail| detail.contains("user executing the script can't run")) {
        return StoreError::Unavailable(format!("Redis: {NO_RIGHT}"));
    }
    if error.is_timeout() {
        return no_answer();
    }
    match code {
        "WRONGTYPE" => StoreError::Corrupt("a key of the store holds something else".to_owned()),
        "" => StoreError::Unavailable(format!("Redis: {}", error.category())),
        // A script's own error, or a command that this server does not have.
        code => StoreError::Refused(format!("Redis refused the call ({code})")),
    }
}

pub(super) fn cure(error: &RedisError) -> Cure {
    match error.code() {
        Some("READONLY" | "MASTERDOWN") => Cure::Reconnect,
        Some(_) => Cure::None,
        None if error.is_timeout() => Cure::Wait,
        None => Cure::Reconnect,
    }
}

pub(super) fn no_answer() -> StoreError {
    StoreError::Unavailable("Redis did not answer in time".to_owned())
}

/// It is written, and may be gone after a failover: nobody is told of it until it is asked for
/// again, by the same id, and acknowledged then.
pub(super) fn not_acknowledged() -> StoreError {
    StoreError::Unavailable("Redis: too few replicas acknowledged what was written".to_owned())
}

/// An answer of another form than the script gives.
pub(super) fn rubbish() -> StoreError {
    StoreError::Unavailable("Redis answered something that is no answer".to_owned())
}
