//! What the trail says of each step.

use super::*;
use crate::domain::lifecycle::trail::entry;

/// Name, subject, restriction, clause and facts of a step that made something, or nothing.
fn said(act: Value, made: Value) -> Value {
    let act: Act = serde_json::from_value(act).unwrap();
    let mut case = OneCase::new();
    let mut propose = proposal(json!({}));
    propose["id"] = json!("PR-1");
    propose["restriction"]["id"] = json!("R-2");
    case.take(PROPOSED, "Max", propose);
    case.record(
        "restrictions",
        json!([
            held(json!({"id": "R-1", "clause": "6.1"})),
            held(json!({"id": "R-2", "kind": "appointment_only", "grounds": null}))
        ]),
    );
    case.lay("appeals", json!([{"id": "A-1", "restriction": "R-2", "joined": [], "out_of_time": false,
        "received": {"at": "2026-03-03T10:00:00Z", "channel": "email", "grounds": [], "text": null, "contact": null,
            "recorded_by": "Ann"},
        "suspends": true, "hearer": null, "decision": null, "notified_at": null, "withdrawn_at": null}]));
    let mut profile = profile();
    for path in ["read_within_working_days", "responsible.engages_after_end"] {
        profile.clauses.insert(path.to_owned(), format!("c. {path}"));
    }
    let before = case.person.clone();
    case.person.restrictions[0].ends =
        Some(crate::domain::moment::Moment::Day("2026-05-01".parse().unwrap()));
    let Value::Object(made) = made else { panic!("not an object") };
    let stepped = Stepped {
        file: case.file,
        person: case.person,
        made,
        still_broken: None,
        effects: Vec::new(),
    };
    let entry = entry(&act, &before, &stepped, &profile);
    assert_eq!(entry.act, act.name());
    assert_eq!((entry.person.as_str(), entry.version), ("P-1", 1));
    let changes: Vec<&str> = entry.changes.iter().map(|one| one.what.as_str()).collect();
    assert_eq!(
        changes,
        if entry.restriction.as_deref() == Some("R-1") { vec!["ends"] } else { vec![] }
    );
    json!([entry.act, entry.about, entry.restriction, entry.clause, entry.facts])
}

fn assert_said(rows: Vec<(Value, Value, Value)>) {
    for (act, made, expected) in rows {
        assert_eq!(said(act.clone(), made), expected, "{act}");
    }
}

#[test]
fn steps_before_a_restriction_are_said_in_ids_and_codes() {
    assert_said(vec![
        (
            json!({"act": "record_incident", "ground": "abuse", "severity": "severe", "channel": "web_form",
                "what": "Insults."}),
            json!({"id": "I-1"}),
            json!(["record_incident", "I-1", null, null, {"ground": "abuse", "severity": "severe", "channel": "web_form"}]),
        ),
        (
            json!({"act": "record_incident", "ground": "more than a word"}),
            json!({"id": "I-1"}),
            json!(["record_incident", "I-1", null, null, {}]),
        ),
        (
            json!({"act": "close_incident", "incident": "I-1", "outcome": "no_action"}),
            json!({}),
            json!(["close_incident", "I-1", null, null, {"outcome": "no_action"}]),
        ),
        (
            json!({"act": "give_warning", "kind": "formal", "medium": "written"}),
            json!({"id": "W-1"}),
            json!(["give_warning", "W-1", null, "7", {"kind": "formal", "medium": "written"}]),
        ),
        (
            json!({"act": "offer_agreement", "terms": "Call less."}),
            json!({"id": "G-1"}),
            json!(["offer_agreement", "G-1", null, "7", {}]),
        ),
        (
            json!({"act": "answer_agreement", "agreement": "G-1", "accepted": false}),
            json!({}),
            json!(["answer_agreement", "G-1", null, null, {"accepted": "false"}]),
        ),
        (
            json!({"act": "breach_agreement", "agreement": "G-1", "what": "Calls."}),
            json!({}),
            json!(["breach_agreement", "G-1", null, null, {}]),
        ),
        (
            json!({"act": "close_agreement", "agreement": "G-1"}),
            json!({}),
            json!(["close_agreement", "G-1", null, null, {}]),
        ),
        (
            json!({"act": "record_mediation", "step": "declined", "why": "No."}),
            json!({"id": "M-1"}),
            json!(["record_mediation", "M-1", null, null, {"step": "declined"}]),
        ),
    ]);
}

#[test]
fn steps_on_proposals_and_letters_name_the_restriction_and_its_kind() {
    let on_second = json!({"restriction_kind": "appointment_only"});
    let of_proposal = |act: &str| {
        let done = json!([act, "PR-1", "R-2", null, {"restriction_kind": "appointment_only"}]);
        (json!({"act": act, "proposal": "PR-1", "why": "So."}), json!({}), done)
    };
    assert_said(vec![
        (
            json!({"act": "propose"}),
            json!({"id": "PR-1"}),
            json!(["propose", "PR-1", "R-2", null, on_second]),
        ),
        of_proposal("submit"),
        of_proposal("send_back"),
        of_proposal("withdraw_proposal"),
        (
            json!({"act": "sign_off", "proposal": "PR-1", "exception": "no_warning"}),
            json!({}),
            json!(["sign_off", "PR-1", "R-2", null, {"exception": "no_warning", "restriction_kind": "appointment_only"}]),
        ),
        (
            json!({"act": "put_in_force", "proposal": "PR-1"}),
            json!({"id": "R-1"}),
            json!(["put_in_force", "R-1", "R-1", "6.1", {"restriction_kind": "visits_in_pairs", "ground": "abuse"}]),
        ),
        (
            json!({"act": "draft_letter", "kind": "warning", "for": "W-1"}),
            json!({"id": "L-1"}),
            json!(["draft_letter", "L-1", null, "9", {"letter_kind": "warning"}]),
        ),
        (
            json!({"act": "approve_letter", "letter": "L-1"}),
            json!({}),
            json!(["approve_letter", "L-1", null, null, {}]),
        ),
        (
            json!({"act": "send_letter", "letter": "L-1", "means": "post"}),
            json!({}),
            json!(["send_letter", "L-1", null, null, {"means": "post"}]),
        ),
    ]);
}

#[test]
fn steps_on_a_restriction_name_it_with_its_kind_and_ground() {
    let first = || json!({"restriction_kind": "visits_in_pairs", "ground": "abuse"});
    let with = |key: &str, value: &str| {
        let mut facts = first();
        facts[key] = json!(value);
        facts
    };
    let second =
        |key: &str, value: &str| json!({"restriction_kind": "appointment_only", key: value});
    let of_second = json!({"restriction_kind": "appointment_only"});
    assert_said(vec![
        (
            json!({"act": "vary", "restriction": "R-1", "why": "So."}),
            json!({}),
            json!(["vary", "R-1", "R-1", "6.1", first()]),
        ),
        (
            json!({"act": "lift", "restriction": "R-1", "why": "So."}),
            json!({}),
            json!(["lift", "R-1", "R-1", "6.1", first()]),
        ),
        (
            json!({"act": "lift", "restriction": "R-9"}),
            json!({}),
            json!(["lift", "R-9", "R-9", null, {}]),
        ),
        (
            json!({"act": "review", "restriction": "R-1", "outcome": "keep"}),
            json!({"id": "V-1"}),
            json!(["review", "V-1", "R-1", "8", with("outcome", "keep")]),
        ),
        (
            json!({"act": "receive_appeal", "restriction": "R-1", "channel": "email"}),
            json!({"id": "A-1"}),
            json!(["receive_appeal", "A-1", "R-1", "10", with("channel", "email")]),
        ),
        (
            json!({"act": "assign_hearer", "appeal": "A-1", "name": "Bea"}),
            json!({}),
            json!(["assign_hearer", "A-1", "R-2", "10", second("hearer", "Bea")]),
        ),
        (
            json!({"act": "decide_appeal", "appeal": "A-1", "outcome": "quashed"}),
            json!({}),
            json!(["decide_appeal", "A-1", "R-2", "10", second("outcome", "quashed")]),
        ),
        (
            json!({"act": "notify_appeal", "appeal": "A-1", "means": "email"}),
            json!({}),
            json!(["notify_appeal", "A-1", "R-2", "10", second("means", "email")]),
        ),
        (
            json!({"act": "withdraw_appeal", "appeal": "A-1"}),
            json!({}),
            json!(["withdraw_appeal", "A-1", "R-2", null, of_second]),
        ),
        (
            json!({"act": "withdraw_appeal", "appeal": "A-9"}),
            json!({}),
            json!(["withdraw_appeal", "A-9", null, null, {}]),
        ),
    ]);
}

#[test]
fn what_is_only_recorded_is_said_by_its_subject() {
    let first = json!({"restriction_kind": "visits_in_pairs", "ground": "abuse"});
    assert_said(vec![
        (
            json!({"act": "decide_engagement", "item": "c-1", "engage": true}),
            json!({}),
            json!(["decide_engagement", "c-1", null, "c. responsible.engages_after_end", {"engage": "true"}]),
        ),
        (
            json!({"act": "reconcile_adjustment", "adjustment": "J-1", "restriction": "R-1"}),
            json!({}),
            json!(["reconcile_adjustment", "J-1", "R-1", "6.1", first]),
        ),
        (
            json!({"act": "record_staff_complaint", "about": "Max"}),
            json!({"id": "C-1"}),
            json!(["record_staff_complaint", "C-1", null, null, {"staff": "Max"}]),
        ),
        (
            json!({"act": "close_staff_complaint", "complaint": "C-1"}),
            json!({}),
            json!(["close_staff_complaint", "C-1", null, null, {}]),
        ),
        (
            json!({"act": "record_adjustment", "adjustment": {"kind": "braille"}}),
            json!({"id": "J-1"}),
            json!(["record_adjustment", "J-1", null, "5", {"kind": "braille"}]),
        ),
        (
            json!({"act": "record_absence", "restriction": "R-1", "contact": "Sam"}),
            json!({}),
            json!(["record_absence", null, "R-1", "6.1", first]),
        ),
        (
            json!({"act": "mark_read", "item": "c-1"}),
            json!({}),
            json!(["mark_read", "c-1", null, "c. read_within_working_days", {}]),
        ),
        (
            json!({"act": "record_action", "action": "police"}),
            json!({"id": "X-1"}),
            json!(["record_action", "X-1", null, null, {"action": "police"}]),
        ),
    ]);
}
