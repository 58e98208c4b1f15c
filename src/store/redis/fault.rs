//! What Redis's errors mean to a caller, and which of them a new connection may cure.
//!
//! The texts carry the server's error code alone: the rest of an error may quote what was sent.

use redis::{ErrorKind, RedisError};

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
    if let Some(text) = unreached(error) {
        return StoreError::Unavailable(format!("Redis: {text}"));
    }
    match code {
        "WRONGTYPE" => StoreError::Corrupt("a key of the store holds something else".to_owned()),
        "" => StoreError::Unavailable(format!("Redis: {}", error.category())),
        // A script's own error, or a command that this server does not have.
        code => StoreError::Refused(format!("Redis refused the call ({code})")),
    }
}

/// What keeps a connection from being made that an operator can put right.
fn unreached(error: &RedisError) -> Option<&'static str> {
    if error.kind() == ErrorKind::AuthenticationFailed {
        return Some("the server refuses the user or password of the store's url");
    }
    if error.kind() == ErrorKind::MasterNameNotFoundBySentinel {
        return Some(
            "the sentinels name no master for the service; see that the service at the end of the \
             store's url is the one in `sentinel monitor`",
        );
    }
    if error.is_connection_refusal() {
        return Some("nothing listens at the address of the store's url");
    }
    // The TLS library's own error is not handed on, only its words.
    let said = error.to_string();
    if said.contains("invalid peer certificate") {
        return Some(
            "the server's certificate is not trusted; put its authority into the machine's trust \
             store or name it in SSL_CERT_FILE, and see that it is made out to the url's host",
        );
    }
    if said.contains("corrupt message") {
        return Some(
            "the server does not speak TLS there; name its tls-port, or write the url without TLS",
        );
    }
    None
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

pub(super) fn no_answer_by_tls() -> StoreError {
    StoreError::Unavailable(
        "Redis did not answer in time by TLS; see that the store's url names the server's tls-port"
            .to_owned(),
    )
}

/// An answer of another form than the script gives.
pub(super) fn rubbish() -> StoreError {
    StoreError::Unavailable("Redis answered something that is no answer".to_owned())
}
