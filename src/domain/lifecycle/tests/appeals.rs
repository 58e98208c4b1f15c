//! Appeals: in time or late, suspending or not, heard by somebody who took no part.

use super::*;

const NOW: &str = "2026-03-04T10";
const AT: &str = "2026-03-04T10:00:00Z";

/// The person was notified of R-1 on 18 February, by those who decided it here; R-2 is in force as well.
fn case() -> OneCase {
    let mut case = OneCase::new();
    case.record("restrictions", json!([held(json!({"id": "R-2"})), held(json!({}))]));
    let restraint = |restriction: &str, proposal: Value| {
        json!({"restriction": restriction, "proposal": proposal, "decided_elsewhere": false, "decided": "2026-02-16",
            "letter_sent": "2026-02-18", "implemented": "2026-02-20", "took_part": ["Max", "Hal"], "variations": [],
            "ended": null})
    };
    case.lay(
        "restraints",
        json!([restraint("R-2", json!("PR-2")), restraint("R-1", json!("PR-1"))]),
    );
    case
}

fn receive(changes: Value) -> Value {
    let mut act = json!({"act": "receive_appeal", "restriction": "R-1", "channel": "email", "grounds": "facts"});
    for (key, value) in changes.as_object().unwrap() {
        act[key] = value.clone();
    }
    act
}

fn appeal(id: &str, restriction: &str) -> Value {
    json!({"id": id, "restriction": restriction, "joined": [], "out_of_time": false,
        "received": {"at": AT, "channel": "email", "grounds": ["facts"], "text": null, "contact": null,
            "recorded_by": "Ann"},
        "suspends": true, "hearer": null, "decision": null, "notified_at": null, "withdrawn_at": null})
}

#[test]
fn an_appeal_is_late_after_the_last_day_of_its_window() {
    let made = |at: &str, changes: Value| {
        Value::Object(case().tried(at, "Ann", receive(changes)).unwrap().made)
    };
    // Ten working days from the letter of 18 February.
    assert_eq!(made("2026-03-04T23", json!({})), json!({"id": "P-1-A-1", "kind": "appeal"}));
    let late = json!({"id": "P-1-A-1", "kind": "appeal", "out_of_time": true});
    assert_eq!(made("2026-03-05T10", json!({})), late);
    let then = json!({"received_at": AT});
    assert_eq!(made("2026-03-09T10", then.clone()), json!({"id": "P-1-A-1", "kind": "appeal"}));
    let refused = |at: &str| case().refused(at, "Ann", receive(then.clone()));
    assert_eq!(refused("2026-03-04T10"), [""; 0]);
    assert_eq!(refused("2026-03-04T09"), ["dates.order received_at"]);
    let unknown = json!({"restriction": "R-9"});
    assert_eq!(case().refused(NOW, "Ann", receive(unknown)), ["reference.unknown restriction"]);
    let nothing = json!({"act": "receive_appeal"});
    assert_eq!(
        case().refused(NOW, "Ann", nothing),
        ["field.missing restriction", "field.missing channel"]
    );
}

#[test]
fn an_appeal_suspends_what_holds_and_another_joins_it_while_it_is_open() {
    let mut case = case();
    case.lay("appeals", json!([appeal("A-2", "R-2")]));
    case.take(
        "2026-03-04T10",
        "Ann",
        receive(json!({"id": "A-1", "text": "Wrong.", "contact": "c-1"})),
    );
    assert_eq!((case.status("R-1"), case.status("R-2")), (Status::UnderAppeal, Status::Active));
    let joins = case.take(
        "2026-03-05T10",
        "Ann",
        receive(json!({"channel": "letter", "grounds": ["new"]})),
    );
    assert_eq!(
        Value::Object(joins.made),
        json!({"id": "A-1", "kind": "appeal", "joined": true, "out_of_time": true})
    );
    let received = |at: &str, channel: &str, ground: &str, text: Value, contact: Value| json!({"at": at, "channel": channel, "grounds": [ground], "text": text, "contact": contact, "recorded_by": "Ann"});
    let first = received(AT, "email", "facts", json!("Wrong."), json!("c-1"));
    let then = received("2026-03-05T10:00:00Z", "letter", "new", json!(null), json!(null));
    let open = json!({"id": "A-1", "restriction": "R-1", "received": first, "joined": [then], "out_of_time": false,
        "suspends": true, "hearer": null, "decision": null, "notified_at": null, "withdrawn_at": null});
    assert_eq!(case.shown("appeals"), json!([appeal("A-2", "R-2"), open]));
}

#[test]
fn after_a_decision_only_new_grounds_in_time_suspend_again() {
    let decided = |outcome: Value| {
        let mut appeal = appeal("A-1", "R-1");
        appeal["decision"] = outcome;
        appeal["joined"] = json!([{"at": AT, "channel": "email", "grounds": ["joined"], "text": null, "contact": null,
            "recorded_by": "Ann"}]);
        appeal
    };
    let decision = json!({"at": AT, "by": "Bea", "outcome": "upheld", "why": "Right."});
    let withdrawn = || {
        let mut appeal = decided(json!(null));
        appeal["withdrawn_at"] = json!(AT);
        appeal
    };
    let elsewhere = || {
        let mut appeal = decided(decision.clone());
        appeal["restriction"] = json!("R-2");
        appeal
    };
    let (in_time, late) = ("2026-03-04T11", "2026-03-05T11");
    for (before, at, grounds, suspends) in [
        (json!([]), in_time, json!([]), true),
        (json!([]), late, json!([]), true),
        (json!([withdrawn()]), late, json!(["facts"]), true),
        (json!([elsewhere()]), late, json!(["facts"]), true),
        (json!([decided(decision.clone())]), in_time, json!(["other"]), true),
        (json!([decided(decision.clone())]), in_time, json!(["facts", "other"]), true),
        (json!([decided(decision.clone())]), late, json!(["other"]), false),
        (json!([decided(decision.clone())]), in_time, json!(["facts"]), false),
        (json!([decided(decision.clone())]), in_time, json!(["joined"]), false),
        (json!([decided(decision.clone())]), in_time, json!([]), false),
    ] {
        let mut case = case();
        case.lay("appeals", before.clone());
        case.take(at, "Ann", receive(json!({"grounds": grounds, "id": "A-9"})));
        assert_eq!(case.file.appeal("A-9").unwrap().suspends, suspends, "{before} {at} {grounds}");
        let status = if suspends { Status::UnderAppeal } else { Status::Active };
        assert_eq!(
            (case.status("R-1"), case.status("R-2")),
            (status, Status::Active),
            "{before} {at}"
        );
    }
    let mut case = case();
    case.record("restrictions", json!([held(json!({"status": "lifted"}))]));
    case.take(NOW, "Ann", receive(json!({})));
    assert!(!case.file.appeals[0].suspends);
    assert_eq!(case.status("R-1"), Status::Lifted);
}

fn assign(name: &str) -> Value {
    json!({"act": "assign_hearer", "appeal": "A-1", "name": name})
}

/// An open appeal against R-1, and one against R-2.
fn appealed() -> OneCase {
    let mut case = case();
    case.lay("appeals", json!([appeal("A-2", "R-2"), appeal("A-1", "R-1")]));
    let mut restrictions = json!(case.person.restrictions);
    for restriction in restrictions.as_array_mut().unwrap() {
        restriction["status"] = json!("under_appeal");
    }
    case.record("restrictions", restrictions);
    case
}

#[test]
fn an_appeal_is_heard_by_a_role_of_the_policy() {
    let mut case = appealed();
    assert_eq!(case.refused(NOW, "Max", assign("Bea")), [""; 0]);
    for name in ["Hil", "Gone"] {
        assert_eq!(case.refused(NOW, "Max", assign(name)), ["hearer.role name 10"], "{name}");
    }
    let mut in_role = assign("Bea");
    in_role["role"] = json!("board");
    assert_eq!(case.refused(NOW, "Max", in_role.clone()), [""; 0]);
    in_role["role"] = json!("head");
    assert_eq!(case.refused(NOW, "Max", in_role), ["hearer.role name 10"]);
    let mut agent = assign("Hil");
    agent["role"] = json!("head");
    assert_eq!(case.refused(NOW, "Max", agent), ["hearer.role name 10"]);
    assert_eq!(case.refused(NOW, "Ann", assign("Bea")), ["role.not_allowed by"]);
    case.take(NOW, "Max", assign("Bea"));
    let hearers: Vec<Value> =
        case.shown("appeals").as_array().unwrap().iter().map(|one| one["hearer"].clone()).collect();
    let bea = json!({"name": "Bea", "role": "board", "assigned_at": AT});
    assert_eq!(hearers, [json!(null), bea]);
    case.policy().appeal.heard_by = None;
    assert_eq!(case.refused(NOW, "Max", assign("Bea")), ["profile.unset appeal.heard_by"]);
}

/// What keeps Bea from hearing the appeal.
fn involved(prepare: impl Fn(&mut OneCase)) -> Vec<String> {
    let mut case = appealed();
    prepare(&mut case);
    let broken = case.tried(NOW, "Max", assign("Bea")).map_or_else(|broken| broken, |_| Vec::new());
    broken
        .into_iter()
        .filter(|one| one.code == RefusalCode::HearerInvolved)
        .map(|one| one.what)
        .collect()
}

fn behind(reported_by: &str, staff: &[&str], happened_at: &str) -> Value {
    json!([{"id": "I-1", "recorded_at": happened_at, "reported_by": reported_by, "ground": "abuse",
        "severity": "ordinary", "happened_at": happened_at, "channel": "telephone", "what": "Shouting.", "contacts": [],
        "interaction_ended": false, "told": [], "staff": staff, "closed": null}])
}

#[test]
fn whoever_had_to_do_with_a_restriction_hears_no_appeal_against_it() {
    assert_eq!(involved(|_| ()), [""; 0]);
    let restraint = |case: &mut OneCase, at: usize, changes: Value| {
        let mut restraints = case.shown("restraints");
        for (key, value) in changes.as_object().unwrap() {
            restraints[at][key] = value.clone();
        }
        case.lay("restraints", restraints);
    };
    let part = json!({"took_part": ["Max", "Bea"]});
    assert_eq!(
        involved(|case| restraint(case, 1, part.clone())),
        ["Bea took part in the decision"]
    );
    assert_eq!(involved(|case| restraint(case, 0, part.clone())), [""; 0], "another restriction");
    let reported = "Bea reported an incident behind it";
    let named = "Bea is named as staff in an incident behind it";
    let proposed = |case: &mut OneCase, state: &str, restriction: &str, incidents: &[&str]| {
        let mut proposals = json!([{"id": "PR-1", "at": AT, "by": "Max", "restriction": held(json!({})),
            "incidents": incidents, "aim": null, "why_no_lesser": null, "adjustments_considered": null,
            "exceptions": [], "state": state, "signature": null, "sent_back": null}]);
        proposals[0]["restriction"]["id"] = json!(restriction);
        case.lay("proposals", proposals);
    };
    let by_bea = || behind("Bea", &[], "2026-02-10T10:00:00Z");
    for (state, restriction, incidents, expected) in [
        ("done", "R-1", &["I-1"][..], vec![reported]),
        ("withdrawn", "R-1", &["I-1"], vec![]),
        ("done", "R-2", &["I-1"], vec![]),
        ("done", "R-1", &["I-2"], vec![]),
    ] {
        let why = involved(|case| {
            case.lay("incidents", by_bea());
            proposed(case, state, restriction, incidents);
        });
        assert_eq!(why, expected, "{state} {restriction} {incidents:?}");
    }
    let about = involved(|case| {
        case.lay("incidents", behind("Ann", &["bea"], "2026-02-10T10:00:00Z"));
        proposed(case, "done", "R-1", &["I-1"]);
    });
    assert_eq!(about, [named]);
    // A decision made elsewhere may rest on any incident up to its day.
    for (happened_at, expected) in
        [("2026-02-16T23:00:00Z", vec![reported, named]), ("2026-02-17T00:00:00Z", vec![])]
    {
        let why = involved(|case| {
            restraint(case, 1, json!({"proposal": null}));
            case.lay("incidents", behind("Bea", &["Bea"], happened_at));
        });
        assert_eq!(why, expected, "{happened_at}");
    }
    let complained = involved(|case| {
        let complaint = json!({"act": "record_staff_complaint", "about": "Bea", "what": "Rude."});
        case.take(NOW, "Ann", complaint);
    });
    assert_eq!(complained, ["Bea is the subject of an open complaint by this person"]);
}

fn heard() -> OneCase {
    let mut case = appealed();
    case.take(NOW, "Max", assign("Bea"));
    case
}

fn decide(outcome: &str, changes: Value) -> Value {
    json!({"act": "decide_appeal", "appeal": "A-1", "outcome": outcome, "why": "So.", "changes": changes})
}

#[test]
fn the_hearer_decides_at_once() {
    let statuses = |case: &OneCase| (case.status("R-1"), case.status("R-2"));
    let again = [Effect::DecideAgain { restriction: "R-1".to_owned() }];
    for (outcome, changes, status, effects) in [
        ("upheld", json!({}), Status::Active, &[][..]),
        ("varied", json!({"kind": "appointment_only"}), Status::Active, &again),
        ("quashed", json!({}), Status::Quashed, &again),
    ] {
        let mut case = heard();
        case.policy().kinds.insert(
            KindName::AppointmentOnly,
            KindRule { allowed: true, clause: Some("6.8".to_owned()), sign_off: None },
        );
        let stepped = case.take("2026-03-04T11", "Bea", decide(outcome, changes));
        assert_eq!(stepped.effects, effects, "{outcome}");
        assert_eq!(statuses(&case), (status, Status::UnderAppeal), "{outcome}");
        let appeals = case.shown("appeals");
        let decision =
            json!({"at": "2026-03-04T11:00:00Z", "by": "Bea", "outcome": outcome, "why": "So."});
        assert_eq!((&appeals[0]["decision"], &appeals[1]["decision"]), (&json!(null), &decision));
        let restraints = case.shown("restraints");
        assert!(restraints[0]["ended"].is_null() && restraints[0]["variations"] == json!([]));
        assert_eq!(restraints[1]["ended"].is_null(), outcome != "quashed");
        let variations = restraints[1]["variations"].as_array().unwrap().len();
        assert_eq!(variations, usize::from(outcome == "varied"));
        assert_eq!(case.refused(NOW, "Bea", decide("upheld", json!({}))), ["state.wrong"]);
    }
    let case = heard();
    assert_eq!(case.refused(NOW, "Ben", decide("upheld", json!({}))), ["appeal.not_hearer by"]);
    assert_eq!(case.refused(NOW, "Bea", decide("varied", json!({}))), ["field.missing changes"]);
    let mut over = heard();
    over.record("restrictions", json!([held(json!({"status": "lifted"}))]));
    let ends = json!({"ends": "2026-03-20"});
    assert_eq!(over.refused(NOW, "Bea", decide("varied", ends)), ["state.wrong"]);
    assert_eq!(
        appealed().refused(NOW, "Bea", decide("upheld", json!({}))),
        ["appeal.not_hearer by"]
    );
}

#[test]
fn one_that_is_withdrawn_lets_its_restriction_go_on() {
    let mut case = appealed();
    let of = |act: &str, appeal: &str| json!({"act": act, "appeal": appeal});
    case.take(NOW, "Ann", of("withdraw_appeal", "A-1"));
    assert_eq!((case.status("R-1"), case.status("R-2")), (Status::Active, Status::UnderAppeal));
    let appeals = case.shown("appeals");
    assert_eq!(
        (&appeals[0]["withdrawn_at"], &appeals[1]["withdrawn_at"]),
        (&json!(null), &json!(AT))
    );
    assert_eq!(case.refused(NOW, "Ann", of("withdraw_appeal", "A-1")), ["state.wrong"]);
    assert_eq!(
        case.refused(NOW, "Ann", of("withdraw_appeal", "A-9")),
        ["reference.unknown appeal"]
    );
    // A restriction that was lifted meanwhile stays lifted.
    let mut case = appealed();
    case.record("restrictions", json!([held(json!({"status": "lifted"}))]));
    case.take(NOW, "Ann", of("withdraw_appeal", "A-1"));
    assert_eq!(case.status("R-1"), Status::Lifted);
}

#[test]
fn a_person_is_notified_once_of_what_was_decided() {
    let letter = |kind: &str, about: &str, parts: &[&str]| {
        json!([{"id": "L-1", "kind": kind, "about": about, "language": "en", "format": "standard", "parts": parts,
            "drafted_at": AT, "drafted_by": "Max", "approval": null,
            "sent": {"at": AT, "by": "Ann", "means": "post"}}])
    };
    let notify = json!({"act": "notify_appeal", "appeal": "A-1"});
    let mut case = heard();
    let not_sent = "letter.not_sent letter 9";
    assert_eq!(case.refused(NOW, "Max", notify.clone()), ["state.wrong", not_sent]);
    case.take(NOW, "Bea", decide("upheld", json!({})));
    assert_eq!(case.refused(NOW, "Max", notify.clone()), [not_sent]);
    for (letters, expected) in [
        (letter("appeal_outcome", "A-1", &["outcome"]), vec![]),
        (letter("appeal_outcome", "A-2", &["outcome"]), vec![not_sent]),
        (letter("appeal_acknowledged", "A-1", &["outcome"]), vec![not_sent]),
    ] {
        case.lay("letters", letters.clone());
        assert_eq!(case.refused(NOW, "Max", notify.clone()), expected, "{letters}");
    }
    case.policy().ombudsman = Some(crate::domain::profile::Ombudsman {
        name: "Housing Ombudsman".to_owned(),
        welsh_name: None,
        website: None,
        phone: None,
        when: None,
    });
    case.policy().clauses.insert("ombudsman".to_owned(), "13".to_owned());
    for (parts, expected) in [
        (&["outcome"][..], vec!["letter.part_missing ombudsman 13"]),
        (&["outcome", "ombudsman"], vec![]),
    ] {
        case.lay("letters", letter("appeal_outcome", "A-1", parts));
        assert_eq!(case.refused(NOW, "Max", notify.clone()), expected, "{parts:?}");
    }
    case.take(NOW, "Max", notify.clone());
    let appeals = case.shown("appeals");
    assert_eq!(
        (&appeals[0]["notified_at"], &appeals[1]["notified_at"]),
        (&json!(null), &json!(AT))
    );
    assert_eq!(case.refused(NOW, "Max", notify), ["state.wrong"]);
}
