//! Looking is on the trail: who opened which record, and because of what.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};

use super::{Desk, Fault};
use crate::domain::audit::{AuditEvent, LookedAt};
use crate::domain::organisation::OrganisationId;
use crate::runtime::limits::{LOOK_NOTED_FOR, LOOKS_REMEMBERED_MAX};

/// Somebody looks at personal data.
#[derive(Debug, Clone, Copy)]
pub struct Look<'a> {
    pub what: LookedAt,
    pub id: &'a str,
    /// The queue item that led there.
    pub because: Option<&'a str>,
    pub by: &'a str,
}

/// Whose look at what, and because of which item: another reason is another look.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Key {
    organisation: OrganisationId,
    by: String,
    what: LookedAt,
    id: String,
    because: Option<String>,
}

/// Looks that this gateway has noted: reading on is not a second look.
#[derive(Default)]
pub(super) struct Looks {
    noted: Mutex<HashMap<Key, DateTime<Utc>>>,
}

impl Looks {
    fn is_noted(&self, key: &Key, now: DateTime<Utc>) -> bool {
        let noted = self.noted.lock().unwrap_or_else(PoisonError::into_inner);
        noted.get(key).is_some_and(|at| lasts(*at, now))
    }

    fn note(&self, key: Key, now: DateTime<Utc>) {
        let mut noted = self.noted.lock().unwrap_or_else(PoisonError::into_inner);
        if noted.len() >= LOOKS_REMEMBERED_MAX {
            noted.retain(|_, at| lasts(*at, now));
        }
        if noted.len() >= LOOKS_REMEMBERED_MAX {
            noted.clear();
        }
        // A look that an item led to covers a look without the item as well.
        if key.because.is_some() {
            noted.insert(Key { because: None, ..key.clone() }, now);
        }
        noted.insert(key, now);
    }
}

fn lasts(noted: DateTime<Utc>, now: DateTime<Utc>) -> bool {
    let long = TimeDelta::from_std(LOOK_NOTED_FOR).unwrap_or(TimeDelta::zero());
    (noted..noted + long).contains(&now)
}

impl Desk {
    /// Notes that somebody looked at personal data, once in [`LOOK_NOTED_FOR`].
    ///
    /// # Errors
    /// The store can't be written: what can't be noted is not to be shown.
    pub async fn note_look(
        &self,
        organisation: &OrganisationId,
        look: Look<'_>,
    ) -> Result<(), Fault> {
        let stamp = self.stamp(look.by);
        let key = Key {
            organisation: organisation.clone(),
            by: look.by.to_owned(),
            what: look.what,
            id: look.id.to_owned(),
            because: look.because.map(str::to_owned),
        };
        if self.looks.is_noted(&key, stamp.at) {
            return Ok(());
        }
        let event = AuditEvent::Looked {
            looked_at: look.what,
            id: look.id.to_owned(),
            because: look.because.map(str::to_owned),
        };
        let at = stamp.at;
        self.store.append_audit(organisation, stamp, event).await?;
        self.looks.note(key, at);
        Ok(())
    }
}
