//! Bodies that come a byte at a time are cut off in the end, at every edge that reads them whole: they are answered,
//! and nothing is left of them.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use bytes::Bytes;
use contact_gateway::channels::telephony::settings::{Product, Provider};
use contact_gateway::runtime::limits::API_REQUEST_WAIT;
use futures_util::StreamExt;
use hyper::{Request, StatusCode};
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::Instant;

use crate::contacts_edge::gateway::{Gateway, Setup, TOKEN, form_to};
use crate::contacts_edge::upstream::Upstream;
use crate::office::{GOVERNANCE, MANAGER, Office, letter};
use crate::telephony::rig::settings;

/// The pause between two bytes, of which hundreds would fit into the wait for one.
const PAUSE: Duration = Duration::from_millis(20);

/// Sends a request whose body never ends, a byte at a time, until the server closes the connection; its
/// answer.
async fn drip(to: SocketAddr, head: &str) -> String {
    let (mut reading, mut writing) = TcpStream::connect(to).await.unwrap().into_split();
    let head = format!("{head}Host: contact.karbon.example\r\nContent-Length: 20000\r\n\r\n");
    writing.write_all(head.as_bytes()).await.unwrap();
    let dripping = tokio::spawn(async move {
        for byte in b"email=jo%40x.example&message=".iter().chain(std::iter::repeat(&b'x')) {
            if writing.write_all(&[*byte]).await.is_err() {
                return;
            }
            tokio::time::sleep(PAUSE).await;
        }
    });
    let mut answer = Vec::new();
    // Closed with bytes unread is reset, behind the answer.
    let _ = reading.read_to_end(&mut answer).await;
    dripping.abort();
    String::from_utf8_lossy(&answer).into_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_body_that_drips_is_cut_off_at_every_edge_and_leaves_nothing() {
    let upstream = Upstream::start().await;
    let setup = Setup {
        forms: vec![form_to(upstream.address)],
        telephony: vec![settings(Provider::Generic, Product::Voice, "a token", &upstream)],
        body_wait: PAUSE * 20,
        ..Setup::default()
    };
    let gateway = Gateway::start(setup).await;
    let form = "Content-Type: application/x-www-form-urlencoded\r\n";
    let json = "Content-Type: application/json\r\n";
    for head in [
        format!("POST /karbon/contact HTTP/1.1\r\n{form}"),
        format!("POST /decisions/contact HTTP/1.1\r\nAuthorization: Bearer {TOKEN}\r\n{json}"),
        format!("POST /karbon/calls HTTP/1.1\r\nAuthorization: Bearer a token\r\n{json}"),
        format!("DELETE /karbon/contact HTTP/1.1\r\n{form}"),
    ] {
        let answer = drip(gateway.address, &head).await;
        assert!(answer.starts_with("HTTP/1.1 408 "), "{head}{answer}");
        assert!(gateway.spool().is_empty(), "{head}");
        assert!(upstream.seen().is_empty(), "{head}");
        assert!(gateway.decided().await.is_empty(), "{head}");
    }
    gateway.stop().await;
}

/// A body that never ends, a byte every second, for as long as somebody reads it. `held`: by the body.
fn dripping(held: Arc<()>) -> Body {
    Body::from_stream(futures_util::stream::repeat(held).then(|_held| async {
        tokio::time::sleep(Duration::from_secs(1)).await;
        Ok::<_, Infallible>(Bytes::from_static(b" "))
    }))
}

#[tokio::test(start_paused = true)]
async fn a_body_that_drips_to_the_staff_listener_is_cut_off_with_its_request() {
    let office = Office::open();
    let held = Arc::new(());
    for (method, path) in [
        ("POST", "/api/v1/contacts"),
        ("POST", "/api/v1/decisions/preview"),
        ("PUT", "/api/v1/people"),
        ("PATCH", "/api/v1/people/P-1"),
        ("POST", "/api/v1/imports"),
        ("POST", "/sign-in"),
    ] {
        let request = Request::builder().method(method).uri(path);
        let request = request.header("authorization", format!("Bearer {MANAGER}"));
        // As a browser says that a form is the console's own.
        let request = request.header("sec-fetch-site", "same-origin");
        let request = request.header("content-type", "application/x-www-form-urlencoded");
        let begun = Instant::now();
        let answer = office.send(request, dripping(Arc::clone(&held))).await;
        assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE, "{path}: {answer:?}");
        assert_eq!(answer.problem(), "too-slow", "{path}");
        assert!(answer.headers.contains_key("retry-after"), "{path}");
        assert_eq!(begun.elapsed().as_secs(), API_REQUEST_WAIT.as_secs(), "{path}");
        assert_eq!(Arc::strong_count(&held), 1, "{path}: the body is held");
    }
    // Nothing was done, and the next is served.
    let audit = office.get(GOVERNANCE, "/api/v1/audit").await.json();
    assert_eq!(audit["entries"], json!([]), "{audit}");
    let next = office.post(MANAGER, "/api/v1/decisions/preview", &letter("c-1")).await;
    assert_eq!(next.status, StatusCode::OK, "{next:?}");
}
