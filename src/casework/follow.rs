//! Following the audit trail: what was decided of contacts is counted by day and noted by person, and what
//! somebody must read or decide on is noted in the case file. Each entry once, by a mark that is written
//! with what it counts, so that it does not matter which gateway follows, or how often.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::again::DECIDED_AGAIN;
use super::case::record::{self, CASE};
use super::{Desk, Fault};
use crate::domain::audit::{AuditEntry, AuditEvent, DecidedEntry, GATEWAY};
use crate::domain::case::CaseFile;
use crate::domain::case::anchors::day;
use crate::domain::case::restraint::{Task, TaskDone, TaskKind};
use crate::domain::decision::Disposition;
use crate::domain::organisation::{Organisation, OrganisationId};
use crate::domain::queue::{QueueItem, REMINDER};
use crate::domain::tally::{Contacted, DayTally};
use crate::ports::StoreError;
use crate::ports::documents::{Batch, Document, WriteFault};
use crate::runtime::limits::{
    CATCH_UP_PAGES_MAX, FOLLOW_TRIES_MAX, FOLLOWED_ENTRIES, TIMELINE_CONTACTS_MAX,
};

/// The kinds of documents that are made of the trail: how far it was followed, a day's tally, a person's
/// month.
const MARK: &str = "followed";
pub(super) const TALLY: &str = "tally";
pub(super) const TIMELINE: &str = "timeline";

/// The one mark of an organisation.
const TRAIL: &str = "trail";

/// Up to which entry the trail was followed.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
struct Followed {
    number: u64,
}

/// A person's contacts of one month.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct Timeline {
    pub contacts: Vec<Contacted>,
    /// Contacts of the month that found no place any more.
    #[serde(default)]
    pub more: u64,
}

/// A document as it was read, on its way to be written again.
struct Open<T> {
    read_at: u64,
    body: T,
    changed: bool,
}

/// What one page of the trail changes.
struct Page<'a> {
    desk: &'a Desk,
    organisation: &'a Organisation,
    days: BTreeMap<String, Open<DayTally>>,
    months: BTreeMap<String, Open<Timeline>>,
    cases: BTreeMap<String, Open<CaseFile>>,
}

impl Desk {
    /// Follows the trail to its end, or a good way towards it.
    ///
    /// # Errors
    /// The store can't be read or written.
    pub async fn catch_up(&self, organisation: &Organisation) -> Result<(), Fault> {
        let following = self.following(&organisation.id);
        let _following = following.lock().await;
        for _ in 0..CATCH_UP_PAGES_MAX {
            if self.follow_a_page(organisation).await? {
                break;
            }
        }
        Ok(())
    }

    /// How many entries of the trail are still to be followed.
    ///
    /// # Errors
    /// The store can't be read.
    pub async fn behind(&self, organisation: &OrganisationId) -> Result<u64, Fault> {
        let stored = self.store.document(organisation, MARK, TRAIL).await?;
        let followed = stored.map(|document| document.read::<Followed>()).transpose()?;
        let last = self.store.trail_end(organisation).await?.last.map_or(0, |last| last.number);
        Ok(last.saturating_sub(followed.map_or(0, |followed| followed.number)))
    }

    /// Follows some entries more; `true`: these were all.
    async fn follow_a_page(&self, organisation: &Organisation) -> Result<bool, Fault> {
        let id = &organisation.id;
        for _ in 0..FOLLOW_TRIES_MAX {
            let stored = self.store.document(id, MARK, TRAIL).await?;
            let read_at = stored.as_ref().map_or(0, |document| document.version);
            let followed = match &stored {
                Some(document) => document.read::<Followed>()?,
                None => Followed::default(),
            };
            let entries = self.store.audit(id, followed.number, FOLLOWED_ENTRIES).await?;
            let Some(last) = entries.last() else { return Ok(true) };
            let was_all = entries.len() < FOLLOWED_ENTRIES;
            let mark = Followed { number: last.number };
            let mut batch = Batch::new(self.stamp(GATEWAY)).put(Document::new(
                MARK,
                TRAIL,
                read_at,
                Vec::new(),
                &mark,
            )?);
            let mut page = Page {
                desk: self,
                organisation,
                days: BTreeMap::new(),
                months: BTreeMap::new(),
                cases: BTreeMap::new(),
            };
            for entry in &entries {
                page.take(entry).await?;
            }
            for document in page.documents()? {
                batch = batch.put(document);
            }
            match self.store.write(id, batch).await {
                Ok(()) => return Ok(was_all),
                // Another gateway follows as well, or a step was taken on one of the cases.
                Err(WriteFault::Conflict(_)) => {}
                Err(WriteFault::Store(error)) => return Err(error.into()),
            }
        }
        // Others follow: what they write is what this would have written.
        Ok(true)
    }

    async fn opened<T: serde::de::DeserializeOwned>(
        &self,
        organisation: &Organisation,
        kind: &str,
        id: &str,
        new: impl FnOnce() -> T + Send,
    ) -> Result<Open<T>, StoreError> {
        let stored = self.store.document(&organisation.id, kind, id).await?;
        Ok(match stored {
            Some(document) => {
                Open { read_at: document.version, body: document.read()?, changed: false }
            }
            None => Open { read_at: 0, body: new(), changed: false },
        })
    }
}

impl Page<'_> {
    async fn take(&mut self, entry: &AuditEntry) -> Result<(), Fault> {
        match &entry.event {
            AuditEvent::Decided(decided) if counts(decided) => self.decided(decided).await,
            AuditEvent::Item { item, action } => self.worked(entry, item, action).await,
            AuditEvent::Released { item } => self.worked(entry, item, "release").await,
            AuditEvent::Decided(_)
            | AuditEvent::Imported { .. }
            | AuditEvent::Unread { .. }
            | AuditEvent::PersonChanged { .. }
            | AuditEvent::RecordChanged { .. }
            | AuditEvent::IdentifierAdded { .. }
            | AuditEvent::IdentifierRemoved { .. }
            | AuditEvent::RestrictionAdded { .. }
            | AuditEvent::RestrictionVaried { .. }
            | AuditEvent::RestrictionLifted { .. }
            | AuditEvent::Step(_)
            | AuditEvent::Reminded { .. }
            | AuditEvent::Looked { .. }
            | AuditEvent::Account { .. }
            | AuditEvent::DeadLetterDiscarded { .. }
            | AuditEvent::StoreAccepted { .. }
            | AuditEvent::Anchored(_) => Ok(()),
        }
    }

    async fn decided(&mut self, decided: &DecidedEntry) -> Result<(), Fault> {
        let contacted = Contacted::of(decided);
        self.day(decided.contact_at).await?.add(&contacted);
        let Some(person) = &decided.person else { return Ok(()) };
        self.task(person, decided).await?;
        let month = decided.contact_at.format("%Y-%m");
        let id = timeline_id(person, &month.to_string());
        if !self.months.contains_key(&id) {
            let opened = self.desk.opened(self.organisation, TIMELINE, &id, Timeline::default);
            self.months.insert(id.clone(), opened.await?);
        }
        if let Some(month) = self.months.get_mut(&id) {
            month.changed = true;
            if month.body.contacts.len() < TIMELINE_CONTACTS_MAX {
                month.body.contacts.push(contacted);
            } else {
                month.body.more += 1;
            }
        }
        Ok(())
    }

    /// Notes what somebody must read or decide on.
    async fn task(&mut self, person: &str, decided: &DecidedEntry) -> Result<(), Fault> {
        if decided.disposition == Disposition::Deliver {
            return Ok(());
        }
        let enforced = decided.rows.iter().filter(|row| !row.observed);
        let tasks = enforced.filter_map(|row| Some((TaskKind::of_reason(row.code.as_str())?, row)));
        for (kind, row) in tasks {
            let item = self.item(&decided.contact).await?;
            let (issue, thread) = item.map(|item| (item.issue, item.thread)).unwrap_or_default();
            let task = Task {
                contact: decided.contact.clone(),
                kind,
                at: decided.contact_at,
                restriction: row.restriction.clone(),
                issue,
                thread,
                done: None,
            };
            let case = self.case(person).await?;
            case.changed |= case.body.add_task(task);
        }
        Ok(())
    }

    /// Somebody worked on an item: how long did it wait, and does it show that filed mail was read?
    async fn worked(&mut self, entry: &AuditEntry, item: &str, action: &str) -> Result<(), Fault> {
        let is_answer = matches!(action, "close" | "release" | "file");
        if !is_answer && action != "read" {
            return Ok(());
        }
        let Some(item) = self.item(item).await? else { return Ok(()) };
        if item.flags.iter().any(|flag| flag == REMINDER) {
            return Ok(());
        }
        let minutes = u64::try_from((entry.at - item.at).num_minutes()).unwrap_or(0);
        let queue = item.queue.clone();
        let day = self.day(entry.at).await?;
        let waited = if is_answer { &mut day.answered } else { &mut day.read };
        waited.entry(queue).or_default().add(minutes);
        let Some(person) = &item.person else { return Ok(()) };
        let filed = item.reasons.iter().filter_map(|one| TaskKind::of_reason(one.code.as_str()));
        if !filed.into_iter().any(|kind| kind == TaskKind::ReadFiled) {
            return Ok(());
        }
        let case = self.case(person).await?;
        let waiting = |one: &&mut Task| {
            one.contact == item.contact && one.kind == TaskKind::ReadFiled && one.done.is_none()
        };
        if let Some(task) = case.body.tasks.iter_mut().find(waiting) {
            let (at, by) = (entry.at, entry.by.clone());
            task.done = Some(TaskDone { at, by, engage: None, why: None });
            case.changed = true;
        }
        Ok(())
    }

    async fn item(&self, id: &str) -> Result<Option<QueueItem>, StoreError> {
        self.desk.store.item(&self.organisation.id, id).await
    }

    async fn day(&mut self, at: DateTime<Utc>) -> Result<&mut DayTally, StoreError> {
        let on = day(&self.organisation.profile, at);
        let id = on.to_string();
        if !self.days.contains_key(&id) {
            let opened = self.desk.opened(self.organisation, TALLY, &id, || DayTally::of(on));
            self.days.insert(id.clone(), opened.await?);
        }
        let day = self.days.entry(id).or_insert_with(|| Open {
            read_at: 0,
            body: DayTally::of(on),
            changed: true,
        });
        day.changed = true;
        Ok(&mut day.body)
    }

    async fn case(&mut self, person: &str) -> Result<&mut Open<CaseFile>, StoreError> {
        let new = || CaseFile::of(person);
        if !self.cases.contains_key(person) {
            let opened = self.desk.opened(self.organisation, CASE, person, new).await?;
            self.cases.insert(person.to_owned(), opened);
        }
        let empty = || Open { read_at: 0, body: new(), changed: false };
        Ok(self.cases.entry(person.to_owned()).or_insert_with(empty))
    }

    fn documents(self) -> Result<Vec<Document>, StoreError> {
        let mut written = Vec::new();
        for (id, day) in self.days.into_iter().filter(|(_, one)| one.changed) {
            written.push(Document::new(TALLY, id, day.read_at, Vec::new(), &day.body)?);
        }
        for (id, month) in self.months.into_iter().filter(|(_, one)| one.changed) {
            written.push(Document::new(TIMELINE, id, month.read_at, Vec::new(), &month.body)?);
        }
        for (_, case) in self.cases.into_iter().filter(|(_, one)| one.changed) {
            written.push(record::document(&case.body, case.read_at)?);
        }
        Ok(written)
    }
}

/// Whether a decision is one of a contact that came: what was said again, and what was decided again, was
/// counted before.
fn counts(decided: &DecidedEntry) -> bool {
    let is_repeat = decided.rows.iter().any(|row| row.row == 0);
    !is_repeat && !decided.flags.iter().any(|flag| flag == DECIDED_AGAIN)
}

/// The id of a person's month, `2026-11`.
pub(super) fn timeline_id(person: &str, month: &str) -> String {
    format!("{person} {month}")
}
