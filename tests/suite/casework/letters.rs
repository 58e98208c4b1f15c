//! Letters, the diary and figures as the staff API gives them: the bytes that were approved are the bytes
//! that are given, whatever happens afterwards.

use std::path::Path;
use std::sync::Arc;

use aws_lc_rs::digest::{SHA256, digest};
use contact_gateway::casework::expected::Expected;
use contact_gateway::domain::language::Language;
use contact_gateway::domain::letter::Templates;
use contact_gateway::domain::person::Person;
use contact_gateway::domain::profile::Profile;
use contact_gateway::domain::reach::Reach;
use contact_gateway::ports::Store;
use contact_gateway::store::memory::Memory;
use serde_json::{Value, json};

use super::rig::{CaseOffice, profile, shipped};
use crate::office::Answer;

pub(super) const LETTER: &str = "/api/v1/people/P-1/letters/L-1";

/// The case of `tests/cases/profile-derby-homes/letters.json`, up to the step that sends the letter.
pub(super) async fn office() -> CaseOffice {
    office_on(Memory::new(), &[]).await
}

/// The same on any store, with more staff.
pub async fn office_on(store: Arc<dyn Store>, more: &[(&str, &str)]) -> CaseOffice {
    office_of(more, |profile, staff| CaseOffice::open(store, profile, staff)).await
}

/// The same, however the office is opened.
pub(super) async fn office_of(
    more: &[(&str, &str)],
    open: impl FnOnce(Profile, &[(String, String)]) -> CaseOffice,
) -> CaseOffice {
    let file =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases/profile-derby-homes/letters.json");
    let case: Value = serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let staff: Vec<(String, String)> = case["staff"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| (text(&one["name"]), text(&one["role"])))
        .chain(more.iter().map(|(name, role)| ((*name).to_owned(), (*role).to_owned())))
        .collect();
    let profile = profile(&shipped("derby-homes.toml"), Some(&case["profile"]));
    let office = open(profile, &staff);
    office.clock.set("2026-01-01T09:00:00Z".parse().unwrap());
    let people: Vec<Person> = serde_json::from_value(case["people"].clone()).unwrap();
    office.put_on_record(people).await;
    for step in case["steps"].as_array().unwrap() {
        if step["act"] == "send_letter" && step.get("expect").is_none() {
            return office;
        }
        take(&office, step).await;
    }
    panic!("the case sends no letter");
}

pub async fn take(office: &CaseOffice, step: &Value) -> Answer {
    office.clock.set(step["at"].as_str().unwrap().parse().unwrap());
    let mut fields = step.as_object().unwrap().clone();
    for key in ["at", "by", "person", "expect"] {
        fields.remove(key);
    }
    office.step(step["by"].as_str().unwrap(), "P-1", Value::Object(fields)).await
}

pub(super) async fn letter(office: &CaseOffice, accept: &str) -> Answer {
    office.ask("GET", "Ann Bell", LETTER, &[("accept", accept)], String::new()).await
}

fn hex(bytes: &[u8]) -> String {
    digest(&SHA256, bytes).as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}

#[tokio::test]
async fn what_was_approved_is_what_is_given_to_the_last_byte() {
    let office = office().await;
    let page = letter(&office, "text/html").await;
    assert_eq!(page.status, 200, "{page:?}");
    let parts = letter(&office, "application/json").await.json();
    assert_eq!(parts["approved"], true);
    assert_eq!(parts["sha256"], hex(&page.body));
    assert_eq!(page.headers["etag"], format!("\"{}\"", hex(&page.body)));
    assert!(page.headers["content-security-policy"].to_str().unwrap().contains("sandbox"));

    let text = letter(&office, "text/plain").await;
    let said = String::from_utf8(text.body.to_vec()).unwrap();
    for part in [
        "Dear Jo Doe",
        "You can contact us twice a week.",
        "2 February 2026, by phone: Calls all day, every day.",
        "We warned you on 6 January 2026.",
        "This starts on 9 February 2026.",
        "within 20 working days",
        "Housing Ombudsman",
        "ask for help because of a disability",
    ] {
        assert!(said.contains(part), "{part} is not in:\n{said}");
    }
    for id in ["PR-1", "R-1", "I-1", "W-1", "P-1", "contact_quota", "persistence"] {
        assert!(!said.contains(id), "{id} is in:\n{said}");
    }

    // The person moves; the letter that was approved is what it was, and no longer what would be sent.
    let record = office.get("Bo Carr", "/api/v1/people/P-1").await;
    let mut moved = record.json();
    moved["address"] = json!("2 New Street, Derby DE1 1AA");
    let etag = record.headers.get("etag").map(|tag| tag.to_str().unwrap().to_owned());
    let headers: Vec<(&str, &str)> = etag.iter().map(|tag| ("if-match", tag.as_str())).collect();
    let put = office.ask("PUT", "Bo Carr", "/api/v1/people/P-1", &headers, moved.to_string()).await;
    assert!(put.status.is_success(), "{put:?} {}", put.json());
    assert_eq!(letter(&office, "text/html").await.body, page.body);
    let sent = json!({"act": "send_letter", "letter": "L-1", "means": "post",
        "by": "Ann Bell", "at": "2026-02-04T09:09:30Z"});
    let refused = take(&office, &sent).await;
    assert_eq!(super::rig::codes(&refused), ["letter.changed"]);
}

#[tokio::test]
async fn a_letter_is_given_as_what_is_accepted() {
    let office = office().await;
    for (accept, kind) in [
        ("*/*", "text/html; charset=utf-8"),
        ("text/plain;q=0.9, text/html", "text/plain; charset=utf-8"),
        ("application/json", "application/json"),
    ] {
        let answer = letter(&office, accept).await;
        assert_eq!(answer.headers["content-type"], kind, "{accept}");
        assert_eq!(answer.headers["vary"], "Accept");
    }
    assert_eq!(letter(&office, "image/png").await.status, 406);
    let pdf = letter(&office, "application/pdf").await;
    if cfg!(feature = "pdf") {
        assert!(pdf.body.starts_with(b"%PDF-"));
    } else {
        assert_eq!(pdf.status, 406);
    }
    let unknown = office.get("Ann Bell", "/api/v1/people/P-1/letters/L-9").await;
    assert_eq!(unknown.status, 404);
}

#[tokio::test]
async fn the_diary_is_a_calendar_and_names_nobody() {
    let office = office().await;
    for step in [
        json!({"act": "send_letter", "letter": "L-1", "means": "post", "by": "Ann Bell",
            "at": "2026-02-04T09:09:00Z"}),
        json!({"act": "put_in_force", "proposal": "PR-1", "by": "Cy Dunn",
            "at": "2026-02-04T09:11:00Z"}),
    ] {
        let taken = take(&office, &step).await;
        assert!(taken.status.is_success(), "{}", taken.json());
    }
    let calendar = office.get("Ann Bell", "/api/v1/diary.ics").await;
    assert_eq!(calendar.headers["content-type"], "text/calendar; charset=utf-8");
    let written = String::from_utf8(calendar.body.to_vec()).unwrap();
    assert!(written.contains("SUMMARY:Review a restriction: R-1\r\n"), "{written}");
    assert!(!written.contains("Jo Doe") && !written.contains("P-1"), "{written}");
}

#[tokio::test]
async fn figures_come_as_csv_text_and_chart_and_for_a_board() {
    let office = office().await;
    let get = |query: &'static str| {
        let office = &office;
        async move { office.get("Cy Dunn", &format!("/api/v1/reports/{query}")).await }
    };
    let csv = get("figures?format=csv").await;
    assert_eq!(csv.headers["content-type"], "text/csv; charset=utf-8; header=present");
    let csv = String::from_utf8(csv.body.to_vec()).unwrap();
    assert!(csv.contains("incidents_by_ground,persistence,,2\r\n"), "{csv}");
    let board = get("figures?format=csv&board=true").await;
    let board = String::from_utf8(board.body.to_vec()).unwrap();
    assert!(board.contains("incidents_by_ground,persistence,,hidden\r\n"), "{board}");
    assert!(!board.contains("incident_history") && !board.contains("P-1"), "{board}");
    let chart = get("incidents_by_ground?format=svg").await;
    assert_eq!(chart.headers["content-type"], "image/svg+xml");
    assert!(String::from_utf8(chart.body.to_vec()).unwrap().contains("persistence 2"));
    assert_eq!(get("warnings?format=svg").await.status, 404);
    let all = get("figures").await.json();
    assert_eq!(all["figures"]["incidents_by_ground"]["persistence"], 2);
    assert_eq!(all["figures"]["restrictions_by_kind"], json!({}));
}

/// A fingerprint approves the wording of today. A letter that was approved has the words of that day.
#[tokio::test]
async fn welsh_that_was_approved_in_another_wording_is_not_sent() {
    const WELSH: Language = Language::Welsh;
    let fingerprint = Templates::default().fingerprint(WELSH).unwrap();
    let letters = Templates { welsh_approved: Some(fingerprint), ..Templates::default() };
    let reach = Reach { letters, ..Reach::default() };
    let open = |profile, staff: &[(String, String)]| {
        CaseOffice::reached_by(Memory::new(), profile, reach, staff)
    };
    let office = office_of(&[], open).await;
    let (desk, organisation) = (office.desk(), &office.organisation);
    let step = async |by: &str, fields: Value| {
        let answer = office.step(by, "P-1", fields).await;
        (answer.status.is_success(), super::rig::codes(&answer))
    };
    let approve = || step("Cy Dunn", json!({"act": "approve_letter", "letter": "L-1"}));
    let send = || step("Ann Bell", json!({"act": "send_letter", "letter": "L-1", "means": "post"}));
    let done = (true, Vec::new());
    let refused = (false, vec!["letter.not_reviewed".to_owned()]);

    let draft = json!({"act": "draft_letter", "id": "L-1", "kind": "restriction", "for": "PR-1",
        "language": "cy"});
    assert_eq!(step("Bo Carr", draft).await, done);
    let source =
        format!("{}\nNid oes neb wedi darllen hwn.\n", Templates::default().welsh.source());
    let edited = desk.word_letters(organisation, WELSH, &source, &Expected::Any, "Bo Carr");
    edited.await.unwrap();
    assert_eq!(approve().await, done);
    assert_eq!(send().await, refused, "nobody has read it");
    let back = desk.word_letters_as_configured(organisation, WELSH, &Expected::Any, "Bo Carr");
    back.await.unwrap();
    assert_eq!(send().await, refused, "what was read is another wording");
    let page = letter(&office, "text/plain").await;
    assert!(String::from_utf8(page.body.to_vec()).unwrap().contains("Nid oes neb"));
    assert_eq!(approve().await, done);
    assert_eq!(send().await, done);
}
