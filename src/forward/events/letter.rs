//! An event as it goes over the wire: a CloudEvents 1.0 document in the JSON format.

use bytes::Bytes;
use serde::Serialize;

use crate::domain::event::{Event, EventData};
use crate::domain::organisation::OrganisationId;
use crate::runtime::tokens::{hex, sha256};

/// The media type of a structured event (CloudEvents, JSON format 3).
pub(super) const MEDIA_TYPE: &str = "application/cloudevents+json; charset=utf-8";

/// An event, ready to be sent. The same fact always makes the same id and body, whichever gateway
/// tells it and however often, so that a receiver can tell repeats apart.
#[derive(Debug, Clone)]
pub(super) struct WireEvent {
    pub id: String,
    pub body: Bytes,
}

#[derive(Serialize)]
struct CloudEvent<'a> {
    specversion: &'static str,
    id: &'a str,
    source: String,
    #[serde(rename = "type")]
    kind: String,
    time: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    subject: Option<&'a str>,
    datacontenttype: &'static str,
    data: &'a EventData,
}

/// Hexadecimal digits of an id: as many bits as a UUID has, and nothing that a signature's
/// separators could be taken for.
const ID_DIGITS: usize = 32;

/// `trail`: the name of the trail that the event's number is of, where another one had that number
/// before.
pub(super) fn written(
    organisation: &OrganisationId,
    trail: Option<&str>,
    event: &Event,
) -> WireEvent {
    let mut fact = format!("{}/{}", organisation.as_str(), event.key);
    if let Some(trail) = trail {
        fact.push('/');
        fact.push_str(trail);
    }
    let id = format!("evt_{}", hex(&sha256(fact.as_bytes())).get(..ID_DIGITS).unwrap_or_default());
    let document = CloudEvent {
        specversion: "1.0",
        id: &id,
        source: format!("/contact-gateway/{}", organisation.as_str()),
        kind: format!("contact-gateway.{}", event.kind.name()),
        time: event.at.to_rfc3339_opts(chrono::SecondsFormat::Millis, true),
        subject: event.subject.as_deref(),
        datacontenttype: "application/json",
        data: &event.data,
    };
    // Plain values: writing them can't fail.
    let body = serde_json::to_vec(&document).unwrap_or_default();
    WireEvent { id, body: Bytes::from(body) }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::domain::event::EventKind;

    #[test]
    fn the_same_fact_is_the_same_letter_and_another_organisations_is_not() {
        let event = Event {
            key: "7/person.changed".to_owned(),
            kind: EventKind::PersonChanged,
            at: "2026-11-21T10:00:00Z".parse().unwrap(),
            subject: Some("P-1".to_owned()),
            data: EventData::Person { person: "P-1".to_owned(), by: "Ann".to_owned() },
        };
        let one = written(&OrganisationId::new("karbon"), None, &event);
        let again = written(&OrganisationId::new("karbon"), None, &event);
        let other = written(&OrganisationId::new("calico"), None, &event);
        assert_eq!((&one.id, &one.body), (&again.id, &again.body));
        assert_ne!(one.id, other.id);
        let elsewhere = written(&OrganisationId::new("karbon"), Some("trail"), &event);
        assert_ne!(one.id, elsewhere.id);
        let read: Value = serde_json::from_slice(&one.body).unwrap();
        assert_eq!(
            read,
            json!({"specversion": "1.0", "id": one.id, "source": "/contact-gateway/karbon",
                   "type": "contact-gateway.person.changed", "time": "2026-11-21T10:00:00.000Z",
                   "subject": "P-1", "datacontenttype": "application/json",
                   "data": {"person": "P-1", "by": "Ann"}})
        );
    }
}
