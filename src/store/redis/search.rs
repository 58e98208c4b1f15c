//! Searching the audit trail by the notes on its entries.

use super::Redis;
use super::fault::rubbish;
use super::indexes;
use super::keys::Keys;
use super::people::{number_of, trail_entry};
use super::script::{Arguments, take};
use crate::domain::audit::AuditEntry;
use crate::domain::organisation::OrganisationId;
use crate::ports::StoreError;
use crate::ports::audit_trail::{TrailPage, TrailSearch};
use crate::ports::documents::Order;
use crate::runtime::limits::REDIS_RESPONSE_WAIT;
use crate::store::record::unless_destroyed;
use crate::store::trail::{Search, Source};

pub(super) async fn search(
    redis: &Redis,
    organisation: &OrganisationId,
    asked: TrailSearch,
) -> Result<TrailPage, StoreError> {
    let keys = redis.keys(organisation);
    let source = Source::of(&asked.filter);
    if source != Source::Trail {
        indexes::complete(redis, organisation).await?;
    }
    let mut search = Search::new(asked);
    if let Source::Days(from, to) = source {
        search = search.within(blocks(redis, &keys, from, to).await?);
    }
    let mut on = vec![keys.audit()];
    if let Source::Marked(mark) = &source {
        on.push(keys.marked(mark));
    }
    while let Some(range) = search.range() {
        let piece = search.piece();
        let mut with = Arguments::default();
        with.push(range.from.to_string());
        with.push(if range.to == u64::MAX { "+inf".to_owned() } else { range.to.to_string() });
        with.push(match search.order() {
            Order::Ascending => "up",
            Order::Descending => "down",
        });
        with.size(piece);
        let script = &redis.scripts.search;
        let answer = redis.link.run(&keys, script, &on, &with, REDIS_RESPONSE_WAIT).await?;
        let found: Vec<(String, Vec<(String, String)>)> = take(Some(answer))?;
        let is_all = found.len() < piece;
        let entries: Result<Vec<_>, StoreError> =
            found.iter().map(|(id, fields)| row(&keys, id, fields)).collect();
        if search.take(range, entries?, is_all) {
            break;
        }
    }
    Ok(search.into_page())
}

/// A number, with its entry if there is one that can be read.
fn row(
    keys: &Keys,
    id: &str,
    fields: &[(String, String)],
) -> Result<(u64, Option<AuditEntry>), StoreError> {
    let number = number_of(id)?;
    if fields.is_empty() {
        return Ok((number, None));
    }
    Ok((number, unless_destroyed(trail_entry(keys, id, fields))?))
}

async fn blocks(redis: &Redis, keys: &Keys, from: i64, to: i64) -> Result<Vec<u64>, StoreError> {
    let bound = |day: i64| match day {
        i64::MIN => "-inf".to_owned(),
        i64::MAX => "+inf".to_owned(),
        day => day.to_string(),
    };
    let mut command = redis::cmd("ZRANGEBYSCORE");
    command.arg(keys.days()).arg(bound(from)).arg(bound(to));
    let found: Vec<String> = take(Some(redis.link.ask(keys, &command).await?))?;
    let block = |member: &String| member.split_once(' ').and_then(|(_, block)| block.parse().ok());
    found.iter().map(|member| block(member).ok_or_else(rubbish)).collect()
}
