//! The ways to Redis over TLS, with an ACL user that has the documented rights and no others.

use std::time::Duration;

use contact_gateway::domain::audit::AuditEvent;
use contact_gateway::ports::{Change, Register, Store};

use super::facts::{karbon, person, put_people, stamp};
use super::redis::{commit, open};
use super::servers::{self, OnRedis, Server, by_tls, free_port};
use crate::authority::Authority;

/// Where a child is told which server to reach over TLS.
const TLS_URL: &str = "CONTACT_GATEWAY_TEST_TLS_URL";

/// The rights that `docs/redis.md` gives the store's user.
pub fn documented_rights() -> String {
    let docs = include_str!("../../../docs/redis.md");
    let line = docs.lines().find_map(|line| line.split_once(">PASSWORD "));
    line.unwrap().1.trim().to_owned()
}

/// The line of `redis.conf` for a user with exactly those.
pub fn able() -> String {
    format!("user able on >secret {}", documented_rights())
}

/// Not a test of its own: run by the others, with an authority to trust that is theirs.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_child_reaches_redis_over_tls() {
    let Ok(url) = std::env::var(TLS_URL) else { return };
    rustls::crypto::aws_lc_rs::default_provider().install_default().unwrap();
    let store = open(&url);
    // Nobody else's certificate is believed the second time either.
    let mut reached = false;
    for _ in 0..60 {
        reached = reached || store.people(&karbon()).await.is_ok();
        if reached {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert!(reached);
    assert_eq!(store.check().await.unwrap(), []);
    let ground = OnRedis { url, ..OnRedis::default() };
    super::decisions::a_decision_and_all_that_goes_with_it_is_written_together(&ground).await;
    super::deliveries::what_was_delivered_is_remembered(&ground).await;
    let mut feed = store.changes();
    commit(&*store as &dyn Store, "c-last").await.unwrap();
    let changed = AuditEvent::PersonChanged { person: "P-1".to_owned() };
    put_people(&*store, &karbon(), vec![person("P-1", "x")], stamp(), changed).await.unwrap();
    assert!(matches!(feed.recv().await.unwrap(), Change::Put(..)));
    println!("\nreached");
}

async fn child(url: &str, authority: &Authority) -> std::process::Output {
    tokio::process::Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "store_contract::tls::a_child_reaches_redis_over_tls", "--nocapture"])
        .env(TLS_URL, url)
        .env("SSL_CERT_FILE", authority.certificate())
        .output()
        .await
        .unwrap()
}

async fn reaches(url: &str, authority: &Authority) {
    let child = child(url, authority).await;
    let said = String::from_utf8_lossy(&child.stdout).into_owned();
    assert!(said.contains("reached"), "{said}\n{}", String::from_utf8_lossy(&child.stderr));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn redis_by_tls_is_reached_and_a_stranger_is_not_trusted() {
    let authority = Authority::new();
    let port = free_port();
    let mut settings = by_tls(&authority, port);
    settings.push(able());
    settings.push("appendonly yes".to_owned());
    let _server = Server::start(&settings).await;
    let url = format!("rediss://able:secret@localhost:{port}");
    reaches(&url, &authority).await;
    let other = Authority::new();
    assert!(!child(&url, &other).await.status.success());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sentinel_by_tls_with_a_user_is_reached() {
    let authority = Authority::new();
    let ground = servers::sentinel_by_tls(&authority, &able()).await;
    reaches(&ground.url, &authority).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn cluster_by_tls_with_a_user_is_reached() {
    let authority = Authority::new();
    let ground = servers::cluster_by_tls(&authority, &able()).await;
    reaches(&ground.url, &authority).await;
}
