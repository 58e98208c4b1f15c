//! What is routed, limited or filed does not reach the form's own handler, and what the handler
//! refuses does not count.

use chrono::TimeDelta;
use serde_json::json;

use crate::contacts_edge::client::{form, raw, request};
use crate::contacts_edge::gateway::{Gateway, Setup, TOKEN, form_to, person};
use crate::contacts_edge::upstream::Upstream;

async fn with(restriction: serde_json::Value) -> (Upstream, Gateway) {
    let upstream = Upstream::start().await;
    let people = json!([person("P-1", "jo@x.example", "+447700900001", restriction)]);
    let forms = vec![form_to(upstream.address)];
    let emergency_mailbox = Some("duty@karbon.example");
    let setup = Setup { forms, people, emergency_mailbox, ..Setup::default() };
    let gateway = Gateway::start(setup).await;
    (upstream, gateway)
}

fn quota(limit: u32) -> serde_json::Value {
    json!({"kind": "contact_quota", "limit": limit, "per": "week", "window": "calendar"})
}

fn body(at: usize) -> String {
    format!("email=JO%40x.example&message=Question+{at}")
}

#[tokio::test]
async fn over_the_quota_is_a_page_for_people_and_a_problem_for_programs() {
    let (upstream, gateway) = with(quota(1)).await;
    let got = form(gateway.address, "/karbon/contact", &body(1)).await;
    assert_eq!((got.status, got.text().as_str()), (200, "thanks"));
    let got = form(gateway.address, "/karbon/contact", &body(2)).await;
    assert_eq!(got.status, 429);
    // From Wednesday 10:00 to Monday 00:00.
    assert_eq!(got.field("retry-after").as_deref(), Some("396000"));
    let page = got.text();
    for part in [
        "<html lang=\"en-GB\">",
        "<main>",
        "<h1>",
        "tel:+441910000000",
        "appeal",
        "Reference: form-",
    ] {
        assert!(page.contains(part), "{part} is not on the page:\n{page}");
    }
    assert!(!page.contains("Jo Doe") && !page.contains("<script") && !page.contains("P-1"));

    let fields =
        [("Content-Type", "application/x-www-form-urlencoded"), ("Accept", "application/json")];
    let got =
        raw(gateway.address, &request("POST", "/karbon/contact", &fields, body(3).as_bytes()))
            .await;
    assert_eq!(got.status, 429);
    assert_eq!(got.field("content-type").as_deref(), Some("application/problem+json"));
    assert_eq!(got.json()["type"], "urn:contact-gateway:problem:contact-limited");
    assert_eq!(got.json()["next_slot"], "2026-11-23T00:00:00+00:00");
    assert_eq!(got.field("ratelimit-policy").as_deref(), Some("\"contacts\";q=1"));
    assert_eq!(got.field("ratelimit").as_deref(), Some("\"contacts\";r=0;t=396000"));
    assert_eq!(upstream.seen().len(), 1);
    let limited = gateway.queue("limited").await;
    assert_eq!(limited.len(), 2);
    assert!(limited[0].archived.is_some(), "the form is kept whole");
    gateway.stop().await;
}

#[tokio::test]
async fn who_asks_for_welsh_is_answered_in_welsh() {
    let (_upstream, gateway) = with(json!({"kind": "channels_only", "channels": ["letter"]})).await;
    let kind = ("Content-Type", "application/x-www-form-urlencoded");
    let fields = [kind, ("Accept-Language", "cy, en;q=0.8"), ("Cookie", "s=1")];
    let got = request("POST", "/karbon/contact", &fields, body(1).as_bytes());
    let page = raw(gateway.address, &got).await.text();
    assert!(page.contains("<html lang=\"cy\">"), "{page}");
    for part in
        ["Dim ond drwy lythyr", "+441910000000", "999", "Gallwch apelio", "Cyfeirnod: form-"]
    {
        assert!(page.contains(part), "{part} is not on the page:\n{page}");
    }
    assert!(!page.contains("Reference") && !page.contains("You can"), "{page}");
    gateway.stop().await;
}

#[tokio::test]
async fn a_closed_channel_is_403() {
    let (upstream, gateway) = with(json!({"kind": "channels_only", "channels": ["letter"]})).await;
    let got = form(gateway.address, "/karbon/contact", &body(1)).await;
    assert_eq!(got.status, 403);
    assert!(got.field("retry-after").is_none());
    assert!(upstream.seen().is_empty());
    gateway.stop().await;
}

#[tokio::test]
async fn what_is_filed_and_what_is_routed_get_one_and_the_same_thanks() {
    let (upstream, gateway) = with(json!({"kind": "contact_ended"})).await;
    let filed = form(gateway.address, "/karbon/contact", "email=jo%40x.example&message=").await;
    let routed =
        form(gateway.address, "/karbon/contact", "email=jo%40x.example&message=a+gas+leak").await;
    assert_eq!((filed.status, routed.status), (200, 200));
    assert_eq!(filed.text(), routed.text());
    assert!(upstream.seen().is_empty());
    assert_eq!(gateway.queue("filed").await.len(), 1);
    assert_eq!(gateway.queue("emergency").await.len(), 1);
    gateway.stop().await;
}

#[tokio::test]
async fn a_point_of_contact_is_mailed_what_was_written() {
    let contact = json!({"name": "Sam", "email": "sam@karbon.example", "queue": "sam"});
    let (upstream, gateway) =
        with(json!({"kind": "single_point_of_contact", "contact": contact})).await;
    let got = form(gateway.address, "/karbon/contact", &body(1)).await;
    assert_eq!(got.status, 200);
    assert!(upstream.seen().is_empty());
    assert_eq!(gateway.queue("sam").await.len(), 1);
    let mails = gateway.outbox.all();
    assert_eq!(mails.len(), 1);
    assert_eq!(mails[0].to, "sam@karbon.example");
    assert!(mails[0].text.contains("Question 1"));
    gateway.stop().await;
}

#[tokio::test]
async fn a_submission_that_the_form_refuses_gives_its_place_back() {
    let (upstream, gateway) = with(quota(1)).await;
    for status in ["422 Unprocessable Content", "500 Internal Server Error"] {
        upstream.answers(status, &[], b"no");
        let got = form(gateway.address, "/karbon/contact", &body(1)).await;
        assert_eq!(got.text(), "no");
    }
    upstream.answers("303 See Other", &[("Location", "/thanks")], b"");
    assert_eq!(form(gateway.address, "/karbon/contact", &body(1)).await.status, 303);
    // The same words again were taken now, so that they count.
    assert_eq!(form(gateway.address, "/karbon/contact", &body(2)).await.status, 429);
    assert_eq!(upstream.seen().len(), 3);
    gateway.stop().await;
}

#[tokio::test]
async fn two_tabs_cannot_both_take_the_last_place() {
    let (upstream, gateway) = with(quota(1)).await;
    upstream.answers_after(std::time::Duration::from_millis(200), "200 OK", &[], b"thanks");
    let (one_body, two_body) = (body(1), body(2));
    let (one, two) = tokio::join!(
        form(gateway.address, "/karbon/contact", &one_body),
        form(gateway.address, "/karbon/contact", &two_body),
    );
    let mut statuses = [one.status, two.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 429]);
    gateway.stop().await;
}

#[tokio::test]
async fn conflicting_addresses_are_delivered_and_count_for_nobody() {
    let (upstream, gateway) = with(quota(1)).await;
    for words in ["hello", "hello-again"] {
        let conflicting = format!("email=jo%40x.example&email=other%40x.example&message={words}");
        assert_eq!(form(gateway.address, "/karbon/contact", &conflicting).await.status, 200);
    }
    assert_eq!(upstream.seen().len(), 2);
    assert_eq!(form(gateway.address, "/karbon/contact", &body(1)).await.status, 200);
    gateway.stop().await;
}

#[tokio::test]
async fn json_and_multipart_senders_are_known_too() {
    let (upstream, gateway) = with(json!({"kind": "channels_only", "channels": ["letter"]})).await;
    let multipart =
        "--B\r\nContent-Disposition: form-data; name=\"tel\"\r\n\r\n07700 900001\r\n--B--\r\n";
    for (content_type, body) in [
        ("application/json", "{\"tel\": \"+44 7700 900001\"}"),
        ("multipart/form-data; boundary=B", multipart),
    ] {
        let fields = [("Content-Type", content_type)];
        let got =
            raw(gateway.address, &request("POST", "/karbon/contact", &fields, body.as_bytes()))
                .await;
        assert_eq!(got.status, 403, "{content_type}");
    }
    assert!(upstream.seen().is_empty());
    gateway.stop().await;
}

#[tokio::test]
async fn identity_fields_are_found_by_pointers_and_two_values_are_flagged() {
    let upstream = Upstream::start().await;
    let letters = json!({"kind": "channels_only", "channels": ["letter"]});
    let people = json!([person("P-1", "jo@x.example", "+447700900001", letters)]);
    let mut nested = form_to(upstream.address);
    nested.fields.email = Some("/customer/contacts/0/e~1mail".to_owned());
    nested.fields.phone = Some("/customer/tel".to_owned());
    let setup = Setup { forms: vec![nested], people, ..Setup::default() };
    let gateway = Gateway::start(setup).await;
    let fields = [("Content-Type", "application/json")];
    let send = async |body: &str| {
        raw(gateway.address, &request("POST", "/karbon/contact", &fields, body.as_bytes())).await
    };
    let jo = r#"{"customer": {"contacts": [{"e/mail": "JO@x.example"}]}, "message": "1"}"#;
    assert_eq!(send(jo).await.status, 403);
    let elsewhere = r#"{"email": "jo@x.example", "customer": {"contacts": []}}"#;
    assert_eq!(send(elsewhere).await.status, 200, "another field says nothing");
    // Which of two a handler takes is not known: held against nobody, and flagged.
    for twice in [
        r#"{"customer": {"tel": "07700 900001", "tel": "07700 900009"}}"#,
        r#"{"customer": {"tel": ["07700 900001", "07700 900009"]}}"#,
    ] {
        assert_eq!(send(twice).await.status, 200, "{twice}");
    }
    let same = r#"{"customer": {"tel": ["07700 900001", "+44 7700 900001"]}, "message": "2"}"#;
    assert_eq!(send(same).await.status, 403, "two spellings are one number");
    let flagged = gateway.decided().await;
    let flagged = flagged.iter().filter(|entry| {
        let entry = serde_json::to_value(entry).unwrap().to_string();
        entry.contains("identity_ambiguous") || entry.contains("identity.ambiguous")
    });
    assert_eq!(flagged.count(), 2);
    gateway.stop().await;
}

async fn decide(
    gateway: &Gateway,
    target: &str,
    token: &str,
    body: &str,
) -> crate::contacts_edge::client::Got {
    let bearer = format!("Bearer {token}");
    let fields = [("Authorization", bearer.as_str()), ("Content-Type", "application/json")];
    raw(gateway.address, &request("POST", target, &fields, body.as_bytes())).await
}

#[tokio::test]
async fn the_decision_endpoint_decides_once_and_says_what_is_wrong() {
    let (_upstream, gateway) = with(quota(1)).await;
    let path = "/decisions/contact";
    let contact =
        r#"{"id":"L-1","channel":"letter","from":[{"kind":"email","value":"jo@x.example"}]}"#;
    assert_eq!(decide(&gateway, path, "wrong", contact).await.status, 401);
    let other = format!("{path}?organisation=derby");
    assert_eq!(decide(&gateway, &other, TOKEN, contact).await.status, 403);
    let own = format!("{path}?organisation=karbon");
    let first = decide(&gateway, &own, TOKEN, contact).await;
    assert_eq!(first.status, 200);
    assert_eq!(first.json()["quotas"][0]["used"], 1);
    gateway.clock.forward(TimeDelta::seconds(5));
    let again = decide(&gateway, path, TOKEN, contact).await;
    assert_eq!(again.json(), first.json(), "the same letter later is the same letter");
    let changed = contact.replace("jo@x", "jo2@x");
    let conflict = decide(&gateway, path, TOKEN, &changed).await;
    assert!(conflict.status == 409 || conflict.status == 200);
    let longer = contact.replace("}]}", "}],\"text\":\"more\"}");
    let conflict = decide(&gateway, path, TOKEN, &longer).await;
    assert_eq!(conflict.status, 409);
    assert_eq!(conflict.json()["type"], "urn:contact-gateway:problem:contact-conflict");

    let wrong = "{\"id\":\"L-2\",\n \"channel\":\"pigeon\"}";
    let problem = decide(&gateway, path, TOKEN, wrong).await;
    assert_eq!(problem.status, 400);
    let problem = problem.json();
    assert_eq!((&problem["line"], &problem["path"]), (&json!(2), &json!("channel")));
    assert!(problem["detail"].as_str().unwrap().contains("`email`"), "{problem}");
    gateway.stop().await;
}
