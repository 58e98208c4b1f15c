//! What is left of somebody in a store: every record of every kind, read as the store itself has it.

use contact_gateway::domain::organisation::OrganisationId;
use contact_gateway::ports::Store;
use contact_gateway::ports::documents::{BY_ID, Listing};
use serde_json::Value;

use crate::store_contract::servers::Server;

/// Every kind of document that casework writes.
pub const KINDS: [&str; 38] = [
    "account",
    "api_token",
    "audit_anchor",
    "audit_erased",
    "audit_seal",
    "breaches",
    "case",
    "case_lists",
    "effect",
    "equality",
    "erasure",
    "erasure_asked",
    "erasure_proof",
    "erasure_settling",
    "followed",
    "identity",
    "import_key",
    "invitation",
    "leaving",
    "legal_hold",
    "letter",
    "letter_mail",
    "letter_template",
    "merge",
    "not_followed",
    "not_theirs",
    "pressed",
    "release",
    "reminded",
    "reminder_mail",
    "retention",
    "retention_asked",
    "retention_day",
    "session",
    "sign_in_tries",
    "tally",
    "task",
    "timeline",
];

/// Every document, person, item and entry as text.
pub async fn everything(store: &dyn Store, of: &OrganisationId, items: &[&str]) -> Vec<String> {
    let mut all = Vec::new();
    for kind in KINDS {
        let mut listing = Listing::of(BY_ID);
        loop {
            let page = store.documents(of, kind, listing.clone()).await.unwrap();
            let text = |one: &contact_gateway::ports::documents::Document| {
                let keys: Vec<&str> = one.keys.iter().map(|key| key.value.as_str()).collect();
                format!("{kind} {} {keys:?} {}", one.id, one.body.get())
            };
            all.extend(page.documents.iter().map(text));
            let Some(next) = page.next else { break };
            listing.after = Some(next);
        }
    }
    for person in store.people(of).await.unwrap().people {
        all.push(serde_json::to_string(person.as_ref()).unwrap());
    }
    for item in items {
        let item_of = store.item(of, item).await.unwrap();
        all.extend(item_of.map(|item| serde_json::to_string(&item).unwrap()));
        let recorded = store.recorded(of, item).await.unwrap();
        all.extend(recorded.map(|(decision, _)| serde_json::to_string(&decision).unwrap()));
    }
    let mut after = 0;
    loop {
        let page = store.audit(of, after, 0).await.unwrap();
        let Some(last) = page.last() else { return all };
        after = last.number;
        all.extend(page.iter().map(|entry| serde_json::to_string(entry).unwrap()));
    }
}

/// All keys of a Redis, with what is under them.
pub async fn of_redis(server: &Server) -> Vec<String> {
    let mut all: Vec<String> = Vec::new();
    for key in server.say::<Vec<String>>(&["KEYS", "*"]).await.unwrap() {
        let kind: String = server.say(&["TYPE", &key]).await.unwrap();
        let words: Vec<&str> = match kind.as_str() {
            "hash" => vec!["HGETALL", &key],
            "zset" => vec!["ZRANGE", &key, "0", "-1"],
            "set" => vec!["SMEMBERS", &key],
            "stream" => vec!["XRANGE", &key, "-", "+"],
            _ => vec!["GET", &key],
        };
        let value: redis::Value = server.say(&words).await.unwrap();
        // What changed is a list of ids; the newest are kept until as many people have changed.
        if !key.ends_with(":changes") {
            all.push(format!("{key} {}", shown(&value)));
        }
    }
    all
}

fn shown(value: &redis::Value) -> String {
    match value {
        redis::Value::BulkString(bytes) => String::from_utf8_lossy(bytes).into_owned(),
        redis::Value::Array(all) => all.iter().map(shown).collect::<Vec<_>>().join(" "),
        redis::Value::Map(all) => {
            all.iter().map(|(key, value)| format!("{} {}", shown(key), shown(value))).collect()
        }
        other => format!("{other:?}"),
    }
}

/// The records in which one of these words is.
pub fn naming<'a>(all: &'a [String], words: &[&str]) -> Vec<&'a String> {
    all.iter().filter(|one| words.iter().any(|word| one.contains(word))).collect()
}

pub fn json(all: &[String]) -> Vec<Value> {
    all.iter().filter_map(|one| serde_json::from_str(one).ok()).collect()
}
