//! What staff read of a reason in Welsh.

use serde_json::{Value, json};

use super::*;
use crate::domain::diary::{Entry, State, reminder};
use crate::domain::nation::Nation;

fn item(reason: &Value, person: Option<&str>) -> QueueItem {
    serde_json::from_value(json!({
        "id": "c", "queue": "limited", "contact": "R-1", "person": person, "channel": "email",
        "at": "2026-11-23T10:00:00Z", "disposition": "limit", "reasons": [reason], "flags": [],
        "subject": null, "original_to": [], "state": "open",
    }))
    .unwrap()
}

/// The line in Welsh; none: it is English.
fn said(code: &str, text: &str, clause: Option<&str>, person: Option<&Person>) -> Option<String> {
    let restriction = person.map(|_| "R-1");
    let reason = json!({"code": code, "restriction": restriction, "clause": clause, "text": text});
    let item = item(&reason, Some("P-1"));
    let profile = Profile::silent("Bare Homes", Nation::Wales);
    let of = ReasonedItem { item: &item, person, profile: &profile };
    let [one] = item.reasons.as_slice() else { panic!("one reason") };
    assert_eq!(super::reason(one, of, Language::English).text, text);
    let line = super::reason(one, of, Language::Welsh);
    assert!(!line.foreign || line.text == text, "{}", line.text);
    (!line.foreign).then_some(line.text)
}

fn limited(limit: u32) -> Person {
    serde_json::from_value(json!({
        "id": "P-1",
        "restrictions": [{
            "id": "R-1", "kind": "contact_quota", "limit": limit, "per": "week",
            "window": "rolling", "starts": "2026-01-01", "status": "active",
        }],
    }))
    .unwrap()
}

#[test]
fn a_limit_is_said_with_its_terms_as_long_as_they_are_the_same() {
    let text = "The limit of 1 contact in any 7 days is used up (Bare Homes, clause 8.3)";
    let told =
        |limit| said("contact_quota.over", text, Some("8.3"), Some(&limited(limit))).unwrap();
    let whole = "Mae'r terfyn wedi'i ddefnyddio: 1 cysylltiad yr wythnos (Bare Homes, cymal 8.3)";
    assert_eq!(told(1), whole);
    assert_eq!(told(2), "Mae'r terfyn wedi'i ddefnyddio (Bare Homes, cymal 8.3)");
    let observed = said("hours_only.outside", "Outside [observed only]", None, None).unwrap();
    assert!(observed.ends_with(" [arsylwi yn unig]"), "{observed}");
}

#[test]
fn names_and_passages_are_taken_over() {
    for (code, text, welsh) in [
        (
            "single_point_of_contact.routed",
            "Kim Reed is this person's point of contact",
            "Kim Reed yw pwynt cyswllt y person hwn",
        ),
        (
            "single_point_of_contact.deputy",
            "Kim Reed is away: a deputy takes this person's contacts",
            "Mae Kim Reed i ffwrdd: mae dirprwy yn cymryd cysylltiadau'r person hwn",
        ),
        (
            "single_point_of_contact.unanswered",
            "Kim Reed did not answer within 8 working hours: the team takes over.",
            "Nid atebodd Kim Reed o fewn 8 awr waith: mae'r tîm yn cymryd drosodd",
        ),
        (
            "safeguard.emergency",
            "It may be an emergency: found “gas leak”",
            "Gall fod yn argyfwng: “gas leak”",
        ),
        (
            "channels_only.closed",
            "This person may not contact us by e-mail",
            "Ni chaiff y person hwn gysylltu â ni drwy e-bost",
        ),
    ] {
        assert_eq!(said(code, text, None, None).as_deref(), Some(welsh), "{code}");
    }
    // What this version does not know is shown as it was recorded, and marked as English.
    for code in ["single_point_of_contact.routed", "of.another.version", "recorded"] {
        assert_eq!(said(code, "Something else", None, None), None, "{code}");
    }
}

#[test]
fn what_falls_due_is_said_in_either_language_with_its_day() {
    let profile = Profile::silent("Bare Homes", Nation::Wales);
    let day: NaiveDate = "2026-12-07".parse().unwrap();
    for (state, welsh) in [
        (State::Upcoming, "i'w wneud erbyn Llun 7 Rhag 2026"),
        (State::Due, "i'w wneud heddiw, Llun 7 Rhag 2026"),
        (State::Overdue, "roedd i'w wneud erbyn Llun 7 Rhag 2026"),
    ] {
        let entry = Entry {
            what: What::Review,
            about: "R-1".to_owned(),
            person: Some("P-1".to_owned()),
            due: day,
            anchor: None,
            anchor_date: None,
            clause: Some("8.9".to_owned()),
            who: Vec::new(),
            state,
        };
        let text = reminder::of_entry(&entry, &profile, day).unwrap().text;
        let line = said("diary.review", &text, Some("8.9"), None);
        let whole = format!("Adolygu'r cyfyngiad: R-1 (P-1), {welsh} (cymal 8.9)");
        assert_eq!(line, Some(whole), "{text}");
    }
    let breach = "Contact in breach of a restriction: P-1 made contact on 2026-12-07, which R-1 does \
                  not allow.";
    let line = said("diary.breach", breach, None, None).unwrap();
    assert!(line.contains("cysylltodd P-1 ar Llun 7 Rhag 2026"), "{line}");
    let shut = "No way open: in the 7 days from 2026-12-07 no staffed way stays open for R-1 with \
                all of their restrictions.";
    let line = said("diary.open_way", shut, None, None).unwrap();
    assert!(line.contains("o Llun 7 Rhag 2026"), "{line}");
}

#[test]
fn every_code_of_a_queue_is_said() {
    for code in [
        "hours_only.outside",
        "issue_closed.new_evidence",
        "issue_closed.repeat",
        "issue_quota.over",
        "complaint_closed.new_evidence",
        "complaint_closed.repeat",
        "contact_ended.filed",
        "contact_ended.new_issue",
        "read_and_file.filed",
        "read_and_file.new_evidence",
        "read_and_file.new_issue",
        "representative_only.direct",
        "identity.shared",
        "identity.ambiguous",
        "identity.unproven",
        "identity.refuted",
        "restrictions_unknown",
        "decider_failed",
        "not_submitted",
        "passed_by_mark",
        "unread",
        "unrecorded",
        "unrestricted",
        "sender_unknown",
        "within_limits",
        "representative",
        "invited",
        "automatic",
        "contact_ended",
        "read_and_file",
        "single_point_of_contact.other",
    ] {
        assert!(said(code, "In English", None, None).is_some(), "{code}");
    }
}
