//! One person of a file over the same on record.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use serde::Serialize;
use serde_json::Value;

use super::cases::FileRead;
use super::{Go, Imported, Missing};
use crate::casework::Fault;
use crate::casework::import::listed::{Key, Listed};
use crate::casework::person_check::{LastReviews, PersonFault, faults_of_change_since};
use crate::domain::audit::EndedRestriction;
use crate::domain::case::CaseFile;
use crate::domain::case::anchors::day;
use crate::domain::case::brought::Brought;
use crate::domain::case::elsewhere::{keep_merged, kept_from_lists, reuses_id};
use crate::domain::organisation::Organisation;
use crate::domain::person::Person;
use crate::domain::restriction::{Restriction, Status};
use crate::runtime::limits::IMPORT_ENDED_MAX;

/// What an import would do about one person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Planned {
    pub person: String,
    /// They are not on record yet.
    pub is_new: bool,
    /// Restrictions that would be new or others than on record, each by its id: kind, status and days.
    pub restrictions: Vec<Value>,
    /// Entries of the case that would be added or corrected.
    pub case_entries: usize,
}

/// People laid over those on record, so far.
pub(super) struct Laid<'a> {
    organisation: &'a Organisation,
    at: DateTime<Utc>,
    go: Go,
    people: usize,
    added: usize,
    restrictions: usize,
    changed: Vec<Person>,
    cases: Vec<FileRead>,
    planned: Vec<Planned>,
    /// Left out by a file that speaks of the person's restrictions.
    left_out: Vec<EndedRestriction>,
    /// Ended in so many words: a status, an end that has passed.
    ended: Vec<EndedRestriction>,
    kept: Vec<PersonFault>,
    faults: Vec<PersonFault>,
}

impl<'a> Laid<'a> {
    pub(super) const fn new(organisation: &'a Organisation, at: DateTime<Utc>, go: Go) -> Self {
        Laid {
            organisation,
            at,
            go,
            people: 0,
            added: 0,
            restrictions: 0,
            changed: Vec::new(),
            cases: Vec::new(),
            planned: Vec::new(),
            left_out: Vec::new(),
            ended: Vec::new(),
            kept: Vec::new(),
            faults: Vec::new(),
        }
    }

    pub(super) fn over(
        &mut self,
        mut listed: Listed,
        before: Option<&Person>,
        read: Option<&FileRead>,
    ) {
        self.people += 1;
        keep_merged(before, &mut listed.person);
        let case = listed.case.take();
        let file = read.map(|(file, _)| file);
        let person = match before {
            None => {
                self.added += 1;
                listed.person
            }
            Some(before) => self.laid_over(listed, before, file),
        };
        self.restrictions += person.restrictions.len();
        let entries = self.lay_case(case.as_deref(), &person, read);
        let is_same = before == Some(&person);
        if let Some(before) = before.filter(|_| !is_same) {
            // The file was checked by itself; here it is checked against what it does not mention.
            let reviewed = self.reviewed(case.as_deref(), file);
            let found = faults_of_change_since(&person, Some(before), self.organisation, &reviewed);
            self.faults.extend(found.into_iter().map(|fault| of(&person.id, fault)));
        }
        if self.go == Go::DryRun && (!is_same || entries > 0) {
            self.planned.push(planned(&person, before, entries));
        }
        if !is_same {
            self.changed.push(person);
        }
    }

    fn laid_over(&mut self, listed: Listed, before: &Person, file: Option<&CaseFile>) -> Person {
        let zone = self.organisation.profile.timezone;
        let mut person = kept(listed, before);
        self.keep_what_was_taken_here(&mut person, before, file);
        self.refuse_reuse(&person, before);
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
        // An ended restriction that is left out stays on record as it was.
        for over in before.restrictions.iter().filter(|one| !holds(one, self.at, zone)) {
            if !person.restrictions.iter().any(|one| one.id == over.id) {
                person.restrictions.push(over.clone());
            }
        }
        person
    }

    /// An ended restriction stays as it was: a new decision under its id would take its place, and its days.
    fn refuse_reuse(&mut self, person: &Person, before: &Person) {
        let profile = &self.organisation.profile;
        for (place, now) in person.restrictions.iter().enumerate() {
            let was = before.restrictions.iter().find(|one| one.id == now.id);
            let Some(key) = was.and_then(|was| reuses_id(was, now, profile, self.at)) else {
                continue;
            };
            let message = format!(
                "`{}` is the id of an ended restriction from another decision (its `{key}` \
                 differs); give the new decision a new id",
                now.id
            );
            let path = format!("restrictions[{place}].id");
            self.faults.push(of(&before.id, PersonFault { path, message }));
        }
    }

    /// Lays what the list says of the case over the file; how many entries that adds or corrects.
    fn lay_case(
        &mut self,
        case: Option<&Brought>,
        person: &Person,
        read: Option<&FileRead>,
    ) -> usize {
        let profile = &self.organisation.profile;
        let (mut file, version) = match read {
            Some((file, version)) => (file.clone(), *version),
            None if case.is_none() => return 0,
            None => (CaseFile::of(&person.id), 0),
        };
        let Some(case) = case else {
            let follows = file.follow_record(person, profile, self.at);
            self.write_case(file, version, follows);
            return usize::from(follows);
        };
        let today = day(profile, self.at);
        self.faults.extend(case.to_come(profile, today).into_iter().map(|fault| {
            let path = format!("case.{}", fault.path);
            of(&person.id, PersonFault { path, message: fault.message })
        }));
        let done = file.lay(case, person, profile, self.at);
        self.kept.extend(done.kept.into_iter().map(|entry| {
            let path = format!("case.{entry}");
            let message = "differs from the record, and only a step of the case can change it: \
                the record is kept";
            of(&person.id, PersonFault { path, message: message.to_owned() })
        }));
        self.write_case(file, version, done.changed > 0);
        done.changed
    }

    fn write_case(&mut self, mut file: CaseFile, version: u64, is_changed: bool) {
        if is_changed {
            // A step that was made on the file as it was before is judged again.
            file.version += 1;
            self.cases.push((file, version));
        }
    }

    fn reviewed(&self, case: Option<&Brought>, file: Option<&CaseFile>) -> LastReviews {
        let profile = &self.organisation.profile;
        let here = file.into_iter().flat_map(|file| &file.reviews);
        let here = here.map(|one| (one.restriction.clone(), day(profile, one.at)));
        let listed = case.into_iter().flat_map(|case| &case.reviews);
        let listed = listed.map(|one| (one.restriction.clone(), one.at.day(profile.timezone)));
        let mut last = LastReviews::new();
        for (restriction, on) in here.chain(listed) {
            let known = last.entry(restriction).or_insert(on);
            *known = (*known).max(on);
        }
        last
    }

    /// A file of decisions made elsewhere does not know those made here by a step: it changes none of
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
                    "restriction \"{}\" {taken} here, and only a step of the case can change it: \
                     the record is kept. Give a new decision a new id",
                    was.id
                ),
            });
            *listed = was.clone();
        }
    }

    pub(super) fn finish(
        mut self,
        missing: Missing,
    ) -> Result<(Vec<Person>, Vec<FileRead>, Imported), Fault> {
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
            cases: self.cases.len(),
            equality: 0,
            ended: self.ended,
            kept: self.kept,
            planned: self.planned,
        };
        Ok((self.changed, self.cases, done))
    }
}

/// A fault of somebody of the file.
fn of(person: &str, fault: PersonFault) -> PersonFault {
    PersonFault { path: format!("person \"{person}\": {}", fault.path), ..fault }
}

fn planned(person: &Person, before: Option<&Person>, case_entries: usize) -> Planned {
    let is_known = |one: &Restriction| before.is_some_and(|was| was.restrictions.contains(one));
    let new = person.restrictions.iter().filter(|one| !is_known(one));
    let shown = new.map(|one| {
        serde_json::json!({
            "id": one.id, "kind": one.kind.name(), "status": one.status,
            "starts": one.starts, "review_due": one.review_due, "ends": one.ends,
        })
    });
    Planned {
        person: person.id.clone(),
        is_new: before.is_none(),
        restrictions: shown.collect(),
        case_entries,
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
    let Listed { mut person, says, case: _, equality: _ } = listed;
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
