//! Contacts that somebody of a case must read or decide on: each a document of its own, since their number is
//! the sender's to choose, and a case file must not grow with it.
//!
//! Case files of earlier versions hold them themselves. Those are read from there, and each step moves some out.

use std::collections::HashMap;

use chrono::{DateTime, Months, SecondsFormat, Utc};
use serde::{Deserialize, Serialize};

use crate::casework::cut_list::CutList;
use crate::casework::{Desk, Fault};
use crate::domain::case::act::Act;
use crate::domain::case::restraint::{Task, TaskKind};
use crate::domain::organisation::Organisation;
use crate::ports::StoreError;
use crate::ports::documents::{Document, DocumentWrite, IndexKey, Listing, Place};
use crate::runtime::limits::{PAGE_ITEMS_MAX, TASKS_SHOWN_MAX};
use crate::runtime::tokens::{hex, sha256};

/// The kind of document that a task is.
const TASK: &str = "task";

/// The tasks of a person by state and time, and those of everybody.
const OF_PERSON: &str = "of_person";
const OF_ALL: &str = "of_all";

/// The states, so that open ones come first.
const OPEN: &str = "1";
const DONE: &str = "2";

/// How long finished ones are looked at: as the diary does, and a day for the clocks of a zone.
const DONE_SHOWN: Months = Months::new(13);

/// What a task's document holds.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct TaskOf {
    person: String,
    task: Task,
}

/// A task as it was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaskRead {
    pub task: Task,
    /// What its document was read at.
    pub version: u64,
}

/// Some tasks of a person: open ones first, each state oldest first.
#[derive(Debug, Clone)]
pub struct TaskPage {
    pub tasks: Vec<Task>,
    /// What to give as `after` for the next ones; `None`: these are all.
    pub next: Option<String>,
}

/// A task's id, which no task of another person, contact or kind has.
fn id(person: &str, contact: &str, kind: TaskKind) -> String {
    let names = serde_json::to_vec(&(person, contact, kind)).unwrap_or_default();
    hex(&sha256(&names))
}

/// A task over the version that was read.
pub(in crate::casework) fn document(
    person: &str,
    task: &Task,
    read_at: u64,
) -> Result<Document, StoreError> {
    let place = match &task.done {
        None => placed(OPEN, task.at),
        Some(done) => placed(DONE, done.at),
    };
    let keys = vec![IndexKey::new(OF_PERSON, of(person, &place)), IndexKey::new(OF_ALL, place)];
    let body = TaskOf { person: person.to_owned(), task: task.clone() };
    Document::new(TASK, id(person, &task.contact, task.kind), read_at, keys, &body)
}

/// A task that was read at a version, to be taken off.
pub(in crate::casework) fn removal(
    person: &str,
    (contact, kind): (&str, TaskKind),
    version: u64,
) -> DocumentWrite {
    DocumentWrite::Remove { kind: TASK.to_owned(), id: id(person, contact, kind), version }
}

/// Where all tasks of a person are listed.
pub(in crate::casework) fn of_person(person: &str) -> (&'static str, Listing) {
    (TASK, Listing::beginning(OF_PERSON, &of(person, "")))
}

/// A state and an instant, in the order of both.
fn placed(state: &str, at: DateTime<Utc>) -> String {
    format!("{state} {}", at.to_rfc3339_opts(SecondsFormat::Micros, true))
}

/// The same of one person. No id that can be typed has a control character.
fn of(person: &str, place: &str) -> String {
    format!("{person}\u{1}{place}")
}

impl Desk {
    /// The task about a contact, if there is one.
    pub(in crate::casework) async fn task(
        &self,
        organisation: &Organisation,
        person: &str,
        contact: &str,
        kind: TaskKind,
    ) -> Result<Option<TaskRead>, StoreError> {
        let stored =
            self.store.document(&organisation.id, TASK, &id(person, contact, kind)).await?;
        let Some(stored) = stored else { return Ok(None) };
        let TaskOf { task, .. } = stored.read()?;
        Ok(Some(TaskRead { task, version: stored.version }))
    }

    /// The task that a step is about.
    pub(super) async fn task_of(
        &self,
        organisation: &Organisation,
        person: &str,
        act: &Act,
    ) -> Result<Option<TaskRead>, StoreError> {
        let (item, kind) = match act {
            Act::DecideEngagement(of) => (&of.item, TaskKind::Engagement),
            Act::MarkRead(of) => (&of.item, TaskKind::ReadFiled),
            _ => return Ok(None),
        };
        match item.as_deref().map(str::trim) {
            Some(item) => self.task(organisation, person, item, kind).await,
            None => Ok(None),
        }
    }

    /// The tasks of a person that the diary may show, without their threads.
    pub(in crate::casework) async fn tasks_of(
        &self,
        organisation: &Organisation,
        person: &str,
        now: DateTime<Utc>,
    ) -> Result<Vec<Task>, Fault> {
        let mut found = Vec::new();
        for listing in shown(OF_PERSON, now, |place| of(person, place)) {
            self.read_tasks(organisation, listing, |task| found.push(task.task)).await?;
        }
        Ok(found)
    }

    /// The same of everybody, by person.
    pub(in crate::casework) async fn all_tasks(
        &self,
        organisation: &Organisation,
        now: DateTime<Utc>,
    ) -> Result<HashMap<String, Vec<Task>>, Fault> {
        let mut found: HashMap<String, Vec<Task>> = HashMap::new();
        for listing in shown(OF_ALL, now, str::to_owned) {
            let note = |of: TaskOf| found.entry(of.person).or_default().push(of.task);
            self.read_tasks(organisation, listing, note).await?;
        }
        Ok(found)
    }

    async fn read_tasks(
        &self,
        organisation: &Organisation,
        mut listing: Listing,
        mut note: impl FnMut(TaskOf) + Send,
    ) -> Result<(), Fault> {
        loop {
            let page = self.store.documents(&organisation.id, TASK, listing.clone()).await?;
            for document in page.documents {
                let mut read: TaskOf = document.read()?;
                read.task.thread = Vec::new();
                note(read);
            }
            match page.next {
                Some(next) => listing.after = Some(next),
                None => return Ok(()),
            }
        }
    }

    /// Tasks of a person behind another (`None`: from the first), at most `limit` and [`PAGE_ITEMS_MAX`].
    ///
    /// # Errors
    /// [`Fault::NotFound`]: nobody has this id, or there is no such task to go on behind.
    pub async fn task_page(
        &self,
        organisation: &Organisation,
        person: &str,
        after: Option<&str>,
        limit: usize,
    ) -> Result<TaskPage, Fault> {
        self.catch_up(organisation).await?;
        // Those that are in the file still come first, all of them.
        let read = self.read_case(organisation, person).await?;
        let within = Listing::beginning(OF_PERSON, &of(person, ""));
        let mut listing = Listing { limit: limit.clamp(1, PAGE_ITEMS_MAX), ..within };
        let mut tasks = Vec::new();
        match after {
            None => tasks = read.file.tasks,
            Some(id) => {
                let stored = self.store.document(&organisation.id, TASK, id).await?;
                let stored = stored.ok_or(Fault::NotFound("task"))?;
                let key = stored.keys.iter().find(|key| key.index == OF_PERSON);
                let value = key.map(|key| key.value.clone()).unwrap_or_default();
                listing.after = Some(Place { value, id: stored.id });
            }
        }
        let page = self.store.documents(&organisation.id, TASK, listing).await?;
        for document in page.documents {
            tasks.push(document.read::<TaskOf>()?.task);
        }
        Ok(TaskPage { tasks, next: page.next.map(|place| place.id) })
    }

    /// The first tasks of a person, as a case file shows them.
    pub(super) async fn first_tasks(
        &self,
        organisation: &Organisation,
        person: &str,
    ) -> Result<CutList<Task>, Fault> {
        let within = Listing::beginning(OF_PERSON, &of(person, ""));
        let listing = Listing { limit: TASKS_SHOWN_MAX, ..within };
        let page = self.store.documents(&organisation.id, TASK, listing).await?;
        let mut tasks = Vec::with_capacity(page.documents.len());
        for document in page.documents {
            tasks.push(document.read::<TaskOf>()?.task);
        }
        Ok(CutList { first: tasks, has_more: page.next.is_some() })
    }
}

/// Where in an index the diary looks: open ones, and those done recently.
fn shown(index: &str, now: DateTime<Utc>, within: impl Fn(&str) -> String) -> [Listing; 2] {
    let since = now.checked_sub_months(DONE_SHOWN).unwrap_or(DateTime::<Utc>::MIN_UTC);
    let between = |from: &str, to: &str| Listing {
        from: Some(within(from)),
        to: Some(within(to)),
        ..Listing::of(index)
    };
    // Behind a state and a blank there is an instant, and no instant begins with a `~`.
    [
        between(&format!("{OPEN} "), &format!("{OPEN} ~")),
        between(&placed(DONE, since), &format!("{DONE} ~")),
    ]
}
