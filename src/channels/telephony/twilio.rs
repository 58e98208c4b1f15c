//! Twilio: calls, and text and WhatsApp messages.

pub mod signature;

use super::event::{Call, Event, Text};
use super::first::{self, KnownFields, Stage};
use super::settings::{Product, TelephonySettings};
use super::webhook::Webhook;
use crate::domain::channel::Channel;
use crate::domain::contact::{Attachment, SenderIdentifier};
use crate::domain::identifier::{Assurance, IdentifierKind, is_withheld};
use crate::runtime::limits::MESSAGE_MEDIA_MAX;
use crate::runtime::tokens::{hex, sha256};

/// What a webhook is about. Anything that is not clearly a contact's beginning or a step of ours
/// continues into the existing call flow.
pub fn event(entry: &TelephonySettings, webhook: &Webhook) -> Event {
    match entry.product {
        Product::Voice => voice(entry, webhook),
        Product::Messaging => messaging(webhook),
    }
}

fn voice(entry: &TelephonySettings, webhook: &Webhook) -> Event {
    texml("twilio", entry, webhook, attested(webhook.field("StirVerstat").as_deref()))
}

/// A call in the fields that Twilio and Telnyx share.
pub fn texml(
    provider: &str,
    entry: &TelephonySettings,
    webhook: &Webhook,
    assurance: Assurance,
) -> Event {
    let Some(sid) = webhook.field("CallSid") else { return Event::PassOn };
    let account = webhook.field("AccountSid").unwrap_or_default();
    let status = webhook.field("CallStatus").unwrap_or_default();
    let call = Call {
        id: format!("call-{provider}-{account}-{sid}"),
        call_id: sid,
        from: caller(webhook.field("From"), assurance),
        to: webhook.field("To").into_iter().collect(),
        began: status == "ringing",
        length_seconds: webhook.field("CallDuration"),
        result: webhook.field("DialCallStatus").or_else(|| {
            // Completion of the call itself, on the status callback.
            (!status.is_empty()).then_some(status.clone())
        }),
        answered: matches!(
            webhook.field("DialCallStatus").as_deref(),
            Some("completed" | "answered")
        ),
        key: webhook.field("Digits"),
        recording: webhook.field("RecordingUrl"),
    };
    if let Some(next) = webhook.step() {
        return Event::Next(next, call);
    }
    // Calls that the organisation makes itself are not contacts.
    let outbound = webhook.field("Direction").is_some_and(|way| way.starts_with("outbound"));
    if !webhook.behind.trim_end_matches('/').is_empty() || outbound {
        return Event::PassOn;
    }
    Event::at(stage(entry, webhook, &status), call)
}

/// The states of a call that waits for its first document (twilio.com/docs/voice/twiml, "`CallStatus`
/// values"; developers.telnyx.com, "TeXML webhooks").
const RINGING: [&str; 3] = ["queued", "initiated", "ringing"];
/// Those of one that may have been handed over by another flow.
const TAKEN: [&str; 2] = ["in-progress", "answered"];

/// The fields of a request for a call's document (twilio.com/docs/voice/twiml, "Request parameters", "SIP", and of a
/// fallback; developers.telnyx.com, TeXML).
const OF_CALLS: KnownFields = KnownFields {
    whole: &[
        "AccountSid",
        "AddOns",
        "ApiVersion",
        "ApplicationSid",
        "CallControlId",
        "CallInitiatedAt",
        "CallLegId",
        "CallReason",
        "CallSessionId",
        "CallSid",
        "CallSidLegacy",
        "CallStatus",
        "CallToken",
        "Called",
        "CalledCity",
        "CalledCountry",
        "CalledState",
        "CalledZip",
        "Caller",
        "CallerCity",
        "CallerCountry",
        "CallerId",
        "CallerName",
        "CallerState",
        "CallerZip",
        "ConnectionId",
        "Direction",
        "ErrorCode",
        "ErrorMessage",
        "ErrorUrl",
        "ForwardedFrom",
        "From",
        "FromCity",
        "FromCountry",
        "FromSipUri",
        "FromState",
        "FromZip",
        "ParentCallSid",
        "ParentCallSidLegacy",
        "SipCallId",
        "SipDomain",
        "SipDomainSid",
        "SipSourceIp",
        "SipUsername",
        "StirPassportToken",
        "StirStatus",
        "StirVerstat",
        "To",
        "ToCity",
        "ToCountry",
        "ToSipUri",
        "ToState",
        "ToZip",
    ],
    begin: &["SipHeader_", "ShakenStir", "Diversion"],
};

/// What requests on the way of a call carry, by the verb that they are of (twilio.com/docs/voice/twiml; the same
/// in TeXML), and a first one never does: a call may still ring then, where what is dialled answers it
/// (`answerOnBridge`).
const OF_STEPS: &[&str] = &[
    "AnsweredBy",
    "ConferenceSid",
    "Confidence",
    "DialBridged",
    "DialCallDuration",
    "DialCallSid",
    "DialCallStatus",
    "DialSipResponseCode",
    "Digits",
    "FinishedOnKey",
    "HandoffData",
    "MachineDetectionDuration",
    "PaymentError",
    "PaymentToken",
    "QueuePosition",
    "QueueResult",
    "QueueSid",
    "QueueTime",
    "RecordingSid",
    "RecordingUrl",
    "ReferCallStatus",
    "ReferSipResponseCode",
    "SequenceNumber",
    "SpeechResult",
    "StableSpeechResult",
    "StatusCallbackEvent",
    "UnstableSpeechResult",
];

/// What callbacks about a call carry, and nothing else ever does.
const OF_CALLBACKS: [&str; 4] =
    ["CallbackSource", "RecordingStatus", "TranscriptionStatus", "StreamEvent"];

/// Status callbacks may share the address of calls, by a setting of the number's.
fn stage(entry: &TelephonySettings, webhook: &Webhook, status: &str) -> Stage {
    if OF_CALLBACKS.iter().any(|name| webhook.field(name).is_some()) {
        return Stage::Report;
    }
    match status {
        status if RINGING.contains(&status) => first::ringing(entry, webhook, OF_STEPS),
        status if TAKEN.contains(&status) => first::connected(entry, webhook, &OF_CALLS),
        _ => Stage::Report,
    }
}

/// The caller as far as a number or address says who it is; a withheld one is nobody.
pub fn caller(from: Option<String>, assurance: Assurance) -> Vec<SenderIdentifier> {
    let Some(from) = from else { return Vec::new() };
    if is_withheld(&from) {
        return Vec::new();
    }
    if let Some(client) = from.strip_prefix("client:") {
        let value = client.to_owned();
        let assurance = Assurance::Asserted;
        return vec![SenderIdentifier { kind: IdentifierKind::Account, value, assurance }];
    }
    vec![SenderIdentifier { kind: IdentifierKind::Phone, value: from, assurance }]
}

/// What the network's own check says of the number (ATIS-1000074 `verstat`): full attestation
/// proves it, a failed check speaks against it, less says nothing.
fn attested(verdict: Option<&str>) -> Assurance {
    match verdict {
        Some("TN-Validation-Passed-A") => Assurance::Proven,
        Some(verdict) if verdict.starts_with("TN-Validation-Failed") => Assurance::Refuted,
        Some(_) | None => Assurance::Asserted,
    }
}

fn messaging(webhook: &Webhook) -> Event {
    let Some(sid) = webhook.field("MessageSid").or_else(|| webhook.field("SmsSid")) else {
        return Event::PassOn;
    };
    // Delivery reports of the organisation's own messages share the address.
    let reported = ["MessageStatus", "SmsStatus"].into_iter().any(|name| {
        webhook.field(name).is_some_and(|status| !matches!(&*status, "received" | "receiving"))
    });
    let Some(from) = webhook.field("From") else { return Event::PassOn };
    if reported || !webhook.behind.trim_end_matches('/').is_empty() {
        return Event::PassOn;
    }
    let account = webhook.field("AccountSid").unwrap_or_default();
    let (channel, kind) = if from.starts_with("whatsapp:") {
        (Channel::Whatsapp, IdentifierKind::Whatsapp)
    } else {
        (Channel::Sms, IdentifierKind::Phone)
    };
    let sender = SenderIdentifier { kind, value: from, assurance: Assurance::Asserted };
    Event::Text(Text {
        id: format!("text-twilio-{account}-{sid}"),
        channel,
        from: vec![sender],
        to: webhook.field("To").into_iter().collect(),
        text: webhook.field("Body"),
        attachments: media(webhook),
    })
}

/// The files of a message. Their content stays with the provider; each has an address of its own,
/// so that each counts as not seen before, which helps the sender.
fn media(webhook: &Webhook) -> Vec<Attachment> {
    (0..MESSAGE_MEDIA_MAX)
        .map_while(|at| webhook.field(&format!("MediaUrl{at}")).map(|url| (at, url)))
        .map(|(at, url)| Attachment {
            name: format!("media-{at}"),
            sha256: hex(&sha256(url.as_bytes())),
            bytes: 0,
        })
        .collect()
}
