//! What is delivered arrives byte for byte, and so does the answer.

use crate::contacts_edge::client::{form, raw, request};
use crate::contacts_edge::gateway::{Gateway, Setup, form_to};
use crate::contacts_edge::upstream::Upstream;

async fn started() -> (Upstream, Gateway) {
    let upstream = Upstream::start().await;
    let forms = vec![form_to(upstream.address)];
    let gateway = Gateway::start(Setup { forms, ..Setup::default() }).await;
    (upstream, gateway)
}

#[tokio::test]
async fn every_kind_of_body_arrives_as_it_was_sent() {
    let (upstream, gateway) = started().await;
    let multipart = b"--B\r\nContent-Disposition: form-data; name=\"email\"\r\n\r\na@x.example\r\n\
        --B\r\nContent-Disposition: form-data; name=\"f\"; filename=\"a\xff.bin\"\r\n\r\n\x00\x01\r\n--B--\r\nepilogue";
    let bodies: [(&str, &[u8]); 6] = [
        ("application/x-www-form-urlencoded", b"email=a%40x.example&message=&message=+%zz&&="),
        ("application/x-www-form-urlencoded; charset=iso-8859-1", b"message=caf\xe9&n=%E9"),
        ("multipart/form-data; boundary=B", multipart),
        ("application/json", b"{ \"email\" : \"a@x.example\",\n\"email\":\"a@x.example\" }"),
        ("application/json", b"{broken"),
        ("application/octet-stream", b"\x00\xff\x00"),
    ];
    for (at, (content_type, body)) in bodies.into_iter().enumerate() {
        let fields = [("Content-Type", content_type)];
        let got = raw(gateway.address, &request("POST", "/karbon/contact", &fields, body)).await;
        assert_eq!((got.status, got.text().as_str()), (200, "thanks"));
        let seen = &upstream.seen()[at];
        assert_eq!(seen.body, body);
        assert_eq!(seen.field("content-type").as_deref(), Some(content_type));
        assert_eq!(seen.fields("content-length"), [body.len().to_string()]);
    }
    gateway.stop().await;
}

#[tokio::test]
async fn a_large_upload_goes_by_way_of_the_disk_and_leaves_nothing_there() {
    let (upstream, gateway) = started().await;
    let mut body =
        b"--B\r\nContent-Disposition: form-data; name=\"f\"; filename=\"a\"\r\n\r\n".to_vec();
    body.extend((0..20 * 1024 * 1024_u32).map(|at| (at % 251) as u8));
    body.extend_from_slice(b"\r\n--B\r\nContent-Disposition: form-data; name=\"email\"\r\n\r\na@x.example\r\n--B--\r\n");
    let fields = [("Content-Type", "multipart/form-data; boundary=B")];
    let got = raw(gateway.address, &request("POST", "/karbon/contact", &fields, &body)).await;
    assert_eq!(got.status, 200);
    assert!(upstream.seen()[0].body == body, "the body was changed");
    assert!(gateway.spool().is_empty());
    gateway.stop().await;
}

#[tokio::test]
async fn a_chunked_body_arrives_whole_with_its_length() {
    let (upstream, gateway) = started().await;
    let request =
        b"POST /karbon/contact HTTP/1.1\r\nHost: f.example\r\nTransfer-Encoding: chunked\r\n\
        Content-Type: application/x-www-form-urlencoded\r\nConnection: close\r\n\r\n\
        4\r\nabc=\r\n3\r\n123\r\n0\r\n\r\n";
    let got = raw(gateway.address, request).await;
    assert_eq!(got.status, 200);
    let seen = &upstream.seen()[0];
    assert_eq!(seen.body, b"abc=123");
    assert_eq!(seen.fields("content-length"), ["7"]);
    assert!(seen.fields("transfer-encoding").is_empty());
    gateway.stop().await;
}

#[tokio::test]
async fn above_the_limit_is_413_whether_announced_or_not() {
    let upstream = Upstream::start().await;
    let mut form_settings = form_to(upstream.address);
    form_settings.body_limit = 10;
    let setup = Setup { forms: vec![form_settings], ..Setup::default() };
    let gateway = Gateway::start(setup).await;
    let got = form(gateway.address, "/karbon/contact", "message=12345678").await;
    assert_eq!(got.status, 413);
    assert!(got.text().contains("<h1>Your message is too large</h1>"));
    let chunked =
        b"POST /karbon/contact HTTP/1.1\r\nHost: f.example\r\nTransfer-Encoding: chunked\r\n\
        Accept: application/json\r\nConnection: close\r\n\r\nb\r\n12345678901\r\n0\r\n\r\n";
    let got = raw(gateway.address, chunked).await;
    assert_eq!(got.status, 413);
    assert_eq!(got.field("content-type").as_deref(), Some("application/problem+json"));
    assert!(upstream.seen().is_empty());
    gateway.stop().await;
}

#[tokio::test]
async fn other_methods_pass_untouched_with_path_and_query() {
    let (upstream, gateway) = started().await;
    let fields = [
        ("Cookie", "s=1"),
        ("X-Contact-Gateway-Pass", "forged"),
        ("Connection", "x-hop"),
        ("X-Hop", "1"),
    ];
    for method in ["GET", "HEAD", "OPTIONS", "DELETE"] {
        let target = "/karbon/contact/step/2?a=%2F&a=+";
        let got = raw(gateway.address, &request(method, target, &fields, b"")).await;
        assert_eq!(got.status, 200, "{method}");
        let seen = upstream.seen().pop().unwrap();
        assert_eq!(seen.line(), format!("{method} /contact/step/2?a=%2F&a=+ HTTP/1.1"));
        assert_eq!(seen.field("cookie").as_deref(), Some("s=1"));
        assert_eq!(seen.field("host").as_deref(), Some("contact.karbon.example"));
        assert_eq!(seen.field("x-forwarded-for").as_deref(), Some("127.0.0.1"));
        assert_eq!(seen.field("x-forwarded-host").as_deref(), Some("contact.karbon.example"));
        assert!(seen.field("x-hop").is_none() && seen.field("x-contact-gateway-pass").is_none());
    }
    assert!(gateway.decided().await.is_empty(), "looking is no contact");
    gateway.stop().await;
}

#[tokio::test]
async fn the_answer_comes_back_as_it_is() {
    let (upstream, gateway) = started().await;
    let fields = [
        ("Set-Cookie", "a=1; Path=/"),
        ("Set-Cookie", "b=2"),
        ("Location", "/contact/thanks?x=1"),
        ("X-Own", "1"),
    ];
    upstream.answers("303 See Other", &fields, b"");
    let got = form(gateway.address, "/karbon/contact", "email=a%40x.example").await;
    assert_eq!(got.status, 303);
    assert_eq!(got.fields("set-cookie"), ["a=1; Path=/", "b=2"]);
    assert_eq!(got.field("location").as_deref(), Some("/contact/thanks?x=1"));
    let long = vec![b'x'; 2 * 1024 * 1024];
    upstream.answers("200 OK", &[], &long);
    let got = form(gateway.address, "/karbon/contact", "email=b%40x.example").await;
    assert!(got.body == long, "a long answer was changed");
    gateway.stop().await;
}

#[tokio::test]
async fn a_form_that_is_away_is_502_and_a_slow_one_504() {
    let upstream = Upstream::start().await;
    let mut slow = form_to(upstream.address);
    slow.timeout = std::time::Duration::from_millis(100);
    let mut away = form_to(upstream.address);
    away.path = "/karbon/away".to_owned();
    // A port on which nobody listens: bound for a moment, then let go.
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    away.upstream = format!("http://{free}/").parse().unwrap();
    let gateway = Gateway::start(Setup { forms: vec![slow, away], ..Setup::default() }).await;
    upstream.answers_after(std::time::Duration::from_secs(3), "200 OK", &[], b"late");
    let got = form(gateway.address, "/karbon/contact", "email=a%40x.example").await;
    assert_eq!(got.status, 504);
    assert!(got.text().contains("has not been sent"));
    let got = form(gateway.address, "/karbon/away", "email=a%40x.example").await;
    assert_eq!(got.status, 502);
    gateway.stop().await;
}

#[tokio::test]
async fn requests_with_two_framings_or_a_climbing_path_go_nowhere() {
    let (upstream, gateway) = started().await;
    let head = "POST /karbon/contact HTTP/1.1\r\nHost: f.example\r\nConnection: close\r\n";
    for framing in [
        "Content-Length: 3\r\nContent-Length: 4\r\n\r\nabcd",
        "Content-Length: 3\r\nTransfer-Encoding: gzip\r\n\r\nabc",
        "Content-Length: -1\r\n\r\nabc",
    ] {
        let got = raw(gateway.address, format!("{head}{framing}").as_bytes()).await;
        assert_eq!(got.status, 400, "{framing}");
    }
    let got = raw(gateway.address, &request("GET", "/karbon/contact/%2e%2E/admin", &[], b"")).await;
    assert_eq!(got.status, 404);
    let got = raw(gateway.address, &request("GET", "/elsewhere", &[], b"")).await;
    assert_eq!(got.status, 404);
    assert_eq!(got.json()["type"], "urn:contact-gateway:problem:not-found");
    assert!(upstream.seen().is_empty());
    gateway.stop().await;
}

/// An upload in chunks of 64 KiB.
fn chunked(bytes: usize) -> Vec<u8> {
    let mut request = b"POST /karbon/contact HTTP/1.1\r\nHost: f.example\r\n\
        Transfer-Encoding: chunked\r\nContent-Type: application/octet-stream\r\n\
        Connection: close\r\n\r\n"
        .to_vec();
    let content: Vec<u8> = (0..251).cycle().take(bytes).collect();
    for piece in content.chunks(64 * 1024) {
        request.extend_from_slice(format!("{:x}\r\n", piece.len()).as_bytes());
        request.extend_from_slice(piece);
        request.extend_from_slice(b"\r\n");
    }
    request.extend_from_slice(b"0\r\n\r\n");
    request
}

#[tokio::test]
async fn a_streamed_upload_is_taken_up_to_the_bound_and_refused_past_it() {
    let upstream = Upstream::start().await;
    let mut form_settings = form_to(upstream.address);
    let limit = 2 * 1024 * 1024;
    form_settings.body_limit = limit;
    let setup = Setup { forms: vec![form_settings], ..Setup::default() };
    let gateway = Gateway::start(setup).await;
    let limit = usize::try_from(limit).unwrap();
    // Around where a body leaves the memory, and around the bound.
    let memory = contact_gateway::runtime::limits::FORM_MEMORY_BYTES_MAX;
    for bytes in [memory - 1, memory, memory + 1, limit - 1, limit] {
        let got = raw(gateway.address, &chunked(bytes)).await;
        assert_eq!(got.status, 200, "{bytes}");
        let seen = upstream.seen().pop().unwrap();
        assert!(seen.body.iter().copied().eq((0..251).cycle().take(bytes)), "{bytes}");
        assert_eq!(seen.fields("content-length"), [bytes.to_string()]);
    }
    let taken = upstream.seen().len();
    let got = raw(gateway.address, &chunked(limit + 1)).await;
    assert_eq!(got.status, 413);
    // Announced, it is refused before any of it is sent.
    let announced = format!(
        "POST /karbon/contact HTTP/1.1\r\nHost: f.example\r\nContent-Length: {}\r\n\
         Expect: 100-continue\r\nConnection: close\r\n\r\n",
        limit + 1
    );
    assert_eq!(raw(gateway.address, announced.as_bytes()).await.status, 413);
    assert_eq!(upstream.seen().len(), taken);
    assert!(gateway.spool().is_empty());
    gateway.stop().await;
}

#[tokio::test]
async fn of_several_steps_the_last_alone_is_a_contact() {
    let upstream = Upstream::start().await;
    let mut steps = form_to(upstream.address);
    steps.submit = Some("/step/3".to_owned());
    let setup = Setup { forms: vec![steps], ..Setup::default() };
    let gateway = Gateway::start(setup).await;
    for step in ["", "/step/1", "/step/2", "/step/33", "/step/3/x"] {
        let target = format!("/karbon/contact{step}");
        assert_eq!(form(gateway.address, &target, "email=a%40x.example").await.status, 200);
        assert_eq!(upstream.seen().pop().unwrap().body, b"email=a%40x.example");
    }
    // The others leave a trace, and are no contacts.
    let contacts = || async {
        let entries = gateway.decided().await.into_iter();
        let entries = entries.map(|entry| serde_json::to_value(entry).unwrap());
        entries.filter(|entry| entry["flags"] != serde_json::json!(["not_submitted"])).count()
    };
    tokio::time::sleep(std::time::Duration::from_millis(500)).await;
    assert_eq!(contacts().await, 0);
    assert_eq!(gateway.decided().await.len(), 5);
    let last = form(gateway.address, "/karbon/contact/step/3?b=1", "email=a%40x.example").await;
    assert_eq!(last.status, 200);
    for _ in 0..200 {
        if contacts().await == 1 {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(25)).await;
    }
    assert_eq!(contacts().await, 1);
    gateway.stop().await;
}

#[tokio::test]
async fn where_a_request_came_from_is_said_by_trusted_proxies_alone() {
    let upstream = Upstream::start().await;
    for (trusted, prefix, host, proto) in [
        (true, "/help", "public.example", "https"),
        (false, "/karbon", "contact.karbon.example", "http"),
    ] {
        let trusted_proxies =
            if trusted { vec!["127.0.0.1/32".parse().unwrap()] } else { Vec::new() };
        let forms = vec![form_to(upstream.address)];
        let gateway = Gateway::start(Setup { forms, trusted_proxies, ..Setup::default() }).await;
        let fields = [
            ("X-Forwarded-Prefix", "/help"),
            ("X-Forwarded-Host", "public.example"),
            ("X-Forwarded-Proto", "https"),
            ("X-Forwarded-For", "192.0.2.7"),
        ];
        raw(gateway.address, &request("GET", "/karbon/contact", &fields, b"")).await;
        let seen = upstream.seen().pop().unwrap();
        assert_eq!(seen.fields("x-forwarded-prefix"), [prefix]);
        assert_eq!(seen.fields("x-forwarded-host"), [host]);
        assert_eq!(seen.fields("x-forwarded-proto"), [proto]);
        let from = if trusted { "192.0.2.7, 127.0.0.1" } else { "127.0.0.1" };
        assert_eq!(seen.fields("x-forwarded-for"), [from]);
        gateway.stop().await;
    }
}
