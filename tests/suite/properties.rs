//! What holds for every decision, on made-up people and contacts. A counterexample is printed as a
//! scenario.

mod replayed;
mod world;

use std::collections::BTreeMap;

use chrono::{DateTime, Datelike, Duration, TimeDelta, Utc};
use chrono_tz::Europe::London;
use contact_gateway::casework::replay::Replay;
use contact_gateway::domain::calendar::{Per, QuotaWindow};
use contact_gateway::domain::contact::Contact;
use contact_gateway::domain::decide::Verdict;
use contact_gateway::domain::decision::{Disposition, Notice};
use contact_gateway::domain::flag::Flag;
use contact_gateway::domain::identifier::Assurance;
use contact_gateway::domain::ledger::Additions;
use contact_gateway::domain::person::Person;
use contact_gateway::domain::restriction::{Kind, Mode, Quota, Restriction};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use serde_json::{Value, json};
use world::{PROFILE, SHIPPED, SHIPPED_PHRASES, World, world};

fn config() -> ProptestConfig {
    // A counterexample becomes a scenario; no file of seeds is kept beside the tests. 256 cases
    // each, or as many as PROPTEST_CASES says.
    ProptestConfig { failure_persistence: None, ..ProptestConfig::default() }
}

fn in_force(person: &Person, at: DateTime<Utc>) -> impl Iterator<Item = &Restriction> {
    person.restrictions.iter().filter(move |one| one.is_in_force(at, &PROFILE))
}

fn person_of<'a>(people: &'a [Person], verdict: &Verdict) -> Option<&'a Person> {
    people.iter().find(|person| Some(&person.id) == verdict.decision.person.as_ref())
}

fn settled_by(verdict: &Verdict, row: u8) -> bool {
    verdict.audit.rows.iter().any(|found| found.row.number() == row && found.settled)
}

/// Admitted by row 13 as the person's own contact: what quotas count.
fn counts(verdict: &Verdict) -> bool {
    let exempt = verdict.audit.rows.iter().any(|found| matches!(found.row.number(), 5 | 6));
    settled_by(verdict, 13) && !exempt
}

/// The enforced contact quotas that are in force and hold on the contact's channel.
fn quotas<'a>(person: &'a Person, contact: &Contact) -> Vec<(&'a str, &'a Quota)> {
    let channel = contact.channel;
    in_force(person, contact.at)
        .filter(|one| one.mode == Mode::Enforce)
        .filter_map(|one| {
            let Kind::ContactQuota { quota, channels } = &one.kind else { return None };
            let holds = channels.as_ref().is_none_or(|set| PROFILE.set_contains(set, channel));
            holds.then_some((one.id.as_str(), quota))
        })
        .collect()
}

/// Whether an earlier contact is in the period of a later one. By the calendar's own words, not by
/// the product's arithmetic.
fn in_period(quota: Quota, earlier: DateTime<Utc>, at: DateTime<Utc>) -> bool {
    let (day, today) = (earlier.with_timezone(&London), at.with_timezone(&London));
    let hours = |hours: i64| at - earlier < TimeDelta::hours(hours);
    earlier <= at
        && match (quota.window, quota.per) {
            (QuotaWindow::Calendar, Per::Day) => day.date_naive() == today.date_naive(),
            (QuotaWindow::Calendar, Per::Week) => day.iso_week() == today.iso_week(),
            (QuotaWindow::Calendar, Per::Month) => {
                (day.year(), day.month()) == (today.year(), today.month())
            }
            (QuotaWindow::Rolling, Per::Day) => hours(24),
            (QuotaWindow::Rolling, Per::Week) => hours(168),
            (QuotaWindow::Rolling, Per::Month) => hours(720),
        }
}

fn helps(verdict: &Verdict) -> bool {
    matches!(verdict.decision.disposition, Disposition::Deliver | Disposition::Route)
}

fn enforced_counts(additions: &Additions) -> Vec<&str> {
    let enforced = additions.counted.iter().filter(|one| one.mode == Mode::Enforce);
    enforced.map(|one| one.restriction.as_str()).collect()
}

/// The same contact under another id at another time.
fn moved(contact: &Contact, at: DateTime<Utc>) -> Contact {
    Contact { id: format!("{}-moved", contact.id), at, ..contact.clone() }
}

/// Every limited contact that was told something, with what was told and the records after it.
fn noticed(world: &World) -> Vec<(Contact, Notice, Replay)> {
    let mut replay = world.replay(Mode::Enforce);
    let mut noticed = Vec::new();
    for contact in world.contacts() {
        if let Some(notice) = replay.decide(&contact).decision.notice {
            noticed.push((contact, notice, replay.clone()));
        }
    }
    noticed
}

/// What the same contact would meet at another time, had nothing come in between.
fn verdict_at(records: &Replay, contact: &Contact, at: DateTime<Utc>) -> Verdict {
    records.clone().decide(&moved(contact, at))
}

fn is_admitted(verdict: &Verdict) -> bool {
    settled_by(verdict, 13) || settled_by(verdict, 1)
}

/// The properties say nothing about what is never made up.
#[test]
fn the_made_up_worlds_hold_every_disposition_row_and_notice() {
    const WORLDS: usize = 200;
    const OF_EACH_MIN: usize = 10;
    let mut runner = TestRunner::deterministic();
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    for _ in 0..WORLDS {
        let world = world().new_tree(&mut runner).unwrap().current();
        for (_, verdict) in world.decided(Mode::Enforce) {
            *seen.entry(verdict.decision.disposition.name().to_owned()).or_default() += 1;
            for row in verdict.audit.rows.iter().filter(|row| !row.observed) {
                *seen.entry(format!("row {}", row.row.number())).or_default() += 1;
            }
            if let Some(notice) = &verdict.decision.notice {
                let known = if notice.next_slot.is_some() { "slot" } else { "no slot" };
                *seen.entry(known.to_owned()).or_default() += 1;
            }
        }
    }
    let rows = (1..=13).map(|row| format!("row {row}"));
    let others = ["deliver", "route", "limit", "file", "slot", "no slot"].map(str::to_owned);
    for wanted in rows.chain(others) {
        let times = seen.get(&wanted).copied().unwrap_or_default();
        assert!(times >= OF_EACH_MIN, "{wanted}: {times} times; {seen:?}");
    }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn a_decision_is_made_for_everything_and_twice_the_same(world in world()) {
        let once = world.decided(Mode::Enforce);
        let twice = world.decided(Mode::Enforce);
        for ((contact, one), (_, other)) in once.iter().zip(&twice) {
            prop_assert_eq!(&one.decision, &other.decision);
            prop_assert_eq!(&one.additions, &other.additions);
            prop_assert_eq!(&one.item, &other.item);
            prop_assert_eq!(&one.audit, &other.audit);
            prop_assert_eq!(&one.decision.contact, &contact.id);
            prop_assert!(!one.decision.reasons.is_empty());
        }
    }

    #[test]
    fn the_order_of_restrictions_and_people_changes_nothing(
        (world, shuffled) in world().prop_flat_map(|world| {
            let restrictions = world.people[0]["restrictions"].as_array().unwrap().clone();
            (Just(world), Just(restrictions).prop_shuffle())
        })
    ) {
        let mut other = world.clone();
        other.people[0]["restrictions"] = Value::Array(shuffled);
        other.people.reverse();
        let decided = world.decided(Mode::Enforce);
        for ((_, one), (_, other)) in decided.iter().zip(&other.decided(Mode::Enforce)) {
            prop_assert_eq!(&one.decision, &other.decision);
        }
    }

    #[test]
    fn a_doubtful_sender_an_automatic_message_and_a_safeguard_are_never_limited(world in world()) {
        for (contact, verdict) in world.decided(Mode::Enforce) {
            let refuted = contact.from.iter().any(|from| from.assurance == Assurance::Refuted);
            let two_people = contact.from.len() > 1;
            let shared = contact.from.iter().any(|from| from.value == "+441632960100");
            let unproven = contact.channel.name() == "web_form"
                && contact.from.iter().all(|from| from.assurance != Assurance::Proven);
            let text = contact.text.as_deref().unwrap_or_default();
            let safeguard = text.starts_with("Listen: ");
            if refuted || two_people || shared || unproven || safeguard || contact.automatic {
                prop_assert!(helps(&verdict), "{} is limited or filed", contact.id);
                prop_assert_eq!(&verdict.additions.counted, &vec![], "{} is counted", contact.id);
                prop_assert!(verdict.decision.notice.is_none(), "{} is answered", contact.id);
            }
            if safeguard && !settled_by(&verdict, 1) {
                let lane = |flag: &Flag| matches!(flag, Flag::Safeguard(_));
                prop_assert!(verdict.decision.flags.iter().any(lane), "{} has no flag", contact.id);
            }
        }
    }

    #[test]
    fn an_admitted_contact_counts_once_in_every_quota_and_another_in_none(world in world()) {
        let people = world.people();
        for (contact, verdict) in world.decided(Mode::Enforce) {
            let mut counted = enforced_counts(&verdict.additions);
            counted.sort_unstable();
            if !counts(&verdict) {
                prop_assert_eq!(counted, Vec::<&str>::new(), "{} is counted", contact.id);
                continue;
            }
            let person = person_of(&people, &verdict).unwrap();
            let mut apply: Vec<&str> =
                quotas(person, &contact).into_iter().map(|(id, _)| id).collect();
            apply.sort_unstable();
            let issue_quota = |id: &str| {
                let one = person.restrictions.iter().find(|one| one.id == id);
                one.is_some_and(|one| matches!(one.kind, Kind::IssueQuota(_)))
            };
            let of_contacts: Vec<&str> =
                counted.iter().copied().filter(|id| !issue_quota(id)).collect();
            prop_assert_eq!(of_contacts, apply, "{}", contact.id);
            counted.dedup();
            prop_assert_eq!(counted.len(), verdict.additions.counted.iter()
                .filter(|one| one.mode == Mode::Enforce).count(), "{} counts twice", contact.id);
        }
    }

    #[test]
    fn no_period_ever_holds_more_than_its_quota(world in world()) {
        let people = world.people();
        let mut admitted: Vec<(String, &str, DateTime<Utc>)> = Vec::new();
        for (contact, verdict) in world.decided(Mode::Enforce) {
            let Some(person) = person_of(&people, &verdict) else { continue };
            let reached = settled_by(&verdict, 12) || counts(&verdict);
            for (id, quota) in quotas(person, &contact) {
                if counts(&verdict) {
                    admitted.push((id.to_owned(), person.id.as_str(), contact.at));
                }
                let used = admitted
                    .iter()
                    .filter(|(one, of, at)| {
                        one == id && *of == person.id && in_period(*quota, *at, contact.at)
                    })
                    .count();
                prop_assert!(used <= quota.limit as usize, "{}: {used} used of {id}", contact.id);
                let stated = verdict.decision.quotas.iter().find(|one| one.restriction == id);
                if reached {
                    prop_assert_eq!(stated.map(|one| one.used as usize), Some(used), "{}: {}",
                        contact.id, id);
                }
            }
        }
    }

    #[test]
    fn an_issue_quota_holds_no_more_issues_than_its_limit(world in world()) {
        let people = world.people();
        let mut counted: Vec<(String, String, DateTime<Utc>)> = Vec::new();
        for (contact, verdict) in world.decided(Mode::Enforce) {
            let Some(person) = person_of(&people, &verdict) else { continue };
            let enforced = verdict.additions.counted.iter().filter(|one| one.mode == Mode::Enforce);
            counted.extend(enforced.filter_map(|one| {
                let key = format!("{}/{}", person.id, one.restriction);
                Some((key, one.issue.clone()?.to_uppercase(), one.at))
            }));
            for one in in_force(person, contact.at).filter(|one| one.mode == Mode::Enforce) {
                let Kind::IssueQuota(quota) = &one.kind else { continue };
                let key = format!("{}/{}", person.id, one.id);
                let issues: std::collections::BTreeSet<&str> = counted
                    .iter()
                    .filter(|(of, _, at)| *of == key && in_period(*quota, *at, contact.at))
                    .map(|(_, issue, _)| issue.as_str())
                    .collect();
                prop_assert!(issues.len() <= quota.limit as usize, "{}: {issues:?}", contact.id);
            }
        }
    }

    #[test]
    fn a_contact_that_comes_again_changes_nothing(world in world(), again in 0usize..64) {
        let contacts = world.contacts();
        let again = again % contacts.len();
        let last = contacts[contacts.len() - 1].clone();
        let mut plain = world.replay(Mode::Enforce);
        let mut repeating = world.replay(Mode::Enforce);
        for contact in &contacts {
            let one = plain.decide(contact);
            let other = repeating.decide(contact);
            prop_assert_eq!(&one.decision, &other.decision, "{}", contact.id);
            let same_again = repeating.decide(contact);
            prop_assert_eq!(&one.decision, &same_again.decision, "{}", contact.id);
            prop_assert_eq!(&same_again.additions, &Additions::default());
            prop_assert!(same_again.item.is_none());
        }
        let late = Contact { at: last.at + Duration::days(40), ..contacts[again].clone() };
        repeating.decide(&late);
        let fresh = Contact { id: "fresh".into(), ..late };
        prop_assert_eq!(plain.decide(&fresh).decision, repeating.decide(&fresh).decision);
    }

    #[test]
    fn an_organisation_that_observes_delivers_everything(world in world()) {
        for (contact, verdict) in world.decided(Mode::Observe) {
            let decision = &verdict.decision;
            prop_assert_eq!(decision.disposition, Disposition::Deliver, "{}", contact.id);
            prop_assert_eq!(decision.mode, Mode::Observe);
            prop_assert!(decision.route.is_none() && decision.notice.is_none());
            prop_assert!(verdict.item.is_none());
            prop_assert_eq!(enforced_counts(&verdict.additions), Vec::<&str>::new());
        }
    }

    #[test]
    fn the_next_slot_is_the_first_instant_that_admits(world in world()) {
        for (contact, notice, records) in noticed(&world) {
            let Some(next) = notice.next_slot else { continue };
            prop_assert!(next > contact.at, "{}: {next} is not after now", contact.id);
            let then = verdict_at(&records, &contact, next);
            prop_assert!(is_admitted(&then), "{}: not admitted at {next}", contact.id);
            let before = next - Duration::seconds(1);
            let wait = before - contact.at;
            let earlier = (0..6).map(|sixth| contact.at + wait / 6 * sixth).chain([before]);
            for at in earlier.filter(|at| *at >= contact.at) {
                let verdict = verdict_at(&records, &contact, at);
                prop_assert!(!is_admitted(&verdict), "{}: admitted at {at}", contact.id);
            }
        }
    }

    #[test]
    fn where_no_next_slot_is_known_nothing_admits_soon(world in world()) {
        for (contact, notice, records) in noticed(&world) {
            if notice.next_slot.is_some() {
                continue;
            }
            for hours in [1, 5, 11, 26, 50, 75, 103, 171, 240, 340, 500, 760] {
                let at = contact.at + Duration::hours(hours);
                let then = verdict_at(&records, &contact, at);
                prop_assert!(!is_admitted(&then), "{}: admitted at {at}", contact.id);
            }
        }
    }

    #[test]
    fn an_attachment_that_nobody_has_seen_is_never_filed(world in world(), pick in 0usize..64) {
        let mut world = world;
        let pick = pick % world.contacts.len();
        world.contacts[pick]["attachments"] = json!([{"name": "new.pdf", "sha256": "f".repeat(64)}]);
        let decided = world.decided(Mode::Enforce);
        prop_assert_ne!(decided[pick].1.decision.disposition, Disposition::File);
    }

    #[test]
    fn whoever_is_not_restricted_is_delivered_untouched(world in world()) {
        let people = world.people();
        for (contact, verdict) in world.decided(Mode::Enforce) {
            if people.iter().any(|person| in_force(person, contact.at).next().is_some()) {
                continue;
            }
            let decision = &verdict.decision;
            prop_assert_eq!(decision.disposition, Disposition::Deliver, "{}", contact.id);
            let code = decision.reasons[0].code.as_str();
            prop_assert!(matches!(code, "unrestricted" | "sender_unknown"), "{}", code);
            prop_assert_eq!(&verdict.additions, &Additions::default());
            prop_assert!(decision.flags.is_empty() && decision.quotas.is_empty());
        }
    }

    #[test]
    fn every_phrase_of_a_lane_is_found_in_other_dress(
        phrase in any::<prop::sample::Index>(), upper in any::<bool>(), gap in "[ ,;-]{1,3}"
    ) {
        let phrase = phrase.get(&SHIPPED_PHRASES);
        let said = phrase.split(' ').collect::<Vec<_>>().join(&gap);
        let said = if upper { said.to_uppercase() } else { said };
        let contact = json!({"id": "c", "channel": "sms", "at": "2026-11-16T10:00:00Z",
            "text": format!("So... {said}. Please?")});
        let contact: Contact = serde_json::from_value(contact).unwrap();
        prop_assert!(!SHIPPED.safeguards.hits(&contact).is_empty(), "{} is not found", phrase);
    }
}
