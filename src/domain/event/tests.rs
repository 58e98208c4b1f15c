use serde_json::{Value, json};

use super::*;

fn entry(mut event: Value) -> AuditEntry {
    let common = json!({"number": 7, "at": "2026-11-21T10:00:00Z", "by": "gateway"});
    event.as_object_mut().unwrap().extend(common.as_object().unwrap().clone());
    serde_json::from_value(event).unwrap()
}

fn decided(disposition: &str, rows: Value) -> Value {
    json!({"event": "decided", "contact": "c-1", "person": "P-1", "channel": "email",
           "contact_at": "2026-11-21T09:59:00Z", "disposition": disposition, "mode": "enforce",
           "stale": false, "profile_version": "1", "rows": rows})
}

fn settled(code: &str, restriction: Option<&str>) -> Value {
    json!([{"row": 8, "code": code, "restriction": restriction, "clause": "6.2", "settled": true}])
}

fn names(event: Value) -> Vec<&'static str> {
    of_entry(&entry(event)).iter().map(|event| event.kind.name()).collect()
}

#[test]
fn a_limited_contact_is_a_breach_and_a_delivered_one_nothing() {
    let limited = decided("limit", settled("contact_quota.over", Some("R-1")));
    let events = of_entry(&entry(limited));
    assert_eq!(events.len(), 2);
    assert_eq!(events[0].key, "7/contact.limited");
    assert_eq!(events[1].kind, EventKind::RestrictionBreached);
    assert_eq!(events[0].subject.as_deref(), Some("c-1"));
    let data = serde_json::to_value(&events[0].data).unwrap();
    assert_eq!(data["code"], "contact_quota.over");
    assert_eq!(data["restriction"], "R-1");
    assert_eq!(data["clause"], "6.2");
    assert!(names(decided("deliver", settled("within_limits", None))).is_empty());
}

#[test]
fn what_is_read_and_filed_as_allowed_is_no_breach() {
    let filed = decided("file", settled("read_and_file.filed", Some("R-1")));
    assert_eq!(names(filed), ["contact.filed"]);
    let ended = decided("file", settled("contact_ended.filed", Some("R-1")));
    assert_eq!(names(ended), ["contact.filed", "restriction.breached"]);
}

#[test]
fn an_observed_restriction_and_a_safeguard_are_told_as_such() {
    let mut observed = decided(
        "deliver",
        json!([
            {"row": 8, "code": "contact_quota.over", "restriction": "R-1", "clause": "6.2", "observed": true},
            {"row": 13, "code": "within_limits", "restriction": null, "clause": null, "settled": true},
        ]),
    );
    observed["would"] = json!("limit");
    let events = of_entry(&entry(observed.clone()));
    assert_eq!(events.len(), 1);
    assert_eq!(events[0].kind, EventKind::ContactObserved);
    let data = serde_json::to_value(&events[0].data).unwrap();
    assert_eq!(data["code"], "contact_quota.over");
    assert_eq!(
        names(decided("deliver", settled("safeguard.emergency", None))),
        ["contact.safeguarded"]
    );
    let mut stranger = decided("deliver", settled("safeguard.emergency", None));
    stranger["person"] = Value::Null;
    assert!(names(stranger).is_empty());
}

#[test]
fn what_staff_do_is_told_with_who_did_it() {
    let worked = json!({"event": "item", "item": "c-1", "action": "claim"});
    assert_eq!(names(worked), ["item.worked"]);
    assert_eq!(names(json!({"event": "released", "item": "c-1"})), ["item.released"]);
    assert_eq!(names(json!({"event": "person_changed", "person": "P-1"})), ["person.changed"]);
    let imported = json!({"event": "imported", "people": 3, "restrictions": 4});
    let events = of_entry(&entry(imported));
    assert_eq!(
        serde_json::to_value(&events[0].data).unwrap(),
        json!({"people": 3, "restrictions": 4, "by": "gateway"})
    );
}

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

#[test]
fn a_review_is_due_on_its_day_and_an_end_on_the_day_after() {
    let person: Person = serde_json::from_value(json!({
        "id": "P-1", "name": "x", "identifiers": [],
        "restrictions": [
            {"id": "R-1", "kind": "contact_quota", "limit": 2, "per": "week", "status": "active",
             "review_due": "2026-11-22", "ends": "2026-11-22"},
            {"id": "R-2", "kind": "contact_ended", "status": "lifted", "review_due": "2026-11-22"},
        ]
    }))
    .unwrap();
    let zone = chrono_tz::Europe::London;
    let told = |after: &str, until: &str| -> Vec<String> {
        due(&person, day(after), day(until), zone).into_iter().map(|event| event.key).collect()
    };
    assert_eq!(told("2026-11-21", "2026-11-22"), ["P-1/R-1/restriction.review_due/2026-11-22"]);
    assert_eq!(told("2026-11-22", "2026-11-23"), ["P-1/R-1/restriction.ended/2026-11-23"]);
    assert_eq!(told("2026-11-20", "2026-11-25").len(), 2, "days without a gateway are made up for");
    assert!(told("2026-11-23", "2026-12-25").is_empty());
}

#[test]
fn the_names_are_those_that_json_reads() {
    for kind in EventKind::ALL {
        assert_eq!(serde_json::to_value(kind).unwrap(), kind.name());
    }
}

#[test]
fn an_original_that_is_not_kept_is_told() {
    let mut limited = decided("limit", settled("contact_quota.over", Some("R-1")));
    limited["flags"] = json!(["original_not_kept"]);
    assert_eq!(
        names(limited),
        ["contact.limited", "restriction.breached", "contact.original_not_kept"]
    );
}

#[test]
fn each_act_is_told_by_its_kind_and_what_it_is_about() {
    let told = |event: Value| -> Vec<(String, Option<String>)> {
        let events = of_entry(&entry(event));
        events.into_iter().map(|one| (one.key, one.subject)).collect()
    };
    let merge = |event: &str| json!({"event": event, "person": "P-1", "other": "P-2", "merge": "m", "reason": "Same."});
    for (event, kind, subject) in [
        (json!({"event": "unread", "item": "c-1"}), "item.unread", "c-1"),
        (
            json!({"event": "unanswered", "item": "c-1", "from": "anns", "to": "team"}),
            "item.unanswered",
            "c-1",
        ),
        (merge("merged"), "person.changed", "P-1"),
        (merge("unmerged"), "person.changed", "P-1"),
        (
            json!({"event": "step", "act": "lift", "person": "P-1", "version": 3}),
            "case.stepped",
            "P-1",
        ),
        (
            json!({"event": "reminded", "what": "review", "about": "R-1", "person": "P-1", "state": "due"}),
            "case.reminded",
            "R-1",
        ),
        (
            json!({"event": "anchored", "entry": 6, "link": "00", "key": "01", "signature": "02"}),
            "trail.anchored",
            "6",
        ),
    ] {
        assert_eq!(
            told(event.clone()),
            [(format!("7/{kind}"), Some(subject.to_owned()))],
            "{event}"
        );
    }
    let looked = json!({"event": "looked", "looked_at": "person", "id": "P-1"});
    for nothing in [looked, json!({"event": "store_accepted", "known": 9, "found": 7})] {
        assert_eq!(told(nothing), []);
    }
}

#[test]
fn a_routed_contact_is_no_breach_and_what_would_have_been_the_same_is_not_observed() {
    let routed = decided("route", settled("single_point_of_contact.routed", Some("R-1")));
    assert_eq!(names(routed), ["contact.routed"]);
    let mut same = decided("limit", settled("restrictions_unknown", None));
    same["would"] = json!("limit");
    assert_eq!(names(same), ["contact.limited"]);
}
