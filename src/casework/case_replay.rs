//! Taking the steps of cases in order, and deciding contacts between them, on records in memory and
//! the steps' own clock: what `simulate --cases` does, by the production code.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, NaiveDate, Utc};
use serde_json::{Map, Value};

use super::case::check_record;
use super::person_check::normalised;
use super::replay::Replay;
use crate::domain::broken::Broken;
use crate::domain::case::CaseFile;
use crate::domain::case::act::Act;
use crate::domain::case::anchors::day;
use crate::domain::contact::Contact;
use crate::domain::decide::Verdict;
use crate::domain::decision::{Decision, Disposition};
use crate::domain::diary::{self, Case, Entry};
use crate::domain::lifecycle::{Effect, Step, step};
use crate::domain::organisation::Organisation;
use crate::domain::person::Person;
use crate::domain::profile::Role;
use crate::domain::refusal_code::RefusalCode;
use crate::domain::report::{CaseFacts, Period, figures};
use crate::domain::tally::{Contacted, DayTally};

/// Cases of one organisation in memory.
pub struct CaseReplay {
    organisation: Organisation,
    staff: BTreeMap<String, Role>,
    people: BTreeMap<String, Person>,
    files: BTreeMap<String, CaseFile>,
    contacts: Replay,
    /// Limited and filed contacts, in order, with the restrictions responsible.
    held: Vec<Held>,
    released: BTreeSet<String>,
    /// Contacts that are in the tallies.
    counted: BTreeSet<String>,
    tallies: BTreeMap<NaiveDate, DayTally>,
}

struct Held {
    contact: Contact,
    because_of: Vec<String>,
}

/// The answer to a step that was taken.
#[derive(Debug, Clone, PartialEq)]
pub struct StepAnswer {
    pub made: Map<String, Value>,
    /// Of `propose`.
    pub still_broken: Option<Vec<Broken>>,
    /// Contacts that the step released, in the order in which they came.
    pub released: Vec<String>,
}

/// The subject of a step, besides the act itself.
#[derive(Debug, Clone, Copy)]
pub struct Taken<'a> {
    pub person: &'a str,
    pub id: Option<&'a str>,
    pub by: &'a str,
    pub at: DateTime<Utc>,
}

impl CaseReplay {
    /// Restrictions of these people were decided elsewhere.
    pub fn new(
        organisation: Organisation,
        staff: BTreeMap<String, Role>,
        people: Vec<Person>,
    ) -> Self {
        let contacts = Replay::new(organisation.clone(), people.clone());
        let files = people.iter().map(|one| (one.id.clone(), CaseFile::of(&one.id))).collect();
        let people = people.into_iter().map(|one| (one.id.clone(), one)).collect();
        CaseReplay {
            organisation,
            staff,
            people,
            files,
            contacts,
            held: Vec::new(),
            released: BTreeSet::new(),
            counted: BTreeSet::new(),
            tallies: BTreeMap::new(),
        }
    }

    pub fn knows_staff(&self, name: &str) -> bool {
        self.staff.contains_key(name)
    }

    pub fn knows_person(&self, id: &str) -> bool {
        self.people.contains_key(id)
    }

    /// Takes a step on a person's case.
    ///
    /// # Errors
    /// Everything that keeps it from being taken; nothing is done then.
    pub fn step(&mut self, act: &Act, taken: Taken<'_>) -> Result<StepAnswer, Vec<Broken>> {
        let (Some(person), Some(file)) =
            (self.people.get(taken.person), self.files.get(taken.person))
        else {
            let what = format!("nobody here has the id `{}`", taken.person);
            return Err(vec![Broken::new(RefusalCode::ReferenceUnknown, what).key("person")]);
        };
        let asked = Step {
            organisation: &self.organisation,
            staff: &self.staff,
            others: &[],
            act,
            id: taken.id,
            by: taken.by,
            at: taken.at,
        };
        let mut stepped = step(file, person, &asked)?;
        stepped.person = normalised(stepped.person, &self.organisation);
        check_record(&self.organisation, person, &stepped.person)?;
        if stepped.person != *person {
            self.contacts.put_person(stepped.person.clone());
            self.people.insert(taken.person.to_owned(), stepped.person);
        }
        self.files.insert(taken.person.to_owned(), stepped.file);
        let mut released = Vec::new();
        for effect in stepped.effects {
            match effect {
                Effect::Release { contact } => {
                    if self.released.insert(contact.clone()) {
                        released.push(contact);
                    }
                }
                // No mail leaves a simulation.
                Effect::MailLetter { .. } => {}
                Effect::DecideAgain { restriction } => {
                    released.extend(self.decide_again(&restriction));
                }
            }
        }
        Ok(StepAnswer { made: stepped.made, still_broken: stepped.still_broken, released })
    }

    /// Decides contacts held because of a restriction again; what passes now is released, each once.
    fn decide_again(&mut self, restriction: &str) -> Vec<String> {
        let mut released = Vec::new();
        for held in &self.held {
            let id = &held.contact.id;
            let because = held.because_of.iter().any(|one| one == restriction);
            if !because || self.released.contains(id) {
                continue;
            }
            if self.contacts.passes_now(&held.contact) {
                self.released.insert(id.clone());
                released.push(id.clone());
            }
        }
        released
    }

    /// Decides the next contact.
    pub fn contact(&mut self, contact: &Contact) -> Decision {
        let Verdict { decision, audit, .. } = self.contacts.decide(contact);
        if !self.counted.insert(contact.id.clone()) {
            return decision;
        }
        let on = day(&self.organisation.profile, contact.at);
        self.tallies.entry(on).or_insert_with(|| DayTally::of(on)).add(&Contacted::of(&audit));
        if matches!(decision.disposition, Disposition::Limit | Disposition::File) {
            let because_of =
                decision.reasons.iter().filter_map(|reason| reason.restriction.clone()).collect();
            self.held.push(Held { contact: contact.clone(), because_of });
        }
        if let Some(file) = decision.person.as_ref().and_then(|id| self.files.get_mut(id)) {
            file.note(contact, &decision);
        }
        decision
    }

    fn cases(&self) -> impl Iterator<Item = Case<'_>> {
        let files = self.files.iter();
        files.filter_map(|(id, file)| Some(Case { file, person: self.people.get(id)? }))
    }

    /// What falls due for one person, or for all of the organisation.
    pub fn diary(&self, person: Option<&str>, at: DateTime<Utc>) -> Vec<Entry> {
        let profile = &self.organisation.profile;
        let today = day(profile, at);
        match person {
            None => diary::of_organisation(self.cases(), profile, today),
            Some(id) => self
                .cases()
                .find(|case| case.person.id == id)
                .map(|case| diary::of_person(case, profile, today))
                .unwrap_or_default(),
        }
    }

    /// The ids of a person's restrictions that are in force at an instant.
    pub fn in_force(&self, person: &str, at: DateTime<Utc>) -> Vec<String> {
        let profile = &self.organisation.profile;
        let restrictions = self.people.get(person).map(|one| one.restrictions.as_slice());
        let held = restrictions.unwrap_or_default().iter();
        held.filter(|one| one.is_in_force(at, profile)).map(|one| one.id.clone()).collect()
    }

    /// The figures of a period, asked for at an instant.
    pub fn figures(&self, from: NaiveDate, to: NaiveDate, at: DateTime<Utc>) -> Map<String, Value> {
        let profile = &self.organisation.profile;
        let today = day(profile, at);
        let facts: Vec<CaseFacts> =
            self.cases().map(|case| CaseFacts::of(case, profile, today)).collect();
        let facts: Vec<&CaseFacts> = facts.iter().collect();
        let tallies: Vec<DayTally> = self.tallies.values().cloned().collect();
        figures(&facts, &tallies, Period { from, to, today })
    }
}
