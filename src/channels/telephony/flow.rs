//! From a decision to what the caller meets. The decision says what is done; the entry's settings
//! say how.

use super::event::Call;
use super::script::{Next, Step, Target};
use super::settings::{TelephonySettings, WhenLimited};
use super::words::Words;
use crate::domain::decision::{Decision, Disposition};
use crate::domain::organisation::Organisation;
use crate::intake::Outcome;
use crate::runtime::limits::{CALL_RING_SECONDS, VOICEMAIL_SECONDS_MAX};

/// How a call begins.
#[derive(Debug, PartialEq, Eq)]
pub enum Opening {
    /// The existing call flow goes on.
    PassOn,
    Script(Vec<Step>),
}

/// What a call that was decided meets first.
///
/// Nothing is enforced on calls without an emergency number to connect, nor on a decision that is
/// not on disk.
pub fn opening(
    outcome: &Outcome,
    organisation: &Organisation,
    entry: &TelephonySettings,
) -> Opening {
    if !outcome.durable || organisation.emergency.is_none() {
        return Opening::PassOn;
    }
    let decision = &outcome.decision;
    let words = Words::of(&entry.language);
    Opening::Script(match decision.disposition {
        Disposition::Deliver => return Opening::PassOn,
        Disposition::Route => dial(decision, entry, 0),
        Disposition::Limit => {
            let ask = ask(&spoken(decision, &words), &words);
            match entry.when_limited {
                WhenLimited::Reject => vec![Step::Reject],
                WhenLimited::Notice => vec![ask, Step::HangUp],
                WhenLimited::Voicemail => [vec![ask], voicemail(&words)].concat(),
            }
        }
        Disposition::File => {
            let ask = ask(words.neutral, &words);
            [vec![ask], voicemail(&words)].concat()
        }
    })
}

/// Something learnt at a step, to be noted on the contact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    pub name: &'static str,
    pub value: String,
}

/// What follows a step: the caller's next steps, and what was learnt.
pub struct Following {
    pub steps: Vec<Step>,
    pub notes: Vec<Note>,
    /// The caller pressed 1.
    pub emergency: bool,
}

/// What follows a step of a call. `decision`: the call's own; `None`: it can't be read now, and
/// the caller gets the voicemail rather than nothing.
pub fn following(
    next: Next,
    call: &Call,
    decision: Option<&Decision>,
    organisation: &Organisation,
    entry: &TelephonySettings,
) -> Following {
    let words = Words::of(&entry.language);
    let mut notes = Vec::new();
    let mut emergency = false;
    let mut note = |name, value: &Option<String>| {
        if let Some(value) = value {
            notes.push(Note { name, value: value.clone() });
        }
    };
    let steps = match next {
        Next::DialResult { .. } if call.answered => {
            note("outcome", &Some("answered".to_owned()));
            vec![Step::HangUp]
        }
        Next::DialResult { leg } => {
            note("outcome", &call.result);
            match decision {
                Some(decision) => dial(decision, entry, leg.saturating_add(1)),
                None => voicemail(&words),
            }
        }
        Next::Key if call.key.as_deref() == Some("1") => {
            note("outcome", &Some("emergency".to_owned()));
            emergency = true;
            match &organisation.emergency {
                Some(number) => vec![Step::Dial {
                    to: Target::of(number),
                    ring: CALL_RING_SECONDS * 2,
                    minutes: None,
                    next: Next::EmergencyResult,
                }],
                None => voicemail(&words),
            }
        }
        Next::Key => match (decision.map(|one| one.disposition), entry.when_limited) {
            (Some(Disposition::Limit), WhenLimited::Notice | WhenLimited::Reject) => {
                vec![Step::HangUp]
            }
            _ => voicemail(&words),
        },
        Next::EmergencyResult if call.answered => vec![Step::HangUp],
        Next::EmergencyResult => {
            note("outcome", &Some("emergency not answered".to_owned()));
            [vec![Step::Say(words.dial_999.to_owned())], voicemail(&words)].concat()
        }
        Next::Recorded => {
            note("voicemail", &call.recording);
            vec![Step::Say(words.thanks.to_owned()), Step::HangUp]
        }
        Next::Recording => {
            note("voicemail", &call.recording);
            Vec::new()
        }
        Next::Status => {
            note("duration", &call.length_seconds);
            note("outcome", &call.result);
            Vec::new()
        }
        Next::Done => vec![Step::HangUp],
    };
    Following { steps, notes, emergency }
}

/// Rings the point of contact or, from leg 1 on, the deputies in their order; nobody left: the
/// voicemail.
fn dial(decision: &Decision, entry: &TelephonySettings, leg: usize) -> Vec<Step> {
    match legs(decision).into_iter().nth(leg) {
        Some(to) => vec![Step::Dial {
            to,
            ring: CALL_RING_SECONDS,
            minutes: call_minutes(decision),
            next: Next::DialResult { leg },
        }],
        None => voicemail(&Words::of(&entry.language)),
    }
}

/// Everybody who can be rung for a routed call, in order.
pub fn legs(decision: &Decision) -> Vec<Target> {
    let Some(route) = &decision.route else { return Vec::new() };
    std::iter::once((&route.sip, &route.phone))
        .chain(route.then.iter().map(|deputy| (&deputy.sip, &deputy.phone)))
        .filter_map(|(sip, phone)| match (sip, phone) {
            (Some(sip), _) => Some(Target::Sip(sip.clone())),
            (None, Some(phone)) => Some(Target::Number(phone.clone())),
            (None, None) => None,
        })
        .collect()
}

/// The limit that a `call_length` restriction sets.
pub fn call_minutes(decision: &Decision) -> Option<u32> {
    decision.flags.iter().find_map(|flag| flag.strip_prefix("call_length:")?.parse().ok())
}

fn ask(text: &str, words: &Words) -> Step {
    Step::Ask { say: format!("{text} {}", words.press_1), next: Next::Key }
}

fn voicemail(words: &Words) -> Vec<Step> {
    vec![
        Step::Say(words.after_the_tone.to_owned()),
        Step::Record { seconds: VOICEMAIL_SECONDS_MAX, next: Next::Recorded },
        Step::HangUp,
    ]
}

/// The notice as it is spoken: without the reference, which is made for reading.
pub fn spoken(decision: &Decision, words: &Words) -> String {
    let Some(notice) = &decision.notice else { return words.limited.to_owned() };
    let lines: Vec<&str> = notice
        .text
        .split('\n')
        .map(str::trim)
        .filter(|line| !line.is_empty() && !line.starts_with("Reference:"))
        .collect();
    lines.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::channels::telephony::settings::testing::entry;

    fn decision(json: serde_json::Value) -> Decision {
        let mut whole = serde_json::json!({
            "contact": "c", "person": "P-1", "disposition": "deliver", "mode": "enforce",
            "route": null, "reasons": [], "flags": [], "quotas": [], "notice": null, "stale": false
        });
        for (key, value) in json.as_object().unwrap() {
            whole[key] = value.clone();
        }
        serde_json::from_value(whole).unwrap()
    }

    #[test]
    fn contact_then_deputies_then_voicemail() {
        let decision = decision(serde_json::json!({
            "disposition": "route", "flags": ["call_length:10"],
            "route": {"queue": "q", "name": "A", "email": null, "phone": "+441910000001",
                      "then": [{"name": "B"}, {"name": "C", "sip": "sip:c@pbx.example"}]}
        }));
        let entry = entry();
        let first = dial(&decision, &entry, 0);
        assert!(matches!(
            &first[..],
            [Step::Dial { minutes: Some(10), next: Next::DialResult { leg: 0 }, .. }]
        ));
        let second = dial(&decision, &entry, 1);
        assert!(matches!(&second[..], [Step::Dial { to: Target::Sip(_), .. }]));
        assert!(matches!(
            &dial(&decision, &entry, 2)[..],
            [Step::Say(_), Step::Record { .. }, Step::HangUp]
        ));
    }

    #[test]
    fn the_reference_is_not_spoken() {
        let decision = decision(serde_json::json!({
            "disposition": "limit", "notice": {"text": "One.\n\nTwo.\nReference: x", "next_slot": null}
        }));
        assert_eq!(spoken(&decision, &Words::of("en-GB")), "One. Two.");
    }
}
