//! What a decision was made on, rebuilt from the facts recorded with it.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::OnRecord;
use crate::domain::audit::DecidedEntry;
use crate::domain::audit::facts::{Circumstance, DecisionFacts, RestrictionFact, SentBy};
use crate::domain::contact::{Attachment, Contact};
use crate::domain::decide::Dossier;
use crate::domain::digest::digest_of;
use crate::domain::doubt::Doubt;
use crate::domain::issue::counted_issue;
use crate::domain::ledger::{Counted, Ledger};
use crate::domain::organisation::Organisation;
use crate::domain::person::{Adjustment, AdjustmentKind, Engaged, Person};
use crate::domain::reading::Reading;
use crate::domain::reason_code::ReasonCode;
use crate::domain::restriction::{Kind, Mode, Restriction, Status};
use crate::domain::safeguard::{FoundBy, Hit, Lane, Spelling};
use crate::domain::sender::{Sender, Standing};

/// A thread that no message is on, by which an issue that is engaged with is recognised.
const ENGAGED_THREAD: &str = "engaged by the facts";

/// What [`crate::domain::decide::decide`] asks for.
pub(super) struct Rebuilt {
    pub(super) contact: Contact,
    sender: Sender,
    ledger: Ledger,
    reading: Reading,
}

impl Rebuilt {
    pub(super) fn new(
        organisation: &Organisation,
        decided: &DecidedEntry,
        facts: &DecisionFacts,
        record: &OnRecord,
        restrictions: Vec<Restriction>,
    ) -> Self {
        let contact = contact(decided, facts, record);
        let names = Names::new(&contact, record, &restrictions);
        let ledger = Ledger {
            recorded: None,
            counted: facts
                .in_force
                .iter()
                .zip(&restrictions)
                .flat_map(|(fact, restriction)| counted(organisation, fact, restriction, &names))
                .collect(),
            received: record.received.clone(),
            told: facts.told.clone(),
            lanes_used: Vec::new(),
        };
        let reading = Reading {
            hits: facts.found.iter().filter_map(ReasonCode::lane).map(hit).collect(),
            resembles: Vec::new(),
            fingerprints: record
                .said
                .as_ref()
                .map_or_else(Vec::new, |said| said.fingerprints.clone()),
        };
        let sender = sender(decided, facts, person(decided, facts, &contact, restrictions));
        Rebuilt { contact, sender, ledger, reading }
    }

    pub(super) fn dossier(&self, facts: &DecisionFacts) -> Dossier<'_> {
        let is_away = facts.has(Circumstance::StoreAway);
        Dossier {
            sender: &self.sender,
            ledger: (!is_away).then_some(&self.ledger),
            reading: Some(&self.reading),
        }
    }
}

/// By what words a lane was found is not recorded, and decides nothing.
fn hit(lane: Lane) -> Hit {
    Hit { lane, by: String::new(), part: FoundBy::Words, spelling: Spelling::Written }
}

fn contact(decided: &DecidedEntry, facts: &DecisionFacts, record: &OnRecord) -> Contact {
    let said = record.said.as_ref();
    let mut thread = said.map_or_else(Vec::new, |said| said.thread.clone());
    if facts.has(Circumstance::Engaged) {
        thread.push(ENGAGED_THREAD.to_owned());
    }
    let attachment =
        |sha256: &String| Attachment { name: String::new(), sha256: sha256.clone(), bytes: 0 };
    let attachments = said.map_or(&[][..], |said| &said.attachments);
    Contact {
        issue: said.and_then(|said| said.issue.clone()),
        thread,
        attachments: attachments.iter().map(attachment).collect(),
        automatic: facts.has(Circumstance::Automatic),
        invited: facts.has(Circumstance::Invited),
        ambiguous: facts.has(Circumstance::Ambiguous),
        unread: facts.has(Circumstance::Unread),
        unanswerable: facts.has(Circumstance::Unanswerable),
        unstoppable: facts.has(Circumstance::Unstoppable),
        notified_apart: facts.has(Circumstance::NotifiedApart),
        ..Contact::new(decided.contact.clone(), decided.channel, decided.contact_at)
    }
}

/// The references that an issue's digest can be of.
struct Names(Vec<String>);

impl Names {
    fn new(contact: &Contact, record: &OnRecord, restrictions: &[Restriction]) -> Self {
        let closed = restrictions.iter().filter_map(|one| one.kind.closed());
        let references = contact
            .issue
            .iter()
            .chain(record.received.iter().filter_map(|earlier| earlier.issue.as_ref()))
            .chain(closed.flat_map(|closed| &closed.issues));
        Names(references.map(|issue| counted_issue(issue)).collect())
    }

    /// One that is not on record goes by its digest: it is another than all of these.
    fn of(&self, digest: &str) -> String {
        let known = self.0.iter().find(|name| digest_of(name.as_bytes()) == digest);
        known.map_or_else(|| digest.to_owned(), Clone::clone)
    }
}

fn counted(
    organisation: &Organisation,
    fact: &RestrictionFact,
    restriction: &Restriction,
    names: &Names,
) -> Vec<Counted> {
    let mode = organisation.mode_of(restriction);
    let issues = fact.issues.iter().map(Some).chain(std::iter::repeat(None));
    let each = fact.counted.iter().zip(issues);
    each.map(|(at, issue)| Counted {
        restriction: restriction.id.clone(),
        mode,
        at: *at,
        issue: issue.map(|digest| names.of(digest)),
    })
    .collect()
}

/// The person by what the facts say of the record, and no more.
fn person(
    decided: &DecidedEntry,
    facts: &DecisionFacts,
    contact: &Contact,
    restrictions: Vec<Restriction>,
) -> Arc<Person> {
    let adjustment = Adjustment {
        id: None,
        kind: AdjustmentKind::NeedsChannel,
        channel: Some(decided.channel),
        note: None,
        review_due: None,
    };
    let engaged = Engaged { issue: None, threads: vec![ENGAGED_THREAD.to_owned()] };
    let listed = contact.issue.iter().filter(|_| facts.has(Circumstance::IssueListed));
    Arc::new(Person {
        adjustments: one_if(facts.has(Circumstance::NeedsChannel), adjustment),
        issues: listed.cloned().collect(),
        engaged: one_if(facts.has(Circumstance::Engaged), engaged),
        restrictions,
        ..nobody(decided.person.clone().unwrap_or_default())
    })
}

fn one_if<T>(holds: bool, one: T) -> Vec<T> {
    holds.then_some(one).into_iter().collect()
}

fn nobody(id: String) -> Person {
    Person {
        id,
        name: String::new(),
        reference: None,
        address: None,
        language: None,
        identifiers: Vec::new(),
        representatives: Vec::new(),
        adjustments: Vec::new(),
        issues: Vec::new(),
        invitations: Vec::new(),
        engaged: Vec::new(),
        restrictions: Vec::new(),
        merged_into: None,
        merged: Vec::new(),
        together: None,
    }
}

fn sender(decided: &DecidedEntry, facts: &DecisionFacts, person: Arc<Person>) -> Sender {
    let mut candidates = vec![Arc::clone(&person)];
    if facts.has(Circumstance::SeveralRecords) {
        let merged_into = Some(person.id.clone());
        candidates.push(Arc::new(Person { merged_into, ..nobody(format!("{}-2", person.id)) }));
    }
    if facts.in_force.is_empty() {
        // Of the sender nothing was, but of somebody else whose identifier the contact carries.
        let restrictions = vec![unfelt()];
        candidates.push(Arc::new(Person { restrictions, ..nobody("another".to_owned()) }));
    }
    let standing = match facts.sent_by {
        SentBy::Person => Standing::Own(person),
        SentBy::Representative => {
            let name = representative(facts, &person.restrictions);
            Standing::Representative { person, name }
        }
        SentBy::Doubtful => {
            let doubts: BTreeSet<Doubt> =
                facts.found.iter().filter_map(ReasonCode::doubt).collect();
            Standing::Doubtful { doubts, person: decided.person.is_some().then_some(person) }
        }
    };
    let unread = facts.has(Circumstance::SenderUnread);
    Sender { standing, candidates, mentioned: Vec::new(), unread }
}

/// A restriction in force that decides nothing about a contact.
fn unfelt() -> Restriction {
    Restriction {
        id: "R".to_owned(),
        kind: Kind::VisitsInPairs,
        status: Status::Active,
        mode: Mode::Enforce,
        grounds: None,
        clause: None,
        starts: None,
        review_due: None,
        ends: None,
        decided_by: None,
        signed_off_by: None,
        profile_version: None,
    }
}

/// A name that the restrictions name which the facts say do, and no other: whose it is decides nothing else.
fn representative(facts: &DecisionFacts, restrictions: &[Restriction]) -> String {
    let lists = || {
        facts.in_force.iter().zip(restrictions).filter_map(|(fact, restriction)| {
            let Kind::RepresentativeOnly { names: Some(names) } = &restriction.kind else {
                return None;
            };
            Some((fact.names_sender, names))
        })
    };
    let fits = |name: &&String| lists().all(|(is_named, names)| names.contains(name) == is_named);
    let named = lists().flat_map(|(_, names)| names).find(fits);
    named.cloned().unwrap_or_default()
}
