//! Tokens that expire: announced before, and refused from then on.

use std::process::Command;

use contact_gateway::casework::keeper::TokenEnd;
use contact_gateway::domain::token_life::TokenLife;
use contact_gateway::runtime::limits::SIGN_IN_FAILURES_MAX;
use contact_gateway::store::memory::Memory;
use serde_json::{Value, json};

use super::rig::{CaseOffice, ENDING, profile, shipped, staff};

#[tokio::test]
async fn an_expired_token_opens_nothing_and_says_so() {
    let staff = staff(&[(ENDING.0, "manager"), ("Max", "manager")]);
    let office = CaseOffice::open(Memory::new(), profile(&shipped("tuntum.toml"), None), &staff);
    office.clock.set("2026-03-01T23:59:59Z".parse().unwrap());
    assert_eq!(office.get(ENDING.0, "/api/v1/queues").await.status, 200);
    office.clock.set("2026-03-02T00:00:00Z".parse().unwrap());
    // It is no guess, so that it never has to wait; somebody who does guess, has to.
    for _ in 0..=SIGN_IN_FAILURES_MAX {
        let refused = office.get(ENDING.0, "/api/v1/queues").await;
        assert_eq!((refused.status.as_u16(), refused.problem().as_str()), (401, "token-expired"));
        assert!(refused.headers.contains_key("www-authenticate"));
    }
    for _ in 0..SIGN_IN_FAILURES_MAX {
        assert_eq!(office.get("Nobody", "/api/v1/queues").await.problem(), "sign-in-needed");
    }
    assert_eq!(office.get("Nobody", "/api/v1/queues").await.problem(), "too-many-sign-ins");
    assert_eq!(office.get("Max", "/api/v1/queues").await.status, 200);
}

#[tokio::test]
async fn governance_is_reminded_once_before_and_once_after() {
    let staff = staff(&[("Max", "manager")]);
    let office = CaseOffice::open(Memory::new(), profile(&shipped("tuntum.toml"), None), &staff);
    let life = TokenLife::new("2026-03-31".parse().unwrap(), chrono_tz::Europe::London);
    let token = TokenEnd { name: "CRM".to_owned(), life };
    let desks = [office.desk(), office.desk()];
    for (at, expected) in [
        ("2026-03-02T09:00:00Z", 0),
        ("2026-03-03T09:00:00Z", 1),
        ("2026-03-30T09:00:00Z", 0),
        ("2026-04-01T09:00:00Z", 1),
        ("2026-04-02T09:00:00Z", 0),
    ] {
        office.clock.set(at.parse().unwrap());
        let mut reminded = 0;
        for desk in &desks {
            let tokens = std::slice::from_ref(&token);
            let own = desk.remind_of_tokens(&office.organisation, &office.mailer(), tokens).await;
            reminded += own.unwrap();
        }
        assert_eq!(reminded, expected, "{at}");
    }
    let items = office.get("Max", "/api/v1/queues/governance").await.json();
    let said: Vec<&str> = items["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["subject"].as_str().unwrap())
        .collect();
    assert_eq!(
        said,
        [
            "The API token of CRM expires after 2026-03-31. Make a new one.",
            "The API token of CRM expired on 2026-03-31 and is refused."
        ]
    );
}

#[tokio::test]
async fn governance_is_reminded_of_tokens_made_by_the_api_until_they_are_revoked() {
    let staff = staff(&[("Max", "manager")]);
    let office = CaseOffice::open(Memory::new(), profile(&shipped("tuntum.toml"), None), &staff);
    office.clock.set("2026-01-05T09:00:00Z".parse().unwrap());
    let made = async |name: &str| {
        let body = json!({"name": name, "role": "program", "expires": "2026-03-31"});
        let answer = office.post("Max", "/api/v1/tokens", &body).await;
        assert_eq!(answer.status, 201, "{}", answer.json());
        answer.json()["id"].as_str().unwrap().to_owned()
    };
    let stays = made("CRM").await;
    let replaced = made("Reports").await;
    assert_ne!(stays, replaced);
    let desks = [office.desk(), office.desk()];
    for (at, expected) in [
        ("2026-03-02T09:00:00Z", 0),
        ("2026-03-03T09:00:00Z", 2),
        ("2026-03-04T09:00:00Z", 0),
        ("2026-04-01T09:00:00Z", 1),
    ] {
        office.clock.set(at.parse().unwrap());
        if at == "2026-03-04T09:00:00Z" {
            let path = format!("/api/v1/tokens/{replaced}");
            assert_eq!(office.ask("DELETE", "Max", &path, &[], String::new()).await.status, 204);
        }
        let mut reminded = 0;
        for desk in &desks {
            let tokens = desk.token_ends(&office.organisation, &[]).await.unwrap();
            let own = desk.remind_of_tokens(&office.organisation, &office.mailer(), &tokens).await;
            reminded += own.unwrap();
        }
        assert_eq!(reminded, expected, "{at}");
    }
}

#[test]
fn a_new_token_is_shown_once_with_its_digest_and_last_day() {
    let token = |expires: &str| {
        Command::new(env!("CARGO_BIN_EXE_contact-gateway"))
            .args(["token", "--name", "CRM", "--role", "agent", "--json", "--expires", expires])
            .output()
            .unwrap()
    };
    let made = token("2999-12-31");
    assert!(made.status.success());
    let made: Value = serde_json::from_slice(&made.stdout).unwrap();
    let digest =
        contact_gateway::runtime::tokens::sha256(made["token"].as_str().unwrap().as_bytes());
    assert_eq!(made["token_sha256"], contact_gateway::runtime::tokens::hex(&digest));
    assert_eq!((&made["expires"], &made["role"]), (&json!("2999-12-31"), &json!("agent")));
    assert_eq!(token("2020-01-01").status.code(), Some(2));
}

/// Whatever roles its profile has.
#[test]
fn every_organisation_may_give_a_token_the_role_of_programs() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("gateway.toml");
    let text = format!(
        "[listen]\nstaff = \"127.0.0.1:8081\"\n[[organisation]]\nid = \"tuntum\"\nprofile = \"{}\"\n\
         mode = \"observe\"\nmail_domains = [\"tuntum.example\"]\n[[organisation.staff]]\n\
         name = \"CRM\"\nrole = \"program\"\ntoken_sha256 = \"{}\"\n",
        shipped("tuntum.toml").display(),
        "0".repeat(64)
    );
    std::fs::write(&file, text).unwrap();
    let checked = Command::new(env!("CARGO_BIN_EXE_contact-gateway"))
        .args(["check", "--config"])
        .arg(&file)
        .current_dir(folder.path())
        .output()
        .unwrap();
    assert!(checked.status.success(), "{}", String::from_utf8_lossy(&checked.stderr));
}
