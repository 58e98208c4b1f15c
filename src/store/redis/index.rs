//! The notes on entries of the audit trail themselves, to be compared with the entries.

use std::collections::{BTreeMap, BTreeSet};

use super::Redis;
use super::fault::rubbish;
use super::indexes;
use super::keys::{Keys, unreadable};
use super::people::trail_entry;
use super::script::{Arguments, take};
use crate::domain::organisation::OrganisationId;
use crate::ports::StoreError;
use crate::ports::trail_index::{IndexPage, IndexRow, Led};
use crate::runtime::limits::{PAGE_ITEMS_MAX, REDIS_BULK_WAIT};

/// An entry of the stream: its id and fields.
type StreamEntry = (String, Vec<(String, String)>);

pub(super) async fn marks(
    redis: &Redis,
    organisation: &OrganisationId,
) -> Result<BTreeSet<String>, StoreError> {
    indexes::complete(redis, organisation).await?;
    let prefix = redis.keys(organisation).marked("");
    let mut marks = BTreeSet::new();
    redis
        .link
        .walk(&format!("{prefix}*"), |key| {
            marks.extend(key.strip_prefix(&prefix).map(str::to_owned));
        })
        .await?;
    Ok(marks)
}

/// The place of a row is how many are before it.
pub(super) async fn rows(
    redis: &Redis,
    organisation: &OrganisationId,
    mark: &str,
    after: Option<i64>,
) -> Result<IndexPage, StoreError> {
    let (keys, first) = (redis.keys(organisation), after.unwrap_or(0));
    let on = [keys.audit(), keys.marked(mark)];
    let mut with = Arguments::default();
    with.number(first);
    with.size(PAGE_ITEMS_MAX);
    let script = &redis.scripts.marked;
    let answer = redis.link.run(&keys, script, &on, &with, REDIS_BULK_WAIT).await?;
    let found: Vec<(String, Vec<StreamEntry>)> = take(Some(answer))?;
    let is_all = found.len() < PAGE_ITEMS_MAX;
    let next = first.saturating_add(i64::try_from(found.len()).unwrap_or(i64::MAX));
    let mut rows = Vec::with_capacity(found.len());
    for (number, entry) in found {
        let led = entry.first().map_or(Ok(Led::Nowhere), |entry| led(&keys, entry))?;
        rows.push(IndexRow { number: number.parse().unwrap_or(0), led });
    }
    Ok(IndexPage { rows, next: (!is_all).then_some(next) })
}

fn led(keys: &Keys, (id, fields): &StreamEntry) -> Result<Led, StoreError> {
    match trail_entry(keys, id, fields) {
        Ok(entry) => Ok(Led::Entry(Box::new(entry))),
        Err(StoreError::Corrupt(_) | StoreError::Destroyed(_)) => Ok(Led::Unread),
        Err(error) => Err(error),
    }
}

/// A search goes by the score: a row with another one than its number is not found.
pub(super) async fn lacking(
    redis: &Redis,
    organisation: &OrganisationId,
    marks: Vec<(String, u64)>,
) -> Result<Vec<(String, u64)>, StoreError> {
    indexes::complete(redis, organisation).await?;
    let keys = redis.keys(organisation);
    let mut by_mark: BTreeMap<String, Vec<u64>> = BTreeMap::new();
    for (mark, number) in marks {
        by_mark.entry(mark).or_default().push(number);
    }
    let mut lacking = Vec::new();
    for (mark, numbers) in by_mark {
        let mut command = redis::cmd("ZMSCORE");
        command.arg(keys.marked(&mark)).arg(&numbers);
        let scores: Vec<Option<f64>> = take(Some(redis.link.ask(&keys, &command).await?))?;
        if scores.len() != numbers.len() {
            return Err(rubbish());
        }
        for (number, score) in numbers.into_iter().zip(scores) {
            if score.is_none_or(|score| score.to_string() != number.to_string()) {
                lacking.push((mark.clone(), number));
            }
        }
    }
    Ok(lacking)
}

/// The day by which a search goes is the score.
pub(super) async fn days(
    redis: &Redis,
    organisation: &OrganisationId,
) -> Result<BTreeSet<(i64, u64)>, StoreError> {
    indexes::complete(redis, organisation).await?;
    let keys = redis.keys(organisation);
    let mut command = redis::cmd("ZRANGE");
    command.arg(keys.days()).arg(0).arg(-1).arg("WITHSCORES");
    let answer = redis.link.ask_within(&keys, &command, REDIS_BULK_WAIT).await?;
    let found: Vec<String> = take(Some(answer))?;
    let row = |[member, score]: &[String; 2]| {
        let block = member.split_once(' ').and_then(|(_, block)| block.parse::<u64>().ok());
        score.parse::<i64>().ok().zip(block).ok_or_else(|| unreadable("index of days"))
    };
    found.as_chunks::<2>().0.iter().map(row).collect()
}
