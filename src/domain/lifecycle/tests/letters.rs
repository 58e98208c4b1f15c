//! Letters: what each is about, and that the approved text is the one sent.

use super::*;

const NOW: &str = "2026-03-04T10";

/// A case with one of each thing that letters are about.
fn case() -> OneCase {
    let mut case = warned_case();
    let review = |id: &str, restriction: &str| {
        json!({"id": id, "restriction": restriction, "at": "2026-03-03T10:00:00Z", "by": "Hal", "was_due": null,
            "outcome": "keep", "why": "Needed.", "conduct": null, "next_due": null, "letter_owed": true})
    };
    let mut propose = proposal(json!({}));
    propose["id"] = json!("PR-1");
    case.take("2026-03-03T11", "Max", propose);
    case.record("restrictions", json!([held(json!({"id": "R-5"})), held(json!({"id": "R-6"}))]));
    case.lay("reviews", json!([review("V-1", "R-5"), review("V-2", "R-6")]));
    case.lay("appeals", json!([{"id": "A-1", "restriction": "R-5", "joined": [], "out_of_time": false,
        "received": {"at": "2026-03-03T10:00:00Z", "channel": "email", "grounds": [], "text": null, "contact": null,
            "recorded_by": "Ann"},
        "suspends": true, "hearer": null, "decision": null, "notified_at": null, "withdrawn_at": null}]));
    case
}

fn draft(kind: &str, about: &str) -> Value {
    json!({"act": "draft_letter", "kind": kind, "for": about})
}

#[test]
fn a_letter_is_about_something_of_its_kind() {
    let case = case();
    let subjects = ["P-1-W-1", "PR-1", "R-5", "V-1", "A-1", "X-1"];
    for (kinds, fits) in [
        (&["warning"][..], &["P-1-W-1"][..]),
        (
            &["restriction", "contact_ended", "variation", "no_notification_record"],
            &["PR-1", "R-5"],
        ),
        (&["lifted", "upcoming_review", "review_outcome"], &["R-5", "V-1"]),
        (&["appeal_acknowledged", "appeal_outcome"], &["A-1"]),
    ] {
        for kind in kinds {
            let taken = |about: &&str| case.refused(NOW, "Max", draft(kind, about)).is_empty();
            assert_eq!(subjects.into_iter().filter(taken).collect::<Vec<_>>(), fits, "{kind}");
        }
    }
    assert_eq!(case.refused(NOW, "Max", draft("warning", "R-5")), ["reference.unknown for"]);
    let nothing = json!({"act": "draft_letter"});
    assert_eq!(case.refused(NOW, "Max", nothing), ["field.missing kind", "field.missing for"]);
}

#[test]
fn a_draft_tells_only_of_terms_that_can_hold() {
    let case = case();
    let with = |about: &str, changes: Value| {
        let mut act = draft("variation", about);
        act["changes"] = changes;
        case.refused(NOW, "Max", act)
    };
    assert_eq!(with("R-5", json!({"ends": "2026-05-01"})), [""; 0]);
    assert_eq!(with("R-5", json!({"colour": "red"})), ["changes.invalid changes"]);
    assert_eq!(with("PR-1", json!({"ends": "2026-05-01"})), ["changes.invalid changes"]);
    assert_eq!(with("PR-1", json!({})), [""; 0]);
}

#[test]
fn a_draft_leaves_out_parts_of_its_kind_and_is_written_anew_until_it_went() {
    let mut case = case();
    let without = |parts: Value| {
        let mut act = draft("restriction", "PR-1");
        act["id"] = json!("L-1");
        act["without"] = parts;
        act
    };
    let unknown = case.refused(NOW, "Max", without(json!(["duration", "weather"])));
    assert_eq!(unknown, ["reference.unknown without"]);
    let made = case.take(NOW, "Max", without(json!(["duration"]))).made;
    assert_eq!(
        Value::Object(made),
        json!({"id": "L-1", "kind": "restriction", "language": "en", "format": "standard", "parts": ["restrictions"]})
    );
    case.take(
        NOW,
        "Max",
        json!({"act": "draft_letter", "id": "L-2", "kind": "warning", "for": "P-1-W-1"}),
    );
    case.record("language", json!("cy"));
    case.record("adjustments", json!([{"kind": "large_print"}]));
    let made = case.take(NOW, "Max", without(json!([]))).made;
    assert_eq!(
        Value::Object(made),
        json!({"id": "L-1", "kind": "restriction", "language": "cy", "format": "large_print",
            "parts": ["restrictions", "duration"], "unreviewed": true})
    );
    let ids: Vec<&str> = case.file.letters.iter().map(|one| one.id.as_str()).collect();
    assert_eq!(ids, ["L-2", "L-1"]);
    let mut letters = case.shown("letters");
    letters[1]["sent"] = json!({"at": "2026-03-04T10:00:00Z", "by": "Ann", "means": "post"});
    case.lay("letters", letters);
    assert_eq!(case.refused(NOW, "Max", without(json!([]))), ["state.wrong"]);
}

/// A letter about the warning, approved.
fn approved() -> OneCase {
    let mut case = case();
    let identifier =
        |value: &str, shared: bool| json!({"kind": "email", "value": value, "shared": shared});
    case.record(
        "identifiers",
        json!([identifier("us@x.example", true), identifier("jo@x.example", false)]),
    );
    let first = json!({"act": "draft_letter", "id": "L-0", "kind": "warning", "for": "P-1-W-1"});
    case.take(NOW, "Max", first);
    let second = json!({"act": "draft_letter", "id": "L-1", "kind": "warning", "for": "P-1-W-1"});
    case.take(NOW, "Max", second);
    case.take(NOW, "Max", json!({"act": "approve_letter", "letter": "L-1"}));
    case
}

fn send(letter: &str) -> Value {
    json!({"act": "send_letter", "letter": letter, "means": "post"})
}

#[test]
fn a_letter_goes_once_and_as_it_was_approved() {
    let mut case = approved();
    let approvals = |case: &OneCase| {
        case.file
            .letters
            .iter()
            .map(|one| (one.approval.is_some(), one.sent.is_some()))
            .collect::<Vec<_>>()
    };
    assert_eq!(approvals(&case), [(false, false), (true, false)]);
    assert_eq!(case.refused(NOW, "Ann", send("L-0")), ["letter.not_approved letter"]);
    assert_eq!(case.refused(NOW, "Ann", send("L-9")), ["reference.unknown letter"]);
    assert_eq!(case.refused(NOW, "Ann", send("L-1")), [""; 0]);
    let mut other = approved();
    other.record("name", json!("Jo Doe"));
    assert_eq!(other.refused(NOW, "Ann", send("L-1")), ["letter.changed letter"]);
    let stepped = case.take(NOW, "Ann", send("L-1"));
    assert_eq!(stepped.effects, []);
    assert_eq!(approvals(&case), [(false, false), (true, true)]);
    assert_eq!(case.refused(NOW, "Ann", send("L-1"))[0], "state.wrong");
    let approve = json!({"act": "approve_letter", "letter": "L-1"});
    assert_eq!(case.refused(NOW, "Max", approve), ["state.wrong"]);
}

#[test]
fn a_letter_on_a_restriction_has_changed_once_that_or_its_reviews_have() {
    let mut first = case();
    for (id, about) in [("L-5", "R-5"), ("L-7", "V-1")] {
        first.take(
            NOW,
            "Max",
            json!({"act": "draft_letter", "id": id, "kind": "review_outcome", "for": about}),
        );
        first.take(NOW, "Max", json!({"act": "approve_letter", "letter": id}));
        assert_eq!(first.refused(NOW, "Ann", send(id)), [""; 0], "{about}");
    }
    let change = |list: &str, at: usize, key: &str, value: Value| {
        let mut case = OneCase::new();
        (case.file, case.person) = (first.file.clone(), first.person.clone());
        if list == "restrictions" {
            let mut restrictions = json!(case.person.restrictions);
            restrictions[at][key] = value;
            case.record(list, restrictions);
        } else {
            let mut entries = case.shown(list);
            entries[at][key] = value;
            case.lay(list, entries);
        }
        ["L-5", "L-7"].map(|id| !case.refused(NOW, "Ann", send(id)).is_empty())
    };
    assert_eq!(change("restrictions", 0, "ends", json!("2026-06-01")), [true, false]);
    assert_eq!(change("restrictions", 1, "ends", json!("2026-06-01")), [false, false]);
    assert_eq!(change("reviews", 0, "why", json!("Else.")), [true, true]);
    assert_eq!(change("reviews", 1, "why", json!("Else.")), [false, false]);
}

#[test]
fn a_letter_that_the_gateway_mails_goes_to_an_address_of_the_person() {
    let mut case = approved();
    let by_mail =
        |to: Value| json!({"act": "send_letter", "letter": "L-1", "means": "email", "to": to});
    // Without an address of its own the organisation sends it from a mailbox.
    assert_eq!(case.tried(NOW, "Ann", by_mail(json!(null))).unwrap().effects, []);
    assert_eq!(case.refused(NOW, "Ann", by_mail(json!("no@x.example"))), ["reference.unknown to"]);
    case.organisation.notice_from = Some("homes@x.example".to_owned());
    let mailed_to = |case: &OneCase, to: Value| {
        let stepped = case.tried(NOW, "Ann", by_mail(to)).unwrap();
        assert_eq!(stepped.effects, [Effect::MailLetter { letter: "L-1".to_owned() }]);
        assert_eq!(Value::Object(stepped.made), json!({"mail": "waiting"}));
        stepped.file.letter("L-1").unwrap().sent.as_ref().unwrap().mail.clone().unwrap().to
    };
    assert_eq!(mailed_to(&case, json!(null)), "jo@x.example");
    assert_eq!(mailed_to(&case, json!("US@x.example")), "us@x.example");
    assert_eq!(case.refused(NOW, "Ann", by_mail(json!("no@x.example"))), ["reference.unknown to"]);
    assert_eq!(case.tried(NOW, "Ann", send("L-1")).unwrap().effects, []);
    case.record("identifiers", json!([]));
    assert_eq!(case.refused(NOW, "Ann", by_mail(json!(null))), ["reference.unknown means"]);
    case.organisation.notice_from = None;
    assert_eq!(case.refused(NOW, "Ann", by_mail(json!(null))), [""; 0]);
}

#[test]
fn a_letter_in_welsh_goes_once_somebody_has_approved_the_wording() {
    let mut case = case();
    let welsh = json!({"act": "draft_letter", "id": "L-1", "kind": "warning", "for": "P-1-W-1", "language": "cy"});
    case.take(NOW, "Max", welsh);
    case.take(NOW, "Max", json!({"act": "approve_letter", "letter": "L-1"}));
    assert_eq!(case.refused(NOW, "Ann", send("L-1")), ["letter.not_reviewed language"]);
    let letters = &mut case.organisation.reach.letters;
    let welsh = crate::domain::language::Language::Welsh;
    letters.welsh_approved = Some(letters.fingerprint(welsh).unwrap());
    assert_eq!(case.refused(NOW, "Ann", send("L-1")), [""; 0]);
    // The wording that was approved is not the one that was reviewed.
    let mut letters = case.shown("letters");
    letters[0]["approval"]["template"] = json!("edited.cy.1 0a1b2c3d4e5f");
    case.lay("letters", letters);
    assert_eq!(case.refused(NOW, "Ann", send("L-1")), ["letter.not_reviewed language"]);
}
