//! SIP edges (Kamailio, OpenSIPS and the like): a question before a call is routed, answered in the
//! form that Kamailio's `rtjson` module takes as it is.

use std::net::IpAddr;

use hyper::StatusCode;
use serde_json::{Value, json};

use super::event::{Call, Event, Note};
use super::flow;
use super::script::Target;
use super::settings::{TelephonySettings, WhenLimited};
use super::webhook::{Webhook, plain};
use crate::channels::http::answer::Answer;
use crate::domain::channel::Channel;
use crate::domain::contact::SenderIdentifier;
use crate::domain::decision::Decision;
use crate::domain::flag::{self, Flag};
use crate::domain::identifier::{Assurance, IdentifierKind, in_brackets, is_withheld};
use crate::domain::organisation::Organisation;
use crate::intake::Outcome;
use crate::intake::treatment::Treatment;
use crate::runtime::limits::{CALL_ASSERTED_URIS_MAX, CALL_RING_SECONDS};

/// What a question is about: `/invite` a call, `/event` its end.
pub(super) fn event(entry: &TelephonySettings, webhook: &Webhook) -> Event {
    let Some(call_id) = webhook.field("call_id") else {
        return match webhook.behind.as_str() {
            "/invite" => Event::Unread("`call_id` is missing, or no text".to_owned()),
            _ => Event::PassOn,
        };
    };
    let id = format!("call-sip-{call_id}");
    match webhook.behind.as_str() {
        "/invite" => Event::Call(Call {
            id,
            call_id,
            from: caller(entry, webhook),
            to: webhook.field("to_uri").into_iter().collect(),
            began: true,
            length_seconds: None,
            result: None,
            answered: false,
            key: None,
            recording: None,
        }),
        "/event" => Event::Noted(id, notes(webhook)),
        _ => Event::PassOn,
    }
}

/// How a call went, from an event's members.
pub(super) fn notes(webhook: &Webhook) -> Vec<Note> {
    [("outcome", "event"), ("duration", "duration"), ("voicemail", "recording")]
        .into_iter()
        .filter_map(|(name, member)| Some(Note { name, value: plain(webhook.json.get(member))? }))
        .collect()
}

/// The caller: what the trusted border asserts (RFC 3325), else what the call itself says. An
/// assertion counts where `Privacy` asks to withhold it as well: it is matched, and never shown or
/// passed on.
fn caller(entry: &TelephonySettings, webhook: &Webhook) -> Vec<SenderIdentifier> {
    let source: Option<IpAddr> = webhook.field("source_ip").and_then(|ip| ip.parse().ok());
    let trusted =
        source.is_some_and(|source| entry.trusted_sources.iter().any(|net| net.contains(&source)));
    let asserted = webhook.field("pai").filter(|_| trusted);
    let (value, assurance) = match asserted {
        Some(pai) => (pai, Assurance::Proven),
        None => match webhook.field("from_uri") {
            Some(from) => (from, Assurance::Asserted),
            None => return Vec::new(),
        },
    };
    let known = uris(&value).into_iter().filter(|uri| !is_withheld(uri));
    known.map(|value| SenderIdentifier { kind: IdentifierKind::Phone, value, assurance }).collect()
}

/// The URIs of a header value such as `"Jo" <sip:+44…@host;user=phone>, <tel:+44…>`, which is one caller
/// in two spellings (RFC 3325 9.1). Never anything of a display name.
fn uris(value: &str) -> Vec<String> {
    let mut found = Vec::new();
    for one in between_commas(value).take(CALL_ASSERTED_URIS_MAX) {
        // Without brackets, parameters belong to the field (RFC 3261 20).
        let bare = || one.split(';').next().unwrap_or(one).trim();
        let uri = in_brackets(one).unwrap_or_else(bare);
        if !uri.is_empty() {
            found.push(uri.to_owned());
        }
    }
    found
}

/// The values of a field, separated by commas outside quotes and brackets.
fn between_commas(value: &str) -> impl Iterator<Item = &str> {
    let (mut quoted, mut inside, mut escaped) = (false, false, false);
    value.split(move |c| {
        match c {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            '<' if !quoted => inside = true,
            '>' if !quoted => inside = false,
            ',' => return !quoted && !inside,
            _ => {}
        }
        false
    })
}

/// The treatment of a decided call.
pub(super) fn opening(
    entry: &TelephonySettings,
    webhook: &Webhook,
    outcome: &Outcome,
    organisation: &Organisation,
) -> Answer {
    let decision = &outcome.decision;
    if organisation.emergency.is_none() {
        return on(entry, webhook, &decision.flags);
    }
    let targets = &entry.targets;
    let flags = &decision.flags;
    match outcome.treatment(Channel::Telephone) {
        Treatment::TryAgain(_) | Treatment::PassOn => on(entry, webhook, flags),
        Treatment::Route { .. } => {
            let rung = ringing(entry, decision);
            let voicemail = targets.voicemail.clone();
            let all: Vec<String> = rung.into_iter().chain(voicemail).collect();
            if all.is_empty() { on(entry, webhook, flags) } else { routes(&all, flags) }
        }
        Treatment::Limit(_) => match entry.when_limited {
            WhenLimited::Reject => declined(),
            WhenLimited::Notice => {
                stands_in(entry, webhook, flags, [&targets.announcement, &targets.voicemail])
            }
            WhenLimited::Voicemail => {
                stands_in(entry, webhook, flags, [&targets.voicemail, &targets.announcement])
            }
        },
        Treatment::File(_) if rejects_all(entry) => declined(),
        Treatment::File(_) => {
            stands_in(entry, webhook, flags, [&targets.voicemail, &targets.announcement])
        }
    }
}

fn declined() -> Answer {
    answer(json!({"version": "1.0", "action": "reject", "code": "603", "reason": "Decline"}))
}

/// Whether a caller who is not put through meets nothing but a refusal.
fn rejects_all(entry: &TelephonySettings) -> bool {
    entry.when_limited == WhenLimited::Reject && entry.targets.has_no_stand_in()
}

/// The first of two targets that is configured; without either the call continues
/// ([`TelephonySettings::lets_everything_through`]).
fn stands_in(
    entry: &TelephonySettings,
    webhook: &Webhook,
    flags: &[Flag],
    targets: [&Option<String>; 2],
) -> Answer {
    match targets.into_iter().flatten().next() {
        Some(target) => routes(std::slice::from_ref(target), flags),
        None => on(entry, webhook, flags),
    }
}

/// Everybody who is rung for a routed call, as SIP URIs.
fn ringing(entry: &TelephonySettings, decision: &Decision) -> Vec<String> {
    flow::legs(decision)
        .into_iter()
        .filter_map(|leg| match leg {
            Target::Sip(uri) => Some(uri),
            Target::Number(number) => {
                let domain = entry.sip_domain.as_ref()?;
                let digits: String =
                    number.chars().filter(|c| c.is_ascii_digit() || *c == '+').collect();
                Some(format!("sip:{digits}@{domain}"))
            }
        })
        .collect()
}

/// The existing call flow continues: to the configured queue, else where the call was going.
pub(super) fn on(entry: &TelephonySettings, webhook: &Webhook, flags: &[Flag]) -> Answer {
    let target = entry.targets.queue.clone().or_else(|| webhook.field("request_uri"));
    routes(&target.into_iter().collect::<Vec<_>>(), flags)
}

fn routes(uris: &[String], flags: &[Flag]) -> Answer {
    let routes: Vec<Value> = uris
        .iter()
        .map(|uri| {
            let mut route = json!({
                "uri": single_line(uri),
                "fr_inv_timer": u64::from(CALL_RING_SECONDS) * 1_000,
            });
            if !flags.is_empty()
                && let Some(members) = route.as_object_mut()
            {
                let flags = single_line(&flag::in_a_line(flags, ", "));
                let extra = format!("X-Contact-Flag: {flags}\r\n");
                members.insert("headers".to_owned(), json!({"extra": extra}));
            }
            route
        })
        .collect();
    answer(json!({
        "version": "1.0", "action": "route", "routing": "serial", "routes": routes
    }))
}

/// Nothing that came from outside may begin a header field of its own (RFC 3261 7.3.1).
fn single_line(value: &str) -> String {
    value.chars().filter(|c| !c.is_control()).collect()
}

fn answer(body: Value) -> Answer {
    Answer::new(StatusCode::OK, "application/json", body.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_uri_is_found_in_its_header_value() {
        assert_eq!(
            uris("\"Jo, D\" <sip:+447700900001@h;user=phone>;tag=1"),
            ["sip:+447700900001@h;user=phone"]
        );
        assert_eq!(uris("<tel:+447700900001>, <sip:x@y>"), ["tel:+447700900001", "sip:x@y"]);
        assert_eq!(uris(" sip:a@b;tag=1 "), ["sip:a@b"]);
    }

    #[test]
    fn a_display_name_is_never_the_caller() {
        for name in ["\"Flat 3\"", "\"07700 900999, <sip:+447700900999@h>\"", "Flat 3", ""] {
            assert_eq!(uris(&format!("{name} <sip:+447700900001@h>")), ["sip:+447700900001@h"]);
        }
    }

    #[test]
    fn nothing_starts_a_header_of_its_own() {
        assert_eq!(single_line("a\r\nEvil: 1"), "aEvil: 1");
    }
}
