//! When somebody is reminded, and in what words.

use super::super::reminder::{Reminder, of_entry, queue_of};
use super::*;

fn entry(what: What, due: &str, state: State) -> Entry {
    Entry {
        what,
        about: "R-1".to_owned(),
        person: Some("P-1".to_owned()),
        due: day(due),
        anchor: None,
        anchor_date: None,
        clause: Some("8".to_owned()),
        who: vec![Role("head_of_service".to_owned()), Role("board".to_owned())],
        state,
    }
}

fn text(what: What, state: State) -> Option<String> {
    let today = day("2026-07-05");
    of_entry(&entry(what, "2026-07-05", state), &profile(), today).map(|one| one.text)
}

#[test]
fn a_reminder_says_what_is_due_to_the_role_that_must_act() {
    let mut review = entry(What::Review, "2026-07-05", State::Due);
    let today = day("2026-07-05");
    let reminder = |key: &str, queue: &str, text: &str| {
        Some(Reminder { key: key.to_owned(), queue: queue.to_owned(), text: text.to_owned() })
    };
    assert_eq!(
        of_entry(&review, &profile(), today),
        reminder(
            "review P-1 R-1 2026-07-05 due",
            "head-of-service",
            "Review of a restriction: R-1 of P-1 falls due today, 2026-07-05 (clause 8)."
        )
    );
    (review.person, review.clause, review.who) = (None, None, Vec::new());
    assert_eq!(
        of_entry(&review, &profile(), today),
        reminder(
            "review - R-1 2026-07-05 due",
            &queue_of(&[]),
            "Review of a restriction: R-1 falls due today, 2026-07-05."
        )
    );
    assert_eq!(queue_of(&[]), "governance");
    let said = |what, state| text(what, state).unwrap();
    assert_eq!(
        said(What::EarlyReview, State::Due),
        "Early review after good conduct: R-1 of P-1 is possible since 2026-07-05 (clause 8)."
    );
    assert_eq!(
        said(What::Letter, State::Overdue),
        "Letter owed: R-1 of P-1 was due on 2026-07-05 (clause 8)."
    );
    assert_eq!(
        said(What::Letter, State::Upcoming),
        "Letter owed: R-1 of P-1 falls due on 2026-07-05 (clause 8)."
    );
    for done in [State::Met, State::Late] {
        assert_eq!(text(What::Review, done), None, "{done:?}");
    }
}

#[test]
fn each_thing_is_spoken_of_some_time_before() {
    let first_day = |what: What, due: &str| {
        let due = day(due);
        let days = (0..60).map(|before| due - chrono::Days::new(before));
        let said = |today: &NaiveDate| {
            of_entry(&entry(what, &due.to_string(), State::Upcoming), &profile(), *today).is_some()
        };
        days.take_while(said).last()
    };
    // Four weeks before, three working days before, or on the day.
    for (what, due, expected) in [
        (What::Review, "2026-07-29", "2026-07-01"),
        (What::RestrictionEnd, "2026-07-29", "2026-07-01"),
        (What::AgreementEnd, "2026-07-29", "2026-07-01"),
        (What::AdjustmentReview, "2026-07-29", "2026-07-01"),
        (What::ExceptionReview, "2026-07-29", "2026-07-01"),
        (What::AbsenceUncovered, "2026-07-29", "2026-07-01"),
        (What::ProfileUnset, "2026-07-29", "2026-07-01"),
        (What::CalendarEnd, "2026-07-29", "2026-07-01"),
        (What::EarlyReview, "2026-07-29", "2026-07-29"),
        (What::Letter, "2026-07-29", "2026-07-26"),
        (What::AppealAnswer, "2026-07-30", "2026-07-27"),
        (What::AppealNotice, "2026-07-31", "2026-07-28"),
        (What::Engagement, "2026-07-27", "2026-07-22"),
        (What::ReadFiled, "2026-07-28", "2026-07-23"),
        // Good Friday and Easter Monday lie between.
        (What::Letter, "2026-04-08", "2026-04-01"),
    ] {
        assert_eq!(first_day(what, due), Some(day(expected)), "{what:?} {due}");
    }
}

#[test]
fn an_overdue_review_that_keeps_its_restriction_in_force_is_said_every_day() {
    let key = |what, state, on_overdue| {
        let mut profile = profile();
        profile.review.on_overdue = on_overdue;
        of_entry(&entry(what, "2026-07-05", state), &profile, day("2026-07-09")).unwrap().key
    };
    let keep = Some(OnOverdue::Keep);
    let daily = "review P-1 R-1 2026-07-05 overdue 2026-07-09";
    assert_eq!(key(What::Review, State::Overdue, keep), daily);
    let once = "review P-1 R-1 2026-07-05 overdue";
    assert_eq!(key(What::Review, State::Overdue, Some(OnOverdue::HardCap)), once);
    assert_eq!(key(What::Review, State::Overdue, None), once);
    assert_eq!(key(What::Review, State::Due, keep), "review P-1 R-1 2026-07-05 due");
    assert_eq!(key(What::Letter, State::Overdue, keep), "letter P-1 R-1 2026-07-05 overdue");
}

#[test]
fn everything_that_falls_due_has_a_name_and_words_of_its_own() {
    let all = [
        What::Review,
        What::EarlyReview,
        What::RestrictionEnd,
        What::Letter,
        What::AppealAnswer,
        What::AppealNotice,
        What::Engagement,
        What::ReadFiled,
        What::AgreementEnd,
        What::AdjustmentReview,
        What::ExceptionReview,
        What::AbsenceUncovered,
        What::ProfileUnset,
        What::CalendarEnd,
    ];
    // A reminder's key has the name that the interfaces use.
    for what in all {
        assert_eq!(json!(what), what.name());
    }
    let words: BTreeSet<&str> = all.into_iter().map(What::words).collect();
    assert_eq!(words.len(), all.len());
    for state in [State::Upcoming, State::Due, State::Overdue, State::Met, State::Late] {
        assert_eq!(json!(state), state.name());
    }
}
