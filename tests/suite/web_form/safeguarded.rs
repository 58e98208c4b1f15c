//! What a safeguard routes reaches somebody, and a helper of the organisation's own can only add to it.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use contact_gateway::domain::channel::Channel;
use contact_gateway::domain::organisation::OrganisationId;
use contact_gateway::domain::safeguard::Lane;
use contact_gateway::ports::helper::{AddedLane, HelperFault, SafeguardHelper};
use serde_json::json;

use crate::contacts_edge::client::form;
use crate::contacts_edge::gateway::{Gateway, Setup, form_to, person};
use crate::contacts_edge::upstream::Upstream;

const LEAK: &str = "email=jo%40x.example&message=a+gas+leak";
const TAP: &str = "email=jo%40x.example&message=The+tap+drips";

async fn with(setup: Setup) -> (Upstream, Gateway) {
    let upstream = Upstream::start().await;
    let letters = json!({"kind": "channels_only", "channels": ["letter"]});
    let people = json!([person("P-1", "jo@x.example", "+447700900001", letters)]);
    let forms = vec![form_to(upstream.address)];
    let gateway = Gateway::start(Setup { forms, people, ..setup }).await;
    (upstream, gateway)
}

#[tokio::test]
async fn a_safeguard_is_mailed_to_its_queue_where_there_is_a_mailbox() {
    let emergency_mailbox = Some("duty@karbon.example");
    let (upstream, gateway) = with(Setup { emergency_mailbox, ..Setup::default() }).await;
    assert_eq!(form(gateway.address, "/karbon/contact", LEAK).await.status, 200);
    assert!(upstream.seen().is_empty());
    let to: Vec<String> = gateway.outbox.all().into_iter().map(|mail| mail.to).collect();
    assert_eq!(to, ["duty@karbon.example"]);
    assert_eq!(gateway.queue("emergency").await.len(), 1);
    gateway.stop().await;
}

#[tokio::test]
async fn a_safeguard_goes_to_the_forms_own_handler_where_its_queue_has_no_mailbox() {
    let (upstream, gateway) = with(Setup::default()).await;
    let got = form(gateway.address, "/karbon/contact", LEAK).await;
    assert_eq!((got.status, got.text().as_str()), (200, "thanks"));
    assert_eq!(upstream.seen().len(), 1);
    assert_eq!(gateway.queue("emergency").await.len(), 1);
    gateway.stop().await;
}

#[tokio::test]
async fn a_safeguard_goes_to_the_forms_own_handler_where_its_mailbox_refuses() {
    let emergency_mailbox = Some("gone@karbon.example");
    let (upstream, gateway) = with(Setup { emergency_mailbox, ..Setup::default() }).await;
    gateway.outbox.refuses();
    let got = form(gateway.address, "/karbon/contact", LEAK).await;
    assert_eq!((got.status, got.text().as_str()), (200, "thanks"));
    assert_eq!(upstream.seen().len(), 1);
    assert_eq!(gateway.queue("emergency").await.len(), 1);
    gateway.stop().await;
}

/// Says the same of every text, or nothing in time.
enum Says {
    Lanes(Vec<Lane>),
    Fails,
    Never,
}

#[async_trait]
impl SafeguardHelper for Says {
    fn is_for(&self, _: &OrganisationId) -> bool {
        true
    }

    async fn lanes(
        &self,
        _: &OrganisationId,
        _: Channel,
        words: &str,
    ) -> Result<Vec<AddedLane>, HelperFault> {
        assert!(!words.contains("gas leak"), "what is found already is not asked about");
        match self {
            Says::Lanes(lanes) => {
                let added = |lane| AddedLane { lane, because: "it says so".to_owned() };
                Ok(lanes.iter().copied().map(added).collect())
            }
            Says::Fails => Err(HelperFault::Away),
            Says::Never => {
                tokio::time::sleep(Duration::from_secs(3600)).await;
                Ok(vec![AddedLane { lane: Lane::Emergency, because: String::new() }])
            }
        }
    }
}

async fn helped_by(says: Says) -> (Upstream, Gateway) {
    with(Setup { helper: Some(Arc::new(says)), ..Setup::default() }).await
}

#[tokio::test]
async fn a_helper_adds_a_lane_and_staff_see_what_it_said() {
    let (upstream, gateway) = helped_by(Says::Lanes(vec![Lane::Appeal, Lane::Emergency])).await;
    assert_eq!(form(gateway.address, "/karbon/contact", TAP).await.status, 200);
    assert_eq!(upstream.seen().len(), 1);
    let items = gateway.queue("emergency").await;
    let reasons: Vec<&str> = items[0].reasons.iter().map(|reason| reason.text.as_str()).collect();
    assert_eq!(
        reasons,
        [
            "It may be an emergency: found “helper: it says so”",
            "It may be an appeal against the restriction: found “helper: it says so”",
        ]
    );
    gateway.stop().await;
}

#[tokio::test]
async fn a_helper_that_says_nothing_fails_or_never_answers_changes_nothing() {
    for says in [Says::Lanes(Vec::new()), Says::Fails, Says::Never] {
        let (upstream, gateway) = helped_by(says).await;
        assert_eq!(form(gateway.address, "/karbon/contact", TAP).await.status, 403);
        assert!(upstream.seen().is_empty());
        assert_eq!(gateway.queue("limited").await.len(), 1);
        // What is found by ourselves is a safeguard whatever it says.
        assert_eq!(form(gateway.address, "/karbon/contact", LEAK).await.status, 200);
        assert_eq!(gateway.queue("emergency").await.len(), 1);
        gateway.stop().await;
    }
}
