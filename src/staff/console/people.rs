//! Finding people.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;

use super::asked::Asked;
use super::form::quoted;
use super::frame::{Frame, Page, Section, page};
use super::say;
use super::visit::VisitOf;
use super::words;
use crate::staff::Staff;
use crate::staff::permit::{ChangesPeople, Permit, RecordsCases};

struct Found {
    href: String,
    name: String,
    reference: String,
    in_force: Vec<String>,
}

#[derive(Template)]
#[template(path = "people.html")]
struct PeoplePage {
    f: Frame,
    w: &'static words::People,
    asked: String,
    found: Vec<Found>,
    more: bool,
    /// Adding somebody, for those who may.
    add: Option<&'static str>,
}

pub(super) async fn show(
    State(staff): State<Arc<Staff>>,
    visit: VisitOf<RecordsCases>,
    asked: Asked,
) -> Page {
    let w = words::People::of(visit.language());
    let query = asked.text("q").unwrap_or_default();
    let organisation = &visit.organisation;
    let result = staff.casework(&visit).find_people(organisation, query).await?;
    let (profile, language, now) = (&organisation.profile, visit.language(), visit.now());
    let found = result
        .people
        .iter()
        .map(|person| Found {
            href: format!("/people/{}", quoted(&person.id)),
            name: person.shown_name().to_owned(),
            reference: person.reference.clone().unwrap_or_else(|| person.id.clone()),
            in_force: person
                .restrictions
                .iter()
                .filter(|one| one.is_in_force(now, profile))
                .map(|one| say::terms(&one.kind, profile, language))
                .collect(),
        })
        .collect();
    let title =
        if query.is_empty() { w.title.to_owned() } else { format!("{query} – {}", w.title) };
    page(&PeoplePage {
        f: Frame::of(&staff, &visit, Section::People, &title),
        w,
        asked: query.to_owned(),
        found,
        more: result.more,
        add: ChangesPeople::allows(organisation, visit.role())
            .then(|| words::RecordForm::of(language).add),
    })
}
