//! A case file as its readers see it: with the state of each part, and missing facts; of merged records with
//! that of the others, each part with its record.

use serde::Serialize;
use serde_json::{Map, Value, json};

use super::around::put_contacts;
use super::lists::{self, CaseList, ListAsked, ListOrder, ListedEntry, ListedPage};
use super::record::CaseRead;
use crate::casework::{Desk, Fault};
use crate::domain::case::conduct::Incident;
use crate::domain::organisation::Organisation;

/// A part of the case file that is a list, by its key in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FilePart {
    Incidents,
    Warnings,
    Agreements,
    Mediations,
    Proposals,
    Letters,
    Reviews,
    Appeals,
    StaffComplaints,
    Reconciliations,
    Actions,
}

impl FilePart {
    pub const fn key(self) -> &'static str {
        match self {
            FilePart::Incidents => "incidents",
            FilePart::Warnings => "warnings",
            FilePart::Agreements => "agreements",
            FilePart::Mediations => "mediations",
            FilePart::Proposals => "proposals",
            FilePart::Letters => "letters",
            FilePart::Reviews => "reviews",
            FilePart::Appeals => "appeals",
            FilePart::StaffComplaints => "staff_complaints",
            FilePart::Reconciliations => "reconciliations",
            FilePart::Actions => "actions",
        }
    }
}

/// A case file, to be read.
#[derive(Debug, Clone)]
pub struct CaseView {
    pub version: u64,
    pub case: Map<String, Value>,
}

impl CaseRead {
    /// The file with states, restrictions in force and what is missing of those decided elsewhere.
    pub fn view(&self, organisation: &Organisation, at: chrono::DateTime<chrono::Utc>) -> CaseView {
        let mut case = object(&self.file);
        put_states(&mut case, "incidents", self.file.incidents.iter().map(|one| one.state()));
        put_states(&mut case, "warnings", self.file.warnings.iter().map(|_| "given"));
        without_bytes(&mut case);
        put_states(&mut case, "letters", self.file.letters.iter().map(|one| one.state()));
        put_states(&mut case, "appeals", self.file.appeals.iter().map(|one| one.state()));
        let in_force = self
            .person
            .restrictions
            .iter()
            .filter(|one| one.is_in_force(at, &organisation.profile))
            .map(|one| one.id.as_str());
        case.insert("in_force".to_owned(), in_force.collect());
        case.insert("restrictions".to_owned(), json!(self.person.restrictions));
        case.insert("missing".to_owned(), json!(self.file.missing(&self.person)));
        CaseView { version: self.file.version, case }
    }
}

/// Says of each entry of each list which record it is on: there steps on it are taken.
fn name_record(case: &mut Map<String, Value>, person: &str) {
    for list in case.values_mut().filter_map(Value::as_array_mut) {
        for entry in list.iter_mut().filter_map(Value::as_object_mut) {
            entry.insert("record".to_owned(), json!(person));
        }
    }
}

/// A struct as its JSON object.
fn object(of: &impl Serialize) -> Map<String, Value> {
    match serde_json::to_value(of) {
        Ok(Value::Object(object)) => object,
        // A case file is made of plain values: it is always one.
        Ok(_) | Err(_) => Map::new(),
    }
}

/// The bytes of letters have a route of their own: a list of letters stays short.
fn without_bytes(case: &mut Map<String, Value>) {
    let letters = case.get_mut("letters").and_then(Value::as_array_mut);
    for letter in letters.into_iter().flatten() {
        if let Some(approval) = letter.get_mut("approval").and_then(Value::as_object_mut) {
            for key in ["html", "text", "content", "kept_as"] {
                approval.remove(key);
            }
        }
    }
}

fn put_states(
    case: &mut Map<String, Value>,
    key: &str,
    states: impl Iterator<Item = &'static str>,
) {
    let listed = case.get_mut(key).and_then(Value::as_array_mut);
    for (one, state) in listed.into_iter().flatten().zip(states) {
        if let Value::Object(one) = one {
            one.insert("state".to_owned(), json!(state));
        }
    }
}

impl Desk {
    /// A person's case file, to be read.
    ///
    /// # Errors
    /// [`Fault::NotFound`]: nobody of this id is on record.
    pub async fn case(&self, organisation: &Organisation, person: &str) -> Result<CaseView, Fault> {
        self.catch_up(organisation).await?;
        let mut read = self.read_case(organisation, person).await?;
        let tasks = self.first_tasks(organisation, person).await?;
        read.file.tasks.extend(tasks.first);
        let mut view = read.view(organisation, self.clock.now());
        put_contacts(&mut view.case, &self.contacts_around(organisation, &read.file).await?);
        view.case.insert("more_tasks".to_owned(), json!(tasks.has_more));
        if let Some(not_followed) = self.not_followed(organisation, person).await? {
            view.case.insert("not_followed".to_owned(), json!(not_followed));
        }
        self.join_others(organisation, person, &mut view).await?;
        Ok(view)
    }

    /// Adds the entries of the person's other records after those of this one.
    async fn join_others(
        &self,
        organisation: &Organisation,
        person: &str,
        view: &mut CaseView,
    ) -> Result<(), Fault> {
        let records = self.own_and_others(&organisation.id, person).await?;
        let Some((_, others)) = records.split_first().filter(|(_, others)| !others.is_empty())
        else {
            return Ok(());
        };
        let mut versions = vec![json!({ "person": person, "version": view.version })];
        name_record(&mut view.case, person);
        for id in others {
            let mut read = self.read_case(organisation, id).await?;
            let tasks = self.first_tasks(organisation, id).await?;
            read.file.tasks.extend(tasks.first);
            let mut other = read.view(organisation, self.clock.now());
            let around = self.contacts_around(organisation, &read.file).await?;
            put_contacts(&mut other.case, &around);
            versions.push(json!({ "person": id, "version": other.version }));
            name_record(&mut other.case, id);
            for (key, list) in other.case {
                if let (Some(Value::Array(own)), Value::Array(list)) =
                    (view.case.get_mut(&key), list)
                {
                    own.extend(list);
                }
            }
            if tasks.has_more {
                view.case.insert("more_tasks".to_owned(), json!(true));
            }
        }
        view.case.insert("records".to_owned(), Value::Array(versions));
        Ok(())
    }

    /// One list of a person's case file, with the file's version.
    ///
    /// # Errors
    /// As [`Desk::case`].
    pub async fn case_part(
        &self,
        organisation: &Organisation,
        person: &str,
        part: FilePart,
    ) -> Result<(u64, Value), Fault> {
        let mut view = self.case(organisation, person).await?;
        Ok((view.version, view.case.remove(part.key()).unwrap_or_default()))
    }
}

/// An incident and whose file it is on.
#[derive(Debug, Clone, Serialize)]
pub struct IncidentOf {
    pub person: String,
    pub state: &'static str,
    #[serde(flatten)]
    pub incident: Incident,
}

impl Desk {
    /// The incidents of everybody, the oldest first, a page at a time; of one state, or of all.
    ///
    /// # Errors
    /// As [`Desk::case_list`].
    pub async fn incidents(
        &self,
        organisation: &Organisation,
        state: Option<&str>,
        after: Option<&str>,
        limit: usize,
    ) -> Result<ListedPage<IncidentOf>, Fault> {
        let (list, state) = (CaseList::Incidents, state.unwrap_or(lists::ALL));
        let asked = ListAsked { list, state, order: ListOrder::OldestFirst, after, limit };
        let row = |case: &CaseRead, entry: ListedEntry<'_>| match entry {
            ListedEntry::Incident(incident) => Some(IncidentOf {
                person: case.person.id.clone(),
                state: incident.state(),
                incident: incident.clone(),
            }),
            ListedEntry::Proposal(_) | ListedEntry::Appeal(_) | ListedEntry::Letter(_) => None,
        };
        let page = self.case_list(organisation, asked, row).await?;
        Ok(ListedPage { rows: page.rows.into_iter().flatten().collect(), next: page.next })
    }
}
