//! Twilio's request signature (twilio.com/docs/usage/security): HMAC over the address as Twilio
//! called it and every field of the body.

use aws_lc_rs::hmac::{self, HMAC_SHA1_FOR_LEGACY_USE_ONLY, HMAC_SHA256, Key};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use secrecy::{ExposeSecret, SecretString};

use crate::channels::http::fields;
use crate::channels::telephony::settings::TelephonySettings;
use crate::channels::telephony::signed::{Refused, addresses};
use crate::channels::telephony::webhook::Webhook;
use crate::runtime::tokens::{hex, sha256};

const SIGNATURE: &str = "x-twilio-signature";
/// Says which algorithm was used; absent, it is HMAC-SHA1.
const SETTINGS: &str = "x-twilio-webhooks-signature-settings";

/// Whether a request is signed with one of the entry's secrets.
///
/// # Errors
/// [`Refused`]: it is not, or by an algorithm that is not known.
pub fn verify(entry: &TelephonySettings, webhook: &Webhook) -> Result<(), Refused> {
    let presented = fields::text(&webhook.headers, SIGNATURE).ok_or(Refused)?;
    let presented = STANDARD.decode(presented).map_err(|_| Refused)?;
    let algorithm = match fields::text(&webhook.headers, SETTINGS) {
        None => HMAC_SHA1_FOR_LEGACY_USE_ONLY,
        Some(settings) => algorithm(settings).ok_or(Refused)?,
    };
    body_is_signed(webhook)?;
    // Twilio signs with the port in the address or without, whichever part of it calls; its own
    // validators take both.
    let matches = addresses(entry, webhook).iter().any(|address| {
        let signed = signed_text(address, &webhook.form);
        entry.secrets.iter().any(|secret| {
            // Compared in constant time.
            hmac::verify(&key(algorithm, secret), signed.as_bytes(), &presented).is_ok()
        })
    });
    if matches { Ok(()) } else { Err(Refused) }
}

/// `key=…,algorithm=HMAC_SHA256`.
fn algorithm(settings: &str) -> Option<hmac::Algorithm> {
    let (_, name) = settings
        .split(',')
        .filter_map(|setting| setting.split_once('='))
        .find(|(name, _)| name.trim() == "algorithm")?;
    match name.trim() {
        "HMAC_SHA256" => Some(HMAC_SHA256),
        "HMAC_SHA1" => Some(HMAC_SHA1_FOR_LEGACY_USE_ONLY),
        _ => None,
    }
}

/// A body that is not a form is signed by its digest in the address (`bodySHA256`).
fn body_is_signed(webhook: &Webhook) -> Result<(), Refused> {
    if webhook.is_form() || webhook.body.is_empty() {
        return Ok(());
    }
    let query = &webhook.asked;
    let digest = query.iter().find(|(name, _)| name == "bodySHA256").map(|(_, value)| value);
    let actual = hex(&sha256(&webhook.body));
    match digest {
        Some(digest) if digest.eq_ignore_ascii_case(&actual) => Ok(()),
        Some(_) | None => Err(Refused),
    }
}

/// The address, then each name with its values, names and values sorted, a repeated value once.
fn signed_text(address: &str, form: &[(String, String)]) -> String {
    let mut fields: Vec<&(String, String)> = form.iter().collect();
    fields.sort();
    fields.dedup();
    let mut signed = address.to_owned();
    for (name, value) in fields {
        signed.push_str(name);
        signed.push_str(value);
    }
    signed
}

fn key(algorithm: hmac::Algorithm, secret: &SecretString) -> Key {
    Key::new(algorithm, secret.expose_secret().as_bytes())
}

/// The signature for the existing call flow, over the address by which it knows itself.
pub fn sign(
    entry: &TelephonySettings,
    webhook: &Webhook,
    address: &str,
) -> Option<(&'static str, String)> {
    let secret = entry.secrets.first()?;
    let signed = signed_text(address, &webhook.form);
    let tag = hmac::sign(&key(HMAC_SHA1_FOR_LEGACY_USE_ONLY, secret), signed.as_bytes());
    Some((SIGNATURE, STANDARD.encode(tag)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::channels::telephony::settings::testing::entry;

    /// The example of Twilio's own documentation.
    #[test]
    fn the_published_example_comes_out() {
        let form: Vec<(String, String)> = [
            ("CallSid", "CA1234567890ABCDE"),
            ("Caller", "+12349013030"),
            ("Digits", "1234"),
            ("From", "+12349013030"),
            ("To", "+18005551212"),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .to_vec();
        let signed = signed_text("https://mycompany.com/myapp.php?foo=1&bar=2", &form);
        let secret = SecretString::from("12345");
        let tag = hmac::sign(&key(HMAC_SHA1_FOR_LEGACY_USE_ONLY, &secret), signed.as_bytes());
        assert_eq!(STANDARD.encode(tag), "0/KCTR6DLpKmkAf8muzZqo1nDgQ=");
    }

    #[test]
    fn blank_and_repeated_fields_are_signed() {
        let form: Vec<(String, String)> = [("B", ""), ("A", "2"), ("A", "1"), ("A", "2")]
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .to_vec();
        assert_eq!(signed_text("u", &form), "uA1A2B");
    }

    #[test]
    fn an_unknown_algorithm_is_refused() {
        assert!(algorithm("key=k1,algorithm=HMAC_SHA256").is_some());
        assert!(algorithm("key=k1,algorithm=NONE").is_none());
        assert!(algorithm("key=k1").is_none());
        assert!(!entry().secrets.is_empty());
    }
}
