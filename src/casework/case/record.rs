//! The case file: one document per person. Tasks, whose number has no limit, and the words of letters, which
//! are seldom read, have documents of their own.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use tokio::sync::SemaphorePermit;

use super::{entries, letter_bytes, tasks, waiting};
use crate::casework::{Desk, Fault};
use crate::domain::case::CaseFile;
use crate::domain::case::act::Act;
use crate::domain::organisation::Organisation;
use crate::domain::person::Person;
use crate::ports::StoreError;
use crate::ports::documents::{BY_ID, Document, Listing};
use crate::runtime::limits::{
    CASES_PIECE, CASES_WAITING_FOR_ONE_MAX, DOCUMENT_KEYS_MAX, LETTERS_MOVED_MAX, PAGE_ITEMS_MAX,
    TASKS_MOVED_MAX,
};

/// The kind of document that a case file is; its id is the person's.
pub(in crate::casework) const CASE: &str = "case";

/// A person's case as it was read.
#[derive(Debug, Clone)]
pub struct CaseRead {
    pub person: Arc<Person>,
    pub file: CaseFile,
    /// The version at which the document was read; 0 if it is new.
    pub document_version: u64,
    /// The person's other records, where a step was to be judged by them.
    pub others: Vec<Arc<Person>>,
    /// The task that was read for a step, with what its document was read at.
    task: Option<tasks::TaskRead>,
}

/// Everybody's cases. So few are read at once that memory holds them.
pub struct AllCases<'a> {
    pub read: Vec<CaseRead>,
    _turn: Option<SemaphorePermit<'a>>,
}

/// The file as it is written over what was read, as it is.
pub(in crate::casework) fn document(file: &CaseFile, read_at: u64) -> Result<Document, StoreError> {
    let mut keys = waiting::keys(file);
    keys.extend(entries::keys(file, DOCUMENT_KEYS_MAX.saturating_sub(keys.len())));
    Document::new(CASE, file.person.clone(), read_at, keys, file)
}

impl CaseRead {
    /// Whether the person has a file or a restriction: others have no case.
    pub(in crate::casework) fn is_any(&self) -> bool {
        self.document_version > 0 || !self.person.restrictions.is_empty()
    }

    /// The file as it is now, over what was read.
    pub(in crate::casework) fn document(&self) -> Result<Document, StoreError> {
        document(&self.file, self.document_version)
    }
}

impl Desk {
    /// A person's case. A person without one gets an empty one, with decisions made elsewhere. Tasks and the
    /// words of letters that have documents of their own are not in it.
    ///
    /// # Errors
    /// [`Fault::NotFound`]: nobody of this id is on record.
    pub async fn read_case(
        &self,
        organisation: &Organisation,
        person: &str,
    ) -> Result<CaseRead, Fault> {
        let id = &organisation.id;
        let person = self.read_person(id, person).await?;
        let stored = self.store.document(id, CASE, &person.id).await?;
        let document_version = stored.as_ref().map_or(0, |document| document.version);
        let mut file = match stored {
            Some(document) => document.read::<CaseFile>()?,
            None => CaseFile::of(&person.id),
        };
        file.take_in(&person, &organisation.profile, self.clock.now());
        Ok(CaseRead { person, file, document_version, others: Vec::new(), task: None })
    }

    /// The same, with what a step needs.
    pub(super) async fn read_case_for(
        &self,
        organisation: &Organisation,
        person: &str,
        act: &Act,
    ) -> Result<CaseRead, Fault> {
        let mut read = self.read_case(organisation, person).await?;
        self.put_words_for(organisation, &mut read.file, act).await?;
        read.task = self.task_of(organisation, person, act).await?;
        let records = self.records_of(&organisation.id, &read.person).await?;
        read.others = records.into_iter().filter(|one| one.id != read.person.id).collect();
        if let Some(found) = &read.task {
            let task = &found.task;
            let same = |contact: &str, kind| contact == task.contact && kind == task.kind;
            read.file.tasks.retain(|one| !same(&one.contact, one.kind));
            read.file.tasks.push(task.clone());
        }
        Ok(read)
    }

    /// The same with every letter's words, and with the person's first tasks: what any step may go by.
    ///
    /// # Errors
    /// As [`Desk::read_case`].
    pub async fn read_whole_case(
        &self,
        organisation: &Organisation,
        person: &str,
    ) -> Result<CaseRead, Fault> {
        let mut read = self.read_case(organisation, person).await?;
        self.put_words_of(organisation, &mut read.file, |_| true).await?;
        let tasks = self.first_tasks(organisation, person).await?;
        read.file.tasks.extend(tasks.first);
        Ok(read)
    }

    /// The documents of a file that was read, after a step on it: the file, and what it does not hold itself.
    pub(super) async fn documents_of(
        &self,
        organisation: &Organisation,
        read: &CaseRead,
        file: &CaseFile,
    ) -> Result<Vec<Document>, Fault> {
        let person = file.person.as_str();
        let mut documents = Vec::new();
        let mut own = CaseFile { tasks: Vec::new(), ..file.clone() };
        let mut moved = 0;
        for task in &file.tasks {
            let known = read
                .task
                .as_ref()
                .filter(|known| known.task.contact == task.contact && known.task.kind == task.kind);
            match known {
                Some(known) if known.task == *task => {}
                Some(known) => documents.push(tasks::document(person, task, known.version)?),
                None if moved < TASKS_MOVED_MAX => {
                    moved += 1;
                    let found = self.task(organisation, person, &task.contact, task.kind).await?;
                    if found.is_none() {
                        documents.push(tasks::document(person, task, 0)?);
                    }
                }
                None => own.tasks.push(task.clone()),
            }
        }
        let mut moved = 0;
        for letter in &mut own.letters {
            if moved < LETTERS_MOVED_MAX
                && let Some(words) = letter_bytes::taken_out(person, file.version, letter)?
            {
                moved += 1;
                documents.push(words);
            }
        }
        documents.push(document(&own, read.document_version)?);
        Ok(documents)
    }

    /// The cases of an organisation: of everybody who has a file or a restriction, without tasks and words of
    /// letters. Further requests at the same time wait: who holds them must not ask for them again.
    ///
    /// # Errors
    /// The store can't be read.
    pub async fn cases(&self, organisation: &Organisation) -> Result<AllCases<'_>, Fault> {
        // It is never closed.
        let turn = self.all_cases.acquire().await.ok();
        let id = &organisation.id;
        let mut files = HashMap::new();
        let mut listing = Listing { limit: CASES_PIECE, ..Listing::of(BY_ID) };
        loop {
            let page = self.store.documents(id, CASE, listing.clone()).await?;
            for document in page.documents {
                let mut file = document.read::<CaseFile>()?;
                letter_bytes::leave_out(&mut file);
                files.insert(document.id.clone(), (file, document.version));
            }
            match page.next {
                Some(next) => listing.after = Some(next),
                None => break,
            }
        }
        let mut cases = Vec::new();
        let mut after: Option<String> = None;
        loop {
            let people = self.store.people_page(id, after.as_deref(), PAGE_ITEMS_MAX).await?;
            let is_last = people.len() < PAGE_ITEMS_MAX;
            after = people.last().map(|person| person.id.clone());
            for person in people {
                let (mut file, document_version) = match files.remove(&person.id) {
                    Some(found) => found,
                    None if person.restrictions.is_empty() => continue,
                    None => (CaseFile::of(&person.id), 0),
                };
                file.take_in(&person, &organisation.profile, self.clock.now());
                cases.push(CaseRead {
                    person,
                    file,
                    document_version,
                    others: Vec::new(),
                    task: None,
                });
            }
            if is_last {
                break;
            }
        }
        cases.sort_by(|a, b| a.person.id.cmp(&b.person.id));
        Ok(AllCases { read: cases, _turn: turn })
    }

    /// The same with the tasks that the diary shows.
    pub(in crate::casework) async fn cases_with_tasks(
        &self,
        organisation: &Organisation,
    ) -> Result<AllCases<'_>, Fault> {
        let mut cases = self.cases(organisation).await?;
        let mut tasks = self.all_tasks(organisation, self.clock.now()).await?;
        for case in &mut cases.read {
            case.file.tasks.extend(tasks.remove(&case.person.id).into_iter().flatten());
        }
        Ok(cases)
    }

    /// The cases on which something waits for somebody, at most [`CASES_WAITING_FOR_ONE_MAX`] of their own and as
    /// many to sign. A file written by a gateway that knew no such index is found from its next step on.
    ///
    /// # Errors
    /// The store can't be read.
    pub async fn cases_for(
        &self,
        organisation: &Organisation,
        name: &str,
        signs: bool,
    ) -> Result<Vec<CaseRead>, Fault> {
        let mut people = BTreeSet::new();
        for value in waiting::values_for(name, signs) {
            let listing =
                Listing { limit: CASES_WAITING_FOR_ONE_MAX, ..Listing::with(waiting::FOR, &value) };
            let page = self.store.documents(&organisation.id, CASE, listing).await?;
            people.extend(page.documents.into_iter().map(|document| document.id));
        }
        let mut cases = Vec::new();
        for person in people {
            match self.read_case(organisation, &person).await {
                Ok(case) => cases.push(case),
                // Erased in the meantime.
                Err(Fault::NotFound(_)) => {}
                Err(fault) => return Err(fault),
            }
        }
        Ok(cases)
    }
}
