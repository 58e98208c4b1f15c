//! The person at the side of an item: who it is, what holds, where the rest is.

use std::sync::Arc;

use crate::casework::Fault;
use crate::domain::person::Person;
use crate::domain::queue::QueueItem;
use crate::staff::Staff;
use crate::staff::console::form::quoted;
use crate::staff::console::say;
use crate::staff::console::visit::Visit;

/// The person as the side of the page shows them.
pub(super) struct PersonBar {
    pub href: String,
    pub case: String,
    pub incident: String,
    pub name: String,
    pub reference: Option<String>,
    pub in_force: Vec<String>,
    pub adjustments: Vec<String>,
}

pub(super) async fn person_of(
    staff: &Staff,
    visit: &Visit,
    item: &QueueItem,
) -> Result<Option<Arc<Person>>, Fault> {
    match &item.person {
        Some(id) => staff.casework(visit).person_known(&visit.organisation.id, id).await,
        None => Ok(None),
    }
}

/// Off whose record the contact was taken as not theirs: the name, where it is known, and the address.
pub(super) async fn taken_off(
    staff: &Staff,
    visit: &Visit,
    item: &QueueItem,
) -> Result<Option<(String, String)>, Fault> {
    let (casework, organisation) = (staff.casework(visit), &visit.organisation.id);
    let Some(id) = casework.desk.taken_off(organisation, item).await? else {
        return Ok(None);
    };
    let known = casework.person_known(organisation, &id).await?;
    let name = known.map(|person| person.name.clone()).filter(|name| !name.is_empty());
    let href = format!("/people/{}?because={}", quoted(&id), quoted(&item.id));
    Ok(Some((name.unwrap_or(id), href)))
}

pub(super) fn bar(visit: &Visit, item: &QueueItem, person: &Person) -> PersonBar {
    let (profile, language) = (&visit.organisation.profile, visit.language());
    let now = visit.now();
    let in_force = person.restrictions.iter().filter(|one| one.is_in_force(now, profile));
    let (own, because) = (quoted(&person.id), quoted(&item.id));
    // Most of an incident is on the item already.
    let happened = item.at.with_timezone(&profile.timezone).format("%Y-%m-%dT%H:%M");
    PersonBar {
        case: format!("/people/{own}/case?because={because}"),
        incident: format!(
            "/people/{own}/steps/record_incident?contacts={}&channel={}&happened_at={happened}",
            quoted(&item.contact),
            item.channel.name()
        ),
        href: format!("/people/{}?because={}", quoted(&person.id), quoted(&item.id)),
        name: person.shown_name().to_owned(),
        reference: person.reference.clone(),
        in_force: in_force.map(|one| say::terms(&one.kind, profile, language)).collect(),
        adjustments: person.adjustments.iter().map(|one| say::adjustment(one, language)).collect(),
    }
}
