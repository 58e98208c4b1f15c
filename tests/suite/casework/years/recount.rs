//! The figures of some days, counted again from what is known to have happened.

use std::collections::BTreeMap;

use chrono::{Months, NaiveDate};
use serde_json::{Value, json};

use super::ledger::{Ledger, person};

type Counts = BTreeMap<String, u64>;

fn count(counts: &mut Counts, name: &str) {
    *counts.entry(name.to_owned()).or_default() += 1;
}

/// By the names of the figures.
pub fn recount(ledger: &Ledger, from: NaiveDate, to: NaiveDate) -> BTreeMap<&'static str, Value> {
    let within = |day: NaiveDate| from <= day && day <= to;
    let mut found = BTreeMap::new();
    warnings(ledger, within, &mut found);
    incidents(ledger, within, &mut found);
    restrictions(ledger, within, to, &mut found);
    reviews_and_appeals(ledger, within, to, &mut found);
    contacts(ledger, within, &mut found);
    found
}

type Found = BTreeMap<&'static str, Value>;

fn warnings(ledger: &Ledger, within: impl Fn(NaiveDate) -> bool, found: &mut Found) {
    let mut reasons = Counts::new();
    let sent = ledger.warnings.iter().filter(|one| one.sent.is_some_and(&within));
    let letters = sent.map(|one| count(&mut reasons, one.ground)).count();
    let given: Vec<_> = ledger.warnings.iter().filter(|one| within(one.day)).collect();
    let without = given.iter().filter(|warning| {
        let mut held = ledger.held.iter();
        !held.any(|one| one.person == warning.person && one.implemented >= warning.day)
    });
    found.insert("warnings_without_restriction", json!(without.count()));
    found.insert("warnings", json!(given.len()));
    found.insert("warning_letters", json!(letters));
    found.insert("warning_reasons", json!(reasons));
}

fn incidents(ledger: &Ledger, within: impl Fn(NaiveDate) -> bool, found: &mut Found) {
    let (mut grounds, mut states, mut people) = (Counts::new(), Counts::new(), Counts::new());
    let mut severities = Counts::new();
    for one in ledger.incidents.iter().filter(|one| within(one.day)) {
        count(&mut grounds, one.ground);
        count(&mut states, if one.closed { "answered" } else { "open" });
        count(&mut people, &person(one.person));
        count(&mut severities, "ordinary");
    }
    found.insert("incidents_by_ground", json!(grounds));
    found.insert("incidents_by_status", json!(states));
    found.insert("incidents_by_severity", json!(severities));
    found.insert("incident_history", json!(people));
}

fn restrictions(
    ledger: &Ledger,
    within: impl Fn(NaiveDate) -> bool,
    last: NaiveDate,
    found: &mut Found,
) {
    let rules = &ledger.rules;
    let suspended = |id: &str| {
        ledger.appeals.iter().any(|one| {
            one.suspends
                && !rules.kept_during_appeal
                && one.restriction == id
                && one.received <= last
                && one.decided.is_none_or(|(decided, _)| last < decided)
        })
    };
    let (mut kinds, mut grounds, mut older) = (Counts::new(), Counts::new(), Counts::new());
    let in_force = ledger.held.iter().filter(|one| {
        let over = one.end(rules).is_some_and(|end| end <= last);
        one.implemented <= last && !over && !suspended(&one.id)
    });
    for one in in_force {
        count(&mut kinds, one.kind);
        count(&mut grounds, one.ground);
        for years in 1..=4_u32 {
            if one.implemented + Months::new(12 * years) < last {
                count(&mut older, &years.to_string());
            }
        }
    }
    let new = ledger.held.iter().filter(|one| within(one.implemented)).count();
    let ended = ledger.held.iter().filter_map(|one| one.end(rules)).filter(|end| within(*end));
    found.insert("restrictions_in_force", json!(kinds.values().sum::<u64>()));
    found.insert("restrictions_by_kind", json!(kinds));
    found.insert("restrictions_by_ground", json!(grounds));
    found.insert("restrictions_older_than_years", json!(older));
    found.insert("new_restrictions", json!(new));
    found.insert("ended_restrictions", json!(ended.count()));
}

fn reviews_and_appeals(
    ledger: &Ledger,
    within: impl Fn(NaiveDate) -> bool,
    last: NaiveDate,
    found: &mut Found,
) {
    let rules = &ledger.rules;
    let (mut reviewed, mut decided) = (Counts::new(), Counts::new());
    for one in ledger.reviews.iter().filter(|one| within(one.day)) {
        count(&mut reviewed, one.outcome);
    }
    let next: Vec<NaiveDate> = ledger
        .held
        .iter()
        .filter(|one| one.end(rules).is_none_or(|end| last < end))
        .map(|one| one.review_due)
        .collect();
    let due = ledger.reviews.iter().map(|one| one.was_due).chain(next.iter().copied());
    found.insert("reviews_due", json!(due.filter(|due| within(*due)).count()));
    found.insert("reviews_overdue", json!(next.iter().filter(|due| **due < last).count()));
    found.insert("reviews_by_outcome", json!(reviewed));
    for one in &ledger.appeals {
        if let Some((_, outcome)) = one.decided.filter(|(day, _)| within(*day)) {
            count(&mut decided, outcome);
        }
    }
    let received = ledger.appeals.iter().filter(|one| within(one.received)).count();
    let open: Vec<_> = ledger.appeals.iter().filter(|one| one.decided.is_none()).collect();
    let late = open.iter().filter(|one| {
        rules.holidays.add_working_days(one.received, rules.answer_working_days) < last
    });
    found.insert("appeals_overdue", json!(late.count()));
    found.insert("appeals_due", json!(open.len()));
    found.insert("appeals_received", json!(received));
    found.insert("appeals_by_outcome", json!(decided));
}

fn contacts(ledger: &Ledger, within: impl Fn(NaiveDate) -> bool, found: &mut Found) {
    let mut channels: BTreeMap<&str, Counts> = BTreeMap::new();
    let (mut dispositions, mut lanes) = (Counts::new(), Counts::new());
    for one in ledger.contacts.iter().filter(|one| within(one.day)) {
        count(channels.entry(one.channel).or_default(), one.disposition);
        count(&mut dispositions, one.disposition);
        if let Some(lane) = one.lane {
            count(&mut lanes, lane);
        }
    }
    found.insert("contacts_by_channel", json!(channels));
    found.insert("contacts_by_disposition", json!(dispositions));
    found.insert("safeguard_hits", json!(lanes));
}
