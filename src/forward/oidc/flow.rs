//! What a browser keeps between the two halves of a sign-in: a cookie that binds the provider's answer to it, sealed
//! with a key out of the client's secret, which every gateway of the organisation has.

use chrono::{DateTime, TimeDelta, Utc};
use secrecy::ExposeSecret;
use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq;

use super::settings::ProviderSettings;
use crate::ports::{Errand, ProviderFault, Returned};
use crate::runtime::limits::PROVIDER_SIGN_IN_MINUTES;
use crate::runtime::sealed::Seal;
use crate::runtime::tokens::token;

/// A sign-in that was begun.
#[derive(Serialize, Deserialize)]
pub(super) struct Flow {
    pub(super) errand: Errand,
    /// Comes back in the provider's answer: it answers what this browser asked (RFC 6749 10.12).
    pub(super) state: String,
    /// Comes back within the token: it was made for this sign-in (OpenID Connect Core 15.5.2).
    pub(super) nonce: String,
    /// Shows the provider that who brings the code is who asked for it (RFC 7636).
    pub(super) verifier: String,
    ends: DateTime<Utc>,
}

impl Flow {
    /// `None`: there are no random bytes.
    pub(super) fn new(errand: Errand, now: DateTime<Utc>) -> Option<Self> {
        let ends = now + TimeDelta::minutes(PROVIDER_SIGN_IN_MINUTES);
        // A verifier has 43 characters at least (RFC 7636 4.1), as a token has.
        let (state, nonce, verifier) = (token().ok()?, token().ok()?, token().ok()?);
        Some(Flow { errand, state, nonce, verifier, ends })
    }

    /// The flow of a browser's cookie, if it has not ended.
    pub(super) fn of_cookie(
        seal: &Seal,
        cookie: Option<&str>,
        now: DateTime<Utc>,
    ) -> Result<Self, ProviderFault> {
        let plain = cookie.and_then(|cookie| seal.open(cookie)).ok_or(ProviderFault::Over)?;
        let flow: Flow = serde_json::from_slice(&plain).map_err(|_| ProviderFault::Over)?;
        if now < flow.ends { Ok(flow) } else { Err(ProviderFault::Over) }
    }

    /// As a cookie.
    pub(super) fn sealed(&self, seal: &Seal) -> Option<String> {
        seal.seal(&serde_json::to_vec(self).ok()?)
    }

    /// The code of an answer to this flow.
    pub(super) fn code_of(
        &self,
        returned: Returned,
        issuer: &str,
    ) -> Result<String, ProviderFault> {
        let state = returned.state.unwrap_or_default();
        if !bool::from(state.as_bytes().ct_eq(self.state.as_bytes())) {
            return Err(ProviderFault::Untrusted("state"));
        }
        // Another provider's answer (RFC 9207 2.4).
        if returned.issuer.is_some_and(|other| other != issuer) {
            return Err(ProviderFault::Untrusted("iss"));
        }
        if returned.error.is_some() {
            return Err(ProviderFault::Declined);
        }
        returned.code.ok_or(ProviderFault::Untrusted("code"))
    }
}

/// A key of this provider only.
pub(super) fn seal(settings: &ProviderSettings) -> Option<Seal> {
    let purpose = format!("sign-in by {} at {}", settings.name, settings.issuer);
    Seal::new(settings.client_secret.expose_secret().as_bytes(), &purpose)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::organisation::OrganisationId;

    fn flow(now: DateTime<Utc>) -> Flow {
        let errand = Errand {
            organisation: OrganisationId::new("karbon"),
            next: "/queues".to_owned(),
            invitation: None,
        };
        Flow::new(errand, now).unwrap()
    }

    fn answer(state: &str) -> Returned {
        Returned {
            state: Some(state.to_owned()),
            code: Some("c".to_owned()),
            ..Returned::default()
        }
    }

    #[test]
    fn a_cookie_opens_for_ten_minutes_and_with_its_own_key() {
        let (now, seal) = (DateTime::UNIX_EPOCH, Seal::new(b"secret", "entra").unwrap());
        let begun = flow(now);
        let cookie = begun.sealed(&seal).unwrap();
        let at = |minutes| now + TimeDelta::minutes(minutes);
        let found = Flow::of_cookie(&seal, Some(&cookie), at(9)).unwrap();
        assert_eq!((found.errand, found.state), (begun.errand, begun.state));
        let over = |seal: &Seal, cookie, now| Flow::of_cookie(seal, cookie, now).err().unwrap();
        assert_eq!(over(&seal, Some(&cookie), at(10)), ProviderFault::Over);
        assert_eq!(over(&seal, None, now), ProviderFault::Over);
        let other = Seal::new(b"secret", "keycloak").unwrap();
        assert_eq!(over(&other, Some(&cookie), now), ProviderFault::Over);
    }

    #[test]
    fn an_answer_is_to_this_question_and_of_this_provider() {
        let flow = flow(DateTime::UNIX_EPOCH);
        let own = "https://id.example";
        let (state, code) = (flow.state.clone(), "c".to_owned());
        assert_eq!(flow.code_of(answer(&state), own), Ok(code));
        for other in ["", "x", &state[1..]] {
            let fault = flow.code_of(answer(other), own);
            assert_eq!(fault, Err(ProviderFault::Untrusted("state")), "{other}");
        }
        let of = |issuer: &str| Returned { issuer: Some(issuer.to_owned()), ..answer(&state) };
        assert!(flow.code_of(of(own), own).is_ok());
        let mixed = flow.code_of(of("https://other.example"), own);
        assert_eq!(mixed, Err(ProviderFault::Untrusted("iss")));
        let declined = Returned { error: Some("access_denied".to_owned()), ..answer(&state) };
        assert_eq!(flow.code_of(declined, own), Err(ProviderFault::Declined));
        let silent = Returned { code: None, ..answer(&state) };
        assert_eq!(flow.code_of(silent, own), Err(ProviderFault::Untrusted("code")));
    }
}
