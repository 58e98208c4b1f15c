//! Sources without a form of their own (Amazon Connect, Genesys, Asterisk, FreeSWITCH, 3CX): a
//! contact in, a decision with an action out, as JSON or as lines.

use chrono::{DateTime, SecondsFormat, Utc};
use hyper::StatusCode;
use hyper::header::ACCEPT;
use serde_json::{Map, Value};

use super::event::Event;
use super::flow;
use super::menu::Menu;
use super::script::MenuPlace;
use super::settings::{TelephonySettings, WhenLimited};
use super::sip::notes;
use super::webhook::{Webhook, plain};
use super::words::Words;
use crate::channels::http::answer::Answer;
use crate::channels::http::fields;
use crate::domain::channel::Channel;
use crate::domain::contact::Contact;
use crate::domain::flag::Flag;
use crate::domain::identifier::is_withheld;
use crate::domain::lane::AskedLane;
use crate::domain::organisation::Organisation;
use crate::intake::Outcome;
use crate::intake::treatment::Treatment;
use crate::runtime::json;
use crate::runtime::limits::WEBHOOK_VALUES_MAX;

/// What the caller's system is asked to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Action {
    /// Go on as without the gateway.
    Connect,
    /// Connect to `target`, then to each of `then`.
    Route,
    /// Say `say`, offer `emergency` on the key 1, hang up.
    Notice,
    /// Say `say`, offer `emergency` on the key 1, take a voicemail.
    Voicemail,
    Reject,
    /// Nothing more is to be done.
    Ok,
}

impl Action {
    const fn name(self) -> &'static str {
        match self {
            Action::Connect => "connect",
            Action::Route => "route",
            Action::Notice => "notice",
            Action::Voicemail => "voicemail",
            Action::Reject => "reject",
            Action::Ok => "ok",
        }
    }
}

/// What a request is about: a contact, or below `/event` something learnt about one.
pub(super) fn event(webhook: &Webhook, now: DateTime<Utc>) -> Event {
    match webhook.behind.as_str() {
        // How a call went, sent to the address of calls.
        "" | "/" if plain(webhook.json.get("event")).is_some() => match id(&webhook.json) {
            Some(id) => Event::Noted(id, notes(webhook)),
            None => Event::PassOn,
        },
        "" | "/" => match contact(webhook, now) {
            Ok(contact) => Event::Handed(Box::new(contact)),
            Err(fault) => Event::Unread(fault),
        },
        "/event" => match id(&webhook.json) {
            Some(id) => Event::Noted(id, notes(webhook)),
            None => Event::PassOn,
        },
        _ => Event::PassOn,
    }
}

/// A contact's id: its own, else the call's.
fn id(json: &Value) -> Option<String> {
    plain(json.get("id"))
        .or_else(|| plain(json.get("call_id")).map(|call| format!("call-generic-{call}")))
}

/// The contact in a body. `id` and `at` may be left out, `channel` too for a call. What some
/// systems send in place of an unknown value (`[Number]`) counts as absent.
fn contact(webhook: &Webhook, now: DateTime<Utc>) -> Result<Contact, String> {
    let text =
        std::str::from_utf8(&webhook.body).map_err(|_| "the body is not UTF-8".to_owned())?;
    if !json::has_at_most(WEBHOOK_VALUES_MAX, text.as_bytes()) {
        return Err(format!("the body holds more than {WEBHOOK_VALUES_MAX} values"));
    }
    let mut json: Value = json::parse(text).map_err(|fault| fault.to_string())?;
    let id = id(&json);
    if let Some(members) = json.as_object_mut() {
        if let Some(id) = id {
            members.insert("id".to_owned(), id.into());
        }
        if let Some(call_id) = plain(members.get("call_id")) {
            members.insert("call_id".to_owned(), call_id.into());
        }
        let now = now.to_rfc3339_opts(SecondsFormat::Millis, true);
        members.entry("at").or_insert(now.into());
        members.entry("channel").or_insert("telephone".into());
        if let Some(from) = members.get_mut("from").and_then(Value::as_array_mut) {
            from.retain(|one| {
                let value = plain(one.get("value")).unwrap_or_default();
                let unfilled = value.starts_with('[') && value.ends_with(']');
                !value.is_empty() && !unfilled && !is_withheld(&value)
            });
        }
    }
    json::parse(&json.to_string()).map_err(|fault| fault.to_string())
}

/// How a contact was made.
#[derive(Debug, Clone, Copy)]
pub(super) struct By {
    pub channel: Channel,
    /// The lane that the caller chose by a key.
    pub key: Option<AskedLane>,
}

/// The answer to a contact that was decided.
pub(super) fn answer(
    entry: &TelephonySettings,
    webhook: &Webhook,
    by: By,
    outcome: &Outcome,
    organisation: &Organisation,
) -> Answer {
    let decision = &outcome.decision;
    let (action, say) = action(entry, by, outcome, organisation);
    let mut members = match serde_json::to_value(decision) {
        Ok(Value::Object(members)) => members,
        Ok(_) | Err(_) => Map::new(),
    };
    match say {
        Say::Nothing => {}
        Say::Text(text) => {
            members.insert("say".to_owned(), text.into());
        }
        Say::Menu => {
            let menu = Menu { decision: Some(decision), organisation, entry };
            insert_menu(&mut members, &menu);
        }
    }
    if matches!(action, Action::Notice | Action::Voicemail)
        && let Some(emergency) = &organisation.emergency
    {
        members.insert("emergency".to_owned(), emergency.as_str().into());
    }
    if let (Action::Route, Some(route)) = (action, &decision.route) {
        let target = route.sip.as_ref().or(route.phone.as_ref());
        members.insert("target".to_owned(), target.cloned().into());
    }
    if let (Action::Connect, Some(queue)) = (action, &entry.targets.queue) {
        members.insert("target".to_owned(), queue.as_str().into());
    }
    written(webhook, action, members)
}

/// What to say to a caller or sender.
enum Say {
    Nothing,
    Text(String),
    /// The choices of a caller who is not put through.
    Menu,
}

/// What the caller hears first, the rest piece by piece, and what each key is to do: a contact of its
/// own, with the key's `lane`, is submitted here for all but the last two.
fn insert_menu(members: &mut Map<String, Value>, menu: &Menu<'_>) {
    let language = menu.language(MenuPlace::FIRST);
    // One voice speaks it all: the offer of another language is the provider's own to make.
    let first: Vec<String> = menu
        .first_page()
        .into_iter()
        .filter(|speech| speech.language == language)
        .map(|speech| speech.text)
        .collect();
    members.insert("say".to_owned(), first.join(" ").into());
    members.insert("language".to_owned(), language.regional_tag().into());
    members.insert("more".to_owned(), menu.more().into());
    let mut keys = Map::new();
    for (key, lane) in [("1", "emergency"), ("2", "appeal"), ("3", "adjustment")] {
        keys.insert(key.to_owned(), lane.into());
    }
    keys.insert("4".to_owned(), "more".into());
    keys.insert("*".to_owned(), "repeat".into());
    members.insert("keys".to_owned(), keys.into());
}

fn action(
    entry: &TelephonySettings,
    By { channel, key }: By,
    outcome: &Outcome,
    organisation: &Organisation,
) -> (Action, Say) {
    let decision = &outcome.decision;
    if channel != Channel::Telephone {
        return match outcome.treatment(channel) {
            Treatment::Route { .. } => (Action::Route, Say::Nothing),
            Treatment::Limit(_) => {
                let text = decision.notice.as_ref().map(|notice| notice.text.clone());
                (Action::Notice, text.map_or(Say::Nothing, Say::Text))
            }
            Treatment::TryAgain(_) | Treatment::PassOn | Treatment::File(_) => {
                (Action::Ok, Say::Nothing)
            }
        };
    }
    if organisation.emergency.is_none() {
        return (Action::Connect, Say::Nothing);
    }
    let treatment = outcome.treatment(Channel::Telephone);
    // A caller who chose a lane by a key speaks to its queue: a message after the tone.
    let is_for_queue = key.is_some() && decision.is_queued();
    match treatment {
        Treatment::TryAgain(_) | Treatment::PassOn if !is_for_queue => {
            (Action::Connect, Say::Nothing)
        }
        Treatment::TryAgain(_) | Treatment::PassOn | Treatment::Route { .. }
            if flow::legs(decision).is_empty() =>
        {
            let menu = Menu { decision: Some(decision), organisation, entry };
            let words = Words::of(menu.language(MenuPlace::FIRST));
            (Action::Voicemail, Say::Text(words.after_the_tone.to_owned()))
        }
        Treatment::TryAgain(_) | Treatment::PassOn | Treatment::Route { .. } => {
            (Action::Route, Say::Nothing)
        }
        Treatment::Limit(_) => match entry.when_limited {
            WhenLimited::Notice => (Action::Notice, Say::Menu),
            WhenLimited::Voicemail => (Action::Voicemail, Say::Menu),
            WhenLimited::Reject => (Action::Reject, Say::Nothing),
        },
        Treatment::File(_) => (Action::Voicemail, Say::Menu),
    }
}

/// The answer if nothing was decided: the caller is let through, and the fault is reported.
pub(super) fn undecided(webhook: &Webhook, fault: Option<&str>, flags: &[Flag]) -> Answer {
    let mut members = Map::new();
    if !flags.is_empty() {
        let flags: Vec<String> = flags.iter().map(ToString::to_string).collect();
        members.insert("flags".to_owned(), flags.into());
    }
    if let Some(fault) = fault {
        members.insert("fault".to_owned(), fault.into());
    }
    written(webhook, Action::Connect, members)
}

/// The answer to what needs none.
pub(super) fn noted(webhook: &Webhook) -> Answer {
    written(webhook, Action::Ok, Map::new())
}

fn written(webhook: &Webhook, action: Action, mut members: Map<String, Value>) -> Answer {
    members.insert("action".to_owned(), action.name().into());
    let plain_text = fields::text(&webhook.headers, ACCEPT)
        .is_some_and(|accept| accept.to_ascii_lowercase().contains("text/plain"));
    if plain_text {
        return Answer::new(StatusCode::OK, "text/plain; charset=utf-8", lines(&members));
    }
    Answer::new(StatusCode::OK, "application/json", Value::Object(members).to_string())
}

/// `key=value` lines of what dial plans can use; a value never holds a line end.
fn lines(members: &Map<String, Value>) -> String {
    let mut lines = String::new();
    for key in ["action", "contact", "disposition", "target", "say", "emergency", "fault"] {
        let Some(value) = plain(members.get(key)) else { continue };
        let value: Vec<&str> = value.split_whitespace().collect();
        lines.push_str(&format!("{key}={}\n", value.join(" ")));
    }
    let route = members.get("route");
    for (key, member) in [("queue", "queue"), ("name", "name")] {
        if let Some(value) = route.and_then(|route| plain(route.get(member))) {
            lines.push_str(&format!("{key}={}\n", value.replace(['\r', '\n'], " ")));
        }
    }
    if let Some(flags) =
        members.get("flags").and_then(Value::as_array).filter(|all| !all.is_empty())
    {
        let flags: Vec<&str> = flags.iter().filter_map(Value::as_str).collect();
        lines.push_str(&format!("flags={}\n", flags.join(",")));
    }
    lines
}
