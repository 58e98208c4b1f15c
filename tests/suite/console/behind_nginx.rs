//! The console behind nginx and two gateways on one Redis: each request may reach another gateway, the stream of
//! events too, and nginx hands on each event as it comes though it buffers by default.

use std::net::TcpStream;

use serde_json::json;

use super::by_wire::Client;
use crate::redis_gateways::fleet::{Fleet, mail};
use crate::served::person;
use crate::servers::checks::free_port;
use crate::servers::nginx::nginx;
use crate::store_contract::servers::{Server, until};

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
    until("nginx serves", || async { TcpStream::connect(("127.0.0.1", port)).is_ok() }).await;
    let client = Client::signed_up(port, &fleet.first_link("karbon"));
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
