//! The rosters of all organisations in memory, kept current by the store's change feed. They hold of each record
//! what enforcement needs ([`Person::for_the_roster`]).

use std::collections::{BTreeSet, HashMap};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use chrono::{DateTime, Utc};
use tokio::sync::broadcast;
use tokio::sync::broadcast::error::RecvError;

use crate::domain::contact::Contact;
use crate::domain::identifier::{IdentifierKind, normalise};
use crate::domain::nation::Nation;
use crate::domain::organisation::{Organisation, OrganisationId};
use crate::domain::person::Person;
use crate::domain::roster::{Listing, Roster};
use crate::domain::sender::{self, Sender};
use crate::ports::directory::Directory;
use crate::ports::{Change, Register, StoreError};
use crate::runtime::shutdown::Stopping;

/// Wait before loading is tried again while the store is away.
const LOAD_AGAIN_AFTER: Duration = Duration::from_millis(500);

/// One roster per organisation; `None` until it was loaded.
pub struct Rosters {
    rosters: HashMap<OrganisationId, (Nation, RwLock<Option<Roster>>)>,
    /// How often any of them changed.
    changes: AtomicU64,
}

impl Directory for Rosters {
    fn walk(
        &self,
        organisation: &OrganisationId,
        look: &mut dyn FnMut(&Arc<Person>) -> bool,
    ) -> bool {
        let Some((_, roster)) = self.rosters.get(organisation) else { return false };
        let roster = roster.read().unwrap_or_else(PoisonError::into_inner);
        let Some(roster) = roster.as_ref() else { return false };
        for person in roster.people() {
            if !look(person) {
                break;
            }
        }
        true
    }

    fn known(&self, organisation: &OrganisationId, id: &str) -> Option<Arc<Person>> {
        self.person(organisation, id)
    }
}

impl Rosters {
    pub fn new<'a>(organisations: impl IntoIterator<Item = &'a Arc<Organisation>>) -> Self {
        let rosters = organisations
            .into_iter()
            .map(|one| (one.id.clone(), (one.profile.nation, RwLock::new(None))))
            .collect();
        Rosters { rosters, changes: AtomicU64::new(0) }
    }

    /// Who sent a contact; `None`: the organisation's people are not known yet.
    pub fn resolve(&self, organisation: &Organisation, contact: &Contact) -> Option<Sender> {
        let (_, roster) = self.rosters.get(&organisation.id)?;
        let roster = roster.read().unwrap_or_else(PoisonError::into_inner);
        let roster = roster.as_ref()?;
        Some(sender::resolve(roster, &organisation.profile, contact, contact.at))
    }

    /// Everybody who lists an e-mail address, as enforced; `None` while the organisation's people are not known.
    pub fn listed(
        &self,
        organisation: &Organisation,
        address: &str,
        at: DateTime<Utc>,
    ) -> Option<Vec<Listing>> {
        let (nation, roster) = self.rosters.get(&organisation.id)?;
        let roster = roster.read().unwrap_or_else(PoisonError::into_inner);
        let roster = roster.as_ref()?;
        let Ok(keys) = normalise(IdentifierKind::Email, address, *nation) else {
            return Some(Vec::new());
        };
        Some(sender::listings(roster, &keys, &organisation.profile, at))
    }

    pub fn person(&self, organisation: &OrganisationId, id: &str) -> Option<Arc<Person>> {
        let (_, roster) = self.rosters.get(organisation)?;
        let roster = roster.read().unwrap_or_else(PoisonError::into_inner);
        roster.as_ref()?.person(id).map(Arc::clone)
    }

    /// The same as it is enforced: with everything on the records that it is merged with.
    pub fn enforced(&self, organisation: &OrganisationId, id: &str) -> Option<Arc<Person>> {
        let (_, roster) = self.rosters.get(organisation)?;
        let roster = roster.read().unwrap_or_else(PoisonError::into_inner);
        roster.as_ref()?.enforced(id)
    }

    /// How often anybody's record has changed here.
    pub fn times_changed(&self) -> u64 {
        self.changes.load(Ordering::SeqCst)
    }

    /// Everybody of an organisation needed for enforcement; `None`: its people are not known yet.
    pub fn needed_to_enforce(&self, organisation: &OrganisationId) -> Option<Vec<Arc<Person>>> {
        let (nation, roster) = self.rosters.get(organisation)?;
        let roster = roster.read().unwrap_or_else(PoisonError::into_inner);
        roster.as_ref().map(|roster| roster.needed_to_enforce(*nation))
    }

    /// Whether every organisation's people are known.
    pub fn are_known(&self) -> bool {
        self.rosters
            .values()
            .all(|(_, roster)| roster.read().unwrap_or_else(PoisonError::into_inner).is_some())
    }

    /// Loads one organisation's people in place of the last known ones.
    ///
    /// # Errors
    /// Where the store is away; the last known ones stay.
    pub async fn load(
        &self,
        register: &dyn Register,
        organisation: &OrganisationId,
    ) -> Result<(), StoreError> {
        let Some((nation, roster)) = self.rosters.get(organisation) else { return Ok(()) };
        let snapshot = register.people(organisation).await?;
        let people = snapshot.people.into_iter().map(Person::for_the_roster);
        let loaded = Roster::new(people, *nation);
        *roster.write().unwrap_or_else(PoisonError::into_inner) = Some(loaded);
        self.changes.fetch_add(1, Ordering::SeqCst);
        Ok(())
    }

    /// Loads all; `false`: the store was away for some.
    pub async fn load_all(&self, register: &dyn Register) -> bool {
        self.load_some(register, self.everybody()).await.is_empty()
    }

    fn everybody(&self) -> BTreeSet<OrganisationId> {
        self.rosters.keys().cloned().collect()
    }

    /// Loads these organisations' people; those that could not be loaded.
    async fn load_some(
        &self,
        register: &dyn Register,
        mut wanted: BTreeSet<OrganisationId>,
    ) -> BTreeSet<OrganisationId> {
        let mut missing = BTreeSet::new();
        while let Some(organisation) = wanted.pop_first() {
            match self.load(register, &organisation).await {
                Ok(()) => continue,
                // Logged once, where it was noticed; known restrictions are still enforced.
                Err(StoreError::Behind(_)) => {}
                Err(error) => tracing::warn!(%organisation, %error, "people could not be loaded"),
            }
            missing.insert(organisation);
        }
        missing
    }

    fn apply(&self, change: &Change) {
        let (organisation, person) = match change {
            Change::Put(organisation, person) => (organisation, Ok(person)),
            Change::Removed(organisation, id) => (organisation, Err(id)),
            Change::Gap(_) => return,
        };
        let Some((nation, roster)) = self.rosters.get(organisation) else { return };
        let mut roster = roster.write().unwrap_or_else(PoisonError::into_inner);
        // Not loaded yet: the load that follows sees the change in the store.
        let Some(roster) = roster.as_mut() else { return };
        match person {
            Ok(person) => roster.put(Arc::clone(person).for_the_roster(), *nation),
            Err(id) => roster.remove(id, *nation),
        }
        self.changes.fetch_add(1, Ordering::SeqCst);
    }

    /// Follows the store's changes until the stop; heals gaps by loading again.
    pub async fn follow(
        &self,
        register: Arc<dyn Register>,
        mut changes: broadcast::Receiver<Change>,
        mut stopping: Stopping,
    ) {
        let mut missing = if self.are_known() { BTreeSet::new() } else { self.everybody() };
        loop {
            if !missing.is_empty() {
                missing = self.load_some(register.as_ref(), missing).await;
            }
            // A missing change does not hold up anybody else's.
            let again = if missing.is_empty() { Duration::MAX } else { LOAD_AGAIN_AFTER };
            let change = tokio::time::timeout(again, changes.recv());
            match stopping.unless(change).await {
                Some(Ok(Ok(Change::Gap(organisation)))) => {
                    missing.insert(organisation);
                }
                Some(Ok(Ok(change))) => self.apply(&change),
                Some(Ok(Err(RecvError::Lagged(_)))) => missing = self.everybody(),
                Some(Ok(Err(RecvError::Closed))) | None => return,
                Some(Err(_)) => {}
            }
        }
    }
}
