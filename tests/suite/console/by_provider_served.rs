//! Sign-in by a provider at the real program, as it is configured: with its own store, and at two gateways on one
//! Redis, each request at the other one.

use std::net::SocketAddr;

use serde_json::json;

use super::provider::{IdentityProvider, path_of};
use crate::contacts_edge::client::{Got, raw};
use crate::contacts_edge::upstream::Upstream;
use crate::mail::sink::{Script, Sink};
use crate::redis_gateways::fleet::Fleet;
use crate::served::{Behind, Place, person};
use crate::servers::checks::free_port;
use crate::store_contract::servers::Server;

/// A browser without script, with its cookies.
#[derive(Default)]
struct Client {
    cookies: Vec<(String, String)>,
}

impl Client {
    async fn get(&mut self, at: SocketAddr, path: &str) -> Got {
        let cookies: Vec<String> =
            self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let request = format!(
            "GET {path} HTTP/1.1\r\nHost: {at}\r\nCookie: {}\r\nConnection: close\r\n\r\n",
            cookies.join("; ")
        );
        let got = raw(at, request.as_bytes()).await;
        for cookie in got.fields("set-cookie") {
            let (name, value) = cookie.split(';').next().unwrap().split_once('=').unwrap();
            self.cookies.retain(|(known, _)| known != name);
            self.cookies.push((name.to_owned(), value.to_owned()));
        }
        got
    }
}

/// With the provider in its configuration. What browsers find is the address of this gateway, or of one in front.
fn configured(place: &Place, provider: &IdentityProvider, console: &str) {
    std::fs::write(place.folder.path().join("oidc"), super::provider::SECRET).unwrap();
    let section = format!(
        r#"
[staff]
public_url = "{console}"
[[staff.oidc]]
name = "entra"
issuer = "{}"
client_id = "console"
client_secret = {{ file = "oidc" }}
roles = [{{ organisation = "karbon", group = "desk", role = "agent" }}]

[[organisation]]
id = "karbon""#,
        provider.issuer()
    );
    place.change("\n[[organisation]]\nid = \"karbon\"", &section);
}

const BEGIN: &str = "/sign-in/oidc/entra?organisation=karbon&next=%2Faccount";

/// The whole way, each request at the next of these gateways.
async fn signed_in(provider: &IdentityProvider, gateways: &[SocketAddr]) -> Client {
    let mut browser = Client::default();
    let mut turn = gateways.iter().cycle();
    let mut at = || *turn.next().unwrap();
    let page = browser.get(at(), "/sign-in").await;
    assert!(page.text().contains("Sign in with your work account"), "{}", page.text());
    let url = browser.get(at(), BEGIN).await.field("location").unwrap();
    let back = provider.passes(&url, "ann").await;
    let entered = browser.get(at(), path_of(&back)).await;
    assert_eq!(entered.field("location").as_deref(), Some("/account"), "{}", entered.text());
    for _ in 0..gateways.len() {
        let page = browser.get(at(), "/account").await;
        assert!(page.text().contains("Ann Hall"), "{}", page.text());
    }
    browser
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_program_signs_in_by_the_provider_of_its_configuration() {
    let sink = Sink::start(&Script::default()).await;
    let handler = Upstream::start().await;
    let behind = Behind { mail: sink.port, form: handler.address, calls: handler.address };
    let port = free_port();
    let console = format!("http://127.0.0.1:{port}");
    let mut provider = IdentityProvider::open(&[&console]);
    let place = Place::new(&behind, "a secret");
    place.change("staff = \"127.0.0.1:0\"", &format!("staff = \"127.0.0.1:{port}\""));
    configured(&place, &provider, &console);
    let gateway = place.serve();
    signed_in(&provider, &[gateway.staff]).await;
    // A restart ends no session, with the provider away or not.
    let mut browser = signed_in(&provider, &[gateway.staff]).await;
    provider.ask(json!({"ask": "away"}));
    gateway.stop();
    let gateway = place.serve();
    assert!(browser.get(gateway.staff, "/account").await.text().contains("Ann Hall"));
    let page = browser.get(gateway.staff, BEGIN).await;
    assert_eq!(page.status, 503);
    // What the log says of it names nobody.
    let said = gateway.kill().join("\n");
    assert!(said.contains("nobody was signed in by the provider"), "{said}");
    assert!(!said.contains("Ann") && !said.contains("ann@"), "{said}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_gateway_begins_and_another_ends_a_sign_in() {
    let redis = Server::start(&[]).await;
    let url = format!("redis://127.0.0.1:{}", redis.port);
    // Whatever stands in front of the two: a name that the provider knows, and no test asks.
    let console = "http://desk.example";
    let provider = IdentityProvider::open(&[console]);
    let people = json!([person(
        "P-L",
        "lim@x.example",
        "+447700900001",
        json!({"kind": "channels_only", "channels": ["letter"]})
    )]);
    let fleet = Fleet::start(2, &url, &people, |place| {
        configured(&place, &provider, console);
        place
    })
    .await;
    let both = [fleet.gateways[0].staff, fleet.gateways[1].staff];
    signed_in(&provider, &both).await;
    // And again, at the other one first: the account is known at both.
    let mut turned = both;
    turned.reverse();
    signed_in(&provider, &turned).await;
}
