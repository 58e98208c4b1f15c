//! The commit's own script, called as the store on Redis calls it for a restricted contact, so many at once
//! on one connection, and nothing else: what of a commit is Redis's own.

use std::time::{Duration, Instant};

use contact_gateway::runtime::limits::RECEIVED_PER_PERSON_MAX;
use redis::{Cmd, Connection};

use super::rows::{ORGANISATION, Rows, now};

/// As `store::redis` puts it together.
fn script() -> String {
    let step = [
        include_str!("../../src/store/redis/scripts/append.lua"),
        include_str!("../../src/store/redis/scripts/commit.lua"),
    ];
    include_str!("../../src/store/redis/scripts/call.lua").replace("--STEP--", &step.join("\n"))
}

pub(super) fn commit(url: &str, rows: &Rows, at_least: Duration, together: u64, people: u64) {
    let mut link = redis::Client::open(url).unwrap().get_connection().unwrap();
    let digest: String = redis::cmd("SCRIPT").arg("LOAD").arg(script()).query(&mut link).unwrap();
    let (mut contacts, begun) = (0, Instant::now());
    while begun.elapsed() < at_least {
        let numbers = contacts..contacts + together;
        commit_some(&mut link, numbers.map(|number| call(&digest, rows, number, people)));
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
    for answer in answers {
        let (_, (kind, _)): (String, (String, i64)) = redis::from_redis_value(answer).unwrap();
        assert_eq!(kind, "done");
    }
}

/// What the gateway sends for a person's first contact that it commits, or for a later one.
fn call(digest: &str, rows: &Rows, number: u64, people: u64) -> Cmd {
    let (contact, person) = (format!("floor000-{number:010}"), format!("P-{}", number % people));
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
    let key = |name: &str| format!("cg1:{{{ORGANISATION}}}:{name}");
    let mut call = redis::cmd("EVALSHA");
    call.arg(digest).arg(6).arg(key(&format!("contact:{contact}")));
    for name in ["ledger", "counted", "received", "traces"] {
        call.arg(key(&format!("{name}:{person}")));
    }
    call.arg(key("audit"));
    call.arg("commit").arg("7".repeat(64)).arg(format!("{:032x}", round + 1)).arg(version);
    call.arg(&person).arg(now).arg("0");
    call.arg(rows.decision.of(&contact)).arg(now).arg(rows.audit.of(&contact));
    call.arg(&["", "", "", ""]).arg(&contact);
    call.arg(rows.trace.as_ref().unwrap().of(&contact)).arg(now).arg(traces);
    call.arg(&["", "", ""]).arg(forgotten);
    call.arg(serde_json::to_string(&[&member]).unwrap()).arg(now).arg(&member);
    call.arg(number);
    call
}
