//! The organisation that every bench decides for.

use std::collections::BTreeMap;
use std::sync::Arc;

use contact_gateway::config;
use contact_gateway::domain::organisation::{Organisation, OrganisationId};
use contact_gateway::domain::restriction::Mode;

/// Karbon Homes with its shipped profile, enforcing.
pub(crate) fn organisation() -> Organisation {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/config/profiles/karbon-homes.toml");
    Organisation {
        id: OrganisationId::new("karbon"),
        profile: Arc::new(config::profile::load(file.as_ref()).unwrap()),
        mode: Mode::Enforce,
        emergency: None,
        mail_domains: Vec::new(),
        queue_mailboxes: BTreeMap::new(),
        notice_from: None,
        equality: Default::default(),
        reach: Default::default(),
    }
}
