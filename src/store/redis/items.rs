//! Queue items on Redis.

use std::collections::BTreeSet;

use chrono::NaiveDate;

use super::Redis;
use super::fault::rubbish;
use super::keys::Keys;
use super::marks::notes_of;
use super::script::{Arguments, parts, take};
use crate::domain::audit::AuditEvent;
use crate::domain::queue::{ItemState, QueueItem, Turn};
use crate::ports::{Attachment, ItemFilter, ItemPlace, QueueCount, Stamp, StoreError};
use crate::runtime::limits::{
    REDIS_CONFLICTS_MAX, REDIS_ITEMS_PIECE, REDIS_ONCE_KEPT, REDIS_RESPONSE_WAIT,
};
use crate::store::record::{kind, unless_destroyed};
use crate::store::{attached, first_page, page, place};

/// An item, and its record as stored.
pub(super) async fn one(
    redis: &Redis,
    keys: &Keys,
    id: &str,
) -> Result<Option<(QueueItem, String)>, StoreError> {
    let mut command = redis::cmd("HGET");
    command.arg(keys.items()).arg(id);
    let record: Option<String> = take(Some(redis.link.ask(keys, &command).await?))?;
    let Some(record) = record else { return Ok(None) };
    let item = unless_destroyed(keys.read(&record, kind::ITEM, id))?;
    Ok(item.map(|item| (item, record)))
}

/// Where items are, by one command.
pub(super) async fn places(
    redis: &Redis,
    keys: &Keys,
    ids: &[String],
) -> Result<Vec<ItemPlace>, StoreError> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let mut command = redis::cmd("HMGET");
    command.arg(keys.items()).arg(ids);
    let records: Vec<Option<String>> = take(Some(redis.link.ask(keys, &command).await?))?;
    let mut places = Vec::new();
    for (id, record) in ids.iter().zip(&records) {
        let Some(record) = record else { continue };
        let item = unless_destroyed(keys.read::<QueueItem>(record, kind::ITEM, id))?;
        let Some(item) = item else { continue };
        places.push(ItemPlace { id: item.id, queue: item.queue, state: item.state });
    }
    Ok(places)
}

/// `false`: the item has changed since it was read, and was not touched.
pub(super) async fn replace(
    redis: &Redis,
    keys: &Keys,
    was: &QueueItem,
    now: &QueueItem,
    audit: (Stamp, AuditEvent),
) -> Result<bool, StoreError> {
    if was.id != now.id {
        return Err(StoreError::Refused("an item keeps its id".to_owned()));
    }
    let Some((stored, record)) = one(redis, keys, &was.id).await? else { return Ok(false) };
    if stored != *was {
        return Ok(false);
    }
    // The record may be of an older gateway, whose JSON lacks what ours has: the script compares
    // it as stored.
    let of = was.person.as_deref().or(now.person.as_deref());
    let notes = notes_of(audit.0.at, &audit.1, of)?;
    let entry = keys.write_audit(audit.0, audit.1, of)?;
    swap(redis, keys, Some((&stored, &record)), now, &entry, &notes).await
}

pub(super) async fn attach(
    redis: &Redis,
    keys: &Keys,
    contact: &str,
    attachment: Attachment,
) -> Result<(), StoreError> {
    for _ in 0..REDIS_CONFLICTS_MAX {
        let before = one(redis, keys, contact).await?;
        let item = before.as_ref().map(|(item, _)| item.clone());
        let Some(item) = attached::attach(item, attachment.clone())? else { return Ok(()) };
        let was = before.as_ref().map(|(item, record)| (item, record.as_str()));
        if swap(redis, keys, was, &item, "", "").await? {
            return Ok(());
        }
    }
    Err(StoreError::Unavailable("the item changes all the time; try again".to_owned()))
}

async fn swap(
    redis: &Redis,
    keys: &Keys,
    was: Option<(&QueueItem, &str)>,
    now: &QueueItem,
    audit: &str,
    notes: &str,
) -> Result<bool, StoreError> {
    let left = was.map_or(now.queue.as_str(), |(item, _)| item.queue.as_str());
    let on = [
        keys.items(),
        keys.waiting(left),
        keys.done(left),
        list_of(keys, now),
        keys.queues(),
        keys.audit(),
        keys.once(&redis.token()),
        keys.in_hand(),
    ];
    let mut with = Arguments::default();
    with.push(&now.id);
    with.push(was.map_or("", |(_, record)| record));
    with.push(keys.write_item(now)?);
    with.number(now.place());
    with.push(&now.queue);
    with.push(audit);
    with.push(REDIS_ONCE_KEPT.as_secs().to_string());
    with.push(notes);
    with.push(if now.state.is_in_hand() { "1" } else { "0" });
    let script = &redis.scripts.replace;
    let answer = redis.link.write(keys, script, &on, &with, REDIS_RESPONSE_WAIT).await?;
    Ok(take::<i64>(Some(answer))? == 1)
}

/// Writes an item and enters it in its lists; `was_on`: on which queue it was, if it is stored.
pub(super) fn put(
    keys: &Keys,
    was_on: Option<&str>,
    item: &QueueItem,
    mut write: impl FnMut(&[&str]),
) -> Result<(), StoreError> {
    if let Some(queue) = was_on {
        leave(keys, queue, &item.id, &mut write);
    }
    let place = item.place().to_string();
    write(&["HSET", &keys.items(), &item.id, &keys.write_item(item)?]);
    write(&["ZADD", &list_of(keys, item), &place, &item.id]);
    if item.state.is_in_hand() {
        write(&["ZADD", &keys.in_hand(), &place, &item.id]);
    }
    write(&["SADD", &keys.queues(), &item.queue]);
    Ok(())
}

/// Takes an item off all lists that it may be in.
pub(super) fn leave(keys: &Keys, queue: &str, id: &str, mut write: impl FnMut(&[&str])) {
    for list in [keys.waiting(queue), keys.done(queue), keys.in_hand()] {
        write(&["ZREM", &list, id]);
    }
}

/// The list of its queue that an item is in.
fn list_of(keys: &Keys, item: &QueueItem) -> String {
    if item.state.is_waiting() { keys.waiting(&item.queue) } else { keys.done(&item.queue) }
}

/// The names of all queues, in order.
pub(super) async fn names(redis: &Redis, keys: &Keys) -> Result<Vec<String>, StoreError> {
    let mut command = redis::cmd("SMEMBERS");
    command.arg(keys.queues());
    let mut names: Vec<String> = take(Some(redis.link.ask(keys, &command).await?))?;
    names.sort();
    Ok(names)
}

pub(super) async fn queues(redis: &Redis, keys: &Keys) -> Result<Vec<QueueCount>, StoreError> {
    let names = names(redis, keys).await?;
    if names.is_empty() {
        return Ok(Vec::new());
    }
    let on: Vec<String> = names.iter().map(|name| keys.waiting(name)).collect();
    let script = &redis.scripts.queues;
    let mut with = Arguments::default();
    with.number(Turn::Overdue.end());
    with.number(Turn::Resembles.end());
    let answer = redis.link.run(keys, script, &on, &with, REDIS_RESPONSE_WAIT).await?;
    let mut counts = Vec::new();
    for (queue, count) in names.into_iter().zip(parts(answer)?) {
        let (waiting, overdue, first): (u64, u64, Vec<String>) = take(Some(count))?;
        if waiting > 0 {
            let mut oldest_at = None;
            for place in first.iter().filter(|place| !place.is_empty()) {
                let made = Turn::made_at(micros(place)?);
                oldest_at = oldest_at.min(made).or(made);
            }
            counts.push(QueueCount { queue, waiting, oldest_at, overdue });
        }
    }
    Ok(counts)
}

/// Reads the list of those that wait, that of those that are done, or both, as the filter asks.
pub(super) async fn list(
    redis: &Redis,
    keys: &Keys,
    queue: &str,
    filter: &ItemFilter,
) -> Result<Vec<QueueItem>, StoreError> {
    let mut items = Vec::new();
    for (list, is_of_waiting) in [(keys.waiting(queue), true), (keys.done(queue), false)] {
        if !ItemState::ALL
            .into_iter()
            .any(|state| state.is_waiting() == is_of_waiting && filter.wants(state))
        {
            continue;
        }
        // It may have gone to another queue between two commands.
        let is_asked = |item: &QueueItem| item.queue == queue && filter.wants(item.state);
        items.extend(read(redis, keys, &list, filter, is_asked).await?);
    }
    Ok(first_page(items, filter.limit))
}

/// Items that somebody has claimed or read. Leaves out those that an older gateway has closed since.
pub(super) async fn in_hand(
    redis: &Redis,
    keys: &Keys,
    filter: &ItemFilter,
) -> Result<Vec<QueueItem>, StoreError> {
    let filter = ItemFilter { without_overdue: false, ..filter.clone() };
    let is_asked = |item: &QueueItem| item.state.is_in_hand();
    let mut items = read(redis, keys, &keys.in_hand(), &filter, is_asked).await?;
    items.truncate(page(filter.limit));
    Ok(items)
}

/// A page of one list, read in pieces, since some items of a piece may not match. Each piece begins at the last place
/// of the one before: with offsets, items that leave the list meanwhile would make others be skipped.
async fn read(
    redis: &Redis,
    keys: &Keys,
    list: &str,
    filter: &ItemFilter,
    is_asked: impl Fn(&QueueItem) -> bool + Send,
) -> Result<Vec<QueueItem>, StoreError> {
    let after = match &filter.after {
        None => None,
        Some(id) => {
            let (item, _) = one(redis, keys, id).await?.ok_or_else(|| {
                StoreError::Refused("there is no such item to list after".to_owned())
            })?;
            Some((item.place(), id.as_str()))
        }
    };
    let first = if filter.without_overdue { Turn::Overdue.end() } else { i64::MIN };
    let from = after.map_or(first, |(place, _)| place.max(first));
    let mut from = if from == i64::MIN { "-inf".to_owned() } else { from.to_string() };
    let (mut found, mut offset) = (Vec::new(), 0);
    // One more than asked for, since the piece begins with the item at that place.
    let mut piece = page(filter.limit).saturating_add(1).min(REDIS_ITEMS_PIECE);
    loop {
        let mut command = redis::cmd("ZRANGEBYSCORE");
        command.arg(list).arg(&from).arg("+inf").arg("WITHSCORES");
        command.arg("LIMIT").arg(offset).arg(piece);
        let members: Vec<(String, String)> = take(Some(redis.link.ask(keys, &command).await?))?;
        let (ids, places): (Vec<String>, Vec<String>) = members.into_iter().unzip();
        let Some(last) = places.last() else { return Ok(found) };
        let mut command = redis::cmd("HMGET");
        command.arg(keys.items()).arg(&ids);
        let records: Vec<Option<String>> = take(Some(redis.link.ask(keys, &command).await?))?;
        for (id, record) in ids.iter().zip(records) {
            let Some(record) = record else { continue };
            let item = unless_destroyed(keys.read::<QueueItem>(&record, kind::ITEM, id))?;
            let Some(item) = item else { continue };
            let here = place(&item);
            let is_after = after.is_none_or(|after| here > after);
            if is_after && here.0 >= first && is_asked(&item) {
                found.push(filter.shown(item));
            }
        }
        if found.len() >= page(filter.limit) || ids.len() < piece {
            return Ok(found);
        }
        let seen_there = places.iter().filter(|place| *place == last).count();
        offset = if from == *last { offset + seen_there } else { seen_there };
        from.clone_from(last);
        piece = REDIS_ITEMS_PIECE;
    }
}

/// The days of items of nobody on record. Reads the items themselves: one may leave a list and return to it
/// meanwhile.
pub(super) async fn unnamed_days(
    redis: &Redis,
    keys: &Keys,
) -> Result<BTreeSet<NaiveDate>, StoreError> {
    let (hash, mut cursor) = (keys.items(), "0".to_owned());
    let mut days = BTreeSet::new();
    loop {
        let (next, piece) = redis.link.fields(keys, (&hash, &cursor), REDIS_ITEMS_PIECE).await?;
        for (id, record) in &piece {
            let item = unless_destroyed(keys.read::<QueueItem>(record, kind::ITEM, id))?;
            days.extend(item.and_then(|item| item.unnamed_on()));
        }
        if next == "0" {
            return Ok(days);
        }
        cursor = next;
    }
}

/// A score as Redis writes it.
pub(super) fn micros(score: &str) -> Result<i64, StoreError> {
    match score.parse::<i64>() {
        Ok(micros) => Ok(micros),
        Err(_) => Err(rubbish()),
    }
}
