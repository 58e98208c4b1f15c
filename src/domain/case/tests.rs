//! What is found in a case file, and what its entries answer about themselves.

use chrono::DateTime;
use serde_json::{Value, json};

use super::act::Act;
use super::appeal::AppealOutcome;
use super::conduct::{Medium, Severity};
use super::letter::LetterKind;
use super::restraint::ReviewOutcome;
use super::*;
use crate::domain::profile::Exception;

pub(super) const AT: &str = "2026-03-02T10:00:00Z";

/// An entry with these keys besides its own, or in their place.
pub(super) fn with(mut entry: Value, more: &Value) -> Value {
    entry.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    entry
}

pub(super) fn file(parts: Value) -> CaseFile {
    serde_json::from_value(parts).unwrap()
}

pub(super) fn incident(id: &str, more: &Value) -> Value {
    let entry = json!({"id": id, "recorded_at": AT, "reported_by": "Ann Bell", "ground": "abuse", "severity": "severe",
        "happened_at": AT, "channel": "email", "what": "Insults.", "contacts": [], "interaction_ended": false,
        "told": [], "staff": []});
    with(entry, more)
}

pub(super) fn restraint(restriction: &str, more: &Value) -> Value {
    let entry = json!({"restriction": restriction, "proposal": "PR-1", "decided_elsewhere": false,
        "decided": "2026-01-05", "letter_sent": "2026-01-06", "implemented": "2026-01-07", "took_part": [],
        "variations": []});
    with(entry, more)
}

pub(super) fn review(id: &str, restriction: &str, more: &Value) -> Value {
    let entry = json!({"id": id, "restriction": restriction, "at": AT, "by": "Ann Bell", "outcome": "keep",
        "why": "As before.", "letter_owed": false});
    with(entry, more)
}

pub(super) fn appeal(id: &str, restriction: &str, more: &Value) -> Value {
    let received = json!({"at": AT, "channel": "letter", "grounds": [], "recorded_by": "Ann Bell"});
    let entry = json!({"id": id, "restriction": restriction, "received": received, "joined": [],
        "out_of_time": false, "suspends": false});
    with(entry, more)
}

pub(super) fn decided() -> Value {
    json!({"decision": {"at": AT, "by": "Ed Fox", "outcome": "upheld", "why": "Right."}})
}

pub(super) fn letter(id: &str, kind: &str, about: &str, more: &Value) -> Value {
    let entry = json!({"id": id, "kind": kind, "about": about, "language": "en", "format": "standard", "parts": [],
        "drafted_at": AT, "drafted_by": "Ann Bell"});
    with(entry, more)
}

pub(super) fn sent(at: &str) -> Value {
    json!({"sent": {"at": at, "by": "Ann Bell", "means": "post"}})
}

pub(super) fn proposal(id: &str, more: &Value) -> Value {
    let entry = json!({"id": id, "at": AT, "by": "Ann Bell", "state": "waiting", "incidents": ["I-1"], "aim": "Calm.",
        "exceptions": [], "restriction": {"id": "R-1", "kind": "visits_in_pairs"}});
    with(entry, more)
}

pub(super) fn signature(name: &str, at: &str) -> Value {
    json!({"name": name, "role": "manager", "at": at})
}

fn exception(exception: &str, signature: Option<Value>) -> Value {
    json!({"exception": exception, "justification": "Severe.", "signature": signature})
}

fn complaint(id: &str, about: &str, closed: bool) -> Value {
    let close = json!({"at": AT, "by": "Ann Bell", "outcome": "No.", "why": ""});
    json!({"id": id, "at": AT, "by": "Ann Bell", "about": about, "what": "Rude.", "closed": closed.then_some(close)})
}

fn warning(id: &str) -> Value {
    json!({"id": id, "at": AT, "by": "Ann Bell", "incidents": [], "kind": "formal", "medium": "verbal",
        "behaviour": "Insults.", "must_change": "No insults."})
}

#[test]
fn an_entry_is_found_by_its_own_id() {
    let nothing = json!({});
    let file = file(json!({
        "incidents": [incident("a", &nothing), incident("b", &nothing)],
        "warnings": [warning("a"), warning("b")],
        "proposals": [proposal("a", &nothing), proposal("b", &nothing)],
        "letters": [letter("a", "warning", "W-1", &nothing), letter("b", "warning", "W-1", &nothing)],
        "restraints": [restraint("a", &nothing), restraint("b", &nothing)],
        "appeals": [appeal("a", "R-1", &nothing), appeal("b", "R-1", &nothing)],
    }));
    for id in ["a", "b"] {
        assert_eq!(file.incident(id).unwrap().id, id);
        assert_eq!(file.warning(id).unwrap().id, id);
        assert_eq!(file.proposal(id).unwrap().id, id);
        assert_eq!(file.letter(id).unwrap().id, id);
        assert_eq!(file.restraint(id).unwrap().restriction, id);
        assert_eq!(file.appeal(id).unwrap().id, id);
    }
    assert!(file.incident("c").is_none() && file.warning("c").is_none());
    assert!(file.proposal("c").is_none() && file.letter("c").is_none());
    assert!(file.restraint("c").is_none() && file.appeal("c").is_none());
    assert_eq!(CaseFile::of("P-1"), self::file(json!({"person": "P-1"})));
}

#[test]
fn an_appeal_is_open_until_it_is_decided_or_withdrawn() {
    let states = [
        (json!({}), true, "received"),
        (
            json!({"hearer": {"name": "Ed Fox", "role": "manager", "assigned_at": AT}}),
            true,
            "being_heard",
        ),
        (decided(), false, "decided"),
        (with(decided(), &json!({"notified_at": AT})), false, "notified"),
        (json!({"withdrawn_at": AT}), false, "withdrawn"),
    ];
    for (more, is_open, state) in states {
        let file = file(
            json!({"appeals": [appeal("A-1", "R-2", &json!({})), appeal("A-2", "R-1", &more)]}),
        );
        let one = file.appeal("A-2").unwrap();
        assert_eq!((one.is_open(), one.state()), (is_open, state));
        let open = file.open_appeal("R-1").map(|one| one.id.as_str());
        assert_eq!(open, is_open.then_some("A-2"), "{more}");
    }
    for outcome in [AppealOutcome::Upheld, AppealOutcome::Varied, AppealOutcome::Quashed] {
        assert_eq!(serde_json::to_value(outcome).unwrap(), outcome.name());
    }
}

#[test]
fn somebody_is_accused_while_a_complaint_about_them_is_open() {
    let file = file(json!({"staff_complaints": [
        complaint("S-1", "Bo Carr", true), complaint("S-2", "Cy Dunn", false),
    ]}));
    for (name, expected) in
        [("Bo Carr", false), ("Cy Dunn", true), (" cy  DUNN", true), ("Ann Bell", false)]
    {
        assert_eq!(file.is_accused(name), expected, "{name}");
    }
    assert!(!CaseFile::of("P-1").is_accused("Cy Dunn"));
}

#[test]
fn the_last_letter_of_its_kind_and_subject_that_went_is_found() {
    let failed = json!({"sent": {"at": AT, "by": "Ann Bell", "means": "email",
        "mail": {"to": "jo@x.example", "state": "failed", "at": AT}}});
    let file = file(json!({"letters": [
        letter("L-1", "restriction", "R-1", &sent(AT)), letter("L-2", "restriction", "R-1", &sent(AT)),
        letter("L-3", "restriction", "R-1", &failed), letter("L-4", "restriction", "R-1", &json!({})),
        letter("L-5", "restriction", "R-2", &sent(AT)), letter("L-6", "variation", "R-1", &sent(AT)),
        letter("L-7", "lifted", "R-1", &json!({})),
    ]}));
    let found = |kind, about: &str| file.sent(kind, about).map(|one| one.id.as_str());
    assert_eq!(found(LetterKind::Restriction, "R-1"), Some("L-2"));
    assert_eq!(found(LetterKind::Restriction, "R-2"), Some("L-5"));
    assert_eq!(found(LetterKind::Variation, "R-1"), Some("L-6"));
    for (kind, about) in [(LetterKind::Lifted, "R-1"), (LetterKind::Variation, "R-2")] {
        assert_eq!(found(kind, about), None);
    }
}

#[test]
fn a_contact_is_noted_once_for_each_thing_that_it_asks_of_staff() {
    let task = |contact: &str, kind| Task {
        contact: contact.to_owned(),
        kind,
        at: DateTime::UNIX_EPOCH,
        restriction: None,
        issue: None,
        thread: Vec::new(),
        done: None,
    };
    let mut file = CaseFile::of("P-1");
    assert!(file.add_task(task("c-1", TaskKind::ReadFiled)));
    assert!(!file.add_task(task("c-1", TaskKind::ReadFiled)));
    assert!(file.add_task(task("c-1", TaskKind::Engagement)));
    assert!(file.add_task(task("c-2", TaskKind::ReadFiled)));
    assert_eq!(file.tasks.len(), 3);
}

#[test]
fn what_was_filed_or_is_new_after_the_end_waits_for_somebody_and_what_went_on_does_not() {
    let mut contact: Contact = serde_json::from_value(json!({
        "id": "c-1", "channel": "email", "at": AT, "issue": "C-1",
    }))
    .unwrap();
    contact.message_id = Some("<own@x>".to_owned());
    contact.thread = vec!["<before@x>".to_owned()];
    let reason =
        |code: &str| json!({"code": code, "restriction": "R-1", "clause": null, "text": "x"});
    let noted = |disposition: &str, codes: &[&str]| -> CaseFile {
        let reasons: Vec<Value> = codes.iter().map(|code| reason(code)).collect();
        let decision: Decision = serde_json::from_value(json!({
            "contact": "c-1", "person": "P-1", "disposition": disposition, "mode": "enforce", "route": null,
            "reasons": reasons, "flags": [], "quotas": [], "notice": null, "stale": false,
        }))
        .unwrap();
        let mut file = CaseFile::of("P-1");
        file.note(&contact, &decision);
        file
    };
    let (filed, new_issue) = ("read_and_file.filed", "contact_ended.new_issue");
    let both = noted("file", &["unrestricted", filed, new_issue]);
    let task = |kind: &str| {
        json!({"contact": "c-1", "kind": kind, "at": AT, "restriction": "R-1", "issue": "C-1",
        "thread": ["<own@x>", "<before@x>"], "done": null})
    };
    assert_eq!(
        both,
        file(json!({"person": "P-1", "tasks": [task("read_filed"), task("engagement")]}))
    );
    let untouched = CaseFile::of("P-1");
    assert_eq!(noted("deliver", &[filed, new_issue]), untouched);
    assert_eq!(noted("limit", &["contact_quota.over"]), untouched);
}

#[test]
fn an_incident_is_about_staff_however_their_name_is_typed_and_says_how_it_ended() {
    let closed = |outcome: &str| json!({"closed": {"at": AT, "by": "Ann Bell", "outcome": outcome, "why": ""}});
    for (more, state) in
        [(json!({}), "open"), (closed("answered"), "answered"), (closed("no_action"), "no_action")]
    {
        let file = file(
            json!({"incidents": [incident("I-1", &with(more, &json!({"staff": ["Bo Carr", "Cy Dunn"]})))]}),
        );
        let one = &file.incidents[0];
        assert_eq!(one.state(), state);
        assert!(one.is_about("cy dunn") && one.is_about("Bo-Carr") && !one.is_about("Ann Bell"));
    }
    for severity in [Severity::Ordinary, Severity::Severe] {
        assert_eq!(serde_json::to_value(severity).unwrap(), severity.name());
    }
    for medium in [Medium::Verbal, Medium::Written] {
        assert_eq!(serde_json::to_value(medium).unwrap(), medium.name());
    }
    for outcome in [ReviewOutcome::Keep, ReviewOutcome::Vary, ReviewOutcome::Lift] {
        assert_eq!(serde_json::to_value(outcome).unwrap(), outcome.name());
    }
}

#[test]
fn a_restriction_holds_since_its_first_form_and_a_reconciliation_until_it_is_void() {
    let first = json!({"first_implemented": "2025-06-01"});
    let reconciled = |void: Option<&str>| {
        json!({"adjustment": "J-1", "restriction": "R-1", "how": "By post.",
        "by": "Ann Bell", "at": AT, "void_since": void})
    };
    let file = file(json!({
        "restraints": [restraint("R-1", &json!({})), restraint("R-2", &first)],
        "reconciliations": [reconciled(None), reconciled(Some(AT))],
    }));
    let since: Vec<String> = file.restraints.iter().map(|one| one.since().to_string()).collect();
    assert_eq!(since, ["2026-01-07", "2025-06-01"]);
    let holds: Vec<bool> = file.reconciliations.iter().map(Reconciliation::holds).collect();
    assert_eq!(holds, [true, false]);
}

fn proposed(more: &Value) -> Proposal {
    serde_json::from_value(proposal("PR-1", more)).unwrap()
}

#[test]
fn a_proposal_waits_while_it_or_an_exception_is_not_signed() {
    let signed = exception("no_warning", Some(signature("Ed Fox", AT)));
    let unsigned = exception("no_notification", None);
    for (state, exceptions, is_open, waits) in [
        ("draft", json!([unsigned]), true, false),
        ("sent_back", json!([unsigned]), true, false),
        ("waiting", json!([]), true, true),
        ("signed", json!([]), true, false),
        ("signed", json!([signed]), true, false),
        ("signed", json!([signed, unsigned]), true, true),
        ("done", json!([unsigned]), false, false),
        ("withdrawn", json!([unsigned]), false, false),
    ] {
        let one = proposed(&json!({"state": state, "exceptions": exceptions}));
        assert_eq!(
            (one.is_open(), one.waits_for_signature()),
            (is_open, waits),
            "{state} {exceptions}"
        );
    }
    let one = proposed(&json!({"exceptions": [signed, unsigned]}));
    let left: Vec<Exception> = one.unsigned_exceptions().map(|one| one.exception).collect();
    assert_eq!(left, [Exception::NoNotification]);
    assert_eq!(one.asked(Exception::NoNotification), Some(&one.exceptions[1]));
    assert_eq!(one.asked(Exception::NoWarning), Some(&one.exceptions[0]));
    assert_eq!(one.asked(Exception::ContactEnded), None);
}

#[test]
fn everybody_who_had_a_hand_in_a_proposal_is_known_in_the_order_of_their_part() {
    let mut one = proposed(&json!({
        "signature": signature("Cy Dunn", AT), "earlier_hands": ["Bo Carr"],
        "exceptions": [exception("no_notification", None), exception("no_warning", Some(signature("Ed Fox", AT)))],
    }));
    let signers: Vec<&str> = one.signers().map(|one| one.name.as_str()).collect();
    assert_eq!(signers, ["Cy Dunn", "Ed Fox"]);
    let everybody: Vec<&str> = one.everybody().map(String::as_str).collect();
    assert_eq!(everybody, ["Ann Bell", "Bo Carr", "Cy Dunn", "Ed Fox"]);
    one.keep_hand("Bo Carr");
    one.keep_hand("Flo Gray");
    one.keep_hand("Flo Gray");
    assert_eq!(one.earlier_hands, ["Bo Carr", "Flo Gray"]);
}

#[test]
fn terms_are_as_old_as_their_first_draft_and_as_new_as_their_last_change() {
    let (first, since) = ("2026-02-01T10:00:00Z", "2026-01-15T10:00:00Z");
    let earlier =
        proposed(&json!({"at": first, "by": "Bo Carr", "signature": signature("Cy Dunn", AT)}));
    let other = json!({"id": "R-1", "kind": "appointment_only"});
    for (again, expected) in [
        (json!({}), first),
        // Changes that leave the terms as they are.
        (json!({"why_no_lesser": "Tried."}), first),
        (json!({"restriction": other}), AT),
        (json!({"incidents": ["I-1", "I-2"]}), AT),
        (json!({"aim": "Quiet."}), AT),
    ] {
        let now = proposed(&again).in_place_of(&earlier);
        assert_eq!(
            now.terms_since(),
            expected.parse::<DateTime<chrono::Utc>>().unwrap(),
            "{again}"
        );
        assert_eq!(now.earlier_hands, ["Bo Carr", "Cy Dunn"]);
        assert_eq!(now.by, "Ann Bell");
    }
    let older = proposed(&json!({"at": first, "terms_since": since}));
    assert_eq!(proposed(&json!({})).in_place_of(&older).terms_since, older.terms_since);
}

#[test]
fn a_step_is_read_however_its_lists_and_outcomes_are_written() {
    let act = |step: Value| serde_json::from_value::<Act>(step).unwrap();
    for (grounds, expected) in
        [(json!("unfair"), vec!["unfair"]), (json!(["unfair", "wrong"]), vec!["unfair", "wrong"])]
    {
        let Act::ReceiveAppeal(step) = act(json!({"act": "receive_appeal", "grounds": grounds}))
        else {
            panic!()
        };
        assert_eq!(step.grounds, expected);
    }
    for (written, expected) in [
        (json!("Calls stay open."), Some("Calls stay open.")),
        (json!({"outcome": "Calls stay open."}), Some("Calls stay open.")),
        (json!({}), None),
    ] {
        let Act::Review(step) = act(json!({"act": "review", "adjustments_considered": written}))
        else {
            panic!()
        };
        assert_eq!(step.adjustments_considered.unwrap().outcome.as_deref(), expected);
    }
}
