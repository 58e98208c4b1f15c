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
use crate::domain::language::Language;
use crate::domain::organisation::Organisation;
use crate::intake::Outcome;
use crate::runtime::limits::{
    CALL_ANSWER_WAIT, CALL_DECIDE_WAIT, CALL_RING_SECONDS, MESSAGE_CHARS_MAX, SIP_ANSWER_WAIT,
    SIP_DECIDE_WAIT,
};

const JSON: &str = "application/json";

/// How long a provider is let wait for its answer, and of that, how long the decision may take.
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
    match entry.provider {
        Provider::Twilio => twilio::event(entry, webhook),
        Provider::Vonage => vonage::event(entry, webhook),
        Provider::Telnyx => telnyx::event(entry, webhook),
        Provider::Plivo => plivo::event(entry, webhook),
        Provider::Sip => sip::event(entry, webhook),
        Provider::Generic => generic::event(webhook, now),
    }
    .fitted()
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
pub(super) fn fallback(entry: &TelephonySettings, webhook: &Webhook, flags: &[String]) -> Answer {
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

/// Signs a request anew for the existing call flow, where the provider's signature was made over
/// the gateway's own address; others go on untouched.
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
