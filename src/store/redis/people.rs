//! The people's records on Redis.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::Redis;
use super::fault::rubbish;
use super::keys::{self, Keys};
use super::link::Link;
use super::script::take;
use crate::domain::audit::AuditEntry;
use crate::domain::organisation::OrganisationId;
use crate::domain::person::Person;
use crate::ports::{Snapshot, StoreError};
use crate::runtime::limits::REDIS_PEOPLE_PIECE;
use crate::store::record::{kind, unless_destroyed};

/// Everybody, a piece at a time, so that no other call waits for long. The feed, which follows this organisation from
/// before the first piece, announces changes in the meantime.
pub(super) async fn all(
    redis: &Redis,
    organisation: &OrganisationId,
) -> Result<Snapshot, StoreError> {
    let keys = redis.keys(organisation);
    redis.feed.follow_from_now(organisation).await?;
    let mut people: BTreeMap<String, Arc<Person>> = BTreeMap::new();
    let mut cursor = "0".to_owned();
    loop {
        let hash = keys.people();
        let (next, piece) = redis.link.fields(&keys, (&hash, &cursor), REDIS_PEOPLE_PIECE).await?;
        for (id, record) in piece {
            if let Some(person) = unless_destroyed(keys.read(&record, kind::PERSON, &id))? {
                people.insert(id, Arc::new(person));
            }
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
    let mut found = Vec::with_capacity(ids.len());
    for ids in ids.chunks(REDIS_PEOPLE_PIECE) {
        let mut command = redis::cmd("HMGET");
        command.arg(keys.people()).arg(ids);
        let records: Vec<Option<String>> = take(Some(link.ask(keys, &command).await?))?;
        for (id, record) in ids.iter().zip(records) {
            let read = |record: String| keys.read(&record, kind::PERSON, id).map(Arc::new);
            found.push(record.map(read).map(unless_destroyed).transpose()?.flatten());
        }
    }
    Ok(found)
}

/// Entries of the trail behind a number: so many, unless it ends before.
pub(super) async fn trail(
    redis: &Redis,
    keys: &Keys,
    mut after: u64,
    limit: usize,
) -> Result<Vec<AuditEntry>, StoreError> {
    let mut entries = Vec::new();
    while entries.len() < limit {
        let mut command = redis::cmd("XRANGE");
        command.arg(keys.audit()).arg(format!("({after}-0")).arg("+");
        command.arg("COUNT").arg(limit);
        let answer = redis.link.ask(keys, &command).await?;
        let found: Vec<(String, Vec<(String, String)>)> = take(Some(answer))?;
        for (id, fields) in &found {
            after = number_of(id)?;
            entries.extend(unless_destroyed(trail_entry(keys, id, fields))?);
        }
        if found.len() < limit {
            break;
        }
    }
    entries.truncate(limit);
    Ok(entries)
}

/// An entry of the audit stream.
pub(super) fn trail_entry(
    keys: &Keys,
    id: &str,
    fields: &[(String, String)],
) -> Result<AuditEntry, StoreError> {
    let number = number_of(id)?;
    let entry = fields.iter().find(|(name, _)| name == "entry");
    let (_, record) = entry.ok_or_else(|| keys::unreadable("audit entry"))?;
    keys.read_audit(number, record)
}

/// The number in a stream's id `n-0`.
pub(super) fn number_of(id: &str) -> Result<u64, StoreError> {
    id.split('-').next().and_then(|number| number.parse().ok()).ok_or_else(rubbish)
}
