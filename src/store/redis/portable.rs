//! Copying out of Redis and into it.
//!
//! Contacts have a key each and no list of their own: they are found by the audit trail, which has
//! an entry of each. People who are remembered are found by walking over the keys. Both hold no
//! more in memory than the ids of people.

mod arrivals;
mod live;
mod pages;

pub(super) use arrivals::Arrivals;
pub use live::Sink;

use std::collections::BTreeSet;

use async_trait::async_trait;

use super::Redis;
use super::keys::{Keys, organisation_of};
use super::people;
use super::script::take;
use crate::domain::organisation::OrganisationId;
use crate::ports::StoreError;
use crate::ports::portable::{Contents, CopyMark, Kind, Pages, Portable, Record};
use crate::runtime::limits::REDIS_BULK_WAIT;
use crate::store::record::kind;

#[async_trait]
impl Contents for Redis {
    async fn organisations(&self) -> Result<Vec<OrganisationId>, StoreError> {
        let mut tags = BTreeSet::new();
        self.link
            .walk("cg1:{*", |key| {
                let tag = key.strip_prefix("cg1:{").and_then(|rest| rest.split_once('}'));
                tags.extend(tag.map(|(tag, _)| tag.to_owned()));
            })
            .await?;
        let mut held = Vec::new();
        for organisation in tags.iter().filter_map(|tag| organisation_of(tag)) {
            if !self.is_empty(&organisation).await? {
                held.push(organisation);
            }
        }
        held.sort();
        Ok(held)
    }

    async fn pages<'s>(
        &'s self,
        organisation: &OrganisationId,
        kind: Kind,
        after: Option<String>,
    ) -> Result<Box<dyn Pages + 's>, StoreError> {
        pages::open(self, organisation, kind, after).await
    }

    async fn copy_mark(
        &self,
        organisation: &OrganisationId,
    ) -> Result<Option<CopyMark>, StoreError> {
        let keys = self.keys(organisation);
        let mut command = redis::cmd("GET");
        command.arg(keys.copy());
        let record: Option<String> =
            take(Some(self.link.ask_within(&keys, &command, REDIS_BULK_WAIT).await?))?;
        record.map(|record| keys.read(&record, kind::COPY_MARK, organisation)).transpose()
    }
}

#[async_trait]
impl Portable for Redis {
    async fn is_empty(&self, organisation: &OrganisationId) -> Result<bool, StoreError> {
        let keys = self.keys(organisation);
        // A contact's decision, and a ledger, never come without an entry of the trail.
        let held = [keys.audit(), keys.people(), keys.items(), keys.delivered(), keys.kinds()];
        for key in held {
            let mut command = redis::cmd("EXISTS");
            command.arg(key);
            if take::<i64>(Some(self.link.ask_within(&keys, &command, REDIS_BULK_WAIT).await?))? > 0
            {
                return Ok(false);
            }
        }
        Ok(true)
    }

    async fn carry_in(
        &self,
        organisation: &OrganisationId,
        records: Vec<Record>,
        mark: &CopyMark,
    ) -> Result<(), StoreError> {
        let keys = self.keys(organisation);
        let mut arrivals = arrivals::Arrivals::new(&keys, self.token());
        let newest = arrivals::newest(self, &keys, &records).await?;
        let queues = arrivals::queues_before(self, &keys, &records).await?;
        for document in arrivals::documents_before(self, &keys, &records).await? {
            arrivals.unlist(&document);
        }
        for record in records {
            arrivals.add(record, newest, &queues)?;
        }
        arrivals.write(&["SET", &keys.copy(), &keys.write(kind::COPY_MARK, organisation, mark)?]);
        // The first question to an index enters the arrivals; an earlier gateway may have done so on less.
        arrivals.write(&["DEL", &keys.indexed()]);
        let (on, with) = arrivals.into_parts();
        let script = &self.scripts.carry;
        self.link.write(&keys, script, &on, &with, REDIS_BULK_WAIT).await?;
        Ok(())
    }
}

/// The number of a stream's newest entry; 0: it is empty.
pub(super) async fn newest_number(
    redis: &Redis,
    keys: &Keys,
    stream: &str,
) -> Result<u64, StoreError> {
    let mut command = redis::cmd("XREVRANGE");
    command.arg(stream).arg("+").arg("-").arg("COUNT").arg(1);
    let entries: Vec<(String, Vec<(String, String)>)> =
        take(Some(redis.link.ask_within(keys, &command, REDIS_BULK_WAIT).await?))?;
    entries.first().map_or(Ok(0), |(id, _)| people::number_of(id))
}
