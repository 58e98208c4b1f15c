//! Exceptions, who signs them and the proposal, and the letter about it.

use super::*;

fn asked(exceptions: &[&str]) -> Value {
    let each = exceptions.iter().map(|name| json!({"exception": name, "justification": "Fear."}));
    Value::Array(each.collect())
}

fn conduct(case: &mut OneCase, ground: &str, severity: &str) {
    let mut incidents = case.shown("incidents");
    incidents[1]["ground"] = json!(ground);
    incidents[1]["severity"] = json!(severity);
    case.lay("incidents", incidents);
}

fn rule_of(case: &mut OneCase, exception: Exception) -> &mut ExceptionRule {
    case.policy().exceptions.get_mut(&exception).unwrap()
}

#[test]
fn an_exception_is_one_that_the_policy_allows_and_is_justified() {
    let left = |case: &OneCase, changes: Value| codes(&rest_of(case, changes));
    let mut case = warned_case();
    let no_warning = json!({"exceptions": asked(&["no_warning"])});
    assert_eq!(left(&case, no_warning.clone()), [""; 0]);
    let blank = json!({"exceptions": [{"exception": "no_warning", "justification": " "}]});
    assert_eq!(left(&case, blank), ["field.missing exceptions.justification"]);
    let nameless = proposal(json!({"exceptions": [{"justification": "Fear."}]}));
    assert_eq!(case.refused(PROPOSED, "Max", nameless), ["field.missing exceptions.exception"]);
    let not_allowed = ["exception.not_allowed exceptions.no_warning 12.1"];
    rule_of(&mut case, Exception::NoWarning).allowed = false;
    assert_eq!(left(&case, no_warning.clone()), not_allowed);
    rule_of(&mut case, Exception::NoWarning).allowed = true;
    case.policy().warn_first.except_severe = Some(false);
    assert_eq!(left(&case, no_warning.clone()), ["exception.not_allowed exceptions.no_warning 7"]);
    assert_eq!(left(&case, json!({"exceptions": asked(&["no_notification"])})), [""; 0]);
    case.policy().warn_first.except_severe = Some(true);
    assert_eq!(left(&case, no_warning.clone()), [""; 0]);
    case.policy().exceptions.remove(&Exception::NoWarning);
    assert_eq!(left(&case, no_warning), ["exception.not_allowed exceptions.no_warning"]);
}

#[test]
fn an_exception_for_severe_conduct_or_violence_asks_for_such_an_incident() {
    let no_warning =
        json!({"exceptions": asked(&["no_warning"]), "restriction": {"grounds": "abuse"}});
    let refused = &["exception.not_allowed exceptions.no_warning 12.1"][..];
    for (when, ground, severity, expected) in [
        ("severe", "violence", "severe", &[][..]),
        ("extreme", "violence", "severe", &[]),
        ("severe", "abuse", "severe", refused),
        ("severe", "violence", "ordinary", refused),
        ("extreme", "abuse", "ordinary", refused),
        ("violence", "violence", "severe", &[]),
        ("violence", "violence", "ordinary", refused),
        ("violence", "threats", "severe", refused),
        ("exceptional", "abuse", "ordinary", &[]),
    ] {
        let mut case = warned_case();
        conduct(&mut case, ground, severity);
        rule_of(&mut case, Exception::NoWarning).when = Some(when.to_owned());
        let broken = rest_of(&case, no_warning.clone());
        assert_eq!(codes(&broken), expected, "{when} {ground} {severity}");
    }
}

#[test]
fn only_what_tells_a_person_nothing_is_kept_from_them() {
    let case = warned_case();
    let kept = |kind: Value| {
        codes(&rest_of(
            &case,
            json!({"exceptions": asked(&["no_notification"]), "restriction": kind}),
        ))
    };
    let refused = ["exception.not_allowed exceptions.no_notification 12.2"];
    assert_eq!(kept(json!({"kind": "visits_in_pairs"})), [""; 0]);
    assert_eq!(kept(json!({"kind": "channels_only", "channels": ["email"]})), refused);
    let longer = json!({"exceptions": asked(&["longer_than_longest"]),
        "restriction": {"kind": "channels_only", "channels": ["email"]}});
    assert_eq!(codes(&rest_of(&case, longer)), [""; 0]);
}

#[test]
fn contact_is_ended_only_by_its_exception() {
    let mut case = warned_case();
    let ended = |exceptions: &[&str]| json!({"exceptions": asked(exceptions), "restriction": {"kind": "contact_ended"}});
    assert_eq!(codes(&rest_of(&case, ended(&["contact_ended"]))), [""; 0]);
    assert_eq!(codes(&rest_of(&case, ended(&[]))), ["exception.unsigned exceptions"]);
    rule_of(&mut case, Exception::ContactEnded).allowed = false;
    let refused = ["exception.not_allowed exceptions.contact_ended 12.4"];
    assert_eq!(codes(&rest_of(&case, ended(&[]))), refused);
    assert_eq!(codes(&rest_of(&case, ended(&["contact_ended"]))), refused);
}

/// What keeps a signed proposal from being put in force, apart from its letter; others signed its exceptions.
fn unsigned(
    case: &mut OneCase,
    by: &str,
    signed: Option<&str>,
    exceptions: &[(&str, Option<&str>)],
) -> Vec<String> {
    let signature =
        |name: &str| json!({"name": name, "role": "head", "at": "2026-03-04T11:00:00Z"});
    let names: Vec<&str> = exceptions.iter().map(|(name, _)| *name).collect();
    let mut act = proposal(json!({"exceptions": asked(&names)}));
    if names.contains(&"contact_ended") {
        act["restriction"]["kind"] = json!("contact_ended");
    }
    act["id"] = json!("PR-1");
    case.lay("proposals", json!([]));
    case.take(PROPOSED, "Max", act);
    let mut proposals = case.shown("proposals");
    proposals[0]["by"] = json!(by);
    proposals[0]["state"] = json!("signed");
    proposals[0]["signature"] = json!(signed.map(signature));
    for (at, (_, name)) in exceptions.iter().enumerate() {
        proposals[0]["exceptions"][at]["signature"] = json!(name.map(signature));
    }
    case.lay("proposals", proposals);
    let mut left =
        case.refused("2026-03-04T12", "Hal", json!({"act": "put_in_force", "proposal": "PR-1"}));
    left.retain(|code| !code.starts_with("letter.missing"));
    left
}

#[test]
fn those_who_decide_sign_a_proposal_and_not_who_proposed_it() {
    let mut case = warned_case();
    let pairs = "kinds.visits_in_pairs.sign_off";
    assert_eq!(unsigned(&mut case, "Max", Some("Hal"), &[]), [""; 0]);
    let missing = [format!("sign_off.missing {pairs} 6.1")];
    assert_eq!(unsigned(&mut case, "Max", None, &[]), missing);
    let role = [format!("sign_off.role {pairs}")];
    assert_eq!(unsigned(&mut case, "Max", Some("Bea"), &[]), role);
    assert_eq!(unsigned(&mut case, "Max", Some("Gone"), &[]), role);
    assert_eq!(unsigned(&mut case, "Hal", Some("Hal"), &[]), ["sign_off.proposer by"]);
    // The policy may name others for a kind.
    case.policy().kinds.get_mut(&KindName::VisitsInPairs).unwrap().sign_off = roles(&["board"]);
    assert_eq!(unsigned(&mut case, "Max", Some("Hal"), &[]), role);
    assert_eq!(unsigned(&mut case, "Max", Some("Bea"), &[]), [""; 0]);
    case.policy().kinds.get_mut(&KindName::VisitsInPairs).unwrap().sign_off = None;
    case.take(
        PROPOSED,
        "Ann",
        json!({"act": "record_staff_complaint", "about": "Hil", "what": "Rude."}),
    );
    assert_eq!(unsigned(&mut case, "Max", Some("Hil"), &[]), ["decider.accused by"]);
    let hil_signs = [("no_warning", Some("Hil"))];
    assert_eq!(unsigned(&mut case, "Max", Some("Hal"), &hil_signs), ["decider.accused by"]);
}

#[test]
fn two_exceptions_need_two_people_and_the_later_one_is_refused() {
    let (warning, longer, ended) = ("no_warning", "longer_than_longest", "contact_ended");
    let key = |exception: &str, clause: &str| {
        format!("exception.unsigned exceptions.{exception} {clause}")
    };
    let (no_warning, no_longer, no_end) =
        (key(warning, "12.1"), key(longer, "12.3"), key(ended, "12.4"));
    let mut case = warned_case();
    case.staff.insert("Hob".to_owned(), Role("head".to_owned()));
    for (by, exceptions, expected) in [
        ("Max", &[(warning, Some("Hil"))][..], vec![]),
        ("Max", &[(warning, Some("Hal"))], vec![]),
        ("Max", &[(warning, None)], vec![&no_warning]),
        ("Max", &[(warning, Some("Max"))], vec![&no_warning, &no_warning]),
        ("Hil", &[(warning, Some("Hil"))], vec![&no_warning]),
        ("Max", &[(warning, Some("Hil")), (longer, Some("Hob"))], vec![]),
        ("Max", &[(warning, Some("Hil")), (longer, Some("Hil"))], vec![&no_longer]),
        ("Max", &[(longer, Some("Hil")), (warning, Some("Hil"))], vec![&no_longer]),
        ("Max", &[(longer, Some("Hil")), (ended, Some("Hob"))], vec![]),
        ("Max", &[(longer, Some("Hal")), (ended, Some("Hob"))], vec![]),
        ("Max", &[(longer, Some("Hil")), (ended, Some("Hal"))], vec![&no_end]),
    ] {
        let left = unsigned(&mut case, by, Some("Hal"), exceptions);
        assert_eq!(left.iter().collect::<Vec<_>>(), expected, "{by} {exceptions:?}");
    }
    rule_of(&mut case, Exception::NoWarning).sign_off = roles(&["board"]);
    assert_eq!(unsigned(&mut case, "Max", Some("Hal"), &[(warning, Some("Hil"))]), [no_warning]);
    assert_eq!(unsigned(&mut case, "Max", Some("Hal"), &[(warning, Some("Bea"))]), [""; 0]);
}

#[test]
fn the_letter_of_a_proposal_says_everything_and_went() {
    let mut case = warned_case();
    let letter = |kind: &str, about: &str, parts: &[&str], sent_at: Option<&str>| {
        let sent = sent_at.map(|at| json!({"at": at, "by": "Ann", "means": "post"}));
        json!({"id": "L-1", "kind": kind, "about": about, "language": "en", "format": "standard",
            "parts": parts, "drafted_at": "2026-03-04T10:30:00Z", "drafted_by": "Max", "approval": null, "sent": sent})
    };
    let (id, both) = ("PR-1", &["restrictions", "duration"][..]);
    let (sent, before) = (Some("2026-03-04T11:00:00Z"), Some("2026-03-04T09:00:00Z"));
    let put = json!({"act": "put_in_force", "proposal": id});
    assert_eq!(unsigned(&mut case, "Max", Some("Hal"), &[]), [""; 0]);
    for (letters, expected) in [
        (json!([]), vec!["letter.missing 9"]),
        (json!([letter("restriction", id, both, sent)]), vec![]),
        (json!([letter("restriction", id, both, None)]), vec!["letter.not_sent 9"]),
        (
            json!([letter("restriction", id, &["duration"], sent)]),
            vec!["letter.part_missing restrictions 9"],
        ),
        (json!([letter("restriction", "PR-2", both, sent)]), vec!["letter.missing 9"]),
        (json!([letter("warning", id, both, sent)]), vec!["letter.missing 9"]),
        (json!([letter("restriction", id, both, before)]), vec!["letter.not_sent 9"]),
        (json!([letter("warning", id, both, before)]), vec!["letter.missing 9"]),
        (json!([letter("restriction", "PR-2", both, before)]), vec!["letter.missing 9"]),
    ] {
        case.lay("letters", letters.clone());
        let refused = case.refused("2026-03-04T12", "Hal", put.clone());
        assert_eq!(refused, expected, "{letters}");
    }
    case.lay("letters", json!([letter("restriction", id, both, before)]));
    let broken = case.tried("2026-03-04T12", "Hal", put.clone()).unwrap_err();
    assert!(broken[0].what.contains("before the proposal was changed"), "{broken:?}");
    // A person who must not be notified gets no letter.
    let exceptions = [("no_notification", Some("Hil"))];
    case.lay("letters", json!([]));
    unsigned(&mut case, "Max", Some("Hal"), &exceptions);
    assert_eq!(case.refused("2026-03-04T12", "Hal", put), [""; 0]);
}
