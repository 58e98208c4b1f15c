//! Case files as earlier versions wrote them, with tasks and the words of letters in them: they are read, and what
//! has documents of its own now moves there.

use contact_gateway::ports::Stamp;
use contact_gateway::ports::documents::{Batch, Document, Listing};
use serde_json::{Value, json};

use super::letters::{self, LETTER, letter, take};
use super::rig::{CaseOffice, made};
use super::tasks::{mail, office, send, stored};

async fn write(office: &CaseOffice, version: u64, file: &Value) {
    let stamp = Stamp { by: "test".to_owned(), at: "2026-11-01T00:00:00Z".parse().unwrap() };
    let document = Document::new("case", "P-1", version, Vec::new(), file).unwrap();
    office.store.write(&office.organisation.id, Batch::new(stamp).put(document)).await.unwrap();
}

async fn count(office: &CaseOffice, kind: &str) -> usize {
    let page = office.store.documents(&office.organisation.id, kind, Listing::of("id")).await;
    page.unwrap().documents.len()
}

/// Tasks as an earlier version noted them in the file: so many that one step does not move all.
fn old_tasks() -> Vec<Value> {
    let task = |number: u32| {
        let done = json!({"at": "2026-11-03T09:00:00Z", "by": "Ann", "engage": null, "why": null});
        json!({
            "contact": format!("old-{number}"), "kind": "read_filed", "at": "2026-11-01T09:00:00Z",
            "restriction": "R-P-1", "issue": null, "thread": ["<1@home.example>"],
            "done": if number.is_multiple_of(2) { done } else { Value::Null }
        })
    };
    (0..250).map(task).collect()
}

async fn read_filed(office: &CaseOffice) -> Vec<Value> {
    let diary = office.get("Max", "/api/v1/diary?person=P-1").await.json();
    let entries = diary["diary"].as_array().unwrap().clone();
    entries.into_iter().filter(|one| one["what"] == "read_filed").collect()
}

#[tokio::test]
async fn tasks_that_a_file_holds_itself_are_read_and_move_out_step_by_step() {
    let office = office().await;
    write(&office, 0, &json!({"person": "P-1", "version": 3, "tasks": old_tasks()})).await;
    send(&office, mail("P-1", 30, &[])).await;
    let before = read_filed(&office).await;
    assert_eq!(before.len(), 251);
    assert_eq!(count(&office, "task").await, 1);

    made(&office.step("Ann", "P-1", json!({"act": "mark_read", "item": "old-249"})).await);
    let (_, file) = stored(&office, "case", "P-1").await.unwrap();
    assert_eq!((&file["version"], file["tasks"].as_array().unwrap().len()), (&json!(4), 50));
    made(&office.step("Ann", "P-1", json!({"act": "mark_read", "item": "old-1"})).await);
    let (_, file) = stored(&office, "case", "P-1").await.unwrap();
    assert_eq!(file["tasks"], json!([]));
    assert_eq!(count(&office, "task").await, 251);
    let after = read_filed(&office).await;
    assert_eq!(after.len(), 251, "none is lost, and none is there twice");
    let now_done = |one: &&Value| {
        ["old-249", "old-1"].contains(&one["about"].as_str().unwrap()) && one["state"] == "late"
    };
    assert_eq!(after.iter().filter(now_done).count(), 2);
    let again = office.step("Ann", "P-1", json!({"act": "mark_read", "item": "old-249"})).await;
    assert_eq!(again.json()["broken"][0]["code"], "state.wrong");
}

#[tokio::test]
async fn letters_that_a_file_holds_itself_are_given_as_they_were_and_move_out() {
    let office = letters::office().await;
    let page = letter(&office, "text/html").await;
    let (version, mut file) = stored(&office, "case", "P-1").await.unwrap();
    let approval = &mut file["letters"][0]["approval"];
    assert!(approval["html"].is_null() && approval["content"].is_null(), "{approval}");
    let kept = approval["kept_as"].as_str().unwrap().to_owned();
    let (_, words) = stored(&office, "letter", &kept).await.unwrap();
    // As it was written before there were such documents.
    approval.as_object_mut().unwrap().remove("kept_as");
    for key in ["content", "html", "text"] {
        approval[key] = words["words"][key].clone();
    }
    write(&office, version, &file).await;
    assert_eq!(letter(&office, "text/html").await.body, page.body);
    let listed = office.get("Ann Bell", "/api/v1/people/P-1/letters").await.json();
    assert!(listed["letters"][0]["approval"]["html"].is_null(), "{listed}");

    let send = json!({
        "at": "2026-02-04T10:00:00Z", "by": "Ann Bell", "act": "send_letter",
        "letter": LETTER.rsplit('/').next(), "means": "post"
    });
    let sent = take(&office, &send).await;
    assert!(sent.status.is_success(), "{sent:?} {}", sent.json());
    let (_, file) = stored(&office, "case", "P-1").await.unwrap();
    let approval = &file["letters"][0]["approval"];
    assert!(approval["html"].is_null() && approval["kept_as"].is_string(), "{approval}");
    assert_eq!(count(&office, "letter").await, 2);
    assert_eq!(letter(&office, "text/html").await.body, page.body);
}
