//! The same body from the same sender is one submission: at once, a little later, and after the
//! gateway was started anew.

use std::time::Duration;

use chrono::TimeDelta;
use serde_json::json;

use crate::contacts_edge::client::{form, raw, request};
use crate::contacts_edge::gateway::{Gateway, Setup, form_to, person};
use crate::contacts_edge::upstream::Upstream;

const BODY: &str = "email=jo%40x.example&message=Please+call";

fn setup(upstream: &Upstream, limit: u32) -> Setup {
    let quota =
        json!({"kind": "contact_quota", "limit": limit, "per": "week", "window": "calendar"});
    let people = json!([person("P-1", "jo@x.example", "+447700900001", quota)]);
    Setup { forms: vec![form_to(upstream.address)], people, ..Setup::default() }
}

#[tokio::test]
async fn a_double_click_waits_for_the_first_answer_and_gets_it() {
    let upstream = Upstream::start().await;
    let gateway = Gateway::start(setup(&upstream, 1)).await;
    upstream.answers_after(Duration::from_millis(200), "200 OK", &[("X-Run", "1")], b"thanks");
    let clicks = (0..8).map(|_| form(gateway.address, "/karbon/contact", BODY));
    let answers = futures_util::future::join_all(clicks).await;
    for answer in &answers {
        assert_eq!((answer.status, answer.text().as_str()), (200, "thanks"));
    }
    assert_eq!(upstream.seen().len(), 1);
    assert_eq!(gateway.decided().await.len(), 1);
    // Memory lasts by elapsed time, whatever a clock shows.
    gateway.clock.forward(TimeDelta::minutes(30));
    elapsed(Duration::from_secs(9 * 60)).await;
    assert_eq!(form(gateway.address, "/karbon/contact", BODY).await.status, 200);
    assert_eq!(upstream.seen().len(), 1);
    elapsed(Duration::from_secs(2 * 60)).await;
    assert_eq!(
        form(gateway.address, "/karbon/contact", BODY).await.status,
        429,
        "eleven minutes later it is a new one"
    );
    gateway.stop().await;
}

#[tokio::test]
async fn another_session_gets_no_answer_of_the_first_but_counts_no_second_time() {
    let upstream = Upstream::start().await;
    let gateway = Gateway::start(setup(&upstream, 1)).await;
    upstream.answers("200 OK", &[("Set-Cookie", "session=secret")], b"thanks");
    assert_eq!(form(gateway.address, "/karbon/contact", BODY).await.status, 200);
    upstream.answers("200 OK", &[], b"other");
    let fields = [("Content-Type", "application/x-www-form-urlencoded"), ("Cookie", "session=own")];
    let got =
        raw(gateway.address, &request("POST", "/karbon/contact", &fields, BODY.as_bytes())).await;
    assert_eq!(got.text(), "other");
    assert!(got.field("set-cookie").is_none());
    assert_eq!(gateway.decided().await.len(), 1);
    gateway.stop().await;
}

#[tokio::test]
async fn a_sender_who_tries_again_after_a_restart_counts_once() {
    let upstream = Upstream::start().await;
    let gateway = Gateway::start(setup(&upstream, 1)).await;
    assert_eq!(form(gateway.address, "/karbon/contact", BODY).await.status, 200);
    let folder = gateway.stop().await;
    let gateway = Gateway::start_in(folder, setup(&upstream, 1)).await;
    gateway.clock.forward(TimeDelta::minutes(8));
    assert_eq!(form(gateway.address, "/karbon/contact", BODY).await.status, 200);
    assert_eq!(
        form(gateway.address, "/karbon/contact", "email=jo%40x.example&message=2").await.status,
        429
    );
    gateway.clock.forward(TimeDelta::minutes(5));
    assert_eq!(gateway.decided().await.len(), 2);
    gateway.stop().await;
}

#[tokio::test]
async fn people_who_give_no_name_are_told_apart() {
    let upstream = Upstream::start().await;
    let gateway = Gateway::start(setup(&upstream, 1)).await;
    for _ in 0..3 {
        assert_eq!(form(gateway.address, "/karbon/contact", "vote=yes").await.status, 200);
    }
    assert_eq!(upstream.seen().len(), 3);
    gateway.stop().await;
}

/// Lets time pass for everything that goes by elapsed time.
async fn elapsed(time: Duration) {
    tokio::time::pause();
    tokio::time::advance(time).await;
    tokio::time::resume();
}
