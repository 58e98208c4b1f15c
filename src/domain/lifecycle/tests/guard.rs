//! What a proposal must say, and in which order its dates must be.

use super::*;
use crate::domain::lifecycle::unset_keys;

type Prepare = fn(&mut OneCase);

/// Rules that a case and a proposal, changed by each row, break besides those on signature and letter.
fn assert_each(rows: Vec<(&str, Prepare, Value, Vec<&str>)>) {
    for (name, prepare, changes, expected) in rows {
        let mut case = warned_case();
        prepare(&mut case);
        assert_eq!(codes(&rest_of(&case, changes)), expected, "{name}");
    }
}

fn as_is(_: &mut OneCase) {}

fn unnamed_clause(case: &mut OneCase) {
    case.policy().kinds.get_mut(&KindName::VisitsInPairs).unwrap().clause = None;
}

fn close_second(case: &mut OneCase, outcome: &str) {
    let act = json!({"act": "close_incident", "incident": "P-1-I-2", "outcome": outcome, "why": "Known."});
    case.take("2026-03-03T12", "Ann", act);
}

#[test]
fn grounds_clause_incidents_and_reasons_are_recorded() {
    let no_incident = vec!["incident.missing incidents 4", "warning.missing incidents 7"];
    let mut unknown = vec!["reference.unknown incidents"];
    unknown.extend(&no_incident);
    assert_each(vec![
        ("sound", as_is, json!({}), vec![]),
        (
            "unknown ground",
            as_is,
            json!({"restriction": {"grounds": "noise"}}),
            vec!["grounds.missing grounds 2"],
        ),
        (
            "no list of grounds",
            |case| case.policy().grounds = Vec::new(),
            json!({"restriction": {"grounds": "noise"}}),
            vec![],
        ),
        (
            "no list of grounds and none given",
            |case| case.policy().grounds = Vec::new(),
            json!({"restriction": {"grounds": " "}}),
            vec!["grounds.missing grounds 2"],
        ),
        ("no clause", unnamed_clause, json!({}), vec!["clause.missing clause"]),
        ("own clause", unnamed_clause, json!({"restriction": {"clause": "4.4"}}), vec![]),
        (
            "blank clause",
            unnamed_clause,
            json!({"restriction": {"clause": " "}}),
            vec!["clause.missing clause"],
        ),
        ("blank clause of a kind with one", as_is, json!({"restriction": {"clause": " "}}), vec![]),
        ("no incident", as_is, json!({"incidents": []}), no_incident.clone()),
        ("unknown incident", as_is, json!({"incidents": ["P-1-I-9"]}), unknown),
        ("answered incident", |case| close_second(case, "answered"), json!({}), vec![]),
        ("closed without action", |case| close_second(case, "no_action"), json!({}), no_incident),
        (
            "no reason",
            as_is,
            json!({"why_no_lesser": null}),
            vec!["lesser.missing why_no_lesser 3"],
        ),
        (
            "blank reason",
            as_is,
            json!({"why_no_lesser": "\u{200b} "}),
            vec!["lesser.missing why_no_lesser 3"],
        ),
        (
            "not considered",
            as_is,
            json!({"adjustments_considered": {}}),
            vec!["adjustments.not_considered adjustments_considered 5"],
        ),
    ]);
}

#[test]
fn a_ground_that_is_not_of_the_policy_is_told_from_none() {
    let case = warned_case();
    let said = |grounds: Value| {
        let broken = rest_of(&case, json!({"restriction": {"grounds": grounds}}));
        broken.into_iter().map(|one| one.what).collect::<Vec<_>>()
    };
    let known = "`noise` is not a ground of the policy: abuse, violence, threats";
    assert_eq!(said(json!("noise")), [known]);
    for none in [json!(null), json!(""), json!(" \u{2060}")] {
        assert_eq!(said(none.clone()), ["the grounds are not recorded"], "{none}");
    }
}

#[test]
fn a_kind_that_the_policy_refuses_or_does_not_name_is_not_proposed() {
    assert_each(vec![
        (
            "refused",
            |case| {
                case.policy().kinds.get_mut(&KindName::VisitsInPairs).unwrap().allowed = false;
            },
            json!({}),
            vec!["kind.not_allowed kinds.visits_in_pairs 6.1"],
        ),
        (
            "not named",
            as_is,
            json!({"restriction": {"kind": "appointment_only", "clause": "6.9"}}),
            vec!["kind.unset kinds.appointment_only"],
        ),
    ]);
}

#[test]
fn an_id_of_what_is_over_is_not_used_again() {
    let over = vec!["state.wrong restriction.id"];
    let mut case = warned_case();
    for (restrictions, expected) in [
        (json!([held(json!({}))]), vec![]),
        (json!([held(json!({"status": "under_appeal"}))]), vec![]),
        (json!([held(json!({"status": "proposed"}))]), vec![]),
        (json!([held(json!({"status": "lifted"}))]), over.clone()),
        (json!([held(json!({"ends": "2026-03-03"}))]), over),
        (json!([held(json!({"id": "R-2", "status": "lifted"}))]), vec![]),
    ] {
        case.record("restrictions", restrictions.clone());
        assert_eq!(codes(&rest_of(&case, json!({}))), expected, "{restrictions}");
    }
}

#[test]
fn a_heavier_form_is_measured_from_the_first_and_reviewed_from_the_day_of_the_change() {
    let mut case = warned_case();
    case.record("restrictions", json!([held(json!({"id": "R-0"})), held(json!({}))]));
    let said = |case: &OneCase, dates: Value| {
        let broken = rest_of(case, json!({"restriction": dates}));
        broken.into_iter().map(|one| one.what).collect::<Vec<_>>()
    };
    for (dates, expected) in [
        (json!({"starts": "2026-03-04", "ends": "2027-01-05"}), vec![]),
        (
            json!({"starts": "2026-03-04", "ends": "2027-01-06"}),
            vec!["it ends more than 12 months after its start"],
        ),
        (json!({"starts": "2026-01-01"}), vec![]),
        (json!({"review_due": "2026-09-04"}), vec![]),
        (
            json!({"review_due": "2026-09-05"}),
            vec!["it is reviewed more than 6 months after it is varied"],
        ),
    ] {
        assert_eq!(said(&case, dates.clone()), expected, "{dates}");
    }
    // A restriction that has not started may start sooner.
    case.record("restrictions", json!([held(json!({"starts": "2026-04-01"}))]));
    let sooner = json!({"starts": "2026-03-10", "ends": "2027-03-11"});
    assert_eq!(said(&case, sooner), ["it ends more than 12 months after its start"]);
    assert_eq!(
        said(&warned_case(), json!({"review_due": "2026-09-05"})),
        ["it is reviewed more than 6 months after its start"]
    );
}

#[test]
fn some_staffed_way_stays_open_over_all_records() {
    let by_letter = json!({"id": "R-9", "kind": "channels_only", "channels": ["letter"], "starts": "2026-01-05"});
    let letters_only = json!({"restriction": {"kind": "channels_only", "channels": ["letter"]}});
    let mut case = warned_case();
    assert_eq!(codes(&rest_of(&case, letters_only)), ["open_way.none 11"]);
    let by_email = json!({"restriction": {"kind": "channels_only", "channels": ["email"]}});
    assert_eq!(codes(&rest_of(&case, by_email)), [""; 0]);
    let other = json!({"id": "P-2", "restrictions": [by_letter]});
    case.others = vec![Arc::new(serde_json::from_value(other).unwrap())];
    assert_eq!(codes(&rest_of(&case, json!({}))), ["open_way.none 11"]);
    case.others = Vec::new();
    case.record("restrictions", json!([by_letter]));
    assert_eq!(codes(&rest_of(&case, json!({}))), ["open_way.none 11"]);
    case.policy().staffed_hours = None;
    assert_eq!(codes(&rest_of(&case, json!({}))), ["profile.unset staffed_hours"]);
}

#[test]
fn what_the_life_of_a_restriction_needs_is_chosen_first() {
    let kind = |kind: Value| {
        serde_json::from_value::<Restriction>(kind).map(|restriction| restriction.kind).unwrap()
    };
    let pairs = kind(json!({"id": "R", "kind": "visits_in_pairs"}));
    let ended = kind(json!({"id": "R", "kind": "contact_ended"}));
    let filed = kind(json!({"id": "R", "kind": "read_and_file"}));
    let every = [
        "review.every_months",
        "review.longest_months",
        "review.on_overdue",
        "review.anchor",
        "appeal.window",
        "appeal.answer",
        "appeal.notify",
        "appeal.heard_by",
        "appeal.in_force_during",
        "letter.must_say",
        "responsible.decides",
        "staffed_hours",
    ];
    let silent = Profile::silent("Bare Homes", Nation::England);
    assert_eq!(unset_keys(&silent, &pairs), every);
    let with = |key: &str| every.into_iter().map(str::to_owned).chain([key.to_owned()]);
    let engages = with("responsible.engages_after_end");
    assert_eq!(unset_keys(&silent, &ended), engages.collect::<Vec<_>>());
    let read = with("read_within_working_days");
    assert_eq!(unset_keys(&silent, &filed), read.collect::<Vec<_>>());
    let mut full = profile();
    for kind in [&pairs, &ended, &filed] {
        assert_eq!(unset_keys(&full, kind), [""; 0]);
    }
    full.review.every_months = None;
    assert_eq!(unset_keys(&full, &pairs), ["review.every_months"]);
    full.review.per_decision = true;
    full.appeal.window = Some(Deadline { length: Length::Months(1), from: None });
    assert_eq!(unset_keys(&full, &pairs), ["appeal.window.from"]);
    let mut case = warned_case();
    case.policy().appeal.heard_by = None;
    assert_eq!(codes(&rest_of(&case, json!({}))), ["profile.unset appeal.heard_by"]);
}
#[test]
fn dates_of_a_new_restriction_are_in_order_and_not_too_long() {
    let new = |dates: Value| json!({"restriction": dates});
    let long = json!([{"exception": "longer_than_longest", "justification": "Court."}]);
    let own_clause: fn(&mut OneCase) = |case| {
        case.policy().clauses.insert("review.longest_months".to_owned(), "8.2".to_owned());
    };
    let per_decision: fn(&mut OneCase) = |case| {
        case.policy().review.every_months = None;
        case.policy().review.per_decision = true;
    };
    assert_each(vec![
        ("today", as_is, new(json!({"starts": "2026-03-04"})), vec![]),
        ("yesterday", as_is, new(json!({"starts": "2026-03-03"})), vec![]),
        ("before", as_is, new(json!({"starts": "2026-03-02"})), vec!["dates.order starts"]),
        (
            "ends first",
            as_is,
            new(json!({"starts": "2026-04-01", "ends": "2026-03-31"})),
            vec!["dates.order ends 8"],
        ),
        ("one day", as_is, new(json!({"starts": "2026-04-01", "ends": "2026-04-01"})), vec![]),
        (
            "reviewed first",
            as_is,
            new(json!({"starts": "2026-04-01", "review_due": "2026-03-31"})),
            vec!["dates.order review_due 8"],
        ),
        ("longest", as_is, new(json!({"ends": "2027-03-04"})), vec![]),
        ("too long", as_is, new(json!({"ends": "2027-03-05"})), vec!["dates.too_long ends 8"]),
        (
            "from a later start",
            as_is,
            new(json!({"starts": "2026-03-05", "ends": "2027-03-05"})),
            vec![],
        ),
        (
            "excepted",
            as_is,
            json!({"exceptions": long, "restriction": {"ends": "2028-03-05", "review_due": "2027-01-01"}}),
            vec![],
        ),
        ("first review", as_is, new(json!({"review_due": "2026-09-04"})), vec![]),
        (
            "too late a review",
            as_is,
            new(json!({"review_due": "2026-09-05"})),
            vec!["dates.too_long review_due 8"],
        ),
        ("own longest period", own_clause, new(json!({"review_due": "2027-03-04"})), vec![]),
        (
            "past it",
            own_clause,
            new(json!({"review_due": "2027-03-05"})),
            vec!["dates.too_long review_due 8.2"],
        ),
        ("nothing", per_decision, json!({}), vec!["review.missing review_due 8"]),
        ("an end", per_decision, new(json!({"ends": "2026-05-01"})), vec![]),
        ("a review", per_decision, new(json!({"review_due": "2026-05-01"})), vec![]),
    ]);
}
