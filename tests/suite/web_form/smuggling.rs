//! Requests that two readers could take for different ones are refused before anything is done with
//! them: byte for byte what is sent, and what is answered.

use std::net::SocketAddr;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::contacts_edge::gateway::{Gateway, Setup, form_to};
use crate::contacts_edge::upstream::Upstream;

async fn started() -> (Upstream, Gateway) {
    let upstream = Upstream::start().await;
    let forms = vec![form_to(upstream.address)];
    let gateway = Gateway::start(Setup { forms, ..Setup::default() }).await;
    (upstream, gateway)
}

/// What comes back until the connection is closed, after bytes that are sent in two writes.
async fn answered(to: SocketAddr, bytes: &[u8], cut: usize) -> String {
    let mut stream = TcpStream::connect(to).await.unwrap();
    let (first, second) = bytes.split_at(cut.min(bytes.len()));
    for piece in [first, second] {
        let _ = stream.write_all(piece).await;
        let _ = stream.flush().await;
        tokio::task::yield_now().await;
    }
    let mut answer = Vec::new();
    // A gateway that was sent more than it read may close with a reset.
    let read = stream.read_to_end(&mut answer);
    let _ = tokio::time::timeout(std::time::Duration::from_secs(30), read).await.unwrap();
    String::from_utf8_lossy(&answer).into_owned()
}

/// The statuses of the answers on one connection.
fn statuses(answer: &str) -> Vec<&str> {
    answer.split("HTTP/1.1 ").skip(1).map(|one| one.get(..3).unwrap()).collect()
}

/// Would be a second request to whoever takes the first for shorter than it is.
const HIDDEN: &str = "GET /karbon/contact/hidden HTTP/1.1\r\nHost: f.example\r\n\r\n";

#[tokio::test]
async fn a_message_with_a_second_reading_is_400_and_the_connection_is_closed() {
    let (upstream, gateway) = started().await;
    let post = "POST /karbon/contact HTTP/1.1\r\nHost: f.example\r\n";
    let chunked = "Transfer-Encoding: chunked\r\n";
    let cases = [
        (
            "length and chunked",
            format!("{post}Content-Length: 5\r\n{chunked}\r\n0\r\n\r\n{HIDDEN}"),
        ),
        (
            "chunked and length",
            format!("{post}{chunked}Content-Length: 5\r\n\r\n0\r\n\r\n{HIDDEN}"),
        ),
        ("two lengths", format!("{post}Content-Length: 3\r\nContent-Length: 4\r\n\r\nabcd")),
        ("one length twice", format!("{post}Content-Length: 3\r\nContent-Length: 3\r\n\r\nabc")),
        ("a list of lengths", format!("{post}Content-Length: 3, 3\r\n\r\nabc")),
        ("a signed length", format!("{post}Content-Length: +3\r\n\r\nabc")),
        ("xchunked", format!("{post}Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n")),
        ("gzip, chunked", format!("{post}Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n")),
        ("chunked twice", format!("{post}{chunked}{chunked}\r\n0\r\n\r\n")),
        ("a tab in it", format!("{post}Transfer-Encoding:\x0bchunked\r\n\r\n0\r\n\r\n")),
        ("folded", format!("{post}X: 1\r\n Content-Length: 3\r\n\r\nabc")),
        ("folded coding", format!("{post}Transfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n")),
        ("a blank before the colon", format!("{post}Content-Length : 3\r\n\r\nabc")),
        ("a blank in a name", format!("{post}X Y: 1\r\n\r\n")),
        ("bare LF after a field", format!("{post}X: 1\nContent-Length: 3\r\n\r\nabc")),
        ("bare LF everywhere", "GET /karbon/contact HTTP/1.1\nHost: f.example\n\n".to_owned()),
        ("bare LF at the end", format!("{post}X: 1\r\n\n")),
        ("bare CR", format!("{post}X: 1\rContent-Length: 3\r\n\r\nabc")),
        ("a null", format!("{post}X: \0\r\n\r\n")),
        ("no name", format!("{post}: 1\r\n\r\n")),
        (
            "chunked in HTTP/1.0",
            format!("POST /karbon/contact HTTP/1.0\r\nHost: f.example\r\n{chunked}\r\n0\r\n\r\n"),
        ),
        ("no host", "GET /karbon/contact HTTP/1.1\r\nConnection: close\r\n\r\n".to_owned()),
        (
            "two hosts",
            "GET /karbon/contact HTTP/1.1\r\nHost: a\r\nHost: b\r\nConnection: close\r\n\r\n"
                .into(),
        ),
        (
            "another host in the target",
            "GET http://b/karbon/contact HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n".into(),
        ),
        ("CONNECT", "CONNECT f.example:80 HTTP/1.1\r\nHost: f.example:80\r\n\r\n".to_owned()),
        ("no version", "GET /karbon/contact\r\n\r\n".to_owned()),
        ("a blank in the target", "GET /karbon/contact x HTTP/1.1\r\nHost: a\r\n\r\n".to_owned()),
    ];
    for (what, request) in &cases {
        for cut in [request.len(), 0, 40, 61, request.len() - 1] {
            let answer = answered(gateway.address, request.as_bytes(), cut).await;
            assert_eq!(statuses(&answer), ["400"], "{what}, cut at {cut}: {answer}");
        }
    }
    assert!(upstream.seen().is_empty(), "{:?}", upstream.seen());
    assert!(gateway.decided().await.is_empty());
    gateway.stop().await;
}

#[tokio::test]
async fn a_body_whose_chunks_have_a_second_reading_goes_nowhere() {
    let (upstream, gateway) = started().await;
    let head =
        "POST /karbon/contact HTTP/1.1\r\nHost: f.example\r\nTransfer-Encoding: chunked\r\n\r\n";
    let long = "x".repeat(2000);
    for (what, body) in [
        ("bare LF behind the size", format!("3\nabc\r\n0\r\n\r\n{HIDDEN}")),
        ("bare LF in an extension", format!("3;a\nabc\r\n0\r\n\r\n{HIDDEN}")),
        ("more data than its size", format!("3\r\nabcdef\r\n0\r\n\r\n{HIDDEN}")),
        ("a size with 0x", format!("0x3\r\nabc\r\n0\r\n\r\n{HIDDEN}")),
        ("a negative size", format!("-3\r\nabc\r\n0\r\n\r\n{HIDDEN}")),
        ("a size past 64 bits", format!("10000000000000003\r\nabc\r\n0\r\n\r\n{HIDDEN}")),
        ("no size", format!("\r\nabc\r\n0\r\n\r\n{HIDDEN}")),
        ("long extensions", format!("3;{long}\r\nabc\r\n0\r\n\r\n{HIDDEN}")),
        ("bare LF in a trailer", format!("3\r\nabc\r\n0\r\nT: 1\n\r\n{HIDDEN}")),
    ] {
        let request = format!("{head}{body}");
        for cut in [request.len(), head.len(), head.len() + 2] {
            let answer = answered(gateway.address, request.as_bytes(), cut).await;
            assert_eq!(statuses(&answer), ["400"], "{what}, cut at {cut}: {answer}");
        }
    }
    assert!(upstream.seen().is_empty(), "{:?}", upstream.seen());
    gateway.stop().await;
}

#[tokio::test]
async fn what_is_refused_comes_behind_the_answers_to_what_was_not() {
    let (upstream, gateway) = started().await;
    let requests = format!(
        "GET /karbon/contact/one HTTP/1.1\r\nHost: f.example\r\n\r\n\
         POST /karbon/contact/two HTTP/1.1\r\nHost: f.example\r\nTransfer-Encoding: chunked\r\n\r\n\
         3;a=b\r\nabc\r\n0\r\nT: 1\r\n\r\n\
         POST /karbon/contact/three HTTP/1.1\r\nHost: f.example\r\nContent-Length: 3\r\n\
         Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n{HIDDEN}"
    );
    for cut in [requests.len(), 10, 100, 190] {
        let before = upstream.seen().len();
        let answer = answered(gateway.address, requests.as_bytes(), cut).await;
        assert_eq!(statuses(&answer), ["200", "200", "400"], "cut at {cut}: {answer}");
        let seen = upstream.seen();
        let seen: Vec<&str> = seen.iter().skip(before).map(|seen| seen.line()).collect();
        assert_eq!(seen, ["GET /contact/one HTTP/1.1", "POST /contact/two HTTP/1.1"]);
    }
    gateway.stop().await;
}

#[tokio::test]
async fn a_target_with_the_same_host_is_that_target_and_a_long_head_is_431() {
    let (upstream, gateway) = started().await;
    let whole = "GET http://f.example/karbon/contact?a=1 HTTP/1.1\r\nHost: F.example\r\n\
        Connection: close\r\n\r\n";
    let answer = answered(gateway.address, whole.as_bytes(), whole.len()).await;
    assert_eq!(statuses(&answer), ["200"]);
    assert_eq!(upstream.seen()[0].line(), "GET /contact?a=1 HTTP/1.1");
    let long = "x".repeat(70 * 1024);
    let long = format!(
        "GET /karbon/contact HTTP/1.1\r\nHost: f.example\r\nConnection: close\r\nCookie: {long}\r\n\r\n"
    );
    let answer = answered(gateway.address, long.as_bytes(), long.len()).await;
    // What was not read may reset the connection before the answer is.
    assert!(answer.is_empty() || statuses(&answer) == ["431"], "{answer}");
    assert_eq!(upstream.seen().len(), 1);
    gateway.stop().await;
}

#[tokio::test]
async fn forged_and_disguised_fields_do_not_reach_the_handler() {
    let (upstream, gateway) = started().await;
    let request = "POST /karbon/contact HTTP/1.1\r\nHost: f.example\r\nContent-Length: 3\r\n\
        Connection: close, X-Hop, Content-Type\r\nX-Hop: 1\r\nX-Forwarded-For: 10.0.0.1\r\n\
        X-Forwarded-Prefix: /evil\r\nX-Forwarded-Proto: https\r\nX-Real-IP: 10.0.0.1\r\n\
        X_Forwarded_For: 10.0.0.1\r\nX-Contact-Person: P-1\r\nX-Contact-Gateway-Decision: deliver\r\n\
        Transfer_Encoding: chunked\r\nContent-Type: application/x-www-form-urlencoded\r\n\r\na=b";
    let answer = answered(gateway.address, request.as_bytes(), request.len()).await;
    assert_eq!(statuses(&answer), ["200"], "{answer}");
    let seen = &upstream.seen()[0];
    assert_eq!(seen.fields("x-forwarded-for"), ["127.0.0.1"]);
    assert_eq!(seen.fields("x-forwarded-proto"), ["http"]);
    assert_eq!(seen.fields("x-forwarded-prefix"), ["/karbon"]);
    // The gateway's own, which names the contact, and not the sender's.
    let decided = seen.fields("x-contact-gateway-decision");
    assert!(decided.len() == 1 && decided[0].starts_with("deliver; contact=form-"), "{decided:?}");
    for gone in [
        "connection",
        "x-hop",
        "x-real-ip",
        "x_forwarded_for",
        "x-contact-person",
        "transfer_encoding",
    ] {
        assert!(seen.fields(gone).iter().all(|value| value != "1" && value != "chunked"), "{gone}");
        assert!(gone == "connection" || seen.field(gone).is_none(), "{gone}: {}", seen.head);
    }
    gateway.stop().await;
}
