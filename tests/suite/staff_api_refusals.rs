//! Records that the staff listener refuses so that nobody is left without a way in, without reasons, or
//! without a restriction that somebody decided.

use hyper::StatusCode;
use serde_json::{Value, json};

use crate::office::{AGENT, MANAGER, Office, person};

const RESTRICTIONS: &str = "/api/v1/people/P-1/restrictions";

fn only(id: &str, channel: &str) -> Value {
    json!({"id": id, "kind": "channels_only", "channels": [channel], "grounds": "g", "clause": "8.2",
           "starts": "2026-11-01", "review_due": "2027-05-01", "decided_by": "A"})
}

#[tokio::test]
async fn a_second_restriction_that_shuts_every_channel_is_refused() {
    let office = Office::with_person().await;
    let letter = office.post(MANAGER, RESTRICTIONS, &only("R-2", "letter")).await;
    assert_eq!(letter.status, StatusCode::CREATED);
    let telephone = office.post(MANAGER, RESTRICTIONS, &only("R-3", "telephone")).await;
    assert_eq!(telephone.status, StatusCode::UNPROCESSABLE_ENTITY);
    let fault = &telephone.json()["faults"][0];
    assert_eq!(fault["path"], "restrictions[2].channels");
    let message = fault["message"].as_str().unwrap();
    assert!(message.contains("`R-2` and `R-3` together leave the person no way"), "{message}");
    // Nor by replacing one, nor with the whole record.
    assert_eq!(
        office.post(MANAGER, RESTRICTIONS, &only("R-3", "letter")).await.status,
        StatusCode::CREATED
    );
    let replaced = office.put(MANAGER, "/api/v1/restrictions/R-3", &only("R-3", "sms")).await;
    assert_eq!(replaced.status, StatusCode::UNPROCESSABLE_ENTITY);
    let mut whole = person();
    whole["restrictions"] = json!([only("R-2", "letter"), only("R-3", "telephone")]);
    for (method, path, body) in [
        ("PUT", "/api/v1/people/P-1", whole.clone()),
        ("PUT", "/api/v1/people", json!([whole])),
        ("PATCH", "/api/v1/people/P-1", json!({"restrictions": whole["restrictions"]})),
    ] {
        let answer = office.ask(method, Some(MANAGER), path, body.to_string()).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{method} {path}: {answer:?}");
    }
}

#[tokio::test]
async fn a_restriction_without_its_reasons_names_each() {
    let office = Office::with_person().await;
    let bare = json!({"id": "R-2", "kind": "channels_only", "channels": ["letter"]});
    let refused = office.post(MANAGER, RESTRICTIONS, &bare).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    let faults = refused.json()["faults"].clone();
    let paths: Vec<&str> =
        faults.as_array().unwrap().iter().map(|fault| fault["path"].as_str().unwrap()).collect();
    for key in ["grounds", "starts", "review_due", "decided_by"] {
        assert!(paths.contains(&format!("restrictions[1].{key}").as_str()), "{key}: {faults}");
    }
    // Nor on any other way in.
    let mut whole = person();
    whole["restrictions"].as_array_mut().unwrap().push(bare.clone());
    let mut in_place = bare;
    in_place["id"] = json!("R-1");
    for (method, path, body) in [
        ("PUT", "/api/v1/restrictions/R-1", in_place),
        ("PUT", "/api/v1/people/P-1", whole.clone()),
        ("PATCH", "/api/v1/people/P-1", json!({"restrictions": whole["restrictions"]})),
        ("PUT", "/api/v1/people", json!([whole])),
        ("POST", "/api/v1/imports", json!([whole])),
    ] {
        let refused = office.ask(method, Some(MANAGER), path, body.to_string()).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{method} {path}");
        let faults = refused.json()["faults"].to_string();
        for key in ["grounds", "starts", "review_due", "decided_by"] {
            assert!(faults.contains(&format!(".{key}\"")), "{method} {path} {key}: {faults}");
        }
    }
    let held = office.get(AGENT, RESTRICTIONS).await.json();
    assert_eq!(held["restrictions"].as_array().unwrap().len(), 1, "{held}");
}

#[tokio::test]
async fn a_list_that_leaves_out_what_holds_is_refused_unless_it_is_to_end() {
    let office = Office::with_person().await;
    let mut without = person();
    without["restrictions"] = json!([]);
    let list = json!([without]);
    let refused = office.put(MANAGER, "/api/v1/people", &list).await;
    assert_eq!(refused.status, StatusCode::CONFLICT);
    assert_eq!(refused.problem(), "would-end");
    let said = "restriction \"R-1\" is in force and is left out";
    assert_eq!(refused.json()["faults"][0]["message"], said);
    let ended = office.put(MANAGER, "/api/v1/people?missing=end", &list).await;
    assert_eq!(ended.json()["ended"], 1, "{ended:?}");
    let held = office.get(AGENT, RESTRICTIONS).await.json();
    assert_eq!(
        (&held["in_force"], &held["restrictions"][0]["status"]),
        (&json!([]), &json!("ended"))
    );
}
