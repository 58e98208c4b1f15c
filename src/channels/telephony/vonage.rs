//! Vonage: calls by call control objects, and messages.

pub(super) mod ncco;

use chrono::{DateTime, Utc};
use hyper::Method;
use hyper::header::AUTHORIZATION;
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use secrecy::ExposeSecret;
use serde::Deserialize;
use serde_json::Value;

use super::event::{Call, Event, Text};
use super::first::{self, KnownFields, Stage};
use super::script::Next;
use super::settings::{Product, TelephonySettings};
use super::signed::{Refused, is_recent};
use super::twilio::caller;
use super::webhook::{Webhook, plain};
use crate::channels::http::fields;
use crate::domain::channel::Channel;
use crate::domain::contact::SenderIdentifier;
use crate::domain::identifier::{Assurance, IdentifierKind};
use crate::runtime::tokens::{bearer, hex, sha256};

/// What of a signed webhook's token is looked at (developer.vonage.com, "Signed webhooks").
#[derive(Deserialize)]
struct Claims {
    iat: i64,
    #[serde(default)]
    payload_hash: Option<String>,
}

/// Whether a request carries a token (RFC 7519) made with one of the entry's signature secrets,
/// now, and for this very body or, of a GET, for this very query.
///
/// # Errors
/// [`Refused`]: it does not.
pub(super) fn verify(
    entry: &TelephonySettings,
    webhook: &Webhook,
    now: DateTime<Utc>,
) -> Result<(), Refused> {
    let token = fields::text(&webhook.headers, AUTHORIZATION).and_then(bearer).ok_or(Refused)?;
    let mut rules = Validation::new(Algorithm::HS256);
    // Vonage's tokens neither expire nor name an audience; their age is looked at below.
    rules.required_spec_claims.clear();
    rules.validate_exp = false;
    rules.validate_aud = false;
    let claims = entry
        .secrets
        .iter()
        .find_map(|secret| {
            let key = DecodingKey::from_secret(secret.expose_secret().as_bytes());
            jsonwebtoken::decode::<Claims>(token, &key, &rules).ok()
        })
        .ok_or(Refused)?
        .claims;
    if !is_recent(claims.iat, now) {
        return Err(Refused);
    }
    if is_held(webhook, claims.payload_hash.as_deref()) { Ok(()) } else { Err(Refused) }
}

/// Whether a token's `payload_hash` is that of what the request says. A GET's token may have none;
/// then nothing holds its query but the token's short life.
fn is_held(webhook: &Webhook, hash: Option<&str>) -> bool {
    let payload = match (webhook.method == Method::GET, hash) {
        (false, _) => webhook.body.to_vec(),
        // The hash says nothing of a body, whose fields would come before the query's.
        (true, _) if !webhook.body.is_empty() => return false,
        (true, None) => return true,
        (true, Some(_)) => query_object(&webhook.asked).into_bytes(),
    };
    hash.is_some_and(|hash| hash.eq_ignore_ascii_case(&hex(&sha256(&payload))))
}

/// What the `payload_hash` of a GET is made over: the query's parameters in their order as members of a JSON object
/// without blanks (api.support.vonage.com, article 19033783342876). A name that comes twice appears in it twice: no
/// object that Vonage hashes has one, so that a parameter slipped in before the real one is found out.
fn query_object(fields: &[(String, String)]) -> String {
    let quoted = |text: &str| Value::from(text).to_string();
    let members: Vec<String> =
        fields.iter().map(|(name, value)| format!("{}:{}", quoted(name), quoted(value))).collect();
    format!("{{{}}}", members.join(","))
}

/// What a webhook is about.
pub(super) fn event(entry: &TelephonySettings, webhook: &Webhook) -> Event {
    match entry.product {
        Product::Voice => voice(entry, webhook),
        Product::Messaging => message(webhook),
    }
}

/// The states of a leg that was rung in vain.
const UNANSWERED: [&str; 7] =
    ["timeout", "failed", "unanswered", "busy", "rejected", "cancelled", "machine"];

/// What reports on a call carry, and nothing else does (developer.vonage.com, "Voice webhook reference").
const OF_EVENTS: [&str; 5] =
    ["status", "recording_url", "recording_uuid", "conversation_uuid_to", "reason"];

/// What a request for a call's NCCO carries (the same, "Answer webhook").
const OF_CALLS: KnownFields = KnownFields {
    whole: &[
        "caller_name",
        "conversation_uuid",
        "custom_data",
        "endpoint_type",
        "from",
        "from_user",
        "region_url",
        "to",
        "uuid",
    ],
    begin: &["SipHeader_"],
};

/// The event address may be that of the answers, by a setting of the application's.
fn stage(entry: &TelephonySettings, webhook: &Webhook) -> Stage {
    if OF_EVENTS.iter().any(|name| webhook.field(name).is_some()) {
        return Stage::Report;
    }
    // Every event has its time; a request for the first NCCO names the number called.
    match (webhook.field("timestamp"), webhook.field("to")) {
        (None, Some(_)) => first::stateless(entry, webhook, &OF_CALLS),
        (Some(_), _) | (None, None) => Stage::UnderWay,
    }
}

fn voice(entry: &TelephonySettings, webhook: &Webhook) -> Event {
    // A leg has an id of its own; the conversation's is the call's.
    let Some(id) = webhook.field("conversation_uuid").or_else(|| webhook.field("uuid")) else {
        return Event::PassOn;
    };
    let status = webhook.field("status");
    let from = match webhook.field("from_user") {
        Some(user) => Some(format!("client:{user}")),
        None => webhook.field("from"),
    };
    let call = Call {
        id: format!("call-vonage-{id}"),
        call_id: id,
        from: caller(from, Assurance::Asserted),
        to: webhook.field("to").into_iter().collect(),
        began: status.is_none(),
        length_seconds: webhook.field("duration"),
        answered: false,
        result: status.clone(),
        key: plain(webhook.json.pointer("/dtmf/digits")).or_else(|| webhook.field("dtmf")),
        recording: webhook.field("recording_url"),
    };
    match webhook.step() {
        // Each state of a leg is reported here. The answer to the end of an unanswered leg
        // replaces it; any other must get no answer, or it would be cut off.
        Some(Next::DialResult { .. } | Next::EmergencyResult)
            if !status.as_deref().is_some_and(|status| UNANSWERED.contains(&status)) =>
        {
            Event::Next(Next::Status, call)
        }
        Some(next) => Event::Next(next, call),
        None if !webhook.behind.trim_end_matches('/').is_empty() => Event::PassOn,
        None => Event::at(stage(entry, webhook), call),
    }
}

fn message(webhook: &Webhook) -> Event {
    let Some(uuid) = webhook.field("message_uuid") else { return Event::PassOn };
    // Reports on the organisation's own messages carry a status.
    if webhook.field("status").is_some() || !webhook.behind.trim_end_matches('/').is_empty() {
        return Event::PassOn;
    }
    let number = |who: &str| {
        webhook.field(who).or_else(|| plain(webhook.json.pointer(&format!("/{who}/number"))))
    };
    let named = webhook.field("channel").or_else(|| plain(webhook.json.pointer("/from/type")));
    let (channel, kind) = match named.as_deref() {
        Some("whatsapp") => (Channel::Whatsapp, IdentifierKind::Whatsapp),
        Some("sms" | "mms") | None => (Channel::Sms, IdentifierKind::Phone),
        Some(_) => (Channel::Social, IdentifierKind::Social),
    };
    let from = number("from").map(|value| SenderIdentifier {
        kind,
        value,
        assurance: Assurance::Asserted,
    });
    Event::Text(Text {
        id: format!("text-vonage-{uuid}"),
        channel,
        from: from.into_iter().collect(),
        to: number("to").into_iter().collect(),
        text: webhook
            .field("text")
            .or_else(|| plain(webhook.json.pointer("/message/content/text"))),
        attachments: Vec::new(),
    })
}
