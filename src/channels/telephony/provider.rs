//! What each provider says and understands.

use std::time::Duration;

use chrono::{DateTime, Utc};
use hyper::StatusCode;
use hyper::header::{HeaderMap, HeaderName, HeaderValue};

use super::event::{Event, Text};
use super::flow::{self, Opening};
use super::script::{Next, Speech, Step, Target};
use super::settings::{Product, Provider, TelephonySettings};
use super::signed::{Refused, upstream_address, verify_token};
use super::webhook::Webhook;
use super::words::Words;
use super::{generic, plivo, sip, telnyx, twilio, twiml, vonage};
use crate::channels::http::answer::Answer;
use crate::domain::flag::Flag;
use crate::domain::language::Language;
use crate::domain::organisation::Organisation;
use crate::intake::Outcome;
use crate::runtime::limits::{
    CALL_ANSWER_WAIT, CALL_DECIDE_WAIT, CALL_RING_SECONDS, MESSAGE_CHARS_MAX, SIP_ANSWER_WAIT,
    SIP_DECIDE_WAIT,
};

const JSON: &str = "application/json";

/// How long a provider may wait for its answer, and how much of that the decision may take.
pub(super) const fn waits(entry: &TelephonySettings) -> (Duration, Duration) {
    match entry.provider {
        Provider::Sip => (SIP_ANSWER_WAIT, SIP_DECIDE_WAIT),
        Provider::Twilio
        | Provider::Vonage
        | Provider::Telnyx
        | Provider::Plivo
        | Provider::Generic => (CALL_ANSWER_WAIT, CALL_DECIDE_WAIT),
    }
}

/// Whether a request is the provider's.
///
/// # Errors
/// [`Refused`]: nothing proves it.
pub(super) fn verify(
    entry: &TelephonySettings,
    webhook: &Webhook,
    now: DateTime<Utc>,
) -> Result<(), Refused> {
    match entry.provider {
        Provider::Twilio => twilio::signature::verify(entry, webhook),
        Provider::Vonage => vonage::verify(entry, webhook, now),
        Provider::Telnyx => telnyx::verify(entry, webhook, now),
        Provider::Plivo => plivo::verify(entry, webhook),
        Provider::Sip | Provider::Generic => verify_token(entry, webhook),
    }
}

/// What a request is about.
pub(super) fn event(entry: &TelephonySettings, webhook: &Webhook, now: DateTime<Utc>) -> Event {
    let event = match entry.provider {
        Provider::Twilio => twilio::event(entry, webhook),
        Provider::Vonage => vonage::event(entry, webhook),
        Provider::Telnyx => telnyx::event(entry, webhook),
        Provider::Plivo => plivo::event(entry, webhook),
        Provider::Sip => sip::event(entry, webhook),
        Provider::Generic => generic::event(webhook, now),
    };
    match (event, &webhook.fault) {
        // A request at our address that can't be read may still be ours: nobody knows.
        (Event::PassOn, Some(fault)) if is_ours(entry, webhook) => Event::Unread(fault.clone()),
        (event, _) => event.fitted(),
    }
}

/// Whether a webhook came to an address that the gateway itself has: that of the entry, or of one of its steps. Whatever
/// is below belongs to the existing call flow.
fn is_ours(entry: &TelephonySettings, webhook: &Webhook) -> bool {
    match webhook.behind.trim_end_matches('/') {
        "" => true,
        "/invite" | "/event" => matches!(entry.provider, Provider::Sip | Provider::Generic),
        _ => webhook.step().is_some(),
    }
}

/// The answer to a decided call; `None`: the existing call flow continues.
pub(super) fn opening(
    entry: &TelephonySettings,
    webhook: &Webhook,
    outcome: &Outcome,
    organisation: &Organisation,
) -> Option<Answer> {
    if entry.provider == Provider::Sip {
        return Some(sip::opening(entry, webhook, outcome, organisation));
    }
    match flow::opening(outcome, organisation, entry) {
        Opening::PassOn => None,
        Opening::Script(steps) => Some(document(entry, webhook, &steps)),
    }
}

/// A script as the provider's document.
pub(super) fn document(entry: &TelephonySettings, webhook: &Webhook, steps: &[Step]) -> Answer {
    let (content_type, document) = match entry.provider {
        Provider::Twilio | Provider::Telnyx => (twiml::CONTENT_TYPE, twiml::document(entry, steps)),
        Provider::Plivo => (twiml::CONTENT_TYPE, plivo::xml::document(entry, steps)),
        Provider::Vonage => (JSON, vonage::ncco::document(entry, steps)),
        // Neither speaks in scripts.
        Provider::Sip => return sip::on(entry, webhook, &[]),
        Provider::Generic => return generic::undecided(webhook, None, &[]),
    };
    Answer::new(StatusCode::OK, content_type, document)
}

/// The answer that says nothing.
pub(super) fn empty(entry: &TelephonySettings, webhook: &Webhook) -> Answer {
    match entry.provider {
        Provider::Twilio | Provider::Telnyx | Provider::Plivo
            if entry.product == Product::Voice || entry.provider != Provider::Telnyx =>
        {
            Answer::new(StatusCode::OK, twiml::CONTENT_TYPE, twiml::EMPTY)
        }
        Provider::Generic | Provider::Sip => generic::noted(webhook),
        Provider::Twilio | Provider::Telnyx | Provider::Plivo | Provider::Vonage => {
            Answer::new(StatusCode::OK, JSON, "")
        }
    }
}

/// A text message in answer to one; `None`: the provider takes none in its answer. Vonage and Telnyx
/// want a call of their API instead, for which the gateway has no credentials.
pub(super) fn reply(entry: &TelephonySettings, to: &Text, text: &str) -> Option<Answer> {
    let text = shortened(text);
    let document = match entry.provider {
        Provider::Twilio => twiml::reply(&text),
        Provider::Plivo => plivo::xml::reply(to.to.first()?, &to.from.first()?.value, &text),
        Provider::Vonage | Provider::Telnyx | Provider::Sip | Provider::Generic => return None,
    };
    Some(Answer::new(StatusCode::OK, twiml::CONTENT_TYPE, document))
}

/// The lines of a text that fit a message.
fn shortened(text: &str) -> String {
    let mut short = String::new();
    let mut chars = 0;
    for line in text.split('\n') {
        chars += line.chars().count() + 1;
        if chars > MESSAGE_CHARS_MAX {
            break;
        }
        short.push_str(line);
        short.push('\n');
    }
    short.trim_end().to_owned()
}

/// What answers in the place of the existing call flow: the configured document, else the queue's
/// number, else a sentence. `flags` go where the document has a place for them.
pub(super) fn fallback(entry: &TelephonySettings, webhook: &Webhook, flags: &[Flag]) -> Answer {
    match entry.provider {
        Provider::Sip if webhook.behind == "/invite" => return sip::on(entry, webhook, flags),
        Provider::Sip => return generic::noted(webhook),
        Provider::Generic => return generic::undecided(webhook, None, flags),
        Provider::Twilio | Provider::Telnyx | Provider::Plivo | Provider::Vonage => {}
    }
    if let Some(document) = &entry.fallback {
        let content_type =
            if entry.provider == Provider::Vonage { JSON } else { twiml::CONTENT_TYPE };
        return Answer::new(StatusCode::OK, content_type, document.clone());
    }
    match (entry.product, &entry.targets.queue) {
        (Product::Messaging, _) => empty(entry, webhook),
        (Product::Voice, Some(queue)) => {
            let ring = CALL_RING_SECONDS * 3;
            let to = Target::of(queue);
            let dial = Step::Dial { to, ring, minutes: None, next: Next::Done };
            document(entry, webhook, &[dial])
        }
        (Product::Voice, None) => {
            let language = Language::of_tag(&entry.language).unwrap_or(Language::English);
            let sorry = Speech::new(language, Words::of(language).unavailable);
            let sorry = Step::Say(vec![sorry]);
            document(entry, webhook, &[sorry, Step::HangUp])
        }
    }
}

/// Signs a request again for the existing call flow, if the provider's signature was made over the gateway's own
/// address; others go on untouched.
pub(super) fn sign_again(entry: &TelephonySettings, webhook: &Webhook, headers: &mut HeaderMap) {
    let address = || upstream_address(entry, webhook);
    let signed = match entry.provider {
        Provider::Twilio => {
            headers.remove("x-twilio-webhooks-signature-settings");
            address().and_then(|address| twilio::signature::sign(entry, webhook, &address))
        }
        Provider::Plivo => address().and_then(|address| plivo::sign(entry, webhook, &address)),
        Provider::Vonage | Provider::Telnyx | Provider::Sip | Provider::Generic => None,
    };
    if let Some((name, value)) = signed
        && let Ok(value) = HeaderValue::try_from(value)
    {
        headers.insert(HeaderName::from_static(name), value);
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use hyper::Request;
    use hyper::header::CONTENT_TYPE;

    use super::*;
    use crate::channels::telephony::settings::testing::entry;

    fn kind(provider: Provider, body: &str) -> &'static str {
        let json = provider == Provider::Vonage;
        let content_type = if json { JSON } else { "application/x-www-form-urlencoded" };
        let request = Request::post("/karbon/voice").header(CONTENT_TYPE, content_type);
        let (head, ()) = request.body(()).unwrap().into_parts();
        let webhook = Webhook::of("", head, Bytes::copy_from_slice(body.as_bytes()), None);
        let entry = TelephonySettings { provider, ..entry() };
        match event(&entry, &webhook, DateTime::UNIX_EPOCH) {
            Event::Call(_) => "call",
            Event::UnderWay(_) => "under way",
            Event::Told(_) => "report",
            Event::PassOn => "pass on",
            _ => "other",
        }
    }

    #[test]
    fn only_what_has_the_shape_of_a_first_request_is_a_call() {
        use Provider::{Plivo, Telnyx, Twilio, Vonage};
        let twilio =
            "CallSid=CA1&AccountSid=AC1&From=%2B447700900001&To=%2B441632960000&Direction=inbound";
        let plivo = "CallUUID=u&From=447700900001&To=441632960000&Direction=inbound";
        let vonage = "\"from\":\"447700900001\",\"to\":\"44163\",\"uuid\":\"u\",\"conversation_uuid\":\"CON-1\"";
        for (provider, first, more, wanted) in [
            (Twilio, twilio, "CallStatus=ringing", "call"),
            (
                Twilio,
                twilio,
                "CallStatus=ringing&StirVerstat=TN-Validation-Passed-A&FromZip=1",
                "call",
            ),
            (Twilio, twilio, "CallStatus=ringing&SomethingNew=1&CallbackUrl=x", "call"),
            (Twilio, twilio, "CallStatus=ringing&ErrorCode=11200&ErrorUrl=x", "call"),
            (Twilio, twilio, "CallStatus=in-progress&CallerCity=Leeds&SipHeader_X-A=1", "call"),
            (Twilio, twilio, "CallStatus=in-progress&UnstableSpeechResult=hello", "under way"),
            (Twilio, twilio, "CallStatus=in-progress&QueueResult=bridged", "under way"),
            (Twilio, twilio, "CallStatus=in-progress&Digits=1", "under way"),
            (Twilio, twilio, "CallStatus=in-progress&HandoffData=x", "under way"),
            (Twilio, twilio, "CallStatus=ringing&SpamReason=x&ScreenResult=y&LineStatus=z", "call"),
            (Twilio, twilio, "CallStatus=queued&SomeEvent=x", "call"),
            (Twilio, twilio, "CallStatus=ringing&SpeechResult=x", "under way"),
            (Twilio, twilio, "CallStatus=ringing&DialCallStatus=busy", "under way"),
            (Twilio, twilio, "CallStatus=ringing&Digits=1", "under way"),
            (Twilio, twilio, "CallStatus=ringing&SequenceNumber=1", "under way"),
            (Twilio, twilio, "CallStatus=ringing&CallbackSource=x&SequenceNumber=1", "report"),
            (Twilio, twilio, "CallStatus=completed", "report"),
            (Twilio, twilio, "x=1", "report"),
            (Telnyx, twilio, "CallStatus=ringing&ConnectionId=1&ShakenStirValidated=true", "call"),
            (Telnyx, twilio, "CallStatus=ringing&HangupReason=x&LineStatus=y", "call"),
            (Telnyx, twilio, "CallStatus=in-progress&ConferenceSid=1", "under way"),
            (
                Telnyx,
                twilio,
                "CallStatus=in-progress&CallbackSource=call-progress-events",
                "report",
            ),
            (Plivo, plivo, "CallStatus=ringing", "call"),
            (Plivo, plivo, "CallStatus=ringing&Event=StartApp&SIP-H-A=1&New=1", "call"),
            (Plivo, plivo, "CallStatus=in-progress&Event=ConferenceEnter", "under way"),
            (Plivo, plivo, "CallStatus=in-progress&Event=MachineDetection", "under way"),
            (Plivo, plivo, "CallStatus=in-progress&Event=Redirect", "under way"),
            (Plivo, plivo, "CallStatus=ringing&LineStatus=x&SpamReason=y&NewResult=z", "call"),
            (Plivo, plivo, "CallStatus=ringing&Event=GetInput", "under way"),
            (Plivo, plivo, "CallStatus=ringing&DialStatus=busy", "under way"),
            (Plivo, plivo, "CallStatus=in-progress&Digits=1", "under way"),
            (Plivo, plivo, "CallStatus=in-progress&Event=RecordStop", "report"),
            (Plivo, plivo, "CallStatus=completed", "report"),
            (Vonage, vonage, "\"region_url\":\"https://api-eu.vonage.example\"", "call"),
            (Vonage, vonage, "\"something_new\":1", "call"),
            (Vonage, vonage, "\"some_reason\":\"x\"", "under way"),
            (Vonage, vonage, "\"dtmf\":{\"digits\":\"1\"}", "under way"),
            (Vonage, vonage, "\"speech\":{\"results\":[]}", "under way"),
            (Vonage, vonage, "\"timestamp\":\"2026-11-21T10:00:00Z\"", "under way"),
            (Vonage, "\"conversation_uuid\":\"CON-1\"", "\"payload\":{}", "under way"),
            (Vonage, vonage, "\"status\":\"completed\"", "report"),
        ] {
            let body = match provider {
                Vonage => format!("{{{first},{more}}}"),
                _ => format!("{first}&{more}"),
            };
            assert_eq!(kind(provider, &body), wanted, "{body}");
        }
    }
}
