//! The warning, the agreement and the adjustments that come before a restriction.

use super::*;

fn incident(id: &str, happened_at: &str, outcome: Option<&str>) -> Value {
    let closed = outcome.map(
        |outcome| json!({"at": happened_at, "by": "Ann", "outcome": outcome, "why": "Known."}),
    );
    json!({"id": id, "recorded_at": happened_at, "reported_by": "Ann", "ground": "abuse", "severity": "ordinary",
        "happened_at": happened_at, "channel": "telephone", "what": "Shouting.", "contacts": [],
        "interaction_ended": false, "told": [], "staff": [], "closed": closed})
}

fn warning(at: &str, medium: &str, incidents: &[&str]) -> Value {
    json!([{"id": "W-1", "at": at, "by": "Max", "incidents": incidents, "kind": "formal", "medium": medium,
        "behaviour": "Shouting.", "must_change": "No shouting.", "consequences": null}])
}

fn letter(kind: &str, about: &str, sent_at: &str) -> Value {
    json!([{"id": "L-1", "kind": kind, "about": about, "language": "en", "format": "standard", "parts": [],
        "drafted_at": sent_at, "drafted_by": "Max", "approval": null,
        "sent": {"at": sent_at, "by": "Ann", "means": "post"}}])
}

const BEFORE: &str = "2026-03-01T09:00:00Z";
const WARNED: &str = "2026-03-02T10:00:00Z";
const AFTER: &str = "2026-03-03T09:00:00Z";

/// I-1 happened before the warning, I-2 after it.
fn case() -> OneCase {
    let mut case = OneCase::new();
    case.lay("incidents", json!([incident("I-1", BEFORE, None), incident("I-2", AFTER, None)]));
    case.lay("warnings", warning(WARNED, "verbal", &["I-1"]));
    case
}

fn left(case: &OneCase, incidents: &[&str]) -> Vec<String> {
    codes(&rest_of(case, json!({"incidents": incidents})))
}

const NO_WARNING: &[&str] = &["warning.missing incidents 7"];

#[test]
fn a_warning_counts_if_it_answered_conduct_and_more_came_after_it() {
    assert_eq!(left(&case(), &["I-2"]), [""; 0]);
    assert_eq!(left(&case(), &["I-1", "I-2"]), [""; 0]);
    assert_eq!(left(&case(), &["I-1"]), NO_WARNING, "nothing came after it");
    for required in [None, Some(false)] {
        let mut case = OneCase::new();
        case.lay("incidents", json!([incident("I-2", AFTER, None)]));
        case.policy().warn_first.required = required;
        assert_eq!(left(&case, &["I-2"]), [""; 0], "{required:?}");
    }
    for (warnings, expected) in [
        (json!([]), NO_WARNING),
        // An incident at that very moment counts as one before the warning.
        (warning(BEFORE, "verbal", &["I-1"]), &[]),
        (warning(AFTER, "verbal", &["I-1"]), NO_WARNING),
        (warning(WARNED, "verbal", &["I-2"]), NO_WARNING),
        (warning(WARNED, "verbal", &[]), NO_WARNING),
        (warning(WARNED, "verbal", &["I-2", "I-1"]), &[]),
    ] {
        let mut case = case();
        case.lay("warnings", warnings.clone());
        assert_eq!(left(&case, &["I-2"]), expected, "{warnings}");
    }
    for (outcome, expected) in [("answered", &[][..]), ("no_action", NO_WARNING)] {
        let mut case = case();
        let first = incident("I-1", BEFORE, Some(outcome));
        case.lay("incidents", json!([first, incident("I-2", AFTER, None)]));
        assert_eq!(left(&case, &["I-2"]), expected, "{outcome}");
    }
}

#[test]
fn a_written_warning_counts_from_its_letter() {
    let mut case = case();
    case.lay("warnings", warning(BEFORE, "written", &["I-1"]));
    assert_eq!(left(&case, &["I-2"]), NO_WARNING, "no letter");
    for (letters, expected) in [
        (letter("warning", "W-1", WARNED), &[][..]),
        (letter("warning", "W-1", "2026-03-03T12:00:00Z"), NO_WARNING),
        (letter("warning", "W-2", WARNED), NO_WARNING),
        (letter("restriction", "W-1", WARNED), NO_WARNING),
    ] {
        case.lay("letters", letters.clone());
        assert_eq!(left(&case, &["I-2"]), expected, "{letters}");
    }
}

const NO_AGREEMENT: &[&str] = &["agreement.missing incidents 7"];

fn agreement(state: &str, offered_at: &str) -> Value {
    json!([{"id": "G-1", "offered_at": offered_at, "by": "Max", "terms": "Call less.", "until": null,
        "state": state, "since": offered_at, "what": null}])
}

#[test]
fn an_agreement_comes_first_where_the_policy_says_so() {
    let mut case = case();
    case.lay(
        "incidents",
        json!([incident("I-1", "2026-02-02T09:00:00Z", None), incident("I-2", AFTER, None),]),
    );
    // An agreement is not a warning: where both are required, one is not enough.
    case.policy().warn_first.voluntary_agreement = Some(true);
    assert_eq!(left(&case, &["I-2"]), NO_AGREEMENT, "on all grounds");
    case.policy().warn_first.agreement_grounds = vec!["threats".to_owned()];
    assert_eq!(left(&case, &["I-2"]), [""; 0], "on other grounds");
    case.policy().warn_first.agreement_grounds.push("abuse".to_owned());
    assert_eq!(left(&case, &["I-2"]), NO_AGREEMENT, "on this ground");
    case.policy().warn_first.voluntary_agreement = None;
    assert_eq!(left(&case, &["I-2"]), [""; 0], "not asked for");
    case.policy().warn_first.voluntary_agreement = Some(true);
    let excepted = json!({"incidents": ["I-2"], "exceptions": [{"exception": "no_warning", "justification": "Fear."}]});
    assert_eq!(codes(&rest_of(&case, excepted)), [""; 0]);
    for (state, offered_at, expected) in [
        ("refused", AFTER, &[][..]),
        ("breached", AFTER, &[]),
        ("accepted", AFTER, NO_AGREEMENT),
        ("kept", AFTER, NO_AGREEMENT),
        // Unanswered for ten working days.
        ("offered", "2026-02-17T10:00:00Z", &[]),
        ("offered", "2026-02-18T10:00:00Z", NO_AGREEMENT),
        // It responds to nothing: no conduct had come before it.
        ("refused", "2026-02-02T08:59:59Z", NO_AGREEMENT),
        ("refused", "2026-02-02T09:00:00Z", &[]),
    ] {
        case.lay("agreements", agreement(state, offered_at));
        assert_eq!(left(&case, &["I-2"]), expected, "{state} {offered_at}");
    }
    case.lay("agreements", agreement("refused", "2026-02-02T08:00:00Z"));
    case.lay("elsewhere", json!(["agreements G-1"]));
    assert_eq!(left(&case, &["I-2"]), [""; 0], "what came before it is not known");
    case.lay("elsewhere", json!(["agreements G-2"]));
    assert_eq!(left(&case, &["I-2"]), NO_AGREEMENT);
    case.lay("agreements", agreement("refused", WARNED));
    case.lay(
        "incidents",
        json!([incident("I-1", BEFORE, Some("no_action")), incident("I-2", AFTER, None),]),
    );
    assert_eq!(left(&case, &["I-2"]), NO_AGREEMENT, "it answered what called for no action");
}

const CLASH: &[&str] = &["adjustments.clash adjustments 5"];

#[test]
fn an_adjustment_keeps_its_channel_open_until_both_are_reconciled() {
    let closes_telephone = json!({"restriction": {"kind": "channels_only", "channels": ["email"]}});
    let needs = |channel: &str| json!({"kind": "needs_channel", "channel": channel});
    let mut case = warned_case();
    for (adjustments, expected) in [
        (json!([needs("telephone")]), CLASH),
        (json!([needs("email")]), &[]),
        (json!([{"kind": "other", "channel": "telephone"}]), &[]),
        (json!([{"kind": "needs_channel"}]), &[]),
        (json!([{"kind": "large_print"}, needs("telephone")]), CLASH),
    ] {
        case.record("adjustments", adjustments.clone());
        let broken = rest_of(&case, closes_telephone.clone());
        assert_eq!(codes(&broken), expected, "{adjustments}");
    }
    // The second has no id of its own, and is named by its position.
    let named = rest_of(&case, closes_telephone.clone()).remove(0).what;
    assert_eq!(named, "adjustment `2` says that the person needs `telephone`, which this closes");
    let reconciled = |adjustment: &str, restriction: &str, void_since: Value| {
        json!([{"adjustment": adjustment, "restriction": restriction, "how": "A call back.", "by": "Max",
            "at": WARNED, "void_since": void_since}])
    };
    for (reconciliations, expected) in [
        (reconciled("2", "R-1", json!(null)), &[][..]),
        (reconciled("2", "R-1", json!(AFTER)), CLASH),
        (reconciled("1", "R-1", json!(null)), CLASH),
        (reconciled("2", "R-2", json!(null)), CLASH),
    ] {
        case.lay("reconciliations", reconciliations.clone());
        let broken = rest_of(&case, closes_telephone.clone());
        assert_eq!(codes(&broken), expected, "{reconciliations}");
    }
    case.lay("reconciliations", json!([]));
    let ended = json!([{"exception": "contact_ended", "justification": "Violence."}]);
    for (changes, expected) in [
        (json!({"restriction": {"kind": "visits_in_pairs"}}), vec![]),
        (json!({"restriction": {"kind": "read_and_file"}}), vec!["open_way.none 11"]),
        (
            json!({"restriction": {"kind": "representative_only"}}),
            vec![CLASH[0], "open_way.none 11"],
        ),
        (json!({"restriction": {"kind": "contact_ended"}, "exceptions": ended}), CLASH.to_vec()),
    ] {
        assert_eq!(codes(&rest_of(&case, changes.clone())), expected, "{changes}");
    }
}
