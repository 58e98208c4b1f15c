//! How often a person made contact around each incident, as the timeline has it.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};

use super::case::around::ContactsAround;
use super::follow::{TIMELINE, Timeline, timeline_id};
use super::{Desk, Fault};
use crate::domain::case::CaseFile;
use crate::domain::organisation::{Organisation, OrganisationId};
use crate::runtime::limits::TIMELINE_MONTHS_MAX;

/// A month of the timeline, by its name in the timeline's id.
fn month(at: DateTime<Utc>) -> String {
    at.format("%Y-%m").to_string()
}

impl Desk {
    /// The contacts around the incidents of a file, by incident: of the latest incidents, which are in at most
    /// [`TIMELINE_MONTHS_MAX`] months. Contacts on any record of the person count, up to the trail's end.
    ///
    /// # Errors
    /// The store can't be read or written.
    pub async fn contacts_around(
        &self,
        organisation: &Organisation,
        file: &CaseFile,
    ) -> Result<BTreeMap<String, ContactsAround>, Fault> {
        if file.incidents.is_empty() {
            return Ok(BTreeMap::new());
        }
        self.catch_up(organisation).await?;
        let organisation = &organisation.id;
        let records = self.ids_of(organisation, &file.person).await?;
        let mut latest: Vec<_> = file.incidents.iter().collect();
        latest.sort_by_key(|incident| Reverse(incident.happened_at));
        let mut months: BTreeMap<String, Vec<DateTime<Utc>>> = BTreeMap::new();
        let mut around = BTreeMap::new();
        for incident in latest {
            let at = incident.happened_at;
            let beside = |days| at.checked_add_signed(TimeDelta::days(days)).unwrap_or(at);
            let needed = BTreeSet::from([-1, 1].map(|days| month(beside(days))));
            let unread = needed.iter().filter(|month| !months.contains_key(*month)).count();
            if months.len() + unread > TIMELINE_MONTHS_MAX {
                break;
            }
            let mut contacts = Vec::new();
            for month in needed {
                if !months.contains_key(&month) {
                    let read = self.contacts_of_month(organisation, &records, &month).await?;
                    months.insert(month.clone(), read);
                }
                contacts.extend(months.get(&month).into_iter().flatten().copied());
            }
            around.insert(incident.id.clone(), ContactsAround::of(&contacts, at));
        }
        Ok(around)
    }

    async fn contacts_of_month(
        &self,
        organisation: &OrganisationId,
        records: &[String],
        month: &str,
    ) -> Result<Vec<DateTime<Utc>>, Fault> {
        let mut contacts = Vec::new();
        for person in records {
            let id = timeline_id(person, month);
            if let Some(stored) = self.store.document(organisation, TIMELINE, &id).await? {
                contacts.extend(stored.read::<Timeline>()?.contacts.iter().map(|one| one.at));
            }
        }
        Ok(contacts)
    }
}
