//! Which requests to a form are submissions, what trace others leave, and what the handler is told.

use contact_gateway::channels::web_form::settings::FormSettings;
use hyper::Method;
use serde_json::{Value, json};

use crate::contacts_edge::client::{form, raw, request};
use crate::contacts_edge::gateway::{Gateway, Setup, form_to, person};
use crate::contacts_edge::upstream::Upstream;

async fn taking(methods: &[Method]) -> (Upstream, Gateway) {
    let upstream = Upstream::start().await;
    let letters = json!({"kind": "channels_only", "channels": ["letter"]});
    let people = json!([person("P-1", "jo@x.example", "+447700900123", letters)]);
    let forms = vec![FormSettings { methods: methods.to_vec(), ..form_to(upstream.address) }];
    let gateway = Gateway::start(Setup { forms, people, ..Setup::default() }).await;
    (upstream, gateway)
}

async fn get(gateway: &Gateway, query: &str) -> u16 {
    raw(gateway.address, &request("GET", &format!("/karbon/contact{query}"), &[], b"")).await.status
}

#[tokio::test]
async fn a_form_that_is_sent_by_get_is_decided_where_it_says_so() {
    let (upstream, gateway) = taking(&[Method::GET, Method::POST]).await;
    // The page itself.
    assert_eq!(get(&gateway, "").await, 200);
    assert_eq!(get(&gateway, "?lang=cy").await, 200);
    assert_eq!(upstream.seen().len(), 2);
    assert_eq!(get(&gateway, "?Email=JO%40x.example&message=hello").await, 403);
    assert_eq!(upstream.seen().len(), 2);
    assert_eq!(get(&gateway, "?email=al%40x.example&message=hello").await, 200);
    let seen = upstream.seen().pop().unwrap();
    assert_eq!(seen.line(), "GET /contact?email=al%40x.example&message=hello HTTP/1.1");
    assert!(seen.field("content-length").is_none(), "{}", seen.head);
    let limited = gateway.queue("limited").await;
    assert_eq!(limited.len(), 1);
    assert!(limited[0].archived.is_some());
    gateway.stop().await;
}

#[tokio::test]
async fn one_body_under_two_queries_is_two_submissions() {
    let (upstream, gateway) = taking(&[Method::POST]).await;
    let fields = [("Content-Type", "application/x-www-form-urlencoded")];
    let post = |email: &str| {
        let target = format!("/karbon/contact?email={email}");
        request("POST", &target, &fields, b"message=hello")
    };
    assert_eq!(raw(gateway.address, &post("al%40x.example")).await.status, 200);
    assert_eq!(raw(gateway.address, &post("jo%40x.example")).await.status, 403);
    assert_eq!(raw(gateway.address, &post("bo%40x.example")).await.status, 200);
    assert_eq!(upstream.seen().len(), 2);
    gateway.stop().await;
}

#[tokio::test]
async fn a_request_that_is_no_submission_and_names_somebody_has_an_audit_entry() {
    let (upstream, gateway) = taking(&[Method::POST]).await;
    assert_eq!(get(&gateway, "?page=2").await, 200);
    assert_eq!(get(&gateway, "?email=jo%40x.example").await, 200);
    assert_eq!(get(&gateway, "?tel=07700+900+124").await, 200);
    let put = request("PUT", "/karbon/contact?email[]=jo%40x.example", &[], b"x");
    assert_eq!(raw(gateway.address, &put).await.status, 200);
    assert_eq!(upstream.seen().len(), 4, "all of them passed");
    let entries = gateway.entries(3).await;
    assert_eq!(entries.len(), 3);
    for (entry, named) in entries.iter().zip([json!(["P-1"]), Value::Null, json!(["P-1"])]) {
        assert_eq!(entry["flags"], json!(["not_submitted"]), "{entry}");
        assert_eq!(entry["disposition"], "deliver", "{entry}");
        assert_eq!(entry["in_doubt"], named, "{entry}");
        assert!(entry["person"].is_null(), "{entry}");
    }
    gateway.stop().await;
}

#[tokio::test]
async fn the_handler_is_told_what_was_decided_and_a_forged_word_of_it_is_dropped() {
    let (upstream, gateway) = taking(&[Method::POST]).await;
    let fields = [
        ("Content-Type", "application/x-www-form-urlencoded"),
        ("X-Contact-Gateway-Decision", "route; reason=forged"),
        ("X_Contact_Gateway_Flags", "vip"),
    ];
    let body = b"email=jo%40x.example&email=bo%40x.example&message=hello";
    let got = raw(gateway.address, &request("POST", "/karbon/contact", &fields, body)).await;
    assert_eq!(got.status, 200);
    let seen = upstream.seen().pop().unwrap();
    let said = seen.fields("x-contact-gateway-decision");
    assert_eq!(said.len(), 1, "{}", seen.head);
    assert!(said[0].starts_with("deliver; reason=identity.ambiguous; contact=form-"), "{said:?}");
    assert_eq!(seen.fields("x-contact-gateway-flags"), ["identity_ambiguous"]);
    assert!(seen.field("x_contact_gateway_flags").is_none());

    assert_eq!(form(gateway.address, "/karbon/contact", "email=al%40x.example").await.status, 200);
    let seen = upstream.seen().pop().unwrap();
    let said = seen.field("x-contact-gateway-decision").unwrap();
    assert!(said.starts_with("deliver; contact=form-"), "{said}");
    assert!(!said.contains("reason=") && !said.contains("person="), "{said}");
    assert!(seen.field("x-contact-gateway-flags").is_none());
    gateway.stop().await;
}
