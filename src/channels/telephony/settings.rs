//! What a telephony webhook is configured with.

use ipnet::IpNet;
use secrecy::SecretString;

use crate::domain::organisation::OrganisationId;

/// One `[[organisation.telephony]]`.
#[derive(Debug, Clone)]
pub struct TelephonySettings {
    pub organisation: OrganisationId,
    pub provider: Provider,
    pub product: Product,
    /// The path on the contacts listener; continuations live below it.
    pub path: String,
    /// The URL as the provider calls it: what signatures are made over.
    pub public_url: url::Url,
    /// Several at once while one is being rotated. Never printed.
    pub secrets: Vec<SecretString>,
    /// The existing call flow, to which calls of everybody else go on. `None`: the fallback answers.
    pub upstream: Option<hyper::Uri>,
    /// The URL as the existing call flow knows itself, over which re-signed requests are signed;
    /// `None`: `upstream` itself.
    pub upstream_url: Option<url::Url>,
    pub when_limited: WhenLimited,
    /// The number shown to a point of contact when calling them.
    pub caller_id: Option<String>,
    pub targets: Targets,
    /// The document that answers when the upstream does not.
    pub fallback: Option<String>,
    /// Networks whose `P-Asserted-Identity` counts, and from which tokens are taken.
    pub trusted_sources: Vec<IpNet>,
    pub sip_domain: Option<String>,
    /// The language and voice of spoken notices (BCP 47).
    pub language: String,
}

impl TelephonySettings {
    /// Whether the entry has neither a target nor a refusal for a limited caller: the call continues, since a
    /// caller is never left with nothing, and is decided so. Providers with scripts speak themselves.
    pub fn lets_everything_through(&self) -> bool {
        self.provider == Provider::Sip
            && self.when_limited != WhenLimited::Reject
            && self.targets.has_no_stand_in()
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Provider {
    Twilio,
    Vonage,
    Telnyx,
    Plivo,
    Sip,
    Generic,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Product {
    Voice,
    Messaging,
}

/// What a limited caller meets.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum WhenLimited {
    #[default]
    Notice,
    Voicemail,
    Reject,
}

/// Numbers or URIs of things that calls are connected to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Targets {
    pub queue: Option<String>,
    pub voicemail: Option<String>,
    pub announcement: Option<String>,
}

impl Targets {
    /// Whether none of them is for a caller who is not put through.
    pub const fn has_no_stand_in(&self) -> bool {
        self.announcement.is_none() && self.voicemail.is_none()
    }
}

#[cfg(test)]
pub mod testing {

    use super::*;
    use crate::domain::nation::Nation;
    use crate::domain::organisation::Organisation;
    use crate::domain::profile::Profile;

    /// An organisation whose policy states nothing.
    pub fn organisation() -> Organisation {
        Organisation {
            emergency: Some("+441910000000".to_owned()),
            ..Organisation::new("karbon", Profile::silent("Karbon Homes", Nation::England))
        }
    }

    /// A Twilio voice entry, to be changed by a test.
    pub fn entry() -> TelephonySettings {
        TelephonySettings {
            organisation: OrganisationId::new("karbon"),
            provider: Provider::Twilio,
            product: Product::Voice,
            path: "/karbon/voice".to_owned(),
            public_url: url::Url::parse("https://gw.example/karbon/voice").unwrap(),
            secrets: vec![SecretString::from("tok")],
            upstream: None,
            upstream_url: None,
            when_limited: WhenLimited::Notice,
            caller_id: None,
            targets: Targets::default(),
            fallback: None,
            trusted_sources: Vec::new(),
            sip_domain: None,
            language: "en-GB".to_owned(),
        }
    }
}
