//! The people named by new entries of the trail: what was read of everybody once is read again only of them.
//!
//! Every change of a case is an entry of the trail.

use std::collections::BTreeSet;

use chrono::NaiveDate;

use super::{Desk, Fault};
use crate::domain::audit::AuditEvent;
use crate::domain::case::restraint::TaskKind;
use crate::domain::decision::Disposition;
use crate::domain::organisation::OrganisationId;
use crate::domain::past::Nameplate;
use crate::runtime::limits::{KEEPER_NAMED_MAX, KEEPER_NAMES_PAGES_MAX};

/// The state that a reading of everybody is valid for: the day, and how far which trail had been followed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct AsOf {
    day: NaiveDate,
    /// The trail's name. A store that was accepted in place of another has one of its own, and its numbers may be lower
    /// or the same.
    trail: Option<String>,
    /// Up to which entry.
    pub(super) number: u64,
}

impl AsOf {
    /// Whether a reading still holds, except for people named in later entries: it does not on another day, after the
    /// clock went back, or on another trail.
    pub(super) fn is_of(&self, now: &AsOf) -> bool {
        self.day == now.day && self.is_before(now)
    }

    /// Whether everything that came between this and `now` is behind this one's number.
    pub(super) fn is_before(&self, now: &AsOf) -> bool {
        self.trail == now.trail && self.number <= now.number
    }
}

/// The people whose due dates an entry of the trail may change.
pub(super) enum Touched<'e> {
    Nobody,
    People(Vec<&'e str>),
    /// The entry names nobody, and may concern anybody.
    Everybody,
}

/// Every event is here by name, so that no new one is left out.
pub(super) fn touched(event: &AuditEvent) -> Touched<'_> {
    match event {
        // Of what only went on its way there is nothing to be done.
        AuditEvent::Decided(decided) => {
            let rows = &decided.rows;
            let is_task = decided.disposition != Disposition::Deliver
                && rows.iter().any(|row| TaskKind::of_reason(&row.code).is_some());
            if is_task { Touched::People(event.people()) } else { Touched::Nobody }
        }
        AuditEvent::PersonChanged { .. }
        | AuditEvent::RecordChanged { .. }
        | AuditEvent::IdentifierAdded { .. }
        | AuditEvent::IdentifierRemoved { .. }
        | AuditEvent::RestrictionAdded { .. }
        | AuditEvent::RestrictionVaried { .. }
        | AuditEvent::RestrictionLifted { .. }
        | AuditEvent::Merged { .. }
        | AuditEvent::Unmerged { .. }
        | AuditEvent::Step(_) => Touched::People(event.people()),
        AuditEvent::Imported { .. } | AuditEvent::StoreAccepted { .. } => Touched::Everybody,
        // Finished or removed work no longer falls due.
        AuditEvent::Item { .. }
        | AuditEvent::Released { .. }
        | AuditEvent::Unread { .. }
        | AuditEvent::Unanswered { .. }
        | AuditEvent::Reminded { .. }
        | AuditEvent::Looked { .. }
        | AuditEvent::Outbound(_)
        | AuditEvent::Account { .. }
        | AuditEvent::ApiToken { .. }
        | AuditEvent::LetterTemplate { .. }
        | AuditEvent::DeadLetterDiscarded { .. }
        | AuditEvent::Anchored(_)
        | AuditEvent::Erasure { .. }
        | AuditEvent::Erased(_) => Touched::Nobody,
    }
}

/// The same for whatever a case holds, also what never falls due.
pub(super) fn changed(event: &AuditEvent) -> Touched<'_> {
    match event {
        AuditEvent::Erasure { .. } | AuditEvent::Erased(_) => Touched::Everybody,
        other => touched(other),
    }
}

impl Desk {
    /// Today's state, with how far the trail has been followed. Ask before reading anything, so that changes during
    /// the reading are picked up by the next.
    pub(super) async fn as_of(
        &self,
        organisation: &OrganisationId,
        day: NaiveDate,
    ) -> Result<AsOf, Fault> {
        // The name first: if another store takes this one's place in between, the next name is another.
        let end = self.store.trail_end(organisation).await?;
        let trail = end.nameplate.as_ref().and_then(Nameplate::trail).map(str::to_owned);
        let number = self.followed_to(organisation).await?;
        Ok(AsOf { day, trail, number })
    }

    /// The people touched by entries behind a number; `None`: everybody, or too many.
    pub(super) async fn named_since(
        &self,
        organisation: &OrganisationId,
        number: u64,
        touched: fn(&AuditEvent) -> Touched<'_>,
    ) -> Result<Option<BTreeSet<String>>, Fault> {
        let mut walk = self.walk(organisation, number);
        let mut named = BTreeSet::new();
        for _ in 0..KEEPER_NAMES_PAGES_MAX {
            for entry in &walk.page().await? {
                match touched(&entry.event) {
                    Touched::Nobody => {}
                    Touched::People(people) => named.extend(people.into_iter().map(str::to_owned)),
                    Touched::Everybody => return Ok(None),
                }
            }
            if named.len() > KEEPER_NAMED_MAX {
                return Ok(None);
            }
            if walk.is_at_end() {
                return Ok(Some(named));
            }
        }
        Ok(None)
    }
}
