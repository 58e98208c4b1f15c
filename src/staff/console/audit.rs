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
    about: Option<(String, String)>,
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
    let goes_on = trail.older.is_some() && lines.len() < CONSOLE_ROWS;
    page(&AuditPage {
        f: Frame::of(&staff, &visit, Section::Audit, w.title),
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

fn line(visit: &Visit, entry: &AuditEntry) -> Line {
    let language = visit.language();
    let zone = visit.organisation.profile.timezone;
    let person = |id: &String| (format!("/people/{}", quoted(id)), id.clone());
    let item = |id: &String| (super::item::href(id, "/audit", None), id.clone());
    let about = match &entry.event {
        AuditEvent::Decided(decided) if decided.disposition != Disposition::Deliver => {
            Some(item(&decided.contact))
        }
        AuditEvent::Decided(decided) => decided.person.as_ref().map(person),
        AuditEvent::PersonChanged { person: id }
        | AuditEvent::Looked {
            looked_at: LookedAt::Person | LookedAt::OwnRecord | LookedAt::Equality,
            id,
            ..
        } => Some(person(id)),
        AuditEvent::Item { item: id, .. }
        | AuditEvent::Released { item: id }
        | AuditEvent::Looked { looked_at: LookedAt::Item | LookedAt::Original, id, .. } => {
            Some(item(id))
        }
        _ => None,
    };
    Line {
        number: entry.number,
        at: say::when(entry.at, visit.now(), zone, language),
        by: say::by(&entry.by, language),
        what: say::entry(&entry.event, language),
        about,
    }
}
