//! Tokens of programs on the page of staff and tokens: made, shown once, revoked.

use chrono::TimeDelta;
use contact_gateway::casework::accounts::NewAccount;
use contact_gateway::domain::profile::Role;
use hyper::StatusCode;

use super::browsing::{Browsing, PASSWORD, Seen};
use super::signing_in::code_of;
use crate::office::{GOVERNANCE, Office, letter, organisation};

const PREVIEW: &str = "/api/v1/decisions/preview";

fn crm<'a>(proof: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    let token = [("token_name", "CRM"), ("token_role", "program"), ("expires", "2027-02-28")];
    [&token[..], proof].concat()
}

/// The token that a page shows.
fn shown(page: &Seen) -> String {
    let rest =
        page.body.split("<p class=\"copy\">").nth(1).unwrap_or_else(|| panic!("{}", page.body));
    rest.split('<').next().unwrap().to_owned()
}

/// Where the page revokes its only token.
fn revocation(page: &Seen) -> String {
    let rest = page.body.split("action=\"/settings/tokens/").nth(1).unwrap();
    format!("/settings/tokens/{}", rest.split('"').next().unwrap())
}

#[tokio::test]
async fn a_token_is_made_shown_once_listed_and_revoked_at_once() {
    let office = Office::open();
    let mut mia = Browsing::signed_in(&office, "Mia Lund", "manager").await;
    let page = mia.get("/settings/staff").await;
    assert!(page.has("Tokens of programs") && page.has("does not expire"), "{}", page.text());
    let page = mia.post("/settings/tokens", &crm(&[("old", PASSWORD)])).await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.text());
    assert!(page.has("New token: CRM") && page.has("shown only once"), "{}", page.text());
    assert_eq!(page.headers["cache-control"], "no-store");
    let token = shown(&page);
    assert_eq!(office.post(&token, PREVIEW, &letter("l-1")).await.status, 200);

    let page = mia.get("/settings/staff").await;
    assert!(!page.body.contains(&token));
    for text in ["CRM", "valid until Sun 28 Feb 2027", "Mia Lund, Mon 23 Nov 2026"] {
        assert!(page.has(text), "{text}: {}", page.text());
    }
    let path = revocation(&page);
    assert_eq!(mia.post(&path, &[]).await.leads(), "/settings/staff?done=yes");
    assert_eq!(office.post(&token, PREVIEW, &letter("l-2")).await.problem(), "sign-in-needed");
    assert_eq!(mia.post(&path, &[]).await.status, StatusCode::NOT_FOUND);
    let trail = mia.get("/audit").await;
    assert!(trail.has("Made a token for CRM") && trail.has("Revoked a token of CRM"));
}

#[tokio::test]
async fn what_is_wrong_is_said_at_its_field_and_nothing_is_made() {
    let office = Office::open();
    let mut mia = Browsing::signed_in(&office, "Mia Lund", "manager").await;
    for (name, role, expires, old, said) in [
        ("", "program", "2027-02-28", PASSWORD, "Enter the program's name"),
        ("mia lund", "program", "2027-02-28", PASSWORD, "Somebody has this name already"),
        ("CRM", "boss", "2027-02-28", PASSWORD, "Choose a role"),
        ("CRM", "program", "", PASSWORD, "Enter a last day from today"),
        ("CRM", "program", "2026-11-22", PASSWORD, "Enter a last day from today"),
        ("CRM", "program", "2027-11-24", PASSWORD, "Enter a last day from today"),
        ("CRM", "program", "2027-02-28", "", "That is not your password or code"),
        ("CRM", "program", "2027-02-28", "another password", "That is not your password or code"),
    ] {
        let fields =
            [("token_name", name), ("token_role", role), ("expires", expires), ("old", old)];
        let page = mia.post("/settings/tokens", &fields).await;
        assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY, "{fields:?}");
        assert!(page.body.contains("<title>Error:"), "{fields:?}");
        // In the summary and at the field.
        assert_eq!(page.text().matches(said).count(), 2, "{said}: {}", page.text());
        // What was typed is there again, but for the password.
        let typed = format!("name=\"expires\" type=\"date\" value=\"{expires}\"");
        assert!(page.body.contains(&typed), "{}", page.body);
        assert!(!page.body.contains(PASSWORD));
    }
    let made = office.staff.accounts().api_tokens(&office.tuntum.id).await.unwrap();
    assert!(made.is_empty());
}

#[tokio::test]
async fn with_a_second_step_a_token_needs_a_code_that_counts_once() {
    let office = Office::open();
    let mut mia = Browsing::signed_in(&office, "Mia Lund", "manager").await;
    let secret = mia.get("/account/second-step").await.field("secret");
    let code = code_of(&secret, &office);
    let fields = [("secret", secret.as_str()), ("code", &code), ("old", PASSWORD)];
    assert!(mia.post("/account/second-step", &fields).await.has("Keep these recovery codes"));
    office.clock.forward(TimeDelta::seconds(30));

    let refused = mia.post("/settings/tokens", &crm(&[("old", PASSWORD)])).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    let code = code_of(&secret, &office);
    let proof = [("old", PASSWORD), ("old_code", code.as_str())];
    // A fault elsewhere does not use it up.
    let wrong: Vec<_> = crm(&proof).into_iter().filter(|(key, _)| *key != "token_name").collect();
    let refused = mia.post("/settings/tokens", &wrong).await;
    assert!(refused.has("Enter the program's name"), "{}", refused.text());
    assert!(mia.post("/settings/tokens", &crm(&proof)).await.has("New token: CRM"));
    let again = mia.post("/settings/tokens", &crm(&proof)).await;
    assert_eq!(again.status, StatusCode::UNPROCESSABLE_ENTITY);
    let trail = office.get(GOVERNANCE, "/api/v1/audit?limit=500").await.json();
    let entries = trail["entries"].as_array().unwrap();
    assert_eq!(entries.iter().filter(|one| one["action"] == "code_used").count(), 1);
    // The session went on: nothing of the account was changed.
    assert!(mia.get("/").await.has("My work"));
}

#[tokio::test]
async fn another_organisations_token_is_not_there_to_be_revoked() {
    let office = Office::open();
    let mut mia = Browsing::signed_in(&office, "Mia Lund", "manager").await;
    let token = shown(&mia.post("/settings/tokens", &crm(&[("old", PASSWORD)])).await);
    let path = revocation(&mia.get("/settings/staff").await);
    let new = NewAccount {
        login: "sue".to_owned(),
        name: "Sue Grey".to_owned(),
        role: Role("manager".to_owned()),
    };
    let karbon = organisation("karbon", "karbon-homes.toml");
    let pass = office.staff.accounts().demo_pass(&karbon, new).await.unwrap();
    let mut sue = Browsing::new(&office);
    assert_eq!(sue.post(&format!("/invitation/karbon/{pass}"), &[]).await.leads(), "/");
    assert!(!sue.get("/settings/staff").await.has("CRM"));
    assert_eq!(sue.post(&path, &[]).await.status, StatusCode::NOT_FOUND);
    assert_eq!(office.post(&token, PREVIEW, &letter("l-1")).await.status, 200);
}

#[tokio::test]
async fn the_page_speaks_welsh() {
    let office = Office::open();
    let mut mia = Browsing::signed_in(&office, "Mia Lund", "manager").await;
    mia.post("/account/preferences", &[("language", "cy"), ("keys", "on")]).await;
    let page = mia.post("/settings/tokens", &crm(&[("old", PASSWORD)])).await;
    assert!(page.has("Tocyn newydd: CRM"), "{}", page.text());
    assert!(page.has("yn ddilys hyd Sul 28 Chwef 2027"), "{}", page.text());
}
