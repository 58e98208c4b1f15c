//! Sign-in by somebody else: a provider that says who is at a browser.
//!
//! Nothing is kept between the two halves of a sign-in but what the browser has in a cookie, sealed: any gateway
//! continues what another began, and a flood of first halves fills no store.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::domain::organisation::OrganisationId;
use crate::domain::provider::Claimed;

/// What a browser is sent to a provider for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Errand {
    pub organisation: OrganisationId,
    /// A path of the console's own, to go on to.
    pub next: String,
    /// The token of the invitation that is taken up by it.
    pub invitation: Option<String>,
}

/// Where to send a browser, and the cookie that it keeps until it is back.
#[derive(Debug, Clone)]
pub struct Departure {
    pub url: String,
    pub cookie: String,
}

/// What a browser that comes back says: the query of its address.
#[derive(Debug, Clone, Default)]
pub struct Returned {
    pub state: Option<String>,
    pub code: Option<String>,
    /// A code of RFC 6749 4.1.2.1: there is no sign-in.
    pub error: Option<String>,
    /// Who answers (RFC 9207), where the provider says so.
    pub issuer: Option<String>,
}

/// Why a provider vouches for nobody.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ProviderFault {
    /// It can't be reached, or answers as none would.
    #[error("the provider can't be reached: {0}")]
    Away(&'static str),
    /// The browser has no cookie of a sign-in that was begun, or it is too old.
    #[error("no sign-in was begun at this browser, or too long ago")]
    Over,
    /// The person, or the provider, said no.
    #[error("the provider refused")]
    Declined,
    /// What came back is not to be trusted: which check failed.
    #[error("the answer can't be trusted: {0}")]
    Untrusted(&'static str),
}

/// One provider.
#[async_trait]
pub trait IdentityProvider: Send + Sync {
    /// Begins a sign-in.
    ///
    /// # Errors
    /// [`ProviderFault::Away`].
    async fn depart(&self, errand: Errand, now: DateTime<Utc>) -> Result<Departure, ProviderFault>;

    /// Ends one: what it was for, and who it is. `cookie`: the browser's own, if it has one.
    ///
    /// # Errors
    /// [`ProviderFault`].
    async fn arrive(
        &self,
        cookie: Option<&str>,
        returned: Returned,
        now: DateTime<Utc>,
    ) -> Result<(Errand, Claimed), ProviderFault>;

    /// Where somebody signs out at the provider; none: it offers no such thing, or is away. It sends the browser back
    /// to `back`, an address of the console's.
    async fn farewell(&self, back: &str) -> Option<String>;
}
