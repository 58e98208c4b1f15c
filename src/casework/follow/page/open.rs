//! The documents that a page of the trail changes: each read once, when it is first needed.

use chrono::{DateTime, Utc};

use super::Page;
use crate::casework::case::record::{self, CASE};
use crate::casework::case::tasks;
use crate::casework::follow::{TALLY, TIMELINE, Timeline, timeline_id};
use crate::casework::not_followed::NOT_FOLLOWED;
use crate::domain::case::CaseFile;
use crate::domain::case::anchors::day;
use crate::domain::case::restraint::{Task, TaskKind};
use crate::domain::queue::QueueItem;
use crate::domain::tally::DayTally;
use crate::ports::StoreError;
use crate::ports::documents::{Document, DocumentWrite, IndexKey, OF_PERSON};

/// A document as it was read, on its way to be written again.
pub(in crate::casework::follow) struct Open<T> {
    pub(super) read_at: u64,
    /// Of what it is written in.
    pub(super) bytes: usize,
    pub(super) body: T,
    pub(super) changed: bool,
}

impl<T> Open<T> {
    pub(super) const fn new(body: T) -> Self {
        Open { read_at: 0, bytes: 0, body, changed: false }
    }
}

impl Page<'_> {
    pub(super) async fn item(&self, id: &str) -> Result<Option<QueueItem>, StoreError> {
        self.desk.store.item(&self.organisation.id, id).await
    }

    pub(super) async fn opened<T: serde::de::DeserializeOwned>(
        &self,
        kind: &str,
        id: &str,
        new: impl FnOnce() -> T + Send,
    ) -> Result<Open<T>, StoreError> {
        let stored = self.desk.store.document(&self.organisation.id, kind, id).await?;
        Ok(match stored {
            Some(document) => Open {
                read_at: document.version,
                bytes: document.body.get().len(),
                body: document.read()?,
                changed: false,
            },
            None => Open::new(new()),
        })
    }

    pub(super) async fn day(&mut self, at: DateTime<Utc>) -> Result<&mut DayTally, StoreError> {
        let on = day(&self.organisation.profile, at);
        let id = on.to_string();
        if !self.days.contains_key(&id) {
            let opened = self.opened(TALLY, &id, || DayTally::of(on)).await?;
            self.days.insert(id.clone(), opened);
        }
        let day = self.days.entry(id).or_insert_with(|| Open::new(DayTally::of(on)));
        day.changed = true;
        Ok(&mut day.body)
    }

    pub(super) async fn month(
        &mut self,
        person: &str,
        at: DateTime<Utc>,
    ) -> Result<&mut Open<Timeline>, StoreError> {
        let id = timeline_id(person, &at.format("%Y-%m").to_string());
        if !self.months.contains_key(&id) {
            let opened = self.opened(TIMELINE, &id, Timeline::default).await?;
            self.months.insert(id.clone(), opened);
        }
        Ok(self.months.entry(id).or_insert_with(|| Open::new(Timeline::default())))
    }

    pub(super) async fn task(
        &mut self,
        person: &str,
        contact: &str,
        kind: TaskKind,
    ) -> Result<&mut Open<Option<Task>>, StoreError> {
        let key = (person.to_owned(), contact.to_owned(), kind);
        if !self.tasks.contains_key(&key) {
            let mut open = Open::new(None);
            let found = self.desk.task(self.organisation, person, contact, kind).await?;
            if let Some(found) = found {
                open.read_at = found.version;
                open.body = Some(found.task);
            }
            self.tasks.insert(key.clone(), open);
        }
        Ok(self.tasks.entry(key).or_insert_with(|| Open::new(None)))
    }

    pub(super) async fn case(&mut self, person: &str) -> Result<&mut Open<CaseFile>, StoreError> {
        let new = || CaseFile::of(person);
        if !self.cases.contains_key(person) {
            let opened = self.opened(CASE, person, new).await?;
            self.cases.insert(person.to_owned(), opened);
        }
        Ok(self.cases.entry(person.to_owned()).or_insert_with(|| Open::new(new())))
    }

    /// All that the page changes.
    pub(in crate::casework::follow) fn into_writes(self) -> Result<Vec<DocumentWrite>, StoreError> {
        let (mut written, mut removed) = (Vec::new(), Vec::new());
        for note in self.not_theirs.into_values() {
            written.push(note);
        }
        for (id, day) in self.days.into_iter().filter(|(_, one)| one.changed) {
            written.push(Document::new(TALLY, id, day.read_at, Vec::new(), &day.body)?);
        }
        for (id, month) in self.months.into_iter().filter(|(_, one)| one.changed) {
            // The person's id comes first: whatever is in it, a month has no space.
            let person = id.rsplit_once(' ').map_or(id.as_str(), |(person, _)| person);
            let keys = vec![IndexKey::new(OF_PERSON, person)];
            written.push(Document::new(TIMELINE, id, month.read_at, keys, &month.body)?);
        }
        for ((person, contact, kind), open) in self.tasks.into_iter().filter(|(_, one)| one.changed)
        {
            match &open.body {
                Some(task) => written.push(tasks::document(&person, task, open.read_at)?),
                None if open.read_at > 0 => {
                    removed.push(tasks::removal(&person, (&contact, kind), open.read_at));
                }
                None => {}
            }
        }
        for (_, case) in self.cases.into_iter().filter(|(_, one)| one.changed) {
            written.push(record::document(&case.body, case.read_at)?);
        }
        for (id, open) in self.not_followed.into_iter().filter(|(_, one)| one.changed) {
            let keys = Vec::new();
            written.push(Document::new(NOT_FOLLOWED, id, open.read_at, keys, &open.body)?);
        }
        Ok(written.into_iter().map(DocumentWrite::Put).chain(removed).collect())
    }
}
