//! The stories of the five organisations, told through the staff API: who wrote, what was decided of it, what
//! was done about it and by whom, what the letters say, what falls due, and what the trail says in the end.
//! Each on the embedded store and on Redis.

mod calico;
mod derby;
mod karbon;
mod teller;
mod tuntum;
mod united_welsh;

pub use teller::is_again;

use std::sync::Arc;

use contact_gateway::ports::Store;
use contact_gateway::store::embedded::Embedded;
use contact_gateway::store::redis::Redis;
use secrecy::SecretString;

use crate::store_contract::servers;

macro_rules! on_both_stores {
    ($($story:ident::$name:ident)*) => {
        $(mod $name {
            use super::*;

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn on_the_embedded_store() {
                let folder = tempfile::tempdir().unwrap();
                super::$story::$name(Embedded::open(&folder.path().join("store")).unwrap()).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn on_redis() {
                let server = servers::single().await;
                let url = SecretString::from(server.url.clone());
                let store: Arc<dyn Store> = Redis::open(&url).unwrap();
                super::$story::$name(store).await;
            }
        })*
    };
}

on_both_stores! {
    tuntum::a_warning_that_works
    karbon::demands_an_agreement_a_restriction_and_an_appeal_that_quashes_it
    calico::severe_conduct_is_restricted_without_a_warning_and_reviewed
    derby::an_appeal_upholds_the_decision_and_its_review_lapses
    united_welsh::contact_is_ended_and_a_new_issue_engaged_with
}
