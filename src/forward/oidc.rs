//! Identity providers by which staff sign in: OpenID Connect Core 1.0, the authorization code flow with PKCE.
//!
//! The crate `openidconnect` reads and checks what a provider says. Here is when it is asked, what else is asked of it,
//! and what a browser keeps until then.

pub mod settings;

#[cfg(feature = "oidc")]
mod answer;
#[cfg(feature = "oidc")]
mod flow;
#[cfg(feature = "oidc")]
mod http;
#[cfg(feature = "oidc")]
mod provider;

#[cfg(feature = "oidc")]
pub use self::provider::{OpenIdProvider, Unusable};
