//! Bodies that come a byte at a time are cut off in the end, at every edge that reads them whole: answered 408,
//! and nothing is left of them.

use std::net::SocketAddr;
use std::time::Duration;

use contact_gateway::channels::telephony::settings::{Product, Provider};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::contacts_edge::gateway::{Gateway, Setup, TOKEN, form_to};
use crate::contacts_edge::upstream::Upstream;
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
