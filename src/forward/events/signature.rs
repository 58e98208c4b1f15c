//! Standard Webhooks signatures: HMAC-SHA256 over `id.timestamp.body`, by the keys that the receiver
//! knows.

use aws_lc_rs::hmac;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use secrecy::{ExposeSecret, SecretString};

const PREFIX: &str = "whsec_";
/// The specification asks for keys of 24 to 64 bytes.
const KEY_BYTES: std::ops::RangeInclusive<usize> = 24..=64;

/// A secret is malformed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("is not `whsec_` and 24 to 64 bytes in base64")]
pub struct NotASecret;

/// A key that events are signed with.
#[derive(Clone)]
pub struct Key(hmac::Key);

impl Key {
    /// # Errors
    /// The secret is not `whsec_` and 24 to 64 bytes in base64.
    pub fn new(secret: &SecretString) -> Result<Self, NotASecret> {
        let encoded = secret.expose_secret().trim().strip_prefix(PREFIX).ok_or(NotASecret)?;
        let bytes = STANDARD.decode(encoded).map_err(|_| NotASecret)?;
        if !KEY_BYTES.contains(&bytes.len()) {
            return Err(NotASecret);
        }
        Ok(Key(hmac::Key::new(hmac::HMAC_SHA256, &bytes)))
    }
}

/// The value of `webhook-signature`: one `v1,BASE64` a key, a space between them. `timestamp` is in
/// seconds since 1970.
pub fn sign(keys: &[Key], id: &str, timestamp: i64, body: &[u8]) -> String {
    let signatures: Vec<String> = keys
        .iter()
        .map(|key| {
            let mut signing = hmac::Context::with_key(&key.0);
            signing.update(format!("{id}.{timestamp}.").as_bytes());
            signing.update(body);
            format!("v1,{}", STANDARD.encode(signing.sign()))
        })
        .collect();
    signatures.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of the specification's own libraries.
    #[test]
    fn a_signature_is_that_of_the_specification() {
        let key = Key::new(&SecretString::from("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")).unwrap();
        let body = br#"{"test": 2432232314}"#;
        let signed = sign(&[key], "msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, body);
        assert_eq!(signed, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    #[test]
    fn each_key_signs() {
        let key = |byte: u8| {
            let secret = format!("whsec_{}", STANDARD.encode([byte; 32]));
            Key::new(&SecretString::from(secret)).unwrap()
        };
        let signed = sign(&[key(1), key(2)], "a", 1, b"{}");
        let parts: Vec<&str> = signed.split(' ').collect();
        assert_eq!(parts.len(), 2);
        assert_ne!(parts[0], parts[1]);
    }

    #[test]
    fn what_is_no_secret_is_refused() {
        for secret in
            ["", "whsec_", "whsec_c2hvcnQ=", "whsec_***", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"]
        {
            assert!(Key::new(&SecretString::from(secret)).is_err(), "{secret}");
        }
    }
}
