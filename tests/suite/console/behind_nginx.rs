//! The console behind nginx and two gateways on one Redis: each request may reach another gateway, the stream of
//! events too, and nginx hands on each event as it comes though it buffers by default.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use serde_json::{Value, json};

use super::browsing::PASSWORD;
use crate::redis_gateways::fleet::{Fleet, mail};
use crate::served::person;
use crate::servers::checks::free_port;
use crate::servers::nginx::nginx;
use crate::store_contract::servers::Server;

/// A browser without script, by real connections.
struct Client {
    port: u16,
    cookie: String,
}

impl Client {
    fn send(&self, method: &str, path: &str, more: &str, form: &str) -> BufReader<TcpStream> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        let (port, cookie, length) = (self.port, &self.cookie, form.len());
        let request = format!(
            "{method} {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nOrigin: http://127.0.0.1:{port}\r\n\
             Cookie: {cookie}\r\nContent-Type: application/x-www-form-urlencoded\r\n{more}\
             Content-Length: {length}\r\n\r\n{form}"
        );
        stream.write_all(request.as_bytes()).unwrap();
        BufReader::new(stream)
    }

    fn ask(&self, method: &str, path: &str, form: &str) -> String {
        let mut whole = String::new();
        let mut answer = self.send(method, path, "Connection: close\r\n", form);
        answer.read_to_string(&mut whole).unwrap();
        whole
    }

    /// The first event of a stream; what was to be waited for is in it, or in one after it.
    fn event(&self, last: Option<u64>, has: impl Fn(&Value) -> bool) -> Value {
        let last = last.map(|last| format!("Last-Event-ID: {last}\r\n")).unwrap_or_default();
        let mut stream = self.send("GET", "/live", &last, "");
        let mut line = String::new();
        loop {
            line.clear();
            assert!(stream.read_line(&mut line).unwrap() > 0, "the stream ended");
            let Some(data) = line.trim().strip_prefix("data: ") else { continue };
            let said: Value = serde_json::from_str(data).unwrap();
            if has(&said) {
                return said;
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pages_and_the_stream_go_through_nginx_to_either_of_two_gateways() {
    let redis = Server::start(&[]).await;
    let people = json!([person(
        "P-L",
        "lim@x.example",
        "+447700900001",
        json!({"kind": "channels_only", "channels": ["letter"]})
    )]);
    let url = format!("redis://127.0.0.1:{}", redis.port);
    let fleet = Fleet::start(2, &url, &people, |place| place).await;
    let folder = tempfile::Builder::new().prefix("nginx").tempdir_in("/var/tmp").unwrap();
    let [one, other] = [fleet.gateways[0].staff, fleet.gateways[1].staff];
    // In turn: each request reaches the other gateway than the one before it. Buffering is nginx's default.
    let port = free_port();
    let location = format!(
        "location / {{ proxy_pass http://gateways; proxy_http_version 1.1; proxy_set_header Host $http_host; \
         proxy_set_header Connection \"\"; }}\n}}\nupstream gateways {{ server {one}; server {other};\n"
    );
    let _nginx = nginx(folder.path(), &location, port);
    while TcpStream::connect(("127.0.0.1", port)).is_err() {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let mut client = Client { port, cookie: String::new() };
    let link = fleet.first_link("karbon");
    let form = form_urlencoded::Serializer::new(String::new())
        .extend_pairs([("name", "Bo Carr"), ("login", "bo"), ("role", "governance")])
        .extend_pairs([("password", PASSWORD), ("again", PASSWORD)])
        .finish();
    let answer = client.ask("POST", &link, &form);
    let cookie = answer.lines().find_map(|line| line.strip_prefix("set-cookie: "));
    let cookie = cookie.or_else(|| answer.lines().find_map(|it| it.strip_prefix("Set-Cookie: ")));
    client.cookie = cookie.unwrap_or_else(|| panic!("{answer}")).split(';').next().unwrap().into();
    // Either gateway knows the session.
    for _ in 0..4 {
        let page = client.ask("GET", "/queues", "");
        assert!(page.contains("Bo Carr"), "{page}");
    }
    let first = client.event(None, |_| true);
    let came = |number: u64, token: &str| {
        let client = &client;
        let item = client.event(Some(number), |said| said["came"] != json!([]));
        assert_eq!(item["came"].as_array().unwrap().len(), 1, "{token}: {item}");
        item["n"].as_u64().unwrap()
    };
    // Handed in at either gateway, heard from either, once each.
    let mut number = first["n"].as_u64().unwrap();
    for (at, token) in ["t1", "t2", "t3", "t4"].into_iter().enumerate() {
        mail(&fleet.gateways[at % 2], "lim@x.example", token).await;
        number = tokio::task::block_in_place(|| came(number, token));
    }
    let page = client.ask("GET", "/queues/limited", "");
    assert!(page.contains("data-count=\"limited\">4</span>"), "{page}");
}
