//! How entries are written, and which person and item each is about.

use serde_json::json;

use super::*;

fn facts() -> DecisionFacts {
    let json = r#"{"rules":"r","sent_by":"person","found":["safeguard.emergency"],
        "in_force":[{"restriction":"R-1","terms":"t","counted":["2026-11-21T10:00:00.250Z"],
            "issues":["i"],"names_sender":true}],
        "not_in_force":[{"restriction":"R-2","terms":"t"}],
        "circumstances":["needs_channel"],"compared":3,
        "told":[{"code":"contact_quota.over","at":"2026-11-21T09:00:00Z"}]}"#;
    serde_json::from_str(json).unwrap()
}

#[test]
fn the_record_of_a_decision_is_written_as_its_entry_is() {
    let at = "2026-11-21T10:00:00.25Z".parse().unwrap();
    let row = AuditRow {
        row: DecisionRow::ChannelsOnly,
        code: ReasonCode::Other("within_quota".to_owned()),
        restriction: Some("R-1".to_owned()),
        clause: None,
        observed: false,
        settled: true,
    };
    let decided = DecidedEntry {
        contact: "c".to_owned(),
        person: None,
        channel: Channel::Email,
        contact_at: at,
        disposition: Disposition::Deliver,
        mode: Mode::Enforce,
        would: Some(Disposition::Limit),
        stale: false,
        profile_version: "1".to_owned(),
        rows: vec![row],
        flags: vec!["identity_ambiguous".into()],
        in_doubt: vec!["P-1".to_owned()],
        facts: Some(Box::new(facts())),
    };
    let record = DecidedRecord::new(Some(7), at, "gateway", &decided);
    let record = serde_json::to_string(&record).unwrap();
    let event = AuditEvent::Decided(decided);
    let entry = AuditEntry { number: 7, at, by: "gateway".to_owned(), event };
    assert_eq!(record, serde_json::to_string(&entry).unwrap());
}

#[test]
fn an_entry_names_its_queue_item() {
    let item = || "c-1".to_owned();
    let queue = || "complaints".to_owned();
    for event in [
        AuditEvent::Item { item: item(), action: "taken".to_owned() },
        AuditEvent::Released { item: item() },
        AuditEvent::Unread { item: item() },
        AuditEvent::Unanswered { item: item(), from: queue(), to: queue() },
    ] {
        assert_eq!(event.item(), Some("c-1"));
    }
    assert_eq!(AuditEvent::PersonChanged { person: "P-1".to_owned() }.item(), None);
}

#[test]
fn a_message_held_on_its_way_out_is_a_contact_of_its_person() {
    let entry = |treatment| {
        AuditEvent::Outbound(OutboundEntry {
            contact: "outbound-1".to_owned(),
            person: "P-1".to_owned(),
            restriction: "R-1".to_owned(),
            clause: None,
            code: ReasonCode::from("single_point_of_contact.other"),
            treatment,
            sender: "ann@karbon.example".to_owned(),
        })
    };
    let held = entry(OutboundTreatment::Held);
    assert_eq!((held.item(), held.contact_of("P-1")), (Some("outbound-1"), Some("outbound-1")));
    assert_eq!((held.contact_of("P-2"), held.people()), (None, vec!["P-1"]));
    for passed in [OutboundTreatment::Noted, OutboundTreatment::Warned].map(entry) {
        assert_eq!((passed.item(), passed.contact_of("P-1")), (None, None));
    }
    let written = serde_json::to_value(&held).unwrap();
    let named = ["event", "treatment"].map(|key| written[key].as_str());
    assert_eq!(named, [Some("outbound"), Some("held")]);
    assert_eq!(serde_json::from_value::<AuditEvent>(written).unwrap(), held);
}

#[test]
fn an_entry_concerns_the_people_that_it_names() {
    let people = |event: &Value| -> Vec<String> {
        let event: AuditEvent = serde_json::from_value(event.clone()).unwrap();
        event.people().into_iter().map(str::to_owned).collect()
    };
    let decided = |person: Option<&str>, in_doubt: &[&str]| {
        json!({"event": "decided", "contact": "c-1", "person": person, "channel": "email",
            "contact_at": "2026-11-21T10:00:00Z", "disposition": "deliver", "mode": "enforce", "stale": false,
            "profile_version": "1", "rows": [], "in_doubt": in_doubt})
    };
    let looked = |at: &str| json!({"event": "looked", "looked_at": at, "id": "P-1"});
    let ended = |person: &str| json!({"person": person, "restriction": "R-1"});
    let of = |event: &str, more: Value| {
        let mut of = json!({"event": event, "person": "P-1"});
        of.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        of
    };
    let merge = json!({"other": "P-2", "merge": "m", "reason": "Same."});
    let due = json!({"what": "review", "about": "R-1", "state": "due"});
    for (event, expected) in [
        (decided(None, &[]), vec![]),
        (decided(Some("P-1"), &["P-2", "P-3"]), vec!["P-1", "P-2", "P-3"]),
        (
            json!({"event": "imported", "people": 2, "restrictions": 2, "ended": [ended("P-1"), ended("P-2")]}),
            vec!["P-1", "P-2"],
        ),
        (of("person_changed", json!({})), vec!["P-1"]),
        (of("record_changed", json!({})), vec!["P-1"]),
        (of("restriction_lifted", json!({"restriction": "R-1"})), vec!["P-1"]),
        (of("erasure", json!({"action": "asked"})), vec!["P-1"]),
        (of("step", json!({"act": "lift", "version": 3})), vec!["P-1"]),
        (of("merged", merge.clone()), vec!["P-1", "P-2"]),
        (of("unmerged", merge), vec!["P-1", "P-2"]),
        (of("reminded", due), vec!["P-1"]),
        (
            json!({"event": "reminded", "what": "calendar_end", "about": "x", "person": null, "state": "due"}),
            vec![],
        ),
        (looked("person"), vec!["P-1"]),
        (looked("own_record"), vec!["P-1"]),
        (looked("equality"), vec!["P-1"]),
        (looked("item"), vec![]),
        (looked("people"), vec![]),
        (json!({"event": "released", "item": "c-1"}), vec![]),
        (json!({"event": "store_accepted", "known": 9, "found": 7}), vec![]),
    ] {
        assert_eq!(people(&event), expected, "{event}");
    }
}

#[test]
fn a_decision_is_a_contact_of_its_own_person_and_has_the_circumstances_that_it_names() {
    let decided: AuditEvent = serde_json::from_value(json!({"event": "decided", "contact": "c-1", "person": "P-1",
        "channel": "email", "contact_at": "2026-11-21T10:00:00Z", "disposition": "deliver", "mode": "enforce",
        "stale": false, "profile_version": "1", "rows": [], "in_doubt": ["P-2"]}))
    .unwrap();
    assert_eq!((decided.contact_of("P-1"), decided.contact_of("P-2")), (Some("c-1"), None));
    assert_eq!(decided.item(), None);
    let facts = facts();
    assert!(
        facts.has(facts::Circumstance::NeedsChannel) && !facts.has(facts::Circumstance::Engaged)
    );
}
