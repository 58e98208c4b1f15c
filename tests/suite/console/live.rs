//! The stream of events, as a browser reads it: what it says, where it goes on, whom it is for, when it ends.

use std::time::Duration;

use axum::body::Body;
use chrono::TimeDelta;
use contact_gateway::runtime::http_server::Peer;
use contact_gateway::runtime::limits::LIVE_STREAMS_OF_SESSION_MAX;
use http_body_util::BodyExt;
use hyper::{HeaderMap, Request, StatusCode};
use serde_json::{Value, json};
use tower::ServiceExt;

use super::browsing::Browsing;
use crate::office::{AGENT, Office};

struct Stream {
    status: StatusCode,
    headers: HeaderMap,
    body: Body,
}

/// How long the end of a stream, or an event, is waited for.
const WAIT: Duration = Duration::from_secs(60);

async fn open(office: &Office, who: &Browsing<'_>, path: &str, last: Option<&str>) -> Stream {
    let cookie = who.cookies.get("session").map(|token| format!("session={token}"));
    let mut request = Request::builder().uri(path).header("host", "desk.example");
    if let Some(cookie) = cookie {
        request = request.header("cookie", cookie);
    }
    if let Some(last) = last {
        request = request.header("last-event-id", last);
    }
    let mut request = request.body(Body::empty()).unwrap();
    request.extensions_mut().insert(Peer("192.0.2.7:50000".parse().unwrap()));
    let (parts, body) = office.router.clone().oneshot(request).await.unwrap().into_parts();
    Stream { status: parts.status, headers: parts.headers, body }
}

impl Stream {
    /// The next event that says something; none: the stream has ended.
    async fn next(&mut self) -> Option<Value> {
        loop {
            let frame = tokio::time::timeout(WAIT, self.body.frame()).await.expect("an event");
            let text = frame?.unwrap().into_data().unwrap();
            let text = String::from_utf8(text.to_vec()).unwrap();
            let data = text.lines().find_map(|line| line.strip_prefix("data: "));
            if let Some(data) = data {
                let said: Value = serde_json::from_str(data).unwrap();
                assert!(text.contains(&format!("id: {}\n", said["n"])), "{text}");
                return Some(said);
            }
        }
    }
}

#[tokio::test]
async fn a_stream_says_ids_and_counts_and_goes_on_where_it_broke_off() {
    let office = Office::with_person().await;
    let ann = Browsing::signed_in(&office, "Ann Hall", "agent").await;
    let mut stream = open(&office, &ann, "/live", None).await;
    assert_eq!(stream.status, StatusCode::OK);
    assert_eq!(stream.headers["content-type"], "text/event-stream");
    assert_eq!(stream.headers["x-accel-buffering"], "no");
    assert_eq!(stream.headers["cache-control"], "no-cache, no-store, no-transform");
    let first = stream.next().await.unwrap();
    assert_eq!((&first["came"], &first["missed"]), (&json!([]), &json!(false)), "{first}");
    office.mail("c-1").await;
    office.mail("c-2").await;
    let second = stream.next().await.unwrap();
    assert_eq!(second["came"][0][1], "limited", "{second}");
    assert_eq!(second["came"][0][2], "c-2");
    assert_eq!(second["waiting"]["limited"], 1);
    let whole = second.to_string();
    for personal in ["Jo", "home.example", "The same", "P-1"] {
        assert!(!whole.contains(personal), "{whole}");
    }
    drop(stream);
    // While the line was cut.
    office.post(AGENT, "/api/v1/queues/limited/c-2/claim", &json!({})).await;
    office.mail("c-3").await;
    tokio::time::sleep(Duration::from_millis(1_100)).await;
    let mut again = open(&office, &ann, "/live?after=1", Some(&second["n"].to_string())).await;
    let caught_up = again.next().await.unwrap();
    assert_eq!(caught_up["came"].as_array().unwrap().len(), 1, "nothing twice: {caught_up}");
    assert_eq!(caught_up["came"][0][2], "c-3");
    assert_eq!(caught_up["changed"][0][1], "c-2");
    // From before this gateway watched, as a browser comes that was at another one.
    let mut older = open(&office, &ann, &format!("/live?after={}", 0), None).await;
    let whole = older.next().await.unwrap();
    let came: Vec<&str> =
        whole["came"].as_array().unwrap().iter().map(|one| one[2].as_str().unwrap()).collect();
    assert_eq!((came, &whole["missed"]), (vec!["c-2", "c-3"], &json!(false)));
    // A number of another trail.
    let mut other = open(&office, &ann, "/live", Some("999999")).await;
    assert_eq!(other.next().await.unwrap()["missed"], true);
}

#[tokio::test]
async fn a_stream_ends_with_its_session_and_keeps_none_alive() {
    let office = Office::with_person().await;
    let mut ann = Browsing::signed_in(&office, "Ann Hall", "agent").await;
    let nobody = Browsing::new(&office);
    assert_eq!(open(&office, &nobody, "/live", None).await.status, StatusCode::SEE_OTHER);
    let mut streams = Vec::new();
    for _ in 0..LIVE_STREAMS_OF_SESSION_MAX {
        streams.push(open(&office, &ann, "/live", None).await);
    }
    let refused = open(&office, &ann, "/live", None).await;
    assert_eq!(refused.status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(refused.headers["retry-after"], "60");
    drop(streams.split_off(1));
    // Nearly half an hour with a stream that opens again and again, and nobody at the desk.
    for _ in 0..2 {
        office.clock.forward(TimeDelta::minutes(14));
        assert_eq!(open(&office, &ann, "/live", None).await.status, StatusCode::OK);
    }
    office.clock.forward(TimeDelta::minutes(3));
    assert_eq!(open(&office, &ann, "/live", None).await.status, StatusCode::SEE_OTHER);
    let stream = &mut streams[0];
    assert!(stream.next().await.is_some());
    assert_eq!(stream.next().await, None, "it ends with the session");
    assert!(ann.get("/").await.leads().starts_with("/sign-in"));
}

#[tokio::test]
async fn a_stream_is_of_one_organisation_and_ends_when_the_gateway_stops() {
    let office = Office::with_person().await;
    let karbon = crate::office::organisation("karbon", "karbon-homes.toml");
    let new = contact_gateway::casework::accounts::NewAccount {
        login: "sue".to_owned(),
        name: "Sue Grey".to_owned(),
        role: contact_gateway::domain::profile::Role("manager".to_owned()),
    };
    let token = office.staff.accounts().demo_pass(&karbon, new).await.unwrap();
    let mut sue = Browsing::new(&office);
    sue.post(&format!("/invitation/karbon/{token}"), &[]).await.leads();
    let ann = Browsing::signed_in(&office, "Ann Hall", "agent").await;
    let (mut hers, mut other) =
        (open(&office, &ann, "/live", None).await, open(&office, &sue, "/live", None).await);
    hers.next().await.unwrap();
    assert_eq!(other.next().await.unwrap()["waiting"], json!({}));
    office.mail("c-1").await;
    office.mail("c-2").await;
    assert_eq!(hers.next().await.unwrap()["waiting"]["limited"], 1);
    office.working.close();
    assert_eq!(hers.next().await, None);
    assert_eq!(other.next().await, None, "and nothing of another organisation came");
}
