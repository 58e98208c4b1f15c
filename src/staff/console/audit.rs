//! The audit trail, newest first.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;

use super::asked::Asked;
use super::form::quoted;
use super::frame::{Frame, Page, Section, page};
use super::say;
use super::visit::{Visit, VisitOf};
use super::words;
use crate::casework::audit::{NewestWanted, TrailFilter};
use crate::domain::audit::{AuditEntry, AuditEvent, LookedAt};
use crate::domain::decision::Disposition;
use crate::runtime::limits::CONSOLE_ROWS;
use crate::staff::Staff;
use crate::staff::permit::ReadsTrail;

struct Line {
    number: u64,
    at: String,
    by: String,
    what: String,
    /// Links to the item and the people that it is about, each with its id.
    about: Vec<(String, String)>,
    /// What staff gave as a reason.
    why: Option<String>,
}

#[derive(Template)]
#[template(path = "audit.html")]
struct AuditPage {
    f: Frame,
    w: &'static words::Audit,
    lines: Vec<Line>,
    by: String,
    person: String,
    filtered: bool,
    older: Option<String>,
    newest: Option<&'static str>,
    /// Nothing fits so far, and there are older ones.
    goes_on: bool,
}

pub(super) async fn show(
    State(staff): State<Arc<Staff>>,
    visit: VisitOf<ReadsTrail>,
    asked: Asked,
) -> Page {
    let w = words::Audit::of(visit.language());
    let (by, person) = (asked.text("by"), asked.text("person"));
    let before = asked.number("before");
    let filter = TrailFilter { person: person.map(str::to_owned), ..TrailFilter::default() };
    let by_whom = by.map(str::to_owned);
    let wanted = NewestWanted { filter, by: by_whom, before, limit: CONSOLE_ROWS };
    let trail = staff.casework(&visit).desk.newest_audit(&visit.organisation.id, wanted).await?;
    let filter: String = [("by", by), ("person", person)]
        .into_iter()
        .filter_map(|(key, value)| Some(format!("&{key}={}", quoted(value?))))
        .collect();
    let lines: Vec<Line> = trail.entries.iter().map(|entry| line(&visit, entry)).collect();
    let title = match before {
        Some(_) => format!("{} ({})", w.title, w.older.to_lowercase()),
        None => w.title.to_owned(),
    };
    let goes_on = trail.older.is_some() && lines.len() < CONSOLE_ROWS;
    page(&AuditPage {
        f: Frame::of(&staff, &visit, Section::Audit, &title),
        w,
        lines,
        by: by.unwrap_or_default().to_owned(),
        person: person.unwrap_or_default().to_owned(),
        filtered: by.is_some() || person.is_some(),
        older: trail.older.map(|before| format!("/audit?before={before}{filter}")),
        newest: before.is_some().then_some("/audit"),
        goes_on,
    })
}

/// People whom one entry links to; an import may name many.
const PEOPLE_LINKED: usize = 3;

fn line(visit: &Visit, entry: &AuditEntry) -> Line {
    let language = visit.language();
    let zone = visit.organisation.profile.timezone;
    let item = item_of(&entry.event);
    let mut people = entry.event.people();
    people.dedup();
    let people = people.into_iter().take(PEOPLE_LINKED);
    let people = people.map(|id| (format!("/people/{}", quoted(id)), id.to_owned()));
    let item = item.map(|id| (super::item::href(id, "/audit", None), id.to_owned()));
    Line {
        number: entry.number,
        at: say::when(entry.at, visit.now(), zone, language),
        by: say::by(&entry.by, language),
        what: say::entry(&entry.event, language),
        about: item.into_iter().chain(people).collect(),
        why: reason_of(&entry.event).map(str::to_owned),
    }
}

/// The item that an entry is about, if the contact has one.
fn item_of(event: &AuditEvent) -> Option<&str> {
    match event {
        AuditEvent::Decided(decided) if decided.disposition != Disposition::Deliver => {
            Some(&decided.contact)
        }
        AuditEvent::Looked { looked_at: LookedAt::Item | LookedAt::Original, id, .. } => Some(id),
        AuditEvent::Looked { because, .. } => because.as_deref(),
        other => other.item(),
    }
}

/// The reason that staff gave.
fn reason_of(event: &AuditEvent) -> Option<&str> {
    match event {
        AuditEvent::Imported { reason, .. }
        | AuditEvent::RecordChanged { reason, .. }
        | AuditEvent::IdentifierAdded { reason, .. }
        | AuditEvent::IdentifierRemoved { reason, .. }
        | AuditEvent::RestrictionAdded { reason, .. }
        | AuditEvent::RestrictionVaried { reason, .. }
        | AuditEvent::RestrictionLifted { reason, .. }
        | AuditEvent::Erasure { reason, .. } => reason.as_deref(),
        AuditEvent::Merged { reason, .. } | AuditEvent::Unmerged { reason, .. } => Some(reason),
        _ => None,
    }
}
