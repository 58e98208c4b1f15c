//! What a provider says of somebody: checked, and read.

use chrono::{DateTime, TimeDelta, Utc};
use openidconnect::core::{
    CoreGenderClaim, CoreJsonWebKey, CoreJweContentEncryptionAlgorithm, CoreJwsSigningAlgorithm,
};
use openidconnect::{
    AccessToken, AccessTokenHash, AdditionalClaims, ClaimsVerificationError, ClientId, IdToken,
    IdTokenClaims, IdTokenVerifier, Nonce, SignatureVerificationError, UserInfoClaims,
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::domain::provider::{Claimed, Identity};
use crate::ports::ProviderFault;
use crate::runtime::limits::PROVIDER_GROUPS_MAX;

/// Whatever else a token claims: groups are somewhere in it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Others {
    #[serde(flatten)]
    all: Map<String, Value>,
}

impl AdditionalClaims for Others {}

pub(super) type Token =
    IdToken<Others, CoreGenderClaim, CoreJweContentEncryptionAlgorithm, CoreJwsSigningAlgorithm>;
pub(super) type Claims = IdTokenClaims<Others, CoreGenderClaim>;
pub(super) type UserInfo = UserInfoClaims<Others, CoreGenderClaim>;

/// Signatures that only the provider can make: neither one by a shared secret nor "none" (RFC 8725 3.1).
const ALGORITHMS: [CoreJwsSigningAlgorithm; 9] = [
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256,
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha384,
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha512,
    CoreJwsSigningAlgorithm::RsaSsaPssSha256,
    CoreJwsSigningAlgorithm::RsaSsaPssSha384,
    CoreJwsSigningAlgorithm::RsaSsaPssSha512,
    CoreJwsSigningAlgorithm::EcdsaP256Sha256,
    CoreJwsSigningAlgorithm::EcdsaP384Sha384,
    CoreJwsSigningAlgorithm::EdDsa,
];

/// How far ahead a provider's clock may be.
const AHEAD_MAX: TimeDelta = TimeDelta::minutes(5);

/// The fault of a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wrong {
    /// Its key is not among those known: the provider may have a new one.
    Key,
    Claim(&'static str),
}

impl From<Wrong> for ProviderFault {
    fn from(wrong: Wrong) -> Self {
        match wrong {
            Wrong::Key => ProviderFault::Untrusted("signature"),
            Wrong::Claim(claim) => ProviderFault::Untrusted(claim),
        }
    }
}

/// Checks a token as OpenID Connect Core 3.1.3.7 asks: signature, `iss`, `aud` (no other audience), `azp`, `exp`,
/// `iat`, `nonce`, and `at_hash` where it has one.
pub(super) fn checked<'t>(
    token: &'t Token,
    verifier: IdTokenVerifier<'_, CoreJsonWebKey>,
    (client, nonce, access): (&ClientId, &str, &AccessToken),
    now: DateTime<Utc>,
) -> Result<&'t Claims, Wrong> {
    let ahead = move |issued: DateTime<Utc>| match issued <= now + AHEAD_MAX {
        true => Ok(()),
        false => Err("issued later than now".to_owned()),
    };
    let verifier = verifier
        .set_allowed_algs(ALGORITHMS)
        .set_time_fn(move || now)
        .set_issue_time_verifier_fn(ahead);
    let claims = token.claims(&verifier, &Nonce::new(nonce.to_owned())).map_err(wrong)?;
    // The crate leaves it to its callers.
    if claims.authorized_party().is_some_and(|party| party != client) {
        return Err(Wrong::Claim("azp"));
    }
    if let Some(expected) = claims.access_token_hash() {
        let algorithm = token.signing_alg().map_err(|_| Wrong::Claim("at_hash"))?;
        let key = token.signing_key(&verifier).map_err(|_| Wrong::Claim("at_hash"))?;
        let found = AccessTokenHash::from_token(access, algorithm, key);
        if !found.is_ok_and(|found| found == *expected) {
            return Err(Wrong::Claim("at_hash"));
        }
    }
    Ok(claims)
}

fn wrong(error: ClaimsVerificationError) -> Wrong {
    match error {
        ClaimsVerificationError::Expired(_) => Wrong::Claim("exp or iat"),
        ClaimsVerificationError::InvalidAudience(_) => Wrong::Claim("aud"),
        ClaimsVerificationError::InvalidIssuer(_) => Wrong::Claim("iss"),
        ClaimsVerificationError::InvalidNonce(_) => Wrong::Claim("nonce"),
        ClaimsVerificationError::InvalidSubject(_) => Wrong::Claim("sub"),
        ClaimsVerificationError::SignatureVerification(
            SignatureVerificationError::DisallowedAlg(_)
            | SignatureVerificationError::UnsupportedAlg(_)
            | SignatureVerificationError::NoSignature,
        ) => Wrong::Claim("alg"),
        ClaimsVerificationError::SignatureVerification(_) => Wrong::Key,
        _ => Wrong::Claim("a claim"),
    }
}

/// Whether more must be asked for: providers may say the rest only at their userinfo endpoint (OpenID Connect Core
/// 5.4).
pub(super) fn lacks(claims: &Claims, groups_claim: &str) -> bool {
    claims.name().is_none() || !claims.additional_claims().all.contains_key(groups_claim)
}

/// Somebody, of what a token and the userinfo endpoint say.
pub(super) fn claimed(claims: &Claims, more: Option<&UserInfo>, groups_claim: &str) -> Claimed {
    let of_token = claims.additional_claims().all.get(groups_claim);
    let of_more = || more.and_then(|more| more.additional_claims().all.get(groups_claim));
    let name = claims.name().or_else(|| more.and_then(|more| more.name()));
    let name = name.and_then(|name| name.get(None)).map(|name| name.to_string());
    let user_name = claims.preferred_username();
    let user_name = user_name.or_else(|| more.and_then(|more| more.preferred_username()));
    let email = claims.email().or_else(|| more.and_then(|more| more.email()));
    let login = user_name.map(|one| one.to_string()).or_else(|| email.map(|one| one.to_string()));
    let methods = claims.auth_method_refs().into_iter().flatten();
    Claimed {
        identity: Identity {
            issuer: claims.issuer().to_string(),
            subject: claims.subject().to_string(),
        },
        login,
        name,
        groups: of_token.or_else(of_more).map(groups).unwrap_or_default(),
        methods: methods.map(|method| method.to_string()).collect(),
        context: claims.auth_context_ref().map(|context| context.to_string()),
    }
}

/// A list of texts, or one text.
fn groups(claim: &Value) -> Vec<String> {
    match claim {
        Value::String(one) => vec![one.clone()],
        Value::Array(all) => all
            .iter()
            .take(PROVIDER_GROUPS_MAX)
            .filter_map(|one| one.as_str().map(str::to_owned))
            .collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn groups_are_texts_and_nothing_else() {
        assert_eq!(groups(&json!(["a", 1, null, ["b"], "c"])), ["a", "c"]);
        assert_eq!(groups(&json!("karbon.example")), ["karbon.example"]);
        for none in [json!(null), json!(true), json!({"a": 1}), json!(7), json!([])] {
            assert!(groups(&none).is_empty(), "{none}");
        }
    }
}
