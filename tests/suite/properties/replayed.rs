//! Every decision can be made again from what is recorded with it.

use std::collections::BTreeMap;

use contact_gateway::domain::audit::DecidedEntry;
use contact_gateway::domain::audit::facts::DecisionFacts;
use contact_gateway::domain::contact::Contact;
use contact_gateway::domain::ledger::Received;
use contact_gateway::domain::reading::Reading;
use contact_gateway::domain::reason_code::ReasonCode;
use contact_gateway::domain::replay::{DiffersIn, OnRecord, OnWhat, ReplayNeeds, replay};
use contact_gateway::domain::restriction::Mode;
use proptest::prelude::*;

use super::config;
use super::world::{PROFILE, World, organisation, world};

/// As a store reads it back.
fn read_back(entry: &DecidedEntry) -> DecidedEntry {
    let read = serde_json::from_str(&serde_json::to_string(entry).unwrap()).unwrap();
    assert_eq!(entry, &read);
    read
}

fn said(contact: &Contact) -> OnWhat {
    OnWhat {
        issue: contact.issue.clone(),
        thread: contact.thread.clone(),
        attachments: contact.attachments.iter().map(|one| one.sha256.clone()).collect(),
        fingerprints: Reading::of(&PROFILE, contact).fingerprints,
    }
}

/// Without what quotas had counted.
fn uncounted(facts: &DecisionFacts) -> DecisionFacts {
    let mut facts = facts.clone();
    for fact in &mut facts.in_force {
        fact.counted.clear();
        fact.issues.clear();
    }
    facts
}

fn all_replay(world: &World, mode: Mode) {
    let organisation = organisation(mode);
    let people = world.people();
    let mut received: BTreeMap<String, Vec<Received>> = BTreeMap::new();
    for (contact, verdict) in world.decided(mode) {
        let entry = read_back(&verdict.audit);
        let of = received.entry(entry.person.clone().unwrap_or_default()).or_default();
        if let ReplayNeeds::Facts(facts) = entry.needs() {
            let restrictions = people.iter().flat_map(|one| one.restrictions.clone());
            let record = OnRecord {
                restrictions: restrictions.map(|one| (one.terms(), one)).collect(),
                received: facts.compared.map(|_| of.clone()).unwrap_or_default(),
                said: facts.compared.map(|_| said(&contact)),
            };
            let again = replay(&organisation, &entry, facts, &record);
            assert_eq!(again, Ok(Vec::new()), "{entry:?}");
            if entry.rows.iter().any(|row| row.code == ReasonCode::ContactQuotaOver) {
                let differs = replay(&organisation, &entry, &uncounted(facts), &record).unwrap();
                assert!(differs.contains(&DiffersIn::Rows), "{entry:?}");
            }
        }
        of.extend(verdict.additions.received);
    }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn a_decision_comes_to_the_same_result_from_its_record(world in world()) {
        all_replay(&world, Mode::Enforce);
    }

    #[test]
    fn so_does_one_that_only_observes(world in world()) {
        all_replay(&world, Mode::Observe);
    }
}
