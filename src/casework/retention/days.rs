//! The keys of days. A sweep removes contacts of nobody on record from the store; once no record is left under the
//! key of their day, the key is destroyed, so that backups, replicas and dumps can't be read for that day either.
//!
//! The batch that removes the contacts also writes down their day. A day keeps its key while anything of it is held:
//! a waiting item, a contact that a sweep passed over, one that was replayed late. Before a key is destroyed it is
//! retired, so that later records get another, and it must have settled.

use std::collections::BTreeSet;

use chrono::{DateTime, Days, NaiveDate, NaiveTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use crate::casework::lease::{Held, Lease, Take, Work};
use crate::casework::{Desk, Fault};
use crate::domain::organisation::OrganisationId;
use crate::ports::documents::{BY_ID, Batch, Document, Listing};
use crate::ports::{ErasedKeys, KeyOf, StoreError};
use crate::runtime::limits::ERASURE_SETTLES_AFTER;

/// A day whose contacts of nobody on record have been removed, at least in part.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct LeftDay {
    /// The day, as the document's id.
    id: String,
    day: NaiveDate,
    #[serde(serialize_with = "crate::domain::instant::written")]
    at: DateTime<Utc>,
    /// When the key was retired, with nothing left of the day.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        serialize_with = "crate::domain::instant::written_if_any"
    )]
    retired_at: Option<DateTime<Utc>>,
    #[serde(default)]
    lease: Lease,
}

impl Work for LeftDay {
    const KIND: &'static str = "retention_day";

    fn id(&self) -> &str {
        &self.id
    }

    fn at(&self) -> DateTime<Utc> {
        self.at
    }

    fn lease(&mut self) -> &mut Lease {
        &mut self.lease
    }
}

/// The days that still held records when they were read.
struct HeldDays {
    /// When the reading started.
    since: DateTime<Utc>,
    days: BTreeSet<NaiveDate>,
}

impl Desk {
    /// Notes in a batch that it removes contacts of these days, if days have keys.
    pub(super) async fn days_left(
        &self,
        id: &OrganisationId,
        days: BTreeSet<NaiveDate>,
        mut batch: Batch,
    ) -> Result<Batch, Fault> {
        if self.keys.get().is_none() {
            return Ok(batch);
        }
        let at = self.clock.now();
        for day in days {
            let name = day.to_string();
            if self.store.document(id, LeftDay::KIND, &name).await?.is_some() {
                continue;
            }
            let lease = Lease::after(at + ERASURE_SETTLES_AFTER);
            let left = LeftDay { id: name, day, at, retired_at: None, lease };
            batch = batch.put(Document::new(LeftDay::KIND, left.id.clone(), 0, Vec::new(), &left)?);
        }
        Ok(batch)
    }

    /// Destroys the keys of days that no longer hold anything, unless the clock may be wrong: it tells how long a key
    /// has settled. Safe to repeat after an interruption.
    ///
    /// # Errors
    /// The store can't be read or written, or the keys can't be reached: the next round does the same.
    pub async fn forget_days(&self, id: &OrganisationId) -> Result<(), Fault> {
        if self.keys.get().is_none() {
            return Ok(());
        }
        let (mut listing, mut held_days) = (Listing::of(BY_ID), None);
        loop {
            let page = self.store.documents(id, LeftDay::KIND, listing.clone()).await?;
            if !page.documents.is_empty() && !self.is_clock_sure(id).await? {
                return Ok(());
            }
            for document in page.documents {
                let taken = self.take_up::<LeftDay>(id, &document, Take::Due).await?;
                let Some(mut held) = taken else { continue };
                if let Err(fault) = self.forget_day(id, &mut held, &mut held_days).await {
                    self.put_off(&held, Desk::pause_of(&held)).await?;
                    return Err(fault);
                }
            }
            let Some(next) = page.next else { return Ok(()) };
            listing.after = Some(next);
        }
    }

    /// `held_days` is read once for all days that are due, and only after the key has settled: another gateway may
    /// have retired it just after a record with this key was written behind the point that the reading had reached.
    async fn forget_day(
        &self,
        id: &OrganisationId,
        held: &mut Held<LeftDay>,
        held_days: &mut Option<HeldDays>,
    ) -> Result<(), Fault> {
        let day = held.work.day;
        let read = match held_days.take() {
            Some(read) => read,
            None => self.while_held(held, self.days_held(id)).await?,
        };
        let (is_held, since) = (read.days.contains(&day), read.since);
        *held_days = Some(read);
        if is_held {
            return self.put_off(held, until_tomorrow(self.clock.now())).await;
        }
        let retired_at = held.work.retired_at.take();
        let has_settled = retired_at.is_some_and(|at| at + ERASURE_SETTLES_AFTER <= since);
        // If the gateway ends here, the key settles again.
        if !self.renew(held).await? {
            return Ok(());
        }
        let retire =
            move |keys: &dyn ErasedKeys, id: &OrganisationId| keys.retire(id, KeyOf::Day(day));
        if self.of_keys(id, retire).await? || !has_settled {
            // It must settle first: a gateway may still have the key in memory.
            held.work.retired_at = Some(self.clock.now());
            return self.put_off(held, ERASURE_SETTLES_AFTER).await;
        }
        self.of_keys(id, move |keys, id| keys.destroy(id, KeyOf::Day(day))).await?;
        self.done_with(held).await
    }

    async fn days_held(&self, id: &OrganisationId) -> Result<HeldDays, StoreError> {
        let since = self.clock.now();
        Ok(HeldDays { since, days: self.store.unnamed_days(id).await? })
    }
}

/// The same instant for all days still held, so that their records are read once.
fn until_tomorrow(now: DateTime<Utc>) -> TimeDelta {
    let tomorrow = now.date_naive().checked_add_days(Days::new(1));
    let begins = tomorrow.map(|day| day.and_time(NaiveTime::MIN).and_utc());
    begins.map_or_else(|| TimeDelta::days(1), |begins| begins - now)
}
