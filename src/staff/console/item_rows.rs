//! Items as rows of a table: of a queue, of "my work", of what a colleague left.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::say::{self, ReasonedItem, who};
use super::trouble::Trouble;
use super::visit::Visit;
use super::words;
use crate::domain::person::Person;
use crate::domain::queue::{EMERGENCY, QueueItem, Turn};
use crate::runtime::tokens::{hex, sha256};
use crate::staff::Staff;

/// One item as a row says it: who, how, why, until when.
pub(super) struct Row {
    pub id: String,
    pub href: String,
    /// The row's own place on the page, to come back to.
    pub anchor: String,
    pub who: String,
    /// Whether the person is on record.
    pub known: bool,
    pub channel: &'static str,
    pub subject: Option<String>,
    pub why: String,
    /// The reason is in English on a Welsh page.
    pub foreign: bool,
    pub until: Option<String>,
    pub came: String,
    /// How long it waits; none: it is done.
    pub waited: Option<String>,
    pub state: &'static str,
    /// By when somebody must read it or take it up.
    pub read_by: Option<String>,
    pub taken: Option<String>,
    /// Who finished it, and when.
    pub done: Option<String>,
    pub urgent: bool,
    /// Nobody has read it in time.
    pub overdue: bool,
    /// It is read before others, since it may be something that always goes through.
    pub read_first: bool,
    /// It was selected, and the action on it failed.
    pub selected: bool,
}

pub(super) fn anchor(item: &str) -> String {
    let sum = hex(&sha256(item.as_bytes()));
    format!("i-{}", sum.get(..10).unwrap_or(&sum))
}

/// Items as rows. `here`: the page to which an item leads back.
pub(super) async fn rows(
    staff: &Staff,
    visit: &Visit,
    items: Vec<QueueItem>,
    here: &str,
) -> Result<Vec<Row>, Trouble> {
    let mut people: BTreeMap<String, Option<Arc<Person>>> = BTreeMap::new();
    let mut rows = Vec::with_capacity(items.len());
    for item in items {
        let person = match &item.person {
            Some(id) => match people.get(id) {
                Some(known) => known.clone(),
                None => {
                    let found =
                        staff.casework(visit).person_known(&visit.organisation.id, id).await?;
                    people.insert(id.clone(), found.clone());
                    found
                }
            },
            None => None,
        };
        rows.push(row(visit, item, person.as_deref(), here));
    }
    Ok(rows)
}

fn row(visit: &Visit, item: QueueItem, person: Option<&Person>, here: &str) -> Row {
    let (language, now) = (visit.language(), visit.now());
    let zone = visit.organisation.profile.timezone;
    let w = words::Queue::of(language);
    let taken = item.claimed_by.as_deref().filter(|_| item.state.is_waiting()).map(|by| {
        if by == visit.name() { w.taken_by_me.to_owned() } else { format!("{} {by}", w.taken_by) }
    });
    let anchor = anchor(&item.id);
    let of = ReasonedItem { item: &item, person, profile: &visit.organisation.profile };
    let why = item.reasons.first().map(|one| say::reason(one, of, language));
    let (why, foreign) = match why {
        Some(line) => (line.text, line.foreign),
        None => (say::disposition(item.disposition, language).to_owned(), false),
    };
    let subject = say::subject(&item);
    Row {
        href: href_back(&item.id, here, &anchor),
        anchor,
        who: who(&item, person, w),
        known: person.is_some(),
        channel: if item.sent_by.is_some() {
            w.outbound
        } else if say::is_reminder(&item) {
            w.reminder
        } else {
            say::channel(item.channel, language)
        },
        subject: subject.or_else(|| item.text.clone()).filter(|one| !one.is_empty()),
        foreign,
        why,
        until: until(visit, &item, person),
        came: say::when(item.at, now, zone, language),
        waited: item.state.is_waiting().then(|| say::waited(now - item.at, language)),
        read_by: item
            .read_by
            .filter(|_| item.is_unread())
            .map(|at| say::deadline(at, now, zone, language)),
        state: say::state(item.state, language),
        taken,
        done: say::done(&item, now, zone, language),
        urgent: item.queue == EMERGENCY && item.state.is_waiting(),
        overdue: item.turn() == Turn::Overdue,
        read_first: !say::may_be(&item, language).is_empty(),
        selected: false,
        id: item.id,
    }
}

fn href_back(item: &str, here: &str, anchor: &str) -> String {
    super::item::href(item, &format!("{here}#{anchor}"), None)
}

/// Until when the restriction holds because of which the item is here.
fn until(visit: &Visit, item: &QueueItem, person: Option<&Person>) -> Option<String> {
    let id = item.reasons.iter().find_map(|reason| reason.restriction.as_deref())?;
    let restriction = person?.restrictions.iter().find(|one| one.id == id)?;
    let p = words::Person::of(visit.language());
    let zone = visit.organisation.profile.timezone;
    let (what, at) = match (restriction.ends, restriction.review_due) {
        (Some(ends), _) => (p.ends, ends),
        (None, Some(review)) => (p.review, review),
        (None, None) => return None,
    };
    Some(format!("{what}: {}", say::day(at.day(zone), visit.language())))
}
