//! Laying people of a file over those on record: what the file does not speak of stays, and nothing
//! that holds is ended without a word.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use serde_json::Value;

use crate::casework::acting::Acting;
use crate::casework::case::record::CASE;
use crate::casework::person_check::{PersonFault, faults_of_change};
use crate::casework::{Desk, Fault};
use crate::domain::audit::{AuditEvent, EndedRestriction};
use crate::domain::case::CaseFile;
use crate::domain::case::elsewhere::{keep_merged, kept_from_lists};
use crate::domain::organisation::Organisation;
use crate::domain::person::Person;
use crate::domain::restriction::{Restriction, Status};
use crate::ports::documents::{BY_ID, Batch, Listing, PersonWrite, WriteFault};
use crate::runtime::limits::{CASES_PIECE, IMPORT_ENDED_MAX, IMPORT_READ_APART_MAX};

use super::listed::{Key, Listed};

/// What becomes of a restriction that holds and that the file leaves out, while it speaks of the
/// person's restrictions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Missing {
    /// Nothing is imported, and each is named.
    Refuse,
    /// It is ended, and stays on record.
    End,
}

/// What an import did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Imported {
    pub people: usize,
    /// Those who were not on record before.
    pub added: usize,
    /// Those of these people that are on record now.
    pub restrictions: usize,
    /// People who were on record as they are in the file already.
    pub unchanged: usize,
    /// Held before, and hold no longer.
    pub ended: Vec<EndedRestriction>,
    /// What the file says of a restriction that a step made what it is here: the record is kept.
    pub kept: Vec<PersonFault>,
}

impl Desk {
    /// Writes people whose records were read by [`super::read_people`], all or none. What a file
    /// does not speak of stays as it is on record, and so do people who are not in it. Takes effect
    /// at once, on every gateway. What a step decided here stays as it is: what a file says otherwise is
    /// refused, named in `kept`, and keeps nothing else from being written.
    ///
    /// # Errors
    /// [`Fault::WouldEnd`] where restrictions that hold are left out, unless they are to end;
    /// [`Fault::Contended`] where somebody else changes one of these people at the same moment.
    pub async fn import(
        &self,
        organisation: &Organisation,
        people: Vec<Listed>,
        missing: Missing,
        acting: Acting<'_>,
    ) -> Result<Imported, Fault> {
        acting.check()?;
        let mut known = self.known(organisation, &people).await?;
        let stamp = self.stamp(acting.by);
        let files = self.files_of(organisation, &people, &known).await?;
        let mut laid = Laid::new(organisation, stamp.at);
        for listed in people {
            let before = known.get(&listed.person.id).map(AsRef::as_ref);
            let file = files.get(&listed.person.id);
            laid.over(listed, before, file);
        }
        let (changed, done) = laid.finish(missing)?;
        if !changed.is_empty() {
            let counted = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
            let event = AuditEvent::Imported {
                people: counted(changed.len()),
                restrictions: counted(changed.iter().map(|person| person.restrictions.len()).sum()),
                ended: done.ended.clone(),
                added: Some(counted(done.added)),
                reason: acting.reason.map(str::to_owned),
            };
            let mut batch = Batch::new(stamp).audit(event);
            batch.people = changed
                .into_iter()
                .map(|now| PersonWrite { was: known.remove(&now.id), now })
                .collect();
            match self.store.write(&organisation.id, batch).await {
                Ok(()) => {}
                Err(WriteFault::Conflict(_)) => return Err(Fault::Contended),
                Err(WriteFault::Store(error)) => return Err(error.into()),
            }
        }
        Ok(done)
    }

    /// Those of the people listed who are on record.
    async fn known(
        &self,
        organisation: &Organisation,
        listed: &[Listed],
    ) -> Result<HashMap<String, Arc<Person>>, Fault> {
        let mut known = HashMap::new();
        if listed.len() <= IMPORT_READ_APART_MAX {
            for Listed { person, .. } in listed {
                if let Some(before) = self.store.person(&organisation.id, &person.id).await? {
                    known.insert(person.id.clone(), before);
                }
            }
            return Ok(known);
        }
        let ids: HashSet<&str> = listed.iter().map(|one| one.person.id.as_str()).collect();
        let everybody = self.store.people(&organisation.id).await?.people;
        known.extend(
            everybody
                .into_iter()
                .filter(|person| ids.contains(person.id.as_str()))
                .map(|person| (person.id.clone(), person)),
        );
        Ok(known)
    }

    /// The case files of those of the people listed of whose restrictions the list says something else than is
    /// on record.
    async fn files_of(
        &self,
        organisation: &Organisation,
        listed: &[Listed],
        known: &HashMap<String, Arc<Person>>,
    ) -> Result<HashMap<String, CaseFile>, Fault> {
        let says_otherwise = |one: &&Listed| {
            let before = known.get(&one.person.id);
            one.says.speaks_of(Key::Restrictions)
                && before.is_some_and(|before| before.restrictions != one.person.restrictions)
        };
        let wanted: HashSet<&str> =
            listed.iter().filter(says_otherwise).map(|one| one.person.id.as_str()).collect();
        let mut files = HashMap::new();
        if wanted.len() <= IMPORT_READ_APART_MAX {
            for id in wanted {
                if let Some(stored) = self.store.document(&organisation.id, CASE, id).await? {
                    files.insert(id.to_owned(), stored.read::<CaseFile>()?);
                }
            }
            return Ok(files);
        }
        let mut listing = Listing { limit: CASES_PIECE, ..Listing::of(BY_ID) };
        loop {
            let page = self.store.documents(&organisation.id, CASE, listing.clone()).await?;
            for document in page.documents.iter().filter(|one| wanted.contains(one.id.as_str())) {
                files.insert(document.id.clone(), document.read::<CaseFile>()?);
            }
            match page.next {
                Some(next) => listing.after = Some(next),
                None => return Ok(files),
            }
        }
    }
}

/// People laid over those on record, so far.
struct Laid<'a> {
    organisation: &'a Organisation,
    at: DateTime<Utc>,
    people: usize,
    added: usize,
    restrictions: usize,
    changed: Vec<Person>,
    /// Left out by a file that speaks of the person's restrictions.
    left_out: Vec<EndedRestriction>,
    /// Ended in so many words: a status, an end that has passed.
    ended: Vec<EndedRestriction>,
    kept: Vec<PersonFault>,
    faults: Vec<PersonFault>,
}

impl<'a> Laid<'a> {
    const fn new(organisation: &'a Organisation, at: DateTime<Utc>) -> Self {
        Laid {
            organisation,
            at,
            people: 0,
            added: 0,
            restrictions: 0,
            changed: Vec::new(),
            left_out: Vec::new(),
            ended: Vec::new(),
            kept: Vec::new(),
            faults: Vec::new(),
        }
    }

    fn over(&mut self, mut listed: Listed, before: Option<&Person>, file: Option<&CaseFile>) {
        self.people += 1;
        keep_merged(before, &mut listed.person);
        let Some(before) = before else {
            self.added += 1;
            self.restrictions += listed.person.restrictions.len();
            self.changed.push(listed.person);
            return;
        };
        let zone = self.organisation.profile.timezone;
        let mut person = kept(listed, before);
        self.keep_what_was_taken_here(&mut person, before, file);
        for held in before.restrictions.iter().filter(|one| holds(one, self.at, zone)) {
            let named =
                EndedRestriction { person: before.id.clone(), restriction: held.id.clone() };
            match person.restrictions.iter().find(|one| one.id == held.id) {
                Some(now) if holds(now, self.at, zone) => {}
                Some(_) => self.ended.push(named),
                None => {
                    self.left_out.push(named);
                    person.restrictions.push(Restriction { status: Status::Ended, ..held.clone() });
                }
            }
        }
        // What is over and left out stays on record as it was.
        for over in before.restrictions.iter().filter(|one| !holds(one, self.at, zone)) {
            if !person.restrictions.iter().any(|one| one.id == over.id) {
                person.restrictions.push(over.clone());
            }
        }
        self.restrictions += person.restrictions.len();
        if *before == person {
            return;
        }
        // The file was looked at by itself; here it meets what it does not speak of.
        let found = faults_of_change(&person, Some(before), self.organisation);
        self.faults.extend(found.into_iter().map(|fault| PersonFault {
            path: format!("person \"{}\": {}", person.id, fault.path),
            ..fault
        }));
        self.changed.push(person);
    }

    /// A file of what was decided elsewhere does not know what was decided here by a step: it changes none of
    /// that, and does not end it by leaving it out.
    fn keep_what_was_taken_here(
        &mut self,
        person: &mut Person,
        before: &Person,
        file: Option<&CaseFile>,
    ) {
        for was in &before.restrictions {
            let place = person.restrictions.iter().position(|one| one.id == was.id);
            let listed = place.and_then(|place| person.restrictions.get_mut(place));
            let Some((place, listed)) = place.zip(listed) else {
                if file.is_some_and(|file| file.taken_here(&was.id).is_some()) {
                    person.restrictions.push(was.clone());
                }
                continue;
            };
            // A list does not say under which profile something was decided here.
            let listed_here =
                Restriction { profile_version: was.profile_version.clone(), ..listed.clone() };
            let Some(taken) = kept_from_lists(was, &listed_here, file) else {
                if file.is_some_and(|file| file.taken_here(&was.id).is_some()) {
                    *listed = listed_here;
                }
                continue;
            };
            let keys = keys_that_differ(was, &listed_here);
            self.kept.push(PersonFault {
                path: format!("person \"{}\": restrictions[{place}].{keys}", before.id),
                message: format!(
                    "restriction \"{}\" {taken} here, and only a step of the case changes it: the record is \
                     kept. What is decided anew has an id of its own",
                    was.id
                ),
            });
            *listed = was.clone();
        }
    }

    fn finish(mut self, missing: Missing) -> Result<(Vec<Person>, Imported), Fault> {
        if !self.left_out.is_empty() && missing == Missing::Refuse {
            return Err(Fault::WouldEnd(self.left_out));
        }
        if !self.faults.is_empty() {
            return Err(Fault::Invalid(self.faults));
        }
        self.ended.append(&mut self.left_out);
        if self.ended.len() > IMPORT_ENDED_MAX {
            return Err(Fault::Refused(format!(
                "{} restrictions would end at once, more than {IMPORT_ENDED_MAX}; split the file",
                self.ended.len()
            )));
        }
        let done = Imported {
            people: self.people,
            added: self.added,
            restrictions: self.restrictions,
            unchanged: self.people - self.changed.len(),
            ended: self.ended,
            kept: self.kept,
        };
        Ok((self.changed, done))
    }
}

/// The keys of a restriction of which a file says something else than the record, between commas.
fn keys_that_differ(was: &Restriction, listed: &Restriction) -> String {
    let (Ok(Value::Object(was)), Ok(Value::Object(listed))) =
        (serde_json::to_value(was), serde_json::to_value(listed))
    else {
        return String::new();
    };
    let keys: BTreeSet<&String> = was.keys().chain(listed.keys()).collect();
    let differ = keys.into_iter().filter(|key| was.get(*key) != listed.get(*key));
    differ.map(String::as_str).collect::<Vec<_>>().join(", ")
}

/// Whether a restriction is in force, or may come into force by itself.
fn holds(restriction: &Restriction, at: DateTime<Utc>, zone: Tz) -> bool {
    matches!(restriction.status, Status::Proposed | Status::Active | Status::UnderAppeal)
        && restriction.ends.is_none_or(|ends| at < ends.end(zone))
}

/// The person of the file; whatever the file does not mention is taken from the record.
fn kept(listed: Listed, before: &Person) -> Person {
    let Listed { mut person, says } = listed;
    if !says.speaks_of(Key::Name) {
        person.name.clone_from(&before.name);
    }
    if !says.speaks_of(Key::Reference) {
        person.reference.clone_from(&before.reference);
    }
    if !says.speaks_of(Key::Address) {
        person.address.clone_from(&before.address);
    }
    if !says.speaks_of(Key::Representatives) {
        person.representatives.clone_from(&before.representatives);
    }
    if !says.speaks_of(Key::Adjustments) {
        person.adjustments.clone_from(&before.adjustments);
    }
    if !says.speaks_of(Key::Issues) {
        person.issues.clone_from(&before.issues);
    }
    if !says.speaks_of(Key::Language) {
        person.language = before.language;
    }
    if !says.speaks_of(Key::Engaged) {
        person.engaged.clone_from(&before.engaged);
    }
    if !says.speaks_of(Key::Invitations) {
        person.invitations.clone_from(&before.invitations);
    }
    if !says.speaks_of(Key::Restrictions) {
        person.restrictions.clone_from(&before.restrictions);
    }
    for identifier in &before.identifiers {
        let is_listed = person
            .identifiers
            .iter()
            .any(|one| one.kind == identifier.kind && one.value == identifier.value);
        if !is_listed && !says.speaks_of_identifier(identifier.kind, identifier.shared) {
            person.identifiers.push(identifier.clone());
        }
    }
    person
}
