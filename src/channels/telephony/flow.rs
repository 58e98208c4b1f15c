//! From a decision to what the caller experiences. The decision says what to do; the entry's settings
//! say how.

use super::event::{Call, Note};
use super::menu::{Choice, Heard, Menu, voicemail};
use super::script::{MenuPlace, Next, Speech, Step, Target};
use super::settings::{TelephonySettings, WhenLimited};
use super::words::Words;
use crate::domain::channel::Channel;
use crate::domain::decision::Decision;
use crate::domain::flag::Flag;
use crate::domain::lane::AskedLane;
use crate::domain::organisation::Organisation;
use crate::intake::Outcome;
use crate::intake::treatment::Treatment;
use crate::runtime::limits::CALL_RING_SECONDS;

/// How a call begins.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Opening {
    /// The existing call flow continues.
    PassOn,
    Script(Vec<Step>),
}

/// What a call that was decided meets first.
///
/// Nothing is enforced on calls without an emergency number to connect.
pub(super) fn opening(
    outcome: &Outcome,
    organisation: &Organisation,
    entry: &TelephonySettings,
) -> Opening {
    if organisation.emergency.is_none() {
        return Opening::PassOn;
    }
    let decision = &outcome.decision;
    let menu = Menu { decision: Some(decision), organisation, entry };
    Opening::Script(match outcome.treatment(Channel::Telephone) {
        Treatment::TryAgain(_) | Treatment::PassOn => return Opening::PassOn,
        Treatment::Route { .. } => dial(&menu, 0),
        Treatment::Limit(_) if entry.when_limited == WhenLimited::Reject => vec![Step::Reject],
        Treatment::Limit(_) | Treatment::File(_) => menu.hear(MenuPlace::FIRST, Heard::Choice),
    })
}

/// What follows a step: the caller's next steps, and the facts learnt.
pub(super) struct Following {
    pub steps: Vec<Step>,
    pub notes: Vec<Note>,
    /// The lane that the caller asked for by a key: a contact of its own.
    pub asked: Option<AskedLane>,
    /// The lane whose contact the notes are about; `None`: the call's own.
    pub about: Option<AskedLane>,
}

/// What follows a step of a call. `menu.decision`: the call's own; `None`: it can't be read now, and
/// the caller gets the voicemail rather than nothing.
pub(super) fn following(next: Next, call: &Call, menu: &Menu<'_>) -> Following {
    let mut following =
        Following { steps: Vec::new(), notes: Vec::new(), asked: None, about: None };
    let mut note = |name, value: &Option<String>| {
        following.notes.extend(value.clone().map(|value| Note { name, value }));
    };
    let language = menu.language(MenuPlace::FIRST);
    let words = Words::of(language);
    let said = |text| Step::Say(vec![Speech::new(language, text)]);
    match next {
        Next::DialResult { .. } if call.answered => {
            note("outcome", &Some("answered".to_owned()));
            following.steps = vec![Step::HangUp];
        }
        Next::DialResult { leg } => {
            note("outcome", &call.result);
            following.steps = dial(menu, leg.saturating_add(1));
        }
        Next::Menu(place) => chosen(menu, call, place, &mut following),
        Next::EmergencyResult if call.answered => following.steps = vec![Step::HangUp],
        Next::EmergencyResult => {
            note("outcome", &Some("emergency not answered".to_owned()));
            following.steps = [vec![said(words.dial_999)], voicemail(language, None)].concat();
        }
        Next::Recorded { about } => {
            note("voicemail", &call.recording);
            following.about = about;
            following.steps = vec![said(words.thanks), Step::HangUp];
        }
        Next::Recording { about } => {
            note("voicemail", &call.recording);
            following.about = about;
        }
        Next::Status => {
            note("duration", &call.length_seconds);
            note("outcome", &call.result);
        }
        Next::Done => following.steps = vec![Step::HangUp],
    }
    following
}

/// What follows a key, or silence, at a place of the menu.
fn chosen(menu: &Menu<'_>, call: &Call, place: MenuPlace, following: &mut Following) {
    let language = menu.language(place);
    let key = call.key.as_deref();
    following.steps = match menu.choice(key, place) {
        Choice::Lane(lane) => {
            following.asked = Some(lane);
            following.notes.push(Note { name: "outcome", value: lane.name().to_owned() });
            match (lane, &menu.organisation.emergency) {
                (AskedLane::Emergency, Some(number)) => vec![Step::Dial {
                    to: Target::of(number),
                    ring: CALL_RING_SECONDS * 2,
                    minutes: None,
                    next: Next::EmergencyResult,
                }],
                (lane, _) => voicemail(language, Some(lane)),
            }
        }
        Choice::Voicemail if key == Some("5") || menu.decision.is_none() => {
            voicemail(language, None)
        }
        Choice::Voicemail => menu.end(language),
        Choice::Hear(next) => {
            let heard = match (next.tries > place.tries, key) {
                (false, _) => Heard::Choice,
                (true, Some(_)) => Heard::WrongKey,
                (true, None) => Heard::Nothing,
            };
            menu.hear(next, heard)
        }
    };
}

/// Rings the point of contact or, from leg 1 on, the deputies in their order; nobody left, or not
/// known: the voicemail.
fn dial(menu: &Menu<'_>, leg: usize) -> Vec<Step> {
    let next = menu.decision.and_then(|decision| {
        let to = legs(decision).into_iter().nth(leg)?;
        Some((to, call_minutes(decision)))
    });
    match next {
        Some((to, minutes)) => {
            let next = Next::DialResult { leg };
            vec![Step::Dial { to, ring: CALL_RING_SECONDS, minutes, next }]
        }
        None => voicemail(menu.language(MenuPlace::FIRST), None),
    }
}

/// Everybody who can be rung for a routed call, in order.
pub(super) fn legs(decision: &Decision) -> Vec<Target> {
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
pub(super) fn call_minutes(decision: &Decision) -> Option<u32> {
    decision.flags.iter().find_map(|flag| match flag {
        Flag::CallLength { minutes } => Some(*minutes),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::channels::telephony::settings::testing::{entry, organisation};

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
        let (entry, organisation) = (entry(), organisation());
        let menu = Menu { decision: Some(&decision), organisation: &organisation, entry: &entry };
        let first = dial(&menu, 0);
        assert!(matches!(
            &first[..],
            [Step::Dial { minutes: Some(10), next: Next::DialResult { leg: 0 }, .. }]
        ));
        let second = dial(&menu, 1);
        assert!(matches!(&second[..], [Step::Dial { to: Target::Sip(_), .. }]));
        assert!(matches!(&dial(&menu, 2)[..], [Step::Say(_), Step::Record { .. }, Step::HangUp]));
    }
}
