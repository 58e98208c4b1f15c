//! A back-test is what live decisions on the same stream are, contact for contact: for every policy, random
//! drafts beside random restrictions, and random streams.
//!
//! `ROUNDS` says how many each policy gets, `SEED` what chance begins with.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};
use contact_gateway::domain::person::Person;
use contact_gateway::store::memory::Memory;
use serde_json::{Value, json};

use super::rig::{CaseOffice, profile, shipped, staff};
use crate::fuzz::chance::Chance;

const ROUNDS: u64 = 3;
const CONTACTS: u64 = 40;
const DAYS: i64 = 28;

const POLICIES: [&str; 5] =
    ["karbon-homes", "tuntum", "calico-homes", "derby-homes", "united-welsh"];
const CHANNELS: [&str; 5] = ["email", "telephone", "letter", "web_form", "sms"];

fn chosen(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

fn one<'a, T: ?Sized>(chance: &mut Chance, of: &[&'a T]) -> &'a T {
    of[chance.index(of.len())]
}

fn some(chance: &mut Chance, of: &[&str]) -> Vec<String> {
    let mut chosen: Vec<String> =
        of.iter().filter(|_| chance.below(2) == 0).map(|it| (*it).to_owned()).collect();
    if chosen.is_empty() {
        chosen.push(one(chance, of).to_owned());
    }
    chosen
}

/// What a restriction does, by chance.
fn kind(chance: &mut Chance) -> Value {
    let weekdays = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
    match chance.below(8) {
        0 | 1 => {
            let mut quota = json!({
                "kind": "contact_quota", "limit": 1 + chance.below(3),
                "per": one(chance, &["day", "week", "month"]),
                "window": one(chance, &["calendar", "rolling"])
            });
            if chance.below(2) == 0 {
                quota["channels"] = json!(some(chance, &CHANNELS));
            }
            quota
        }
        2 => json!({"kind": "channels_only", "channels": some(chance, &CHANNELS)}),
        3 | 4 => {
            let from = one(chance, &["07:00", "09:30", "12:00"]);
            let windows = json!([{"days": some(chance, &weekdays), "from": from, "to": "16:45"}]);
            json!({"kind": "hours_only", "windows": windows, "channels": some(chance, &CHANNELS),
                   "bank_holidays": chance.below(2) == 0})
        }
        5 => json!({"kind": "representative_only"}),
        6 => {
            let absences = json!([{"contact": "Pat", "from": "2026-11-09", "to": "2026-11-13"}]);
            json!({
                "kind": "single_point_of_contact",
                "contact": {"name": "Pat", "email": "pat@office.example", "phone": "0191 498 0123"},
                "deputies": [{"name": "Deb", "email": "deb@office.example"}],
                "absences": if chance.below(2) == 0 { absences } else { json!([]) }
            })
        }
        _ => json!({"kind": one(chance, &["contact_ended", "read_and_file"])}),
    }
}

fn restriction(id: &str, kind: &Value) -> Value {
    let mut whole = json!({
        "id": id, "grounds": "demands", "clause": "1", "starts": "2026-11-01",
        "review_due": "2027-04-01", "decided_by": "Max"
    });
    whole.as_object_mut().unwrap().extend(kind.as_object().unwrap().clone());
    whole
}

/// Contacts of four weeks, in the order in which they come.
fn stream(chance: &mut Chance) -> Vec<Value> {
    let first: DateTime<Utc> = "2026-11-01T00:10:00Z".parse().unwrap();
    let mut minutes: Vec<i64> =
        (0..CONTACTS).map(|_| i64::try_from(chance.below(27 * 24 * 60)).unwrap()).collect();
    minutes.sort_unstable();
    minutes.dedup();
    let numbered = minutes.into_iter().enumerate();
    numbered
        .map(|(number, minute)| {
            let from = match chance.below(10) {
                0 => json!({"kind": "email", "value": "ray@help.example", "assurance": "proven"}),
                1 => json!({"kind": "email", "value": "jo@home.example", "assurance": "refuted"}),
                2..5 => json!({"kind": "phone", "value": "07700 900123"}),
                _ => json!({"kind": "email", "value": "jo@home.example", "assurance": "proven"}),
            };
            let text = one(
                chance,
                &[
                    "There is a gas leak, I can smell gas.",
                    "I want a copy of all the data you hold about me.",
                    "Please tell me when the roof is mended.",
                    "The window does not shut.",
                    "Nobody has called me back.",
                    "",
                ],
            );
            json!({
                "id": format!("c-{number}"), "channel": one(chance, &CHANNELS),
                "at": first + TimeDelta::minutes(minute), "from": [from],
                "to": ["repairs@office.example"], "subject": "The roof", "text": text,
                "automatic": chance.below(12) == 0
            })
        })
        .collect()
}

async fn office(policy: &str, restrictions: Value) -> CaseOffice {
    let profile = profile(&shipped(&format!("{policy}.toml")), None);
    let office = CaseOffice::open(Memory::new(), profile, &staff(&[("Max", "manager")]));
    office.clock.set("2026-11-01T00:00:00Z".parse().unwrap());
    let person: Person = serde_json::from_value(json!({
        "id": "P-1", "name": "Jo Doe",
        "identifiers": [{"kind": "email", "value": "jo@home.example"},
                        {"kind": "phone", "value": "07700 900123"}],
        "adjustments": [{"kind": "needs_channel", "channel": "sms"}],
        "representatives": [{"name": "Ray", "until": "2026-11-20",
                             "identifiers": [{"kind": "email", "value": "ray@help.example"}]}],
        "restrictions": restrictions
    }))
    .unwrap();
    office.put_on_record(vec![person]).await;
    office
}

/// What became of each contact, and whether it was taken for the person's.
async fn live(office: &CaseOffice, stream: &[Value]) -> BTreeMap<String, (String, bool)> {
    let mut decided = BTreeMap::new();
    for contact in stream {
        office.clock.set(contact["at"].as_str().unwrap().parse().unwrap());
        let decision = office.contact(&serde_json::from_value(contact.clone()).unwrap()).await;
        let is_theirs = decision.person.is_some();
        decided.insert(decision.contact, (decision.disposition.name().to_owned(), is_theirs));
    }
    office.clock.set("2026-11-29T00:00:00Z".parse().unwrap());
    decided
}

/// Of how many contacts a back-test said what came of them, and how many of all the draft changed.
struct Compared {
    same: usize,
    changed: usize,
}

async fn compare(policy: &str, chance: &mut Chance) -> Compared {
    let stream = stream(chance);
    let draft = restriction("R-9", &kind(chance));
    // With a restriction that changes nothing, everything that a decision goes by is on record.
    let mut held = vec![restriction("R-1", &json!({"kind": "visits_in_pairs"}))];
    if chance.below(2) == 0 {
        held.push(restriction("R-2", &kind(chance)));
    }
    let before = office(policy, json!(held)).await;
    let was = live(&before, &stream).await;
    let about = format!("{policy}: {draft} beside {}", json!(held));
    let with: Vec<Value> = held.iter().cloned().chain([draft.clone()]).collect();
    let expected = live(&office(policy, json!(with)).await, &stream).await;
    let body = json!({"restriction": draft, "days": DAYS});
    let tested = before.post("Max", "/api/v1/people/P-1/back-tests", &body).await.json();
    let contacts = tested["contacts"].as_array().unwrap_or_else(|| panic!("{about}: {tested}"));
    let theirs: Vec<&String> = was.iter().filter(|one| one.1.1).map(|one| one.0).collect();
    let found: BTreeSet<&str> =
        contacts.iter().map(|one| one["contact"].as_str().unwrap()).collect();
    assert!(found.iter().eq(theirs.iter()), "{about}: {found:?}");
    let goes_by_content = ["contact_ended", "read_and_file"];
    let compares = with.iter().any(|one| goes_by_content.iter().any(|kind| one["kind"] == *kind));
    let mut same = 0;
    for one in contacts {
        let id = one["contact"].as_str().unwrap();
        assert_eq!(one["was"], was[id].0, "{about}: {one}");
        if one["content_unknown"] == true {
            // What was delivered is not kept: whether it was new can't be told afterwards, and is said.
            assert!(compares, "{about}: {one}");
        } else {
            assert_eq!(one["would"], expected[id].0, "{about}: {one}");
            same += 1;
        }
    }
    let changed = was.iter().filter(|(id, was)| expected[*id] != **was);
    let changed: Vec<&String> = changed.map(|(id, _)| id).collect();
    assert!(changed.iter().all(|id| theirs.contains(id)), "{about}: {changed:?}");
    Compared { same, changed: changed.len() }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn random_drafts_on_random_streams_are_what_live_decisions_are_for_every_policy() {
    let (rounds, seed) = (chosen("ROUNDS", ROUNDS), chosen("SEED", 1));
    println!("ROUNDS={rounds} SEED={seed}");
    let (mut same, mut changed) = (0, 0);
    for (number, policy) in POLICIES.into_iter().enumerate() {
        let mut chance = Chance(seed * 5 + u64::try_from(number).unwrap());
        for _ in 0..rounds {
            let compared = compare(policy, &mut chance).await;
            same += compared.same;
            changed += compared.changed;
        }
    }
    println!("{same} contacts compared, {changed} changed");
    assert!(same > 0 && changed > 0, "no draft restricted anything");
}
