//! Deciding a row of contacts in order, against records in memory and the contacts' own clock: what
//! simulation and back-test do. No store, clock or network is touched.

use std::collections::HashMap;
use std::sync::Arc;

use crate::domain::contact::Contact;
use crate::domain::decide::{Dossier, Verdict, decide};
use crate::domain::decision::{Decision, Disposition};
use crate::domain::ledger::Ledger;
use crate::domain::organisation::Organisation;
use crate::domain::person::Person;
use crate::domain::roster::Roster;
use crate::domain::sender;

/// An organisation's records in memory.
#[derive(Clone)]
pub struct Replay {
    organisation: Organisation,
    roster: Roster,
    ledgers: HashMap<String, Ledger>,
    decided: HashMap<String, Decision>,
}

impl Replay {
    pub fn new(organisation: Organisation, people: Vec<Person>) -> Self {
        let nation = organisation.profile.nation;
        let roster = Roster::new(people.into_iter().map(Arc::new), nation);
        Replay { organisation, roster, ledgers: HashMap::new(), decided: HashMap::new() }
    }

    /// Takes a person's record as it is from now on.
    pub fn put_person(&mut self, person: Person) {
        self.roster.put(Arc::new(person), self.organisation.profile.nation);
    }

    /// Whether a contact that was held would pass now. If so, what it would have added is recorded,
    /// so that it counts as any other does.
    pub fn passes_now(&mut self, contact: &Contact) -> bool {
        let recorded = self.decided.remove(&contact.id);
        let mut trial = self.clone();
        let disposition = trial.decide(contact).decision.disposition;
        let passes = matches!(disposition, Disposition::Deliver | Disposition::Route);
        if passes {
            *self = trial;
        } else if let Some(recorded) = recorded {
            self.decided.insert(contact.id.clone(), recorded);
        }
        passes
    }

    /// Decides the next contact, at its own time, and records what the decision adds.
    pub fn decide(&mut self, contact: &Contact) -> Verdict {
        let sender = sender::resolve(&self.roster, &self.organisation.profile, contact, contact.at);
        let person = sender.person().map(|person| person.id.clone());
        let mut ledger =
            person.as_ref().and_then(|id| self.ledgers.get(id)).cloned().unwrap_or_default();
        ledger.recorded = self.decided.get(&contact.id).cloned();
        let repeated = ledger.recorded.is_some();
        let dossier = Dossier { sender: &sender, ledger: Some(&ledger), reading: None };
        let verdict = decide(&self.organisation, dossier, contact, contact.at);
        if !repeated {
            self.decided.insert(contact.id.clone(), verdict.decision.clone());
            if let Some(id) = person {
                self.ledgers.entry(id).or_default().absorb(&verdict.additions);
            }
        }
        verdict
    }
}
