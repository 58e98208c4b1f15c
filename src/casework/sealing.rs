//! The audit trail under seal: whatever is changed, removed, moved or taken back afterwards shows.
//!
//! Every gateway seals entries once they are old enough; no contact waits for it: a [`Seal`] holds a salted digest of
//! each of its entries, and the link of the seal before. Once a day the newest link is signed, and that
//! [`Anchor`] leaves the store: it is on the trail, so that receivers of events have it, in the log, and in reports for a board. Somebody who
//! can write to the store can write matching seals, but cannot change an anchor that is kept elsewhere.

pub mod anchor;
mod compared;
pub mod finding;
pub mod seal;
pub mod verify;

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};

use self::anchor::{Anchor, AnchorKey};
use self::compared::Compared;
use self::seal::{Link, SEAL, Seal};
use self::verify::{Trusted, Verified};
use super::{Desk, Fault};
use crate::domain::audit::{AnchoredEntry, AuditEntry, AuditEvent, GATEWAY};
use crate::domain::organisation::OrganisationId;
use crate::ports::documents::{BY_ID, Batch, Document, Listing, Order, WriteFault};
use crate::runtime::limits::{CLOCK_STEP_MAX, SEAL_AFTER, SEAL_ENTRIES_MAX, SEAL_PIECE_ENTRIES};

/// The kind of document that says that a day has its anchor. Its id is the day, or `DAY.2`.
const ANCHOR: &str = "audit_anchor";

/// Entries sealed and signed in one go.
#[derive(Debug, Default)]
pub struct Sealed {
    pub entries: u64,
    pub anchor: Option<Anchor>,
}

impl Desk {
    /// Seals entries that are old enough, and signs unless that was done today (UTC).
    ///
    /// # Errors
    /// The store can't be read or written: the next call does the same.
    pub async fn seal(
        &self,
        organisation: &OrganisationId,
        key: &AnchorKey,
    ) -> Result<Sealed, Fault> {
        let now = self.clock.now();
        let mut sealed = Sealed::default();
        let mut newest = self.newest_seal(organisation).await?;
        while let Some(next) = self.next_seal(organisation, newest.as_ref(), now).await? {
            let (from, to) = (next.from, next.to);
            let document = Document::new(SEAL, seal::id(from), 0, Vec::new(), &next)?;
            let batch = Batch::new(self.stamp(GATEWAY)).put(document);
            match self.store.write(organisation, batch).await {
                Ok(()) => {}
                // Another gateway was quicker, and goes on.
                Err(WriteFault::Conflict(_)) => return Ok(sealed),
                Err(WriteFault::Store(error)) => return Err(error.into()),
            }
            sealed.entries += to - from + 1;
            newest = Some(next);
        }
        if let Some(newest) = newest {
            sealed.anchor = self.sign(organisation, &newest, key, now).await?;
        }
        Ok(sealed)
    }

    pub(super) async fn newest_seal(
        &self,
        organisation: &OrganisationId,
    ) -> Result<Option<Seal>, Fault> {
        let last = Listing { order: Order::Descending, limit: 1, ..Listing::of(BY_ID) };
        let page = self.store.documents(organisation, SEAL, last).await?;
        Ok(page.documents.first().map(Document::read).transpose()?)
    }

    /// The seal of the entries behind another one's that are old enough; `None`: there are none.
    async fn next_seal(
        &self,
        organisation: &OrganisationId,
        newest: Option<&Seal>,
        now: DateTime<Utc>,
    ) -> Result<Option<Seal>, Fault> {
        let (after, link) = match newest {
            Some(seal) => (seal.to, seal.link),
            None => (0, Link::first(organisation)),
        };
        let step = TimeDelta::from_std(CLOCK_STEP_MAX).unwrap_or(TimeDelta::MAX);
        let mut entries: Vec<AuditEntry> = Vec::new();
        // How many of them may be sealed: those up to the last that is old enough.
        let mut settled = 0;
        'read: while entries.len() < SEAL_ENTRIES_MAX {
            let last = entries.last().map(|entry| entry.number);
            // Small pieces: most of the last one is too recent to be sealed, and the next round reads it again.
            let wanted = (SEAL_ENTRIES_MAX - entries.len()).min(SEAL_PIECE_ENTRIES);
            let page = self.store.audit(organisation, last.unwrap_or(after), wanted).await?;
            if page.is_empty() {
                break;
            }
            for entry in page {
                // Behind a gap begins another seal, so that `verify` shows the gap for ever.
                let follows = entries.last().is_none_or(|last| last.number + 1 == entry.number);
                let is_old = entry.at + SEAL_AFTER <= now;
                // Written by a clock that was ahead, or this one is behind: its age is known once an older one follows.
                let is_ahead = entry.at - now > step;
                if is_old {
                    settled = entries.len();
                }
                if !follows || !(is_old || is_ahead) {
                    break 'read;
                }
                entries.push(entry);
                if is_old {
                    settled = entries.len();
                }
            }
        }
        // So many came after the first that it is old.
        if entries.len() < SEAL_ENTRIES_MAX {
            entries.truncate(settled);
        }
        Ok(Seal::of(link, &entries, now)?)
    }

    /// Signs for a trail up to and with a seal, unless a gateway has signed today.
    async fn sign(
        &self,
        organisation: &OrganisationId,
        newest: &Seal,
        key: &AnchorKey,
        now: DateTime<Utc>,
    ) -> Result<Option<Anchor>, Fault> {
        let Some(id) = self.due_anchor(organisation, now).await? else { return Ok(None) };
        let anchor = Anchor::sign(organisation, newest, now, key);
        let event = AuditEvent::Anchored(AnchoredEntry {
            entry: anchor.entry,
            link: anchor.link.to_string(),
            key: anchor.key.clone(),
            signature: anchor.signature.clone(),
        });
        let document = Document::new(ANCHOR, id, 0, Vec::new(), &anchor)?;
        let batch = Batch::new(self.stamp(GATEWAY)).put(document).audit(event);
        match self.store.write(organisation, batch).await {
            Ok(()) => Ok(Some(anchor)),
            Err(WriteFault::Conflict(_)) => Ok(None),
            Err(WriteFault::Store(error)) => Err(error.into()),
        }
    }

    /// The id of the anchor that is due today; `None`: it has been signed.
    async fn due_anchor(
        &self,
        organisation: &OrganisationId,
        now: DateTime<Utc>,
    ) -> Result<Option<String>, Fault> {
        let day = now.date_naive();
        let id = day.to_string();
        let Some(made) = self.store.document(organisation, ANCHOR, &id).await? else {
            return Ok(Some(id));
        };
        // One of a later day means that the clock was ahead, or is behind: then today has a second one.
        let made: Anchor = made.read()?;
        let step = TimeDelta::from_std(CLOCK_STEP_MAX).unwrap_or(TimeDelta::MAX);
        let later = self.anchors_from(organisation, tomorrow(day), None).await?;
        let is_early = later.iter().any(|one| one.at - now > step && one.entry >= made.entry);
        let again = format!("{id}.2");
        let is_due = is_early && self.store.document(organisation, ANCHOR, &again).await?.is_none();
        Ok(is_due.then_some(again))
    }

    /// Holds the trail against its seals, against every anchor (those of the store and those given), and against the
    /// index by which its entries are found.
    ///
    /// # Errors
    /// The store can't be read.
    pub async fn verify_trail(
        &self,
        organisation: &OrganisationId,
        mut trusted: Trusted,
    ) -> Result<Verified, Fault> {
        for anchor in self.anchors(organisation).await? {
            if !trusted.anchors.contains(&anchor) {
                trusted.anchors.push(anchor);
            }
        }
        let (trail, now) = (Compared::with_index(self.store.as_ref()), self.clock.now());
        let documents = self.store.as_ref();
        let verifying = verify::verify((&trail, documents), organisation, &trusted, now);
        let mut verified = verifying.await?;
        trail.compare_rows(organisation, &mut verified).await?;
        Ok(verified)
    }

    /// The newest anchor of a day (UTC) or of one before it.
    ///
    /// # Errors
    /// The store can't be read.
    pub async fn anchor_until(
        &self,
        organisation: &OrganisationId,
        day: NaiveDate,
    ) -> Result<Option<Anchor>, Fault> {
        let to = day.succ_opt().map(|next| next.to_string());
        let last = Listing { to, order: Order::Descending, limit: 1, ..Listing::of(BY_ID) };
        let page = self.store.documents(organisation, ANCHOR, last).await?;
        Ok(page.documents.first().map(Document::read).transpose()?)
    }

    /// The anchors of days (UTC) from one on, and before another if one is given: at most a page, oldest first.
    pub(super) async fn anchors_from(
        &self,
        organisation: &OrganisationId,
        from: NaiveDate,
        to: Option<NaiveDate>,
    ) -> Result<Vec<Anchor>, Fault> {
        let to = to.map(|day| day.to_string());
        let listing = Listing { from: Some(from.to_string()), to, ..Listing::of(BY_ID) };
        let mut anchors = Vec::new();
        for document in self.store.documents(organisation, ANCHOR, listing).await?.documents {
            anchors.push(document.read()?);
        }
        Ok(anchors)
    }

    /// The anchors that the store holds, oldest first.
    ///
    /// # Errors
    /// The store can't be read.
    pub async fn anchors(&self, organisation: &OrganisationId) -> Result<Vec<Anchor>, Fault> {
        let mut anchors = Vec::new();
        for document in self.every(organisation, ANCHOR, Listing::of(BY_ID)).await? {
            anchors.push(document.read()?);
        }
        Ok(anchors)
    }
}

pub(super) fn tomorrow(day: NaiveDate) -> NaiveDate {
    day.succ_opt().unwrap_or(day)
}
