//! Who is looking at which page.

use std::net::IpAddr;
use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use chrono::{DateTime, Utc};

use super::trouble::Trouble;
use crate::casework::accounts::Live;
use crate::domain::duty::Duty;
use crate::domain::language::Language;
use crate::domain::organisation::Organisation;
use crate::domain::permission;
use crate::domain::profile::Role;

/// A request of a browser.
#[derive(Debug, Clone)]
pub(super) struct Guest {
    pub language: Language,
    /// Path and query, as asked.
    pub here: String,
    /// Where from, as far as is known.
    pub source: Option<IpAddr>,
    /// Whether browser and proxy speak TLS.
    pub secure: bool,
    pub browser: String,
    pub now: DateTime<Utc>,
}

/// A request of somebody who is signed in.
#[derive(Debug, Clone)]
pub(super) struct Visit {
    pub(super) guest: Guest,
    pub(super) organisation: Arc<Organisation>,
    pub(super) live: Arc<Live>,
    /// The role must take a second step at sign-in, and none is set up.
    pub(super) owes_second_step: bool,
}

impl Visit {
    pub(super) fn role(&self) -> &Role {
        &self.live.account.role
    }

    /// The name on the trail.
    pub(super) fn name(&self) -> &str {
        &self.live.account.name
    }

    pub(super) fn may(&self, duty: Duty) -> bool {
        permission::has(&self.organisation.profile, self.role(), duty)
    }

    pub(super) const fn language(&self) -> Language {
        self.guest.language
    }

    pub(super) const fn now(&self) -> DateTime<Utc> {
        self.guest.now
    }
}

impl<S: Sync> FromRequestParts<S> for Guest {
    type Rejection = Trouble;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Trouble> {
        parts.extensions.get::<Guest>().cloned().ok_or(Trouble::Ours)
    }
}

impl<S: Sync> FromRequestParts<S> for Visit {
    type Rejection = Trouble;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Trouble> {
        parts.extensions.get::<Visit>().cloned().ok_or(Trouble::SignedOut)
    }
}
