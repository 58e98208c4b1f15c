//! Replaying recorded decisions: what each was made on is brought together from its entry, from the person's record and
//! its history on the trail, and from the ledger; then the production code decides again.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use chrono::{DateTime, Utc};
use serde::Serialize;

use super::super::again::first;
use super::super::{Desk, Fault};
use crate::domain::audit::facts::{Circumstance, DecisionFacts};
use crate::domain::audit::{AuditEvent, DecidedEntry, StepEntry, Variation};
use crate::domain::contact::Contact;
use crate::domain::flag::Flag;
use crate::domain::ledger::Received;
use crate::domain::organisation::Organisation;
use crate::domain::person::Person;
use crate::domain::profile::Profile;
use crate::domain::queue::QueueItem;
use crate::domain::reading::Reading;
use crate::domain::replay::{
    DiffersIn, OnRecord, OnWhat, ReplayNeeds, Unreplayable, replay, with_terms,
};
use crate::domain::restriction::Restriction;
use crate::ports::StoreError;
use crate::ports::audit_trail::{TrailFilter, TrailSearch};
use crate::ports::documents::Order;
use crate::runtime::limits::{PAGE_ITEMS_MAX, REPLAYED_HISTORIES_MAX};

/// Which decisions are replayed.
#[derive(Debug, Clone, Default)]
pub struct ReplayWanted {
    /// Recorded at this instant or later.
    pub from: Option<DateTime<Utc>>,
    /// Recorded before this instant.
    pub to: Option<DateTime<Utc>>,
    /// Only those on this contact.
    pub contact: Option<String>,
}

/// What came of one decision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReplayResult {
    Same,
    Differs(Vec<DiffersIn>),
    Not(Unreplayable),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReplayedDecision {
    /// The entry's number in the trail.
    pub number: u64,
    /// When it was recorded.
    pub at: DateTime<Utc>,
    pub contact: String,
    pub result: ReplayResult,
}

/// How many decisions there were of each.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct ReplayTotals {
    pub same: u64,
    pub differ: u64,
    pub not_replayed: u64,
    /// Of nobody with a restriction in force, or nothing was decided: there is nothing to replay.
    pub nothing_in_force: u64,
    /// Entries of the trail, decisions among them, that were erased since, as the entries in between say.
    pub erased: u64,
}

impl ReplayTotals {
    fn add(&mut self, result: &ReplayResult) {
        match result {
            ReplayResult::Same => self.same += 1,
            ReplayResult::Differs(_) => self.differ += 1,
            ReplayResult::Not(_) => self.not_replayed += 1,
        }
    }
}

/// What is known of one person's record, with what is known of all that it was ever merged with.
#[derive(Default)]
struct History {
    restrictions: Vec<Restriction>,
    /// Each variation of a restriction, newest first.
    varied: Vec<(String, Vec<Variation>)>,
    /// The number of each decision's entry and the record that it was made on, by contact.
    decided: HashMap<String, (u64, String)>,
    /// By the number of its entry.
    merges: BTreeMap<u64, Pairing>,
    received: Vec<Received>,
}

/// Two records that were merged, or parted again.
struct Pairing {
    records: [String; 2],
    is_ended: bool,
}

impl History {
    /// Takes in an entry. Entries of one record come newest first.
    fn note(&mut self, number: u64, event: AuditEvent) {
        match event {
            AuditEvent::Decided(one) => {
                let on = one.person.unwrap_or_default();
                self.decided.insert(one.contact, (number, on));
            }
            AuditEvent::Merged { person, other, .. } => {
                let records = [person, other];
                self.merges.insert(number, Pairing { records, is_ended: false });
            }
            AuditEvent::Unmerged { person, other, .. } => {
                let records = [person, other];
                self.merges.insert(number, Pairing { records, is_ended: true });
            }
            AuditEvent::RestrictionVaried { restriction, changes, .. }
            | AuditEvent::Step(StepEntry { restriction: Some(restriction), changes, .. }) => {
                self.varied.push((restriction, changes));
            }
            _ => {}
        }
    }

    fn restriction_with(&self, id: &str, terms: &str) -> Option<Restriction> {
        let varied = || self.varied.iter().filter(move |(of, _)| of == id);
        let mut known = self.restrictions.iter().filter(|one| one.id == id);
        known
            .find_map(|now| with_terms(now, terms, varied().map(|(_, changes)| changes.as_slice())))
    }

    /// The contacts that were decided before an entry was written, on the records that were enforced together then.
    fn received_before(&self, number: u64, record: &str) -> Vec<Received> {
        let together = self.together_at(number, record);
        let is_earlier = |one: &&Received| {
            let decided = self.decided.get(&one.contact);
            decided.is_some_and(|(decided, on)| *decided < number && together.contains(on.as_str()))
        };
        self.received.iter().filter(is_earlier).cloned().collect()
    }

    /// A record, and those that it was enforced together with when an entry was written.
    fn together_at<'a>(&'a self, number: u64, record: &'a str) -> BTreeSet<&'a str> {
        let mut merged: BTreeSet<&'a [String; 2]> = BTreeSet::new();
        for merge in self.merges.range(..number).map(|(_, merge)| merge) {
            match merge.is_ended {
                true => merged.remove(&merge.records),
                false => merged.insert(&merge.records),
            };
        }
        let mut together = BTreeSet::from([record]);
        loop {
            let before = together.len();
            for [one, other] in &merged {
                if together.contains(one.as_str()) || together.contains(other.as_str()) {
                    together.extend([one.as_str(), other.as_str()]);
                }
            }
            if together.len() == before {
                return together;
            }
        }
    }
}

/// The histories that were read last, by person; `None`: nobody of this id is on record.
#[derive(Default)]
struct Histories(HashMap<String, Option<History>>);

impl Desk {
    /// Replays decisions in the order of the trail, and hands over what came of each that was made on a restriction.
    /// Changes nothing.
    ///
    /// # Errors
    /// The store can't be read.
    pub async fn replay_decisions(
        &self,
        organisation: &Organisation,
        wanted: &ReplayWanted,
        mut each: impl FnMut(ReplayedDecision),
    ) -> Result<ReplayTotals, Fault> {
        let mut totals = ReplayTotals::default();
        let mut histories = Histories::default();
        let mut after = None;
        loop {
            let filter = TrailFilter { from: wanted.from, to: wanted.to, ..TrailFilter::default() };
            let order = Order::Ascending;
            let search = TrailSearch { filter, order, after, limit: PAGE_ITEMS_MAX };
            let page = self.store.search_audit(&organisation.id, search).await?;
            for entry in page.entries {
                let decided = match entry.event {
                    AuditEvent::Decided(decided) => decided,
                    AuditEvent::Erased(erased) => {
                        // Somebody may have edited the entry.
                        let many = |(first, last): &(u64, u64)| {
                            last.checked_sub(*first).map_or(0, |many| many.saturating_add(1))
                        };
                        let gone = erased.entries.iter().map(many);
                        totals.erased = gone.fold(totals.erased, u64::saturating_add);
                        continue;
                    }
                    _ => continue,
                };
                if wanted.contact.as_ref().is_some_and(|contact| *contact != decided.contact) {
                    continue;
                }
                let result = match decided.needs() {
                    ReplayNeeds::Nothing => {
                        totals.nothing_in_force += 1;
                        continue;
                    }
                    ReplayNeeds::Unrecorded => ReplayResult::Not(Unreplayable::BeforeFacts),
                    ReplayNeeds::Facts(facts) => {
                        let asked = (entry.number, &decided, facts);
                        self.replayed(organisation, asked, &mut histories).await?
                    }
                };
                totals.add(&result);
                let (number, at, contact) = (entry.number, entry.at, decided.contact);
                each(ReplayedDecision { number, at, contact, result });
            }
            let Some(next) = page.next else { return Ok(totals) };
            after = Some(next);
        }
    }

    async fn replayed(
        &self,
        organisation: &Organisation,
        (number, decided, facts): (u64, &DecidedEntry, &DecisionFacts),
        histories: &mut Histories,
    ) -> Result<ReplayResult, Fault> {
        let people: Vec<&String> = decided.person.iter().chain(&decided.in_doubt).collect();
        if histories.0.len() + people.len() > REPLAYED_HISTORIES_MAX {
            histories.0.clear();
        }
        for person in &people {
            self.read_history(organisation, person, histories).await?;
        }
        let known: Vec<&History> =
            people.iter().filter_map(|person| histories.0.get(*person)?.as_ref()).collect();
        if known.is_empty() {
            return Ok(ReplayResult::Not(Unreplayable::PersonGone));
        }
        let named = facts.in_force.iter().chain(&facts.not_in_force);
        let restrictions = named.filter_map(|fact| {
            let mut of = known.iter();
            let found =
                of.find_map(|history| history.restriction_with(&fact.restriction, &fact.terms))?;
            Some((fact.terms.clone(), found))
        });
        let mut record = OnRecord { restrictions: restrictions.collect(), ..OnRecord::default() };
        if facts.compared.is_some()
            && let Some(person) = &decided.person
            && let Some(own) = histories.0.get(person).and_then(Option::as_ref)
        {
            record.received = own.received_before(number, person);
            let item = self.item_of(organisation, decided).await?;
            let received = own.received.iter().find(|one| one.contact == decided.contact);
            record.said = on_what(&organisation.profile, decided, received, item.as_ref());
        }
        Ok(match replay(organisation, decided, facts, &record) {
            Ok(same) if same.is_empty() => ReplayResult::Same,
            Ok(parts) => ReplayResult::Differs(parts),
            Err(why) => ReplayResult::Not(why),
        })
    }

    /// The contact's item; of one that was decided again, that of the contact itself.
    async fn item_of(
        &self,
        organisation: &Organisation,
        decided: &DecidedEntry,
    ) -> Result<Option<QueueItem>, StoreError> {
        let item = self.store.item(&organisation.id, &decided.contact).await?;
        if item.is_some() || !decided.flags.contains(&Flag::DecidedAgain) {
            return Ok(item);
        }
        match first(&decided.contact) {
            Some(contact) => self.store.item(&organisation.id, contact).await,
            None => Ok(None),
        }
    }

    async fn read_history(
        &self,
        organisation: &Organisation,
        person: &str,
        histories: &mut Histories,
    ) -> Result<(), Fault> {
        if histories.0.contains_key(person) {
            return Ok(());
        }
        let history = match self.store.person(&organisation.id, person).await? {
            Some(record) => Some(self.history(organisation, &record).await?),
            None => None,
        };
        histories.0.insert(person.to_owned(), history);
        Ok(())
    }

    async fn history(
        &self,
        organisation: &Organisation,
        person: &Person,
    ) -> Result<History, Fault> {
        let now = self.clock.now();
        let mut history = History::default();
        // The person's own record first: of contacts at one instant its own come first, as in a ledger.
        let mut records = vec![person.id.clone()];
        let mut read = 0;
        while let Some(id) = records.get(read).cloned() {
            read += 1;
            if let Some(record) = self.store.person(&organisation.id, &id).await? {
                let ledger = self.ledger_of(organisation, &record, now, true).await?;
                history.received.extend(ledger.received);
                history.restrictions.extend(record.restrictions.iter().cloned());
            }
            self.note_trail(organisation, &id, &mut history).await?;
            for paired in history.merges.values().flat_map(|pairing| &pairing.records) {
                if !records.contains(paired) {
                    records.push(paired.clone());
                }
            }
        }
        history.received.sort_by_key(|received| received.at);
        Ok(history)
    }

    /// Takes in what the trail has of a record.
    async fn note_trail(
        &self,
        organisation: &Organisation,
        record: &str,
        history: &mut History,
    ) -> Result<(), Fault> {
        let mut after = None;
        loop {
            let filter = TrailFilter { person: Some(record.to_owned()), ..TrailFilter::default() };
            let order = Order::Descending;
            let search = TrailSearch { filter, order, after, limit: PAGE_ITEMS_MAX };
            let page = self.store.search_audit(&organisation.id, search).await?;
            for entry in page.entries {
                history.note(entry.number, entry.event);
            }
            let Some(next) = page.next else { return Ok(()) };
            after = Some(next);
        }
    }
}

/// What a contact was about: by its item, and where it has none by the trace that is kept of it.
fn on_what(
    profile: &Profile,
    decided: &DecidedEntry,
    received: Option<&Received>,
    item: Option<&QueueItem>,
) -> Option<OnWhat> {
    let read = || {
        let item = item?;
        let contact = Contact {
            subject: item.subject.clone(),
            text: item.text.clone(),
            ..Contact::new(decided.contact.clone(), decided.channel, decided.contact_at)
        };
        Some(Reading::of(profile, &contact).fingerprints)
    };
    let fingerprints = received.map(|trace| trace.text.clone()).or_else(read)?;
    let has_id = |facts: &DecisionFacts| facts.has(Circumstance::HasMessageId);
    let own = usize::from(decided.facts.as_deref().is_some_and(has_id));
    // Its own message-id is first on an item, and last in a trace.
    let (issue, thread, attachments): (_, Vec<String>, _) = match (item, received) {
        (Some(item), _) => {
            (&item.issue, item.thread.iter().skip(own).cloned().collect(), &item.attachments)
        }
        (None, Some(trace)) => {
            let answered = trace.thread.len().saturating_sub(own);
            let thread = trace.thread.iter().take(answered).cloned().collect();
            (&trace.issue, thread, &trace.attachments)
        }
        (None, None) => return None,
    };
    Some(OnWhat { issue: issue.clone(), thread, attachments: attachments.clone(), fingerprints })
}
