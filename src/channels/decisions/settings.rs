//! What a decision endpoint for a proxy is configured with.

use hyper::header::HeaderName;
use ipnet::IpNet;

use crate::channels::web_form::settings::Reveal;
use crate::domain::identifier::Assurance;
use crate::domain::organisation::OrganisationId;

/// One `[[organisation.decision]]`.
#[derive(Debug, Clone)]
pub struct ProxySettings {
    pub organisation: OrganisationId,
    /// The path on the contacts listener, below `/decisions/`.
    pub path: String,
    pub proxy: Proxy,
    pub fields: ProxyFields,
    /// How far the identifiers are proven: `Proven` if they are those of a signed-in session.
    pub assurance: Assurance,
    /// The field that distinguishes a retry from a second contact; `None`: every request is one.
    pub request_id: Option<HeaderName>,
    /// What the page of a limited request shows.
    pub reveal: Reveal,
    /// Networks that may ask without a token.
    pub trusted_sources: Vec<IpNet>,
}

impl ProxySettings {
    /// Whether a limited request's page shows the decision: to a session that was signed in to, or where
    /// the entry says so.
    pub fn shows(&self) -> bool {
        self.reveal == Reveal::Asserted || self.assurance == Assurance::Proven
    }
}

/// The proxy that asks, and so the contract that it is answered by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Proxy {
    /// `auth_request` (ngx_http_auth_request_module): 2xx passes, 401 and 403 deny, anything else is
    /// an error; the answer's body is thrown away.
    Nginx,
    /// An action in Lua, which hands on whatever is not 200.
    Haproxy,
    /// ForwardAuth: 2xx passes, anything else is handed to the client.
    Traefik,
    /// `ext_authz` by HTTP: 200 passes, anything else is handed to the client.
    Envoy,
}

/// Where something about a request is found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// A header field of the question.
    Header(HeaderName),
    /// A parameter in the query of the client's target, or of the question itself.
    Query(String),
}

/// What says who asks and what for. No endpoint reads a body.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ProxyFields {
    pub email: Option<Source>,
    pub phone: Option<Source>,
    pub account: Option<Source>,
    pub text: Option<Source>,
    pub subject: Option<Source>,
    pub issue: Option<Source>,
}
