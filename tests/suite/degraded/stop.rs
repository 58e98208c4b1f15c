//! A stop with contacts in hand.

use std::collections::HashSet;
use std::sync::Arc;

use contact_gateway::app;
use contact_gateway::config::{self, Environment};
use contact_gateway::domain::audit::AuditEvent;
use contact_gateway::domain::organisation::OrganisationId;
use contact_gateway::ports::{AuditTrail, Stamp};
use contact_gateway::runtime::service_manager::Sockets;
use contact_gateway::store::embedded::Embedded;
use tokio::task::JoinSet;

use super::office::{SAM, STRANGER, closed, contact, now, person};
use crate::store_contract::facts::put_people;

const CONTACTS: usize = 60;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_answered_before_a_stop_is_in_the_trail_after_it() {
    let folder = tempfile::tempdir().unwrap();
    let profile = concat!(env!("CARGO_MANIFEST_DIR"), "/config/profiles/tuntum.toml");
    let file = folder.path().join("gateway.toml");
    let at = |name: &str| folder.path().join(name).display().to_string();
    let text = format!(
        "[store]\nurl = \"embedded:{}\"\n[archive]\nurl = \"file:{}\"\n[state]\nfolder = \"{}\"\n\
         [listen]\ncontacts = \"127.0.0.1:0\"\n\
         [[organisation]]\nid = \"tuntum\"\nprofile = \"{profile}\"\nmode = \"observe\"\n",
        at("store"),
        at("archive"),
        at("state"),
    );
    std::fs::write(&file, text).unwrap();
    let loaded = config::load(&file, &Environment::default()).unwrap_or_else(|f| panic!("{f}"));
    let tuntum = OrganisationId::new("tuntum");
    let store = Embedded::open(&folder.path().join("store")).unwrap();
    let stamp = Stamp { by: "Max Manager".to_owned(), at: now() };
    let event = AuditEvent::PersonChanged { person: "P-2".to_owned() };
    put_people(&*store, &tuntum, vec![person("P-2", SAM, closed())], stamp, event).await.unwrap();
    store.close();

    let running = app::start(&loaded.settings, Sockets::none()).await.unwrap();
    let mut in_hand = JoinSet::new();
    for number in 0..CONTACTS {
        let (intake, tuntum) = (Arc::clone(running.intake()), tuntum.clone());
        in_hand.spawn(async move {
            let id = format!("c-{number}");
            let from = if number % 2 == 0 { SAM } else { STRANGER };
            let outcome = intake.receive(&tuntum, contact(&id, "web_form", from)).await;
            assert!(outcome.durable);
            id
        });
    }
    // Some are answered, some are not yet.
    let mut answered: HashSet<String> = HashSet::new();
    answered.insert(in_hand.join_next().await.unwrap().unwrap());
    assert!(running.stop().await);
    while let Some(id) = in_hand.join_next().await {
        answered.insert(id.unwrap());
    }

    let store = Embedded::open(&folder.path().join("store")).unwrap();
    let trail = store.audit(&tuntum, 0, 0).await.unwrap();
    let decided: Vec<String> = trail
        .into_iter()
        .filter_map(|entry| match entry.event {
            AuditEvent::Decided(decided) => Some(decided.contact),
            _ => None,
        })
        .collect();
    assert_eq!(decided.len(), CONTACTS);
    assert_eq!(decided.into_iter().collect::<HashSet<_>>(), answered);
}
