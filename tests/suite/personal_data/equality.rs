//! Equality monitoring: who records and sees answers, the trail's entries, what figures reveal, and that answers go
//! when the person is erased.

use contact_gateway::cli::Outcome;
use contact_gateway::ports::documents::{BY_ID, Listing};
use hyper::StatusCode;
use serde_json::{Value, json};

use super::command;
use crate::console::browsing::Browsing;
use crate::office::{AGENT, Answer, GOVERNANCE, MANAGER, Office};

const OF_P1: &str = "/api/v1/people/P-1/equality";

async fn record(office: &Office, token: &str, path: &str, answers: &Value) -> Answer {
    office.ask("PATCH", Some(token), path, answers.to_string()).await
}

async fn trail(office: &Office) -> Vec<Value> {
    let page = office.get(GOVERNANCE, "/api/v1/audit?limit=500").await.json();
    page["entries"].as_array().unwrap().clone()
}

/// People with one restriction each; this many have an answer on their sex.
fn restricted(answers: &[(Option<&str>, usize)]) -> Value {
    let each = answers.iter().flat_map(|(answer, many)| std::iter::repeat_n(*answer, *many));
    let people = each.enumerate().map(|(number, answer)| {
        let mut one = json!({
            "id": format!("Q-{number}"), "name": format!("Person {number}"),
            "restrictions": [{
                "id": format!("R-Q-{number}"), "kind": "contact_quota", "limit": 1, "per": "week",
                "grounds": "demands", "clause": "8.3", "starts": "2026-03-01",
                "review_due": "2027-02-20", "decided_by": "Max Manager"
            }]
        });
        if let Some(answer) = answer {
            one["equality"] = json!({ "sex": answer });
        }
        one
    });
    people.collect()
}

const ANSWERS: [(Option<&str>, usize); 4] =
    [(Some("female"), 12), (Some("male"), 8), (Some("prefers_not_to_say"), 2), (None, 4)];

async fn with_answers() -> Office {
    let office = Office::with_person().await;
    let loaded = office.post(GOVERNANCE, "/api/v1/imports", &restricted(&ANSWERS)).await;
    assert_eq!(loaded.status, StatusCode::OK, "{loaded:?}");
    assert_eq!((&loaded.json()["people"], &loaded.json()["equality"]), (&json!(26), &json!(22)));
    office
}

#[tokio::test]
async fn only_who_reads_the_trail_records_and_sees_answers_and_the_trail_has_none() {
    let office = Office::with_person().await;
    for token in [AGENT, MANAGER] {
        assert_eq!(office.get(token, OF_P1).await.problem(), "role-not-allowed");
        let refused = record(&office, token, OF_P1, &json!({"sex": "female"})).await;
        assert_eq!(refused.problem(), "role-not-allowed");
        let listed = office.get(token, "/api/v1/reports/equality").await;
        assert_eq!(listed.problem(), "role-not-allowed");
    }
    let done =
        record(&office, GOVERNANCE, OF_P1, &json!({"sex": "female", "disability": "no"})).await;
    assert_eq!(done.status, StatusCode::NO_CONTENT, "{done:?}");
    let same = record(&office, GOVERNANCE, OF_P1, &json!({"sex": "female"})).await;
    assert_eq!(same.status, StatusCode::NO_CONTENT);
    let away = record(&office, GOVERNANCE, OF_P1, &json!({"disability": null})).await;
    assert_eq!(away.status, StatusCode::NO_CONTENT);
    let found = office.get(GOVERNANCE, OF_P1).await.json();
    assert_eq!(found, json!({"answers": {"sex": "female"}}));
    let entries = trail(&office).await;
    let changes = entries.iter().filter(|one| one["what"] == json!(["equality"])).count();
    assert_eq!(changes, 2, "what changes nothing is no entry: {entries:?}");
    let looked = entries.iter().filter(|one| one["looked_at"] == "equality").count();
    assert_eq!(looked, 1);
    assert!(!json!(entries).to_string().contains("female"), "{entries:?}");
    let person = office.get(AGENT, "/api/v1/people/P-1").await;
    let case = office.get(AGENT, "/api/v1/people/P-1/case").await;
    for answer in [person, case] {
        assert!(!String::from_utf8_lossy(&answer.body).contains("female"), "{answer:?}");
    }
}

#[tokio::test]
async fn what_is_not_offered_is_refused_by_its_key_and_not_repeated() {
    let office = Office::with_person().await;
    let refused =
        record(&office, GOVERNANCE, OF_P1, &json!({"sex": "secret", "race": "secret"})).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{refused:?}");
    let text = refused.json().to_string();
    assert!(text.contains("\"sex\"") && text.contains("\"race\""), "{text}");
    assert!(
        text.contains("female, male, prefers_not_to_say") && !text.contains("secret"),
        "{text}"
    );
    let nobody = "/api/v1/people/P-404/equality";
    let missing = record(&office, GOVERNANCE, nobody, &json!({"sex": "female"})).await;
    assert_eq!(missing.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_list_with_answers_takes_who_may_record_them_and_the_same_again_changes_nothing() {
    let office = with_answers().await;
    let list = restricted(&ANSWERS);
    let refused = office.post(MANAGER, "/api/v1/imports", &list).await;
    assert_eq!(refused.problem(), "role-not-allowed");
    let before = trail(&office).await.len();
    let again = office.post(GOVERNANCE, "/api/v1/imports", &list).await.json();
    assert_eq!((&again["unchanged"], again.get("equality")), (&json!(26), None), "{again}");
    assert_eq!(trail(&office).await.len(), before);
    let mut other = list;
    other[0]["equality"] = json!({"sex": "secret"});
    let refused = office.post(GOVERNANCE, "/api/v1/imports", &other).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    let text = refused.json().to_string();
    assert!(text.contains("[0].equality.sex") && !text.contains("secret"), "{text}");
}

#[tokio::test]
async fn figures_are_by_answer_with_small_numbers_hidden_in_every_format() {
    let office = Office::with_person().await;
    let nothing = office.get(GOVERNANCE, "/api/v1/reports/equality").await.json();
    assert_eq!(nothing["recorded"], false, "{nothing}");
    assert_eq!(nothing["figures"], json!({"equality": {"nothing_recorded": 0}}));
    let office = with_answers().await;
    let report = office.get(GOVERNANCE, "/api/v1/reports/equality").await.json();
    assert_eq!(
        (&report["from"], &report["to"], &report["recorded"]),
        (&json!("2026-01-01"), &json!("2026-10-31"), &json!(true))
    );
    let figures = &report["figures"];
    assert_eq!(
        figures["restrictions_in_force_by_sex"],
        json!({"female": 12, "male": 8, "prefers_not_to_say": null, "not_recorded": null})
    );
    assert_eq!(figures["restrictions_in_force_by_disability"], json!({"not_recorded": 26}));
    let csv = office.get(GOVERNANCE, "/api/v1/reports/equality?format=csv").await;
    let csv = String::from_utf8_lossy(&csv.body).into_owned();
    assert!(csv.contains("restrictions_in_force_by_sex,female,,12\r\n"), "{csv}");
    assert!(csv.contains("restrictions_in_force_by_sex,prefers_not_to_say,,hidden\r\n"), "{csv}");
    let text = office.get(GOVERNANCE, "/api/v1/reports/equality?format=text").await;
    let text = String::from_utf8_lossy(&text.body).into_owned();
    assert!(text.lines().any(|line| line.contains("not recorded") && line.ends_with("hidden")));
    let before = office.get(GOVERNANCE, "/api/v1/reports/equality?year=2025").await.json();
    assert!(before["figures"].get("restrictions_in_force_by_sex").is_none(), "{before}");
}

#[tokio::test]
async fn answers_are_in_the_persons_own_record_and_go_with_the_person() {
    let office = with_answers().await;
    let own = office.ask_for(GOVERNANCE, "/api/v1/people/Q-0/record", "application/json").await;
    assert_eq!(own.json()["record"]["equality"], json!([{"sex": "female"}]));
    let page = office.ask_for(GOVERNANCE, "/api/v1/people/Q-25/record", "text/html").await;
    let page = String::from_utf8_lossy(&page.body).into_owned();
    let (_, section) = page.split_once("What you told us for equality monitoring").unwrap();
    assert!(section.split("<h2>").next().unwrap().contains("Nothing."), "{section}");
    let words = ["erase", "Q-0", "--clause", "Art. 17(1)(d)", "--despite", "It was never ours."];
    let asked = command(&office, &[&words[..], &["--by", "Gwen Governance"]].concat()).await;
    assert_eq!(asked.0, Ok(Outcome::Yes), "{asked:?}");
    let approved = command(&office, &["approve-erasure", "Q-0", "--by", "Max Manager"]).await;
    assert_eq!(approved.0, Ok(Outcome::Yes), "{approved:?}");
    let kept = office.store.documents(&office.tuntum.id, "equality", Listing::of(BY_ID)).await;
    let kept = kept.unwrap().documents;
    assert_eq!(kept.len(), 21);
    assert!(kept.iter().all(|one| one.id != "Q-0"));
}

#[tokio::test]
async fn in_the_console_governance_chooses_answers_and_opens_the_figures() {
    let office = Office::with_person().await;
    let mut ann = Browsing::signed_in(&office, "Ann Hall", "agent").await;
    for path in ["/people/P-1/equality", "/reports/equality", "/reports/equality.csv"] {
        assert_eq!(ann.get(path).await.status, StatusCode::FORBIDDEN, "{path}");
    }
    assert!(!ann.get("/reports").await.body.contains("/reports/equality"));
    let mut gil = Browsing::signed_in(&office, "Gil Fox", "governance").await;
    let record = gil.get("/people/P-1?tab=record").await;
    assert!(record.body.contains("/people/P-1/equality"), "{}", record.text());
    let page = gil.get("/people/P-1/equality").await;
    for said in ["Sex", "Disability", "prefers not to say", "not recorded"] {
        assert!(page.has(said), "{said}: {}", page.text());
    }
    let fields = [("sex", "male"), ("disability", "not_recorded")];
    let saved = gil.post("/people/P-1/equality", &fields).await;
    assert!(gil.get(saved.leads()).await.has("The answers are saved."));
    let page = gil.get("/people/P-1/equality").await;
    assert!(page.body.contains("<option value=\"male\" selected lang=\"en\">"), "{}", page.body);
    assert!(gil.get("/reports").await.body.contains("/reports/equality"));
    let report = gil.get("/reports/equality").await;
    assert!(report.has("Equality figures"), "{}", report.text());
    gil.cookies.insert("language".to_owned(), "cy".to_owned());
    assert!(gil.get("/people/P-1/equality").await.has("Rhyw"));
}

#[tokio::test]
async fn in_welsh_an_organisations_own_answers_are_marked_as_english() {
    let office = with_answers().await;
    let mut gil = Browsing::signed_in(&office, "Gil Fox", "governance").await;
    gil.cookies.insert("language".to_owned(), "cy".to_owned());
    let report = gil.get("/reports/equality").await;
    assert!(report.body.contains("<span lang=\"en\">female</span>"), "{}", report.body);
    assert!(report.body.contains("<span>heb ei gofnodi</span>"), "{}", report.body);
    let page = gil.get("/people/P-1/equality").await;
    assert!(page.body.contains("<option value=\"female\" lang=\"en\">"), "{}", page.body);
}
