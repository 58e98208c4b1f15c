//! Events for other systems: made from entries of the audit trail, and from dates that
//! restrictions carry. Ids and codes, never an address, a name or a text.

use chrono::{DateTime, NaiveDate, Utc};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};

use super::audit::{
    AnchoredEntry, AuditEntry, AuditEvent, DecidedEntry, EndedRestriction, StepEntry,
};
use super::channel::Channel;
use super::disposition::Disposition;
use super::flag::Flag;
use super::person::Person;
use super::reason_code::ReasonCode;
use super::restriction::{Mode, Restriction, Status};

/// What happened, as a receiver chooses it and as it ends a CloudEvents `type`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum EventKind {
    /// A contact went to the point of contact or queue of a restriction.
    #[serde(rename = "contact.routed")]
    ContactRouted,
    /// A contact was not delivered, and its sender is notified if the channel can.
    #[serde(rename = "contact.limited")]
    ContactLimited,
    /// A contact was filed without reply.
    #[serde(rename = "contact.filed")]
    ContactFiled,
    /// A contact would have been routed, limited or filed, and was delivered: observe mode.
    #[serde(rename = "contact.observed")]
    ContactObserved,
    /// A contact of a restricted person went through a safeguard lane: an emergency and the like.
    #[serde(rename = "contact.safeguarded")]
    ContactSafeguarded,
    /// Only the text of a contact was kept: the quota of kept originals is used up.
    #[serde(rename = "contact.original_not_kept")]
    ContactOriginalNotKept,
    /// Somebody made a contact that a restriction in force does not allow.
    #[serde(rename = "restriction.breached")]
    RestrictionBreached,
    /// The day has come on which a restriction is to be reviewed.
    #[serde(rename = "restriction.review_due")]
    RestrictionReviewDue,
    /// A restriction has ended by its own date.
    #[serde(rename = "restriction.ended")]
    RestrictionEnded,
    /// Staff worked on a queue item.
    #[serde(rename = "item.worked")]
    ItemWorked,
    /// A kept original was handed to its recipients.
    #[serde(rename = "item.released")]
    ItemReleased,
    /// Nobody read a limited or filed contact in time.
    #[serde(rename = "item.unread")]
    ItemUnread,
    /// A point of contact did not take up a contact in time: a deputy or the team has it now.
    #[serde(rename = "item.unanswered")]
    ItemUnanswered,
    /// A person's record, restrictions included, was changed.
    #[serde(rename = "person.changed")]
    PersonChanged,
    /// People and restrictions were loaded.
    #[serde(rename = "people.imported")]
    PeopleImported,
    /// A step of a person's case was taken.
    #[serde(rename = "case.stepped")]
    CaseStepped,
    /// Something falls due, or is overdue, or a way of contact closed.
    #[serde(rename = "case.reminded")]
    CaseReminded,
    /// The audit trail was signed for up to an entry: kept elsewhere, it shows changes made before.
    #[serde(rename = "trail.anchored")]
    TrailAnchored,
}

impl EventKind {
    pub const ALL: [EventKind; 18] = [
        EventKind::ContactRouted,
        EventKind::ContactLimited,
        EventKind::ContactFiled,
        EventKind::ContactObserved,
        EventKind::ContactSafeguarded,
        EventKind::ContactOriginalNotKept,
        EventKind::RestrictionBreached,
        EventKind::RestrictionReviewDue,
        EventKind::RestrictionEnded,
        EventKind::ItemWorked,
        EventKind::ItemReleased,
        EventKind::ItemUnread,
        EventKind::ItemUnanswered,
        EventKind::PersonChanged,
        EventKind::PeopleImported,
        EventKind::CaseStepped,
        EventKind::CaseReminded,
        EventKind::TrailAnchored,
    ];

    pub const fn name(self) -> &'static str {
        match self {
            EventKind::ContactRouted => "contact.routed",
            EventKind::ContactLimited => "contact.limited",
            EventKind::ContactFiled => "contact.filed",
            EventKind::ContactObserved => "contact.observed",
            EventKind::ContactSafeguarded => "contact.safeguarded",
            EventKind::ContactOriginalNotKept => "contact.original_not_kept",
            EventKind::RestrictionBreached => "restriction.breached",
            EventKind::RestrictionReviewDue => "restriction.review_due",
            EventKind::RestrictionEnded => "restriction.ended",
            EventKind::ItemWorked => "item.worked",
            EventKind::ItemReleased => "item.released",
            EventKind::ItemUnread => "item.unread",
            EventKind::ItemUnanswered => "item.unanswered",
            EventKind::PersonChanged => "person.changed",
            EventKind::PeopleImported => "people.imported",
            EventKind::CaseStepped => "case.stepped",
            EventKind::CaseReminded => "case.reminded",
            EventKind::TrailAnchored => "trail.anchored",
        }
    }
}

/// One event of an organisation.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// What it is an event of, with its kind: the same fact always has the same key.
    pub key: String,
    pub kind: EventKind,
    pub at: DateTime<Utc>,
    /// The contact, item, restriction or person it is about.
    pub subject: Option<String>,
    pub data: EventData,
}

/// What an event says beyond its kind.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub enum EventData {
    Contact(ContactData),
    Dated(DatedData),
    Item {
        item: String,
        action: String,
        by: String,
    },
    Person {
        person: String,
        by: String,
    },
    Step {
        by: String,
        #[serde(flatten)]
        step: StepEntry,
    },
    Reminded {
        what: String,
        about: String,
        person: Option<String>,
        state: String,
    },
    Imported {
        people: u32,
        restrictions: u32,
        by: String,
        #[serde(skip_serializing_if = "Vec::is_empty")]
        ended: Vec<EndedRestriction>,
    },
    Anchored(AnchoredEntry),
}

/// A contact's decision, as far as other systems learn of it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ContactData {
    pub contact: String,
    pub person: Option<String>,
    pub channel: Channel,
    pub contact_at: DateTime<Utc>,
    pub disposition: Disposition,
    pub mode: Mode,
    /// Only where something was observed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub would: Option<Disposition>,
    /// Decided on the last known restrictions, while the store was away.
    pub stale: bool,
    /// The reason code, restriction and clause that decided it.
    pub code: Option<ReasonCode>,
    pub restriction: Option<String>,
    pub clause: Option<String>,
}

/// A restriction's date that has come.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct DatedData {
    pub person: String,
    pub restriction: String,
    pub kind: &'static str,
    pub due: NaiveDate,
}

/// The events of an entry of the audit trail: none for a contact that was simply delivered.
pub fn of_entry(entry: &AuditEntry) -> Vec<Event> {
    let event = |kind: EventKind, subject: Option<String>, data: EventData| Event {
        key: format!("{}/{}", entry.number, kind.name()),
        kind,
        at: entry.at,
        subject,
        data,
    };
    let of_item = |kind: EventKind, item: &str, action: &str| {
        let (item, action, by) = (item.to_owned(), action.to_owned(), entry.by.clone());
        event(kind, Some(item.clone()), EventData::Item { item, action, by })
    };
    match &entry.event {
        AuditEvent::Decided(decided) => {
            let data = contact_data(decided);
            kinds_of(decided, &data)
                .into_iter()
                .map(|kind| {
                    event(kind, Some(decided.contact.clone()), EventData::Contact(data.clone()))
                })
                .collect()
        }
        AuditEvent::Imported { people, restrictions, ended, .. } => {
            let (people, restrictions) = (*people, *restrictions);
            let (by, ended) = (entry.by.clone(), ended.clone());
            let data = EventData::Imported { people, restrictions, by, ended };
            vec![event(EventKind::PeopleImported, None, data)]
        }
        AuditEvent::Item { item, action } => vec![of_item(EventKind::ItemWorked, item, action)],
        AuditEvent::Released { item } => vec![of_item(EventKind::ItemReleased, item, "release")],
        AuditEvent::Unread { item } => vec![of_item(EventKind::ItemUnread, item, "unread")],
        AuditEvent::Unanswered { item, .. } => {
            vec![of_item(EventKind::ItemUnanswered, item, "unanswered")]
        }
        AuditEvent::PersonChanged { person }
        | AuditEvent::RecordChanged { person, .. }
        | AuditEvent::IdentifierAdded { person, .. }
        | AuditEvent::IdentifierRemoved { person, .. }
        | AuditEvent::RestrictionAdded { person, .. }
        | AuditEvent::RestrictionVaried { person, .. }
        | AuditEvent::RestrictionLifted { person, .. }
        | AuditEvent::Merged { person, .. }
        | AuditEvent::Unmerged { person, .. } => {
            let data = EventData::Person { person: person.clone(), by: entry.by.clone() };
            vec![event(EventKind::PersonChanged, Some(person.clone()), data)]
        }
        AuditEvent::Step(step) => {
            let data = EventData::Step { by: entry.by.clone(), step: step.clone() };
            vec![event(EventKind::CaseStepped, Some(step.person.clone()), data)]
        }
        AuditEvent::Reminded { what, about, person, state } => {
            let (what, person, state) = (what.clone(), person.clone(), state.clone());
            let data = EventData::Reminded { what, about: about.clone(), person, state };
            vec![event(EventKind::CaseReminded, Some(about.clone()), data)]
        }
        AuditEvent::Anchored(anchored) => {
            let (subject, data) = (anchored.entry.to_string(), anchored.clone());
            vec![event(EventKind::TrailAnchored, Some(subject), EventData::Anchored(data))]
        }
        // The operator's and the staff's own doing, and nothing that happened to a person or a contact.
        AuditEvent::StoreAccepted { .. }
        | AuditEvent::Looked { .. }
        | AuditEvent::Outbound(_)
        | AuditEvent::Account { .. }
        | AuditEvent::ApiToken { .. }
        | AuditEvent::LetterTemplate { .. }
        | AuditEvent::Erasure { .. }
        | AuditEvent::Erased(_)
        | AuditEvent::DeadLetterDiscarded { .. } => Vec::new(),
    }
}

fn contact_data(decided: &DecidedEntry) -> ContactData {
    let settled = decided.rows.iter().find(|row| row.settled);
    // Where something was observed, the observed row is what there is to tell.
    let telling = decided.rows.iter().find(|row| row.observed).filter(|_| decided.would.is_some());
    let telling = telling.or(settled);
    ContactData {
        contact: decided.contact.clone(),
        person: decided.person.clone(),
        channel: decided.channel,
        contact_at: decided.contact_at,
        disposition: decided.disposition,
        mode: decided.mode,
        would: decided.would,
        stale: decided.stale,
        code: telling.map(|row| row.code.clone()),
        restriction: telling.and_then(|row| row.restriction.clone()),
        clause: telling.and_then(|row| row.clause.clone()),
    }
}

fn kinds_of(decided: &DecidedEntry, data: &ContactData) -> Vec<EventKind> {
    let mut kinds = Vec::new();
    match decided.disposition {
        Disposition::Route => kinds.push(EventKind::ContactRouted),
        Disposition::Limit => kinds.push(EventKind::ContactLimited),
        Disposition::File => kinds.push(EventKind::ContactFiled),
        Disposition::Deliver => {}
    }
    let is_kept = matches!(decided.disposition, Disposition::Limit | Disposition::File);
    // A contact that is read and filed complies with its restriction: no breach.
    let is_asked_for = data.code == Some(ReasonCode::ReadAndFileFiled);
    let by_restriction = data.restriction.is_some() && !is_asked_for;
    if is_kept && by_restriction {
        kinds.push(EventKind::RestrictionBreached);
    }
    if decided.would.is_some_and(|would| would != decided.disposition) {
        kinds.push(EventKind::ContactObserved);
    }
    let is_safeguarded = decided.rows.iter().any(|row| row.code.lane().is_some());
    if decided.person.is_some() && is_safeguarded {
        kinds.push(EventKind::ContactSafeguarded);
    }
    if decided.flags.contains(&Flag::OriginalNotKept) {
        kinds.push(EventKind::ContactOriginalNotKept);
    }
    kinds
}

/// What has come due on a person's restrictions after one day, up to and with another, in the
/// organisation's time zone. A review is due on its day; a restriction has ended on the day after
/// its last whole day.
pub fn due(person: &Person, after: NaiveDate, until: NaiveDate, zone: Tz) -> Vec<Event> {
    let falls = |day: NaiveDate| after < day && day <= until;
    let mut events = Vec::new();
    for restriction in &person.restrictions {
        if !matches!(restriction.status, Status::Active | Status::UnderAppeal) {
            continue;
        }
        let mut add = |kind: EventKind, at: DateTime<Utc>| {
            let day = at.with_timezone(&zone).date_naive();
            if falls(day) {
                events.push(dated(person, restriction, kind, day, at));
            }
        };
        if let Some(review) = restriction.review_due {
            add(EventKind::RestrictionReviewDue, review.start(zone));
        }
        if let Some(ends) = restriction.ends {
            add(EventKind::RestrictionEnded, ends.end(zone));
        }
    }
    events
}

fn dated(
    person: &Person,
    restriction: &Restriction,
    kind: EventKind,
    due: NaiveDate,
    at: DateTime<Utc>,
) -> Event {
    Event {
        key: format!("{}/{}/{}/{due}", person.id, restriction.id, kind.name()),
        kind,
        at,
        subject: Some(restriction.id.clone()),
        data: EventData::Dated(DatedData {
            person: person.id.clone(),
            restriction: restriction.id.clone(),
            kind: restriction.kind.name().name(),
            due,
        }),
    }
}

#[cfg(test)]
mod tests;
