//! Which days and entries each figure counts, and which it does not.

use super::facts::{AppealFacts, IncidentFacts, RestrictionFacts, ReviewFacts, WarningFacts};
use super::*;
use crate::domain::channel::Channel;
use crate::domain::disposition::Disposition;
use crate::domain::tally::Contacted;

#[test]
fn each_contact_counts_once_for_each_restriction_that_observed_it_by_what_it_would_have_done() {
    let day = |text: &str| text.parse::<NaiveDate>().unwrap();
    let contacted = |observed: &[(&str, Disposition)]| Contacted {
        contact: "c".to_owned(),
        at: "2026-03-02T10:00:00Z".parse().unwrap(),
        channel: Channel::Email,
        disposition: Disposition::Deliver,
        codes: Vec::new(),
        observed: observed.iter().map(|(id, would)| ((*id).to_owned(), *would)).collect(),
    };
    let mut first = DayTally::of(day("2026-03-02"));
    first.add(&contacted(&[("R-1", Disposition::Limit), ("R-2", Disposition::Limit)]));
    first.add(&contacted(&[("R-1", Disposition::Limit)]));
    first.add(&contacted(&[]));
    let not_theirs = contacted(&[("R-2", Disposition::File)]);
    first.add(&not_theirs);
    first.take_out(&not_theirs);
    let mut second = DayTally::of(day("2026-03-03"));
    second.add(&contacted(&[("R-1", Disposition::Route)]));
    let mut outside = DayTally::of(day("2026-03-04"));
    outside.add(&contacted(&[("R-1", Disposition::Limit)]));
    let (from, to) = (day("2026-03-02"), day("2026-03-03"));
    let period = Period { from, to, today: day("2026-03-10") };
    let found = figures(&[], &[first, second, outside], period);
    assert_eq!(
        found["observed_by_restriction"],
        json!({"R-1": {"limit": 2, "route": 1}, "R-2": {"limit": 1}})
    );
    assert_eq!(found["contacts_by_disposition"], json!({"deliver": 4}));
}

fn date(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

/// March, as seen on a day of that month.
fn march() -> Period {
    Period { from: date("2026-03-01"), to: date("2026-03-31"), today: date("2026-03-20") }
}

fn facts(person: &str) -> CaseFacts {
    CaseFacts {
        person: person.to_owned(),
        warnings: Vec::new(),
        incidents: Vec::new(),
        restrictions: Vec::new(),
        reviews: Vec::new(),
        appeals: Vec::new(),
    }
}

/// Figures about cases that are not zero.
fn found(cases: &[CaseFacts], period: Period) -> Value {
    let cases: Vec<&CaseFacts> = cases.iter().collect();
    let is_there = |value: &Value| *value != json!(0) && *value != json!({});
    Value::Object(figures(&cases, &[], period).into_iter().filter(|(_, it)| is_there(it)).collect())
}

#[test]
fn a_warning_counts_when_it_was_given_and_its_letter_when_that_went() {
    let warning = |given: &str, sent: Option<&str>, grounds: &[&str], followed| WarningFacts {
        given: date(given),
        letter_sent: sent.map(date),
        grounds: grounds.iter().map(|one| (*one).to_owned()).collect(),
        followed,
    };
    let first = CaseFacts {
        warnings: vec![
            warning("2026-03-01", Some("2026-03-01"), &["abuse", "threats"], true),
            warning("2026-03-31", Some("2026-03-31"), &["abuse"], false),
            warning("2026-02-28", Some("2026-04-01"), &["abuse"], true),
        ],
        ..facts("P-1")
    };
    let second = CaseFacts {
        warnings: vec![warning("2026-03-10", None, &["abuse"], false)],
        ..facts("P-2")
    };
    assert_eq!(
        found(&[first, second], march()),
        json!({"warning_letters": 2, "warning_reasons": {"abuse": 2, "threats": 1}, "warnings": 3,
            "warnings_without_restriction": 2})
    );
}

#[test]
fn an_incident_counts_when_it_was_recorded_by_what_it_was_and_whose() {
    let incident = |recorded: &str, state, ground: &str, severity| IncidentFacts {
        recorded: date(recorded),
        state,
        ground: ground.to_owned(),
        severity,
    };
    let first = CaseFacts {
        incidents: vec![
            incident("2026-03-01", "open", "abuse", "ordinary"),
            incident("2026-04-01", "open", "abuse", "ordinary"),
        ],
        ..facts("P-1")
    };
    let second = CaseFacts {
        incidents: vec![
            incident("2026-03-31", "answered", "threats", "severe"),
            incident("2026-03-02", "open", "abuse", "severe"),
            incident("2026-02-28", "open", "abuse", "severe"),
        ],
        ..facts("P-2")
    };
    assert_eq!(
        found(&[first, second], march()),
        json!({"incidents_by_status": {"open": 2, "answered": 1}, "incidents_by_ground": {"abuse": 2, "threats": 1},
            "incidents_by_severity": {"ordinary": 1, "severe": 2}, "incident_history": {"P-1": 1, "P-2": 2}})
    );
}

fn restriction(since: &str, end: Option<&str>) -> RestrictionFacts {
    RestrictionFacts {
        since: date(since),
        end: end.map(date),
        suspended: Vec::new(),
        kind: "contact_quota",
        ground: "demands".to_owned(),
        review_due: None,
    }
}

#[test]
fn restrictions_in_force_are_those_of_the_last_day_by_kind_ground_and_age() {
    let suspended = |from: &str, over: Option<&str>| RestrictionFacts {
        suspended: vec![
            (date("2026-01-01"), Some(date("2026-01-02"))),
            (date(from), over.map(date)),
        ],
        kind: "hours_only",
        ..restriction("2026-02-01", None)
    };
    let of_threats =
        RestrictionFacts { ground: "threats".to_owned(), ..restriction("2026-03-20", None) };
    let cases = CaseFacts {
        restrictions: vec![
            restriction("2024-03-19", None),
            // A year old on the day itself is not older than a year.
            restriction("2025-03-20", None),
            of_threats,
            restriction("2026-03-21", None),
            restriction("2025-01-01", Some("2026-03-20")),
            restriction("2025-01-01", Some("2026-03-21")),
            restriction("2025-01-01", Some("2026-02-28")),
            // An appeal suspended it until that day, or still does.
            suspended("2026-03-10", Some("2026-03-20")),
            suspended("2026-03-21", None),
            suspended("2026-03-20", None),
            suspended("2026-03-10", Some("2026-03-21")),
        ],
        ..facts("P-1")
    };
    assert_eq!(
        found(&[cases], march()),
        json!({"restrictions_in_force": 6, "restrictions_by_kind": {"contact_quota": 4, "hours_only": 2},
            "restrictions_by_ground": {"demands": 5, "threats": 1}, "restrictions_older_than_years": {"1": 2, "2": 1},
            "new_restrictions": 2, "ended_restrictions": 1})
    );
}

#[test]
fn a_review_is_due_in_its_period_and_overdue_from_the_day_after_until_the_restriction_is_over() {
    let review = |done: &str, was_due: Option<&str>, outcome| ReviewFacts {
        done: date(done),
        was_due: was_due.map(date),
        outcome,
    };
    let due = |day: &str, end: Option<&str>| RestrictionFacts {
        review_due: Some(date(day)),
        ..restriction("2026-04-01", end)
    };
    let cases = CaseFacts {
        reviews: vec![
            review("2026-03-05", Some("2026-03-31"), "keep"),
            review("2026-04-01", Some("2026-03-01"), "lift"),
            review("2026-03-06", None, "vary"),
            review("2026-02-28", Some("2026-02-28"), "lift"),
        ],
        restrictions: vec![
            due("2026-03-19", None),
            due("2026-03-20", None),
            due("2026-03-10", Some("2026-03-20")),
            due("2026-04-10", None),
            due("2026-02-01", None),
        ],
        ..facts("P-1")
    };
    let mut expected = json!({"reviews_due": 4, "reviews_overdue": 2, "reviews_by_outcome": {"keep": 1, "vary": 1}});
    expected["ended_restrictions"] = json!(1);
    assert_eq!(found(&[cases], march()), expected);
}

#[test]
fn an_appeal_counts_when_received_while_open_and_when_decided() {
    let appeal = |received: &str,
                  answer_due: Option<&str>,
                  decided: Option<(&str, &'static str)>| AppealFacts {
        received: date(received),
        is_open: decided.is_none(),
        answer_due: answer_due.map(date),
        decided: decided.map(|(day, outcome)| (date(day), outcome)),
    };
    let cases = CaseFacts {
        appeals: vec![
            appeal("2026-03-01", Some("2026-03-19"), None),
            appeal("2026-02-01", Some("2026-03-20"), None),
            appeal("2026-03-31", None, None),
            appeal("2026-03-02", Some("2026-03-03"), Some(("2026-03-31", "upheld"))),
            appeal("2026-02-01", None, Some(("2026-04-01", "quashed"))),
            appeal("2026-02-20", None, Some(("2026-03-01", "upheld"))),
        ],
        ..facts("P-1")
    };
    assert_eq!(
        found(&[cases], march()),
        json!({"appeals_received": 3, "appeals_due": 3, "appeals_overdue": 1, "appeals_by_outcome": {"upheld": 2}})
    );
}

#[test]
fn contacts_are_added_up_over_the_days_and_times_are_averaged() {
    let tally = |day: Value| serde_json::from_value::<DayTally>(day).unwrap();
    let first = json!({"day": "2026-03-01", "by_channel": {"email": {"deliver": 2}, "telephone": {"limit": 1}},
        "lanes": {"legal": 1}, "unanswered": {"anns": 1}, "observed": {"R-1": {"limit": 1}},
        "read": {"limited": {"times": 2, "minutes": 5}}, "answered": {"limited": {"times": 1, "minutes": 7}}});
    let second = json!({"day": "2026-03-31", "by_channel": {"email": {"deliver": 1, "limit": 1}},
        "lanes": {"legal": 2}, "unanswered": {"anns": 2}, "read": {"limited": {"times": 1, "minutes": 5}},
        "answered": {"anns": {"times": 0, "minutes": 0}}});
    let outside = json!({"day": "2026-04-01", "by_channel": {"email": {"deliver": 9}}, "lanes": {"legal": 9}});
    let found = figures(&[], &[first, second, outside].map(tally), march());
    let only = |name: &str| found[name].clone();
    assert_eq!(only("contacts_by_disposition"), json!({"deliver": 3, "limit": 2}));
    assert_eq!(
        only("contacts_by_channel"),
        json!({"email": {"deliver": 3, "limit": 1}, "telephone": {"limit": 1}})
    );
    assert_eq!(
        (only("unanswered_in_time"), only("safeguard_hits")),
        (json!({"anns": 3}), json!({"legal": 3}))
    );
    assert_eq!(only("observed_by_restriction"), json!({"R-1": {"limit": 1}}));
    assert_eq!(only("read_by_queue"), json!({"limited": 3}));
    assert_eq!(only("answered_by_queue"), json!({"anns": 0, "limited": 1}));
    assert_eq!(
        (only("minutes_to_read"), only("minutes_to_answer")),
        (json!({"limited": 3}), json!({"limited": 7}))
    );
}

#[test]
fn months_are_whole_but_for_the_first_and_the_last() {
    let since =
        ["2026-01-14", "2026-01-15", "2026-01-31", "2026-02-01", "2026-03-10", "2026-03-11"];
    let case = CaseFacts {
        restrictions: since.map(|day| restriction(day, None)).to_vec(),
        ..facts("P-1")
    };
    let period =
        Period { from: date("2026-01-15"), to: date("2026-03-10"), today: date("2026-06-01") };
    let months: Vec<(String, Value)> = by_month(&[&case], &[], period)
        .into_iter()
        .map(|(month, figures)| (month.to_string(), figures["new_restrictions"].clone()))
        .collect();
    let month = |day: &str, new: u64| (day.to_owned(), json!(new));
    assert_eq!(months, [month("2026-01-01", 2), month("2026-02-01", 1), month("2026-03-01", 1)]);
    for (from, to, months) in [
        ("2026-01-01", "2026-01-31", 1),
        ("2026-01-31", "2026-02-01", 2),
        ("2025-11-30", "2026-02-01", 4),
        ("2026-02-01", "2026-01-31", 0),
    ] {
        assert_eq!(calendar_months(date(from), date(to)), months, "{from} {to}");
    }
}
