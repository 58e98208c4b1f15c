//! Proposals until they are put in force, and restrictions from their first day to their last.

use super::*;

const NOW: &str = "2026-03-04T12";
const AT: &str = "2026-03-04T12:00:00Z";

fn of(act: &str, id: &str) -> Value {
    json!({"act": act, "proposal": id})
}

fn letter(id: &str, kind: &str, about: &str, at: &str, changes: Value) -> Value {
    json!({"id": id, "kind": kind, "about": about, "language": "en", "format": "standard",
        "parts": ["restrictions", "duration"], "changes": changes, "drafted_at": at, "drafted_by": "Max",
        "approval": null, "sent": {"at": at, "by": "Ann", "means": "post"}})
}

/// The proposal PR-1 for R-1, waiting next to another one.
fn waiting() -> OneCase {
    let mut case = warned_case();
    for (id, restriction) in [("PR-2", "R-2"), ("PR-1", "R-1")] {
        let mut act = proposal(json!({"restriction": {"id": restriction}}));
        act["id"] = json!(id);
        case.take(PROPOSED, "Max", act);
        case.take("2026-03-04T11", "Max", of("submit", id));
    }
    case
}

fn states(case: &OneCase) -> Vec<Value> {
    case.shown("proposals")
        .as_array()
        .unwrap()
        .iter()
        .map(|one| json!([one["id"], one["state"]]))
        .collect()
}

#[test]
fn a_proposal_is_submitted_signed_and_decided_once() {
    let mut case = waiting();
    assert_eq!(states(&case), [json!(["PR-2", "waiting"]), json!(["PR-1", "waiting"])]);
    assert_eq!(case.refused(NOW, "Max", of("submit", "PR-1")), ["state.wrong"]);
    assert_eq!(case.refused(NOW, "Max", of("submit", "PR-9")), ["reference.unknown proposal"]);
    assert_eq!(
        case.refused(NOW, "Max", of("sign_off", "PR-1")),
        ["sign_off.proposer by", "sign_off.role by"]
    );
    assert_eq!(case.refused(NOW, "Bea", of("sign_off", "PR-1")), ["sign_off.role by"]);
    let unknown = json!({"act": "sign_off", "proposal": "PR-1", "exception": "no_warning"});
    assert_eq!(case.refused(NOW, "Hal", unknown), ["reference.unknown exception"]);
    case.take(NOW, "Hal", of("sign_off", "PR-1"));
    assert_eq!(states(&case), [json!(["PR-2", "waiting"]), json!(["PR-1", "signed"])]);
    case.take(NOW, "Hil", of("sign_off", "PR-1"));
    let signed = &case.file.proposals[1];
    assert_eq!(signed.signature.as_ref().unwrap().name, "Hil");
    assert_eq!(signed.earlier_hands, ["Hal"]);
    assert_eq!(case.refused(NOW, "Max", of("submit", "PR-1")), ["state.wrong"]);
    let mut again = proposal(json!({}));
    again["id"] = json!("PR-1");
    assert_eq!(case.refused(NOW, "Max", again), ["state.wrong"]);
    case.take(NOW, "Max", of("withdraw_proposal", "PR-1"));
    assert_eq!(states(&case), [json!(["PR-2", "waiting"]), json!(["PR-1", "withdrawn"])]);
    for (by, act) in [("Hal", "sign_off"), ("Max", "withdraw_proposal"), ("Hal", "send_back")] {
        let mut step = of(act, "PR-1");
        if act == "send_back" {
            step["why"] = json!("Too much.");
        }
        assert_eq!(case.refused(NOW, by, step), ["state.wrong"], "{act}");
    }
    case.policy().kinds.get_mut(&KindName::VisitsInPairs).unwrap().allowed = false;
    let mut third = proposal(json!({"restriction": {"id": "R-3"}}));
    third["id"] = json!("PR-3");
    case.take(NOW, "Max", third);
    let refused = ["kind.not_allowed kinds.visits_in_pairs 6.1"];
    assert_eq!(case.refused(NOW, "Max", of("submit", "PR-3")), refused);
}

#[test]
fn one_that_is_sent_back_loses_its_signatures_and_keeps_who_gave_them() {
    let mut case = waiting();
    let mut act = proposal(json!({"exceptions": [
        {"exception": "no_warning", "justification": "Fear."},
        {"exception": "longer_than_longest", "justification": "Fear."},
    ]}));
    act["id"] = json!("PR-1");
    case.take(NOW, "Max", act);
    assert_eq!(case.refused(NOW, "Hal", of("sign_off", "PR-1")), ["state.wrong"]);
    case.take(NOW, "Max", of("submit", "PR-1"));
    case.take(NOW, "Hal", of("sign_off", "PR-1"));
    let exception = |name: &str| json!({"act": "sign_off", "proposal": "PR-1", "exception": name});
    case.take(NOW, "Hil", exception("no_warning"));
    let signed = |case: &OneCase| {
        let exceptions = &case.file.proposals[1].exceptions;
        exceptions
            .iter()
            .map(|one| one.signature.as_ref().map(|by| by.name.clone()))
            .collect::<Vec<_>>()
    };
    let hil = Some("Hil".to_owned());
    assert_eq!(signed(&case), [hil.clone(), None]);
    // Two exceptions need two people, and one may be signed again by another.
    assert_eq!(
        case.refused(NOW, "Hil", exception("longer_than_longest")),
        ["exception.unsigned by"]
    );
    assert_eq!(case.refused(NOW, "Hil", exception("no_warning")), [""; 0]);
    case.take(NOW, "Hal", exception("longer_than_longest"));
    assert_eq!(signed(&case), [hil, Some("Hal".to_owned())]);
    let mut back = of("send_back", "PR-1");
    assert_eq!(case.refused(NOW, "Hal", back.clone()), ["field.missing why"]);
    back["why"] = json!("Too much.");
    assert_eq!(case.refused(NOW, "Max", back.clone()), ["sign_off.role by"]);
    case.take(NOW, "Hal", back);
    assert_eq!(states(&case), [json!(["PR-2", "waiting"]), json!(["PR-1", "sent_back"])]);
    let sent_back = &case.file.proposals[1];
    assert_eq!((&sent_back.signature, signed(&case)), (&None, vec![None, None]));
    assert_eq!(sent_back.sent_back.as_deref(), Some("Too much."));
    assert_eq!(sent_back.earlier_hands, ["Max", "Hal", "Hil"]);
    assert_eq!(case.refused(NOW, "Max", of("submit", "PR-1")), [""; 0]);
}

/// PR-1, signed, with its letter sent.
fn told() -> OneCase {
    let mut case = waiting();
    case.take(NOW, "Hal", of("sign_off", "PR-1"));
    case.lay("letters", json!([letter("L-1", "restriction", "PR-1", AT, json!({}))]));
    case
}

#[test]
fn a_restriction_comes_into_force_with_everything_that_is_known_of_it() {
    let mut case = told();
    case.record("restrictions", json!([held(json!({"id": "R-5"}))]));
    let stepped = case.take("2026-03-05T10", "Hil", of("put_in_force", "PR-1"));
    assert_eq!(
        Value::Object(stepped.made),
        json!({"id": "R-1", "kind": "restriction", "review_due": "2026-09-05", "ends": null})
    );
    assert_eq!(states(&case), [json!(["PR-2", "waiting"]), json!(["PR-1", "done"])]);
    let restrictions = json!(case.person.restrictions);
    assert_eq!(restrictions[0]["id"], "R-5");
    assert_eq!(
        restrictions[1],
        json!({"id": "R-1", "kind": "visits_in_pairs", "status": "active", "mode": "enforce", "grounds": "abuse",
            "clause": "6.1", "starts": "2026-03-05", "review_due": "2026-09-05", "ends": null, "decided_by": "Max",
            "signed_off_by": "Hal", "profile_version": "7"})
    );
    assert_eq!(
        case.shown("restraints")[1],
        json!({"restriction": "R-1", "proposal": "PR-1", "decided_elsewhere": false, "decided": "2026-03-04",
            "letter_sent": "2026-03-04", "implemented": "2026-03-05", "took_part": ["Max", "Hal", "Hil"],
            "variations": [], "ended": null})
    );
    assert_eq!(case.refused(NOW, "Hil", of("put_in_force", "PR-1"))[0], "state.wrong");
    assert_eq!(told().refused(NOW, "Ann", of("put_in_force", "PR-1")), ["role.not_allowed by"]);
}

#[test]
fn a_heavier_form_keeps_what_was_known_of_the_first() {
    let mut case = told();
    case.record(
        "restrictions",
        json!([held(json!({"id": "R-5"})), held(json!({"status": "under_appeal"}))]),
    );
    let restraint = json!({"restriction": "R-1", "proposal": "PR-0", "decided_elsewhere": false,
        "decided": "2026-01-04", "letter_sent": null, "implemented": "2026-01-06", "took_part": ["Hal", "Dan"],
        "variations": [{"at": "2026-02-01T10:00:00Z", "by": "Dan", "why": "Less."}], "ended": null});
    case.lay("restraints", json!([restraint]));
    case.lay("appeals", json!([{"id": "A-1", "restriction": "R-1", "joined": [], "out_of_time": false,
        "received": {"at": "2026-03-03T10:00:00Z", "channel": "email", "grounds": [], "text": null, "contact": null,
            "recorded_by": "Ann"},
        "suspends": true, "hearer": null, "decision": null, "notified_at": null, "withdrawn_at": null}]));
    case.take("2026-03-05T10", "Hil", of("put_in_force", "PR-1"));
    assert_eq!(case.status("R-1"), Status::UnderAppeal);
    assert_eq!(case.person.restrictions.len(), 2);
    let restraints = case.shown("restraints");
    assert_eq!(
        restraints[1],
        json!({"restriction": "R-1", "proposal": "PR-1", "decided_elsewhere": false, "decided": "2026-03-04",
            "letter_sent": "2026-03-04", "implemented": "2026-03-05", "first_implemented": "2026-01-06",
            "took_part": ["Max", "Hal", "Hil", "Dan"],
            "variations": [
                {"at": "2026-02-01T10:00:00Z", "by": "Dan", "why": "Less."},
                {"at": "2026-03-05T10:00:00Z", "by": "Hil", "why": "The warning changed nothing."},
            ],
            "ended": null})
    );
}

/// were decided elsewhere and are in force; letters were sent about the variation and the end of R-1.
fn held_case() -> OneCase {
    let mut case = OneCase::new();
    let quota = json!({"kind": "contact_quota", "limit": 1, "per": "week", "clause": "6.3"});
    let second = json!({"id": "R-2"});
    case.record("restrictions", json!([held(second), held(quota)]));
    case.lay(
        "letters",
        json!([
            letter("L-1", "variation", "R-1", AT, json!({})),
            letter("L-2", "lifted", "R-1", AT, json!({})),
        ]),
    );
    case
}

fn vary(changes: Value) -> Value {
    json!({"act": "vary", "restriction": "R-1", "why": "Better.", "changes": changes})
}

#[test]
fn a_variation_is_lighter_keeps_what_is_fixed_and_was_told_of() {
    let mut case = held_case();
    let more = json!({"limit": 2});
    for (changes, expected) in [
        (more.clone(), vec![]),
        (json!({"kind": "visits_in_pairs", "limit": null, "per": null, "window": null}), vec![]),
        (json!({}), vec!["field.missing changes"]),
        (json!({"limit": 2, "grounds": "threats"}), vec!["state.wrong"]),
        (json!({"limit": 0}), vec!["changes.invalid changes"]),
        (json!({"per": "month"}), vec!["vary.heavier changes"]),
        (json!({"limit": 2, "review_due": "2026-07-06"}), vec!["vary.heavier changes"]),
        (json!({"limit": 2, "review_due": "2026-07-04"}), vec![]),
        (json!({"limit": 2, "ends": "2026-03-03"}), vec!["dates.order changes"]),
        (json!({"limit": 2, "ends": "2026-03-04"}), vec![]),
        (json!({"starts": "2026-06-01", "ends": "2026-05-31"}), vec!["dates.order changes"]),
        (
            json!({"kind": "appointment_only", "limit": null, "per": null, "window": null}),
            vec!["kind.unset kinds.appointment_only"],
        ),
    ] {
        assert_eq!(case.refused(NOW, "Hal", vary(changes.clone())), expected, "{changes}");
    }
    assert_eq!(case.refused(NOW, "Max", vary(more.clone())), ["role.not_allowed by"]);
    case.take(NOW, "Hal", vary(more));
    let restrictions = json!(case.person.restrictions);
    assert_eq!((&restrictions[0]["limit"], &restrictions[1]["limit"]), (&json!(null), &json!(2)));
    let restraints = case.shown("restraints");
    assert_eq!(restraints[0]["variations"], json!([]));
    assert_eq!(restraints[1]["variations"], json!([{"at": AT, "by": "Hal", "why": "Better."}]));
    assert_eq!(restraints[1]["took_part"], json!(["Dan", "Sue", "Hal"]));
}

#[test]
fn a_kind_that_the_policy_no_longer_allows_may_still_be_eased() {
    let mut case = held_case();
    case.policy().kinds.get_mut(&KindName::ContactQuota).unwrap().allowed = false;
    assert_eq!(case.refused(NOW, "Hal", vary(json!({"limit": 2}))), [""; 0]);
}

#[test]
fn a_letter_tells_of_these_terms_and_comes_after_the_last_change() {
    let not_told = vec!["letter.not_sent letter 9"];
    let (more, other) = (json!({"limit": 2}), json!({"limit": 3}));
    for (letters, expected, what) in [
        (json!([]), &not_told, "drafted and sent first"),
        (json!([letter("L-1", "variation", "R-1", AT, more.clone())]), &vec![], ""),
        (
            json!([letter("L-1", "variation", "R-1", AT, other.clone())]),
            &not_told,
            "tells of other changes",
        ),
        (
            json!([letter("L-1", "variation", "R-2", AT, json!({}))]),
            &not_told,
            "drafted and sent first",
        ),
        (
            json!([letter("L-1", "lifted", "R-1", AT, json!({}))]),
            &not_told,
            "drafted and sent first",
        ),
    ] {
        let mut case = held_case();
        case.lay("letters", letters.clone());
        assert_eq!(&case.refused(NOW, "Hal", vary(more.clone())), expected, "{letters}");
        if let Err(broken) = case.tried(NOW, "Hal", vary(more.clone())) {
            assert!(broken[0].what.contains(what), "{broken:?}");
        }
    }
    // A letter that was drafted and not sent notifies nobody.
    let mut case = held_case();
    let mut drafted = letter("L-1", "variation", "R-1", AT, more.clone());
    drafted["sent"] = json!(null);
    case.lay("letters", json!([drafted]));
    let broken = case.tried(NOW, "Hal", vary(more.clone())).unwrap_err();
    assert!(broken[0].what.contains("was not sent yet"), "{broken:?}");
    // The next change needs its own letter, which may have the same instant.
    let mut case = held_case();
    case.take(NOW, "Hal", vary(more));
    assert_eq!(case.refused("2026-03-04T13", "Hal", vary(other.clone())), [""; 0]);
    case.lay(
        "letters",
        json!([letter("L-1", "variation", "R-1", "2026-03-04T11:59:59Z", json!({}))]),
    );
    let told = case.refused("2026-03-04T13", "Hal", vary(other));
    assert_eq!(told, not_told);
}

#[test]
fn what_is_lifted_ends_and_nothing_else_does() {
    let mut case = held_case();
    let lift = json!({"act": "lift", "restriction": "R-1", "why": "Enough."});
    assert_eq!(case.refused(NOW, "Max", lift.clone()), ["role.not_allowed by"]);
    case.take(NOW, "Hal", lift.clone());
    assert_eq!((case.status("R-1"), case.status("R-2")), (Status::Lifted, Status::Active));
    let restraints = case.shown("restraints");
    let ended = json!({"at": AT, "by": "Hal", "status": "lifted", "why": "Enough."});
    assert_eq!((&restraints[0]["ended"], &restraints[1]["ended"]), (&json!(null), &ended));
    assert_eq!(case.refused(NOW, "Hal", lift), ["state.wrong"]);
}

fn review(changes: Value) -> Value {
    let mut act = json!({"act": "review", "restriction": "R-1", "outcome": "keep", "why": "Needed.",
        "adjustments_considered": "None."});
    for (key, value) in changes.as_object().unwrap() {
        act[key] = value.clone();
    }
    act
}

#[test]
fn the_next_review_comes_after_this_one_and_while_the_restriction_holds() {
    let ends = |ends: &str| {
        let mut case = held_case();
        let quota = json!({"kind": "contact_quota", "limit": 1, "per": "week", "ends": ends});
        case.record("restrictions", json!([held(quota)]));
        case
    };
    let next = |due: &str| json!({"next_due": due});
    let plain = held_case();
    let own: fn() -> OneCase = || {
        let mut case = held_case();
        case.policy().review.longest_months = None;
        case
    };
    for (case, changes, expected) in [
        (&plain, next("2026-03-05"), vec![]),
        (&plain, next("2026-03-04"), vec!["dates.order next_due"]),
        (&plain, next("2027-03-04"), vec![]),
        (&plain, next("2027-03-05"), vec!["dates.too_long next_due 8"]),
        (&own(), next("2026-09-04"), vec![]),
        (&own(), next("2026-09-05"), vec!["dates.too_long next_due 8"]),
        (&ends("2026-06-01"), next("2026-06-01"), vec![]),
        (&ends("2026-06-01"), next("2026-06-02"), vec!["dates.too_long next_due 8"]),
        (&ends("2026-03-04"), json!({}), vec![]),
        (&plain, json!({"outcome": "vary"}), vec!["field.missing changes"]),
        (&plain, json!({"adjustments_considered": null}), vec!["adjustments.not_considered 5"]),
        (
            &plain,
            json!({"outcome": null, "why": null}),
            vec!["field.missing outcome", "field.missing why"],
        ),
    ] {
        assert_eq!(case.refused(NOW, "Hal", review(changes.clone())), expected, "{changes}");
    }
    let due = |case: &OneCase, changes: Value| {
        case.tried(NOW, "Hal", review(changes)).unwrap().made["next_due"].clone()
    };
    assert_eq!(due(&plain, json!({})), "2026-09-04");
    assert_eq!(due(&ends("2026-06-01"), json!({})), "2026-06-01");
    assert_eq!(due(&ends("2026-12-01"), json!({})), "2026-09-04");
    assert_eq!(due(&ends("2026-03-04"), json!({})), "2026-03-04");
    assert_eq!(due(&plain, json!({"outcome": "lift"})), json!(null));
    let mut capped = held_case();
    capped.policy().review.on_overdue = Some(OnOverdue::HardCap);
    capped.policy().review.longest_months = Some(5);
    assert_eq!(due(&capped, json!({})), "2026-06-05");
    let mut unset = held_case();
    unset.policy().review.every_months = None;
    assert_eq!(unset.refused(NOW, "Hal", review(json!({}))), ["review.missing next_due"]);
}

#[test]
fn a_review_acts_at_once_and_owes_a_letter() {
    let owed = |changes: Value, told: Option<bool>| {
        let mut case = held_case();
        case.policy().review.outcome_told = told;
        let before = case.person.restrictions[0].clone();
        case.take(NOW, "Hal", review(changes));
        assert_eq!(case.person.restrictions[0], before);
        let restraints = case.shown("restraints");
        assert_eq!(restraints[0]["took_part"], json!(["Dan", "Sue"]));
        let restriction = json!(case.person.restrictions[1]);
        (case.shown("reviews")[0].clone(), restriction, restraints[1].clone())
    };
    let (done, kept, known) = owed(json!({"conduct": "Calm."}), None);
    let mut expected = json!({"id": "P-1-V-1", "restriction": "R-1", "at": AT, "by": "Hal", "was_due": "2026-07-05",
        "outcome": "keep", "why": "Needed.", "conduct": "Calm.", "next_due": "2026-09-04", "letter_owed": false});
    assert_eq!(done, expected);
    assert_eq!((&kept["review_due"], &kept["status"]), (&json!("2026-09-04"), &json!("active")));
    assert_eq!(known["took_part"], json!(["Dan", "Sue", "Hal"]));
    let (done, _, _) = owed(json!({"conduct": "Calm."}), Some(true));
    expected["letter_owed"] = json!(true);
    assert_eq!(done, expected);
    let (done, varied, known) = owed(json!({"outcome": "vary", "changes": {"limit": 3}}), None);
    assert_eq!((&done["letter_owed"], &varied["limit"]), (&json!(true), &json!(3)));
    assert_eq!(varied["review_due"], "2026-09-04");
    assert_eq!(known["variations"].as_array().unwrap().len(), 1);
    assert_eq!(known["ended"], json!(null));
    let (done, lifted, known) = owed(json!({"outcome": "lift"}), None);
    assert_eq!((&done["letter_owed"], &lifted["status"]), (&json!(true), &json!("lifted")));
    assert_eq!(known["ended"]["status"], "lifted");
}
