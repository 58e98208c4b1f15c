//! Pages next to a person's record: the pages on which it is merged or erased, and what it is merged with.

use super::form::quoted;
use super::trouble::Trouble;
use super::visit::Visit;
use crate::staff::Staff;

/// The page on which a record is merged with another.
pub(super) fn merging(person: &str) -> String {
    format!("/people/{}/merge", quoted(person))
}

/// The page on which a record is held or erased.
pub(super) fn erasure(person: &str) -> String {
    format!("/people/{}/erasure", quoted(person))
}

/// The name of the person with an id, if known.
pub(super) async fn known_name(staff: &Staff, visit: &Visit, id: &str) -> Result<String, Trouble> {
    let known = staff.casework(visit).person_known(&visit.organisation.id, id).await?;
    Ok(known.map_or_else(|| id.to_owned(), |person| person.shown_name().to_owned()))
}

/// A merge of a record, as a line that leads to parting it.
pub(super) struct MergeLine {
    pub href: String,
    pub name: String,
    pub parted: bool,
}

/// The merges of a record, the latest first.
pub(super) async fn merges(
    staff: &Staff,
    visit: &Visit,
    id: &str,
) -> Result<Vec<MergeLine>, Trouble> {
    let all = staff.casework(visit).desk.merges(&visit.organisation, id).await?;
    let mut lines = Vec::new();
    for one in all.iter().rev() {
        let other = if one.person == id { &one.other } else { &one.person };
        lines.push(MergeLine {
            href: format!("/people/{}/unmerge/{}", quoted(id), quoted(&one.id)),
            name: known_name(staff, visit, other).await?,
            parted: one.undone.is_some(),
        });
    }
    Ok(lines)
}
