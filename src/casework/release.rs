//! Handing a kept original to its recipients, once.
//!
//! A release is written down before anything is sent, and removed with the mark that it was accepted. The releaser,
//! staff or a step, holds the lease on that document: no second release of the item begins until then, on any gateway,
//! and an interrupted one is finished by whichever gateway looks next. Recipients who already have it don't get it
//! again (delivery keys).

use chrono::{DateTime, Utc};
use futures_util::{StreamExt, stream};
use serde::{Deserialize, Serialize};

use super::lease::{Held, Lease, Take, Work};
use super::{Desk, Fault};
use crate::domain::audit::AuditEvent;
use crate::domain::organisation::OrganisationId;
use crate::domain::queue::{ItemAction, ItemFault, ItemState, QueueItem};
use crate::ports::StoreError;
use crate::ports::documents::{BY_ID, Batch, Document, Listing, WriteFault};
use crate::runtime::limits::{
    ITEM_TRIES_MAX, NOTE_CHARS_MAX, RELEASE_TRIED_FOR, RELEASES_AT_ONCE_MAX,
};

/// An item that is to be released.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct ToRelease {
    item: String,
    by: String,
    at: DateTime<Utc>,
    /// It is tried until the delivery is accepted: nobody may be there who would ask for it again.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    insists: bool,
    #[serde(default)]
    lease: Lease,
}

impl Work for ToRelease {
    const KIND: &'static str = "release";

    fn id(&self) -> &str {
        &self.item
    }

    fn at(&self) -> DateTime<Utc> {
        self.at
    }

    fn lease(&mut self) -> &mut Lease {
        &mut self.lease
    }
}

/// What came of a release that a step asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Went {
    Yes,
    /// It could not be delivered for now, or another is at it: it is tried again.
    Later,
    /// It stays on its queue, for staff.
    No,
}

impl ToRelease {
    pub(super) const fn new(item: String, by: String, at: DateTime<Utc>) -> Self {
        let lease = Lease::NONE;
        ToRelease { item, by, at, insists: true, lease }
    }
}

impl Desk {
    /// Releases an item for a member of staff. It goes on, and ends, whether or not the caller waits for it.
    pub(super) async fn release_item(
        &self,
        organisation: &OrganisationId,
        queue: &str,
        item: &str,
        by: &str,
    ) -> Result<QueueItem, Fault> {
        let (desk, organisation) = (self.clone(), organisation.clone());
        let (queue, item, by) = (queue.to_owned(), item.to_owned(), by.to_owned());
        self.outlive(async move {
            let found = desk.item(&organisation, &queue, &item).await?;
            // Judged before anything is written, so that an item that can't be released stays as it is.
            found.clone().after(&ItemAction::Release, &by, desk.clock.now())?;
            if desk.is_own_message(&organisation, &found, &by).await? {
                return Err(ItemFault::OwnMessage.into());
            }
            let wanted = ToRelease { insists: false, ..ToRelease::new(item, by, desk.clock.now()) };
            let held = desk.take_release(&organisation, wanted).await?;
            desk.carry_out(&organisation, &held).await
        })
        .await
    }

    /// Takes up the release of an item: the one that is written down, or this one.
    async fn take_release(
        &self,
        organisation: &OrganisationId,
        wanted: ToRelease,
    ) -> Result<Held<ToRelease>, Fault> {
        for _ in 0..ITEM_TRIES_MAX {
            if let Some(document) = self.release_of(organisation, &wanted.item).await? {
                let taken = self.take_up(organisation, &document, Take::Paused).await?;
                let mut held: Held<ToRelease> = taken.ok_or(Fault::ReleaseUnderWay)?;
                // The caller now has it in hand.
                held.work.by = wanted.by;
                return Ok(held);
            }
            let (held, document) = self.begun(organisation, wanted.clone())?;
            let batch = Batch::new(self.stamp(&wanted.by)).put(document);
            match self.store.write(organisation, batch).await {
                Ok(()) => return Ok(held),
                Err(WriteFault::Conflict(_)) => {}
                Err(WriteFault::Store(error)) => return Err(error.into()),
            }
        }
        Err(Fault::Contended)
    }

    pub(super) async fn release_of(
        &self,
        organisation: &OrganisationId,
        item: &str,
    ) -> Result<Option<Document>, StoreError> {
        self.store.document(organisation, ToRelease::KIND, item).await
    }

    /// Releases an item that this gateway is at, and writes down what comes of it.
    pub(super) async fn carry_out(
        &self,
        organisation: &OrganisationId,
        held: &Held<ToRelease>,
    ) -> Result<QueueItem, Fault> {
        let done = self.while_held(held, Box::pin(self.deliver(organisation, held))).await;
        let Err(fault) = &done else { return done };
        let written = self.write_down(organisation, held, fault).await;
        if let Err(written) = written {
            // The lease runs out, and any gateway tries again.
            tracing::debug!(fault = %written, "the result of a release could not be recorded");
        }
        done
    }

    /// What came of a release as a step has it.
    pub(super) async fn went(
        &self,
        organisation: &OrganisationId,
        held: &Held<ToRelease>,
    ) -> Result<Went, Fault> {
        match self.carry_out(organisation, held).await {
            Ok(_) => Ok(Went::Yes),
            // The store is away: so is whatever else there is to do.
            Err(fault @ Fault::Store(_)) if fault.is_retryable() => Err(fault),
            Err(fault) if self.is_tried_again(held, &fault) => Ok(Went::Later),
            Err(_) => Ok(Went::No),
        }
    }

    fn is_tried_again(&self, held: &Held<ToRelease>, fault: &Fault) -> bool {
        let ToRelease { at, insists, .. } = held.work;
        insists && fault.is_retryable() && self.clock.now() - at < RELEASE_TRIED_FOR
    }

    async fn write_down(
        &self,
        organisation: &OrganisationId,
        held: &Held<ToRelease>,
        fault: &Fault,
    ) -> Result<(), Fault> {
        if self.is_tried_again(held, fault) {
            if held.work.lease.is_first_try() {
                let text = format!("Not released yet: {}. The gateway tries again.", why(fault));
                self.note(organisation, held, text).await?;
            }
            return self.put_off(held, Desk::pause_of(held)).await;
        }
        // A waiting caller learns which items may pass; the next person to open the item should know the rest.
        let is_news = match fault {
            Fault::Delivery(_) | Fault::OriginalMissing(_) | Fault::OriginalAltered(_) => {
                held.work.insists || !fault.is_retryable()
            }
            _ => false,
        };
        if is_news {
            self.note(organisation, held, format!("Not released: {}.", why(fault))).await?;
        }
        self.done_with(held).await
    }

    async fn note(
        &self,
        organisation: &OrganisationId,
        held: &Held<ToRelease>,
        text: String,
    ) -> Result<(), Fault> {
        let text = text.chars().take(NOTE_CHARS_MAX).collect();
        let ToRelease { item, by, .. } = &held.work;
        self.change_item(organisation, item, ItemAction::Note(text), by).await.map(drop)
    }

    /// The original is fetched before anything is changed: an item whose original is missing or altered stays as it is,
    /// until somebody repairs the archive. Then the item is claimed, so that nobody does something else with it; it
    /// counts as released only once the delivery was accepted.
    async fn deliver(
        &self,
        organisation: &OrganisationId,
        held: &Held<ToRelease>,
    ) -> Result<QueueItem, Fault> {
        let ToRelease { item, by, .. } = &held.work;
        let found = self.store.item(organisation, item).await?.ok_or(Fault::NotFound("item"))?;
        let reference = found.archived.clone();
        found.after(&ItemAction::Release, by, self.clock.now())?;
        let reference = reference.ok_or(ItemFault::NothingKept)?;
        let original = self.archive.fetch(organisation, &reference).await?;
        let claimed = self.change_item(organisation, item, ItemAction::Claim, by).await?;
        if !self.holds(held).await? {
            return Err(Fault::ReleaseUnderWay);
        }
        self.release.release(organisation, &claimed, original).await.map_err(Fault::Delivery)?;
        self.mark_released(organisation, held).await
    }

    /// The delivery was accepted: the item says so, whatever notes came in between, and there is nothing
    /// left to do.
    async fn mark_released(
        &self,
        organisation: &OrganisationId,
        held: &Held<ToRelease>,
    ) -> Result<QueueItem, Fault> {
        let ToRelease { item, by, .. } = &held.work;
        for _ in 0..ITEM_TRIES_MAX {
            let was = self.store.item(organisation, item).await?.ok_or(Fault::NotFound("item"))?;
            if was.state == ItemState::Released {
                return Ok(was);
            }
            let stamp = self.stamp(by);
            let now = was.clone().after(&ItemAction::Release, by, stamp.at)?;
            let event = AuditEvent::Released { item: was.id.clone() };
            let mut batch = Batch::new(stamp).item(Some(was), now.clone()).audit(event);
            // If another gateway has resumed the work in the meantime, it finds the item released.
            if let Some((document, _)) = self.own(held).await? {
                batch = batch.remove(&document);
            }
            match self.store.write(organisation, batch).await {
                Ok(()) => return Ok(now),
                Err(WriteFault::Conflict(_)) => {}
                Err(WriteFault::Store(error)) => return Err(error.into()),
            }
        }
        Err(Fault::Contended)
    }

    /// Finishes releases left by a gateway that ended, and postponed ones. One that fails stops none of the others.
    pub(super) async fn release_what_was_left(
        &self,
        organisation: &OrganisationId,
    ) -> Result<(), Fault> {
        let mut listing = Listing::of(BY_ID);
        loop {
            let listed = listing.clone();
            let page = self.store.documents(organisation, ToRelease::KIND, listed).await?;
            stream::iter(page.documents)
                .for_each_concurrent(RELEASES_AT_ONCE_MAX, |document| async move {
                    if let Err(fault) = self.release_left(organisation, &document).await {
                        self.say_failed(organisation, "a release", &document.id, &fault);
                    }
                })
                .await;
            match page.next {
                Some(next) if !self.is_closing() => listing.after = Some(next),
                Some(_) | None => return Ok(()),
            }
        }
    }

    async fn release_left(
        &self,
        organisation: &OrganisationId,
        document: &Document,
    ) -> Result<(), Fault> {
        if self.is_closing() {
            return Ok(());
        }
        let Some(held) = self.take_up(organisation, document, Take::Due).await? else {
            return Ok(());
        };
        match self.carry_out(organisation, &held).await {
            // Somebody has dealt with the item in the meantime.
            Ok(_) | Err(Fault::Item(_) | Fault::NotFound(_)) => Ok(()),
            Err(fault) => Err(fault),
        }
    }
}

/// Why an original was not released, as a note says it.
fn why(fault: &Fault) -> String {
    match fault {
        Fault::Delivery(error) => error.to_string(),
        fault => fault.to_string(),
    }
}
