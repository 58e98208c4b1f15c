//! Two members of staff, at two gateways, change one person: whoever comes second is told, or adds to
//! what the first did. Nothing is lost.

use hyper::StatusCode;
use serde_json::{Value, json};

use crate::office::{AGENT, MANAGER, Office, person};
use crate::store_contract::{Ground, in_folder, servers};

const PATH: &str = "/api/v1/people/P-1";

/// Two gateways on one store, and a person on record.
async fn two(ground: &dyn Ground) -> (Office, Office) {
    (Office::on(ground.gateway()).and_person().await, Office::on(ground.gateway()))
}

/// The same on each store that gateways share.
macro_rules! on_each {
    ($($story:ident,)*) => {
        mod embedded {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $story() {
                    super::$story(&super::in_folder().await).await;
                }
            )*
        }
        mod redis {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $story() {
                    super::$story(&super::servers::single().await).await;
                }
            )*
        }
    };
}

on_each! {
    the_second_who_edits_a_person_is_told,
    the_second_who_replaces_a_restriction_is_told,
    of_changes_at_the_same_moment_none_is_lost,
}

fn tag(answer: &crate::office::Answer) -> String {
    answer.headers["etag"].to_str().unwrap().to_owned()
}

async fn the_second_who_edits_a_person_is_told(ground: &dyn Ground) {
    let (one, other) = two(ground).await;
    let (here, there) = (one.get(AGENT, PATH).await, other.get(AGENT, PATH).await);
    assert_eq!(tag(&here), tag(&there));
    let named = |name: &str| json!({ "name": name });
    let first = one.change_if("PATCH", PATH, &tag(&here), &named("Jo Roe")).await;
    assert_eq!(first.status, StatusCode::OK, "{first:?}");
    assert_ne!(tag(&first), tag(&here));

    let second = other.change_if("PATCH", PATH, &tag(&there), &named("Jo Poe")).await;
    assert_eq!(second.status, StatusCode::PRECONDITION_FAILED, "{second:?}");
    assert_eq!(second.problem(), "changed");
    let mut whole = person();
    whole["name"] = json!("Jo Poe");
    let second = other.change_if("PUT", PATH, &tag(&there), &whole).await;
    assert_eq!(second.status, StatusCode::PRECONDITION_FAILED, "{second:?}");
    let now = other.get(AGENT, PATH).await;
    assert_eq!((now.json()["name"].as_str(), tag(&now)), (Some("Jo Roe"), tag(&first)));

    let several = format!("\"0\", {}", tag(&now));
    let again = other.change_if("PUT", PATH, &several, &whole).await;
    assert_eq!(again.status, StatusCode::OK, "{again:?}");
    assert_eq!(one.get(AGENT, PATH).await.json()["name"], "Jo Poe");
}

async fn the_second_who_replaces_a_restriction_is_told(ground: &dyn Ground) {
    const OF_PERSON: &str = "/api/v1/people/P-1/restrictions/R-1";
    let (one, other) = two(ground).await;
    let read = other.get(AGENT, "/api/v1/restrictions/R-1").await;
    let seen = tag(&read);
    // Every way to read it gives the tag of the whole record.
    assert_eq!(seen, tag(&other.get(AGENT, PATH).await));
    assert_eq!(seen, tag(&other.get(AGENT, "/api/v1/people/P-1/restrictions").await));
    let mut restriction = read.json()["restriction"].clone();

    // Somebody else changes the record meanwhile: whatever it is, the second must look again.
    let named = json!({"name": "Jo Roe"});
    let first = one.change_if("PATCH", PATH, &seen, &named).await;
    assert_eq!(first.status, StatusCode::OK, "{first:?}");
    restriction["review_due"] = json!("2027-04-01");
    for path in [OF_PERSON, "/api/v1/restrictions/R-1"] {
        let late = other.change_if("PUT", path, &seen, &restriction).await;
        assert_eq!(late.status, StatusCode::PRECONDITION_FAILED, "{path}: {late:?}");
        assert_eq!(late.problem(), "changed");
    }
    let now = one.get(AGENT, "/api/v1/restrictions/R-1").await;
    assert_ne!(now.json()["restriction"]["review_due"], "2027-04-01");

    let again = other.change_if("PUT", OF_PERSON, &tag(&now), &restriction).await;
    assert_eq!(again.status, StatusCode::OK, "{again:?}");
    assert_eq!(again.json()["review_due"], "2027-04-01");
    assert_eq!(tag(&again), tag(&one.get(AGENT, PATH).await));
    // Without the header it is written on whatever there is.
    restriction["review_due"] = json!("2027-03-01");
    let any = one.ask("PUT", Some(MANAGER), OF_PERSON, restriction.to_string()).await;
    assert_eq!(any.status, StatusCode::OK, "{any:?}");
}

#[tokio::test]
async fn a_precondition_is_read_as_rfc_9110_says() {
    let office = Office::with_person().await;
    let named = json!({"name": "Jo Roe"});
    let now = tag(&office.get(AGENT, PATH).await);
    for (path, given, status) in [
        (PATH, "*", StatusCode::OK),
        ("/api/v1/people/P-9", "*", StatusCode::NOT_FOUND),
        (PATH, &format!("W/{now}"), StatusCode::PRECONDITION_FAILED),
        (PATH, "\"\"", StatusCode::PRECONDITION_FAILED),
        (PATH, "no quotation marks", StatusCode::BAD_REQUEST),
    ] {
        let answer = office.change_if("PATCH", path, given, &named).await;
        assert_eq!(answer.status, status, "{given}: {answer:?}");
    }
    let mut new = person();
    new["id"] = json!("P-9");
    let answer = office.change_if("PUT", "/api/v1/people/P-9", "*", &new).await;
    assert_eq!(answer.status, StatusCode::PRECONDITION_FAILED, "there is none to change");
}

/// Without a precondition each is done on what the other has made of the record.
async fn of_changes_at_the_same_moment_none_is_lost(ground: &dyn Ground) {
    let (one, other) = two(ground).await;
    let restriction = |number: usize| {
        json!({
            "id": format!("R-1{number}"), "kind": "contact_quota", "limit": 3, "per": "week",
            "grounds": "demands", "clause": "8.3", "starts": "2026-11-01",
            "review_due": "2027-05-01", "decided_by": "Max Manager"
        })
    };
    let path = "/api/v1/people/P-1/restrictions";
    let bodies: Vec<Value> = (0..4).map(restriction).collect();
    let answers = tokio::join!(
        one.post(MANAGER, path, &bodies[0]),
        other.post(MANAGER, path, &bodies[1]),
        one.post(MANAGER, path, &bodies[2]),
        other.post(MANAGER, path, &bodies[3]),
    );
    for answer in [answers.0, answers.1, answers.2, answers.3] {
        assert_eq!(answer.status, StatusCode::CREATED, "{answer:?}");
    }
    let kept = one.get(AGENT, PATH).await.json();
    assert_eq!(kept["restrictions"].as_array().unwrap().len(), 5, "{kept}");
}
