//! What a change of a person's record did, entry by entry: found by comparing the record before with
//! the record after, so that no way of changing one can leave an entry out.

use serde::Serialize;
use serde_json::{Map, Value};

use super::{AuditEvent, Variation};
use crate::domain::person::{ListedIdentifier, Person};
use crate::domain::restriction::{Restriction, Status};

/// What a restriction may be varied in that is said with both values: terms and dates. Of anything else (who the
/// contact is, the grounds in words) only that it changed: no name, address or text appears in the trail.
const SAID_WITH_VALUES: [&str; 16] = [
    "kind",
    "status",
    "mode",
    "clause",
    "starts",
    "review_due",
    "ends",
    "profile_version",
    "channels",
    "windows",
    "bank_holidays",
    "limit",
    "per",
    "window",
    "issues",
    "minutes",
];

/// What of a person's record has entries of its own.
const SAID_APART: [&str; 2] = ["identifiers", "restrictions"];

/// The entries of a change; none: nothing changed.
pub fn of_person(before: Option<&Person>, after: &Person, reason: Option<&str>) -> Vec<AuditEvent> {
    let mut events = Vec::new();
    let what = keys_that_differ(before, after);
    let change = Change { person: &after.id, reason };
    if before.is_none() || !what.is_empty() {
        events.push(AuditEvent::RecordChanged {
            person: after.id.clone(),
            is_new: before.is_none(),
            what: if before.is_none() { Vec::new() } else { what },
            reason: change.reason(),
        });
    }
    change.identifiers(
        before.map_or(&[], |before| before.identifiers.as_slice()),
        &after.identifiers,
        &mut events,
    );
    change.restrictions(
        before.map_or(&[], |before| before.restrictions.as_slice()),
        &after.restrictions,
        &mut events,
    );
    events
}

/// What a step of a case varied a restriction in, other than its status: what became of that is the step itself.
pub fn of_step(before: &Person, after: &Person, restriction: &str) -> Vec<Variation> {
    let held = |person: &Person| -> Option<Restriction> {
        person.restrictions.iter().find(|one| one.id == restriction).cloned()
    };
    let (Some(was), Some(now)) = (held(before), held(after)) else { return Vec::new() };
    let mut changes = variations(&was, &now);
    changes.retain(|change| change.what != "status");
    changes
}

struct Change<'a> {
    person: &'a str,
    reason: Option<&'a str>,
}

impl Change<'_> {
    fn reason(&self) -> Option<String> {
        self.reason.map(str::to_owned)
    }

    fn identifiers(
        &self,
        before: &[ListedIdentifier],
        after: &[ListedIdentifier],
        events: &mut Vec<AuditEvent>,
    ) {
        for added in after.iter().filter(|one| !before.contains(one)) {
            events.push(AuditEvent::IdentifierAdded {
                person: self.person.to_owned(),
                kind: added.kind,
                shared: added.shared,
                reason: self.reason(),
            });
        }
        for removed in before.iter().filter(|one| !after.contains(one)) {
            events.push(AuditEvent::IdentifierRemoved {
                person: self.person.to_owned(),
                kind: removed.kind,
                shared: removed.shared,
                reason: self.reason(),
            });
        }
    }

    fn restrictions(
        &self,
        before: &[Restriction],
        after: &[Restriction],
        events: &mut Vec<AuditEvent>,
    ) {
        for now in after {
            match before.iter().find(|one| one.id == now.id) {
                None => events.push(AuditEvent::RestrictionAdded {
                    person: self.person.to_owned(),
                    restriction: now.id.clone(),
                    kind: now.kind.name(),
                    status: now.status,
                    reason: self.reason(),
                }),
                Some(was) if was == now => {}
                Some(was) => self.restriction(was, now, events),
            }
        }
        for gone in before.iter().filter(|was| !after.iter().any(|now| now.id == was.id)) {
            events.push(self.lifted(gone, None));
        }
    }

    fn restriction(&self, was: &Restriction, now: &Restriction, events: &mut Vec<AuditEvent>) {
        let is_lifted = holds(was.status) && !holds(now.status);
        let mut changes = variations(was, now);
        if is_lifted {
            changes.retain(|change| change.what != "status");
        }
        if !changes.is_empty() {
            events.push(AuditEvent::RestrictionVaried {
                person: self.person.to_owned(),
                restriction: now.id.clone(),
                changes,
                reason: self.reason(),
            });
        }
        if is_lifted {
            events.push(self.lifted(now, Some(now.status)));
        }
    }

    fn lifted(&self, restriction: &Restriction, status: Option<Status>) -> AuditEvent {
        AuditEvent::RestrictionLifted {
            person: self.person.to_owned(),
            restriction: restriction.id.clone(),
            status,
            reason: self.reason(),
        }
    }
}

/// Whether a restriction of this status is in force, or may come to be.
const fn holds(status: Status) -> bool {
    matches!(status, Status::Proposed | Status::Active | Status::UnderAppeal | Status::Varied)
}

fn variations(was: &Restriction, now: &Restriction) -> Vec<Variation> {
    let (was, now) = (fields(was), fields(now));
    let mut keys: Vec<&String> = was.keys().chain(now.keys()).collect();
    keys.sort();
    keys.dedup();
    let differ = keys.into_iter().filter(|key| was.get(*key) != now.get(*key));
    differ
        .map(|key| {
            let is_said = SAID_WITH_VALUES.contains(&key.as_str());
            let value = |of: &Map<String, Value>| {
                of.get(key).cloned().filter(|it| is_said && !it.is_null())
            };
            Variation { what: key.clone(), from: value(&was), to: value(&now) }
        })
        .collect()
}

fn keys_that_differ(before: Option<&Person>, after: &Person) -> Vec<String> {
    let (was, now) = (before.map(fields).unwrap_or_default(), fields(after));
    let mut keys: Vec<String> = was.keys().chain(now.keys()).cloned().collect();
    keys.sort();
    keys.dedup();
    keys.retain(|key| was.get(key) != now.get(key) && !SAID_APART.contains(&key.as_str()));
    keys
}

/// A record's keys as they are published.
fn fields(record: &impl Serialize) -> Map<String, Value> {
    match serde_json::to_value(record) {
        Ok(Value::Object(fields)) => fields,
        Ok(_) | Err(_) => Map::new(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn person() -> Value {
        json!({
            "id": "P-1", "name": "Jo Doe",
            "identifiers": [{"kind": "email", "value": "jo@x.example"}],
            "restrictions": [{
                "id": "R-1", "kind": "contact_quota", "limit": 2, "per": "week",
                "grounds": "demands", "ends": "2027-01-01"
            }]
        })
    }

    fn changed(change: impl FnOnce(&mut Value)) -> Vec<Value> {
        let before: Person = serde_json::from_value(person()).unwrap();
        let mut after = person();
        change(&mut after);
        let after: Person = serde_json::from_value(after).unwrap();
        let events = of_person(Some(&before), &after, Some("as agreed"));
        events.iter().map(|event| serde_json::to_value(event).unwrap()).collect()
    }

    #[test]
    fn a_varied_restriction_says_what_from_and_to_and_no_words() {
        let events = changed(|after| {
            after["restrictions"][0]["limit"] = json!(4);
            after["restrictions"][0]["ends"] = Value::Null;
            after["restrictions"][0]["grounds"] = json!("in other words");
        });
        assert_eq!(
            events,
            [json!({
                "event": "restriction_varied", "person": "P-1", "restriction": "R-1",
                "changes": [
                    {"what": "ends", "from": "2027-01-01"},
                    {"what": "grounds"},
                    {"what": "limit", "from": 2, "to": 4}
                ],
                "reason": "as agreed"
            })]
        );
    }

    #[test]
    fn a_restriction_that_ends_is_lifted_with_its_status() {
        let events = changed(|after| after["restrictions"][0]["status"] = json!("quashed"));
        assert_eq!(
            events,
            [json!({
                "event": "restriction_lifted", "person": "P-1", "restriction": "R-1",
                "status": "quashed", "reason": "as agreed"
            })]
        );
        let gone = changed(|after| after["restrictions"] = json!([]));
        assert_eq!(gone[0]["event"], "restriction_lifted");
        assert_eq!(gone[0].get("status"), None);
    }

    #[test]
    fn a_step_says_what_it_varied_and_not_what_it_ended() {
        let before: Person = serde_json::from_value(person()).unwrap();
        let mut after = person();
        after["restrictions"][0]["limit"] = json!(4);
        after["restrictions"][0]["status"] = json!("under_appeal");
        let after: Person = serde_json::from_value(after).unwrap();
        let limit =
            Variation { what: "limit".to_owned(), from: Some(json!(2)), to: Some(json!(4)) };
        assert_eq!(of_step(&before, &after, "R-1"), [limit]);
        assert_eq!(of_step(&before, &after, "R-2"), []);
        assert_eq!(of_step(&after, &after, "R-1"), []);
    }

    #[test]
    fn identifiers_come_and_go_by_their_kind_alone() {
        let events = changed(|after| {
            after["identifiers"] = json!([{"kind": "phone", "value": "+441154960123"}]);
            after["name"] = json!("Jo Roe");
        });
        let names: Vec<&str> =
            events.iter().map(|event| event["event"].as_str().unwrap()).collect();
        assert_eq!(names, ["record_changed", "identifier_added", "identifier_removed"]);
        assert_eq!(events[0]["what"], json!(["name"]));
        let all = serde_json::to_string(&events).unwrap();
        assert!(!all.contains("Roe") && !all.contains("4960123") && !all.contains("jo@"), "{all}");
    }

    #[test]
    fn a_new_person_is_said_to_be_new_with_each_restriction() {
        let after: Person = serde_json::from_value(person()).unwrap();
        let events = of_person(None, &after, None);
        assert!(matches!(&events[0], AuditEvent::RecordChanged { is_new: true, .. }));
        assert!(matches!(&events[1], AuditEvent::IdentifierAdded { .. }));
        assert!(matches!(&events[2], AuditEvent::RestrictionAdded { .. }));
        assert_eq!(events.len(), 3);
        assert!(of_person(Some(&after), &after, None).is_empty());
    }
}
