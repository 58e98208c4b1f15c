//! What an identity provider is configured with.

use secrecy::SecretString;

use crate::domain::provider::Admission;

/// One `[[staff.oidc]]`: a provider by which staff sign in to the console.
#[derive(Debug, Clone)]
pub struct ProviderSettings {
    /// What it is called in addresses and logs; lower-case letters, digits and hyphens.
    pub name: String,
    /// As the provider names itself, to the letter.
    pub issuer: String,
    pub client_id: String,
    pub client_secret: SecretString,
    /// Scopes asked for besides `openid`.
    pub scopes: Vec<String>,
    /// The claim with somebody's groups: a text, or a list of them.
    pub groups_claim: String,
    /// Where browsers find the console, and are sent back to: `https://staff.karbon.example`.
    pub public_url: String,
    pub admission: Admission,
    /// The button on the page for signing in; `None`: ours.
    pub label: Option<String>,
    pub label_welsh: Option<String>,
}

impl ProviderSettings {
    /// The path at which the provider returns browsers, its own: an answer of one provider is never taken for
    /// another's (RFC 9700 4.4.2.2).
    pub fn callback(&self) -> String {
        format!("{}/sign-in/callback/{}", self.public_url, self.name)
    }
}
