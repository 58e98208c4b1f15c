//! What tells this server's data from another's.

use async_trait::async_trait;

use super::Redis;
use super::keys::Keys;
use super::people::trail_entry;
use super::script::{Arguments, parts, take};
use crate::domain::organisation::OrganisationId;
use crate::domain::past::{LastEntry, Nameplate, TrailEnd};
use crate::ports::{Past, StoreError};
use crate::runtime::limits::REDIS_RESPONSE_WAIT;
use crate::store::page;
use crate::store::record::{kind, unless_destroyed};

/// The entries of a stream, each with its id and fields.
type Entries = Vec<(String, Vec<(String, String)>)>;

/// The last entry that can be read; `entries`: the last of the stream, the newest first.
async fn last_of(
    redis: &Redis,
    keys: &Keys,
    mut entries: Entries,
) -> Result<Option<LastEntry>, StoreError> {
    loop {
        for (id, fields) in &entries {
            if let Some(entry) = unless_destroyed(trail_entry(keys, id, fields))? {
                return Ok(Some(LastEntry::of(&entry)));
            }
        }
        let Some((id, _)) = entries.last() else { return Ok(None) };
        let mut command = redis::cmd("XREVRANGE");
        command.arg(keys.audit()).arg(format!("({id}")).arg("-").arg("COUNT").arg(page(0));
        entries = take(Some(redis.link.ask(keys, &command).await?))?;
    }
}

#[async_trait]
impl Past for Redis {
    async fn trail_end(&self, organisation: &OrganisationId) -> Result<TrailEnd, StoreError> {
        let keys = self.keys(organisation);
        let (on, with) = ([keys.nameplate(), keys.audit()], Arguments::default());
        let script = &self.scripts.past;
        let answer = self.link.run(&keys, script, &on, &with, REDIS_RESPONSE_WAIT).await?;
        let mut answer = parts(answer)?.into_iter();
        let plate: String = take(answer.next())?;
        let entries: Entries = take(answer.next())?;
        let last = last_of(self, &keys, entries).await?;
        let read: Option<Nameplate> = (!plate.is_empty())
            .then(|| keys.read(&plate, kind::NAMEPLATE, organisation))
            .transpose()?;
        // Scripts can't read the name if an older gateway encrypted it.
        let trail = read.as_ref().and_then(Nameplate::trail).filter(|trail| plate.contains(trail));
        self.link.looked(&keys, trail);
        Ok(TrailEnd { nameplate: read, last })
    }

    async fn put_nameplate(
        &self,
        organisation: &OrganisationId,
        was: Option<&Nameplate>,
        now: &Nameplate,
    ) -> Result<bool, StoreError> {
        let keys = self.keys(organisation);
        let on = [keys.nameplate()];
        let mut command = redis::cmd("GET");
        command.arg(keys.nameplate());
        let stands: Option<String> = take(Some(self.link.ask(&keys, &command).await?))?;
        let is: Option<Nameplate> = stands
            .as_deref()
            .map(|plate| keys.read(plate, kind::NAMEPLATE, organisation))
            .transpose()?;
        if is.as_ref() != was && is.as_ref() != Some(now) {
            return Ok(false);
        }
        // As it is: one of an older gateway may be written differently.
        let mut with = Arguments::default();
        with.push(stands.unwrap_or_default());
        with.push(keys.write_plain(kind::NAMEPLATE, organisation, now)?);
        let script = &self.scripts.nameplate;
        let answer = self.link.write(&keys, script, &on, &with, REDIS_RESPONSE_WAIT).await?;
        let is_written = take::<i64>(Some(answer))? == 1;
        if is_written {
            self.link.looked(&keys, now.trail());
        }
        Ok(is_written)
    }
}
