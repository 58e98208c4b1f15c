//! How often a person made contact around each incident: evidence of how much there was in an hour or a day.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use serde::Serialize;
use serde_json::{Map, Value, json};

/// The contacts of a person around an instant, as far as they are recorded.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct ContactsAround {
    /// At most an hour before or after.
    pub hour: usize,
    /// At most 24 hours before or after.
    pub day: usize,
}

impl ContactsAround {
    pub(in crate::casework) fn of(contacts: &[DateTime<Utc>], at: DateTime<Utc>) -> Self {
        let within = |span: TimeDelta| {
            contacts.iter().filter(|contact| (**contact - at).abs() <= span).count()
        };
        ContactsAround { hour: within(TimeDelta::hours(1)), day: within(TimeDelta::days(1)) }
    }
}

/// Says it of each incident of a case as it is shown.
pub(super) fn put_contacts(
    case: &mut Map<String, Value>,
    around: &BTreeMap<String, ContactsAround>,
) {
    let incidents = case.get_mut("incidents").and_then(Value::as_array_mut);
    for incident in incidents.into_iter().flatten().filter_map(Value::as_object_mut) {
        let found = incident.get("id").and_then(Value::as_str).and_then(|id| around.get(id));
        if let Some(found) = found {
            incident.insert("contacts_around".to_owned(), json!(found));
        }
    }
}
