//! The staff listener: API, metrics, health.
//!
//! [`router()`] is the table of contents. A handler authorises, asks casework, answers; it knows
//! neither stores nor rules. Nothing but health is served without a token, and a token opens one
//! organisation alone.

pub mod api;
pub mod auth;
pub mod problem;
pub mod request;
pub mod router;
pub mod settings;

use std::sync::Arc;

use crate::casework::Casework;
use crate::runtime::health::Health;
use crate::runtime::metrics::Metrics;

use self::auth::{SignInFailures, Tokens};
use self::settings::StaffMember;

pub use router::router;

/// What the handlers work with. Made once by `app`.
pub struct Staff {
    pub(crate) casework: Casework,
    pub(crate) health: Health,
    pub(crate) metrics: Arc<Metrics>,
    tokens: Tokens,
    failures: SignInFailures,
}

impl Staff {
    /// `members` are those of all organisations.
    pub fn new(
        casework: Casework,
        members: Vec<StaffMember>,
        health: Health,
        metrics: Arc<Metrics>,
    ) -> Self {
        let tokens = Tokens::new(members);
        Staff { casework, health, metrics, tokens, failures: SignInFailures::new() }
    }
}
