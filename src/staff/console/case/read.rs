//! The post, as a step: each answer where the step has its key, and every answer that can't be read
//! with a sentence of its own.

use std::collections::BTreeMap;

use chrono::{NaiveDate, NaiveDateTime};
use serde_json::{Map, Value, json};

use super::describe::Ask;
use super::setting::{AskedField, Setting};
use super::values::{Values, set};
use crate::domain::moment;
use crate::staff::console::words;

/// Windows of a week, deputies: so many can be written on one page.
pub(super) const ROWS: usize = 3;

/// Answers that can't be read, by the field's name.
pub(super) type Unread = BTreeMap<String, String>;

/// The step's fields as JSON, under the keys of `domain::case::act`.
///
/// # Errors
/// The fields that can't be read, each with why.
pub(super) fn read(setting: &Setting<'_>, values: &Values) -> Result<Map<String, Value>, Unread> {
    let mut fields = Map::new();
    let mut unread = Unread::new();
    begin(setting, &mut fields);
    for asked in setting.fields() {
        match answer(setting, &asked, values) {
            Ok(answer) => put(setting, &mut fields, &asked, answer),
            Err(why) => {
                unread.insert(asked.name.clone(), why.to_owned());
            }
        }
    }
    if !unread.is_empty() {
        return Err(unread);
    }
    finish(setting, values, &mut fields);
    Ok(fields)
}

/// What no field says: the step, what it is about, and a restriction as it was where one is changed.
fn begin(setting: &Setting<'_>, fields: &mut Map<String, Value>) {
    fields.insert("act".to_owned(), setting.step.act.into());
    if let Some(key) = setting.step.about.filter(|_| !setting.about.is_empty()) {
        fields.insert(key.to_owned(), setting.about.into());
    }
    if let Some(before) = setting.changing() {
        let has = |key: &str| setting.step.fields.iter().any(|one| one.key == key);
        if has("changes") {
            fields.insert("changes".to_owned(), Setting::flat(before));
        }
    }
}

fn put(
    setting: &Setting<'_>,
    fields: &mut Map<String, Value>,
    asked: &AskedField,
    answer: Option<Value>,
) {
    match (&asked.field.ask, answer) {
        (Ask::Exceptions | Ask::Parts | Ask::Words, _) => {}
        (_, Some(answer)) => set(fields, &asked.name, answer),
        // A field emptied on an existing restriction is removed.
        (_, None) if asked.name.starts_with("changes.") && setting.changing().is_some() => {
            set(fields, &asked.name, Value::Null);
        }
        (_, None) => {}
    }
}

/// Answers that are more than one field.
fn finish(setting: &Setting<'_>, values: &Values, fields: &mut Map<String, Value>) {
    for field in setting.step.fields {
        match field.ask {
            Ask::Exceptions => {
                fields.insert("exceptions".to_owned(), exceptions(setting, values));
            }
            Ask::Parts => {
                let left_out = setting.parts().into_iter().filter(|one| !values.has("parts", one));
                fields.insert("without".to_owned(), left_out.collect());
            }
            Ask::Words => {
                let own = setting.parts().into_iter().filter_map(|part| {
                    let text = values.said(&format!("words.{part}"))?.to_owned();
                    Some((part, Value::String(text)))
                });
                fields.insert("words".to_owned(), Value::Object(own.collect()));
            }
            _ => {}
        }
    }
    // A signature is the proposal's, or that of one exception.
    if let Some(exception) = values.said("exception").filter(|_| setting.step.act == "sign_off") {
        fields.insert("exception".to_owned(), exception.into());
    }
    if let Some(Value::Object(changes)) = fields.get_mut("changes") {
        only_changed(changes, setting);
    }
    if let Some(Value::Object(restriction)) = fields.get_mut("restriction") {
        let observe = restriction.remove("observe").is_some();
        restriction.insert("mode".to_owned(), if observe { "observe" } else { "enforce" }.into());
    }
}

/// A change is what differs from the restriction as it is.
fn only_changed(changes: &mut Map<String, Value>, setting: &Setting<'_>) {
    let Some(before) = setting.changing().map(Setting::flat) else { return };
    changes.retain(|key, value| {
        let was = before.get(key).unwrap_or(&Value::Null);
        let empty = |one: &Value| one.is_null() || *one == json!([]) || *one == json!(false);
        *value != *was && !(empty(value) && empty(was))
    });
}

fn exceptions(setting: &Setting<'_>, values: &Values) -> Value {
    let asked = setting.exceptions().into_iter().filter_map(|(exception, _)| {
        let name = format!("exceptions.{}", exception.name());
        if values.text(&name) != "yes" {
            return None;
        }
        let mut one = json!({
            "exception": exception.name(),
            "justification": values.text(&format!("{name}.why")).trim(),
        });
        if let (Some(due), Some(map)) =
            (values.said(&format!("{name}.review_due")), one.as_object_mut())
        {
            map.insert("review_due".to_owned(), due.into());
        }
        Some(one)
    });
    asked.collect()
}

/// One field's answer; `None`: it was left empty.
fn answer(
    setting: &Setting<'_>,
    asked: &AskedField,
    values: &Values,
) -> Result<Option<Value>, &'static str> {
    let name = asked.name.as_str();
    let w = words::Steps::of(setting.visit.language());
    let text = values.said(name);
    let list = |empty: bool| -> Option<Value> {
        let all: Vec<&str> = values.every(name).filter(|one| !one.is_empty()).collect();
        (empty || !all.is_empty()).then(|| json!(all))
    };
    let found = match asked.field.ask {
        Ask::Number => text
            .map(|text| text.parse::<u32>().map(Value::from))
            .transpose()
            .map_err(|_| w.no_number)?,
        Ask::Day => text.map(|text| day(text).ok_or(w.no_day)).transpose()?,
        Ask::Time | Ask::TimeOrNow => {
            text.map(|text| time(setting, text).ok_or(w.no_time)).transpose()?
        }
        Ask::Tick => text.map(|_| Value::Bool(true)),
        Ask::YesNo => match text {
            Some("yes") => Some(Value::Bool(true)),
            Some(_) => Some(Value::Bool(false)),
            None => None,
        },
        Ask::Lines => text.map(|text| {
            let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
            lines.collect::<Vec<_>>().into()
        }),
        Ask::Any(_) | Ask::AppealGrounds | Ask::Incidents | Ask::Contacts | Ask::StaffAny => {
            list(true)
        }
        Ask::Channels => list(false),
        Ask::Windows => windows(name, values).map_err(|()| w.no_window)?,
        Ask::Deputies => Some(deputies(name, values)),
        Ask::Text if name.ends_with(".answered") => text.map(|text| json!([text])),
        _ => text.map(Value::from),
    };
    // The domain can't say which of a kind's own parameters are missing: it would not read the restriction.
    let own = name.starts_with("restriction.") && asked.field.key != "restriction.grounds";
    if found.is_none() && own && !asked.field.optional {
        return Err(w.fill_in);
    }
    Ok(found)
}

fn day(text: &str) -> Option<Value> {
    text.parse::<NaiveDate>().ok().map(|day| day.to_string().into())
}

/// A time on the organisation's clock.
fn time(setting: &Setting<'_>, text: &str) -> Option<Value> {
    let wall = ["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"]
        .into_iter()
        .find_map(|form| NaiveDateTime::parse_from_str(text, form).ok())?;
    let at = moment::local(setting.profile().timezone, wall);
    Some(at.to_rfc3339_opts(chrono::SecondsFormat::AutoSi, true).into())
}

/// Rows of days with a beginning and an end.
fn windows(name: &str, values: &Values) -> Result<Option<Value>, ()> {
    let mut rows = Vec::new();
    for row in 0..ROWS {
        let days: Vec<String> =
            values.every(&format!("{name}.{row}.days")).map(str::to_owned).collect();
        let at = |key: &str| values.said(&format!("{name}.{row}.{key}"));
        match (days.is_empty(), at("from"), at("to")) {
            (true, None, None) => {}
            (false, Some(from), Some(to)) if is_clock(from) && is_clock(to) && from < to => {
                rows.push(json!({"days": days, "from": from, "to": to}));
            }
            _ => return Err(()),
        }
    }
    Ok(if rows.is_empty() { None } else { Some(Value::Array(rows)) })
}

/// "09:00", to "24:00".
fn is_clock(text: &str) -> bool {
    text == "24:00" || chrono::NaiveTime::parse_from_str(text, "%H:%M").is_ok()
}

fn deputies(name: &str, values: &Values) -> Value {
    let rows = (0..ROWS).filter_map(|row| {
        let at = |key: &str| values.said(&format!("{name}.{row}.{key}"));
        let mut one = json!({"name": at("name")?});
        for key in ["email", "phone"] {
            if let (Some(said), Some(map)) = (at(key), one.as_object_mut()) {
                map.insert(key.to_owned(), said.into());
            }
        }
        Some(one)
    });
    rows.collect()
}
