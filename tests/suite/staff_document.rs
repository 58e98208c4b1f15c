//! The staff listener seen from outside the work: metrics, the API's own document, wrong addresses.

use hyper::StatusCode;

use crate::office::{AGENT, MANAGER, Office, STRANGER};
use crate::staff_api::with_limited_item;

#[tokio::test]
async fn metrics_name_nobody() {
    let office = with_limited_item().await;
    let text = String::from_utf8(office.get(AGENT, "/metrics").await.body.to_vec()).unwrap();
    assert!(
        text.contains("contact_gateway_contacts_total{organisation=\"tuntum\",channel=\"email\""),
        "{text}"
    );
    for personal in ["home.example", "+44115496", "Jo Doe", "P-1", "c-2", "Ann"] {
        assert!(!text.contains(personal), "{personal}: {text}");
    }
    let other = String::from_utf8(office.get(STRANGER, "/metrics").await.body.to_vec()).unwrap();
    assert!(!other.contains("tuntum"), "{other}");
}

#[tokio::test]
async fn the_document_covers_every_route_and_nothing_else() {
    let office = Office::open();
    let document = office.get(AGENT, "/api/v1/openapi.json").await.json();
    assert!(document["openapi"].as_str().unwrap().starts_with("3.1"), "{document}");
    let paths = document["paths"].as_object().unwrap();
    let mut routes = Vec::new();
    for (path, operations) in paths {
        for (method, operation) in operations.as_object().unwrap() {
            routes.push(format!("{} {path}", method.to_uppercase()));
            let asked = path.replace(['{', '}'], "");
            let answer =
                office.ask(&method.to_uppercase(), Some(MANAGER), &asked, "{}".to_owned()).await;
            assert_ne!(answer.status, StatusCode::METHOD_NOT_ALLOWED, "{method} {path}");
            let detail = answer.json()["detail"].to_string();
            assert!(!detail.contains("no such route"), "{method} {path}");
            let open = path.starts_with("/health/");
            assert_eq!(operation["security"].is_null(), open, "{method} {path}");
            assert!(operation["responses"]["default"].is_object(), "{method} {path}");
        }
    }
    routes.sort();
    let known: Vec<&str> = include_str!("routes.txt").lines().collect();
    assert_eq!(routes, known, "a route is new or gone: see tests/suite/routes.txt");
    // Every schema that is referred to is there.
    let text = document.to_string();
    for reference in text.split("#/components/schemas/").skip(1) {
        let name = reference.split('"').next().unwrap();
        assert!(document["components"]["schemas"][name].is_object(), "{name}");
    }
}

#[tokio::test]
async fn what_is_no_route_is_a_problem_as_well() {
    let office = Office::open();
    let missing = office.get(AGENT, "/api/v1/nothing").await;
    assert_eq!((missing.status, missing.problem().as_str()), (StatusCode::NOT_FOUND, "not-found"));
    let method = office.ask("DELETE", Some(AGENT), "/api/v1/queues", String::new()).await;
    assert_eq!(method.problem(), "method-not-allowed");
}
