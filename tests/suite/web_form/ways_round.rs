//! Submissions that are written so that the form's handler takes them and the gateway might not.

use contact_gateway::channels::web_form::settings::FormSettings;
use serde_json::{Value, json};

use crate::contacts_edge::client::{form, raw, request};
use crate::contacts_edge::gateway::{Gateway, Setup, form_to, person};
use crate::contacts_edge::upstream::Upstream;

const URLENCODED: (&str, &str) = ("Content-Type", "application/x-www-form-urlencoded");

async fn rig(submit: Option<&str>) -> (Upstream, Gateway) {
    let upstream = Upstream::start().await;
    let letters = json!({"kind": "channels_only", "channels": ["letter"]});
    let people = json!([person("P-1", "jo@x.example", "+447700900123", letters)]);
    let submit = submit.map(str::to_owned);
    let forms = vec![FormSettings { submit, ..form_to(upstream.address) }];
    let gateway = Gateway::start(Setup { forms, people, ..Setup::default() }).await;
    (upstream, gateway)
}

#[tokio::test]
async fn the_last_step_is_decided_however_its_path_is_written() {
    let (upstream, gateway) = rig(Some("/step/3")).await;
    for step in [
        "/step/3",
        "/step/%33",
        "//step/3",
        "/step//3",
        "/STEP/3",
        "/step/3%20",
        "/step/3;x",
        "/step/3/",
        "/step/3.json",
    ] {
        let target = format!("/karbon/contact{step}");
        let body = format!("email=jo%40x.example&message=to+{step}");
        assert_eq!(form(gateway.address, &target, &body).await.status, 403, "{step}");
    }
    assert!(upstream.seen().is_empty());
    gateway.stop().await;
}

#[tokio::test]
async fn a_path_by_which_a_handler_may_climb_to_the_last_step_is_nobodys() {
    let (upstream, gateway) = rig(Some("/step/3")).await;
    for step in [
        "/step/2/../3",
        "/x%3F%2F..%2Fstep/3",
        "/x%3F/..%2Fstep/3",
        "/a%5Cb%2F..%2Fstep/3",
        "/step/3/x%2F%2F..%2F..",
        "/x;/../../CONTACT/step/3",
    ] {
        let target = format!("/karbon/contact{step}");
        let body = format!("email=jo%40x.example&message=to+{step}");
        assert_eq!(form(gateway.address, &target, &body).await.status, 404, "{step}");
    }
    assert!(upstream.seen().is_empty());
    gateway.stop().await;
}

#[tokio::test]
async fn what_is_passed_on_and_names_somebody_in_its_body_has_an_audit_entry() {
    let (upstream, gateway) = rig(Some("/step/3")).await;
    let json_body = b"{\"email\": \"jo@x.example\"}";
    let broken = b"{'email': 'jo@x.example'}";
    for (method, step, kind, body) in [
        ("POST", "/step/1", URLENCODED.1, &b"email=jo%40x.example"[..]),
        ("POST", "/step/2", "application/json", json_body),
        ("GET", "/step/3", URLENCODED.1, b"email=jo%40x.example"),
        ("DELETE", "", URLENCODED.1, b"email=jo%40x.example"),
        ("POST", "/step/2", "application/json", broken),
    ] {
        let target = format!("/karbon/contact{step}");
        let sent = request(method, &target, &[("Content-Type", kind)], body);
        assert_eq!(raw(gateway.address, &sent).await.status, 200, "{method} {step}");
        let seen = upstream.seen().pop().unwrap();
        assert_eq!(seen.body, body, "{method} {step}: the body was changed");
    }
    let one = form(gateway.address, "/karbon/contact/step/1", "colour=red").await;
    assert_eq!(one.status, 200);
    let entries = gateway.entries(5).await;
    assert_eq!(entries.len(), 5, "what names nobody leaves no trace");
    for (at, entry) in entries.iter().enumerate() {
        assert_eq!(entry["in_doubt"], json!(["P-1"]), "{entry}");
        assert_eq!(entry["disposition"], "deliver", "{entry}");
        let flags =
            if at == 4 { json!(["not_submitted", "unread"]) } else { json!(["not_submitted"]) };
        assert_eq!(entry["flags"], flags, "{entry}");
    }
    assert!(gateway.queue("limited").await.is_empty());
    gateway.stop().await;
}

#[tokio::test]
async fn a_part_names_its_field_as_any_handler_reads_it() {
    let (upstream, gateway) = rig(None).await;
    for (at, named) in [
        "name=\"email\"",
        "NAME=\"email\"",
        "name*=utf-8''email",
        "name='email'",
        "name=email",
        "name=\"x\"; name*=utf-8''email",
        "name=\"email\"; filename=\"\"",
    ]
    .iter()
    .enumerate()
    {
        let body = format!(
            "--B\r\nContent-Disposition: form-data; {named}\r\n\r\njo@x.example\r\n\
             --B\r\nContent-Disposition: form-data; name=\"message\"\r\n\r\n{at}\r\n--B--\r\n"
        );
        let fields = [("Content-Type", "multipart/form-data; boundary=B")];
        let sent = request("POST", "/karbon/contact", &fields, body.as_bytes());
        assert_eq!(raw(gateway.address, &sent).await.status, 403, "{named}");
    }
    assert!(upstream.seen().is_empty());
    gateway.stop().await;
}

#[tokio::test]
async fn what_can_be_no_number_is_flagged() {
    let (upstream, gateway) = rig(None).await;
    for (typed, flags) in [
        ("jo%40x.example", &["unread"][..]),
        ("mine", &["unread"]),
        ("12345", &["unread"]),
        ("07700+900+999", &[]),
        ("", &[]),
    ] {
        let body = format!("tel={typed}&message=hello");
        assert_eq!(form(gateway.address, "/karbon/contact", &body).await.status, 200, "{typed}");
        let seen = upstream.seen().pop().unwrap();
        assert_eq!(seen.fields("x-contact-gateway-flags"), flags, "{typed}");
    }
    let named = |entry: &&Value| entry["in_doubt"] == json!(["P-1"]);
    assert_eq!(gateway.entries(5).await.iter().filter(named).count(), 1);
    gateway.stop().await;
}
