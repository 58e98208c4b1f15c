//! What Redis's errors mean to a caller, and which of them a new connection may cure.
//!
//! The texts carry only the server's error code: the rest of an error may quote the data.

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

const WRONG_TYPE: &str = "WRONGTYPE";

/// Said by a script of ours (`call.lua`).
const BEHIND: &str = "BEHIND";

/// Codes of a server that accepts no writes now, each with the operator's remedy.
const AWAY: &[(&str, &str)] = &[
    ("READONLY", "the server is a replica; it is failing over, or the url names a replica"),
    ("LOADING", "the server is loading its data"),
    ("OOM", "the server's memory is full; raise maxmemory, or free some"),
    ("MISCONF", "the server can't save to its disk and takes no writes"),
    ("NOREPLICAS", "fewer replicas are in sync than min-replicas-to-write requires"),
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
    let code = code(error).unwrap_or_default();
    if let Some((code, text)) = AWAY.iter().find(|(known, _)| *known == code) {
        return StoreError::Unavailable(format!("Redis: {text} ({code})"));
    }
    // A forbidden step in a script has no error code of its own.
    if error.detail().is_some_and(|detail| detail.contains("user executing the script can't")) {
        return StoreError::Unavailable(format!("Redis: {NO_RIGHT}"));
    }
    if error.is_timeout() {
        return no_answer();
    }
    if let Some(text) = unreached(error) {
        return StoreError::Unavailable(format!("Redis: {text}"));
    }
    match code {
        BEHIND => StoreError::Behind("it is a different store".to_owned()),
        WRONG_TYPE => StoreError::Corrupt("a key of the store holds something else".to_owned()),
        "" => StoreError::Unavailable(format!("Redis: {}", error.category())),
        // A script's own error, or a command that this server does not have.
        code => StoreError::Refused(format!("Redis refused the call ({code})")),
    }
}

/// The code of an error. Before Redis 7 an error in a script is wrapped in a text: "ERR
/// Error running script (call to f_…): @user_script:3: @user_script: 3: -READONLY You can't write …".
fn code(error: &RedisError) -> Option<&str> {
    let is_place = |part: &&str| part.starts_with('@') || part.chars().all(|c| c.is_ascii_digit());
    let in_script = |detail: &str| detail.starts_with("Error running script");
    let detail = error.detail().filter(|detail| in_script(detail));
    let said = detail.and_then(|detail| detail.split(": ").skip(1).find(|part| !is_place(part)));
    let within = said.and_then(|said| said.split(' ').next());
    let within = within.map(|word| word.trim_start_matches('-'));
    let is_known = |word: &&str| *word == WRONG_TYPE || AWAY.iter().any(|(code, _)| code == word);
    within.filter(is_known).or_else(|| error.code())
}

/// Why a connection can't be made, where an operator can help.
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
    match code(error) {
        Some("READONLY" | "MASTERDOWN") => Cure::Reconnect,
        Some(_) => Cure::None,
        None if error.is_timeout() => Cure::Wait,
        None => Cure::Reconnect,
    }
}

pub(super) fn no_answer() -> StoreError {
    StoreError::Unavailable("Redis did not answer in time".to_owned())
}

/// It is written, and may be lost in a failover: nobody hears of it until it is asked for
/// again, by the same id, and acknowledged then.
pub(super) fn not_acknowledged() -> StoreError {
    StoreError::Unavailable("Redis: too few replicas acknowledged the write".to_owned())
}

pub(super) fn no_answer_by_tls() -> StoreError {
    StoreError::Unavailable(
        "Redis did not answer in time by TLS; see that the store's url names the server's tls-port"
            .to_owned(),
    )
}

/// An answer of another form than the script gives.
pub(super) fn rubbish() -> StoreError {
    StoreError::Unavailable("Redis sent an unintelligible answer".to_owned())
}

#[cfg(test)]
mod tests {
    use redis::{Value, parse_redis_value};

    use super::*;

    fn error(text: &str) -> RedisError {
        match parse_redis_value(format!("-{text}\r\n").as_bytes()) {
            Ok(Value::ServerError(error)) => error.into(),
            other => panic!("{other:?}"),
        }
    }

    /// As Redis 6.2.14 says it of a script, and as later ones say it.
    fn both(code: &str, text: &str) -> [RedisError; 2] {
        let script =
            "ERR Error running script (call to f_4243): @user_script:1: @user_script: 1: -";
        [error(&format!("{script}{code} {text}")), error(&format!("{code} {text} script: f_4243"))]
    }

    #[test]
    fn a_server_that_takes_no_writes_is_away_by_scripts_of_any_version() {
        for (code, text, cured) in [
            ("READONLY", "You can't write against a read only replica.", Cure::Reconnect),
            ("OOM", "command not allowed when used memory > 'maxmemory'.", Cure::None),
            ("NOREPLICAS", "Not enough good replicas to write.", Cure::None),
            ("MISCONF", "Redis is configured to save RDB snapshots, but: it can't", Cure::None),
        ] {
            for error in both(code, text) {
                let fault = from_redis(&error);
                assert!(fault.is_retryable() && fault.to_string().contains(code), "{fault}");
                assert_eq!(cure(&error), cured, "{error}");
            }
        }
    }

    #[test]
    fn what_a_script_meets_is_told_by_any_version() {
        let script = "ERR Error running script (call to f_4243): @user_script:1: ";
        let text = "WRONGTYPE Operation against a key holding the wrong kind of value";
        for text in [text.to_owned(), format!("{script}{text}")] {
            assert!(matches!(from_redis(&error(&text)), StoreError::Corrupt(_)), "{text}");
        }
        for what in ["run this command or subcommand", "access at least one of the keys"] {
            let text =
                format!("{script}@user_script: 1: The user executing the script can't {what}");
            let fault = from_redis(&error(&text));
            assert!(fault.is_retryable() && fault.to_string().contains(NO_RIGHT), "{fault}");
        }
        let own = error(&format!("{script}attempt to index a nil value"));
        assert!(matches!(from_redis(&own), StoreError::Refused(_)));
    }
}
