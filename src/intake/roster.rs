//! The rosters of all organisations in memory, kept current by the store's change feed.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use tokio::sync::broadcast;
use tokio::sync::broadcast::error::RecvError;

use crate::domain::contact::Contact;
use crate::domain::organisation::{Organisation, OrganisationId};
use crate::domain::person::Person;
use crate::domain::profile::Nation;
use crate::domain::roster::Roster;
use crate::domain::sender::{self, Sender};
use crate::ports::{Change, Register, StoreError};
use crate::runtime::shutdown::Stopping;

/// Wait before loading is tried again while the store is away.
const LOAD_AGAIN_AFTER: std::time::Duration = std::time::Duration::from_millis(500);

/// One roster an organisation; `None` until it was loaded.
pub struct Rosters {
    rosters: HashMap<OrganisationId, (Nation, RwLock<Option<Roster>>)>,
}

impl Rosters {
    pub fn new<'a>(organisations: impl IntoIterator<Item = &'a Arc<Organisation>>) -> Self {
        let rosters = organisations
            .into_iter()
            .map(|one| (one.id.clone(), (one.profile.nation, RwLock::new(None))))
            .collect();
        Rosters { rosters }
    }

    /// Who sent a contact; `None`: the organisation's people are not known yet.
    pub fn resolve(&self, organisation: &Organisation, contact: &Contact) -> Option<Sender> {
        let (_, roster) = self.rosters.get(&organisation.id)?;
        let roster = roster.read().unwrap_or_else(PoisonError::into_inner);
        let roster = roster.as_ref()?;
        Some(sender::resolve(roster, &organisation.profile, contact, contact.at))
    }

    pub fn person(&self, organisation: &OrganisationId, id: &str) -> Option<Arc<Person>> {
        let (_, roster) = self.rosters.get(organisation)?;
        let roster = roster.read().unwrap_or_else(PoisonError::into_inner);
        roster.as_ref()?.person(id).map(Arc::clone)
    }

    /// Whether every organisation's people are known.
    pub fn are_known(&self) -> bool {
        self.rosters
            .values()
            .all(|(_, roster)| roster.read().unwrap_or_else(PoisonError::into_inner).is_some())
    }

    /// Loads one organisation's people in place of what was known.
    ///
    /// # Errors
    /// Where the store is away; what was known stays.
    pub async fn load(
        &self,
        register: &dyn Register,
        organisation: &OrganisationId,
    ) -> Result<(), StoreError> {
        let Some((nation, roster)) = self.rosters.get(organisation) else { return Ok(()) };
        let snapshot = register.people(organisation).await?;
        let loaded = Roster::new(snapshot.people, *nation);
        *roster.write().unwrap_or_else(PoisonError::into_inner) = Some(loaded);
        Ok(())
    }

    /// Loads all; `false`: the store was away for some.
    pub async fn load_all(&self, register: &dyn Register) -> bool {
        let mut all = true;
        for organisation in self.rosters.keys() {
            if let Err(error) = self.load(register, organisation).await {
                tracing::warn!(%organisation, %error, "people could not be loaded");
                all = false;
            }
        }
        all
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
            Ok(person) => roster.put(Arc::clone(person), *nation),
            Err(id) => roster.remove(id, *nation),
        }
    }

    /// Follows the store's changes until the stop; heals gaps by loading again.
    pub async fn follow(
        &self,
        register: Arc<dyn Register>,
        mut changes: broadcast::Receiver<Change>,
        mut stopping: Stopping,
    ) {
        let mut complete = self.are_known();
        loop {
            if !complete {
                complete = self.load_all(register.as_ref()).await;
                if !complete {
                    let wait = tokio::time::sleep(LOAD_AGAIN_AFTER);
                    if stopping.unless(wait).await.is_none() {
                        return;
                    }
                    continue;
                }
            }
            match stopping.unless(changes.recv()).await {
                Some(Ok(Change::Gap(organisation))) => {
                    complete = self.load(register.as_ref(), &organisation).await.is_ok();
                }
                Some(Ok(change)) => self.apply(&change),
                Some(Err(RecvError::Lagged(_))) => complete = false,
                Some(Err(RecvError::Closed)) | None => return,
            }
        }
    }
}
