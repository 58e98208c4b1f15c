//! Removing records that are due, page by page of the trail: each page is one batch with its proof. Records go as
//! erasures of their own.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

use super::AskedSweep;
use crate::casework::erasure::{ApprovedErasure, AskedErasure, Erasing, Leaving, Proof};
use crate::casework::lease::{Held, Lease, Take, Work};
use crate::casework::{Desk, Fault};
use crate::domain::audit::{AuditEntry, AuditEvent};
use crate::domain::organisation::{Organisation, OrganisationId};
use crate::domain::queue::QueueItem;
use crate::domain::retention::{Class, counts, is_closed, is_of_trail};
use crate::ports::audit_trail::{TrailFilter, TrailSearch};
use crate::ports::documents::{BY_ID, Batch, Listing, Order};
use crate::runtime::limits::{
    ERASURE_PIECE, ERASURE_TRIES_MAX, RETENTION_IDS_SHOWN_MAX, RETENTION_LOOKED_AT_MAX,
    RETENTION_PAGES_MAX, RETENTION_PAUSE,
};

/// A sweep that was approved.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Sweeping {
    asked: AskedSweep,
    approved_by: String,
    /// `None`: an earlier version wrote it, and did not note when.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    approved_at: Option<DateTime<Utc>>,
    #[serde(default)]
    lease: Lease,
}

impl Sweeping {
    pub(super) fn new(asked: AskedSweep, by: &str, at: DateTime<Utc>) -> Self {
        let approved_at = Some(at);
        Sweeping { asked, approved_by: by.to_owned(), approved_at, lease: Lease::NONE }
    }

    fn fresh(&self) -> Proof {
        Proof::begun(ApprovedErasure {
            id: &self.asked.id,
            clause: &self.asked.clause,
            asked_by: &self.asked.by,
            approved_by: &self.approved_by,
            approved_at: self.approved_at.unwrap_or(self.asked.at),
        })
    }
}

impl Work for Sweeping {
    const KIND: &'static str = "retention";

    fn id(&self) -> &str {
        &self.asked.id
    }

    fn at(&self) -> DateTime<Utc> {
        self.asked.at
    }

    fn lease(&mut self) -> &mut Lease {
        &mut self.lease
    }
}

/// Something that is due, with what goes with it.
struct Due {
    entry: AuditEntry,
    item: Option<QueueItem>,
    /// Whose it was, as far as it is known.
    person: Option<String>,
}

impl Due {
    fn id(&self) -> String {
        match &self.entry.event {
            AuditEvent::Decided(decided) => decided.contact.clone(),
            _ => self.entry.number.to_string(),
        }
    }
}

/// How much a rule of retention would remove.
pub(super) struct DueNow {
    pub(super) count: u64,
    /// The first of them, as [`super::SweepPreview::ids`].
    pub(super) ids: Vec<String>,
    /// There may be more than were counted.
    pub(super) is_partial: bool,
}

impl Desk {
    /// How much is due, and the first ids of it.
    pub(super) async fn due_now(
        &self,
        organisation: &Organisation,
        class: Class,
        before: DateTime<Utc>,
    ) -> Result<DueNow, Fault> {
        let (mut count, mut ids) = (0, Vec::new());
        let mut take = |id: String| {
            count += 1;
            if ids.len() < RETENTION_IDS_SHOWN_MAX {
                ids.push(id);
            }
        };
        let mut looked_at = 0;
        let is_partial = if class == Class::Records {
            let mut after: Option<String> = None;
            loop {
                let (people, next) = self.due_people(organisation, before, after).await?;
                looked_at += ERASURE_PIECE;
                people.into_iter().for_each(&mut take);
                match next {
                    Some(next) if looked_at < RETENTION_LOOKED_AT_MAX => after = Some(next),
                    next => break next.is_some(),
                }
            }
        } else {
            let mut after = 0;
            loop {
                let (page, next) = self.due_page(organisation, (class, before), after).await?;
                looked_at += ERASURE_PIECE;
                page.iter().map(Due::id).for_each(&mut take);
                match next {
                    Some(next) if looked_at < RETENTION_LOOKED_AT_MAX => after = next,
                    next => break next.is_some(),
                }
            }
        };
        Ok(DueNow { count, ids, is_partial })
    }

    /// Sweeps, and says on the trail when nothing is left that was due.
    pub(super) async fn sweep(
        &self,
        organisation: &Arc<Organisation>,
        held: &Held<Sweeping>,
    ) -> Result<Proof, Fault> {
        let id = &organisation.id;
        match self.while_held(held, self.sweep_some(organisation, &held.work)).await {
            Ok(true) => self.say_swept(id, held).await,
            Ok(false) => {
                self.put_off(held, RETENTION_PAUSE).await?;
                Ok(self.removed_so_far(id, held.work.fresh()).await?.without_names())
            }
            Err(fault) => {
                self.put_off(held, Desk::pause_of(held)).await?;
                Err(fault)
            }
        }
    }

    /// Work left by a gateway that ended, and postponed work: it waits while the clock may be wrong.
    pub(in crate::casework) async fn sweep_what_was_left(
        &self,
        organisation: &Arc<Organisation>,
    ) -> Result<(), Fault> {
        let id = &organisation.id;
        let all = self.store.documents(id, Sweeping::KIND, Listing::of(BY_ID)).await?;
        if all.documents.is_empty() || !self.is_clock_sure(id).await? {
            return Ok(());
        }
        for document in all.documents {
            if let Some(held) = self.take_up::<Sweeping>(id, &document, Take::Due).await? {
                self.sweep(organisation, &held).await?;
            }
        }
        Ok(())
    }

    /// `true`: nothing is left that was due.
    async fn sweep_some(
        &self,
        organisation: &Arc<Organisation>,
        sweeping: &Sweeping,
    ) -> Result<bool, Fault> {
        // What the trail says is counted before it goes: figures keep their counts.
        self.keep_house(organisation).await?;
        if sweeping.asked.class == Class::Records {
            return self.sweep_records(organisation, sweeping).await;
        }
        let (class, before) = (sweeping.asked.class, sweeping.asked.before);
        let (mut after, mut contended) = (0, 0);
        for _ in 0..RETENTION_PAGES_MAX {
            if self.is_closing() {
                return Ok(false);
            }
            let (due, next) = self.due_page(organisation, (class, before), after).await?;
            match self.sweep_page(&organisation.id, sweeping, due).await {
                Ok(()) => {}
                // It is read again, and judged again.
                Err(Fault::Contended) if contended < ERASURE_TRIES_MAX => {
                    contended += 1;
                    continue;
                }
                Err(fault) => return Err(fault),
            }
            let Some(next) = next else { return Ok(true) };
            after = next;
        }
        Ok(false)
    }

    async fn sweep_page(
        &self,
        id: &OrganisationId,
        sweeping: &Sweeping,
        due: Vec<Due>,
    ) -> Result<(), Fault> {
        if due.is_empty() {
            return Ok(());
        }
        let (mut batch, mut proof) = self.step_of(id, sweeping.fresh()).await?;
        if sweeping.asked.class == Class::Items {
            let mut counts = BTreeMap::new();
            for item in due.into_iter().filter_map(|one| one.item) {
                batch = self.item_gone(id, item, batch, (&mut proof, &mut counts)).await?;
            }
            batch = batch.audit(proof.add(counts, Vec::new()));
        } else {
            let is_contact = sweeping.asked.class == Class::Contacts;
            if is_contact {
                let days = due.iter().flat_map(Due::days).collect();
                batch = self.days_left(id, days, batch).await?;
            }
            let leaving: Vec<Leaving> =
                due.into_iter().map(|one| one.leaving(is_contact)).collect();
            batch = self.entries_gone(id, leaving, (batch, &mut proof)).await?;
        }
        self.write_step(id, batch, &proof).await
    }

    /// Has some records erased, and goes on once they are.
    async fn sweep_records(
        &self,
        organisation: &Arc<Organisation>,
        sweeping: &Sweeping,
    ) -> Result<bool, Fault> {
        let id = &organisation.id;
        let under_way = self.store.documents(id, Erasing::KIND, Listing::of(BY_ID)).await?;
        if !under_way.documents.is_empty() {
            return Ok(false);
        }
        let mut after: Option<String> = None;
        loop {
            let (people, next) =
                self.due_people(organisation, sweeping.asked.before, after).await?;
            if !people.is_empty() {
                let (mut batch, mut proof) = self.step_of(id, sweeping.fresh()).await?;
                let many = people.len() as u64;
                for person in people {
                    let erasing = Erasing::new(
                        sweeping.erasure_of(person),
                        &sweeping.approved_by,
                        self.clock.now(),
                    );
                    batch = batch.put(self.left(erasing)?);
                }
                let counts = BTreeMap::from([("records".to_owned(), many)]);
                let said = proof.add(counts, Vec::new());
                self.write_step(id, batch.audit(said), &proof).await?;
                return Ok(false);
            }
            let Some(next) = next else { return Ok(true) };
            after = Some(next);
        }
    }

    /// People of one page whose records are due.
    async fn due_people(
        &self,
        organisation: &Organisation,
        before: DateTime<Utc>,
        after: Option<String>,
    ) -> Result<(Vec<String>, Option<String>), Fault> {
        let page = self.people(&organisation.id, after.as_deref(), ERASURE_PIECE).await?;
        let mut due = Vec::new();
        for person in &page.people {
            if self.is_due(organisation, &person.id, before).await? {
                due.push(person.id.clone());
            }
        }
        Ok((due, page.next))
    }

    async fn is_due(
        &self,
        organisation: &Organisation,
        person: &str,
        before: DateTime<Utc>,
    ) -> Result<bool, Fault> {
        let id = &organisation.id;
        let case = self.read_case(organisation, person).await?;
        let now = self.clock.now();
        if !is_closed(&case.person, &case.file, &organisation.profile, now)
            || self.hold_of(id, person).await?.is_some()
        {
            return Ok(false);
        }
        // The newest of what counts. If the trail says nothing of a person, the age of the record is unknown.
        let filter = TrailFilter { person: Some(person.to_owned()), ..TrailFilter::default() };
        let mut after = None;
        loop {
            let order = Order::Descending;
            let search = TrailSearch { filter: filter.clone(), order, after, limit: ERASURE_PIECE };
            let page = self.store.search_audit(id, search).await?;
            if let Some(newest) = page.entries.iter().find(|entry| counts(entry)) {
                return Ok(newest.at < before);
            }
            if page.next.is_none() {
                return Ok(false);
            }
            after = page.next;
        }
    }

    /// Entries due after a number, and where to go on.
    async fn due_page(
        &self,
        organisation: &Organisation,
        (class, before): (Class, DateTime<Utc>),
        after: u64,
    ) -> Result<(Vec<Due>, Option<u64>), Fault> {
        let id = &organisation.id;
        let followed = self.followed_to(id).await?;
        let entries = self.store.audit(id, after, ERASURE_PIECE).await?;
        // After the first page without an entry old enough there are none, except late ones.
        let next = entries.last().filter(|_| entries.iter().any(|entry| entry.at < before));
        let next = next.map(|last| last.number);
        let mut due = Vec::new();
        for entry in entries {
            if entry.at < before
                && entry.number <= followed
                && let Some(one) = self.due(id, class, entry).await?
            {
                due.push(one);
            }
        }
        Ok((due, next))
    }

    async fn due(
        &self,
        id: &OrganisationId,
        class: Class,
        entry: AuditEntry,
    ) -> Result<Option<Due>, Fault> {
        let is_of_class = match class {
            Class::Items | Class::Contacts => is_contact(&entry.event),
            Class::Trail => is_of_trail(&entry.event),
            Class::Records => false,
        };
        if !is_of_class {
            return Ok(None);
        }
        let contact = match &entry.event {
            AuditEvent::Decided(decided) => Some(decided.contact.as_str()),
            event => event.item(),
        };
        let (mut item, mut person) = (None, None);
        if let Some(contact) = contact {
            item = self.store.item(id, contact).await?;
            let recorded = self.store.recorded(id, contact).await?;
            person = recorded.and_then(|(decision, _)| decision.person);
            person = person.or_else(|| item.as_ref().and_then(|item| item.person.clone()));
        }
        let mut people: Vec<&str> = entry.event.people();
        people.extend(person.as_deref());
        for one in people {
            let goes_with_record =
                class == Class::Contacts && self.store.person(id, one).await?.is_some();
            if goes_with_record || self.hold_of(id, one).await?.is_some() {
                return Ok(None);
            }
        }
        let waits = item.as_ref().is_some_and(|item| item.state.is_waiting());
        if (waits && class != Class::Trail) || (class == Class::Items && item.is_none()) {
            return Ok(None);
        }
        Ok(Some(Due { entry, item, person }))
    }

    async fn say_swept(&self, id: &OrganisationId, held: &Held<Sweeping>) -> Result<Proof, Fault> {
        for _ in 0..ERASURE_TRIES_MAX {
            let Some((document, _)) = self.own(held).await? else { return Err(Fault::Contended) };
            let (batch, mut proof) = self.step_of(id, held.work.fresh()).await?;
            let batch: Batch = batch.remove(&document).audit(proof.complete());
            match self.write_step(id, batch, &proof).await {
                Ok(()) => return Ok(proof),
                // The lease was renewed in the meantime.
                Err(Fault::Contended) => {}
                Err(fault) => return Err(fault),
            }
        }
        Err(Fault::Contended)
    }
}

impl Due {
    /// The days whose keys its records have, or had. An item is dated by its contact, which may be a day before the
    /// decision; an item removed earlier can't be asked.
    fn days(&self) -> Vec<NaiveDate> {
        let decided = self.entry.event.unnamed_on(self.entry.at);
        let before = decided.and_then(|day| day.pred_opt());
        let of_item = self.item.as_ref().and_then(QueueItem::unnamed_on);
        decided.into_iter().chain(before).chain(of_item).collect()
    }

    fn leaving(self, is_contact: bool) -> Leaving {
        let contact = match &self.entry.event {
            AuditEvent::Decided(decided) if is_contact => Some(decided.contact.clone()),
            AuditEvent::Outbound(_) if is_contact => self.entry.event.item().map(str::to_owned),
            _ => None,
        };
        Leaving { entry: self.entry, contact, of: self.person.unwrap_or_default() }
    }
}

/// Whether an entry records a contact: a decision, or a message held on its way out.
fn is_contact(event: &AuditEvent) -> bool {
    let is_held = || matches!(event, AuditEvent::Outbound(_)) && event.item().is_some();
    matches!(event, AuditEvent::Decided(_)) || is_held()
}

impl Sweeping {
    fn erasure_of(&self, person: String) -> AskedErasure {
        AskedErasure {
            id: uuid::Uuid::new_v4().to_string(),
            person,
            by: self.asked.by.clone(),
            at: self.asked.at,
            clause: self.asked.clause.clone(),
            reason: None,
            despite: None,
        }
    }
}
