//! The commit's own script, called as the store on Redis calls it for a restricted contact, so many at once
//! on one connection, and nothing else: what of a commit is Redis's own.

use std::time::{Duration, Instant};

use contact_gateway::runtime::limits::RECEIVED_PER_PERSON_MAX;
use redis::aio::MultiplexedConnection;
use redis::{Cmd, Connection};

use super::rows::{ORGANISATION, Rows, now};

/// Commits a contact.
pub(super) const COMMIT: &str = include_str!("../../src/store/redis/scripts/commit.lua");
/// Records decisions on unrestricted contacts.
pub(super) const PLAIN: &str = include_str!("../../src/store/redis/scripts/plain.lua");

/// As `store::redis` puts it together.
pub(super) fn script(step: &str) -> String {
    let step = [include_str!("../../src/store/redis/scripts/append.lua"), step];
    include_str!("../../src/store/redis/scripts/call.lua").replace("--STEP--", &step.join("\n"))
}

/// A connection for many calls at once.
pub(super) async fn linked(url: &str) -> MultiplexedConnection {
    let client = redis::Client::open(url).unwrap();
    client.get_multiplexed_async_connection().await.unwrap()
}

/// What a script is called by.
pub(super) async fn loaded(link: &mut MultiplexedConnection, step: &str) -> String {
    let load = redis::cmd("SCRIPT").arg("LOAD").arg(script(step)).to_owned();
    load.query_async(link).await.unwrap()
}

pub(super) fn commit(url: &str, rows: &Rows, at_least: Duration, together: u64, people: u64) {
    let mut link = redis::Client::open(url).unwrap().get_connection().unwrap();
    let digest: String =
        redis::cmd("SCRIPT").arg("LOAD").arg(script(COMMIT)).query(&mut link).unwrap();
    let (mut contacts, begun) = (0, Instant::now());
    while begun.elapsed() < at_least {
        let numbers = contacts..contacts + together;
        let calls = numbers
            .map(|number| call(&digest, rows, &format!("floor000-{number:010}"), number, people));
        commit_some(&mut link, calls);
        contacts += together;
    }
    super::say(contacts, begun.elapsed());
}

/// With one round trip.
fn commit_some(link: &mut Connection, calls: impl Iterator<Item = Cmd>) {
    let mut pipeline = redis::pipe();
    for call in calls {
        pipeline.add_command(call);
    }
    let answers: Vec<redis::Value> = pipeline.query(link).unwrap();
    answers.into_iter().for_each(done);
}

/// That a commit is done.
pub(super) fn done(answer: redis::Value) {
    let (_, (kind, _)): (String, (String, i64)) = redis::from_redis_value(answer).unwrap();
    assert_eq!(kind, "done");
}

/// As the store's keys are named.
pub(super) fn key(name: &str) -> String {
    format!("cg1:{{{ORGANISATION}}}:{name}")
}

/// What the gateway sends for a contact, the first that it commits of a person or a later one. People come
/// one after the other, by the number.
pub(super) fn call(digest: &str, rows: &Rows, contact: &str, number: u64, people: u64) -> Cmd {
    let person = format!("P-{}", number % people);
    let (round, now) = (number / people, now());
    // The ledger's version is the token of whoever wrote it last.
    let version = if round == 0 { "0".to_owned() } else { format!("{round:032x}") };
    let (traces, forgotten) = if round == 0 {
        (RECEIVED_PER_PERSON_MAX.to_string(), "0".to_owned())
    } else {
        Default::default()
    };
    let member = format!(
        r#"{{"contact":"{contact}","restriction":"R-1","mode":"enforce","at":"2026-11-22T09:32:09Z"}}"#
    );
    let mut call = redis::cmd("EVALSHA");
    call.arg(digest).arg(6).arg(key(&format!("contact:{contact}")));
    for name in ["ledger", "counted", "received", "traces"] {
        call.arg(key(&format!("{name}:{person}")));
    }
    call.arg(key("audit"));
    call.arg("commit").arg("7".repeat(64)).arg(format!("{:032x}", round + 1)).arg(version);
    call.arg(&person).arg(now).arg("0");
    call.arg(rows.decision.of(contact)).arg(now).arg(rows.audit.of(contact));
    call.arg(&["", "", "", ""]).arg(contact);
    call.arg(rows.trace.as_ref().unwrap().of(contact)).arg(now).arg(traces);
    call.arg(&["", "", ""]).arg(forgotten);
    call.arg(serde_json::to_string(&[&member]).unwrap()).arg(now).arg(&member);
    call.arg(number);
    call
}
