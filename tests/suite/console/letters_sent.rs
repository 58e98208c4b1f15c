//! A letter that the gateway mails, sent in the browser: to which address is seen before it goes.

use hyper::StatusCode;
use serde_json::{Value, json};

use super::cases::{Desk, proposed, step};
use crate::office::{MANAGER, Office};

const LETTER: &str = "/people/P-1/letters/P-1-L-1";
const SEND: &str = "/people/P-1/steps/send_letter?of=P-1-L-1";

/// Jo's letter, approved, in an organisation with an address of its own.
async fn approved<'o>(office: &'o Office, identifiers: &Value) -> Desk<'o> {
    let jo = json!({"id": "P-1", "name": "Jo Doe", "identifiers": identifiers});
    let answer = office.put(MANAGER, "/api/v1/people/P-1", &jo).await;
    assert_eq!(answer.status, StatusCode::CREATED, "{answer:?}");
    let mut desk = Desk::open(office).await;
    proposed(&mut desk).await;
    step(&mut desk.bo, "submit", "of=P-1-PR-1", &[]).await.leads();
    step(&mut desk.cy, "sign_off", "of=P-1-PR-1", &[]).await.leads();
    step(&mut desk.bo, "draft_letter", "of=P-1-PR-1&kind=restriction", &[]).await.leads();
    step(&mut desk.cy, "approve_letter", "of=P-1-L-1", &[]).await.leads();
    desk
}

#[tokio::test]
async fn the_address_is_seen_before_a_letter_goes_and_another_can_be_chosen() {
    let office = Office::that_mails();
    let own = json!([
        {"kind": "email", "value": "all@home.example", "shared": true},
        {"kind": "email", "value": "jo@home.example"},
        {"kind": "email", "value": "jo@work.example"},
    ]);
    let mut desk = approved(&office, &own).await;
    assert!(desk.ann.get(LETTER).await.has("Send a letter"));
    let page = desk.ann.get(SEND).await;
    for text in ["as soon as you press Send", "all@home.example (shared)", "jo@work.example"] {
        assert!(page.has(text), "{text}: {}", page.text());
    }
    assert!(!page.has("It is sent"), "{}", page.text());
    let chosen = page.body.split("<option").find(|one| one.contains("selected")).unwrap();
    assert!(chosen.contains("jo@home.example"), "{chosen}");
    desk.ann.post("/language", &[("language", "cy"), ("back", "/")]).await.leads();
    let welsh = desk.ann.get(SEND).await;
    assert!(welsh.body.contains(">Anfon</button>"), "{}", welsh.text());
    desk.ann.post("/language", &[("language", "en"), ("back", "/")]).await.leads();

    let to = [("means", "email"), ("to", "jo@work.example")];
    let sent = step(&mut desk.ann, "send_letter", "of=P-1-L-1", &to).await;
    let page = desk.ann.get(sent.leads()).await;
    assert!(page.has("By e-mail it is on its way"), "{}", page.text());
    let case = office.get(MANAGER, "/api/v1/people/P-1/case").await.json();
    let mail = &case["letters"][0]["sent"]["mail"];
    assert_eq!((&mail["to"], &mail["state"]), (&json!("jo@work.example"), &json!("waiting")));
}

#[tokio::test]
async fn a_letter_without_an_address_to_go_to_is_refused_beside_the_field() {
    let office = Office::that_mails();
    let mut desk = approved(&office, &json!([{"kind": "phone", "value": "07700 900123"}])).await;
    let page = desk.ann.get(SEND).await;
    assert!(page.has("No e-mail address is on this person's record."), "{}", page.text());
    let refused = step(&mut desk.ann, "send_letter", "of=P-1-L-1", &[("means", "email")]).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(refused.has("name one, or send it by post"), "{}", refused.text());
    step(&mut desk.ann, "send_letter", "of=P-1-L-1", &[("means", "post")]).await.leads();
}
