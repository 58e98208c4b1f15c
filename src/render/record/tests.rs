use super::*;
use crate::domain::audit::{AuditEntry, AuditEvent, LookedAt};
use crate::domain::case::CaseFile;
use crate::domain::nation::Nation;
use crate::domain::own_record::{Deed, HeldContact};
use crate::domain::person::Person;

fn case() -> (CaseFile, Person) {
    let person: Person = serde_json::from_value(json!({
        "id": "P-77", "name": "Jo <Doe>",
        "restrictions": [
            {"id": "R-8", "kind": "contact_quota", "limit": 2, "per": "week", "grounds": "demands",
             "clause": "7.2", "starts": "2026-02-10", "decided_by": "Ann Bell",
             "signed_off_by": "Cy Dunn"},
            {"id": "R-9", "kind": "visits_in_pairs", "starts": "2026-02-10"}
        ]
    }))
    .unwrap();
    let file: CaseFile = serde_json::from_value(json!({
        "person": "P-77",
        "incidents": [{"id": "I-1", "recorded_at": "2026-02-01T09:00:00Z", "reported_by": "Ann Bell",
            "ground": "demands", "severity": "ordinary", "happened_at": "2026-02-01T08:00:00Z",
            "channel": "telephone", "what": "Called 40 times.", "contacts": [],
            "interaction_ended": false, "told": [], "staff": ["Bo Carr"], "closed": null}],
        "proposals": [{"id": "PR-9", "at": "2026-02-03T09:00:00Z", "by": "Ann Bell",
            "restriction": {"id": "R-9", "kind": "visits_in_pairs"}, "incidents": ["I-1"],
            "aim": null, "why_no_lesser": null, "adjustments_considered": null,
            "exceptions": [{"exception": "no_notification", "justification": "A knife.",
                "review_due": null, "signature": null}],
            "state": "done", "signature": null, "sent_back": null}]
    }))
    .unwrap();
    (file, person)
}

fn made() -> NaiveDate {
    "2026-07-13".parse().unwrap()
}

fn contact(restriction: &str) -> HeldContact {
    let decided = json!({
        "contact": "c-1", "person": "P-77", "channel": "email", "contact_at": "2026-02-11T08:00:00Z",
        "disposition": "limit", "mode": "enforce", "stale": false, "profile_version": "1",
        "rows": [{"row": 9, "code": "contact_quota.used_up", "restriction": restriction,
            "clause": "7.2"}],
    });
    let decided = serde_json::from_value(decided).unwrap();
    HeldContact { decided, decision: None, item: None, record: None }
}

/// The whole record of the person, with a contact and a look.
fn written(form: Form, contacts: Vec<HeldContact>) -> (String, Vec<String>) {
    let (file, person) = case();
    let profile = Profile::silent("Example", Nation::England);
    let roles = BTreeMap::from([("Ann Bell".to_owned(), Role("head_of_service".to_owned()))]);
    let case = Case { file: &file, person: &person };
    let (mut writer, mut out) = Writer::begin(form, &[case], Arc::new(profile), roles, made());
    out.push_str(&writer.add(&Piece::Contacts(contacts)));
    let event =
        AuditEvent::Looked { looked_at: LookedAt::Person, id: "P-77".to_owned(), because: None };
    let at = "2026-07-12T09:30:00Z".parse().unwrap();
    let entry = AuditEntry { number: 9, at, by: "Ann Bell".to_owned(), event };
    out.push_str(&writer.add(&Piece::Deeds(vec![Deed { entry, record: None }])));
    let to_decide = writer.to_decide();
    out.push_str(&writer.end(LeftOut { in_doubt: 2, not_theirs: 0 }));
    (out, to_decide)
}

#[test]
fn it_is_about_the_person_and_nobody_else() {
    let (page, _) = written(Form::Page, vec![contact("R-8")]);
    for part in [
        "Jo &lt;Doe&gt;",
        "Called 40 times.",
        "A limit on how often you contact us",
        "1 February 2026",
        "7.2",
        "head of service",
        "a member of staff",
        "kept back: it was over a limit",
        "11 February 2026, 08:00",
        "looked at your record",
        // British Summer Time.
        "12 July 2026, 10:30",
        "2 contacts that may be yours",
        "We made this copy on 13 July 2026.",
        "This is the end of the record.",
    ] {
        assert!(page.contains(part), "{part} is not in:\n{page}");
    }
    for other in ["Ann Bell", "Cy Dunn", "Bo Carr", "P-77", "R-8", "<Doe>", "<script"] {
        assert!(!page.contains(other), "{other} is in:\n{page}");
    }
}

#[test]
fn what_the_person_was_not_told_waits_for_a_decision() {
    for form in [Form::Page, Form::Json] {
        let (shown, to_decide) = written(form, vec![contact("R-9")]);
        let told = shown.split("\"to_decide\"").next().unwrap();
        for hidden in ["Two of our staff", "visits_in_pairs", "knife", "kept back", "\"decision\""]
        {
            assert!(!told.contains(hidden), "{hidden} is in:\n{shown}");
        }
        assert!(to_decide.iter().any(|one| one.starts_with("R-9:")), "{to_decide:?}");
    }
}

#[test]
fn days_that_nobody_gave_of_a_decision_made_elsewhere_are_not_said() {
    let (file, person) = case();
    let mut file = serde_json::to_value(&file).unwrap();
    file["restraints"] = json!([{"restriction": "R-8", "proposal": null, "decided_elsewhere": true,
        "decided": "2026-02-10", "letter_sent": "2026-02-10", "implemented": "2026-02-10",
        "took_part": [], "variations": [], "ended": null}]);
    let given = json!({"R-8": {"restriction": "R-8", "decided": "2026-02-10"}});
    for (decisions, decided) in [(json!({}), Value::Null), (given, json!("2026-02-10"))] {
        file["decisions"] = decisions;
        let file: CaseFile = serde_json::from_value(file.clone()).unwrap();
        let profile = Arc::new(Profile::silent("Example", Nation::England));
        let case = Case { file: &file, person: &person };
        let (writer, mut out) =
            Writer::begin(Form::Json, &[case], profile, BTreeMap::new(), made());
        out.push_str(&writer.end(LeftOut { in_doubt: 0, not_theirs: 0 }));
        let whole: Value = serde_json::from_str(&out).unwrap();
        let shown = &whole["record"]["restrictions"][0];
        assert_eq!(shown["decided"], decided, "{shown}");
        assert_eq!(shown["letter_sent"], Value::Null, "{shown}");
    }
}

#[test]
fn as_json_it_has_every_part_even_an_empty_one() {
    for contacts in [Vec::new(), vec![contact("R-8"), contact("R-8")]] {
        let many = contacts.len();
        let (json, _) = written(Form::Json, contacts);
        let whole: Value = serde_json::from_str(&json).unwrap();
        assert_eq!(whole["is_whole"], true);
        let record = &whole["record"];
        assert_eq!(record["letters"], json!([]));
        assert_eq!(record["contacts"].as_array().unwrap().len(), many);
        assert_eq!(record["deeds"][0]["by"], "head of service");
        assert_eq!(record["left_out"].as_array().map(Vec::len), Some(LEFT_OUT.len() + 1));
        assert_eq!(record["restrictions"][0]["decided_by"], "head of service");
    }
}

#[test]
fn the_page_has_words_in_the_place_of_codes() {
    let (file, person) = case();
    let mut file = serde_json::to_value(&file).unwrap();
    file["staff_complaints"] = json!([{"id": "SC-1", "at": "2026-03-01T09:00:00Z", "by": "Ann Bell",
        "about": "Bo Carr", "what": "Rude.", "closed": {"at": "2026-03-02T09:00:00Z",
        "by": "Ann Bell", "outcome": "upheld", "why": "Right."}}]);
    let file: CaseFile = serde_json::from_value(file).unwrap();
    let mut person = serde_json::to_value(&person).unwrap();
    person["restrictions"] = json!([{"id": "R-7", "kind": "hours_only", "starts": "2026-02-10",
        "windows": [{"days": ["mon", "tue"], "from": "10:00", "to": "12:00"}],
        "channels": ["telephone", "in_person"]}]);
    person["identifiers"] = json!([{"kind": "phone", "value": "+447700900102"}]);
    let person: Person = serde_json::from_value(person).unwrap();
    let profile = Arc::new(Profile::silent("Example", Nation::England));
    let case = Case { file: &file, person: &person };
    let (mut writer, mut page) =
        Writer::begin(Form::Page, &[case], profile, BTreeMap::new(), made());
    let at = "2026-07-12T09:30:00.234008655Z".parse().unwrap();
    let deeds = [
        AuditEvent::Item { item: "c-1".to_owned(), action: "put_back".to_owned() },
        AuditEvent::Reminded {
            what: "appeal_answer".to_owned(),
            about: "A-1".to_owned(),
            person: Some("P-77".to_owned()),
            state: "due".to_owned(),
        },
    ];
    for event in deeds {
        let entry = AuditEntry { number: 9, at, by: "Ann Bell".to_owned(), event };
        page.push_str(&writer.add(&Piece::Deeds(vec![Deed { entry, record: None }])));
    }
    for said in [
        "<p>Monday, Tuesday</p>",
        "<p>Telephone, In person</p>",
        "07700 900102",
        "You contact us at some times only",
        "left a contact of yours to a colleague",
        // Instants are recorded to the nanosecond.
        "12 July 2026, 10:30",
        "reminded staff: decide your appeal",
        // A complaint's outcome is what staff wrote, and no code of an appeal.
        "upheld",
    ] {
        assert!(page.contains(said), "{said} is not in:\n{page}");
    }
    assert!(!page.contains("The limit stayed"), "{page}");
}
