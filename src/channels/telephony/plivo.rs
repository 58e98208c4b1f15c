//! Plivo: calls, and text messages.

pub(super) mod xml;

use aws_lc_rs::hmac::{self, HMAC_SHA256, Key};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hyper::Method;
use secrecy::{ExposeSecret, SecretString};

use super::event::{Call, Event, Text};
use super::first::{self, KnownFields, Stage};
use super::settings::{Product, TelephonySettings};
use super::signed::{Refused, addresses};
use super::twilio::caller;
use super::webhook::{Webhook, pairs};
use crate::channels::http::fields;
use crate::domain::channel::Channel;
use crate::domain::identifier::Assurance;

const SIGNATURE: &str = "x-plivo-signature-v3";
const NONCE: &str = "x-plivo-signature-v3-nonce";

/// Whether a request is signed with one of the entry's secrets (plivo.com/docs, "Signature
/// validation", version 3). The field may list several signatures; one that holds is enough.
///
/// # Errors
/// [`Refused`]: none holds.
pub(super) fn verify(entry: &TelephonySettings, webhook: &Webhook) -> Result<(), Refused> {
    let presented = fields::text(&webhook.headers, SIGNATURE).ok_or(Refused)?;
    let nonce = fields::text(&webhook.headers, NONCE).ok_or(Refused)?;
    let is_posted_form = webhook.method == Method::POST && webhook.is_form();
    if !webhook.body.is_empty() && !is_posted_form {
        // Plivo sends no other body, and the signature would hold nothing of it.
        return Err(Refused);
    }
    let presented: Vec<Vec<u8>> =
        presented.split(',').filter_map(|one| STANDARD.decode(one.trim()).ok()).collect();
    let matches = addresses(entry, webhook).iter().any(|address| {
        let signed = signed_text(address, webhook, nonce);
        entry.secrets.iter().any(|secret| {
            let key = key(secret);
            presented.iter().any(|tag| hmac::verify(&key, signed.as_bytes(), tag).is_ok())
        })
    });
    if matches { Ok(()) } else { Err(Refused) }
}

/// The text that is signed: the address with its query sorted, the sorted fields of a POST, and
/// the nonce.
fn signed_text(address: &str, webhook: &Webhook, nonce: &str) -> String {
    let path = address.split('?').next().unwrap_or(address);
    let mut query = webhook.asked.clone();
    query.sort();
    let query: Vec<String> =
        query.into_iter().map(|(name, value)| format!("{name}={value}")).collect();
    let query = query.join("&");
    let posted = webhook.method == Method::POST && !webhook.form.is_empty();
    let mut signed = path.to_owned();
    if !query.is_empty() || posted {
        signed.push('?');
        signed.push_str(&query);
    }
    if posted {
        if !query.is_empty() {
            signed.push('.');
        }
        let mut form: Vec<&(String, String)> = webhook.form.iter().collect();
        form.sort();
        for (name, value) in form {
            signed.push_str(name);
            signed.push_str(value);
        }
    }
    signed.push('.');
    signed.push_str(nonce);
    signed
}

fn key(secret: &SecretString) -> Key {
    Key::new(HMAC_SHA256, secret.expose_secret().as_bytes())
}

/// The signature for the existing call flow, over the address by which it knows itself and the
/// nonce that came.
pub(super) fn sign(
    entry: &TelephonySettings,
    webhook: &Webhook,
    address: &str,
) -> Option<(&'static str, String)> {
    let secret = entry.secrets.first()?;
    let nonce = fields::text(&webhook.headers, NONCE)?;
    // The call flow's own address may have a query of its own, which is signed as well.
    let mut there = webhook.clone();
    there.query = address.split_once('?').map(|(_, query)| query.to_owned());
    let query = there.query.as_deref().unwrap_or_default();
    there.asked = pairs(query.as_bytes()).unwrap_or_default();
    let signed = signed_text(address, &there, nonce);
    Some((SIGNATURE, STANDARD.encode(hmac::sign(&key(secret), signed.as_bytes()))))
}

/// What a webhook is about.
pub(super) fn event(entry: &TelephonySettings, webhook: &Webhook) -> Event {
    match entry.product {
        Product::Voice => voice(entry, webhook),
        Product::Messaging => message(webhook),
    }
}

/// The states of a call that waits for its document, and of one that another flow may hand over.
const RINGING: &str = "ringing";
const TAKEN: [&str; 2] = ["in-progress", "answered"];

/// What a request for a call's document carries (plivo.com/docs/voice/xml, "Request").
const OF_CALLS: KnownFields = KnownFields {
    whole: &[
        "ALegRequestUUID",
        "ALegUUID",
        "BillRate",
        "CallStatus",
        "CallUUID",
        "CallerName",
        "Direction",
        "Event",
        "ForwardedFrom",
        "From",
        "ParentAuthID",
        "RequestUUID",
        "RouteType",
        "STIRAttestation",
        "STIRVerification",
        "SessionStart",
        "SubAuthID",
        "To",
    ],
    begin: &["SIP-H-", "X-PH-"],
};

/// What requests on the way of a call carry, by the element that they are of (plivo.com/docs/voice/xml), and a
/// first one never does.
const OF_STEPS: &[&str] = &[
    "ConferenceAction",
    "ConferenceName",
    "ConferenceUUID",
    "DialAction",
    "DialBLegStatus",
    "DialBLegUUID",
    "DialHangupCause",
    "DialRingStatus",
    "DialStatus",
    "Digits",
    "HangupCause",
    "InputType",
    "Machine",
    "RecordUrl",
    "RecordingID",
    "Speech",
];

/// The event of a request for a call's first document, where one is named.
const FIRST_EVENT: &str = "StartApp";

fn stage(entry: &TelephonySettings, webhook: &Webhook, status: &str) -> Stage {
    let event = webhook.field("Event");
    let taken = TAKEN.contains(&status);
    match event.as_deref() {
        _ if status != RINGING && !taken => Stage::Report,
        Some(event) if is_report(event) => Stage::Report,
        Some(event) if event != FIRST_EVENT => Stage::UnderWay,
        Some(_) | None if taken => first::connected(entry, webhook, &OF_CALLS),
        Some(_) | None => first::ringing(entry, webhook, OF_STEPS),
    }
}

fn voice(entry: &TelephonySettings, webhook: &Webhook) -> Event {
    let Some(uuid) = webhook.field("CallUUID") else { return Event::PassOn };
    let status = webhook.field("CallStatus");
    let dialled = webhook.field("DialStatus");
    let stage = stage(entry, webhook, status.as_deref().unwrap_or_default());
    let call = Call {
        id: format!("call-plivo-{uuid}"),
        call_id: uuid,
        from: caller(webhook.field("From"), Assurance::Asserted),
        to: webhook.field("To").into_iter().collect(),
        began: status.as_deref() == Some(RINGING),
        length_seconds: webhook.field("Duration"),
        answered: dialled.as_deref() == Some("completed"),
        result: dialled.or(status),
        key: webhook.field("Digits"),
        recording: webhook.field("RecordUrl"),
    };
    if let Some(next) = webhook.step() {
        return Event::Next(next, call);
    }
    let outbound = webhook.field("Direction").is_some_and(|way| way == "outbound");
    if !webhook.behind.trim_end_matches('/').is_empty() || outbound {
        return Event::PassOn;
    }
    Event::at(stage, call)
}

/// Reports on a call, as opposed to questions (plivo.com/docs/voice, "Hangup URL", "Callback
/// URL", "Recording callback").
fn is_report(event: &str) -> bool {
    event == "Hangup" || event.starts_with("Dial") || event.starts_with("Record")
}

fn message(webhook: &Webhook) -> Event {
    let Some(uuid) = webhook.field("MessageUUID") else { return Event::PassOn };
    // Delivery reports carry a status; a message that came in does not.
    if webhook.field("Status").is_some() || !webhook.behind.trim_end_matches('/').is_empty() {
        return Event::PassOn;
    }
    Event::Text(Text {
        id: format!("text-plivo-{uuid}"),
        channel: Channel::Sms,
        from: caller(webhook.field("From"), Assurance::Asserted),
        to: webhook.field("To").into_iter().collect(),
        text: webhook.field("Text"),
        attachments: Vec::new(),
    })
}
