//! What staff read of a reason in Welsh.

use serde_json::{Value, json};

use super::*;
use crate::domain::channel::Channel;
use crate::domain::diary::{Entry, State, reminder};
use crate::domain::may_contact::{Purpose, Question, may_contact};
use crate::domain::nation::Nation;
use crate::domain::organisation::Organisation;
use crate::domain::safeguard::{FoundBy, Hit, Spelling};

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
    if !code.starts_with("diary.") {
        assert_eq!(super::reason(one, of, Language::English).text, text);
    }
    let line = super::reason(one, of, Language::Welsh);
    assert!(!line.foreign || line.text == text, "{}", line.text);
    (!line.foreign).then_some(line.text)
}

fn restricted(kind: &Value) -> Person {
    let mut restriction = json!({"id": "R-1", "starts": "2026-01-01", "status": "active"});
    restriction.as_object_mut().unwrap().extend(kind.as_object().unwrap().clone());
    serde_json::from_value(json!({"id": "P-1", "restrictions": [restriction]})).unwrap()
}

fn limited(limit: u32) -> Person {
    restricted(
        &json!({"kind": "contact_quota", "limit": limit, "per": "week", "window": "rolling"}),
    )
}

/// The line as a decision records it, so that these tests fail if its wording changes.
fn recorded(code: &str, kind: Option<&Value>, hit: Option<&Hit>) -> String {
    let person = kind.map(restricted);
    let facts = Facts {
        code: &code.into(),
        restriction: person.as_ref().and_then(|person| person.restrictions.first()),
        clause: None,
        hit,
        channel: Channel::Email,
        observed: false,
    };
    explain::reason(&Profile::silent("Bare Homes", Nation::Wales), facts).text
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
fn names_are_taken_over() {
    let point = json!({"kind": "single_point_of_contact", "contact": {"name": "Kim Reed"}});
    let letters = json!({"kind": "channels_only", "channels": ["letter"]});
    for (code, kind, welsh) in [
        ("single_point_of_contact.routed", &point, "Kim Reed yw pwynt cyswllt y person hwn"),
        (
            "single_point_of_contact.deputy",
            &point,
            "Mae Kim Reed i ffwrdd: mae dirprwy yn cymryd cysylltiadau'r person hwn",
        ),
        (
            "single_point_of_contact.team",
            &point,
            "Mae Kim Reed a phob dirprwy i ffwrdd: mae'r tîm yn ei gymryd",
        ),
        ("channels_only.closed", &letters, "Ni chaiff y person hwn gysylltu â ni drwy e-bost"),
    ] {
        let text = recorded(code, Some(kind), None);
        assert_eq!(said(code, &text, None, None).as_deref(), Some(welsh), "{text}");
    }
    for (from, to, welsh) in [
        (
            Some("Kim Reed"),
            "Dee Okoro",
            "Nid atebodd Kim Reed o fewn 8 awr waith: mae Dee Okoro yn cymryd drosodd",
        ),
        (
            None,
            THE_TEAM,
            "Nid atebodd y pwynt cyswllt o fewn 8 awr waith: mae'r tîm yn cymryd drosodd",
        ),
    ] {
        let text = explain::unanswered(from, 8, to);
        let line = said("single_point_of_contact.unanswered", &text, None, None);
        assert_eq!(line.as_deref(), Some(welsh), "{text}");
    }
    // What this version does not know is shown as it was recorded, and marked as English.
    for code in ["single_point_of_contact.routed", "of.another.version", "recorded"] {
        assert_eq!(said(code, "Something else", None, None), None, "{code}");
    }
}

#[test]
fn what_a_safeguard_found_is_quoted() {
    for (part, by, welsh) in [
        (FoundBy::Words, "gas leak", "Gall fod yn argyfwng: “gas leak”"),
        (FoundBy::Example, "gas leak", "Gall fod yn argyfwng: “gas leak”"),
        (FoundBy::Wording, "gas, leak", "Gall fod yn argyfwng: “gas, leak”"),
        (FoundBy::Helper, "gas leak", "Gall fod yn argyfwng: “helper: gas leak”"),
        (FoundBy::Choice, "", "Gall fod yn argyfwng"),
    ] {
        let (lane, by) = (Lane::Emergency, by.to_owned());
        let hit = Hit { lane, by, part, spelling: Spelling::Written };
        let text = recorded("safeguard.emergency", None, Some(&hit));
        let line = said("safeguard.emergency", &text, None, None);
        assert_eq!(line.as_deref(), Some(welsh), "{text}");
    }
}

#[test]
fn why_a_colleagues_message_is_held_is_said_for_each_restriction_that_holds_one() {
    let organisation = Organisation::new("o", Profile::silent("Bare Homes", Nation::Wales));
    for kind in [
        json!({"kind": "contact_ended"}),
        json!({"kind": "read_and_file"}),
        json!({"kind": "representative_only"}),
        json!({"kind": "channels_only", "channels": ["letter"]}),
        json!({"kind": "single_point_of_contact", "contact": {"name": "Kim Reed"}}),
    ] {
        let at = "2026-06-01T10:00:00Z".parse().unwrap();
        let question = Question { channel: Channel::Email, purpose: Purpose::Reply, by: None, at };
        let answer = may_contact(&organisation, &restricted(&kind), &question);
        let [why] = answer.reasons.as_slice() else { panic!("{kind}") };
        assert!(said(why.code.as_str(), &why.text, None, None).is_some(), "{}", why.code);
    }
}

#[test]
fn what_falls_due_is_said_in_either_language_with_its_day() {
    let profile = Profile::silent("Bare Homes", Nation::Wales);
    let day: NaiveDate = "2026-12-07".parse().unwrap();
    for (what, state, english, welsh) in [
        (
            What::Review,
            State::Upcoming,
            "due on Mon 7 Dec 2026",
            "i'w wneud erbyn Llun 7 Rhag 2026",
        ),
        (
            What::Review,
            State::Due,
            "due today, Mon 7 Dec 2026",
            "i'w wneud heddiw, Llun 7 Rhag 2026",
        ),
        (
            What::Review,
            State::Overdue,
            "was due on Mon 7 Dec 2026",
            "roedd i'w wneud erbyn Llun 7 Rhag 2026",
        ),
        (
            What::EarlyReview,
            State::Due,
            "possible since Mon 7 Dec 2026",
            "yn bosibl ers Llun 7 Rhag 2026",
        ),
    ] {
        let entry = Entry {
            what,
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
        let code = format!("diary.{}", what.name());
        let due = |language| crate::staff::console::say::due(what, language);
        let line = in_english(&code, &text, Some("8.9"), Some(&limited(1)));
        let whole = format!("{} (", due(Language::English));
        assert!(line.starts_with(&whole) && !line.contains("R-1"), "{line}");
        assert!(line.ends_with(&format!("): {english} (clause 8.9)")), "{line}");
        let line = said(&code, &text, Some("8.9"), None);
        assert_eq!(line, Some(format!("{}: {welsh} (cymal 8.9)", due(Language::Welsh))), "{text}");
    }
    let breach = reminder::contact_in_breach("P-1", day, "R-1", Some("8.9"));
    let line = said("diary.breach", &breach, Some("8.9"), Some(&limited(1))).unwrap();
    let whole =
        "Cysylltiad ar Llun 7 Rhag 2026 sy'n torri cyfyngiad: 1 cysylltiad yr wythnos (cymal 8.9)";
    assert_eq!(line, whole);
    let line = in_english("diary.breach", &breach, None, None);
    assert_eq!(line, "Contact on Mon 7 Dec 2026 in breach of a restriction");
    let shut = reminder::no_way_open("P-1", day);
    let line = said("diary.open_way", &shut, None, None).unwrap();
    assert!(line.contains("o Llun 7 Rhag 2026") && !line.contains("P-1"), "{line}");
    let line = in_english("diary.open_way", &shut, None, None);
    assert!(line.contains("the 7 days from Mon 7 Dec 2026") && !line.contains("P-1"), "{line}");
}

/// The line of a person's item in English.
fn in_english(code: &str, text: &str, clause: Option<&str>, person: Option<&Person>) -> String {
    let reason = json!({"code": code, "restriction": null, "clause": clause, "text": text});
    let item = item(&reason, Some("P-1"));
    let profile = Profile::silent("Bare Homes", Nation::Wales);
    let [one] = item.reasons.as_slice() else { panic!("one reason") };
    super::reason(one, ReasonedItem { item: &item, person, profile: &profile }, Language::English)
        .text
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
    ] {
        assert!(said(code, "In English", None, None).is_some(), "{code}");
    }
}
