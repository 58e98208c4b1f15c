//! Laying people of a file over those on record: what the file does not speak of stays, and nothing
//! that holds is ended without a word.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use chrono::{DateTime, Utc};
use chrono_tz::Tz;

use crate::casework::acting::Acting;
use crate::casework::person_check::{PersonFault, faults_of_change};
use crate::casework::{Desk, Fault};
use crate::domain::audit::{AuditEvent, EndedRestriction};
use crate::domain::organisation::Organisation;
use crate::domain::person::Person;
use crate::domain::restriction::{Restriction, Status};
use crate::ports::documents::{Batch, PersonWrite, WriteFault};
use crate::runtime::limits::{IMPORT_ENDED_MAX, IMPORT_READ_APART_MAX};

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
}

impl Desk {
    /// Writes people whose records were read by [`super::read_people`], all or none. What a file
    /// does not speak of stays as it is on record, and so do people who are not in it. Takes effect
    /// at once, on every gateway.
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
        let mut laid = Laid::new(organisation, stamp.at);
        for listed in people {
            let before = known.get(&listed.person.id).map(AsRef::as_ref);
            laid.over(listed, before);
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
            faults: Vec::new(),
        }
    }

    fn over(&mut self, listed: Listed, before: Option<&Person>) {
        self.people += 1;
        let Some(before) = before else {
            self.added += 1;
            self.restrictions += listed.person.restrictions.len();
            self.changed.push(listed.person);
            return;
        };
        let zone = self.organisation.profile.timezone;
        let mut person = kept(listed, before);
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
        // What a step ended here is not put back by a file that does not know it.
        for over in before.restrictions.iter().filter(|one| ended_by_step(one)) {
            if person.restrictions.iter().any(|one| one.id == over.id && holds(one, self.at, zone))
            {
                self.faults.push(PersonFault {
                    path: format!("person \"{}\": restrictions", before.id),
                    message: format!(
                        "restriction \"{}\" was lifted or quashed here; what is decided anew has an id \
                         of its own",
                        over.id
                    ),
                });
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
        };
        Ok((self.changed, done))
    }
}

fn ended_by_step(restriction: &Restriction) -> bool {
    matches!(restriction.status, Status::Lifted | Status::Quashed)
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
