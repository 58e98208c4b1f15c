//! What falls due, from what, and who must act.

mod letters;
mod reminders;

use serde_json::{Value, json};

use super::*;
use crate::domain::calendar::BankHolidays;
use crate::domain::nation::Nation;
use crate::domain::profile::{Anchor, Deadline, Length, OnOverdue};
use crate::domain::profile::{Exception, ExceptionRule};

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

/// Good Friday and Easter Monday of 2026 are known as bank holidays.
fn profile() -> Profile {
    let mut profile = Profile::silent("Bare Homes", Nation::England);
    let holidays = [day("2026-04-03"), day("2026-04-06")];
    profile.bank_holidays = BankHolidays::new(holidays, Some(day("2027-12-31")));
    profile.review.on_overdue = Some(OnOverdue::Keep);
    profile.responsible.decides = Roles::any_of(vec![Role("head".to_owned())]);
    profile.responsible.engages_after_end =
        vec![Role("head".to_owned()), Role("director".to_owned())];
    profile.appeal.heard_by = Roles::any_of(vec![Role("board".to_owned())]);
    let clauses = [
        ("review", "8"),
        ("appeal", "10"),
        ("letter", "9"),
        ("adjustments", "5"),
        ("warn_first", "7"),
        ("read_within_working_days", "11"),
        ("responsible.engages_after_end", "12"),
    ];
    profile.clauses = clauses.map(|(path, clause)| (path.to_owned(), clause.to_owned())).into();
    profile
}

fn person(lists: Value) -> Person {
    let mut person = json!({"id": "P-1"});
    for (key, value) in lists.as_object().unwrap() {
        person[key] = value.clone();
    }
    serde_json::from_value(person).unwrap()
}

fn restriction(changes: Value) -> Value {
    let mut restriction = json!({"id": "R-1", "kind": "visits_in_pairs", "starts": "2026-01-05"});
    for (key, value) in changes.as_object().unwrap() {
        restriction[key] = value.clone();
    }
    restriction
}

/// Each entry as text: what, about what, when and its state; its source; its clause; who must act.
fn line(entry: &Entry) -> String {
    let from = entry.anchor.zip(entry.anchor_date).map(|(anchor, date)| format!("{anchor} {date}"));
    let who: Vec<&str> = entry.who.iter().map(|role| role.0.as_str()).collect();
    format!(
        "{} {} {} {}; {}; {}; {}",
        entry.what.name(),
        entry.about,
        entry.due,
        entry.state.name(),
        from.as_deref().unwrap_or("-"),
        entry.clause.as_deref().unwrap_or("-"),
        who.join(" or "),
    )
}

fn diary(profile: &Profile, person: &Person, file: Value, today: &str) -> Vec<String> {
    let file: CaseFile = serde_json::from_value(file).unwrap();
    let entries = of_person(Case { file: &file, person }, profile, day(today));
    assert!(entries.iter().all(|entry| entry.person.as_deref() == Some("P-1")));
    entries.iter().map(line).collect()
}

fn of_restriction(profile: &Profile, changes: Value, today: &str) -> Vec<String> {
    let person = person(json!({"restrictions": [restriction(changes)]}));
    diary(profile, &person, json!({}), today)
}

#[test]
fn a_review_is_due_on_its_day_while_the_restriction_holds() {
    let review = |state: &str| vec![format!("review R-1 2026-07-05 {state}; -; 8; head")];
    let due = json!({"review_due": "2026-07-05"});
    for (today, state) in
        [("2026-07-04", "upcoming"), ("2026-07-05", "due"), ("2026-07-06", "overdue")]
    {
        assert_eq!(of_restriction(&profile(), due.clone(), today), review(state), "{today}");
    }
    let appealed = json!({"review_due": "2026-07-05", "status": "under_appeal"});
    assert_eq!(of_restriction(&profile(), appealed, "2026-07-05"), review("due"));
    let lifted = json!({"review_due": "2026-07-05", "status": "lifted", "ends": "2026-08-01"});
    assert_eq!(of_restriction(&profile(), lifted, "2026-07-01"), [""; 0]);
    let ends = json!({"review_due": "2026-07-05", "ends": "2026-07-03"});
    let end = |state: &str| {
        format!("restriction_end R-1 2026-07-03 {state}; implementation 2026-01-05; -; head")
    };
    assert_eq!(
        of_restriction(&profile(), ends.clone(), "2026-07-03"),
        [end("due"), review("upcoming").remove(0)]
    );
    assert_eq!(of_restriction(&profile(), ends, "2026-07-04"), [end("met")]);
}

#[test]
fn a_review_names_the_anchor_of_the_policy() {
    let known = json!({"restraints": [{"restriction": "R-1", "proposal": "PR-1", "decided_elsewhere": false,
        "decided": "2026-01-01", "letter_sent": "2026-01-02", "implemented": "2026-01-05", "took_part": [],
        "variations": [], "ended": null}]});
    let person =
        person(json!({"restrictions": [restriction(json!({"review_due": "2026-07-05"}))]}));
    for (anchor, said) in [
        (Anchor::Decision, "decision 2026-01-01"),
        (Anchor::Letter, "letter 2026-01-02"),
        (Anchor::Implementation, "implementation 2026-01-05"),
        (Anchor::Receipt, "receipt 2026-01-01"),
        (Anchor::AppealDecision, "appeal_decision 2026-01-01"),
    ] {
        let mut profile = profile();
        profile.review.anchor = Some(anchor);
        profile.clauses.remove("review");
        profile.clauses.insert("review.per_decision".to_owned(), "8.3".to_owned());
        let expected = [format!("review R-1 2026-07-05 upcoming; {said}; 8.3; head")];
        assert_eq!(diary(&profile, &person, known.clone(), "2026-07-01"), expected);
    }
}

#[test]
fn good_conduct_brings_a_review_forward() {
    let mut profile = profile();
    profile.review.good_conduct_months = Some(3);
    let early = |since: &str, due: &str, state: &str| {
        format!("early_review R-1 {due} {state}; good_conduct {since}; 8; head")
    };
    let review = || "review R-1 2026-07-05 upcoming; -; 8; head".to_owned();
    let due = json!({"review_due": "2026-07-05"});
    assert_eq!(of_restriction(&profile, due.clone(), "2026-04-01"), [review()]);
    profile.review.earlier = Some("good_conduct".to_owned());
    for (today, state) in [("2026-04-04", "upcoming"), ("2026-04-05", "due"), ("2026-06-05", "due")]
    {
        let expected = [early("2026-01-05", "2026-04-05", state), review()];
        assert_eq!(of_restriction(&profile, due.clone(), today), expected, "{today}");
    }
    assert_eq!(of_restriction(&profile, json!({"ends": "2026-03-01"}), "2026-04-01").len(), 1);
    let over = json!({"review_due": "2026-07-05", "status": "lifted"});
    assert_eq!(of_restriction(&profile, over, "2026-04-01"), [""; 0]);
    // It comes before the review itself, or not at all.
    for (review_due, lines) in [("2026-04-05", 1), ("2026-04-06", 2)] {
        let entries = of_restriction(&profile, json!({"review_due": review_due}), "2026-04-01");
        assert_eq!(entries.len(), lines, "{review_due}");
    }
    let one = person(json!({"restrictions": [restriction(due)]}));
    let agreement = |state: &str| {
        json!({"agreements": [{"id": "G-1", "offered_at": "2026-01-10T10:00:00Z", "by": "Max", "terms": "Less.",
            "until": null, "state": state, "since": "2026-02-10T10:00:00Z", "what": null}]})
    };
    let done = |restriction: &str| {
        json!({"reviews": [{"id": "V-1", "restriction": restriction, "at": "2026-02-10T10:00:00Z", "by": "Hal",
            "was_due": null, "outcome": "keep", "why": "So.", "conduct": null, "next_due": null, "letter_owed": false}]})
    };
    let incident = json!({"incidents": [{"id": "I-1", "recorded_at": "2026-02-12T10:00:00Z", "reported_by": "Ann",
        "ground": "abuse", "severity": "ordinary", "happened_at": "2026-02-10T10:00:00Z", "channel": "email",
        "what": "Insults.", "contacts": [], "interaction_ended": false, "told": [], "staff": [], "closed": null}]});
    for (file, since, due) in [
        (agreement("breached"), "2026-02-10", "2026-05-10"),
        (agreement("kept"), "2026-01-05", "2026-04-05"),
        (done("R-1"), "2026-02-10", "2026-05-10"),
        (done("R-2"), "2026-01-05", "2026-04-05"),
        (incident, "2026-02-10", "2026-05-10"),
    ] {
        let expected = [early(since, due, "upcoming"), review()];
        assert_eq!(diary(&profile, &one, file.clone(), "2026-03-01"), expected, "{file}");
    }
}

#[test]
fn a_restriction_ends_by_its_own_day_or_by_the_clock_of_the_policy() {
    let end = |due: &str, clause: &str| {
        vec![format!(
            "restriction_end R-1 {due} upcoming; implementation 2026-01-05; {clause}; head"
        )]
    };
    let mut profile = profile();
    profile.review.longest_months = Some(6);
    profile.clauses.insert("review.on_overdue".to_owned(), "8.1".to_owned());
    profile.clauses.insert("review.longest_months".to_owned(), "8.2".to_owned());
    let today = "2026-02-01";
    assert_eq!(
        of_restriction(&profile, json!({"ends": "2026-06-01"}), today),
        end("2026-06-01", "-")
    );
    assert_eq!(of_restriction(&profile, json!({}), today), [""; 0]);
    profile.review.on_overdue = Some(OnOverdue::HardCap);
    for (changes, due, clause) in [
        (json!({}), "2026-07-05", "8.2"),
        (json!({"ends": "2026-07-04"}), "2026-07-04", "-"),
        (json!({"ends": "2026-07-05"}), "2026-07-05", "-"),
        (json!({"ends": "2026-07-06"}), "2026-07-05", "8.2"),
    ] {
        assert_eq!(of_restriction(&profile, changes.clone(), today), end(due, clause), "{changes}");
    }
    profile.review.on_overdue = Some(OnOverdue::Lapse);
    let lapses = of_restriction(&profile, json!({"review_due": "2026-05-05"}), today);
    let review = "review R-1 2026-05-05 upcoming; -; 8; head".to_owned();
    assert_eq!(lapses, [review, end("2026-05-05", "8.1").remove(0)]);
    let lifted = json!({"ends": "2026-06-01", "status": "lifted"});
    assert_eq!(of_restriction(&profile, lifted, today), [""; 0]);
}

#[test]
fn what_is_done_stays_for_a_year() {
    let reviewed = |at: &str| {
        json!({"reviews": [{"id": "V-1", "restriction": "R-1", "at": at, "by": "Hal", "was_due": "2026-07-05",
            "outcome": "keep", "why": "So.", "conduct": null, "next_due": null, "letter_owed": false}]})
    };
    let nobody = person(json!({}));
    let line = |state: &str| vec![format!("review R-1 2026-07-05 {state}; -; 8; head")];
    for (at, today, expected) in [
        ("2026-07-05T10:00:00Z", "2026-07-20", line("met")),
        ("2026-07-06T10:00:00Z", "2026-07-20", line("late")),
        ("2026-07-05T10:00:00Z", "2027-07-05", line("met")),
        ("2026-07-05T10:00:00Z", "2027-07-06", vec![]),
    ] {
        assert_eq!(diary(&profile(), &nobody, reviewed(at), today), expected, "{at} {today}");
    }
}

#[test]
fn appeals_are_answered_and_notified() {
    let mut profile = profile();
    let within =
        |days, from| Some(Deadline { length: Length::WorkingDays(days), from: Some(from) });
    let appeal = |changes: Value| {
        let mut appeal = json!({"id": "A-1", "restriction": "R-1", "joined": [], "out_of_time": false,
            "received": {"at": "2026-04-01T10:00:00Z", "channel": "email", "grounds": [], "text": null,
                "contact": null, "recorded_by": "Ann"},
            "suspends": true, "hearer": null, "decision": null, "notified_at": null, "withdrawn_at": null});
        for (key, value) in changes.as_object().unwrap() {
            appeal[key] = value.clone();
        }
        json!({"appeals": [appeal]})
    };
    let decision =
        json!({"at": "2026-04-10T10:00:00Z", "by": "Bea", "outcome": "upheld", "why": "So."});
    let decided = || appeal(json!({"decision": decision}));
    let nobody = person(json!({}));
    let of = |profile: &Profile, file: Value| diary(profile, &nobody, file, "2026-04-10");
    assert_eq!(of(&profile, appeal(json!({}))), [""; 0]);
    // The two bank holidays of Easter do not count.
    let letter = "letter A-1 2026-04-13 upcoming; decision 2026-04-10; 9; head";
    assert_eq!(of(&profile, decided()), [letter]);
    profile.appeal.answer = within(5, Anchor::Receipt);
    profile.appeal.notify = within(2, Anchor::AppealDecision);
    let answer = |state: &str| {
        format!("appeal_answer A-1 2026-04-10 {state}; receipt 2026-04-01; 10; board")
    };
    let notice = |state: &str| {
        format!("appeal_notice A-1 2026-04-14 {state}; appeal_decision 2026-04-10; 10; board")
    };
    assert_eq!(of(&profile, appeal(json!({}))), [answer("due")]);
    assert_eq!(of(&profile, decided()), [answer("met"), notice("upcoming")]);
    let notified = appeal(json!({"decision": decision, "notified_at": "2026-04-15T10:00:00Z"}));
    assert_eq!(of(&profile, notified), [answer("met"), notice("late")]);
    assert_eq!(of(&profile, appeal(json!({"withdrawn_at": "2026-04-02T10:00:00Z"}))), [""; 0]);
    profile.appeal.notify = within(2, Anchor::Receipt);
    let at_once = "appeal_notice A-1 2026-04-07 overdue; receipt 2026-04-01; 10; board";
    assert_eq!(of(&profile, appeal(json!({}))), [at_once.to_owned(), answer("due")]);
}

fn task(contact: &str, kind: &str, done: Value) -> Value {
    json!({"contact": contact, "kind": kind, "at": "2026-04-01T10:00:00Z", "restriction": "R-1", "issue": null,
        "thread": [], "done": done})
}

#[test]
fn contacts_wait_for_somebody_of_the_case() {
    let mut profile = profile();
    let done = json!({"at": "2026-04-02T10:00:00Z", "by": "Ann", "engage": null, "why": null});
    let file = json!({"tasks": [
        task("c-1", "engagement", json!(null)),
        task("c-2", "read_filed", json!(null)),
        task("c-3", "read_filed", done),
    ]});
    let nobody = person(json!({}));
    let came = "receipt 2026-04-01";
    assert_eq!(
        diary(&profile, &nobody, file.clone(), "2026-04-07"),
        [
            format!("engagement c-1 2026-04-02 overdue; {came}; 12; head or director"),
            format!("read_filed c-2 2026-04-02 overdue; {came}; 11; agent"),
            format!("read_filed c-3 2026-04-02 met; {came}; 11; agent"),
        ]
    );
    profile.engagement_within_working_days = Some(3);
    profile.read_within_working_days = Some(2);
    profile.clauses.remove("read_within_working_days");
    let own = "contact_ended.decide_within_working_days".to_owned();
    profile.clauses.insert(own, "12.1".to_owned());
    assert_eq!(
        diary(&profile, &nobody, file, "2026-04-07"),
        [
            format!("read_filed c-2 2026-04-07 due; {came}; -; agent"),
            format!("read_filed c-3 2026-04-07 met; {came}; -; agent"),
            format!("engagement c-1 2026-04-08 upcoming; {came}; 12.1; head or director"),
        ]
    );
}

#[test]
fn agreements_and_adjustments_are_looked_at_again() {
    let profile = profile();
    let agreement = |id: &str, until: Value, state: &str| {
        json!({"id": id, "offered_at": "2026-03-01T10:00:00Z", "by": "Max", "terms": "Less.", "until": until,
            "state": state, "since": "2026-04-15T10:00:00Z", "what": null})
    };
    let until = json!("2026-04-10");
    let file = json!({"agreements": [
        agreement("G-1", until.clone(), "offered"),
        agreement("G-2", until.clone(), "accepted"),
        agreement("G-3", until, "kept"),
        agreement("G-4", json!(null), "accepted"),
    ]});
    let nobody = person(json!({}));
    assert_eq!(
        diary(&profile, &nobody, file, "2026-04-20"),
        [
            "agreement_end G-1 2026-04-10 overdue; -; 7; head",
            "agreement_end G-2 2026-04-10 overdue; -; 7; head",
            "agreement_end G-3 2026-04-10 late; -; 7; head",
        ]
    );
    let adjusted = person(json!({"adjustments": [
        {"kind": "large_print", "review_due": "2026-05-01"},
        {"kind": "audio"},
        {"kind": "braille", "review_due": "2026-05-02"},
        {"id": "J-9", "kind": "other", "review_due": "2026-05-03"},
    ]}));
    assert_eq!(
        diary(&profile, &adjusted, json!({}), "2026-05-01"),
        [
            "adjustment_review 1 2026-05-01 due; -; 5; head",
            "adjustment_review 3 2026-05-02 upcoming; -; 5; head",
            "adjustment_review J-9 2026-05-03 upcoming; -; 5; head",
        ]
    );
}

#[test]
fn an_exception_from_notice_is_looked_at_again() {
    let mut profile = profile();
    let rule = ExceptionRule {
        allowed: true,
        when: None,
        clause: Some("12.2".to_owned()),
        sign_off: None,
    };
    profile.exceptions.insert(Exception::NoNotification, rule);
    let proposal = |state: &str, restriction_id: &str, exception: &str, due: Value| {
        json!({"proposals": [{"id": "PR-1", "at": "2026-01-02T10:00:00Z", "by": "Max",
            "restriction": restriction(json!({"id": restriction_id})), "incidents": [], "aim": null, "why_no_lesser": null,
            "adjustments_considered": null, "state": state, "signature": null, "sent_back": null,
            "exceptions": [{"exception": exception, "justification": "Fear.", "review_due": due, "signature": null}]}]})
    };
    let (unknown, june) = ("no_notification", json!("2026-06-01"));
    let kept = person(json!({"restrictions": [restriction(json!({"review_due": "2026-07-05"}))]}));
    let review = "review R-1 2026-07-05 upcoming; -; 8; head";
    let again = |due: &str| format!("exception_review R-1 {due} upcoming; -; 12.2; head");
    for (file, expected) in [
        (
            proposal("done", "R-1", unknown, june.clone()),
            vec![again("2026-06-01"), review.to_owned()],
        ),
        (
            proposal("done", "R-1", unknown, json!(null)),
            vec![review.to_owned(), again("2026-07-05")],
        ),
        (proposal("waiting", "R-1", unknown, june.clone()), vec![review.to_owned()]),
        (proposal("done", "R-2", unknown, june.clone()), vec![review.to_owned()]),
        (proposal("done", "R-1", "no_warning", june.clone()), vec![review.to_owned()]),
    ] {
        assert_eq!(diary(&profile, &kept, file.clone(), "2026-05-01"), expected, "{file}");
    }
    let lifted = person(json!({"restrictions": [restriction(json!({"status": "lifted"}))]}));
    assert_eq!(
        diary(&profile, &lifted, proposal("done", "R-1", unknown, june), "2026-05-01"),
        [""; 0]
    );
}

#[test]
fn nobody_covers_a_point_of_contact() {
    let mut profile = profile();
    let point = |status: &str| {
        let point = json!({"kind": "single_point_of_contact", "status": status, "contact": {"name": "Sam"},
            "absences": [{"contact": "Sam", "from": "2026-05-04", "to": "2026-05-08"}]});
        person(json!({"restrictions": [restriction(point)]}))
    };
    let of =
        |profile: &Profile, status: &str| diary(profile, &point(status), json!({}), "2026-04-20");
    let uncovered = "absence_uncovered R-1 2026-05-04 upcoming; -; -; head";
    assert_eq!(of(&profile, "active"), [uncovered]);
    assert_eq!(of(&profile, "lifted"), [""; 0]);
    profile.team.name = Some("Customer team".to_owned());
    assert_eq!(of(&profile, "active"), [""; 0]);
}

#[test]
fn an_organisation_has_the_parts_of_its_people_what_is_unset_and_the_end_of_its_calendar() {
    let mut profile = profile();
    profile.staffed_hours = Some(std::collections::BTreeMap::new());
    let file = CaseFile::of("P-1");
    let restricted =
        person(json!({"restrictions": [restriction(json!({"review_due": "2026-07-05"}))]}));
    let (today, nobody) = (day("2026-05-01"), person(json!({})));
    let case = |person| Case { file: &file, person };
    let part = DiaryPart::of(case(&restricted), &profile, today);
    // A review, and the keys that are unset.
    let unset = crate::domain::lifecycle::unset_keys(&profile, &restricted.restrictions[0].kind);
    assert!(unset.len() > 2, "{unset:?}");
    assert_eq!(part.count(), 1 + unset.len());
    assert_eq!(DiaryPart::of(case(&nobody), &profile, today).count(), 0);
    let tasks: Vec<Task> =
        serde_json::from_value(json!([task("c-1", "read_filed", json!(null))])).unwrap();
    let whole = of_parts([part.with_tasks("P-1", &tasks, &profile, today)], &profile, today);
    let mut expected =
        vec!["read_filed c-1 2026-04-02 overdue; receipt 2026-04-01; 11; agent".to_owned()];
    let mut sorted = unset;
    sorted.sort();
    expected
        .extend(sorted.iter().map(|key| format!("profile_unset {key} 2026-05-01 due; -; -; head")));
    expected.push("review R-1 2026-07-05 upcoming; -; 8; head".to_owned());
    expected.push("calendar_end england 2027-12-31 upcoming; -; -; head".to_owned());
    assert_eq!(whole.iter().map(line).collect::<Vec<_>>(), expected);
    let persons: Vec<Option<&str>> = whole.iter().map(|entry| entry.person.as_deref()).collect();
    assert_eq!((persons[0], persons[1]), (Some("P-1"), None));
    expected.remove(0);
    let without = of_organisation([case(&restricted), case(&nobody)], &profile, today);
    assert_eq!(without.iter().map(line).collect::<Vec<_>>(), expected);
    let lifted = person(json!({"restrictions": [restriction(json!({"status": "lifted"}))]}));
    assert_eq!(DiaryPart::of(case(&lifted), &profile, today).count(), 0);
}

#[test]
fn an_entry_names_one_role_several_or_nobody() {
    let mut entry = Entry {
        what: What::Review,
        about: "R-1".to_owned(),
        person: None,
        due: day("2026-07-05"),
        anchor: None,
        anchor_date: None,
        clause: None,
        who: Vec::new(),
        state: State::Due,
    };
    let role = |name: &str| Role(name.to_owned());
    let who = |entry: &Entry| serde_json::to_value(entry).unwrap()["who"].clone();
    assert_eq!(
        serde_json::to_value(&entry).unwrap(),
        json!({"what": "review", "about": "R-1", "due": "2026-07-05", "clause": null, "who": null, "state": "due"})
    );
    entry.who.push(role("head"));
    assert_eq!(who(&entry), json!("head"));
    entry.who.push(role("board"));
    assert_eq!(who(&entry), json!(["head", "board"]));
}
