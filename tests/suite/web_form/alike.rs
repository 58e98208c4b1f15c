//! Who is on record without a restriction, and who is not on record, can't be told apart by what comes
//! back, nor by how much work it takes.

use serde_json::{Value, json};

use crate::contacts_edge::client::{Got, raw, request};
use crate::contacts_edge::gateway::{Gateway, Setup, TOKEN, form_to, person};
use crate::contacts_edge::upstream::Upstream;
use crate::office::{AGENT, MANAGER, Office};

/// `kim@x.example` is on record and free; of `max@x.example` a restriction has ended.
async fn started() -> (Upstream, Gateway) {
    let ended = json!({"kind": "contact_ended", "ends": "2026-10-01", "status": "ended"});
    let people = json!([
        {"id": "P-4", "name": "Kim Roe", "identifiers": [{"kind": "email", "value": "kim@x.example"}],
         "restrictions": []},
        person("P-5", "max@x.example", "+447700900005", ended),
    ]);
    let upstream = Upstream::start().await;
    let forms = vec![form_to(upstream.address)];
    let gateway = Gateway::start(Setup { forms, people, ..Setup::default() }).await;
    (upstream, gateway)
}

/// An answer with the time of its making left out.
fn timeless(mut got: Got) -> Got {
    got.head = got.head.lines().filter(|line| !line.starts_with("date:")).collect();
    got
}

#[tokio::test]
async fn a_form_answers_everybody_without_a_restriction_alike() {
    let (upstream, gateway) = started().await;
    for (status, accept) in [
        ("200 OK", "text/html"),
        ("303 See Other", "application/json"),
        ("422 Unprocessable Content", "text/html"),
    ] {
        upstream.answers(status, &[("Set-Cookie", "s=1"), ("Location", "/thanks")], b"thanks");
        let mut answers = Vec::new();
        let mut seen = Vec::new();
        for email in ["kim@x.example", "who@x.example", "max@x.example"] {
            let fields =
                [("Content-Type", "application/x-www-form-urlencoded"), ("Accept", accept)];
            let body = format!("email={email}&message=hello+{accept}");
            let before = gateway.accesses();
            let asked = request("POST", "/karbon/contact", &fields, body.as_bytes());
            answers.push(timeless(raw(gateway.address, &asked).await));
            if email != "max@x.example" {
                assert_eq!(gateway.accesses(), before, "the store is not asked");
            }
            let head = upstream.seen().pop().unwrap().head;
            // Each contact has its own.
            let (before, id) = head.split_once("contact=form-").unwrap();
            let length = id.find(|c: char| !c.is_ascii_hexdigit() && c != '-').unwrap_or(id.len());
            seen.push(format!("{before}{}", &id[length..]));
        }
        assert_eq!(answers[0], answers[1]);
        assert_eq!(answers[1], answers[2]);
        assert_eq!(seen[0], seen[1]);
        assert_eq!(seen[1], seen[2]);
    }
    gateway.stop().await;
}

/// What staff and programs with a token are told: the same but for the person and the reason, which the
/// published decision names.
fn without_reason(mut decision: Value) -> Value {
    decision["contact"].take();
    decision["reasons"].take();
    decision["person"].take();
    decision
}

fn contact(id: &str, email: &str) -> Value {
    json!({"id": id, "channel": "letter", "from": [{"kind": "email", "value": email}], "text": "x"})
}

#[tokio::test]
async fn the_decision_endpoint_does_the_same_work_for_both() {
    let (_upstream, gateway) = started().await;
    let bearer = format!("Bearer {TOKEN}");
    let fields = [("Authorization", bearer.as_str()), ("Content-Type", "application/json")];
    let mut answers = Vec::new();
    for (id, email) in [("L-1", "kim@x.example"), ("L-2", "who@x.example")] {
        let body = contact(id, email).to_string();
        let before = gateway.accesses();
        let asked = request("POST", "/decisions/contact", &fields, body.as_bytes());
        let got = raw(gateway.address, &asked).await;
        assert_eq!(got.status, 200);
        assert_eq!(gateway.accesses(), before, "the store is not asked");
        answers.push(without_reason(got.json()));
    }
    assert_eq!(answers[0], answers[1]);
    gateway.stop().await;
}

#[tokio::test]
async fn staff_who_log_a_contact_are_told_no_more_than_the_reason() {
    let office = Office::with_person().await;
    let kim = json!({"id": "P-4", "name": "Kim Roe",
        "identifiers": [{"kind": "email", "value": "kim@x.example"}], "restrictions": []});
    let put = office.put(MANAGER, "/api/v1/people/P-4", &kim).await;
    assert!(put.status.is_success(), "{put:?}");
    for _ in 0..400 {
        let asked = contact("settle", "kim@x.example");
        let preview = office.post(MANAGER, "/api/v1/decisions/preview", &asked).await;
        if preview.json()["person"] == "P-4" {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    let mut answers = Vec::new();
    for (id, email) in [("L-1", "kim@x.example"), ("L-2", "who@x.example")] {
        let got = office.post(AGENT, "/api/v1/contacts", &contact(id, email)).await;
        assert_eq!(got.status, 200);
        let names: Vec<String> = got.headers.keys().map(ToString::to_string).collect();
        answers.push((names, without_reason(got.json())));
    }
    assert_eq!(answers[0], answers[1]);
}
