//! The values of a form's fields: the posted ones, or the first ones.

use serde_json::{Map, Value};

use crate::domain::invisible::is_blank;
use crate::staff::console::asked::Asked;
use crate::staff::console::form::Posted;

/// Fields by their names, any of them more than once.
#[derive(Debug, Clone, Default)]
pub(super) struct Values(Vec<(String, String)>);

impl Values {
    pub(super) fn posted(posted: &Posted) -> Self {
        Values(posted.all().to_vec())
    }

    /// What an address says of fields: a link may fill some in.
    pub(super) fn asked(asked: &Asked) -> Self {
        Values(asked.all().to_vec())
    }

    pub(super) fn text(&self, name: &str) -> &str {
        self.0.iter().find(|(key, _)| key == name).map_or("", |(_, value)| value)
    }

    /// The same without space around it; `None`: nothing is there.
    pub(super) fn said(&self, name: &str) -> Option<&str> {
        Some(self.text(name).trim()).filter(|text| !is_blank(text))
    }

    pub(super) fn every<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    pub(super) fn has(&self, name: &str, value: &str) -> bool {
        self.every(name).any(|one| one == value)
    }

    pub(super) fn is_set(&self, name: &str) -> bool {
        self.0.iter().any(|(key, _)| key == name)
    }

    pub(super) fn put(&mut self, name: impl Into<String>, value: impl Into<String>) {
        self.0.push((name.into(), value.into()));
    }

    /// Takes a record's values into fields that have none yet.
    pub(super) fn begin_with(&mut self, prefix: &str, record: &Value) {
        let mut found = Vec::new();
        flatten(prefix, record, &mut found);
        let found: Vec<_> = found.into_iter().filter(|(name, _)| !self.is_set(name)).collect();
        self.0.extend(found);
    }
}

fn flatten(name: &str, value: &Value, found: &mut Vec<(String, String)>) {
    let below = |key: &str| if name.is_empty() { key.to_owned() } else { format!("{name}.{key}") };
    match value {
        Value::Null | Value::Bool(false) => {}
        Value::Bool(true) => found.push((name.to_owned(), "yes".to_owned())),
        Value::Number(number) => found.push((name.to_owned(), number.to_string())),
        Value::String(text) => found.push((name.to_owned(), text.clone())),
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                if item.is_object() {
                    flatten(&below(&index.to_string()), item, found);
                } else {
                    flatten(name, item, found);
                }
            }
        }
        Value::Object(map) => {
            for (key, value) in map {
                flatten(&below(key), value, found);
            }
        }
    }
}

/// Puts an answer where its key says, a dot for each level.
pub(super) fn set(map: &mut Map<String, Value>, key: &str, value: Value) {
    match key.split_once('.') {
        None => {
            map.insert(key.to_owned(), value);
        }
        Some((first, rest)) => {
            let below = map.entry(first.to_owned()).or_insert_with(|| Value::Object(Map::new()));
            if !below.is_object() {
                *below = Value::Object(Map::new());
            }
            if let Value::Object(below) = below {
                set(below, rest, value);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_record_fills_fields_and_what_was_said_stays() {
        let mut values = Values::default();
        values.put("restriction.limit", "5");
        let record = json!({
            "limit": 2, "per": "week", "channels": ["email", "sms"], "bank_holidays": true,
            "ends": null, "contact": {"name": "Sam"},
            "windows": [{"days": ["mon", "tue"], "from": "09:00"}],
        });
        values.begin_with("restriction", &record);
        assert_eq!(values.text("restriction.limit"), "5");
        assert!(values.has("restriction.channels", "sms"));
        assert_eq!(values.text("restriction.bank_holidays"), "yes");
        assert_eq!(values.text("restriction.contact.name"), "Sam");
        assert!(values.has("restriction.windows.0.days", "tue"));
        assert!(!values.is_set("restriction.ends"));
        let mut map = Map::new();
        set(&mut map, "a.b", json!(1));
        set(&mut map, "a.c", json!(2));
        assert_eq!(Value::Object(map), json!({"a": {"b": 1, "c": 2}}));
    }
}
