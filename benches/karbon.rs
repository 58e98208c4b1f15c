//! The organisation that every bench decides for.

use contact_gateway::config;
use contact_gateway::domain::organisation::Organisation;

/// Karbon Homes with its shipped profile, enforcing.
pub(crate) fn organisation() -> Organisation {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/config/profiles/karbon-homes.toml");
    Organisation::new("karbon", config::profile::load(file.as_ref()).unwrap())
}
