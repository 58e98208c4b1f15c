//! The staff listener: API, metrics, health.
//!
//! [`router()`] is the table of contents. A handler authorises, asks casework, answers; it knows
//! neither stores nor rules. Nothing but health is served without a token, and a token opens one
//! organisation only.

pub mod api;
pub mod auth;
pub mod permit;
pub mod problem;
pub mod request;
pub mod router;
pub mod settings;

use std::sync::Arc;

use crate::casework::Casework;
use crate::runtime::health::Health;
use crate::runtime::metrics::Metrics;
use crate::runtime::tokens::TokenTable;

use self::auth::SignInFailures;
use self::permit::Office;
use self::settings::StaffMember;

pub use router::router;

/// What the handlers work with. Made once by `app`.
pub struct Staff {
    office: Office,
    pub(crate) health: Health,
    pub(crate) metrics: Arc<Metrics>,
    tokens: TokenTable<Arc<StaffMember>>,
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
        let named = members
            .iter()
            .map(|one| (one.organisation.clone(), one.name.clone(), one.role.clone()));
        let office = Office::new(casework.with_staff(named));
        let by_digest = members.into_iter().map(|one| (one.token_sha256, Arc::new(one)));
        let tokens = TokenTable::new(by_digest);
        Staff { office, health, metrics, tokens, failures: SignInFailures::new() }
    }
}
