//! Telnyx: calls by TeXML, and text messages.

use aws_lc_rs::signature::{ED25519, UnparsedPublicKey};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Utc};
use secrecy::ExposeSecret;
use serde_json::Value;

use super::event::{Event, Text};
use super::settings::{Product, TelephonySettings};
use super::signed::{Refused, is_recent};
use super::twilio;
use super::webhook::{Webhook, plain};
use crate::channels::http::fields;
use crate::domain::channel::Channel;
use crate::domain::identifier::Assurance;

/// Whether a request is signed by a key of the entry's: Ed25519 over the time and the raw body
/// (developers.telnyx.com, "Webhook signing"). The entry's secrets are the public keys, in base64.
///
/// # Errors
/// [`Refused`]: it is not, its time is not now, or it has no body: the signature holds nothing of a
/// query.
pub(super) fn verify(
    entry: &TelephonySettings,
    webhook: &Webhook,
    now: DateTime<Utc>,
) -> Result<(), Refused> {
    if webhook.body.is_empty() {
        return Err(Refused);
    }
    let signature = fields::text(&webhook.headers, "telnyx-signature-ed25519").ok_or(Refused)?;
    let signature = STANDARD.decode(signature).map_err(|_| Refused)?;
    let time = fields::text(&webhook.headers, "telnyx-timestamp").ok_or(Refused)?;
    if !time.parse().is_ok_and(|seconds| is_recent(seconds, now)) {
        return Err(Refused);
    }
    let mut signed = format!("{time}|").into_bytes();
    signed.extend_from_slice(&webhook.body);
    let matches = entry.secrets.iter().any(|key| {
        STANDARD.decode(key.expose_secret()).is_ok_and(|key| {
            UnparsedPublicKey::new(&ED25519, key).verify(&signed, &signature).is_ok()
        })
    });
    if matches { Ok(()) } else { Err(Refused) }
}

/// What a webhook is about.
pub(super) fn event(entry: &TelephonySettings, webhook: &Webhook) -> Event {
    match entry.product {
        Product::Voice => twilio::texml("telnyx", entry, webhook, attested(webhook)),
        Product::Messaging => message(webhook),
    }
}

/// Full attestation that was checked proves the number.
fn attested(webhook: &Webhook) -> Assurance {
    let validated = webhook.field("ShakenStirValidated").is_some_and(|value| value == "true");
    match webhook.field("ShakenStirAttestation").as_deref() {
        Some("A") if validated => Assurance::Proven,
        Some(_) | None => Assurance::Asserted,
    }
}

/// A text message, as the messaging API announces it; its delivery reports pass on.
fn message(webhook: &Webhook) -> Event {
    let Some(data) = webhook.json.get("data") else { return Event::PassOn };
    if plain(data.get("event_type")).as_deref() != Some("message.received") {
        return Event::PassOn;
    }
    let payload = data.get("payload").unwrap_or(&Value::Null);
    let Some(id) = plain(payload.get("id")) else {
        return Event::Unread("`data.payload.id` is missing, or no text".to_owned());
    };
    let from = plain(payload.pointer("/from/phone_number"));
    Event::Text(Text {
        id: format!("text-telnyx-{id}"),
        channel: Channel::Sms,
        from: twilio::caller(from, Assurance::Asserted),
        to: plain(payload.pointer("/to/0/phone_number")).into_iter().collect(),
        text: plain(payload.get("text")),
        attachments: Vec::new(),
    })
}
