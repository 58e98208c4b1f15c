//! Letters that are owed.

use super::*;

fn letter(kind: &str, about: &str, sent_at: &str, mail: Value) -> Value {
    json!({"id": "L-1", "kind": kind, "about": about, "language": "en", "format": "standard", "parts": [],
        "drafted_at": "2026-04-01T09:00:00Z", "drafted_by": "Max", "approval": null,
        "sent": {"at": sent_at, "by": "Ann", "means": "post", "mail": mail}})
}

fn with(file: &Value, letters: Value) -> Value {
    let mut file = file.clone();
    file["letters"] = letters;
    file
}

fn of(profile: &Profile, file: Value) -> Vec<String> {
    diary(profile, &person(json!({})), file, "2026-04-08")
}

const SENT: &str = "2026-04-07T10:00:00Z";

#[test]
fn a_written_warning_owes_its_letter_by_the_next_working_day() {
    let warning = |medium: &str| {
        json!({"warnings": [{"id": "W-1", "at": "2026-04-02T10:00:00Z", "by": "Max", "incidents": [],
            "kind": "formal", "medium": medium, "behaviour": "Insults.", "must_change": "None.", "consequences": null}]})
    };
    let owed = |due: &str, state: &str| {
        vec![format!("letter W-1 {due} {state}; decision 2026-04-02; 9; head")]
    };
    let mut profile = profile();
    // The bank holidays of Easter lie between.
    assert_eq!(of(&profile, warning("written")), owed("2026-04-07", "overdue"));
    assert_eq!(of(&profile, warning("verbal")), [""; 0]);
    let went = |kind: &str, about: &str| {
        of(&profile, with(&warning("written"), json!([letter(kind, about, SENT, json!(null))])))
    };
    assert_eq!(went("warning", "W-1"), owed("2026-04-07", "met"));
    assert_eq!(went("warning", "W-2"), owed("2026-04-07", "overdue"));
    assert_eq!(went("restriction", "W-1"), owed("2026-04-07", "overdue"));
    profile.letter.within = Some(Deadline { length: Length::WorkingDays(3), from: None });
    assert_eq!(of(&profile, warning("written")), owed("2026-04-09", "upcoming"));
    profile.letter.within = Some(Deadline { length: Length::Months(1), from: None });
    assert_eq!(of(&profile, warning("written")), owed("2026-05-02", "upcoming"));
}

#[test]
fn a_signed_proposal_owes_its_letter_where_the_policy_says_by_when() {
    let proposal = |state: &str| {
        json!({"proposals": [{"id": "PR-1", "at": "2026-04-01T08:00:00Z", "by": "Max",
            "restriction": restriction(json!({})), "incidents": [], "aim": null, "why_no_lesser": null,
            "adjustments_considered": null, "exceptions": [], "state": state, "sent_back": null,
            "signature": {"name": "Hal", "role": "head", "at": "2026-04-02T10:00:00Z"}}]})
    };
    let mut profile = profile();
    assert_eq!(of(&profile, proposal("signed")), [""; 0]);
    profile.letter.within = Some(Deadline { length: Length::WorkingDays(2), from: None });
    let owed =
        |state: &str| vec![format!("letter PR-1 2026-04-08 {state}; decision 2026-04-02; 9; head")];
    assert_eq!(of(&profile, proposal("signed")), owed("due"));
    assert_eq!(of(&profile, proposal("waiting")), [""; 0]);
    let mail = |state: &str| json!({"to": "jo@x.example", "state": state, "at": SENT});
    for (letters, expected) in [
        (json!([letter("restriction", "PR-1", SENT, json!(null))]), owed("met")),
        (json!([letter("restriction", "PR-1", "2026-04-09T10:00:00Z", json!(null))]), owed("late")),
        (json!([letter("restriction", "PR-2", SENT, json!(null))]), owed("due")),
    ] {
        assert_eq!(of(&profile, with(&proposal("signed"), letters.clone())), expected, "{letters}");
    }
    // A letter that no server accepted was not sent, and is owed separately.
    let failed = json!([letter("restriction", "PR-1", SENT, mail("failed"))]);
    let again = "letter L-1 2026-04-08 due; mail_failed 2026-04-07; 9; head".to_owned();
    let both = [again, owed("due").remove(0)];
    assert_eq!(of(&profile, with(&proposal("signed"), failed)), both);
}

#[test]
fn a_review_owes_a_letter_about_it_or_about_its_restriction() {
    let reviewed = |owed: bool| {
        json!({"reviews": [{"id": "V-1", "restriction": "R-1", "at": "2026-04-02T10:00:00Z", "by": "Hal",
            "was_due": null, "outcome": "lift", "why": "So.", "conduct": null, "next_due": null, "letter_owed": owed}]})
    };
    let line =
        |state: &str| vec![format!("letter V-1 2026-04-07 {state}; decision 2026-04-02; 9; head")];
    let profile = profile();
    assert_eq!(of(&profile, reviewed(false)), [""; 0]);
    assert_eq!(of(&profile, reviewed(true)), line("overdue"));
    let (kind, none) = ("review_outcome", json!(null));
    for (letters, state) in [
        (json!([letter(kind, "V-1", SENT, none.clone())]), "met"),
        (json!([letter(kind, "R-1", SENT, none.clone())]), "met"),
        (json!([letter(kind, "R-1", "2026-04-02T10:00:00Z", none.clone())]), "met"),
        (json!([letter(kind, "R-1", "2026-04-08T10:00:00Z", none.clone())]), "late"),
        (json!([letter(kind, "R-1", "2026-04-02T09:59:59Z", none.clone())]), "overdue"),
        (json!([letter(kind, "R-2", SENT, none.clone())]), "overdue"),
        (json!([letter("lifted", "V-1", SENT, none)]), "overdue"),
    ] {
        assert_eq!(of(&profile, with(&reviewed(true), letters.clone())), line(state), "{letters}");
    }
    let mail = json!({"to": "jo@x.example", "state": "failed", "at": "2026-04-07T10:00:00Z"});
    let failed = json!([letter(kind, "V-1", SENT, mail)]);
    let again = "letter L-1 2026-04-08 due; mail_failed 2026-04-07; 9; head";
    assert_eq!(
        of(&profile, with(&reviewed(true), failed)),
        [line("overdue").remove(0), again.to_owned()]
    );
}

#[test]
fn a_decided_appeal_owes_its_letter_where_no_other_clock_runs() {
    let appeals = json!({"appeals": [{"id": "A-1", "restriction": "R-1", "joined": [], "out_of_time": false,
        "received": {"at": "2026-04-01T10:00:00Z", "channel": "email", "grounds": [], "text": null, "contact": null,
            "recorded_by": "Ann"},
        "suspends": true, "hearer": null, "notified_at": null, "withdrawn_at": null,
        "decision": {"at": "2026-04-02T10:00:00Z", "by": "Bea", "outcome": "upheld", "why": "So."}}]});
    let line =
        |state: &str| vec![format!("letter A-1 2026-04-07 {state}; decision 2026-04-02; 9; head")];
    assert_eq!(of(&profile(), appeals.clone()), line("overdue"));
    let sent = json!([letter("appeal_outcome", "A-1", SENT, json!(null))]);
    assert_eq!(of(&profile(), with(&appeals, sent)), line("met"));
}
