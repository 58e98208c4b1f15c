//! Call control objects (developer.vonage.com/voice/voice-api/ncco-reference): a list of actions.

use serde_json::{Value, json};

use crate::channels::telephony::script::{Speech, Step, Target, address};
use crate::channels::telephony::settings::TelephonySettings;
use crate::channels::telephony::twiml::sayable;
use crate::runtime::limits::{CALL_KEY_SECONDS, NCCO_LIMIT_SECONDS_MAX, NCCO_TALK_CHARS_MAX};

/// A script as a document. A call ends where its actions do.
pub(crate) fn document(entry: &TelephonySettings, steps: &[Step]) -> String {
    let actions: Vec<Value> = steps.iter().flat_map(|step| actions(entry, step)).collect();
    Value::from(actions).to_string()
}

fn actions(entry: &TelephonySettings, step: &Step) -> Vec<Value> {
    match step {
        Step::Say(speeches) => talks(entry, speeches, false),
        Step::Ask { say, next } => {
            let mut actions = talks(entry, say, true);
            actions.push(json!({
                "action": "input",
                "type": ["dtmf"],
                "dtmf": {"maxDigits": 1, "timeOut": CALL_KEY_SECONDS},
                "eventUrl": [address(entry, *next)],
            }));
            actions
        }
        Step::Dial { to, ring, minutes, next } => {
            let endpoint = match to {
                Target::Number(number) => {
                    json!({"type": "phone", "number": number.trim_start_matches('+')})
                }
                Target::Sip(uri) => json!({"type": "sip", "uri": uri}),
            };
            let mut connect = json!({
                "action": "connect",
                "timeout": ring,
                // The event's answer takes the place of this object where nobody answers.
                "eventType": "synchronous",
                "eventUrl": [address(entry, *next)],
                "endpoint": [endpoint],
            });
            if let Some(members) = connect.as_object_mut() {
                if let Some(caller_id) = &entry.caller_id {
                    members.insert("from".to_owned(), caller_id.trim_start_matches('+').into());
                }
                if let Some(minutes) = minutes {
                    let seconds = minutes.saturating_mul(60).min(NCCO_LIMIT_SECONDS_MAX);
                    members.insert("limit".to_owned(), seconds.into());
                }
            }
            vec![connect]
        }
        Step::Record { seconds, next } => vec![json!({
            "action": "record",
            "beepStart": true,
            "timeOut": seconds,
            "endOnKey": "#",
            "eventUrl": [address(entry, *next)],
        })],
        Step::Reject | Step::HangUp => Vec::new(),
    }
}

/// Texts in as many actions as they need, cut between words.
fn talks(entry: &TelephonySettings, speeches: &[Speech], interruptible: bool) -> Vec<Value> {
    let mut talks = Vec::new();
    for speech in speeches {
        let mut parts: Vec<String> = Vec::new();
        for word in sayable(&speech.text).split_whitespace() {
            match parts.last_mut() {
                Some(part) if part.chars().count() + word.chars().count() < NCCO_TALK_CHARS_MAX => {
                    part.push(' ');
                    part.push_str(word);
                }
                Some(_) | None => parts.push(word.chars().take(NCCO_TALK_CHARS_MAX).collect()),
            }
        }
        talks.extend(parts.into_iter().map(|text| {
            json!({
                "action": "talk",
                "text": text,
                "language": speech.tag(entry),
                "bargeIn": interruptible,
            })
        }));
    }
    talks
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::channels::telephony::script::{MenuPlace, Next};
    use crate::channels::telephony::settings::testing::entry;
    use crate::domain::language::Language;

    #[test]
    fn a_long_notice_is_said_in_several() {
        let steps = [Step::Ask {
            say: vec![Speech::new(Language::English, &"word ".repeat(700))],
            next: Next::Menu(MenuPlace::FIRST),
        }];
        let document: Value = serde_json::from_str(&document(&entry(), &steps)).unwrap();
        let actions = document.as_array().unwrap();
        assert_eq!(actions.len(), 4);
        let chars = |action: &Value| action["text"].as_str().unwrap().chars().count();
        assert!(actions[..3].iter().all(|action| chars(action) <= NCCO_TALK_CHARS_MAX));
    }
}
