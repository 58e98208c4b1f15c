//! Parts of the health that not every gateway has.

use std::sync::Arc;

use super::outward::Outward;
use crate::config::Settings;
use crate::ports::relay::Relay;
use crate::runtime::health::{CachedCheck, Health};

/// The mail servers that messages are relayed to. That of outgoing mail is listed only if it is a server of its own.
pub(super) fn with_servers(mut health: Health, out: &Outward) -> Health {
    let is_other =
        |one: &&Arc<dyn Relay>| out.relay.as_ref().is_none_or(|it| !Arc::ptr_eq(it, one));
    let way_out = out.outbound.as_ref().filter(is_other);
    for (name, relay) in [("downstream", out.relay.as_ref()), ("outbound", way_out)] {
        let Some(relay) = relay.map(Arc::clone) else { continue };
        health = health.with(name, move || {
            let relay = Arc::clone(&relay);
            async move {
                let answers = relay.answers().await;
                if answers { Ok(()) } else { Err("the server does not answer".to_owned()) }
            }
        });
    }
    health
}

/// Where people have keys of their own, whether these can be read.
pub(super) fn with_keys(health: Health, settings: &Settings) -> Health {
    let Some(people) = settings.codec.people().map(Arc::clone) else { return health };
    let kept = Arc::new(CachedCheck::new(move || {
        let people = Arc::clone(&people);
        async move {
            let looked = tokio::task::spawn_blocking(move || people.fault()).await;
            looked.map_err(|_| "it is stopping".to_owned())?.map_or(Ok(()), Err)
        }
    }));
    health.with("keys", move || {
        let kept = Arc::clone(&kept);
        async move { kept.answer().await }
    })
}
