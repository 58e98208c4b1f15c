//! Tokens that are made by the API: shown once, opening what their role may, refused once expired or revoked.

use std::sync::Arc;

use chrono::TimeDelta;
use contact_gateway::casework::accounts::NewAccount;
use contact_gateway::domain::profile::Role;
use contact_gateway::ports::Store;
use contact_gateway::ports::documents::{BY_ID, Listing};
use contact_gateway::runtime::limits::{API_TOKENS_MAX, SIGN_IN_FAILURES_MAX};
use contact_gateway::runtime::tokens::{hex, sha256};
use contact_gateway::store::memory::Memory;
use serde_json::{Value, json};

use crate::degraded::faulty::{Faulty, Trouble};
use crate::office::{AGENT, Answer, GOVERNANCE, Office, STRANGER, letter};

const TOKENS: &str = "/api/v1/tokens";

fn crm(expires: &str) -> Value {
    json!({"name": "CRM", "role": "program", "expires": expires})
}

/// Makes a token; the token and its id.
async fn made(office: &Office, body: &Value) -> (String, String) {
    let answer = office.post(GOVERNANCE, TOKENS, body).await;
    assert_eq!(answer.status, 201, "{}", answer.json());
    assert_eq!(answer.headers["cache-control"], "no-store");
    let text = |key: &str| answer.json()[key].as_str().unwrap().to_owned();
    (text("token"), text("id"))
}

/// What the list has of a holder.
async fn listed(office: &Office, by: &str, name: &str) -> Vec<Value> {
    let list = office.get(by, TOKENS).await;
    assert_eq!(list.status, 200);
    let tokens = list.json()["tokens"].as_array().unwrap().clone();
    tokens.into_iter().filter(|one| one["name"] == name).collect()
}

async fn revoke(office: &Office, by: &str, id: &str) -> Answer {
    office.ask("DELETE", Some(by), &format!("{TOKENS}/{id}"), String::new()).await
}

fn said(answer: &Answer) -> (u16, String) {
    (answer.status.as_u16(), answer.problem())
}

#[tokio::test]
async fn a_token_is_shown_once_opens_what_its_role_may_and_is_on_the_trail() {
    let office = Office::open();
    let (token, id) = made(&office, &crm("2027-02-28")).await;
    assert!(token.starts_with("tuntum."), "{token}");
    assert_eq!(id, hex(&sha256(token.as_bytes())));
    let preview = "/api/v1/decisions/preview";
    assert_eq!(office.post(&token, preview, &letter("l-1")).await.status, 200);
    let refused = office.get(&token, "/api/v1/queues").await;
    assert_eq!(said(&refused), (403, "role-not-allowed".to_owned()));
    let elsewhere = office.get(&token, "/metrics?organisation=karbon").await;
    assert_eq!(said(&elsewhere), (403, "other-organisation".to_owned()));

    let tokens = listed(&office, GOVERNANCE, "CRM").await;
    let wanted = json!({
        "id": id, "name": "CRM", "role": "program", "expires": "2027-02-28",
        "made": "2026-11-23T10:00:00Z", "made_by": "Gil Governance", "used": "2026-11-23",
    });
    assert_eq!(tokens, [wanted]);
    // Those of the configuration beside it, which can't be revoked here.
    let configured = json!({"name": "Ann Agent", "role": "agent"});
    assert_eq!(listed(&office, GOVERNANCE, "Ann Agent").await, [configured]);

    assert_eq!(revoke(&office, GOVERNANCE, &id).await.status, 204);
    assert_eq!(said(&office.get(&token, "/metrics").await), (401, "sign-in-needed".to_owned()));
    assert_eq!(said(&revoke(&office, GOVERNANCE, &id).await), (404, "not-found".to_owned()));
    assert!(listed(&office, GOVERNANCE, "CRM").await.is_empty());

    let trail = office.get(GOVERNANCE, "/api/v1/audit?limit=500").await.json();
    assert!(!trail.to_string().contains(&token));
    let entries = trail["entries"].as_array().unwrap();
    let entries: Vec<&Value> = entries.iter().filter(|one| one["event"] == "api_token").collect();
    let actions: Vec<&str> = entries.iter().map(|one| one["action"].as_str().unwrap()).collect();
    assert!(actions.contains(&"made") && actions.contains(&"revoked"), "{actions:?}");
    assert_eq!(entries.len(), 2);
    for entry in entries {
        assert_eq!((&entry["by"], &entry["holder"]), (&json!("Gil Governance"), &json!("CRM")));
        assert_eq!((&entry["token"], &entry["expires"]), (&json!(id), &json!("2027-02-28")));
    }
}

#[tokio::test]
async fn only_its_digest_is_stored_of_a_token() {
    let office = Office::open();
    let (token, id) = made(&office, &crm("2027-02-28")).await;
    let secret = token.strip_prefix("tuntum.").unwrap();
    let listing = Listing::of(BY_ID);
    let page = office.store.documents(&office.tuntum.id, "api_token", listing).await.unwrap();
    assert_eq!(page.documents.len(), 1);
    assert_eq!(page.documents[0].id, id);
    assert!(!page.documents[0].body.get().contains(secret));
    let list = office.get(GOVERNANCE, TOKENS).await.json().to_string();
    assert!(!list.contains(secret), "{list}");
}

#[tokio::test]
async fn who_does_not_keep_the_settings_neither_lists_nor_makes_nor_revokes() {
    let office = Office::open();
    let (token, id) = made(&office, &crm("2027-02-28")).await;
    for by in [AGENT, token.as_str()] {
        let refused = "role-not-allowed".to_owned();
        assert_eq!(said(&office.get(by, TOKENS).await), (403, refused.clone()));
        assert_eq!(
            said(&office.post(by, TOKENS, &crm("2027-01-01")).await),
            (403, refused.clone())
        );
        assert_eq!(said(&revoke(&office, by, &id).await), (403, refused));
    }
    assert_eq!(listed(&office, GOVERNANCE, "CRM").await.len(), 1);
}

#[tokio::test]
async fn another_organisation_neither_sees_nor_revokes_a_token() {
    let office = Office::open();
    let (token, id) = made(&office, &crm("2027-02-28")).await;
    assert!(listed(&office, STRANGER, "CRM").await.is_empty());
    assert_eq!(said(&revoke(&office, STRANGER, &id).await), (404, "not-found".to_owned()));
    assert_eq!(office.get(&token, "/metrics").await.status, 200);
    // With another organisation in front it is nobody's.
    for other in ["karbon", "nowhere", ""] {
        let other = token.replace("tuntum", other);
        assert_eq!(said(&office.get(&other, "/metrics").await), (401, "sign-in-needed".to_owned()));
    }
}

#[tokio::test]
async fn a_token_ends_with_its_last_day_and_says_so_until_it_is_cleared_away() {
    let office = Office::open();
    let (token, _) = made(&office, &crm("2026-11-30")).await;
    office.clock.forward(TimeDelta::hours(7 * 24 + 14) - TimeDelta::seconds(1));
    assert_eq!(office.get(&token, "/metrics").await.status, 200);
    office.clock.forward(TimeDelta::seconds(1));
    // It is no guess: it never has to wait.
    for _ in 0..=SIGN_IN_FAILURES_MAX {
        let expired = office.get(&token, "/metrics").await;
        assert_eq!(said(&expired), (401, "token-expired".to_owned()));
    }
    assert_eq!(listed(&office, GOVERNANCE, "CRM").await[0]["used"], "2026-11-30");
    office.clock.forward(TimeDelta::days(89));
    assert_eq!(office.desk().clear_sign_ins(&office.tuntum.id).await.unwrap(), 0);
    office.clock.forward(TimeDelta::days(2));
    assert_eq!(office.desk().clear_sign_ins(&office.tuntum.id).await.unwrap(), 1);
    assert!(listed(&office, GOVERNANCE, "CRM").await.is_empty());
    assert_eq!(said(&office.get(&token, "/metrics").await), (401, "sign-in-needed".to_owned()));
}

#[tokio::test]
async fn what_no_token_can_be_is_refused_with_why() {
    let office = Office::open();
    let new = NewAccount {
        login: "bea".to_owned(),
        name: "Bea Lind".to_owned(),
        role: Role("agent".to_owned()),
    };
    office.staff.accounts().invite(&office.tuntum, new, "test").await.unwrap();
    let body = |name: &str, role: &str, expires: &str| json!({"name": name, "role": role, "expires": expires});
    for (asked, status, problem) in [
        (body("", "program", "2027-02-28"), 422, "refused"),
        (body(&"a".repeat(101), "program", "2027-02-28"), 422, "refused"),
        (body("CRM", "boss", "2027-02-28"), 422, "refused"),
        (body("CRM", "program", "2026-11-22"), 422, "refused"),
        (body("CRM", "program", "2027-11-24"), 422, "refused"),
        (body("CRM", "program", "soon"), 422, "invalid-body"),
        (json!({"name": "CRM", "role": "program"}), 422, "invalid-body"),
        (body("Bea Lind", "program", "2027-02-28"), 409, "exists"),
        (body("Gil  Governance", "agent", "2027-02-28"), 409, "exists"),
        // Only the console makes those that can make others.
        (body("CRM", "governance", "2027-02-28"), 422, "refused"),
        (body("C\nRM", "program", "2027-02-28"), 422, "refused"),
        (body("keeper", "program", "2027-02-28"), 409, "exists"),
    ] {
        let answer = office.post(GOVERNANCE, TOKENS, &asked).await;
        assert_eq!(said(&answer), (status, problem.to_owned()), "{asked}");
    }
    assert!(listed(&office, GOVERNANCE, "CRM").await.is_empty());
    // From today, and to the same day of next year.
    made(&office, &body("CRM", "program", "2026-11-23")).await;
    // The same holder gets another one; a name that looks like it is no other holder's.
    made(&office, &body("CRM", "program", "2027-11-23")).await;
    for (name, role) in [("CRM", "agent"), ("crm", "program")] {
        let answer = office.post(GOVERNANCE, TOKENS, &body(name, role, "2027-02-28")).await;
        assert_eq!(said(&answer), (409, "exists".to_owned()), "{name} {role}");
    }
    // Nor is it an account's.
    let new = NewAccount {
        login: "crm".to_owned(),
        name: "C.R.M.".to_owned(),
        role: Role("agent".to_owned()),
    };
    assert!(office.staff.accounts().invite(&office.tuntum, new, "test").await.is_err());
    for _ in 2..API_TOKENS_MAX {
        made(&office, &crm("2027-02-28")).await;
    }
    let answer = office.post(GOVERNANCE, TOKENS, &crm("2027-02-28")).await;
    assert_eq!(said(&answer), (422, "refused".to_owned()));
}

#[tokio::test]
async fn a_revoked_token_is_a_guess_like_any_other_and_valid_ones_are_let_in() {
    let office = Office::open();
    let (token, _) = made(&office, &crm("2027-02-28")).await;
    let (gone, id) = made(&office, &crm("2027-02-28")).await;
    assert_eq!(revoke(&office, GOVERNANCE, &id).await.status, 204);
    for _ in 0..SIGN_IN_FAILURES_MAX {
        assert_eq!(office.get(&gone, "/metrics").await.problem(), "sign-in-needed");
    }
    assert_eq!(office.get(&gone, "/metrics").await.problem(), "too-many-sign-ins");
    assert_eq!(office.get(&token, "/metrics").await.status, 200);
}

#[tokio::test]
async fn a_token_of_one_gateway_opens_the_other_and_is_revoked_on_both_at_once() {
    let store: Arc<dyn Store> = Memory::new();
    let (one, two) = (Office::on(Arc::clone(&store)), Office::on(store));
    let (token, id) = made(&one, &crm("2027-02-28")).await;
    for office in [&one, &two] {
        assert_eq!(office.get(&token, "/metrics").await.status, 200);
    }
    assert_eq!(listed(&two, GOVERNANCE, "CRM").await.len(), 1);
    assert_eq!(revoke(&two, GOVERNANCE, &id).await.status, 204);
    for office in [&one, &two] {
        let refused = office.get(&token, "/metrics").await;
        assert_eq!(said(&refused), (401, "sign-in-needed".to_owned()));
    }
}

#[tokio::test]
async fn while_the_store_is_away_only_tokens_of_the_configuration_open() {
    let store = Faulty::over(Memory::new());
    let office = Office::on(store.clone());
    let (token, _) = made(&office, &crm("2027-02-28")).await;
    store.has(Trouble::Away);
    let refused = office.get(&token, "/metrics").await;
    assert_eq!(said(&refused), (503, "store-unavailable".to_owned()));
    assert!(refused.headers.contains_key("retry-after"));
    assert!(!refused.json().to_string().contains("told to be away"), "{}", refused.json());
    assert_eq!(office.get(AGENT, "/metrics").await.status, 200);
    // What can't be a token needs no store.
    assert_eq!(said(&office.get("guess", "/metrics").await), (401, "sign-in-needed".to_owned()));
    // Readiness answers, and says no more than to anybody.
    let ready = office.get(&token, "/health/ready").await;
    assert_eq!(ready.json()["parts"]["downstream"], "fault");
    store.has(Trouble::None);
    assert_eq!(office.get(&token, "/metrics").await.status, 200);
    assert_eq!(
        office.get(&token, "/health/ready").await.json()["parts"]["downstream"],
        "no connection"
    );
}
