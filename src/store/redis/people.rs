//! The people's records on Redis.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::Redis;
use super::fault::rubbish;
use super::keys::{self, CHANNEL, Keys, json};
use super::link::Link;
use super::script::{Arguments, take};
use crate::domain::audit::{AuditEntry, AuditEvent};
use crate::domain::organisation::OrganisationId;
use crate::domain::person::Person;
use crate::ports::{Snapshot, Stamp, StoreError};
use crate::runtime::limits::{
    CHANGES_AT_ONCE_MAX, CHANGES_KEPT_MAX, REDIS_BULK_WAIT, REDIS_ONCE_KEPT, REDIS_PEOPLE_MAX,
    REDIS_PEOPLE_PIECE, REDIS_RESPONSE_WAIT,
};

/// Everybody, a piece at a time, so that no other call waits for long. What changes meanwhile is
/// announced by the feed, which follows this organisation from before the first piece.
pub(super) async fn all(
    redis: &Redis,
    organisation: &OrganisationId,
) -> Result<Snapshot, StoreError> {
    let keys = Keys::of(organisation);
    redis.feed.follow_from_now(organisation).await?;
    let mut people: BTreeMap<String, Arc<Person>> = BTreeMap::new();
    let mut cursor = "0".to_owned();
    loop {
        let mut command = redis::cmd("HSCAN");
        command.arg(keys.people()).arg(&cursor).arg("COUNT").arg(REDIS_PEOPLE_PIECE);
        let answer = redis.link.ask_within(&keys, &command, REDIS_BULK_WAIT).await?;
        let (next, piece): (String, Vec<(String, String)>) = take(Some(answer))?;
        for (id, record) in piece {
            people.insert(id, Arc::new(keys::read(&record, "person")?));
        }
        if next == "0" {
            return Ok(Snapshot { people: people.into_values().collect() });
        }
        cursor = next;
    }
}

pub(super) async fn some(
    link: &Link,
    keys: &Keys,
    ids: &[String],
) -> Result<Vec<Option<Arc<Person>>>, StoreError> {
    let mut command = redis::cmd("HMGET");
    command.arg(keys.people()).arg(ids);
    let records: Vec<Option<String>> = take(Some(link.ask(keys, &command).await?))?;
    records
        .into_iter()
        .map(|record| record.map(|record| Ok(Arc::new(keys::read(&record, "person")?))).transpose())
        .collect()
}

/// Writes the records, and answers the number of the last change before them.
pub(super) async fn put(
    redis: &Redis,
    organisation: &OrganisationId,
    people: &[Person],
    stamp: Stamp,
    event: AuditEvent,
) -> Result<u64, StoreError> {
    if people.len() > REDIS_PEOPLE_MAX {
        return Err(StoreError::Refused(format!(
            "at most {REDIS_PEOPLE_MAX} people are written at once; split the file"
        )));
    }
    let keys = Keys::of(organisation);
    let on = [keys.people(), keys.changes(), keys.audit(), keys.once(&redis.token())];
    let mut with = Arguments::default();
    with.push(keys::audit_record(stamp, event)?);
    with.push(REDIS_ONCE_KEPT.as_secs().to_string());
    with.size(CHANGES_KEPT_MAX);
    with.size(CHANGES_AT_ONCE_MAX);
    with.push(CHANNEL);
    with.push(keys.tag());
    for person in people {
        with.push(&person.id);
        with.push(json(person)?);
    }
    let wait =
        if people.len() > REDIS_PEOPLE_PIECE { REDIS_BULK_WAIT } else { REDIS_RESPONSE_WAIT };
    let answer = redis.link.write(&keys, &redis.scripts.people, &on, &with, wait).await?;
    take::<String>(Some(answer))?.parse().map_err(|_| rubbish())
}

/// An entry of the audit stream.
pub(super) fn trail_entry(id: &str, fields: &[(String, String)]) -> Result<AuditEntry, StoreError> {
    let number = number_of(id)?;
    let entry = fields.iter().find(|(name, _)| name == "entry");
    let (_, record) = entry.ok_or_else(|| keys::unreadable("audit entry"))?;
    keys::audit_entry(number, record)
}

/// The number in a stream's id `n-0`.
pub(super) fn number_of(id: &str) -> Result<u64, StoreError> {
    id.split('-').next().and_then(|number| number.parse().ok()).ok_or_else(rubbish)
}
