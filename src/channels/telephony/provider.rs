//! What each provider says and understands.

use hyper::StatusCode;
use hyper::header::{HeaderMap, HeaderName, HeaderValue};

use super::event::Event;
use super::script::{Next, Step, Target};
use super::settings::{Product, Provider, TelephonySettings};
use super::signed::{Refused, upstream_address};
use super::webhook::Webhook;
use super::words::Words;
use super::{twilio, twiml};
use crate::channels::http::answer::Answer;
use crate::runtime::limits::{CALL_RING_SECONDS, MESSAGE_CHARS_MAX};

/// Whether a request is the provider's.
///
/// # Errors
/// [`Refused`]: nothing proves it.
pub fn verify(entry: &TelephonySettings, webhook: &Webhook) -> Result<(), Refused> {
    match entry.provider {
        Provider::Twilio => twilio::signature::verify(entry, webhook),
        Provider::Vonage
        | Provider::Telnyx
        | Provider::Plivo
        | Provider::Sip
        | Provider::Generic => Err(Refused),
    }
}

pub fn event(entry: &TelephonySettings, webhook: &Webhook) -> Event {
    match entry.provider {
        Provider::Twilio => twilio::event(entry, webhook),
        Provider::Vonage
        | Provider::Telnyx
        | Provider::Plivo
        | Provider::Sip
        | Provider::Generic => Event::PassOn,
    }
}

/// A script as the provider's document.
pub fn document(entry: &TelephonySettings, steps: &[Step]) -> Answer {
    Answer::new(StatusCode::OK, twiml::CONTENT_TYPE, twiml::document(entry, steps))
}

/// The answer that says nothing.
pub fn empty(_entry: &TelephonySettings) -> Answer {
    Answer::new(StatusCode::OK, twiml::CONTENT_TYPE, twiml::EMPTY)
}

/// A text message in answer to one.
pub fn reply(_entry: &TelephonySettings, text: &str) -> Answer {
    let text = shortened(text);
    Answer::new(StatusCode::OK, twiml::CONTENT_TYPE, twiml::reply(&text))
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
/// number, else a sentence.
pub fn fallback(entry: &TelephonySettings) -> Answer {
    if let Some(document) = &entry.fallback {
        let content_type = match entry.provider {
            Provider::Twilio | Provider::Telnyx | Provider::Plivo => twiml::CONTENT_TYPE,
            Provider::Vonage | Provider::Sip | Provider::Generic => "application/json",
        };
        return Answer::new(StatusCode::OK, content_type, document.clone());
    }
    match (entry.product, &entry.targets.queue) {
        (Product::Messaging, _) => empty(entry),
        (Product::Voice, Some(queue)) => {
            let ring = CALL_RING_SECONDS * 3;
            let to = Target::of(queue);
            document(entry, &[Step::Dial { to, ring, minutes: None, next: Next::Done }])
        }
        (Product::Voice, None) => {
            let words = Words::of(&entry.language);
            document(entry, &[Step::Say(words.unavailable.to_owned()), Step::HangUp])
        }
    }
}

/// Signs a request anew for the existing call flow, where the provider's signature was made over
/// the gateway's own address.
pub fn sign_again(entry: &TelephonySettings, webhook: &Webhook, headers: &mut HeaderMap) {
    let signed = match entry.provider {
        Provider::Twilio => {
            headers.remove("x-twilio-webhooks-signature-settings");
            upstream_address(entry, webhook)
                .and_then(|address| twilio::signature::sign(entry, webhook, &address))
        }
        Provider::Vonage
        | Provider::Telnyx
        | Provider::Plivo
        | Provider::Sip
        | Provider::Generic => None,
    };
    if let Some((name, value)) = signed
        && let Ok(value) = HeaderValue::try_from(value)
    {
        headers.insert(HeaderName::from_static(name), value);
    }
}
