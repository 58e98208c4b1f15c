//! What one page of the trail changes: read as it is needed, and written together.

mod open;

use std::collections::BTreeMap;

use self::open::Open;
use super::{Timeline, counts};
use crate::casework::not_followed::{NOT_FOLLOWED, NotFollowed};
use crate::casework::not_theirs::NOT_THEIRS;
use crate::casework::{Desk, Fault};
use crate::domain::audit::{AuditEntry, AuditEvent, DecidedEntry};
use crate::domain::case::CaseFile;
use crate::domain::case::restraint::{Task, TaskDone, TaskKind};
use crate::domain::decision::Disposition;
use crate::domain::flag::Flag;
use crate::domain::organisation::Organisation;
use crate::domain::tally::{Contacted, DayTally, count};
use crate::ports::audit_trail::{TrailFilter, TrailSearch};
use crate::ports::documents::{Document, Order};
use crate::runtime::limits::{
    BATCH_DOCUMENTS_MAX, FOLLOWED_ENTRIES, NOT_THEIRS_LOOKED_AT_MAX, PAGE_ITEMS_MAX,
    TIMELINE_BYTES_MAX, TIMELINE_CONTACTS_MAX,
};

/// The documents that one entry changes at most: a day, a month, two tasks, a file that holds them itself, and a
/// note.
const PER_ENTRY: usize = 6;

const _: () = assert!(FOLLOWED_ENTRIES * PER_ENTRY < BATCH_DOCUMENTS_MAX);

/// How much is taken of an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Whole {
    All,
    /// Everything except the entries about its person.
    WithoutPerson,
    /// That it was passed over.
    Nothing,
}

/// A task of a person, by who it is and what it is about.
pub(super) type TaskKey = (String, String, TaskKind);

pub(super) struct Page<'a> {
    pub(super) desk: &'a Desk,
    pub(super) organisation: &'a Organisation,
    pub(super) days: BTreeMap<String, Open<DayTally>>,
    pub(super) months: BTreeMap<String, Open<Timeline>>,
    /// A body of `None`: the person has no such document.
    pub(super) tasks: BTreeMap<TaskKey, Open<Option<Task>>>,
    /// Files of earlier versions, which hold tasks themselves.
    pub(super) cases: BTreeMap<String, Open<CaseFile>>,
    pub(super) not_theirs: BTreeMap<String, Document>,
    pub(super) not_followed: BTreeMap<String, Open<NotFollowed>>,
}

impl<'a> Page<'a> {
    pub(super) const fn new(desk: &'a Desk, organisation: &'a Organisation) -> Self {
        Page {
            desk,
            organisation,
            days: BTreeMap::new(),
            months: BTreeMap::new(),
            tasks: BTreeMap::new(),
            cases: BTreeMap::new(),
            not_theirs: BTreeMap::new(),
            not_followed: BTreeMap::new(),
        }
    }

    pub(super) async fn take(&mut self, entry: &AuditEntry) -> Result<(), Fault> {
        match &entry.event {
            AuditEvent::Decided(decided) if counts(decided) => self.decided(decided).await,
            AuditEvent::Item { item, action } if action == NOT_THEIRS => {
                self.not_theirs(entry, item).await
            }
            AuditEvent::Item { item, action } => self.worked(entry, item, action).await,
            AuditEvent::Released { item } => self.worked(entry, item, "release").await,
            AuditEvent::Unanswered { from, .. } => {
                count(&mut self.day(entry.at).await?.unanswered, from);
                Ok(())
            }
            AuditEvent::Decided(_)
            | AuditEvent::Unread { .. }
            | AuditEvent::Imported { .. }
            | AuditEvent::PersonChanged { .. }
            | AuditEvent::RecordChanged { .. }
            | AuditEvent::IdentifierAdded { .. }
            | AuditEvent::IdentifierRemoved { .. }
            | AuditEvent::RestrictionAdded { .. }
            | AuditEvent::RestrictionVaried { .. }
            | AuditEvent::RestrictionLifted { .. }
            | AuditEvent::Merged { .. }
            | AuditEvent::Unmerged { .. }
            | AuditEvent::Step(_)
            | AuditEvent::Reminded { .. }
            | AuditEvent::Looked { .. }
            | AuditEvent::Outbound(_)
            | AuditEvent::Account { .. }
            | AuditEvent::ApiToken { .. }
            | AuditEvent::LetterTemplate { .. }
            | AuditEvent::DeadLetterDiscarded { .. }
            | AuditEvent::StoreAccepted { .. }
            | AuditEvent::Erasure { .. }
            | AuditEvent::Erased(_)
            | AuditEvent::Anchored(_) => Ok(()),
        }
    }

    /// Takes those parts of an entry that are not about its person, if possible, and notes that the rest is missing.
    pub(super) async fn take_without_person(
        &mut self,
        entry: &AuditEntry,
        counted: bool,
    ) -> Result<(), Fault> {
        let person = match &entry.event {
            AuditEvent::Decided(decided) => {
                if counted && counts(decided) {
                    self.day(decided.contact_at).await?.add(&Contacted::of(decided));
                }
                decided.person.clone()
            }
            event => {
                let contact = event.item().unwrap_or_default();
                let recorded = self.desk.store.recorded(&self.organisation.id, contact).await;
                recorded.ok().flatten().and_then(|(decision, _)| decision.person)
            }
        };
        // An entry that concerns no person is only logged.
        let Some(person) = person else { return Ok(()) };
        let id = NotFollowed::id(&person);
        if !self.not_followed.contains_key(&id) {
            let new = || NotFollowed::of(&person, entry);
            let opened = self.opened(NOT_FOLLOWED, &id, new).await?;
            self.not_followed.insert(id.clone(), opened);
        }
        if let Some(open) = self.not_followed.get_mut(&id) {
            open.body.entries += 1;
            open.body.last = entry.number;
            open.changed = true;
        }
        Ok(())
    }

    async fn decided(&mut self, decided: &DecidedEntry) -> Result<(), Fault> {
        let contacted = Contacted::of(decided);
        self.day(decided.contact_at).await?.add(&contacted);
        let Some(person) = &decided.person else { return Ok(()) };
        self.tasks_of(person, decided).await?;
        let month = self.month(person, decided.contact_at).await?;
        let bytes = serde_json::to_vec(&contacted).map_or(0, |written| written.len() + 1);
        month.changed = true;
        let has_room = month.body.contacts.len() < TIMELINE_CONTACTS_MAX
            && month.bytes + bytes <= TIMELINE_BYTES_MAX;
        if has_room {
            month.bytes += bytes;
            month.body.contacts.push(contacted);
        } else {
            month.body.more += 1;
        }
        Ok(())
    }

    /// Notes what somebody must read or decide on.
    async fn tasks_of(&mut self, person: &str, decided: &DecidedEntry) -> Result<(), Fault> {
        if decided.disposition == Disposition::Deliver {
            return Ok(());
        }
        let enforced = decided.rows.iter().filter(|row| !row.observed);
        let tasks = enforced.filter_map(|row| Some((TaskKind::of_reason(&row.code)?, row)));
        for (kind, row) in tasks {
            let item = self.item(&decided.contact).await?;
            let (issue, thread) = item.map(|item| (item.issue, item.thread)).unwrap_or_default();
            let open = self.task(person, &decided.contact, kind).await?;
            if open.body.is_none() {
                open.changed = true;
                open.body = Some(Task {
                    contact: decided.contact.clone(),
                    kind,
                    at: decided.contact_at,
                    restriction: row.restriction.clone(),
                    issue,
                    thread: Task::thread_of(thread),
                    done: None,
                });
            }
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
        if item.flags.contains(&Flag::Reminder) {
            return Ok(());
        }
        let minutes = u64::try_from((entry.at - item.at).num_minutes()).unwrap_or(0);
        // Who filed it worked on the queue that it came from.
        let queue = item.filed_from.as_ref().unwrap_or(&item.queue).clone();
        let day = self.day(entry.at).await?;
        let waited = if is_answer { &mut day.answered } else { &mut day.read };
        waited.entry(queue).or_default().add(minutes);
        let Some(person) = &item.person else { return Ok(()) };
        let filed = item.reasons.iter().filter_map(|one| TaskKind::of_reason(&one.code));
        if !filed.into_iter().any(|kind| kind == TaskKind::ReadFiled) {
            return Ok(());
        }
        self.close(person, &item.contact, TaskKind::ReadFiled, entry).await
    }

    /// Marks a task as done, wherever it is kept.
    async fn close(
        &mut self,
        person: &str,
        contact: &str,
        kind: TaskKind,
        entry: &AuditEntry,
    ) -> Result<(), Fault> {
        let done = TaskDone { at: entry.at, by: entry.by.clone(), engage: None, why: None };
        let open = self.task(person, contact, kind).await?;
        if let Some(task) = &mut open.body {
            if task.done.is_none() {
                task.done = Some(done);
                open.changed = true;
            }
            return Ok(());
        }
        let case = self.case(person).await?;
        let waiting =
            |one: &&mut Task| one.contact == contact && one.kind == kind && one.done.is_none();
        if let Some(task) = case.body.tasks.iter_mut().find(waiting) {
            task.done = Some(done);
            case.changed = true;
        }
        Ok(())
    }

    /// Takes a task off, wherever it is kept.
    async fn drop_task(
        &mut self,
        person: &str,
        contact: &str,
        kind: TaskKind,
    ) -> Result<(), Fault> {
        let open = self.task(person, contact, kind).await?;
        if open.body.take().is_some() {
            open.changed = true;
            return Ok(());
        }
        let case = self.case(person).await?;
        let before = case.body.tasks.len();
        case.body.tasks.retain(|one| one.contact != contact || one.kind != kind);
        case.changed |= case.body.tasks.len() != before;
        Ok(())
    }

    /// A contact was not made by the person on whose record it was: it is removed from counts and notes, and nobody has
    /// to read it for them or decide on it.
    async fn not_theirs(&mut self, entry: &AuditEntry, contact: &str) -> Result<(), Fault> {
        let recorded = self.desk.store.recorded(&self.organisation.id, contact).await?;
        let Some(person) = recorded.and_then(|(decision, _)| decision.person) else {
            return Ok(());
        };
        let note = self.desk.not_theirs_note(self.organisation, &person, contact).await?;
        // A double click.
        let Some(note) = note.filter(|note| !self.not_theirs.contains_key(&note.id)) else {
            return Ok(());
        };
        self.not_theirs.insert(note.id.clone(), note);
        for kind in [TaskKind::ReadFiled, TaskKind::Engagement] {
            self.drop_task(&person, contact, kind).await?;
        }
        let Some(decided) = self.decision_on(&person, contact, entry.number).await? else {
            tracing::warn!(
                organisation = %self.organisation.id,
                number = entry.number,
                "a contact that was not theirs stays in the figures: it is too far back on the trail"
            );
            return Ok(());
        };
        self.day(decided.contact_at).await?.take_out(&Contacted::of(&decided));
        let month = self.month(&person, decided.contact_at).await?;
        month.changed = true;
        let before = month.body.contacts.len();
        month.body.contacts.retain(|one| one.contact != contact);
        if month.body.contacts.len() == before {
            month.body.more = month.body.more.saturating_sub(1);
        }
        Ok(())
    }

    /// The decision on a contact of a person that was counted, before an entry of the trail.
    async fn decision_on(
        &self,
        person: &str,
        contact: &str,
        before: u64,
    ) -> Result<Option<DecidedEntry>, Fault> {
        let filter = TrailFilter { person: Some(person.to_owned()), ..TrailFilter::default() };
        let (mut after, mut looked_at) = (Some(before), 0);
        while after.is_some() && looked_at < NOT_THEIRS_LOOKED_AT_MAX {
            let search = TrailSearch {
                filter: filter.clone(),
                order: Order::Descending,
                after,
                limit: PAGE_ITEMS_MAX,
            };
            let page = self.desk.store.search_audit(&self.organisation.id, search).await?;
            looked_at += page.entries.len().max(1);
            after = page.next;
            for entry in page.entries {
                if let AuditEvent::Decided(decided) = entry.event
                    && decided.contact == contact
                    && counts(&decided)
                {
                    return Ok(Some(decided));
                }
            }
        }
        Ok(None)
    }
}
