//! Found by an index: people page by page, people with a restriction, marked audit entries.
//!
//! Every write of this gateway keeps the indexes. Records older than the indexes, or from a copy, are entered at the
//! first question that needs them: once for an organisation, marked by the key `indexed`. Several gateways may do so at
//! once, since that only adds true entries. An older gateway on the same store enters nothing: delete `indexed` when
//! the last of them is gone.
//!
//! Items in hand are few. Each process enters them when it is first asked for them, including those claimed through an
//! older gateway that it replaces.

use std::sync::{Arc, PoisonError};

use super::Redis;
use super::items;
use super::keys::Keys;
use super::marks::{Note, notes};
use super::people::{self, number_of, trail_entry};
use super::portable::Arrivals;
use super::script::take;
use crate::domain::audit::AuditEntry;
use crate::domain::organisation::OrganisationId;
use crate::domain::person::Person;
use crate::domain::queue::{ItemState, QueueItem};
use crate::ports::{ItemFilter, StoreError};
use crate::runtime::limits::{
    COPY_PAGE_MAX, PEOPLE_OF_RESTRICTION_MAX, REDIS_BULK_WAIT, REDIS_ITEMS_PIECE,
    REDIS_PEOPLE_PIECE,
};
use crate::store::page;
use crate::store::record::{kind, unless_destroyed};
use crate::store::trail::block;

/// The version of what the indexes hold: what `indexed` says once they hold all.
const VERSION: &str = "1";

/// What `indexed` says once people are entered and while the trail is, before the last entry that is: a million entries
/// take longer than a question waits, and the next one goes on from there.
const UP_TO: &str = "1 up to ";

pub(super) async fn people_page(
    redis: &Redis,
    organisation: &OrganisationId,
    after: Option<&str>,
    limit: usize,
) -> Result<Vec<Arc<Person>>, StoreError> {
    complete(redis, organisation).await?;
    let keys = redis.keys(organisation);
    let limit = page(limit);
    let mut from = after.map_or("-".to_owned(), |after| format!("({after}"));
    let mut people: Vec<Arc<Person>> = Vec::new();
    // Until the page is full: a shorter one is the end to who asked.
    while people.len() < limit {
        let mut command = redis::cmd("ZRANGEBYLEX");
        command.arg(keys.roll()).arg(from).arg("+").arg("LIMIT").arg(0).arg(limit);
        let ids: Vec<String> = take(Some(redis.link.ask(&keys, &command).await?))?;
        let Some(last) = ids.last() else { break };
        from = format!("({last}");
        people.extend(people::some(&redis.link, &keys, &ids).await?.into_iter().flatten());
        if ids.len() < limit {
            break;
        }
    }
    people.truncate(limit);
    Ok(people)
}

pub(super) async fn restricted(
    redis: &Redis,
    organisation: &OrganisationId,
    restriction: &str,
) -> Result<Vec<Arc<Person>>, StoreError> {
    complete(redis, organisation).await?;
    let keys = redis.keys(organisation);
    let mut command = redis::cmd("SMEMBERS");
    command.arg(keys.restricted(restriction));
    let mut ids: Vec<String> = take(Some(redis.link.ask(&keys, &command).await?))?;
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    ids.sort();
    ids.truncate(PEOPLE_OF_RESTRICTION_MAX);
    let found = people::some(&redis.link, &keys, &ids).await?;
    let has = |person: &Arc<Person>| person.restrictions.iter().any(|one| one.id == restriction);
    Ok(found.into_iter().flatten().filter(has).collect())
}

/// Enters records older than the indexes, unless somebody has.
pub(super) async fn complete(
    redis: &Redis,
    organisation: &OrganisationId,
) -> Result<(), StoreError> {
    let known = || redis.indexed.lock().unwrap_or_else(PoisonError::into_inner);
    if known().contains(organisation) {
        return Ok(());
    }
    let keys = redis.keys(organisation);
    let mut command = redis::cmd("GET");
    command.arg(keys.indexed());
    let version: Option<String> = take(Some(redis.link.ask(&keys, &command).await?))?;
    if version.as_deref() != Some(VERSION) {
        let begun =
            version.as_deref().and_then(|said| said.strip_prefix(UP_TO)?.parse::<u64>().ok());
        if begun.is_none() {
            enter_people(redis, &keys).await?;
        }
        enter_trail(redis, &keys, begun.unwrap_or(0)).await?;
        let mut done = Arrivals::new(&keys, redis.token());
        done.write(&["SET", &keys.indexed(), VERSION]);
        write(redis, &keys, done).await?;
    }
    known().insert(organisation.clone());
    Ok(())
}

/// Enters the items that somebody has claimed or read, once per process. If nothing can be written, lists lack only
/// items claimed through an older gateway.
pub(super) async fn enter_in_hand(
    redis: &Redis,
    organisation: &OrganisationId,
) -> Result<(), StoreError> {
    let known = || redis.in_hand_entered.lock().unwrap_or_else(PoisonError::into_inner);
    if known().contains(organisation) {
        return Ok(());
    }
    let keys = redis.keys(organisation);
    let states: Vec<ItemState> =
        ItemState::ALL.into_iter().filter(|state| state.is_in_hand()).collect();
    for queue in items::names(redis, &keys).await? {
        let mut after = None;
        loop {
            let filter = ItemFilter {
                states: states.clone(),
                after,
                excerpt: Some(0),
                limit: REDIS_ITEMS_PIECE,
                ..ItemFilter::default()
            };
            let found = items::list(redis, &keys, &queue, &filter).await?;
            let mut step = Arrivals::new(&keys, redis.token());
            for item in &found {
                step.write(&["ZADD", &keys.in_hand(), &item.place().to_string(), &item.id]);
            }
            if !found.is_empty()
                && let Err(fault) = write(redis, &keys, step).await
            {
                tracing::warn!(%fault, "items in hand could not be entered in their list");
                return Ok(());
            }
            if found.len() < REDIS_ITEMS_PIECE {
                break;
            }
            after = found.last().map(|item| item.id.clone());
        }
    }
    known().insert(organisation.clone());
    Ok(())
}

async fn write(redis: &Redis, keys: &Keys, step: Arrivals<'_>) -> Result<(), StoreError> {
    let (on, with) = step.into_parts();
    redis.link.write(keys, &redis.scripts.carry, &on, &with, REDIS_BULK_WAIT).await?;
    Ok(())
}

async fn enter_people(redis: &Redis, keys: &Keys) -> Result<(), StoreError> {
    let mut cursor = "0".to_owned();
    loop {
        let hash = keys.people();
        let (next, piece) = redis.link.fields(keys, (&hash, &cursor), REDIS_PEOPLE_PIECE).await?;
        let mut step = Arrivals::new(keys, redis.token());
        for (id, record) in piece {
            let person = unless_destroyed(keys.read::<Person>(&record, kind::PERSON, &id))?;
            let Some(person) = person else { continue };
            step.write(&["ZADD", &keys.roll(), "0", &id]);
            for restriction in &person.restrictions {
                step.write(&["SADD", &keys.restricted(&restriction.id), &id]);
            }
        }
        write(redis, keys, step).await?;
        if next == "0" {
            return Ok(());
        }
        cursor = next;
    }
}

async fn enter_trail(redis: &Redis, keys: &Keys, mut after: u64) -> Result<(), StoreError> {
    loop {
        let mut command = redis::cmd("XRANGE");
        command.arg(keys.audit()).arg(format!("({after}-0")).arg("+");
        command.arg("COUNT").arg(COPY_PAGE_MAX);
        let answer = redis.link.ask_within(keys, &command, REDIS_BULK_WAIT).await?;
        let found: Vec<(String, Vec<(String, String)>)> = take(Some(answer))?;
        let mut step = Arrivals::new(keys, redis.token());
        for (id, fields) in &found {
            after = number_of(id)?;
            if let Some(entry) = unless_destroyed(trail_entry(keys, id, fields))? {
                enter(redis, keys, &mut step, &entry).await?;
            }
        }
        if found.is_empty() {
            return Ok(());
        }
        step.write(&["SET", &keys.indexed(), &format!("{UP_TO}{after}")]);
        write(redis, keys, step).await?;
    }
}

async fn enter(
    redis: &Redis,
    keys: &Keys,
    step: &mut Arrivals<'_>,
    entry: &AuditEntry,
) -> Result<(), StoreError> {
    let item: Option<QueueItem> = match entry.event.item() {
        Some(id) => items::one(redis, keys, id).await?.map(|(item, _)| item),
        None => None,
    };
    let of = item.as_ref().and_then(|item| item.person.as_deref());
    let number = entry.number.to_string();
    for note in notes(entry.at, &entry.event, of) {
        match note {
            Note::Mark(mark) => step.write(&["ZADD", &keys.marked(&mark), &number, &number]),
            Note::Day(day) => {
                let day = day.to_string();
                let place = format!("{day} {}", block(entry.number));
                step.write(&["ZADD", &keys.days(), &day, &place]);
            }
        }
    }
    Ok(())
}
